import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { emptyTables, testEngines } from '../../tests/support/databases.ts'
import { asId, type Cursor } from '../core/ids.ts'
import type { Database } from './database.ts'
import { createSqlStore } from './sql-store.ts'
import { verifyJournal } from './journal.ts'
import type { LinkRow, OperationRow, RecordWrite, SyncStore } from './sync-store.ts'

const MAILBOX = asId<LinkRow['mailbox']>('mailbox-1')
const COLLECTION = asId<LinkRow['collection']>('collection-1')
const T0 = Date.UTC(2026, 2, 2, 9)

const event = (id: string, subject: string): Extract<RecordWrite, { do: 'create' }> => ({
  do: 'create',
  id: asId(id),
  kind: 'event',
  container: 'calendar-1',
  owner: null,
  fields: {
    subject,
    time: {
      allDay: false,
      start: '2026-03-02T10:00:00',
      end: '2026-03-02T11:00:00',
      zone: 'Europe/Berlin',
    },
    body: null,
  },
  facts: { iCalUId: `uid-${id}` },
  matchKeys: [`uid:${id}`, `content:${subject}`],
  at: T0,
  by: 'sync',
})

const link = (id: string, record: string, item: string, recordVersion = 1): LinkRow & { do: 'put' } => ({
  do: 'put',
  id: asId(id),
  mailbox: MAILBOX,
  channel: 'calendar',
  collection: COLLECTION,
  record: asId(record),
  item: asId(item),
  etag: asId('"e1"'),
  base: { subject: 'A' },
  mailboxBase: {},
  recordVersion,
  state: 'linked',
  seenGeneration: 1,
  facts: {},
  pending: null,
  flips: null,
  updatedAt: T0,
})

const operation = (id: string, state: OperationRow['state']): OperationRow => ({
  id: asId(id),
  run: asId('run-1'),
  mailbox: MAILBOX,
  channel: 'calendar',
  collection: COLLECTION,
  link: asId('l1'),
  record: asId('r1'),
  item: null,
  side: 'crm',
  do: 'create',
  rule: 'R2',
  cause: 'Outlook',
  title: 'Kick-off',
  before: null,
  after: { subject: 'Kick-off' },
  guard: { version: 1 },
  mails: ['anna@contoso.example'],
  state,
  reason: null,
  attempts: 0,
  createdAt: T0,
  sentAt: null,
  doneAt: state === 'written' ? T0 : null,
})

const collection = {
  id: COLLECTION,
  mailbox: MAILBOX,
  channel: 'calendar',
  externalId: 'AAA',
  name: 'Calendar',
  isDefault: true,
  canWrite: true,
  container: 'calendar-1',
  selected: true,
  cursor: null,
  window: null,
  generation: 1,
  enumerating: false,
  trouble: null,
  wellKnown: null,
} as const

