import { expect, test } from 'vitest'
import { bodyText } from './http.ts'
import { giveBack, Rows } from './rows.ts'

test('short pages are text, long ones are bytes, and both say what was written', () => {
  for (const count of [0, 1, 3, 2_000, 70_000]) {
    const rows = new Rows('{"value":[')
    for (let n = 0; n < count; n++) {
      if (n % 2 === 0) rows.add(`"é€${n}"`)
      else {
        rows.begin().text('"')
        rows.bytes(Buffer.from('😀'))
        rows.text('"')
      }
    }
    expect(rows.count).toBe(count)
    const page = rows.finish(']}')
    expect(typeof page === 'string').toBe(count < 10)
    const value = (JSON.parse(bodyText(page)) as { value: string[] }).value
    expect(value.length).toBe(count)
    expect(value.slice(0, 2)).toEqual(['é€0', '😀'].slice(0, count))
  }
})

test('two pages that are written at the same time do not meet', () => {
  const outer = new Rows('[')
  outer.add('1')
  const inner = new Rows('{')
  inner.add('"a":2')
  expect(inner.finish('}')).toBe('{"a":2}')
  outer.add('3')
  expect(outer.finish(']')).toBe('[1,3]')
})

test('a page keeps its content until it is given back, however often', () => {
  const page = (letter: string): Uint8Array => {
    const rows = new Rows('[')
    for (let n = 0; n < 2_000; n++) rows.add(`"${letter.repeat(20)}"`)
    const made = rows.finish(']')
    if (typeof made === 'string') throw new Error('The page is too short for this test.')
    return made
  }
  const first = page('a')
  const before = bodyText(first)
  const second = page('b')
  expect(bodyText(first)).toBe(before)
  giveBack(second)
  giveBack(second)
  const [third, fourth] = [page('c'), page('d')]
  expect(bodyText(third)).not.toBe(bodyText(fourth))
  expect(bodyText(first)).toBe(before)
})
