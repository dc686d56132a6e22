/** Faults on the way between the engine and Microsoft that only worlds of the wide layer have. */
type Bag = Readonly<Record<string, unknown>>

/** Whatever page size was asked for, Microsoft makes pages of two. */
export function withSmallPages(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name.toLowerCase() === 'prefer'
        ? value.replace(/odata\.maxpagesize=\d+/, 'odata.maxpagesize=2')
        : value,
    ]),
  )
}

/**
 * Remembers what the delta rounds of one channel told, so that something deleted can be told of once more, as by a replica
 * that lags.
 */
export class Ghosts {
  readonly #told = new Map<string, Bag>()
  readonly #gone: Bag[] = []

  /** Looks at a page on its way; the page itself is not touched. */
  note(text: string): void {
    for (const entry of entriesOf(text) ?? []) {
      const id = String(entry['id'])
      if (entry['@removed'] === undefined) {
        if (isSingle(entry)) this.#told.set(id, entry)
        continue
      }
      const told = this.#told.get(id)
      if (told !== undefined) this.#gone.push(told)
      this.#told.delete(id)
    }
  }

  /** Whether what was deleted last is in the journal: of anything else nobody here can know that it is deleted. */
  known(wasWritten: (id: string) => boolean): boolean {
    const ghost = this.#gone.at(-1)
    return ghost !== undefined && wasWritten(String(ghost['id']))
  }

  /** The page with the one that was deleted last in front of it. */
  haunted(text: string): string {
    const entries = entriesOf(text)
    const ghost = this.#gone.at(-1)
    if (entries === null || ghost === undefined) return text
    return JSON.stringify({ ...(JSON.parse(text) as Bag), value: [ghost, ...entries] })
  }
}

const isSingle = (entry: Bag): boolean => entry['type'] === undefined || entry['type'] === 'singleInstance'

function entriesOf(text: string): readonly Bag[] | null {
  try {
    const page = JSON.parse(text) as Bag
    const value = page['value']
    return Array.isArray(value) ? (value as readonly Bag[]) : null
  } catch {
    return null
  }
}
