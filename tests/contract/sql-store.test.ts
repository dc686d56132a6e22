import { afterAll } from 'vitest'
import { asId } from '../../src/core/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { emptyTables, testEngines } from '../support/databases.ts'
import { storeContract } from './store.ts'

for (const { engine, open } of await testEngines()) {
  let opened: Promise<Database> | null = null
  storeContract(engine, async () => {
    opened ??= open()
    const database = await opened
    await emptyTables(database)
    return { store: createSqlStore(database), organization: asId('contoso'), close: async () => undefined }
  })
  afterAll(async () => (await opened)?.close())
}
