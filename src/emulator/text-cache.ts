/**
 * Rendered rows, kept until their item changes. Two generations of texts: when the young one is full it becomes the old
 * one, and what nobody asked for meanwhile is forgotten. So the cache has a bound and needs no list of uses.
 */
import type { Item } from './collection.ts'

interface Kept {
  readonly version: number
  readonly variant: string
  readonly texts: readonly string[]
}

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0)

export class TextCache {
  readonly #charactersMax: number
  #young = new Map<Item, Kept>()
  #old = new Map<Item, Kept>()
  #characters = 0

  /** At most about `charactersMax` characters of text are kept. */
  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax
  }

  /** The pieces of an item's text in one of the forms that it is asked for in; only the last form is kept. */
  get(item: Item, variant: string, make: () => readonly string[]): readonly string[] {
    const known = this.#young.get(item) ?? this.#old.get(item)
    if (known !== undefined && known.version === item.version && known.variant === variant) {
      if (!this.#young.has(item)) this.#keep(item, known)
      return known.texts
    }
    const texts = make()
    this.#keep(item, { version: item.version, variant, texts })
    return texts
  }

  #keep(item: Item, kept: Kept): void {
    this.#characters += lengthOf(kept.texts) - lengthOf(this.#young.get(item)?.texts ?? [])
    this.#young.set(item, kept)
    if (this.#characters <= this.#charactersMax / 2) return
    this.#old = this.#young
    this.#young = new Map()
    this.#characters = 0
  }
}
