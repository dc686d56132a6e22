/** To Do lists and tasks as rows, and how a request becomes one. Source: "todoTask resource type". */
import type { Item } from './collection.ts'
import { badRequest, todoInvalid } from './errors.ts'
import { refuseUnknown } from './event-model.ts'
import {
  flag,
  list,
  member,
  object,
  parseBody,
  parseExtension,
  text,
  texts,
  type JsonObject,
  type OpenExtension,
  type TextBody,
} from './item-parts.ts'
import { expand, parseRecurrence, type Recurrence } from './recurrence.ts'
import { DAY, findZone, parseInstant, parseWall, UTC, type Zone } from './zones.ts'

export interface TodoListRow extends Item {
  displayName: string
  readonly wellknownListName: 'none' | 'defaultList' | 'flaggedEmails'
  readonly isOwner: boolean
  readonly isShared: boolean
  extensions: OpenExtension[]
}

export interface ChecklistItem {
  readonly key: string
  displayName: string
  isChecked: boolean
  readonly created: number
  checked: number | null
}

export interface LinkedResource {
  readonly key: string
  webUrl: string | null
  applicationName: string | null
  displayName: string | null
  externalId: string | null
}

export interface TaskAttachment {
  readonly key: string
  readonly name: string
  readonly contentType: string
  readonly size: number
  readonly modified: number
  readonly contentBytes: string
}

export const STATUSES = ['notStarted', 'inProgress', 'completed', 'waitingOnOthers', 'deferred'] as const

export interface TaskFields {
  title: string
  body: TextBody
  status: (typeof STATUSES)[number]
  importance: 'low' | 'normal' | 'high'
  categories: string[]
  isReminderOn: boolean
  /** Instants. A due date is the midnight of somebody's zone, and that zone is not kept. */
  reminder: number | null
  due: number | null
  start: number | null
  recurrence: Recurrence | null
  completed: number | null
}

export interface TaskRow extends Item, TaskFields {
  list: string
  /** The zone that a recurrence counts its days in. */
  recurrenceZone: string
  bodyModified: number
  checklist: ChecklistItem[]
  linked: LinkedResource[]
  attachments: TaskAttachment[]
  extensions: OpenExtension[]
}

export const EMPTY_TASK: TaskFields = {
  title: '',
  body: { contentType: 'text', content: '' },
  status: 'notStarted',
  importance: 'normal',
  categories: [],
  isReminderOn: false,
  reminder: null,
  due: null,
  start: null,
  recurrence: null,
  completed: null,
}

const WRITABLE = new Set([
  'title',
  'body',
  'status',
  'importance',
  'categories',
  'isReminderOn',
  'reminderDateTime',
  'dueDateTime',
  'startDateTime',
  'completedDateTime',
  'recurrence',
  'linkedResources',
  'checklistItems',
  'attachments',
  'extensions',
])
const IGNORED = new Set([
  'id',
  'createddatetime',
  'lastmodifieddatetime',
  'bodylastmodifieddatetime',
  'hasattachments',
  'attachmentsessions',
])

interface ZonedDate {
  readonly wall: number
  readonly zoneName: string
  readonly zone: Zone
}

function zoned(body: JsonObject, name: string): ZonedDate | null | undefined {
  const value = object(body, name)
  if (value === undefined || value === null) return value
  const dateTime = text(value, 'dateTime')
  if (typeof dateTime !== 'string') throw todoInvalid()
  const zoneName = text(value, 'timeZone') ?? 'UTC'
  const zone = findZone(zoneName)
  if (zone === undefined) throw todoInvalid()
  const wall = parseWall(dateTime)
  if (wall !== undefined) return { wall, zoneName, zone }
  const instant = parseInstant(dateTime)
  if (instant === undefined) throw todoInvalid()
  return { wall: zone.toWall(instant), zoneName, zone }
}

const midnight = (date: ZonedDate): number => date.zone.toInstant(Math.floor(date.wall / DAY) * DAY)

export interface TaskInput {
  readonly fields: Partial<TaskFields>
  /** The zone in which a recurrence counts, when the request names one. */
  readonly zone: string | null
  readonly linked: LinkedResource[] | undefined
  readonly checklist: ChecklistItem[] | undefined
  readonly attachments: TaskAttachment[] | undefined
  readonly extensions: OpenExtension[] | undefined
}

