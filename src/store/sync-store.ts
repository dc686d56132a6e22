import type {
  CollectionId,
  ConflictId,
  Cursor,
  ETag,
  Instant,
  ItemId,
  LinkId,
  MailboxId,
  OperationId,
  OrganizationId,
  RecordId,
  RunId,
  UserId,
} from '../core/ids.ts'
import type { Channel, Facts, Fields, Json, Kind, Side, Zone } from '../core/item.ts'

/**
 * What the engine asks of its memory. Two implementations pass one contract suite (tests/contract/store.ts):
 * `sql-store.ts` on PostgreSQL (embedded or served) and `memory-store.ts`, in which the simulation runs thousands of
 * worlds a minute.
 *
 * Promises:
 * - A transaction is all or nothing, and serialized against every other one that touches the same mailbox or records:
 *   rows handed out by a transaction do not change before it ends.
 * - With a lease, the transaction begins by checking the lease's fence; a worker that lost its lease writes nothing.
 * - `work` may be run again from its beginning (a served database gives up one of two that wait for each other), so it
 *   has no effects but through `tx`; what it adds to a list outside is added twice.
 * - Everything is set-wise: a page of a thousand items costs a handful of statements.
 * - No network call may happen inside a transaction (the caller's part of the promise).
 */
export interface SyncStore {
  /** Null when another living worker holds it. Each acquisition has a higher fence than all before. */
  acquireLease(mailbox: MailboxId, holder: string, now: Instant, ttlMs: number): Promise<Lease | null>
  /** @throws {LeaseLost} */
  renewLease(lease: Lease, now: Instant, ttlMs: number): Promise<Lease>
  releaseLease(lease: Lease): Promise<void>
  /** @throws {LeaseLost} when the fence is no longer the newest; nothing is written then. */
  transaction<T>(lease: Lease | null, work: (tx: SyncTx) => Promise<T>): Promise<T>
}

export interface Lease {
  readonly mailbox: MailboxId
  readonly holder: string
  readonly fence: number
  readonly expiresAt: Instant
}

export class LeaseLost extends Error {
  constructor(mailbox: MailboxId) {
    super(
      `Another worker took over mailbox ${mailbox}. Nothing of this pass was written; the other one goes on.`,
    )
    this.name = 'LeaseLost'
  }
}

export interface SyncTx {
  mailbox(id: MailboxId): Promise<MailboxRow | null>
  channel(mailbox: MailboxId, channel: Channel): Promise<ChannelRow>
  /** Enabled, unpaused channels of connected mailboxes whose `nextAt` is null or has come, longest due first. */
  dueChannels(now: Instant, limit: number): Promise<readonly ChannelRow[]>
  collections(mailbox: MailboxId, channel: Channel): Promise<readonly CollectionRow[]>

  /**
   * Records that changed since `cursor` (or all when null) and either lie in a container paired with this mailbox's
   * channel or are linked to it (moved out of it since), each with its link if it has one, oldest change first. Cannot skip a row whose transaction commits late: rows of
   * transactions that are still running, and later ones, are not handed out yet. Our own writes (version equal to
   * the link's) may be left out.
   */
  feed(
    mailbox: MailboxId,
    channel: Channel,
    cursor: Cursor | null,
    limit: number,
  ): Promise<{ readonly pairs: readonly PairRow[]; readonly next: Cursor; readonly more: boolean }>

  /** Links of these items with their records (also records that are in quarantine), locked until the end. */
  pairsByItem(mailbox: MailboxId, items: readonly ItemId[]): Promise<readonly PairRow[]>
  pairsByRecord(mailbox: MailboxId, records: readonly RecordId[]): Promise<readonly PairRow[]>
  pairsByLink(links: readonly LinkId[]): Promise<readonly PairRow[]>
  /** After a complete enumeration: linked pairs of the collection that it did not list, ordered by link id. */
  unseenPairs(
    collection: CollectionId,
    generation: number,
    after: LinkId | null,
    limit: number,
  ): Promise<readonly PairRow[]>
  /** Records without a link in the mailbox's containers whose `iCalUId`, marker or content key is among these. */
  matchRecords(mailbox: MailboxId, channel: Channel, keys: readonly string[]): Promise<readonly RecordRow[]>
  /** How many linked pairs a collection has: what a guard's percentage is of. */
  countLinks(collection: CollectionId): Promise<number>

