/**
 * The emulator's own reading of patternedRecurrence: which dates a series has. Dates are day numbers (days since
 * the epoch); the time of day and the zone belong to the event, see event-series.ts.
 * Source: "recurrencePattern resource type" and "recurrenceRange resource type".
 */
import { invalidProperty } from './errors.ts'
import { isObject, member, text, texts, whole, type JsonObject } from './item-parts.ts'
import { DAY, dateText, parseWall } from './zones.ts'

export const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const
const INDEXES = ['first', 'second', 'third', 'fourth', 'last'] as const
const TYPES = [
  'daily',
  'weekly',
  'absoluteMonthly',
  'relativeMonthly',
  'absoluteYearly',
  'relativeYearly',
] as const

export interface Pattern {
  readonly type: (typeof TYPES)[number]
  readonly interval: number
  readonly month: number
  readonly dayOfMonth: number
  readonly daysOfWeek: readonly string[]
  readonly firstDayOfWeek: string
  readonly index: (typeof INDEXES)[number]
}

export interface Range {
  readonly type: 'endDate' | 'noEnd' | 'numbered'
  /** Day number. */
  readonly start: number
  /** Day number, inclusive; null unless the type is endDate. */
  readonly end: number | null
  readonly zone: string | null
  readonly count: number
}

export interface Recurrence {
  readonly pattern: Pattern
  readonly range: Range
}

const weekday = (day: number): number => (((day + 4) % 7) + 7) % 7

interface Civil {
  readonly year: number
  readonly month: number
}

function civil(day: number): Civil {
  const date = new Date(day * DAY)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() }
}

function dayOf(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  return Math.round(date.getTime() / DAY)
}

const daysIn = (year: number, month: number): number => dayOf(year, month + 1, 1) - dayOf(year, month, 1)

/** The day in a month that a relative pattern means: the first (second, last …) day whose weekday is listed. */
function relativeDay(pattern: Pattern, year: number, month: number): number | undefined {
  const first = dayOf(year, month, 1)
  const fitting: number[] = []
  for (let day = first; day < first + daysIn(year, month); day++)
    if (pattern.daysOfWeek.includes(WEEKDAYS[weekday(day)] ?? '')) fitting.push(day)
  return pattern.index === 'last' ? fitting.at(-1) : fitting[INDEXES.indexOf(pattern.index)]
}

/** A month shorter than `dayOfMonth` has the occurrence on its last day, as Outlook does. */
function absoluteDay(pattern: Pattern, year: number, month: number): number {
  return dayOf(year, month, Math.min(pattern.dayOfMonth, daysIn(year, month)))
}

function* periods(recurrence: Recurrence, from: number): Generator<readonly number[]> {
  const { pattern, range } = recurrence
  const step = pattern.interval
  // Whole periods before `from` may be jumped over unless occurrences are counted.
  const near = range.type === 'numbered' ? range.start : Math.max(range.start, from)
  switch (pattern.type) {
    case 'daily': {
      let day = range.start + Math.ceil((near - range.start) / step) * step
      for (;;) {
        yield [day]
        day += step
      }
    }
    case 'weekly': {
      const first = WEEKDAYS.indexOf(pattern.firstDayOfWeek as (typeof WEEKDAYS)[number])
      const weekOf = (day: number): number => day - ((weekday(day) - first + 7) % 7)
      const origin = weekOf(range.start)
      let week = origin + Math.max(0, Math.floor((near - origin) / (7 * step))) * 7 * step
      const offsets = pattern.daysOfWeek
        .map((name) => (WEEKDAYS.indexOf(name as (typeof WEEKDAYS)[number]) - first + 7) % 7)
        .sort((a, b) => a - b)
      for (;;) {
        const monday = week
        yield offsets.map((offset) => monday + offset)
        week += 7 * step
      }
    }
    case 'absoluteMonthly':
    case 'relativeMonthly': {
      const origin = civil(range.start)
      const wanted = civil(near)
      const months = (wanted.year - origin.year) * 12 + wanted.month - origin.month
      let n = origin.year * 12 + origin.month + Math.max(0, Math.floor(months / step)) * step
      for (;;) {
        const year = Math.floor(n / 12)
        const day =
          pattern.type === 'absoluteMonthly'
            ? absoluteDay(pattern, year, n % 12)
            : relativeDay(pattern, year, n % 12)
        yield day === undefined ? [] : [day]
        n += step
      }
    }
    case 'absoluteYearly':
    case 'relativeYearly': {
      const origin = civil(range.start).year
      let year = origin + Math.max(0, Math.floor((civil(near).year - origin) / step)) * step
      const month = pattern.month - 1
      for (;;) {
        const day =
          pattern.type === 'absoluteYearly'
            ? absoluteDay(pattern, year, month)
            : relativeDay(pattern, year, month)
        yield day === undefined ? [] : [day]
        year += step
      }
    }
  }
}

const LAST_DAY = Math.floor(Date.UTC(2200, 0, 1) / DAY)

/** The days of a series from `from` to `to`, both inclusive, in order. */
export function* expand(recurrence: Recurrence, from: number, to: number): Generator<number> {
  const { range } = recurrence
  const last = Math.min(to, range.end ?? LAST_DAY, LAST_DAY)
  let count = 0
  for (const days of periods(recurrence, from)) {
    if (days.length > 0 && (days[0] ?? 0) > last) return
    for (const day of days) {
      if (day < range.start) continue
      if (day > last) return
      count++
      if (range.type === 'numbered' && count > range.count) return
      if (day >= from) yield day
    }
    if (days.length === 0 && count === 0 && range.start > LAST_DAY) return
  }
}

