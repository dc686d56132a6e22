/**
 * A To Do task as canonical groups, and back.
 *
 * A due date is a date, and To Do keeps it as the instant of somebody's midnight without saying whose. So it is read and
 * written in the mailbox's zone, and an instant that is no midnight there is taken for the date that is meant by it.
 * Source: "todoTask resource type", and what the service was seen to do.
 */
import { canonicalTask } from '../../core/canonical.ts'
import {
  taskFields,
  type Body,
  type Facts,
  type Fields,
  type Item,
  type Json,
  type PlainDate,
  type TaskFields,
  type Zone,
} from '../../core/item.ts'
import { addDays, dateOf, timeOfDay } from '../../core/time.ts'
import { isObject, type JsonObject } from './answers.ts'
import type { Written } from './calendar-body.ts'
import { recurrenceBody, recurrenceOf } from './recurrence-wire.ts'
import {
  bodyOf,
  categoriesOf,
  dateTimeTimeZone,
  etagOf,
  graphZone,
  idOf,
  instantOf,
  listOf,
  memberOf,
  momentOf,
  refuse,
  textOf,
  understood,
  wallIn,
  type Understood,
} from './wire.ts'

export interface ParsedTask {
  readonly id: string
  readonly etag: string
  readonly item: Item
  /** Groups that the answer was silent about and that the task may have; they are left out of the item. */
  readonly untold: readonly ('steps' | 'recurrence')[]
}

/**
 * How much an answer tells. To Do leaves out properties that have no value, and listings leave out `recurrence` even
 * where it has one; the answer about a single task does not.
 */
export type Telling = 'single' | 'listing'

export interface Step {
  readonly id: string
  readonly title: string
  readonly done: boolean
}

/** Our own mark on what we made: a linked resource of this application. People see it as the task's link. */
export const MARKER_APPLICATION = 'Syncline'

const STATUSES: ReadonlySet<TaskFields['status']> = new Set([
  'notStarted',
  'inProgress',
  'completed',
  'waitingOnOthers',
  'deferred',
])
const IMPORTANCES: ReadonlySet<TaskFields['importance']> = new Set(['low', 'normal', 'high'])

/** `zone` is the mailbox's, in which the answer was asked for. */
export function parseTask(raw: unknown, zone: Zone, telling: Telling = 'single'): Understood<ParsedTask> {
  return understood(() => (isObject(raw) ? readTask(raw, zone, telling) : refuse('It is no object.')))
}

function readTask(raw: JsonObject, zone: Zone, telling: Telling): ParsedTask {
  const reminder = raw['isReminderOn'] === true ? momentOf(raw, 'reminderDateTime') : null
  const due = dateIn(raw, 'dueDateTime', zone)
  const status = memberOf(raw, 'status', STATUSES, 'notStarted')
  // What repeats has a due date and is open.
  const mayRepeat = raw['recurrence'] === undefined && due !== null && status !== 'completed'
  const untold: ParsedTask['untold'][number][] = []
  if (!Array.isArray(raw['checklistItems'])) untold.push('steps')
  if (mayRepeat && telling === 'listing') untold.push('recurrence')
  const fields: TaskFields = {
    subject: textOf(raw, 'title') ?? '',
    body: bodyOf(raw),
    start: dateIn(raw, 'startDateTime', zone),
    due,
    completed: completedOn(raw),
    status,
    importance: memberOf(raw, 'importance', IMPORTANCES, 'normal'),
    reminder: reminder === null ? null : { at: wallIn(reminder, zone), zone },
    recurrence: recurrenceOf(raw),
    steps: stepsOf(raw).map(({ title, done }) => ({ title, done })),
    categories: categoriesOf(raw),
  }
  const createdAt = instantOf(raw, 'createdDateTime')
  const modifiedAt = instantOf(raw, 'lastModifiedDateTime')
  const marker = markerOf(raw)
  const facts: Facts = {
    hasAttachments: raw['hasAttachments'] === true,
    ...(marker === null ? {} : { marker }),
    ...(createdAt === null ? {} : { createdAt }),
    ...(modifiedAt === null ? {} : { modifiedAt }),
  }
  const read = canonicalTask(fields, { facts })
  if (!read.ok) return refuse(read.reason)
  return {
    id: idOf(raw),
    etag: etagOf(raw),
    item: untold.length === 0 ? read.item : without(read.item, untold),
    untold,
  }
}

/** A group that was not told is left out: silence is not "none". */
function without(item: Item, untold: readonly string[]): Item {
  const told = Object.entries(item.fields).filter(([group]) => !untold.includes(group))
  return { ...item, fields: Object.fromEntries(told) }
}

