/**
 * A series as ONE item: its master's groups, and for each slot what that occurrence has of its own. Slots are dates in
 * the series' zone.
 */
import type { Instant } from '../../core/ids.ts'
import { canonicalEvent, type Canonical, type OccurrenceFields } from '../../core/canonical.ts'
import type { EventFields, EventTime, Fields, PlainDate, Recurrence } from '../../core/item.ts'
import { firstSlot, isSlot, lastSlot, slotsIn } from '../../core/recurrence.ts'
import { occurrenceGroups, timeOfSlot } from '../../core/series.ts'
import {
  addDays,
  dateAt,
  dateOf,
  DAY_MS,
  dayNumber,
  daysBetween,
  toInstant,
  type DateWindow,
} from '../../core/time.ts'
import type { BareOccurrence, ParsedEvent } from './calendar-wire.ts'

/** What an occurrence can have of its own and this side can write. */
export const OCCURRENCE_GROUPS = [
  'subject',
  'body',
  'time',
  'location',
  'attendees',
  'answer',
  'reminder',
  'showAs',
  'sensitivity',
  'importance',
  'categories',
] as const

/** No slot at all is between these. */
export const NO_SLOTS_REPORTED = { from: '9999-12-31', to: '0001-01-01' } as const

/** The slot that an original start names. All-day series float: midnight UTC of the date, or midnight in their own zone. */
export function slotAt(
  master: EventTime,
  recurrence: Recurrence,
  originalStart: Instant,
  zone: string,
): PlainDate {
  if (!master.allDay) return dateAt(originalStart, master.zone)
  const floating = dateAt(originalStart, 'UTC')
  if (isSlot(recurrence, floating)) return floating
  const local = dateAt(originalStart, zone)
  return isSlot(recurrence, local) ? local : floating
}

export interface Series {
  readonly master: ParsedEvent
  readonly recurrence: Recurrence
  /** By slot. */
  readonly exceptions: ReadonlyMap<PlainDate, ParsedEvent>
  readonly cancelled: ReadonlySet<PlainDate>
  /** Left out: all slots are known. */
  readonly reported?: DateWindow
}

/** @returns malformed when an exception cannot be brought to canonical form. */
export function seriesItem(series: Series): Canonical {
  const { master, exceptions, cancelled, reported } = series
  const occurrences: { [slot: PlainDate]: OccurrenceFields } = {}
  for (const [slot, exception] of exceptions) occurrences[slot] = ownFields(master.fields, slot, exception)
  for (const slot of cancelled) occurrences[slot] = { cancelled: true }
  return canonicalEvent(master.fields, {
    facts: master.item.facts,
    occurrences,
    ...(reported === undefined ? {} : { occurrencesReported: reported }),
  })
}

/** An exception's groups; those equal to the series' are dropped when the item is made. */
function ownFields(master: EventFields, slot: PlainDate, exception: ParsedEvent): OccurrenceFields {
  const { recurrence: _recurrence, organizer: _organizer, time, ...own } = exception.fields
  const pattern = timeOfSlot(master.time, slot)
  return { ...own, time: sameMoment(time, pattern) ? pattern : time }
}

/** What an exception has of its own, by group. */
export function ownGroups(master: ParsedEvent, slot: PlainDate, exception: ParsedEvent): Fields {
  const { recurrence } = master.fields
  if (recurrence === null) return {}
  const read = seriesItem({
    master,
    recurrence,
    exceptions: new Map([[slot, exception]]),
    cancelled: new Set(),
  })
  return (read.ok ? occurrenceGroups(read.item.fields).get(slot) : undefined) ?? {}
}

/** The same instants, though perhaps told on other clocks: an exception does not always name its series' zone. */
function sameMoment(a: EventTime, b: EventTime): boolean {
  if (a.allDay || b.allDay) return false
  return (
    toInstant(a.start, a.zone) === toInstant(b.start, b.zone) &&
    toInstant(a.end, a.endZone ?? a.zone) === toInstant(b.end, b.endZone ?? b.zone)
  )
}

