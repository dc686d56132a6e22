/** Bad input at the doors beside Graph: the control API, the sign-in, the socket. None of it ends the emulator. */
import { connect } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ANNA, caller, emulated } from '../../tests/support/emulated.ts'

/** A longer play: `FUZZ_RUNS=20000 FUZZ_SEED=7`. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1_500)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20260930)

const CONTROL = [
  'GET state',
  'POST seed',
  'POST snapshot',
  'POST restore',
  'PUT faults',
  'POST clock',
  'PATCH switches',
  'GET requests',
  'POST lifecycle',
  'POST act',
  'POST evict-tokens',
  'POST bump-etags',
  'POST mailbox',
  'POST revoke-consent',
  'POST expire-secrets',
  'POST token',
  'POST tenants',
  'POST users',
  'POST apps',
  'PATCH apps',
  'POST secrets',
  'POST certificates',
  'POST consent',
]

test('whatever the control API is told, it answers in JSON and the world goes on', async () => {
  const emulator = emulated()
  const { control, info } = emulator
  const names = fc.constantFrom(
    ...['seed', 'name', 'rules', 'kind', 'path', 'set', 'advanceSeconds', 'person', 'method', 'body', 'gone'],
    ...['clientId', 'grants', 'domain', 'address', 'tenant', 'pem', 'scopes', 'todoCompletion', '__proto__'],
    ...['throttleStatus', 'latencyMilliseconds', 'event', 'subscription', 'secrets', 'expires', 'headers'],
  )
  const told = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(ANNA, info.clientId, info.tenantId, '/me/events', 'GET', 'POST', 'large:x=1', '/(/'),
    fc.array(
      fc.record({
        kind: fc.constantFrom('refuse', 'slow', 'x'),
        status: fc.jsonValue(),
        path: fc.jsonValue(),
      }),
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...CONTROL),
      fc.oneof(
        fc.dictionary(names, told, { maxKeys: 5 }).map((body) => JSON.stringify(body)),
        fc.string(),
      ),
      async (verb, body) => {
        const [method = '', name = ''] = verb.split(' ')
        const response = await emulator.handle(
          new Request(`${info.control}/${name}`, { method, ...(method === 'GET' ? {} : { body }) }),
        )
        expect([200, 400, 404]).toContain(response.status)
        await response.json()
        control.plan([])
      },
    ),
    { numRuns: RUNS, seed: SEED },
  )
  control.seed('empty')
  expect((await caller(emulator, ANNA).get('/me/calendars')).status).toBe(200)
})

test('whatever is asked of the sign-in, a page, a redirect or the documented error comes back', async () => {
  const { handle, info } = emulated()
  const parameters = fc.dictionary(
    fc.constantFrom(
      ...['client_id', 'client_secret', 'scope', 'grant_type', 'code', 'redirect_uri', 'refresh_token'],
      ...['response_type', 'response_mode', 'state', 'prompt', 'login_hint', 'code_challenge', 'account'],
      ...['client_assertion', 'client_assertion_type', 'code_challenge_method', 'code_verifier', 'nonce'],
    ),
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        ...[info.clientId, info.clientSecret, ANNA, 'code', 'authorization_code', 'refresh_token', 'openid'],
        ...['client_credentials', 'https://graph.microsoft.com/.default', 'form_post', 'fragment', 'none'],
        ...[
          'http://127.0.0.1:1/auth/microsoft/callback',
          'javascript:alert(1)',
          'S256',
          'a.b.c',
          '"><script>',
        ],
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      ),
    ),
    { maxKeys: 9 },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('oauth2/v2.0/authorize', 'oauth2/v2.0/token', 'adminconsent', 'oauth2/v2.0/logout'),
      fc.constantFrom(info.tenantId, 'common', 'nowhere', '%00'),
      fc.boolean(),
      parameters,
      async (door, tenant, post, given) => {
        const query = new URLSearchParams(given).toString()
        const response = await handle(
          new Request(`${info.login}/${tenant}/${door}${post ? '' : `?${query}`}`, {
            method: post ? 'POST' : 'GET',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            ...(post ? { body: query } : {}),
          }),
        )
        expect(response.status).toBeLessThan(500)
        if (response.headers.get('content-type')?.includes('html') ?? false)
          expect(await response.text()).not.toContain('"><script>')
        expect(response.headers.get('location') ?? '').not.toMatch(/^javascript:/)
      },
    ),
    { numRuns: RUNS, seed: SEED },
  )
})

test('broken HTTP ends its own connection only', async () => {
  const emulator = emulated()
  const listening = await emulator.listen(0)
  const { port } = new URL(listening.url)
  const lines = [
    'GET / HTTP/9.9',
    'POST /v1.0/me HTTP/1.1\r\nContent-Length: 99999',
    '\0\0\0',
    'GET /%00 HTTP/1.1',
  ]
  for (const line of lines)
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(`${line}\r\n\r\n{"a`)
        setTimeout(() => socket.destroy(), 30)
      })
      socket.on('close', () => resolve()).on('error', () => undefined)
    })
  expect((await fetch(`${listening.url}/emulator/state`)).status).toBe(200)
  await listening.close()
})
