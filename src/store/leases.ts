import type { Instant, MailboxId } from '../core/ids.ts'
import type { Sql } from './database.ts'
import { at, iso } from './rows.ts'
import { LeaseLost, type Lease } from './sync-store.ts'

/** The right to run a pass over a mailbox: one holder at a time, told apart from all earlier ones by its fence. */
interface LeaseColumns {
  readonly fence: number
  readonly expires_at: Date
}

export async function acquireLease(
  sql: Sql,
  mailbox: MailboxId,
  holder: string,
  now: Instant,
  ttlMs: number,
): Promise<Lease | null> {
  const [row] = await sql.query<LeaseColumns>(
    `insert into leases as l (mailbox, holder, fence, expires_at) values ($1, $2, 1, $4)
     on conflict (mailbox) do update set holder = $2, fence = l.fence + 1, expires_at = $4
       where l.expires_at <= $3
     returning fence, expires_at`,
    [mailbox, holder, iso(now), iso(now + ttlMs)],
  )
  return row === undefined ? null : { mailbox, holder, fence: row.fence, expiresAt: at(row.expires_at) }
}

export async function renewLease(sql: Sql, lease: Lease, now: Instant, ttlMs: number): Promise<Lease> {
  const [row] = await sql.query<LeaseColumns>(
    'update leases set expires_at = $3 where mailbox = $1 and fence = $2 returning fence, expires_at',
    [lease.mailbox, lease.fence, iso(now + ttlMs)],
  )
  if (row === undefined) throw new LeaseLost(lease.mailbox)
  return { ...lease, expiresAt: at(row.expires_at) }
}

/** The fence stays, so that the next holder's is higher. */
export async function releaseLease(sql: Sql, lease: Lease): Promise<void> {
  await sql.query(`update leases set expires_at = '-infinity' where mailbox = $1 and fence = $2`, [
    lease.mailbox,
    lease.fence,
  ])
}

/** Holds the lease's row until the end of the transaction, so nobody can take it over before the commit. */
export async function checkLease(sql: Sql, lease: Lease): Promise<void> {
  const [row] = await sql.query<{ fence: number }>('select fence from leases where mailbox = $1 for update', [
    lease.mailbox,
  ])
  if (row?.fence !== lease.fence) throw new LeaseLost(lease.mailbox)
}

/** For a start that knows itself alone: no earlier holder lives any more. Fences stay. */
export async function freeLeases(sql: Sql): Promise<void> {
  await sql.query(`update leases set expires_at = '-infinity' where expires_at > '-infinity'`)
}
