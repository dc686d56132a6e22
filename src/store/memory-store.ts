import {
  type Cursor,
  type Instant,
  type ItemId,
  type LinkId,
  type MailboxId,
  type RecordId,
  type RunId,
  asId,
} from '../core/ids.ts'
import { type Channel, kindOf } from '../core/item.ts'
import { State, type StoreDump, type StoredRecord } from './memory-state.ts'
import {
  LeaseLost,
  type ChannelRow,
  type CollectionRow,
  type ConflictRow,
  type DeferredRow,
  type Lease,
  type LinkRow,
  type LinkWrite,
  type MailboxRow,
  type OperationOutcome,
  type OperationQuery,
  type OperationRow,
  type PairRow,
  type ParkedRow,
  type RecordRow,
  type RecordWrite,
  type RunRow,
  type SyncStore,
  type SyncTx,
  type WriteBatch,
} from './sync-store.ts'

/**
 * The engine's memory without a database: the same promises as the SQL store (tests/contract/store.ts), held in maps.
 * The simulation runs on it, so it is deterministic and forgets exactly what a crash would have lost.
 *
 * Transactions run one after another. While one runs, each change notes how to take it back; a transaction that
 * throws, or that `crash()` cuts off, is rolled back by these notes. Rows are never changed in place.
 */
export function createMemoryStore(): MemoryStore {
  const state = new State()
  let queue: Promise<void> = Promise.resolve()
  let running: Transaction | null = null
  let epoch = 0

  /** Waits for its turn; a crash lets everybody who waited before it wait for ever, as a dead process would. */
  async function exclusive<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const mine = epoch
    const before = queue
    let done: () => void = () => undefined
    queue = new Promise((resolve) => (done = resolve))
    await before
    if (mine !== epoch) throw new StoreCrashed()
    const tx = new Transaction(state)
    running = tx
    try {
      const value = await work(tx)
      tx.assertAlive()
      tx.end()
      return value
    } catch (error) {
      if (mine === epoch) tx.rollback()
      throw error
    } finally {
      if (mine === epoch) {
        running = null
        done()
      }
    }
  }

  const checkFence = (lease: Lease): void => {
    if (state.leases.get(lease.mailbox)?.fence !== lease.fence) throw new LeaseLost(lease.mailbox)
  }

  return {
    async acquireLease(mailbox, holder, now, ttlMs) {
      const held = state.leases.get(mailbox)
      if (held && held.expiresAt > now) return null
      const lease: Lease = { mailbox, holder, fence: (held?.fence ?? 0) + 1, expiresAt: now + ttlMs }
      state.leases.set(mailbox, lease)
      return lease
    },
    async renewLease(lease, now, ttlMs) {
      checkFence(lease)
      const renewed: Lease = { ...lease, expiresAt: now + ttlMs }
      state.leases.set(lease.mailbox, renewed)
      return renewed
    },
    async releaseLease(lease) {
      if (state.leases.get(lease.mailbox)?.fence === lease.fence)
        state.leases.set(lease.mailbox, { ...lease, expiresAt: 0 })
    },
    transaction: (lease, work) =>
      exclusive(async (tx) => {
        if (lease) checkFence(lease)
        const value = await work(tx)
        if (lease) checkFence(lease)
        return value
      }),
    crash() {
      epoch += 1
      running?.rollback()
      running = null
      queue = Promise.resolve()
    },
    dump: () => state.dump(),
  }
}

export interface MemoryStore extends SyncStore {
  /** The process ends here: what was not committed is gone, who still holds a transaction can do nothing with it. */
  crash(): void
  /** Everything, for checks that look from outside. */
  dump(): StoreDump
}

/** The store went away while its caller waited. */
export class StoreCrashed extends Error {
  constructor() {
    super('The store was cut off before this was committed. Nothing of it was written; start again.')
    this.name = 'StoreCrashed'
  }
}

const OPEN = new Set(['planned', 'held', 'sent', 'unknown'])
const FINAL = new Set(['written', 'stale', 'gone', 'rejected', 'declined', 'superseded'])
const key = (...parts: readonly string[]): string => parts.join('\u0000')
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

class Transaction implements SyncTx {
  readonly #state: State
  readonly #takeBack: (() => void)[] = []
  #alive = true

  constructor(state: State) {
    this.#state = state
  }

