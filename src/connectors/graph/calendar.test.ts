import { describe, expect, test } from 'vitest'
import { ANNA, BEN, graphWorld, neverAborted, type GraphWorld } from '../../../tests/support/graph-world.ts'
import { asId, type ETag, type ItemId, type OperationId } from '../../core/ids.ts'
import { eventFields, type Fields, type Item, type Json } from '../../core/item.ts'
import type { CollectionRef, Observation, Operation, Page } from '../connector.ts'

type Seen = Extract<Observation, { kind: 'item' }>

const itemsOf = (pages: readonly Page[]): Seen[] =>
  pages.flatMap((page) => page.observed).flatMap((one) => (one.kind === 'item' ? [one] : []))

const only = <T>(all: readonly T[]): T => {
  const [one, ...rest] = all
  if (one === undefined || rest.length > 0) throw new Error(`Expected one, got ${all.length}.`)
  return one
}

const BERLIN = 'W. Europe Standard Time'
const at = (dateTime: string, timeZone = BERLIN) => ({ dateTime, timeZone })

const standup = (more: object = {}) => ({
  subject: 'Stand-up',
  start: at('2026-03-02T09:00:00'),
  end: at('2026-03-02T09:15:00'),
  recurrence: {
    pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'], firstDayOfWeek: 'monday' },
    range: { type: 'endDate', startDate: '2026-03-02', endDate: '2026-06-29' },
  },
  ...more,
})

const outlook = (world: GraphWorld, person = ANNA) => world.emulator.control.as(person)

const idOf = (answer: { readonly body: unknown }): string => (answer.body as { id: string }).id

async function instanceOn(world: GraphWorld, master: string, day: string, person = ANNA): Promise<string> {
  const answer = await outlook(world, person).get(
    `/me/events/${master}/instances?startDateTime=${day}T00:00:00Z&endDateTime=${day}T23:59:00Z`,
  )
  return (answer.body as { value: { id: string }[] }).value[0]?.id ?? ''
}

const meeting = (more: { readonly [group: string]: Json } = {}): Item => ({
  kind: 'event',
  facts: {},
  fields: {
    subject: 'Review',
    body: { type: 'text', content: 'Bring the figures' },
    time: { allDay: false, start: '2026-03-04T14:00:00', end: '2026-03-04T15:00:00', zone: 'Europe/Berlin' },
    recurrence: null,
    location: 'Room 2',
    attendees: [],
    answers: {},
    answer: 'none',
    organizer: null,
    reminder: 10,
    showAs: 'busy',
    sensitivity: 'normal',
    importance: 'high',
    categories: ['Blue category'],
    onlineMeeting: null,
    cancelled: false,
    ...more,
  },
})

const create = (collection: CollectionRef, item: Item, key = 'op-1'): Operation => ({
  do: 'create',
  key: asId<OperationId>(key),
  collection,
  item,
})

const update = (collection: CollectionRef, seen: Seen, fields: Fields, key = 'op-2'): Operation => ({
  do: 'update',
  key: asId<OperationId>(key),
  collection,
  id: seen.id,
  fields,
  whole: { ...seen.item, fields: withGroups(seen.item.fields, fields) },
  ifMatch: seen.etag,
})

/** Null for an occurrence's group means that it follows its series again. */
const withGroups = (before: Fields, change: Fields): Fields =>
  Object.fromEntries(
    Object.entries({ ...before, ...change }).filter(
      ([group, value]) => !(group.startsWith('occurrence/') && value === null),
    ),
  )

const push = async (world: GraphWorld, operation: Operation) =>
  only(await world.connector.push([operation], neverAborted))

