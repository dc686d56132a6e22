/**
 * The sync process of `npm run bench -- sync`: the real engine, Graph connector and store on a fresh data folder, told
 * what to do over IPC by bench/sync.ts, so that its peak memory is that of a sync process and of nothing else.
 */
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { resolveEndpoints, type Transport } from '../src/connectors/graph/environment.ts'
import { createNetworkTransport } from '../src/connectors/graph/transport.ts'
import { createGraphConnector } from '../src/connectors/graph/graph.ts'
import {
  asId,
  type CollectionId,
  type MailboxId,
  type OrganizationId,
  type RecordId,
  type UserId,
} from '../src/core/ids.ts'
import { type Channel, type Facts, type Fields, type Json, kindOf } from '../src/core/item.ts'
import { createEngine } from '../src/engine/engine.ts'
import { openEmbeddedDatabase, openServedDatabase, type Database } from '../src/store/database.ts'
import { newChannel } from '../src/store/memory-store.ts'
import { migrate } from '../src/store/migrate.ts'
import { createSqlStore } from '../src/store/sql-store.ts'

export interface Start {
  readonly folder: string
  readonly databaseUrl: string | null
  readonly microsoft: {
    readonly graph: string
    readonly login: string
    readonly control: string
    readonly tenantId: string
    readonly clientId: string
    readonly users: readonly { readonly id: string; readonly userPrincipalName: string }[]
  }
}
export type Ask =
  | { readonly do: 'start'; readonly start: Start }
  | { readonly do: 'pass'; readonly channel: Channel }
  | { readonly do: 'folders' }
  | { readonly do: 'create'; readonly count: number }
  | { readonly do: 'edit'; readonly channel: Channel; readonly count: number }
  | { readonly do: 'records'; readonly channel: Channel }
export interface Told {
  readonly seconds: number
  readonly requests: number
  readonly writes: number
  /** Rows that delta pages carried: what the lower bound of a first sync is computed from. */
  readonly rows: number
  readonly count: number
  /** Calendars, lists or folders that take part in the channel that passed: a round with nothing new asks each once. */
  readonly collections: number
  readonly peakRssBytes: number
  readonly message: string | null
}

const MAILBOX = asId<MailboxId>('bench')
const owner = asId<UserId>('bench-user')
let database: Database | null = null
let engine: ReturnType<typeof createEngine> | null = null
let store: ReturnType<typeof createSqlStore> | null = null
const counted = { requests: 0, writes: 0, rows: 0 }

let made = 0
/** As the product's: ids made later sort behind, so that indexes grow at their end. */
const orderedId = (): string =>
  `${Date.now().toString(16).padStart(12, '0')}${(++made).toString(16).padStart(8, '0')}${randomUUID().slice(0, 12)}`

