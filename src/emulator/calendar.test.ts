import { expect, test } from 'vitest'
import {
  ANNA,
  BEN,
  caller,
  deltaRound,
  emulated,
  valuesOf,
  type Caller,
  type Json,
} from '../../tests/support/emulated.ts'

const BERLIN = 'W. Europe Standard Time'
const at = (date: string, time: string, timeZone = BERLIN): Json => ({
  dateTime: `${date}T${time}:00`,
  timeZone,
})
const attendee = (address: string): Json => ({ type: 'required', emailAddress: { address, name: address } })
const weekly = (start: string, days = ['monday'], range: Json = { type: 'noEnd' }): Json => ({
  pattern: { type: 'weekly', interval: 1, daysOfWeek: days },
  range: { ...range, startDate: start },
})
const timesOf = (rows: readonly Json[]): string[] =>
  rows.map((row) => String((row['start'] as Json)['dateTime']).slice(0, 16))
const OCTOBER = 'startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-11-01T00:00:00Z'

async function series(anna: Caller, extra: Json = {}): Promise<{ id: string; occurrences: Json[] }> {
  const { body } = await anna.post('/me/events', {
    subject: 'Weekly',
    start: at('2026-10-05', '09:00'),
    end: at('2026-10-05', '10:00'),
    recurrence: weekly('2026-10-05'),
    ...extra,
  })
  const id = String(body['id'])
  return { id, occurrences: valuesOf(await anna.get(`/me/events/${id}/instances?${OCTOBER}`)) }
}

test('a series keeps its wall time over the end of summer time, and answers in the zone asked for', async () => {
  const anna = caller(emulated(), ANNA)
  const { occurrences } = await series(anna)
  expect(timesOf(occurrences)).toEqual([
    '2026-10-05T07:00',
    '2026-10-12T07:00',
    '2026-10-19T07:00',
    '2026-10-26T08:00',
  ])
  const local = await anna.get(`/me/calendarView?${OCTOBER}`, { prefer: 'outlook.timezone="Europe/Berlin"' })
  expect(local.headers.get('preference-applied')).toContain('outlook.timezone="Europe/Berlin"')
  expect(new Set(timesOf(valuesOf(local)).map((time) => time.slice(11)))).toEqual(new Set(['09:00']))
  expect((await anna.get(`/me/calendarView?${OCTOBER}`, { prefer: 'outlook.timezone="Mars"' })).status).toBe(
    400,
  )
})

test('an occurrence changed by itself is an exception; it may not pass its neighbour', async () => {
  const anna = caller(emulated(), ANNA)
  const { id, occurrences } = await series(anna)
  const second = String(occurrences[1]?.['id'])
  const moved = await anna.patch(`/me/events/${second}`, {
    start: at('2026-10-13', '11:00'),
    end: at('2026-10-13', '12:00'),
    subject: 'Moved',
  })
  expect(moved.body).toMatchObject({
    type: 'exception',
    subject: 'Moved',
    seriesMasterId: id,
    originalStart: '2026-10-12T07:00:00Z',
    recurrence: null,
  })
  const crossing = await anna.patch(`/me/events/${second}`, {
    start: at('2026-10-19', '11:00'),
    end: at('2026-10-19', '12:00'),
  })
  expect(crossing.status).toBe(400)
  expect((crossing.body['error'] as Json)['code']).toBe('ErrorOccurrenceCrossingBoundary')
  expect((await anna.delete(`/me/events/${String(occurrences[2]?.['id'])}`)).status).toBe(204)
  const master = await anna.get(
    `/me/events/${id}?$select=subject,cancelledOccurrences&$expand=exceptionOccurrences`,
  )
  expect(master.body['cancelledOccurrences']).toEqual([`OID.${id}.2026-10-19`])
  expect(master.body['exceptionOccurrences']).toMatchObject([{ subject: 'Moved' }])
  expect(timesOf(valuesOf(await anna.get(`/me/events/${id}/instances?${OCTOBER}`)))).toEqual([
    '2026-10-05T07:00',
    '2026-10-13T09:00',
    '2026-10-26T08:00',
  ])
})

