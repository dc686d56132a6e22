import { asId, type LinkId, type RecordId } from '../core/ids.ts'
import type { LinkRow } from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import type { Pass } from './pass.ts'

/**
 * The item is gone and the record gets another one. That the old one is deleted stays known under a link of its own, which
 * has no record: a page that tells of it late is asked about instead of being taken for something new.
 */
export function withoutItem(pass: Pass, batch: Batch, link: LinkRow): LinkRow {
  const free: LinkRow = { ...link, item: null, etag: null }
  if (link.item === null) return free
  batch.putLink(free) // first, because an item has one link at a time
  const id = pass.env.newId()
  const nothing = { etag: null, base: {}, mailboxBase: {}, recordVersion: 0, facts: {}, flips: [] }
  const own = { id: asId<LinkId>(id), record: asId<RecordId>(id), state: 'deleted', pending: null } as const
  batch.putLink({ ...link, ...nothing, ...own })
  return free
}
