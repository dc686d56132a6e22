/** To Do over HTTP. */
import type { Answer, Call } from './call.ts'
import { find, items } from './collection.ts'
import { answerDelta, optionsOf, removedRow } from './delta.ts'
import { changeConflict, itemNotFound, malformedId, todoInvalid } from './errors.ts'
import { refuseUnknown } from './event-model.ts'
import type { View } from './event-render.ts'
import { etag, keyOfId } from './ids.ts'
import { flag, renderExtension, text, type JsonObject } from './item-parts.ts'
import {
  answerCount,
  answerList,
  expansions,
  ITEM_QUERY,
  jsonAnswer,
  LIST_QUERY,
  noContent,
} from './odata.ts'
import { TASK_LISTS_DELTA, TASKS_READ, TASKS_WRITE } from './permissions.ts'
import type { Route } from './router.ts'
import type { Mailbox } from './state.ts'
import { TextCache } from './text-cache.ts'
import { taskUploadRoutes } from './todo-uploads.ts'
import { findZone, UTC } from './zones.ts'
import { extensionRoutes } from './extensions.ts'
import {
  parseChecklist,
  parseLinked,
  parseTask,
  parseTaskAttachment,
  type TaskRow,
  type TodoListRow,
} from './todo-model.ts'
import {
  listId,
  partId,
  renderChecklist,
  renderLinked,
  renderList,
  renderTask,
  renderTaskAttachment,
  taskId,
} from './todo-render.ts'
import {
  addList,
  createTask,
  deleteTask,
  findTask,
  removeList,
  tasksOf,
  touchTask,
  updateTask,
} from './todo-write.ts'

/** To Do takes a zone from `Prefer` but never confirms it, and has an error of its own for one it does not know. */
function viewOf(call: Call): View {
  const name = call.prefer.timeZone
  if (name === null) return { zone: UTC, zoneName: 'UTC', bodyText: false, immutableIds: false }
  const zone = findZone(name)
  if (zone === undefined) throw todoInvalid()
  return { zone, zoneName: name, bodyText: false, immutableIds: false }
}

function listOf(call: Call): TodoListRow {
  const id = call.id(0)
  const key = keyOfId(id)
  if (key === null) throw malformedId()
  const row = find(call.mailbox.lists, key)
  if (row === undefined || listId(call.mailbox, row) !== id) throw itemNotFound()
  return row
}

function taskOf(call: Call): TaskRow {
  const list = listOf(call)
  const id = call.id(1)
  const key = keyOfId(id)
  if (key === null) throw malformedId()
  const row = findTask(call.mailbox, list, key)
  if (row === undefined || taskId(call.mailbox, row) !== id) throw itemNotFound()
  return row
}

function partOf<T extends { readonly key: string }>(call: Call, row: TaskRow, parts: readonly T[]): T {
  const id = call.id(2)
  const found = parts.find((part) => partId(call.mailbox, row, part.key) === id)
  if (found === undefined) throw itemNotFound()
  return found
}

const listContext = (call: Call, list: TodoListRow): string => `todo/lists('${listId(call.mailbox, list)}')`
const taskContext = (call: Call, row: TaskRow): string =>
  `${listContext(call, listOf(call))}/tasks('${taskId(call.mailbox, row)}')`

function checkIfMatch(call: Call, version: number): void {
  const condition = call.ifMatch
  if (!call.store.switches.todoIfMatch || condition === undefined || condition === '*') return
  if (condition !== etag(version)) throw changeConflict()
}

function expandTask(call: Call, row: TaskRow, entity: JsonObject, names: readonly string[]): JsonObject {
  const extra: JsonObject = {}
  for (const name of names) {
    if (name === 'checklistitems')
      extra['checklistItems'] = row.checklist.map((item) => renderChecklist(call.mailbox, row, item))
    else if (name === 'linkedresources')
      extra['linkedResources'] = row.linked.map((item) => renderLinked(call.mailbox, row, item))
    else if (name === 'attachments')
      extra['attachments'] = row.attachments.map((item) =>
        renderTaskAttachment(call.mailbox, row, item, false),
      )
    else if (name === 'extensions') extra['extensions'] = row.extensions.map(renderExtension)
    else throw todoInvalid()
  }
  return { ...entity, ...extra }
}

