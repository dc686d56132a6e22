import type {
  CollectionRef,
  Failure,
  Operation,
  PushOutcome,
  SettleOutcome,
} from '../connectors/connector.ts'
import { type CollectionId, asId } from '../core/ids.ts'
import type { Fields, Json } from '../core/item.ts'
import { applied, isAbsent, unpackMailboxBase } from '../core/merge.ts'
import type { CollectionRow, LinkRow, OperationOutcome, OperationRow, PairRow } from '../store/sync-store.ts'
import { basesAfter } from './arrived.ts'
import type { Batch } from './batch.ts'
import { linkFacts, supersede } from './consider.ts'
import { type Pass, collectionRef } from './pass.ts'
import { considerItem } from './pull.ts'

/**
 * The outbox. An operation is marked as sent before it is sent, so that after a crash nobody forgets it: what was sent
 * and not answered is looked up by its mark, and never sent again before that says that it did not arrive.
 *
 *   planned → sent → written | stale | gone | rejected
 *                  → unknown → written | planned
 */

/** One `$batch` of Graph: what may be unanswered at most when the process dies. */
const PUSH_CHUNK = 20

/**
 * No write leaves in the last part of a lease. A worker that waited for Microsoft to let it on, or that was stopped as a
 * whole, would else send what the next one has looked up, not found and sent itself.
 */
const JOURNEY_MS = 20_000

/** What ended a push early: the rest stays planned. */
export interface PushStopped {
  readonly failure: Failure
}

/**
 * Sends what is planned for Microsoft. Null when nothing is left; else why it stopped.
 *
 * Messages come in many small writes that are harmless to look up: while one chunk of them is on its way, what became of
 * the chunk before it is written down and the next one is marked, so the database and Microsoft do not wait for each
 * other. Two chunks may then be unanswered when the process dies.
 */
export async function pushPlanned(pass: Pass): Promise<PushStopped | null> {
  const ahead = pass.kind === 'message'
  let settled: readonly Settlement[] = []
  let onItsWay: Promise<readonly Settlement[]> | null = null
  let stopped: PushStopped | null = null
  for (;;) {
    if (!ahead && onItsWay !== null) {
      settled = await onItsWay
      stopped ??= stopReason(settled)
      onItsWay = null
    }
    const outcomes = settled
    const more = stopped === null
    let sending: readonly Sending[]
    try {
      sending = await pass.commit(async (tx, batch) => {
        if (outcomes.length > 0) {
          const pairs = await tx.pairsByLink(outcomes.map((each) => each.row.link))
          for (const each of outcomes) settle(pass, batch, each, pairOf(pairs, each.row))
        }
        return more ? takeNext(pass, tx, batch) : []
      })
    } catch (error) {
      // What is on its way stays marked as sent, and the next pass looks it up.
      await onItsWay?.catch(() => undefined)
      throw error
    }
    settled = onItsWay === null ? [] : await onItsWay
    onItsWay = null
    stopped ??= stopReason(settled)
    if (sending.length === 0 && settled.length === 0) return stopped
    if (sending.length === 0) continue
    // A refusal speaks for the whole mailbox: what was marked meanwhile is not sent.
    const refusal = stopped
    if (refusal === null) onItsWay = begun(send(pass, sending))
    else settled = [...settled, ...sending.map(({ row }) => ({ row, outcome: notSent(refusal) }))]
  }
}