/** Days that a listing of the window surely covers, as instants: from the first midnight to the one after the last. */
const windowInstants = (window: DateWindow): { from: Instant; to: Instant } => ({
  from: dayNumber(window.from) * DAY_MS,
  to: (dayNumber(window.to) + 1) * DAY_MS,
})

/** The slots whose occurrences overlap the window by their pattern. */
function slotsInWindow(
  time: EventTime,
  recurrence: Recurrence,
  window: DateWindow,
  viewer: string,
): PlainDate[] {
  const { from, to } = windowInstants(window)
  const days = time.allDay
    ? daysBetween(time.start, time.end)
    : daysBetween(dateOf(time.start), dateOf(time.end))
  const near = slotsIn(recurrence, { from: addDays(window.from, -days - 1), to: addDays(window.to, 1) })
  return near.filter((slot) => {
    const occurrence = timeOfSlot(time, slot)
    const start = occurrence.allDay
      ? toInstant(`${occurrence.start}T00:00:00`, viewer)
      : toInstant(occurrence.start, occurrence.zone)
    const end = occurrence.allDay
      ? toInstant(`${occurrence.end}T00:00:00`, viewer)
      : toInstant(occurrence.end, occurrence.endZone ?? occurrence.zone)
    return start < to && (end > from || start >= from)
  })
}

/** What a window's listing told of one series so far, perhaps over several pages and in any order. */
export interface Gathered {
  master: ParsedEvent | null
  readonly exceptions: Map<string, ParsedEvent>
  readonly occurrences: Map<string, BareOccurrence>
}

export const gatherNothing = (): Gathered => ({ master: null, exceptions: new Map(), occurrences: new Map() })

export type Assembled =
  /** Every slot of the window is accounted for. */
  | { readonly kind: 'whole'; readonly series: Series }
  /** Slots inside the window are missing: taken out, or still to come. */
  | { readonly kind: 'gaps'; readonly series: Series }
  /** Cannot be told from the listing: ask for the series itself. */
  | { readonly kind: 'ask' }

/**
 * Puts a series together from a window's listing. A slot that is not listed was taken out, with one exception: an
 * occurrence may have been moved out of the window, which only those at its edges can (one cannot be moved to or past
 * the day of a neighbour). So a gap at an edge is a question, or stays unreported.
 */
export function assemble(
  gathered: Gathered,
  window: DateWindow,
  viewer: string,
  edges: 'ask' | 'unreported' = 'ask',
): Assembled {
  const { master } = gathered
  const recurrence = master?.fields.recurrence ?? null
  if (master === null || recurrence === null) return { kind: 'ask' }
  const { time } = master.fields
  const exceptions = new Map<PlainDate, ParsedEvent>()
  for (const exception of gathered.exceptions.values()) {
    if (exception.originalStart === null) return { kind: 'ask' }
    exceptions.set(slotAt(time, recurrence, exception.originalStart, viewer), exception)
  }
  const listed = new Set<PlainDate>(exceptions.keys())
  for (const occurrence of gathered.occurrences.values())
    listed.add(time.allDay ? occurrence.date : dateAt(occurrence.start, time.zone))
  const slots = slotsInWindow(time, recurrence, window, viewer)
  const missing = slots.filter((slot) => !listed.has(slot))
  const isEdge = (slot: PlainDate): boolean => slot === slots[0] || slot === slots.at(-1)
  const open = missing.filter(isEdge)
  if (open.length > 0 && edges === 'ask') return { kind: 'ask' }
  const told = slots.filter((slot) => !open.includes(slot))
  const first = told[0]
  const last = told.at(-1)
  const all = first === firstSlot(recurrence) && last === lastSlot(recurrence)
  const series: Series = {
    master,
    recurrence,
    exceptions,
    cancelled: new Set(missing.filter((slot) => !isEdge(slot))),
    ...(all && first !== undefined
      ? {}
      : {
          reported: first === undefined || last === undefined ? NO_SLOTS_REPORTED : { from: first, to: last },
        }),
  }
  return { kind: missing.length === 0 ? 'whole' : 'gaps', series }
}
