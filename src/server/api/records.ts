import { z } from 'zod'
import { ACTING, EVERYONE, fields, id, instant, listOf, nothing, paging, route, version } from './contract.ts'
import { syncMark } from './item-schemas.ts'

/** Contacts, accounts, leads, cases: one table of fields gives forms, tables, imports and checks. */
export const recordKind = z.enum(['contact', 'account', 'lead', 'case'])

export const recordField = z.object({
  name: z.string(),
  label: z.string(),
  type: z.enum(['text', 'long-text', 'email', 'phone', 'url', 'date', 'number', 'choice', 'link', 'tags']),
  required: z.boolean(),
  /** The value is a list of such texts (email addresses, tags). */
  list: z.boolean(),
  maxLength: z.number().int().nullable(),
  options: z.array(z.object({ value: z.string(), label: z.string() })),
  /** For `link`: the kind it points at. */
  to: recordKind.nullable(),
  /** Shown in tables unless the person chose otherwise. */
  inTable: z.boolean(),
})

export const recordView = z.object({
  id,
  kind: recordKind,
  title: z.string(),
  subtitle: z.string().nullable(),
  fields,
  /** Titles of the records that `link` fields point at, by id. */
  linked: z.record(z.string(), z.string()),
  owner: z.object({ id, name: z.string() }).nullable(),
  version,
  createdAt: instant,
  modifiedAt: instant,
})

export const timelineEntry = z.object({
  kind: z.enum(['event', 'task', 'message', 'note', 'change']),
  id,
  at: instant,
  title: z.string(),
  detail: z.string().nullable(),
  /** Of a mail its sender, else whose it is. */
  who: z.string().nullable(),
  /** How it came here. */
  how: z.enum(['address', 'domain', 'thread', 'hand', 'conversion']),
  /** Whether the caller may take it out. */
  mayUnlink: z.boolean(),
  /** Mails of one conversation that this line stands for; 1 when they are not threaded. */
  messages: z.number().int(),
  sync: syncMark.nullable(),
  /** Where in the back-office it opens. */
  href: z.string().nullable(),
})

const kindParams = z.object({ kind: recordKind })
const recordParams = z.object({ kind: recordKind, id })

export const recordsApi = {
  'GET /api/record-kinds': route({
    summary: 'The kinds of records with their fields.',
    access: EVERYONE,
    answer: z.object({
      items: z.array(
        z.object({
          kind: recordKind,
          label: z.string(),
          plural: z.string(),
          fields: z.array(recordField),
        }),
      ),
    }),
  }),
  'GET /api/records/:kind': route({
    summary: 'Records of one kind, of my organization.',
    access: EVERYONE,
    params: kindParams,
    query: paging('title', 'modifiedAt', 'createdAt').extend({
      owner: id.optional(),
      account: id.optional(),
    }),
    answer: listOf(recordView),
  }),
  'POST /api/records/:kind': route({
    summary: 'Make a record. The answer to a wrong field names the field.',
    access: ACTING,
    params: kindParams,
    body: z.strictObject({ fields, owner: id.nullable().exactOptional() }),
    answer: recordView,
    status: 201,
  }),
  'GET /api/records/:kind/:id': route({
    summary: 'One record.',
    access: EVERYONE,
    params: recordParams,
    answer: recordView,
  }),
  'PATCH /api/records/:kind/:id': route({
    summary: 'Change fields of a record.',
    access: ACTING,
    params: recordParams,
    body: z.strictObject({ version, fields, owner: id.nullable().exactOptional() }),
    answer: recordView,
  }),
  'DELETE /api/records/:kind/:id': route({
    summary: 'Delete a record; its events, tasks and mails stay.',
    access: ACTING,
    params: recordParams,
    answer: nothing,
    status: 204,
  }),
  'GET /api/records/:kind/:id/timeline': route({
    summary: 'Events, tasks and mails of a record on one line of time, newest first.',
    access: EVERYONE,
    params: recordParams,
    query: paging('-at').extend({ only: z.enum(['event', 'task', 'message']).optional() }),
    answer: listOf(timelineEntry),
  }),
  'POST /api/records/:kind/:id/items': route({
    summary: 'Say that an event, task or message belongs to this record; so does its thread.',
    access: ACTING,
    params: recordParams,
    body: z.strictObject({ item: id }),
    answer: nothing,
    status: 204,
  }),
  'DELETE /api/records/:kind/:id/items/:item': route({
    summary: 'Say that it does not; it will not be linked by itself again.',
    access: ACTING,
    params: recordParams.extend({ item: id }),
    answer: nothing,
    status: 204,
  }),
  'POST /api/records/:kind/import': route({
    summary:
      'Read a CSV file (first line: names of fields) or vCards. `preview` changes nothing and shows the mapping.',
    access: ACTING,
    params: kindParams,
    body: z.strictObject({
      format: z.enum(['csv', 'vcard']),
      content: z.string().min(1).max(10_000_000),
      /** CSV: column → field; left out: by name. */
      mapping: z.record(z.string(), z.string()).exactOptional(),
      preview: z.boolean().default(false),
    }),
    answer: z.object({
      created: z.number().int(),
      updated: z.number().int(),
      unchanged: z.number().int(),
      mapping: z.record(z.string(), z.string()),
      problems: z.array(z.object({ what: z.string(), problem: z.string() })),
      sample: z.array(fields),
    }),
  }),
  'GET /api/records/:kind/export': route({
    summary: 'All records of a kind as CSV; contacts as vCards too.',
    access: EVERYONE,
    params: kindParams,
    query: z.object({ format: z.enum(['csv', 'vcard']).default('csv'), q: z.string().max(200).optional() }),
    answer: z.string(),
    file: 'text/csv, text/vcard',
  }),
  'GET /api/search': route({
    summary: 'The command palette: records, events, tasks, mailboxes and people that fit a few letters.',
    access: EVERYONE,
    query: z.object({
      q: z.string().trim().min(1).max(200),
      size: z.coerce.number().int().min(1).max(50).default(20),
    }),
    answer: z.object({
      items: z.array(
        z.object({
          kind: z.enum(['contact', 'account', 'lead', 'case', 'event', 'task', 'message', 'mailbox', 'user']),
          id,
          title: z.string(),
          detail: z.string().nullable(),
        }),
      ),
    }),
  }),
} as const
