import { z } from 'zod'
import {
  ACTING,
  ADMINISTRATOR,
  EVERYONE,
  id,
  instant,
  listOf,
  nothing,
  paging,
  ROLES,
  route,
} from './contract.ts'
import { emailAddress } from './item-schemas.ts'
import { recordKind } from './records.ts'

/** System mailboxes: nobody's own, read by those who are named, and what is made of the mail that arrives there. */
const label = z.string().trim().min(1).max(100)
const tags = z.array(z.string().trim().min(1).max(100)).max(20)
export const caseStatus = z.enum(['open', 'in-progress', 'resolved', 'closed'])
export const casePriority = z.enum(['low', 'normal', 'high'])
export const processing = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('nothing') }),
  z.strictObject({ do: z.literal('lead'), owner: id, source: z.string().trim().min(1).max(255) }),
  z.strictObject({
    do: z.literal('case'),
    owner: id,
    assignee: id.nullable(),
    status: caseStatus,
    priority: casePriority,
    tags,
  }),
])

export const systemMailbox = z.object({
  mailbox: id,
  label: z.string(),
  address: z.string(),
  state: z.enum(['connected', 'needs-person', 'disconnected']),
  trouble: z.string().nullable(),
  access: z.enum(['application', 'own-sign-in']),
  processing,
  allowedUsers: z.array(z.object({ id, name: z.string() })),
  allowedRoles: z.array(z.enum(ROLES)),
  /** Chosen folders; null: the inbox and what was sent. */
  folders: z.array(id).nullable(),
  /** Mail that arrived before is never processed. */
  since: instant.nullable(),
  provenAt: instant.nullable(),
  firstSyncDone: z.boolean(),
  rules: z.number().int(),
  /** Messages that wait for the mailroom, and for a person. */
  waiting: z.number().int(),
  review: z.number().int(),
  made: z.number().int(),
  /** Whether the caller may change it. */
  mayChange: z.boolean(),
})

export const mailboxFolder = z.object({
  id,
  name: z.string(),
  parent: id.nullable(),
  wellKnown: z.string().nullable(),
  selected: z.boolean(),
  total: z.number().int().nullable(),
  unread: z.number().int().nullable(),
  trouble: z.string().nullable(),
})

export const mailroomEntry = z.object({
  id,
  mailbox: id,
  label: z.string(),
  message: id,
  subject: z.string(),
  sender: z.string(),
  at: instant,
  outcome: z.enum(['lead', 'case', 'nothing', 'review']),
  reason: z.string(),
  /** What was made of it. */
  made: z.object({ kind: recordKind, id, title: z.string() }).nullable(),
  response: z.enum(['queued', 'none']).nullable(),
  responseReason: z.string().nullable(),
  by: z.string().nullable(),
  undoneAt: instant.nullable(),
})

const params = z.object({ mailbox: id })

export const systemMailboxesApi = {
  'GET /api/system-mailboxes': route({
    summary: 'System mailboxes: administrators see all of the organization, others those that they may read.',
    access: EVERYONE,
    answer: z.object({ items: z.array(systemMailbox) }),
  }),
  'POST /api/system-mailboxes': route({
    summary: 'Set a system mailbox up through application access: a shared mailbox, or that of a user.',
    access: ADMINISTRATOR,
    body: z.strictObject({ label, address: emailAddress }),
    answer: systemMailbox,
    status: 201,
  }),
  'POST /api/system-mailboxes/connect': route({
    summary:
      'Set one up with a sign-in of its own, or of somebody who may open it: the address at Microsoft to open in a popup.',
    access: ADMINISTRATOR,
    body: z.strictObject({ label, address: emailAddress }),
    answer: z.object({ url: z.string() }),
  }),
  'GET /api/system-mailboxes/:mailbox': route({
    summary: 'One system mailbox.',
    access: EVERYONE,
    params,
    answer: systemMailbox,
  }),
  'PATCH /api/system-mailboxes/:mailbox': route({
    summary:
      'Change its label, processing, access or folders. Mail that arrived before processing was switched on is left alone.',
    access: ADMINISTRATOR,
    params,
    body: z.strictObject({
      label: label.exactOptional(),
      processing: processing.exactOptional(),
      allowedUsers: z.array(id).max(1_000).exactOptional(),
      allowedRoles: z.array(z.enum(ROLES)).exactOptional(),
      folders: z.array(id).min(1).max(1_000).nullable().exactOptional(),
    }),
    answer: systemMailbox,
  }),
  'DELETE /api/system-mailboxes/:mailbox': route({
    summary: 'Disconnect it. What it brought stays; nothing is deleted at Microsoft.',
    access: ADMINISTRATOR,
    params,
    answer: nothing,
    status: 204,
  }),
  'GET /api/system-mailboxes/:mailbox/folders': route({
    summary: 'Its folders as a tree; the inbox first.',
    access: ADMINISTRATOR,
    params,
    answer: z.object({ items: z.array(mailboxFolder) }),
  }),
  'POST /api/system-mailboxes/:mailbox/folders/refresh': route({
    summary: 'Ask Microsoft for the present folders.',
    access: ADMINISTRATOR,
    params,
    answer: z.object({ items: z.array(mailboxFolder) }),
  }),
  'GET /api/mailroom/log': route({
    summary: 'What was made of each message of the system mailboxes that I may read, and why; newest first.',
    access: EVERYONE,
    query: paging('-at').extend({
      mailbox: id.optional(),
      outcome: z.enum(['lead', 'case', 'nothing', 'review']).optional(),
    }),
    answer: listOf(mailroomEntry),
  }),
  'POST /api/mailroom/log/:entry/undo': route({
    summary: 'Take back the lead or case that was made. Refused when somebody worked on it since.',
    access: ACTING,
    params: z.object({ entry: id }),
    answer: nothing,
    status: 204,
  }),
  'GET /api/mailroom/senders': route({
    summary: 'Senders of whose mail nothing is made: a person said so.',
    access: EVERYONE,
    query: z.object({ mailbox: id }),
    answer: z.object({ items: z.array(z.object({ sender: z.string(), at: instant, by: z.string() })) }),
  }),
  'POST /api/mailroom/senders/allow': route({
    summary: 'Let mail of this sender be processed again.',
    access: ACTING,
    body: z.strictObject({ mailbox: id, sender: z.string().min(1).max(320) }),
    answer: nothing,
    status: 204,
  }),
  'GET /api/linking': route({
    summary: 'How far linking of messages and events to records is behind.',
    access: EVERYONE,
    answer: z.object({
      behind: z.number().int(),
      /** Older items are looked through for an address that became known later. */
      looksBack: z.boolean(),
      at: instant.nullable(),
    }),
  }),
} as const