const expandNames = (call: Call): string[] => expansions(call).map((expansion) => expansion.name)

function answerTask(call: Call, row: TaskRow, status: number, names: readonly string[]): Answer {
  const entity = expandTask(call, row, renderTask(call.mailbox, row, viewOf(call)), names)
  const body = {
    '@odata.context': call.context(`${listContext(call, listOf(call))}/tasks/$entity`),
    ...entity,
  }
  return jsonAnswer(status, body)
}

/** Sorting by title was refused by the live service. */
const UNSORTABLE = /\btitle\b/i

function listTasks(call: Call): Answer {
  const list = listOf(call)
  const view = viewOf(call)
  const names = expandNames(call)
  const filter = call.query.get('$filter')
  if (UNSORTABLE.test(call.query.get('$orderby') ?? '')) throw todoInvalid()
  const withRecurrence =
    !call.store.switches.todoListOmitsRecurrence || /status\s+ne\s+'completed'/i.test(filter ?? '')
  const rows = [...items(tasksOf(call.mailbox, list.key))].map((row) => {
    const entity = expandTask(call, row, renderTask(call.mailbox, row, view), names)
    if (!withRecurrence) delete entity['recurrence']
    return entity
  })
  return answerList(withoutSelect(call), { rows, context: call.context(`${listContext(call, list)}/tasks`) })
}

/** `$select` does nothing on To Do, by an integrator's report. */
function withoutSelect(call: Call): Call {
  if (!call.query.has('$select')) return call
  const query = new Map(call.query)
  query.delete('$select')
  return Object.create(call, { query: { value: query } }) as Call
}

const readTask = (call: Call): ReturnType<typeof parseTask> =>
  parseTask(call.json(), () => call.store.key(), call.store.now())

function postTask(call: Call): Answer {
  const input = readTask(call)
  if (input.fields.title === undefined || input.fields.title === '') throw todoInvalid()
  const row = createTask(call.office, call.mailbox, listOf(call), input)
  const names: string[] = []
  if (input.linked !== undefined) names.push('linkedresources')
  if (input.checklist !== undefined) names.push('checklistitems')
  return answerTask(call, row, 201, names)
}

function patchTask(call: Call): Answer {
  const row = taskOf(call)
  checkIfMatch(call, row.version)
  return answerTask(call, updateTask(call.office, call.mailbox, row, readTask(call)), 200, [])
}

function removeTask(call: Call): Answer {
  const row = taskOf(call)
  checkIfMatch(call, row.version)
  deleteTask(call.office, call.mailbox, row)
  return noContent
}

/** About ten thousand tasks. */
const CHARACTERS_KEPT = 8_000_000
const taskTexts = new TextCache(CHARACTERS_KEPT)
/** An attachment may come without a new version of its task, and the task tells that it has one. */
const taskForm = (mailbox: Mailbox, row: TaskRow, view: View): string =>
  `${mailbox.code}${row.attachments.length > 0 ? '+' : '-'}${view.zoneName}`
const deltaTask = (entity: JsonObject): string =>
  JSON.stringify({ '@odata.type': '#microsoft.graph.todoTask', ...entity })

function tasksDelta(call: Call): Answer {
  const list = listOf(call)
  const view = viewOf(call)
  const { mailbox } = call
  const options = optionsOf(call, () => ({ kind: 'tasks', expand: expandNames(call).join(',') }))
  const names = (options['expand'] ?? '').split(',').filter((name) => name !== '')
  return answerDelta(
    call,
    {
      collection: tasksOf(mailbox, list.key),
      context: 'Collection(todoTask)',
      options,
      pageSizeDefault: 10,
      pageSizeMax: 1_000,
      present: (row, rows) => {
        const make = (): readonly string[] => [
          deltaTask(expandTask(call, row, renderTask(mailbox, row, view), names)),
        ]
        // Parts of a task may change without a new version of it.
        const [text = ''] =
          names.length === 0 ? taskTexts.get(row, taskForm(mailbox, row, view), make) : make()
        rows.add(text)
      },
      absent: (row, rows) => rows.add(removedRow(taskId(mailbox, row))),
    },
    {},
  )
}

