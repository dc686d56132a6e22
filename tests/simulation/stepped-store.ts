import type { SyncStore } from '../../src/store/sync-store.ts'
import type { Fault } from './faults.ts'
import type { Process } from './steps.ts'

/** The store, with a step before each transaction, before its commit and after it; and with a database that fails. */
export function stepped(store: SyncStore, process: Process, draw: (fault: Fault) => boolean): SyncStore {
  const around = async <T>(label: string, work: () => Promise<T>): Promise<T> => {
    await process.step(label)
    return work()
  }
  return {
    acquireLease: (...args) => around('lease', () => store.acquireLease(...args)),
    renewLease: (...args) => around('renew', () => store.renewLease(...args)),
    releaseLease: (...args) => around('release', () => store.releaseLease(...args)),
    transaction: async (lease, work) => {
      await process.step('begin')
      const value = await store.transaction(lease, async (tx) => {
        const result = await work(tx)
        await process.step('commit')
        if (draw('commit-refused')) throw new Error('The database took the transaction back.')
        return result
      })
      await process.step('done')
      if (draw('commit-lost')) throw new Error('The connection to the database broke at the commit.')
      return value
    },
  }
}
