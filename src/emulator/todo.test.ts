import { expect, test } from 'vitest'
import {
  ANNA,
  caller,
  deltaRound,
  emulated,
  valuesOf,
  type Caller,
  type Json,
} from '../../tests/support/emulated.ts'
import type { Switches } from './switches.ts'

const KOLKATA = 'India Standard Time'
const day = (date: string, timeZone: string): Json => ({ dateTime: `${date}T00:00:00`, timeZone })
const daily = (startDate: string): Json => ({
  pattern: { type: 'daily', interval: 1 },
  range: { type: 'noEnd', startDate },
})
const weeklyFriday = (startDate: string): Json => ({
  pattern: { type: 'weekly', interval: 1, daysOfWeek: ['friday'] },
  range: { type: 'noEnd', startDate },
})
const dateOf = (task: Json, field: string): string | undefined =>
  (task[field] as Json | undefined)?.['dateTime']?.toString().slice(0, 16)

async function begin(switches: Partial<Switches> = {}): Promise<{ anna: Caller; tasks: string }> {
  const anna = caller(emulated({ switches }), ANNA, { immutable: false })
  const list = valuesOf(await anna.get('/me/todo/lists')).find(
    (row) => row['wellknownListName'] === 'defaultList',
  )
  return { anna, tasks: `/me/todo/lists/${String(list?.['id'])}/tasks` }
}

test('a due date is the midnight of the zone that wrote it: in UTC its date shifts, in that zone it is itself', async () => {
  const { anna, tasks } = await begin()
  const { body } = await anna.post(tasks, { title: 'A', dueDateTime: day('2026-09-30', KOLKATA) })
  expect(dateOf(body, 'dueDateTime')).toBe('2026-09-29T18:30')
  const local = await anna.get(`${tasks}/${String(body['id'])}`, { prefer: `outlook.timezone="${KOLKATA}"` })
  expect(dateOf(local.body, 'dueDateTime')).toBe('2026-09-30T00:00')
  expect(local.headers.get('preference-applied')).toBeNull()
  const unknown = await anna.get(tasks, { prefer: 'outlook.timezone="Mars"' })
  expect([unknown.status, unknown.body['error']]).toMatchObject([
    400,
    { code: 'invalidRequest', message: 'Invalid request' },
  ])
})

test('clearing the due date clears start and recurrence, and leaves the reminder', async () => {
  const { anna, tasks } = await begin()
  const { body } = await anna.post(tasks, {
    title: 'A',
    dueDateTime: day('2026-10-02', 'UTC'),
    recurrence: weeklyFriday('2026-10-02'),
    reminderDateTime: { dateTime: '2026-10-02T09:00:00', timeZone: 'UTC' },
  })
  const path = `${tasks}/${String(body['id'])}`
  expect(body).toMatchObject({ recurrence: { pattern: { type: 'weekly' } }, isReminderOn: true })
  const { body: cleared } = await anna.patch(path, { dueDateTime: null })
  expect(cleared).not.toHaveProperty('dueDateTime')
  expect(cleared).not.toHaveProperty('startDateTime')
  expect(cleared).not.toHaveProperty('recurrence')
  expect(dateOf(cleared, 'reminderDateTime')).toBe('2026-10-02T09:00')
  const { body: bare } = await anna.patch(path, {
    reminderDateTime: null,
    isReminderOn: false,
    body: { content: '', contentType: 'html' },
  })
  expect(bare).not.toHaveProperty('reminderDateTime')
  expect(bare['body']).toEqual({ content: '\r\n', contentType: 'html' })
})

test('recurrence owns the dates: daily in a zone lands a day later, and a due date sent moves on by one occurrence', async () => {
  const { anna, tasks } = await begin()
  const prefer = { prefer: 'outlook.timezone="W. Europe Standard Time"' }
  const zoned = await anna.post(
    tasks,
    {
      title: 'A',
      dueDateTime: day('2026-09-30', 'W. Europe Standard Time'),
      recurrence: daily('2026-09-25'),
    },
    prefer,
  )
  expect(dateOf(zoned.body, 'dueDateTime')).toBe('2026-09-26T00:00')
  expect(dateOf(zoned.body, 'startDateTime')).toBe('2026-09-26T00:00')
  const utc = await anna.post(tasks, {
    title: 'B',
    dueDateTime: day('2026-09-30', 'UTC'),
    recurrence: daily('2026-09-25'),
  })
  expect(dateOf(utc.body, 'dueDateTime')).toBe('2026-09-25T00:00')
  const moved = await anna.patch(`${tasks}/${String(utc.body['id'])}`, {
    dueDateTime: day('2027-01-01', 'UTC'),
  })
  expect(dateOf(moved.body, 'dueDateTime')).toBe('2026-09-26T00:00')
  expect(dateOf(moved.body, 'startDateTime')).toBe('2026-09-25T00:00')
})

