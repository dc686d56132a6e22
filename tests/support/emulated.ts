/** An emulator for tests: small verbs, and every answer held against Graph's published types. */
import { expect } from 'vitest'
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts'
import { problemsOf } from './graph-schema.ts'
import { referencePresent } from './reference.ts'

export type Json = Record<string, unknown>

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Json
  readonly text: string
}

export interface Caller {
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>
  get(path: string, headers?: Record<string, string>): Promise<Answered>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>
  patch(path: string, body: unknown, headers?: Record<string, string>): Promise<Answered>
  delete(path: string, headers?: Record<string, string>): Promise<Answered>
}

/** The Wednesday morning on which tests begin. */
export const TEST_NOW = Date.UTC(2026, 8, 30, 8)

export const ANNA = 'anna.lindqvist@contoso.example'
export const BEN = 'ben.okafor@contoso.example'

export function emulated(options: EmulatorOptions = {}): Emulator {
  const emulator = createEmulator({
    seed: 'empty',
    clock: { now: () => TEST_NOW, sleep: async () => undefined },
    ...options,
  })
  emulator.control.clock.set(TEST_NOW)
  return emulator
}

/** Calls Graph as a person (delegated), or with null as the app itself. Paths begin after `/v1.0`; links are taken whole. */
export function caller(
  emulator: Emulator,
  person: string | null,
  options: { immutable?: boolean; grants?: readonly string[] } = {},
): Caller {
  const { control, info } = emulator
  const call: Caller['call'] = async (method, path, body, headers = {}) => {
    const token = control.token(info.clientId, person, options.grants)
    const url = path.startsWith('http') ? path : `${info.graph}${path}`
    const prefer = [headers['prefer'], options.immutable === false ? undefined : 'IdType="ImmutableId"']
      .filter((part) => part !== undefined)
      .join(', ')
    const isText = typeof body === 'string'
    const response = await emulator.handle(
      new Request(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': isText ? 'text/plain' : 'application/json' }),
          ...headers,
          ...(prefer === '' ? {} : { prefer }),
        },
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
      }),
    )
    const text = await response.text()
    const parsed =
      (response.headers.get('content-type') ?? '').includes('json') && text !== ''
        ? (JSON.parse(text) as Json)
        : {}
    if (referencePresent)
      expect(problemsOf(method, templateOf(emulator, method, url), parsed), `${method} ${url}`).toEqual([])
    return { status: response.status, headers: response.headers, body: parsed, text }
  }
  return {
    call,
    get: (path, headers) => call('GET', path, undefined, headers),
    post: (path, body, headers) => call('POST', path, body, headers),
    patch: (path, body, headers) => call('PATCH', path, body, headers),
    delete: (path, headers) => call('DELETE', path, undefined, headers),
  }
}

/** The route that an address belongs to. */
function templateOf(emulator: Emulator, method: string, url: string): string {
  return emulator.routeOf(method, new URL(url).pathname)?.path ?? ''
}

/** The `value` of a page. */
export function valuesOf(answered: Answered): Json[] {
  return answered.body['value'] as Json[]
}

/** Follows a delta round from its first address to its delta link. */
export async function deltaRound(
  client: Caller,
  path: string,
  headers?: Record<string, string>,
): Promise<{ items: Json[]; link: string; pages: number }> {
  const found: Json[] = []
  let next: string | undefined = path
  let pages = 0
  for (;;) {
    const page: Answered = await client.get(next, headers)
    expect(page.status).toBe(200)
    pages++
    found.push(...valuesOf(page))
    next = page.body['@odata.nextLink'] as string | undefined
    if (next === undefined) return { items: found, link: String(page.body['@odata.deltaLink']), pages }
  }
}