test('calendarView/delta: full masters, bare occurrences, the series again for a deleted one, out of the window as removed', async () => {
  const anna = caller(emulated(), ANNA)
  const { id, occurrences } = await series(anna)
  const first = await deltaRound(anna, `/me/calendarView/delta?${OCTOBER}`, { prefer: 'odata.maxpagesize=2' })
  const bare = first.items.filter((row) => row['type'] === 'occurrence')
  expect(bare).toHaveLength(4)
  for (const row of bare)
    expect(Object.keys(row).sort()).toEqual([
      '@odata.etag',
      '@odata.type',
      'end',
      'id',
      'seriesMasterId',
      'start',
      'type',
    ])
  expect(first.items.find((row) => row['type'] === 'seriesMaster')).toMatchObject({ id, subject: 'Weekly' })
  await anna.delete(`/me/events/${String(occurrences[1]?.['id'])}`)
  const second = await deltaRound(anna, first.link)
  expect(second.items.map((row) => row['type'])).toEqual([
    'seriesMaster',
    'occurrence',
    'occurrence',
    'occurrence',
  ])
  const { body } = await anna.post('/me/events', {
    subject: 'Once',
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
  })
  const third = await deltaRound(anna, second.link)
  await anna.patch(`/me/events/${String(body['id'])}`, {
    start: at('2026-12-20', '09:00'),
    end: at('2026-12-20', '10:00'),
  })
  const fourth = await deltaRound(anna, third.link)
  expect(fourth.items).toEqual([{ id: body['id'], '@removed': { reason: 'deleted' } }])
  expect((await anna.get(`/me/events/${String(body['id'])}`)).status).toBe(200)
  expect((await deltaRound(anna, fourth.link)).items).toEqual([])
  expect((await anna.get(`/me/calendarView/delta?${OCTOBER}&$select=subject`)).status).toBe(400)
})

test('evicted tokens answer 410 SyncStateNotFound, in the middle of a first round too', async () => {
  const emulator = emulated({ seed: 'demo' })
  const anna = caller(emulator, ANNA)
  const page = await anna.get('/me/calendar/events/delta', { prefer: 'odata.maxpagesize=2' })
  const next = String(page.body['@odata.nextLink'])
  emulator.control.evictTokens(ANNA)
  const gone = await anna.get(next)
  expect(gone.status).toBe(410)
  expect((gone.body['error'] as Json)['code']).toBe('SyncStateNotFound')
})

test('all-day events float, need midnights in one zone and a whole day', async () => {
  const anna = caller(emulated(), ANNA)
  const made = await anna.post('/me/events', {
    subject: 'Fair',
    isAllDay: true,
    start: at('2026-10-06', '00:00'),
    end: at('2026-10-08', '00:00'),
  })
  expect(made.status).toBe(201)
  const tokyo = await anna.get(`/me/events/${String(made.body['id'])}`, {
    prefer: 'outlook.timezone="Tokyo Standard Time"',
  })
  expect(tokyo.body).toMatchObject({
    start: { dateTime: '2026-10-06T00:00:00.0000000', timeZone: 'Tokyo Standard Time' },
    end: { dateTime: '2026-10-08T00:00:00.0000000' },
  })
  for (const wrong of [
    { start: at('2026-10-06', '01:00'), end: at('2026-10-07', '01:00') },
    { start: at('2026-10-06', '00:00'), end: at('2026-10-06', '00:00') },
    { start: at('2026-10-06', '00:00'), end: at('2026-10-07', '00:00', 'UTC') },
  ])
    expect((await anna.post('/me/events', { subject: 'Fair', isAllDay: true, ...wrong })).status).toBe(400)
})

test('a repeated transactionId returns the event that it made', async () => {
  const emulator = emulated()
  const anna = caller(emulator, ANNA)
  const event = {
    subject: 'Once',
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
    transactionId: 'a-1',
  }
  const first = await anna.post('/me/events', event)
  const again = await anna.post('/me/events', event)
  expect(again.status).toBe(201)
  expect(again.body['id']).toBe(first.body['id'])
  expect(
    emulator.control.logs.writes.entries.filter(
      ({ kind, operation }) => kind === 'event' && operation === 'created',
    ),
  ).toHaveLength(1)
})

test('a stale If-Match is refused, and a change of any kind moves the etag', async () => {
  const anna = caller(emulated(), ANNA)
  const { body } = await anna.post('/me/events', {
    subject: 'A',
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
  })
  const path = `/me/events/${String(body['id'])}`
  const etag = String(body['@odata.etag'])
  const changed = await anna.patch(path, { subject: 'B' }, { 'if-match': etag })
  expect(changed.status).toBe(200)
  expect(changed.body['@odata.etag']).not.toBe(etag)
  const stale = await anna.patch(path, { subject: 'C' }, { 'if-match': etag })
  expect([stale.status, (stale.body['error'] as Json)['code']]).toEqual([412, 'ErrorIrresolvableConflict'])
  expect((await anna.delete(path, { 'if-match': etag })).status).toBe(412)
})

