import { z } from 'zod'
import { ACTING, channel, EVERYONE, id, instant, listOf, OVERSIGHT, paging, route, side } from './contract.ts'
import { conflictView } from './conflicts.ts'
import { operationDo, operationState, operationView, runView } from './runs.ts'

/** Every write with its cause, rule, before and after; tamper-evident. */
const filters = {
  mailbox: id.optional(),
  channel: channel.optional(),
  side: side.optional(),
  do: operationDo.optional(),
  state: operationState.optional(),
  rule: z.string().max(20).optional(),
  run: id.optional(),
  record: id.optional(),
  from: instant.optional(),
  to: instant.optional(),
}

export const historyApi = {
  'GET /api/history': route({
    summary: 'Writes, newest first. Users see those of their own mailboxes.',
    access: EVERYONE,
    query: paging('-createdAt', 'title').extend(filters),
    answer: listOf(operationView),
  }),
  'GET /api/history/export': route({
    summary: 'The same as a file, CSV or JSON lines, all pages.',
    access: EVERYONE,
    query: z.object({ ...filters, q: z.string().max(200).optional(), format: z.enum(['csv', 'json']) }),
    answer: z.string(),
    file: 'text/csv, application/x-ndjson',
  }),
  'GET /api/history/verify': route({
    summary:
      'Recompute the hash chain over all entries: says whether anything was changed or taken away since.',
    access: OVERSIGHT,
    answer: z.object({
      ok: z.boolean(),
      entries: z.number().int(),
      /** The chain's last hash: write it down elsewhere to prove more. */
      head: z.string().nullable(),
      /** The first entry that does not fit. */
      brokenAt: z.object({ entry: z.string(), at: instant, problem: z.string() }).nullable(),
      seconds: z.number(),
    }),
  }),
  'GET /api/why/:record': route({
    summary: 'Why an item is as it is: its link, its writes and its conflicts, newest first, in sentences.',
    access: EVERYONE,
    params: z.object({ record: id }),
    answer: z.object({
      record: id,
      title: z.string(),
      sentences: z.array(z.string()),
      link: z
        .object({
          mailbox: id,
          address: z.string(),
          channel,
          collection: z.string(),
          state: z.enum(['linked', 'out-of-scope', 'parked', 'deleted']),
          item: id.nullable(),
          updatedAt: instant,
        })
        .nullable(),
      operations: z.array(operationView),
      conflicts: z.array(conflictView),
    }),
  }),
  'POST /api/items/:record/undo': route({
    summary: 'Plan to bring an item back, on both sides, to what it was before its last write.',
    access: ACTING,
    params: z.object({ record: id }),
    body: z.strictObject({ apply: z.boolean().default(false) }),
    answer: runView,
    status: 201,
  }),
} as const
