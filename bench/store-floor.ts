import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { asId, type CollectionId, type ItemId, type MailboxId } from '../src/core/ids.ts'
import type { Fields } from '../src/core/item.ts'
import { openEmbeddedDatabase, openServedDatabase, type Database } from '../src/store/database.ts'
import { migrate } from '../src/store/migrate.ts'
import { createSqlStore } from '../src/store/sql-store.ts'
import type { WriteBatch } from '../src/store/sync-store.ts'
import type { BenchOptions, Emit } from './main.ts'

/**
 * What the store alone can do: pages of a thousand events, each with its record, link and sealed journal row, in one
 * durable transaction a page. No engine faster than this can stand on it, so the sync's figures are read beside it.
 * With DATABASE_URL it measures that server instead of the embedded engine.
 */
const PAGE = 1_000
const SIZES = [2_000, 10_000]
const AT = Date.UTC(2026, 2, 2, 9)
const MAILBOX = asId<MailboxId>('mailbox')

export async function run({ n, say }: BenchOptions, emit: Emit): Promise<void> {
  for (const size of n === undefined ? SIZES : [n]) {
    const floor = await storeFloor(size)
    say(
      `store floor, ${size} events: ${Math.round(floor.writesPerSecond)} written and ${Math.round(floor.readsPerSecond)} read a second`,
    )
    emit({
      case: 'events-write',
      n: size,
      metric: 'items_per_second',
      value: floor.writesPerSecond,
      unit: 'items/s',
    })
    emit({
      case: 'events-read',
      n: size,
      metric: 'items_per_second',
      value: floor.readsPerSecond,
      unit: 'items/s',
    })
    emit({ case: 'feed-noop', n: size, metric: 'seconds', value: floor.feedSeconds, unit: 's' })
    emit({ case: 'bytes', n: size, metric: 'bytes_per_item', value: floor.bytesPerItem, unit: 'B' })
    emit({ case: 'process', n: size, metric: 'rss_bytes', value: floor.rssBytes, unit: 'B' })
  }
}

export interface StoreFloor {
  readonly writesPerSecond: number
  readonly readsPerSecond: number
  /** A look at the change feed when nothing changed. */
  readonly feedSeconds: number
  readonly bytesPerItem: number
  readonly rssBytes: number
}

