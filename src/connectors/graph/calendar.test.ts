import { describe, expect, test } from 'vitest'
import {
  at,
  idOf,
  instanceOn,
  itemsOf,
  occurrencesOf,
  only,
  outlook,
  standup,
  type Seen,
} from '../../../tests/support/graph-events.ts'
import { graphWorld, neverAborted } from '../../../tests/support/graph-world.ts'
import { asId, type ItemId } from '../../core/ids.ts'
import { eventFields } from '../../core/item.ts'

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
    await expect(world.pullAll(calendar, cursor)).rejects.toMatchObject({
      failure: { kind: 'cursor-expired' },
    })
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
      const world = await graphWorld({
        emulator: { switches: { eventsDelta } },
        graph: { calendarRoad: 'events' },
      })
      const master = idOf(await outlook(world).post('/me/events', standup()))
      await outlook(world).delete(`/me/events/${await instanceOn(world, master, '2026-04-06')}`)
      const calendar = await world.collection('calendar')
      const { pages, cursor } = await world.pullAll(calendar)
      expect(occurrencesOf(only(itemsOf(pages)).item)).toEqual({ 'occurrence/2026-04-06/cancelled': true })
      expect((await world.pullAll(calendar, cursor)).pages[0]?.observed).toEqual([])
    }
  })
})

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
