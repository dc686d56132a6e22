import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database, Sql } from './database.ts'

/** Brings the schema up to date, each numbered file in a transaction of its own. Safe to run in several processes. */
export async function migrate(
  database: Database,
  files: readonly Migration[] = migrations(),
): Promise<readonly string[]> {
  const applied: string[] = []
  await inTurn(database, (sql) =>
    sql.script(`create table if not exists schema_migrations (
      name text primary key, hash text not null, applied_at timestamptz not null default now())`),
  )
  await inTurn(database, async (sql) => checkHistory(await history(sql), files))
  for (const file of files) {
    const isNew = await inTurn(database, async (sql) => {
      if ((await history(sql)).some((one) => one.name === file.name)) return false
      await sql.script(file.text)
      await sql.query('insert into schema_migrations (name, hash) values ($1, $2)', [file.name, file.hash])
      return true
    })
    if (isNew) applied.push(file.name)
  }
  await inTurn(database, healFeed)
  return applied
}

export interface Migration {
  readonly name: string
  readonly text: string
  readonly hash: string
}

/** Any constant: one migration at a time in one database. */
const LOCK = 7_431_905_221

const inTurn = <T>(database: Database, work: (sql: Sql) => Promise<T>): Promise<T> =>
  database.transaction(async (sql) => {
    await sql.query('select pg_advisory_xact_lock($1)', [LOCK])
    return work(sql)
  })

const history = (sql: Sql): Promise<{ name: string; hash: string }[]> =>
  sql.query('select name, hash from schema_migrations order by name')

function checkHistory(
  done: readonly { readonly name: string; readonly hash: string }[],
  files: readonly Migration[],
): void {
  for (const { name, hash } of done) {
    const file = files.find((one) => one.name === name)
    if (file === undefined)
      throw new Error(
        `The database was made by a newer version of this program (${name}). Nothing was changed. ` +
          `Start the newer version again, or restore the backup from before the upgrade.`,
      )
    if (file.hash !== hash)
      throw new Error(
        `The migration ${name} is not the one that this database was made with. Nothing was changed. ` +
          `Install an unchanged copy of the program.`,
      )
  }
}

export function migrations(): readonly Migration[] {
  const folder = join(import.meta.dirname, 'migrations')
  return readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      return { name, text, hash: createHash('sha256').update(text).digest('hex') }
    })
}

/**
 * The change feed is in the order of transaction numbers. A database that was restored from a dump into a younger
 * server has rows with numbers that this server has not reached: they would stay unseen. Then all rows are told again;
 * telling a row twice is harmless, because it is compared before anything is written.
 */
async function healFeed(sql: Sql): Promise<void> {
  const [found] = await sql.query<{ ahead: boolean }>(
    `select exists (
        select from (select container from collections union select id from containers) c,
          lateral (select changed_xid from records where container = c.container order by changed_xid desc limit 1) r
        where r.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()))
      or exists (
        select from channels
        where split_part(feed_cursor, '.', 1)::xid8 > pg_snapshot_xmax(pg_current_snapshot())) as ahead`,
  )
  if (found?.ahead !== true) return
  await sql.query('update records set changed_xid = pg_current_xact_id()')
  await sql.query('update channels set feed_cursor = null')
}
