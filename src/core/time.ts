import type { Instant } from './ids.ts'
import type { EventTime, PlainDate, PlainDateTime, Weekday, Zone } from './item.ts'
import { daysFromCivil, offsetAt } from './offsets.ts'

/**
 * Calendar arithmetic on the texts that items hold. Dates stay dates and wall times stay wall times; only
 * `toInstant` and `toLocal` cross over to instants, and they need a zone.
 */
export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000

/** In the order of `weekdayIndex`. */
export const WEEKDAYS: readonly Weekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
]

/** Whole days, both ends inside. */
export interface DateWindow {
  readonly from: PlainDate
  readonly to: PlainDate
}

/** A number of two or four digits at a known place: three times faster than `Number(slice)`, which shows in a page of a thousand. */
const two = (text: string, at: number): number =>
  (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
const yearOf = (text: string): number => two(text, 0) * 100 + two(text, 2)
const monthOf = (text: string): number => two(text, 5)
const dayOf = (text: string): number => two(text, 8)

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

export interface DateParts {
  readonly year: number
  /** 1 to 12 */
  readonly month: number
  /** 1 to 31 */
  readonly day: number
}

export const dateParts = (date: PlainDate): DateParts => ({
  year: yearOf(date),
  month: monthOf(date),
  day: dayOf(date),
})
export const plainDate = (year: number, month: number, day: number): PlainDate =>
  `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`

export const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const DATE = /^\d{4}-\d{2}-\d{2}$/
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/

/** A day of the calendar from 0001-01-01 to 9999-12-31. */
export function isPlainDate(text: unknown): text is PlainDate {
  return typeof text === 'string' && DATE.test(text) && isDay(text)
}

export function isPlainDateTime(text: unknown): text is PlainDateTime {
  return typeof text === 'string' && DATE_TIME.test(text) && isDay(text) && isTimeOfDay(text)
}

function isDay(text: string): boolean {
  const year = yearOf(text)
  const month = monthOf(text)
  const day = dayOf(text)
  return year > 0 && month > 0 && month < 13 && day > 0 && (day < 29 || day <= daysInMonth(year, month))
}

const isTimeOfDay = (text: string): boolean => two(text, 11) < 24 && two(text, 14) < 60 && two(text, 17) < 60

/**
 * A wall time as systems write it (`2026-03-02T10:00`, seven digits of a second, no offset), to the second.
 * Null when it is none.
 */
export function parsePlainDateTime(text: string): PlainDateTime | null {
  const found = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(\.\d{1,9})?$/.exec(text)
  if (found === null) return null
  const plain = `${found[1] ?? ''}${found[2] ?? ':00'}`
  return isPlainDateTime(plain) ? plain : null
}

/** Days since 1970-01-01; the date must be one (`isPlainDate`). */
export const dayNumber = (date: PlainDate): number => daysFromCivil(yearOf(date), monthOf(date), dayOf(date))

/** The other way (Howard Hinnant's civil_from_days). */
export function partsOfDay(day: number): DateParts {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

export function dateOfDay(day: number): PlainDate {
  const parts = partsOfDay(day)
  return plainDate(parts.year, parts.month, parts.day)
}

export const addDays = (date: PlainDate, days: number): PlainDate => dateOfDay(dayNumber(date) + days)
export const daysBetween = (from: PlainDate, to: PlainDate): number => dayNumber(to) - dayNumber(from)

/** 0 = Sunday, by day number (1970-01-01 was a Thursday). */
export const weekdayOfDay = (day: number): number => (((day + 4) % 7) + 7) % 7
export const weekdayOf = (date: PlainDate): Weekday => WEEKDAYS[weekdayOfDay(dayNumber(date))] ?? 'sunday'

export const dateOf = (local: PlainDateTime): PlainDate => local.slice(0, 10)
/** `HH:mm:ss` */
export const timeOfDay = (local: PlainDateTime): string => local.slice(11)
export const atMidnight = (date: PlainDate): PlainDateTime => `${date}T00:00:00`

/** The wall time as if it were UTC, in ms: for differences and shifts of wall times, never for instants. */
export const wallMs = (local: PlainDateTime): number =>
  dayNumber(local) * DAY_MS + ((two(local, 11) * 60 + two(local, 14)) * 60 + two(local, 17)) * 1000

export function wallTime(ms: number): PlainDateTime {
  const day = Math.floor(ms / DAY_MS)
  const seconds = Math.floor((ms - day * DAY_MS) / 1000)
  const hour = Math.floor(seconds / 3600)
  const minute = Math.floor(seconds / 60) % 60
  return `${dateOfDay(day)}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(seconds % 60, 2)}`
}

/**
 * The instant of a wall time. In a gap (clocks go forward) the time moves on by the gap; in a fold (clocks go back)
 * it is the first of the two: the same as Temporal's "compatible" and Outlook's behaviour.
 */
export function toInstant(local: PlainDateTime, zone: Zone): Instant {
  const wall = wallMs(local)
  if (zone === 'UTC') return wall
  const before = offsetAt(zone, wall - DAY_MS)
  const after = offsetAt(zone, wall + DAY_MS)
  const early = wall - Math.max(before, after)
  if (before === after || offsetAt(zone, early) === wall - early) return early
  const late = wall - Math.min(before, after)
  if (offsetAt(zone, late) === wall - late) return late
  return wall - before
}

export const toLocal = (instant: Instant, zone: Zone): PlainDateTime =>
  wallTime(instant + offsetAt(zone, instant))

/** The day that it is in `zone`. */
export const dateAt = (instant: Instant, zone: Zone): PlainDate =>
  dateOfDay(Math.floor((instant + offsetAt(zone, instant)) / DAY_MS))

/** `2026-03-02T10:00:00Z`, with milliseconds only when there are some. */
export function formatInstant(instant: Instant): string {
  const ms = ((instant % 1000) + 1000) % 1000
  return `${wallTime(instant)}${ms === 0 ? '' : `.${pad(ms, 3)}`}Z`
}

/** An instant with `Z` or an offset, as in RFC 3339; null when it is none (also without an offset: that is a wall time). */
export function parseInstant(text: string): Instant | null {
  const found =
    /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))$/.exec(text)
  if (found === null) return null
  const [, date = '', time = '', fraction = '', sign, hours = '0', minutes = '0'] = found
  const local = `${date}T${time}`
  if (!isPlainDateTime(local)) return null
  const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
  const ms = wallMs(local) + Number(fraction.padEnd(3, '0').slice(0, 3))
  return sign === undefined ? ms : sign === '-' ? ms + offset : ms - offset
}

