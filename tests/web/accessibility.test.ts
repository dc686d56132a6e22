import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  launchBrowser,
  needs,
  openPage,
  startProduct,
  type Product,
  type WatchedPage,
} from '../support/browser.ts'
import { playScene, type Scene } from '../support/demo-scene.ts'
import { openScreen, SCREENS, windowOf, type Person } from '../support/screens.ts'

/** Every screen, with the demo company's data in it, against the rules of WCAG 2.2 AA that a machine can check. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const SCREEN_MS = 60_000
const START_MS = 240_000
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface World {
  readonly browser: Browser
  readonly product: Product
  readonly fresh: Product
  readonly scene: Scene
  readonly windows: Map<string, WatchedPage>
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
  world = {
    ...{ browser: launched.browser, product, windows: new Map() },
    fresh: await startProduct(['--no-demo']),
    scene: await playScene(product),
  }
}, START_MS)
afterAll(async () => {
  await world?.browser.close()
  await world?.product.stop()
  await world?.fresh.stop()
}, START_MS)

describe('[B] every screen can be used by everybody', () => {
  for (const screen of SCREENS)
    test(`${screen.name} has no violation, light and dark`, { timeout: SCREEN_MS }, async (context) => {
      needs(context, world, why)
      const { product, fresh, scene } = world
      const found: Record<string, readonly string[]> = {}
      for (const theme of ['light', 'dark'] as const) {
        const { page } = await windowFor(world, screen.as, theme)
        await openScreen(page, screen.as === 'newcomer' ? fresh : product, screen, scene)
        found[theme] = await violations(page)
      }
      expect(found).toEqual({ light: [], dark: [] })
    })
})

async function windowFor(of: World, person: Person, theme: 'light' | 'dark'): Promise<WatchedPage> {
  const known = of.windows.get(`${person} ${theme}`)
  if (known) return known
  const context = await windowOf(of.browser, of.product, person, { width: 1280, dark: theme === 'dark' })
  const opened = await openPage(context)
  of.windows.set(`${person} ${theme}`, opened)
  return opened
}

interface Found {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )
  return (found as readonly Found[]).flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 200)} | ${node.failureSummary ?? ''}`),
  )
}