export async function storeFloor(size: number): Promise<StoreFloor> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-bench-'))
  const database = await open(folder)
  try {
    return await measure(database, size)
  } finally {
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function open(folder: string): Promise<Database> {
  const url = process.env['DATABASE_URL']
  const database =
    url === undefined
      ? await openEmbeddedDatabase({ folder, templates: resolve(import.meta.dirname, '../.cache/templates') })
      : await openServedDatabase({ url })
  await migrate(database)
  return database
}

async function measure(database: Database, size: number): Promise<StoreFloor> {
  const store = createSqlStore(database)
  const lease = await store.acquireLease(MAILBOX, 'bench', AT, 3_600_000)
  if (lease === null) throw new Error('The bench database is in use.')
  await store.transaction(lease, (tx) => tx.write({ collections: [COLLECTION] }))

  const begun = performance.now()
  for (let from = 0; from < size; from += PAGE) {
    const count = Math.min(PAGE, size - from)
    await store.transaction(lease, (tx) => tx.write(page(from, count)))
  }
  const written = performance.now()
  for (let from = 0; from < size; from += PAGE) {
    const items = Array.from({ length: Math.min(PAGE, size - from) }, (_, i) =>
      asId<ItemId>(key('item', from + i)),
    )
    await store.transaction(lease, (tx) => tx.pairsByItem(MAILBOX, items))
  }
  const read = performance.now()
  const { next } = await store.transaction(lease, (tx) => tx.feed(MAILBOX, 'calendar', null, PAGE))
  const drained = performance.now()
  await store.transaction(lease, (tx) => tx.feed(MAILBOX, 'calendar', next, PAGE))
  const fed = performance.now()
  const [bytes] = await database.query<{ bytes: number }>(
    `select pg_total_relation_size('records') + pg_total_relation_size('links') + pg_total_relation_size('operations') as bytes`,
  )
  return {
    writesPerSecond: (size * 1000) / (written - begun),
    readsPerSecond: (size * 1000) / (read - written),
    feedSeconds: (fed - drained) / 1000,
    bytesPerItem: (bytes?.bytes ?? 0) / size,
    rssBytes: process.memoryUsage.rss(),
  }
}

const key = (kind: string, n: number): string =>
  `0198-${kind}-${String(n).padStart(12, '0')}-${'c0ffee'.repeat(3)}`

const COLLECTION = {
  id: asId<CollectionId>('collection'),
  mailbox: MAILBOX,
  channel: 'calendar',
  externalId: 'calendar',
  name: 'Calendar',
  isDefault: true,
  canWrite: true,
  container: 'calendar',
  selected: true,
  cursor: null,
  window: null,
  generation: 1,
  enumerating: true,
  trouble: null,
  wellKnown: null,
} as const

function page(from: number, count: number): WriteBatch {
  const numbers = Array.from({ length: count }, (_, i) => from + i)
  return {
    records: numbers.map((n) => ({
      do: 'create',
      id: asId(key('record', n)),
      kind: 'event',
      container: 'calendar',
      owner: null,
      fields: fieldsOf(n),
      facts: { iCalUId: key('uid', n).repeat(2), isOrganizer: true, modifiedAt: AT },
      matchKeys: [`uid:${key('uid', n).repeat(2)}`, `content:meeting ${n}|2026-03-02t10:00`],
      at: AT,
      by: 'sync',
    })),
    links: numbers.map((n) => ({
      do: 'put',
      id: asId(key('link', n)),
      mailbox: MAILBOX,
      channel: 'calendar',
      collection: COLLECTION.id,
      record: asId(key('record', n)),
      item: asId(key('item', n)),
      etag: asId(`W/"${n}"`),
      base: fieldsOf(n),
      mailboxBase: {},
      recordVersion: 1,
      state: 'linked',
      seenGeneration: 1,
      facts: { iCalUId: key('uid', n).repeat(2), isOrganizer: true },
      pending: null,
      flips: [],
      updatedAt: AT,
    })),
    operations: numbers.map((n) => ({
      id: asId(key('operation', n)),
      run: asId('run'),
      mailbox: MAILBOX,
      channel: 'calendar',
      collection: COLLECTION.id,
      link: asId(key('link', n)),
      record: asId(key('record', n)),
      item: asId(key('item', n)),
      side: 'crm',
      do: 'create',
      rule: 'R2',
      cause: 'Outlook',
      title: `Meeting ${n}`,
      before: null,
      after: fieldsOf(n),
      guard: {},
      mails: [],
      state: 'written',
      reason: null,
      attempts: 0,
      createdAt: AT,
      sentAt: null,
      doneAt: AT,
    })),
    collections: [{ ...COLLECTION, cursor: asId(`page-${from}`) }],
  }
}

const fieldsOf = (n: number): Fields => ({
  subject: `Meeting ${n}`,
  body: { type: 'html', content: `<p>${'What we talk about, and with whom. '.repeat(12)}${n}</p>` },
  time: { allDay: false, start: '2026-03-02T10:00:00', end: '2026-03-02T11:00:00', zone: 'Europe/Berlin' },
  recurrence: null,
  location: `Room ${n % 40}`,
  attendees: [
    { email: 'anna@contoso.example', name: 'Anna', type: 'required' },
    { email: `guest${n}@example.com`, name: 'Guest', type: 'optional' },
  ],
  answers: { 'anna@contoso.example': 'accepted' },
  answer: 'none',
  organizer: { email: 'anna@contoso.example', name: 'Anna' },
  reminder: 15,
  showAs: 'busy',
  sensitivity: 'normal',
  importance: 'normal',
  categories: [],
  onlineMeeting: null,
  cancelled: false,
})
