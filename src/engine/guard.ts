import { unpackMailboxBase } from '../core/merge.ts'
import { guardHolds, neverShown } from '../core/plan.ts'
import { sentence } from '../core/rules.ts'
import type { OperationRow, PairRow } from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import { SYNC_AUTHOR, conflictRow, supersede } from './consider.ts'
import { APPROVED_BY, type Pass } from './pass.ts'

/** Deletions of records carried out in one transaction. */
const DELETE_CHUNK = 200

/**
 * All deletions of a run are counted before the first one happens. More than the guard allows on one side of one
 * collection: all of them wait for a person (R27), and so do later ones as long as these wait.
 */
export async function guardDeletions(pass: Pass): Promise<void> {
  const { mailbox, channel } = pass.channel
  const open = await pass.read((tx) => tx.operations({ mailbox, channel, states: ['planned', 'held'] }))
  const deletions = open.filter((row) => row.do === 'delete' && !row.cause.startsWith(APPROVED_BY))
  const groups = Map.groupBy(deletions, (row) => `${row.collection} ${row.side}`)
  for (const group of groups.values()) {
    const planned = group.filter((row) => row.state === 'planned')
    if (planned.length === 0) continue
    const first = planned[0] as OperationRow
    const linked = await pass.read((tx) => tx.countLinks(first.collection))
    const alreadyHeld = group.length > planned.length
    if (alreadyHeld || guardHolds(planned.length, linked, pass.settings.guard)) await hold(pass, planned)
  }
  await deleteRecords(pass, open)
}

async function hold(pass: Pass, planned: readonly OperationRow[]): Promise<void> {
  await pass.commit(async (_tx, batch) => {
    for (const { id } of planned)
      batch.outcomes.push({ id, state: 'held', reason: sentence('R27'), at: pass.env.now() })
  })
  pass.counts.held += planned.length
}

/** The deletions of records that passed: into the CRM's quarantine, from which they can be restored. */
export async function deleteRecords(pass: Pass, open: readonly OperationRow[]): Promise<void> {
  const ids = open.filter((row) => row.do === 'delete' && row.side === 'crm').map((row) => row.id)
  for (let at = 0; at < ids.length; at += DELETE_CHUNK)
    await pass.commit(async (tx, batch) => {
      const chunk = ids.slice(at, at + DELETE_CHUNK)
      const rows = (await tx.operations({ ids: chunk })).filter((row) => row.state === 'planned')
      const pairs = await tx.pairsByLink(rows.map((row) => row.link))
      for (const row of rows) {
        const pair = pairs.find((one) => one.link?.id === row.link)
        if (pair) deleteRecord(pass, batch, row, pair)
      }
    })
}

function deleteRecord(pass: Pass, batch: Batch, row: OperationRow, { link, record }: PairRow): void {
  if (link === null) return
  const at = pass.env.now()
  if (link.pending !== row.id || record === null || record.version !== row.guard.version) {
    supersede(pass, batch, row, 'Something changed before it was deleted: decided anew.')
    // Only a record that changed is new to the feed; its item is asked for again, so that an edit outlives the deletion.
    if (link.pending === row.id) {
      batch.putLink({ ...link, pending: null })
      if (link.item !== null)
        batch.deferred.push({ collection: link.collection, item: link.item, what: { kind: 'recheck' } })
    }
    return
  }
  const bases = { crm: link.base, mailbox: unpackMailboxBase(link.base, link.mailboxBase) }
  const drafts = row.rule === 'R3' ? neverShown(bases) : []
  for (const draft of drafts) batch.conflicts.push(conflictRow(pass, draft, link, row.title))
  pass.counts.conflicts += drafts.length
  batch.records.push({ do: 'delete', id: record.id, kind: record.kind, at, by: SYNC_AUTHOR })
  batch.outcomes.push({ id: row.id, state: 'written', at })
  batch.putLink({
    ...link,
    state: 'deleted',
    pending: null,
    recordVersion: record.version + 1,
    updatedAt: at,
  })
  pass.counts.toCrm += 1
}
