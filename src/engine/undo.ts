import type { OperationId } from '../core/ids.ts'
import type { Fields } from '../core/item.ts'
import { groupsOf, isAbsent, packBases, same, unpackMailboxBase } from '../core/merge.ts'
import { withoutContent } from '../core/message-content.ts'
import type { SideWrite } from '../core/pair-plan.ts'
import { reported } from '../core/plan.ts'
import { mayWrite, wouldMail } from '../core/policy.ts'
import { sameValue } from '../core/same.ts'
import type { LinkRow, OperationRow, RecordRow, UndoPlan, UndoWhat } from '../store/sync-store.ts'
import { heldOf, readAll } from './approve.ts'
import { Batch } from './batch.ts'
import { SYNC_AUTHOR, type Seen, consider, operationRow, pendingOf } from './consider.ts'
import { type Refusal, impose, isUnanswered } from './impose.ts'
import { APPROVED_BY, type Pass } from './pass.ts'
import { withoutItem } from './remembered.ts'
import { rehearse, storePlan } from './preview.ts'
import { pushPlanned } from './push.ts'
import { restoreRecord } from './restore.ts'
import { type PassEnd, load } from './sync.ts'

export interface Undone extends PassEnd {
  readonly refused: UndoPlan['refused']
}

/** The largest that the store's column holds: nothing tries it again by itself. */
const TRIES_FOR_EVER = 2 ** 31 - 1
/** Links whose writes are undone in one transaction. */
const UNDO_CHUNK = 100

/**
 * Takes writes back on both sides as a run of its own with its own journal. A pair goes back to what it was before the
 * writes; what changed since is refused, never overwritten.
 */
export async function undo(pass: Pass, what: UndoWhat, by: string): Promise<Undone> {
  const refused = await takeBack(pass, what, by, null)
  return { stopped: await pushPlanned(pass), proven: 'partial', refused }
}

/** The undo as a plan that waits: rehearsed as it would be carried out, with nothing written on either side. */
export async function planUndo(
  pass: Pass,
  what: UndoWhat,
  by: string,
): Promise<{ readonly operations: readonly OperationRow[]; readonly refused: UndoPlan['refused'] }> {
  let refused: UndoPlan['refused'] = []
  const operations = await rehearse(pass, async (acting) => {
    await load(acting)
    refused = await takeBack(acting, what, by, null)
  })
  pass.run = { ...pass.run, undo: { what, refused } }
  await storePlan(pass, operations)
  return { operations, refused }
}

/** Carries out exactly what was shown; what changed since then is left as it is, with that reason. */
export async function approveUndo(
  pass: Pass,
  only: readonly OperationId[] | null,
  by: string,
): Promise<PassEnd> {
  const held = await heldOf(pass, only)
  if (pass.run.undo !== null) await takeBack(pass, pass.run.undo.what, by, held)
  return { stopped: await pushPlanned(pass), proven: 'partial' }
}

/** `shown`: only these operations of a plan may come out, or the pair stays as it is. Null: whatever comes out. */
async function takeBack(
  pass: Pass,
  what: UndoWhat,
  by: string,
  shown: readonly OperationRow[] | null,
): Promise<UndoPlan['refused']> {
  const rows = await pass.read((tx) =>
    tx.operations({
      mailbox: pass.mailbox.id,
      channel: pass.channel.channel,
      states: ['written'],
      ...(what.run !== undefined && { run: what.run }),
      ...(what.link !== undefined && { link: what.link }),
      ...(what.operations !== undefined && { ids: what.operations }),
    }),
  )
  const promised = shown && Map.groupBy(shown, (row) => row.link)
  const newestFirst = [...Map.groupBy([...rows].reverse(), (row) => row.link)].filter(
    ([link]) => promised?.has(link) ?? true,
  )
  const refused: UndoPlan['refused'][number][] = []
  for (let at = 0; at < newestFirst.length; at += UNDO_CHUNK) {
    const chunk = newestFirst.slice(at, at + UNDO_CHUNK)
    const links = chunk.map(([link]) => link)
    const known = await pass.read((tx) => tx.pairsByLink(links))
    const seen = await readAll(
      pass,
      known.flatMap(({ link }) => (link?.state === 'linked' ? [link] : [])),
    )
    await pass.commit(async (tx, batch) => {
      const pairs = await tx.pairsByLink(links)
      const pending = await pendingOf(
        tx,
        pairs.map((pair) => pair.link),
      )
      for (const [link, writes] of chunk) {
        const pair = pairs.find((one) => one.link?.id === link)
        const subject = {
          link: pair?.link ?? null,
          record: pair?.record ?? null,
          pending: (pair?.link?.pending && pending.get(pair.link.pending)) ?? null,
          seen: pair?.link?.item ? seen.get(pair.link.item) : undefined,
        }
        const wanted = promised?.get(link)
        if (wanted === undefined) refused.push(...undoPair(pass, batch, writes, subject, by))
        else refused.push(...undoAsShown(pass, batch, writes, subject, wanted, by))
      }
    })
  }
  return refused
}

