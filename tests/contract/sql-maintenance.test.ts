import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { created, link, operation, put, recordId, T0 } from './store-rows.ts'
import { emptyTables, testEngines } from '../support/databases.ts'
import type { Database } from '../../src/store/database.ts'
import { verifyJournal } from '../../src/store/journal.ts'
import { tidy } from '../../src/store/maintenance.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { SyncStore } from '../../src/store/sync-store.ts'

const DAY = 24 * 60 * 60 * 1000
const RETENTION = { quarantineDays: 30, journalDays: 365 }

describe.each(await testEngines())('maintenance on the $engine engine', ({ open }) => {
  let database: Database
  let store: SyncStore
  beforeAll(async () => {
    database = await open()
    store = createSqlStore(database)
  })
  afterAll(() => database.close())
  beforeEach(() => emptyTables(database))

  test('quarantine is emptied after its time, but not of what a mailbox has still to be told', async () => {
    const deleted = ['old', 'young', 'linked']
    await store.transaction(null, (tx) =>
      tx.write({
        records: [...deleted, 'kept'].map((name) => created(name)),
        links: [put(link('linked'))],
      }),
    )
    await store.transaction(null, (tx) =>
      tx.write({
        records: deleted.map((name) => ({
          do: 'delete',
          id: recordId(name),
          kind: 'event',
          at: T0 + (name === 'young' ? 20 * DAY : 0),
          by: 'anna',
        })),
      }),
    )
    expect((await tidy(database, T0 + 31 * DAY, RETENTION)).purgedRecords).toBe(1)
    expect(await database.query('select id from records order by id')).toEqual([
      { id: 'record-kept' },
      { id: 'record-linked' },
      { id: 'record-young' },
    ])
  })

  test('that an item is deleted, without a record, is forgotten with what was deleted then', async () => {
    const gone = (name: string, days: number) =>
      put({ ...link(name), state: 'deleted', updatedAt: T0 + days * DAY })
    await store.transaction(null, (tx) =>
      tx.write({ records: [created('kept')], links: [gone('kept', 0), gone('old', 0), gone('young', 20)] }),
    )
    await tidy(database, T0 + 31 * DAY, RETENTION)
    expect(await database.query('select id from links order by id')).toEqual([
      { id: 'link-kept' },
      { id: 'link-young' },
    ])
  })

  test('old journal rows go from the beginning of the chain, and what is left still proves itself', async () => {
    for (const [name, at] of [
      ['a', 0],
      ['b', 1],
      ['c', 400],
    ] as const)
      await store.transaction(null, (tx) =>
        tx.write({ operations: [{ ...operation(name), state: 'written', doneAt: T0 + at * DAY }] }),
      )
    const { mailbox } = operation('a')
    expect((await tidy(database, T0 + 380 * DAY, RETENTION)).trimmedOperations).toBe(2)
    expect(await verifyJournal(database, mailbox)).toMatchObject({ intact: true, rows: 1 })
    await store.transaction(null, (tx) =>
      tx.write({ operations: [{ ...operation('d'), state: 'written', doneAt: T0 + 500 * DAY }] }),
    )
    expect(await verifyJournal(database, mailbox)).toMatchObject({ intact: true, rows: 2 })
  })
})
