import { expect, test } from 'vitest'
import type { Item } from './collection.ts'
import { TextCache } from './text-cache.ts'

const item = (n: number): Item => ({ key: `k${n}`, version: 1, created: 0, modified: 0 })

test('a text is made again when the item changed or another form is asked for, and only then', () => {
  const cache = new TextCache(1_000)
  const one = item(1)
  let made = 0
  const ask = (variant: string): string => cache.get(one, variant, () => [`text ${++made}`]).join()
  expect([ask('a'), ask('a'), ask('b'), ask('a')]).toEqual(['text 1', 'text 1', 'text 2', 'text 3'])
  one.version = 2
  expect(ask('a')).toBe('text 4')
})

test('the cache has a bound, and what is asked for again and again outlives it', () => {
  const cache = new TextCache(1_000)
  const [often, seldom] = [item(0), item(1)]
  let made = 0
  const ask = (row: Item): string =>
    cache.get(row, '', () => [`${++made}`.padEnd(40), ' '.repeat(60)]).join('')
  ask(seldom)
  const kept = ask(often)
  for (let n = 2; n < 100; n++) {
    ask(item(n))
    expect(ask(often)).toBe(kept)
  }
  const before = made
  ask(seldom)
  expect(made).toBe(before + 1)
})
