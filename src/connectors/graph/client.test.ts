import { describe, expect, test } from 'vitest'
import { neverAborted } from '../../../tests/support/graph-world.ts'
import type { Answer } from './answers.ts'
import { GraphClient, type GraphRequest } from './client.ts'
import { resolveEndpoints, type GraphEnv, type Transport, type TransportInit } from './environment.ts'
import { Gate } from './gate.ts'
import { together } from './rounds.ts'

interface Reply {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

interface Sent {
  readonly at: number
  readonly url: string
  readonly init: TransportInit
}

/** A scripted Graph: what the wire does is the subject here, so the wire itself is played. */
function played(script: (sent: Sent, n: number) => Reply | Error, gate?: Gate) {
  const env: GraphEnv & { time: number } = {
    time: Date.parse('2026-03-02T09:00:00Z'),
    now: () => env.time,
    sleep: (ms) => {
      env.time += ms
      return Promise.resolve()
    },
    random: () => 0.5,
  }
  const sent: Sent[] = []
  const tokens = { taken: 0 }
  const transport: Transport = (url, init) => {
    const one = { at: env.time, url, init }
    sent.push(one)
    const reply = script(one, sent.length)
    if (reply instanceof Error) return Promise.reject(reply)
    return Promise.resolve(
      new Response(reply.body === undefined || reply.status === 204 ? null : JSON.stringify(reply.body), {
        status: reply.status,
        headers: { 'content-type': 'application/json', ...reply.headers },
      }),
    )
  }
  const client = new GraphClient({
    endpoints: resolveEndpoints('global'),
    env,
    transport,
    gate: gate ?? new Gate(env),
    root: '/me',
    tokens: {
      accessToken: (refresh) => {
        if (refresh) tokens.taken++
        return Promise.resolve(`token-${tokens.taken}`)
      },
      identity: () => Promise.resolve({ tenantId: 't', objectId: null }),
    },
  })
  return { client, env, sent, tokens }
}

const get: GraphRequest = { method: 'GET', path: '/events' }
const post: GraphRequest = { method: 'POST', path: '/events', body: { subject: 'x' } }
const cut = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })

const statusOf = (answer: Answer | undefined): number | string =>
  answer === undefined
    ? 'none'
    : answer.kind === 'answered'
      ? answer.status
      : `${answer.kind} ${answer.failure.kind}`

