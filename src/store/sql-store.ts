import type { Database, Sql } from './database.ts'
import * as mailboxes from './collections.ts'
import * as holds from './holds.ts'
import * as leases from './leases.ts'
import * as links from './links.ts'
import * as outbox from './outbox.ts'
import { matchingRecords, writeRecords } from './records.ts'
import type { SyncStore, SyncTx, WriteBatch } from './sync-store.ts'

/** The engine's memory in PostgreSQL, embedded or served. */
export function createSqlStore(database: Database): SyncStore {
  return {
    acquireLease: (mailbox, holder, now, ttlMs) => leases.acquireLease(database, mailbox, holder, now, ttlMs),
    renewLease: (lease, now, ttlMs) => leases.renewLease(database, lease, now, ttlMs),
    releaseLease: (lease) => leases.releaseLease(database, lease),
    transaction: (lease, work) =>
      database.transaction(async (sql) => {
        if (lease !== null) await leases.checkLease(sql, lease)
        return work(syncTx(sql))
      }),
  }
}

/** For code that has a transaction of its own and writes as the engine does: the CRM's edits, tests. */
export function syncTx(sql: Sql): SyncTx {
  return {
    mailbox: (id) => mailboxes.mailbox(sql, id),
    channel: (mailbox, channel) => mailboxes.channel(sql, mailbox, channel),
    dueChannels: (now, limit) => mailboxes.dueChannels(sql, now, limit),
    collections: (mailbox, channel) => mailboxes.collections(sql, mailbox, channel),
    feed: (mailbox, channel, cursor, limit) => links.feed(sql, mailbox, channel, cursor, limit),
    pairsByItem: (mailbox, items) => links.pairsByItem(sql, mailbox, items),
    pairsByRecord: (mailbox, records) => links.pairsByRecord(sql, mailbox, records),
    pairsByLink: (ids) => links.pairsByLink(sql, ids),
    unseenPairs: (collection, generation, after, limit) =>
      links.unseenPairs(sql, collection, generation, after, limit),
    matchRecords: (mailbox, channel, keys) => matchingRecords(sql, mailbox, channel, keys),
    countLinks: (collection) => links.countLinks(sql, collection),
    operations: (query) => outbox.operations(sql, query),
    run: (id) => outbox.run(sql, id),
    conflicts: (query) => holds.conflicts(sql, query),
    parked: (mailbox, channel) => holds.parked(sql, mailbox, channel),
    deferred: (collection, after, limit) => holds.deferred(sql, collection, after, limit),
    write: (batch) => write(sql, batch),
  }
}

async function write(sql: Sql, batch: WriteBatch): Promise<void> {
  await each(batch.records, (rows) => writeRecords(sql, rows))
  await each(batch.links, (rows) => links.writeLinks(sql, rows))
  await each(batch.operations, (rows) => outbox.writeOperations(sql, rows))
  await each(batch.outcomes, (rows) => outbox.writeOutcomes(sql, rows))
  await each(batch.conflicts, (rows) => holds.writeConflicts(sql, rows))
  await each(batch.parked, (rows) => holds.writeParked(sql, rows))
  await each(batch.unparked, (keys) => holds.unpark(sql, keys))
  await each(batch.deferred, (rows) => holds.writeDeferred(sql, rows))
  await each(batch.undeferred, (keys) => holds.undefer(sql, keys))
  await each(batch.collections, (rows) => mailboxes.writeCollections(sql, rows))
  await each(batch.channels, (rows) => mailboxes.writeChannels(sql, rows))
  await each(batch.mailboxes, (rows) => mailboxes.writeMailboxes(sql, rows))
  await each(batch.runs, (rows) => outbox.writeRuns(sql, rows))
}

async function each<W>(
  rows: readonly W[] | undefined,
  apply: (rows: readonly W[]) => Promise<void>,
): Promise<void> {
  if (rows !== undefined && rows.length > 0) await apply(rows)
}