  operations(query: OperationQuery): Promise<readonly OperationRow[]>
  run(id: RunId): Promise<RunRow | null>
  conflicts(query: {
    readonly mailbox?: MailboxId
    readonly link?: LinkId
    readonly id?: ConflictId
    readonly state?: ConflictRow['state']
  }): Promise<readonly ConflictRow[]>
  parked(mailbox: MailboxId, channel: Channel): Promise<readonly ParkedRow[]>
  /** Observations put aside within a pass until its enumeration is complete (tombstones, doubtful matches). */
  deferred(collection: CollectionId, after: ItemId | null, limit: number): Promise<readonly DeferredRow[]>

  /** Everything that a step decided, in one call. Applied in the order of the properties below. */
  write(batch: WriteBatch): Promise<void>
}

export interface WriteBatch {
  readonly records?: readonly RecordWrite[]
  readonly links?: readonly LinkWrite[]
  readonly operations?: readonly OperationRow[]
  readonly outcomes?: readonly OperationOutcome[]
  readonly conflicts?: readonly ConflictRow[]
  readonly parked?: readonly ParkedRow[]
  readonly unparked?: readonly { readonly mailbox: MailboxId; readonly side: Side; readonly key: string }[]
  readonly deferred?: readonly DeferredRow[]
  readonly undeferred?: readonly { readonly collection: CollectionId; readonly item: ItemId }[]
  readonly collections?: readonly CollectionRow[]
  readonly channels?: readonly ChannelRow[]
  readonly mailboxes?: readonly MailboxRow[]
  readonly runs?: readonly RunRow[]
}

/** One Microsoft mailbox, bound to tenant id + object id. Tokens are not here (store/secrets). */
export interface MailboxRow {
  readonly id: MailboxId
  readonly organization: OrganizationId
  readonly user: UserId | null
  readonly kind: 'user' | 'shared'
  readonly address: string
  readonly displayName: string
  readonly tenantId: string
  readonly objectId: string
  readonly zone: Zone
  readonly state: 'connected' | 'needs-person' | 'disconnected'
  /** Plain words when a person must act. */
  readonly trouble: string | null
  readonly clockOffsetMs: number
}

/** A mailbox's channel: what status shows and the schedule reads. */
export interface ChannelRow {
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly enabled: boolean
  readonly paused: string | null
  readonly state: 'idle' | 'running' | 'waiting' | 'held' | 'failed'
  /** Position in the CRM's change feed. */
  readonly feedCursor: Cursor | null
  readonly lastStartedAt: Instant | null
  readonly lastFinishedAt: Instant | null
  readonly nextAt: Instant | null
  /** All that changed on either side before this instant is on the other side, or visibly held. */
  readonly provenAt: Instant | null
  readonly failures: number
  readonly message: string | null
  /** First sync done: only after it may attendees be written. */
  readonly firstSyncDone: boolean
  /** Progress of the run that goes on: { phase, done, total }. */
  readonly progress: Json
}

/** A calendar, task list or folder at Microsoft, paired with its container in the CRM. */
export interface CollectionRow {
  readonly id: CollectionId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly externalId: string
  readonly name: string
  readonly isDefault: boolean
  readonly canWrite: boolean
  /** The CRM calendar, task list or folder that mirrors it. */
  readonly container: string
  readonly selected: boolean
  readonly cursor: Cursor | null
  readonly window: { readonly from: string; readonly to: string } | null
  /** Counts complete enumerations begun; links remember in which one they were last seen. */
  readonly generation: number
  /** True while a complete enumeration is under way (its next page is in `cursor`). */
  readonly enumerating: boolean
  readonly trouble: string | null
  readonly wellKnown: string | null
  /** Mail: the folder that it lies in, and Microsoft's own counts when folders were last read. */
  readonly parentExternalId?: string | null
  readonly total?: number | null
  readonly unread?: number | null
}

