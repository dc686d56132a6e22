import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiRoutes } from '../../src/server/api/api.ts'
import { ROLES, type Role } from '../../src/server/api/contract.ts'
import { startProduct, until, type Browser, type RunningProduct } from '../support/running-product.ts'

/**
 * Secrets are planted wherever one can be kept, and a private event in a calendar; then every answer of every reading
 * route is searched for them, with every id that there is, as every role.
 */
const ANNA = 'anna.lindqvist@contoso.example'
const BEN = 'ben.okafor@contoso.example'
const PRIVATE = 'Planted-Appointment'
const PASSWORD = 'planted-password-93ab'
const IDS_PER_NAME = 4

describe('no answer gives away what it must not', () => {
  let product: RunningProduct
  let people: Record<Role | 'colleague', Browser>
  const secrets: string[] = []
  let ids: Map<string, readonly string[]>

  beforeAll(async () => {
    product = await startProduct()
    const { email } = product.ready.admin
    people = {
      administrator: await product.signIn(email),
      user: await product.signIn(ANNA),
      auditor: await product.signIn('auditor@contoso.example'),
      colleague: await product.signIn(BEN),
    }
    const { administrator: admin, user: anna } = people
    secrets.push((product.ready.microsoft as unknown as { clientSecret: string }).clientSecret, PASSWORD)
    await admin.call('PATCH /api/settings', {
      body: { scope: 'system', set: { 'application.nextClientSecret': 'planted~next~secret' } },
    })
    secrets.push('planted~next~secret')
    await admin.call('POST /api/users', {
      body: { email: 'planted@contoso.example', name: 'Planted Person', role: 'user', password: PASSWORD },
    })
    const hook = await admin.call('POST /api/webhooks', {
      body: { url: 'http://127.0.0.1:9/planted', events: ['run.finished'] },
    })
    const token = await anna.call('POST /api/tokens', {
      body: { name: 'planted', role: 'user', expiresInDays: 3 },
    })
    secrets.push(hook.secret, token.token)
    const calendars = (await anna.call('GET /api/calendar/calendars')).items
    const mine = calendars.find((one) => one.mine && one.syncedWith !== null)
    const event = await anna.call('POST /api/calendar/events', {
      body: {
        ...{
          calendar: mine?.id ?? '',
          subject: PRIVATE,
          location: `${PRIVATE} street`,
          sensitivity: 'private',
        },
        attendees: [{ email: 'planted-guest@clinic.example', name: `${PRIVATE} guest` }],
        body: { type: 'text', content: `${PRIVATE} notes` },
        time: {
          ...{ allDay: false, start: '2027-05-04T10:00:00', end: '2027-05-04T11:00:00' },
          zone: 'Europe/Berlin',
        },
      },
    })
    await until('it is at Microsoft and in the history', async () => {
      const { items } = await anna.call('GET /api/history', { query: { record: event.id } })
      return items.some((one) => one.state === 'written')
    })
    ids = await everyId(admin, anna, event.id)
  }, 180_000)
  afterAll(() => product.stop())

  const reading = apiRoutes.filter(([route]) => route.startsWith('GET ') && route !== 'GET /api/events')

  test.each(reading)('%s', { timeout: 60_000 }, async (route, { access }) => {
    const paths = pathsOf(route)
    for (const role of [...ROLES, 'colleague'] as const) {
      if (access !== 'public' && access !== 'setup' && !access.includes(role === 'colleague' ? 'user' : role))
        continue
      for (const path of paths) {
        const answer = await people[role].raw('GET', path)
        const text = `${JSON.stringify([...answer.headers])} ${await answer.text()}`
        expect(answer.status, path).toBeLessThan(500)
        for (const secret of secrets) expect(text.includes(secret), `${role} ${path}`).toBe(false)
        expect(text, `${role} ${path}`).not.toMatch(
          /\$argon2id\$|refresh_token|access_token|PRIVATE KEY|session_secret/,
        )
        if (role !== 'user') expect(text.includes(PRIVATE), `${role} ${path}`).toBe(false)
        if (role !== 'user') expect(text.includes('planted-guest'), `${role} ${path}`).toBe(false)
      }
    }
  })

  test('the stream of live events tells others nothing of it', async () => {
    const { colleague, user: anna } = people
    const stop = new AbortController()
    const stream = await fetch(`${product.ready.backOffice}/api/events`, {
      headers: { cookie: await cookieOf(BEN) },
      signal: stop.signal,
    })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    const [id = ''] = ids.get('event') ?? []
    const { version } = await anna.call('GET /api/calendar/events/:event', { params: { event: id } })
    await anna.call('PATCH /api/calendar/events/:event', {
      params: { event: id },
      body: { version, change: { subject: `${PRIVATE} again` } },
    })
    const { items } = await colleague.call('GET /api/task-lists')
    await colleague.call('POST /api/tasks', {
      body: { subject: 'ends the look at the stream', list: items[0]?.id ?? '' },
    })
    let told = ''
    while (!told.includes('"task"')) {
      const { value, done } = (await reader?.read()) ?? { value: '', done: true }
      if (done) break
      told += value
    }
    stop.abort()
    expect(told).toContain('"task"')
    expect(told).not.toContain(PRIVATE)
  })

  test('a refusal never repeats the secret that was sent', async () => {
    const { administrator: admin } = people
    for (const set of [
      { 'application.privateKey': 'planted-no-pem' },
      { 'application.clientSecret': 'planted-refused', 'no.such': 1 },
    ]) {
      const answer = await admin.raw('PATCH', '/api/settings', { scope: 'system', set })
      expect(answer.status).toBe(422)
      expect(await answer.text()).not.toMatch(/planted-(no-pem|refused)/)
    }
    const wrong = await fetch(`${product.ready.backOffice}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'planted@contoso.example', password: 'planted-wrong-password' }),
    })
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).not.toContain('planted-wrong-password')
  })

  async function cookieOf(email: string): Promise<string> {
    const answer = await fetch(`${product.ready.backOffice}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: product.ready.admin.password }),
    })
    return answer.headers
      .getSetCookie()
      .map((one) => one.split(';')[0] ?? '')
      .join('; ')
  }

  /** The route with every id that fits each of its parameters, and the queries that it cannot do without. */
  function pathsOf(route: string): readonly string[] {
    const template = route.split(' ')[1] ?? ''
    const query = QUERIES[route] ?? ''
    return [...template.matchAll(/:(\w+)/g)]
      .reduce<readonly string[]>(
        (paths, [whole, name = '']) =>
          paths.flatMap((path) => (ids.get(name) ?? ['nothing']).map((id) => path.replace(whole, id))),
        [template],
      )
      .map((path) => path + query)
  }
})

