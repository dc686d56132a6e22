import type { CollectionId, ItemId, LinkId, MailboxId, OperationId, RecordId, RunId } from '../core/ids.ts'
import type { Channel, Fields, Side } from '../core/item.ts'
import { at, atOrNull } from './rows.ts'
import type { OperationRow, OperationState } from './sync-store.ts'

export interface OperationColumns {
  readonly id: OperationId
  readonly run: RunId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly collection: CollectionId
  readonly link: LinkId
  readonly record: RecordId
  readonly item: ItemId | null
  readonly side: Side
  readonly action: OperationRow['do']
  readonly rule: string
  readonly cause: string
  readonly title: string
  readonly before: Fields | null
  readonly after: Fields | null
  readonly guard: OperationRow['guard']
  readonly mails: readonly string[]
  readonly state: OperationState
  readonly reason: string | null
  readonly attempts: number
  readonly created_at: Date
  readonly sent_at: Date | null
  readonly done_at: Date | null
}

export const OPERATION_COLUMNS = `id, run, mailbox, channel, collection, link, record, item, side, action, rule, cause,
  title, before, after, guard, mails, state, reason, attempts, created_at, sent_at, done_at`

export const toOperation = (row: OperationColumns): OperationRow => ({
  id: row.id,
  run: row.run,
  mailbox: row.mailbox,
  channel: row.channel,
  collection: row.collection,
  link: row.link,
  record: row.record,
  item: row.item,
  side: row.side,
  do: row.action,
  rule: row.rule,
  cause: row.cause,
  title: row.title,
  before: row.before,
  after: row.after,
  guard: row.guard,
  mails: row.mails,
  state: row.state,
  reason: row.reason,
  attempts: row.attempts,
  createdAt: at(row.created_at),
  sentAt: atOrNull(row.sent_at),
  doneAt: atOrNull(row.done_at),
})
