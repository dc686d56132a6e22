import { setTimeout as sleep } from 'node:timers/promises'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type Compilable,
} from 'kysely'
import pg from 'pg'
import { openEmbedded, type Embedded, type EmbeddedOptions } from './embedded.ts'
import type { Tables } from './tables.ts'

/**
 * One database, two engines: PostgreSQL embedded in a thread of this process (PGlite) or served elsewhere. Both are
 * spoken to by the same client over the same wire protocol, so that types, parameters and errors cannot differ; what
 * is left to remember is to write for PostgreSQL 15.
 *
 * The embedded one has a single connection: an open transaction makes everybody else wait. So no network call and no
 * waiting for anything but the database inside a transaction.
 */
export interface Database extends Sql {
  readonly engine: 'embedded' | 'served'
  /**
   * All or nothing. Isolation is READ COMMITTED; who decides on rows locks them first (`for update`, ordered by id).
   * `work` is run again from its beginning when the database gave it up for another one's sake (deadlock or
   * serialization failure), so it may have no effects but through `sql`.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  /** Calls `onNotify` for each NOTIFY on `channel`, and once after each time the connection had been lost. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<Listening>
  /** Of the embedded engine: how often data was forced to the disk. Null for a served one. */
  fsyncs(): Promise<number | null>
  /** For people: `PostgreSQL 18.6 (PGlite 0.5.16)`. */
  version(): Promise<string>
  close(): Promise<void>
}

export interface Sql {
  /**
   * Rows of one statement with `$1` parameters. Kept prepared by its text, so the text must be constant: what varies
   * belongs into the parameters, or into `select`.
   */
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>
  /** Rows of a statement that was put together with `build`; for lists that people filter and sort. */
  select<R>(statement: Compilable<R>): Promise<R[]>
  /** Several statements at once, without parameters, such as migrations. Gives the rows of all of them. */
  script<R>(text: string): Promise<R[]>
}

export interface Listening {
  stop(): Promise<void>
}

/** Puts statements together, typed by the tables; they are run by `Sql.select`. @public */
export const build = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

export interface ServedOptions {
  readonly url: string
  readonly connectionsMax?: number
}

const CONNECTIONS_MAX = 10
/** How often a transaction is begun anew after a deadlock or serialization failure. */
const ATTEMPTS_MAX = 6
const BACKOFF_MS = 15
const RECONNECT_MS = 1_000
const TRY_AGAIN = new Set(['40001', '40P01'])
/** Statements kept prepared on each connection; further ones are planned each time. */
const PREPARED_MAX = 400

/** @throws {FolderInUse} when another process has the data folder */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<Database> {
  const embedded = await openEmbedded(options)
  const config = { user: 'postgres', database: 'postgres', stream: () => embedded.connect() }
  const pool = new pg.Pool({ ...config, ...COMMON, max: 1, idleTimeoutMillis: 0 })
  return new PooledDatabase('embedded', pool, embedded, () => Promise.resolve(null))
}

export async function openServedDatabase(options: ServedOptions): Promise<Database> {
  const config = { connectionString: options.url, application_name: 'syncline', keepAlive: true }
  const pool = new pg.Pool({ ...config, ...COMMON, max: options.connectionsMax ?? CONNECTIONS_MAX })
  const database = new PooledDatabase('served', pool, null, async () => {
    const client = new pg.Client({ ...config, ...COMMON })
    await client.connect()
    return client
  })
  try {
    await database.query('select 1')
  } catch (error) {
    await database.close()
    throw new Error(
      `The database that DATABASE_URL names could not be opened: ${error instanceof Error ? error.message : String(error)}. ` +
        `Nothing was changed. Check that the server runs, and the address, user and password.`,
      { cause: error },
    )
  }
  return database
}

const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    PARSERS[oid] ?? pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
}
const asText = (text: string): string => text
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  20: (text) => {
    const value = Number(text)
    if (!Number.isSafeInteger(value)) throw new RangeError(`The number ${text} is too large.`)
    return value
  },
  // A date or a wall-clock time without zone is no instant.
  1082: asText,
  1114: asText,
}

const COMMON = {
  types: TYPES,
  onConnect: async (client: pg.ClientBase): Promise<void> => {
    // The embedded engine keeps its one session when a client leaves it: begin clean.
    await client.query('rollback')
    await client.query('discard all')
    await client.query(`set timezone to 'UTC'; set client_min_messages to error`)
  },
}

/** Names of prepared statements by text, the same on all connections. */
const prepared = new Map<string, string>()
function nameOf(text: string): string | undefined {
  const known = prepared.get(text)
  if (known !== undefined || prepared.size >= PREPARED_MAX) return known
  const name = `s${prepared.size}`
  prepared.set(text, name)
  return name
}