function listsDelta(call: Call): Answer {
  const { mailbox } = call
  return answerDelta(
    call,
    {
      collection: mailbox.lists,
      context: 'Collection(todoTaskList)',
      options: {},
      pageSizeDefault: 10,
      pageSizeMax: 1_000,
      present: (row, rows) =>
        rows.add(
          JSON.stringify({ '@odata.type': '#microsoft.graph.todoTaskList', ...renderList(mailbox, row) }),
        ),
      absent: (row, rows) => rows.add(removedRow(listId(mailbox, row))),
    },
    {},
  )
}

function answerTaskList(call: Call, row: TodoListRow, status: number): Answer {
  return jsonAnswer(status, {
    '@odata.context': call.context('todo/lists/$entity'),
    ...renderList(call.mailbox, row),
  })
}

const LIST_IGNORED = new Set(['id', 'isowner', 'isshared', 'wellknownlistname'])

function writeList(call: Call, row: TodoListRow | null): Answer {
  const body = call.json()
  refuseUnknown(body, 'todoTaskList', new Set(['displayName']), LIST_IGNORED)
  const displayName = text(body, 'displayName')
  if (typeof displayName !== 'string' || displayName.trim() === '') throw todoInvalid()
  if (row === null) return answerTaskList(call, addList(call.store, call.mailbox, displayName), 201)
  if (row.wellknownListName !== 'none') throw todoInvalid()
  return answerTaskList(
    call,
    call.store.update(call.mailbox, 'todoTaskList', call.mailbox.lists, row, { displayName }),
    200,
  )
}

/** Steps, linked resources and attachments: a list of parts below a task. */
interface Parts<T extends { readonly key: string }> {
  readonly name: string
  readonly field: 'checklist' | 'linked' | 'attachments'
  readonly of: (row: TaskRow) => readonly T[]
  readonly parse: (body: JsonObject, key: string, now: number) => T
  readonly patch: ((part: T, body: JsonObject, now: number) => T) | null
  readonly render: (call: Call, row: TaskRow, part: T, whole: boolean) => JsonObject
}

function partRoutes<T extends { readonly key: string }>(parts: Parts<T>): Route[] {
  const base = `/users/{user}/todo/lists/{list}/tasks/{task}/${parts.name}`
  const put = (call: Call, row: TaskRow, all: readonly T[]): void =>
    touchTask(call.office, call.mailbox, row, { [parts.field]: all } as Partial<TaskRow>)
  const one = (call: Call, row: TaskRow, part: T, status: number): Answer =>
    jsonAnswer(status, {
      '@odata.context': call.context(`${taskContext(call, row)}/${parts.name}/$entity`),
      ...parts.render(call, row, part, true),
    })
  const routes: Route[] = [
    {
      method: 'GET',
      path: base,
      permissions: TASKS_READ,
      query: LIST_QUERY,
      handle: (call) => {
        const row = taskOf(call)
        return answerList(call, {
          rows: parts.of(row).map((part) => parts.render(call, row, part, false)),
          context: call.context(`${taskContext(call, row)}/${parts.name}`),
          pageSizeDefault: 100,
        })
      },
    },
    {
      method: 'GET',
      path: `${base}/$count`,
      permissions: TASKS_READ,
      query: ['$filter', '$search'],
      handle: (call) => answerCount(parts.of(taskOf(call)).length),
    },
    {
      method: 'POST',
      path: base,
      permissions: TASKS_WRITE,
      query: [],
      handle: (call) => {
        const row = taskOf(call)
        const part = parts.parse(call.json(), call.store.key(), call.store.now())
        put(call, row, [...parts.of(row), part])
        return one(call, row, part, 201)
      },
    },
    {
      method: 'GET',
      path: `${base}/{part}`,
      permissions: TASKS_READ,
      query: ITEM_QUERY,
      handle: (call) => {
        const row = taskOf(call)
        return one(call, row, partOf(call, row, parts.of(row)), 200)
      },
    },
    {
      method: 'DELETE',
      path: `${base}/{part}`,
      permissions: TASKS_WRITE,
      query: [],
      handle: (call) => {
        const row = taskOf(call)
        const gone = partOf(call, row, parts.of(row))
        put(
          call,
          row,
          parts.of(row).filter((part) => part !== gone),
        )
        return noContent
      },
    },
  ]
  const { patch } = parts
  if (patch !== null)
    routes.push({
      method: 'PATCH',
      path: `${base}/{part}`,
      permissions: TASKS_WRITE,
      query: [],
      handle: (call) => {
        const row = taskOf(call)
        const old = partOf(call, row, parts.of(row))
        const fresh = patch(old, call.json(), call.store.now())
        put(
          call,
          row,
          parts.of(row).map((part) => (part === old ? fresh : part)),
        )
        return one(call, row, fresh, 200)
      },
    })
  return routes
}

