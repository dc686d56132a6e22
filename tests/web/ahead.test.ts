import { expect, test } from 'vitest'
import { launchBrowser, needs, startProduct } from '../support/browser.ts'
import { windowOf } from '../support/screens.ts'

const PATIENCE_MS = 120_000
/** Longer than the pages' scripts take to be fetched ahead after a page is drawn. */
const IDLE_MS = 1_500

test(
  '[B] a list is asked when somebody points at its link, once, and no list is asked before',
  { timeout: PATIENCE_MS },
  async (context) => {
    const launched = await launchBrowser()
    needs(context, launched.browser, launched.browser === null ? launched.why : '')
    const product = await startProduct()
    try {
      const window = await windowOf(launched.browser, product, 'administrator', { width: 1280, dark: false })
      const page = await window.newPage()
      const asked: string[] = []
      page.on('request', (request) => asked.push(new URL(request.url()).pathname))
      await page.goto(product.backOffice)
      await page.getByRole('heading', { name: 'Mailboxes' }).waitFor()
      await page.waitForTimeout(IDLE_MS)
      const times = (path: string): number => asked.filter((one) => one === path).length
      expect(asked.some((path) => /\/assets\/history-/.test(path))).toBe(true)
      for (const path of ['/api/history', '/api/tasks', '/api/records/contact'])
        expect(times(path), path).toBe(0)

      const link = page.locator('nav a[href="/history"]').first()
      const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/history')
      await link.hover()
      await answered
      await link.click()
      await page.locator('[data-line]').first().waitFor()
      expect(times('/api/history')).toBe(1)
    } finally {
      await launched.browser.close()
      await product.stop()
    }
  },
)
