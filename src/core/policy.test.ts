import { describe, expect, test } from 'vitest'
import type { Fields } from './item.ts'
import {
  NEWEST_TOLERANCE_MS,
  type Policy,
  canHold,
  mayInvite,
  mayWrite,
  notForCrm,
  settleClash,
  wouldMail,
} from './policy.ts'

const POLICY: Policy = {
  direction: 'both',
  conflicts: 'crm',
  invitations: 'microsoft',
  privateEvents: 'full',
  firstSync: false,
  mailInFirstSync: false,
  cannotHold: { crm: [], mailbox: ['location'] },
  clockOffsetMs: 0,
}
const T = 1_000_000
const clash = (policy: Partial<Policy>, crmAt: number | null = T, mailboxAt: number | null = T) =>
  settleClash({ ...POLICY, ...policy }, 'subject', crmAt, mailboxAt)

describe('who wins', () => {
  test('[R14] [R15] [R17] the policy says so, whatever the clocks say', () => {
    for (const [crmAt, mailboxAt] of [[0, T] as const, [T, 0] as const, [null, null] as const]) {
      expect(clash({ conflicts: 'crm' }, crmAt, mailboxAt)).toEqual({ winner: 'crm', rule: 'R14' })
      expect(clash({ conflicts: 'mailbox' }, crmAt, mailboxAt)).toEqual({ winner: 'mailbox', rule: 'R15' })
      expect(clash({ conflicts: 'ask' }, crmAt, mailboxAt)).toEqual({ winner: null, rule: 'R17' })
    }
  })

  test('[R16] the newer one, by more than the tolerance', () => {
    const newest = (crmAt: number | null, mailboxAt: number | null, clockOffsetMs = 0) =>
      clash({ conflicts: 'newest', clockOffsetMs }, crmAt, mailboxAt)
    expect(newest(T, T + NEWEST_TOLERANCE_MS + 1)).toEqual({ winner: 'mailbox', rule: 'R16' })
    expect(newest(T + NEWEST_TOLERANCE_MS + 1, T)).toEqual({ winner: 'crm', rule: 'R16' })
    expect(newest(T, T + NEWEST_TOLERANCE_MS)).toEqual({ winner: 'crm', rule: 'R14' })
    expect(newest(null, T)).toEqual({ winner: 'crm', rule: 'R14' })
    expect(newest(T, null)).toEqual({ winner: 'crm', rule: 'R14' })
    expect(newest(T, T + 5000, 10_000)).toEqual({ winner: 'crm', rule: 'R16' })
  })

  test('[R35] a remembered answer comes before the policy, for the group and its occurrences', () => {
    const policy = { ...POLICY, conflicts: 'ask', remembered: { subject: 'mailbox' } } as const
    expect(settleClash(policy, 'subject', T, T)).toEqual({ winner: 'mailbox', rule: 'R35' })
    expect(settleClash(policy, 'occurrence/2026-03-02/subject', T, T)).toMatchObject({ winner: 'mailbox' })
    expect(settleClash(policy, 'body', T, T)).toEqual({ winner: null, rule: 'R17' })
  })
})

