import type { CollectionId, ItemId, OperationId } from '../core/ids.ts'
import type { Fields } from '../core/item.ts'
import { applied, packBases, unpackMailboxBase } from '../core/merge.ts'
import type { LinkRow, OperationRow, PairRow } from '../store/sync-store.ts'
import { Batch } from './batch.ts'
import { type Seen, consider, pendingOf } from './consider.ts'
import { deleteRecords } from './guard.ts'
import { APPROVED_BY, type Pass, collectionRef } from './pass.ts'
import { withoutItem } from './remembered.ts'
import { pushPlanned } from './push.ts'
import { restoreRecord } from './restore.ts'
import type { PassEnd } from './sync.ts'

/**
 * A person's word on what waits: the operations of a preview, or those that a guard held. Approving executes exactly
 * what was shown. What changed since is not executed: it is decided anew by the next sync, or by a new preview.
 */

/** Pairs decided in one transaction. */
const APPROVE_CHUNK = 100

export async function approve(pass: Pass, only: readonly OperationId[] | null, by: string): Promise<PassEnd> {
  const rows = await heldOf(pass, only)
  if (pass.run.trigger === 'preview') await approvePlan(pass, rows, by)
  else await releaseHeld(pass, rows, by)
  const approved = await pass.read((tx) => tx.operations({ ids: rows.map((row) => row.id) }))
  await deleteRecords(
    pass,
    approved.filter((row) => row.state === 'planned'),
  )
  return { stopped: await pushPlanned(pass), proven: 'partial' }
}

export async function heldOf(
  pass: Pass,
  only: readonly OperationId[] | null,
): Promise<readonly OperationRow[]> {
  const held = await pass.read((tx) => tx.operations({ run: pass.run.id, states: ['held'] }))
  if (only === null) return held
  const links = new Set(held.filter((row) => only.includes(row.id)).map((row) => row.link))
  // The two writes of one pair belong together: one without the other would leave the sides different.
  return held.filter((row) => links.has(row.link))
}

/** What a guard held is pushed as it stands; the version it was decided on still guards it. */
async function releaseHeld(pass: Pass, rows: readonly OperationRow[], by: string): Promise<void> {
  await pass.commit(async (_tx, batch) => {
    for (const row of rows)
      batch.operations.set(row.id, { ...row, state: 'planned', cause: `${APPROVED_BY}${by}`, reason: null })
  })
}

/** Decides each pair of a preview again, from what is there now; only the very same operations go through. */
async function approvePlan(pass: Pass, rows: readonly OperationRow[], by: string): Promise<void> {
  const groups = [...Map.groupBy(rows, (row) => row.link).values()]
  for (let at = 0; at < groups.length; at += APPROVE_CHUNK) {
    const chunk = groups.slice(at, at + APPROVE_CHUNK)
    const seen = await readAll(pass, chunk.flat())
    await pass.commit(async (tx, batch) => {
      const all = chunk.flat()
      const pairs = await tx.pairsByLink(all.map((row) => row.link))
      const byItem = await tx.pairsByItem(pass.mailbox.id, [...seen.keys()])
      const records = await tx.pairsByRecord(
        pass.mailbox.id,
        all.map((row) => row.record),
      )
      const pending = await pendingOf(
        tx,
        pairs.map((pair) => pair.link),
      )
      for (const group of chunk) {
        const [first] = group
        if (first === undefined) continue
        const pair =
          pairs.find((one) => one.link?.id === first.link) ??
          records.find((one) => one.record?.id === first.record) ??
          NOBODY
        const taken = byItem.some((one) => one.link?.item === first.item && one.link?.id !== pair.link?.id)
        // Made again meanwhile: what became of the item that was looked at says nothing about the one there is now.
        const isAnother = pair.link !== null && first.item !== null && pair.link.item !== first.item
        if (
          taken ||
          isAnother ||
          !executes(
            pass,
            batch,
            group,
            pair,
            first.item === null ? undefined : seen.get(first.item),
            pending,
            by,
          )
        )
          for (const row of group)
            batch.outcomes.push({
              id: row.id,
              state: 'superseded',
              reason: 'It changed since the preview: not executed, decided anew by the next sync.',
              at: pass.env.now(),
            })
      }
    })
  }
}

const NOBODY: PairRow = { link: null, record: null }