const CHANGED = 'It changed since, so it was left as it is.'
const GONE = 'It is no longer linked, so there is nothing to undo it on.'
const LATER = 'The write after it is undone first; undo this one again.'

const THEIRS = 'It is a meeting of somebody else, which only its organizer can bring back.'

interface Subject {
  readonly link: LinkRow | null
  readonly record: RecordRow | null
  readonly pending: OperationRow | null
  /** What Microsoft holds at this moment; undefined where it was not asked. */
  readonly seen: Seen | undefined
}
type Known = Subject & { readonly link: LinkRow; readonly record: RecordRow }
type Promised = NonNullable<Parameters<typeof consider>[2]['promised']>

function undoAsShown(
  pass: Pass,
  batch: Batch,
  writes: readonly OperationRow[],
  subject: Subject,
  shown: readonly OperationRow[],
  by: string,
): UndoPlan['refused'] {
  const trial = new Batch()
  const [first] = shown
  if (first === undefined) return []
  const promised: Promised = { link: first.link, record: first.record, operations: shown, by }
  const refused = undoPair(pass, trial, writes, subject, by, promised)
  const same = trial.operations.size === shown.length && shown.every((row) => trial.operations.has(row.id))
  if (same) batch.absorb(trial)
  else
    for (const { id } of shown)
      batch.outcomes.push({
        id,
        state: 'superseded',
        reason: refused[0]?.reason ?? 'It changed since the undo was shown, so it was left as it is.',
        at: pass.env.now(),
      })
  return refused
}

/** The writes of one pair, newest first. Several changes of fields go back together, to what was before the oldest. */
function undoPair(
  pass: Pass,
  batch: Batch,
  writes: readonly OperationRow[],
  { link, record, ...about }: Subject,
  by: string,
  promised?: Promised,
): UndoPlan['refused'] {
  const all = (reason: string): UndoPlan['refused'] => writes.map(({ id }) => ({ operation: id, reason }))
  const [newest, ...older] = writes
  if (newest === undefined) return []
  if (link === null || record === null) return all(GONE)
  if (isUnanswered(about.pending))
    return all('A write of it is still unanswered. Try again after the next sync.')
  const subject: Known = { link, record, ...about }
  if (writes.every((row) => row.do === 'update'))
    return undoUpdates(pass, batch, writes, subject, by, promised)
  const refusal =
    newest.do === 'update'
      ? undoUpdates(pass, batch, [newest], subject, by, promised)[0]?.reason
      : newest.do === 'delete'
        ? undoDelete(pass, batch, newest, subject, by, promised)
        : newest.side === 'crm'
          ? removeRecord(pass, batch, newest, subject, by, promised)
          : removeItem(pass, batch, newest, subject, by, promised)
  return [
    ...(refusal ? [{ operation: newest.id, reason: refusal }] : []),
    ...older.map(({ id }) => ({ operation: id, reason: LATER })),
  ]
}

function undoUpdates(
  pass: Pass,
  batch: Batch,
  writes: readonly OperationRow[],
  { link, record, pending, seen }: Known,
  by: string,
  promised?: Promised,
): UndoPlan['refused'] {
  const refused: UndoPlan['refused'][number][] = []
  const taken: OperationRow[] = []
  let values: Fields = {}
  for (const row of writes) {
    const after = row.after ?? {}
    // Both sides still hold what was written: neither a person in the CRM nor one in Outlook changed it since.
    const now = { ...(row.side === 'crm' ? record.fields : link.base), ...values }
    const touched = Object.keys(after).some(
      (group) =>
        !(group in values) && (editedInCrm(record, link, group) || editedInMailbox(link, seen, group)),
    )
    if (touched || !holds(now, after)) {
      refused.push({ operation: row.id, reason: CHANGED })
      continue
    }
    values = { ...values, ...row.before }
    taken.push(row)
  }
  if (taken.length === 0) return refused
  const refusal = impose(
    pass,
    batch,
    { link, record, pending },
    { values, rule: 'R38', by, ...(promised && { promised }) },
  )
  return refusal === null
    ? refused
    : [...refused, ...taken.map(({ id }) => ({ operation: id, reason: refusal }))]
}

