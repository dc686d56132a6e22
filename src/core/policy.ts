import type { Instant } from './ids.ts'
import { type Attendee, type Facts, type Fields, type Kind, type Side, parseGroup } from './item.ts'
import { same } from './merge.ts'
import type { RuleId } from './rules.ts'

/** What the settings say about one channel of one mailbox, in the words of the decisions that it steers. */
export type Direction = 'crm-to-mailbox' | 'mailbox-to-crm' | 'both'
export type ConflictPolicy = 'crm' | 'mailbox' | 'newest' | 'ask'

export interface Policy {
  readonly direction: Direction
  readonly conflicts: ConflictPolicy
  /** Answers that a person asked to remember: who wins a group, whatever the policy says. */
  readonly remembered?: { readonly [group: string]: Side }
  /** `nobody`: attendees are never written to Microsoft. */
  readonly invitations: 'microsoft' | 'nobody'
  readonly privateEvents: 'busy' | 'skip' | 'full'
  /** The channel has not had a complete sync yet: nobody may be mailed. */
  readonly firstSync: boolean
  /** A person said that the first sync and repairs may write attendees, and so mail them. */
  readonly mailInFirstSync: boolean
  /** Field groups that a side cannot hold: neither compared nor cleared there. */
  readonly cannotHold: { readonly crm: readonly string[]; readonly mailbox: readonly string[] }
  /** How far Microsoft's clock is ahead of ours. */
  readonly clockOffsetMs: number
}

export const mayWrite = (direction: Direction, side: Side): boolean =>
  direction === 'both' || direction === (side === 'crm' ? 'mailbox-to-crm' : 'crm-to-mailbox')

/** Two modifications nearer than this are the same moment: clocks and Exchange's own rounding differ by that much. */
export const NEWEST_TOLERANCE_MS = 2000

export type Clash =
  { readonly winner: Side; readonly rule: RuleId } | { readonly winner: null; readonly rule: 'R17' }

/** Who wins a field group that both sides changed. Only `newest` looks at clocks, and says CRM when they do not tell. */
export function settleClash(
  policy: Policy,
  group: string,
  crmAt: Instant | null,
  mailboxAt: Instant | null,
): Clash {
  const remembered = policy.remembered?.[parseGroup(group).name]
  if (remembered) return { winner: remembered, rule: 'R35' }
  switch (policy.conflicts) {
    case 'crm':
      return { winner: 'crm', rule: 'R14' }
    case 'mailbox':
      return { winner: 'mailbox', rule: 'R15' }
    case 'ask':
      return { winner: null, rule: 'R17' }
    case 'newest': {
      if (crmAt === null || mailboxAt === null) return { winner: 'crm', rule: 'R14' }
      const aheadMs = mailboxAt - policy.clockOffsetMs - crmAt
      if (Math.abs(aheadMs) <= NEWEST_TOLERANCE_MS) return { winner: 'crm', rule: 'R14' }
      return { winner: aheadMs > 0 ? 'mailbox' : 'crm', rule: 'R16' }
    }
  }
}

/** An attendee's copy: all else is the organizer's, and what we wrote there would be lost or mislead (P23). */
const ATTENDED: ReadonlySet<string> = new Set(['answer', 'reminder', 'showAs', 'categories'])
/** Told by Microsoft, never written to it. */
const TOLD: ReadonlySet<string> = new Set(['answers', 'onlineMeeting', 'organizer', 'cancelled', 'answer'])
/** What Microsoft adds to an item by itself: no person's edit, so nothing that would outlive a deletion. */
const ADDED: ReadonlySet<string> = new Set(['answers', 'onlineMeeting', 'organizer'])
export const isEdit = (group: string): boolean => !ADDED.has(parseGroup(group).name)

/** What a person does with a message; its content is what was sent. */
const MESSAGE: ReadonlySet<string> = new Set(['read', 'flag', 'categories', 'folder'])

