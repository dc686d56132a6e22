import type {
  EventTime,
  PlainDate,
  Recurrence,
  RecurrencePattern,
  RecurrenceRange,
  Weekday,
  WeekIndex,
} from './item.ts'
import { PATTERN_INTERVAL_MAX, recurrenceProblem } from './recurrence.ts'
import {
  addDays,
  dateOf,
  dateParts,
  formatInstant,
  isPlainDate,
  parseInstant,
  timeOfDay,
  toInstant,
  toLocal,
  WEEKDAYS,
  weekdayOf,
} from './time.ts'

/**
 * RRULE (RFC 5545) to and from Graph's patterns. Every pattern has an RRULE; most RRULEs have no pattern, and then the
 * answer is a sentence that says what does not fit: a series that would recur differently is not taken over as if it
 * did not.
 */
export type RruleAnswer =
  { readonly ok: true; readonly recurrence: Recurrence } | { readonly ok: false; readonly reason: string }

const CODES = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const
const code = (day: Weekday): string => CODES[WEEKDAYS.indexOf(day)] ?? 'SU'
const inWeek = (days: readonly Weekday[]): Weekday[] => WEEKDAYS.filter((day) => days.includes(day))
const positions: Record<WeekIndex, number> = { first: 1, second: 2, third: 3, fourth: 4, last: -1 }
const INDEXES: readonly WeekIndex[] = ['first', 'second', 'third', 'fourth', 'last']

/** Without the name before the colon: `FREQ=WEEKLY;BYDAY=MO`. */
export function toRrule(recurrence: Recurrence, time: EventTime): string {
  const { pattern, range } = recurrence
  const parts = [`FREQ=${frequency[pattern.type]}`]
  if (pattern.interval > 1) parts.push(`INTERVAL=${pattern.interval}`)
  switch (pattern.type) {
    case 'daily':
      break
    case 'weekly':
      parts.push(`BYDAY=${inWeek(pattern.days).map(code).join(',')}`, `WKST=${code(pattern.weekStart)}`)
      break
    case 'absoluteYearly':
      parts.push(`BYMONTH=${pattern.month}`, ...monthDays(pattern.day))
      break
    case 'absoluteMonthly':
      parts.push(...monthDays(pattern.day))
      break
    case 'relativeYearly':
      parts.push(`BYMONTH=${pattern.month}`, ...nthWeekday(pattern.days, pattern.index))
      break
    case 'relativeMonthly':
      parts.push(...nthWeekday(pattern.days, pattern.index))
  }
  if (range.type === 'numbered') parts.push(`COUNT=${range.count}`)
  if (range.type === 'endDate') parts.push(`UNTIL=${untilText(range.until, time)}`)
  return parts.join(';')
}

const frequency: Record<RecurrencePattern['type'], string> = {
  daily: 'DAILY',
  weekly: 'WEEKLY',
  absoluteMonthly: 'MONTHLY',
  relativeMonthly: 'MONTHLY',
  absoluteYearly: 'YEARLY',
  relativeYearly: 'YEARLY',
}

/** "The 31st or the month's last day" is, for RRULE, the last of the days 28 to 31 that the month has. */
function monthDays(day: number): string[] {
  if (day <= 28) return [`BYMONTHDAY=${day}`]
  const days = [28, 29, 30, 31].filter((one) => one <= day)
  return [`BYMONTHDAY=${days.join(',')}`, 'BYSETPOS=-1']
}

function nthWeekday(days: readonly Weekday[], index: WeekIndex): string[] {
  const [only] = days
  if (days.length === 1 && only !== undefined) return [`BYDAY=${positions[index]}${code(only)}`]
  return [`BYDAY=${inWeek(days).map(code).join(',')}`, `BYSETPOS=${positions[index]}`]
}

/** A date for all-day series; for timed ones the instant of an occurrence on the last day, as RFC 5545 asks. */
function untilText(until: PlainDate, time: EventTime): string {
  if (time.allDay) return until.replaceAll('-', '')
  return formatInstant(toInstant(`${until}T${timeOfDay(time.start)}`, time.zone)).replace(/[-:]/g, '')
}

type Parts = { readonly [name: string]: string }
const LENGTH_MAX = 1_000
const no = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason })

