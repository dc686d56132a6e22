import { ConnectorError, type Observation, type Page } from '../connectors/connector.ts'
import { type ETag, type ItemId, type OperationId, asId } from '../core/ids.ts'
import type { Item, Json } from '../core/item.ts'
import { matchKeys } from '../core/match.ts'
import type { CollectionRow, LinkRow, OperationRow, PairRow, SyncTx } from '../store/sync-store.ts'
import { basesAfter } from './arrived.ts'
import type { Batch } from './batch.ts'
import { consider, pendingOf } from './consider.ts'
import { type Pass, collectionRef } from './pass.ts'

/**
 * Microsoft's changes, collection by collection, page by page. Each page is one transaction: its pairs are loaded and
 * locked, decided in memory, and written together with the cursor behind the page. A crash repeats at most one page.
 *
 * Deletions and doubtful matches are put aside in that same transaction: they are questions for engine/probe.ts and
 * engine/match.ts, which ask when the whole is known.
 */
export async function pullAll(pass: Pass): Promise<void> {
  const delta = pass.selected.filter((row) => row.cursor !== null && !row.enumerating)
  const asked = pass.connector.pullMany ? delta : []
  await pass.keepLease()
  const answers = asked.length === 0 ? [] : await pullRound(pass, asked)
  const quiet: CollectionRow[] = []
  for (const [n, row] of asked.entries()) {
    const answer = answers[n]
    if (answer === undefined) await pullOne(pass, row)
    else if (answer instanceof ConnectorError && answer.failure.kind === 'cursor-expired') {
      await forgetCursor(pass, row)
      await pullOne(pass, row)
    } else if (answer instanceof ConnectorError) await failed(pass, row, answer)
    else if (answer.observed.length === 0 && answer.last)
      quiet.push({ ...row, cursor: answer.next, trouble: null })
    else {
      await takePage(pass, row, answer)
      if (!answer.last) await pullOne(pass, current(pass, row))
    }
  }
  if (quiet.some((row) => row.cursor !== pass.collections.get(row.id)?.cursor || row.trouble !== null))
    await pass.commit(async (_tx, batch) => {
      for (const row of quiet) batch.collections.set(row.id, row)
    })
  for (const row of pass.selected) if (!asked.some((one) => one.id === row.id)) await pullOne(pass, row)
}

const current = (pass: Pass, row: CollectionRow): CollectionRow => pass.collections.get(row.id) ?? row

function pullRound(pass: Pass, rows: readonly CollectionRow[]): Promise<readonly (Page | ConnectorError)[]> {
  const parts = rows.flatMap((row) =>
    row.cursor === null ? [] : [{ collection: collectionRef(row, pass), cursor: row.cursor }],
  )
  return pass.connector.pullMany?.(parts, pass.signal) ?? Promise.resolve([])
}

/** How often one pass starts a collection over when its cursor keeps expiring. */
const RESTARTS_MAX = 3

async function pullOne(pass: Pass, begin: CollectionRow): Promise<void> {
  for (let restarts = 0; ; restarts++) {
    let row = current(pass, begin)
    const noticing = pass.connector.capabilities.deletions === 'noticed'
    if (row.cursor === null || (noticing && !row.enumerating)) row = await beginEnumeration(pass, row)
    try {
      const ref = collectionRef(row, pass)
      for await (const page of pass.connector.pull(ref, row.cursor, pass.signal)) {
        await takePage(pass, current(pass, row), page)
        await pass.keepLease()
        await pass.betweenPages()
        if (!page.last) continue
        pass.complete.add(row.id)
        return
      }
      return
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      const expired = error.failure.kind === 'cursor-expired'
      if (!expired || restarts >= RESTARTS_MAX) {
        await failed(pass, current(pass, row), error)
        return
      }
      await forgetCursor(pass, current(pass, row))
    }
  }
}

/** A complete enumeration: what it does not list by its end is asked for (engine/probe.ts), never assumed gone. */
export async function beginEnumeration(pass: Pass, row: CollectionRow): Promise<CollectionRow> {
  const begun: CollectionRow = {
    ...row,
    cursor: null,
    window: windowFor(pass, row),
    generation: row.generation + 1,
    enumerating: true,
  }
  await pass.commit(async (_tx, batch) => batch.collections.set(begun.id, begun))
  return begun
}

