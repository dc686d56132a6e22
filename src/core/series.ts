import type { Instant } from './ids.ts'
import {
  eventFields,
  parseGroup,
  type EventTime,
  type Fields,
  type Json,
  type PlainDate,
  type Recurrence,
  type Zone,
} from './item.ts'
import { isSlot, nextSlot, slotsIn } from './recurrence.ts'
import { addDays, dateOf, daysBetween, eventSpan, timeOfDay, touches, type DateWindow } from './time.ts'

/**
 * A series as it shows in a calendar: what its pattern makes, less what was cancelled, with what single occurrences
 * have of their own. Works on the flat groups of one item (`occurrence/<slot>/<group>`).
 */
export interface Occurrence {
  /** Where the pattern put it: its name for ever, wherever it was moved to. Null for an event that is no series. */
  readonly slot: PlainDate | null
  readonly time: EventTime
  readonly start: Instant
  readonly end: Instant
  /** It has something of its own. */
  readonly exception: boolean
  /** The series' groups with the occurrence's own on top; without recurrence and occurrence groups. */
  readonly fields: Fields
}

/** What single occurrences have of their own, by slot and group. */
export function occurrenceGroups(fields: Fields): Map<PlainDate, { readonly [group: string]: Json }> {
  const bySlot = new Map<PlainDate, { [group: string]: Json }>()
  for (const key in fields) {
    if (!key.startsWith('occurrence/')) continue
    const { slot, name } = parseGroup(key)
    const value = fields[key]
    if (slot === null || value === undefined) continue
    const own = bySlot.get(slot)
    if (own === undefined) bySlot.set(slot, { [name]: value })
    else own[name] = value
  }
  return bySlot
}

/** The series' time moved to one slot: same time of day and length on the clock, whatever the offset is then. */
export function timeOfSlot(time: EventTime, slot: PlainDate): EventTime {
  if (time.allDay) {
    const days = daysBetween(time.start, slot)
    return days === 0 ? time : { allDay: true, start: slot, end: addDays(time.end, days) }
  }
  const days = daysBetween(time.start, slot)
  if (days === 0) return time
  return {
    ...time,
    start: `${slot}T${timeOfDay(time.start)}`,
    end: `${addDays(time.end, days)}T${timeOfDay(time.end)}`,
  }
}

const lengthInDays = (time: EventTime): number =>
  Math.max(0, daysBetween(dateOf(time.start), dateOf(time.end)))

/** The slots whose occurrence may touch the window: a day more on each side, because zones differ by up to a day. */
const slotsAround = (time: EventTime, window: DateWindow): DateWindow => ({
  from: addDays(window.from, -lengthInDays(time) - 1),
  to: addDays(window.to, 1),
})

/**
 * What shows of an event on the days of the window, seen in `viewer`'s zone, by start. An event that is no series
 * shows as one occurrence. Cancelled occurrences and cancelled events are left out.
 */
export function occurrencesIn(
  item: { readonly fields: Fields },
  window: DateWindow,
  viewer: Zone,
): Occurrence[] {
  const { time, recurrence, cancelled } = eventFields(item)
  if (cancelled) return []
  const shown: Occurrence[] = []
  const show = (slot: PlainDate | null, at: EventTime, exception: boolean, fields: Fields): void => {
    if (touches(at, window, viewer))
      shown.push({ slot, time: at, ...eventSpan(at, viewer), exception, fields })
  }
  if (recurrence === null || recurrence === undefined) {
    show(null, time, false, item.fields)
    return shown
  }
  const own = occurrenceGroups(item.fields)
  const common = fieldsOfSeries(item.fields)
  for (const slot of slotsIn(recurrence, slotsAround(time, window))) {
    if (own.has(slot)) continue
    const at = timeOfSlot(time, slot)
    show(slot, at, false, common)
  }
  for (const [slot, groups] of own) {
    if (groups['cancelled'] === true || !isSlot(recurrence, slot)) continue
    const { cancelled: _, ...kept } = groups
    const at = (kept['time'] as EventTime | undefined) ?? timeOfSlot(time, slot)
    show(slot, at, Object.keys(kept).length > 0, { ...common, ...kept })
  }
  return shown.sort((a, b) => a.start - b.start || ((a.slot ?? '') < (b.slot ?? '') ? -1 : 1))
}

function fieldsOfSeries(fields: Fields): Fields {
  const common: { [group: string]: Json } = {}
  for (const key in fields) {
    const value = fields[key]
    if (key !== 'recurrence' && !key.startsWith('occurrence/') && value !== undefined) common[key] = value
  }
  return common
}

/** All groups that one occurrence shows; null when the series has none there or it was cancelled. */
export function occurrenceAt(item: { readonly fields: Fields }, slot: PlainDate): Fields | null {
  const { time, recurrence } = eventFields(item)
  if (recurrence === null || recurrence === undefined || !isSlot(recurrence, slot)) return null
  const { cancelled, ...own } = occurrenceGroups(item.fields).get(slot) ?? {}
  if (cancelled === true) return null
  return { ...fieldsOfSeries(item.fields), time: timeOfSlot(time, slot) as Json, ...own }
}

/** Whether any of it shows on the days of the window. A series with all its occurrences there cancelled does not. */
export function showsIn(item: { readonly fields: Fields }, window: DateWindow, viewer: Zone): boolean {
  const { time, recurrence } = eventFields(item)
  if (recurrence === null || recurrence === undefined) return touches(time, window, viewer)
  const own = occurrenceGroups(item.fields)
  for (const [slot, groups] of own) {
    const moved = groups['time'] as EventTime | undefined
    if (groups['cancelled'] !== true && moved !== undefined && isSlot(recurrence, slot))
      if (touches(moved, window, viewer)) return true
  }
  const around = slotsAround(time, window)
  for (
    let slot = nextSlot(recurrence, around.from);
    slot !== null && slot <= around.to;
    slot = nextSlot(recurrence, addDays(slot, 1))
  ) {
    const groups = own.get(slot)
    if (groups !== undefined && (groups['cancelled'] === true || groups['time'] !== undefined)) continue
    if (touches(timeOfSlot(time, slot), window, viewer)) return true
  }
  return false
}

/** Slots taken out of the series, ascending. */
export function cancelledSlots(fields: Fields): PlainDate[] {
  const slots: PlainDate[] = []
  for (const key in fields) {
    const { slot, name } = parseGroup(key)
    if (slot !== null && name === 'cancelled' && fields[key] === true) slots.push(slot)
  }
  return slots.sort()
}

/**
 * Slots that the pattern makes and the other side's list of instances does not have: there is no other sign of a
 * single cancelled occurrence in Graph's lists. `reported` are the slots of all instances in the window.
 */
export function missingSlots(
  recurrence: Recurrence,
  window: DateWindow,
  reported: ReadonlySet<PlainDate>,
): PlainDate[] {
  return slotsIn(recurrence, window).filter((slot) => !reported.has(slot))
}

/** Groups of occurrences that the (changed) pattern no longer makes: kept and reported, never silently dropped. */
export function strayGroups(fields: Fields, recurrence: Recurrence | null): string[] {
  return Object.keys(fields).filter((key) => {
    const { slot } = parseGroup(key)
    return slot !== null && (recurrence === null || !isSlot(recurrence, slot))
  })
}
