import {
  occurrenceGroup,
  parseGroup,
  type Address,
  type Attendee,
  type Body,
  type EventFields,
  type EventTime,
  type Facts,
  type Fields,
  type Item,
  type Json,
  type Kind,
  type MessageFields,
  type PlainDate,
  type Recurrence,
  type TaskFields,
} from './item.ts'
import { anchored, recurrenceProblem } from './recurrence.ts'
import { sameValue } from './same.ts'
import { timeOfSlot } from './series.ts'
import { BODY_LENGTH_MAX, cleanBody, cleanLine, MESSAGE_LENGTH_MAX, TITLE_LENGTH_MAX } from './text.ts'
import { addDays, dateOf, isPlainDate, isPlainDateTime, toInstant, WEEKDAYS } from './time.ts'
import { canonicalZone } from './zones.ts'

/**
 * The canonical form of items: what both sides are brought to before anything is compared. Sorted, in lower case where
 * case means nothing, without doubles, with every group there. What cannot be understood is answered with a sentence
 * that says why: the item is parked with it and the others go on.
 */
export type Canonical =
  { readonly ok: true; readonly item: Item } | { readonly ok: false; readonly reason: string }
export type CanonicalGroup =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string }

/** What only one occurrence of a series has, by its slot; `cancelled` takes it out. */
export type OccurrenceFields = Partial<EventFields>

export const ATTENDEES_MAX = 500
export const CATEGORIES_MAX = 100
export const STEPS_MAX = 200
export const RECIPIENTS_MAX = 2_000
export const EXCEPTIONS_MAX = 2_000
const EMAIL_LENGTH_MAX = 320
const URL_LENGTH_MAX = 4_000

class Malformed extends Error {}
const refuse = (reason: string): never => {
  throw new Malformed(reason)
}

/** Runs a reader of values; what it refuses becomes a value. The exception never leaves this file. */
function answer<T extends object>(read: () => T): T | { readonly ok: false; readonly reason: string } {
  try {
    return read()
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, reason: error.message }
    throw error
  }
}

interface Rest {
  readonly facts?: Facts
  readonly occurrences?: { readonly [slot: PlainDate]: OccurrenceFields }
  readonly occurrencesReported?: Item['occurrencesReported']
}

/** A whole event; what is left out gets its default. Groups of occurrences equal to the series' own are left out. */
export function canonicalEvent(fields: Partial<EventFields>, rest: Rest = {}): Canonical {
  return answer(() => {
    const groups = allGroups('event', fields)
    anchorSeries(groups)
    const own = rest.occurrences
    if (own !== undefined) {
      if (Object.keys(own).length > EXCEPTIONS_MAX)
        refuse(`More than ${EXCEPTIONS_MAX} exceptions in one series.`)
      for (const slot of Object.keys(own).sort()) addOccurrence(groups, slot, own[slot] ?? {})
    }
    const reported = rest.occurrencesReported
    return {
      ok: true,
      item: {
        kind: 'event',
        fields: groups,
        facts: rest.facts ?? {},
        ...(reported !== undefined && { occurrencesReported: reported }),
      },
    }
  })
}

export const canonicalTask = (
  fields: Partial<TaskFields>,
  rest: { readonly facts?: Facts } = {},
): Canonical =>
  answer(() => ({
    ok: true,
    item: { kind: 'task', fields: allGroups('task', fields), facts: rest.facts ?? {} },
  }))

/** `folder` has no default: a message lies somewhere. */
export const canonicalMessage = (
  fields: Partial<MessageFields> & Pick<MessageFields, 'folder'>,
  rest: { readonly facts?: Facts } = {},
): Canonical =>
  answer(() => ({
    ok: true,
    item: { kind: 'message', fields: allGroups('message', fields), facts: rest.facts ?? {} },
  }))

/** One group's value, brought to its canonical form; `occurrence/<slot>/<group>` like the group itself. */
export function canonicalGroup(kind: Kind, group: string, value: Json): CanonicalGroup {
  return answer(() => ({ ok: true, value: readGroup(kind, group, value) }))
}

/** Only the groups that are there (an edit, a partial report); none is filled in. */
export function canonicalPatch(
  kind: Kind,
  patch: { readonly [group: string]: Json | undefined },
): { readonly ok: true; readonly fields: Fields } | { readonly ok: false; readonly reason: string } {
  return answer(() => {
    const fields: { [group: string]: Json } = {}
    for (const group in patch) {
      const value = patch[group]
      if (value !== undefined) fields[group] = readGroup(kind, group, value)
    }
    return { ok: true, fields }
  })
}

type Groups = { [group: string]: Json }

