import { describe, expect, test } from 'vitest'
import { occurrenceGroup } from '../../src/core/item.ts'
import { at as graphAt, idOf, standup } from '../support/graph-events.ts'
import { type Office, office } from '../support/office.ts'
import { at, invited, meeting } from '../support/world.ts'

/** The same pains, on the real connector against the emulator. */
const subjectsOf = async ({ anna }: Office): Promise<readonly string[]> => {
  const { body } = await anna.get('/me/events?$top=100')
  return (body as { value: { subject: string }[] }).value.map((event) => event.subject).sort()
}
const event = async ({ anna }: Office, id: string) =>
  (await anna.get(`/me/events/${id}`)).body as { readonly [name: string]: unknown }
const plain = {
  subject: 'Review',
  start: graphAt('2026-03-04T14:00:00'),
  end: graphAt('2026-03-04T15:00:00'),
}

describe('calendar', () => {
  test('[pain 1] the first sync mails nobody; later an invitation is mailed once, and a reminder to nobody', async () => {
    const here = await office('calendar')
    await here.create(meeting('Before', { attendees: invited('carl@fabrikam.example') }))
    await here.pass()
    expect(here.mailed()).toEqual([])
    await here.create(meeting('After', { attendees: invited('carl@fabrikam.example') }))
    await here.pass()
    expect(here.mailed()).toEqual(['carl@fabrikam.example'])
    await here.edit('After', { reminder: 30 })
    await here.pass()
    expect(here.mailed()).toHaveLength(1)
  })

  test.each([
    'Europe/Berlin',
    'America/New_York',
    'Europe/London',
    'Asia/Kolkata',
    'Australia/Sydney',
    'UTC',
  ])('[pain 5] a series keeps its time of day over the change of clocks: %s', async (zone) => {
    const here = await office('calendar')
    const recurrence = {
      pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
      range: { type: 'endDate', start: '2026-03-02', until: '2026-11-30' },
    }
    const time = at('2026-03-02T10:00:00', '2026-03-02T11:00:00', zone)
    await here.create(meeting('Weekly', { time, recurrence }))
    await here.pass()
    expect(here.record('Weekly')?.fields).toMatchObject({ time, recurrence })
    const { body } = await here.anna.get('/me/events')
    const id = (body as { value: { id: string }[] }).value[0]?.id ?? ''
    await here.anna.patch(`/me/events/${id}`, { location: { displayName: 'Room 2' } })
    await here.pass()
    expect(here.record('Weekly')?.fields).toMatchObject({ time, recurrence, location: 'Room 2' })
  })

  test('[pain 4] an occurrence changed in Outlook and another one in the CRM meet in one series', async () => {
    const here = await office('calendar')
    const master = idOf(await here.anna.post('/me/events', standup()))
    await here.pass()
    const { body } = await here.anna.get(
      `/me/events/${master}/instances?startDateTime=2026-03-09T00:00:00Z&endDateTime=2026-03-10T00:00:00Z`,
    )
    const instance = (body as { value: { id: string }[] }).value[0]?.id ?? ''
    await here.anna.patch(`/me/events/${instance}`, { location: { displayName: 'Room 9' } })
    await here.edit('Stand-up', { [occurrenceGroup('2026-03-16', 'location')]: 'Room 16' })
    await here.pass()
    expect(here.records()).toHaveLength(1)
    expect(here.record('Stand-up')?.fields).toMatchObject({
      [occurrenceGroup('2026-03-09', 'location')]: 'Room 9',
      [occurrenceGroup('2026-03-16', 'location')]: 'Room 16',
    })
  })

  test.each(['reply-lost', 'request-lost'] as const)(
    '[pain 6] [R33] a create with its %s is made once',
    async (kind) => {
      const here = await office('calendar')
      await here.pass()
      await here.create(meeting('Kick-off'))
      here.graph.emulator.control.plan([{ kind, method: 'POST', path: '/events$/', count: 1 }])
      await here.rawPass()
      await here.pass()
      expect(await subjectsOf(here)).toEqual(['Kick-off'])
      expect(here.records()).toHaveLength(1)
    },
  )

  test('[pain 14] lost cursors double nothing and delete nothing, and edits meanwhile survive', async () => {
    const here = await office('calendar')
    const id = idOf(await here.anna.post('/me/events', plain))
    await here.create(meeting('From the CRM'))
    await here.pass()
    here.graph.emulator.control.evictTokens()
    await here.anna.patch(`/me/events/${id}`, { location: { displayName: 'Room 2' } })
    await here.edit('From the CRM', { location: 'Room 3' })
    await here.pass()
    expect(await subjectsOf(here)).toEqual(['From the CRM', 'Review'])
    expect(here.record('Review')?.fields['location']).toBe('Room 2')
    expect(here.records()).toHaveLength(2)
  })

  test('[pain 3] [R29] an event moved out of the period is unlinked, not deleted', async () => {
    const here = await office('calendar')
    const id = idOf(await here.anna.post('/me/events', plain))
    await here.pass()
    await here.anna.patch(`/me/events/${id}`, {
      start: graphAt('2031-03-04T14:00:00'),
      end: graphAt('2031-03-04T15:00:00'),
    })
    await here.pass()
    expect(here.record('Review')).not.toBeNull()
    expect(here.store.dump().links).toMatchObject([{ state: 'out-of-scope' }])
  })

  test('[pain 7] an ETag that moves by itself makes no write', async () => {
    const here = await office('calendar')
    await here.anna.post('/me/events', plain)
    await here.pass()
    here.graph.emulator.control.bumpEtags('anna.lindqvist@contoso.example')
    expect((await here.pass()).counts).toMatchObject({ toCrm: 0, toMailbox: 0 })
  })

  test('[pain 16] the link to join survives edits of the title and of the text', async () => {
    const here = await office('calendar')
    const online = { isOnlineMeeting: true, onlineMeetingProvider: 'teamsForBusiness' }
    const id = idOf(await here.anna.post('/me/events', { ...plain, ...online }))
    await here.pass()
    const url = (before: { readonly [name: string]: unknown }) =>
      (before['onlineMeeting'] as { joinUrl: string } | null)?.joinUrl ?? ''
    const joinUrl = url(await event(here, id))
    expect(joinUrl).toMatch(/^https:/)
    await here.edit('Review', { subject: 'Review 2' })
    await here.pass()
    await here.edit('Review 2', { body: { type: 'html', content: '<p>Bring the figures</p>' } })
    await here.pass()
    const after = await event(here, id)
    expect(url(after)).toBe(joinUrl)
    expect((after['body'] as { content: string }).content).toContain('Bring the figures')
    expect((after['body'] as { content: string }).content).toContain(joinUrl)
  })

  test('[pain 23] [R22] an attendee’s sync does not touch the organizer’s meeting', async () => {
    const here = await office('calendar')
    const ben = here.graph.emulator.control.as('ben.okafor@contoso.example')
    const anna = { emailAddress: { address: 'anna.lindqvist@contoso.example' }, type: 'required' }
    const original = idOf(await ben.post('/me/events', { ...plain, attendees: [anna] }))
    await here.pass()
    const mailsBefore = here.mailed().length
    await here.edit('Review', { location: 'Mine', attendees: invited('carl@fabrikam.example') })
    await here.pass()
    expect(here.record('Review')?.fields['location']).not.toBe('Mine')
    expect(
      ((await ben.get(`/me/events/${original}`)).body as { attendees: unknown[] }).attendees,
    ).toHaveLength(1)
    expect(here.mailed()).toHaveLength(mailsBefore)
  })

  test('[pain 2] [R27] many deletions wait for a person', async () => {
    const here = await office('calendar')
    for (let n = 0; n < 12; n++) await here.create(meeting(`Meeting ${n}`))
    await here.pass()
    const { body } = await here.anna.get('/me/events?$top=100')
    for (const { id } of (body as { value: { id: string }[] }).value)
      await here.anna.delete(`/me/events/${id}`)
    expect((await here.pass()).outcome).toBe('held')
    expect(here.records()).toHaveLength(12)
  })
})