/** `rule` without the name before the colon. `time` is that of the series' first occurrence (DTSTART). */
export function fromRrule(rule: string, time: EventTime): RruleAnswer {
  if (rule.length > LENGTH_MAX) return no(`The rule is longer than ${LENGTH_MAX} characters.`)
  const parts: { [name: string]: string } = {}
  for (const part of rule.toUpperCase().split(';')) {
    if (part.trim() === '') continue
    const [name, value, more] = part.split('=').map((text) => text.trim())
    if (!name || !value || more !== undefined) return no(`"${part.slice(0, 40)}" is no part of a rule.`)
    if (Object.hasOwn(parts, name)) return no(`${name} is said twice.`)
    parts[name] = value
  }
  for (const name of Object.keys(parts)) {
    if (['BYHOUR', 'BYMINUTE', 'BYSECOND', 'BYYEARDAY', 'BYWEEKNO', 'RSCALE', 'SKIP'].includes(name))
      return no(`Outlook has no pattern for ${name}.`)
    if (!KNOWN.includes(name)) return no(`"${name.slice(0, 40)}" is no part of a rule that is known here.`)
  }
  const interval = Number(parts['INTERVAL'] ?? '1')
  if (!Number.isInteger(interval) || interval < 1 || interval > PATTERN_INTERVAL_MAX)
    return no(`An interval goes from 1 to ${PATTERN_INTERVAL_MAX}.`)
  const pattern = patternOf(parts, interval, dateOf(time.start))
  if ('ok' in pattern) return pattern
  const range = rangeOf(parts, time)
  if ('ok' in range) return range
  const recurrence: Recurrence = { pattern, range }
  const problem = recurrenceProblem(recurrence)
  return problem === null ? { ok: true, recurrence } : no(problem)
}

const KNOWN = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST', 'BYDAY', 'BYMONTH', 'BYMONTHDAY', 'BYSETPOS']

function patternOf(
  parts: Parts,
  interval: number,
  start: PlainDate,
): RecurrencePattern | { readonly ok: false; readonly reason: string } {
  const { FREQ, BYDAY, BYMONTH, BYMONTHDAY, BYSETPOS } = parts
  const days = BYDAY === undefined ? null : weekdaysOf(BYDAY)
  if (days !== null && 'ok' in days) return days
  const month = BYMONTH === undefined ? null : Number(BYMONTH)
  if (month !== null && !Number.isInteger(month))
    return no('Outlook repeats in one month of the year, not in several.')
  const weekStart = WEEKDAYS[CODES.indexOf((parts['WKST'] ?? 'MO') as (typeof CODES)[number])]
  if (weekStart === undefined) return no(`"${parts['WKST'] ?? ''}" is no day of the week.`)

  if (FREQ === 'DAILY' || FREQ === 'WEEKLY') {
    if (BYMONTH !== undefined || BYMONTHDAY !== undefined || BYSETPOS !== undefined)
      return no('Outlook has no pattern for days or weeks limited to months or positions.')
    if (days?.some((day) => day.nth !== null))
      return no('A place such as "2MO" has a meaning only by month or year.')
    const names = days === null ? null : inWeek(days.map((day) => day.day))
    if (FREQ === 'WEEKLY') return { type: 'weekly', interval, days: names ?? [weekdayOf(start)], weekStart }
    if (names === null || names.length === 7) return { type: 'daily', interval }
    if (interval !== 1) return no('Outlook has no pattern for every n-th day that is also a certain weekday.')
    return { type: 'weekly', interval: 1, days: names, weekStart }
  }
  if (FREQ !== 'MONTHLY' && FREQ !== 'YEARLY')
    return no(
      FREQ === undefined
        ? 'The rule has no frequency.'
        : `Outlook has no ${FREQ.slice(0, 20).toLowerCase()} pattern.`,
    )
  if (FREQ === 'MONTHLY' && month !== null)
    return no('Outlook has no pattern for months of which some are left out.')
  const yearMonth = month ?? (FREQ === 'YEARLY' && days === null ? dateParts(start).month : null)
  if (FREQ === 'YEARLY' && yearMonth === null)
    return no('Outlook counts weekdays within a month, not within a year.')

  if (days !== null) {
    if (BYMONTHDAY !== undefined)
      return no('Outlook has no pattern for a weekday that is also a day of the month.')
    const relative = relativeOf(days, BYSETPOS)
    if ('ok' in relative) return relative
    if (yearMonth === null) return { type: 'relativeMonthly', interval, ...relative }
    return { type: 'relativeYearly', interval, ...relative, month: yearMonth }
  }
  const day = dayOfMonth(BYMONTHDAY, BYSETPOS, start, yearMonth)
  if (typeof day !== 'number') return day
  if (yearMonth === null) return { type: 'absoluteMonthly', interval, day }
  return { type: 'absoluteYearly', interval, day, month: yearMonth }
}