function allGroups(kind: Kind, given: { readonly [group: string]: unknown }): Groups {
  const groups: Groups = {}
  const readers = readersOf[kind]
  for (const group in readers) groups[group] = readGroup(kind, group, (given[group] ?? null) as Json)
  for (const group in given)
    if (!Object.hasOwn(groups, group) && given[group] !== undefined)
      groups[group] = readGroup(kind, group, given[group] as Json)
  return groups
}

function readGroup(kind: Kind, group: string, value: Json): Json {
  const { slot, name } = parseGroup(group)
  if (slot !== null) {
    if (kind !== 'event' || !isPlainDate(slot)) refuse(`"${group.slice(0, 60)}" names no occurrence.`)
    if (NOT_OF_OCCURRENCES.has(name)) refuse(`A single occurrence has no ${name} of its own.`)
  }
  const reader = Object.hasOwn(readersOf[kind], name) ? readersOf[kind][name] : undefined
  if (reader === undefined) return refuse(`There is no "${name.slice(0, 40)}" in a ${kind}.`)
  return reader(value)
}

const NOT_OF_OCCURRENCES = new Set(['recurrence', 'organizer'])

/** The series begins where its pattern first fits: Graph asks that range and start have one date. */
function anchorSeries(groups: Groups): void {
  const recurrence = groups['recurrence'] as unknown as Recurrence | null
  if (recurrence === null) return
  const time = groups['time'] as unknown as EventTime
  const start = dateOf(time.start)
  const given: Recurrence =
    recurrence.range.start === start ? recurrence : { ...recurrence, range: { ...recurrence.range, start } }
  const problem = recurrenceProblem(given)
  if (problem !== null) refuse(problem)
  const fitting = anchored(given)
  groups['recurrence'] = fitting as unknown as Json
  groups['time'] = timeOfSlot(time, fitting.range.start) as Json
}

function addOccurrence(groups: Groups, slot: PlainDate, own: OccurrenceFields): void {
  const key = occurrenceGroup(slot, 'cancelled')
  if (!isPlainDate(slot)) refuse(`"${key.slice(0, 60)}" names no occurrence.`)
  if (own.cancelled === true) {
    groups[key] = true
    return
  }
  const time = groups['time'] as unknown as EventTime
  for (const [name, given] of Object.entries(own)) {
    if (given === undefined || name === 'cancelled' || NOT_OF_OCCURRENCES.has(name)) continue
    const group = occurrenceGroup(slot, name)
    const value = readGroup('event', group, given as Json)
    const series = name === 'time' ? (timeOfSlot(time, slot) as Json) : groups[name]
    if (!sameValue(group, value, series)) groups[group] = value
  }
}

type Reader = (value: Json) => Json
type Shape = { readonly [key: string]: Json | undefined }

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const shapeOf = (value: Json, what: string): Shape =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Shape)
    : refuse(`${what} cannot be read.`)
const listOf = (value: Json, max: number, what: string): readonly Json[] => {
  if (value === null) return []
  if (!Array.isArray(value)) return refuse(`${what} cannot be read.`)
  return value.length <= max
    ? value
    : refuse(`${value.length} ${what.toLowerCase()}; at most ${max} are kept in step.`)
}

const subject: Reader = (value) => {
  const line = cleanLine(textOf(value))
  return line.length <= TITLE_LENGTH_MAX
    ? line
    : refuse(`The title has more than ${TITLE_LENGTH_MAX} characters.`)
}
const optionalLine: Reader = (value) => subject(value) || null

const bodyUpTo =
  (max: number): Reader =>
  (value) => {
    if (value === null) return null
    const { type, content } = shapeOf(value, 'The text')
    if ((type !== 'text' && type !== 'html') || typeof content !== 'string')
      return refuse('The text cannot be read.')
    if (content.length > max)
      refuse(`The text has ${content.length} characters; at most ${max} are kept in step.`)
    return cleanBody({ type, content } satisfies Body) as Json
  }
const body = bodyUpTo(BODY_LENGTH_MAX)

function zoneOf(value: Json | undefined): string {
  const zone = canonicalZone(textOf(value))
  return zone ?? refuse(`The time zone "${textOf(value).slice(0, 60)}" is not known here.`)
}

