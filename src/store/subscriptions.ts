import { createHash, timingSafeEqual } from 'node:crypto'
import type { CollectionId, Instant, MailboxId } from '../core/ids.ts'
import type { Channel } from '../core/item.ts'
import type { Database, Sql } from './database.ts'
import { checkLease } from './leases.ts'
import { at, atOrNull, iso, isoOrNull } from './rows.ts'
import type { Lease } from './sync-store.ts'

/** Subscriptions at Microsoft: what is there, until when, and how somebody who tells a change proves who it is. */
export interface SubscriptionRow {
  /** Microsoft's own. */
  readonly id: string
  readonly mailbox: MailboxId
  readonly channel: Channel
  /** A task list; null: all of the channel. */
  readonly collection: CollectionId | null
  /** Where it tells. */
  readonly address: string
  readonly createdAt: Instant
  readonly renewedAt: Instant
  readonly expiresAt: Instant
  /** Microsoft asked for a proof that we may still read. */
  readonly asked: boolean
}

export interface Listening {
  /** Null: at once. */
  readonly nextAt: Instant | null
  readonly failures: number
  readonly trouble: string | null
}

export interface SubscriptionStore {
  of(
    mailbox: MailboxId,
  ): Promise<{ readonly rows: readonly SubscriptionRow[]; readonly listening: Listening | null }>
  /** `secret` only of a new one. @throws {LeaseLost} */
  put(lease: Lease, row: SubscriptionRow, secret?: string): Promise<void>
  drop(lease: Lease, id: string): Promise<void>
  /** Null: this mailbox is not listened to any more. */
  listening(lease: Lease, state: Listening | null): Promise<void>
}

/** While changes are told, a look every so often is the safety net. */
export const TOLD_INTERVAL_MINUTES = 15

interface Columns {
  readonly id: string
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly collection: CollectionId | null
  readonly address: string
  readonly created_at: Date
  readonly renewed_at: Date
  readonly expires_at: Date
  readonly asked: boolean
}

const toRow = (row: Columns): SubscriptionRow => ({
  id: row.id,
  mailbox: row.mailbox,
  channel: row.channel,
  collection: row.collection,
  address: row.address,
  createdAt: at(row.created_at),
  renewedAt: at(row.renewed_at),
  expiresAt: at(row.expires_at),
  asked: row.asked,
})

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

