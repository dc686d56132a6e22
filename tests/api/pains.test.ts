import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channelView, type ChannelRecord } from '../../src/server/channel-views.ts'
import { startProduct, until, type Browser, type RunningProduct } from '../support/running-product.ts'

/** The pains of operating a sync, on the real server with the emulated Microsoft 365. */
const BEN = 'ben.okafor@contoso.example'
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
/** Alerts are looked for once a minute. */
const ALERT_MS = 80_000

describe('operating it', () => {
  let product: RunningProduct
  let admin: Browser
  let ben: Browser
  const control = async (method: string, name: string, body?: object): Promise<void> => {
    const response = await fetch(`${product.ready.microsoft.control}/${name}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    expect(response.status, await response.text()).toBe(200)
  }
  const doctor = async (body: { foreignMailbox?: string } = {}) =>
    (await admin.call('POST /api/doctor', { body })).steps
  const set = (values: Record<string, string>) =>
    admin.call('PATCH /api/settings', { body: { scope: 'system', set: values } })

  beforeAll(async () => {
    product = await startProduct()
    admin = await product.signIn(product.ready.admin.email)
    ben = await product.signIn(BEN)
    await until('everything is in sync', async () => {
      const { items } = await admin.call('GET /api/status')
      return items.every((row) => !row.enabled || row.health === 'proven')
    })
  }, 120_000)
  afterAll(() => product.stop())

  test('[pain 8] a channel that nobody runs any more is late, though nothing failed', () => {
    const now = Date.parse('2026-11-28T12:00:00Z')
    const seen = (minutesAgo: number) =>
      channelView({ ...QUIET, proven_at: new Date(now - minutesAgo * MINUTE_MS) }, SWITCHED_ON, now)
    expect(seen(4)).toMatchObject({ health: 'proven', message: null, lagSeconds: 240 })
    expect(seen(61)).toMatchObject({ health: 'late', lagSeconds: 3660 })
    expect(seen(61).message).toMatch(/last proven in sync 61 minutes ago/)
  })

  test('[pain 8] a sync that fails is never shown as fine: not to the administrator, not to its user', async () => {
    await control('POST', 'mailbox', { person: BEN, gone: true })
    await ben.call('POST /api/sync')
    for (const who of [ben, admin]) {
      const row = await until('Ben’s calendar is not fine any more', async () => {
        const { items } = await who.call('GET /api/status')
        return items.find(
          (one) => one.address === BEN && one.channel === 'calendar' && one.health !== 'proven',
        )
      })
      expect(['late', 'needs-person', 'working']).toContain(row.health)
    }
    const told = await until('it is said in words', async () => {
      const { items } = await ben.call('GET /api/status')
      return items.find((one) => one.channel === 'calendar' && one.state === 'failed')?.message
    })
    expect(told).toMatch(/Nothing (was|is) lost/)
    await control('POST', 'mailbox', { person: BEN, gone: false })
    await ben.call('POST /api/sync')
    await until('it goes on by itself', async () => {
      const { items } = await ben.call('GET /api/status')
      return items.every((row) => !row.enabled || row.health === 'proven')
    })
  })

  test(
    '[pain 11] the end of the secret is counted down: in the doctor with the fix, and as an alert',
    { timeout: ALERT_MS + 30_000 },
    async () => {
      await set({ 'application.secretExpiresOn': dayIn(20) })
      const step = (await doctor()).find((one) => one.id === 'expiry')
      expect(step).toMatchObject({ state: 'warning' })
      expect(step?.detail).toMatch(/ends in (19|20|21) days/)
      expect(step?.fix).toMatch(/Next Client Secret/)
      const information = await admin.call('GET /api/system')
      expect(JSON.stringify(information)).toContain(dayIn(20))
      const end = Date.now() + ALERT_MS
      for (;;) {
        const { items } = await admin.call('GET /api/alerts')
        const alert = items.find((one) => /client secret or certificate ends in \d+ days/i.test(one.message))
        if (alert !== undefined) {
          expect(alert.fix).toMatch(/nobody is interrupted/)
          expect(alert.href).toBe('/system/configuration/microsoft')
          break
        }
        if (Date.now() > end) throw new Error(`No alert: ${JSON.stringify(items)}`)
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
      await set({ 'application.secretExpiresOn': dayIn(-1) })
      expect((await doctor()).find((one) => one.id === 'expiry')).toMatchObject({ state: 'failed' })
      await set({ 'application.secretExpiresOn': dayIn(300) })
      expect((await doctor()).find((one) => one.id === 'expiry')).toMatchObject({ state: 'ok', fix: null })
    },
  )

  test('[pain 12] the doctor names the step that fails and what to do, and can be run again', async () => {
    const right = (product.ready.microsoft as unknown as { clientSecret: string }).clientSecret
    await set({ 'application.clientSecret': 'not~the~secret' })
    const broken = await doctor()
    expect(broken.find((one) => one.id === 'settings')).toMatchObject({ state: 'ok' })
    const failing = broken.find((one) => one.id === 'credential')
    expect(failing).toMatchObject({ state: 'failed', title: 'Client secret or certificate' })
    expect(failing?.detail).toMatch(/secret/i)
    expect(failing?.fix?.length).toBeGreaterThan(10)
    expect(JSON.stringify(broken)).not.toContain('not~the~secret')
    await set({ 'application.clientSecret': right })
    const whole = await doctor()
    expect(whole.filter((one) => one.state === 'failed')).toEqual([])
    expect(whole.map((one) => one.title)).toEqual(
      expect.arrayContaining(['Database', `Sign-in of ${BEN}`, `Permission for calendar of ${BEN}`]),
    )
    expect((await admin.call('GET /api/doctor')).steps).toEqual(whole)
  })

  test('while Microsoft asks to wait, every channel of the mailbox says until when, and for no longer', async () => {
    const mine = async () => (await ben.call('GET /api/status')).items.filter((row) => row.enabled)
    expect((await mine()).map((row) => row.throttledUntil)).toEqual(expect.arrayContaining([null]))
    const before = Date.now()
    await control('PUT', 'faults', {
      rules: [{ kind: 'refuse', status: 429, mailbox: BEN, count: 1, retryAfterSeconds: 6 }],
    })
    const [row] = await mine()
    if (row === undefined) throw new Error('Ben has no channel.')
    await ben.call('POST /api/mailboxes/:mailbox/channels/:channel/sync', {
      params: { mailbox: row.mailbox, channel: row.channel },
    })
    const waiting = await until('a time until when', async () => {
      const rows = await mine()
      return rows.every((one) => one.throttledUntil !== null) && rows
    })
    const wait = Date.parse(waiting[0]?.throttledUntil ?? '') - before
    expect(wait).toBeGreaterThan(5_900)
    expect(wait).toBeLessThan(36_000)
    expect(waiting[0]?.message).toContain('asked to wait until')
    expect(await until('it is over', async () => (await mine()).every((one) => !one.throttledUntil))).toBe(
      true,
    )
    await control('DELETE', 'faults')
    await until('a pass after it', async () =>
      (await mine()).some((one) => Date.parse(one.provenAt ?? '') > before),
    )
  })

  test('a wait that Microsoft asks for moves the next run, and not that of a channel that is paused', () => {
    const now = Date.parse('2026-11-02T10:00:00Z')
    const at = (minutes: number): Date => new Date(now + minutes * MINUTE_MS)
    const seen = (more: Partial<ChannelRecord>) =>
      channelView({ ...QUIET, next_at: at(1), throttled_until: at(2.5), ...more }, SWITCHED_ON, now)
    expect(seen({})).toMatchObject({
      nextAt: at(2.5).toISOString(),
      throttledUntil: at(2.5).toISOString(),
      message: expect.stringContaining('until 10:03 UTC'),
    })
    expect(seen({ next_at: at(5) }).nextAt).toBe(at(5).toISOString())
    expect(seen({ throttled_until: at(-1) })).toMatchObject({
      nextAt: at(1).toISOString(),
      throttledUntil: null,
      message: null,
    })
    expect(seen({ paused: 'holidays' })).toMatchObject({ nextAt: null, throttledUntil: null })
  })

  test('[pain 12] a consent that was declined ends on a page that says so, and nothing was connected', async () => {
    const before = (await ben.call('GET /api/mailboxes')).items
    const { url } = await ben.call('POST /api/connect', { body: {} })
    const state = new URL(url).searchParams.get('state') ?? ''
    const declined = new URLSearchParams({
      ...{ state, error: 'access_denied' },
      error_description: 'AADSTS65004: User declined to consent to access the app.',
    })
    const answer = await ben.raw('GET', `/auth/microsoft/callback?${declined}`)
    const page = await answer.text()
    expect(answer.status).toBe(400)
    expect(page).toContain('Not connected')
    expect(page.replaceAll(/AADSTS\d+/g, '')).toMatch(/declin|refus|consent/i)
    expect((await ben.call('GET /api/mailboxes')).items.map(({ id, state }) => [id, state])).toEqual(
      before.map(({ id, state }) => [id, state]),
    )
  })

  test('[pain 20] the guide prints the commands that limit app-only access, and the doctor proves it', async () => {
    const guide = await admin.call('GET /api/setup-guide', { query: { access: 'application' } })
    const commands = guide.steps.find((one) => one.id === 'limit')?.copy.map((one) => one.value) ?? []
    expect(commands.join('\n')).toMatch(/New-ServicePrincipal -AppId [0-9a-f-]{36}/)
    expect(commands.join('\n')).toMatch(/New-ManagementScope/)
    expect(commands.join('\n')).toMatch(/New-ManagementRoleAssignment .*Calendars\.ReadWrite/)
    const foreignMailbox = 'farid.rahman@contoso.example'
    const open = (await doctor({ foreignMailbox })).find((one) => one.id === 'foreign')
    expect(open).toMatchObject({ state: 'failed' })
    expect(open?.fix).toMatch(/New-ManagementScope/)
    await control('PUT', 'faults', { rules: [{ kind: 'refuse', status: 403, mailbox: foreignMailbox }] })
    const limited = (await doctor({ foreignMailbox })).find((one) => one.id === 'foreign')
    await control('DELETE', 'faults')
    expect(limited).toMatchObject({ state: 'ok', detail: 'Microsoft refuses it, as it should.' })
  })
})

const SWITCHED_ON = { system: { 'integrations.calendar': true, 'application.clientId': 'x' } } as const
const QUIET: ChannelRecord = {
  ...{ mailbox: 'm', channel: 'calendar', address: 'anna@contoso.example', organization: 'o', user: 'u' },
  ...{
    mailbox_state: 'connected',
    trouble: null,
    throttled_until: null,
    enabled: true,
    paused: null,
    state: 'idle',
  },
  ...{ last_started_at: null, last_finished_at: null, next_at: null, proven_at: null, covered: false },
  ...{ failures: 0, message: null, first_sync_done: true, progress: null },
  ...{ waiting: 0, held: 0, conflicts: 0, parked: 0, linked: 3 },
}