describe.each(await testEngines())('$engine', ({ open }) => {
  let database: Database
  let store: SyncStore
  beforeAll(async () => {
    database = await open()
    store = createSqlStore(database)
  })
  afterAll(() => database.close())
  beforeEach(() => emptyTables(database))

  test('a page of pairs comes back as it was written', async () => {
    await store.transaction(null, (tx) =>
      tx.write({
        records: [event('r1', 'Kick-off'), event('r2', 'Review')],
        links: [link('l1', 'r1', 'i1')],
        collections: [collection],
      }),
    )
    const pairs = await store.transaction(null, (tx) =>
      tx.pairsByRecord(MAILBOX, [asId('r1'), asId('r2'), asId('r3')]),
    )
    expect(pairs).toHaveLength(2)
    expect(pairs[0]).toMatchObject({
      link: { id: 'l1', item: 'i1', base: { subject: 'A' }, recordVersion: 1, updatedAt: T0 },
      record: {
        id: 'r1',
        version: 1,
        fields: event('r1', 'Kick-off').fields,
        modifiedAt: T0,
        deletedAt: null,
      },
    })
    expect(pairs[1]).toMatchObject({ link: null, record: { id: 'r2' } })
    expect(await store.transaction(null, (tx) => tx.collections(MAILBOX, 'calendar'))).toEqual([collection])
    const found = await store.transaction(null, (tx) =>
      tx.matchRecords(MAILBOX, 'calendar', ['content:Review', 'uid:r1']),
    )
    expect(found.map((record) => record.id)).toEqual(['r2'])
  })

  test('the feed tells each change once, and not our own writes', async () => {
    await store.transaction(null, (tx) =>
      tx.write({
        records: [event('r1', 'A'), event('r2', 'B')],
        links: [link('l1', 'r1', 'i1')],
        collections: [collection],
      }),
    )
    const read = (cursor: Parameters<Parameters<Parameters<SyncStore['transaction']>[1]>[0]['feed']>[2]) =>
      store.transaction(null, (tx) => tx.feed(MAILBOX, 'calendar', cursor, 10))
    const first = await read(null)
    expect(first.pairs.map((pair) => pair.record?.id)).toEqual(['r2'])
    expect(first.more).toBe(false)
    expect((await read(first.next)).pairs).toEqual([])
    const { do: _do, owner: _owner, ...same } = event('r1', 'A2')
    await store.transaction(null, (tx) =>
      tx.write({ records: [{ ...same, do: 'update', container: 'elsewhere' }] }),
    )
    const second = await read(first.next)
    expect(second.pairs).toHaveLength(1)
    expect(second.pairs[0]).toMatchObject({
      link: { id: 'l1' },
      record: { container: 'elsewhere', version: 2 },
    })
  })

  test('the feed in pages of one loses nothing', async () => {
    const records = ['a', 'b', 'c', 'd'].map((id) => event(id, id))
    await store.transaction(null, (tx) => tx.write({ records, collections: [collection] }))
    const seen: unknown[] = []
    let cursor: Cursor | null = null
    for (let page = 0; page < 10; page++) {
      const { pairs, next, more } = await store.transaction(null, (tx) =>
        tx.feed(MAILBOX, 'calendar', cursor, 1),
      )
      seen.push(...pairs.map((pair) => pair.record?.id))
      cursor = next
      if (!more) break
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })

  test('operations go from plan to journal, and the chain is whole', async () => {
    await store.transaction(null, (tx) =>
      tx.write({ operations: [operation('o1', 'planned'), operation('o2', 'written')] }),
    )
    await store.transaction(null, (tx) =>
      tx.write({ outcomes: [{ id: asId('o1'), state: 'sent', at: T0 + 1, attempts: 1 }] }),
    )
    await store.transaction(null, (tx) =>
      tx.write({ outcomes: [{ id: asId('o1'), state: 'written', at: T0 + 2, item: asId('i9') }] }),
    )
    const rows = await store.transaction(null, (tx) => tx.operations({ states: ['written'] }))
    expect(rows.map((row) => [row.id, row.item, row.sentAt, row.doneAt])).toEqual([
      ['o1', 'i9', T0 + 1, T0 + 2],
      ['o2', null, null, T0],
    ])
    expect(await verifyJournal(database, MAILBOX)).toMatchObject({ intact: true, rows: 2 })
  })

  test('a finished operation cannot be changed, taken out or put back', async () => {
    await store.transaction(null, (tx) => tx.write({ operations: [operation('o1', 'written')] }))
    const forbidden = [
      `update operations set title = 'else'`,
      `delete from operations`,
      `update operations set state = 'planned'`,
    ]
    for (const statement of forbidden) await expect(database.query(statement)).rejects.toThrow(/changed/)
    await expect(
      store.transaction(null, (tx) => tx.write({ outcomes: [{ id: asId('o1'), state: 'planned', at: T0 }] })),
    ).rejects.toThrow(/finished/)
  })

  test.each([
    [`update operations set title = 'else' where id = 'o2'`, 'changed', 2],
    [`delete from operations where id = 'o2'`, 'missing', 2],
    [`delete from operations where id = 'o3'`, 'cut-off', 3],
    [`update operations set seal_no = null where id = 'o3'`, 'cut-off', 3],
  ])('the chain shows %s', async (tampering, problem, no) => {
    for (const id of ['o1', 'o2', 'o3'])
      await store.transaction(null, (tx) => tx.write({ operations: [operation(id, 'written')] }))
    await database.script(
      `alter table operations disable trigger all; ${tampering}; alter table operations enable trigger all`,
    )
    expect(await verifyJournal(database, MAILBOX)).toMatchObject({ intact: false, problem, no })
  })

  test('a lost lease writes nothing, and fences only grow', async () => {
    const first = await store.acquireLease(MAILBOX, 'worker-1', T0, 1_000)
    expect(await store.acquireLease(MAILBOX, 'worker-2', T0 + 500, 1_000)).toBeNull()
    const second = await store.acquireLease(MAILBOX, 'worker-2', T0 + 1_000, 1_000)
    if (first === null || second === null) throw new Error('Both leases were free.')
    expect(second.fence).toBeGreaterThan(first.fence)
    await expect(store.transaction(first, (tx) => tx.write({ records: [event('r1', 'A')] }))).rejects.toThrow(
      /took over/,
    )
    await expect(store.renewLease(first, T0, 1_000)).rejects.toThrow(/took over/)
    await store.releaseLease(second)
    const third = await store.acquireLease(MAILBOX, 'worker-1', T0 + 1_001, 1_000)
    expect(third?.fence).toBe(second.fence + 1)
    expect(await database.query('select * from records')).toEqual([])
  })

  test('a title with NUL or half an emoji does not stop the others', async () => {
    await store.transaction(null, (tx) =>
      tx.write({
        records: [event('r1', 'nul\u0000l'), event('r2', 'half \ud83d'), event('r3', '\ud83d\ude00')],
        operations: [
          { ...operation('o1', 'written'), title: 'half \ud83d', after: { subject: 'nul\u0000l' } },
        ],
      }),
    )
    const subjects = await database.query('select subject from records order by id')
    expect(subjects).toEqual([{ subject: 'null' }, { subject: 'half \ufffd' }, { subject: '\ud83d\ude00' }])
    expect(await verifyJournal(database, MAILBOX)).toMatchObject({ intact: true })
  })
})
