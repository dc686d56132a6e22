import { createEmulator } from '../../src/emulator/emulator.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  act,
  field,
  keepPicture,
  launchBrowser,
  needs,
  openPage,
  startProduct,
  type Product,
} from '../support/browser.ts'

/**
 * One company from nothing to a disconnect, as its people see it: the real server, a real Chromium, and the emulator in
 * Microsoft's place. Each test goes on where the one before ended.
 */
const ADMIN = { email: 'olga@contoso.example', password: 'a long enough sentence' }
const PERSON = 'anna.lindqvist@contoso.example'
const STRANGER = 'ben.okafor@contoso.example'
const STEP_MS = 60_000

interface World {
  readonly browser: Browser
  readonly product: Product
  readonly control: string
  readonly page: Page
  readonly troubles: readonly string[]
  close(): Promise<void>
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
  const { info } = emulator
  const product = await startProduct(['--no-demo'], {
    SYNCLINE_MICROSOFT_GRAPH: info.graph,
    SYNCLINE_MICROSOFT_LOGIN: info.login,
  })
  const context = await launched.browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(20_000)
  const { page, troubles } = await openPage(context)
  world = {
    browser: launched.browser,
    product: { ...product, microsoft: info },
    control: info.control,
    page,
    troubles,
    close: async () => {
      await launched.browser.close()
      await product.stop()
      await listening.close()
    },
  }
}, 180_000)

afterAll(async () => {
  await world?.close()
}, 30_000)

afterEach(async (context) => {
  if (world !== null) await keepPicture(context, world.page)
})

/** Asks the emulator as the person, the way Outlook and To Do would show it. */
async function asPerson<T>(control: string, path: string): Promise<T> {
  return (await act(control, PERSON, 'GET', path)) as T
}
interface Listed {
  readonly body: {
    readonly value: readonly { readonly id: string; readonly subject?: string; readonly title?: string }[]
  }
}

