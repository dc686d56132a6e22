/** Free and busy times, reminders, single settings: what a scheduling client asks for. */
import { expect, test } from 'vitest'
import { ANNA, BEN, caller, emulated, type Json } from '../../tests/support/emulated.ts'

const at = (hour: string): Json => ({ dateTime: `2026-10-01T${hour}:00`, timeZone: 'UTC' })

async function staged(): Promise<ReturnType<typeof caller>> {
  const emulator = emulated()
  const [anna, ben] = [caller(emulator, ANNA), caller(emulator, BEN)]
  const add = async (who: typeof anna, body: Json): Promise<void> => {
    expect((await who.post('/me/events', body)).status).toBe(201)
  }
  await add(anna, { subject: 'Lunch', start: at('12:00'), end: at('14:00'), showAs: 'busy' })
  await add(anna, { subject: 'Maybe', start: at('13:30'), end: at('15:00'), showAs: 'tentative' })
  await add(anna, { subject: 'Home', start: at('16:00'), end: at('17:00'), showAs: 'workingElsewhere' })
  await add(ben, {
    subject: 'Secret',
    start: { dateTime: '2026-09-30T09:00:00', timeZone: 'UTC' },
    end: { dateTime: '2026-09-30T09:30:00', timeZone: 'UTC' },
    showAs: 'oof',
    reminderMinutesBeforeStart: 30,
    isReminderOn: true,
    recurrence: {
      pattern: { type: 'daily', interval: 1 },
      range: { type: 'noEnd', startDate: '2026-09-30' },
    },
  })
  return anna
}

test('getSchedule tells one’s own appointments whole, of others only when, and nothing of strangers', async () => {
  const anna = await staged()
  const ask = (more: Json = {}): ReturnType<typeof anna.post> =>
    anna.post('/me/calendar/getSchedule', {
      schedules: [ANNA, BEN, 'nobody@elsewhere.example'],
      startTime: at('09:00'),
      endTime: at('18:00'),
      availabilityViewInterval: 60,
      ...more,
    })
  const { status, body } = await ask()
  expect(status).toBe(200)
  const [own, other, stranger] = body['value'] as Json[]
  expect(own?.['availabilityView']).toBe('000221000')
  expect((own?.['scheduleItems'] as Json[]).map((item) => item['subject'])).toEqual([
    'Lunch',
    'Maybe',
    'Home',
  ])
  expect(other?.['availabilityView']).toBe('300000000')
  expect(other?.['scheduleItems']).toEqual([
    {
      status: 'oof',
      start: { dateTime: '2026-10-01T09:00:00.0000000', timeZone: 'UTC' },
      end: { dateTime: '2026-10-01T09:30:00.0000000', timeZone: 'UTC' },
    },
  ])
  expect(stranger?.['error']).toMatchObject({ responseCode: 'ErrorMailRecipientNotFound' })
  for (const wrong of [
    { schedules: [] },
    { endTime: at('08:00') },
    { availabilityViewInterval: 4 },
    { endTime: { dateTime: '2027-10-01T09:00', timeZone: 'UTC' } },
    { startTime: null },
  ])
    expect((await ask(wrong)).status, JSON.stringify(wrong)).toBe(400)
})

test('reminderView holds what goes off within the window, occurrences too', async () => {
  const emulator = emulated()
  const ben = caller(emulator, BEN)
  await ben.post('/me/events', {
    subject: 'Daily',
    start: at('09:00'),
    end: at('09:30'),
    reminderMinutesBeforeStart: 30,
    isReminderOn: true,
    recurrence: {
      pattern: { type: 'daily', interval: 1 },
      range: { type: 'noEnd', startDate: '2026-10-01' },
    },
  })
  await ben.post('/me/events', {
    subject: 'Quiet',
    start: at('09:00'),
    end: at('10:00'),
    isReminderOn: false,
  })
  const { body } = await ben.get(
    "/me/reminderView(startDateTime='2026-10-01T08:30:00',endDateTime='2026-10-03T08:30:00')",
  )
  const fires = (body['value'] as { eventSubject: string; reminderFireTime: { dateTime: string } }[]).map(
    (row) => [row.eventSubject, row.reminderFireTime.dateTime],
  )
  expect(fires).toEqual([
    ['Daily', '2026-10-01T08:30:00.0000000'],
    ['Daily', '2026-10-02T08:30:00.0000000'],
  ])
})

test('one setting can be read alone, and people can be counted', async () => {
  const anna = caller(emulated(), ANNA)
  expect((await anna.get('/me/mailboxSettings/timeZone')).body['value']).toBe('W. Europe Standard Time')
  expect((await anna.get('/me/mailboxSettings/workingHours')).body['startTime']).toBe('08:00:00.0000000')
  expect((await anna.get('/users/$count')).status).toBe(400)
  expect((await anna.get('/users/$count', { consistencylevel: 'eventual' })).text).toBe('2')
})

test('the whole tree of folders comes with one delta request, or level by level with the children', async () => {
  const anna = caller(emulated(), ANNA)
  const make = async (path: string, displayName: string): Promise<string> =>
    String((await anna.post(path, { displayName })).body['id'])
  const outer = await make('/me/mailFolders', 'Projects')
  const inner = await make(`/me/mailFolders/${outer}/childFolders`, 'Alpha')
  const innermost = await make(`/me/mailFolders/${inner}/childFolders`, 'Drawings')
  const round = await anna.get('/me/mailFolders/delta', { prefer: 'odata.maxpagesize=1000' })
  const rows = round.body['value'] as { id: string; parentFolderId: string; isHidden: boolean }[]
  expect(round.body['@odata.nextLink']).toBeUndefined()
  expect(rows.find((row) => row.id === innermost)?.parentFolderId).toBe(inner)
  expect(rows.some((row) => row.isHidden)).toBe(false)
  const listed = await anna.get('/me/mailFolders?$top=100&$expand=childFolders')
  const projects = (listed.body['value'] as { id: string; childFolders: Json[] }[]).find(
    (row) => row.id === outer,
  )
  expect(projects?.childFolders).toMatchObject([{ id: inner, childFolderCount: 1 }])
  const plain = (await anna.get('/me/mailFolders?$top=100')).body['value'] as Json[]
  const all = (await anna.get('/me/mailFolders?$top=100&includeHiddenFolders=true')).body['value'] as Json[]
  expect(all.length).toBeGreaterThan(plain.length)
  expect(all.filter((row) => row['isHidden'] === true).map((row) => row['displayName'])).toContain(
    'Sync Issues',
  )
})
