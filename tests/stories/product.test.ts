import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { refreshAlerts } from '../../src/app/alerts.ts'
import type { Parts } from '../../src/server/parts.ts'
import { demoApp, type DemoApp } from '../support/demo-app.ts'
import { until, type Browser } from '../support/running-product.ts'

/** What people do through the API, on the real database and the emulator: undo, answers, settings, secrets. */
const ANNA = 'anna.lindqvist@contoso.example'
const BEN = 'ben.okafor@contoso.example'
const DAY = 86_400_000
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

describe('the product', () => {
  let demo: DemoApp
  let anna: string
  let person: Browser
  let calendar: string
  beforeAll(async () => {
    demo = await demoApp()
    anna = await demo.mailbox(ANNA)
    person = await demo.signIn(ANNA)
    await demo.firstSync()
    const { items } = await person.call('GET /api/calendar/calendars')
    calendar = items.find((one) => one.mine && one.isDefault)?.id ?? ''
  })
  afterAll(() => demo.close())

  const query = <R>(text: string, values: readonly unknown[] = []): Promise<R[]> =>
    demo.app.database.query<R>(text, [...values])
  const day = (n: number): string => new Date(Date.now() + n * DAY).toISOString().slice(0, 10)
  const outlook = () => demo.emulator.control.as(ANNA)
  const inOutlook = async (subject: string, n: number, more: object = {}): Promise<string> => {
    const zone = { timeZone: 'W. Europe Standard Time' }
    const made = await outlook().post('/me/events', {
      subject,
      start: { dateTime: `${day(n)}T10:00:00`, ...zone },
      end: { dateTime: `${day(n)}T11:00:00`, ...zone },
      ...more,
    })
    expect(made.status).toBe(201)
    return (made.body as { id: string }).id
  }
  const find = async (subject: string) =>
    (
      await query<{ id: string; fields: Record<string, unknown> }>(
        'select id, fields from records where subject = $1 and deleted_at is null',
        [subject],
      )
    )[0]
  const atMicrosoft = async (id: string) => {
    const { status, body } = await outlook().get(`/me/events/${id}`)
    return status === 200 ? (body as { subject: string; location: { displayName: string } }) : null
  }
  /** A pass over Anna's calendar, and its end. */
  const sync = async (channel: 'calendar' | 'tasks' = 'calendar', mailbox = anna): Promise<void> => {
    const started = async () =>
      (
        await query<{ at: Date; end: Date; state: string }>(
          'select last_started_at as at, last_finished_at as end, state from channels where mailbox = $1 and channel = $2',
          [mailbox, channel],
        )
      )[0]!
    const before = (await started()).at.getTime()
    await demo.admin.call('POST /api/sync', { body: { mailbox, channel } })
    await until('the pass', async () => {
      const now = await started()
      return now.at.getTime() > before && now.end.getTime() >= now.at.getTime() && now.state !== 'running'
    })
  }
  const settled = async (run: string) =>
    until('the run', async () => {
      const now = await person.call('GET /api/runs/:run', { params: { run } })
      return now.state === 'done' || now.state === 'failed' ? now : null
    })
  const edit = async (
    subject: string,
    change: { readonly location: string; readonly importance?: 'low' | 'normal' },
  ): Promise<void> => {
    const event = (await find(subject))!.id
    const { version } = await person.call('GET /api/calendar/events/:event', { params: { event } })
    await person.call('PATCH /api/calendar/events/:event', { params: { event }, body: { version, change } })
  }
  const set = (values: Parameters<DemoApp['set']>[0]) => demo.set(values)
  const lookForAlerts = async (): Promise<void> => {
    const { app } = demo
    await refreshAlerts({
      ...app,
      live: { tell: () => undefined },
      webhooks: { tell: () => undefined },
      sync: app.sync.actions,
    } as unknown as Parts)
  }
  const lastRun = async (): Promise<string> =>
    (
      await query<{ id: string }>(
        `select r.id from runs r where r.mailbox = $1 and exists (select from operations o where o.run = r.id and o.state = 'written') order by started_at desc limit 1`,
        [anna],
      )
    )[0]!.id

  test('[pain 25] [R38] a run is undone: shown first, carried out as shown, on both sides', async () => {
    const id = await inOutlook('Undo me', 3)
    const kept = await inOutlook('Undo me not', 4)
    await sync()
    const run = await lastRun()
    const plan = await person.call('POST /api/runs/:run/undo', { params: { run }, body: {} })
    expect(plan).toMatchObject({ state: 'planned', trigger: 'undo', undoes: run, refused: [] })
    expect((await person.call('GET /api/runs/:run', { params: { run } })).undoneBy).toBeNull()
    const shown = await person.call('GET /api/runs/:run/operations', { params: { run: plan.id } })
    expect(shown.items.map((one) => `${one.side} ${one.do} ${one.title} ${one.state}`).sort()).toEqual([
      'crm delete Undo me held',
      'crm delete Undo me not held',
    ])
    expect(await find('Undo me')).toBeDefined()
    await edit('Undo me not', { location: 'Room 9' })
    await person.call('POST /api/runs/:run/approve', { params: { run: plan.id }, body: {} })
    await settled(plan.id)
    const done = await person.call('GET /api/runs/:run/operations', { params: { run: plan.id } })
    expect(done.items.map((one) => `${one.title} ${one.state}`).sort()).toEqual([
      'Undo me not superseded',
      'Undo me written',
    ])
    expect(done.items.find((one) => one.state === 'superseded')?.reason).toContain('changed since')
    expect(await find('Undo me')).toBeUndefined()
    expect(await atMicrosoft(id)).not.toBeNull()
    await sync()
    expect(await find('Undo me')).toBeUndefined()
    expect(await atMicrosoft(kept)).not.toBeNull()
    expect((await person.call('GET /api/runs/:run', { params: { run } })).undoneBy).toBe(plan.id)
  })

  test('[R35] a conflict is answered with a value of one’s own, which goes to both sides', async () => {
    await set({ 'calendar.conflicts': 'ask' })
    const id = await inOutlook('Clash', 5)
    await sync()
    const record = (await find('Clash'))!.id
    await outlook().patch(`/me/events/${id}`, { location: { displayName: 'Outlook room' } })
    await edit('Clash', { location: 'CRM room' })
    await sync()
    const { items } = await person.call('GET /api/conflicts', { query: { record } })
    expect(items).toMatchObject([{ state: 'open', group: 'location', choices: ['crm', 'mailbox', 'value'] }])
    const params = { conflict: items[0]!.id }
    const wrong = await person.raw('POST', `/api/conflicts/${params.conflict}/answer`, {
      choice: { take: 'value', value: { room: 4 } },
    })
    expect(wrong.status).toBe(409)
    expect(await wrong.text()).toContain('This value cannot be taken')
    const { run } = await person.call('POST /api/conflicts/:conflict/answer', {
      params,
      body: { choice: { take: 'value', value: 'Room 4' } },
    })
    await settled(run ?? '')
    expect((await find('Clash'))?.fields['location']).toBe('Room 4')
    expect((await atMicrosoft(id))?.location.displayName).toBe('Room 4')
    await set({ 'calendar.conflicts': 'crm' })
  })

  test('[R35] an answer is remembered for its field alone: the next clash of it is decided, another field still asks', async () => {
    await set({ 'calendar.conflicts': 'ask' })
    const id = await inOutlook('Remembered', 6)
    await sync()
    const record = (await find('Remembered'))!.id
    const clash = async (n: number) => {
      await outlook().patch(`/me/events/${id}`, {
        location: { displayName: `Outlook room ${n}` },
        importance: n === 1 ? 'high' : 'low',
      })
      await edit('Remembered', { location: `CRM room ${n}`, importance: n === 1 ? 'low' : 'normal' })
      await sync()
      return (await person.call('GET /api/conflicts', { query: { record, sort: '-at' } })).items
    }
    const first = await clash(1)
    const place = first.find((one) => one.group === 'location')!
    expect(place).toMatchObject({ state: 'open', remembers: 'Place' })
    const params = { conflict: place.id }
    const refused = await person.raw('POST', `/api/conflicts/${place.id}/answer`, {
      choice: { take: 'value', value: 'Room 5' },
      remember: true,
    })
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining('Nothing was decided'),
    ])
    const { run } = await person.call('POST /api/conflicts/:conflict/answer', {
      params,
      body: { choice: { take: 'mailbox' }, remember: true },
    })
    await settled(run ?? '')
    const { items } = await person.call('GET /api/settings/explain', { query: {} })
    const inForce = (key: string) => items.find((one) => one.key === key)
    expect(inForce('calendar.remembered')).toMatchObject({ text: 'Place: Microsoft', from: 'user' })
    expect(inForce('calendar.conflicts')).toMatchObject({ value: 'ask', from: 'system' })

    const second = await clash(2)
    expect(second.filter((one) => one.group === 'location' && one.id !== place.id)).toMatchObject([
      { state: 'decided', rule: 'R35', verdict: 'mailbox' },
    ])
    expect((await find('Remembered'))?.fields['location']).toBe('Outlook room 2')
    expect(second.find((one) => one.group === 'importance')).toMatchObject({ state: 'open', rule: 'R17' })

    await person.call('PATCH /api/settings', { body: { scope: 'user', inherit: ['calendar.remembered'] } })
    const third = await clash(3)
    expect(third[0]).toMatchObject({ state: 'open', rule: 'R17' })
    await set({ 'calendar.conflicts': 'crm' })
  })

  describe('each setting has its effect', () => {
    test('the period: what lies outside is left alone on both sides, and comes when it is widened', async () => {
      await set({ 'synchronization.daysAhead': 60 })
      await inOutlook('Far away', 200)
      await sync()
      expect(await find('Far away')).toBeUndefined()
      await set({ 'synchronization.daysAhead': 730 })
      await sync()
      expect(await find('Far away')).toBeDefined()
    })

    test('private events: a block of time only, nothing, or all of it', async () => {
      const secret = { sensitivity: 'private', location: { displayName: 'Clinic' } }
      await set({ 'calendar.privateEvents': 'busy' })
      await inOutlook('Doctor one', 6, secret)
      await sync()
      const stored = JSON.stringify(await query('select fields from records'))
      expect(stored).not.toContain('Doctor one')
      expect(stored).not.toContain('Clinic')
      await set({ 'calendar.privateEvents': 'skip' })
      const blocks = async () =>
        (
          await query(
            `select 1 from records where fields ->> 'sensitivity' = 'private' and deleted_at is null`,
          )
        ).length
      const before = await blocks()
      await inOutlook('Doctor two', 7, secret)
      await sync()
      expect(await blocks()).toBe(before)
      await set({ 'calendar.privateEvents': 'full' })
      await inOutlook('Doctor three', 8, secret)
      await sync()
      expect((await find('Doctor three'))?.fields['location']).toBe('Clinic')
      await set({ 'calendar.privateEvents': 'busy' })
    })

    test('direction: the source is never written', async () => {
      await set({ 'calendar.direction': 'mailbox-to-crm' })
      const event = await person.call('POST /api/calendar/events', {
        body: {
          calendar,
          subject: 'Only here',
          time: {
            allDay: false,
            start: `${day(9)}T10:00:00`,
            end: `${day(9)}T11:00:00`,
            zone: 'Europe/Berlin',
          },
        },
      })
      await sync()
      const all = await outlook().get(`/me/events?$filter=subject eq 'Only here'`)
      expect((all.body as { value: unknown[] }).value).toEqual([])
      await set({ 'calendar.direction': 'both' })
      await sync()
      await until('the event at Microsoft', async () => {
        const { body } = await outlook().get(`/me/events?$filter=subject eq 'Only here'`)
        return (body as { value: unknown[] }).value.length === 1
      })
      expect(event.id).not.toBe('')
    })

    test('who mails invitations: Microsoft, or nobody', async () => {
      const mails = () =>
        demo.emulator.control.logs.mails.entries.filter((one) => one.to.includes('carl@fabrikam.example'))
          .length
      const invite = (subject: string, n: number) =>
        person.call('POST /api/calendar/events', {
          body: {
            calendar,
            subject,
            attendees: [{ email: 'carl@fabrikam.example', name: 'Carl', type: 'required' }],
            time: {
              allDay: false,
              start: `${day(n)}T10:00:00`,
              end: `${day(n)}T11:00:00`,
              zone: 'Europe/Berlin',
            },
          },
        })
      await set({ 'calendar.invitations': 'nobody' })
      await invite('Nobody is told', 10)
      await sync()
      expect(mails()).toBe(0)
      await set({ 'calendar.invitations': 'microsoft' })
      await invite('Carl is told', 11)
      await sync()
      await until('the invitation', async () => mails() === 1)
    })

    test('the guard: more deletions than it allows wait for a person', async () => {
      await set({ 'deletes.guardItems': 1, 'deletes.guardPercent': 1 })
      const ids = []
      for (let n = 0; n < 4; n++) ids.push(await inOutlook(`Guarded ${n}`, 12 + n))
      await sync()
      for (const id of ids) await outlook().delete(`/me/events/${id}`)
      await sync()
      expect(await find('Guarded 0')).toBeDefined()
      const [run] = await query<{ id: string }>(
        `select run as id from operations where mailbox = $1 and state = 'held' and action = 'delete' limit 1`,
        [anna],
      )
      await person.call('POST /api/runs/:run/approve', { params: { run: run!.id }, body: {} })
      await until('the deletions', async () => (await find('Guarded 3')) === undefined)
      await set({ 'deletes.guardItems': 10, 'deletes.guardPercent': 10 })
    })

    test('the quarantine gives back what was deleted', async () => {
      const id = await inOutlook('Comes back', 20)
      await sync()
      const record = (await find('Comes back'))!.id
      await outlook().delete(`/me/events/${id}`)
      await sync()
      expect(await find('Comes back')).toBeUndefined()
      await person.call('POST /api/calendar/events/:event/restore', { params: { event: record } })
      expect(await find('Comes back')).toBeDefined()
      await sync()
      await until('the event at Microsoft', async () => {
        const { body } = await outlook().get(`/me/events?$filter=subject eq 'Comes back'`)
        return (body as { value: unknown[] }).value.length === 1
      })
    })

    test('the interval, by scope: the narrowest counts', async () => {
      const minutes = async (mailbox: string): Promise<number> => {
        await sync('calendar', mailbox)
        const [row] = await query<{ minutes: number }>(
          `select extract(epoch from next_at - last_finished_at)::float / 60 as minutes from channels where mailbox = $1 and channel = 'calendar'`,
          [mailbox],
        )
        return row!.minutes
      }
      await set({ 'synchronization.intervalMinutes': 100 })
      await person.call('PATCH /api/settings', {
        body: { scope: 'user', set: { 'synchronization.intervalMinutes': 40 } },
      })
      const [own, others] = [await minutes(anna), await minutes(await demo.mailbox(BEN))]
      expect([own > 35 && own < 41, others > 85 && others < 101]).toEqual([true, true])
    })

    test('calendars to sync: only what is chosen', async () => {
      const made = await outlook().post('/me/calendars', { name: 'Side project' })
      const other = (made.body as { id: string }).id
      await demo.admin.call('POST /api/mailboxes/:mailbox/collections/refresh', { params: { mailbox: anna } })
      const zone = { timeZone: 'UTC' }
      await outlook().post(`/me/calendars/${other}/events`, {
        subject: 'On the side',
        start: { dateTime: `${day(2)}T10:00:00`, ...zone },
        end: { dateTime: `${day(2)}T11:00:00`, ...zone },
      })
      await sync()
      expect(await find('On the side')).toBeUndefined()
      const rows = await query<{ id: string; name: string; is_default: boolean }>(
        `select id, name, is_default from collections where mailbox = $1 and channel = 'calendar'`,
        [anna],
      )
      const ids = rows.filter((row) => row.is_default || row.name === 'Side project').map((row) => row.id)
      const newItemsTo = rows.find((row) => row.is_default)!.id
      await person.call('PATCH /api/settings', {
        body: { scope: 'user', set: { 'calendar.calendars': { mode: 'chosen', ids, newItemsTo } } },
      })
      await until('the event in the CRM', async () => (await find('On the side')) !== undefined)
    })
  })

  test('[pain 10] a mailbox that is disconnected and connected again keeps its links, and nothing is doubled', async () => {
    const ben = await demo.mailbox(BEN)
    const links = () =>
      query<{ id: string }>(`select id from links where mailbox = $1 and state = 'linked' order by id`, [ben])
    const count = async () => [
      (await query('select 1 from records where deleted_at is null')).length,
      demo.emulator.control.logs.writes.entries.length,
    ]
    await sync('calendar', ben)
    const [before, held] = [await links(), await count()]
    expect(before.length).toBeGreaterThan(3)
    await demo.admin.call('POST /api/mailboxes/:mailbox/disconnect', {
      params: { mailbox: ben },
      body: { data: 'keep' },
    })
    await demo.admin.call('POST /api/mailboxes', { body: { address: BEN, kind: 'user' } })
    expect(await demo.mailbox(BEN)).toBe(ben)
    await until(
      'a pass after it',
      async () =>
        (
          await query(
            `select 1 from channels where mailbox = $1 and enabled and (next_at is null or next_at <= now())`,
            [ben],
          )
        ).length === 0,
    )
    expect(await links()).toEqual(before)
    expect(await count()).toEqual(held)
  })

  test('[pain 8] one cause that stops all channels of a mailbox is one alert, that ends with it', async () => {
    const ben = await demo.mailbox(BEN)
    demo.emulator.control.faults.plan([{ kind: 'mailbox-gone', mailbox: BEN }])
    for (const channel of ['calendar', 'tasks', 'email'] as const)
      await demo.admin.call('POST /api/sync', { body: { mailbox: ben, channel } })
    const stopped = `select channel from channels where mailbox = $1 and state <> 'running' and failures > 0`
    await until('all of them to fail', async () => (await query(stopped, [ben])).length === 3)
    await query(`update channels set proven_at = now() - interval '1 day' where mailbox = $1`, [ben])
    await query(
      `update channels set failures = 0, state = 'idle', message = null where mailbox = $1 and channel <> 'tasks'`,
      [ben],
    )
    await query(`update channels set proven_at = now() where mailbox = $1 and channel <> 'tasks'`, [ben])
    await lookForAlerts()
    const open = () =>
      query<{ id: string; title: string }>(
        'select id, title from alerts where mailbox = $1 and resolved_at is null',
        [ben],
      )
    const first = await open()
    expect(first.map((one) => one.title)).toEqual([expect.stringMatching(/^Tasks of ben/)])
    for (const channel of ['calendar', 'email'] as const)
      await demo.admin.call('POST /api/sync', { body: { mailbox: ben, channel } })
    await until('the others to fail', async () => (await query(stopped, [ben])).length === 3)
    await query(`update channels set proven_at = now() - interval '1 day' where mailbox = $1`, [ben])
    await lookForAlerts()
    const alerts = await open()
    expect(alerts.map((one) => one.id)).toEqual(first.map((one) => one.id))
    expect(alerts.map((one) => one.title)).toEqual([
      expect.stringMatching(
        /^Calendar, Email, Tasks of ben\.okafor@contoso\.example are stopped\. .*licence/,
      ),
    ])
    demo.emulator.control.faults.plan([])
    for (const channel of ['calendar', 'tasks', 'email'] as const)
      await demo.admin.call('POST /api/sync', { body: { mailbox: ben, channel } })
    await until('they go on', async () => (await query(stopped, [ben])).length === 0)
    await lookForAlerts()
    expect(await query('select 1 from alerts where mailbox = $1 and resolved_at is null', [ben])).toEqual([])
  })

  test('[pain 11] the second secret takes over when the first ends, and an alert says so', async () => {
    const { clientId, clientSecret } = demo.emulator.info
    demo.emulator.control.store.data.apps
      .get(clientId)
      ?.secrets.push({ value: 'the-next-secret', expires: Date.now() + DAY })
    await set({ 'application.nextClientSecret': 'the-next-secret' })
    demo.emulator.control.expireSecrets(clientId, clientSecret)
    const report = await demo.admin.call('POST /api/doctor', { body: { mailbox: anna } })
    expect(report.steps.find((step) => step.id === 'credential')).toMatchObject({
      state: 'warning',
      code: 'AADSTS7000222',
      detail: expect.stringContaining('only the next one'),
    })
    const id = await inOutlook('With the next secret', 21)
    await sync()
    expect(await find('With the next secret')).toBeDefined()
    expect(await atMicrosoft(id)).not.toBeNull()
    await lookForAlerts()
    const alerts = await query<{ title: string }>(
      `select title from alerts where key = 'credential next' and resolved_at is null`,
    )
    expect(alerts[0]?.title).toContain('the next one is in use')
  })
})