describe('pull', () => {
  test('a single event comes on the clocks of the zone it was made in, and an unchanged calendar costs one request', async () => {
    const world = await graphWorld()
    await outlook(world).post('/me/events', {
      subject: 'Kick-off',
      start: at('2026-03-30T15:00:00'),
      end: at('2026-03-30T16:00:00'),
    })
    const calendar = await world.collection('calendar')
    world.forget()
    const { pages, cursor } = await world.pullAll(calendar)
    expect(pages.map(({ kind, last }) => [kind, last])).toEqual([['snapshot', true]])
    const { item } = only(itemsOf(pages))
    expect(item.fields['subject']).toBe('Kick-off')
    expect(eventFields(item).time).toEqual({
      allDay: false,
      start: '2026-03-30T15:00:00',
      end: '2026-03-30T16:00:00',
      zone: 'Europe/Berlin',
    })
    const again = await world.pullAll(calendar, cursor)
    expect(again.pages.map(({ kind, last, observed }) => [kind, last, observed.length])).toEqual([
      ['delta', true, 0],
    ])
    expect(world.requests().length).toBe(2)
  })

  test('an all-day event is dates, whatever the zone', async () => {
    const world = await graphWorld()
    await outlook(world).post('/me/events', {
      subject: 'Fair',
      isAllDay: true,
      start: at('2026-10-24T00:00:00'),
      end: at('2026-10-27T00:00:00'),
    })
    const { pages } = await world.pullAll(await world.collection('calendar'))
    expect(eventFields(only(itemsOf(pages)).item).time).toEqual({
      allDay: true,
      start: '2026-10-24',
      end: '2026-10-27',
    })
  })

  test('a series is one item: exceptions and cancelled occurrences of a first round need no further request', async () => {
    const world = await graphWorld()
    const master = idOf(await outlook(world).post('/me/events', standup()))
    await outlook(world).patch(`/me/events/${await instanceOn(world, master, '2026-03-30')}`, {
      subject: 'Stand-up with the board',
      start: at('2026-03-31T10:00:00'),
      end: at('2026-03-31T11:00:00'),
    })
    await outlook(world).delete(`/me/events/${await instanceOn(world, master, '2026-04-06')}`)
    const calendar = await world.collection('calendar')
    world.forget()
    const { pages } = await world.pullAll(calendar)
    const { item } = only(itemsOf(pages))
    expect(occurrencesOf(item)).toEqual({
      'occurrence/2026-03-30/subject': 'Stand-up with the board',
      'occurrence/2026-03-30/time': {
        allDay: false,
        start: '2026-03-31T10:00:00',
        end: '2026-03-31T11:00:00',
        zone: 'Europe/Berlin',
      },
      'occurrence/2026-04-06/cancelled': true,
    })
    expect(item.occurrencesReported).toBeUndefined()
    expect(world.requests().length).toBe(1)
  })

  test('an occurrence deleted in Outlook is learnt in the next round by one read of its series', async () => {
    const world = await graphWorld()
    const master = idOf(await outlook(world).post('/me/events', standup()))
    const calendar = await world.collection('calendar')
    const first = await world.pullAll(calendar)
    await outlook(world).delete(`/me/events/${await instanceOn(world, master, '2026-04-06')}`)
    world.forget()
    const { pages } = await world.pullAll(calendar, first.cursor)
    expect(occurrencesOf(only(itemsOf(pages)).item)).toEqual({ 'occurrence/2026-04-06/cancelled': true })
    expect(world.requests().length).toBe(2)
  })

  test('a series that goes on beyond the window tells which slots it reports', async () => {
    const world = await graphWorld()
    await outlook(world).post('/me/events', standup())
    const calendar = await world.collection('calendar', { window: { from: '2026-03-20', to: '2026-04-20' } })
    const { pages } = await world.pullAll(calendar)
    const { item } = only(itemsOf(pages))
    expect(item.occurrencesReported).toEqual({ from: '2026-03-23', to: '2026-04-20' })
    expect(eventFields(item).time).toMatchObject({ start: '2026-03-02T09:00:00' })
  })

  test('a slot missing at the edge of the window is asked for: it may have moved out instead of being taken out', async () => {
    const world = await graphWorld()
    const master = idOf(await outlook(world).post('/me/events', standup()))
    await outlook(world).patch(`/me/events/${await instanceOn(world, master, '2026-04-20')}`, {
      start: at('2026-04-24T09:00:00'),
      end: at('2026-04-24T09:15:00'),
    })
    const calendar = await world.collection('calendar', { window: { from: '2026-03-20', to: '2026-04-21' } })
    const { pages } = await world.pullAll(calendar)
    expect(occurrencesOf(only(itemsOf(pages)).item)).toEqual({
      'occurrence/2026-04-20/time': {
        allDay: false,
        start: '2026-04-24T09:00:00',
        end: '2026-04-24T09:15:00',
        zone: 'Europe/Berlin',
      },
    })
  })

  test('pages of ten: series that straddle them come whole, also when the pull is cut and taken up at every page', async () => {
    const world = await graphWorld({ emulator: { switches: { deltaEmptyFirstPage: true } } })
    for (const day of ['02', '03', '04'])
      await outlook(world).post('/me/events', {
        ...standup(),
        subject: `Series ${day}`,
        start: at(`2026-03-${day}T09:00:00`),
        end: at(`2026-03-${day}T09:30:00`),
        recurrence: {
          pattern: { type: 'daily', interval: 2 },
          range: { type: 'numbered', startDate: `2026-03-${day}`, numberOfOccurrences: 15 },
        },
      })
    const calendar = await world.collection('calendar')
    const whole = await world.pullAll(calendar)
    const found: Seen[] = []
    for (let cursor = null, last = false; !last;) {
      for await (const page of world.connector.pull(calendar, cursor, neverAborted)) {
        found.push(...itemsOf([page]))
        cursor = page.next
        last = page.last
        break
      }
    }
    const summary = (seen: readonly Seen[]) =>
      seen.map(({ id, item }) => [id, item.fields]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    expect(summary(found)).toEqual(summary(itemsOf(whole.pages)))
    expect(found.length).toBe(3)
  })

  test('[pain 14] a forgotten delta token says so, and the enumeration that follows is complete', async () => {
    const world = await graphWorld()
    await outlook(world).post('/me/events', standup())
    const calendar = await world.collection('calendar')
    const { cursor } = await world.pullAll(calendar)
    world.emulator.control.evictTokens()
    await expect(world.pullAll(calendar, cursor)).rejects.toMatchObject({ failure: { kind: 'cursor-expired' } })
    const { pages } = await world.pullAll(calendar)
    expect(itemsOf(pages).length).toBe(1)
  })

  test('[pain 19] a private event leaves the connector as a busy block, or not at all', async () => {
    const world = await graphWorld()
    await outlook(world).post('/me/events', {
      subject: 'Surgery',
      sensitivity: 'private',
      location: { displayName: 'Clinic' },
      body: { contentType: 'text', content: 'bring papers' },
      start: at('2026-03-30T15:00:00'),
      end: at('2026-03-30T16:00:00'),
    })
    const busy = await world.pullAll(await world.collection('calendar', { privateEvents: 'busy' }))
    expect(JSON.stringify(busy.pages)).not.toMatch(/Surgery|Clinic|papers/)
    expect(only(itemsOf(busy.pages)).item.facts.redacted).toContain('subject')
    const skipped = await world.pullAll(await world.collection('calendar', { privateEvents: 'skip' }))
    expect(itemsOf(skipped.pages)).toEqual([])
  })

  test('events/delta is used where it answers, and left for the documented road where it does not', async () => {
    for (const eventsDelta of [true, false]) {
      const world = await graphWorld({ emulator: { switches: { eventsDelta } }, graph: { calendarRoad: 'events' } })
      const master = idOf(await outlook(world).post('/me/events', standup()))
      await outlook(world).delete(`/me/events/${await instanceOn(world, master, '2026-04-06')}`)
      const calendar = await world.collection('calendar')
      const { pages, cursor } = await world.pullAll(calendar)
      expect(occurrencesOf(only(itemsOf(pages)).item)).toEqual({ 'occurrence/2026-04-06/cancelled': true })
      expect((await world.pullAll(calendar, cursor)).pages[0]?.observed).toEqual([])
    }
  })
})

const occurrencesOf = (item: Item): Fields =>
  Object.fromEntries(Object.entries(item.fields).filter(([group]) => group.startsWith('occurrence/')))

describe('read', () => {
  test('answers found, gone and out of the window, in the order asked, in one round trip', async () => {
    const world = await graphWorld()
    const here = idOf(await outlook(world).post('/me/events', standup()))
    const far = idOf(
      await outlook(world).post('/me/events', {
        subject: 'Far',
        start: at('2031-03-02T09:00:00'),
        end: at('2031-03-02T10:00:00'),
      }),
    )
    const lost = idOf(await outlook(world).post('/me/events', standup()))
    await outlook(world).delete(`/me/events/${lost}`)
    const collection = await world.collection('calendar')
    world.forget()
    const found = await world.connector.read(
      [lost, here, far].map((id) => ({ id: asId<ItemId>(id), collection })),
      neverAborted,
    )
    expect(found.map((one) => [one.outcome, one.outcome === 'found' && one.inWindow])).toEqual([
      ['gone', false],
      ['found', true],
      ['found', false],
    ])
    expect(world.requests().every(({ batched }) => batched)).toBe(true)
  })
})

describe('push', () => {
  test('[I8] a create is one event, however often it is sent with its key', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    const first = await push(world, create(calendar, meeting()))
    const second = await push(world, create(calendar, meeting()))
    expect(first).toMatchObject({ outcome: 'written' })
    expect(second).toMatchObject({ outcome: 'written', id: first.outcome === 'written' ? first.id : '' })
    const { pages } = await world.pullAll(calendar)
    const { item } = only(itemsOf(pages))
    expect(item.fields).toMatchObject({
      subject: 'Review',
      location: 'Room 2',
      reminder: 10,
      importance: 'high',
      categories: ['Blue category'],
      time: { start: '2026-03-04T14:00:00', end: '2026-03-04T15:00:00', zone: 'Europe/Berlin' },
    })
    expect(first.outcome === 'written' && first.item?.fields).toEqual(item.fields)
    expect(item.facts.marker).toBe('op-1')
  })

  test('[I14] an update is guarded: what changed meanwhile is stale, and nothing is overwritten', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    await push(world, create(calendar, meeting()))
    const seen = only(itemsOf((await world.pullAll(calendar)).pages))
    await outlook(world).patch(`/me/events/${seen.id}`, { subject: 'Review of the year' })
    expect(await push(world, update(calendar, seen, { location: 'Room 3' }))).toEqual({ outcome: 'stale' })
    const now = only(itemsOf((await world.pullAll(calendar)).pages))
    expect(now.item.fields).toMatchObject({ subject: 'Review of the year', location: 'Room 2' })
    expect(await push(world, update(calendar, now, { location: 'Room 3' }))).toMatchObject({
      outcome: 'written',
      item: { fields: { subject: 'Review of the year', location: 'Room 3' } },
    })
  })

  test('only the groups that changed travel; attendees are mailed only when they are written', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    await push(world, create(calendar, meeting({ attendees: [{ email: BEN, name: 'Ben', type: 'required' }] })))
    const seen = only(itemsOf((await world.pullAll(calendar)).pages))
    const mails = world.emulator.control.logs.mails.entries.length
    expect(mails).toBe(1)
    expect(await push(world, update(calendar, seen, { reminder: null, categories: [] }))).toMatchObject({
      outcome: 'written',
    })
    expect(world.emulator.control.logs.mails.entries.length).toBe(mails)
  })

  test('a delete is guarded, and one that was done already says so', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    await push(world, create(calendar, meeting()))
    const seen = only(itemsOf((await world.pullAll(calendar)).pages))
    const remove = (ifMatch: ETag): Operation => ({
      do: 'delete',
      key: asId<OperationId>('op-3'),
      collection: calendar,
      id: seen.id,
      ifMatch,
    })
    await outlook(world).patch(`/me/events/${seen.id}`, { subject: 'Other' })
    expect(await push(world, remove(seen.etag))).toEqual({ outcome: 'stale' })
    const now = only(itemsOf((await world.pullAll(calendar)).pages))
    expect(await push(world, remove(now.etag))).toMatchObject({ outcome: 'written' })
    expect(await push(world, remove(now.etag))).toEqual({ outcome: 'gone' })
  })

  test('[pain 16] the Teams link survives an edit of the text', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    await outlook(world).post('/me/events', {
      subject: 'Call',
      isOnlineMeeting: true,
      body: { contentType: 'html', content: '<p>Agenda</p>' },
      start: at('2026-03-04T14:00:00'),
      end: at('2026-03-04T15:00:00'),
    })
    const seen = only(itemsOf((await world.pullAll(calendar)).pages))
    expect(JSON.stringify(seen.item.fields['body'])).not.toMatch(/Teams|____/)
    const joinUrl = eventFields(seen.item).onlineMeeting?.joinUrl
    expect(joinUrl).toMatch(/^https:\/\/teams/)
    const written = await push(
      world,
      update(calendar, seen, { body: { type: 'text', content: 'Agenda\nand more <soon>' } }),
    )
    expect(written).toMatchObject({ outcome: 'written' })
    const after = only(itemsOf((await world.pullAll(calendar)).pages))
    expect(eventFields(after.item).onlineMeeting?.joinUrl).toBe(joinUrl)
    expect(eventFields(after.item).body?.content).toContain('and more &lt;soon&gt;')
  })

  test('[pain 4] one occurrence is moved, another taken out, and the series stays', async () => {
    const world = await graphWorld()
    await outlook(world).post('/me/events', standup())
    const calendar = await world.collection('calendar')
    const seen = only(itemsOf((await world.pullAll(calendar)).pages))
    const moved = {
      allDay: false,
      start: '2026-03-31T10:00:00',
      end: '2026-03-31T11:00:00',
      zone: 'Europe/Berlin',
    }
    const written = await push(
      world,
      update(calendar, seen, {
        subject: 'Daily',
        'occurrence/2026-03-30/time': moved,
        'occurrence/2026-04-06/cancelled': true,
      }),
    )
    expect(written).toMatchObject({ outcome: 'written' })
    const after = only(itemsOf((await world.pullAll(calendar)).pages))
    expect(after.item.fields['subject']).toBe('Daily')
    expect(occurrencesOf(after.item)).toEqual({
      'occurrence/2026-03-30/time': moved,
      'occurrence/2026-04-06/cancelled': true,
    })
    expect(written.outcome === 'written' && [written.etag, written.item?.fields]).toEqual([
      after.etag,
      after.item.fields,
    ])
    const back = await push(world, update(calendar, after, { 'occurrence/2026-03-30/time': null }, 'op-5'))
    expect(back).toMatchObject({ outcome: 'written' })
    expect(occurrencesOf(only(itemsOf((await world.pullAll(calendar)).pages)).item)).toEqual({
      'occurrence/2026-04-06/cancelled': true,
    })
  })

  test('an occurrence cannot jump over its neighbour, in words a person understands', async () => {
    const world = await graphWorld()
    await outlook(world).post('/me/events', standup())
    const calendar = await world.collection('calendar')
    const seen = only(itemsOf((await world.pullAll(calendar)).pages))
    const outcome = await push(
      world,
      update(calendar, seen, {
        'occurrence/2026-03-30/time': {
          allDay: false,
          start: '2026-04-07T10:00:00',
          end: '2026-04-07T11:00:00',
          zone: 'Europe/Berlin',
        },
      }),
    )
    expect(outcome).toMatchObject({ outcome: 'rejected', code: 'ErrorOccurrenceCrossingBoundary' })
    expect(outcome.outcome === 'rejected' && outcome.reason).toMatch(/neighbour/)
  })

  test('a new time of day keeps the exceptions, also where Exchange drops them', async () => {
    for (const patternChangeDropsExceptions of [true, false]) {
      const world = await graphWorld({ emulator: { switches: { patternChangeDropsExceptions } } })
      const master = idOf(await outlook(world).post('/me/events', standup()))
      await outlook(world).patch(`/me/events/${await instanceOn(world, master, '2026-03-30')}`, { subject: 'Board' })
      await outlook(world).delete(`/me/events/${await instanceOn(world, master, '2026-04-06')}`)
      const calendar = await world.collection('calendar')
      const seen = only(itemsOf((await world.pullAll(calendar)).pages))
      const time = { allDay: false, start: '2026-03-02T08:00:00', end: '2026-03-02T08:15:00', zone: 'Europe/Berlin' }
      expect(await push(world, update(calendar, seen, { time }))).toMatchObject({ outcome: 'written' })
      const after = only(itemsOf((await world.pullAll(calendar)).pages))
      expect(eventFields(after.item).time).toEqual(time)
      expect(occurrencesOf(after.item)).toEqual({
        'occurrence/2026-03-30/subject': 'Board',
        'occurrence/2026-04-06/cancelled': true,
      })
    }
  })

  test('[pain 23] an attendee answers, and cannot change the meeting', async () => {
    const world = await graphWorld()
    await outlook(world, BEN).post('/me/events', {
      subject: 'Pitch',
      start: at('2026-03-04T14:00:00'),
      end: at('2026-03-04T15:00:00'),
      attendees: [{ type: 'required', emailAddress: { address: ANNA, name: 'Anna' } }],
    })
    const calendar = await world.collection('calendar')
    const seen = only(itemsOf((await world.pullAll(calendar)).pages))
    expect(seen.item.facts.isOrganizer).toBe(false)
    expect(await push(world, update(calendar, seen, { subject: 'Mine' }))).toMatchObject({
      outcome: 'rejected',
      code: 'organizer-owns',
    })
    expect(await push(world, update(calendar, seen, { answer: 'accepted', reminder: 5 }))).toMatchObject({
      outcome: 'written',
      item: { fields: { answer: 'accepted', reminder: 5 } },
    })
  })

  test('a zone that Outlook has no name for is refused with a reason', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    const time = { allDay: false, start: '2026-03-04T14:00:00', end: '2026-03-04T15:00:00', zone: 'Antarctica/Troll' }
    expect(await push(world, create(calendar, meeting({ time })))).toMatchObject({
      outcome: 'rejected',
      code: 'unknown-zone',
    })
  })

  test('a hundred changes are a hundred requests in five round trips', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    world.forget()
    const operations = Array.from({ length: 100 }, (_, n) => create(calendar, meeting({ subject: `No ${n}` }), `k-${n}`))
    const outcomes = await world.connector.push(operations, neverAborted)
    expect(outcomes.every(({ outcome }) => outcome === 'written')).toBe(true)
    expect(outcomes.map((one) => one.outcome === 'written' && one.item?.fields['subject'])).toEqual(
      operations.map((_, n) => `No ${n}`),
    )
    expect(world.requests().length).toBe(100)
    const batches = world.emulator.control.logs.requests.entries.filter(({ target }) => target.endsWith('$batch'))
    expect(batches.length).toBe(5)
  })
})

