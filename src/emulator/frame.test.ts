/** What every resource shares: sign-in, throttling, batches, faults, the clock, snapshots, logs. */
import { expect, test } from 'vitest'
import { ANNA, BEN, caller, emulated, TEST_NOW, valuesOf, type Json } from '../../tests/support/emulated.ts'
import { createEmulator, type Emulator } from './emulator.ts'

const code = (body: Json): unknown => (body['error'] as Json | undefined)?.['code']

async function form(
  emulator: Emulator,
  path: string,
  fields: Record<string, string>,
): Promise<{ status: number; body: Json; headers: Headers }> {
  const response = await emulator.handle(
    new Request(`${emulator.info.login}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    }),
  )
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? (JSON.parse(text) as Json) : { text },
  }
}

const clientFields = (emulator: Emulator): Record<string, string> => ({
  client_id: emulator.info.clientId,
  client_secret: emulator.info.clientSecret,
  grant_type: 'client_credentials',
  scope: 'https://graph.microsoft.com/.default',
})

test('token errors have Entra’s body and the right number', async () => {
  const emulator = emulated()
  const { info, control } = emulator
  const token = `${info.tenantId}/oauth2/v2.0/token`
  const fields = clientFields(emulator)
  const number = async (path: string, changed: Record<string, string>): Promise<unknown> => {
    const { body } = await form(emulator, path, { ...fields, ...changed })
    expect(Object.keys(body)).toEqual(
      expect.arrayContaining([
        'error',
        'error_description',
        'error_codes',
        'timestamp',
        'trace_id',
        'correlation_id',
      ]),
    )
    return (body['error_codes'] as number[])[0]
  }
  expect((await form(emulator, token, fields)).status).toBe(200)
  expect(await number('nobody.example/oauth2/v2.0/token', {})).toBe(90002)
  expect(await number(token, { client_id: '11111111-1111-4111-8111-111111111111' })).toBe(700016)
  expect(await number(token, { client_secret: 'wrong' })).toBe(7000215)
  expect(await number('common/oauth2/v2.0/token', {})).toBe(9001023)
  expect(await number(token, { grant_type: 'password' })).toBe(70003)
  expect(await number(token, { scope: 'Calendars.Read' })).toBe(70011)
  expect(await number(token, { grant_type: 'authorization_code', code: 'x' })).toBe(70000)
  expect(await number(token, { grant_type: 'refresh_token', refresh_token: 'x' })).toBe(70000)
  control.expireSecrets(info.clientId)
  expect(await number(token, {})).toBe(7000222)
})

async function signIn(
  emulator: Emulator,
  parameters: Record<string, string>,
  fields: Record<string, string>,
): Promise<URL> {
  const query = new URLSearchParams({
    client_id: emulator.info.clientId,
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1:5000/auth/microsoft/callback',
    scope: 'openid offline_access Calendars.Read Mail.Read',
    state: 's',
    ...parameters,
  })
  const { headers } = await form(
    emulator,
    `${emulator.info.tenantId}/oauth2/v2.0/authorize?${query.toString()}`,
    fields,
  )
  return new URL(headers.get('location') ?? '')
}

test('sign-in: consent is asked once, can be declined, granted in part and withdrawn', async () => {
  const emulator = emulated()
  const { info, control } = emulator
  const account = info.users[0]?.id ?? ''
  expect((await signIn(emulator, {}, { cancel: '1' })).searchParams.get('error')).toBe('access_denied')
  expect((await signIn(emulator, { prompt: 'none' }, {})).searchParams.get('error')).toBe('login_required')
  const back = await signIn(emulator, {}, { account, consent: '1', withheld: 'Mail.Read' })
  const redeem = { client_id: info.clientId, client_secret: info.clientSecret }
  const token = `${info.tenantId}/oauth2/v2.0/token`
  const first = await form(emulator, token, {
    ...redeem,
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: 'http://127.0.0.1:5000/auth/microsoft/callback',
  })
  expect(first.body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 3599,
    scope: 'openid https://graph.microsoft.com/Calendars.Read',
  })
  const second = await form(emulator, token, {
    ...redeem,
    grant_type: 'refresh_token',
    refresh_token: String(first.body['refresh_token']),
  })
  expect(second.body['refresh_token']).not.toBe(first.body['refresh_token'])
  // The old one is not revoked by its use.
  expect(
    (
      await form(emulator, token, {
        ...redeem,
        grant_type: 'refresh_token',
        refresh_token: String(first.body['refresh_token']),
      })
    ).status,
  ).toBe(200)
  control.revokeConsent(ANNA)
  const after = await form(emulator, token, {
    ...redeem,
    grant_type: 'refresh_token',
    refresh_token: String(second.body['refresh_token']),
  })
  expect(after.body).toMatchObject({ error: 'invalid_grant' })
})

test('a redirect URI that is not registered is shown on a page and never followed', async () => {
  const emulator = emulated()
  for (const uri of [
    'https://evil.example.com/auth/microsoft/callback',
    'http://127.0.0.1:5000/elsewhere',
    'http://127.0.0.1.evil.example.com/auth/microsoft/callback',
  ]) {
    const query = new URLSearchParams({
      client_id: emulator.info.clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: uri,
    })
    const response = await emulator.handle(
      new Request(`${emulator.info.login}/common/oauth2/v2.0/authorize?${query.toString()}`),
    )
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
    expect(await response.text()).toContain('AADSTS50011')
  }
})

test('admin consent grants the application permissions, or tells that it was refused', async () => {
  const emulator = emulated()
  const { store } = emulator.control
  store.data.consents = []
  const users = async (): Promise<number> => {
    const { body } = await form(
      emulator,
      `${emulator.info.tenantId}/oauth2/v2.0/token`,
      clientFields(emulator),
    )
    const response = await emulator.handle(
      new Request(`${emulator.info.graph}/users`, {
        headers: { authorization: `Bearer ${String(body['access_token'])}` },
      }),
    )
    return response.status
  }
  expect(await users()).toBe(403)
  const query = new URLSearchParams({
    client_id: emulator.info.clientId,
    redirect_uri: 'http://localhost:1/auth/microsoft/callback',
    state: 'x',
  }).toString()
  const refused = await form(emulator, `${emulator.info.tenantId}/adminconsent?${query}`, { cancel: '1' })
  expect(refused.headers.get('location')).toContain('error=permission_denied')
  const granted = await form(emulator, `${emulator.info.tenantId}/adminconsent?${query}`, { consent: '1' })
  expect(new URL(granted.headers.get('location') ?? '').searchParams.get('admin_consent')).toBe('True')
  expect(await users()).toBe(200)
})

test('tokens: none, spoiled, expired', async () => {
  const emulator = emulated()
  const { info, control } = emulator
  const ask = async (authorization?: string): Promise<unknown[]> => {
    const response = await emulator.handle(
      new Request(`${info.graph}/me`, authorization === undefined ? {} : { headers: { authorization } }),
    )
    return [response.status, code((await response.json()) as Json)]
  }
  const refused = [401, 'InvalidAuthenticationToken']
  const token = control.token(info.clientId, ANNA)
  expect(await ask()).toEqual(refused)
  expect(await ask('Bearer x')).toEqual(refused)
  expect(await ask(`Bearer ${token.slice(0, -8)}AAAAAAAA`)).toEqual(refused)
  expect(await ask(`Bearer ${token}`)).toEqual([200, undefined])
  control.clock.advance(3_600_000)
  expect(await ask(`Bearer ${token}`)).toEqual(refused)
})

test('a fifth request at once is refused, and whoever does not wait is complained of', async () => {
  const emulator = emulated()
  const anna = caller(emulator, ANNA)
  const five = await Promise.all([1, 2, 3, 4, 5].map(() => anna.get('/me/calendars')))
  expect(five.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 429])
  const refused = five.find(({ status }) => status === 429)
  expect([code(refused?.body ?? {}), refused?.headers.get('retry-after')]).toEqual([
    'ApplicationThrottled',
    '1',
  ])
  await anna.get('/me/calendars')
  expect(emulator.control.logs.complaints.entries.map(({ kind }) => kind)).toEqual([
    'concurrency',
    'retry-after-ignored',
  ])
  emulator.control.clock.advance(1_000)
  await anna.get('/me/calendars')
  expect(
    emulator.control.logs.complaints.entries.find(({ kind }) => kind === 'retry-after-ignored')?.count,
  ).toBe(1)
})

test('ten thousand requests in ten minutes, then none until the window has moved on', async () => {
  const emulator = emulated({ switches: { requestsPerTenMinutesMax: 20, fractionalRetryAfter: true } })
  const anna = caller(emulator, ANNA)
  const statuses: number[] = []
  for (let n = 0; n < 22; n++) statuses.push((await anna.get('/me')).status)
  expect(statuses.filter((status) => status === 429)).toHaveLength(2)
  expect((await anna.get('/me')).headers.get('retry-after')).toMatch(/^\d+\.\d+$/)
  expect((await caller(emulator, BEN).get('/me')).status).toBe(200)
  emulator.control.clock.advance(600_000)
  expect((await anna.get('/me')).status).toBe(200)
})

test('batches: twenty parts at most, parts that fail take down what depends on them', async () => {
  const anna = caller(emulated(), ANNA)
  const parts = (count: number): Json => ({
    requests: Array.from({ length: count }, (_, n) => ({
      id: String(n),
      method: 'GET',
      url: '/me/calendars',
    })),
  })
  expect((await anna.post('/$batch', parts(20))).status).toBe(200)
  expect((await anna.post('/$batch', parts(21))).status).toBe(400)
  const { body } = await anna.post('/$batch', {
    requests: [
      {
        id: 'a',
        method: 'POST',
        url: '/me/todo/lists',
        headers: { 'content-type': 'application/json' },
        body: { displayName: 'Batch' },
      },
      { id: 'b', method: 'GET', url: '/me/events/x', dependsOn: ['a'] },
      { id: 'c', method: 'GET', url: '/me/calendars', dependsOn: ['b'] },
    ],
  })
  const statuses = (body['responses'] as Json[])
    .map(({ id, status }) => `${String(id)} ${String(status)}`)
    .sort()
  expect(statuses).toEqual(['a 201', 'b 400', 'c 424'])
})

test('a batch left its client at once: a part is no request after the refusal of another part', async () => {
  const emulator = emulated()
  const { control } = emulator
  const anna = caller(emulator, ANNA)
  control.plan([{ kind: 'refuse', status: 429, retryAfterSeconds: 7, count: 1, path: '/me/calendars' }])
  const requests = Array.from({ length: 6 }, (_, n) => ({
    id: String(n),
    method: 'GET',
    url: '/me/calendars',
  }))
  const { body } = await anna.post('/$batch', { requests })
  expect((body['responses'] as Json[]).filter(({ status }) => status === 429)).toHaveLength(1)
  expect(control.logs.complaints.entries).toEqual([])
  await anna.post('/$batch', { requests: requests.slice(0, 1) })
  expect(control.logs.complaints.entries.map(({ kind }) => kind)).toEqual(['retry-after-ignored'])
})

test('faults: lost requests do nothing, lost replies have done it, and refusals ask to wait', async () => {
  const emulator = emulated()
  const { control } = emulator
  const anna = caller(emulator, ANNA)
  const created = (): number =>
    control.logs.writes.entries.filter(
      ({ operation, kind }) => operation === 'created' && kind === 'todoTaskList',
    ).length
  control.plan([
    { kind: 'request-lost', method: 'POST', count: 1 },
    { kind: 'reply-lost', method: 'POST', count: 1 },
    { kind: 'refuse', status: 503, retryAfterSeconds: 7, count: 1 },
  ])
  await expect(anna.post('/me/todo/lists', { displayName: 'A' })).rejects.toThrow('fetch failed')
  expect(created()).toBe(0)
  await expect(anna.post('/me/todo/lists', { displayName: 'A' })).rejects.toThrow('fetch failed')
  expect(created()).toBe(1)
  const refused = await anna.get('/me/todo/lists')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '7'])
  control.clock.advance(7_000)
  expect(valuesOf(await anna.get('/me/todo/lists')).map((row) => row['displayName'])).toContain('A')
  expect(control.logs.requests.entries.map(({ fault }) => fault)).toEqual([
    'request-lost',
    'reply-lost',
    'refuse',
    null,
  ])
  control.plan([{ kind: 'page-truncated', count: 1 }])
  await expect(anna.get('/me/todo/lists')).rejects.toThrow(SyntaxError)
})

test('faults of delta: late, repeated, tokens gone; and an etag that moves by itself', async () => {
  const emulator = emulated()
  const { control } = emulator
  const anna = caller(emulator, ANNA)
  const link = String((await anna.get('/me/todo/lists/delta')).body['@odata.deltaLink'])
  const made = await anna.post('/me/todo/lists', { displayName: 'A' })
  control.plan([
    { kind: 'delta-late', count: 1 },
    { kind: 'delta-repeat', count: 1 },
    { kind: 'tokens-evicted', count: 1 },
  ])
  const late = await anna.get(link)
  expect([valuesOf(late), late.body['@odata.deltaLink']]).toEqual([[], link])
  expect(valuesOf(await anna.get(link)).map((row) => row['id'])).toEqual([made.body['id'], made.body['id']])
  expect((await anna.get(link)).status).toBe(410)
  control.plan([{ kind: 'etag-bump', method: 'POST', count: 1 }])
  const at = (time: string): Json => ({ dateTime: `2026-10-05T${time}:00`, timeZone: 'UTC' })
  const event = await anna.post('/me/events', { subject: 'A', start: at('09:00'), end: at('10:00') })
  const later = await anna.get(`/me/events/${String(event.body['id'])}`)
  expect(later.body).toMatchObject({ subject: 'A', lastModifiedDateTime: event.body['lastModifiedDateTime'] })
  expect(later.body['@odata.etag']).not.toBe(event.body['@odata.etag'])
})

test('a fault plan with chance is the same for the same seed', async () => {
  const outcome = async (seed: string): Promise<string> => {
    const emulator = emulated()
    emulator.control.plan([{ kind: 'refuse', status: 500, probability: 0.5 }], seed)
    const anna = caller(emulator, ANNA)
    let statuses = ''
    for (let n = 0; n < 24; n++) statuses += (await anna.get('/me')).status === 200 ? '.' : 'x'
    return statuses
  }
  expect(await outcome('a')).toBe(await outcome('a'))
  expect(await outcome('a')).not.toBe(await outcome('b'))
  expect(await outcome('a')).toMatch(/x.*\.|\..*x/)
})

test('the same seed and clock give the same world and the same answers, to the byte', async () => {
  const run = async (): Promise<string> => {
    const emulator = emulated({ seed: 'demo' })
    const anna = caller(emulator, ANNA)
    const texts = [JSON.stringify(emulator.info), emulator.control.token(emulator.info.clientId, ANNA)]
    const made = await anna.post('/me/todo/lists', { displayName: 'New' })
    for (const path of [
      '/me/events?$top=50',
      '/me/calendarView/delta?startDateTime=2026-09-01T00:00:00Z&endDateTime=2026-11-01T00:00:00Z',
      '/me/todo/lists',
      '/me/messages?$top=50',
      '/me/nothing',
    ])
      texts.push((await anna.get(path, { 'client-request-id': 'x' })).text)
    return [...texts, made.text, ...made.headers].join('\n')
  }
  expect(await run()).toBe(await run())
})

test('a snapshot brings back the whole world, and its tokens', async () => {
  const emulator = emulated({ seed: 'demo' })
  const { control } = emulator
  const anna = caller(emulator, ANNA)
  const before = (await anna.get('/me/events?$top=50')).text
  const link = String((await anna.get('/me/todo/lists/delta')).body['@odata.deltaLink'])
  control.snapshot('start')
  await anna.post('/me/todo/lists', { displayName: 'Gone' })
  for (const row of valuesOf(await anna.get('/me/events')))
    await anna.delete(`/me/events/${String(row['id'])}`)
  expect(control.restore('start')).toBe(true)
  expect((await anna.get('/me/events?$top=50')).text).toBe(before)
  expect(valuesOf(await anna.get(link))).toEqual([])
  expect(control.logs.writes.entries).toEqual([])
  expect(control.restore('never')).toBe(false)
})

test('the log of writes tells apps and people apart', async () => {
  const emulator = emulated()
  const { control, info } = emulator
  await caller(emulator, ANNA).post('/me/todo/lists', { displayName: 'By the app' })
  const made = await control.as(ANNA).post('/me/todo/lists', { displayName: 'By Anna' })
  expect(made.status).toBe(201)
  expect(control.logs.writes.entries.map(({ actor, kind }) => `${kind} ${actor}`)).toEqual([
    `todoTaskList app:${info.clientId}`,
    `todoTaskList person:${ANNA}`,
  ])
})

test('the control API: state, clock, faults, acting as a person, and clear refusals', async () => {
  const emulator = createEmulator({ seed: 'empty' })
  const { info } = emulator
  const control = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Json }> => {
    const response = await emulator.handle(
      new Request(`${info.control}/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    )
    return { status: response.status, body: (await response.json()) as Json }
  }
  expect((await control('GET', 'state')).body).toMatchObject({ tenantId: info.tenantId, clockStopped: false })
  const stopped = await control('POST', 'clock', { set: new Date(TEST_NOW).toISOString() })
  expect(stopped.body).toEqual({ now: '2026-09-30T08:00:00.000Z', stopped: true })
  expect((await control('POST', 'clock', { advanceSeconds: 60 })).body['now']).toBe(
    '2026-09-30T08:01:00.000Z',
  )
  const act = await control('POST', 'act', {
    person: ANNA,
    method: 'POST',
    path: '/me/todo/lists',
    body: { displayName: 'X' },
  })
  expect(act.body).toMatchObject({ status: 201, body: { displayName: 'X' } })
  expect((await control('GET', 'writes')).body).toMatchObject({ total: 1 })
  expect((await control('PUT', 'faults', { rules: [{ kind: 'nonsense' }] })).status).toBe(400)
  expect((await control('PATCH', 'switches', { todoIfMatch: true })).body['todoIfMatch']).toBe(true)
  expect((await control('PATCH', 'switches', { nonsense: true })).status).toBe(400)
  expect((await control('POST', 'restore', { name: 'never' })).status).toBe(404)
  await control('POST', 'seed', { seed: 'demo' })
  expect(((await control('GET', 'state')).body['mailboxes'] as Json[]).length).toBe(8)
})