const editedInCrm = (record: RecordRow, link: LinkRow, group: string): boolean =>
  record.version !== link.recordVersion && !same(record.fields[group], link.base[group])

function editedInMailbox(link: LinkRow, seen: Seen | undefined, group: string): boolean {
  if (seen?.is !== 'item' || seen.etag === link.etag) return false
  const base = unpackMailboxBase(link.base, link.mailboxBase)
  const now = reported(seen.item, base)[group]
  return !same(now, base[group]) && !sameValue(group, now ?? null, base[group] ?? null)
}

/** The record comes out of quarantine, and its item is made again where it is gone; nobody is invited anew. */
function undoDelete(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  { link, record }: Known,
  by: string,
  promised?: Promised,
): Refusal {
  if (link.state !== 'deleted') return CHANGED
  if (isTheirMeeting(pass, link, record)) return THEIRS
  const collection = pass.collections.get(link.collection)
  if (!collection) return GONE
  if (record.deletedAt !== null)
    restoreRecord(pass, batch, link, record, link.facts, { by, rule: 'R38', ...(promised && { promised }) })
  const version = record.version + (record.deletedAt === null ? 0 : 1)
  const lone: LinkRow = { ...withoutItem(pass, batch, link), recordVersion: version }
  batch.putLink(lone)
  if (!mayWrite(pass.policy.direction, 'mailbox')) return null
  consider(pass, batch, {
    link: lone,
    record: { ...record, deletedAt: null, version },
    seen: { is: 'unseen' },
    collection,
    pending: null,
    cause: `${by}, undoing ${row.id}`,
    ...(promised && { promised }),
  })
  return null
}

const isTheirMeeting = (pass: Pass, link: LinkRow, record: RecordRow): boolean =>
  pass.kind === 'event' && (link.facts.isOrganizer === false || record.facts.isOrganizer === false)

/** What the sync made in the CRM goes to quarantine; its item stays, and is left alone from then on. */
function removeRecord(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  { link, record }: Known,
  by: string,
  promised?: Promised,
): Refusal {
  const after = row.after ?? {}
  const isOurs = Object.keys(withoutContent(pass.kind, record.fields)).every((group) => group in after)
  if (record.deletedAt !== null || !isOurs || !holds(record.fields, after)) return CHANGED
  const at = pass.env.now()
  const write: SideWrite = { do: 'delete', rule: 'R38', fields: {}, before: record.fields, mails: [] }
  const cause = { record, cause: by, ...(promised && { promised }) }
  const undone = operationRow(pass, cause, link, 'crm', write)
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
    tries: TRIES_FOR_EVER,
    version: 'undone',
    at,
  })
  pass.counts.toCrm += 1
  return null
}

/** What the sync made in Microsoft is deleted there, guarded by its version; the record stays. */
function removeItem(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  { link, seen }: Known,
  by: string,
  promised?: Promised,
): Refusal {
  const held = unpackMailboxBase(link.base, link.mailboxBase)
  if (link.item === null || link.state !== 'linked' || !holds(link.base, row.after ?? {})) return CHANGED
  const groups = groupsOf(held, seen?.is === 'item' ? withoutContent(pass.kind, seen.item.fields) : {})
  if (seen?.is === 'gone' || groups.some((group) => editedInMailbox(link, seen, group))) return CHANGED
  const about = { kind: pass.kind, do: 'delete', facts: link.facts, before: held, fields: {} } as const
  const write: SideWrite = { do: 'delete', rule: 'R38', fields: {}, before: held, mails: wouldMail(about) }
  const cause = { record: null, cause: `${APPROVED_BY}${by}`, ...(promised && { promised }) }
  const planned = operationRow(pass, cause, link, 'mailbox', write)
  batch.operations.set(planned.id, planned)
  batch.putLink({ ...link, ...packBases(link.base, held), pending: planned.id, updatedAt: pass.env.now() })
  return null
}

/** Whether these groups still hold what was written. */
const holds = (held: Fields, after: Fields): boolean =>
  Object.entries(after).every(([group, value]) =>
    isAbsent(value) ? held[group] === undefined || isAbsent(held[group]) : same(held[group], value),
  )
