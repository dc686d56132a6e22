import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  field,
  keepPicture,
  launchBrowser,
  needs,
  openPage,
  startProduct,
  type Product,
  type WatchedPage,
} from '../support/browser.ts'
import { playScene, type Scene } from '../support/demo-scene.ts'
import { windowOf } from '../support/screens.ts'

/** What people do with mouse and keyboard on the single screens, in the demo company. */
const STEP_MS = 60_000
const START_MS = 240_000
/** The machine may be busy with other tests. */
const PATIENT = { timeout: 15_000 }

interface World {
  readonly browser: Browser
  readonly product: Product
  readonly scene: Scene
  readonly anna: WatchedPage
  readonly boss: WatchedPage
}
let world: World | null = null
let why = ''

beforeAll(async () => {
  const launched = await launchBrowser()
  if (launched.browser === null) {
    why = launched.why
    return
  }
  const { browser } = launched
  const product = await startProduct()
  const scene = await playScene(product)
  const look = { width: 1280, dark: false }
  world = {
    ...{ browser, product, scene },
    anna: await openPage(await windowOf(browser, product, 'user', look)),
    boss: await openPage(await windowOf(browser, product, 'administrator', look)),
  }
}, START_MS)
afterEach(async (context) => {
  if (world) await keepPicture(context, world.anna.page)
})
afterAll(async () => {
  await world?.browser.close()
  await world?.product.stop()
}, START_MS)

const today = (): string => new Date().toISOString().slice(0, 10)
/** Saturday's plant visit has nobody to mail: it moves without a question. */
const VISIT = /^Plant visit at Fabrikam/
const boxOf = async (what: Locator): Promise<{ x: number; y: number; width: number; height: number }> => {
  const box = await what.boundingBox()
  if (box === null) throw new Error('It is not on the screen.')
  return box
}

describe('[B] the calendar by hand', () => {
  test(
    'an event is dragged with its time as a label, Escape takes it back, and the lower edge makes it longer',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      await page.goto(`${world.product.backOffice}/calendar?view=day&date=${today()}`)
      const visit = page.getByRole('button', { name: VISIT })
      await visit.waitFor()
      const from = await boxOf(visit)
      const hour = 48
      await page.mouse.move(from.x + 40, from.y + 12)
      await page.mouse.down()
      await page.mouse.move(from.x + 40, from.y + 12 + hour, { steps: 6 })
      await page.getByRole('status').filter({ hasText: '11:00' }).waitFor()
      await page.keyboard.press('Escape')
      await page.mouse.up()
      await page.getByRole('button', { name: /Plant visit at Fabrikam.*10:00/ }).waitFor()

      await page.mouse.move(from.x + 40, from.y + 12)
      await page.mouse.down()
      await page.mouse.move(from.x + 40, from.y + 12 + hour, { steps: 6 })
      await page.mouse.up()
      await page.getByRole('button', { name: /Plant visit at Fabrikam.*11:00 AM – 12:30/ }).waitFor()
      await page.getByRole('button', { name: 'Undo', exact: true }).click()
      await page.getByRole('button', { name: /Plant visit at Fabrikam.*10:00 AM – 11:30/ }).waitFor()

      const again = await boxOf(visit)
      await page.mouse.move(again.x + 40, again.y + again.height - 3)
      await page.mouse.down()
      await page.mouse.move(again.x + 40, again.y + again.height - 3 + hour, { steps: 6 })
      // It is shown before it is saved: a page that goes away in between would take the change with it.
      const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH')
      await page.mouse.up()
      await page.getByRole('button', { name: /Plant visit at Fabrikam.*10:00 AM – 12:30/ }).waitFor()
      expect((await saved).status()).toBe(200)
      await page.reload()
      await page.getByRole('button', { name: /Plant visit at Fabrikam.*10:00 AM – 12:30/ }).waitFor()
    },
  )

  test(
    'a series is changed for this one, for this and the following, and as a whole',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      const { backOffice } = world.product
      await page.goto(`${backOffice}/calendar?new=event`)
      await field(page, 'Title').fill('Stretching')
      await field(page, 'Repeat').selectOption('daily')
      await page.getByRole('button', { name: 'Create', exact: true }).click()
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.goto(`${backOffice}/calendar?view=agenda&date=${today()}`)
      const titled = (name: string): Locator => page.getByRole('button', { name: new RegExp(name) })
      await titled('Stretching').nth(4).waitFor()
      const change = async (nth: number, of: string, reach: string, name: string): Promise<void> => {
        await titled(of).nth(nth).click()
        await page.getByRole('button', { name: 'Edit', exact: true }).click()
        await page.getByRole('radio', { name: reach }).check({ force: true })
        await field(page, 'Title').fill(name)
        await page.getByRole('button', { name: 'Save', exact: true }).click()
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'hidden' })
      }
      await change(1, 'Stretching', 'This one', 'Yoga')
      await titled('Yoga').first().waitFor()
      expect(await titled('Yoga').count()).toBe(1)
      await change(3, 'Stretching', 'This and all following', 'Running')
      await titled('Running').nth(5).waitFor()
      expect(await titled('Stretching').count()).toBe(3)
      await change(0, 'Running', 'The whole series', 'Swimming')
      await titled('Swimming').nth(5).waitFor()
      expect(await titled('Running').count()).toBe(0)
      expect(await titled('Stretching').count()).toBe(3)
    },
  )

  test(
    'a calendar leaves as iCalendar and comes in again, nothing doubled',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      await page.goto(`${world.product.backOffice}/calendar?view=week`)
      await page
        .getByRole('button', { name: /Family/ })
        .last()
        .click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: 'Export iCalendar' }).click(),
      ])
      const path = await download.path()
      await page
        .getByRole('button', { name: /Family/ })
        .last()
        .click()
      await page.getByRole('menuitem', { name: 'Import iCalendar' }).click()
      await page.locator('input[type=file]').setInputFiles({
        name: 'family.ics',
        mimeType: 'text/calendar',
        buffer: (await import('node:fs')).readFileSync(path),
      })
      await page.getByText(/^0 new, [01] changed, [01] as they are/).waitFor()
      await page.keyboard.press('Escape')
    },
  )
})

