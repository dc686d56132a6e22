import type { Connector } from '../connectors/connector.ts'
import { type CollectionId, type OperationId, type RunId, asId } from '../core/ids.ts'
import { type Channel, type Item, type Kind, kindOf } from '../core/item.ts'
import type { Policy } from '../core/policy.ts'
import type { DateWindow } from '../core/time.ts'
import type {
  ChannelRow,
  CollectionRow,
  Lease,
  MailboxRow,
  OperationRow,
  ParkedRow,
  RunRow,
  SyncStore,
  SyncTx,
} from '../store/sync-store.ts'
import { Batch } from './batch.ts'
import type { Env } from './env.ts'

/** What the settings say about one channel of one mailbox. */
export interface ChannelSettings {
  readonly direction: Policy['direction']
  readonly conflicts: Policy['conflicts']
  readonly invitations: Policy['invitations']
  readonly privateEvents: Policy['privateEvents']
  readonly mailInFirstSync: boolean
  /** Conflict answers that a person asked to remember, by field group. */
  readonly remembered?: Policy['remembered']
  readonly intervalMinutes: number
  readonly daysBack: number
  readonly daysAhead: number
  readonly guard: { readonly items: number; readonly percent: number }
  /** Whether anything of this item may be stored at all: decided before it is (mail: blocked senders, internal mail). */
  readonly admits?: (item: Item) => boolean
}

/** How the cause of an operation begins that a person approved: the guard has nothing more to say about it. */
export const APPROVED_BY = 'approved by '

export interface Counts {
  observed: number
  toCrm: number
  toMailbox: number
  conflicts: number
  held: number
  parked: number
}

/** One run for a (mailbox, channel) under the mailbox's lease: what its phases share. */
export interface PassParts {
  readonly env: Env
  readonly store: SyncStore
  readonly connector: Connector
  readonly settings: ChannelSettings
  readonly policy: Policy
  readonly mailbox: MailboxRow
  readonly channel: ChannelRow
  readonly window: DateWindow
  readonly trigger: RunRow['trigger']
  readonly undoes?: RunId
  readonly lease: Lease
  readonly leaseMs: number
  readonly signal: AbortSignal
  /** What must not wait for the end of a long import: mail that people send. */
  readonly betweenPages?: (pass: Pass) => Promise<unknown>
}

export class Pass {
  readonly env: Env
  readonly store: SyncStore
  readonly connector: Connector
  readonly settings: ChannelSettings
  readonly policy: Policy
  readonly mailbox: MailboxRow
  readonly kind: Kind
  readonly window: DateWindow
  readonly signal: AbortSignal
  readonly counts: Counts = { observed: 0, toCrm: 0, toMailbox: 0, conflicts: 0, held: 0, parked: 0 }
  readonly collections = new Map<CollectionId, CollectionRow>()
  readonly parked = new Map<string, ParkedRow>()
  /** Operations whose fate is not known: their pairs wait until it is. */
  readonly unsettled = new Map<OperationId, OperationRow>()
  /** Collections with questions that engine/probe.ts has to ask. */
  readonly questions = new Set<CollectionId>()
  /** Something waits to be settled, sent, counted or deleted. */
  hasPlanned = false
  /** Collections whose pages were all read in this pass. */
  readonly complete = new Set<CollectionId>()
  /** Whether every message of the mailbox was linked when its import began or went on; null before it was asked. */
  nothingToMatch: boolean | null = null
  /** Collections with items that await their match. */
  readonly doubtful = new Set<CollectionId>()
  channel: ChannelRow
  run: RunRow
  readonly #parts: PassParts
  #runWritten = false
  #lease: Lease
  readonly #leaseMs: number

