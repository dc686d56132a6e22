import type { ETag, ItemId } from '../core/ids.ts'
import type { Item } from '../core/item.ts'
import { matchKeys } from '../core/match.ts'
import { sentence } from '../core/rules.ts'
import type { CollectionRow, DeferredRow, RecordRow } from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import { TRIES_MAX, consider } from './consider.ts'
import type { Pass } from './pass.ts'
import { kindOfDeferred } from './probe.ts'

/** Deferred matches looked at in one transaction. */
const MATCH_CHUNK = 200

/**
 * The first sync's doubtful items, looked at when the enumeration is complete: one candidate on each side is linked and
 * merged (R12); several are left apart for a person (R13); none any more is created.
 */
export async function resolveMatches(pass: Pass, row: CollectionRow): Promise<void> {
  const waiting = await allWaiting(pass, row)
  if (waiting.length === 0) return
  const demand = new Map<string, number>()
  for (const each of waiting) for (const key of each.keys) demand.set(key, (demand.get(key) ?? 0) + 1)

  for (let at = 0; at < waiting.length; at += MATCH_CHUNK) {
    const chunk = waiting.slice(at, at + MATCH_CHUNK)
    await pass.commit(async (tx, batch) => {
      const keys = [...new Set(chunk.flatMap((each) => each.keys))]
      const records = await tx.matchRecords(pass.mailbox.id, pass.channel.channel, keys)
      const byKey = new Map<string, RecordRow[]>()
      for (const record of records)
        for (const key of matchKeys(pass.kind, record)) byKey.set(key, [...(byKey.get(key) ?? []), record])
      for (const each of chunk) {
        batch.undeferred.push({ collection: row.id, item: each.id })
        decide(pass, batch, row, each, byKey, demand)
      }
    })
  }
}

interface Waiting {
  readonly id: ItemId
  readonly item: Item
  readonly etag: ETag
  readonly keys: readonly string[]
}

async function allWaiting(pass: Pass, row: CollectionRow): Promise<readonly Waiting[]> {
  const found: Waiting[] = []
  let after: ItemId | null = null
  for (;;) {
    const from: ItemId | null = after
    const rows: readonly DeferredRow[] = await pass.read((tx) => tx.deferred(row.id, from, MATCH_CHUNK))
    for (const each of rows) {
      if (kindOfDeferred(each) !== 'match') continue
      const what = each.what as unknown as { readonly item: Item; readonly etag: ETag }
      found.push({ id: each.item, ...what, keys: matchKeys(pass.kind, what.item) })
    }
    if (rows.length < MATCH_CHUNK) return found
    after = rows.at(-1)?.item ?? null
  }
}

function decide(
  pass: Pass,
  batch: Batch,
  row: CollectionRow,
  waiting: Waiting,
  byKey: ReadonlyMap<string, readonly RecordRow[]>,
  demand: ReadonlyMap<string, number>,
): void {
  const seen = { is: 'item', id: waiting.id, item: waiting.item, etag: waiting.etag } as const
  // The strongest key that any record answers to decides; a weaker one never overrules it.
  const key = waiting.keys.find((each) => (byKey.get(each)?.length ?? 0) > 0)
  const candidates = key === undefined ? [] : (byKey.get(key) ?? [])
  const [record] = candidates
  if (key === undefined || record === undefined) {
    consider(pass, batch, { link: null, record: null, seen, collection: row, pending: null })
    return
  }
  if (candidates.length === 1 && demand.get(key) === 1) {
    consider(pass, batch, { link: null, record, seen, collection: row, pending: null })
    return
  }
  leaveApart(pass, batch, row, 'mailbox', waiting.id, 'match')
  for (const each of candidates) leaveApart(pass, batch, row, 'crm', each.id, String(each.version))
}

function leaveApart(
  pass: Pass,
  batch: Batch,
  row: CollectionRow,
  side: 'crm' | 'mailbox',
  key: string,
  version: string,
): void {
  const parked = {
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: row.id,
    side,
    key,
    reason: sentence('R13'),
    tries: TRIES_MAX,
    version,
    at: pass.env.now(),
  } as const
  batch.parked.push(parked)
  pass.parked.set(key, parked)
  pass.counts.parked += 1
}
