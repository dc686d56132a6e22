/** The emulator as a person meets it: its sign-in pages and the page that plays Outlook, in a real Chromium. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts'
import type { Listening } from '../../src/emulator/server.ts'
import { launchBrowser, needs } from '../support/browser.ts'

interface Arrived {
  readonly method: string
  readonly values: Record<string, string>
}

interface World {
  readonly browser: Browser
  readonly emulator: Emulator
  readonly listening: Listening
  /** The app that people come back to. */
  readonly app: Server
  readonly back: string
  readonly arrived: Arrived[]
}

let world: World | null = null
let why = ''

beforeAll(async () => {
  const launched = await launchBrowser()
  if (launched.browser === null) {
    why = launched.why
    return
  }
  const emulator = createEmulator({ seed: 'demo' })
  const listening = await emulator.listen(0)
  const arrived: Arrived[] = []
  const app = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const query = new URL(request.url ?? '/', 'http://localhost').searchParams
      if ((request.url ?? '').includes('callback'))
        arrived.push({
          method: request.method ?? '',
          values: Object.fromEntries(body === '' ? query : new URLSearchParams(body)),
        })
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Back</title>Back in the app.')
    })
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  const back = `http://127.0.0.1:${(app.address() as AddressInfo).port}/auth/microsoft/callback`
  world = { browser: launched.browser, emulator, listening, app, back, arrived }
}, 60_000)

afterAll(async () => {
  if (world === null) return
  await world.browser.close()
  await world.listening.close()
  world.app.closeAllConnections()
  world.app.close()
})

/** Nothing sticks out to the side. */
const FITS = 'document.documentElement.scrollWidth <= innerWidth'

async function open(
  { browser }: World,
  options: { readonly width?: number; readonly dark?: boolean } = {},
): Promise<{ page: Page; troubles: string[] }> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 844 },
    colorScheme: options.dark === true ? 'dark' : 'light',
  })
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text())
  })
  return { page, troubles }
}

function authorizeUrl({ emulator, back }: World, more: Record<string, string>): string {
  const { info } = emulator
  const query = new URLSearchParams({
    client_id: info.clientId,
    response_type: 'code',
    redirect_uri: back,
    scope: 'openid offline_access Calendars.ReadWrite Mail.Read',
    state: 's-1',
    ...more,
  })
  return `${info.login}/${info.tenantId}/oauth2/v2.0/authorize?${query.toString()}`
}

test('signing in: pick an account, accept, come back by a form; then silently', async (context) => {
  needs(context, world, why)
  const { page, troubles } = await open(world)
  await page.goto(authorizeUrl(world, { response_mode: 'form_post', prompt: 'select_account' }))
  await page.getByRole('button', { name: /Anna Lindqvist/ }).click()
  await page.getByRole('heading', { name: 'Permissions requested' }).waitFor()
  expect(await page.locator('.scope').allTextContents()).toEqual(['Calendars.ReadWrite', 'Mail.Read'])
  await page.getByRole('button', { name: 'Accept' }).click()
  await page.waitForURL((url) => url.href.startsWith(world?.back ?? '-'))
  expect(world.arrived.at(-1)).toMatchObject({ method: 'POST', values: { state: 's-1' } })
  expect(world.arrived.at(-1)?.values['code']).toBeTruthy()
  await page.goto(authorizeUrl(world, { prompt: 'none', state: 's-2' }))
  expect(world.arrived.at(-1)).toMatchObject({ method: 'GET', values: { state: 's-2' } })
  expect(world.arrived.at(-1)?.values['code']).toBeTruthy()
  expect(troubles).toEqual([])
  await page.context().close()
})

test('declining by the keyboard, on a narrow screen in the dark: the app is told, nothing is granted', async (context) => {
  needs(context, world, why)
  const { page } = await open(world, { width: 390, dark: true })
  await page.goto(authorizeUrl(world, { login_hint: 'ben.okafor@contoso.example', prompt: 'consent' }))
  expect(await page.evaluate(FITS)).toBe(true)
  // The hinted account has the focus already.
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Permissions requested' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.href.startsWith(world?.back ?? '-'))
  expect(world.arrived.at(-1)).toMatchObject({
    method: 'GET',
    values: { error: 'access_denied', state: 's-1' },
  })
  expect(world.arrived.at(-1)?.values['error_description']).toContain('AADSTS65004')
  await page.context().close()
})

test('the page shows calendar, mail, tasks and what goes on, at both widths, light and dark', async (context) => {
  needs(context, world, why)
  for (const width of [1280, 390])
    for (const dark of [false, true]) {
      const { page, troubles } = await open(world, { width, dark })
      for (const [view, seen] of [
        ['calendar', /Sales weekly/],
        ['mail', /Renewal of our contract/],
        ['tasks', /Send renewal offer/],
        ['scenes', /Evict delta tokens/],
      ] as const) {
        await page.goto(`${world.listening.url}/?view=${view}`)
        await page.locator('main').getByText(seen).first().waitFor()
        expect(await page.evaluate(FITS), `${view} at ${width}`).toBe(true)
      }
      expect(troubles).toEqual([])
      await page.context().close()
    }
}, 60_000)

test('by the keyboard alone an event is opened, closed and a new one made', async (context) => {
  needs(context, world, why)
  const { page } = await open(world)
  await page.goto(`${world.listening.url}/?view=calendar`)
  const event = page
    .locator('main')
    .getByRole('button', { name: /Sales weekly/ })
    .first()
  await event.waitFor()
  await event.focus()
  await page.keyboard.press('Enter')
  await page.locator('dialog[open]').waitFor()
  await page.keyboard.press('Escape')
  expect(await page.locator(':focus').textContent()).toContain('Sales weekly')
  await page.getByRole('button', { name: 'New event' }).focus()
  await page.keyboard.press('Enter')
  await page.locator('dialog[open]').waitFor()
  await page.keyboard.type('Typed, not clicked')
  await page.keyboard.press('Enter')
  await page.locator('main').getByText('Typed, not clicked').first().waitFor()
  const mine = world.emulator.control.logs.writes.entries.at(-1)
  expect(mine?.actor).toBe('person:anna.lindqvist@contoso.example')
  await page.context().close()
}, 60_000)
