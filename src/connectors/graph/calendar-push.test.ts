import { describe, expect, test } from 'vitest'
import {
  at,
  create,
  idOf,
  instanceOn,
  itemsOf,
  meeting,
  occurrencesOf,
  only,
  outlook,
  push,
  standup,
  update,
} from '../../../tests/support/graph-events.ts'
import { ANNA, BEN, graphWorld, neverAborted, type GraphWorld } from '../../../tests/support/graph-world.ts'
import { asId, type ETag, type OperationId } from '../../core/ids.ts'
import { eventFields } from '../../core/item.ts'
import type { Operation } from '../connector.ts'

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
    await push(
      world,
      create(calendar, meeting({ attendees: [{ email: BEN, name: 'Ben', type: 'required' }] })),
    )
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
      await outlook(world).patch(`/me/events/${await instanceOn(world, master, '2026-03-30')}`, {
        subject: 'Board',
      })
      await outlook(world).delete(`/me/events/${await instanceOn(world, master, '2026-04-06')}`)
      const calendar = await world.collection('calendar')
      const seen = only(itemsOf((await world.pullAll(calendar)).pages))
      const time = {
        allDay: false,
        start: '2026-03-02T08:00:00',
        end: '2026-03-02T08:15:00',
        zone: 'Europe/Berlin',
      }
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
    const time = {
      allDay: false,
      start: '2026-03-04T14:00:00',
      end: '2026-03-04T15:00:00',
      zone: 'Antarctica/Troll',
    }
    expect(await push(world, create(calendar, meeting({ time })))).toMatchObject({
      outcome: 'rejected',
      code: 'unknown-zone',
    })
  })

  test('a hundred changes are a hundred requests in five round trips', async () => {
    const world = await graphWorld()
    const calendar = await world.collection('calendar')
    world.forget()
    const operations = Array.from({ length: 100 }, (_, n) =>
      create(calendar, meeting({ subject: `No ${n}` }), `k-${n}`),
    )
    const outcomes = await world.connector.push(operations, neverAborted)
    expect(outcomes.every(({ outcome }) => outcome === 'written')).toBe(true)
    expect(outcomes.map((one) => one.outcome === 'written' && one.item?.fields['subject'])).toEqual(
      operations.map((_, n) => `No ${n}`),
    )
    expect(world.requests().length).toBe(100)
    const batches = world.emulator.control.logs.requests.entries.filter(({ target }) =>
      target.endsWith('$batch'),
    )
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