/** Whether the series has an occurrence on a day. */
export function hasDay(recurrence: Recurrence, day: number): boolean {
  for (const found of expand(recurrence, day, day)) return found === day
  return false
}

const USED: Readonly<Record<Pattern['type'], readonly string[]>> = {
  daily: [],
  weekly: ['daysOfWeek', 'firstDayOfWeek'],
  absoluteMonthly: ['dayOfMonth'],
  relativeMonthly: ['daysOfWeek', 'index', 'firstDayOfWeek'],
  absoluteYearly: ['dayOfMonth', 'month'],
  relativeYearly: ['daysOfWeek', 'month', 'index', 'firstDayOfWeek'],
}

function parseDate(range: JsonObject, name: string): number | undefined {
  const value = text(range, name)
  if (value === undefined || value === null || value === '' || value.startsWith('0001-01-01'))
    return undefined
  const wall = parseWall(value.slice(0, 10))
  if (wall === undefined) throw invalidProperty(`The recurrence range has a ${name} that is no date.`)
  return Math.floor(wall / DAY)
}

/** Reads a patternedRecurrence; properties that do not belong to the pattern's type are refused unless empty. */
export function parseRecurrence(value: JsonObject): Recurrence {
  const p = value['pattern']
  const r = value['range']
  if (!isObject(p) || !isObject(r)) throw invalidProperty('A recurrence needs a pattern and a range.')
  const type = member(p, 'type', TYPES)
  if (type === undefined || type === null) throw invalidProperty('The recurrence pattern has no type.')
  const interval = whole(p, 'interval') ?? 0
  if (interval < 1 || interval > 999)
    throw invalidProperty('The interval of the recurrence pattern is out of range.')
  const used = USED[type]
  const daysOfWeek = (texts(p, 'daysOfWeek') ?? []).map((name) => name.toLowerCase())
  if (daysOfWeek.some((name) => !(WEEKDAYS as readonly string[]).includes(name)))
    throw invalidProperty('The recurrence pattern names a day that is no day of the week.')
  const dayOfMonth = whole(p, 'dayOfMonth') ?? 0
  const month = whole(p, 'month') ?? 0
  if (!used.includes('daysOfWeek') && daysOfWeek.length > 0)
    throw invalidProperty(`daysOfWeek is not supported by a ${type} pattern.`)
  if (used.includes('daysOfWeek') && daysOfWeek.length === 0)
    throw invalidProperty(`A ${type} pattern needs daysOfWeek.`)
  if (!used.includes('dayOfMonth') && dayOfMonth > 0)
    throw invalidProperty(`dayOfMonth is not supported by a ${type} pattern.`)
  if (used.includes('dayOfMonth') && (dayOfMonth < 1 || dayOfMonth > 31))
    throw invalidProperty(`A ${type} pattern needs a dayOfMonth from 1 to 31.`)
  if (!used.includes('month') && month > 0)
    throw invalidProperty(`month is not supported by a ${type} pattern.`)
  if (used.includes('month') && (month < 1 || month > 12))
    throw invalidProperty(`A ${type} pattern needs a month from 1 to 12.`)
  const rangeType = member(r, 'type', ['endDate', 'noEnd', 'numbered'])
  if (rangeType === undefined || rangeType === null)
    throw invalidProperty('The recurrence range has no type.')
  const start = parseDate(r, 'startDate')
  if (start === undefined) throw invalidProperty('The recurrence range has no startDate.')
  const end = rangeType === 'endDate' ? parseDate(r, 'endDate') : null
  if (end === undefined) throw invalidProperty('The recurrence range has no endDate.')
  if (end !== null && end < start) throw invalidProperty('The recurrence range ends before it starts.')
  const count = rangeType === 'numbered' ? (whole(r, 'numberOfOccurrences') ?? 0) : 0
  if (rangeType === 'numbered' && (count < 1 || count > 999))
    throw invalidProperty('numberOfOccurrences must be from 1 to 999.')
  return {
    pattern: {
      type,
      interval,
      month,
      dayOfMonth,
      daysOfWeek: [...new Set(daysOfWeek)],
      firstDayOfWeek: member(p, 'firstDayOfWeek', WEEKDAYS) ?? 'sunday',
      index: member(p, 'index', INDEXES) ?? 'first',
    },
    range: { type: rangeType, start, end, zone: text(r, 'recurrenceTimeZone') ?? null, count },
  }
}

/** All fields filled, as the service answers. */
export function renderRecurrence(recurrence: Recurrence, zone: string): JsonObject {
  const { pattern, range } = recurrence
  return {
    pattern: {
      type: pattern.type,
      interval: pattern.interval,
      month: pattern.month,
      dayOfMonth: pattern.dayOfMonth,
      ...(pattern.daysOfWeek.length > 0 ? { daysOfWeek: pattern.daysOfWeek } : {}),
      firstDayOfWeek: pattern.firstDayOfWeek,
      index: pattern.index,
    },
    range: {
      type: range.type,
      startDate: dateText(range.start * DAY),
      endDate: range.end === null ? '0001-01-01' : dateText(range.end * DAY),
      recurrenceTimeZone: range.zone ?? zone,
      numberOfOccurrences: range.count,
    },
  }
}
