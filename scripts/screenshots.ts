/**
 * `npm run screenshots`: every screen with the demo company's data, at 1280 and 390 pixels, light and dark, into
 * `screenshots/` (ignored by git). `npm run screenshots -- conflicts plan` takes those whose names begin so.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchBrowser, openPage, startProduct, type Product } from '../tests/support/browser.ts'
import { playScene } from '../tests/support/demo-scene.ts'
import { openScreen, SCREENS, windowOf, type Person } from '../tests/support/screens.ts'

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'screenshots')
const WIDTHS = [1280, 390]

const wanted = process.argv.slice(2)
const screens = SCREENS.filter(
  ({ name }) => wanted.length === 0 || wanted.some((one) => name.startsWith(one)),
)
const launched = await launchBrowser()
if (launched.browser === null) {
  console.error(`No pictures: ${launched.why}.`)
  process.exit(1)
}
const { browser } = launched
console.error('Starting the product with the demo company …')
const product = await startProduct()
const fresh = screens.some(({ as }) => as === 'newcomer') ? await startProduct(['--no-demo']) : null
let failed = 0
try {
  const scene = await playScene(product)
  mkdirSync(folder, { recursive: true })
  for (const person of new Set(screens.map(({ as }) => as)))
    for (const dark of [false, true]) for (const width of WIDTHS) await takeAll(person, dark, width, scene)
} finally {
  await browser.close()
  await product.stop()
  await fresh?.stop()
}
console.error(`Pictures are in ${folder}${failed > 0 ? `; ${failed} could not be taken` : ''}.`)
process.exit(failed > 0 ? 1 : 0)

async function takeAll(
  person: Person,
  dark: boolean,
  width: number,
  scene: Awaited<ReturnType<typeof playScene>>,
): Promise<void> {
  const where: Product = person === 'newcomer' && fresh !== null ? fresh : product
  const context = await windowOf(browser, where, person, { width, dark })
  const { page, troubles } = await openPage(context)
  for (const screen of screens.filter(({ as }) => as === person)) {
    const file = `${screen.name}-${width}-${dark ? 'dark' : 'light'}.png`
    try {
      await openScreen(page, where, screen, scene)
      await page.screenshot({ path: join(folder, file) })
    } catch (error) {
      failed++
      console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
      await page.screenshot({ path: join(folder, `failed-${file}`) }).catch(() => undefined)
    }
  }
  for (const trouble of new Set(troubles)) console.error(`${person}: ${trouble}`)
  await context.close()
}