/** A record of the CRM in canonical form. `version` grows with each change and guards writes. */
export interface RecordRow {
  readonly id: RecordId
  readonly kind: Kind
  /** The calendar, task list or folder it lies in. */
  readonly container: string
  readonly owner: UserId | null
  readonly fields: Fields
  readonly facts: Facts
  readonly version: number
  readonly modifiedAt: Instant
  readonly modifiedBy: string
  /** In quarantine since: deleted, restorable. */
  readonly deletedAt: Instant | null
}

export type RecordWrite =
  | {
      readonly do: 'create'
      readonly id: RecordId
      readonly kind: Kind
      readonly container: string
      readonly owner: UserId | null
      readonly fields: Fields
      readonly facts: Facts
      readonly matchKeys: readonly string[]
      readonly at: Instant
      readonly by: string
    }
  /** `fields` is the whole canonical map after the change. The row was locked by this transaction. New version = old + 1. */
  | {
      readonly do: 'update'
      readonly id: RecordId
      readonly kind: Kind
      readonly container: string
      readonly fields: Fields
      readonly facts: Facts
      readonly matchKeys: readonly string[]
      readonly at: Instant
      readonly by: string
    }
  | {
      readonly do: 'delete'
      readonly id: RecordId
      readonly kind: Kind
      readonly at: Instant
      readonly by: string
    }
  | {
      readonly do: 'restore'
      readonly id: RecordId
      readonly kind: Kind
      /** Where it lies from now on; where it lay, when left out. */
      readonly container?: string
      readonly fields: Fields
      readonly facts: Facts
      readonly matchKeys: readonly string[]
      readonly at: Instant
      readonly by: string
    }

/**
 * The pairing of one record with one item. `base` holds what each side held when they last agreed; two maps, because
 * a side may normalise, redact or be unable to hold a value, and a deliberate difference (drift, withheld attendees)
 * is no change. Where both hold the same, `mailboxBase` carries only the groups that differ.
 */
export interface LinkRow {
  readonly id: LinkId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly collection: CollectionId
  readonly record: RecordId
  /** Null until its create on Microsoft's side is settled, or after its item was found gone. */
  readonly item: ItemId | null
  readonly etag: ETag | null
  readonly base: Fields
  readonly mailboxBase: Fields
  /** The record's version in which `base` was true: an equal version means no change in the CRM. */
  readonly recordVersion: number
  readonly state: 'linked' | 'out-of-scope' | 'parked' | 'deleted'
  readonly seenGeneration: number
  readonly facts: Facts
  /** The one operation towards Microsoft that is open for this pair (planned, held, sent or unknown), if any. */
  readonly pending: OperationId | null
  /** Recent writes by direction and hash, to notice a pair that flips. */
  readonly flips: Json
  readonly updatedAt: Instant
}
export type LinkWrite =
  | ({ readonly do: 'put' } & LinkRow)
  | { readonly do: 'forget'; readonly id: LinkId }
  | { readonly do: 'seen'; readonly ids: readonly LinkId[]; readonly generation: number }

export interface PairRow {
  readonly link: LinkRow | null
  readonly record: RecordRow | null
}

/**
 * One write to one side. Before it happens the row is the plan; while it is on its way it is the outbox; after it
 * happened it is the journal. One row from beginning to end, so nothing is written without a rule and a trace.
 */