describe('[B] tasks, records and the keyboard', () => {
  test(
    'a line and Enter is a task with its date; the board moves it; done is done',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      await page.goto(`${world.product.backOffice}/tasks`)
      await page.getByLabel('New task').fill('Water the plants tomorrow')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Water the plants', exact: true }).waitFor()
      await page.goto(`${world.product.backOffice}/tasks?view=board`)
      await page.getByLabel('Status of Water the plants').selectOption('inProgress')
      await page
        .getByRole('region', { name: 'In progress' })
        .getByRole('button', { name: 'Water the plants' })
        .waitFor()
      await page.goto(`${world.product.backOffice}/tasks`)
      await page.getByRole('checkbox', { name: 'Complete: Water the plants' }).click()
      await page.getByRole('button', { name: 'Water the plants', exact: true }).waitFor({ state: 'hidden' })
    },
  )

  test(
    'the palette finds a record by a few letters; ? shows the keys; g and a letter go; the focus comes back',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      await page.goto(world.product.backOffice)
      await page.getByRole('heading', { name: 'Mailboxes' }).waitFor()
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: /Keyboard/ }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.keyboard.press('g')
      await page.keyboard.press('h')
      await page.waitForURL('**/history')
      const search = page.getByRole('button', { name: /Search or jump to/ })
      await search.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').getByRole('combobox').fill('Petra')
      await page.getByRole('option', { name: /Petra Haas/ }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      expect(await search.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true)
      await page.keyboard.press('Control+k')
      await page.getByRole('dialog').getByRole('combobox').fill('Petra')
      await page.getByRole('option', { name: /Petra Haas/ }).waitFor()
      await page.keyboard.press('Enter')
      await page.waitForURL('**/records/contact/*')
      await page.getByRole('heading', { name: 'Petra Haas' }).waitFor()
    },
  )

  test(
    'from an event with a conflict to its conflicts alone, and "all alike" answers those and no other',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      const { product, scene } = world
      const entries = page.getByRole('list', { name: 'Conflicts' }).getByRole('button')
      await page.goto(`${product.backOffice}/conflicts`)
      await entries.first().waitFor()
      const all = await entries.count()
      await page.goto(`${product.backOffice}/calendar?view=week&event=${scene.ids.event}`)
      await page.getByRole('dialog').getByRole('link', { name: 'Decide' }).click()
      await page.getByText('Only those of one item.').waitFor()
      await expect.poll(() => entries.count(), PATIENT).toBe(2)
      await page.getByRole('button', { name: 'Answer all alike' }).click()
      await page.getByRole('menuitem', { name: 'Take CRM for 2 conflicts' }).click()
      await expect.poll(() => entries.count(), PATIENT).toBe(0)
      await page.getByRole('link', { name: 'Show all' }).click()
      await expect.poll(() => entries.count(), PATIENT).toBe(all - 2)
    },
  )

  test('a folder has its name in the history, never its id', { timeout: STEP_MS }, async (context) => {
    needs(context, world, why)
    const { page } = world.anna
    await page.goto(`${world.product.backOffice}/history?channel=email`)
    await page.locator('main [data-line] button[aria-expanded]').first().click()
    await page.getByText('Folder', { exact: true }).waitFor()
    await page
      .getByText(/^(Inbox|Sent Items)$/)
      .first()
      .waitFor()
  })

  test(
    'a conflict is answered with the keyboard alone and remembered for its field; the rule is shown, forgotten and saved',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      await page.goto(`${world.product.backOffice}/conflicts`)
      await page.getByRole('article').waitFor()
      const before = await page.getByRole('list', { name: 'Conflicts' }).getByRole('button').count()
      expect(before).toBeGreaterThanOrEqual(1)
      await page.keyboard.press('j')
      await page.keyboard.press('k')
      await page.keyboard.press('r')
      const remember = page.getByRole('checkbox', { name: /^Remember for "Title"/ })
      await expect.poll(() => remember.isChecked(), PATIENT).toBe(true)
      await page.keyboard.press('m')
      await page.getByText('Decided.').first().waitFor()
      await expect
        .poll(() => page.getByRole('list', { name: 'Conflicts' }).getByRole('button').count(), PATIENT)
        .toBe(before - 1)
      await page.goto(`${world.product.backOffice}/me/microsoft`)
      const rule = page.getByLabel('Who wins Title')
      await expect.poll(() => rule.inputValue(), PATIENT).toBe('mailbox')
      await page.getByRole('button', { name: 'Forget Title' }).click()
      await page.getByText('1 unsaved change').waitFor()
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByText('Saved.').first().waitFor()
      await page.reload()
      await page.getByText('None yet. Tick "Remember"').first().waitFor()
      expect(await rule.count()).toBe(0)
    },
  )

  test(
    'contacts come in from CSV and from vCards, first shown, then done',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.anna
      const files: [string, string, string][] = [
        ['people.csv', 'Name,Email\nCarla Csv,carla@import.example\n', 'Carla Csv'],
        [
          'people.vcf',
          'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Victor Vcard\r\nN:Vcard;Victor;;;\r\nEMAIL:victor@import.example\r\nEND:VCARD\r\n',
          'Victor Vcard',
        ],
      ]
      for (const [name, content, person] of files) {
        await page.goto(`${world.product.backOffice}/records/contact/import`)
        await page
          .locator('input[type=file]')
          .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) })
        await page.getByText(/^1 new, 0 changed/).waitFor()
        await page.getByRole('button', { name: 'Import 1 row' }).click()
        await page.waitForURL('**/records/contact')
        await page.getByText(person).first().waitFor()
      }
    },
  )
})

