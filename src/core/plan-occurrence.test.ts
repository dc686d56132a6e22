import { expect, test } from 'vitest'
import type { Fields } from './item.ts'
import { ABSENT } from './merge.ts'
import type { PairInput } from './pair-plan.ts'
import { planPair } from './plan.ts'
import type { Policy } from './policy.ts'

const policy: Policy = {
  direction: 'both',
  conflicts: 'crm',
  invitations: 'microsoft',
  privateEvents: 'busy',
  firstSync: false,
  mailInFirstSync: false,
  cannotHold: { crm: [], mailbox: ['folder'] },
  clockOffsetMs: 0,
}
const series: Fields = {
  subject: 'Stand-up',
  recurrence: {
    pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
    range: { type: 'noEnd', start: '2026-05-04' },
  },
}
const present = (fields: Fields) => ({ fields, facts: { isOrganizer: true }, modifiedAt: null })
const pair = (
  crm: PairInput['crm'],
  mailbox: PairInput['mailbox'],
  more: Partial<PairInput> = {},
): PairInput => ({
  kind: 'event',
  bases: { crm: series, mailbox: series },
  crm,
  mailbox,
  facts: { isOrganizer: true },
  ...more,
})
const place = 'occurrence/2026-05-11/location'
const cancelled = 'occurrence/2026-05-11/cancelled'

test('[R40] an occurrence that the CRM took out stays out, and the place that Outlook gave it is kept', () => {
  const plan = planPair(
    pair(present({ ...series, [cancelled]: true }), present({ ...series, [place]: 'Room 2' })),
    policy,
  )
  expect(plan.mailbox?.fields).toEqual({ [cancelled]: true })
  expect(plan.crm).toBeNull()
  expect(plan.conflicts).toMatchObject([
    { rule: 'R40', group: place, mailboxValue: 'Room 2', verdict: 'crm' },
  ])
})

test('[R40] an occurrence that Outlook took out stays out, and the place that the CRM gave it is kept', () => {
  const plan = planPair(
    pair(present({ ...series, [place]: 'Room 2' }), present({ ...series, [cancelled]: true })),
    policy,
  )
  expect(plan.mailbox).toBeNull()
  expect(plan.crm?.fields).toEqual({ [cancelled]: true, [place]: ABSENT })
  expect(plan.conflicts).toMatchObject([{ rule: 'R40', group: place, crm: 'Room 2', verdict: 'mailbox' }])
})

test('[R40] taking out an occurrence that one has edited oneself is no conflict', () => {
  const plan = planPair(
    pair(present({ ...series, [cancelled]: true, [place]: 'Room 2' }), present(series)),
    policy,
  )
  expect(plan.mailbox?.fields).toEqual({ [cancelled]: true })
  expect(plan.conflicts).toEqual([])
})

test('[R8] what comes back from quarantine is what Microsoft holds, and what only the CRM can hold', () => {
  const quarantine: Fields = { ...series, subject: 'Older', folder: 'Sales', [place]: 'Room 2' }
  const edited: Fields = { ...series, subject: 'Stand-up, new room' }
  const plan = planPair(pair('deleted', present(edited), { quarantine }), policy)
  expect(plan.crm).toMatchObject({ do: 'restore', fields: { ...edited, folder: 'Sales' } })
  expect(plan.crm?.fields).not.toHaveProperty(place)
  expect(plan.bases.crm).toEqual(plan.crm?.fields)
})

test('[R14] a CRM person who goes back to the old value before the winning one was sent still wins', () => {
  const before: Fields = { subject: 'Call', showAs: 'busy' }
  const linked = { bases: { crm: before, mailbox: before } }
  const clash = planPair(
    pair(present({ ...before, showAs: 'free' }), present({ ...before, showAs: 'tentative' }), linked),
    policy,
  )
  expect(clash.mailbox?.fields).toEqual({ showAs: 'free' })
  const back = planPair(
    pair(present(before), present({ ...before, showAs: 'tentative' }), { bases: clash.bases }),
    policy,
  )
  expect(back.mailbox?.fields).toEqual({ showAs: 'busy' })
})
