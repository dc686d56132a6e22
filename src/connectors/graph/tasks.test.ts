import { describe, expect, test } from 'vitest'
import { idOf, itemsOf, only, outlook, push, update, type Seen } from '../../../tests/support/graph-events.ts'
import { graphWorld, neverAborted, type GraphWorld } from '../../../tests/support/graph-world.ts'
import { asId, type OperationId } from '../../core/ids.ts'
import { taskFields, type Item, type Json } from '../../core/item.ts'
import type { CollectionRef, Operation } from '../connector.ts'

const task = (more: { readonly [group: string]: Json } = {}): Item => ({
  kind: 'task',
  facts: {},
  fields: {
    subject: 'Send the offer',
    body: null,
    start: null,
    due: '2026-03-30',
    completed: null,
    status: 'notStarted',
    importance: 'high',
    reminder: null,
    recurrence: null,
    steps: [],
    categories: [],
    ...more,
  },
})

const create = (collection: CollectionRef, item: Item, key = 'op-1'): Operation => ({
  do: 'create',
  key: asId<OperationId>(key),
  collection,
  item,
})

const pulled = async (world: GraphWorld, list: CollectionRef): Promise<Seen> =>
  only(itemsOf((await world.pullAll(list)).pages))

const tasksAt = async (world: GraphWorld, list: CollectionRef) =>
  ((await outlook(world).get(`/me/todo/lists/${list.externalId}/tasks`)).body as { value: object[] }).value

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Pacific/Auckland',
  'Asia/Kolkata',
  'Pacific/Honolulu',
  'UTC',
]

describe('[pain 18] a due date is a date', () => {
  test('written and read in any zone of the mailbox', async () => {
    for (const zone of ZONES) {
      const world = await graphWorld()
      const list = await world.collection('tasks', { zone })
      const outcome = await push(world, create(list, task({ start: '2026-03-28' })))
      expect(outcome).toMatchObject({
        outcome: 'written',
        item: { fields: { due: '2026-03-30', start: '2026-03-28' } },
      })
      expect((await pulled(world, list)).item.fields).toMatchObject({
        due: '2026-03-30',
        start: '2026-03-28',
      })
    }
  })

  test('also when another program wrote it as midnight UTC, or the mailbox moved to another zone', async () => {
    for (const zone of ZONES) {
      const world = await graphWorld()
      const list = await world.collection('tasks', { zone })
      await outlook(world).post(`/me/todo/lists/${list.externalId}/tasks`, {
        title: 'By another program',
        dueDateTime: { dateTime: '2026-03-30T00:00:00', timeZone: 'UTC' },
      })
      expect((await pulled(world, list)).item.fields).toMatchObject({ due: '2026-03-30' })
    }
    const world = await graphWorld()
    const berlin = await world.collection('tasks', { zone: 'Europe/Berlin' })
    await push(world, create(berlin, task()))
    for (const zone of ['America/New_York', 'Asia/Kolkata', 'Europe/London'])
      expect((await pulled(world, { ...berlin, zone })).item.fields).toMatchObject({ due: '2026-03-30' })
  })

  test('cleared it takes nothing else along', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    await push(world, create(list, task({ start: '2026-03-28' })))
    const seen = await pulled(world, list)
    expect(await push(world, update(list, seen, { due: null }))).toMatchObject({ outcome: 'written' })
    expect((await pulled(world, list)).item.fields).toMatchObject({ due: null, start: '2026-03-28' })
  })
})