/** Items as Microsoft has them now. */
export async function readAll(
  pass: Pass,
  rows: readonly { readonly item: ItemId | null; readonly collection: CollectionId }[],
): Promise<ReadonlyMap<ItemId, Seen>> {
  const wanted = rows.flatMap((row) => {
    const collection = pass.collections.get(row.collection)
    return row.item === null || !collection
      ? []
      : [{ id: row.item, collection: collectionRef(collection, pass) }]
  })
  if (wanted.length === 0) return new Map()
  await pass.keepLease()
  const outcomes = await pass.connector.read(wanted, pass.signal)
  return new Map(
    outcomes.map((outcome): readonly [ItemId, Seen] => {
      if (outcome.outcome === 'gone') return [outcome.id, { is: 'gone' }]
      if (outcome.outcome === 'unreadable') return [outcome.id, { is: 'unseen' }]
      return [outcome.id, { is: 'item', id: outcome.id, item: outcome.item, etag: outcome.etag }]
    }),
  )
}

function executes(
  pass: Pass,
  batch: Batch,
  rows: readonly OperationRow[],
  pair: PairRow,
  read: Seen | undefined,
  pending: Awaited<ReturnType<typeof pendingOf>>,
  by: string,
): boolean {
  const [first] = rows
  const collection = first && pass.collections.get(first.collection)
  if (!first || !collection) return false
  const { link } = pair
  const untouched = read?.is === 'item' && link?.item === read.id && link.etag === read.etag
  const trial = new Batch()
  consider(pass, trial, {
    link,
    record: pair.record,
    seen: read === undefined || untouched ? { is: 'unseen' } : read,
    collection,
    pending: (link?.pending && pending.get(link.pending)) ?? null,
    confirmed: true,
    promised: { link: first.link, record: first.record, operations: rows, by },
  })
  const decided = [...trial.operations.keys()]
  const same = decided.length === rows.length && rows.every((row) => trial.operations.has(row.id))
  if (same) batch.absorb(trial)
  return same
}

/** A person says no: what would have been deleted is put back, what would have been mailed is not sent. */
export async function decline(pass: Pass, only: readonly OperationId[] | null, by: string): Promise<PassEnd> {
  const rows = await heldOf(pass, only)
  const isPlan = pass.run.trigger === 'preview' || pass.run.undo !== null
  await pass.commit(async (tx, batch) => {
    const pairs = isPlan ? [] : await tx.pairsByLink(rows.map((row) => row.link))
    for (const row of rows) {
      batch.outcomes.push({ id: row.id, state: 'declined', reason: `Declined by ${by}.`, at: pass.env.now() })
      const pair = pairs.find((one) => one.link?.pending === row.id)
      if (pair?.link) putBack(pass, batch, row, pair.link, pair, by)
    }
  })
  return { stopped: await pushPlanned(pass), proven: 'partial' }
}

function putBack(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  link: LinkRow,
  { record }: PairRow,
  by: string,
): void {
  const collection = pass.collections.get(link.collection)
  const free: LinkRow = { ...link, pending: null, updatedAt: pass.env.now() }
  if (row.do !== 'delete' || record === null || !collection) {
    // Only the record keeps the value: that the sides differ is settled.
    const kept: Fields = Object.fromEntries(
      Object.entries(record?.fields ?? {}).filter(([group]) => row.after !== null && group in row.after),
    )
    const bases = packBases(applied(link.base, kept), unpackMailboxBase(link.base, link.mailboxBase))
    batch.putLink({ ...free, ...bases, state: row.do === 'create' ? 'out-of-scope' : free.state })
    return
  }
  if (row.side === 'crm') {
    const lone: LinkRow = { ...withoutItem(pass, batch, free), state: 'deleted' }
    // Somebody else's meeting is not made again by us: the record stays, and is linked no more.
    if (pass.kind === 'event' && link.facts.isOrganizer === false) {
      batch.putLink({ ...lone, state: 'out-of-scope', recordVersion: record.version })
      return
    }
    // Its item is gone: made again in Microsoft, nobody is invited anew.
    batch.putLink(lone)
    const subject = { link: lone, record, seen: { is: 'unseen' }, collection, pending: null } as const
    consider(pass, batch, { ...subject, cause: by })
    return
  }
  const at = pass.env.now()
  restoreRecord(pass, batch, { ...free, recordVersion: record.version + 1 }, record, link.facts, {
    by,
    rule: 'R37',
  })
  batch.putLink({ ...free, recordVersion: record.version + 1, updatedAt: at })
}
