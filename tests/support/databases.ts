import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openEmbeddedDatabase, openServedDatabase, type Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'

/**
 * The engines that a test of the store runs on: the embedded one always, a PostgreSQL server when TEST_DATABASE_URL
 * names one or a local one answers. Each `open` gives an empty, migrated database of its own; closing removes it.
 */
export interface TestEngine {
  readonly engine: Database['engine']
  open(): Promise<Database>
}

const TEMPLATES = resolve(import.meta.dirname, '../../.cache/templates')
const LOCAL = 'postgres://postgres@127.0.0.1:5432/postgres'

export async function testEngines(): Promise<readonly TestEngine[]> {
  const embedded: TestEngine = { engine: 'embedded', open: openTemporary }
  const url = await servedUrl()
  return url === null ? [embedded] : [embedded, { engine: 'served', open: () => openServedTemporary(url) }]
}

async function openTemporary(): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-store-'))
  const database = await openEmbeddedDatabase({
    folder,
    templates: TEMPLATES,
    durability: 'process-crash-only',
  })
  await migrate(database)
  return closingWith(database, () => rmSync(folder, { recursive: true, force: true }))
}

async function servedUrl(): Promise<string | null> {
  const named = process.env['TEST_DATABASE_URL']
  if (named !== undefined && named !== '') return named
  try {
    const database = await openServedDatabase({ url: LOCAL, connectionsMax: 1 })
    await database.close()
    return LOCAL
  } catch {
    return null
  }
}

async function openServedTemporary(url: string): Promise<Database> {
  const name = `syncline_test_${randomUUID().replaceAll('-', '')}`
  await onServer(url, `create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  const database = await openServedDatabase({ url: own.href })
  await migrate(database)
  return closingWith(database, () => onServer(url, `drop database ${name} with (force)`))
}

async function onServer(url: string, statement: string): Promise<void> {
  const server = await openServedDatabase({ url, connectionsMax: 1 })
  try {
    await server.script(statement)
  } finally {
    await server.close()
  }
}

/** The database as it is, with something to do after it was closed. */
function closingWith(database: Database, after: () => void | Promise<void>): Database {
  const close = database.close.bind(database)
  database.close = async () => {
    await close()
    await after()
  }
  return database
}

/** Empties the tables that are not empty (truncating costs more than looking), for tests that share one database. */
export async function emptyTables(database: Database): Promise<void> {
  const tables = await database.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables
     where schemaname = 'public' and tablename <> 'schema_migrations'`,
  )
  const [filled] = await database.query<{ names: string[] }>(
    `select array(${tables.map(({ name }) => `select '${name}' where exists (select from ${name})`).join(' union all ')}) as names`,
  )
  if (filled !== undefined && filled.names.length > 0)
    await database.script(`truncate ${filled.names.join(', ')} cascade`)
}
