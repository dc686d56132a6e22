import type { Instant, MailboxId } from '../core/ids.ts'
import type { Database, Sql } from './database.ts'
import { trimJournal } from './journal.ts'
import { iso } from './rows.ts'

/**
 * What keeps the database small and quick, a little at a time: called every few minutes while nothing else is urgent.
 *
 * A served PostgreSQL vacuums itself. The embedded one has no such worker, so the same rule is applied here: a table
 * is vacuumed or analyzed when enough of it changed since the last time.
 */
export interface Retention {
  readonly quarantineDays: number
  readonly journalDays: number
}

export interface Tidied {
  readonly purgedRecords: number
  readonly trimmedOperations: number
  readonly vacuumed: readonly string[]
}

/** Rows that one call takes away at most, so that it ends soon; the next call goes on. */
const PURGE_MAX = 500
const TRIM_MAX = 2_000
/** Tables that one call vacuums or analyzes at most. */
const TABLES_MAX = 3
/** PostgreSQL's own defaults for when a table is due. */
const ROWS_MIN = 50
const VACUUM_SHARE = 0.2
const ANALYZE_SHARE = 0.1
const DAY_MS = 24 * 60 * 60 * 1000

export async function tidy(database: Database, now: Instant, retention: Retention): Promise<Tidied> {
  const purgedRecords = await database.transaction((sql) =>
    purgeQuarantine(sql, now - retention.quarantineDays * DAY_MS),
  )
  const cutoff = new Date(now - retention.journalDays * DAY_MS)
  const mailboxes = await database.query<{ mailbox: MailboxId }>('select mailbox from journal_heads')
  let trimmedOperations = 0
  for (const { mailbox } of mailboxes)
    trimmedOperations += await database.transaction((sql) => trimJournal(sql, mailbox, cutoff, TRIM_MAX))
  return {
    purgedRecords,
    trimmedOperations,
    vacuumed: database.engine === 'embedded' ? await vacuumWhatIsDue(database) : [],
  }
}

/**
 * Deletes for good what has been in quarantine since before `before`. A record whose deletion is still to be carried
 * to a mailbox stays: its link is what the sync needs.
 */
async function purgeQuarantine(sql: Sql, before: Instant): Promise<number> {
  const rows = await sql.query<{ id: string }>(
    `delete from records where id in (
       select r.id from records r where r.deleted_at < $1
         and not exists (select from links l where l.record = r.id and l.state in ('linked', 'parked'))
       order by r.deleted_at limit $2 for update skip locked)
     returning id`,
    [iso(before), PURGE_MAX],
  )
  // What only says that an item is deleted, without a record, is as old as its deletion.
  await sql.query(
    `delete from links l where l.state = 'deleted' and l.updated_at < $1
       and not exists (select from records r where r.id = l.record)`,
    [iso(before)],
  )
  const ids = rows.map((row) => row.id)
  if (ids.length === 0) return 0
  await sql.query('delete from message_bodies where record = any($1)', [ids])
  await sql.query('delete from attachments where record = any($1)', [ids])
  for (const table of ['message_search', 'message_privacy', 'attachment_work'])
    await sql.query(`delete from ${table} where record = any($1)`, [ids])
  await sql.query('delete from record_people where record = any($1)', [ids])
  await sql.query(`delete from links where record = any($1)`, [ids])
  return ids.length
}

async function vacuumWhatIsDue(database: Database): Promise<readonly string[]> {
  const due = await database.query<{ name: string; vacuum: boolean }>(
    `select quote_ident(schemaname) || '.' || quote_ident(s.relname) as name,
       n_dead_tup > $1 + $2 * greatest(reltuples, 0) as vacuum
     from pg_stat_user_tables s join pg_class c on c.oid = s.relid
     where n_dead_tup > $1 + $2 * greatest(reltuples, 0)
       or n_mod_since_analyze > $1 + $3 * greatest(reltuples, 0)
     order by n_mod_since_analyze + n_dead_tup desc limit $4`,
    [ROWS_MIN, VACUUM_SHARE, ANALYZE_SHARE, TABLES_MAX],
  )
  // Each is a statement of its own: vacuum cannot run inside a transaction.
  for (const { name, vacuum } of due)
    await database.script(vacuum ? `vacuum (analyze) ${name}` : `analyze ${name}`)
  return due.map((one) => one.name)
}