process.on('disconnect', () => process.exit())
process.on('message', (ask: Ask) => {
  void answer(ask).then(
    (told) => process.send?.(told),
    (error: unknown) =>
      process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})

async function answer(ask: Ask): Promise<Told> {
  Object.assign(counted, { requests: 0, writes: 0, rows: 0 })
  const began = performance.now()
  let count = 0
  let message: string | null = null
  switch (ask.do) {
    case 'start':
      await start(ask.start)
      break
    case 'pass': {
      const result = await engine?.syncChannel(MAILBOX, ask.channel, { trigger: 'manual' })
      message = result?.outcome === 'done' ? null : `${result?.outcome}: ${result?.message ?? ''}`
      count = result === undefined ? 0 : result.counts.toCrm + result.counts.toMailbox
      break
    }
    case 'folders':
      await engine?.discover(MAILBOX, 'email')
      break
    case 'create':
      await create(ask.count)
      break
    case 'edit':
      await edit(ask.channel, ask.count)
      break
    case 'records':
      count = await records(ask.channel)
  }
  const seconds = (performance.now() - began) / 1000
  const collections = ask.do === 'pass' ? await selected(ask.channel) : 0
  return {
    seconds,
    ...counted,
    count,
    collections,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    message,
  }
}

/** Counts what travels: a part of a `$batch` is a request of its own, as Microsoft counts it. */
function counting(inner: Transport): Transport {
  return async (url, init) => {
    const parts = url.endsWith('/$batch')
      ? (JSON.parse(String(init.body)) as { requests: { method: string }[] }).requests
      : [{ method: init.method }]
    counted.requests += parts.length
    counted.writes += parts.filter((part) => part.method !== 'GET').length
    const response = await inner(url, init)
    return {
      ...response,
      text: async () => {
        const text = await response.text()
        if (url.includes('delta') && !url.includes('/mailFolders'))
          counted.rows += text.split('"@odata.etag"').length - 1
        return text
      },
    }
  }
}

async function start({ folder, databaseUrl, microsoft }: Start): Promise<void> {
  database =
    databaseUrl === null
      ? await openEmbeddedDatabase({ folder, templates: join(tmpdir(), 'syncline-bench-templates') })
      : await openServedDatabase({ url: databaseUrl })
  await migrate(database)
  store = createSqlStore(database)
  const user = microsoft.users[0]
  if (user === undefined) throw new Error('The emulator has nobody in it.')
  const { body } = await request(`${microsoft.control}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ clientId: microsoft.clientId }),
  })
  const { token } = (await body.json()) as { token: string }
  const env = {
    now: () => Date.now(),
    newId: orderedId,
    random: () => Math.random(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  }
  const connector = createGraphConnector({
    mailbox: { objectId: user.id },
    tokens: {
      accessToken: async () => token,
      identity: async () => ({ tenantId: microsoft.tenantId, objectId: user.id }),
    },
    endpoints: resolveEndpoints('global', { graph: microsoft.graph, login: microsoft.login }),
    transport: counting(createNetworkTransport().transport),
    env,
  })
  engine = createEngine({
    store,
    env,
    connectorFor: async () => connector,
    // A mailbox's folders that hold something: the others would only add requests for nothing.
    pairingFor: (_mailbox, channel) => (remote, id) => ({
      container: id,
      selected: channel === 'email' ? (remote.total ?? 0) > 0 : remote.isDefault,
    }),
    settingsFor: async (_mailbox, channel) => ({
      direction: 'both',
      conflicts: 'crm',
      invitations: 'microsoft',
      privateEvents: 'busy',
      mailInFirstSync: false,
      intervalMinutes: 5,
      daysBack: channel === 'email' ? 3650 : 400,
      daysAhead: 730,
      guard: { items: 10, percent: 10 },
    }),
  })
  const { signal } = new AbortController()
  const found = [
    ...(await connector.collections('calendar', signal))
      .filter((each) => each.isDefault)
      .map((remote) => ({ channel: 'calendar', remote }) as const),
    ...(await connector.collections('tasks', signal)).map(
      (remote) => ({ channel: 'tasks', remote }) as const,
    ),
  ]
  await store.transaction(null, (tx) =>
    tx.write({
      mailboxes: [
        {
          id: MAILBOX,
          organization: asId<OrganizationId>('bench'),
          user: owner,
          kind: 'user',
          address: user.userPrincipalName,
          displayName: 'Anna',
          tenantId: microsoft.tenantId,
          objectId: user.id,
          zone: 'Europe/Berlin',
          state: 'connected',
          trouble: null,
          clockOffsetMs: 0,
        },
      ],
      channels: (['calendar', 'tasks', 'email'] as const).map((channel) => ({
        ...newChannel(MAILBOX, channel),
        enabled: true,
      })),
      collections: found.map(({ channel, remote }) => ({
        id: asId<CollectionId>(remote.isDefault ? `bench-${channel}` : remote.externalId),
        mailbox: MAILBOX,
        channel,
        externalId: remote.externalId,
        name: remote.name,
        isDefault: remote.isDefault,
        canWrite: true,
        container: remote.isDefault ? `bench-${channel}` : remote.externalId,
        selected: true,
        cursor: null,
        window: null,
        generation: 0,
        enumerating: false,
        trouble: null,
        wellKnown: null,
      })),
    }),
  )
  await connector.identity(new AbortController().signal)
}

async function create(count: number): Promise<void> {
  const at = Date.now()
  const day = (n: number): string => new Date(at + n * 86_400_000).toISOString().slice(0, 10)
  for (let from = 0; from < count; from += 500) {
    const records = Array.from({ length: Math.min(500, count - from) }, (_, n) => {
      const date = day((from + n) % 600)
      const hour = String(8 + ((from + n) % 10)).padStart(2, '0')
      const fields: Fields = {
        subject: `Visit ${from + n}`,
        body: { type: 'html', content: `<p>Agenda of visit ${from + n}</p>` },
        time: {
          allDay: false,
          start: `${date}T${hour}:00:00`,
          end: `${date}T${hour}:30:00`,
          zone: 'Europe/Berlin',
        },
        recurrence: null,
        location: 'Room 1',
        attendees: [],
        answers: {},
        answer: 'none',
        organizer: null,
        reminder: 15,
        showAs: 'busy',
        sensitivity: 'normal',
        importance: 'normal',
        categories: [],
        onlineMeeting: null,
        cancelled: false,
      }
      return {
        do: 'create',
        id: asId<RecordId>(`local-${from + n}`),
        kind: 'event',
        container: 'bench-calendar',
        owner,
        fields,
        facts: {},
        matchKeys: [],
        at,
        by: 'person',
      } as const
    })
    await store?.transaction(null, (tx) => tx.write({ records }))
  }
}

/** A person changes the titles of `count` records, one transaction each as the CRM's API would. */
async function edit(channel: Channel, count: number): Promise<void> {
  const rows = await database?.query<{
    id: string
    fields: Fields
    facts: Facts
    container: string
    body: Json | null
  }>(
    `select r.id, r.fields, r.facts, r.container, b.body from records r
     left join (select record, json_build_object('type', type, 'content', content) as body from message_bodies) b
       on b.record = r.id
     where r.kind = $1 and r.deleted_at is null order by r.created_at, r.id limit $2`,
    [kindOf[channel], count],
  )
  for (const row of rows ?? []) {
    await store?.transaction(null, (tx) =>
      tx.write({
        records: [
          {
            do: 'update',
            id: asId<RecordId>(row.id),
            kind: kindOf[channel],
            container: row.container,
            fields:
              channel === 'email'
                ? { ...row.fields, body: row.body, flag: 'flagged' }
                : { ...row.fields, subject: `${String(row.fields['subject'])} *` },
            facts: row.facts,
            matchKeys: [],
            at: Date.now(),
            by: 'person',
          },
        ],
      }),
    )
  }
}

async function selected(channel: Channel): Promise<number> {
  const [row] =
    (await database?.query<{ n: number }>(
      'select count(*)::int as n from collections where mailbox = $1 and channel = $2 and selected',
      [MAILBOX, channel],
    )) ?? []
  return row?.n ?? 0
}

async function records(channel: Channel): Promise<number> {
  const rows = await database?.query<{ n: number }>(
    'select count(*)::int as n from records where kind = $1 and deleted_at is null',
    [kindOf[channel]],
  )
  return rows?.[0]?.n ?? 0
}