describe('who owns what', () => {
  test('[R22] an attendee’s copy: the answer, the reminder, show-as and the categories, nothing else', () => {
    const mine = ['answer', 'reminder', 'showAs', 'categories', 'occurrence/2026-03-02/reminder']
    const theirs = ['subject', 'time', 'attendees', 'location', 'occurrence/2026-03-02/time']
    for (const group of mine) expect(notForCrm('event', { isOrganizer: false }, group)).toBeNull()
    for (const group of theirs) expect(notForCrm('event', { isOrganizer: false }, group)).toBe('R22')
  })

  test('[R22] one’s own event: what Microsoft tells is not written; taking an occurrence out is', () => {
    for (const group of ['answers', 'onlineMeeting', 'organizer', 'cancelled', 'answer'])
      expect(notForCrm('event', {}, group)).toBe('R22')
    for (const group of ['subject', 'attendees', 'occurrence/2026-03-02/cancelled'])
      expect(notForCrm('event', {}, group)).toBeNull()
  })

  test('[R23] what the mailbox keeps private is read-only', () => {
    expect(notForCrm('event', { redacted: ['subject'] }, 'subject')).toBe('R23')
    expect(notForCrm('event', { redacted: ['subject'] }, 'time')).toBeNull()
  })

  test('[R22] a message’s content is what was sent; a task is anybody’s', () => {
    expect(notForCrm('message', {}, 'body')).toBe('R22')
    for (const group of ['read', 'flag', 'categories', 'folder'])
      expect(notForCrm('message', {}, group)).toBeNull()
    for (const group of ['subject', 'due', 'status']) expect(notForCrm('task', {}, group)).toBeNull()
  })

  test('a direction writes its receiver, both ways write both', () => {
    expect([mayWrite('both', 'crm'), mayWrite('both', 'mailbox')]).toEqual([true, true])
    expect([mayWrite('crm-to-mailbox', 'crm'), mayWrite('crm-to-mailbox', 'mailbox')]).toEqual([false, true])
    expect([mayWrite('mailbox-to-crm', 'crm'), mayWrite('mailbox-to-crm', 'mailbox')]).toEqual([true, false])
  })

  test('a group that a side cannot hold, also of one occurrence', () => {
    expect(canHold(POLICY, 'mailbox', 'location')).toBe(false)
    expect(canHold(POLICY, 'mailbox', 'occurrence/2026-03-02/location')).toBe(false)
    expect(canHold(POLICY, 'crm', 'location')).toBe(true)
  })

  test('[R24] attendees go out after the first sync, and never with repairs or "Nobody"', () => {
    expect(mayInvite(POLICY, false)).toBe(true)
    expect(mayInvite(POLICY, true)).toBe(false)
    expect(mayInvite({ ...POLICY, firstSync: true }, false)).toBe(false)
    expect(mayInvite({ ...POLICY, firstSync: true, mailInFirstSync: true }, false)).toBe(true)
    expect(mayInvite({ ...POLICY, mailInFirstSync: true }, true)).toBe(true)
    expect(mayInvite({ ...POLICY, invitations: 'nobody', mailInFirstSync: true }, false)).toBe(false)
  })
})

describe('whom a write mails', () => {
  const attendees = (...names: readonly string[]) =>
    names.map((name) => ({ email: `${name}@fabrikam.example`, name, type: 'required' }))
  const before: Fields = { attendees: attendees('carl', 'dora') }
  const write = (fields: Fields, more: object = {}) =>
    wouldMail({ kind: 'event', do: 'update', facts: { isOrganizer: true }, before, fields, ...more })
  const carl = 'carl@fabrikam.example'
  const dora = 'dora@fabrikam.example'
  const emil = 'emil@fabrikam.example'

  test('a create mails its attendees, a deletion those who were invited', () => {
    expect(write({ attendees: attendees('carl') }, { do: 'create', before: {} })).toEqual([carl])
    expect(write({ subject: 'x' }, { do: 'create', before: {} })).toEqual([])
    expect(write({}, { do: 'delete' })).toEqual([carl, dora])
  })

  test('an update that shows mails everybody, one of personal marks nobody', () => {
    expect(write({ time: null })).toEqual([carl, dora])
    expect(write({ reminder: 5, showAs: 'free', categories: [], sensitivity: 'normal' })).toEqual([])
    expect(write({ 'occurrence/2026-03-02/time': null })).toEqual([carl, dora])
    expect(write({})).toEqual([])
  })

  test('only the attendees changed: only the changed ones', () => {
    expect(write({ attendees: attendees('carl', 'emil') })).toEqual([dora, emil])
    expect(write({ attendees: attendees('carl', 'emil'), subject: 'x' })).toEqual([carl, dora, emil])
  })

  test('somebody else’s meeting: the answer mails its organizer, the rest nobody', () => {
    const theirs = {
      facts: { isOrganizer: false },
      before: { ...before, organizer: { email: emil, name: 'Emil' } },
    }
    expect(write({ answer: 'accepted', reminder: 5 }, theirs)).toEqual([emil])
    expect(write({ reminder: 5 }, theirs)).toEqual([])
    expect(write({}, { ...theirs, do: 'delete' })).toEqual([])
  })

  test('tasks and messages mail nobody', () => {
    expect(write({ subject: 'x' }, { kind: 'task' })).toEqual([])
  })
})
