import type { ConflictId, MailboxId, OperationId, RecordId, RunId } from '../core/ids.ts'
import type { Channel, Json, Side } from '../core/item.ts'

/** What people ask of the sync. The composition root wires these to the engine; the queue runs them one by one for each mailbox. */
export interface SyncActions {
  /** Queues a run as soon as possible; one that waits already is enough. */
  readonly syncNow: (mailbox: MailboxId, channel: Channel) => Promise<void>
  readonly pause: (mailbox: MailboxId, channel: Channel, reason: string) => Promise<void>
  readonly resume: (mailbox: MailboxId, channel: Channel) => Promise<void>
  /** Makes a plan and stores it; nothing is written to either side. */
  readonly preview: (mailbox: MailboxId, channel: Channel) => Promise<RunId>
  readonly approve: (run: RunId, operations: readonly OperationId[], by: string) => Promise<void>
  readonly decline: (
    run: RunId,
    operations: readonly OperationId[],
    until: 'now' | 'never',
    by: string,
  ) => Promise<void>
  /** Plans the inverse as a run that waits for its approval; carries it out at once when `apply`. */
  readonly undo: (what: Undoing, by: string, apply: boolean) => Promise<RunId>
  readonly answer: (conflicts: readonly ConflictId[], choice: Choice, by: string) => Promise<readonly RunId[]>
  /** Brings the value that lost back. */
  readonly restore: (conflict: ConflictId, by: string) => Promise<RunId | null>
  readonly retryParked: (mailbox: MailboxId, side: Side, key: string) => Promise<boolean>
  /** Something may have changed in the CRM: look soon. Cheap, and many are one. */
  readonly nudge: (mailbox: MailboxId, channel: Channel) => Promise<void>
  /** Mail is to be sent or a draft to be brought to the mailbox: at once, or after so many seconds. */
  readonly mail: (mailbox: MailboxId, afterSeconds?: number) => Promise<void>
  /** Enabled channels, directions or intervals may have changed. */
  readonly settingsChanged: () => Promise<void>
  /** How many are being removed. */
  readonly removeLargeAttachments: () => Promise<number>
  readonly queue: () => Promise<{
    readonly running: number
    readonly waiting: number
    readonly failed: number
  }>
}

export type Undoing =
  { readonly run: RunId } | { readonly operation: OperationId } | { readonly record: RecordId }

export type Choice = { readonly take: Side | 'engine' } | { readonly take: 'value'; readonly value: Json }
