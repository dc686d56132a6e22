import { expect, test } from 'vitest'
import { MAILBOX, collectionRow, created } from './store-rows.ts'
import { testEngines } from '../support/databases.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createSqlStore, syncTx } from '../../src/store/sql-store.ts'
import type { ChannelRow } from '../../src/store/sync-store.ts'

const served = (await testEngines()).filter(({ engine }) => engine === 'served')

// On the embedded engine transactions cannot overlap, so there is nothing to show there.
test.for(served)(
  'a row whose transaction commits late is told, with two writers on one server',
  async ({ open }) => {
    const database = await open()
    const store = createSqlStore(database)
    const subjects: unknown[] = []
    let cursor: ChannelRow['feedCursor'] = null
    const look = async (): Promise<void> => {
      const page = await store.transaction(null, (tx) => tx.feed(MAILBOX, 'calendar', cursor, 10))
      subjects.push(...page.pairs.map((pair) => pair.record?.fields['subject']))
      cursor = page.next
    }
    try {
      await store.transaction(null, (tx) => tx.write({ collections: [collectionRow()] }))
      await database.transaction(async (slow) => {
        await syncTx(slow).write({ records: [created('slow')] })
        await store.transaction(null, (tx) => tx.write({ records: [created('quick')] }))
        // The quick one is committed, with a later number than the slow one that still runs.
        await look()
        expect(subjects).toEqual([])
      })
      await look()
      await look()
      expect(subjects).toEqual(['slow', 'quick'])
    } finally {
      await database.close()
    }
  },
)

test.for(await testEngines())(
  'on the $engine engine a database restored into a younger server tells everything again',
  async ({ open }) => {
    const database = await open()
    const store = createSqlStore(database)
    try {
      await store.transaction(null, (tx) =>
        tx.write({ collections: [collectionRow()], records: [created('a')] }),
      )
      await database.query(`update records set changed_xid = '99999999999'`)
      const feed = () => store.transaction(null, (tx) => tx.feed(MAILBOX, 'calendar', null, 10))
      expect((await feed()).pairs).toHaveLength(0)
      expect(await migrate(database)).toEqual([])
      expect((await feed()).pairs).toHaveLength(1)
    } finally {
      await database.close()
    }
  },
)
