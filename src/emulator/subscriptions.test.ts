import { describe, expect, test } from 'vitest'
import { ANNA, BEN, code, office, rows, to, type Json, type Office } from './mail.fixture.ts'
import type { EmulatorOptions } from './emulator.ts'
import type { Send } from './notifications.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const URL_TO_US = 'https://hooks.example/microsoft'
const LIFECYCLE = 'https://hooks.example/lifecycle'

/** A virtual clock: sleepers wake in order when time is pushed on. */
class TestClock {
  #now = Date.UTC(2026, 8, 30, 8)
  #sleepers: { at: number; wake: () => void }[] = []

  now = (): number => this.#now
  sleep = (milliseconds: number): Promise<void> =>
    new Promise((wake) => this.#sleepers.push({ at: this.#now + milliseconds, wake }))

  async push(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds
    for (;;) {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      const next = this.#sleepers.sort((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > until) break
      this.#sleepers.shift()
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = until
  }
}

interface Hook {
  readonly clock: TestClock
  /** Bodies received, in order; each the `value` of a POST. */
  readonly got: { url: string; value: Json[] }[]
  answer: { status: number; takes: number }
  readonly send: Send
}

function hook(): Hook {
  const clock = new TestClock()
  const got: Hook['got'] = []
  const made: Hook = {
    clock,
    got,
    answer: { status: 202, takes: 0 },
    send: async (url, { body }) => {
      const token = new URL(url).searchParams.get('validationToken')
      const headers = { get: () => 'text/plain; charset=utf-8' }
      if (token !== null) return { status: 200, text: async () => token, headers }
      got.push({ url, value: (JSON.parse(body) as { value: Json[] }).value })
      const { status, takes } = made.answer
      if (takes > 0) await clock.sleep(takes)
      return { status, text: async () => '', headers }
    },
  }
  return made
}

const world = (from: Hook, options: EmulatorOptions = {}): Office =>
  office({ clock: from.clock, send: from.send, ...options })

const expiry = (from: Hook, minutes: number): string =>
  new Date(from.clock.now() + minutes * MINUTE).toISOString()

function subscribe(at: Office, from: Hook, fields: Json = {}): ReturnType<Office['call']> {
  return at.call('POST', '/subscriptions', {
    changeType: 'created,updated,deleted',
    notificationUrl: URL_TO_US,
    resource: `${at.ben}/mailFolders('inbox')/messages`,
    expirationDateTime: expiry(from, 1000),
    clientState: 'secret',
    ...fields,
  })
}

async function mail(at: Office, subject: string): Promise<void> {
  const sent = await at.call('POST', `${at.anna}/sendMail`, { message: { subject, toRecipients: [to(BEN)] } })
  expect(sent.status).toBe(202)
}

const told = (from: Hook): Json[] => from.got.flatMap(({ value }) => value)

describe('making subscriptions', () => {
  test('the handshake must give the token back as plain text in ten seconds', async () => {
    const us = hook()
    const made = await subscribe(world(us), us)
    expect(made).toMatchObject({
      status: 201,
      body: { changeType: 'created,updated,deleted', clientState: 'secret' },
    })
    const refusals: [Send, string][] = [
      [
        async () => ({ status: 500, text: async () => '', headers: { get: () => 'text/plain' } }),
        'ValidationError',
      ],
      [
        async () => ({
          status: 200,
          text: async () => 'something else',
          headers: { get: () => 'text/plain' },
        }),
        'ValidationError',
      ],
      [() => Promise.reject(new Error('refused')), 'ValidationError'],
    ]
    for (const [send, expected] of refusals) {
      const answer = await subscribe(world(us, { send }), us)
      expect([answer.status, code(answer)]).toEqual([400, expected])
    }
    const silent = subscribe(world(us, { send: () => new Promise(() => undefined) }), us)
    await us.clock.push(11_000)
    expect(code(await silent)).toBe('InvalidRequest')
  })

  test('lifetimes: at least 45 minutes, at most seven days for mail, three for tasks; one for the same thing', async () => {
    const us = hook()
    const at = world(us)
    const short = await subscribe(at, us, { expirationDateTime: expiry(us, 5) })
    expect(Date.parse(String(short.body['expirationDateTime'])) - us.clock.now()).toBe(45 * MINUTE)
    expect(await subscribe(at, us)).toMatchObject({ status: 409 })
    expect(
      (await subscribe(at, us, { resource: `${at.ben}/messages`, expirationDateTime: expiry(us, 10_080) }))
        .status,
    ).toBe(201)
    expect(
      code(await subscribe(at, us, { changeType: 'created', expirationDateTime: expiry(us, 20_000) })),
    ).toBe('InvalidRequest')
    expect(code(await subscribe(at, us, { changeType: 'moved' }))).toBe('InvalidRequest')
    expect(code(await subscribe(at, us, { notificationUrl: 'http://hooks.example/' }))).toBe('InvalidRequest')
    expect(
      (await subscribe(at, us, { changeType: 'created', notificationUrl: 'http://127.0.0.1:1/' })).status,
    ).toBe(201)
    const list = rows(await at.call('GET', `${at.ben}/todo/lists`))[0]
    const tasks = { resource: `${at.ben}/todo/lists/${String(list?.['id'])}/tasks` }
    expect(code(await subscribe(at, us, { ...tasks, expirationDateTime: expiry(us, 5_000) }))).toBe(
      'InvalidRequest',
    )
    expect((await subscribe(at, us, { ...tasks, expirationDateTime: expiry(us, 4_230) })).status).toBe(201)
    expect(rows(await at.call('GET', '/subscriptions'))).toHaveLength(4)
    await us.clock.push(46 * MINUTE)
    expect((await at.call('GET', `/subscriptions/${String(short.body['id'])}`)).status).toBe(404)
  })

  test('the permission of the subscribed resource is asked for', async () => {
    const us = hook()
    const at = office({ clock: us.clock, send: us.send, seed: 'empty' }, ({ control, info }) =>
      control.token(info.clientId, ANNA, ['Calendars.Read']),
    )
    expect((await subscribe(at, us, { resource: 'me/messages' })).status).toBe(403)
    expect((await subscribe(at, us, { resource: 'me/events' })).status).toBe(201)
    expect((await subscribe(at, us, { resource: `users/${BEN}/events` })).status).toBe(403)
  })
})

describe('notifications', () => {
  test('a creation is told as created and updated, a change as updated, a move as deleted, with the client state', async () => {
    const us = hook()
    const at = world(us)
    await subscribe(at, us)
    await mail(at, 'One')
    await us.clock.push(MINUTE)
    expect(told(us).map((one) => one['changeType'])).toEqual(['created', 'updated'])
    const first = told(us)[0] ?? {}
    const id = String((first['resourceData'] as Json)['id'])
    expect(first).toMatchObject({
      clientState: 'secret',
      resource: `Users/${at.ben.slice(7)}/Messages/${id}`,
      resourceData: { '@odata.type': '#Microsoft.Graph.Message' },
    })
    expect(await at.call('GET', `${at.ben}/messages/${id}`)).toMatchObject({
      status: 200,
      body: { id, subject: 'One' },
    })
    await at.call('PATCH', `${at.ben}/messages/${id}`, { isRead: true })
    await at.call('POST', `${at.ben}/messages/${id}/move`, { destinationId: 'archive' })
    await us.clock.push(MINUTE)
    expect(
      told(us)
        .slice(2)
        .map((one) => one['changeType']),
    ).toEqual(['updated', 'deleted'])
  })

  test('with a filter, entering it is a creation and leaving it a deletion', async () => {
    const us = hook()
    const at = world(us)
    await subscribe(at, us, { resource: `${at.ben}/messages?$filter=isRead eq true` })
    await mail(at, 'One')
    await us.clock.push(MINUTE)
    expect(told(us)).toEqual([])
    const id = String(rows(await at.call('GET', `${at.ben}/messages`))[0]?.['id'])
    for (const isRead of [true, false]) await at.call('PATCH', `${at.ben}/messages/${id}`, { isRead })
    await us.clock.push(MINUTE)
    expect(told(us).map((one) => one['changeType'])).toEqual(['created', 'updated', 'deleted'])
  })

  test('a failed delivery is tried again with growing pauses and given up after four hours', async () => {
    const us = hook()
    const at = world(us, { switches: { notificationUpdatedAfterCreated: false } })
    await subscribe(at, us)
    us.answer = { status: 503, takes: 0 }
    await mail(at, 'One')
    await us.clock.push(MINUTE)
    expect(us.got.length).toBeGreaterThan(1)
    us.answer = { status: 202, takes: 0 }
    await us.clock.push(HOUR)
    const delivered = us.got.length
    await us.clock.push(HOUR)
    expect(us.got.length).toBe(delivered)
    us.answer = { status: 503, takes: 0 }
    await mail(at, 'Two')
    await us.clock.push(5 * HOUR)
    const tried = us.got.length
    expect(tried - delivered).toBeLessThan(30)
    await us.clock.push(5 * HOUR)
    expect(us.got.length).toBe(tried)
    expect(at.emulator.control.notifier.entries.at(-1)).toMatchObject({ result: 'given up' })
  })

  test('an address that answers too slowly is slowed down, and dropped when it is very slow', async () => {
    const us = hook()
    const at = world(us, { switches: { notificationUpdatedAfterCreated: false } })
    await subscribe(at, us, { changeType: 'created' })
    us.answer = { status: 202, takes: 4_000 }
    for (let n = 0; n < 10; n++) {
      await mail(at, `Slow ${n}`)
      await us.clock.push(30_000)
    }
    us.answer = { status: 202, takes: 0 }
    const before = us.got.length
    await mail(at, 'Late')
    await us.clock.push(5 * MINUTE)
    expect(us.got.length - before).toBeLessThan(10)
    await us.clock.push(HOUR)
    us.answer = { status: 202, takes: 60_000 }
    for (let n = 0; n < 12; n++) {
      await mail(at, `Dead ${n}`)
      await us.clock.push(40_000)
    }
    await mail(at, 'Dropped')
    expect(at.emulator.control.notifier.entries.at(-1)).toMatchObject({ result: 'dropped' })
  })

  test.each([
    ['notificationsDropped', 0],
    ['notificationsDoubled', 2],
  ] as const)('the fault %s', async (name, times) => {
    const us = hook()
    const at = world(us, { switches: { notificationUpdatedAfterCreated: false, [name]: 1 } })
    await subscribe(at, us)
    await mail(at, 'One')
    await us.clock.push(MINUTE)
    expect(told(us)).toHaveLength(times)
  })

  test('delayed ones come minutes later', async () => {
    const us = hook()
    const at = world(us, { switches: { notificationsDelayed: 1 } })
    await subscribe(at, us)
    await mail(at, 'One')
    await us.clock.push(MINUTE)
    expect(told(us)).toEqual([])
    await us.clock.push(10 * MINUTE)
    expect(told(us)).not.toEqual([])
  })
})

describe('lifecycle', () => {
  test('reauthorization is asked for before the end; until it is given notifications wait', async () => {
    const us = hook()
    const at = world(us, { switches: { notificationUpdatedAfterCreated: false } })
    const made = await subscribe(at, us, {
      lifecycleNotificationUrl: LIFECYCLE,
      expirationDateTime: expiry(us, 600),
    })
    const id = String(made.body['id'])
    await us.clock.push(571 * MINUTE)
    expect(told(us)).toMatchObject([
      { lifecycleEvent: 'reauthorizationRequired', subscriptionId: id, clientState: 'secret' },
    ])
    at.emulator.control.notifier.lifecycle(id, 'reauthorizationRequired')
    await mail(at, 'Kept back')
    await us.clock.push(MINUTE)
    expect(told(us)).toHaveLength(2)
    expect((await at.call('POST', `/subscriptions/${id}/reauthorize`)).status).toBe(204)
    await us.clock.push(MINUTE)
    expect(told(us).at(-1)).toMatchObject({ changeType: 'created' })
    expect(at.emulator.control.logs.complaints.entries).toEqual([])
    const renewed = await at.call('PATCH', `/subscriptions/${id}`, { expirationDateTime: expiry(us, 1000) })
    expect(renewed.status).toBe(200)
    expect(at.emulator.control.logs.complaints.entries).toMatchObject([{ kind: 'reauthorize-and-renew' }])
  })

  test('missed and removed are told; a removed subscription is gone', async () => {
    const us = hook()
    const at = world(us)
    const made = await subscribe(at, us, { lifecycleNotificationUrl: LIFECYCLE })
    const id = String(made.body['id'])
    for (const event of ['missed', 'subscriptionRemoved'] as const)
      at.emulator.control.notifier.lifecycle(id, event)
    await us.clock.push(MINUTE)
    expect(us.got.map(({ url }) => url)).toEqual([LIFECYCLE, LIFECYCLE])
    expect(told(us).map((one) => one['lifecycleEvent'])).toEqual(['missed', 'subscriptionRemoved'])
    expect((await at.call('DELETE', `/subscriptions/${id}`)).status).toBe(404)
  })
})
