import type { PlainDate, Recurrence, RecurrencePattern, Weekday, WeekIndex } from './item.ts'
import {
  dateOfDay,
  dayNumber,
  daysInMonth,
  partsOfDay,
  WEEKDAYS,
  weekdayOfDay,
  type DateWindow,
} from './time.ts'
import { daysFromCivil } from './offsets.ts'

/**
 * The dates on which a pattern puts a series, in the series' own zone. Graph's patterns, not RRULEs: a day beyond a
 * month's end is its last day, there is at most one occurrence a day, and the first one is the first date that fits
 * from the range's start on. SPEC.md section T.
 *
 * All six types are one shape: periods of equal length (days, weeks, months, years), each with the same number of
 * dates. So the n-th date is arithmetic, and a window far from the start costs as much as one near it.
 */
interface Periods {
  /** The period that a day lies in or, between two active ones, the one before it. The range's start lies in 0. */
  periodOf(day: number): number
  /** Its days, ascending; always `size` of them. */
  days(period: number): readonly number[]
  readonly size: number
}

/** The same in day numbers: what all questions below are answered from. */
interface Course {
  readonly periods: Periods
  /** The range's start: nothing is before it. */
  readonly start: number
  /** The last day that may be an occurrence. */
  readonly end: number
}

const LAST_DAY = dayNumber('9999-12-31')
const weekdayIndex: Record<Weekday, number> = {
  sunday: 0,
  monday: 1,
  tuesday: 2,
  wednesday: 3,
  thursday: 4,
  friday: 5,
  saturday: 6,
}
const nth: Record<WeekIndex, number> = { first: 0, second: 1, third: 2, fourth: 3, last: -1 }

/** Recurrences never change once made, so what is computed from one is kept as long as it. */
const courses = new WeakMap<Recurrence, Course>()

function courseOf(recurrence: Recurrence): Course {
  const known = courses.get(recurrence)
  if (known !== undefined) return known
  const { pattern, range } = recurrence
  const start = dayNumber(range.start)
  const periods = periodsOf(pattern, start)
  const end =
    range.type === 'noEnd'
      ? LAST_DAY
      : range.type === 'endDate'
        ? Math.min(dayNumber(range.until), LAST_DAY)
        : dayOfNumber(periods, start, range.count)
  const course: Course = { periods, start, end }
  courses.set(recurrence, course)
  return course
}

/** The day of the `count`-th occurrence: the first period may have lost some to the start, all others are complete. */
function dayOfNumber(periods: Periods, start: number, count: number): number {
  const inFirst = periods.days(0).filter((day) => day >= start)
  if (count <= inFirst.length) return inFirst[count - 1] ?? start - 1
  const rest = count - inFirst.length
  const period = Math.ceil(rest / periods.size)
  return Math.min(periods.days(period)[(rest - 1) % periods.size] ?? LAST_DAY, LAST_DAY)
}

function periodsOf(pattern: RecurrencePattern, start: number): Periods {
  const { interval } = pattern
  switch (pattern.type) {
    case 'daily':
      return {
        size: 1,
        periodOf: (day) => Math.floor((day - start) / interval),
        days: (period) => [start + period * interval],
      }
    case 'weekly': {
      const first = weekdayIndex[pattern.weekStart]
      const week = start - ((weekdayOfDay(start) - first + 7) % 7)
      const offsets = weekdayNumbers(pattern.days)
        .map((day) => (day - first + 7) % 7)
        .sort((a, b) => a - b)
      return {
        size: offsets.length,
        periodOf: (day) => Math.floor((day - week) / (7 * interval)),
        days: (period) => offsets.map((offset) => week + 7 * interval * period + offset),
      }
    }
    case 'absoluteMonthly':
      return months(start, interval, (year, month) => dayInMonth(year, month, pattern.day))
    case 'relativeMonthly': {
      const days = weekdayNumbers(pattern.days)
      return months(start, interval, (year, month) => weekdayInMonth(year, month, days, pattern.index))
    }
    case 'absoluteYearly':
      return years(start, interval, (year) => dayInMonth(year, pattern.month, pattern.day))
    case 'relativeYearly': {
      const days = weekdayNumbers(pattern.days)
      return years(start, interval, (year) => weekdayInMonth(year, pattern.month, days, pattern.index))
    }
  }
}

const weekdayNumbers = (days: readonly Weekday[]): readonly number[] => [
  ...new Set(days.map((day) => weekdayIndex[day])),
]

function months(start: number, interval: number, dayIn: (year: number, month: number) => number): Periods {
  const { year, month } = partsOfDay(start)
  const origin = year * 12 + month - 1
  return {
    size: 1,
    periodOf: (day) => {
      const parts = partsOfDay(day)
      return Math.floor((parts.year * 12 + parts.month - 1 - origin) / interval)
    },
    days: (period) => {
      const index = origin + period * interval
      return [dayIn(Math.floor(index / 12), (index % 12) + 1)]
    },
  }
}

function years(start: number, interval: number, dayIn: (year: number) => number): Periods {
  const { year } = partsOfDay(start)
  return {
    size: 1,
    periodOf: (day) => Math.floor((partsOfDay(day).year - year) / interval),
    days: (period) => [dayIn(year + period * interval)],
  }
}

const dayInMonth = (year: number, month: number, day: number): number =>
  daysFromCivil(year, month, Math.min(day, daysInMonth(year, month)))