/** In the order in which they were made: To Do has no other. */
export function stepsOf(raw: JsonObject): readonly Step[] {
  return listOf(raw, 'checklistItems')
    .filter(isObject)
    .map((step, at) => ({
      at,
      made: textOf(step, 'createdDateTime') ?? '',
      id: idOf(step),
      title: textOf(step, 'displayName') ?? '',
      done: step['isChecked'] === true,
    }))
    .sort((a, b) => (a.made < b.made ? -1 : a.made > b.made ? 1 : a.at - b.at))
}

export function markerOf(raw: JsonObject): string | null {
  for (const resource of listOf(raw, 'linkedResources'))
    if (isObject(resource) && resource['applicationName'] === MARKER_APPLICATION)
      return textOf(resource, 'externalId')
  return null
}

function dateIn(raw: JsonObject, name: string, zone: Zone): PlainDate | null {
  const moment = momentOf(raw, name)
  if (moment === null) return null
  const local = wallIn(moment, zone)
  if (timeOfDay(local) === '00:00:00') return dateOf(local)
  const utc = wallIn(moment, 'UTC')
  if (timeOfDay(utc) === '00:00:00') return dateOf(utc)
  // Some other zone's midnight: the nearest one here is the date that was meant.
  return timeOfDay(local) < '12:00:00' ? dateOf(local) : addDays(dateOf(local), 1)
}

/** Always midnight UTC of the day on which it was completed, whatever the zone. */
function completedOn(raw: JsonObject): PlainDate | null {
  const moment = momentOf(raw, 'completedDateTime')
  return moment === null ? null : dateOf(wallIn(moment, 'UTC'))
}

/**
 * The properties for the groups that are written. Steps are items of their own and not among them.
 *
 * Recurrence owns the dates: To Do takes due and start from the range's start, and moves a recurring task on by one
 * occurrence when it is sent a due date alone. So a recurring task's date travels as its recurrence. A daily one counts
 * its days in UTC, because in other zones it was seen to land a day late.
 */
export function taskBody(fields: Fields, whole: TaskFields, zone: Zone): Written {
  const given = taskFields({ fields })
  const body: { [name: string]: Json } = {}
  const mailboxZone = graphZone(zone) ?? 'UTC'
  const day = (date: PlainDate, zoneName = mailboxZone): Json =>
    dateTimeTimeZone(`${date}T00:00:00`, zoneName)
  if ('subject' in fields) body['title'] = given.subject
  if ('body' in fields) body['body'] = contentBody(given.body)
  if ('importance' in fields) body['importance'] = given.importance
  if ('categories' in fields) body['categories'] = given.categories
  if ('status' in fields) body['status'] = given.status
  if ('completed' in fields && whole.status === 'completed' && given.completed !== null)
    body['completedDateTime'] = day(given.completed, 'UTC')
  if ('reminder' in fields) {
    const { reminder } = given
    const name = reminder === null ? mailboxZone : graphZone(reminder.zone)
    if (name === null)
      return {
        ok: false,
        code: 'unknown-zone',
        reason: `To Do has no name for the time zone ${reminder?.zone ?? ''}. Choose another time zone for the reminder.`,
      }
    body['isReminderOn'] = reminder !== null
    body['reminderDateTime'] = reminder === null ? null : dateTimeTimeZone(reminder.at, name)
  }
  // A group that is missing was never reported: no more than null.
  const recurrence = whole.recurrence ?? null
  const dates = 'due' in fields || 'start' in fields || 'recurrence' in fields
  if (recurrence !== null && dates) {
    if ('due' in fields && given.due === null)
      return {
        ok: false,
        code: 'due-needed',
        reason: 'A task that repeats needs a due date in To Do. Give it one, or let it repeat no more.',
      }
    const start = whole.due ?? recurrence.range.start
    const zoneName = recurrence.pattern.type === 'daily' ? 'UTC' : mailboxZone
    body['recurrence'] = recurrenceBody({ ...recurrence, range: { ...recurrence.range, start } }, zoneName)
    body['dueDateTime'] = day(start, zoneName)
  } else {
    if ('recurrence' in fields) body['recurrence'] = null
    if ('due' in fields) body['dueDateTime'] = given.due === null ? null : day(given.due)
    if ('start' in fields) body['startDateTime'] = given.start === null ? null : day(given.start)
  }
  return { ok: true, body }
}

const contentBody = (body: Body | null): Json =>
  body === null ? { content: '', contentType: 'text' } : { content: body.content, contentType: body.type }

/** Clearing the due date clears the start with it: what is to stay is written once more. */
export const startToRestore = (fields: Fields, whole: TaskFields, zone: Zone): Json | null =>
  'due' in fields && fields['due'] === null && (whole.start ?? null) !== null
    ? { startDateTime: dateTimeTimeZone(`${whole.start}T00:00:00`, graphZone(zone) ?? 'UTC') }
    : null
