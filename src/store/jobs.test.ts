import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { testEngines } from '../../tests/support/databases.ts'
import { asId, type MailboxId } from '../core/ids.ts'
import type { Database } from './database.ts'
import { createJobs, type JobHandlers, type Jobs } from './jobs.ts'

const mailbox = (name: string): MailboxId => asId<MailboxId>(name)

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2_400; i++) {
    if (await isTrue()) return
    await new Promise((next) => setTimeout(next, 25))
  }
  throw new Error('It did not happen within a minute.')
}

describe.each(await testEngines())('jobs on the $engine engine', ({ open }) => {
  let database: Database
  const started: Jobs[] = []
  const begin = async (handle: JobHandlers['mailbox'], concurrency = 4): Promise<Jobs> => {
    const jobs = createJobs(database, { handlers: { mailbox: handle }, concurrency })
    started.push(jobs)
    await jobs.start()
    return jobs
  }
  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())
  afterEach(async () => {
    for (const jobs of started.splice(0)) await jobs.stop(0)
    await database.query('delete from pgboss.job')
  })

  test('ten nudges while a pass runs are one further pass, and none is lost', async () => {
    const passes: (readonly string[])[] = []
    let goOn = (): void => undefined
    const held = new Promise<void>((resolve) => (goOn = resolve))
    const jobs = await begin(async (_, { reasons }) => {
      passes.push(reasons)
      if (passes.length === 1) await held
    })
    await jobs.enqueueMailbox(mailbox('anna'), 'first')
    await until(() => passes.length === 1)
    for (let i = 0; i < 10; i++) await jobs.enqueueMailbox(mailbox('anna'), `nudge ${i % 3}`)
    expect(await jobs.stats()).toEqual({ waiting: 1, running: 1, failed: 0 })
    goOn()
    await until(async () => passes.length === 2 && (await jobs.stats()).running === 0)
    expect(passes).toEqual([['first'], ['nudge 0', 'nudge 1', 'nudge 2']])
    expect(await jobs.stats()).toEqual({ waiting: 0, running: 0, failed: 0 })
  })

  test('a mailbox is never worked on twice at once, others are not held up by it', async () => {
    const active = new Map<string, number>()
    let overlaps = 0
    let most = 0
    let done = 0
    const jobs = await begin(async (id) => {
      active.set(id, (active.get(id) ?? 0) + 1)
      if ((active.get(id) ?? 0) > 1) overlaps++
      most = Math.max(most, [...active.values()].filter((count) => count > 0).length)
      await new Promise((next) => setTimeout(next, 30))
      active.set(id, (active.get(id) ?? 1) - 1)
      done++
    })
    for (let round = 0; round < 5; round++)
      for (const name of ['a', 'b', 'c']) await jobs.enqueueMailbox(mailbox(name), `round ${round}`)
    await until(async () => {
      const { waiting, running } = await jobs.stats()
      return waiting + running === 0
    })
    expect(overlaps).toBe(0)
    expect(most).toBeGreaterThan(1)
    expect(done).toBeGreaterThanOrEqual(3)
  })

  test('who is waited for goes first', async () => {
    const order: string[] = []
    let goOn = (): void => undefined
    const held = new Promise<void>((resolve) => (goOn = resolve))
    const jobs = await begin(async (id) => {
      order.push(id)
      if (id === 'busy') await held
    }, 1)
    await jobs.enqueueMailbox(mailbox('busy'), 'x')
    await until(() => order.length === 1)
    for (const name of ['a', 'b', 'c']) await jobs.enqueueMailbox(mailbox(name), 'schedule')
    await jobs.enqueueMailbox(mailbox('c'), 'Sync now', { priority: 10 })
    goOn()
    await until(() => order.length === 4)
    expect(order).toEqual(['busy', 'c', 'a', 'b'])
  })

  test('a job of a worker that died runs again elsewhere', async () => {
    let begun = 0
    const dead = await begin(async () => {
      begun++
      await new Promise(() => undefined)
    })
    await dead.enqueueMailbox(mailbox('anna'), 'x')
    await until(() => begun === 1)
    // As after a crash: the job stays active and nobody tells that it is alive.
    await dead.stop(0)
    await database.query(
      `update pgboss.job set heartbeat_on = now() - interval '1 hour' where state = 'active'`,
    )
    const reasons: (readonly string[])[] = []
    await begin(async (_, why) => {
      reasons.push(why.reasons)
    })
    await until(() => reasons.length === 1)
    expect(reasons).toEqual([['x']])
  }, 90_000)
})