export function createSubscriptionStore(database: Database): SubscriptionStore {
  const guarded = (lease: Lease, work: (sql: Sql) => Promise<unknown>): Promise<void> =>
    database.transaction(async (sql) => {
      await checkLease(sql, lease)
      await work(sql)
    })
  return {
    async of(mailbox) {
      const rows = await database.query<Columns>(
        'select * from subscriptions where mailbox = $1 order by channel, collection',
        [mailbox],
      )
      const [state] = await database.query<{
        next_at: Date | null
        failures: number
        trouble: string | null
      }>('select next_at, failures, trouble from listening where mailbox = $1', [mailbox])
      const listening =
        state === undefined
          ? null
          : { nextAt: atOrNull(state.next_at), failures: state.failures, trouble: state.trouble }
      return { rows: rows.map(toRow), listening }
    },
    put: (lease, row, secret) =>
      guarded(lease, (sql) =>
        secret === undefined
          ? sql.query('update subscriptions set renewed_at = $2, expires_at = $3, asked = $4 where id = $1', [
              row.id,
              iso(row.renewedAt),
              iso(row.expiresAt),
              row.asked,
            ])
          : sql.query(
              `insert into subscriptions (id, mailbox, channel, collection, address, secret_hash, created_at, renewed_at, expires_at, asked)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
              [
                row.id,
                row.mailbox,
                row.channel,
                row.collection,
                row.address,
                hashOf(secret),
                iso(row.createdAt),
                iso(row.renewedAt),
                iso(row.expiresAt),
                row.asked,
              ],
            ),
      ),
    drop: (lease, id) => guarded(lease, (sql) => sql.query('delete from subscriptions where id = $1', [id])),
    listening: (lease, state) =>
      guarded(lease, (sql) =>
        state === null
          ? sql.query('delete from listening where mailbox = $1', [lease.mailbox])
          : sql.query(
              `insert into listening (mailbox, next_at, failures, trouble) values ($1, $2, $3, $4)
                on conflict (mailbox) do update set next_at = excluded.next_at, failures = excluded.failures, trouble = excluded.trouble`,
              [lease.mailbox, isoOrNull(state.nextAt), state.failures, state.trouble],
            ),
      ),
  }
}

/** Mailboxes whose subscriptions are to be looked after now; when nobody listens any more, those that still have some. */
export const mailboxesToListen = async (
  database: Database,
  on: boolean,
  now: Instant,
): Promise<readonly MailboxId[]> =>
  (
    await database.query<{ id: MailboxId }>(
      `select m.id from mailboxes m left join listening l on l.mailbox = m.id
        where m.state <> 'disconnected' and (l.next_at is null or l.next_at <= $2)
          and ($1::boolean or exists (select from subscriptions s where s.mailbox = m.id))`,
      [on, iso(now)],
    )
  ).map((row) => row.id)

/** All are looked after at once: settings, or what takes part, changed. */
export async function listenAnew(sql: Sql, mailboxes: readonly string[] | null): Promise<void> {
  await sql.query('update listening set next_at = null where $1::text[] is null or mailbox = any($1)', [
    mailboxes,
  ])
}

/** Whether everything that takes part in a channel is told about, at `now`; `c` names the channel's row. */
export const coveredSql = (c: string, now: string): string =>
  `(case when ${c}.channel = 'tasks' then
      exists (select from collections x where x.mailbox = ${c}.mailbox and x.channel = 'tasks' and x.selected)
      and not exists (select from collections x where x.mailbox = ${c}.mailbox and x.channel = 'tasks' and x.selected
        and not exists (select from subscriptions s where s.mailbox = x.mailbox and s.collection = x.id and s.expires_at > ${now}))
    else exists (select from subscriptions s where s.mailbox = ${c}.mailbox and s.channel = ${c}.channel and s.expires_at > ${now}) end)`

export async function isCovered(
  sql: Sql,
  mailbox: MailboxId,
  channel: Channel,
  now: Instant,
): Promise<boolean> {
  const [row] = await sql.query<{ covered: boolean }>(
    `select ${coveredSql('c', '$3::timestamptz')} as covered from (select $1::text as mailbox, $2::text as channel) c`,
    [mailbox, channel, iso(now)],
  )
  return row?.covered === true
}

export interface Teller {
  readonly id: string
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly tenantId: string
  /** In constant time, whatever the secret is. */
  readonly knows: (secret: string) => boolean
}

/** Who may tell by these ids. An id that is missing here is unknown. */
export async function tellersOf(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, Teller>> {
  const rows = await sql.query<{
    id: string
    mailbox: MailboxId
    channel: Channel
    tenant_id: string
    secret_hash: string
  }>(
    `select s.id, s.mailbox, s.channel, m.tenant_id, s.secret_hash from subscriptions s join mailboxes m on m.id = s.mailbox
      where s.id = any($1)`,
    [ids],
  )
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        mailbox: row.mailbox,
        channel: row.channel,
        tenantId: row.tenant_id,
        knows: (secret) =>
          timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(row.secret_hash, 'hex')),
      },
    ]),
  )
}

/** What Microsoft told about subscriptions themselves. */
export async function noteLifecycle(
  sql: Sql,
  told: { readonly asked: readonly string[]; readonly removed: readonly string[] },
): Promise<void> {
  await sql.query(
    `with asked as (update subscriptions set asked = true where id = any($1) returning mailbox),
       removed as (delete from subscriptions where id = any($2) returning mailbox)
     update listening set next_at = null where mailbox in (select mailbox from asked union select mailbox from removed)`,
    [told.asked, told.removed],
  )
}
