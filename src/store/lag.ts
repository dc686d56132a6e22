import type { Instant } from '../core/ids.ts'
import type { Sql } from './database.ts'

/** How far behind the channels were, hour by hour: passes that found nothing leave no trace, this does. */
const HOUR_MS = 3_600_000
/** The longest time that the overview draws, and a day. */
const KEPT_HOURS = 31 * 24

/** Looked at every minute; a row is written only when it got worse within its hour. */
export async function noteLag(sql: Sql, now: Instant): Promise<void> {
  await sql.query(
    `insert into lag_hours (mailbox, channel, hour, seconds)
     select c.mailbox, c.channel, date_trunc('hour', $1::timestamptz), greatest(0, extract(epoch from $1::timestamptz - c.proven_at))::int
       from channels c join mailboxes m on m.id = c.mailbox
      where c.enabled and c.paused is null and c.proven_at is not null and m.state <> 'disconnected'
     on conflict (mailbox, channel, hour) do update set seconds = excluded.seconds where lag_hours.seconds < excluded.seconds`,
    [new Date(now)],
  )
}

export async function forgetOldLag(sql: Sql, now: Instant): Promise<void> {
  await sql.query('delete from lag_hours where hour < $1', [new Date(now - KEPT_HOURS * HOUR_MS)])
}

/** Of these channels the worst in each hour, by the hour's beginning; null stands for all. */
export async function lagByHour(
  sql: Sql,
  of: {
    readonly from: Instant
    readonly user: string | null
    readonly mailbox: string | null
    readonly channel: string | null
  },
): Promise<(at: Instant) => number | null> {
  const rows = await sql.query<{ hour: Date; seconds: number }>(
    `select l.hour, max(l.seconds) as seconds from lag_hours l join mailboxes m on m.id = l.mailbox
      where l.hour >= $1 and ($2::text is null or m."user" = $2) and ($3::text is null or l.mailbox = $3)
        and ($4::text is null or l.channel = $4) group by l.hour`,
    [new Date(of.from - HOUR_MS), of.user, of.mailbox, of.channel],
  )
  const byHour = new Map(rows.map((row) => [row.hour.getTime(), row.seconds]))
  return (at) => byHour.get(at - (at % HOUR_MS)) ?? null
}
