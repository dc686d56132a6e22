import { describe, expect, test } from 'vitest'
import { at, idOf, instanceOn, meeting, outlook, standup } from '../../../tests/support/graph-events.ts'
import { ANNA, graphWorld, type GraphWorld } from '../../../tests/support/graph-world.ts'
import { asId, type MailboxId, type OrganizationId, type RecordId } from '../../core/ids.ts'
import { kindOf, type Channel, type Fields, type Json } from '../../core/item.ts'
import { matchKeys } from '../../core/match.ts'
import { createEngine } from '../../engine/engine.ts'
import { createMemoryStore, newChannel } from '../../store/memory-store.ts'

/** The real engine on the real connector on the emulator: what one of them promises, another must not misread. */
const MAILBOX = asId<MailboxId>('anna')

async function pair(channel: Channel, world: GraphWorld) {
  const store = createMemoryStore()
  const identity = await world.connector.identity(new AbortController().signal)
  let ids = 0
  const engine = createEngine({
    store,
    env: { ...world.env, newId: () => String(++ids).padStart(8, '0') },
    connectorFor: () => Promise.resolve(world.connector),
    settingsFor: () =>
      Promise.resolve({
        direction: 'both',
        conflicts: 'crm',
        invitations: 'microsoft',
        privateEvents: 'full',
        mailInFirstSync: false,
        intervalMinutes: 5,
        daysBack: 60,
        daysAhead: 400,
        guard: { items: 10, percent: 10 },
      }),
    pairingFor: () => (remote, id) => ({
      container: remote.isDefault ? 'crm' : id,
      selected: remote.isDefault,
    }),
  })
  await store.transaction(null, (tx) =>
    tx.write({
      mailboxes: [
        {
          id: MAILBOX,
          organization: asId<OrganizationId>('contoso'),
          user: null,
          kind: 'user',
          state: 'connected',
          trouble: null,
          ...identity,
        },
      ],
      channels: [{ ...newChannel(MAILBOX, channel), enabled: true }],
    }),
  )
  const kind = kindOf[channel]
  const records = () => store.dump().records.filter(({ deletedAt }) => deletedAt === null)
  const write = (record: object): Promise<void> =>
    store.transaction(null, (tx) =>
      tx.write({ records: [{ kind, at: world.env.now(), by: 'ben', ...record } as never] }),
    )
  const editRecord = (
    id: RecordId | undefined,
    changes: { readonly [group: string]: Json },
  ): Promise<void> => {
    const row = records().find((one) => one.id === id)
    if (row === undefined) throw new Error(`The CRM has no record ${id}.`)
    const fields = { ...row.fields, ...changes }
    return write({
      do: 'update',
      id: row.id,
      container: row.container,
      fields,
      facts: row.facts,
      matchKeys: matchKeys(kind, { fields, facts: row.facts }),
    })
  }
  return {
    store,
    records,
    fields: (subject: string): Fields | undefined =>
      records().find(({ fields }) => fields['subject'] === subject)?.fields,
    create: (fields: Fields) =>
      write({
        do: 'create',
        id: asId<RecordId>(`r-${++ids}`),
        container: 'crm',
        owner: null,
        fields,
        facts: {},
        matchKeys: matchKeys(kind, { fields, facts: {} }),
      }),
    edit: (subject: string, changes: { readonly [group: string]: Json }) =>
      editRecord(records().find(({ fields }) => fields['subject'] === subject)?.id, changes),
    editRecord,
    remove: (subject: string) =>
      write({ do: 'delete', id: records().find(({ fields }) => fields['subject'] === subject)?.id }),
    goOn: () => {
      world.env.time += 300_000
      return engine.syncChannel(MAILBOX, channel)
    },
    /** One pass; then another, which must write nothing on either side. */
    pass: async () => {
      world.env.time += 300_000
      const result = await engine.syncChannel(MAILBOX, channel)
      const before = {
        records: JSON.stringify(records()),
        writes: world.emulator.control.logs.writes.entries.length,
      }
      world.env.time += 300_000
      await engine.syncChannel(MAILBOX, channel)
      expect(world.emulator.control.logs.writes.entries.length, 'writes of an idle pass').toBe(before.writes)
      expect(JSON.stringify(records())).toBe(before.records)
      return result.outcome
    },
  }
}

