import { z } from 'zod'
import { ACTING, channel, EVERYONE, id, instant, json, listOf, paging, route, side } from './contract.ts'

/** The inbox of what a rule decided against somebody, or what a person must decide. */
const value = z.object({
  value: json,
  text: z.string().nullable(),
  by: z.string().nullable(),
  at: instant.nullable(),
})

export const conflictView = z.object({
  id,
  mailbox: id,
  address: z.string(),
  channel,
  record: id,
  run: id,
  kind: z.enum(['edit', 'delete', 'drift', 'match', 'read-only', 'limit']),
  group: z.string(),
  /** "Title", "Time", "Time of 3 March 2026". */
  label: z.string(),
  title: z.string(),
  base: value,
  crm: value,
  mailboxValue: value,
  rule: z.string(),
  /** The rule's sentence. */
  why: z.string(),
  /** What the engine chose, or would choose. */
  verdict: side.or(z.literal('none')),
  state: z.enum(['open', 'decided', 'answered', 'restored']),
  answer: json,
  at: instant,
  answeredBy: z.string().nullable(),
  answeredAt: instant.nullable(),
  /** What may be answered here. */
  choices: z.array(z.enum(['crm', 'mailbox', 'engine', 'value'])),
  /** The field whose answer can be remembered, in words ("Place"); null: this answer stands for itself. */
  remembers: z.string().nullable(),
})

const choice = z.discriminatedUnion('take', [
  z.strictObject({ take: z.literal('crm') }),
  z.strictObject({ take: z.literal('mailbox') }),
  /** Back to the engine's choice. */
  z.strictObject({ take: z.literal('engine') }),
  /** A value of one's own for both sides. */
  z.strictObject({ take: z.literal('value'), value: json }),
])
const conflictParams = z.object({ conflict: id })
const state = z.enum(['open', 'decided', 'answered', 'restored'])
const kind = conflictView.shape.kind

export const conflictsApi = {
  'GET /api/conflicts': route({
    summary: 'Conflicts and holds. Users see those of their own mailboxes.',
    access: EVERYONE,
    query: paging('-at', 'title').extend({
      mailbox: id.optional(),
      channel: channel.optional(),
      state: state.optional(),
      kind: kind.optional(),
      record: id.optional(),
      group: z.string().max(100).optional(),
    }),
    answer: listOf(conflictView).extend({ open: z.number().int() }),
  }),
  'GET /api/conflicts/:conflict': route({
    summary: 'One conflict, with the others of the same item.',
    access: EVERYONE,
    params: conflictParams,
    answer: z.object({ conflict: conflictView, sameItem: z.array(conflictView) }),
  }),
  'POST /api/conflicts/:conflict/answer': route({
    summary: 'Decide one conflict, or its whole item. It is carried out by a run of its own, guarded.',
    access: ACTING,
    params: conflictParams,
    body: z.strictObject({
      choice,
      wholeItem: z.boolean().default(false),
      /** That side wins the field from now on in this mailbox's channel (a setting of its user): crm or mailbox only. */
      remember: z.boolean().default(false),
    }),
    answer: z.object({ conflicts: z.array(conflictView), run: id.nullable() }),
    status: 202,
  }),
  'POST /api/conflicts/answer': route({
    summary: 'Decide many alike: those named, or all open ones that fit.',
    access: ACTING,
    body: z.strictObject({
      choice,
      conflicts: z.array(id).max(10_000).exactOptional(),
      all: z
        .strictObject({
          mailbox: id.exactOptional(),
          channel: channel.exactOptional(),
          kind: kind.exactOptional(),
          group: z.string().max(100).exactOptional(),
        })
        .exactOptional(),
    }),
    answer: z.object({ answered: z.number().int(), runs: z.array(id) }),
    status: 202,
  }),
  'POST /api/conflicts/:conflict/restore': route({
    summary: 'Bring the value that lost back, on both sides.',
    access: ACTING,
    params: conflictParams,
    answer: z.object({ conflict: conflictView, run: id.nullable() }),
    status: 202,
  }),
} as const
