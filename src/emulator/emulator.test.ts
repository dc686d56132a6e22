import { expect, test } from 'vitest'
import { createEmulator } from './emulator.ts'

test('the demo company answers in process: a created event comes back in the delta', async () => {
  const emulator = createEmulator({
    clock: { now: () => Date.UTC(2026, 8, 30, 8), sleep: async () => undefined },
  })
  const { info, control } = emulator
  const token = control.token(info.clientId, null)
  const call = async (method: string, url: string, body?: unknown) => {
    const response = await emulator.handle(
      new Request(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          prefer: 'IdType="ImmutableId", odata.maxpagesize=100',
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const person = `${info.graph}/users/${info.users[0]?.id ?? ''}`
  const first = await call(
    'GET',
    `${person}/calendarView/delta?startDateTime=2026-09-01T00:00:00Z&endDateTime=2026-11-01T00:00:00Z`,
  )
  expect(first.status).toBe(200)
  const moment = (hour: string) => ({
    dateTime: `2026-10-01T${hour}:00:00`,
    timeZone: 'W. Europe Standard Time',
  })
  const created = await call('POST', `${person}/events`, {
    subject: 'Kick-off',
    start: moment('10'),
    end: moment('11'),
  })
  expect(created.status).toBe(201)
  const second = await call('GET', String(first.body['@odata.deltaLink']))
  expect(second.body['value']).toMatchObject([
    { id: created.body['id'], subject: 'Kick-off', start: { dateTime: '2026-10-01T08:00:00.0000000' } },
  ])
  expect(control.logs.complaints.entries).toEqual([])
})
