/** To Do lists, tasks and their parts as Graph answers them, and their ids. */
import { instantText } from './clock.ts'
import type { View } from './event-render.ts'
import { containerId, etag, restId } from './ids.ts'
import { type JsonObject } from './item-parts.ts'
import { renderRecurrence } from './recurrence.ts'
import type { Mailbox } from './state.ts'
import type { ChecklistItem, LinkedResource, TaskAttachment, TaskRow, TodoListRow } from './todo-model.ts'
import { DAY, wallText } from './zones.ts'

function moment(at: number, view: View): JsonObject {
  return { dateTime: wallText(view.zone.toWall(at)), timeZone: view.zoneName }
}

export const listId = (mailbox: Mailbox, row: TodoListRow): string => containerId(mailbox, row.key)
export const taskId = (mailbox: Mailbox, row: TaskRow): string => restId(mailbox, row.list, row.key)
export const partId = (mailbox: Mailbox, row: TaskRow, key: string): string => restId(mailbox, row.key, key)

export function renderList(mailbox: Mailbox, row: TodoListRow): JsonObject {
  return {
    '@odata.etag': etag(row.version),
    displayName: row.displayName,
    isOwner: row.isOwner,
    isShared: row.isShared,
    wellknownListName: row.wellknownListName,
    id: listId(mailbox, row),
  }
}

export function renderTask(mailbox: Mailbox, row: TaskRow, view: View): JsonObject {
  return {
    '@odata.etag': etag(row.version),
    importance: row.importance,
    isReminderOn: row.isReminderOn,
    status: row.status,
    title: row.title,
    createdDateTime: instantText(row.created),
    lastModifiedDateTime: instantText(row.modified),
    hasAttachments: row.attachments.length > 0,
    categories: row.categories,
    id: taskId(mailbox, row),
    body: { content: row.body.content, contentType: row.body.contentType },
    ...(row.bodyModified > row.created ? { bodyLastModifiedDateTime: instantText(row.bodyModified) } : {}),
    // Always the midnight of the UTC day.
    ...(row.completed === null
      ? {}
      : {
          completedDateTime: { dateTime: wallText(Math.floor(row.completed / DAY) * DAY), timeZone: 'UTC' },
        }),
    ...(row.due === null ? {} : { dueDateTime: moment(row.due, view) }),
    ...(row.start === null ? {} : { startDateTime: moment(row.start, view) }),
    ...(row.reminder === null ? {} : { reminderDateTime: moment(row.reminder, view) }),
    ...(row.recurrence === null ? {} : { recurrence: renderRecurrence(row.recurrence, row.recurrenceZone) }),
  }
}

export const renderChecklist = (mailbox: Mailbox, row: TaskRow, item: ChecklistItem): JsonObject => ({
  displayName: item.displayName,
  createdDateTime: instantText(item.created),
  ...(item.checked === null ? {} : { checkedDateTime: instantText(item.checked) }),
  isChecked: item.isChecked,
  id: partId(mailbox, row, item.key),
})

export const renderLinked = (mailbox: Mailbox, row: TaskRow, item: LinkedResource): JsonObject => ({
  webUrl: item.webUrl,
  applicationName: item.applicationName,
  displayName: item.displayName,
  externalId: item.externalId,
  id: partId(mailbox, row, item.key),
})

export const renderTaskAttachment = (
  mailbox: Mailbox,
  row: TaskRow,
  item: TaskAttachment,
  whole: boolean,
): JsonObject => ({
  '@odata.type': '#microsoft.graph.taskFileAttachment',
  id: partId(mailbox, row, item.key),
  name: item.name,
  contentType: item.contentType,
  size: item.size,
  lastModifiedDateTime: instantText(item.modified),
  ...(whole ? { contentBytes: item.contentBytes } : {}),
})