type Run = (query: pg.QueryConfig) => Promise<pg.QueryResult>

class SqlOn implements Sql {
  readonly #run: Run
  constructor(run: Run) {
    this.#run = run
  }

  async query<R>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    const name = nameOf(text)
    const result = await this.#run({
      text,
      values: values as unknown[],
      ...(name === undefined ? {} : { name }),
    })
    return result.rows as R[]
  }

  async select<R>(statement: Compilable<R>): Promise<R[]> {
    const { sql, parameters } = statement.compile()
    const result = await this.#run({ text: sql, values: parameters as unknown[] })
    return result.rows as R[]
  }

  async script<R>(text: string): Promise<R[]> {
    // Of several statements there come several results, which the types of the client do not tell.
    const result: pg.QueryResult | pg.QueryResult[] = await this.#run({ text })
    return Array.isArray(result) ? result.flatMap((one) => one.rows as R[]) : (result.rows as R[])
  }
}

class PooledDatabase extends SqlOn implements Database {
  readonly engine: Database['engine']
  readonly #pool: pg.Pool
  readonly #embedded: Embedded | null
  readonly #connectListener: () => Promise<pg.Client | null>
  readonly #listeners = new Set<Listener>()

  constructor(
    engine: Database['engine'],
    pool: pg.Pool,
    embedded: Embedded | null,
    connectListener: () => Promise<pg.Client | null>,
  ) {
    super((query) => withClient(pool, (client) => client.query(query)))
    this.engine = engine
    this.#pool = pool
    this.#embedded = embedded
    this.#connectListener = connectListener
    // An idle connection that breaks is replaced by the next one that is asked for.
    pool.on('error', () => undefined)
    if (embedded !== null)
      pool.on('connect', (client) => {
        client.on('notification', ({ channel, payload }) => {
          for (const one of this.#listeners) if (one.channel === channel) one.onNotify(payload ?? '')
        })
      })
  }

  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await withClient(this.#pool, async (client) => {
          await client.query('begin')
          const result = await work(new SqlOn((query) => client.query(query)))
          await client.query('commit')
          return result
        })
      } catch (error) {
        if (attempt >= ATTEMPTS_MAX || !TRY_AGAIN.has(sqlStateOf(error) ?? '')) throw error
        await sleep(BACKOFF_MS * 2 ** (attempt - 1))
      }
    }
  }

  async listen(channel: string, onNotify: (payload: string) => void): Promise<Listening> {
    const name = pg.escapeIdentifier(channel)
    if (this.#embedded !== null) {
      const listener = { channel, onNotify }
      this.#listeners.add(listener)
      await this.script(`listen ${name}`)
      return {
        stop: async () => {
          this.#listeners.delete(listener)
        },
      }
    }
    return listenServed(this.#connectListener, name, onNotify)
  }

  async fsyncs(): Promise<number | null> {
    return this.#embedded === null ? null : this.#embedded.fsyncs()
  }

  async version(): Promise<string> {
    const [row] = await this.query<{ version: string }>('select version()')
    return row?.version.replace(/ on .*$/, '') ?? 'PostgreSQL'
  }

  async close(): Promise<void> {
    await this.#pool.end()
    await this.#embedded?.close()
  }
}

interface Listener {
  readonly channel: string
  readonly onNotify: (payload: string) => void
}

/**
 * Lends a connection. Whatever happens it goes back clean: a transaction that was left open is rolled back, and a
 * connection that broke is not used again.
 */
async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error): void => {
    broken = error
  }
  client.on('error', onError)
  try {
    return await work(client)
  } catch (error) {
    if (client.getTransactionStatus() !== 'I') await client.query('rollback').catch(onError)
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

/** A connection of its own, made again when it is lost; what may have been missed meanwhile is told by an empty call. */
async function listenServed(
  connect: () => Promise<pg.Client | null>,
  name: string,
  onNotify: (payload: string) => void,
): Promise<Listening> {
  let stopped = false
  let client: pg.Client | null = null
  const begin = async (): Promise<void> => {
    client = await connect()
    client?.on('notification', ({ payload }) => onNotify(payload ?? ''))
    client?.on('error', () => undefined)
    client?.on('end', () => {
      if (!stopped) void again()
    })
    await client?.query(`listen ${name}`)
  }
  const again = async (): Promise<void> => {
    while (!stopped) {
      await sleep(RECONNECT_MS, undefined, { ref: false })
      try {
        if (stopped) return
        await begin()
        onNotify('')
        return
      } catch {
        // The server is still away: the next turn tries again.
      }
    }
  }
  await begin()
  return {
    stop: async () => {
      stopped = true
      await client?.end()
    },
  }
}

/** The five-character SQLSTATE of an error of the database (`23505` for a duplicate), or null. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
