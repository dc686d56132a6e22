import type { CollectionId, Instant } from './ids.ts'

/**
 * The canonical form of what is kept in step. Both sides are translated into it at their border, so that "equal"
 * means equal to a person, not to a wire format.
 *
 * An item is a flat map of **field groups**: what merges as one. Flat, because then merging, comparing, journalling
 * and showing a difference are each one loop, also for the exceptions of a series (`occurrence/2026-03-02/time`).
 * A series is ONE item: its master's groups plus one group for each thing that one occurrence has of its own.
 *
 * Absence has three spellings: a group left out was *not reported*; `null` was *reported empty*; a tombstone is *gone*.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type Kind = 'event' | 'task' | 'message'
export type Channel = 'calendar' | 'tasks' | 'email'
export type Side = 'crm' | 'mailbox'

export const otherSide = (side: Side): Side => (side === 'crm' ? 'mailbox' : 'crm')
export const kindOf: Record<Channel, Kind> = { calendar: 'event', tasks: 'task', email: 'message' }

export type Fields = { readonly [group: string]: Json }

/** A calendar date, `YYYY-MM-DD`. */
export type PlainDate = string
/** Wall-clock time without zone, `YYYY-MM-DDTHH:mm:ss`. */
export type PlainDateTime = string
/** IANA name, canonical as `Intl` gives it (`Europe/Kiev`, `UTC`). */
export type Zone = string

/** All-day events are dates without a zone (end exclusive); timed ones keep wall time AND zone. */
export type EventTime =
  | { readonly allDay: true; readonly start: PlainDate; readonly end: PlainDate }
  | {
      readonly allDay: false
      readonly start: PlainDateTime
      readonly end: PlainDateTime
      readonly zone: Zone
      /** Only when the end has another zone than the start. */
      readonly endZone?: Zone
    }

export type Weekday = 'sunday' | 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday'
export type WeekIndex = 'first' | 'second' | 'third' | 'fourth' | 'last'

/** Graph's patternedRecurrence with only the properties that its type has. Days of the month beyond a month's end clamp to it. */
export type RecurrencePattern =
  | { readonly type: 'daily'; readonly interval: number }
  | {
      readonly type: 'weekly'
      readonly interval: number
      readonly days: readonly Weekday[]
      readonly weekStart: Weekday
    }
  | { readonly type: 'absoluteMonthly'; readonly interval: number; readonly day: number }
  | {
      readonly type: 'relativeMonthly'
      readonly interval: number
      readonly days: readonly Weekday[]
      readonly index: WeekIndex
    }
  | {
      readonly type: 'absoluteYearly'
      readonly interval: number
      readonly day: number
      readonly month: number
    }
  | {
      readonly type: 'relativeYearly'
      readonly interval: number
      readonly days: readonly Weekday[]
      readonly index: WeekIndex
      readonly month: number
    }

/** `until` is inclusive. `start` is the date of the first occurrence, in the series' zone. */
export type RecurrenceRange =
  | { readonly type: 'noEnd'; readonly start: PlainDate }
  | { readonly type: 'endDate'; readonly start: PlainDate; readonly until: PlainDate }
  | { readonly type: 'numbered'; readonly start: PlainDate; readonly count: number }

export interface Recurrence {
  readonly pattern: RecurrencePattern
  readonly range: RecurrenceRange
}

export interface Attendee {
  /** Lower case. */
  readonly email: string
  readonly name: string
  readonly type: 'required' | 'optional' | 'resource'
}

export type Answer = 'none' | 'accepted' | 'tentative' | 'declined'

/** `content` is normalised (core/text.ts) before it is compared; a side that holds plain text only is lossy for html. */
export interface Body {
  readonly type: 'text' | 'html'
  readonly content: string
}

