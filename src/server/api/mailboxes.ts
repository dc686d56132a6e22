import { z } from 'zod'
import {
  ACTING,
  ADMINISTRATOR,
  channel,
  EVERYONE,
  id,
  instant,
  listOf,
  nothing,
  paging,
  plainDate,
  route,
} from './contract.ts'
import { emailAddress } from './item-schemas.ts'

/** Mailboxes with their channels, connecting them, and the sync overview. A user sees their own, others see all. */
export const progress = z.object({
  phase: z.enum(['pull', 'reconcile', 'push', 'finish']),
  done: z.number().int(),
  /** Null while nobody knows. */
  total: z.number().int().nullable(),
  itemsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
})

export const channelView = z.object({
  mailbox: id,
  channel,
  /** "Calendar", "Tasks", "Email". */
  label: z.string(),
  enabled: z.boolean(),
  /** Why it is not enabled, and who can change that; null when it is. */
  disabledBecause: z.string().nullable(),
  paused: z.string().nullable(),
  state: z.enum(['idle', 'running', 'waiting', 'held', 'failed']),
  /** The one word and colour of the screen: proven in sync, working, waits or late, needs a person, held, off. */
  health: z.enum(['proven', 'working', 'late', 'needs-person', 'held', 'paused', 'off']),
  /** In plain words what is, what was kept, what to do. */
  message: z.string().nullable(),
  lastStartedAt: instant.nullable(),
  lastFinishedAt: instant.nullable(),
  nextAt: instant.nullable(),
  provenAt: instant.nullable(),
  /** Seconds since it was proven in sync. */
  lagSeconds: z.number().nullable(),
  throttledUntil: instant.nullable(),
  firstSyncDone: z.boolean(),
  progress: progress.nullable(),
  /** Waiting to be written, held for a person, open conflicts, parked items, linked pairs. */
  counts: z.object({
    waiting: z.number().int(),
    held: z.number().int(),
    conflicts: z.number().int(),
    parked: z.number().int(),
    linked: z.number().int(),
  }),
  direction: z.enum(['crm-to-mailbox', 'mailbox-to-crm', 'both']),
  intervalMinutes: z.number().int(),
})

export const collectionView = z.object({
  id,
  mailbox: id,
  channel,
  name: z.string(),
  isDefault: z.boolean(),
  canWrite: z.boolean(),
  /** The CRM's calendar or list that mirrors it. */
  container: id,
  selected: z.boolean(),
  parent: id.nullable(),
  color: z.string().nullable(),
  linked: z.number().int(),
  total: z.number().int().nullable(),
  unread: z.number().int().nullable(),
  window: z.object({ from: plainDate, to: plainDate }).nullable(),
  trouble: z.string().nullable(),
})

export const mailboxView = z.object({
  id,
  kind: z.enum(['user', 'shared']),
  address: z.string(),
  displayName: z.string(),
  user: z.object({ id, name: z.string() }).nullable(),
  organization: id,
  zone: z.string(),
  access: z.enum(['delegated', 'application']),
  state: z.enum(['connected', 'needs-person', 'disconnected']),
  trouble: z.string().nullable(),
  /** Where new events and tasks of the CRM go. */
  targets: z.array(z.object({ channel, name: z.string() })),
  channels: z.array(channelView),
})

const mailboxParams = z.object({ mailbox: id })
const channelParams = z.object({ mailbox: id, channel })

