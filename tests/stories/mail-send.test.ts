import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asId, type ItemId, type UserId } from '../../src/core/ids.ts'
import type { FaultRule } from '../../src/emulator/faults.ts'
import type { Database } from '../../src/store/database.ts'
import { cancelMail, createOutgoingStore, enqueueMail, mailOf } from '../../src/store/outgoing.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { testEngines } from '../support/databases.ts'
import { MAILBOX, mailWorld, type MailWorld } from '../support/mail-world.ts'
import { Crash, createMemoryOutgoing, outgoingRow, type MemoryOutgoing } from '../support/memory-outgoing.ts'

const MINUTE = 60_000

const delivered = (world: MailWorld): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const mail of world.emulator.control.logs.mails.entries)
    if (mail.kind === 'message') counts.set(mail.subject, (counts.get(mail.subject) ?? 0) + 1)
  return counts
}

async function sending(faults: readonly FaultRule[] = [], seed?: string) {
  const outgoing = createMemoryOutgoing()
  const world = await mailWorld({ outgoing })
  world.emulator.control.plan(faults, seed)
  const put = (id: string, mail = {}): void => {
    outgoing.rows.set(id, outgoingRow(id, MAILBOX, world.graph.env.now(), mail))
  }
  return { world, outgoing, put }
}

/** Sends until nothing is on its way any more; the process may end and begin anew. */
async function sendAll(world: MailWorld, outgoing: MemoryOutgoing, roundsMax: number): Promise<number> {
  let crashed = 0
  for (let round = 0; round < roundsMax; round++) {
    const open = [...outgoing.rows.values()].filter(
      (row) => !['sent', 'failed', 'unknown', 'cancelled'].includes(row.state),
    )
    if (open.length === 0) return crashed
    try {
      await world.engine.sendMail(MAILBOX)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      crashed++
    }
    world.graph.env.time += open.length > 40 ? MINUTE / 4 : 2 * MINUTE
  }
  throw new Error('Some mail never came to an end.')
}