describe('[I8] [I9] a write whose answer is lost', () => {
  const lose = (world: GraphWorld, kind: 'reply-lost' | 'request-lost', method: string) =>
    world.emulator.control.plan([{ kind, method, count: 1 }])

  for (const kind of ['reply-lost', 'request-lost'] as const)
    test(`create, update and delete are unknown, and looked up: ${kind}`, async () => {
      const world = await graphWorld()
      const calendar = await world.collection('calendar')
      const expected = kind === 'reply-lost' ? 'written' : 'not-applied'
      const tried = async (operation: Operation, method: string) => {
        lose(world, kind, method)
        expect((await push(world, operation)).outcome).toBe('unknown')
        const settled = only(await world.connector.settle([operation], neverAborted))
        expect(settled.outcome).toBe(expected)
        if (settled.outcome === 'not-applied') expect((await push(world, operation)).outcome).toBe('written')
      }
      await tried(create(calendar, meeting()), 'POST')
      const seen = only(itemsOf((await world.pullAll(calendar)).pages))
      await tried(update(calendar, seen, { subject: 'Changed' }), 'PATCH')
      const now = only(itemsOf((await world.pullAll(calendar)).pages))
      expect(now.item.fields['subject']).toBe('Changed')
      await tried(
        { do: 'delete', key: asId<OperationId>('op-9'), collection: calendar, id: now.id, ifMatch: now.etag },
        'DELETE',
      )
      expect(itemsOf((await world.pullAll(calendar)).pages)).toEqual([])
    })
})

test('an emulated day leaves no complaint', async () => {
  const world = await graphWorld()
  const calendar = await world.collection('calendar')
  await push(world, create(calendar, meeting()))
  const seen = only(itemsOf((await world.pullAll(calendar)).pages))
  await push(world, update(calendar, seen, { subject: 'Changed' }))
  await world.connector.identity(neverAborted)
  expect(world.emulator.control.logs.complaints.entries).toEqual([])
})