interface RruleDay {
  readonly day: Weekday
  readonly nth: number | null
}

function weekdaysOf(text: string): readonly RruleDay[] | { readonly ok: false; readonly reason: string } {
  const days: RruleDay[] = []
  for (const one of text.split(',')) {
    const found = /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/.exec(one.trim())
    const day = found === null ? undefined : WEEKDAYS[CODES.indexOf(found[2] as (typeof CODES)[number])]
    if (found === null || day === undefined) return no(`"${one.slice(0, 20)}" is no day of the week.`)
    days.push({ day, nth: found[1] === undefined ? null : Number(found[1]) })
  }
  return days
}

function relativeOf(
  days: readonly RruleDay[],
  setPosition: string | undefined,
):
  | { readonly days: readonly Weekday[]; readonly index: WeekIndex }
  | { readonly ok: false; readonly reason: string } {
  const [only] = days
  const named = days.filter((day) => day.nth !== null)
  const position = setPosition === undefined ? null : Number(setPosition)
  let place: number
  if (named.length === 0) {
    if (position === null) return no('Outlook repeats on one day of the month, not on several.')
    place = position
  } else {
    if (
      days.length > 1 ||
      only?.nth === undefined ||
      only.nth === null ||
      (position !== null && position !== 1 && position !== -1)
    )
      return no('Outlook repeats on one day of the month, not on several.')
    place = only.nth
  }
  const index = INDEXES.find((one) => positions[one] === place)
  if (index === undefined)
    return no(`Outlook knows the first to the fourth and the last weekday, not the ${place}.`)
  return { days: inWeek(days.map((day) => day.day)), index }
}

function dayOfMonth(
  monthDay: string | undefined,
  setPosition: string | undefined,
  start: PlainDate,
  month: number | null,
): number | { readonly ok: false; readonly reason: string } {
  const days = (monthDay ?? String(dateParts(start).day)).split(',').map(Number)
  const [day = 0] = days
  if (days.length > 1) {
    const last = days.at(-1) ?? 0
    if (
      setPosition === '-1' &&
      monthDay === days.join(',') &&
      monthDays(last)[0] === `BYMONTHDAY=${monthDay}`
    )
      return last
    return no('Outlook repeats on one day of the month, not on several.')
  }
  if (setPosition !== undefined && setPosition !== '1' && setPosition !== '-1')
    return no('A position has a meaning only among several days.')
  if (day === -1) return 31
  if (!Number.isInteger(day) || day < 1 || day > 31)
    return no(`Outlook has no pattern for day ${day} of the month.`)
  const shortest = month === null ? 28 : month === 2 ? 28 : [4, 6, 9, 11].includes(month) ? 30 : 31
  if (day > shortest)
    return no(
      `This rule leaves out what has no day ${day}; Outlook would take the last day of the month instead.`,
    )
  return day
}

function rangeOf(
  parts: Parts,
  time: EventTime,
): RecurrenceRange | { readonly ok: false; readonly reason: string } {
  const { COUNT, UNTIL } = parts
  const start = dateOf(time.start)
  if (COUNT !== undefined && UNTIL !== undefined) return no('A rule ends by count or by date, not by both.')
  if (COUNT !== undefined) {
    const count = Number(COUNT)
    return Number.isInteger(count) && count > 0 && count <= 100_000
      ? { type: 'numbered', start, count }
      : no(`"${COUNT.slice(0, 20)}" is no count.`)
  }
  if (UNTIL === undefined) return { type: 'noEnd', start }
  const until = untilDate(UNTIL, time)
  return until === null ? no(`"${UNTIL.slice(0, 40)}" is no date.`) : { type: 'endDate', start, until }
}

/** The last day on which an occurrence may begin: an UNTIL before the time of day leaves that day out. */
function untilDate(text: string, time: EventTime): PlainDate | null {
  const found = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?$/.exec(text)
  if (found === null) return null
  const [, year = '', month = '', day = '', hour, minute = '', second = '', utc] = found
  const date = `${year}-${month}-${day}`
  if (!isPlainDate(date)) return null
  if (hour === undefined || time.allDay) return date
  const local = `${date}T${hour}:${minute}:${second}`
  const instant = parseInstant(`${local}Z`)
  if (instant === null) return null
  const last = utc === undefined ? local : toLocal(instant, time.zone)
  return timeOfDay(last) >= timeOfDay(time.start) ? dateOf(last) : addDays(dateOf(last), -1)
}