  constructor(parts: PassParts) {
    this.#parts = parts
    this.env = parts.env
    this.store = parts.store
    this.connector = parts.connector
    this.settings = parts.settings
    this.policy = parts.policy
    this.mailbox = parts.mailbox
    this.channel = parts.channel
    this.window = parts.window
    this.signal = parts.signal
    this.kind = kindOf[parts.channel.channel]
    this.#lease = parts.lease
    this.#leaseMs = parts.leaseMs
    this.run = {
      id: asId<RunId>(parts.env.newId()),
      mailbox: parts.mailbox.id,
      channel: parts.channel.channel,
      trigger: parts.trigger,
      state: 'applying',
      undoes: parts.undoes ?? null,
      undo: null,
      counts: {},
      message: null,
      startedAt: parts.env.now(),
      finishedAt: null,
    }
  }

  get lease(): Lease {
    return this.#lease
  }

  /** Whether anything of this run is in the store: a pass that found nothing to do leaves no row behind. */
  get hasRun(): boolean {
    return this.#runWritten
  }

  /** Goes on with a run that a person approved. */
  continueRun(run: RunRow): void {
    this.run = run
    this.#runWritten = true
  }

  get selected(): readonly CollectionRow[] {
    return [...this.collections.values()].filter((row) => row.selected)
  }

  collectionOf(container: string): CollectionRow | null {
    return [...this.collections.values()].find((row) => row.container === container) ?? null
  }

  /** Decides and writes in one transaction: what `work` gathers in the batch, all of it or nothing. */
  async commit<T>(work: (tx: SyncTx, batch: Batch) => Promise<T>): Promise<T> {
    const batch = new Batch()
    const value = await this.store.transaction(this.#lease, async (tx) => {
      const result = await work(tx, batch)
      const traced = batch.operations.size > 0 || batch.conflicts.length > 0
      if (traced && !this.#runWritten && batch.run === null) batch.run = this.run
      // Questions put aside outlive a crash; a channel that is not idle says that there may be some.
      if (batch.deferred.length > 0 && this.channel.state !== 'running')
        batch.channel = { ...(batch.channel ?? this.channel), state: 'running' }
      if (!batch.isEmpty) await tx.write(batch.toWrite())
      return result
    })
    if (batch.run) this.#runWritten = true
    for (const each of batch.deferred) this.questions.add(each.collection)
    for (const each of batch.operations.values()) if (each.state === 'planned') this.hasPlanned = true
    for (const each of batch.outcomes) if (each.state === 'planned') this.hasPlanned = true
    for (const row of batch.collections.values()) this.collections.set(row.id, row)
    if (batch.channel) this.channel = batch.channel
    return value
  }

  read<T>(work: (tx: SyncTx) => Promise<T>): Promise<T> {
    return this.store.transaction(this.#lease, work)
  }

  /** The same pass inside a transaction that will be rolled back, with other answers of Microsoft (engine/preview.ts). */
  rehearsing(connector: Connector, tx: SyncTx): Pass {
    const store: SyncStore = {
      acquireLease: () => Promise.reject(new Error('A rehearsal takes no lease.')),
      renewLease: async (lease) => lease,
      releaseLease: async () => undefined,
      transaction: (_lease, work) => work(tx),
    }
    const { betweenPages: _, ...parts } = this.#parts
    return new Pass({ ...parts, connector, store, channel: this.channel, lease: this.#lease })
  }

  async betweenPages(): Promise<void> {
    await this.#parts.betweenPages?.(this)
  }

  /** Called before each journey to Microsoft: renews the lease when a third of it is gone. */
  async keepLease(): Promise<void> {
    this.signal.throwIfAborted()
    const now = this.env.now()
    if (this.#lease.expiresAt - now < (this.#leaseMs * 2) / 3)
      this.#lease = await this.store.renewLease(this.#lease, now, this.#leaseMs)
  }
}

export const collectionRef = (row: CollectionRow, pass: Pass) => ({
  id: row.id,
  channel: row.channel as Channel,
  externalId: row.externalId,
  isDefault: row.isDefault,
  window: row.window ?? pass.window,
  zone: pass.mailbox.zone,
  privateEvents: pass.settings.privateEvents,
})
