import type { RecordId } from '../core/ids.ts'
import type { CollectionRow, PairRow, SyncTx } from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import { TRIES_MAX, consider, pendingOf } from './consider.ts'
import type { Pass } from './pass.ts'

/** Records looked at in one transaction. */
const FEED_PAGE = 500

/**
 * The CRM's changes since the last pass, against Microsoft as it was last seen (the pull came first). The position in
 * the feed moves in the same transaction as what follows from the records before it.
 */
export async function feedAll(pass: Pass): Promise<void> {
  await retryParked(pass)
  for (let more = true; more;)
    more = await pass.commit(async (tx, batch) => {
      const { mailbox, channel, feedCursor } = pass.channel
      const page = await tx.feed(mailbox, channel, feedCursor, FEED_PAGE)
      await considerRecords(pass, tx, batch, page.pairs)
      if (page.next !== feedCursor) batch.channel = { ...pass.channel, feedCursor: page.next }
      return page.more
    })
}

/** Records that Microsoft refused, or whose collection could not be reached, come again until their tries are used up. */
async function retryParked(pass: Pass): Promise<void> {
  const again = [...pass.parked.values()].filter(
    (each) => each.side === 'crm' && each.tries < TRIES_MAX && reachable(pass, each.collection),
  )
  if (again.length === 0) return
  await pass.commit(async (tx, batch) => {
    const pairs = await tx.pairsByRecord(
      pass.mailbox.id,
      again.map((each) => each.key as RecordId),
    )
    for (const each of again)
      if (each.tries === 0) batch.unparked.push({ mailbox: pass.mailbox.id, side: 'crm', key: each.key })
    await considerRecords(pass, tx, batch, pairs)
  })
}

const reachable = (pass: Pass, collection: CollectionRow['id']): boolean =>
  pass.collections.get(collection)?.trouble === null

async function considerRecords(
  pass: Pass,
  tx: SyncTx,
  batch: Batch,
  pairs: readonly PairRow[],
): Promise<void> {
  const pending = await pendingOf(
    tx,
    pairs.map((pair) => pair.link),
  )
  for (const { link, record } of pairs) {
    if (record === null) continue
    const collection =
      link === null ? pass.collectionOf(record.container) : (pass.collections.get(link.collection) ?? null)
    if (!collection?.selected) continue
    if (link === null && record.deletedAt !== null) continue
    if (collection.trouble !== null || collection.enumerating) {
      waitForCollection(pass, batch, collection, record.id)
      continue
    }
    const parked = pass.parked.get(record.id)
    if (parked && parked.tries >= TRIES_MAX && parked.version === String(record.version)) continue
    const open = (link?.pending && pending.get(link.pending)) ?? null
    consider(pass, batch, { link, record, seen: { is: 'unseen' }, collection, pending: open })
  }
}

/** The feed goes on; the record is remembered until its collection can be reached again. */
function waitForCollection(pass: Pass, batch: Batch, collection: CollectionRow, record: RecordId): void {
  batch.parked.push({
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: collection.id,
    side: 'crm',
    key: record,
    reason: `${collection.name} could not be read completely. It is tried again with the next sync.`,
    tries: 0,
    version: '',
    at: pass.env.now(),
  })
}
