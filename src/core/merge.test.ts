import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fields, Json } from './item.ts'
import { ABSENT, applied, fingerprint, merge, packBases, same, unpackMailboxBase } from './merge.ts'

const group = fc.constantFrom('subject', 'location', 'notes', 'occurrence/2026-03-02/time')
const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom(null, '', 'a', 'b', 'c', 1, true),
  fc.record({ type: fc.constantFrom('text', 'html'), content: fc.constantFrom('x', 'y') }),
  fc.array(fc.constantFrom('p', 'q'), { maxLength: 2 }),
)
const fields: fc.Arbitrary<Fields> = fc.dictionary(group, value, { maxKeys: 4, noNullPrototype: true })
const mirror = { ours: 'theirs', theirs: 'ours', agree: 'agree', clash: 'clash' } as const

describe('merge', () => {
  test('has no favourite side: swapping the sides mirrors every answer', () => {
    fc.assert(
      fc.property(fields, fields, fields, fields, fc.boolean(), (a, b, ours, theirs, linked) => {
        const forth = merge(linked ? { ours: a, theirs: b } : null, ours, theirs)
        const back = merge(linked ? { ours: b, theirs: a } : null, theirs, ours)
        expect(back).toEqual(
          forth.map((each) => ({
            ...each,
            change: mirror[each.change],
            ours: each.theirs,
            theirs: each.ours,
          })),
        )
      }),
    )
  })

  test('nothing is a change of a side that holds what its own base holds', () => {
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        expect(merge({ ours: a, theirs: b }, a, b)).toEqual([])
      }),
    )
  })

  test.each([
    ['one side', { s: 'x' }, { s: 'y' }, { s: 'x' }, 'ours'],
    ['the other side', { s: 'x' }, { s: 'x' }, { s: 'y' }, 'theirs'],
    ['both, alike', { s: 'x' }, { s: 'y' }, { s: 'y' }, 'agree'],
    ['both, differently', { s: 'x' }, { s: 'y' }, { s: 'z' }, 'clash'],
    ['one side, to nothing', { s: 'x' }, {}, { s: 'x' }, 'ours'],
  ])('changed by %s', (_who, base, ours, theirs, change) => {
    expect(merge({ ours: base, theirs: base } as never, ours as never, theirs as never)).toMatchObject([
      { group: 's', change },
    ])
  })

  test('without a base, what is empty on one side was not changed by it', () => {
    const found = merge(null, { a: '', b: 'x', c: [], d: 'same' }, { a: 'y', b: null, c: ['z'], d: 'same' })
    expect(found.map(({ group: name, change }) => [name, change])).toEqual([
      ['a', 'theirs'],
      ['b', 'ours'],
      ['c', 'theirs'],
      ['d', 'agree'],
    ])
  })

  test('a missing group of the item says the same as null; a missing group of an occurrence does not', () => {
    const slot = 'occurrence/2026-03-02/location'
    expect(merge({ ours: { location: null }, theirs: {} }, {}, { location: null })).toEqual([])
    expect(merge({ ours: { [slot]: null }, theirs: { [slot]: null } }, {}, { [slot]: null })).toMatchObject([
      { group: slot, change: 'ours' },
    ])
  })
})

describe('fields', () => {
  test('two bases come back as they were packed', () => {
    fc.assert(
      fc.property(fields, fields, (crm, mailbox) => {
        const { base, mailboxBase } = packBases(crm, mailbox)
        expect(base).toEqual(crm)
        expect(unpackMailboxBase(base, mailboxBase)).toEqual(mailbox)
      }),
    )
  })

  test('a link whose sides agree stores its base once', () => {
    expect(packBases({ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }).mailboxBase).toEqual({})
  })

  test('equal means equal as values, whatever the order of properties', () => {
    expect(same({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true)
    expect(same([1, 2], [2, 1])).toBe(false)
    expect(same({}, [])).toBe(false)
    expect(same(null, {})).toBe(false)
    expect(same({ a: 1 }, { a: 1, b: null })).toBe(false)
  })

  test('a fingerprint does not depend on the order of properties', () => {
    expect(fingerprint({ a: 1, b: { c: 'x', d: null } })).toBe(fingerprint({ b: { d: null, c: 'x' }, a: 1 }))
    expect(fingerprint({ a: 1 })).not.toBe(fingerprint({ a: '1' }))
    expect(fingerprint({ a: [] })).not.toBe(fingerprint({ a: {} }))
  })

  test('what is put in place is there, and what is taken away is not', () => {
    expect(applied({ a: 1, b: 2 }, { b: ABSENT, c: null })).toEqual({ a: 1, c: null })
  })
})