describe('the engine on Microsoft’s calendar', () => {
  test('events go both ways and come to rest', async () => {
    const world = await graphWorld()
    const crm = await pair('calendar', world)
    await outlook(world).post('/me/events', {
      subject: 'From Outlook',
      body: { contentType: 'html', content: '<p>Hello <b>you</b></p>' },
      start: at('2026-03-30T15:00:00'),
      end: at('2026-03-30T16:00:00'),
    })
    await crm.create(meeting({ subject: 'From the CRM' }).fields)
    expect(await crm.pass()).toBe('done')
    expect(crm.fields('From Outlook')).toMatchObject({
      time: { start: '2026-03-30T15:00:00', zone: 'Europe/Berlin' },
    })
    const seen = (await outlook(world).get('/me/events?$top=50')).body as {
      value: { id: string; subject: string }[]
    }
    expect(seen.value.map(({ subject }) => subject).sort()).toEqual(['From Outlook', 'From the CRM'])

    await crm.edit('From Outlook', { location: 'Room 7', body: { type: 'text', content: 'Hello all' } })
    const mine = seen.value.find(({ subject }) => subject === 'From the CRM')
    await outlook(world).patch(`/me/events/${mine?.id}`, { subject: 'Renamed', isReminderOn: false })
    expect(await crm.pass()).toBe('done')
    expect(crm.fields('Renamed')).toMatchObject({ reminder: null })
    await crm.remove('From Outlook')
    await outlook(world).delete(`/me/events/${mine?.id}`)
    await crm.pass()
    expect(crm.records()).toEqual([])
    expect(((await outlook(world).get('/me/events')).body as { value: unknown[] }).value).toEqual([])
  })

  test('a series with exceptions on both sides', async () => {
    const world = await graphWorld()
    const crm = await pair('calendar', world)
    const master = idOf(await outlook(world).post('/me/events', standup()))
    await outlook(world).delete(`/me/events/${await instanceOn(world, master, '2026-03-09')}`)
    await crm.pass()
    expect(crm.fields('Stand-up')).toMatchObject({ 'occurrence/2026-03-09/cancelled': true })
    const moved = {
      allDay: false,
      start: '2026-03-17T09:00:00',
      end: '2026-03-17T09:15:00',
      zone: 'Europe/Berlin',
    }
    await crm.edit('Stand-up', { 'occurrence/2026-03-16/time': moved })
    await outlook(world).patch(`/me/events/${await instanceOn(world, master, '2026-03-23')}`, {
      subject: 'Board',
    })
    await crm.pass()
    const expected = {
      'occurrence/2026-03-09/cancelled': true,
      'occurrence/2026-03-16/time': moved,
      'occurrence/2026-03-23/subject': 'Board',
    }
    expect(crm.fields('Stand-up')).toMatchObject(expected)
    const instances = (
      await outlook(world).get(
        `/me/events/${master}/instances?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-03-28T00:00:00Z`,
      )
    ).body as { value: { subject: string; start: { dateTime: string } }[] }
    expect(instances.value.map(({ subject, start }) => `${subject} ${start.dateTime.slice(0, 13)}`)).toEqual([
      'Stand-up 2026-03-02T08',
      'Stand-up 2026-03-17T08',
      'Board 2026-03-23T08',
    ])
  })

  test('etags that move and bodies that Exchange rewrites are no changes', async () => {
    const world = await graphWorld({ emulator: { switches: { etagBumpAfterWrite: true } } })
    const crm = await pair('calendar', world)
    await crm.create(meeting({ body: { type: 'text', content: 'one\n\ntwo & three' } }).fields)
    await crm.pass()
    world.emulator.control.bumpEtags(ANNA)
    const before = world.emulator.control.logs.writes.entries.filter(({ bumpOnly }) => !bumpOnly).length
    await crm.pass()
    expect(world.emulator.control.logs.writes.entries.filter(({ bumpOnly }) => !bumpOnly).length).toBe(before)
  })

  test('a forgotten cursor doubles nothing and deletes nothing', async () => {
    const world = await graphWorld()
    const crm = await pair('calendar', world)
    await crm.create(meeting().fields)
    await outlook(world).post('/me/events', standup())
    await crm.pass()
    world.emulator.control.evictTokens()
    await crm.pass()
    expect(crm.records().map(({ fields }) => fields['subject'])).toEqual(['Review', 'Stand-up'])
  })
})