/** What both sides may change of one's own events and of tasks: of these a person can say who wins from now on. */
export const DECIDABLE = {
  event: [
    'subject',
    'time',
    'recurrence',
    'location',
    'attendees',
    'body',
    'reminder',
    'showAs',
    'sensitivity',
    'importance',
    'categories',
  ],
  task: [
    'subject',
    'start',
    'due',
    'completed',
    'status',
    'importance',
    'reminder',
    'recurrence',
    'steps',
    'categories',
    'body',
  ],
} as const satisfies { readonly [kind in Kind]?: readonly string[] }
/** Rules that settle a clash of two edits, so that another answer could have been given. */
const CLASHES: ReadonlySet<RuleId> = new Set(['R14', 'R15', 'R16', 'R17', 'R35'])

export const isDecidable = (kind: Kind, name: string): boolean =>
  kind !== 'message' && (DECIDABLE[kind] as readonly string[]).includes(name)

/** Whether the answer to a conflict can be remembered for its field: both sides may change that, and a rule chose. */
export const mayRemember = (kind: Kind, group: string, rule: string): boolean =>
  isDecidable(kind, parseGroup(group).name) && (CLASHES as ReadonlySet<string>).has(rule)

/** Why the CRM may not write this group to Microsoft, or null when it may. */
export function notForCrm(kind: Kind, facts: Facts, group: string): 'R22' | 'R23' | null {
  const { slot, name } = parseGroup(group)
  if (facts.redacted?.includes(name)) return 'R23'
  switch (kind) {
    case 'event':
      if (facts.isOrganizer === false) return ATTENDED.has(name) ? null : 'R22'
      return TOLD.has(name) && !(slot !== null && name === 'cancelled') ? 'R22' : null
    case 'message':
      return MESSAGE.has(name) ? null : 'R22'
    case 'task':
      return null
  }
}

/** Whether a side can hold the group at all. */
export const canHold = (policy: Policy, side: Side, group: string): boolean =>
  !policy.cannotHold[side].includes(parseGroup(group).name)

/** Whether attendees may go to Microsoft now. `repair`: we re-create what a person lost, nobody was invited anew. */
export const mayInvite = (policy: Policy, repair: boolean): boolean =>
  policy.invitations === 'microsoft' && ((!policy.firstSync && !repair) || policy.mailInFirstSync)

/** A person's own marks on an event, of which Microsoft tells nobody. */
const SILENT: ReadonlySet<string> = new Set(['reminder', 'showAs', 'categories', 'sensitivity'])

/**
 * Whom Microsoft would mail because of a write (graph: event-update, event-delete). Changing only the attendees tells
 * the changed ones; anything else that shows tells all; there is no way to write without telling.
 */
export function wouldMail(write: {
  readonly kind: Kind
  readonly do: 'create' | 'update' | 'delete' | 'restore'
  readonly facts: Facts
  /** What the mailbox holds now; empty for a create. */
  readonly before: Fields
  /** The groups to write. */
  readonly fields: Fields
}): readonly string[] {
  if (write.kind !== 'event') return []
  const groups = Object.keys(write.fields)
  if (write.facts.isOrganizer === false) {
    const organizer = write.before['organizer'] as { readonly email?: string } | null | undefined
    const answers = groups.some((group) => parseGroup(group).name === 'answer')
    return answers && organizer?.email !== undefined ? [organizer.email] : []
  }
  const invited = attendeesOf(write.before)
  if (write.do === 'delete') return emails(invited)
  const wanted = write.fields['attendees'] === undefined ? invited : attendeesOf(write.fields)
  const telling = groups.filter((group) => !SILENT.has(parseGroup(group).name))
  if (telling.length === 0) return []
  if (write.do === 'update' && telling.every((group) => group === 'attendees')) {
    const kept = (one: Attendee, list: readonly Attendee[]) =>
      list.some((other) => same({ ...one }, { ...other }))
    return emails([
      ...invited.filter((one) => !kept(one, wanted)),
      ...wanted.filter((one) => !kept(one, invited)),
    ])
  }
  return emails([...invited, ...wanted])
}

const attendeesOf = (fields: Fields): readonly Attendee[] =>
  Array.isArray(fields['attendees']) ? (fields['attendees'] as unknown as readonly Attendee[]) : []
const emails = (attendees: readonly Attendee[]): readonly string[] =>
  [...new Set(attendees.map((attendee) => attendee.email))].sort()
