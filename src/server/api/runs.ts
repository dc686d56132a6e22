import { z } from 'zod'
import {
  ACTING,
  channel,
  EVERYONE,
  fields,
  id,
  instant,
  json,
  listOf,
  paging,
  route,
  side,
} from './contract.ts'

/** Runs: previewed (a plan), approved, applied, undone; and the operations they are made of. */
export const runState = z.enum(['planning', 'planned', 'applying', 'held', 'done', 'failed', 'discarded'])
export const runTrigger = z.enum(['schedule', 'manual', 'nudge', 'preview', 'approval', 'answer', 'undo'])
export const operationDo = z.enum(['create', 'update', 'delete', 'restore'])
export const operationState = z.enum([
  'planned',
  'held',
  'sent',
  'unknown',
  'written',
  'stale',
  'gone',
  'rejected',
  'declined',
  'superseded',
])

/** One field group, as a person reads it: the raw values and the same in words. */
export const difference = z.object({
  group: z.string(),
  label: z.string(),
  before: json,
  after: json,
  beforeText: z.string().nullable(),
  afterText: z.string().nullable(),
})

export const operationView = z.object({
  id,
  run: id,
  mailbox: id,
  address: z.string(),
  channel,
  collection: z.object({ id, name: z.string() }).nullable(),
  record: id,
  item: id.nullable(),
  side,
  do: operationDo,
  state: operationState,
  rule: z.string(),
  /** The rule's sentence for people. */
  why: z.string(),
  /** Who or what caused it. */
  cause: z.string(),
  title: z.string(),
  differences: z.array(difference),
  /** Addresses that Microsoft would mail, or mailed, because of this write. */
  mails: z.array(z.string()),
  /** Why it is held, failed or was superseded. */
  reason: z.string().nullable(),
  attempts: z.number().int(),
  createdAt: instant,
  sentAt: instant.nullable(),
  doneAt: instant.nullable(),
  undoable: z.boolean(),
  undoneBy: id.nullable(),
})

const counts = z.object({
  crm: z.object({ create: z.number().int(), update: z.number().int(), delete: z.number().int() }),
  mailbox: z.object({ create: z.number().int(), update: z.number().int(), delete: z.number().int() }),
  held: z.number().int(),
  conflicts: z.number().int(),
  parked: z.number().int(),
  /** States of operations: how far the run is. */
  planned: z.number().int(),
  written: z.number().int(),
  failed: z.number().int(),
})

export const runView = z.object({
  id,
  mailbox: id,
  address: z.string(),
  channel,
  trigger: runTrigger,
  state: runState,
  undoes: id.nullable(),
  undoneBy: id.nullable(),
  /** Of an undo: writes that stay as they are, each with the reason. */
  refused: z.array(z.object({ operation: id, reason: z.string() })),
  counts,
  /** All people who would be mailed by what is planned or held, each once. */
  mails: z.array(z.string()),
  message: z.string().nullable(),
  startedAt: instant,
  finishedAt: instant.nullable(),
})

const runParams = z.object({ run: id })
/** Which operations an answer is about: named ones, a group, or all that wait. */
const selection = z.strictObject({
  operations: z.array(id).max(10_000).exactOptional(),
  group: z
    .strictObject({
      side: side.exactOptional(),
      do: operationDo.exactOptional(),
      held: z.boolean().exactOptional(),
    })
    .exactOptional(),
})

export const runsApi = {
  'POST /api/plans': route({
    summary:
      'Preview: what the next run of a channel would do. Writes nothing; the plan is stored and can be approved.',
    access: ACTING,
    body: z.strictObject({ mailbox: id, channel }),
    answer: runView,
    status: 201,
  }),
  'GET /api/runs': route({
    summary: 'Runs, newest first. Users see those of their own mailboxes.',
    access: EVERYONE,
    query: paging('-startedAt').extend({
      mailbox: id.optional(),
      channel: channel.optional(),
      state: runState.optional(),
      trigger: runTrigger.optional(),
      writes: z.enum(['some', 'any']).optional().describe('some: leaves out runs that had nothing to do'),
    }),
    answer: listOf(runView),
  }),
  'GET /api/runs/:run': route({
    summary: 'One run with its counts and the people it would mail.',
    access: EVERYONE,
    params: runParams,
    answer: runView,
  }),
  'GET /api/runs/:run/operations': route({
    summary: 'The operations of a run, held ones first.',
    access: EVERYONE,
    params: runParams,
    query: paging('createdAt', 'title').extend({
      side: side.optional(),
      do: operationDo.optional(),
      state: operationState.optional(),
    }),
    answer: listOf(operationView),
  }),
  'POST /api/runs/:run/approve': route({
    summary:
      'Approve a plan, or parts of it: exactly these operations are executed, each guarded; a stale one is decided anew.',
    access: ACTING,
    params: runParams,
    body: selection,
    answer: runView,
    status: 202,
  }),
  'POST /api/runs/:run/decline': route({
    summary:
      'Decline: `now` leaves it to the next run to ask again; `never` keeps both sides as they are until one changes.',
    access: ACTING,
    params: runParams,
    body: selection.extend({ until: z.enum(['now', 'never']).default('now') }),
    answer: runView,
  }),
  'POST /api/runs/:run/undo': route({
    summary:
      'Undo a run on both sides: a plan that waits for its approval, or at once with `apply: true`. What changed since is left alone, by name.',
    access: ACTING,
    params: runParams,
    body: z.strictObject({ apply: z.boolean().default(false) }),
    answer: runView,
    status: 201,
  }),
  'GET /api/operations/:operation': route({
    summary: 'One operation: cause, rule, before and after, outcome.',
    access: EVERYONE,
    params: z.object({ operation: id }),
    answer: operationView.extend({ before: fields.nullable(), after: fields.nullable() }),
  }),
  'POST /api/operations/:operation/undo': route({
    summary: 'Undo one write: a plan that waits for its approval, or at once with `apply: true`.',
    access: ACTING,
    params: z.object({ operation: id }),
    body: z.strictObject({ apply: z.boolean().default(false) }),
    answer: runView,
    status: 201,
  }),
} as const
