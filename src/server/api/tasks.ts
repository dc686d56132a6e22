import { z } from 'zod'
import { ACTING, EVERYONE, flag, id, instant, listOf, paging, plainDate, route, version } from './contract.ts'
import { body, recurrence, step, syncMark, taskChange, taskReminder, taskStatus } from './item-schemas.ts'

/** Task lists and tasks of the CRM. */
export const taskListView = z.object({
  id,
  name: z.string(),
  owner: z.object({ id, name: z.string() }).nullable(),
  mine: z.boolean(),
  canWrite: z.boolean(),
  isDefault: z.boolean(),
  open: z.number().int(),
  syncedWith: z.object({ mailbox: id, address: z.string(), name: z.string() }).nullable(),
})

export const taskView = z.object({
  id,
  list: id,
  version,
  subject: z.string(),
  body: body.nullable(),
  start: plainDate.nullable(),
  due: plainDate.nullable(),
  completed: plainDate.nullable(),
  status: taskStatus,
  importance: z.enum(['low', 'normal', 'high']),
  reminder: taskReminder.nullable(),
  recurrence: recurrence.nullable(),
  recurrenceText: z.string().nullable(),
  steps: z.array(step),
  categories: z.array(z.string()),
  overdue: z.boolean(),
  modifiedAt: instant,
  modifiedBy: z.string(),
  deletedAt: instant.nullable(),
  sync: syncMark,
  related: z.array(z.object({ kind: z.string(), id, title: z.string() })),
})

const taskParams = z.object({ task: id })

export const tasksApi = {
  'GET /api/task-lists': route({
    summary: 'The task lists I can see.',
    access: EVERYONE,
    answer: z.object({ items: z.array(taskListView) }),
  }),
  'POST /api/task-lists': route({
    summary: 'Make a task list of my own.',
    access: ACTING,
    body: z.strictObject({ name: z.string().trim().min(1).max(255) }),
    answer: taskListView,
    status: 201,
  }),
  'PATCH /api/task-lists/:list': route({
    summary: 'Rename one of my task lists.',
    access: ACTING,
    params: z.object({ list: id }),
    body: z.strictObject({ name: z.string().trim().min(1).max(255) }),
    answer: taskListView,
  }),
  'GET /api/tasks': route({
    summary: 'My tasks, filtered; open ones by due date first.',
    access: EVERYONE,
    query: paging('due', 'subject', 'importance', 'status', 'modifiedAt').extend({
      list: id.optional(),
      status: z.string().max(100).optional().describe('states, comma separated'),
      due: z.enum(['overdue', 'today', 'week', 'none']).optional(),
      importance: z.enum(['low', 'normal', 'high']).optional(),
      category: z.string().max(255).optional(),
      deleted: flag.optional(),
    }),
    answer: listOf(taskView),
  }),
  'GET /api/tasks/:task': route({
    summary: 'One task.',
    access: EVERYONE,
    params: taskParams,
    answer: taskView,
  }),
  'POST /api/tasks': route({
    summary: 'Make a task.',
    access: ACTING,
    body: taskChange
      .required({ subject: true })
      .extend({ list: id.exactOptional().describe('left out: my default list') }),
    answer: taskView,
    status: 201,
  }),
  'PATCH /api/tasks/:task': route({
    summary: 'Change a task, or move it to another list.',
    access: ACTING,
    params: taskParams,
    body: z.strictObject({ version, change: taskChange, list: id.exactOptional() }),
    answer: taskView,
  }),
  'POST /api/tasks/:task/delete': route({
    summary: 'Delete a task. It stays in quarantine and can be restored.',
    access: ACTING,
    params: taskParams,
    body: z.strictObject({ version }),
    answer: taskView,
  }),
  'POST /api/tasks/:task/restore': route({
    summary: 'Bring a deleted task back from quarantine.',
    access: ACTING,
    params: taskParams,
    answer: taskView,
  }),
} as const