test.each([
  ['advance-and-copy', ['2026-10-02 completed', '2026-10-09 notStarted'], true],
  ['advance', ['2026-10-09 notStarted'], true],
  ['new-task', ['2026-10-02 completed', '2026-10-09 notStarted'], false],
] as const)('completing a recurring task, as %s', async (todoCompletion, expected, keepsId) => {
  const { anna, tasks } = await begin({ todoCompletion })
  const { body } = await anna.post(tasks, { title: 'A', recurrence: weeklyFriday('2026-10-02') })
  await anna.patch(`${tasks}/${String(body['id'])}`, { status: 'completed' })
  const all = valuesOf(await anna.get(tasks))
  expect(
    all.map((task) => `${dateOf(task, 'dueDateTime')?.slice(0, 10) ?? ''} ${String(task['status'])}`).sort(),
  ).toEqual(expected)
  const open = all.find((task) => task['status'] === 'notStarted')
  expect(open?.['id'] === body['id']).toBe(keepsId)
  const done = all.find((task) => task['status'] === 'completed')
  if (done !== undefined)
    expect(done['completedDateTime']).toEqual({ dateTime: '2026-09-30T00:00:00.0000000', timeZone: 'UTC' })
})

test('queries as measured: recurrence left out of plain lists, no sorting by title, $search and $select ignored', async () => {
  const { anna, tasks } = await begin()
  await anna.post(tasks, { title: 'B', recurrence: weeklyFriday('2026-10-02') })
  await anna.post(tasks, { title: 'A', status: 'completed', importance: 'high' })
  const titles = async (query: string): Promise<unknown[]> =>
    valuesOf(await anna.get(`${tasks}?${query}`)).map((task) => task['title'])
  expect(valuesOf(await anna.get(tasks))[0]).not.toHaveProperty('recurrence')
  expect(valuesOf(await anna.get(`${tasks}?$filter=status ne 'completed'`))[0]).toHaveProperty('recurrence')
  expect(await titles("$filter=importance eq 'high'")).toEqual(['A'])
  expect(await titles('$orderby=createdDateTime desc')).toHaveLength(2)
  expect(await titles('$search="nothing"')).toHaveLength(2)
  expect(valuesOf(await anna.get(`${tasks}?$select=id`))[0]).toHaveProperty('status')
  expect((await anna.get(`${tasks}?$orderby=title`)).status).toBe(400)
  const page = await anna.get(`${tasks}?$top=1`)
  expect(valuesOf(page)).toHaveLength(1)
  expect(valuesOf(await anna.get(String(page.body['@odata.nextLink'])))).toHaveLength(1)
})

test('steps, linked resources and attachments; whether they touch the task in its delta is a switch', async () => {
  for (const todoChildrenTouchTask of [true, false]) {
    const { anna, tasks } = await begin({ todoChildrenTouchTask })
    const { body } = await anna.post(tasks, {
      title: 'A',
      linkedResources: [{ applicationName: 'CRM', externalId: 'crm-1', webUrl: 'https://crm.example.com/1' }],
    })
    expect(body['linkedResources']).toMatchObject([{ externalId: 'crm-1' }])
    const first = await deltaRound(anna, `${tasks}/delta`)
    const step = await anna.post(`${tasks}/${String(body['id'])}/checklistItems`, { displayName: 'Call' })
    const checked = await anna.patch(
      `${tasks}/${String(body['id'])}/checklistItems/${String(step.body['id'])}`,
      { isChecked: true },
    )
    expect(checked.body).toMatchObject({ isChecked: true, checkedDateTime: '2026-09-30T08:00:00Z' })
    const second = await deltaRound(anna, first.link)
    expect(second.items).toHaveLength(todoChildrenTouchTask ? 1 : 0)
    const expanded = await anna.get(`${tasks}?$expand=checklistItems,linkedResources`)
    expect(valuesOf(expanded)[0]).toMatchObject({
      checklistItems: [{ displayName: 'Call' }],
      linkedResources: [{ applicationName: 'CRM' }],
    })
    await anna.delete(`${tasks}/${String(body['id'])}`)
    expect((await deltaRound(anna, second.link)).items).toEqual([
      { id: body['id'], '@removed': { reason: 'deleted' } },
    ])
  }
})

test('a stale If-Match is ignored by default, and refused with the switch', async () => {
  for (const [todoIfMatch, status] of [
    [false, 200],
    [true, 412],
  ] as const) {
    const { anna, tasks } = await begin({ todoIfMatch })
    const { body } = await anna.post(tasks, { title: 'A' })
    await anna.patch(`${tasks}/${String(body['id'])}`, { title: 'B' })
    expect(
      (
        await anna.patch(
          `${tasks}/${String(body['id'])}`,
          { title: 'C' },
          { 'if-match': String(body['@odata.etag']) },
        )
      ).status,
    ).toBe(status)
  }
})

test('lists have a delta of their own; built-in ones cannot be renamed or deleted', async () => {
  const { anna, tasks } = await begin()
  const first = await deltaRound(anna, '/me/todo/lists/delta')
  expect(first.items).toHaveLength(2)
  const { body } = await anna.post('/me/todo/lists', { displayName: 'Travel' })
  await anna.patch(`/me/todo/lists/${String(body['id'])}`, { displayName: 'Trips' })
  const second = await deltaRound(anna, first.link)
  expect(second.items).toMatchObject([{ displayName: 'Trips' }])
  await anna.delete(`/me/todo/lists/${String(body['id'])}`)
  expect((await deltaRound(anna, second.link)).items).toEqual([
    { id: body['id'], '@removed': { reason: 'deleted' } },
  ])
  expect((await anna.delete(tasks.replace(/\/tasks$/, ''))).status).toBe(400)
})