test('extended properties are found by any(), and shown only when expanded', async () => {
  const anna = caller(emulated(), ANNA)
  const id = 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark'
  const { body } = await anna.post('/me/events', {
    subject: 'Marked',
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
    singleValueExtendedProperties: [{ id, value: 'crm-1' }],
  })
  await anna.post('/me/events', {
    subject: 'Plain',
    start: at('2026-10-21', '09:00'),
    end: at('2026-10-21', '10:00'),
  })
  expect(body).not.toHaveProperty('singleValueExtendedProperties')
  const filter = encodeURIComponent(
    `singleValueExtendedProperties/Any(ep: ep/id eq '${id}' and ep/value eq 'crm-1')`,
  )
  const found = valuesOf(await anna.get(`/me/events?$filter=${filter}`))
  expect(found.map((row) => row['subject'])).toEqual(['Marked'])
  expect(found[0]).not.toHaveProperty('singleValueExtendedProperties')
  const expand = encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${id}')`)
  expect(
    (await anna.get(`/me/events/${String(body['id'])}?$select=id&$expand=${expand}`)).body[
      'singleValueExtendedProperties'
    ],
  ).toEqual([{ id, value: 'crm-1' }])
})

test('a Teams meeting has its block in the body; a body without it turns the meeting off', async () => {
  const anna = caller(emulated(), ANNA)
  const { body } = await anna.post('/me/events', {
    subject: 'Online',
    body: { contentType: 'html', content: 'Hi' },
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
    isOnlineMeeting: true,
    onlineMeetingProvider: 'teamsForBusiness',
  })
  const path = `/me/events/${String(body['id'])}`
  const content = String((body['body'] as Json)['content'])
  expect(content).toContain('Hi')
  expect(content).toContain(String((body['onlineMeeting'] as Json)['joinUrl']))
  const kept = await anna.patch(path, {
    body: { contentType: 'html', content: content.replace('Hi', 'Hello') },
  })
  expect(kept.body['isOnlineMeeting']).toBe(true)
  expect((await anna.patch(path, { isOnlineMeeting: false })).body['isOnlineMeeting']).toBe(true)
  const lost = await anna.patch(path, { body: { contentType: 'html', content: 'Hello' } })
  expect(lost.body).toMatchObject({ isOnlineMeeting: false, onlineMeeting: null })
})

test('meetings are real: invitations, updates, answers and cancellations reach the other mailbox, and each mail is counted', async () => {
  const emulator = emulated()
  const anna = caller(emulator, ANNA)
  const ben = caller(emulator, BEN)
  const { logs } = emulator.control
  const mails = (): string[] => logs.mails.entries.map(({ kind, to }) => `${kind} ${to.join(',')}`)
  const customer = 'kim@fabrikam.example'
  const made = await anna.post('/me/events', {
    subject: 'Plan',
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
    attendees: [attendee(BEN), attendee(customer)],
  })
  const path = `/me/events/${String(made.body['id'])}`
  const copyOf = async (): Promise<Json | undefined> => valuesOf(await ben.get('/me/events'))[0]
  expect(await copyOf()).toMatchObject({
    subject: 'Plan',
    iCalUId: made.body['iCalUId'],
    isOrganizer: false,
    responseStatus: { response: 'notResponded' },
  })
  expect(mails()).toEqual([`meetingRequest ${BEN},${customer}`])
  expect(logs.mails.entries[0]?.outside).toEqual([customer])

  await anna.patch(path, { categories: ['Red'], isReminderOn: false, showAs: 'free' })
  expect(mails()).toHaveLength(1)
  await anna.patch(path, { attendees: [attendee(BEN), attendee(customer), attendee('lee@fabrikam.example')] })
  expect(mails().slice(1)).toEqual(['meetingRequest lee@fabrikam.example'])
  await anna.patch(path, { subject: 'Plan B' })
  expect(mails().slice(2)).toEqual([`meetingUpdate ${BEN},${customer},lee@fabrikam.example`])
  expect(await copyOf()).toMatchObject({ subject: 'Plan B' })

  const accept = await ben.post(`/me/events/${String((await copyOf())?.['id'])}/accept`, {
    comment: 'Fine',
    sendResponse: true,
  })
  expect(accept.status).toBe(202)
  expect(mails().slice(3)).toEqual([`meetingResponse ${ANNA}`])
  const answered = ((await anna.get(path)).body['attendees'] as Json[])[0]
  expect(answered).toMatchObject({ status: { response: 'accepted' } })
  const notOrganizer = await ben.post(`/me/events/${String((await copyOf())?.['id'])}/cancel`, {})
  expect(notOrganizer.status).toBe(400)

  expect((await anna.post(`${path}/cancel`, { comment: 'Sorry' })).status).toBe(202)
  expect(mails().slice(4)).toEqual([`meetingCancellation ${BEN},${customer},lee@fabrikam.example`])
  expect(await copyOf()).toMatchObject({ isCancelled: true, subject: 'Canceled: Plan B' })
  expect((await anna.get(path)).status).toBe(404)
})

