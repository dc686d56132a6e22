import type { Instant, ItemId, MailboxId } from '../core/ids.ts'
import type { Database, Sql } from './database.ts'
import { checkLease } from './leases.ts'
import type { OutgoingMail } from './outgoing.ts'
import { iso, isoOrNull } from './rows.ts'
import type { Lease } from './sync-store.ts'

/** Drafts as the engine sees them: what is to be brought into the mailbox's own Drafts, or taken out of it. */
export interface DraftRow {
  readonly id: string
  readonly mailbox: MailboxId
  readonly mail: OutgoingMail
  readonly version: number
  readonly state: 'open' | 'discarded'
  readonly item: ItemId | null
  /** What the draft in the mailbox held when we last wrote it. */
  readonly print: string | null
  readonly attempts: number
}

export interface DraftStore {
  due(mailbox: MailboxId, now: Instant, limit: number): Promise<readonly DraftRow[]>
  /** Says what became of `row`. A draft that was saved again meanwhile stays due. @throws {LeaseLost} */
  brought(
    lease: Lease,
    row: DraftRow,
    now: {
      readonly item: ItemId | null
      readonly print: string | null
      readonly trouble: string | null
      /** The mailbox holds this version. */
      readonly held: boolean
    },
    next: { readonly attempts: number; readonly at: Instant | null },
  ): Promise<void>
  /** It is out of the mailbox, or was sent from there: the row goes. @throws {LeaseLost} */
  forget(lease: Lease, id: string): Promise<void>
}

interface Columns {
  readonly id: string
  readonly mailbox: MailboxId
  readonly mail: OutgoingMail
  readonly version: number
  readonly state: 'open' | 'discarded'
  readonly item: ItemId | null
  readonly etag: string | null
  readonly attempts: number
}

export const createDraftStore = (database: Database): DraftStore => ({
  due: async (mailbox, now, limit) => {
    const rows = await database.query<Columns>(
      `select id, mailbox, mail, version, state, item, etag, attempts from mail_drafts
        where mailbox = $1 and next_at <= $2 and state in ('open', 'discarded') order by next_at, id limit $3`,
      [mailbox, iso(now), limit],
    )
    return rows.map(({ etag, ...row }) => ({ ...row, print: etag }))
  },
  brought: (lease, row, { item, print, trouble, held }, next) =>
    database.transaction(async (sql) => {
      await checkLease(sql, lease)
      await sql.query(
        `update mail_drafts set item = $2, etag = $3, trouble = $4, attempts = $5,
           pushed_version = case when $7::boolean then $6 else pushed_version end,
           next_at = case when version = $6 then $8::timestamptz else next_at end
         where id = $1 and state in ('open', 'discarded')`,
        [row.id, item, print, trouble, next.attempts, row.version, held, isoOrNull(next.at)],
      )
      // Pressed Send meanwhile: the outgoing mail goes on with the draft that there is now.
      await sql.query(
        `update outgoing_mail set item = $2, state = 'drafted' where id = $1 and state = 'waiting' and item is null and $2::text is not null`,
        [row.id, item],
      )
    }),
  forget: (lease, id) =>
    database.transaction(async (sql) => {
      await checkLease(sql, lease)
      await sql.query('delete from mail_drafts where id = $1', [id])
      await sql.query(
        'delete from draft_files where draft = $1 and not exists (select from outgoing_mail o where o.id = $1)',
        [id],
      )
    }),
})

/** Mailboxes whose drafts wait to be brought there. */
export async function mailboxesWithDrafts(sql: Sql, now: Instant): Promise<readonly MailboxId[]> {
  const rows = await sql.query<{ mailbox: MailboxId }>(
    `select distinct d.mailbox from mail_drafts d join mailboxes m on m.id = d.mailbox
      where d.next_at <= $1 and d.state in ('open', 'discarded') and m.state = 'connected'`,
    [iso(now)],
  )
  return rows.map((row) => row.mailbox)
}
