import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiRoutes } from '../../src/server/api/api.ts'
import { ROLES, type Role } from '../../src/server/api/contract.ts'
import { startProduct, until, type Browser, type RunningProduct } from '../support/running-product.ts'

/** Every route with every role, on the real server. */
const ANNA = 'anna.lindqvist@contoso.example'
const BEN = 'ben.okafor@contoso.example'
/** They end the session that the walk needs, stream for ever, or ask Microsoft for long; each has a test of its own. */
const APART = new Set([
  'DELETE /api/session',
  'DELETE /api/me/sessions',
  'GET /api/events',
  'POST /api/doctor',
])
const pathOf = (route: string): string =>
  (route.split(' ')[1] ?? '')
    .replace(':kind', 'contact')
    .replace(':channel', 'calendar')
    .replace(':action', 'check-application')
    .replace(/:\w+/g, 'nothing')

describe('the API', () => {
  let product: RunningProduct
  let people: Record<Role, Browser>
  beforeAll(async () => {
    product = await startProduct()
    const { email } = product.ready.admin
    people = {
      administrator: await product.signIn(email),
      user: await product.signIn(ANNA),
      auditor: await product.signIn('auditor@contoso.example'),
    }
  }, 120_000)
  afterAll(() => product.stop())

  test.each(apiRoutes.filter(([route]) => !APART.has(route)))(
    '%s is open to its roles and to nobody else',
    async (route, { access, file }) => {
      const [method = ''] = route.split(' ')
      const anonymous = await fetch(`${product.ready.backOffice}${pathOf(route)}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(method !== 'GET' && method !== 'DELETE' && { body: '{}' }),
      })
      if (access === 'public') expect(anonymous.status).not.toBe(403)
      else expect(anonymous.status).toBe(access === 'setup' ? 409 : 401)
      for (const role of ROLES) {
        const response = await people[role].raw(
          method,
          pathOf(route),
          method === 'GET' || method === 'DELETE' ? undefined : { nothing: 'like this' },
        )
        const allowed = access === 'public' || (access !== 'setup' && access.includes(role))
        const body = await response.text()
        if (!allowed) {
          expect([403, 409], `${role}: ${body}`).toContain(response.status)
          continue
        }
        expect(response.status, `${role}: ${body}`).not.toBe(401)
        expect(response.status, `${role}: ${body}`).toBeLessThan(500)
        if (response.ok)
          expect(response.status === 204 || file !== undefined || body.startsWith('{')).toBe(true)
        else {
          expect(response.headers.get('content-type')).toContain('application/problem+json')
          const problem = JSON.parse(body) as { type: string; detail: string; status: number }
          expect(problem).toMatchObject({
            status: response.status,
            type: expect.stringMatching(/^urn:syncline:problem:/),
          })
          expect(problem.detail.length).toBeGreaterThan(10)
        }
      }
    },
  )

  test('no answer carries a secret, a token or another person’s private item', async () => {
    const admin = people.administrator
    const answers: string[] = []
    for (const [route, { params, file }] of apiRoutes)
      if (route.startsWith('GET ') && params === undefined && file === undefined)
        answers.push(
          await (
            await admin.raw('GET', `${pathOf(route)}${route === 'GET /api/settings' ? '?scope=system' : ''}`)
          ).text(),
        )
    const all = answers.join('\n')
    const { clientSecret } = product.ready.microsoft as unknown as { clientSecret: string }
    expect(clientSecret.length).toBeGreaterThan(8)
    expect(all).not.toContain(clientSecret)
    expect(all).not.toMatch(/\$argon2id\$|"refresh_token"|"access_token"|BEGIN (RSA )?PRIVATE KEY/)
  })

  test('what another person keeps private is a block of time to everybody else', async () => {
    const anna = people.user
    const { items: calendars } = await anna.call('GET /api/calendar/calendars')
    const mine = calendars.find((one) => one.mine && one.isDefault) ?? calendars.find((one) => one.mine)
    if (mine === undefined) throw new Error('Anna has no calendar.')
    const time = {
      allDay: false,
      start: '2027-05-04T10:00:00',
      end: '2027-05-04T11:00:00',
      zone: 'Europe/Berlin',
    } as const
    const secret = await anna.call('POST /api/calendar/events', {
      body: {
        calendar: mine.id,
        subject: 'Zahnarzt geheim',
        location: 'Praxis geheim',
        sensitivity: 'private',
        time,
      },
    })
    // Its write at Microsoft is in the history then, too.
    await until(
      'the private event at Microsoft',
      async () =>
        (await anna.call('GET /api/calendar/events/:event', { params: { event: secret.id } })).sync.state ===
        'fine',
    )
    const ben = await product.signIn(BEN)
    for (const other of [ben, people.auditor, people.administrator]) {
      const seen = [
        await (await other.raw('GET', `/api/calendar/events/${secret.id}`)).text(),
        await (await other.raw('GET', `/api/calendar/events?calendar=${mine.id}&q=geheim`)).text(),
        await (
          await other.raw(
            'GET',
            `/api/calendar/occurrences?from=2027-05-01&to=2027-05-08&calendars=${mine.id}`,
          )
        ).text(),
        await (await other.raw('GET', '/api/search?q=geheim')).text(),
        await (await other.raw('GET', `/api/why/${secret.id}`)).text(),
        await (await other.raw('GET', `/api/calendar/calendars/${mine.id}/export`)).text(),
        await (await other.raw('GET', '/api/history?size=500')).text(),
        await (await other.raw('GET', '/api/history/export?format=json')).text(),
        await (await other.raw('GET', '/api/conflicts?size=500')).text(),
        await (await other.raw('GET', '/api/parked')).text(),
      ]
      for (const text of seen) expect(text).not.toContain('geheim')
    }
  })

  test('a call without the session’s csrf value, or from another site, changes nothing', async () => {
    const admin = people.administrator
    const without = await admin.raw(
      'POST',
      '/api/organizations',
      { name: 'Sneaked in' },
      { 'x-csrf': 'wrong' },
    )
    const foreign = await admin.raw(
      'POST',
      '/api/organizations',
      { name: 'Sneaked in' },
      { origin: 'https://evil.example' },
    )
    expect([without.status, foreign.status]).toEqual([403, 403])
    expect(await (await admin.raw('GET', '/api/organizations')).text()).not.toContain('Sneaked in')
  })

  test('a wrong setting is refused with a problem for its key, and nothing is saved', async () => {
    const admin = people.administrator
    const before = await (await admin.raw('GET', '/api/settings/explain')).text()
    const response = await admin.raw('PATCH', '/api/settings', {
      scope: 'system',
      set: { 'synchronization.intervalMinutes': 0, 'deletes.guardItems': 5, 'no.such': 1 },
    })
    expect(response.status).toBe(422)
    const { problems } = (await response.json()) as { problems: { at: string }[] }
    expect(problems.map((one) => one.at).sort()).toEqual(['no.such', 'synchronization.intervalMinutes'])
    expect(await (await admin.raw('GET', '/api/settings/explain')).text()).toBe(before)
  })

  test('five wrong passwords lock the account, the right one too', async () => {
    const { email } = { email: 'chiara.rossi@contoso.example' }
    for (let i = 0; i < 5; i++)
      await expect(product.signIn(email, 'not the password')).rejects.toThrow(/wrong|rests/)
    await expect(product.signIn(email)).rejects.toThrow(/rests/)
    const { items } = await people.administrator.call('GET /api/users', { query: { q: 'chiara' } })
    await people.administrator.call('PATCH /api/users/:user', {
      params: { user: items[0]?.id ?? '' },
      body: { unlock: true },
    })
    await product.signIn(email)
  })

  test('signing out ends the session', async () => {
    const session = await product.signIn(BEN)
    expect((await session.raw('DELETE', '/api/session')).status).toBe(204)
    expect((await session.raw('GET', '/api/me')).status).toBe(401)
  })
})
