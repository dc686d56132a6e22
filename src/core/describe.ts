import type {
  Address,
  Attendee,
  Body,
  EventTime,
  Json,
  PlainDate,
  Recurrence,
  RecurrencePattern,
  Weekday,
  Zone,
} from './item.ts'
import { parseGroup } from './item.ts'
import { bodyText } from './text.ts'
import { addDays, dateOf, dateParts, toLocal, weekdayOf, WEEKDAYS } from './time.ts'
import { sameZone } from './zones.ts'

/**
 * Canonical values in a person's words: what plans, differences and history show. English, with a 24-hour clock and
 * the day before the month.
 */
export interface Reader {
  /** Dates of this year are said without the year. */
  readonly today?: PlainDate
  /** A time in this zone is said without a zone; instants are told in it (UTC when left out). */
  readonly zone?: Zone
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
const monthName = (month: number): string => MONTHS[month - 1] ?? ''
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const dayName = (day: Weekday): string => capital(day)

/** `18 Dec`, or with the year when it is another one. */
export function describeDate(date: PlainDate, reader: Reader = {}): string {
  const { year, month, day } = dateParts(date)
  const sameYear = reader.today !== undefined && dateParts(reader.today).year === year
  return `${day} ${monthName(month).slice(0, 3)}${sameYear ? '' : ` ${year}`}`
}

const weekdayAndDate = (date: PlainDate, reader: Reader): string =>
  `${dayName(weekdayOf(date)).slice(0, 3)} ${describeDate(date, reader)}`
/** `10:00`; seconds only when there are some. */
const clock = (local: string): string => (local.endsWith(':00') ? local.slice(11, 16) : local.slice(11))

/** `Berlin` for Europe/Berlin. */
export const describeZone = (zone: Zone): string => (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ')

function inZone(zone: Zone, reader: Reader): string {
  return reader.zone !== undefined && sameZone(zone, reader.zone) ? '' : ` ${describeZone(zone)}`
}

/** `Mon 2 Mar 2026, 10:00 to 10:30 Berlin`, `Mon 2 Mar 2026, all day`. */
export function describeTime(time: EventTime, reader: Reader = {}): string {
  if (time.allDay) {
    const last = addDays(time.end, -1)
    if (last <= time.start) return `${weekdayAndDate(time.start, reader)}, all day`
    return `${weekdayAndDate(time.start, reader)} to ${weekdayAndDate(last, reader)}, all day`
  }
  return `${weekdayAndDate(dateOf(time.start), reader)}, ${describeHours(time, reader)}`
}

/** The hours alone: `10:00 to 10:30 Berlin`; with the day of the end when it is another one. */
function describeHours(time: EventTime & { readonly allDay: false }, reader: Reader): string {
  const { start, end, zone, endZone } = time
  const startZone = endZone === undefined ? '' : inZone(zone, reader)
  const until =
    dateOf(end) === dateOf(start) ? clock(end) : `${weekdayAndDate(dateOf(end), reader)}, ${clock(end)}`
  const span =
    start === end && endZone === undefined ? clock(start) : `${clock(start)}${startZone} to ${until}`
  return `${span}${inZone(endZone ?? zone, reader)}`
}

/** `every Tuesday, 10:00 to 10:30 Berlin, until 18 Dec`: the pattern, the hours when `time` is given, the end. */
export function describeRecurrence(
  recurrence: Recurrence,
  time: EventTime | null,
  reader: Reader = {},
): string {
  const { pattern, range } = recurrence
  const parts = [describePattern(pattern)]
  if (time?.allDay === true) parts.push('all day')
  if (time?.allDay === false)
    parts.push(
      dateOf(time.start) === dateOf(time.end)
        ? describeHours(time, reader)
        : `from ${clock(time.start)}${inZone(time.zone, reader)}`,
    )
  if (range.type === 'endDate') parts.push(`until ${describeDate(range.until, reader)}`)
  if (range.type === 'numbered') parts.push(range.count === 1 ? 'once' : `${range.count} times`)
  return parts.join(', ')
}

export function describePattern(pattern: RecurrencePattern): string {
  const { interval } = pattern
  switch (pattern.type) {
    case 'daily':
      return every(interval, 'day')
    case 'weekly': {
      const names = describeDays(pattern.days)
      return interval === 1 ? `every ${names}` : `every ${interval} weeks on ${names}`
    }
    case 'absoluteMonthly':
      return `${every(interval, 'month')} on ${dayOfMonth(pattern.day)}`
    case 'relativeMonthly':
      return `${every(interval, 'month')} on the ${pattern.index} ${describeDays(pattern.days, 'or')}`
    case 'absoluteYearly':
      return `${every(interval, 'year')} on ${pattern.day} ${monthName(pattern.month)}`
    case 'relativeYearly':
      return `${every(interval, 'year')} on the ${pattern.index} ${describeDays(pattern.days, 'or')} of ${monthName(pattern.month)}`
  }
}

const every = (interval: number, unit: string): string =>
  interval === 1 ? `every ${unit}` : `every ${interval} ${unit}s`

function dayOfMonth(day: number): string {
  if (day > 28) return `the ${ordinal(day)}, or the last day of the month`
  return `the ${ordinal(day)}`
}

function ordinal(day: number): string {
  const teen = day >= 11 && day <= 13
  const ending = teen ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[day % 10] ?? 'th')
  return `${day}${ending}`
}

const FROM_MONDAY = [...WEEKDAYS.slice(1), 'sunday'] as readonly Weekday[]

function describeDays(days: readonly Weekday[], word: 'and' | 'or' = 'and'): string {
  const named = FROM_MONDAY.filter((day) => days.includes(day))
  const weekend = named.includes('saturday') && named.includes('sunday')
  if (named.length === 7) return 'day'
  if (named.length === 5 && !named.includes('saturday') && !named.includes('sunday')) return 'weekday'
  if (named.length === 2 && weekend) return word === 'and' ? 'Saturday and Sunday' : 'weekend day'
  const names = named.map(dayName)
  const last = names.pop() ?? ''
  return names.length === 0 ? last : `${names.join(', ')} ${word} ${last}`
}

const groupNames: { readonly [group: string]: string } = {
  subject: 'Title',
  body: 'Text',
  time: 'Time',
  recurrence: 'Recurrence',
  location: 'Place',
  attendees: 'Attendees',
  answers: 'Answers',
  answer: 'My answer',
  organizer: 'Organizer',
  reminder: 'Reminder',
  showAs: 'Show as',
  sensitivity: 'Sensitivity',
  importance: 'Importance',
  categories: 'Categories',
  onlineMeeting: 'Online meeting',
  cancelled: 'Cancelled',
  start: 'Start',
  due: 'Due',
  completed: 'Completed on',
  status: 'Status',
  steps: 'Steps',
  from: 'From',
  to: 'To',
  cc: 'Cc',
  bcc: 'Bcc',
  sentAt: 'Sent',
  receivedAt: 'Received',
  isDraft: 'Draft',
  read: 'Read',
  flag: 'Flag',
  folder: 'Folder',
}

/** `Place`, or `Place on Mon 9 Mar 2026` for one occurrence. */
export function describeGroup(group: string, reader: Reader = {}): string {
  const { slot, name } = parseGroup(group)
  const label = groupNames[name] ?? name
  return slot === null ? label : `${label} on ${weekdayAndDate(slot, reader)}`
}

const valueNames: { readonly [value: string]: string } = {
  oof: 'Out of office',
  workingElsewhere: 'Working elsewhere',
  notStarted: 'Not started',
  inProgress: 'In progress',
  waitingOnOthers: 'Waiting on others',
  notFlagged: 'Not flagged',
  none: 'No answer',
}

/** Groups whose values are free text: shown as they are. */
const FREE = new Set(['subject', 'location', 'folder'])
const DATES = new Set(['start', 'due', 'completed'])
const INSTANTS = new Set(['sentAt', 'receivedAt'])

/** A value of a field group in words; an empty one is `nothing`. Never shortened: the screen does that. */
export function describeValue(group: string, value: Json | undefined, reader: Reader = {}): string {
  const { name } = parseGroup(group)
  if (value === null || value === undefined || value === '') return 'nothing'
  const as = <T>(): T => value as unknown as T
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (name === 'time') return describeTime(as<EventTime>(), reader)
  if (name === 'recurrence') return describeRecurrence(as<Recurrence>(), null, reader)
  if (name === 'body') return bodyText(as<Body>()) || 'nothing'
  if (DATES.has(name) && typeof value === 'string') return weekdayAndDate(value, reader)
  if (INSTANTS.has(name) && typeof value === 'number') return describeInstant(value, reader)
  if (name === 'reminder')
    return typeof value === 'number'
      ? describeMinutes(value)
      : describeMoment(as<{ at: string; zone: Zone }>(), reader)
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return FREE.has(name) ? value : (valueNames[value] ?? capital(value))
  if (name === 'onlineMeeting') return as<{ joinUrl: string }>().joinUrl
  if (name === 'organizer' || name === 'from') return describePerson(as<Address>())
  if (name === 'answers')
    return listed(
      Object.entries(as<{ [email: string]: string }>()).map(
        ([email, answer]) => `${email}: ${valueNames[answer] ?? answer}`,
      ),
    )
  if (name === 'steps')
    return listed(
      as<readonly { title: string; done: boolean }[]>().map(
        (step) => `${step.done ? '☑' : '☐'} ${step.title}`,
      ),
    )
  if (name === 'attendees')
    return listed(
      as<readonly Attendee[]>().map(
        (one) => `${describePerson(one)}${one.type === 'required' ? '' : ` (${one.type})`}`,
      ),
    )
  if (name === 'to' || name === 'cc' || name === 'bcc')
    return listed(as<readonly Address[]>().map(describePerson))
  if (Array.isArray(value)) return listed(as<readonly Json[]>().map(String))
  return JSON.stringify(value)
}

const listed = (entries: readonly string[]): string => (entries.length === 0 ? 'nothing' : entries.join(', '))
const describePerson = ({ name, email }: Address): string => (name === '' ? email : `${name} <${email}>`)
const describeMoment = ({ at, zone }: { at: string; zone: Zone }, reader: Reader): string =>
  `${weekdayAndDate(dateOf(at), reader)}, ${clock(at)}${inZone(zone, reader)}`

function describeInstant(instant: number, reader: Reader): string {
  const zone = reader.zone ?? 'UTC'
  return describeMoment({ at: `${toLocal(instant, zone).slice(0, 16)}:00`, zone }, reader)
}

/** Minutes before the start: `15 minutes before`, `1 day before`. */
function describeMinutes(minutes: number): string {
  if (minutes === 0) return 'at the start'
  const units = [
    [10_080, 'week'],
    [1_440, 'day'],
    [60, 'hour'],
    [1, 'minute'],
  ] as const
  const [size, unit] = units.find(([one]) => minutes % one === 0) ?? [1, 'minute']
  const count = minutes / size
  return `${count} ${unit}${count === 1 ? '' : 's'} before`
}
