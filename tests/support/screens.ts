import type { Browser, BrowserContext, Page } from 'playwright-core'
import { ANNA, type Scene, type SceneId } from './demo-scene.ts'
import { field, type Product } from './browser.ts'

/**
 * Every screen of the back-office, once: the pictures and the accessibility test both walk this list. A new page is one
 * more row; `{name}` in an address is an id of the scene.
 */
export interface Screen {
  readonly name: string
  readonly path: string
  readonly as: Person
  /** What a person does before the picture: opens a drawer, a menu. */
  readonly then?: (page: Page) => Promise<void>
}
/** Nobody: not signed in. Newcomer: a product in which nobody has signed up yet. */
export type Person = 'administrator' | 'user' | 'auditor' | 'nobody' | 'newcomer'

const WIDE = 640
const press =
  (keys: string) =>
  async (page: Page): Promise<void> => {
    await page.keyboard.press(keys)
    await page.getByRole('dialog').first().waitFor()
  }
const openDialog =
  (button: string | RegExp) =>
  async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: button }).first().click()
    await page.getByRole('dialog').first().waitFor()
  }
/** A line of the history with its before and after. */
const openFirst = async (page: Page): Promise<void> => {
  await page.locator('main [data-line] button[aria-expanded]').first().click()
}
const screen = (name: string, path: string, as: Person, then?: Screen['then']): Screen => ({
  ...{ name, path, as },
  ...(then && { then }),
})

export const SCREENS: readonly Screen[] = [
  screen('set-up', '/set-up', 'newcomer'),
  screen('sign-in', '/sign-in', 'nobody'),
  screen('not-found', '/no/such/page', 'user'),
  screen('palette', '/', 'user', press('Control+k')),
  screen('shortcuts', '/', 'user', press('?')),

  screen('overview', '/', 'administrator'),
  screen('overview-mine', '/', 'user'),
  screen('calendar-month', '/calendar?view=month', 'user'),
  screen('calendar-week', '/calendar?view=week', 'user'),
  screen('calendar-day', '/calendar?view=day', 'user'),
  screen('calendar-agenda', '/calendar?view=agenda', 'user'),
  screen('calendar-event', '/calendar?view=week&event={event}', 'user'),
  screen('calendar-series', '/calendar?view=week&event={series}', 'user'),
  screen('calendar-new', '/calendar?view=week&new=event', 'user'),
  screen('calendar-edit', '/calendar?view=week&event={event}', 'user', async (page) => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await field(page, 'Title').waitFor()
  }),
  screen('tasks', '/tasks', 'user'),
  screen('tasks-board', '/tasks?view=board', 'user'),
  screen('tasks-task', '/tasks?task={task}', 'user'),
  screen('mail', '/mail', 'user', async (page) => {
    await page.locator('[data-message]').first().getByRole('link').first().click()
    await page.locator('iframe').first().waitFor()
  }),
  screen('mail-compose', '/mail', 'user', async (page) => {
    await page.locator('[data-message]').first().waitFor()
    await page.keyboard.press('c')
    await page.getByRole('textbox', { name: 'Subject' }).waitFor()
  }),
  screen('mail-drafts', '/mail?view=drafts', 'user'),
  screen('mail-outbox', '/mail?view=outbox', 'user'),
  screen('plans', '/plans', 'administrator'),
  screen('plan', '/plans/{plan}', 'administrator'),
  screen('plan-done', '/plans/{done}', 'user'),
  screen('conflicts', '/conflicts', 'user'),
  screen('history', '/history', 'user'),
  screen('history-open', '/history', 'user', openFirst),
  screen('why', '/why/{why}', 'user'),
  screen('records-contacts', '/records/contact', 'user'),
  screen('records-accounts', '/records/account', 'user'),
  screen('records-leads', '/records/lead', 'user'),
  screen('records-cases', '/records/case', 'user'),
  screen('system-mailboxes', '/system/system-mailboxes', 'administrator'),
  screen(
    'system-mailboxes-new',
    '/system/system-mailboxes',
    'administrator',
    openDialog('New system mailbox'),
  ),
  screen('system-mailbox', '/system/system-mailboxes/{systemMailbox}', 'administrator', async (page) => {
    await page.getByRole('radio', { name: 'These folders' }).click()
    await page.getByRole('checkbox', { name: 'Archive' }).waitFor()
  }),
  screen('system-mailbox-rule', '/system/system-mailboxes/{systemMailbox}', 'administrator', async (page) => {
    await page.getByRole('button', { name: 'Edit: Say that it arrived' }).click()
    await page.getByRole('button', { name: 'Add condition' }).click()
    await page.getByRole('button', { name: 'Add group' }).click()
    for (const value of await page.getByRole('textbox', { name: 'Value' }).all()) await value.fill('Export')
    await page.getByRole('combobox', { name: 'Recent message' }).selectOption({ index: 1 })
    await page.getByRole('button', { name: 'Try' }).click()
    await page.getByText('Processing:').waitFor()
  }),
  screen('review-queue', '/system/review-queue', 'administrator'),
  screen('mailroom', '/system/mailroom', 'administrator'),
  screen('mail-templates', '/system/mail-templates', 'administrator'),
  screen('mail-templates-edit', '/system/mail-templates', 'administrator', async (page) => {
    await page.getByText('Message received').click()
    await page.getByRole('button', { name: 'Preview with a sample' }).click()
    await page.getByTitle('Preview').waitFor()
  }),
  screen('records-case', '/records/case/{case}', 'user'),
  screen('records-import', '/records/contact/import', 'user'),
  screen('record-contact', '/records/contact/{contact}', 'user'),
  screen('record-account', '/records/account/{account}', 'user'),
  screen('record-edit', '/records/contact/{contact}', 'user', openDialog(/^Edit/)),

  screen('my-configuration', '/me', 'user'),
  screen('my-configuration-none', '/me', 'administrator'),
  screen('my-profile', '/me/profile', 'user'),
  screen('my-tokens', '/me/tokens', 'user'),
  screen('my-microsoft', '/me/microsoft', 'user'),
  screen('my-email', '/me/email', 'user'),

  screen('system', '/system', 'administrator'),
  screen('settings-system', '/system/configuration/microsoft', 'administrator'),
  screen(
    'settings-organization',
    '/system/configuration/microsoft?scope=organization&of={organization}',
    'administrator',
  ),
  screen('settings-user', '/system/configuration/microsoft?scope=user', 'administrator'),
  screen('settings-email', '/system/configuration/email', 'administrator'),
  screen('settings-application', '/system/configuration/application', 'administrator'),
  screen('guide', '/system/guide', 'administrator'),
  screen('doctor', '/system/doctor', 'administrator'),
  screen('users', '/system/users', 'administrator'),
  screen('roles', '/system/roles', 'administrator'),
  screen('organizations', '/system/organizations', 'administrator'),
  screen('mailboxes', '/system/mailboxes', 'administrator'),
  screen('mailbox', '/system/mailboxes/{mailbox}', 'administrator'),
  screen('alerts', '/system/alerts', 'administrator'),
  screen('information', '/system/information', 'administrator'),
  screen('webhooks', '/system/webhooks', 'administrator'),
  screen('history-all', '/history', 'auditor'),
]

