import { Client } from 'pg'

const LOCAL = 'postgres://postgres@127.0.0.1:5432/postgres'
const CONNECT_TIMEOUT_MS = 3000

/** A PostgreSQL server for tests: the one named (`none`: none), else a local one that lets us in without a password. */
export async function findPostgres(
  named: string | undefined,
): Promise<{ readonly url: string | null; readonly words: string; readonly required: boolean }> {
  if (named === 'none')
    return { url: null, required: false, words: 'not wanted; the embedded database is tested' }
  const required = named !== undefined && named !== ''
  const url = required ? named : LOCAL
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return { url, required, words: `version ${rows[0]?.server_version ?? 'unknown'}, its tests run` }
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error)
    return {
      url: null,
      required,
      words: required
        ? `TEST_DATABASE_URL is set, but the server does not let us in: ${reason}`
        : 'no server (set TEST_DATABASE_URL, or start one on 127.0.0.1:5432); its tests are skipped, the embedded database is tested',
    }
  } finally {
    await client.end().catch(() => undefined)
  }
}