/** Reads a POST or PATCH. `key` and `now` are for parts that come with the task. */
export function parseTask(body: JsonObject, key: () => string, now: number): TaskInput {
  refuseUnknown(body, 'todoTask', WRITABLE, IGNORED)
  const fields: Partial<TaskFields> = {}
  const title = text(body, 'title')
  if (title !== undefined) fields.title = title ?? ''
  const content = parseBody(body)
  if (content !== undefined)
    fields.body =
      content.content === '' && content.contentType === 'html'
        ? { contentType: 'html', content: '\r\n' }
        : content
  const status = member(body, 'status', STATUSES)
  if (status) fields.status = status
  const importance = member(body, 'importance', ['low', 'normal', 'high'])
  if (importance) fields.importance = importance
  const categories = texts(body, 'categories')
  if (categories !== undefined) fields.categories = categories
  const isReminderOn = flag(body, 'isReminderOn')
  if (isReminderOn !== undefined) fields.isReminderOn = isReminderOn ?? false
  const reminder = zoned(body, 'reminderDateTime')
  if (reminder !== undefined) {
    fields.reminder = reminder === null ? null : reminder.zone.toInstant(reminder.wall)
    if (reminder !== null && isReminderOn === undefined) fields.isReminderOn = true
  }
  const due = zoned(body, 'dueDateTime')
  if (due !== undefined) fields.due = due === null ? null : midnight(due)
  const start = zoned(body, 'startDateTime')
  if (start !== undefined) fields.start = start === null ? null : midnight(start)
  const completed = zoned(body, 'completedDateTime')
  if (completed !== undefined)
    fields.completed = completed === null ? null : completed.zone.toInstant(completed.wall)
  const recurrence = object(body, 'recurrence')
  if (recurrence !== undefined) fields.recurrence = recurrence === null ? null : parseRecurrence(recurrence)
  return {
    fields,
    zone: due?.zoneName ?? start?.zoneName ?? fields.recurrence?.range.zone ?? null,
    linked: list(body, 'linkedResources')?.map((entry) => parseLinked(entry, key())),
    checklist: list(body, 'checklistItems')?.map((entry) => parseChecklist(entry, key(), now)),
    attachments: list(body, 'attachments')?.map((entry) => parseTaskAttachment(entry, key(), now)),
    extensions: list(body, 'extensions')?.map(parseExtension),
  }
}

export function parseLinked(body: JsonObject, key: string): LinkedResource {
  refuseUnknown(
    body,
    'linkedResource',
    new Set(['webUrl', 'applicationName', 'displayName', 'externalId']),
    new Set(['id']),
  )
  return {
    key,
    webUrl: text(body, 'webUrl') ?? null,
    applicationName: text(body, 'applicationName') ?? null,
    displayName: text(body, 'displayName') ?? null,
    externalId: text(body, 'externalId') ?? null,
  }
}

export function parseChecklist(body: JsonObject, key: string, now: number): ChecklistItem {
  refuseUnknown(
    body,
    'checklistItem',
    new Set(['displayName', 'isChecked', 'createdDateTime', 'checkedDateTime']),
    new Set(['id']),
  )
  const isChecked = flag(body, 'isChecked') ?? false
  return {
    key,
    displayName: text(body, 'displayName') ?? '',
    isChecked,
    created: now,
    checked: isChecked ? now : null,
  }
}

/** Contents that come in one request; larger ones need an upload session. */
const TASK_ATTACHMENT_BYTES_MAX = 3 * 1024 * 1024

export function parseTaskAttachment(body: JsonObject, key: string, now: number): TaskAttachment {
  refuseUnknown(
    body,
    'taskFileAttachment',
    new Set(['name', 'contentType', 'contentBytes', 'size']),
    new Set(['id', 'lastmodifieddatetime']),
  )
  const contentBytes = text(body, 'contentBytes')
  const name = text(body, 'name')
  if (typeof contentBytes !== 'string' || typeof name !== 'string') throw todoInvalid()
  const size = Buffer.from(contentBytes, 'base64').length
  if (size > TASK_ATTACHMENT_BYTES_MAX)
    throw badRequest('The attachment is larger than 3 MB: use an upload session.')
  return {
    key,
    name,
    contentType: text(body, 'contentType') ?? 'application/octet-stream',
    size,
    modified: now,
    contentBytes,
  }
}

/** The first day of the series on or after `day`; null when the series is over. */
export function nextDay(recurrence: Recurrence, day: number): number | null {
  for (const found of expand(recurrence, day, day + 366 * 12)) return found
  return null
}

/**
 * Recurrence owns the dates: due and start come from the range, whatever was sent. A daily pattern in a zone other
 * than UTC was seen to land one interval later.
 */
export function datesFromRecurrence(
  recurrence: Recurrence,
  zoneName: string,
): { due: number; start: number } {
  const zone = findZone(zoneName) ?? UTC
  let day = nextDay(recurrence, recurrence.range.start) ?? recurrence.range.start
  if (recurrence.pattern.type === 'daily' && zone !== UTC && zone.iana !== 'Etc/UTC')
    day = nextDay(recurrence, day + 1) ?? day
  const at = zone.toInstant(day * DAY)
  return { due: at, start: at }
}

/** The occurrence after the one that is due; null when it was the last. */
export function dueAfter(row: Pick<TaskRow, 'recurrence' | 'recurrenceZone' | 'due'>): number | null {
  if (row.recurrence === null) return null
  const zone = findZone(row.recurrenceZone) ?? UTC
  const today = row.due === null ? row.recurrence.range.start - 1 : Math.floor(zone.toWall(row.due) / DAY)
  const day = nextDay(row.recurrence, today + 1)
  return day === null ? null : zone.toInstant(day * DAY)
}
