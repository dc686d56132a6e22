import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { tidyUp } from '../../src/app.ts'
import { noteLag } from '../../src/store/lag.ts'
import { demoApp, type DemoApp } from '../support/demo-app.ts'
import { until, type Browser } from '../support/running-product.ts'

/** Settings of one person, and what each does in the whole product: lists to sync, where new items go, the quarantine. */
const ANNA = 'anna.lindqvist@contoso.example'
const DAY = 86_400_000
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

describe('each setting has its effect', () => {
  let demo: DemoApp
  let anna: string
  let person: Browser
  beforeAll(async () => {
    demo = await demoApp()
    anna = await demo.mailbox(ANNA)
    person = await demo.signIn(ANNA)
    await demo.firstSync()
  })
  afterAll(() => demo.close())

  const query = <R>(text: string, values: readonly unknown[] = []): Promise<R[]> =>
    demo.app.database.query<R>(text, [...values])
  const outlook = () => demo.emulator.control.as(ANNA)
  const make = async (path: string, body: object): Promise<string> => {
    const made = await outlook().post(path, body)
    expect(made.status).toBe(201)
    return (made.body as { id: string }).id
  }
  const titlesAt = async (path: string, title: 'subject' | 'title'): Promise<readonly unknown[]> =>
    ((await outlook().get(path)).body as { value: Record<string, unknown>[] }).value.map((one) => one[title])
  const find = async (subject: string) =>
    (
      await query<{ id: string; container: string }>(
        'select id, container from records where subject = $1 and deleted_at is null',
        [subject],
      )
    )[0]
  const here = (subject: string) => until(subject, async () => find(subject))
  /** What Anna may choose from, asked of Microsoft anew. */
  const collections = async (channel: 'calendar' | 'tasks') => {
    await person.call('POST /api/mailboxes/:mailbox/collections/refresh', { params: { mailbox: anna } })
    const { items } = await person.call('GET /api/mailboxes/:mailbox/collections', {
      params: { mailbox: anna },
      query: { channel },
    })
    return items
  }
  const idOf = (rows: Awaited<ReturnType<typeof collections>>, name: string): string => {
    const row = rows.find((one) => one.name === name)
    if (row === undefined) throw new Error(`${name} is not among ${rows.map((one) => one.name).join(', ')}`)
    return row.id
  }
  const choose = (key: string, names: readonly string[], target: string) =>
    collections(key === 'tasks.lists' ? 'tasks' : 'calendar').then((rows) =>
      person.call('PATCH /api/settings', {
        body: {
          scope: 'user',
          set: {
            [key]: {
              mode: 'chosen',
              ids: names.map((name) => idOf(rows, name)),
              newItemsTo: idOf(rows, target),
            },
          },
        },
      }),
    )
  const targets = async () => {
    const { items } = await person.call('GET /api/mailboxes', { query: {} })
    return items.find((one) => one.id === anna)?.targets ?? []
  }

  test('lists to sync: only what is chosen; what is left out later stays on both sides and is no longer kept in step', async () => {
    const list = await make('/me/todo/lists', { displayName: 'Garden' })
    await make(`/me/todo/lists/${list}/tasks`, { title: 'Water the roses' })
    await demo.admin.call('POST /api/sync', { body: { mailbox: anna, channel: 'tasks' } })
    await collections('tasks')
    expect(await find('Water the roses')).toBeUndefined()

    await choose('tasks.lists', ['Tasks', 'Garden'], 'Tasks')
    const task = await here('Water the roses')
    const { items } = await person.call('GET /api/task-lists')
    expect(items.find((one) => one.id === task.container)).toMatchObject({
      name: 'Garden',
      syncedWith: { address: ANNA },
    })

    await choose('tasks.lists', ['Tasks'], 'Tasks')
    const left = await until('it is left out', async () => {
      const { sync } = await person.call('GET /api/tasks/:task', { params: { task: task.id } })
      return sync.state === 'local' && sync
    })
    expect(left.detail).toContain('no longer kept in step')
    expect(await find('Water the roses')).toBeDefined()
    expect(await titlesAt(`/me/todo/lists/${list}/tasks`, 'title')).toEqual(['Water the roses'])
  })

  test('new tasks go to the list that was chosen for them, here and in To Do', async () => {
    const list = await make('/me/todo/lists', { displayName: 'Errands' })
    await choose('tasks.lists', ['Tasks', 'Errands'], 'Errands')
    expect(await targets()).toContainEqual({ channel: 'tasks', name: 'Errands' })
    const made = await person.call('POST /api/tasks', { body: { subject: 'Buy a stamp' } })
    const { items } = await person.call('GET /api/task-lists')
    expect(items.filter((one) => one.mine && one.isDefault)).toMatchObject([
      { id: made.list, name: 'Errands' },
    ])
    await until('it in To Do', async () =>
      (await titlesAt(`/me/todo/lists/${list}/tasks`, 'title')).includes('Buy a stamp'),
    )
  })

  test('new events go to the calendar that was chosen for them; back at the default they go there again', async () => {
    const other = await make('/me/calendars', { name: 'Projects' })
    const defaultOf = async () => {
      const { items } = await person.call('GET /api/calendar/calendars')
      const mine = items.filter((one) => one.mine && one.isDefault)
      expect(mine.length).toBe(1)
      return mine[0]!
    }
    const before = await defaultOf()
    await choose('calendar.calendars', ['Calendar', 'Projects'], 'Projects')
    const target = await defaultOf()
    expect(target).toMatchObject({ name: 'Projects' })
    expect(await targets()).toContainEqual({ channel: 'calendar', name: 'Projects' })

    const day = new Date(Date.now() + 9 * DAY).toISOString().slice(0, 10)
    await person.call('POST /api/calendar/events', {
      body: {
        subject: 'Kick-off of the project',
        calendar: target.id,
        time: { allDay: false, start: `${day}T10:00:00`, end: `${day}T11:00:00`, zone: 'Europe/Berlin' },
      },
    })
    await until('it in Outlook', async () =>
      (await titlesAt(`/me/calendars/${other}/events`, 'subject')).includes('Kick-off of the project'),
    )
    expect(await titlesAt('/me/calendar/events', 'subject')).not.toContain('Kick-off of the project')

    await person.call('PATCH /api/settings', { body: { scope: 'user', inherit: ['calendar.calendars'] } })
    expect(await defaultOf()).toEqual(before)
    expect(await targets()).toContainEqual({ channel: 'calendar', name: 'Calendar' })
  })

  test('the chart of lag shows the worst of each hour, to each person of their own mailboxes', async () => {
    const database = demo.app.database
    const now = Date.now()
    const ago = (mailbox: string, minutes: number) =>
      query('update channels set proven_at = $2 where mailbox = $1', [
        mailbox,
        new Date(now - minutes * 60_000),
      ])
    await query('delete from lag_hours')
    await query(`update channels set paused = 'for the test'`)
    await query('update channels set paused = null where mailbox = $1', [anna])
    await ago(anna, 30)
    await noteLag(database, now)
    await ago(anna, 5)
    await noteLag(database, now)
    const worst = async (who: Browser): Promise<number> => {
      const { lagSeconds } = await who.call('GET /api/charts', { query: { hours: 24 } })
      return Math.max(-1, ...lagSeconds.map((one) => one ?? -1))
    }
    expect(await worst(person)).toBe(30 * 60)
    expect(await worst(demo.admin)).toBe(30 * 60)
    expect(await worst(await demo.signIn('ben.okafor@contoso.example'))).toBe(-1)
    await tidyUp(database, now + 40 * DAY)
    expect(await worst(person)).toBe(-1)
    await query('update channels set paused = null')
  })

  test('the quarantine keeps what was deleted for as many days as the setting says, and no longer', async () => {
    await demo.set({ 'deletes.quarantineDays': 5 })
    const deleted = async (subject: string): Promise<string> => {
      const { id } = await person.call('POST /api/tasks', { body: { subject } })
      await until('it at Microsoft', async () => {
        const { sync } = await person.call('GET /api/tasks/:task', { params: { task: id } })
        return sync.state === 'fine'
      })
      const { version } = await person.call('GET /api/tasks/:task', { params: { task: id } })
      await person.call('POST /api/tasks/:task/delete', { params: { task: id }, body: { version } })
      await until('the deletion at Microsoft', async () => {
        const [link] = await query<{ state: string }>('select state from links where record = $1', [id])
        return link?.state === 'deleted'
      })
      return id
    }
    const restore = (task: string) => person.raw('POST', `/api/tasks/${task}/restore`)
    const [early, late] = [await deleted('Deleted and wanted back'), await deleted('Deleted for good')]
    await tidyUp(demo.app.database, Date.now() + 4.9 * DAY)
    expect((await restore(early)).status).toBe(200)
    expect(await find('Deleted and wanted back')).toBeDefined()
    await tidyUp(demo.app.database, Date.now() + 5.1 * DAY)
    expect((await restore(late)).status).toBe(404)
    expect(await query('select 1 from records where id = $1', [late])).toEqual([])
    expect(await find('Deleted and wanted back')).toBeDefined()
  })
})