describe('the engine on To Do', () => {
  const task = (more: Fields = {}): Fields => ({
    subject: 'Send the offer',
    body: null,
    start: null,
    due: '2026-03-30',
    completed: null,
    status: 'notStarted',
    importance: 'normal',
    reminder: null,
    recurrence: null,
    steps: [],
    categories: [],
    ...more,
  })

  test('tasks with dates, steps and reminders go both ways and come to rest', async () => {
    const world = await graphWorld()
    const crm = await pair('tasks', world)
    const list = await world.collection('tasks')
    const tasks = `/me/todo/lists/${list.externalId}/tasks`
    await outlook(world).post(tasks, {
      title: 'From To Do',
      dueDateTime: at('2026-04-01T00:00:00'),
      reminderDateTime: at('2026-03-31T08:00:00'),
      checklistItems: [{ displayName: 'one' }],
    })
    await crm.create(task({ steps: [{ title: 'Draft', done: false }] }))
    expect(await crm.pass()).toBe('done')
    expect(crm.fields('From To Do')).toMatchObject({
      due: '2026-04-01',
      reminder: { at: '2026-03-31T08:00:00', zone: 'Europe/Berlin' },
      steps: [{ title: 'one', done: false }],
    })
    await crm.edit('From To Do', { due: '2026-04-02', status: 'completed', completed: '2026-03-02' })
    await crm.pass()
    expect(crm.fields('From To Do')).toMatchObject({ due: '2026-04-02', status: 'completed' })
    const rows = ((await outlook(world).get(tasks)).body as { value: { title: string; status: string }[] })
      .value
    expect(rows.map(({ title, status }) => [title, status]).sort()).toEqual([
      ['From To Do', 'completed'],
      ['Send the offer', 'notStarted'],
    ])
    await crm.remove('Send the offer')
    await crm.pass()
    expect(((await outlook(world).get(tasks)).body as { value: unknown[] }).value.length).toBe(1)
  })

  test('a recurring task comes to rest, also when it is completed here or there', async () => {
    for (const todoCompletion of ['advance-and-copy', 'advance', 'new-task'] as const) {
      const world = await graphWorld({ emulator: { switches: { todoCompletion } } })
      const crm = await pair('tasks', world)
      const list = await world.collection('tasks')
      const recurrence = {
        pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'sunday' },
        range: { type: 'noEnd', start: '2026-03-30' },
      }
      await crm.create(task({ recurrence }))
      await crm.pass()
      const tasks = `/me/todo/lists/${list.externalId}/tasks`
      const [row] = ((await outlook(world).get(tasks)).body as { value: { id: string }[] }).value
      await outlook(world).patch(`${tasks}/${row?.id}`, { status: 'completed' })
      await crm.pass()
      await crm.pass()
      const copies = todoCompletion === 'advance' ? 0 : 1
      expect(crm.records().length).toBe(1 + copies)
      const open = crm.records().find(({ fields }) => fields['status'] === 'notStarted')
      expect(open?.fields).toMatchObject({ due: '2026-04-06' })
      await crm.editRecord(open?.id, { status: 'completed', completed: '2026-03-02' })
      await crm.goOn()
      await crm.goOn()
      await crm.pass()
      expect(crm.records().length).toBe(1 + 2 * copies)
      const next = crm.records().filter(({ fields }) => fields['status'] === 'notStarted')
      expect(next.map(({ fields }) => fields['due'])).toEqual(['2026-04-13'])
    }
  })
})
