import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { launchBrowser, needs, startProduct } from '../support/browser.ts'
import { windowOf } from '../support/screens.ts'

/** What the overview page costs when it is opened for the first time. */
const SCRIPT_KIB_MAX = 250
const web = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist', 'web')
const PATIENCE_MS = 120_000

test(
  `[B] the overview page needs less than ${SCRIPT_KIB_MAX} KiB of compressed script`,
  { timeout: PATIENCE_MS },
  async (context) => {
    const launched = await launchBrowser()
    needs(context, launched.browser, launched.browser === null ? launched.why : '')
    const product = await startProduct()
    try {
      const window = await windowOf(launched.browser, product, 'administrator', { width: 1280, dark: false })
      const page = await window.newPage()
      // Nothing is fetched ahead for pages behind other links then.
      await page.addInitScript(() =>
        Object.defineProperty(globalThis.navigator, 'connection', { value: { saveData: true } }),
      )
      // Nothing is fetched ahead for pages behind other links then.
      await page.addInitScript(() =>
        Object.defineProperty(globalThis.navigator, 'connection', { value: { saveData: true } }),
      )
      const scripts = new Set<string>()
      const unpacked: string[] = []
      let isCounting = true
      page.on('response', (response) => {
        const { pathname } = new URL(response.url())
        if (!isCounting || !pathname.endsWith('.js')) return
        scripts.add(pathname)
        const encoding = response.headers()['content-encoding']
        if (encoding === undefined && existsSync(join(web, `${pathname}.br`))) unpacked.push(pathname)
      })
      await page.goto(product.backOffice)
      await page.getByRole('heading', { name: 'Mailboxes' }).waitFor()
      await page.locator('canvas').first().waitFor()
      isCounting = false
      const own = [...scripts]
      const bytes = own.map(
        (path) =>
          readFileSync(existsSync(join(web, `${path}.gz`)) ? join(web, `${path}.gz`) : join(web, path))
            .length,
      )
      expect(own.length).toBeGreaterThan(1)
      expect(unpacked).toEqual([])
      expect(bytes.reduce((sum, one) => sum + one, 0) / 1024).toBeLessThan(SCRIPT_KIB_MAX)
    } finally {
      await launched.browser.close()
      await product.stop()
    }
  },
)
