import type { Facts, Fields, Json, Kind } from '../core/item.ts'

/** Columns that lists sort and filter by, computed from the canonical form whenever that is written. */
export interface Derived {
  readonly subject: string
  readonly first_day: string | null
  readonly last_day: string | null
  readonly happens_at: string | null
  readonly due_on: string | null
  readonly status: string | null
  readonly unread: boolean | null
  readonly conversation: string | null
}

const NONE: Derived = {
  subject: '',
  first_day: null,
  last_day: null,
  happens_at: null,
  due_on: null,
  status: null,
  unread: null,
  conversation: null,
}

/** What does not have the expected form leaves its column empty: the canonical form is stored as it is. */
export function derive(kind: Kind, fields: Fields, facts: Facts): Derived {
  const common = { ...NONE, subject: typeof fields['subject'] === 'string' ? fields['subject'] : '' }
  if (kind === 'event') return { ...common, ...days(fields) }
  if (kind === 'task') {
    const due = day(fields['due'])
    return { ...common, due_on: due, happens_at: due, status: text(fields['status']) }
  }
  return {
    ...common,
    happens_at: instant(fields['receivedAt']) ?? instant(fields['sentAt']),
    unread: typeof fields['read'] === 'boolean' ? !fields['read'] : null,
    conversation: facts.conversationId ?? null,
  }
}

function days(fields: Fields): Pick<Derived, 'first_day' | 'last_day' | 'happens_at'> {
  const start = property(fields['time'], 'start')
  const first = day(start)
  const last = day(property(fields['time'], 'end')) ?? first
  if (first === null) return { first_day: null, last_day: null, happens_at: null }
  const recurrence = fields['recurrence'] ?? null
  return {
    // An exception may be moved before the series begins; such a series is looked at from its earliest day.
    first_day: earliest(first, fields),
    last_day:
      recurrence === null ? last : (day(property(property(recurrence, 'range'), 'until')) ?? 'infinity'),
    happens_at: text(start),
  }
}

function earliest(first: string, fields: Fields): string {
  let found = first
  for (const [group, value] of Object.entries(fields)) {
    if (!group.startsWith('occurrence/') || !group.endsWith('/time')) continue
    const start = day(property(value, 'start'))
    if (start !== null && start < found) found = start
  }
  return found
}

function property(value: Json | undefined, name: string): Json | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return (value as { readonly [key: string]: Json })[name]
}

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
const DAY = /^\d{4}-\d\d-\d\d/
function day(value: Json | undefined): string | null {
  return typeof value === 'string' && DAY.test(value) && !Number.isNaN(Date.parse(value.slice(0, 10)))
    ? value.slice(0, 10)
    : null
}
const instant = (value: Json | undefined): string | null =>
  typeof value === 'number' && Number.isFinite(value) ? isoOf(value) : null

/** Years outside of 1 to 9999 are no time of a message. */
function isoOf(at: number): string | null {
  const iso = new Date(at)
  return Number.isNaN(iso.getTime()) || iso.getUTCFullYear() < 1 || iso.getUTCFullYear() > 9999
    ? null
    : iso.toISOString()
}
