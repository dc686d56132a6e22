import type { Channel } from '../core/item.ts'
import { channelViews } from '../server/channel-views.ts'
import type { Live } from '../server/live.ts'
import type { Caller } from '../server/mount.ts'
import { RUNS, runViews, type RunRecord } from '../server/sync-views.ts'
import type { Webhooks } from '../server/webhooks.ts'
import type { Database } from '../store/database.ts'
import type { WriteBatch } from '../store/sync-store.ts'

/** Tells open pages and webhooks what the sync wrote. Bursts are gathered: a first sync writes many pages a second. */
export interface News {
  readonly note: (batches: readonly WriteBatch[]) => void
  /** The channels of a mailbox look different, and nothing was written by a pass. */
  readonly noteMailbox: (mailbox: string) => void
  /** Tells what was gathered and no more. */
  readonly close: () => Promise<void>
}

const GATHER_MS = 250
/** More records than this are told as "many". */
const IDS_MAX = 100
const EVERYTHING: Caller = {
  user: '',
  organization: '',
  role: 'administrator',
  name: '',
  email: '',
  zone: 'UTC',
  session: null,
}

interface Gathered {
  readonly mailboxes: Set<string>
  readonly changedMailboxes: Set<string>
  readonly runs: Set<string>
  readonly conflicts: Map<string, { readonly mailbox: string; readonly channel: Channel }>
  readonly records: Map<string, { readonly kind: 'event' | 'task' | 'message'; readonly ids: string[] }>
}
const nothing = (): Gathered => ({
  mailboxes: new Set(),
  changedMailboxes: new Set(),
  runs: new Set(),
  conflicts: new Map(),
  records: new Map(),
})

export function makeNews(parts: {
  readonly database: Database
  readonly live: Live
  readonly webhooks: Webhooks
  readonly now: () => number
  readonly trouble: (error: unknown) => void
}): News {
  const { database, live, webhooks } = parts
  let gathered = nothing()
  let timer: NodeJS.Timeout | null = null
  let telling: Promise<void> = Promise.resolve()
  let closed = false

  async function tell(what: Gathered): Promise<void> {
    const mailboxes = [...what.mailboxes]
    const owners = await database.query<{
      id: string
      user: string | null
      organization: string
      state: string
      address: string
    }>('select id, "user", organization, state, address from mailboxes where id = any($1)', [mailboxes])
    const audienceOf = (mailbox: string) => {
      const owner = owners.find((one) => one.id === mailbox)
      return { user: owner?.user ?? null, organization: null }
    }
    for (const { address: _, ...channel } of await channelViews(database, EVERYTHING, parts.now(), mailboxes))
      live.tell({ type: 'channel', channel }, audienceOf(channel.mailbox))
    for (const mailbox of what.changedMailboxes) {
      live.tell({ type: 'mailbox', mailbox }, audienceOf(mailbox))
      const owner = owners.find((one) => one.id === mailbox)
      if (owner?.state === 'needs-person')
        webhooks.tell('mailbox.needs-person', owner.organization, { mailbox, address: owner.address })
    }
    if (what.runs.size > 0) {
      const rows = await database.query<RunRecord>(`${RUNS} where r.id = any($1)`, [[...what.runs]])
      for (const run of await runViews(database, rows)) {
        live.tell({ type: 'run', run }, audienceOf(run.mailbox))
        const organization = owners.find((one) => one.id === run.mailbox)?.organization
        if (organization === undefined || run.finishedAt === null) continue
        webhooks.tell(run.state === 'held' ? 'run.held' : 'run.finished', organization, {
          run: run.id,
          mailbox: run.address,
          channel: run.channel,
          state: run.state,
          counts: run.counts,
        })
      }
    }
    for (const { mailbox, channel } of what.conflicts.values()) {
      const [row] = await database.query<{ n: number }>(
        `select count(*) as n from conflicts where mailbox = $1 and channel = $2 and state = 'open'`,
        [mailbox, channel],
      )
      const open = row?.n ?? 0
      live.tell({ type: 'conflicts', mailbox, channel, open }, audienceOf(mailbox))
      const organization = owners.find((one) => one.id === mailbox)?.organization
      if (open > 0 && organization !== undefined)
        webhooks.tell('conflict.opened', organization, { mailbox, channel, open })
    }
    const containers = await database.query<{
      id: string
      owner: string | null
      organization: string | null
    }>('select id, owner, organization from containers where id = any($1)', [[...what.records.keys()]])
    for (const { id, owner, organization } of containers) {
      const found = what.records.get(id)
      if (found === undefined) continue
      live.tell(
        {
          type: 'records',
          kind: found.kind,
          container: id,
          ids: found.ids.length > IDS_MAX ? null : found.ids,
        },
        { user: owner, organization },
      )
    }
  }

  const flush = (): void => {
    timer = null
    const what = gathered
    gathered = nothing()
    telling = telling.then(() => tell(what)).catch(parts.trouble)
  }

  return {
    noteMailbox: (mailbox) => {
      if (closed) return
      gathered.mailboxes.add(mailbox)
      timer ??= setTimeout(flush, GATHER_MS)
    },
    note: (batches) => {
      if (closed) return
      for (const batch of batches) {
        for (const row of batch.channels ?? []) gathered.mailboxes.add(row.mailbox)
        for (const row of batch.mailboxes ?? []) {
          gathered.mailboxes.add(row.id)
          gathered.changedMailboxes.add(row.id)
        }
        for (const row of batch.runs ?? []) {
          gathered.runs.add(row.id)
          gathered.mailboxes.add(row.mailbox)
        }
        for (const row of batch.conflicts ?? []) {
          gathered.conflicts.set(`${row.mailbox} ${row.channel}`, {
            mailbox: row.mailbox,
            channel: row.channel,
          })
          gathered.mailboxes.add(row.mailbox)
        }
        for (const row of batch.records ?? []) {
          if (row.do !== 'create' && row.do !== 'update') continue
          const found = gathered.records.get(row.container) ?? { kind: row.kind, ids: [] }
          found.ids.push(row.id)
          gathered.records.set(row.container, found)
        }
      }
      timer ??= setTimeout(flush, GATHER_MS)
    },
    close: async () => {
      closed = true
      if (timer !== null) {
        clearTimeout(timer)
        flush()
      }
      await telling
    },
  }
}