describe('sending', () => {
  test('a mail is sent once, shown once: in Sent Items and as one record', async () => {
    const { world, outgoing, put } = await sending()
    put('one')
    await sendAll(world, outgoing, 5)
    expect(outgoing.rows.get('one')).toMatchObject({ state: 'sent', reason: null })
    expect(delivered(world)).toEqual(new Map([['Mail one', 1]]))
    await world.pass()
    expect(world.records()).toHaveLength(1)
    expect(world.record('Mail one').container).toBe(world.folder('sentitems').container)
    expect(outgoing.rows.get('one')?.item).toBe(world.store.dump().links[0]?.item)
  })

  test('a reply stays in its thread and is addressed as it was written', async () => {
    const { world, outgoing, put } = await sending()
    await world.outlook.receive('Question')
    await world.pass()
    const item = asId<ItemId>(String((await world.outlook.find('Question'))['id']))
    put('answer', { subject: 'RE: Question', answers: { item, how: 'reply' } })
    await sendAll(world, outgoing, 5)
    await world.pass()
    expect(delivered(world).get('RE: Question')).toBe(1)
    expect(world.record('RE: Question').facts.conversationId).toBe(
      world.record('Question').facts.conversationId,
    )
  })

  test('send later waits for its time, and can be taken back until then', async () => {
    const { world, outgoing } = await sending()
    const later = world.graph.env.now() + 60 * MINUTE
    outgoing.rows.set('later', outgoingRow('later', MAILBOX, later))
    await world.engine.sendMail(MAILBOX)
    expect(delivered(world).size).toBe(0)
    world.graph.env.time = later + 1
    await world.engine.sendMail(MAILBOX)
    expect(delivered(world).get('Mail later')).toBe(1)
  })

  test('an answer that was lost after the mail went out is looked up, and nothing is sent again', async () => {
    const { world, outgoing, put } = await sending([
      { kind: 'reply-lost', method: 'POST', path: '/send', count: 1 },
    ])
    put('lost')
    await sendAll(world, outgoing, 20)
    expect(outgoing.rows.get('lost')?.state).toBe('sent')
    expect(delivered(world).get('Mail lost')).toBe(1)
  })

  test('a request that never arrived is told to a person, not repeated', async () => {
    const { world, outgoing, put } = await sending([
      { kind: 'request-lost', method: 'POST', path: '/send', count: 1 },
    ])
    put('never')
    await sendAll(world, outgoing, 200)
    expect(outgoing.rows.get('never')).toMatchObject({ state: 'unknown' })
    expect(outgoing.rows.get('never')?.reason).toMatch(/not sent again by itself/)
    expect(delivered(world).size).toBe(0)
  })

  test('what Microsoft refuses is told at once', async () => {
    const { world, outgoing, put } = await sending()
    put('bad', { to: [] })
    await sendAll(world, outgoing, 5)
    expect(outgoing.rows.get('bad')).toMatchObject({ state: 'failed' })
    expect(outgoing.rows.get('bad')?.reason).toMatch(/recipient/)
  })

  test('[I9] a thousand sends with lost replies, lost requests, refusals and crashes: each delivered once or visibly not', async () => {
    const { world, outgoing, put } = await sending(
      [
        { kind: 'reply-lost', method: 'POST', path: '/messages', probability: 0.05 },
        { kind: 'request-lost', method: 'POST', path: '/messages', probability: 0.03 },
        {
          kind: 'refuse',
          method: 'POST',
          path: '/messages',
          status: 429,
          retryAfterSeconds: 2,
          probability: 0.05,
        },
        { kind: 'refuse', method: 'POST', path: '/messages', status: 503, probability: 0.03 },
      ],
      'thousand',
    )
    for (let n = 0; n < 1000; n++) put(String(n))
    let chance = 11
    outgoing.crashes = () => {
      chance = (chance * 48_271) % 2_147_483_647
      return chance % 50 === 0
    }
    const crashed = await sendAll(world, outgoing, 20_000)
    expect(crashed).toBeGreaterThan(20)
    const counts = delivered(world)
    const ends = { sent: 0, failed: 0, unknown: 0 }
    for (const row of outgoing.rows.values()) {
      const times = counts.get(row.mail.subject) ?? 0
      expect(times, `${row.id} is ${row.state}`).toBeLessThanOrEqual(1)
      if (row.state === 'sent') expect(times).toBe(1)
      else expect(row.reason, row.id).toMatch(/\w/)
      if (times === 0) expect(['failed', 'unknown']).toContain(row.state)
      ends[row.state as keyof typeof ends] += 1
    }
    expect(ends.sent).toBeGreaterThan(850)
    expect(ends.unknown).toBeGreaterThan(0)
  }, 120_000)
})

describe('the queue in the database', () => {
  let database: Database
  beforeAll(async () => {
    const [engine] = await testEngines()
    if (engine === undefined) throw new Error('There is no database to test on.')
    database = await engine.open()
  }, 60_000)
  afterAll(() => database.close())

  test('keeps one row for one id, moves it only from where it stood, and only under the lease', async () => {
    const store = createOutgoingStore(database)
    const sync = createSqlStore(database)
    const row = outgoingRow('q1', MAILBOX, 1_000)
    await enqueueMail(database, row)
    await enqueueMail(database, { ...row, mail: { ...row.mail, subject: 'Pressed twice' } })
    expect(await store.due(MAILBOX, 999, 10)).toEqual([])
    expect(await store.due(MAILBOX, 1_000, 10)).toEqual([row])
    const lease = await sync.acquireLease(MAILBOX, 'w1', 1_000, 1_000)
    if (lease === null) throw new Error('The lease is taken.')
    expect(await store.move(lease, 'waiting', { ...row, state: 'drafting' })).toBe(true)
    expect(await store.move(lease, 'waiting', { ...row, state: 'drafting' })).toBe(false)
    expect(await cancelMail(database, 'q1', asId<UserId>('anna'))).toBe(false)
    await sync.acquireLease(MAILBOX, 'w2', 5_000, 1_000)
    await expect(store.move(lease, 'drafting', { ...row, state: 'drafted' })).rejects.toThrow(/took over/)
    await enqueueMail(database, outgoingRow('q2', MAILBOX, 2_000))
    expect(await cancelMail(database, 'q2', asId<UserId>('anna'))).toBe(true)
    expect((await mailOf(database, asId<UserId>('anna'), 10)).map((each) => each.state)).toEqual([
      'cancelled',
      'drafting',
    ])
  })
})
