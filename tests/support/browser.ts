/**
 * The product as a person meets it: the real server in a process of its own, the emulator where a test wants it, and a
 * real Chromium. Where no Chromium can be had a test says so in one line; under CI that is a failure.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core'
import type { TestContext } from 'vitest'
import { findChromium } from '../../scripts/find-chromium.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const START_MS = 120_000
const STOP_MS = 6_000

export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const

/** Null when there is no Chromium, or the back-office is not built; `why` says which. */
export async function launchBrowser(): Promise<
  { readonly browser: Browser } | { readonly browser: null; readonly why: string }
> {
  if (!existsSync(join(root, 'dist', 'web', 'index.html')))
    return { browser: null, why: 'the back-office is not built (npm test builds it)' }
  const { path, words } = await findChromium()
  if (path === null) return { browser: null, why: words }
  return { browser: await chromium.launch({ executablePath: path, args: [...FLAGS] }) }
}

/** For the first line of a test that needs the browser. */
export function needs<T>(context: TestContext, thing: T | null, why: string): asserts thing is T {
  if (thing !== null) return
  if (process.env['CI'] === 'true') throw new Error(`No browser: ${why}`)
  context.skip(why)
}

/** What `syncline start --json` prints when it is ready. */
export interface Ready {
  readonly backOffice: string
  readonly admin: { readonly email: string; readonly password: string } | null
  readonly microsoft: {
    readonly graph: string
    readonly login: string
    readonly control: string
    readonly tenantId: string
    readonly clientId: string
    readonly clientSecret: string
    readonly users: readonly { readonly id: string; readonly userPrincipalName: string }[]
  } | null
}
export interface Product extends Ready {
  stop(): Promise<void>
}

/** Starts the product on free ports with a data folder of its own. */
export async function startProduct(
  args: readonly string[] = [],
  env: { readonly [name: string]: string } = {},
): Promise<Product> {
  const data = mkdtempSync(join(tmpdir(), 'syncline-web-'))
  const child = spawn(
    process.execPath,
    [
      join(root, 'src/cli/main.ts'),
      ...['start', '--port', '0', '--emulator-port', '0', '--data', data, '--json'],
      ...args,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  )
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((done) => child.once('exit', () => done()))
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await gone
      clearTimeout(timer)
    }
    rmSync(data, { recursive: true, force: true })
  }
  try {
    return { ...(await readyOf(child)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function readyOf(child: ReturnType<typeof spawn>): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let out = ''
    let said = ''
    const timer = setTimeout(() => reject(new Error(`Not ready in time. It said: ${said}`)), START_MS)
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      const line = out.split('\n').find((one) => one.startsWith('{') && one.includes('"ready"'))
      if (line === undefined || !out.includes('\n')) return
      clearTimeout(timer)
      resolve(JSON.parse(line) as Ready)
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`It ended with ${String(code)} before it was ready. It said: ${said}`))
    })
  })
}

/** What a person in Outlook or To Do does, through the emulator's control. */
export async function act(
  control: string,
  person: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${control}/act`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ person, method, path, ...(body !== undefined && { body }) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

/** A page that remembers everything that went wrong in it: errors, refused resources, broken policy. */
export interface WatchedPage {
  readonly page: Page
  readonly troubles: readonly string[]
}
export async function openPage(context: BrowserContext): Promise<WatchedPage> {
  const troubles: string[] = []
  const page = await context.newPage()
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console: ${message.text()}`)
  })
  return { page, troubles }
}

/** A field by its whole label; required ones carry a star. */
export const field = (page: Page, label: string): Locator =>
  page.getByLabel(new RegExp(`^${label.replaceAll(/[()|.*+?]/g, String.raw`\$&`)}( \\*)?$`))

/** @public */
export async function signIn(page: Page, url: string, email: string, password: string): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await field(page, 'Email').fill(email)
  await field(page, 'Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(`${url}/`)
}

/** Of a test that failed: what the person would have seen, in the folder that git ignores. */
export async function keepPicture(context: TestContext, page: Page): Promise<void> {
  if (context.task.result?.state !== 'fail') return
  const name = context.task.name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80)
  await page.screenshot({ path: join(root, 'screenshots', 'failed', `${name}.png`) }).catch(() => undefined)
}
