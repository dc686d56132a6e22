import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Fields, type Json, otherSide } from './item.ts'
import { ABSENT, applied, same } from './merge.ts'
import type { PairInput, PairPlan, Presence } from './pair-plan.ts'
import { guardHolds, planPair, reported } from './plan.ts'
import type { Policy } from './policy.ts'

const POLICY: Policy = {
  direction: 'both',
  conflicts: 'crm',
  invitations: 'microsoft',
  privateEvents: 'full',
  firstSync: false,
  mailInFirstSync: false,
  cannotHold: { crm: [], mailbox: [] },
  clockOffsetMs: 0,
}

/** A pair of tasks, which nobody owns more than the other. */
interface Pair {
  readonly bases: { readonly crm: Fields; readonly mailbox: Fields } | null
  readonly crm: Fields | 'deleted' | 'none'
  readonly mailbox: Fields | 'deleted' | 'none'
}

const presence = (held: Pair['crm']): Presence =>
  typeof held === 'string' ? held : { fields: held, facts: {}, modifiedAt: null }
const input = (pair: Pair, kind: PairInput['kind'] = 'task'): PairInput => ({
  kind,
  bases: pair.bases,
  crm: presence(pair.crm),
  mailbox: presence(pair.mailbox),
  facts: {},
})
const plan = (pair: Pair, policy: Partial<Policy> = {}): PairPlan =>
  planPair(input(pair), { ...POLICY, ...policy })

/** What the pair is after both writes arrived. */
function after(pair: Pair, { crm, mailbox, bases, then }: PairPlan): Pair {
  const written = (held: Pair['crm'], write: PairPlan['crm']): Pair['crm'] => {
    if (write === null) return held
    if (write.do === 'delete') return 'deleted'
    return write.do === 'update' ? applied(held as Fields, write.fields) : write.fields
  }
  const settled = mailbox && mailbox.do !== 'delete' ? mailbox.fields : {}
  const next = { crm: written(pair.crm, crm), mailbox: written(pair.mailbox, mailbox) }
  if (then !== 'linked') return { ...next, bases: null }
  return {
    ...next,
    bases: { crm: applied(bases.crm, settled), mailbox: applied(bases.mailbox, settled) },
  }
}

const group = fc.constantFrom('subject', 'due', 'status', 'importance')
const value: fc.Arbitrary<Json> = fc.constantFrom('a', 'b', 'c', null)
const fields: fc.Arbitrary<Fields> = fc.dictionary(group, value, { noNullPrototype: true })
const edited = (base: Fields): fc.Arbitrary<Pair['crm']> =>
  fc.oneof(
    { weight: 4, arbitrary: fields.map((edits) => ({ ...base, ...edits })) },
    { weight: 1, arbitrary: fc.constant<'deleted'>('deleted') },
  )
/** Linked: both sides began with the same, and each did something since. */
const linked: fc.Arbitrary<Pair> = fields.chain((base) =>
  fc.record({ bases: fc.constant({ crm: base, mailbox: base }), crm: edited(base), mailbox: edited(base) }),
)
const matched: fc.Arbitrary<Pair> = fc.record({ bases: fc.constant(null), crm: fields, mailbox: fields })
const anyPair = fc.oneof({ weight: 3, arbitrary: linked }, { weight: 1, arbitrary: matched })
const conflicts = fc.constantFrom('crm' as const, 'mailbox' as const, 'ask' as const)
const directions = fc.constantFrom('both' as const, 'crm-to-mailbox' as const, 'mailbox-to-crm' as const)

const swapPair = (pair: Pair): Pair => ({
  bases: pair.bases && { crm: pair.bases.mailbox, mailbox: pair.bases.crm },
  crm: pair.mailbox,
  mailbox: pair.crm,
})
const swapSide = (side: string): string => (side === 'crm' || side === 'mailbox' ? otherSide(side) : side)
const swapDirection = (direction: Policy['direction']): Policy['direction'] =>
  direction === 'both' ? 'both' : direction === 'crm-to-mailbox' ? 'mailbox-to-crm' : 'crm-to-mailbox'