describe('[B] from nothing to a disconnect', () => {
  test('the first administrator is made on the first page', { timeout: STEP_MS }, async (context) => {
    needs(context, world, why)
    const { page, product } = world
    await page.goto(product.backOffice)
    await page.waitForURL('**/set-up')
    await field(page, 'Organization').fill('Contoso')
    await field(page, 'Your name').fill('Olga Petrova')
    await field(page, 'Email').fill(ADMIN.email)
    await field(page, 'Password').fill(ADMIN.password)
    await field(page, 'Password again').fill(ADMIN.password)
    await page.getByRole('button', { name: 'Create and sign in' }).click()
    await page.waitForURL('**/system/guide')
    await page.getByText('Calendars.ReadWrite', { exact: true }).first().waitFor()
  })

  test(
    'the application settings are checked at Microsoft before anything can be switched on',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page, product } = world
      const { microsoft } = product
      await page.goto(`${product.backOffice}/system/configuration/microsoft`)
      await page.getByText('Redirect URI', { exact: true }).first().waitFor()
      expect(await field(page, 'Enable Calendar Sync').isDisabled()).toBe(true)
      for (const [label, value] of [
        ['Application (client) ID', microsoft?.clientId],
        ['Client Secret', microsoft?.clientSecret],
        ['Directory (tenant) ID', microsoft?.tenantId],
      ] as const) {
        await page.getByLabel(`Use Default: ${label}`, { exact: true }).uncheck()
        await field(page, label).fill(value ?? '')
      }
      await page.getByText('3 unsaved changes').waitFor()
      await save(page)
      expect(await field(page, 'Client Secret').inputValue()).toBe('')
      expect(await page.content()).not.toContain(microsoft?.clientSecret)
      await page.getByRole('button', { name: 'Check Connection' }).click()
      await page.getByText('were checked against Microsoft').waitFor()
      await field(page, 'Use Default: Enable Calendar Sync').uncheck()
      await field(page, 'Enable Calendar Sync').check({ force: true })
      await save(page)
    },
  )

  test(
    'a person connects through the consent page of Microsoft and sees which account and target',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page, product } = world
      await page.goto(`${product.backOffice}/me`)
      await connectBy(page, 'Connect')
      await page.getByRole('heading', { name: /Anna/ }).waitFor()
      await page.getByText('new items go to').first().waitFor()
      expect(await page.getByText(PERSON).count()).toBeGreaterThan(0)
    },
  )

  test(
    '[Pain 25] the first sync of tasks is previewed, and exactly the plan is executed',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page, product, control } = world
      await page.goto(product.backOffice)
      await page.getByRole('button', { name: 'Pause: Tasks' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: 'Resume: Tasks' }).waitFor()
      await page.goto(`${product.backOffice}/system/configuration/microsoft`)
      await field(page, 'Use Default: Enable Tasks Sync').uncheck()
      await field(page, 'Enable Tasks Sync').check({ force: true })
      await save(page)
      // Tasks need one more permission than was consented to: Reconnect asks for it and keeps what is there.
      await page.goto(`${product.backOffice}/me`)
      await connectBy(page, 'Reconnect')
      await page
        .getByRole('status')
        .filter({ hasText: /onnected/ })
        .first()
        .waitFor()
      await page.goto(product.backOffice)
      await page.getByRole('button', { name: 'Preview next run: Tasks' }).click()
      await page.waitForURL('**/plans/*')
      const lists = await asPerson<Listed>(control, '/me/todo/lists')
      const list = lists.body.value[0]
      const tasks = await asPerson<Listed>(control, `/me/todo/lists/${list?.id ?? ''}/tasks`)
      const titles = tasks.body.value.map((task) => task.title ?? '')
      expect(titles.length).toBeGreaterThan(0)
      for (const title of titles) await page.getByRole('button', { name: title, exact: true }).waitFor()
      await page.getByText('Nobody is mailed.').waitFor()
      await page.getByRole('button', { name: `Approve ${titles.length} changes` }).click()
      await page.getByText('Done', { exact: true }).first().waitFor()
      await page.goto(`${product.backOffice}/tasks?done=yes`)
      for (const title of titles) await page.getByRole('button', { name: title, exact: true }).waitFor()
    },
  )

  test(
    'what is edited here arrives there, and what is edited there arrives here without a reload',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page, product, control } = world
      await page.goto(`${product.backOffice}/calendar?new=event`)
      await field(page, 'Title').fill('Walk through the plan')
      await page.getByRole('button', { name: 'Create', exact: true }).click()
      await page
        .getByRole('button', { name: /^Walk through the plan/ })
        .first()
        .waitFor()
      await syncNow(page, product)
      await expect
        .poll(async () => (await events(control)).map((event) => event.subject), { timeout: 20_000 })
        .toContain('Walk through the plan')
      const event = (await events(control)).find((one) => one.subject === 'Walk through the plan')
      await act(control, PERSON, 'PATCH', `/me/events/${event?.id ?? ''}`, {
        subject: 'Walk through the budget',
      })
      await page.goto(`${product.backOffice}/calendar`)
      await page
        .getByRole('button', { name: /^Walk through the plan/ })
        .first()
        .waitFor()
      await askForSync(page)
      await page
        .getByRole('button', { name: /^Walk through the budget/ })
        .first()
        .waitFor()
    },
  )

  test(
    'a field changed on both sides waits in the inbox and is answered by one key',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page, product, control } = world
      await page.goto(`${product.backOffice}/me/microsoft`)
      await page.getByLabel('Use Organization: Conflict Resolution').first().uncheck()
      await field(page, 'Conflict Resolution').first().selectOption('ask')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByText('Saved.').first().waitFor()
      const event = (await events(control)).find((one) => one.subject === 'Walk through the budget')
      await page.goto(`${product.backOffice}/calendar`)
      await page
        .getByRole('button', { name: /^Walk through the budget/ })
        .first()
        .click()
      await page.getByRole('button', { name: 'Edit' }).click()
      await field(page, 'Title').fill('Budget: the long version')
      await act(control, PERSON, 'PATCH', `/me/events/${event?.id ?? ''}`, {
        subject: 'Budget: the short version',
      })
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await syncNow(page, product)
      await page.goto(`${product.backOffice}/conflicts`)
      const detail = page.getByRole('article')
      await detail.getByText('long').first().waitFor()
      await detail.getByText('short').first().waitFor()
      await page.keyboard.press('m')
      await page.getByText('Decided.').first().waitFor()
      await page.goto(`${product.backOffice}/calendar`)
      await page
        .getByRole('button', { name: /^Budget: the short version/ })
        .first()
        .waitFor()
      expect((await events(control)).map((one) => one.subject)).toContain('Budget: the short version')
    },
  )

  test('a write is undone from the history, by a run of its own', { timeout: STEP_MS }, async (context) => {
    needs(context, world, why)
    const { page, product, control } = world
    const event = (await events(control)).find((one) => one.subject === 'Budget: the short version')
    await page.goto(`${product.backOffice}/calendar`)
    await page
      .getByRole('button', { name: /^Budget: the short version/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await field(page, 'Location').fill('Cellar')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await syncNow(page, product)
    const location = async (): Promise<string | undefined> => {
      const answer = (await act(control, PERSON, 'GET', `/me/events/${event?.id ?? ''}`)) as {
        readonly body: { readonly location?: { readonly displayName?: string } }
      }
      return answer.body.location?.displayName
    }
    await expect.poll(location, { timeout: 20_000 }).toBe('Cellar')
    await page.goto(`${product.backOffice}/history?side=mailbox`)
    await page.getByRole('button', { name: 'Undo: Budget: the short version' }).first().click()
    await page.waitForURL('**/plans/*')
    expect(await location()).toBe('Cellar')
    await page.getByRole('button', { name: /^Approve/ }).click()
    await expect.poll(location, { timeout: 20_000 }).not.toBe('Cellar')
  })

  test(
    '[pain 9] a consent that was withdrawn is said in words with what to do; a reconnect keeps everything and takes no other account',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page, product, control } = world
      const before = (await events(control)).length
      const post = (name: string, body: object, method = 'POST'): Promise<Response> =>
        fetch(`${control}/${name}`, {
          method,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      await post('revoke-consent', { person: PERSON })
      await post('faults', { rules: [{ kind: 'token-refused', mailbox: PERSON }] }, 'PUT')
      await page.goto(product.backOffice)
      await page.getByRole('button', { name: 'Sync now: Calendar' }).click()
      const words = page.getByText(/Nothing (was|is) lost/).first()
      await words.waitFor()
      expect(await page.locator('main').textContent()).toMatch(/[Rr]econnect|[Cc]onnect .*again/)
      expect(await page.getByText('In sync', { exact: true }).count()).toBe(0)
      await fetch(`${control}/faults`, { method: 'DELETE' })
      await page.goto(`${product.backOffice}/me`)
      await connectBy(page, 'Reconnect', STRANGER)
      await page
        .getByText(/this mailbox is anna/)
        .first()
        .waitFor()
      await connectBy(page, 'Reconnect')
      await page.getByText('Connected', { exact: true }).first().waitFor()
      await syncNow(page, product)
      await page.getByText('In sync', { exact: true }).first().waitFor()
      await page.goto(`${product.backOffice}/calendar`)
      await page
        .getByRole('button', { name: /^Budget: the short version/ })
        .first()
        .waitFor()
      expect((await events(control)).length).toBe(before)
    },
  )

  test(
    '[Pain 10] a disconnect keeps the data, and nothing is deleted at Microsoft',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page, product, control } = world
      const before = (await events(control)).length
      await page.goto(`${product.backOffice}/me`)
      await page.getByRole('button', { name: 'Disconnect', exact: true }).click()
      await page.getByRole('button', { name: 'Disconnect: keep the data' }).click()
      await page.getByText('Disconnected', { exact: true }).first().waitFor()
      await page.goto(`${product.backOffice}/calendar`)
      await page
        .getByRole('button', { name: /^Budget: the short version/ })
        .first()
        .waitFor()
      expect((await events(control)).length).toBe(before)
    },
  )

  test('nothing in all this broke a page or its security policy', async (context) => {
    needs(context, world, why)
    expect(world.troubles).toEqual([])
  })
})