const eventTime: Reader = (value) => {
  const { allDay, start, end, zone, endZone } = shapeOf(value, 'The time')
  if (allDay === true) {
    const from = isPlainDate(start)
      ? start
      : refuse(`"${textOf(start).slice(0, 40)}" is no date to begin on.`)
    const to = isPlainDate(end) ? end : refuse(`"${textOf(end).slice(0, 40)}" is no date to end on.`)
    if (to < from) refuse(`It ends on ${to}, before it begins on ${from}.`)
    return { allDay: true, start: from, end: to === from ? addDays(from, 1) : to }
  }
  const from = isPlainDateTime(start)
    ? start
    : refuse(`"${textOf(start).slice(0, 40)}" is no time to begin at.`)
  const to = isPlainDateTime(end) ? end : refuse(`"${textOf(end).slice(0, 40)}" is no time to end at.`)
  const startZone = zoneOf(zone)
  const other = endZone === undefined ? startZone : zoneOf(endZone)
  if (other === startZone ? to < from : toInstant(to, other) < toInstant(from, startZone))
    refuse(`It ends at ${to}, before it begins at ${from}.`)
  return {
    allDay: false,
    start: from,
    end: to,
    zone: startZone,
    ...(other !== startZone && { endZone: other }),
  }
}

const recurrence: Reader = (value) => {
  if (value === null) return null
  const { pattern, range } = shapeOf(value, 'The recurrence')
  const given = {
    pattern: shapeOf(pattern ?? null, 'The pattern'),
    range: shapeOf(range ?? null, 'The range'),
  }
  const { start, until, count, type } = given.range
  if (!isPlainDate(start)) refuse(`"${textOf(start).slice(0, 40)}" is no date for a series to begin on.`)
  if (type === 'endDate' && !isPlainDate(until))
    refuse(`"${textOf(until).slice(0, 40)}" is no date for a series to end on.`)
  const kept =
    type === 'noEnd'
      ? { type, start }
      : type === 'endDate'
        ? { type, start, until }
        : type === 'numbered'
          ? { type, start, count }
          : refuse('The series ends in a way that is not known here.')
  const read = { pattern: patternOf(given.pattern), range: kept } as unknown as Recurrence
  const problem = recurrenceProblem(read)
  if (problem !== null) refuse(problem)
  return read as unknown as Json
}

/** Only the properties that the type has: Graph fills in all of them when it answers, and refuses them when asked. */
function patternOf({ type, interval, days, weekStart, day, month, index }: Shape): Json {
  const named = Array.isArray(days) ? days : []
  const week: readonly Json[] = WEEKDAYS.filter((one) => named.includes(one))
  const each = { interval: interval ?? null }
  switch (type) {
    case 'daily':
      return { type, ...each }
    case 'weekly':
      return { type, ...each, days: week, weekStart: weekStart ?? 'sunday' }
    case 'absoluteMonthly':
      return { type, ...each, day: day ?? null }
    case 'relativeMonthly':
      return { type, ...each, days: week, index: index ?? 'first' }
    case 'absoluteYearly':
      return { type, ...each, day: day ?? null, month: month ?? null }
    case 'relativeYearly':
      return { type, ...each, days: week, index: index ?? 'first', month: month ?? null }
    default:
      return refuse(`"${textOf(type).slice(0, 40)}" is no pattern that is known here.`)
  }
}

/** Lower case, without what mail systems put around it; empty when it is no address. */
export function canonicalEmail(text: string): string {
  const email = text
    .trim()
    .replace(/^mailto:/i, '')
    .toLowerCase()
  return email.length <= EMAIL_LENGTH_MAX && /^[^\s@]+@[^\s@]+$/.test(email) ? email : ''
}

function personOf(value: Json): Address | null {
  const { email, name } = shapeOf(value, 'An address')
  const address = canonicalEmail(textOf(email))
  // Systems fill an empty name with the address: that is no name.
  const shown = cleanLine(textOf(name)).slice(0, 500)
  return address === '' ? null : { email: address, name: canonicalEmail(shown) === address ? '' : shown }
}

const person: Reader = (value) => (value === null ? null : (personOf(value) as Json))

const people: Reader = (value) => {
  const byEmail = new Map<string, Address>()
  for (const one of listOf(value, RECIPIENTS_MAX, 'Recipients')) {
    const read = personOf(one)
    if (read !== null && !byEmail.has(read.email)) byEmail.set(read.email, read)
  }
  return [...byEmail.values()] as unknown as Json
}

const byEmailOrder = (a: Address, b: Address): number => (a.email < b.email ? -1 : a.email > b.email ? 1 : 0)
const weight: Record<Attendee['type'], number> = { required: 2, optional: 1, resource: 0 }

const attendees: Reader = (value) => {
  const byEmail = new Map<string, Attendee>()
  for (const one of listOf(value, ATTENDEES_MAX, 'Attendees')) {
    const read = personOf(one)
    if (read === null) continue
    const { type } = shapeOf(one, 'An attendee')
    const kept: Attendee = { ...read, type: type === 'optional' || type === 'resource' ? type : 'required' }
    const seen = byEmail.get(kept.email)
    if (seen === undefined || weight[kept.type] > weight[seen.type]) byEmail.set(kept.email, kept)
  }
  return [...byEmail.values()].sort(byEmailOrder) as unknown as Json
}

