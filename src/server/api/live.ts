import { z } from 'zod'
import { channel, EVERYONE, id, route } from './contract.ts'
import { channelView } from './mailboxes.ts'
import { runView } from './runs.ts'

/**
 * Server-sent events at `GET /api/events`: what changed, so that open pages follow without a reload. Each event's
 * `data` is one `LiveEvent` as JSON; `id` grows, and a reconnect with `Last-Event-ID` that is too old gets `refresh`.
 * One only hears of what one may see.
 */
export const liveEvent = z.discriminatedUnion('type', [
  /** Something was missed: ask for everything that is on the screen again. */
  z.object({ type: z.literal('refresh') }),
  z.object({ type: z.literal('channel'), channel: channelView }),
  z.object({ type: z.literal('run'), run: runView }),
  /** Records were written: by whom, where. Too many to name: `ids` is null. */
  z.object({
    type: z.literal('records'),
    kind: z.enum(['event', 'task', 'message']),
    container: id,
    ids: z.array(id).nullable(),
  }),
  z.object({ type: z.literal('conflicts'), mailbox: id, channel, open: z.number().int() }),
  z.object({ type: z.literal('alerts'), count: z.number().int() }),
  z.object({ type: z.literal('mailbox'), mailbox: id }),
  z.object({ type: z.literal('settings') }),
])
export type LiveEvent = z.output<typeof liveEvent>

export const liveApi = {
  'GET /api/events': route({
    summary: 'A stream of server-sent events: what changed, as it happens.',
    access: EVERYONE,
    answer: z.string(),
    file: 'text/event-stream',
  }),
} as const