describe('recurrence owns the dates', () => {
  const weekly = {
    pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
    range: { type: 'noEnd', start: '2026-03-30' },
  }
  const daily = { pattern: { type: 'daily', interval: 1 }, range: { type: 'noEnd', start: '2026-03-30' } }

  test('a recurring task is due on the date it was given, weekly and daily', async () => {
    for (const recurrence of [weekly, daily]) {
      const world = await graphWorld()
      const list = await world.collection('tasks')
      await push(world, create(list, task({ recurrence })))
      const seen = await pulled(world, list)
      expect(seen.item.fields).toMatchObject({ due: '2026-03-30', recurrence })
      await push(world, update(list, seen, { due: '2026-04-13' }))
      expect((await pulled(world, list)).item.fields).toMatchObject({ due: '2026-04-13' })
    }
  })

  test('a recurring task cannot lose its due date alone', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    await push(world, create(list, task({ recurrence: weekly })))
    const seen = await pulled(world, list)
    expect(await push(world, update(list, seen, { due: null }))).toMatchObject({
      outcome: 'rejected',
      code: 'due-needed',
    })
    expect(await push(world, update(list, seen, { recurrence: null, due: null }))).toMatchObject({
      outcome: 'written',
    })
    expect((await pulled(world, list)).item.fields).toMatchObject({ due: null, recurrence: null })
  })

  test('completed once, it is completed once: a lost answer does not complete the next occurrence too', async () => {
    for (const todoCompletion of ['advance-and-copy', 'advance', 'new-task'] as const) {
      const world = await graphWorld({ emulator: { switches: { todoCompletion } } })
      const list = await world.collection('tasks')
      await push(world, create(list, task({ recurrence: weekly })))
      const seen = await pulled(world, list)
      const completion = update(list, seen, { status: 'completed' })
      world.emulator.control.plan([{ kind: 'reply-lost', method: 'PATCH', count: 1 }])
      expect(await push(world, completion)).toMatchObject({ outcome: 'unknown' })
      expect(only(await world.connector.settle([completion], neverAborted))).toMatchObject({
        outcome: 'written',
      })
      expect(await push(world, completion)).toEqual({ outcome: 'stale' })
      const dues = itemsOf((await world.pullAll(list)).pages).map(({ item }) => taskFields(item).due)
      expect(Math.max(...dues.map((due) => Date.parse(due ?? '')))).toBe(Date.parse('2026-04-06'))
    }
  })
})

describe('push', () => {
  test('steps are compared by title and written one by one', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    const steps = ['Draft', 'Review', 'Send'].map((title) => ({ title, done: false }))
    const made = await push(world, create(list, task({ steps })))
    expect(made).toMatchObject({ outcome: 'written', item: { fields: { steps } } })
    const seen = await pulled(world, list)
    world.forget()
    const after = [
      { title: 'Draft', done: true },
      { title: 'Send', done: false },
      { title: 'Call', done: false },
    ]
    expect(await push(world, update(list, seen, { steps: after }))).toMatchObject({ outcome: 'written' })
    expect(world.requests().map(({ call }) => call.split(' ')[0])).toEqual([
      'GET',
      'PATCH',
      'POST',
      'DELETE',
      'GET',
    ])
    expect((await pulled(world, list)).item.fields).toMatchObject({ steps: after })
  })

  test('[I8] the same create sent twice makes one task, and its mark is seen again', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    const first = await push(world, create(list, task()))
    expect(await push(world, create(list, task()))).toEqual({ ...first, found: true })
    expect((await tasksAt(world, list)).length).toBe(1)
    expect((await pulled(world, list)).item.facts.marker).toBe('op-1')
  })

  test('[I14] a task that changed meanwhile is stale, whether To Do holds If-Match or not', async () => {
    for (const todoIfMatch of [true, false]) {
      const world = await graphWorld({ emulator: { switches: { todoIfMatch } } })
      const list = await world.collection('tasks')
      await push(world, create(list, task()))
      const seen = await pulled(world, list)
      await outlook(world).patch(`/me/todo/lists/${list.externalId}/tasks/${seen.id}`, { title: 'Other' })
      expect(await push(world, update(list, seen, { importance: 'low' }))).toEqual({ outcome: 'stale' })
      const remove = (ifMatch: Seen['etag']): Operation => ({
        do: 'delete',
        key: asId<OperationId>('op-8'),
        collection: list,
        id: seen.id,
        ifMatch,
      })
      expect(await push(world, remove(seen.etag))).toEqual({ outcome: 'stale' })
      expect(await push(world, remove((await pulled(world, list)).etag))).toMatchObject({
        outcome: 'written',
      })
      expect(await push(world, remove(seen.etag))).toEqual({ outcome: 'gone' })
    }
  })

  test('a hundred new tasks cost a hundred requests and one look', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    world.forget()
    const operations = Array.from({ length: 100 }, (_, n) =>
      create(list, task({ subject: `No ${n}` }), `k-${n}`),
    )
    const outcomes = await world.connector.push(operations, neverAborted)
    expect(outcomes.every(({ outcome }) => outcome === 'written')).toBe(true)
    expect(world.requests().length).toBe(101)
  })

  for (const kind of ['reply-lost', 'request-lost'] as const)
    test(`a write whose answer is lost is looked up: ${kind}`, async () => {
      const world = await graphWorld()
      const list = await world.collection('tasks')
      const tried = async (operation: Operation, method: string) => {
        world.emulator.control.plan([{ kind, method, count: 1 }])
        expect((await push(world, operation)).outcome).toBe('unknown')
        const settled = only(await world.connector.settle([operation], neverAborted))
        expect(settled.outcome).toBe(kind === 'reply-lost' ? 'written' : 'not-applied')
        if (settled.outcome === 'not-applied') expect((await push(world, operation)).outcome).toBe('written')
      }
      await tried(create(list, task()), 'POST')
      await tried(update(list, await pulled(world, list), { subject: 'Changed' }), 'PATCH')
      const now = await pulled(world, list)
      expect(now.item.fields['subject']).toBe('Changed')
      const key = asId<OperationId>('op-9')
      await tried({ do: 'delete', key, collection: list, id: now.id, ifMatch: now.etag }, 'DELETE')
      expect(await tasksAt(world, list)).toEqual([])
    })
})