  assertAlive(): void {
    if (!this.#alive) throw new StoreCrashed()
  }

  end(): void {
    this.#alive = false
  }

  rollback(): void {
    this.#alive = false
    for (let n = this.#takeBack.length - 1; n >= 0; n--) this.#takeBack[n]?.()
    this.#takeBack.length = 0
  }

  #set<K, V>(map: Map<K, V>, at: K, value: V): void {
    const before = map.get(at)
    const had = map.has(at)
    this.#takeBack.push(() => (had ? map.set(at, before as V) : map.delete(at)))
    map.set(at, value)
  }

  #drop<K, V>(map: Map<K, V>, at: K): void {
    if (!map.has(at)) return
    const before = map.get(at) as V
    this.#takeBack.push(() => map.set(at, before))
    map.delete(at)
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────

  async mailbox(id: MailboxId): Promise<MailboxRow | null> {
    this.assertAlive()
    return this.#state.mailboxes.get(id) ?? null
  }

  async channel(mailbox: MailboxId, channel: Channel): Promise<ChannelRow> {
    this.assertAlive()
    return this.#state.channels.get(key(mailbox, channel)) ?? newChannel(mailbox, channel)
  }

  async dueChannels(now: Instant, limit: number): Promise<readonly ChannelRow[]> {
    this.assertAlive()
    return [...this.#state.channels.values()]
      .filter((row) => row.enabled && row.paused === null && (row.nextAt ?? 0) <= now)
      .filter((row) => this.#state.mailboxes.get(row.mailbox)?.state === 'connected')
      .sort(
        (a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0) || byText(a.mailbox + a.channel, b.mailbox + b.channel),
      )
      .slice(0, limit)
  }

  async collections(mailbox: MailboxId, channel: Channel): Promise<readonly CollectionRow[]> {
    this.assertAlive()
    return [...this.#state.collections.values()]
      .filter((row) => row.mailbox === mailbox && row.channel === channel)
      .sort((a, b) => byText(a.id, b.id))
  }

  async feed(mailbox: MailboxId, channel: Channel, cursor: Cursor | null, limit: number) {
    this.assertAlive()
    const containers = await this.#containers(mailbox, channel)
    const pairs: PairRow[] = []
    let at = cursor === null ? 0 : Number(cursor)
    for (; at < this.#state.feed.length && pairs.length < limit; at++) {
      const id = this.#state.feed[at] as RecordId
      const stored = this.#state.records.get(id)
      if (stored?.seq !== at || stored.row.kind !== kindOf[channel]) continue
      const link = this.#linkOf(mailbox, id)
      if (!link && (!containers.has(stored.row.container) || stored.row.deletedAt !== null)) continue
      if (link?.recordVersion === stored.row.version) continue
      pairs.push({ link, record: stored.row })
    }
    return { pairs, next: asId<Cursor>(String(at)), more: at < this.#state.feed.length }
  }

  async pairsByItem(mailbox: MailboxId, items: readonly ItemId[]): Promise<readonly PairRow[]> {
    this.assertAlive()
    return items.flatMap((item) => {
      const id = this.#state.byItem.get(key(mailbox, item))
      const link = id === undefined ? undefined : this.#state.links.get(id)
      return link ? [this.#pair(link)] : []
    })
  }

  async pairsByRecord(mailbox: MailboxId, records: readonly RecordId[]): Promise<readonly PairRow[]> {
    this.assertAlive()
    return records.flatMap((id) => {
      const record = this.#state.records.get(id)
      return record ? [{ link: this.#linkOf(mailbox, id), record: record.row }] : []
    })
  }

  async pairsByLink(links: readonly LinkId[]): Promise<readonly PairRow[]> {
    this.assertAlive()
    return links.flatMap((id) => {
      const link = this.#state.links.get(id)
      return link ? [this.#pair(link)] : []
    })
  }

  async unseenPairs(collection: string, generation: number, after: LinkId | null, limit: number) {
    this.assertAlive()
    const ids = [...(this.#state.linksOf.get(collection)?.keys() ?? [])].sort(byText)
    const unseen: PairRow[] = []
    for (const id of ids) {
      if (unseen.length >= limit) break
      const link = this.#state.links.get(id)
      if (!link || link.item === null || link.seenGeneration >= generation) continue
      if (link.state !== 'linked' && link.state !== 'parked') continue
      if (after === null || id > after) unseen.push(this.#pair(link))
    }
    return unseen
  }

  async matchRecords(mailbox: MailboxId, channel: Channel, keys: readonly string[]) {
    this.assertAlive()
    const containers = await this.#containers(mailbox, channel)
    const found = new Map<RecordId, RecordRow>()
    for (const each of keys)
      for (const id of this.#state.keys.get(each) ?? []) {
        const row = this.#state.records.get(id)?.row
        if (!row || row.deletedAt !== null || row.kind !== kindOf[channel]) continue
        if (containers.has(row.container) && !this.#linkOf(mailbox, id)) found.set(id, row)
      }
    return [...found.values()].sort((a, b) => byText(a.id, b.id))
  }

  async countLinks(collection: string): Promise<number> {
    this.assertAlive()
    let count = 0
    for (const id of this.#state.linksOf.get(collection)?.keys() ?? [])
      if (this.#state.links.get(id)?.state === 'linked') count += 1
    return count
  }

  async operations(query: OperationQuery): Promise<readonly OperationRow[]> {
    this.assertAlive()
    const onlyOpen = query.states?.every((each) => OPEN.has(each)) ?? false
    const ids = query.ids ?? (onlyOpen ? this.#state.open.keys() : this.#state.operations.keys())
    const found: OperationRow[] = []
    for (const id of new Set(ids)) {
      const row = this.#state.operations.get(id)
      if (!row) continue
      if (query.mailbox !== undefined && row.mailbox !== query.mailbox) continue
      if (query.channel !== undefined && row.channel !== query.channel) continue
      if (query.run !== undefined && row.run !== query.run) continue
      if (query.link !== undefined && row.link !== query.link) continue
      if (query.states && !query.states.includes(row.state)) continue
      found.push(row)
    }
    found.sort((a, b) => a.createdAt - b.createdAt || byText(a.id, b.id))
    const from = query.after === undefined ? 0 : found.findIndex((row) => row.id === query.after) + 1
    return found.slice(from, query.limit === undefined ? undefined : from + query.limit)
  }

  async run(id: RunId): Promise<RunRow | null> {
    this.assertAlive()
    return this.#state.runs.get(id) ?? null
  }

  async conflicts(query: Parameters<SyncTx['conflicts']>[0]): Promise<readonly ConflictRow[]> {
    this.assertAlive()
    return [...this.#state.conflicts.values()].filter(
      (row) =>
        (query.mailbox === undefined || row.mailbox === query.mailbox) &&
        (query.link === undefined || row.link === query.link) &&
        (query.id === undefined || row.id === query.id) &&
        (query.state === undefined || row.state === query.state),
    )
  }

  async parked(mailbox: MailboxId, channel: Channel): Promise<readonly ParkedRow[]> {
    this.assertAlive()
    return [...this.#state.parked.values()].filter(
      (row) => row.mailbox === mailbox && row.channel === channel,
    )
  }

  async deferred(collection: string, after: ItemId | null, limit: number): Promise<readonly DeferredRow[]> {
    this.assertAlive()
    return [...this.#state.deferred.values()]
      .filter((row) => row.collection === collection && (after === null || row.item > after))
      .sort((a, b) => byText(a.item, b.item))
      .slice(0, limit)
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────────────────────

  async write(batch: WriteBatch): Promise<void> {
    this.assertAlive()
    for (const each of batch.records ?? []) this.#writeRecord(each)
    for (const each of batch.links ?? []) this.#writeLink(each)
    for (const each of batch.operations ?? []) this.#putOperation(each)
    for (const each of batch.outcomes ?? []) this.#settle(each)
    for (const each of batch.conflicts ?? []) this.#set(this.#state.conflicts, each.id, each)
    for (const each of batch.parked ?? [])
      this.#set(this.#state.parked, key(each.mailbox, each.side, each.key), each)
    for (const each of batch.unparked ?? [])
      this.#drop(this.#state.parked, key(each.mailbox, each.side, each.key))
    for (const each of batch.deferred ?? [])
      this.#set(this.#state.deferred, key(each.collection, each.item), each)
    for (const each of batch.undeferred ?? [])
      this.#drop(this.#state.deferred, key(each.collection, each.item))
    for (const each of batch.collections ?? []) this.#set(this.#state.collections, each.id, each)
    for (const each of batch.channels ?? [])
      this.#set(this.#state.channels, key(each.mailbox, each.channel), each)
    for (const each of batch.mailboxes ?? []) this.#set(this.#state.mailboxes, each.id, each)
    for (const each of batch.runs ?? []) this.#set(this.#state.runs, each.id, each)
  }

  #writeRecord(write: RecordWrite): void {
    const before = this.#state.records.get(write.id)
    if (write.do === 'create' ? before !== undefined : before === undefined)
      throw new Error(
        `Record ${write.id} ${before ? 'exists already' : 'does not exist'}: ${write.do} refused.`,
      )
    const version = (before?.row.version ?? 0) + 1
    const stamp = { version, modifiedAt: write.at, modifiedBy: write.by }
    let row: RecordRow
    if (write.do === 'create') {
      const { id, kind, container, owner, fields, facts } = write
      row = { id, kind, container, owner, fields, facts, ...stamp, deletedAt: null }
    } else {
      const old = (before as StoredRecord).row
      if (write.do === 'delete') row = { ...old, ...stamp, deletedAt: write.at }
      else {
        const container = write.container ?? old.container
        const deletedAt = write.do === 'restore' ? null : old.deletedAt
        row = { ...old, ...stamp, container, fields: write.fields, facts: write.facts, deletedAt }
      }
    }
    const keys = write.do === 'delete' ? (before?.keys ?? []) : write.matchKeys
    for (const each of before?.keys ?? []) this.#index(each, write.id, false)
    for (const each of keys) this.#index(each, write.id, true)
    const seq = this.#state.feed.length
    this.#takeBack.push(() => (this.#state.feed.length = seq))
    this.#state.feed.push(write.id)
    this.#set(this.#state.records, write.id, { row, keys, seq })
  }

  #index(matchKey: string, id: RecordId, add: boolean): void {
    const ids = new Set(this.#state.keys.get(matchKey))
    if (add) ids.add(id)
    else ids.delete(id)
    this.#set(this.#state.keys, matchKey, ids)
  }

  #writeLink(write: LinkWrite): void {
    if (write.do === 'seen') {
      for (const id of write.ids) {
        const link = this.#state.links.get(id)
        if (link) this.#set(this.#state.links, id, { ...link, seenGeneration: write.generation })
      }
      return
    }
    const before = this.#state.links.get(write.id)
    if (before) {
      this.#drop(this.#state.byRecord, key(before.mailbox, before.record))
      if (before.item !== null) this.#drop(this.#state.byItem, key(before.mailbox, before.item))
      this.#drop(this.#members(before.collection), before.id)
    }
    if (write.do === 'forget') {
      this.#drop(this.#state.links, write.id)
      return
    }
    const { do: _put, ...row } = write
    const taken =
      this.#state.byRecord.get(key(row.mailbox, row.record)) ??
      (row.item === null ? undefined : this.#state.byItem.get(key(row.mailbox, row.item)))
    if (taken !== undefined)
      throw new Error(`Record ${row.record} or item ${row.item ?? '-'} is already in link ${taken}.`)
    this.#set(this.#state.links, row.id, row)
    this.#set(this.#state.byRecord, key(row.mailbox, row.record), row.id)
    if (row.item !== null) this.#set(this.#state.byItem, key(row.mailbox, row.item), row.id)
    this.#set(this.#members(row.collection), row.id, true)
  }

  #members(collection: string): Map<LinkId, true> {
    let members = this.#state.linksOf.get(collection)
    if (!members) this.#state.linksOf.set(collection, (members = new Map()))
    return members
  }

  #putOperation(row: OperationRow): void {
    this.#set(this.#state.operations, row.id, row)
    if (OPEN.has(row.state)) this.#set(this.#state.open, row.id, true)
    else this.#drop(this.#state.open, row.id)
  }

  #settle(outcome: OperationOutcome): void {
    const row = this.#state.operations.get(outcome.id)
    if (!row) throw new Error(`Operation ${outcome.id} does not exist: its outcome was refused.`)
    this.#putOperation({
      ...row,
      state: outcome.state,
      reason: outcome.reason === undefined ? row.reason : outcome.reason,
      item: outcome.item === undefined ? row.item : outcome.item,
      attempts: outcome.attempts ?? row.attempts,
      sentAt: outcome.state === 'sent' ? outcome.at : row.sentAt,
      doneAt: FINAL.has(outcome.state) ? outcome.at : row.doneAt,
    })
  }

  async #containers(mailbox: MailboxId, channel: Channel): Promise<ReadonlySet<string>> {
    return new Set((await this.collections(mailbox, channel)).map((row) => row.container))
  }

  #linkOf(mailbox: MailboxId, record: RecordId): LinkRow | null {
    const id = this.#state.byRecord.get(key(mailbox, record))
    return (id === undefined ? undefined : this.#state.links.get(id)) ?? null
  }

  #pair(link: LinkRow): PairRow {
    return { link, record: this.#state.records.get(link.record)?.row ?? null }
  }
}

/** A channel that was never switched on. */
export function newChannel(mailbox: MailboxId, channel: Channel): ChannelRow {
  return {
    mailbox,
    channel,
    enabled: false,
    paused: null,
    state: 'idle',
    feedCursor: null,
    lastStartedAt: null,
    lastFinishedAt: null,
    nextAt: null,
    provenAt: null,
    failures: 0,
    message: null,
    firstSyncDone: false,
    progress: null,
  }
}
