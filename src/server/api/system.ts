import { z } from 'zod'
import {
  ADMINISTRATOR,
  EVERYONE,
  id,
  instant,
  listOf,
  nothing,
  OVERSIGHT,
  paging,
  route,
} from './contract.ts'
import { newPassword, role } from './auth.ts'
import { emailAddress, knownZone } from './item-schemas.ts'

/** Users, organizations, roles, alerts, system information, outgoing webhooks. */
export const userView = z.object({
  id,
  email: z.string(),
  name: z.string(),
  role,
  organization: z.object({ id, name: z.string() }),
  zone: z.string(),
  active: z.boolean(),
  lockedUntil: instant.nullable(),
  lastSignInAt: instant.nullable(),
  mailboxes: z.array(z.object({ id, address: z.string(), state: z.string() })),
})

export const organizationView = z.object({
  id,
  name: z.string(),
  users: z.number().int(),
  mailboxes: z.number().int(),
})

export const alert = z.object({
  id,
  level: z.enum(['warning', 'failed']),
  /** What happened, what was kept. */
  message: z.string(),
  /** What to do, and who. */
  fix: z.string(),
  about: z.enum(['mailbox', 'application', 'secret', 'queue', 'database', 'webhook']),
  mailbox: id.nullable(),
  /** Where in the back-office it is put right. */
  href: z.string().nullable(),
  since: instant,
})

export const webhookView = z.object({
  id,
  url: z.string(),
  events: z.array(z.string()),
  active: z.boolean(),
  lastStatus: z.string().nullable(),
  lastAt: instant.nullable(),
})
const webhookEvents = z
  .array(z.enum(['run.finished', 'run.held', 'conflict.opened', 'mailbox.needs-person', 'alert.raised']))
  .min(1)
const httpAddress = z.url({ protocol: /^https?$/ }).max(2_000)

export const systemApi = {
  'GET /api/users': route({
    summary: 'Users.',
    access: OVERSIGHT,
    query: paging('name', 'email', 'lastSignInAt').extend({
      role: role.optional(),
      organization: id.optional(),
    }),
    answer: listOf(userView),
  }),
  'POST /api/users': route({
    summary: 'Make a user. Without a password they sign in through Microsoft.',
    access: ADMINISTRATOR,
    body: z.strictObject({
      email: emailAddress,
      name: z.string().trim().min(1).max(200),
      role,
      organization: id.exactOptional(),
      zone: knownZone.default('UTC'),
      password: newPassword.exactOptional(),
    }),
    answer: userView,
    status: 201,
  }),
  'GET /api/users/:user': route({
    summary: 'One user.',
    access: OVERSIGHT,
    params: z.object({ user: id }),
    answer: userView,
  }),
  'PATCH /api/users/:user': route({
    summary: 'Change a user. The last administrator keeps that role.',
    access: ADMINISTRATOR,
    params: z.object({ user: id }),
    body: z.strictObject({
      name: z.string().trim().min(1).max(200).exactOptional(),
      role: role.exactOptional(),
      organization: id.exactOptional(),
      zone: knownZone.exactOptional(),
      active: z.boolean().exactOptional(),
      password: newPassword.exactOptional(),
      unlock: z.literal(true).exactOptional(),
    }),
    answer: userView,
  }),
  'POST /api/users/:user/sign-out': route({
    summary: 'End all sessions and API tokens of a user.',
    access: ADMINISTRATOR,
    params: z.object({ user: id }),
    answer: nothing,
    status: 204,
  }),
  'GET /api/people': route({
    summary: 'Names of the users of my organization, for choosing owners and attendees.',
    access: EVERYONE,
    query: z.object({ q: z.string().max(200).optional() }),
    answer: z.object({ items: z.array(z.object({ id, name: z.string(), email: z.string() })) }),
  }),
  'GET /api/organizations': route({
    summary: 'Organizations.',
    access: OVERSIGHT,
    answer: z.object({ items: z.array(organizationView) }),
  }),
  'POST /api/organizations': route({
    summary: 'Make an organization.',
    access: ADMINISTRATOR,
    body: z.strictObject({ name: z.string().trim().min(1).max(200) }),
    answer: organizationView,
    status: 201,
  }),
  'PATCH /api/organizations/:organization': route({
    summary: 'Rename an organization.',
    access: ADMINISTRATOR,
    params: z.object({ organization: id }),
    body: z.strictObject({ name: z.string().trim().min(1).max(200) }),
    answer: organizationView,
  }),
  'GET /api/roles': route({
    summary: 'The roles and what each may do, made from the same description that the server checks.',
    access: EVERYONE,
    answer: z.object({
      items: z.array(
        z.object({
          role,
          label: z.string(),
          summary: z.string(),
          may: z.array(z.object({ route: z.string(), summary: z.string() })),
        }),
      ),
    }),
  }),
  'GET /api/alerts': route({
    summary: 'What needs a person, worst first. Users see what concerns them.',
    access: EVERYONE,
    answer: z.object({ items: z.array(alert) }),
  }),
  'GET /api/system': route({
    summary: 'Version, database, queue, health.',
    access: OVERSIGHT,
    answer: z.object({
      version: z.string(),
      node: z.string(),
      startedAt: instant,
      database: z.object({
        kind: z.enum(['embedded', 'postgresql']),
        version: z.string(),
        schema: z.string(),
        bytes: z.number().nullable(),
        milliseconds: z.number(),
      }),
      queue: z.object({ running: z.number().int(), waiting: z.number().int(), failed: z.number().int() }),
      memoryBytes: z.number(),
      dataFolder: z.string(),
      microsoft: z.object({
        graph: z.string(),
        login: z.string(),
        clockOffsetMs: z.number().nullable(),
        emulator: z.string().nullable().describe('the address of its own page, with the demo'),
      }),
      secretExpiresOn: z.string().nullable(),
      secretDaysLeft: z.number().int().nullable(),
      counts: z.object({
        users: z.number().int(),
        mailboxes: z.number().int(),
        events: z.number().int(),
        tasks: z.number().int(),
        messages: z.number().int(),
        journal: z.number().int(),
      }),
    }),
  }),
  'GET /api/webhooks': route({
    summary: 'Outgoing webhooks.',
    access: ADMINISTRATOR,
    answer: z.object({ items: z.array(webhookView) }),
  }),
  'POST /api/webhooks': route({
    summary: 'Add an outgoing webhook. Its signing secret is shown in this answer and never again.',
    access: ADMINISTRATOR,
    body: z.strictObject({ url: httpAddress, events: webhookEvents }),
    answer: webhookView.extend({ secret: z.string() }),
    status: 201,
  }),
  'PATCH /api/webhooks/:webhook': route({
    summary: 'Change an outgoing webhook.',
    access: ADMINISTRATOR,
    params: z.object({ webhook: id }),
    body: z.strictObject({
      url: httpAddress.exactOptional(),
      events: webhookEvents.exactOptional(),
      active: z.boolean().exactOptional(),
    }),
    answer: webhookView,
  }),
  'DELETE /api/webhooks/:webhook': route({
    summary: 'Remove an outgoing webhook.',
    access: ADMINISTRATOR,
    params: z.object({ webhook: id }),
    answer: nothing,
    status: 204,
  }),
  'POST /api/webhooks/:webhook/test': route({
    summary: 'Send a test to an outgoing webhook and say what came back.',
    access: ADMINISTRATOR,
    params: z.object({ webhook: id }),
    answer: z.object({ ok: z.boolean(), message: z.string() }),
  }),
} as const