/** Its failure is for whoever waits for it a moment later: it is not nobody's. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}

const notSent = ({ failure }: PushStopped): PushOutcome => ({ outcome: 'not-sent', failure })

async function send(pass: Pass, sending: readonly Sending[]): Promise<readonly Settlement[]> {
  await pass.keepLease()
  const answers = await pass.connector.push(
    sending.map((each) => each.operation),
    pass.signal,
    pass.lease.expiresAt - JOURNEY_MS,
  )
  return sending.map(({ row }, n) => ({
    row,
    outcome: answers[n] ?? { outcome: 'unknown', failure: SILENT },
  }))
}

const SILENT: Failure = { kind: 'unavailable', message: 'The connector gave no answer.' }

interface Settlement {
  readonly row: OperationRow
  readonly outcome: PushOutcome | SettleOutcome
}
interface Sending {
  readonly row: OperationRow
  readonly operation: Operation
}

function stopReason(settled: readonly Settlement[]): PushStopped | null {
  for (const { outcome } of settled) if (outcome.outcome === 'not-sent') return { failure: outcome.failure }
  return null
}

/** Marks the next chunk as sent. What its pair no longer stands for is superseded instead. */
async function takeNext(
  pass: Pass,
  tx: Parameters<Parameters<Pass['commit']>[0]>[0],
  batch: Batch,
): Promise<readonly Sending[]> {
  const { mailbox, channel } = pass.channel
  const sending: Sending[] = []
  const settledNow = new Set(batch.outcomes.map((each) => each.id))
  const planned = await tx.operations({ mailbox, channel, states: ['planned'], limit: 2 * PUSH_CHUNK })
  const waiting = [...planned.filter((row) => !batch.operations.has(row.id)), ...batch.operations.values()]
  const ready = waiting
    .filter((row) => row.side === 'mailbox' && row.state === 'planned' && !settledNow.has(row.id))
    .slice(0, PUSH_CHUNK)
  const pairs = await tx.pairsByLink(ready.map((row) => row.link))
  for (const row of ready) {
    const pair = pairOf(pairs, row)
    const link = batch.linkOf(row.link) ?? pair.link
    const collection = pass.collections.get(row.collection)
    if (link === null || link.pending !== row.id || !collection) {
      supersede(pass, batch, row, 'Something changed before it was sent: decided anew.')
      continue
    }
    const at = pass.env.now()
    const sent: OperationRow = { ...row, state: 'sent', sentAt: at, attempts: row.attempts + 1 }
    batch.operations.set(row.id, sent)
    sending.push({ row: sent, operation: toOperation(pass, sent, link) })
  }
  return sending
}

const pairOf = (pairs: readonly PairRow[], row: OperationRow): PairRow =>
  pairs.find((pair) => pair.link?.id === row.link) ?? { link: null, record: null }

/** What the connector is asked to do. A group taken away is null there and missing in `whole`. */
function toOperation(pass: Pass, row: OperationRow, link: LinkRow): Operation {
  const collection = pass.collections.get(row.collection)
  if (!collection) throw new Error(`Operation ${row.id} speaks of a collection that is not there.`)
  const common = { key: row.id, collection: collectionRef(collection, pass) }
  const after = row.after ?? {}
  if (row.do === 'create')
    return { ...common, do: 'create', item: { kind: pass.kind, fields: applied({}, after), facts: {} } }
  if (row.item === null || row.guard.etag === undefined)
    throw new Error(`Operation ${row.id} has no item to ${row.do}.`)
  const target = { ...common, id: row.item, ifMatch: row.guard.etag }
  if (row.do === 'delete') return { ...target, do: 'delete' }
  const whole = applied(unpackMailboxBase(link.base, link.mailboxBase), after)
  return {
    ...target,
    do: 'update',
    fields: spelledForConnector(after),
    ...moveTarget(pass, after),
    whole: { kind: pass.kind, fields: whole, facts: link.facts },
  }
}

/** Where a message is moved to; nothing when that folder is no longer in step. */
function moveTarget(pass: Pass, after: Fields): { readonly moveTo?: CollectionRef } {
  const row = homeOf(pass, after)
  return row?.trouble === null ? { moveTo: collectionRef(row, pass) } : {}
}

const homeOf = (pass: Pass, fields: Fields): CollectionRow | undefined =>
  pass.kind === 'message' && typeof fields['folder'] === 'string'
    ? pass.collections.get(asId<CollectionId>(fields['folder']))
    : undefined

function spelledForConnector(after: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(after)) fields[group] = isAbsent(value) ? null : value
  return fields
}