describe('tasks', () => {
  test('[pain 18] a due date is the same date on both sides, and clearing it clears it', async () => {
    const here = await office('tasks')
    await here.create({ subject: 'Call', due: '2026-03-20' })
    await here.pass()
    expect(here.record('Call')?.fields['due']).toBe('2026-03-20')
    const lists = (await here.anna.get('/me/todo/lists')).body as { value: { id: string }[] }
    const list = `/me/todo/lists/${lists.value[0]?.id ?? ''}/tasks`
    const [task] = ((await here.anna.get(list)).body as { value: { id: string }[] }).value
    await here.anna.patch(`${list}/${task?.id ?? ''}`, { dueDateTime: graphAt('2026-03-25T00:00:00') })
    await here.pass()
    expect(here.record('Call')?.fields['due']).toBe('2026-03-25')
    await here.edit('Call', { due: null })
    await here.pass()
    expect(here.record('Call')?.fields['due']).toBeNull()
  })

  test('[R33] a task with a lost answer is made once', async () => {
    const here = await office('tasks')
    await here.pass()
    await here.create({ subject: 'Call', due: null })
    here.graph.emulator.control.plan([{ kind: 'reply-lost', method: 'POST', path: '/tasks$/', count: 1 }])
    await here.rawPass()
    await here.pass()
    expect(here.records()).toHaveLength(1)
    const lists = (await here.anna.get('/me/todo/lists')).body as { value: { id: string }[] }
    const { body } = await here.anna.get(`/me/todo/lists/${lists.value[0]?.id ?? ''}/tasks`)
    expect((body as { value: unknown[] }).value).toHaveLength(1)
  })

  test('[R33] a task that a pull shows before its look-up was answered keeps the steps that it was made without', async () => {
    const here = await office('tasks')
    await here.pass()
    const steps = [{ title: 'Find the number', done: false }]
    await here.create({ subject: 'Call', due: null, steps })
    const { control } = here.graph.emulator
    control.plan([{ kind: 'reply-lost', method: 'POST', path: '/tasks$/', count: 1 }])
    await here.rawPass()
    control.plan([{ kind: 'refuse', status: 500, method: 'GET', path: 'orderby', count: 5 }])
    await here.rawPass()
    expect(here.record('Call')?.fields['steps']).toEqual(steps)
    control.plan([])
    await here.pass()
    expect(here.record('Call')?.fields['steps']).toEqual(steps)
    const lists = (await here.anna.get('/me/todo/lists')).body as { value: { id: string }[] }
    const { body } = await here.anna.get(
      `/me/todo/lists/${lists.value[0]?.id ?? ''}/tasks?$expand=checklistItems`,
    )
    expect(body).toMatchObject({ value: [{ checklistItems: [{ displayName: 'Find the number' }] }] })
  })

  test('[R2] [R4] completed on one side is completed on the other', async () => {
    const here = await office('tasks')
    await here.create({ subject: 'Call', status: 'notStarted', completed: null })
    await here.pass()
    await here.edit('Call', { status: 'completed' })
    await here.pass()
    expect(here.record('Call')?.fields).toMatchObject({ status: 'completed' })
  })
})
