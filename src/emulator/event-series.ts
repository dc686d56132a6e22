/** What a series has in a stretch of time: its occurrences and exceptions, and the keys of their ids. */
import { instantOf, type EventRow } from './event-model.ts'
import { expand, hasDay } from './recurrence.ts'
import { DAY, dateText, findZone, parseWall, UTC } from './zones.ts'

export interface Instance {
  readonly master: EventRow
  readonly slot: number
  /** Null for an occurrence as the pattern gives it. */
  readonly exception: EventRow | null
  /** Instants. */
  readonly start: number
  readonly end: number
}

const SLOT = /^(.{16})O(\d{8})$/

export function instanceKey(master: EventRow, slot: number): string {
  return `${master.key}O${dateText(slot * DAY).replaceAll('-', '')}`
}

/** Splits the key of an id into the event's and, for a part of a series, its slot. */
export function splitKey(key: string): { key: string; slot: number | null } {
  const match = SLOT.exec(key)
  if (match === null) return { key, slot: null }
  const digits = match[2] ?? ''
  const wall = parseWall(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`)
  return { key: match[1] ?? '', slot: wall === undefined ? null : wall / DAY }
}

const timeOfDay = (wall: number): number => ((wall % DAY) + DAY) % DAY

/** The wall time that the pattern gives to a slot, in the zone of the master's start. */
export function slotWall(master: EventRow, slot: number): number {
  return slot * DAY + timeOfDay(master.start.wall)
}

/** The part of a series on a slot; undefined when the pattern has none there or it was deleted. */
export function instanceAt(master: EventRow, slot: number): Instance | undefined {
  if (master.recurrence === null || master.cancelled.includes(slot)) return undefined
  const exception = master.exceptions.get(slot)
  if (exception !== undefined)
    return { master, slot, exception, start: instantOf(exception.start), end: instantOf(exception.end) }
  if (!hasDay(master.recurrence, slot)) return undefined
  const zone = findZone(master.start.zone) ?? UTC
  const wall = slotWall(master, slot)
  const duration = instantDuration(master)
  const start = zone.toInstant(wall)
  return {
    master,
    slot,
    exception: null,
    start,
    end: duration === null ? zone.toInstant(wall + wallDuration(master)) : start + duration,
  }
}

const wallDuration = (master: EventRow): number => master.end.wall - master.start.wall

/** Events that end in another zone than they start in keep their real length; others keep their wall times. */
function instantDuration(master: EventRow): number | null {
  return master.start.zone === master.end.zone ? null : instantOf(master.end) - instantOf(master.start)
}

export const overlaps = (start: number, end: number, from: number, to: number): boolean =>
  start < to && (end > from || (start === end && start >= from))

/** Everything of a series that overlaps [from, to), in order of time. */
export function instancesBetween(master: EventRow, from: number, to: number): Instance[] {
  const { recurrence } = master
  if (recurrence === null) return []
  const zone = findZone(master.start.zone) ?? UTC
  const duration = instantDuration(master)
  const length = wallDuration(master)
  const first = Math.floor((zone.toWall(from) - Math.max(length, 0)) / DAY) - 1
  const last = Math.floor(zone.toWall(to) / DAY) + 1
  const found: Instance[] = []
  const cancelled = master.cancelled.length > 0 ? new Set(master.cancelled) : null
  const time = timeOfDay(master.start.wall)
  for (const slot of expand(recurrence, first, last)) {
    if (cancelled?.has(slot) || master.exceptions.has(slot)) continue
    const wall = slot * DAY + time
    const start = zone.toInstant(wall)
    const end = duration === null ? zone.toInstant(wall + length) : start + duration
    if (overlaps(start, end, from, to)) found.push({ master, slot, exception: null, start, end })
  }
  for (const [slot, exception] of master.exceptions) {
    const start = instantOf(exception.start)
    const end = instantOf(exception.end)
    if (overlaps(start, end, from, to)) found.push({ master, slot, exception, start, end })
  }
  return found.sort((a, b) => a.start - b.start)
}

/** The nearest parts of a series before and after a slot, looked for over at most a few years. */
export function neighbours(master: EventRow, slot: number): { before: number | null; after: number | null } {
  const { recurrence } = master
  if (recurrence === null) return { before: null, after: null }
  const reach = 366 * 5
  const dayOf = (at: number): number => {
    const exception = master.exceptions.get(at)
    return exception === undefined
      ? at
      : Math.floor((findZone(master.start.zone) ?? UTC).toWall(instantOf(exception.start)) / DAY)
  }
  let before: number | null = null
  for (const day of expand(recurrence, slot - reach, slot - 1))
    if (!master.cancelled.includes(day)) before = dayOf(day)
  for (const day of expand(recurrence, slot + 1, slot + reach))
    if (!master.cancelled.includes(day)) return { before, after: dayOf(day) }
  return { before, after: null }
}
