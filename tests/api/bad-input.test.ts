import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startApp, type App } from '../../src/app.ts'
import { readConfiguration } from '../../src/cli/configuration.ts'
import { apiRoutes } from '../../src/server/api/api.ts'

/**
 * Every route with every kind of wrong input, on the real server: an answer that says what to do, never a fault of
 * ours, and nothing changed. What is there is compared table by table.
 */
const SECRET = 'a password that nobody guesses'
/** They end the session of the walk, or stream for ever. */
const APART = new Set(['DELETE /api/session', 'DELETE /api/me/sessions', 'GET /api/events'])
/** Rows that a call as such leaves: who was here, how often. Not what people keep. */
/** Positions of work in the background move when what an earlier, right request made is linked and indexed. */
const NOT_OF_PEOPLE = new Set([
  'sessions',
  'sign_in_attempts',
  'schema_migrations',
  'leases',
  'linking_state',
  'message_search_cursors',
])

const HUGE = 'x'.repeat(300_000)
const WRONG_VALUES: readonly unknown[] = [
  null,
  -1,
  1e300,
  0.5,
  true,
  '',
  'nonsense',
  'null\u0000byte',
  '\ud800',
  '2026-02-31',
  HUGE,
  [],
  ['nonsense', 7, null],
  {},
  { nonsense: { deep: [1] } },
]
const WRONG_IDS = [
  'nothing',
  '%00',
  '%F0%9F%92%A5',
  `${'9'.repeat(199)}`,
  `${'9'.repeat(480)}`,
  "'%20or%201=1",
  '..%2f..',
  '%ff',
]
const WRONG_QUERIES = [
  'page=0',
  'page=-1',
  'page=x',
  'page=1e99',
  'size=0',
  'size=100000',
  'size=1.5',
  'sort=nonsense',
  'sort=',
  `q=${'x'.repeat(2_000)}`,
  'q=%00',
  'q=%ff',
  'q=%25_%5C',
  'nonsense=1',
  'from=yesterday&to=tomorrow',
  'mailbox=%00',
  'page=1&page=2',
  'scope=everything',
  'id[]=1',
  '__proto__=1',
]

interface Wrong {
  readonly what: string
  readonly path: string
  readonly body?: string
  readonly type?: string
  /** Must be refused, whatever the route. */
  readonly surely?: true
}