export interface OperationRow {
  readonly id: OperationId
  readonly run: RunId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly collection: CollectionId
  readonly link: LinkId
  readonly record: RecordId
  readonly item: ItemId | null
  readonly side: Side
  readonly do: 'create' | 'update' | 'delete' | 'restore'
  readonly rule: string
  /** Who caused it: a person's edit on the other side, an answer, an undo, a guard's approval. */
  readonly cause: string
  /** A title that a person recognises (already redacted where private). */
  readonly title: string
  readonly before: Fields | null
  readonly after: Fields | null
  readonly guard: { readonly etag?: ETag; readonly version?: number }
  /** Addresses that Microsoft would mail because of this write. */
  readonly mails: readonly string[]
  readonly state: OperationState
  /** Why it is held, parked or failed, in plain words. */
  readonly reason: string | null
  readonly attempts: number
  readonly createdAt: Instant
  readonly sentAt: Instant | null
  readonly doneAt: Instant | null
}
/**
 * planned → sent → written | stale | gone | rejected; sent → unknown → written | planned.
 * held (waits for a person) → planned | declined. superseded: decided anew before it was sent.
 */
export type OperationState =
  | 'planned'
  | 'held'
  | 'sent'
  | 'unknown'
  | 'written'
  | 'stale'
  | 'gone'
  | 'rejected'
  | 'declined'
  | 'superseded'

export interface OperationOutcome {
  readonly id: OperationId
  readonly state: OperationState
  readonly reason?: string | null
  readonly item?: ItemId | null
  readonly attempts?: number
  readonly at: Instant
}

/** Answers come ordered by `createdAt`, then id; `after` continues behind that operation. */
export interface OperationQuery {
  readonly ids?: readonly OperationId[]
  readonly mailbox?: MailboxId
  readonly channel?: Channel
  readonly run?: RunId
  readonly link?: LinkId
  readonly states?: readonly OperationState[]
  readonly after?: OperationId
  readonly limit?: number
}

/** What an undo takes back: a whole run, one pair (of one run), or single writes. */
export interface UndoWhat {
  readonly run?: RunId
  readonly link?: LinkId
  readonly operations?: readonly OperationId[]
}

export interface UndoPlan {
  readonly what: UndoWhat
  /** Writes that stay, each with the reason: mostly because somebody changed the same since. */
  readonly refused: readonly { readonly operation: OperationId; readonly reason: string }[]
}

export interface RunRow {
  readonly id: RunId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly trigger: 'schedule' | 'manual' | 'nudge' | 'preview' | 'approval' | 'answer' | 'undo'
  readonly state: 'planning' | 'planned' | 'applying' | 'held' | 'done' | 'failed' | 'discarded'
  readonly undoes: RunId | null
  /** Of an undo that was planned and waits (or waited) for a person. */
  readonly undo: UndoPlan | null
  readonly counts: Json
  readonly message: string | null
  readonly startedAt: Instant
  readonly finishedAt: Instant | null
}

/** The record of a difference that a rule decided, or that a person must decide. Whatever wins, the loser is kept. */
export interface ConflictRow {
  readonly id: ConflictId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly link: LinkId
  readonly record: RecordId
  readonly run: RunId
  /** `edit`: one group changed on both sides. `delete`: edit against delete. `drift`: one-way target changed. `match`: several candidates at first sync. `read-only`: a CRM edit of what the organizer owns. */
  readonly kind: 'edit' | 'delete' | 'drift' | 'match' | 'read-only' | 'limit'
  readonly group: string
  readonly title: string
  readonly base: Json
  readonly crm: Json
  readonly mailboxValue: Json
  readonly rule: string
  /** What the engine chose, or would choose: kept beside a person's answer so that it can be taken back. */
  readonly verdict: Side | 'none'
  readonly state: 'open' | 'decided' | 'answered' | 'restored'
  readonly answer: Json
  readonly at: Instant
  readonly answeredBy: string | null
  readonly answeredAt: Instant | null
}

export interface ParkedRow {
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly collection: CollectionId
  readonly side: Side
  /** The item's or record's id. */
  readonly key: string
  readonly reason: string
  readonly tries: number
  /** Version or etag that failed: retried when it changes. */
  readonly version: string
  readonly at: Instant
}

export interface DeferredRow {
  readonly collection: CollectionId
  readonly item: ItemId
  /** `tombstone` | `match` with the observation that waits. */
  readonly what: Json
}
