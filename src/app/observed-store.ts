import type { SyncStore, SyncTx, WriteBatch } from '../store/sync-store.ts'

/** A store that tells what was written, after it was committed: how open pages learn of it without asking. */
export function observed(store: SyncStore, onCommit: (batches: readonly WriteBatch[]) => void): SyncStore {
  return {
    acquireLease: (mailbox, holder, now, ttlMs) => store.acquireLease(mailbox, holder, now, ttlMs),
    renewLease: (lease, now, ttlMs) => store.renewLease(lease, now, ttlMs),
    releaseLease: (lease) => store.releaseLease(lease),
    transaction: async (lease, work) => {
      let batches: WriteBatch[] = []
      const result = await store.transaction(lease, (tx) => {
        // The work may be run again from its beginning: only the last time counts.
        batches = []
        const told: SyncTx = Object.create(tx, {
          write: {
            value: async (batch: WriteBatch): Promise<void> => {
              await tx.write(batch)
              batches.push(batch)
            },
          },
        }) as SyncTx
        return work(told)
      })
      if (batches.length > 0) onCommit(batches)
      return result
    },
  }
}
