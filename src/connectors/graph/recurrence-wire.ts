/** patternedRecurrence in both directions. Graph fills properties that a type does not have, and refuses them when sent. */
import type {
  Json,
  Recurrence,
  RecurrencePattern,
  RecurrenceRange,
  Weekday,
  WeekIndex,
} from '../../core/item.ts'
import { recurrenceProblem } from '../../core/recurrence.ts'
import { isPlainDate, WEEKDAYS } from '../../core/time.ts'
import type { JsonObject } from './answers.ts'
import { listOf, memberOf, objectOf, refuse, textOf } from './wire.ts'

const WEEKDAY_NAMES: ReadonlySet<Weekday> = new Set(WEEKDAYS)
const INDEXES: ReadonlySet<WeekIndex> = new Set(['first', 'second', 'third', 'fourth', 'last'])

const wholeOf = (raw: JsonObject, name: string): number => {
  const value = raw[name]
  return typeof value === 'number' && Number.isInteger(value) ? value : 0
}

const weekdaysOf = (pattern: JsonObject): readonly Weekday[] => {
  const named = new Set(listOf(pattern, 'daysOfWeek'))
  return WEEKDAYS.filter((day) => named.has(day))
}

function patternOf(raw: JsonObject): RecurrencePattern {
  const type = textOf(raw, 'type')
  const interval = wholeOf(raw, 'interval') || 1
  const index = memberOf(raw, 'index', INDEXES, 'first')
  switch (type) {
    case 'daily':
      return { type, interval }
    case 'weekly':
      return {
        type,
        interval,
        days: weekdaysOf(raw),
        weekStart: memberOf(raw, 'firstDayOfWeek', WEEKDAY_NAMES, 'sunday'),
      }
    case 'absoluteMonthly':
      return { type, interval, day: wholeOf(raw, 'dayOfMonth') }
    case 'relativeMonthly':
      return { type, interval, days: weekdaysOf(raw), index }
    case 'absoluteYearly':
      return { type, interval, day: wholeOf(raw, 'dayOfMonth'), month: wholeOf(raw, 'month') }
    case 'relativeYearly':
      return { type, interval, days: weekdaysOf(raw), index, month: wholeOf(raw, 'month') }
    default:
      return refuse(`It repeats in a way that is not known here (${type ?? 'no type'}).`)
  }
}

function rangeOf(raw: JsonObject): RecurrenceRange {
  const start = textOf(raw, 'startDate')
  if (!isPlainDate(start)) return refuse('Its series has no date to start from.')
  const type = textOf(raw, 'type')
  if (type === 'noEnd') return { type, start }
  if (type === 'numbered') return { type, start, count: wholeOf(raw, 'numberOfOccurrences') }
  const until = textOf(raw, 'endDate')
  if (type === 'endDate' && isPlainDate(until)) return { type, start, until }
  return refuse('Its series has no end that can be read.')
}

/** Null when the item does not repeat. Refuses what cannot be expanded: an unbounded guess would invent meetings. */
export function recurrenceOf(raw: JsonObject): Recurrence | null {
  const recurrence = objectOf(raw, 'recurrence')
  if (recurrence === null) return null
  const pattern = objectOf(recurrence, 'pattern')
  const range = objectOf(recurrence, 'range')
  if (pattern === null || range === null) return refuse('Its series has no pattern or no range.')
  const read: Recurrence = { pattern: patternOf(pattern), range: rangeOf(range) }
  const problem = recurrenceProblem(read)
  return problem === null ? read : refuse(`Its series cannot be read: ${problem}`)
}

/** Only the properties that the type has. `graphZone` names the series' zone. */
export function recurrenceBody({ pattern, range }: Recurrence, graphZone: string): Json {
  return { pattern: patternBody(pattern), range: { ...rangeBody(range), recurrenceTimeZone: graphZone } }
}

function patternBody(pattern: RecurrencePattern): Json {
  switch (pattern.type) {
    case 'daily':
      return { type: pattern.type, interval: pattern.interval }
    case 'weekly':
      return {
        type: pattern.type,
        interval: pattern.interval,
        daysOfWeek: pattern.days,
        firstDayOfWeek: pattern.weekStart,
      }
    case 'absoluteMonthly':
      return { type: pattern.type, interval: pattern.interval, dayOfMonth: pattern.day }
    case 'relativeMonthly':
      return {
        type: pattern.type,
        interval: pattern.interval,
        daysOfWeek: pattern.days,
        index: pattern.index,
      }
    case 'absoluteYearly':
      return {
        type: pattern.type,
        interval: pattern.interval,
        dayOfMonth: pattern.day,
        month: pattern.month,
      }
    case 'relativeYearly':
      return {
        type: pattern.type,
        interval: pattern.interval,
        daysOfWeek: pattern.days,
        index: pattern.index,
        month: pattern.month,
      }
  }
}

function rangeBody(range: RecurrenceRange): { readonly [name: string]: Json } {
  switch (range.type) {
    case 'noEnd':
      return { type: range.type, startDate: range.start }
    case 'endDate':
      return { type: range.type, startDate: range.start, endDate: range.until }
    case 'numbered':
      return { type: range.type, startDate: range.start, numberOfOccurrences: range.count }
  }
}