/** Writes down what became of one operation, and what follows for its pair. */
function settle(pass: Pass, batch: Batch, { row, outcome }: Settlement, pair: PairRow): void {
  const at = pass.env.now()
  const late = pass.unsettled.delete(row.id)
  const result = (state: OperationOutcome['state'], reason: string | null = null): void => {
    const item = outcome.outcome === 'written' && row.do !== 'delete' ? outcome.id : row.item
    batch.outcomes.push({ id: row.id, state, reason, item, at, attempts: row.attempts })
  }
  const link = pair.link
  if (link === null || link.pending !== row.id) {
    result(outcome.outcome === 'written' ? 'written' : 'superseded')
    return
  }
  const recheck = (): void => {
    batch.putLink({ ...link, pending: null })
    if (link.item !== null)
      batch.deferred.push({ collection: link.collection, item: link.item, what: { kind: 'recheck' } })
  }
  switch (outcome.outcome) {
    case 'written':
      result('written')
      pass.counts.toMailbox += 1
      if (pass.parked.delete(row.record))
        batch.unparked.push({ mailbox: row.mailbox, side: 'crm', key: row.record })
      arrived(pass, batch, row, pair, link, outcome, late || 'found' in outcome)
      return
    case 'stale':
      result('stale', 'It changed in Microsoft 365 since it was last read: decided anew.')
      recheck()
      return
    case 'gone':
      result('gone', 'It no longer exists in Microsoft 365.')
      if (row.do === 'delete') batch.putLink({ ...link, state: 'deleted', pending: null })
      else recheck()
      return
    case 'rejected':
      result('rejected', outcome.reason)
      batch.putLink({ ...link, pending: null })
      parkRejected(pass, batch, row, pair, outcome.reason)
      return
    case 'not-sent':
      result('planned', outcome.failure.message)
      return
    case 'not-applied':
      result('planned', 'Its answer was lost; Microsoft 365 says that it did not arrive: sent again.')
      return
    case 'unknown':
      result(
        'unknown',
        `Sent, and not answered: ${outcome.failure.message} It is looked up before anything else.`,
      )
      pass.unsettled.set(row.id, row)
  }
}

function arrived(
  pass: Pass,
  batch: Batch,
  row: OperationRow,
  { record }: PairRow,
  link: LinkRow,
  outcome: Extract<PushOutcome | SettleOutcome, { outcome: 'written' }>,
  late: boolean,
): void {
  if (row.do === 'delete') {
    batch.putLink({ ...link, state: 'deleted', pending: null, updatedAt: pass.env.now() })
    return
  }
  const collection = homeOf(pass, row.after ?? {}) ?? pass.collections.get(row.collection)
  const next: LinkRow = {
    ...link,
    ...basesAfter(row, link, outcome.item?.fields ?? null, late, 'took' in outcome ? outcome.took : []),
    item: outcome.id,
    etag: outcome.etag,
    collection: collection?.id ?? link.collection,
    facts: outcome.item ? linkFacts(pass, outcome.item.facts) : link.facts,
    pending: null,
    state: 'linked',
    seenGeneration: collection?.generation ?? link.seenGeneration,
    updatedAt: pass.env.now(),
  }
  batch.putLink(next)
  if (outcome.item && collection)
    considerItem(
      pass,
      batch,
      collection,
      { link: { ...next, etag: null }, record },
      { id: outcome.id, item: outcome.item, etag: outcome.etag },
      new Map(),
      true,
    )
}

function parkRejected(pass: Pass, batch: Batch, row: OperationRow, pair: PairRow, reason: string): void {
  const before = pass.parked.get(row.record)
  const version = String(pair.record?.version ?? '')
  const parked = {
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: row.collection,
    side: 'crm',
    key: row.record,
    reason,
    tries: before?.version === version ? before.tries + 1 : 1,
    version,
    at: pass.env.now(),
  } as const
  batch.parked.push(parked)
  pass.parked.set(row.record, parked)
  pass.counts.parked += 1
}

/** Before anything else in a pass: what was sent and never answered. Who is still unknown keeps its pair waiting. */
export async function settleUnanswered(pass: Pass): Promise<void> {
  if (!pass.hasPlanned) return
  const { mailbox, channel } = pass.channel
  const rows = await pass.read((tx) => tx.operations({ mailbox, channel, states: ['sent', 'unknown'] }))
  for (const row of rows) pass.unsettled.set(row.id, row)
  for (let at = 0; at < rows.length; at += PUSH_CHUNK) {
    const chunk = rows.slice(at, at + PUSH_CHUNK)
    const links = await pass.read((tx) => tx.pairsByLink(chunk.map((row) => row.link)))
    const known = chunk.flatMap((row) => {
      const { link } = pairOf(links, row)
      return link !== null && pass.collections.has(row.collection) ? [{ row, link }] : []
    })
    await pass.keepLease()
    const answers = await pass.connector.settle(
      known.map(({ row, link }) => toOperation(pass, row, link)),
      pass.signal,
    )
    await pass.commit(async (tx, batch) => {
      const pairs = await tx.pairsByLink(known.map(({ row }) => row.link))
      for (const [n, { row }] of known.entries()) {
        const outcome = answers[n] ?? ({ outcome: 'unknown', failure: SILENT } as const)
        settle(pass, batch, { row, outcome }, pairOf(pairs, row))
      }
    })
  }
}