/** The popup of Microsoft's sign-in: the account, the consent, and it closes by itself. */
async function connectBy(page: Page, button: 'Connect' | 'Reconnect', as = PERSON): Promise<void> {
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ])
  const account = popup.getByRole('button', { name: as })
  const accept = popup.getByRole('button', { name: 'Accept' })
  await account.or(accept).first().waitFor()
  if (await account.isVisible()) await account.click()
  if (as === PERSON) await Promise.all([popup.waitForEvent('close'), accept.click()])
  else {
    // Who is refused reads why, and closes the window.
    await accept.or(popup.getByText('Not connected')).first().waitFor()
    if (await accept.isVisible()) await accept.click()
    await popup.getByText('Not connected').first().waitFor()
    await popup.close()
  }
}

async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Save/ }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

async function events(control: string): Promise<Listed['body']['value']> {
  return (await asPerson<Listed>(control, '/me/events?$top=200')).body.value
}

async function syncNow(page: Page, product: Product): Promise<void> {
  await page.goto(product.backOffice)
  await page.getByRole('button', { name: 'Sync now: Calendar' }).click()
  await page.getByText('Queued.').first().waitFor()
}

/** Through the palette, so that the page that is open stays. */
async function askForSync(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('Sync everything')
  await page.getByRole('option', { name: 'Sync everything now' }).waitFor()
  await page.keyboard.press('Enter')
}