export const mailboxesApi = {
  'GET /api/mailboxes': route({
    summary: 'Mailboxes with their channels.',
    access: EVERYONE,
    query: paging('address', 'provenAt').extend({
      state: z.enum(['connected', 'needs-person', 'disconnected']).optional(),
      user: id.optional(),
    }),
    answer: listOf(mailboxView),
  }),
  'GET /api/mailboxes/:mailbox': route({
    summary: 'One mailbox with its channels.',
    access: EVERYONE,
    params: mailboxParams,
    answer: mailboxView,
  }),
  'POST /api/mailboxes': route({
    summary: 'Add a mailbox through application access: a user’s or a shared one, by its address.',
    access: ADMINISTRATOR,
    body: z.strictObject({
      address: emailAddress,
      kind: z.enum(['user', 'shared']).default('user'),
      /** Whose it is; left out: the user with the same address. */
      user: id.exactOptional(),
    }),
    answer: mailboxView,
    status: 201,
  }),
  'POST /api/connect': route({
    summary:
      'Begin to connect my Microsoft account, or reconnect one: open the answered address in a popup. The popup posts `{ source: "syncline", ok, message, mailbox }` to its opener and closes.',
    access: ACTING,
    body: z.strictObject({ mailbox: id.exactOptional(), loginHint: emailAddress.exactOptional() }),
    answer: z.object({ url: z.string() }),
  }),
  'POST /api/mailboxes/:mailbox/check': route({
    summary: 'Check the connection: asks Microsoft who this is and whether each channel may be read.',
    access: ACTING,
    params: mailboxParams,
    answer: z.object({
      ok: z.boolean(),
      message: z.string(),
      account: z.string().nullable(),
      checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
    }),
  }),
  'POST /api/mailboxes/:mailbox/disconnect': route({
    summary:
      'Disconnect. `keep`: records, links and cursors stay for a reconnect. `remove`: what came from it goes.',
    access: ACTING,
    params: mailboxParams,
    body: z.strictObject({ data: z.enum(['keep', 'remove']) }),
    answer: mailboxView.nullable(),
  }),
  'GET /api/mailboxes/:mailbox/collections': route({
    summary: 'Calendars, task lists and folders of the mailbox, and which take part.',
    access: EVERYONE,
    params: mailboxParams,
    query: z.object({ channel: channel.optional() }),
    answer: z.object({ items: z.array(collectionView) }),
  }),
  'POST /api/mailboxes/:mailbox/collections/refresh': route({
    summary: 'Ask Microsoft for the present calendars, lists and folders.',
    access: ACTING,
    params: mailboxParams,
    answer: z.object({ items: z.array(collectionView) }),
  }),
  'GET /api/mailboxes/:mailbox/seen-by-others': route({
    summary: 'What others see of my private events: each with what is stored of it here.',
    access: ACTING,
    params: mailboxParams,
    query: paging('start'),
    answer: listOf(
      z.object({
        id,
        title: z.string().describe('as others read it'),
        start: z.string(),
        end: z.string(),
        allDay: z.boolean(),
        treatment: z.enum(['busy', 'skip', 'full']),
      }),
    ),
  }),
  'POST /api/mailboxes/:mailbox/channels/:channel/sync': route({
    summary: 'Sync now: queues a run unless one is running, and says which.',
    access: ACTING,
    params: channelParams,
    answer: channelView,
    status: 202,
  }),
  'POST /api/mailboxes/:mailbox/channels/:channel/pause': route({
    summary: 'Stop syncing this channel until it is resumed; a run that is under way ends its present step.',
    access: ACTING,
    params: channelParams,
    body: z.strictObject({ reason: z.string().trim().max(300).default('') }),
    answer: channelView,
  }),
  'POST /api/mailboxes/:mailbox/channels/:channel/resume': route({
    summary: 'Sync this channel again, at once.',
    access: ACTING,
    params: channelParams,
    answer: channelView,
  }),
  'POST /api/sync': route({
    summary: 'Sync now: every channel that one may act on, or those named.',
    access: ACTING,
    body: z.strictObject({ mailbox: id.exactOptional(), channel: channel.exactOptional() }),
    answer: z.object({ queued: z.array(channelView) }),
    status: 202,
  }),
  'GET /api/status': route({
    summary: 'One row for each mailbox and channel, and the whole in a word: what `syncline status` prints.',
    access: EVERYONE,
    answer: z.object({
      health: z.enum(['proven', 'working', 'late', 'needs-person', 'held', 'paused', 'off']),
      mailboxes: z.number().int(),
      waiting: z.number().int(),
      held: z.number().int(),
      conflicts: z.number().int(),
      parked: z.number().int(),
      alerts: z.number().int(),
      queue: z.object({ running: z.number().int(), waiting: z.number().int() }),
      items: z.array(channelView.extend({ address: z.string() })),
    }),
  }),
  'GET /api/charts': route({
    summary: 'Lag and volume over time, in even steps, for drawing.',
    access: EVERYONE,
    query: z.object({
      mailbox: id.optional(),
      channel: channel.optional(),
      hours: z.coerce.number().int().min(1).max(720).default(24),
    }),
    answer: z.object({
      stepSeconds: z.number().int(),
      /** Instants, in milliseconds since 1970 (for the chart), with one value in each series. */
      at: z.array(z.number()),
      lagSeconds: z.array(z.number().nullable()),
      toCrm: z.array(z.number().int()),
      toMailbox: z.array(z.number().int()),
      failed: z.array(z.number().int()),
    }),
  }),
  'GET /api/parked': route({
    summary:
      'Items that are left out because they fail for ever, each with its reason and a fix if one is known.',
    access: EVERYONE,
    query: paging('at').extend({ mailbox: id.optional(), channel: channel.optional() }),
    answer: listOf(
      z.object({
        mailbox: id,
        channel,
        side: z.enum(['crm', 'mailbox']),
        key: id,
        title: z.string(),
        reason: z.string(),
        fix: z.string().nullable(),
        tries: z.number().int(),
        at: instant,
      }),
    ),
  }),
  'POST /api/parked/retry': route({
    summary: 'Try a parked item again in the next run.',
    access: ACTING,
    body: z.strictObject({ mailbox: id, side: z.enum(['crm', 'mailbox']), key: id }),
    answer: nothing,
    status: 204,
  }),
} as const