const ACCOUNTS: Partial<Record<Person, string>> = {
  administrator: 'admin@contoso.example',
  user: ANNA,
  auditor: 'auditor@contoso.example',
}

/** A window of one person in one theme and size. Sign-in is by the API, as the page does it. */
export async function windowOf(
  browser: Browser,
  product: Product,
  person: Person,
  look: { readonly width: number; readonly dark: boolean },
): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.width > WIDE ? 900 : 780 },
    colorScheme: look.dark ? 'dark' : 'light',
    ...{ locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' },
  })
  context.setDefaultTimeout(20_000)
  const email = ACCOUNTS[person]
  if (email !== undefined) {
    const answer = await context.request.post(`${product.backOffice}/api/session`, {
      data: { email, password: product.admin?.password ?? '' },
    })
    if (!answer.ok()) throw new Error(await answer.text())
  }
  return context
}

/** Opens a screen and waits until it shows what it will show. */
export async function openScreen(page: Page, product: Product, screen: Screen, scene: Scene): Promise<void> {
  const path = screen.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => scene.ids[name as SceneId])
  await page.goto(`${product.backOffice}${path}`)
  await settled(page)
  if (screen.then === undefined) return
  await screen.then(page)
  await settled(page)
}

/** Nothing loads any more: the heading is there and no skeleton is left. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  for (const still of ['[role=status][aria-label^="Loading"]', '[aria-busy=true]'])
    await page.locator(still).first().waitFor({ state: 'hidden' })
}