/** How far back mail reaches may only grow: what was imported once stays in step. */
function windowFor(pass: Pass, { window }: CollectionRow): CollectionRow['window'] {
  if (pass.channel.channel === 'tasks') return null
  if (pass.channel.channel === 'calendar' || window === null) return pass.window
  return { ...pass.window, from: window.from < pass.window.from ? window.from : pass.window.from }
}

/** The system forgot where we were: start from the beginning and compare. Nothing is deleted before the end is reached. */
async function forgetCursor(pass: Pass, row: CollectionRow): Promise<void> {
  await pass.commit(async (_tx, batch) => batch.collections.set(row.id, { ...row, cursor: null }))
}

/**
 * One collection that cannot be read does not stop the others; what concerns the whole mailbox does. A cursor that expires
 * again and again waits for the next pass, which begins from the beginning.
 */
async function failed(pass: Pass, row: CollectionRow, error: ConnectorError): Promise<void> {
  const expired = error.failure.kind === 'cursor-expired'
  if (!expired && error.failure.kind !== 'rejected') throw error
  const trouble = `Could not be read: ${error.failure.message} Nothing in it was changed; the others go on.`
  const cursor = expired ? null : row.cursor
  await pass.commit(async (_tx, batch) => batch.collections.set(row.id, { ...row, cursor, trouble }))
}

async function takePage(pass: Pass, row: CollectionRow, page: Page): Promise<void> {
  const observed = lastOfEach(page.observed)
  pass.counts.observed += observed.length
  await pass.commit(async (tx, batch) => {
    await takeObservations(pass, tx, batch, row, observed)
    batch.collections.set(row.id, { ...row, cursor: page.next, trouble: null })
  })
}

/** A page may tell an item several times: the last word counts. */
function lastOfEach(observed: readonly Observation[]): readonly Observation[] {
  const byId = new Map<ItemId, Observation>()
  for (const each of observed) {
    byId.delete(each.id)
    byId.set(each.id, each)
  }
  return [...byId.values()]
}

async function takeObservations(
  pass: Pass,
  tx: SyncTx,
  batch: Batch,
  row: CollectionRow,
  observed: readonly Observation[],
): Promise<void> {
  if (observed.length === 0) return
  const pairs = await tx.pairsByItem(
    pass.mailbox.id,
    observed.map((each) => each.id),
  )
  const byItem = new Map(pairs.flatMap((pair) => (pair.link?.item ? [[pair.link.item, pair] as const] : [])))
  const items = observed.filter((each) => each.kind === 'item')
  const strangers = items.filter((each) => !byItem.has(each.id))
  const adopted = await adoptable(tx, strangers)
  const pending = await pendingOf(
    tx,
    [...pairs, ...adopted.values()].map((pair) => pair.link),
  )
  const asked = row.enumerating ? strangers : strangers.filter((each) => pass.parked.has(each.id))
  const doubtful = await withCandidates(pass, tx, asked)

  for (const each of observed) {
    switch (each.kind) {
      case 'tombstone':
        if (isQuestion(pass, row, byItem.get(each.id))) defer(batch, row, each.id, { kind: 'tombstone' })
        break
      case 'malformed':
        park(pass, batch, row, each.id, each.reason)
        break
      case 'item': {
        if (pass.parked.has(each.id))
          batch.unparked.push({ mailbox: pass.mailbox.id, side: 'mailbox', key: each.id })
        const pair = byItem.get(each.id) ?? adopted.get(each.id) ?? NO_PAIR
        if (pair === NO_PAIR && doubtful.has(each.id)) {
          const { item, etag } = each
          pass.doubtful.add(row.id)
          defer(batch, row, each.id, { kind: 'match', item: item as unknown as Json, etag })
          break
        }
        considerItem(pass, batch, row, pair, each, pending)
      }
    }
  }
}

/**
 * A tombstone says that an item left the collection. That is nothing new about one that is known to lie in another one,
 * which tells what becomes of it there, or that is gone on both sides. Of a message that we deleted or never saw it may be
 * all that is told when somebody took it back before this round: with immutable ids the return is left out (reported
 * since 2022).
 */
export function isQuestion(pass: Pass, row: CollectionRow, pair: PairRow | undefined): boolean {
  const link = pair?.link
  if (!link) return pass.kind === 'message'
  if (link.state === 'deleted')
    return pass.kind === 'message' ? link.collection === row.id : pair.record?.deletedAt === null
  if (link.collection === row.id) return true
  const home = pass.collections.get(link.collection)
  return !home?.selected || home.trouble !== null
}

const NO_PAIR: PairRow = { link: null, record: null }

