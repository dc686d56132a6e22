import { asId, type RecordId } from '../core/ids.ts'
import { taskFields, type Json } from '../core/item.ts'
import { describeRecurrence } from '../core/describe.ts'
import { addDays, dateAt } from '../core/time.ts'
import { changeItem, createItem, deleteItem, restoreItem } from '../crm/items.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import { contains, findPage, inOrder } from '../store/listing.ts'
import type { RecordRow } from '../store/sync-store.ts'
import type { ApiOutput } from './api/api.ts'
import type { tasksApi } from './api/tasks.ts'
import {
  aboutItems,
  byOf,
  containersOf,
  defaultContainer,
  edited,
  isMine,
  mayWrite,
  nudge,
  recordById,
  requireContainer,
  type About,
  type ContainerRecord,
} from './items.ts'
import type { Caller, HandlersOf } from './mount.ts'
import { likeOf, orderAndPage, pageOf, type Paging } from './paging.ts'
import { iso, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'

/** Task lists and tasks. A person's tasks are theirs alone: colleagues do not see them. */
type TaskView = ApiOutput<'GET /api/tasks/:task'>
type TaskListView = ApiOutput<'GET /api/task-lists'>['items'][number]

const DONE_LAST = "(r.status = 'completed')"
/**
 * What the page by due days can be of: the first of each list and status, which an index has in this order. `$1` are
 * the lists, `$2` the statuses.
 */
const byDue = (where: string, { page, size }: Paging): string =>
  `from unnest($1::text[]) list (id) cross join unnest($2::text[]) step (status) cross join lateral (
    select r.id, r.status, r.due_on from records r where r.container = list.id and r.status = step.status and ${where}
    order by r.due_on, r.id limit ${page * size}) r`

const STATUSES = new Set(['notStarted', 'inProgress', 'completed', 'waitingOnOthers', 'deferred'])

export function taskHandlers(parts: Parts): HandlersOf<typeof tasksApi> {
  const { database, env } = parts

  const listsOf = async (caller: Caller): Promise<ContainerRecord[]> =>
    (await containersOf(database, caller, 'task-list')).filter(
      (one) => isMine(one, caller) || one.owner === null,
    )
  async function listViews(caller: Caller, rows: readonly ContainerRecord[]): Promise<TaskListView[]> {
    const counts = await database.query<{ container: string; n: number }>(
      `select container, count(*) as n from records where kind = 'task' and deleted_at is null and status <> 'completed' and container = any($1) group by 1`,
      [rows.map((row) => row.id)],
    )
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      owner: row.owner === null ? null : { id: row.owner, name: row.owner_name ?? '' },
      mine: isMine(row, caller),
      canWrite: mayWrite(row, caller),
      isDefault: row.is_default,
      open: counts.find((one) => one.container === row.id)?.n ?? 0,
      syncedWith:
        row.mailbox === null || row.selected !== true
          ? null
          : { mailbox: row.mailbox, address: row.address ?? '', name: row.collection_name ?? row.name },
    }))
  }
  async function requireList(caller: Caller, id: string, write: boolean): Promise<ContainerRecord> {
    const list = await requireContainer(database, caller, 'task-list', id, write)
    if (!isMine(list, caller) && list.owner !== null) throw notFound('task list')
    return list
  }
  const listView = async (caller: Caller, id: string): Promise<TaskListView> => {
    const [view] = await listViews(caller, [await requireList(caller, id, false)])
    if (view === undefined) throw notFound('task list')
    return view
  }

  async function taskView(caller: Caller, record: RecordRow, known?: About): Promise<TaskView> {
    const task = taskFields(record)
    const about = known ?? (await aboutItems(database, [record]))
    const { recurrence } = task
    return {
      id: record.id,
      list: record.container,
      version: record.version,
      subject: task.subject,
      body: task.body ?? null,
      start: task.start ?? null,
      due: task.due ?? null,
      completed: task.completed ?? null,
      status: task.status ?? 'notStarted',
      importance: task.importance ?? 'normal',
      reminder: task.reminder ?? null,
      recurrence: (recurrence ?? null) as TaskView['recurrence'],
      recurrenceText: recurrence ? describeRecurrence(recurrence, null, { zone: caller.zone }) : null,
      steps: (task.steps ?? []).map((step) => ({ ...step })),
      categories: [...(task.categories ?? [])],
      overdue: task.due !== null && task.status !== 'completed' && task.due < dateAt(env.now(), caller.zone),
      modifiedAt: iso(record.modifiedAt),
      modifiedBy: about.changedBy(record),
      deletedAt: record.deletedAt === null ? null : iso(record.deletedAt),
      sync: about.mark(record),
      related: about.related(record),
    }
  }
  async function requireTask(caller: Caller, id: string, write: boolean): Promise<RecordRow> {
    const record = await recordById(database, 'task', id)
    if (record === null) throw notFound('task')
    await requireList(caller, record.container, write).catch((error: unknown) => {
      if (error instanceof Refusal && error.kind === 'not-found') throw notFound('task')
      throw error
    })
    return record
  }
  /** A status that says done carries the day, and the other way round. */
  const withCompletion = (
    caller: Caller,
    change: { readonly [group: string]: Json | undefined },
  ): { readonly [group: string]: Json | undefined } =>
    change['status'] === undefined
      ? change
      : { ...change, completed: change['status'] === 'completed' ? dateAt(env.now(), caller.zone) : null }

  return {
    'GET /api/task-lists': async (_input, { caller }) => ({
      items: await listViews(caller, await listsOf(caller)),
    }),
    'POST /api/task-lists': async ({ body }, { caller }) => {
      const id = env.newId()
      await database.query(
        `insert into containers (id, kind, organization, owner, name) values ($1, 'task-list', $2, $3, $4)`,
        [id, caller.organization, caller.user, body.name],
      )
      return listView(caller, id)
    },
    'PATCH /api/task-lists/:list': async ({ params, body }, { caller }) => {
      const list = await requireList(caller, params.list, true)
      await database.query('update containers set name = $2, updated_at = $3 where id = $1', [
        list.id,
        body.name,
        new Date(env.now()),
      ])
      return listView(caller, list.id)
    },
    'GET /api/tasks': async ({ query }, { caller }) => {
      const lists = await listsOf(caller)
      if (query.list !== undefined && !lists.some((one) => one.id === query.list)) throw notFound('task list')
      const statuses = query.status?.split(',').filter((one) => one !== '') ?? null
      const wrong = statuses?.find((one) => !STATUSES.has(one))
      if (wrong !== undefined)
        throw new Refusal('bad-input', `"${wrong}" is no status. There are: ${[...STATUSES].join(', ')}.`, {
          problems: [{ at: 'query.status', problem: `"${wrong}" is no status.` }],
        })
      const today = dateAt(env.now(), caller.zone)
      const where = `r.kind = 'task' and r.deleted_at is ${query.deleted === true ? 'not null' : 'null'}
        and ($3::text is null or ${contains('r.subject', '$3')}) and ($4::text is null or r.fields ->> 'importance' = $4)
        and ($5::text is null or r.fields -> 'categories' ? $5)
        and ($6::text is null or ($6 = 'none' and r.due_on is null) or ($6 = 'today' and r.due_on = $7) or ($6 = 'overdue' and r.due_on < $7 and r.status <> 'completed')
          or ($6 = 'week' and r.due_on between $7 and $8))`
      const from = `from records r where r.container = any($1) and ($2::text[] is null or r.status = any($2)) and ${where}`
      const values = [
        query.list === undefined ? lists.map((one) => one.id) : [query.list],
        statuses,
        likeOf(query.q),
        query.importance ?? null,
        query.category ?? null,
        query.due ?? null,
        today,
        addDays(today, 7),
      ]
      const columns = {
        due: 'r.due_on',
        subject: 'lower(r.subject)',
        importance: `array_position(array['high', 'normal', 'low'], r.fields ->> 'importance')`,
        status: `array_position(array['inProgress', 'notStarted', 'waitingOnOthers', 'deferred', 'completed'], r.status)`,
        modifiedAt: 'r.modified_at',
      }
      const order = orderAndPage(query, columns, 'r.id', DONE_LAST)
      const { ids, total } = await findPage(database, {
        ...{ id: 'r.id', from, order, values, isSearch: likeOf(query.q) !== null },
        ...(query.sort === 'due' && statuses !== null && { pageFrom: byDue(where, query) }),
      })
      const rows = await database.query<RecordColumns>(
        `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id where r.id = any($1)`,
        [ids],
      )
      const records = inOrder(ids, rows).map(toRecord)
      const about = await aboutItems(database, records)
      return pageOf(await Promise.all(records.map((record) => taskView(caller, record, about))), total, query)
    },
    'GET /api/tasks/:task': async ({ params }, { caller }) =>
      taskView(caller, await requireTask(caller, params.task, false)),
    'POST /api/tasks': async ({ body }, { caller }) => {
      const { list, ...fields } = body
      const container = await requireList(
        caller,
        list ?? (await defaultContainer(database, caller, 'task-list', env.newId)),
        true,
      )
      const wanted = withCompletion(caller, fields as { readonly [group: string]: Json | undefined })
      const record = edited(
        await database.transaction((sql) =>
          createItem(
            sql,
            { kind: 'task', container: container.id, owner: container.owner, fields: wanted },
            byOf(parts, caller),
          ),
        ),
        'task',
      )
      await nudge(parts, record.container, 'task', record.id)
      return taskView(caller, record)
    },
    'PATCH /api/tasks/:task': async ({ params, body }, { caller }) => {
      const before = await requireTask(caller, params.task, true)
      if (body.list !== undefined) await requireList(caller, body.list, true)
      const wanted = withCompletion(caller, body.change as { readonly [group: string]: Json | undefined })
      const options = { version: body.version, ...(body.list !== undefined && { container: body.list }) }
      const record = edited(
        await database.transaction((sql) =>
          changeItem(sql, asId<RecordId>(params.task), options, () => wanted, byOf(parts, caller)),
        ),
        'task',
      )
      await nudge(parts, record.container, 'task', record.id)
      if (record.container !== before.container) await nudge(parts, before.container, 'task', record.id)
      return taskView(caller, record)
    },
    'POST /api/tasks/:task/delete': async ({ params, body }, { caller }) => {
      await requireTask(caller, params.task, true)
      const record = edited(
        await database.transaction((sql) =>
          deleteItem(sql, asId(params.task), body.version, byOf(parts, caller)),
        ),
        'task',
      )
      await nudge(parts, record.container, 'task', record.id)
      return taskView(caller, record)
    },
    'POST /api/tasks/:task/restore': async ({ params }, { caller }) => {
      await requireTask(caller, params.task, true)
      const record = edited(
        await database.transaction((sql) => restoreItem(sql, asId(params.task), byOf(parts, caller))),
        'deleted task',
      )
      await nudge(parts, record.container, 'task', record.id)
      return taskView(caller, record)
    },
  }
}
