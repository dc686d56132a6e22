/** The To Do store's rules for writing, as measured on a live tenant; see "the emulator's README, To Do". */
import { find, items, makeCollection, type Collection } from './collection.ts'
import { badRequest, itemNotFound } from './errors.ts'
import type { Office } from './office.ts'
import type { Mailbox, Store } from './state.ts'
import {
  datesFromRecurrence,
  dueAfter,
  EMPTY_TASK,
  type TaskFields,
  type TaskInput,
  type TaskRow,
  type TodoListRow,
} from './todo-model.ts'
import { DAY } from './zones.ts'

export function tasksOf(mailbox: Mailbox, list: string): Collection<TaskRow> {
  let collection = mailbox.tasks.get(list)
  if (collection === undefined) {
    collection = makeCollection(`tasks/${list}`)
    mailbox.tasks.set(list, collection)
  }
  return collection
}

export function addList(
  store: Store,
  mailbox: Mailbox,
  displayName: string,
  wellknownListName: TodoListRow['wellknownListName'] = 'none',
): TodoListRow {
  const row: TodoListRow = {
    ...store.stamp(),
    displayName,
    wellknownListName,
    isOwner: true,
    isShared: false,
    extensions: [],
  }
  store.add(mailbox, 'todoTaskList', mailbox.lists, row)
  tasksOf(mailbox, row.key)
  return row
}

/** Gives a new mailbox its two built-in lists. */
export function furnishTodo(store: Store, mailbox: Mailbox): TodoListRow {
  const list = addList(store, mailbox, 'Tasks', 'defaultList')
  addList(store, mailbox, 'Flagged Emails', 'flaggedEmails')
  return list
}

export function defaultList(mailbox: Mailbox): TodoListRow {
  for (const row of items(mailbox.lists)) if (row.wellknownListName === 'defaultList') return row
  throw itemNotFound()
}

export function removeList(store: Store, mailbox: Mailbox, row: TodoListRow): void {
  if (row.wellknownListName !== 'none') throw badRequest('A built-in list cannot be deleted.')
  mailbox.tasks.delete(row.key)
  store.remove(mailbox, 'todoTaskList', mailbox.lists, row.key)
}

export function createTask(office: Office, mailbox: Mailbox, list: TodoListRow, input: TaskInput): TaskRow {
  const { store } = office
  const fields: TaskFields = { ...EMPTY_TASK, ...input.fields }
  const recurrenceZone = input.zone ?? 'UTC'
  if (fields.recurrence !== null)
    Object.assign(fields, datesFromRecurrence(fields.recurrence, recurrenceZone))
  if (fields.status === 'completed') fields.completed ??= store.now()
  else fields.completed = null
  const stamp = store.stamp()
  const row: TaskRow = {
    ...stamp,
    ...fields,
    list: list.key,
    recurrenceZone,
    bodyModified: stamp.created,
    checklist: input.checklist ?? [],
    linked: input.linked ?? [],
    attachments: input.attachments ?? [],
    extensions: input.extensions ?? [],
  }
  return store.add(mailbox, 'todoTask', tasksOf(mailbox, list.key), row)
}

export function updateTask(office: Office, mailbox: Mailbox, row: TaskRow, input: TaskInput): TaskRow {
  const { store } = office
  const patch: Partial<TaskRow> = { ...input.fields }
  if (patch.body !== undefined) patch.bodyModified = store.now()
  // Without a due date there is no start and no recurrence either; the reminder stays.
  if (patch.due === null) {
    patch.start = null
    patch.recurrence = null
  } else if (patch.recurrence) {
    patch.recurrenceZone = input.zone ?? row.recurrenceZone
    Object.assign(patch, datesFromRecurrence(patch.recurrence, patch.recurrenceZone))
  } else if (row.recurrence !== null && patch.recurrence === undefined && patch.due !== undefined) {
    // A due date sent to a recurring task moves it on by one occurrence, whatever the date is.
    patch.due = dueAfter(row) ?? row.due
    delete patch.start
  }
  if (patch.status === 'completed' && row.status !== 'completed') return complete(office, mailbox, row, patch)
  if (patch.status !== undefined && patch.status !== 'completed') patch.completed = null
  else if (patch.completed !== undefined && row.status !== 'completed') delete patch.completed
  return store.update(mailbox, 'todoTask', tasksOf(mailbox, row.list), row, patch)
}

function complete(office: Office, mailbox: Mailbox, row: TaskRow, patch: Partial<TaskRow>): TaskRow {
  const { store } = office
  const tasks = tasksOf(mailbox, row.list)
  const done: Partial<TaskRow> = { ...patch, status: 'completed', completed: patch.completed ?? store.now() }
  const next = dueAfter({ ...row, ...patch })
  if (next === null) return store.update(mailbox, 'todoTask', tasks, row, done)
  const advanced: Partial<TaskRow> = {
    ...patch,
    status: 'notStarted',
    completed: null,
    due: next,
    start: row.start === null ? null : next,
    checklist: row.checklist.map((item) => ({ ...item, isChecked: false, checked: null })),
    ...(row.reminder === null || row.due === null
      ? {}
      : { reminder: row.reminder + Math.round((next - row.due) / DAY) * DAY }),
  }
  switch (store.switches.todoCompletion) {
    case 'advance':
      return store.update(mailbox, 'todoTask', tasks, row, advanced)
    case 'advance-and-copy': {
      store.add(mailbox, 'todoTask', tasks, {
        ...row,
        ...done,
        ...store.stamp(),
        created: row.created,
        recurrence: null,
      })
      return store.update(mailbox, 'todoTask', tasks, row, advanced)
    }
    case 'new-task': {
      store.add(mailbox, 'todoTask', tasks, { ...row, ...advanced, ...store.stamp() })
      return store.update(mailbox, 'todoTask', tasks, row, { ...done, recurrence: null })
    }
  }
}

export function deleteTask(office: Office, mailbox: Mailbox, row: TaskRow): void {
  office.store.remove(mailbox, 'todoTask', tasksOf(mailbox, row.list), row.key)
}

/** A step, linked resource or attachment changed: whether the task shows it in its delta is a switch. */
export function touchTask(office: Office, mailbox: Mailbox, row: TaskRow, fields: Partial<TaskRow>): void {
  const { store } = office
  if (store.switches.todoChildrenTouchTask)
    store.update(mailbox, 'todoTask', tasksOf(mailbox, row.list), row, fields)
  else Object.assign(row, fields)
}

export function findTask(mailbox: Mailbox, list: TodoListRow, key: string): TaskRow | undefined {
  return find(tasksOf(mailbox, list.key), key)
}
