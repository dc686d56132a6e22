import type { CollectionId, RecordId } from '../core/ids.ts'
import { asId } from '../core/ids.ts'
import type { Pass } from './pass.ts'

/** Starting over without losing anything: compare all again, choose other folders, let parked things take part again. */

/** Every chosen collection is listed from the beginning by the next pass, and the CRM's feed is read from its start. */
export async function compareAll(pass: Pass): Promise<void> {
  await pass.commit(async (_tx, batch) => {
    for (const row of pass.selected)
      batch.collections.set(row.id, { ...row, cursor: null, enumerating: false, trouble: null })
    batch.channel = { ...pass.channel, feedCursor: null }
  })
}

/** What is newly chosen is compared from the beginning; what is left out keeps its items on both sides (P3). */
export async function choose(pass: Pass, chosen: readonly CollectionId[]): Promise<void> {
  await pass.commit(async (_tx, batch) => {
    for (const row of pass.collections.values()) {
      const selected = chosen.includes(row.id)
      if (selected === row.selected) continue
      batch.collections.set(row.id, { ...row, selected, cursor: null, enumerating: false, trouble: null })
    }
    batch.channel = { ...pass.channel, feedCursor: null }
  })
}

/** `key`: the record's or item's id, as it stands in the list of what is parked. */
export async function release(pass: Pass, key: string): Promise<void> {
  const parked = pass.parked.get(key)
  if (!parked) return
  await pass.commit(async (tx, batch) => {
    batch.unparked.push({ mailbox: pass.mailbox.id, side: parked.side, key })
    const [pair] = await tx.pairsByRecord(pass.mailbox.id, [asId<RecordId>(key)])
    const link = pair?.link
    if (link?.state !== 'parked') return
    batch.putLink({ ...link, state: 'linked', flips: [], recordVersion: 0, etag: null })
    if (link.item !== null)
      batch.deferred.push({ collection: link.collection, item: link.item, what: { kind: 'recheck' } })
  })
}
