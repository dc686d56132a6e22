import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiInput, ApiOutput, ApiRoute } from '../../src/server/api/api.ts'

/** The product as people run it: a process of its own with the demo company, spoken to by HTTP alone. */
export interface Ready {
  readonly backOffice: string
  readonly admin: { readonly email: string; readonly password: string }
  readonly microsoft: {
    readonly control: string
    readonly users: readonly { readonly id: string; readonly userPrincipalName: string }[]
  }
}
export interface RunningProduct {
  readonly ready: Ready
  readonly folder: string
  /** A signed-in browser, as far as HTTP goes. */
  signIn(email: string, password?: string): Promise<Browser>
  /** What a person does in Outlook or To Do. */
  outlook(person: string, method: string, path: string, body?: object): Promise<Record<string, unknown>>
  /** Somebody outside of the company writes to one of its mailboxes. */
  receive(
    address: string,
    mail: { readonly from: string; readonly subject: string; readonly [more: string]: unknown },
  ): Promise<void>
  /** How many writes the product itself made at Microsoft. */
  writesAtMicrosoft(): Promise<number>
  /** Tells it to end as a supervisor does. @returns its exit code */
  stop(): Promise<number | null>
}
export interface Browser {
  call<K extends ApiRoute>(route: K, input?: ApiInput<K>): Promise<ApiOutput<K>>
  raw(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
}

const WAIT_MS = 30_000
const LOOK_MS = 100

export async function until<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const end = Date.now() + WAIT_MS
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`Waited ${WAIT_MS / 1000} s for: ${what}`)
    await sleep(LOOK_MS)
  }
}

export async function startProduct(): Promise<RunningProduct> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-'))
  const root = join(import.meta.dirname, '..', '..')
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(root, 'src/cli/main.ts'),
      'start',
      '--json',
      '--port',
      '0',
      '--emulator-port',
      '0',
      '--data',
      folder,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } },
  )
  const ready = await firstLine(child)
  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${ready.microsoft.control}/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The emulator refused ${method} ${path}: ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
  return {
    ready,
    folder,
    signIn: async (email, password = ready.admin.password) => signIn(ready.backOffice, email, password),
    outlook: async (person, method, path, body) => {
      const answer = (await control('POST', 'act', {
        person,
        method,
        path,
        ...(body !== undefined && { body }),
      })) as Record<string, unknown>
      return answer
    },
    receive: async (person, mail) => {
      await control('POST', 'receive', { person, mail })
    },
    writesAtMicrosoft: async () => {
      const { value } = (await control('GET', 'writes?limit=100000')) as {
        value: readonly { readonly actor?: string; readonly by?: string }[]
      }
      return value.filter((write) => String(write.actor ?? write.by ?? '').startsWith('app:')).length
    },
    stop: async () => {
      const ended = new Promise<number | null>((done) => child.once('exit', done))
      child.kill('SIGTERM')
      const code = await ended
      rmSync(folder, { recursive: true, force: true })
      return code
    },
  }
}

function firstLine(child: ChildProcess): Promise<Ready> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((done, fail) => {
    if (child.stdout === null) throw new Error('The process has no output.')
    createInterface({ input: child.stdout }).once('line', (line) => done(JSON.parse(line) as Ready))
    child.once('exit', (code) =>
      fail(new Error(`The product ended with code ${code} before it was ready:\n${said}`)),
    )
  })
}

/** A signed-in browser, as far as HTTP goes. */
export async function signIn(origin: string, email: string, password: string): Promise<Browser> {
  const answer = await fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .join('; ')
  const { csrf } = (await answer.json()) as { csrf: string }
  const raw: Browser['raw'] = (method, path, body, headers = {}) =>
    fetch(`${origin}${path}`, {
      method,
      headers: {
        cookie,
        'x-csrf': csrf,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    })
  return {
    raw,
    call: async (route, input) => {
      const {
        params = {},
        query = {},
        body,
      } = (input ?? {}) as {
        params?: Record<string, string>
        query?: Record<string, unknown>
        body?: unknown
      }
      const [method = 'GET', template = ''] = route.split(' ')
      const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
      const search = new URLSearchParams()
      for (const [name, value] of Object.entries(query)) search.set(name, String(value))
      const response = await raw(method, search.size > 0 ? `${path}?${search}` : path, body)
      const text = await response.text()
      if (!response.ok) throw new Error(`${route}: ${response.status} ${text}`)
      return (text === '' ? null : JSON.parse(text)) as ApiOutput<typeof route>
    },
  }
}