describe('properties', () => {
  test('the sides have equal rights: swapped sides and policies give the swapped plan', () => {
    fc.assert(
      fc.property(anyPair, conflicts, directions, (pair, policy, direction) => {
        const forth = plan(pair, { conflicts: policy, direction })
        const back = plan(swapPair(pair), {
          conflicts: swapSide(policy) as Policy['conflicts'],
          direction: swapDirection(direction),
        })
        const shape = (write: PairPlan['crm']) =>
          write && { fields: write.fields, deletes: write.do === 'delete' }
        expect(shape(back.mailbox)).toEqual(shape(forth.crm))
        expect(shape(back.crm)).toEqual(shape(forth.mailbox))
        expect(back.then).toBe(forth.then)
        expect(back.conflicts.map((each) => [each.group, each.verdict])).toEqual(
          forth.conflicts.map((each) => [each.group, swapSide(each.verdict)]),
        )
      }),
    )
  })

  test('at rest after one pass: what was carried out is not planned again', () => {
    fc.assert(
      fc.property(anyPair, conflicts, directions, (pair, policy, direction) => {
        const settings = { conflicts: policy, direction }
        const first = plan(pair, settings)
        const next = after(pair, first)
        fc.pre(first.then === 'linked' && next.crm !== 'deleted' && next.mailbox !== 'deleted')
        const again = plan(next, settings)
        expect([again.crm, again.mailbox, again.conflicts]).toEqual([null, null, []])
      }),
    )
  })

  test('with both directions and a policy that decides, both sides end up equal', () => {
    fc.assert(
      fc.property(anyPair, fc.constantFrom('crm' as const, 'mailbox' as const), (pair, policy) => {
        const next = after(pair, plan(pair, { conflicts: policy }))
        if (typeof next.crm === 'string' || typeof next.mailbox === 'string')
          expect(next.crm).toBe(next.mailbox)
        else
          for (const name of new Set([...Object.keys(next.crm), ...Object.keys(next.mailbox)]))
            expect(next.crm[name] ?? null).toEqual(next.mailbox[name] ?? null)
      }),
    )
  })

  test('no edit is lost: each ends on both sides or in a conflict', () => {
    fc.assert(
      fc.property(linked, conflicts, directions, (pair, policy, direction) => {
        const done = plan(pair, { conflicts: policy, direction })
        const next = after(pair, done)
        for (const side of ['crm', 'mailbox'] as const) {
          const held = pair[side]
          if (typeof held === 'string') continue
          const base = pair.bases?.[side] ?? {}
          for (const [name, mine] of Object.entries(held)) {
            if (same(mine, base[name] ?? null)) continue
            const live = [next.crm, next.mailbox].every(
              (each) => typeof each !== 'string' && same(each[name] ?? null, mine),
            )
            const kept = done.conflicts.some((each) => {
              const lost = side === 'crm' ? each.crm : each.mailboxValue
              return each.group === 'item'
                ? same((lost as Fields)[name], mine)
                : each.group === name && same(lost, mine)
            })
            expect(live || kept).toBe(true)
          }
        }
      }),
    )
  })

  test('one-way never writes its source', () => {
    fc.assert(
      fc.property(anyPair, conflicts, (pair, policy) => {
        expect(plan(pair, { conflicts: policy, direction: 'crm-to-mailbox' }).crm).toBeNull()
        expect(plan(pair, { conflicts: policy, direction: 'mailbox-to-crm' }).mailbox).toBeNull()
      }),
    )
  })

  test('nothing is written that nobody wrote', () => {
    fc.assert(
      fc.property(anyPair, conflicts, directions, (pair, policy, direction) => {
        const done = plan(pair, { conflicts: policy, direction })
        const held = [pair.crm, pair.mailbox].filter((each) => typeof each !== 'string')
        for (const write of [done.crm, done.mailbox])
          for (const [name, written] of Object.entries(write?.fields ?? {}))
            expect(same(written, ABSENT) || held.some((each) => same((each as Fields)[name], written))).toBe(
              true,
            )
      }),
    )
  })

  test('confluence: edits of different groups meet in any order of passes', () => {
    fc.assert(
      fc.property(fields, value, value, (base, mine, yours) => {
        const start: Pair = { bases: { crm: base, mailbox: base }, crm: base, mailbox: base }
        const editCrm = (pair: Pair): Pair => ({ ...pair, crm: { ...(pair.crm as Fields), subject: mine } })
        const editMailbox = (pair: Pair): Pair => ({
          ...pair,
          mailbox: { ...(pair.mailbox as Fields), due: yours },
        })
        const pass = (pair: Pair): Pair => after(pair, plan(pair))
        const ends = [
          pass(editMailbox(editCrm(start))),
          pass(editMailbox(pass(editCrm(start)))),
          pass(editCrm(pass(editMailbox(start)))),
        ]
        for (const end of ends) expect([end.crm, end.mailbox]).toEqual([ends[0]?.crm, ends[0]?.mailbox])
      }),
    )
  })

  test('edit against deletion ends alike, whichever side is asked first', () => {
    const base = { subject: 'a' }
    for (const side of ['crm', 'mailbox'] as const) {
      const pair: Pair = {
        bases: { crm: base, mailbox: base },
        crm: side === 'crm' ? { subject: 'b' } : 'deleted',
        mailbox: side === 'crm' ? 'deleted' : { subject: 'b' },
      }
      const end = after(pair, plan(pair))
      expect([end.crm, end.mailbox]).toEqual([{ subject: 'b' }, { subject: 'b' }])
    }
  })
})

