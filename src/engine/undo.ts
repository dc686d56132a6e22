import type { LinkId, OperationId, RunId } from '../core/ids.ts'
import type { Fields } from '../core/item.ts'
import { isAbsent, packBases, same, unpackMailboxBase } from '../core/merge.ts'
import { type SideWrite } from '../core/plan.ts'
import { mayWrite, wouldMail } from '../core/policy.ts'
import type { LinkRow, OperationRow, RecordRow } from '../store/sync-store.ts'
import { restoreRecord } from './approve.ts'
import type { Batch } from './batch.ts'
import { SYNC_AUTHOR, consider, operationRow, pendingOf } from './consider.ts'
import { type Refusal, impose } from './impose.ts'
import { APPROVED_BY, type Pass } from './pass.ts'
import { pushPlanned } from './push.ts'
import type { PassEnd } from './sync.ts'

/** What to take back: a whole run, one pair, or single writes. */
export interface UndoWhat {
  readonly run?: RunId
  readonly link?: LinkId
  readonly operations?: readonly OperationId[]
}

export interface Undone extends PassEnd {
  /** Writes that stay, each with the reason: mostly because somebody changed the same since. */
  readonly refused: readonly { readonly operation: OperationId; readonly reason: string }[]
}

/** Writes undone in one transaction. */
const UNDO_CHUNK = 100

/**
 * Takes writes back on both sides, newest first, as a run of its own with its own journal. A pair goes back to what it
 * was before the write; what changed since is refused, never overwritten.
 */
export async function undo(pass: Pass, what: UndoWhat, by: string): Promise<Undone> {
  const query = { mailbox: pass.mailbox.id, channel: pass.channel.channel, states: ['written'] } as const
  const rows = await pass.read((tx) =>
    tx.operations({
      ...query,
      ...(what.run !== undefined && { run: what.run }),
      ...(what.link !== undefined && { link: what.link }),
      ...(what.operations !== undefined && { ids: what.operations }),
    }),
  )
  const newestFirst = [...rows].reverse()
  const refused: { operation: OperationId; reason: string }[] = []
  for (let at = 0; at < newestFirst.length; at += UNDO_CHUNK)
    await pass.commit(async (tx, batch) => {
      const chunk = newestFirst.slice(at, at + UNDO_CHUNK)
      const touched = new Set<LinkId>()
      const pairs = await tx.pairsByLink(chunk.map((row) => row.link))
      const pending = await pendingOf(
        tx,
        pairs.map((pair) => pair.link),
      )
      for (const row of chunk) {
        const pair = pairs.find((one) => one.link?.id === row.link)
        const open = (pair?.link?.pending && pending.get(pair.link.pending)) ?? null
        const again = touched.has(row.link)
          ? 'The write after it is undone first; undo this one again.'
          : null
        const refusal = again ?? undoOne(pass, batch, row, pair?.link ?? null, pair?.record ?? null, open, by)
        if (refusal === null) touched.add(row.link)
        else refused.push({ operation: row.id, reason: refusal })
      }
    })
  return { stopped: await pushPlanned(pass), proven: 'partial', refused }
}

const CHANGED = 'It changed since, so it was left as it is.'
const GONE = 'It is no longer linked, so there is nothing to undo it on.'

function undoOne(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  link: LinkRow | null,
  record: RecordRow | null,
  pending: OperationRow | null,
  by: string,
): Refusal {
  if (link === null || record === null) return GONE
  if (pending !== null && pass.unsettled.has(pending.id)) return 'A write of it is still unanswered.'
  switch (row.do) {
    case 'update':
      return undoUpdate(pass, batch, row, link, record, pending, by)
    case 'delete':
      return undoDelete(pass, batch, row, link, record, by)
    case 'create':
    case 'restore':
      return row.side === 'crm'
        ? removeRecord(pass, batch, row, link, record, by)
        : removeItem(pass, batch, row, link, by)
  }
}

function undoUpdate(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  link: LinkRow,
  record: RecordRow,
  pending: OperationRow | null,
  by: string,
): Refusal {
  // What we wrote to Microsoft is the CRM's base; that Microsoft still holds it is guarded by the version.
  if (!holds(row.side === 'crm' ? record.fields : link.base, row.after ?? {})) return CHANGED
  return impose(pass, batch, { link, record, pending }, { values: row.before ?? {}, rule: 'R38', by })
}

/** The record comes out of quarantine, and its item is made again where it is gone; nobody is invited anew. */
function undoDelete(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  link: LinkRow,
  record: RecordRow,
  by: string,
): Refusal {
  if (link.state !== 'deleted') return CHANGED
  const collection = pass.collections.get(link.collection)
  if (!collection) return GONE
  if (record.deletedAt !== null) restoreRecord(pass, batch, link, record, link.facts, by, 'R38')
  const version = record.version + (record.deletedAt === null ? 0 : 1)
  const lone: LinkRow = { ...link, item: null, etag: null, recordVersion: version }
  batch.putLink(lone)
  if (!mayWrite(pass.policy.direction, 'mailbox')) return null
  consider(pass, batch, {
    link: lone,
    record: { ...record, deletedAt: null, version },
    seen: { is: 'unseen' },
    collection,
    pending: null,
    cause: `${by}, undoing ${row.id}`,
  })
  return null
}

/** What the sync made in the CRM goes to quarantine; its item stays, and is left alone from then on. */
function removeRecord(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  link: LinkRow,
  record: RecordRow,
  by: string,
): Refusal {
  if (record.deletedAt !== null || !holds(record.fields, row.after ?? {})) return CHANGED
  const at = pass.env.now()
  const write: SideWrite = { do: 'delete', rule: 'R38', fields: {}, before: record.fields, mails: [] }
  const undone = operationRow(pass, { record, cause: by }, link, 'crm', write)
  batch.operations.set(undone.id, { ...undone, state: 'written', sentAt: at, doneAt: at })
  batch.records.push({ do: 'delete', id: record.id, kind: record.kind, at, by: SYNC_AUTHOR })
  batch.putLink({ ...link, state: 'parked', recordVersion: record.version + 1, pending: null, updatedAt: at })
  batch.parked.push({
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: link.collection,
    side: 'mailbox',
    key: link.record,
    reason: `${by} undid its creation: it is left alone.`,
    tries: Number.MAX_SAFE_INTEGER,
    version: 'undone',
    at,
  })
  pass.counts.toCrm += 1
  return null
}

/** What the sync made in Microsoft is deleted there, guarded by its version; the record stays. */
function removeItem(pass: Pass, batch: Batch, row: OperationRow, link: LinkRow, by: string): Refusal {
  const held = unpackMailboxBase(link.base, link.mailboxBase)
  if (link.item === null || link.state !== 'linked' || !holds(link.base, row.after ?? {})) return CHANGED
  const about = { kind: pass.kind, do: 'delete', facts: link.facts, before: held, fields: {} } as const
  const write: SideWrite = { do: 'delete', rule: 'R38', fields: {}, before: held, mails: wouldMail(about) }
  const planned = operationRow(pass, { record: null, cause: `${APPROVED_BY}${by}` }, link, 'mailbox', write)
  batch.operations.set(planned.id, planned)
  batch.putLink({ ...link, ...packBases(link.base, held), pending: planned.id, updatedAt: pass.env.now() })
  return null
}

/** Whether these groups still hold what was written. */
const holds = (held: Fields, after: Fields): boolean =>
  Object.entries(after).every(([group, value]) =>
    isAbsent(value) ? held[group] === undefined : same(held[group], value),
  )