export function todoRoutes(): Route[] {
  const lists = '/users/{user}/todo/lists'
  const tasks = `${lists}/{list}/tasks`
  const get = (path: string, query: readonly string[], handle: (call: Call) => Answer): Route => ({
    method: 'GET',
    path,
    permissions: TASKS_READ,
    query,
    handle,
  })
  const write = (method: string, path: string, handle: (call: Call) => Answer): Route => ({
    method,
    path,
    permissions: TASKS_WRITE,
    query: ITEM_QUERY,
    handle,
  })
  const delta = [...LIST_QUERY, '$deltatoken', '$skiptoken']
  return [
    get(lists, LIST_QUERY, (call) =>
      answerList(call, {
        rows: [...items(call.mailbox.lists)].map((row) => renderList(call.mailbox, row)),
        context: call.context('todo/lists'),
        pageSizeDefault: 100,
      }),
    ),
    get(`${lists}/$count`, ['$filter', '$search'], (call) => answerCount(call.mailbox.lists.index.size)),
    { ...get(`${lists}/delta`, delta, listsDelta), permissions: TASK_LISTS_DELTA },
    write('POST', lists, (call) => writeList(call, null)),
    get(`${lists}/{list}`, ITEM_QUERY, (call) => answerTaskList(call, listOf(call), 200)),
    write('PATCH', `${lists}/{list}`, (call) => writeList(call, listOf(call))),
    write('DELETE', `${lists}/{list}`, (call) => {
      removeList(call.store, call.mailbox, listOf(call))
      return noContent
    }),
    get(tasks, LIST_QUERY, listTasks),
    get(`${tasks}/$count`, ['$filter', '$search'], (call) =>
      answerCount(tasksOf(call.mailbox, listOf(call).key).index.size),
    ),
    get(`${tasks}/delta`, delta, tasksDelta),
    write('POST', tasks, postTask),
    get(`${tasks}/{task}`, ITEM_QUERY, (call) => answerTask(call, taskOf(call), 200, expandNames(call))),
    write('PATCH', `${tasks}/{task}`, patchTask),
    write('DELETE', `${tasks}/{task}`, removeTask),
    ...partRoutes({
      name: 'checklistItems',
      field: 'checklist',
      of: (row) => row.checklist,
      parse: parseChecklist,
      patch: (part, body, now) => {
        const isChecked = flag(body, 'isChecked') ?? part.isChecked
        return {
          ...part,
          displayName: text(body, 'displayName') ?? part.displayName,
          isChecked,
          checked: isChecked ? (part.checked ?? now) : null,
        }
      },
      render: (call, row, part) => renderChecklist(call.mailbox, row, part),
    }),
    ...partRoutes({
      name: 'linkedResources',
      field: 'linked',
      of: (row) => row.linked,
      parse: (body, key) => parseLinked(body, key),
      patch: (part, body) => {
        const fresh = parseLinked(body, part.key)
        const given = Object.entries(fresh).filter(([name]) => name in body)
        return { ...part, ...Object.fromEntries(given) }
      },
      render: (call, row, part) => renderLinked(call.mailbox, row, part),
    }),
    ...extensionRoutes({ path: `${lists}/{list}`, read: TASKS_READ, write: TASKS_WRITE, host: listOf }),
    ...extensionRoutes({ path: `${tasks}/{task}`, read: TASKS_READ, write: TASKS_WRITE, host: taskOf }),
    ...taskUploadRoutes(`${tasks}/{task}`, taskOf),
    ...partRoutes({
      name: 'attachments',
      field: 'attachments',
      of: (row) => row.attachments,
      parse: parseTaskAttachment,
      patch: null,
      render: (call, row, part, whole) => renderTaskAttachment(call.mailbox, row, part, whole),
    }),
  ]
}
