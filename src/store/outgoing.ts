import type { Instant, ItemId, MailboxId, UserId } from '../core/ids.ts'
import type { Address, Body } from '../core/item.ts'
import type { Database, Sql } from './database.ts'
import { toJson } from './json.ts'
import { checkLease } from './leases.ts'
import { at, atOrNull, iso, isoOrNull } from './rows.ts'
import type { Lease } from './sync-store.ts'

/** What a person wrote. `answers` names the item that it replies to or forwards. */
export interface OutgoingMail {
  readonly subject: string
  readonly body: Body
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
  readonly bcc: readonly Address[]
  readonly importance: 'low' | 'normal' | 'high'
  readonly answers: { readonly item: ItemId; readonly how: 'reply' | 'replyAll' | 'forward' } | null
  /** Nobody wrote it: it says so, and no machine answers it. */
  readonly automatic?: boolean
  /** Written as a draft that the mailbox may hold already, with files: it is brought up to date before it is sent. */
  readonly fromDraft?: boolean
}

/**
 * waiting → drafting → drafted → sending → sent
 *                                        → failed   Microsoft refused it; surely not sent
 *                                        → unknown  nobody can say; a person decides, it is never sent again by itself
 * waiting → cancelled
 */
export type OutgoingState =
  'waiting' | 'drafting' | 'drafted' | 'sending' | 'sent' | 'failed' | 'unknown' | 'cancelled'

export interface OutgoingRow {
  readonly id: string
  readonly mailbox: MailboxId
  readonly author: UserId | null
  readonly mail: OutgoingMail
  readonly sendAt: Instant
  readonly state: OutgoingState
  /** The draft, and later the copy in Sent Items: an immutable id stays the same. */
  readonly item: ItemId | null
  readonly reason: string | null
  readonly attempts: number
  readonly nextAt: Instant
  readonly createdAt: Instant
  readonly sentAt: Instant | null
}

export interface OutgoingStore {
  /** Mail that is not finished and whose time has come, oldest first. */
  due(mailbox: MailboxId, now: Instant, limit: number): Promise<readonly OutgoingRow[]>
  /** Replaces the row if it is still in state `from`; else nothing, and false. @throws {LeaseLost} */
  move(lease: Lease, from: OutgoingState, row: OutgoingRow): Promise<boolean>
}

export const createOutgoingStore = (database: Database): OutgoingStore => ({
  due: (mailbox, now, limit) => dueMail(database, mailbox, now, limit),
  move: (lease, from, row) =>
    database.transaction(async (sql) => {
      await checkLease(sql, lease)
      return moveMail(sql, from, row)
    }),
})

interface Columns {
  readonly id: string
  readonly mailbox: MailboxId
  readonly author: UserId | null
  readonly mail: OutgoingMail
  readonly send_at: Date
  readonly state: OutgoingState
  readonly item: ItemId | null
  readonly reason: string | null
  readonly attempts: number
  readonly next_at: Date
  readonly created_at: Date
  readonly sent_at: Date | null
}

const toRow = (row: Columns): OutgoingRow => ({
  id: row.id,
  mailbox: row.mailbox,
  author: row.author,
  mail: row.mail,
  sendAt: at(row.send_at),
  state: row.state,
  item: row.item,
  reason: row.reason,
  attempts: row.attempts,
  nextAt: at(row.next_at),
  createdAt: at(row.created_at),
  sentAt: atOrNull(row.sent_at),
})

/** Puts mail into the queue. The same id twice is one mail: pressing Send again, or a repeated request, sends nothing anew. */
export async function enqueueMail(sql: Sql, row: OutgoingRow): Promise<void> {
  await sql.query(
    `insert into outgoing_mail (id, mailbox, author, mail, send_at, state, item, reason, attempts, next_at, created_at,
       sent_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (id) do nothing`,
    [
      row.id,
      row.mailbox,
      row.author,
      toJson(row.mail),
      iso(row.sendAt),
      row.state,
      row.item,
      row.reason,
      row.attempts,
      iso(row.nextAt),
      iso(row.createdAt),
      isoOrNull(row.sentAt),
    ],
  )
}

/** Takes back what was not handed to Microsoft yet. False when it is too late. */
export async function cancelMail(sql: Sql, id: string, author: UserId): Promise<boolean> {
  const rows = await sql.query(
    `update outgoing_mail set state = 'cancelled' where id = $1 and author = $2 and state = 'waiting' returning id`,
    [id, author],
  )
  return rows.length > 0
}

/** A person's sent and waiting mail, newest first. */
export async function mailOf(sql: Sql, author: UserId, limit: number): Promise<readonly OutgoingRow[]> {
  const rows = await sql.query<Columns>(
    'select * from outgoing_mail where author = $1 order by created_at desc, id limit $2',
    [author, limit],
  )
  return rows.map(toRow)
}

/** Mailboxes from which mail is due. */
export async function mailboxesWithMail(sql: Sql, now: Instant): Promise<readonly MailboxId[]> {
  const rows = await sql.query<{ mailbox: MailboxId }>(
    `select distinct o.mailbox from outgoing_mail o join mailboxes m on m.id = o.mailbox
     where o.next_at <= $1 and o.state in ('waiting', 'drafting', 'drafted', 'sending') and m.state = 'connected'`,
    [iso(now)],
  )
  return rows.map((row) => row.mailbox)
}

async function dueMail(
  sql: Sql,
  mailbox: MailboxId,
  now: Instant,
  limit: number,
): Promise<readonly OutgoingRow[]> {
  const rows = await sql.query<Columns>(
    `select * from outgoing_mail where mailbox = $1 and next_at <= $2
       and state in ('waiting', 'drafting', 'drafted', 'sending') order by next_at, id limit $3`,
    [mailbox, iso(now), limit],
  )
  return rows.map(toRow)
}

async function moveMail(sql: Sql, from: OutgoingState, row: OutgoingRow): Promise<boolean> {
  const moved = await sql.query(
    `update outgoing_mail set state = $3, item = $4, reason = $5, attempts = $6, next_at = $7, sent_at = $8
     where id = $1 and state = $2 returning id`,
    [row.id, from, row.state, row.item, row.reason, row.attempts, iso(row.nextAt), isoOrNull(row.sentAt)],
  )
  return moved.length > 0
}
