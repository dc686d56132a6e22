import type { ConflictId, LinkId, MailboxId, OperationId, RecordId, RunId } from '../core/ids.ts'
import type {
  ChannelRow,
  CollectionRow,
  ConflictRow,
  DeferredRow,
  Lease,
  LinkRow,
  MailboxRow,
  OperationRow,
  ParkedRow,
  RecordRow,
  RunRow,
} from './sync-store.ts'

/** What the store in memory holds: its rows, and the indexes by which they are found. */
export interface StoreDump {
  readonly records: readonly RecordRow[]
  readonly links: readonly LinkRow[]
  readonly operations: readonly OperationRow[]
  readonly conflicts: readonly ConflictRow[]
  readonly parked: readonly ParkedRow[]
  readonly collections: readonly CollectionRow[]
  readonly channels: readonly ChannelRow[]
  readonly mailboxes: readonly MailboxRow[]
  readonly runs: readonly RunRow[]
}

export interface StoredRecord {
  readonly row: RecordRow
  readonly keys: readonly string[]
  /** Position in the change feed. */
  readonly seq: number
}

export class State {
  readonly leases = new Map<MailboxId, Lease>()
  readonly records = new Map<RecordId, StoredRecord>()
  /** The change feed: position → record. A position is current while the record still points back at it. */
  readonly feed: RecordId[] = []
  readonly keys = new Map<string, ReadonlySet<RecordId>>()
  readonly links = new Map<LinkId, LinkRow>()
  readonly byItem = new Map<string, LinkId>()
  readonly byRecord = new Map<string, LinkId>()
  readonly linksOf = new Map<string, Map<LinkId, true>>()
  readonly operations = new Map<OperationId, OperationRow>()
  /** Operations that are not settled yet: what each pass asks for, kept small beside a long journal. */
  readonly open = new Map<OperationId, true>()
  readonly conflicts = new Map<ConflictId, ConflictRow>()
  readonly parked = new Map<string, ParkedRow>()
  readonly deferred = new Map<string, DeferredRow>()
  readonly collections = new Map<string, CollectionRow>()
  readonly channels = new Map<string, ChannelRow>()
  readonly mailboxes = new Map<MailboxId, MailboxRow>()
  readonly runs = new Map<RunId, RunRow>()

  dump(): StoreDump {
    return {
      records: [...this.records.values()].map((record) => record.row),
      links: [...this.links.values()],
      operations: [...this.operations.values()],
      conflicts: [...this.conflicts.values()],
      parked: [...this.parked.values()],
      collections: [...this.collections.values()],
      channels: [...this.channels.values()],
      mailboxes: [...this.mailboxes.values()],
      runs: [...this.runs.values()],
    }
  }
}