test('immutable ids stay, ids are case-sensitive, and ids of another mailbox are not found', async () => {
  const emulator = emulated()
  const anna = caller(emulator, ANNA)
  const { body } = await anna.post('/me/events', {
    subject: 'A',
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
  })
  const id = String(body['id'])
  const plain = caller(emulator, ANNA, { immutable: false })
  const other = String((await plain.get(`/me/events/${id}`)).body['id'])
  expect(other).not.toBe(id)
  const translated = await anna.post('/me/translateExchangeIds', {
    inputIds: [other],
    sourceIdType: 'restId',
    targetIdType: 'restImmutableEntryId',
  })
  expect(valuesOf(translated)).toEqual([{ sourceId: other, targetId: id }])
  expect((await anna.get(`/me/events/${id.toLowerCase()}`)).status).toBeGreaterThanOrEqual(400)
  expect((await caller(emulator, BEN).get(`/me/events/${id}`)).status).toBe(404)
  expect(emulator.control.logs.complaints.entries.map(({ kind }) => kind)).toEqual(['mutable-ids'])
})

test('an attachment goes up in ranges, in order', async () => {
  const emulator = emulated()
  const anna = caller(emulator, ANNA)
  const { body } = await anna.post('/me/events', {
    subject: 'A',
    start: at('2026-10-20', '09:00'),
    end: at('2026-10-20', '10:00'),
  })
  const path = `/me/events/${String(body['id'])}/attachments`
  const parts = ['a'.repeat(3 * 1024 * 1024), 'the end']
  const [first = '', last = ''] = parts
  const size = first.length + last.length
  const session = await anna.post(`${path}/createUploadSession`, {
    AttachmentItem: { attachmentType: 'file', name: 'big.bin', size },
  })
  const put = (range: string, content: string): Promise<Response> =>
    emulator.handle(
      new Request(String(session.body['uploadUrl']), {
        method: 'PUT',
        headers: { 'content-range': `bytes ${range}/${size}` },
        body: content,
      }),
    )
  expect((await put(`${first.length}-${size - 1}`, last)).status).toBe(416)
  expect(await (await put(`0-${first.length - 1}`, first)).json()).toMatchObject({
    NextExpectedRanges: [`${first.length}-`],
  })
  expect((await put(`${first.length}-${size - 1}`, last)).status).toBe(201)
  const [attachment] = valuesOf(await anna.get(path))
  expect(attachment).toMatchObject({ name: 'big.bin', size })
  expect(Buffer.from(String(attachment?.['contentBytes']), 'base64').toString()).toBe(parts.join(''))
})

test('permissions: the least that the path asks for, and .Shared for another mailbox', async () => {
  const emulator = emulated()
  const code = (body: Json): unknown => (body['error'] as Json | undefined)?.['code']
  const reader = caller(emulator, ANNA, { grants: ['Calendars.Read'] })
  expect((await reader.get('/me/events')).status).toBe(200)
  const refused = await reader.post('/me/events', {})
  expect([refused.status, code(refused.body)]).toEqual([403, 'ErrorAccessDenied'])
  expect(
    (
      await caller(emulator, ANNA, { grants: ['Calendars.ReadBasic'] }).get(
        `/me/calendarView/delta?${OCTOBER}`,
      )
    ).status,
  ).toBe(403)
  expect((await caller(emulator, ANNA).get(`/users/${BEN}/events`)).status).toBe(403)
  emulator.control.store.mailboxOf(BEN)?.person.delegates.push(emulator.info.users[0]?.id ?? '')
  expect((await caller(emulator, ANNA).get(`/users/${BEN}/events`)).status).toBe(200)
  expect(
    (await caller(emulator, ANNA, { grants: ['Calendars.ReadWrite'] }).get(`/users/${BEN}/events`)).status,
  ).toBe(403)
  expect((await caller(emulator, null).get('/me/events')).status).toBe(400)
  expect((await caller(emulator, null).get(`/users/${BEN}/events`)).status).toBe(200)
})
