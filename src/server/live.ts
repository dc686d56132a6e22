import type { FastifyReply } from 'fastify'
import type { LiveEvent } from './api/live.ts'
import type { Caller } from './mount.ts'

/** Whom an event concerns: only they hear of it. */
export interface Audience {
  /** A mailbox's owner, or the owner of a calendar or list; null: administrators and auditors only. */
  readonly user: string | null
  readonly organization: string | null
}

/** How many events are kept for browsers that come back after a short break. */
const KEPT_MAX = 500
const HEARTBEAT_MS = 20_000
const STREAMS_PER_USER_MAX = 20

export interface Live {
  tell(event: LiveEvent, audience: Audience): void
  /** Keeps the reply open and writes events into it until the browser goes or the server stops. */
  follow(reply: FastifyReply, caller: Caller, lastEventId: string | null): void
  /** Ends all streams. */
  close(): void
  /** How many browsers listen. */
  readonly listening: number
}

export function makeLive(): Live {
  let last = 0
  const kept: { readonly id: number; readonly event: LiveEvent; readonly audience: Audience }[] = []
  const streams = new Map<FastifyReply, Caller>()
  const heartbeat = setInterval(() => {
    for (const reply of streams.keys()) reply.raw.write(': still here\n\n')
  }, HEARTBEAT_MS)
  heartbeat.unref()

  const write = (reply: FastifyReply, id: number, event: LiveEvent): void => {
    reply.raw.write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`)
  }

  return {
    get listening() {
      return streams.size
    },
    tell(event, audience) {
      last += 1
      kept.push({ id: last, event, audience })
      if (kept.length > KEPT_MAX) kept.shift()
      for (const [reply, caller] of streams) if (concerns(audience, caller)) write(reply, last, event)
    },
    follow(reply, caller, lastEventId) {
      const mine = [...streams].filter(([, other]) => other.user === caller.user)
      for (const [oldest] of mine.slice(0, Math.max(0, mine.length - STREAMS_PER_USER_MAX + 1)))
        oldest.raw.end()
      reply.hijack()
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Proxies that gather what they pass on would hold events back.
        'x-accel-buffering': 'no',
      })
      reply.raw.write('retry: 2000\n\n')
      const seen = Number(lastEventId)
      if (lastEventId !== null && Number.isInteger(seen)) {
        const first = kept[0]?.id ?? last + 1
        if (seen > last || seen < first - 1) write(reply, last, { type: 'refresh' })
        else
          for (const { id, event, audience } of kept)
            if (id > seen && concerns(audience, caller)) write(reply, id, event)
      }
      streams.set(reply, caller)
      reply.raw.on('close', () => streams.delete(reply))
    },
    close() {
      clearInterval(heartbeat)
      for (const reply of streams.keys()) reply.raw.end()
      streams.clear()
    },
  }
}

const concerns = (audience: Audience, caller: Caller): boolean =>
  caller.role !== 'user' ||
  audience.user === caller.user ||
  (audience.user === null && audience.organization === caller.organization)