describe('pull', () => {
  test('a page of tasks is one request with their steps, one more where nobody told whether they repeat; an unchanged list is one', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    const operations = Array.from({ length: 60 }, (_, n) =>
      create(list, task({ subject: `No ${n}` }), `k-${n}`),
    )
    await world.connector.push(operations, neverAborted)
    world.forget()
    const { pages, cursor } = await world.pullAll(list)
    expect(itemsOf(pages).length).toBe(60)
    expect((await world.pullAll(list, cursor)).pages[0]?.observed).toEqual([])
    expect(world.requests().length).toBe(3)
  })

  test('a removed task is a question, and a read says that it is gone', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    await push(world, create(list, task()))
    const { pages, cursor } = await world.pullAll(list)
    const { id } = only(itemsOf(pages))
    await outlook(world).delete(`/me/todo/lists/${list.externalId}/tasks/${id}`)
    const later = await world.pullAll(list, cursor)
    expect(later.pages.flatMap(({ observed }) => observed)).toEqual([
      { kind: 'tombstone', id, collection: list.id },
    ])
    expect(await world.connector.read([{ id, collection: list }], neverAborted)).toEqual([
      { outcome: 'gone', id },
    ])
  })

  test('all channels of a mailbox in one round trip when nothing happened', async () => {
    const world = await graphWorld()
    const list = await world.collection('tasks')
    const calendar = await world.collection('calendar')
    const asked = await Promise.all(
      [list, calendar].map(async (collection) => ({
        collection,
        cursor: (await world.pullAll(collection)).cursor,
      })),
    )
    const before = world.emulator.control.logs.requests.entries.length
    const answers = (await world.connector.pullMany?.(asked, neverAborted)) ?? []
    expect(answers.map((one) => 'observed' in one && [one.last, one.observed.length])).toEqual([
      [true, 0],
      [true, 0],
    ])
    // The batch and its two parts.
    expect(world.emulator.control.logs.requests.entries.length - before).toBe(3)
    world.emulator.control.evictTokens()
    const expired = (await world.connector.pullMany?.(asked, neverAborted)) ?? []
    expect(expired.map((one) => 'failure' in one && one.failure.kind)).toEqual([
      'cursor-expired',
      'cursor-expired',
    ])
  })
})

test('the flagged mails of a mailbox are not a list to write to', async () => {
  const world = await graphWorld()
  const lists = await world.connector.collections('tasks', neverAborted)
  expect(lists.map(({ canWrite, isDefault, wellKnown }) => [wellKnown, isDefault, canWrite])).toEqual([
    ['defaultList', true, true],
    ['flaggedEmails', false, false],
  ])
  expect(idOf({ body: { id: 'x' } })).toBe('x')
})