/**
 * With several weekdays, the n-th day of the month that is any of them: "the last weekday", as Outlook counts and as
 * RRULE's BYSETPOS does.
 */
function weekdayInMonth(year: number, month: number, days: readonly number[], index: WeekIndex): number {
  const first = daysFromCivil(year, month, 1)
  const length = daysInMonth(year, month)
  if (index === 'last') {
    for (let day = first + length - 1; day >= first; day--) if (days.includes(weekdayOfDay(day))) return day
    return first + length - 1
  }
  let left = nth[index]
  for (let day = first; day < first + length; day++)
    if (days.includes(weekdayOfDay(day)) && left-- === 0) return day
  return first + length - 1
}

/** The slots from `window.from` to `window.to`, both inside, ascending. At most one a day, so the window bounds it. */
export function slotsIn(recurrence: Recurrence, window: DateWindow): PlainDate[] {
  const { periods, start, end } = courseOf(recurrence)
  const from = Math.max(dayNumber(window.from), start)
  const to = Math.min(dayNumber(window.to), end)
  const slots: PlainDate[] = []
  if (from > to) return slots
  for (let period = Math.max(0, periods.periodOf(from)); ; period++) {
    for (const day of periods.days(period)) {
      if (day > to) return slots
      if (day >= from) slots.push(dateOfDay(day))
    }
  }
}

/** The first slot on or after a date; null when there is none. */
export function nextSlot(recurrence: Recurrence, from: PlainDate): PlainDate | null {
  const { periods, start, end } = courseOf(recurrence)
  const wanted = Math.max(dayNumber(from), start)
  for (let period = Math.max(0, periods.periodOf(wanted)); ; period++)
    for (const day of periods.days(period)) {
      if (day > end) return null
      if (day >= wanted) return dateOfDay(day)
    }
}

/** Whether the pattern puts an occurrence on this date, whatever became of it. */
export function isSlot(recurrence: Recurrence, date: PlainDate): boolean {
  const { periods, start, end } = courseOf(recurrence)
  const day = dayNumber(date)
  return day >= start && day <= end && periods.days(periods.periodOf(day)).includes(day)
}

/** The first occurrence; null when the range ends before the pattern ever fits. */
export const firstSlot = (recurrence: Recurrence): PlainDate | null =>
  nextSlot(recurrence, recurrence.range.start)

/** The last occurrence; null when there is none or the series never ends. */
export function lastSlot(recurrence: Recurrence): PlainDate | null {
  if (recurrence.range.type === 'noEnd') return null
  const { periods, start, end } = courseOf(recurrence)
  if (end < start) return null
  for (let period = periods.periodOf(end); period >= 0; period--) {
    const day = periods.days(period).findLast((one) => one <= end)
    if (day !== undefined) return day >= start ? dateOfDay(day) : null
  }
  return null
}

/** How many occurrences the pattern makes; null when the series never ends. */
export function slotCount(recurrence: Recurrence): number | null {
  const { range } = recurrence
  if (range.type === 'noEnd') return null
  if (range.type === 'numbered') return range.count
  const last = lastSlot(recurrence)
  if (last === null) return 0
  const { periods, start } = courseOf(recurrence)
  const day = dayNumber(last)
  const period = periods.periodOf(day)
  const inFirst = periods.days(0).filter((one) => one >= start && one <= day).length
  if (period === 0) return inFirst
  return inFirst + (period - 1) * periods.size + periods.days(period).filter((one) => one <= day).length
}

export const PATTERN_INTERVAL_MAX = 999

/** Why a recurrence cannot be expanded, in plain words; null when it can. What comes from outside is asked first. */
export function recurrenceProblem(recurrence: Recurrence): string | null {
  const { pattern, range } = recurrence
  if (!Number.isInteger(pattern.interval) || pattern.interval < 1 || pattern.interval > PATTERN_INTERVAL_MAX)
    return `The interval ${pattern.interval} is not a whole number from 1 to ${PATTERN_INTERVAL_MAX}.`
  if ('days' in pattern && (pattern.days.length === 0 || pattern.days.some((day) => !WEEKDAYS.includes(day))))
    return 'The pattern names no day of the week.'
  if ('weekStart' in pattern && !WEEKDAYS.includes(pattern.weekStart))
    return `"${pattern.weekStart}" is no day of the week.`
  if ('index' in pattern && !Object.hasOwn(nth, pattern.index))
    return `"${pattern.index}" is no place in the month.`
  if ('day' in pattern && !(Number.isInteger(pattern.day) && pattern.day >= 1 && pattern.day <= 31))
    return `${pattern.day} is no day of the month.`
  if ('month' in pattern && !(Number.isInteger(pattern.month) && pattern.month >= 1 && pattern.month <= 12))
    return `${pattern.month} is no month.`
  if (range.type === 'numbered' && !(Number.isInteger(range.count) && range.count >= 1))
    return `The series ends after ${range.count} occurrences.`
  if (range.type === 'endDate' && range.until < range.start) return 'The series ends before it begins.'
  return null
}

/** The range's start moved to the first date that fits, as Graph wants it: it must equal the date of the event's start. */
export function anchored(recurrence: Recurrence): Recurrence {
  const first = firstSlot(recurrence)
  if (first === null || first === recurrence.range.start) return recurrence
  return { pattern: recurrence.pattern, range: { ...recurrence.range, start: first } }
}
