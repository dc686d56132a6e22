import { expect, test } from 'vitest'
import {
  at,
  create,
  itemsOf,
  meeting,
  occurrencesOf,
  only,
  outlook,
  push,
  update,
} from '../../../tests/support/graph-events.ts'
import { graphWorld, type GraphWorld } from '../../../tests/support/graph-world.ts'
import { eventFields } from '../../core/item.ts'
import { occurrencesIn } from '../../core/series.ts'
import { formatInstant } from '../../core/time.ts'
import type { CollectionRef } from '../connector.ts'

/** What Outlook shows, told by the emulator's own expansion: the second opinion. */
async function shownInOutlook(world: GraphWorld): Promise<readonly string[]> {
  const answer = await outlook(world).get(
    '/me/calendarView?startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z&$top=500',
  )
  const { value } = answer.body as { value: { start: { dateTime: string } }[] }
  return value.map(({ start }) => `${start.dateTime.slice(0, 19)}Z`).sort()
}

async function pulledOnly(world: GraphWorld, calendar: CollectionRef) {
  return only(itemsOf((await world.pullAll(calendar)).pages))
}

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Sydney',
  'Asia/Calcutta',
  'America/Sao_Paulo',
  'Pacific/Auckland',
  'UTC',
]

test('[pain 5] [I15] a series and its exceptions are at the same instants on both sides, over every change of clocks', async () => {
  for (const zone of ZONES) {
    const world = await graphWorld()
    const calendar = await world.collection('calendar', { window: { from: '2025-12-01', to: '2027-02-01' } })
    const own = { allDay: false, start: '2026-04-08T22:30:00', end: '2026-04-08T23:30:00', zone }
    const item = meeting({
      time: { allDay: false, start: '2026-01-06T23:15:00', end: '2026-01-07T00:45:00', zone },
      recurrence: {
        pattern: { type: 'weekly', interval: 1, days: ['tuesday'], weekStart: 'monday' },
        range: { type: 'numbered', start: '2026-01-06', count: 51 },
      },
      'occurrence/2026-04-07/time': own,
      'occurrence/2026-10-27/cancelled': true,
    })
    expect(await push(world, create(calendar, item))).toMatchObject({ outcome: 'written' })
    const seen = await pulledOnly(world, calendar)
    expect(eventFields(seen.item).time).toEqual(item.fields['time'])
    expect(occurrencesOf(seen.item)).toEqual(occurrencesOf(item))
    const ours = occurrencesIn(seen.item, { from: '2026-01-01', to: '2026-12-31' }, 'UTC')
    expect(ours.map(({ start }) => formatInstant(start)).sort()).toEqual(await shownInOutlook(world))
  }
})

test('a series moves to another zone as a whole', async () => {
  const world = await graphWorld()
  const calendar = await world.collection('calendar')
  const recurrence = {
    pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
    range: { type: 'endDate', start: '2026-03-02', until: '2026-11-30' },
  }
  const time = {
    allDay: false,
    start: '2026-03-02T09:00:00',
    end: '2026-03-02T10:00:00',
    zone: 'Europe/Berlin',
  }
  await push(world, create(calendar, meeting({ time, recurrence })))
  const seen = await pulledOnly(world, calendar)
  const moved = { ...time, zone: 'America/New_York' }
  expect(await push(world, update(calendar, seen, { time: moved }))).toMatchObject({ outcome: 'written' })
  const after = await pulledOnly(world, calendar)
  expect(eventFields(after.item).time).toEqual(moved)
  const ours = occurrencesIn(after.item, { from: '2026-01-01', to: '2026-12-31' }, 'UTC')
  expect(ours.map(({ start }) => formatInstant(start))).toEqual(await shownInOutlook(world))
})

test('an all-day series keeps its days, its exceptions and what was taken out', async () => {
  for (const zone of ['Pacific/Auckland', 'America/New_York']) {
    const world = await graphWorld()
    const calendar = await world.collection('calendar', { zone })
    const item = meeting({
      time: { allDay: true, start: '2026-03-27', end: '2026-03-28' },
      recurrence: {
        pattern: { type: 'absoluteMonthly', interval: 1, day: 27 },
        range: { type: 'numbered', start: '2026-03-27', count: 6 },
      },
      'occurrence/2026-04-27/time': { allDay: true, start: '2026-04-28', end: '2026-04-30' },
      'occurrence/2026-05-27/cancelled': true,
    })
    expect(await push(world, create(calendar, item))).toMatchObject({ outcome: 'written' })
    const seen = await pulledOnly(world, calendar)
    expect(eventFields(seen.item).time).toEqual(item.fields['time'])
    expect(occurrencesOf(seen.item)).toEqual(occurrencesOf(item))
  }
})

test('an event that ends on other clocks than it starts keeps both', async () => {
  const world = await graphWorld()
  const calendar = await world.collection('calendar')
  const time = {
    allDay: false,
    start: '2026-03-04T14:00:00',
    end: '2026-03-04T16:30:00',
    zone: 'Europe/Berlin',
    endZone: 'America/New_York',
  }
  await push(world, create(calendar, meeting({ time })))
  expect(eventFields((await pulledOnly(world, calendar)).item).time).toEqual(time)
})

test('a series becomes a single event', async () => {
  const world = await graphWorld()
  const calendar = await world.collection('calendar')
  const item = meeting({
    recurrence: {
      pattern: { type: 'daily', interval: 1 },
      range: { type: 'numbered', start: '2026-03-04', count: 5 },
    },
    'occurrence/2026-03-05/subject': 'Special',
  })
  await push(world, create(calendar, item))
  const seen = await pulledOnly(world, calendar)
  const gone = { recurrence: null, 'occurrence/2026-03-05/subject': null }
  expect(await push(world, update(calendar, seen, gone))).toMatchObject({ outcome: 'written' })
  const after = await pulledOnly(world, calendar)
  expect(after.item.fields['recurrence']).toBeNull()
  expect(occurrencesOf(after.item)).toEqual({})
})

test('several calendars: each is followed by itself, and a read tells where an event lies', async () => {
  const world = await graphWorld()
  const made = await outlook(world).post('/me/calendars', { name: 'Sales' })
  const sales = await world.collection('calendar', {
    externalId: (made.body as { id: string }).id,
    isDefault: false,
  })
  await push(world, create(sales, meeting()))
  await outlook(world).post('/me/events', {
    subject: 'Elsewhere',
    start: at('2026-03-30T15:00:00'),
    end: at('2026-03-30T16:00:00'),
  })
  const seen = await pulledOnly(world, sales)
  expect(seen.item.fields['subject']).toBe('Review')
  const [read] = await world.connector.read(
    [{ id: seen.id, collection: sales }],
    new AbortController().signal,
  )
  expect(read).toMatchObject({ outcome: 'found', collectionExternalId: sales.externalId })
})
