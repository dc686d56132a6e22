/**
 * How long a person waits in the back-office with N rows in every list: from the click or the key to the frame in which
 * the answer is drawn, in a real Chromium on the real server. Each list is opened on a fresh page, with nothing of it in
 * the browser's memory.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchBrowser, startProduct } from '../tests/support/browser.ts'
import type { BenchOptions, Emit } from './main.ts'
import { fillFolder, PERSON } from './web-data.ts'

const ROWS = 10_000
const TIMES = 9
const PATIENCE_MS = 15_000
const REST_MS = 700
const SIZES = { width: 1280, height: 900 }

interface List {
  readonly name: string
  /** Where the person stands, and what they click. */
  readonly from: string
  readonly click: string
  /** What is on the screen when the list is. */
  readonly row: string
  readonly search?: true
}
const link = (path: string): string => `a[href="${path}"]`
const LISTS: readonly List[] = [
  { name: 'contacts', from: '/', click: link('/records/contact'), row: 'tbody tr[data-row]', search: true },
  { name: 'accounts', from: '/records/contact', click: link('/records/account'), row: 'tbody tr[data-row]' },
  { name: 'tasks', from: '/', click: link('/tasks'), row: '[data-task]', search: true },
  { name: 'board', from: '/tasks', click: 'main input[value=board]', row: 'article[data-task]' },
  {
    name: 'conflicts',
    from: '/',
    click: link('/conflicts'),
    row: 'main li button[aria-current]',
    search: true,
  },
  { name: 'history', from: '/', click: link('/history'), row: '[data-line]', search: true },
  { name: 'plans', from: '/', click: link('/plans'), row: 'tbody tr[data-row]' },
  { name: 'users', from: '/system', click: link('/system/users'), row: 'tbody tr[data-row]' },
]
/** Parts of hashes: each is in a few rows, and in no word. */
const TYPED = ['bad', 'f0c', 'a7e', 'd1b', 'c4f', 'e9d', 'b0a', '5fe', '8cd']

export async function run({ n = ROWS, say }: BenchOptions, emit: Emit): Promise<void> {
  const launched = await launchBrowser()
  if (launched.browser === null) throw new Error(launched.why)
  const { browser } = launched
  const folder = mkdtempSync(join(tmpdir(), 'syncline-bench-'))
  say(`Filling a database with ${n} of everything …`)
  await fillFolder(folder, n)
  const product = await startProduct(['--no-demo', '--data', folder])
  try {
    const context = await browser.newContext({
      viewport: SIZES,
      ...{ locale: 'en-GB', timezoneId: 'Europe/Berlin' },
    })
    const signedIn = await context.request.post(`${product.backOffice}/api/session`, { data: PERSON })
    if (!signedIn.ok()) throw new Error(await signedIn.text())
    const page = await context.newPage()
    const tell: Tell = (name, times) => {
      const sorted = [...times].sort((a, b) => a - b)
      const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
      emit({ case: name, n, metric: 'milliseconds_median', value: at(0.5), unit: 'ms' })
      emit({ case: name, n, metric: 'milliseconds_worst', value: at(1), unit: 'ms' })
    }
    for (const list of LISTS) {
      say(list.name)
      await measureList(page, product.backOffice, list, tell)
    }
    await measureWeeks(page, product.backOffice, tell)
  } finally {
    await browser.close()
    await product.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Tell = (name: string, times: readonly number[]) => void

async function measureList(page: Page, url: string, list: List, tell: Tell): Promise<void> {
  const rows = `[...document.querySelectorAll(${JSON.stringify(list.row)})]`
  // The page before may have rows of the same make: only new ones are the answer.
  const clicked = `const before = new Set(${rows}); document.querySelector(${JSON.stringify(list.click)}).click()`
  const shown = `${rows}.some((row) => !before.has(row))`
  const times: number[] = []
  for (let i = 0; i < TIMES; i++) {
    // A fresh page each time: nothing of the list is in the browser's memory.
    await page.goto(`${url}${list.from}`)
    await page.locator(list.click).first().waitFor({ state: 'attached' })
    await atRest(page)
    times.push(await timed(page, clicked, shown))
  }
  tell(`open-${list.name}`, times)
  if (list.search !== true) return
  const found: number[] = []
  for (const letters of TYPED) {
    await atRest(page)
    found.push(
      await timed(
        page,
        `const input = document.querySelector('main input[type=search]');
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, ${JSON.stringify(letters)});
         input.dispatchEvent(new Event('input', { bubbles: true }))`,
        `((rows) => rows.length > 0 && rows.every((row) => row.textContent.includes(${JSON.stringify(letters)})))(${rows})`,
      ),
    )
  }
  tell(`search-${list.name}`, found)
}

async function measureWeeks(page: Page, url: string, tell: Tell): Promise<void> {
  await page.goto(`${url}/calendar?view=week`)
  await page.locator('[data-event]').first().waitFor()
  const times: number[] = []
  for (let i = 0; i < TIMES * 2; i++) {
    await atRest(page)
    const button = `button[aria-label="${i < TIMES ? 'Later' : 'Earlier'}"]`
    times.push(
      await timed(
        page,
        `const title = document.querySelector('h1').textContent; document.querySelector('${button}').click()`,
        `document.querySelector('h1').textContent !== title && document.querySelector('[data-event]') !== null`,
      ),
    )
  }
  tell('switch-week', times)
}

/** From the act until what is looked for has been drawn. */
async function timed(page: Page, act: string, done: string): Promise<number> {
  const milliseconds: unknown = await page.evaluate(`(async () => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn))
    const from = performance.now()
    ${act}
    while (!(${done})) {
      if (performance.now() - from > ${PATIENCE_MS}) throw new Error('Not drawn in time: ' + ${JSON.stringify(done)})
      await frame()
    }
    await frame().then(() => new Promise((painted) => setTimeout(painted)))
    return performance.now() - from
  })()`)
  return Number(milliseconds)
}

/** What a page fetches ahead is there; the stream of live events stays open for ever and does not count. */
async function atRest(page: Page): Promise<void> {
  await page.waitForTimeout(REST_MS)
}