export function considerItem(
  pass: Pass,
  batch: Batch,
  row: CollectionRow,
  pair: PairRow,
  each: { readonly id: ItemId; readonly item: Item; readonly etag: ETag },
  pending: ReadonlyMap<OperationId, OperationRow>,
  confirmed = false,
): void {
  let { link } = pair
  let open = (link?.pending && pending.get(link.pending)) ?? null
  if (link !== null && link.item === null && open !== null && each.item.facts.marker === open.id) {
    link = arrived(pass, batch, link, open, each)
    open = null
  }
  const item = pass.kind === 'message' ? lyingIn(row, each.item) : each.item
  const seen = { is: 'item', id: each.id, item, etag: each.etag } as const
  consider(pass, batch, { link, record: pair.record, seen, collection: row, pending: open, confirmed })
}

/** A message that was read by its id may lie elsewhere than where it was looked for. */
const lyingIn = (row: CollectionRow, item: Item): Item =>
  item.fields['folder'] === row.id ? item : { ...item, fields: { ...item.fields, folder: row.id } }

/** Our create arrived though its answer did not: the mark on the item says which one it is (R33). */
function arrived(
  pass: Pass,
  batch: Batch,
  link: LinkRow,
  open: OperationRow,
  { id, item }: { readonly id: ItemId; readonly item: Item },
): LinkRow {
  batch.outcomes.push({ id: open.id, state: 'written', item: id, at: pass.env.now() })
  pass.unsettled.delete(open.id)
  const linked = { ...link, item: id, pending: null, ...basesAfter(open, link, item.fields, true) }
  batch.putLink(linked)
  return linked
}

/** Items nobody linked, that carry the mark of a create of ours whose link still waits for its item. */
async function adoptable(
  tx: SyncTx,
  strangers: readonly { readonly id: ItemId; readonly item: Item }[],
): Promise<ReadonlyMap<ItemId, PairRow>> {
  const marked = strangers.filter((each) => each.item.facts.marker !== undefined)
  if (marked.length === 0) return new Map()
  const ids = marked.map((each) => asId<OperationId>(each.item.facts.marker ?? ''))
  const creates = (await tx.operations({ ids })).filter(
    (row) => row.do === 'create' && row.side === 'mailbox',
  )
  if (creates.length === 0) return new Map()
  const pairs = await tx.pairsByLink(creates.map((row) => row.link))
  const adopted = new Map<ItemId, PairRow>()
  for (const each of marked) {
    const pair = pairs.find((one) => one.link?.item === null && one.link.pending === each.item.facts.marker)
    if (pair) adopted.set(each.id, pair)
  }
  return adopted
}

/**
 * A mailbox's messages come only from its import: when it begins with no record that nobody linked, none appears while
 * it goes on. Asked once, it saves looking for a thousand keys with each page.
 */
async function hasNothingToMatch(pass: Pass, tx: SyncTx): Promise<boolean> {
  if (pass.kind !== 'message') return false
  pass.nothingToMatch ??= (await tx.feed(pass.mailbox.id, pass.channel.channel, null, 1)).pairs.length === 0
  return pass.nothingToMatch
}

async function withCandidates(
  pass: Pass,
  tx: SyncTx,
  strangers: readonly { readonly id: ItemId; readonly item: Item }[],
): Promise<ReadonlySet<ItemId>> {
  if (strangers.length === 0 || (await hasNothingToMatch(pass, tx))) return new Set()
  const keysOf = new Map(strangers.map((each) => [each.id, matchKeys(pass.kind, each.item)]))
  const keys = [...new Set([...keysOf.values()].flat())]
  const records = await tx.matchRecords(pass.mailbox.id, pass.channel.channel, keys)
  if (records.length === 0) return new Set()
  const known = new Set(records.flatMap((record) => matchKeys(pass.kind, record)))
  return new Set(
    strangers.filter((each) => keysOf.get(each.id)?.some((key) => known.has(key))).map((each) => each.id),
  )
}

function defer(batch: Batch, row: CollectionRow, item: ItemId, what: Json): void {
  batch.deferred.push({ collection: row.id, item, what })
}

function park(pass: Pass, batch: Batch, row: CollectionRow, item: ItemId, reason: string): void {
  const before = pass.parked.get(item)
  const parked = {
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: row.id,
    side: 'mailbox',
    key: item,
    reason,
    tries: (before?.tries ?? 0) + 1,
    version: '',
    at: pass.env.now(),
  } as const
  batch.parked.push(parked)
  pass.parked.set(item, parked)
  pass.counts.parked += 1
}