describe('[pain 12] wrong input', () => {
  let app: App
  let folder: string
  let headers: Record<string, string>
  const real: Record<string, string> = {}

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'syncline-bad-input-'))
    const none = mkdtempSync(join(tmpdir(), 'syncline-no-env-'))
    app = await startApp(
      readConfiguration(
        { data: folder, port: '0' },
        { SYNCLINE_LOG_LEVEL: 'silent', SYNCLINE_TRUST_PROXY: 'on' },
        none,
      ),
    )
    rmSync(none, { recursive: true })
    const post = async (path: string, body: unknown): Promise<{ id: string; csrf: string }> => {
      const response = await fetch(`${app.url}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
      const cookie = response.headers
        .getSetCookie()
        .map((one) => one.split(';')[0])
        .join('; ')
      const answer = (await response.json()) as { id: string; csrf: string }
      if (cookie !== '') headers = { cookie, 'x-csrf': answer.csrf }
      return answer
    }
    headers = {}
    await post('/api/setup', {
      mode: 'administrator',
      organization: 'Contoso',
      name: 'Anna',
      email: 'anna@contoso.example',
      password: SECRET,
    })
    const calendar = await post('/api/calendar/calendars', { name: 'Work', color: '#0f6cbd' })
    const time = {
      allDay: false,
      start: '2026-12-01T10:00:00',
      end: '2026-12-01T11:00:00',
      zone: 'Europe/Berlin',
    }
    const event = await post('/api/calendar/events', { calendar: calendar.id, subject: 'Kick-off', time })
    const contact = await post('/api/records/contact', { name: 'Carl' }).catch(() => ({ id: 'nothing' }))
    Object.assign(real, { calendar: calendar.id, event: event.id, record: contact.id })
  }, 120_000)
  afterAll(async () => {
    await app.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What people keep, table by table. */
  async function everything(but?: string): Promise<string> {
    const tables = await app.database.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
    )
    const sums = tables
      .filter(({ name }) => name !== but && !NOT_OF_PEOPLE.has(name))
      .map(
        ({ name }) =>
          `select '${name}' as name, md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum from "${name}" t`,
      )
    return JSON.stringify(await app.database.query(sums.join(' union all ')))
  }

  const pathOf = (route: string, id: string | null): string =>
    (route.split(' ')[1] ?? '').replace(/:(\w+)/g, (_, name: string) =>
      id !== null && !['kind', 'channel', 'action'].includes(name)
        ? id
        : (real[name] ??
          { kind: 'contact', channel: 'calendar', action: 'check-application' }[name] ??
          'nothing'),
    )

  function wrongsOf(route: string, { params, query, body }: (typeof apiRoutes)[number][1]): Wrong[] {
    const wrongs: Wrong[] = []
    const sends = body !== undefined
    const empty = sends ? { body: '{}', type: 'application/json' } : {}
    const path = pathOf(route, null)
    if (params !== undefined)
      for (const id of WRONG_IDS)
        wrongs.push({ what: `the id ${id.slice(0, 20)}`, path: pathOf(route, id), ...empty })
    for (const search of WRONG_QUERIES)
      wrongs.push({
        what: `?${search.slice(0, 30)}`,
        path: `${path}?${search}`,
        ...empty,
        ...((search === 'nonsense=1' || query === undefined) && { surely: true }),
      })
    if (!sends) return wrongs
    const json = (what: string, value: unknown, surely?: true): Wrong => ({
      what,
      path,
      body: JSON.stringify(value),
      type: 'application/json',
      ...(surely && { surely }),
    })
    wrongs.push(
      { what: 'broken JSON', path, body: '{"a":', type: 'application/json', surely: true },
      { what: 'no JSON at all', path, body: 'hello', type: 'text/plain', surely: true },
      { what: 'XML', path, body: '<a/>', type: 'application/xml', surely: true },
      { what: 'a form', path, body: 'a=1', type: 'application/x-www-form-urlencoded', surely: true },
      { what: 'an empty body of JSON', path, body: '', type: 'application/json' },
      json('a list', [], true),
      json('a text', 'hello', true),
      json('a number', 7, true),
      json('an unknown field', { nonsense: 1 }, true),
      { what: '__proto__', path, body: '{"__proto__":{"a":1}}', type: 'application/json', surely: true },
      json('too much', { nonsense: 'x'.repeat(13 * 1024 * 1024) }, true),
    )
    for (const shape of shapesOf(body)) {
      const names = Object.keys(shape)
      for (const name of names)
        for (const value of WRONG_VALUES)
          wrongs.push(json(`${name}: ${short(value)}`, { ...fitting(shape, name), [name]: value }))
      for (const value of ['null\u0000byte', '\ud800'])
        wrongs.push(
          json(`everything ${short(value)}`, Object.fromEntries(names.map((name) => [name, value]))),
        )
    }
    return wrongs
  }

  /** Bodies that have all fields but one as the schema's simplest value, so that the wrong one is what is looked at. */
  function fitting(shape: Record<string, z.ZodType>, but: string): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (const [name, schema] of Object.entries(shape))
      if (name !== but && !schema.safeParse(undefined).success)
        values[name] = CANDIDATES.find((value) => schema.safeParse(value).success)
    return values
  }

  async function send(
    method: string,
    { path, body, type }: Wrong,
  ): Promise<{ status: number; type: string; text: string }> {
    const response = await fetch(`${app.url}${path}`, {
      method,
      // The limit of calls from one address is not what is looked at here.
      headers: {
        ...headers,
        'x-forwarded-for': nextAddress(),
        ...(type !== undefined && { 'content-type': type }),
      },
      ...(body !== undefined && { body }),
    })
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text: await response.text(),
    }
  }

  test.each(apiRoutes.filter(([route]) => !APART.has(route)))(
    '%s',
    { timeout: 120_000 },
    async (route, description) => {
      const [method = ''] = route.split(' ')
      const wrongs = wrongsOf(route, description)
      const faults: string[] = []
      // Wrong passwords are counted with the user, so that nobody guesses for long.
      const but = route === 'POST /api/session' ? 'users' : undefined
      let before = await everything(but)
      for (const wrong of wrongs) {
        const { status, type, text } = await send(method, wrong)
        const said = `${wrong.what}: ${status} ${text.slice(0, 200)}`
        if (status === 429) throw new Error('The walk itself is slowed down; its answers say nothing.')
        if (status >= 500 && status !== 502 && status !== 503) faults.push(said)
        if (wrong.surely && status < 400) faults.push(`taken: ${said}`)
        if (status < 400) {
          before = await everything(but)
          continue
        }
        if (!type.includes('application/problem+json')) faults.push(`no problem details: ${said}`)
        else {
          const problem = JSON.parse(text) as { type: string; title: string; status: number; detail: string }
          if (
            problem.status !== status ||
            !problem.type.startsWith('urn:syncline:problem:') ||
            problem.title === ''
          )
            faults.push(`not RFC 9457: ${said}`)
          if (!/[.!?]$/.test(problem.detail) || problem.detail.length < 15)
            faults.push(`says too little: ${said}`)
          if (/\b(undefined|TypeError|syntax error at|violates|relation ")/.test(problem.detail))
            faults.push(`not for people: ${said}`)
        }
      }
      expect(faults).toEqual([])
      // One comparison for all that was refused since the last that was taken.
      expect(await everything(but)).toBe(before)
    },
  )

  test('a route that is not there, and a method that a route does not have', async () => {
    for (const [method, path] of [
      ['GET', '/api/nothing'],
      ['PUT', '/api/runs'],
      ['DELETE', '/api/calendar'],
      ['POST', '/hooks/nothing'],
    ] as const) {
      const { status, type, text } = await send(method, { what: '', path })
      expect([status, type.includes('problem+json')]).toEqual([404, true])
      expect(text).toContain('openapi.json')
    }
  })
})

let calls = 0
const nextAddress = (): string => `10.${(calls >> 16) & 255}.${(calls >> 8) & 255}.${calls++ & 255}`
const short = (value: unknown): string => JSON.stringify(value).slice(0, 30)
const CANDIDATES: readonly unknown[] = [
  'nothing',
  1,
  true,
  'anna@contoso.example',
  '2026-12-01',
  '2026-12-01T10:00:00.000Z',
  'calendar',
  'crm',
  'system',
  'keep',
  [],
  {},
  ['nothing'],
  'Europe/Berlin',
  'https://example.com/hook',
  { take: 'crm' },
  'csv',
  'now',
  'user',
  'accepted',
  'administrator',
  { allDay: false, start: '2026-12-01T10:00:00', end: '2026-12-01T11:00:00', zone: 'Europe/Berlin' },
]

/** The fields of a body; of a choice, those of each alternative. */
function shapesOf(schema: z.ZodType): Record<string, z.ZodType>[] {
  if (schema instanceof z.ZodObject) return [schema.shape as Record<string, z.ZodType>]
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((one) => shapesOf(one as z.ZodType))
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return shapesOf(schema.unwrap() as z.ZodType)
  return []
}