describe('[I16] throttle manners', () => {
  const waits = [
    ['whole seconds', '7', 7_000],
    ['a fraction', '2.128', 2_128],
    ['a date by the server’s clock', 'Tue, 03 Mar 2026 10:00:20 GMT', 20_000],
  ] as const
  for (const [name, value, ms] of waits)
    test(`Retry-After is honoured to the millisecond: ${name}`, async () => {
      const { client, sent } = played((_, n) =>
        n === 1
          ? { status: 429, headers: { 'retry-after': value, date: 'Tue, 03 Mar 2026 10:00:00 GMT' } }
          : { status: 200, body: {} },
      )
      expect(statusOf(await client.send(get, neverAborted))).toBe(200)
      expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBe(ms)
    })

  test('a refusal speaks for the whole mailbox', async () => {
    const { client, sent, env } = played((_, n) =>
      n === 1 ? { status: 503, headers: { 'retry-after': '30' } } : { status: 200, body: {} },
    )
    const began = env.time
    await client.send(post, neverAborted)
    await client.send(get, neverAborted)
    expect(sent.slice(1).every(({ at }) => at >= began + 30_000)).toBe(true)
  })

  test('[I8] a write that waited until its worker may have been replaced is not sent; a read is', async () => {
    const { client, env, sent } = played((_, n) =>
      n === 1 ? { status: 429, headers: { 'retry-after': '90' } } : { status: 200, body: {} },
    )
    const writer = client.writingUntil(env.time + 80_000)
    expect(statusOf(await writer.send(post, neverAborted))).toBe('refused unavailable')
    expect(sent).toHaveLength(1)
    expect(statusOf(await writer.send(get, neverAborted))).toBe(200)
    expect(statusOf(await client.send(post, neverAborted))).toBe(200)
  })

  test('a long wait is handed back instead of slept through, and nothing is sent meanwhile', async () => {
    const { client, sent } = played(() => ({ status: 429, headers: { 'retry-after': '900' } }))
    for (const request of [get, post])
      expect(await client.send(request, neverAborted)).toMatchObject({
        kind: 'refused',
        failure: { kind: 'throttled', retryAfterSeconds: 900 },
      })
    expect(sent.length).toBe(1)
  })

  test('without Retry-After it backs off further each time and gives up', async () => {
    const { client, sent } = played(() => ({ status: 429 }))
    expect(statusOf(await client.send(get, neverAborted))).toBe('refused throttled')
    const gaps = sent.slice(1).map(({ at }, n) => at - (sent[n]?.at ?? 0))
    expect(gaps).toEqual([750, 1_500, 3_000, 6_000])
  })

  test('never more than four requests at once; a batch weighs as much as its parts', async () => {
    const env: GraphEnv = { now: () => 0, sleep: () => Promise.resolve(), random: () => 0.5 }
    const gate = new Gate(env)
    let inside = 0
    let most = 0
    const pass = async (weight: number): Promise<void> => {
      const leave = await gate.enter(weight, neverAborted)
      inside += Math.min(weight, 4)
      most = Math.max(most, inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= Math.min(weight, 4)
      leave()
    }
    await Promise.all([1, 1, 20, 1, 3, 2, 20, 1].map(pass))
    expect(most).toBe(4)
    expect(inside).toBe(0)
  })

  test('who gives up waiting leaves the queue, and the others go on', async () => {
    const env: GraphEnv = { now: () => 0, sleep: () => Promise.resolve(), random: () => 0.5 }
    const gate = new Gate(env, { limit: 1 })
    const leave = await gate.enter(1, neverAborted)
    const stop = new AbortController()
    const waiting = gate.enter(1, stop.signal)
    const next = gate.enter(1, neverAborted)
    stop.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow('stopped')
    leave()
    await expect(next).resolves.toBeTypeOf('function')
  })
})

describe('[I8] a write is sent again only when it was surely not applied', () => {
  const again: readonly (readonly [string, Reply | Error])[] = [
    ['429', { status: 429, headers: { 'retry-after': '1' } }],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '1' } }],
    ['401', { status: 401 }],
    ['connection refused', cut('ECONNREFUSED')],
    ['host not found', cut('ENOTFOUND')],
    ['connect timeout', cut('UND_ERR_CONNECT_TIMEOUT')],
  ]
  for (const [name, trouble] of again)
    test(`sent again: ${name}`, async () => {
      const { client, sent } = played((_, n) => (n === 1 ? trouble : { status: 201, body: {} }))
      expect(statusOf(await client.send(post, neverAborted))).toBe(201)
      expect(sent.length).toBe(2)
    })

  const lost: readonly (readonly [string, Reply | Error])[] = [
    ['500', { status: 500 }],
    ['502', { status: 502 }],
    ['504', { status: 504 }],
    ['503 without Retry-After', { status: 503 }],
    ['connection reset', cut('ECONNRESET')],
    ['socket closed', cut('UND_ERR_SOCKET')],
    ['answer timeout', cut('UND_ERR_HEADERS_TIMEOUT')],
  ]
  for (const [name, trouble] of lost)
    test(`unknown, and sent once: ${name}; a read is simply repeated`, async () => {
      const { client, sent } = played(() => trouble)
      expect(statusOf(await client.send(post, neverAborted))).toBe('lost unavailable')
      expect(sent.length).toBe(1)
      const reading = played((_, n) => (n === 1 ? trouble : { status: 200, body: {} }))
      expect(statusOf(await reading.client.send(get, neverAborted))).toBe(200)
    })

  test('an answer that breaks off was not received', async () => {
    const { client } = played(() => ({ status: 201 }))
    const broken: Transport = () =>
      Promise.resolve(
        new Response('{"id":"AAM', { status: 201, headers: { 'content-type': 'application/json' } }),
      )
    expect(statusOf(await client.send(post, neverAborted))).toBe(201)
    const env: GraphEnv = { now: () => 0, sleep: () => Promise.resolve(), random: () => 0.5 }
    const cutOff = new GraphClient({
      endpoints: resolveEndpoints('global'),
      env,
      transport: broken,
      gate: new Gate(env),
      root: '/me',
      tokens: client.tokens,
    })
    expect(statusOf(await cutOff.send(post, neverAborted))).toBe('lost unavailable')
  })
})