/** The days that a setting's "days back, days ahead" means now, as UTC days. */
export function windowAround(now: Instant, daysBack: number, daysAhead: number): DateWindow {
  const today = Math.floor(now / DAY_MS)
  return { from: dateOfDay(today - daysBack), to: dateOfDay(today + daysAhead) }
}

/** When an event begins and ends; an all-day event floats, so it is looked at from `viewer`'s zone. End exclusive. */
export function eventSpan(time: EventTime, viewer: Zone): { readonly start: Instant; readonly end: Instant } {
  if (time.allDay)
    return { start: toInstant(atMidnight(time.start), viewer), end: toInstant(atMidnight(time.end), viewer) }
  return { start: toInstant(time.start, time.zone), end: toInstant(time.end, time.endZone ?? time.zone) }
}

/** Whether an event touches the days of the window, seen in `viewer`'s zone. An event without length counts where it stands. */
export function touches(time: EventTime, window: DateWindow, viewer: Zone): boolean {
  if (time.allDay) {
    const end = time.end > time.start ? time.end : addDays(time.start, 1)
    return time.start <= window.to && end > window.from
  }
  const { start, end } = eventSpan(time, viewer)
  const from = toInstant(atMidnight(window.from), viewer)
  const to = toInstant(atMidnight(addDays(window.to, 1)), viewer)
  return start < to && (end > from || start >= from)
}
