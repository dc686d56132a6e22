import type {
  CollectionRef,
  Failure,
  Operation,
  PushOutcome,
  SettleOutcome,
} from '../connectors/connector.ts'
import { type CollectionId, asId } from '../core/ids.ts'
import { type Fields, type Json, parseGroup } from '../core/item.ts'
import { applied, isAbsent, isEmpty, packBases, same, unpackMailboxBase } from '../core/merge.ts'
import { sameValue } from '../core/same.ts'
import type { CollectionRow, LinkRow, OperationOutcome, OperationRow, PairRow } from '../store/sync-store.ts'
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

/** What ended a push early: the rest stays planned. */
export interface PushStopped {
  readonly failure: Failure
}

/** Sends what is planned for Microsoft. Null when nothing is left; else why it stopped. */
export async function pushPlanned(pass: Pass): Promise<PushStopped | null> {
  let settled: readonly Settlement[] = []
  let stopped: PushStopped | null = null
  for (;;) {
    const outcomes = settled
    const more = stopped === null
    const sending = await pass.commit(async (tx, batch) => {
      if (outcomes.length > 0) {
        const pairs = await tx.pairsByLink(outcomes.map((each) => each.row.link))
        for (const each of outcomes) settle(pass, batch, each, pairOf(pairs, each.row))
      }
      return more ? takeNext(pass, tx, batch) : []
    })
    if (sending.length === 0) return stopped
    await pass.keepLease()
    const answers = await pass.connector.push(
      sending.map((each) => each.operation),
      pass.signal,
    )
    settled = sending.map(({ row }, n) => ({
      row,
      outcome: answers[n] ?? { outcome: 'unknown', failure: SILENT },
    }))
    stopped = stopReason(settled)
  }
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
      arrived(pass, batch, row, pair, link, outcome, late)
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
  outcome: Extract<PushOutcome, { outcome: 'written' }>,
  late: boolean,
): void {
  if (row.do === 'delete') {
    batch.putLink({ ...link, state: 'deleted', pending: null, updatedAt: pass.env.now() })
    return
  }
  const collection = homeOf(pass, row.after ?? {}) ?? pass.collections.get(row.collection)
  const told = outcome.item?.fields
  // A series with its exceptions and a task with its steps are written in several requests. Found by its mark after a lost
  // answer, it may lack some of them: these did not arrive, so they still count as changed in the CRM.
  const after = late && told ? arrivedGroups(row.do, row.after ?? {}, told) : (row.after ?? {})
  // Answered at once, the write is what Microsoft holds, in its own spelling; found later, others may have changed it.
  const spelled = told && !late ? inTheirWords(after, told) : after
  const crmBase =
    row.do === 'create' ? withoutGroups(link.base, row.after ?? {}, after) : applied(link.base, after)
  const mailboxBase =
    row.do === 'create'
      ? {
          ...picked(told ?? {}, late ? ourWork(row, told ?? {}) : (row.after ?? {})),
          ...applied({}, spelled),
        }
      : {
          ...applied(unpackMailboxBase(link.base, link.mailboxBase), spelled),
          ...(late && told ? halfDone(row, told) : {}),
        }
  const next: LinkRow = {
    ...link,
    ...packBases(crmBase, mailboxBase),
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

/** Written in requests of their own, after the item itself: the steps of a task, the exceptions of a series. */
const isApart = (group: string, value: Json): boolean =>
  !isEmpty(value) && (group === 'steps' || parseGroup(group).slot !== null)

/**
 * The groups of a write whose answer was lost that surely arrived. Of an update: those that the system now shows; where
 * somebody has changed one since, both sides differ from their base and the conflict policy decides. Of a create: also
 * what came with the item itself and is not empty now; another value is what somebody made of ours.
 */
function arrivedGroups(kind: OperationRow['do'], after: Fields, told: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(after)) {
    const wanted = isAbsent(value) ? undefined : value
    const shown = sameValue(group, told[group], wanted)
    if (shown || (kind === 'create' && !isApart(group, value) && !isEmpty(told[group]))) fields[group] = value
  }
  return fields
}

/**
 * Lists that stand half as they were and half as we wanted them (the steps of a task are written one by one): our own
 * unfinished work, which is no change that a person made, and is written again from the CRM.
 */
function halfDone(row: OperationRow, told: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, wanted] of Object.entries(row.after ?? {})) {
    const before = row.do === 'create' ? [] : row.before?.[group]
    const now = told[group]
    if (!Array.isArray(wanted) || !Array.isArray(before) || !Array.isArray(now)) continue
    const ours = [...before, ...wanted]
    if (now.every((one) => ours.some((each) => same(each, one)))) fields[group] = now
  }
  return fields
}

/**
 * The groups of a create that nobody else had a hand in. Steps that are not all ours may stand where ours never arrived,
 * written by somebody who never saw them: without a base both sides count as changed, and the conflict policy decides.
 */
function ourWork(row: OperationRow, told: Fields): Fields {
  const half = halfDone(row, told)
  return Object.fromEntries(
    Object.entries(row.after ?? {}).filter(
      ([group, value]) => !isApart(group, value) || group in half || isEmpty(told[group]),
    ),
  )
}

/** What `told` says of the groups in `groups`, as far as it says something. */
function picked(told: Fields, groups: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const group in groups) {
    const value = told[group]
    if (value !== undefined) fields[group] = value
  }
  return fields
}

/** `base` without the groups that were to be written and were not. */
function withoutGroups(base: Fields, wanted: Fields, arrived: Fields): Fields {
  const fields: { [group: string]: Json } = { ...base }
  for (const group in wanted) if (!(group in arrived)) delete fields[group]
  return fields
}

/** What we wrote, as the system spells it. */
function inTheirWords(after: Fields, told: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(after)) fields[group] = told[group] ?? value
  return fields
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