const answers: Reader = (value) => {
  const given = value === null ? {} : shapeOf(value, 'The answers')
  const kept: { [email: string]: Json } = {}
  for (const email of Object.keys(given).sort()) {
    const address = canonicalEmail(email)
    if (address !== '')
      kept[address] = oneOf('none', 'accepted', 'tentative', 'declined')(given[email] ?? null)
  }
  return kept
}

const oneOf =
  <const T extends string>(first: T, ...others: readonly T[]): Reader =>
  (value) =>
    value === null
      ? first
      : value === first || others.includes(value as T)
        ? value
        : refuse(`"${textOf(value).slice(0, 40)}" is not one of ${[first, ...others].join(', ')}.`)

const categories: Reader = (value) => {
  const byName = new Map<string, string>()
  for (const one of listOf(value, CATEGORIES_MAX, 'Categories')) {
    const name = cleanLine(textOf(one)).slice(0, 255)
    const key = name.toLowerCase()
    if (name !== '' && !byName.has(key)) byName.set(key, name)
  }
  return [...byName.values()].sort()
}

const minutes: Reader = (value) =>
  value === null
    ? null
    : typeof value === 'number' && Number.isInteger(value) && value >= 0
      ? value
      : refuse('The reminder is no number of minutes.')

const taskReminder: Reader = (value) => {
  if (value === null) return null
  const { at, zone } = shapeOf(value, 'The reminder')
  return isPlainDateTime(at)
    ? { at, zone: zoneOf(zone) }
    : refuse(`"${textOf(at).slice(0, 40)}" is no time to be reminded at.`)
}

const optionalDate: Reader = (value) =>
  value === null || isPlainDate(value) ? value : refuse(`"${textOf(value).slice(0, 40)}" is no date.`)

const instant: Reader = (value) =>
  value === null || (typeof value === 'number' && Number.isFinite(value))
    ? value
    : refuse('An instant cannot be read.')

const flag: Reader = (value) => value === true

const onlineMeeting: Reader = (value) => {
  if (value === null) return null
  const { provider, joinUrl } = shapeOf(value, 'The online meeting')
  const url = textOf(joinUrl).trim()
  if (!/^https:\/\//i.test(url) || url.length > URL_LENGTH_MAX) return null
  return { provider: textOf(provider) || 'unknown', joinUrl: url }
}

const steps: Reader = (value) =>
  listOf(value, STEPS_MAX, 'Steps').map((one) => {
    const { title, done } = shapeOf(one, 'A step')
    return { title: cleanLine(textOf(title)).slice(0, TITLE_LENGTH_MAX), done: done === true }
  })

const id: Reader = (value) =>
  typeof value === 'string' && value !== '' ? value : refuse('It lies in no folder.')
const importance = oneOf('normal', 'low', 'high')

const readersOf: { readonly [K in Kind]: { readonly [group: string]: Reader } } = {
  event: {
    subject,
    body,
    time: eventTime,
    recurrence,
    location: optionalLine,
    attendees,
    answers,
    answer: oneOf('none', 'accepted', 'tentative', 'declined'),
    organizer: person,
    reminder: minutes,
    showAs: oneOf('busy', 'free', 'tentative', 'oof', 'workingElsewhere', 'unknown'),
    sensitivity: oneOf('normal', 'personal', 'private', 'confidential'),
    importance,
    categories,
    onlineMeeting,
    cancelled: flag,
  } satisfies Record<keyof EventFields, Reader>,
  task: {
    subject,
    body,
    start: optionalDate,
    due: optionalDate,
    completed: optionalDate,
    status: oneOf('notStarted', 'inProgress', 'completed', 'waitingOnOthers', 'deferred'),
    importance,
    reminder: taskReminder,
    recurrence,
    steps,
    categories,
  } satisfies Record<keyof TaskFields, Reader>,
  message: {
    subject,
    from: person,
    to: people,
    cc: people,
    bcc: people,
    body: bodyUpTo(MESSAGE_LENGTH_MAX),
    sentAt: instant,
    receivedAt: instant,
    importance,
    isDraft: flag,
    read: flag,
    flag: oneOf('notFlagged', 'flagged', 'complete'),
    categories,
    folder: id,
  } satisfies Record<keyof MessageFields, Reader>,
}

/** The names of a kind's groups, in the order in which a person reads them. */
export const groupsOf = (kind: Kind): readonly string[] => Object.keys(readersOf[kind])
