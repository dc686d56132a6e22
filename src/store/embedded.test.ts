import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEmbeddedDatabase, sqlStateOf, type Database } from './database.ts'
import { FolderInUse } from './folder-lock.ts'

const TEMPLATES = resolve(import.meta.dirname, '../../.cache/templates')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'syncline-embedded-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const open = (more = {}): Promise<Database> => openEmbeddedDatabase({ folder, templates: TEMPLATES, ...more })

test('each commit is forced to the disk, unless the faster setting is asked for by its name', async () => {
  const commits = async (database: Database): Promise<number> => {
    await database.script('create table if not exists t (n integer)')
    const before = (await database.fsyncs()) ?? 0
    for (let n = 0; n < 20; n++) await database.query('insert into t values ($1)', [n])
    const after = (await database.fsyncs()) ?? 0
    await database.close()
    return after - before
  }
  expect(await commits(await open())).toBeGreaterThanOrEqual(20)
  expect(await commits(await open({ durability: 'process-crash-only' }))).toBe(0)
})

test('a second process is refused with the way out; the lock of a dead one is taken over', async () => {
  const database = await open()
  const lock = join(folder, 'lock')
  expect(Number(readFileSync(lock, 'utf8'))).toBe(process.pid)
  await expect(open()).rejects.toBeInstanceOf(FolderInUse)
  await expect(open()).rejects.toThrow(/in use by process \d+.*--data/s)
  await database.close()

  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'])
  writeFileSync(lock, `${child.pid}\n`)
  await expect(open()).rejects.toBeInstanceOf(FolderInUse)
  child.kill('SIGKILL')
  await new Promise((gone) => child.once('exit', gone))
  await (await open()).close()

  // Left behind by this very process id in an earlier life, or cut off while it was written.
  for (const content of [`${process.pid}\n`, '']) {
    writeFileSync(lock, content)
    await (await open()).close()
  }
})

test('what was committed is there after a restart, what was not is not', async () => {
  const first = await open()
  await first.script('create table t (n integer primary key)')
  await first.transaction(async (sql) => {
    await sql.query('insert into t values (1)')
  })
  await expect(
    first.transaction(async (sql) => {
      await sql.query('insert into t values (2)')
      throw new Error('changed my mind')
    }),
  ).rejects.toThrow('changed my mind')
  await first.close()
  const second = await open()
  expect(await second.query('select n from t')).toEqual([{ n: 1 }])
  await second.close()
})

const CHILD = `
  import { openEmbeddedDatabase } from ${JSON.stringify(join(import.meta.dirname, 'database.ts'))}
  const database = await openEmbeddedDatabase({ folder: process.argv[1], templates: process.argv[3] })
  await database.script('create table if not exists t (n integer primary key, v text)')
  for (let n = Number(process.argv[2]); ; n++) {
    await database.query('insert into t values ($1, $2)', [n, 'x'.repeat(500)])
    if (n % 50 === 0) await database.script('checkpoint')
    console.log(n)
  }`

test('what was answered before the process was killed is there afterwards', async () => {
  let kept = 0
  for (const commits of [60, 97]) {
    const answered = await killedAfter(kept, commits)
    const database = await open()
    const rows = await database.query<{ n: number }>('select n from t order by n')
    await database.close()
    expect(rows.length).toBeGreaterThanOrEqual(kept + answered)
    expect(rows.map((row) => row.n)).toEqual(rows.map((_, n) => n))
    kept = rows.length
  }
}, 180_000)

/** @returns how many commits were answered before the end */
async function killedAfter(from: number, commits: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, folder, String(from), TEMPLATES])
  let answered = 0
  let trouble = ''
  child.stderr.on('data', (text) => (trouble += String(text)))
  child.stdout.on('data', (text) => {
    answered += String(text).split('\n').length - 1
    if (answered >= commits) child.kill('SIGKILL')
  })
  await new Promise((gone) => child.once('close', gone))
  if (answered < commits) throw new Error(`The child ended early: ${trouble}`)
  return answered
}

describe('one embedded database', () => {
  let database: Database
  let shared: string
  beforeAll(async () => {
    shared = mkdtempSync(join(tmpdir(), 'syncline-embedded-'))
    database = await openEmbeddedDatabase({ folder: shared, templates: TEMPLATES })
  })
  afterAll(async () => {
    await database.close()
    rmSync(shared, { recursive: true, force: true })
  })
  afterEach(() => database.script('drop table if exists t'))

  test('an error leaves the connection as good as new, and says its SQLSTATE', async () => {
    await database.script('create table t (n integer primary key)')
    const twice = database.transaction(async (sql) => {
      await sql.query('insert into t values (1)')
      await sql.query('insert into t values (1)')
    })
    await expect(twice).rejects.toSatisfy((error) => sqlStateOf(error) === '23505')
    await expect(database.script('begin; select 1/0')).rejects.toThrow(/zero/)
    expect(await database.query('select n from t')).toEqual([])
  })

  test('statements beside an open transaction wait for its end instead of slipping into it', async () => {
    await database.script('create table t (n integer)')
    let outside: Promise<unknown> = Promise.resolve()
    await expect(
      database.transaction(async (sql) => {
        await sql.query('insert into t values (1)')
        outside = database.query('insert into t values (2)')
        await new Promise((next) => setTimeout(next, 20))
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    await outside
    expect(await database.query('select n from t')).toEqual([{ n: 2 }])
  })

  test('types come out the same as from a server', async () => {
    const [row] = await database.query<Record<string, unknown>>(
      `select 12345678901::int8 as big, count(*) as count, '{"a":[1]}'::jsonb as json, '2026-03-02'::date as day,
         '2026-03-02T10:00:00Z'::timestamptz as at, '\\x00ff'::bytea as bytes, array['a','b'] as list, true as yes
       from (values (1)) v`,
    )
    expect(row).toEqual({
      big: 12345678901,
      count: 1,
      json: { a: [1] },
      day: '2026-03-02',
      at: new Date(Date.UTC(2026, 2, 2, 10)),
      bytes: Buffer.from([0, 255]),
      list: ['a', 'b'],
      yes: true,
    })
    await expect(database.query('select 9007199254740993::int8 as n')).rejects.toThrow(/too large/)
  })

  test('notifications arrive', async () => {
    const heard: string[] = []
    const listening = await database.listen('news', (payload) => heard.push(payload))
    await database.query('select pg_notify($1, $2)', ['news', 'one'])
    await listening.stop()
    await database.query('select pg_notify($1, $2)', ['news', 'two'])
    expect(heard).toEqual(['one'])
  })
})
