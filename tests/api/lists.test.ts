import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProduct, type Browser, type RunningProduct } from '../support/running-product.ts'

/** Lists are put together from indexes; they have to read as if they were sorted whole. */
let product: RunningProduct
let anna: Browser
beforeAll(async () => {
  product = await startProduct()
  anna = await product.signIn('anna.lindqvist@contoso.example')
}, 120_000)
afterAll(() => product.stop())

const STATUSES = ['notStarted', 'inProgress', 'completed', 'waitingOnOthers', 'deferred'] as const

test('tasks of several lists and statuses come by their due days, page by page', async () => {
  const second = await anna.call('POST /api/task-lists', { body: { name: 'Second' } })
  const lists = (await anna.call('GET /api/task-lists', {})).items
  expect(lists.length).toBeGreaterThan(1)
  for (const [index, status] of [...STATUSES, ...STATUSES, ...STATUSES].entries())
    await anna.call('POST /api/tasks', {
      body: {
        subject: `Task ${index}`,
        status,
        ...(index % 4 !== 3 && { due: `2031-01-${String(1 + ((index * 7) % 20)).padStart(2, '0')}` }),
        ...(index % 2 === 0 && { list: second.id }),
      },
    })
  const ask = (query: object) => anna.call('GET /api/tasks', { query })
  for (const status of [STATUSES.join(','), 'notStarted,inProgress,waitingOnOthers,deferred', 'deferred'])
    for (const list of [undefined, second.id]) {
      const query = { status, ...(list !== undefined && { list }) }
      const whole = await ask({ ...query, size: 500 })
      expect(whole.items.length).toBe(whole.total)
      // The same by another way: all tasks in no such order, put into it here.
      const wanted = (await ask({ size: 500, sort: 'subject', ...(list !== undefined && { list }) })).items
        .filter((task) => status.split(',').includes(task.status))
        .map((task) => `${task.status === 'completed' ? 1 : 0} ${task.due ?? '9999'} ${task.id}`)
        .sort()
      expect(
        whole.items.map((task) => `${task.status === 'completed' ? 1 : 0} ${task.due ?? '9999'} ${task.id}`),
      ).toEqual(wanted)
      const paged: string[] = []
      for (let page = 1; paged.length < whole.total; page++) {
        const { items, total } = await ask({ ...query, size: 4, page })
        expect(total).toBe(whole.total)
        expect(items.length).toBeGreaterThan(0)
        paged.push(...items.map((task) => task.id))
      }
      expect(paged).toEqual(whole.items.map((task) => task.id))
    }
})

test('a search tells the same total on each page, also behind the last one', async () => {
  const query = { q: 'TASK 1', size: 2 }
  const first = await anna.call('GET /api/tasks', { query })
  expect(first.total).toBeGreaterThan(2)
  expect(first.items.every((task) => task.subject.includes('Task 1'))).toBe(true)
  const behind = await anna.call('GET /api/tasks', { query: { ...query, page: 99 } })
  expect(behind).toMatchObject({ items: [], total: first.total })
})

test('how many conflicts are open does not depend on what is looked for among them', async () => {
  const ask = (query: object) => anna.call('GET /api/conflicts', { query })
  const { open, total } = await ask({ state: 'open' })
  expect(open).toBe(total)
  for (const query of [
    {},
    { state: 'answered' },
    { state: 'open', q: 'xyzzyplugh' },
    { state: 'open', kind: 'match' },
  ])
    expect((await ask(query)).open).toBe(open)
})