/** The groups of an event's `fields`, by name. `occurrence/<slot>/<group>` comes beside them (see `occurrenceGroup`). */
export interface EventFields {
  readonly subject: string
  readonly body: Body | null
  readonly time: EventTime
  readonly recurrence: Recurrence | null
  readonly location: string | null
  /** Sorted by email. Without the answers: those belong to the mailbox and are in `answers`. */
  readonly attendees: readonly Attendee[]
  /** What each attendee answered, by email; told by Microsoft, never written to it. */
  readonly answers: { readonly [email: string]: Answer }
  /** This mailbox's own answer to a meeting that somebody else organizes; `none` for one's own events. */
  readonly answer: Answer
  readonly organizer: { readonly email: string; readonly name: string } | null
  /** Minutes before the start, or null for no reminder. */
  readonly reminder: number | null
  readonly showAs: 'free' | 'tentative' | 'busy' | 'oof' | 'workingElsewhere' | 'unknown'
  readonly sensitivity: 'normal' | 'personal' | 'private' | 'confidential'
  readonly importance: 'low' | 'normal' | 'high'
  /** Sorted. */
  readonly categories: readonly string[]
  readonly onlineMeeting: { readonly provider: string; readonly joinUrl: string } | null
  /** The organizer called the meeting off. */
  readonly cancelled: boolean
}

/** The groups of a task's `fields`. Due and start are dates, never instants. */
export interface TaskFields {
  readonly subject: string
  readonly body: Body | null
  readonly start: PlainDate | null
  readonly due: PlainDate | null
  readonly completed: PlainDate | null
  readonly status: 'notStarted' | 'inProgress' | 'completed' | 'waitingOnOthers' | 'deferred'
  readonly importance: 'low' | 'normal' | 'high'
  readonly reminder: { readonly at: PlainDateTime; readonly zone: Zone } | null
  readonly recurrence: Recurrence | null
  readonly steps: readonly { readonly title: string; readonly done: boolean }[]
  /** Sorted. */
  readonly categories: readonly string[]
}

/** The groups of a message. Content is the mailbox's; read, flag, categories and folder may change on both sides. */
export interface MessageFields {
  readonly subject: string
  readonly from: Address | null
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
  readonly bcc: readonly Address[]
  readonly body: Body | null
  readonly sentAt: Instant | null
  readonly receivedAt: Instant | null
  readonly importance: 'low' | 'normal' | 'high'
  readonly isDraft: boolean
  readonly read: boolean
  readonly flag: 'notFlagged' | 'flagged' | 'complete'
  readonly categories: readonly string[]
  /** The collection it lies in. */
  readonly folder: CollectionId
}

export interface Address {
  readonly email: string
  readonly name: string
}

/**
 * The slot of an occurrence is the date on which the pattern put it, in the series' own zone: Graph has at most one
 * occurrence a day, and the date survives a change of the series' time of day.
 */
export const occurrenceGroup = (slot: PlainDate, group: string): string => `occurrence/${slot}/${group}`

/** `occurrence/<slot>/cancelled` = true means that this occurrence was taken out of the series. */
export function parseGroup(group: string): { readonly slot: PlainDate | null; readonly name: string } {
  if (!group.startsWith('occurrence/')) return { slot: null, name: group }
  return { slot: group.slice(11, 21), name: group.slice(22) }
}

/** What is known of an item but never merged or written. */
export interface Facts {
  /** The same for all copies of one meeting: matches items at first sync. */
  readonly iCalUId?: string
  /** The id of the operation with which we created it, where the system kept it (event: transactionId). */
  readonly marker?: string
  /** False on an attendee's copy: then the organizer owns all but the answer, reminder, show-as and categories. */
  readonly isOrganizer?: boolean
  readonly createdAt?: Instant
  readonly modifiedAt?: Instant
  readonly webLink?: string
  readonly hasAttachments?: boolean
  readonly internetMessageId?: string
  readonly conversationId?: string
  readonly references?: readonly string[]
  /** Values the mailbox's owner keeps private were replaced before storage; these groups are read-only in the CRM. */
  readonly redacted?: readonly string[]
  /** Headers that classify automatic mail, only the few that rules read. */
  readonly headers?: { readonly [name: string]: string }
}

export interface Item {
  readonly kind: Kind
  readonly fields: Fields
  readonly facts: Facts
  /**
   * Occurrence groups are reported completely for slots from `from` to `to` (inclusive): there, a missing group means
   * "no exception"; outside, it means "not reported". Left out: all slots are reported.
   */
  readonly occurrencesReported?: { readonly from: PlainDate; readonly to: PlainDate }
}

export const eventFields = (item: { readonly fields: Fields }): EventFields =>
  item.fields as unknown as EventFields
export const taskFields = (item: { readonly fields: Fields }): TaskFields =>
  item.fields as unknown as TaskFields
export const messageFields = (item: { readonly fields: Fields }): MessageFields =>
  item.fields as unknown as MessageFields