describe('tokens', () => {
  test('a token that ends mid-run is refreshed once, and only once', async () => {
    const { client, sent, tokens } = played(({ init }) =>
      init.headers['authorization'] === 'Bearer token-1' ? { status: 200, body: {} } : { status: 401 },
    )
    expect(statusOf(await client.send(get, neverAborted))).toBe(200)
    expect(tokens.taken).toBe(1)
    expect(sent.length).toBe(2)
    const refused = played(() => ({ status: 401 }))
    expect(statusOf(await refused.client.send(get, neverAborted))).toBe('refused unauthorized')
    expect(refused.sent.length).toBe(2)
  })

  test('our token follows no link to another host', async () => {
    const { client, sent } = played(() => ({ status: 200, body: {} }))
    await expect(
      client.send({ method: 'GET', path: 'https://graph.microsoft.com.example.com/v1.0/x' }, neverAborted),
    ).rejects.toThrow(/another host/)
    expect(sent.length).toBe(0)
  })

  test('an upload goes without the token', async () => {
    const { client, sent } = played(() => ({ status: 201 }))
    await client.upload('https://outlook.office.com/upload', new Uint8Array([1]), {}, neverAborted)
    expect(sent[0]?.init.headers['authorization']).toBeUndefined()
  })
})

test('every request asks for immutable ids and says who it is; the clock’s offset is measured', async () => {
  const { client, sent } = played(() => ({
    status: 200,
    body: {},
    headers: { date: 'Mon, 02 Mar 2026 09:01:00 GMT' },
  }))
  await client.send({ ...get, prefer: 'odata.maxpagesize=5' }, neverAborted)
  expect(sent[0]?.init.headers['prefer']).toBe('IdType="ImmutableId", odata.maxpagesize=5')
  expect(sent[0]?.init.headers['client-request-id']).toMatch(/^[0-9a-f]{8}-/)
  expect(client.clockOffsetMs).toBe(60_500)
})

describe('$batch', () => {
  interface Part {
    readonly id: string
    readonly method: string
    readonly headers: Record<string, string>
  }
  const partsOf = ({ init }: Sent): readonly Part[] =>
    (JSON.parse(String(init.body)) as { requests: readonly Part[] }).requests
  const reply = (parts: readonly (Reply & { id: string })[]): Reply => ({
    status: 200,
    body: { responses: parts },
  })

  test('twenty to a batch; answers in the order asked, in whatever order they came', async () => {
    const { client, sent } = played((one) =>
      reply([...partsOf(one)].reverse().map(({ id }) => ({ id, status: 200, body: { id } }))),
    )
    const answers = await client.batch(
      Array.from({ length: 45 }, () => get),
      neverAborted,
    )
    expect(sent.map((one) => partsOf(one).length)).toEqual([20, 20, 5])
    expect(answers.map((one) => one.kind === 'answered' && (one.body as { id: string }).id)).toEqual(
      Array.from({ length: 45 }, (_, n) => String(n)),
    )
    expect(partsOf(sent[0] as Sent)[0]?.headers['prefer']).toMatch(/ImmutableId/)
  })

  test('only throttled parts are sent again, after their Retry-After; a 500 of a write is unknown', async () => {
    const { client, sent } = played((one, n) =>
      n === 1
        ? reply([
            { id: '0', status: 201, body: {} },
            { id: '1', status: 429, headers: { 'Retry-After': '9' } },
            { id: '2', status: 500 },
            { id: '3', status: 412, body: {} },
          ])
        : one.url.endsWith('$batch')
          ? reply(partsOf(one).map(({ id }) => ({ id, status: 201, body: {} })))
          : { status: 201, body: {} },
    )
    const answers = await client.batch([post, post, post, post], neverAborted)
    expect(answers.map(statusOf)).toEqual([201, 201, 'lost unavailable', 412])
    expect(sent.length).toBe(2)
    expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBe(9_000)
  })

  test('a part without an answer is unknown for a write, and asked again for a read', async () => {
    const { client } = played((one, n) =>
      n === 1 ? reply([]) : one.url.endsWith('$batch') ? reply([]) : { status: 200, body: {} },
    )
    expect((await client.batch([post, get], neverAborted)).map(statusOf)).toEqual(['lost unavailable', 200])
  })

  test('a batch that is cut leaves its writes unknown', async () => {
    const { client, sent } = played(() => cut('ECONNRESET'))
    expect((await client.batch([post, post], neverAborted)).map(statusOf)).toEqual([
      'lost unavailable',
      'lost unavailable',
    ])
    expect(sent.length).toBe(1)
  })

  test('routines that ask at the same time share their round trips', async () => {
    const { client, sent } = played((one) =>
      one.url.endsWith('$batch')
        ? reply(partsOf(one).map(({ id }) => ({ id, status: 200, body: {} })))
        : { status: 200, body: {} },
    )
    const lengths = [1, 3, 2]
    await together(
      client,
      lengths.map((length) => async (ask) => {
        for (let n = 0; n < length; n++) await ask(get)
      }),
      neverAborted,
    )
    expect(sent.map((one) => (one.url.endsWith('$batch') ? partsOf(one).length : 1))).toEqual([3, 2, 1])
  })
})