const QUERIES: { readonly [route: string]: string } = {
  'GET /api/settings': '?scope=system',
  'GET /api/search': `?q=${PRIVATE.slice(0, 7)}`,
  'GET /api/history': '?size=500',
  'GET /api/calendar/events': `?q=${PRIVATE.slice(0, 7)}`,
  'GET /api/calendar/occurrences': '?from=2027-05-01&to=2027-05-10',
  'GET /api/history/export': '?format=json',
}

async function everyId(
  admin: Browser,
  anna: Browser,
  event: string,
): Promise<Map<string, readonly string[]>> {
  const some = (rows: readonly { readonly id: string }[]): readonly string[] =>
    rows.slice(0, IDS_PER_NAME).map((row) => row.id)
  const mailboxes = (await admin.call('GET /api/mailboxes')).items
  const annas = mailboxes.filter((one) => one.address === ANNA)
  const history = (await anna.call('GET /api/history', { query: { record: event } })).items
  const runs = history.map((one) => ({ id: one.run }))
  const contact = await anna.call('POST /api/records/:kind', {
    params: { kind: 'contact' },
    body: { fields: { name: 'Planted Contact', emails: ['planted@fabrikam.example'] } },
  })
  await anna.call('POST /api/records/:kind/:id/items', {
    params: { kind: 'contact', id: contact.id },
    body: { item: event },
  })
  return new Map<string, readonly string[]>([
    ['event', [event]],
    ['record', [event]],
    ['operation', some(history)],
    ['run', some(runs)],
    ['mailbox', some(annas)],
    ['channel', ['calendar']],
    ['kind', ['contact']],
    ['id', [contact.id]],
    ['calendar', some((await anna.call('GET /api/calendar/calendars')).items.filter((one) => one.mine))],
    ['task', some((await anna.call('GET /api/tasks')).items)],
    ['list', some((await anna.call('GET /api/task-lists')).items)],
    ['user', some((await admin.call('GET /api/users', { query: { q: 'anna' } })).items)],
    ['organization', some((await admin.call('GET /api/organizations')).items)],
    ['conflict', some((await admin.call('GET /api/conflicts')).items)],
  ])
}