describe('what is written', () => {
  const base = { subject: 'a', due: null }
  const pair = (crm: Pair['crm'], mailbox: Pair['mailbox']): Pair => ({
    bases: { crm: base, mailbox: base },
    crm,
    mailbox,
  })

  test('[R4] only the changed groups, with what was there before', () => {
    expect(plan(pair({ ...base, subject: 'b' }, base)).mailbox).toEqual({
      do: 'update',
      rule: 'R4',
      fields: { subject: 'b' },
      before: { subject: 'a' },
      mails: [],
    })
  })

  test('[R14] the loser is in the conflict, and is no change any more when the write has not arrived yet', () => {
    const clash = pair({ ...base, subject: 'b' }, { ...base, subject: 'c' })
    const first = plan(clash)
    expect(first.conflicts).toEqual([
      {
        kind: 'edit',
        group: 'subject',
        base: 'a',
        crm: 'b',
        mailboxValue: 'c',
        rule: 'R14',
        verdict: 'crm',
        open: false,
      },
    ])
    const again = plan({ ...clash, bases: first.bases })
    expect(again.conflicts).toEqual([])
    expect(again.mailbox?.fields).toEqual({ subject: 'b' })
  })

  test('[R24] withheld attendees are no change any more', () => {
    const policy = { ...POLICY, firstSync: true }
    const attendees = [{ email: 'carl@fabrikam.example', name: 'Carl', type: 'required' }]
    const event = input(pair({ ...base, attendees }, base), 'event')
    const first = planPair(event, policy)
    expect(first.mailbox).toBeNull()
    expect(planPair({ ...event, bases: first.bases }, policy).bases).toEqual(first.bases)
  })

  test('[R10] a message is made by sending it, not by the sync', () => {
    expect(
      planPair({ ...input({ bases: null, crm: base, mailbox: 'none' }, 'message') }, POLICY).mailbox,
    ).toBeNull()
    expect(plan({ bases: null, crm: base, mailbox: 'none' }).mailbox).toMatchObject({
      do: 'create',
      rule: 'R10',
    })
  })

  test('[R9] what was deleted stays remembered as deleted', () => {
    expect(plan({ bases: null, crm: 'deleted', mailbox: 'none' }).then).toBe('gone')
    expect(plan({ bases: null, crm: 'none', mailbox: 'none' }).then).toBe('apart')
  })

  test('[P17] what a side cannot hold is not written when it is created either', () => {
    const policy = { cannotHold: { crm: [], mailbox: ['due'] } }
    expect(plan({ bases: null, crm: base, mailbox: 'none' }, policy).mailbox?.fields).toEqual({
      subject: 'a',
    })
  })
})

describe('what was reported', () => {
  const slot = (date: string) => `occurrence/${date}/location`
  const item = (fields: Fields, range?: { from: string; to: string }) => ({
    kind: 'event' as const,
    fields,
    facts: {},
    ...(range && { occurrencesReported: range }),
  })
  const base = { subject: 'a', [slot('2026-03-02')]: 'x', [slot('2026-05-04')]: 'y' }

  test('a group that was left out is as it was; an exception within the reported days is gone', () => {
    expect(reported(item({}, { from: '2026-03-01', to: '2026-03-31' }), base)).toEqual({
      subject: 'a',
      [slot('2026-05-04')]: 'y',
    })
    expect(reported(item({ subject: null }), base)).toEqual({ subject: null })
  })

  test('the first and the last reported day count', () => {
    for (const range of [
      { from: '2026-03-02', to: '2026-03-31' },
      { from: '2026-02-01', to: '2026-03-02' },
    ])
      expect(reported(item({}, range), base)).not.toHaveProperty([slot('2026-03-02')])
  })
})

test('[R27] the guard holds more than the larger of both limits', () => {
  const limit = { items: 10, percent: 10 }
  expect(guardHolds(10, 5, limit)).toBe(false)
  expect(guardHolds(11, 5, limit)).toBe(true)
  expect(guardHolds(11, 200, limit)).toBe(false)
  expect(guardHolds(20, 200, limit)).toBe(false)
  expect(guardHolds(21, 200, limit)).toBe(true)
  expect(guardHolds(1, 0, { items: 0, percent: 0 })).toBe(true)
  expect(guardHolds(0, 0, { items: 0, percent: 0 })).toBe(false)
})
