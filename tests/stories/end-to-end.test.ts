import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiOutput } from '../../src/server/api/api.ts'
import { startProduct, until, type Browser, type RunningProduct } from '../support/running-product.ts'

/** From an empty folder, through real HTTP only: the demo company arrives, and changes go both ways. */
const ANNA = 'anna.lindqvist@contoso.example'
type Event = ApiOutput<'GET /api/calendar/events'>['items'][number]
type Status = ApiOutput<'GET /api/status'>

describe('from nothing to two sides in step', () => {
  let product: RunningProduct
  let anna: Browser

  beforeAll(async () => {
    product = await startProduct()
    anna = await product.signIn(ANNA)
    await atRest()
  }, 120_000)
  afterAll(async () => {
    expect(await product.stop()).toBe(0)
  })

  const status = (): Promise<Status> => anna.call('GET /api/status')
  const atRest = (): Promise<Status> =>
    until('all channels proven in sync', async () => {
      const now = await status()
      const own = now.items.filter((row) => row.enabled)
      return own.length === 3 && own.every((row) => row.health === 'proven') && now.waiting === 0 ? now : null
    })
  const find = async (subject: string): Promise<Event | undefined> =>
    (await anna.call('GET /api/calendar/events', { query: { q: subject } })).items.find(
      (one) => one.subject === subject,
    )
  const arrived = (subject: string): Promise<Event> => until(`"${subject}" in the CRM`, () => find(subject))
  async function syncNow(): Promise<void> {
    const before = new Map((await status()).items.map((row) => [row.channel, row.lastFinishedAt]))
    await anna.call('POST /api/sync', { body: {} })
    await until('the run to finish', async () => {
      const rows = (await status()).items.filter((row) => row.enabled)
      return rows.every((row) => row.lastFinishedAt !== before.get(row.channel) && row.state !== 'running')
    })
  }
  const atMicrosoft = async (subject: string): Promise<Record<string, unknown> | undefined> => {
    const answer = await product.outlook(ANNA, 'GET', `/me/events?$top=200`)
    const { value } = (answer['body'] ?? answer) as { value: Record<string, unknown>[] }
    return value.find((event) => event['subject'] === subject)
  }
  const time = {
    start: { dateTime: '2027-03-02T10:00:00', timeZone: 'Europe/Berlin' },
    end: { dateTime: '2027-03-02T11:00:00', timeZone: 'Europe/Berlin' },
  }

  test('the calendars and tasks of the demo company arrive in the CRM', async () => {
    const { total } = await anna.call('GET /api/calendar/events')
    const tasks = await anna.call('GET /api/tasks')
    expect(total).toBeGreaterThan(0)
    expect(tasks.total).toBeGreaterThan(0)
    const theirs = await product.outlook(ANNA, 'GET', '/me/events?$top=200')
    const { value } = (theirs['body'] ?? theirs) as { value: Record<string, unknown>[] }
    const titles = new Set(value.map((event) => event['subject']))
    const { items } = await anna.call('GET /api/calendar/events', { query: { size: 200 } })
    expect(
      items
        .filter((event) => !event.redacted && event.subject !== 'Private')
        .every((event) => titles.has(event.subject)),
    ).toBe(true)
  })

  test('an event made in Outlook arrives in the CRM, one made in the CRM arrives in Outlook', async () => {
    await product.outlook(ANNA, 'POST', '/me/events', { subject: 'Made in Outlook', ...time })
    await anna.call('POST /api/sync', { body: {} })
    const event = await arrived('Made in Outlook')
    expect(event.time).toMatchObject({ start: '2027-03-02T10:00:00', end: '2027-03-02T11:00:00' })

    await anna.call('POST /api/calendar/events', {
      body: {
        calendar: event.calendar,
        subject: 'Made in the CRM',
        time: {
          allDay: false,
          start: '2027-03-03T09:00:00',
          end: '2027-03-03T09:30:00',
          zone: 'Europe/Berlin',
        },
      },
    })
    const theirs = await until('the event at Microsoft', () => atMicrosoft('Made in the CRM'))
    expect(theirs).toMatchObject({ subject: 'Made in the CRM' })
  })

  test('different fields changed on both sides are merged', async () => {
    const { id } = await product
      .outlook(ANNA, 'POST', '/me/events', { subject: 'Both sides', ...time })
      .then((answer) => (answer['body'] ?? answer) as { id: string })
    await anna.call('POST /api/sync', { body: {} })
    const event = await arrived('Both sides')
    await atRest()
    const { mailbox } = event.sync
    expect(mailbox).not.toBeNull()
    const channel = { mailbox: mailbox ?? '', channel: 'calendar' } as const
    await anna.call('POST /api/mailboxes/:mailbox/channels/:channel/pause', { params: channel, body: {} })
    await product.outlook(ANNA, 'PATCH', `/me/events/${id}`, { location: { displayName: 'Room 2' } })
    await anna.call('PATCH /api/calendar/events/:event', {
      params: { event: event.id },
      body: { version: event.version, change: { importance: 'high' } },
    })
    await anna.call('POST /api/mailboxes/:mailbox/channels/:channel/resume', { params: channel })
    const merged = await until('the merge in the CRM', async () => {
      const now = await anna.call('GET /api/calendar/events/:event', { params: { event: event.id } })
      return now.location === 'Room 2' && now.sync.state === 'fine' ? now : null
    })
    expect(merged.importance).toBe('high')
    expect(await atMicrosoft('Both sides')).toMatchObject({
      importance: 'high',
      location: { displayName: 'Room 2' },
    })
  })

  test('the same field changed on both sides ends as the policy says, and the loser can be brought back', async () => {
    const { id } = await product
      .outlook(ANNA, 'POST', '/me/events', { subject: 'Contested', ...time })
      .then((answer) => (answer['body'] ?? answer) as { id: string })
    await anna.call('POST /api/sync', { body: {} })
    const event = await arrived('Contested')
    await atRest()
    const channel = { mailbox: event.sync.mailbox ?? '', channel: 'calendar' } as const
    await anna.call('POST /api/mailboxes/:mailbox/channels/:channel/pause', { params: channel, body: {} })
    await product.outlook(ANNA, 'PATCH', `/me/events/${id}`, { location: { displayName: 'Theirs' } })
    await anna.call('PATCH /api/calendar/events/:event', {
      params: { event: event.id },
      body: { version: event.version, change: { location: 'Ours' } },
    })
    await anna.call('POST /api/mailboxes/:mailbox/channels/:channel/resume', { params: channel })
    const conflict = await until(
      'the conflict',
      async () => (await anna.call('GET /api/conflicts', { query: { record: event.id } })).items[0],
    )
    expect(conflict).toMatchObject({
      group: 'location',
      crm: { value: 'Ours' },
      mailboxValue: { value: 'Theirs' },
      verdict: 'crm',
      state: 'decided',
    })
    await until(
      'our value at Microsoft',
      async () =>
        ((await atMicrosoft('Contested'))?.['location'] as { displayName: string }).displayName === 'Ours',
    )

    await anna.call('POST /api/conflicts/:conflict/restore', { params: { conflict: conflict.id } })
    await until(
      'their value in the CRM',
      async () =>
        (await anna.call('GET /api/calendar/events/:event', { params: { event: event.id } })).location ===
        'Theirs',
    )
    await until(
      'their value at Microsoft',
      async () =>
        ((await atMicrosoft('Contested'))?.['location'] as { displayName: string }).displayName === 'Theirs',
    )
  })

  test('a second run with no change writes nothing on either side', async () => {
    await atRest()
    await syncNow()
    const history = (await anna.call('GET /api/history')).total
    const theirs = await product.writesAtMicrosoft()
    expect(theirs).toBeGreaterThan(0)
    await syncNow()
    expect((await anna.call('GET /api/history')).total).toBe(history)
    expect(await product.writesAtMicrosoft()).toBe(theirs)
  })

  test('the history is whole, and says so', async () => {
    const admin = await product.signIn(product.ready.admin.email)
    expect(await admin.call('GET /api/history/verify')).toMatchObject({ ok: true })
  })
})