describe('[B] the administrator’s screens', () => {
  test(
    'an auditor finds and reads the settings, and can change none',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = await openPage(
        await windowOf(world.browser, world.product, 'auditor', { width: 1280, dark: false }),
      )
      await page.goto(`${world.product.backOffice}/system`)
      await page.getByRole('link', { name: /^Microsoft Settings/ }).click()
      const id = field(page, 'Application (client) ID')
      await id.waitFor()
      expect(await id.isDisabled()).toBe(true)
      expect(await page.getByRole('button', { name: /Save|Check Connection/ }).count()).toBe(0)
      await page.context().close()
    },
  )

  test(
    'the guide begins with the channels that are enabled and names only what Exchange can limit',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.boss
      await page.goto(`${world.product.backOffice}/system/guide`)
      for (const channel of ['Calendar', 'Tasks', 'Email'])
        await expect.poll(() => page.getByRole('checkbox', { name: channel }).isChecked(), PATIENT).toBe(true)
      await page.getByText('Application Mail.Send').waitFor()
      expect(await page.getByText('Application Tasks').count()).toBe(0)
      await page.getByRole('checkbox', { name: 'Email' }).uncheck()
      await page.getByText('Application Mail.Send').waitFor({ state: 'hidden' })
      await page.getByText('Application Calendars.ReadWrite').waitFor()
    },
  )

  test(
    'unsaved settings are not lost by a click; wide changes say whom they reach before they are saved',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.boss
      await page.goto(`${world.product.backOffice}/system/configuration/microsoft`)
      await page.getByLabel('Use Default: Sync interval (in minutes)').uncheck()
      await field(page, 'Sync interval (in minutes)').fill('7')
      await page.getByText('1 unsaved change').waitFor()
      const asked = new Promise<string>((done) => {
        page.once('dialog', (dialog) => {
          done(dialog.message())
          void dialog.dismiss()
        })
      })
      await page.getByRole('link', { name: 'History' }).first().click()
      expect(await asked).toContain('unsaved changes')
      expect(new URL(page.url()).pathname).toBe('/system/configuration/microsoft')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page
        .getByRole('dialog')
        .getByText(/Applies to \d+ users/)
        .first()
        .waitFor()
      await page.getByRole('dialog').getByRole('button', { name: /^Save/ }).click()
      await page.getByText('In force: 7 minutes (system)').waitFor()
    },
  )

  test(
    'the history is verified by a button, narrowed, and leaves as CSV and JSON',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { page } = world.boss
      await page.goto(`${world.product.backOffice}/history`)
      await page.getByRole('button', { name: 'Verify' }).click()
      await page.getByText(/^All \d+ entries fit/).waitFor()
      for (const [item, name] of [
        ['Export CSV', 'history.csv'],
        ['Export JSON', 'history.jsonl'],
      ] as const) {
        await page.getByRole('button', { name: 'Export', exact: true }).click()
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('menuitem', { name: item }).click(),
        ])
        expect(download.suggestedFilename()).toBe(name)
      }
      await page.getByPlaceholder('Search titles').fill('Lunch with Adatum')
      await page.waitForURL('**/history?q=*')
      await expect
        .poll(() => page.locator('[data-line]').filter({ hasNotText: 'Lunch with Adatum' }).count(), PATIENT)
        .toBe(0)
    },
  )

  test('a channel is paused with its reason and resumed', { timeout: STEP_MS }, async (context) => {
    needs(context, world, why)
    const { page } = world.boss
    await page.goto(world.product.backOffice)
    const box = page.getByRole('region', { name: 'emily.carter@contoso.example' })
    await box.getByRole('button', { name: 'Pause: Calendar' }).click()
    await page.getByLabel(/^Why/).fill('Moving house')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
    await box.getByText('Paused: Moving house').waitFor()
    await box.getByRole('button', { name: 'Resume: Calendar' }).click()
    await box.getByText('Paused: Moving house').waitFor({ state: 'hidden' })
  })

  test(
    'wrong passwords make the account rest, in words; the administrator unlocks it',
    { timeout: STEP_MS },
    async (context) => {
      needs(context, world, why)
      const { browser, product } = world
      const window = await windowOf(browser, product, 'nobody', { width: 1280, dark: false })
      const page: Page = await window.newPage()
      await page.goto(`${product.backOffice}/sign-in`)
      for (let i = 0; i < 6; i++) {
        await field(page, 'Email').fill('farid.rahman@contoso.example')
        await field(page, 'Password').fill(`not the password ${i}`)
        const [answer] = await Promise.all([
          page.waitForResponse(
            (one) => one.url().endsWith('/api/session') && one.request().method() === 'POST',
          ),
          page.getByRole('button', { name: 'Sign in', exact: true }).click(),
        ])
        expect(answer.ok()).toBe(false)
      }
      await page.getByRole('alert').filter({ hasText: /rests/ }).waitFor()
      await window.close()
    },
  )

  test('nothing in all this broke a page or its security policy', async (context) => {
    needs(context, world, why)
    const expected = /the server responded with a status of 4/
    expect([...world.anna.troubles, ...world.boss.troubles].filter((one) => !expected.test(one))).toEqual([])
  })
})
