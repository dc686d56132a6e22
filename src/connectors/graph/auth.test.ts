import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ANNA } from '../../../tests/support/graph-world.ts'
import { createEmulator, type Emulator } from '../../emulator/emulator.ts'
import { signInFailure, whoCanAct } from './auth-failures.ts'
import { createMicrosoftAuth, type MicrosoftApp, type TokenCache } from './auth.ts'
import { resolveEndpoints, type Transport } from './environment.ts'

const neverAborted = new AbortController().signal
const REDIRECT = 'http://127.0.0.1:8080/auth/microsoft/callback'
const VERIFIER = 'a-verifier-that-is-long-enough-for-the-protocol-0123456789'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const SCOPES = ['openid', 'profile', 'offline_access', 'User.Read', 'Calendars.ReadWrite', 'Tasks.ReadWrite']

function set(more: Partial<MicrosoftApp> = {}) {
  const emulator = createEmulator({ seed: 'empty' })
  const asked: string[] = []
  const transport: Transport = (url, init) => {
    asked.push(`${init.method} ${new URL(url).pathname}`)
    return emulator.handle(
      new Request(url, {
        method: init.method,
        headers: init.headers,
        ...(init.body === undefined ? {} : { body: init.body as string }),
      }),
    )
  }
  const { clientId, clientSecret, graph, login, tenantId } = emulator.info
  const auth = createMicrosoftAuth({
    app: {
      clientId,
      tenant: tenantId,
      cloud: 'global',
      credential: { kind: 'secret', secret: clientSecret },
      ...more,
    },
    endpoints: resolveEndpoints('global', { graph, login }),
    transport,
    env: { now: Date.now, random: Math.random, sleep: () => Promise.resolve() },
  })
  return { emulator, asked, auth }
}

/** What a browser does: opens the page, picks the account, accepts. */
async function consent(emulator: Emulator, url: string): Promise<URLSearchParams> {
  const anna = emulator.info.users.find(({ userPrincipalName }) => userPrincipalName === ANNA)
  const response = await emulator.handle(
    new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ account: anna?.id ?? '', consent: '1' }).toString(),
    }),
  )
  return new URL(response.headers.get('location') ?? 'about:blank').searchParams
}

const memoryCache = (): TokenCache & { text: string | null; saves: number } => {
  const cache = {
    text: null as string | null,
    saves: 0,
    load: () => Promise.resolve(cache.text),
    save: (text: string) => {
      cache.text = text
      cache.saves++
      return Promise.resolve()
    },
  }
  return cache
}

/** As the app registration's page makes one. */
const addSecret = ({ control, info }: Emulator): void => {
  const expires = control.store.now() + 365 * 86_400_000
  control.store.data.apps.get(info.clientId)?.secrets.push({ value: 'second-secret-1', expires })
}

async function connect(world: ReturnType<typeof set>, cache: TokenCache) {
  const url = await world.auth.authorizeUrl({
    redirectUri: REDIRECT,
    scopes: SCOPES,
    state: 'the-state',
    nonce: 'the-nonce',
    codeChallenge: CHALLENGE,
    loginHint: ANNA,
  })
  const query = await consent(world.emulator, url)
  expect(query.get('state')).toBe('the-state')
  return world.auth.redeem(
    {
      code: query.get('code') ?? '',
      redirectUri: REDIRECT,
      scopes: SCOPES,
      codeVerifier: VERIFIER,
      nonce: 'the-nonce',
    },
    cache,
  )
}

describe('a person consents', () => {
  test('the code is redeemed, and tells who signed in', async () => {
    const world = set()
    const signedIn = await connect(world, memoryCache())
    const anna = world.emulator.info.users.find(({ userPrincipalName }) => userPrincipalName === ANNA)
    expect(signedIn).toMatchObject({
      tenantId: world.emulator.info.tenantId,
      objectId: anna?.id,
      username: ANNA,
    })
    expect(signedIn.scopes.join(' ')).toMatch(/Calendars.ReadWrite/)
  })

  test('[pain 9] a refresh is taken from the kept cache, and the new refresh token is kept', async () => {
    const world = set()
    const cache = memoryCache()
    const { homeAccountId } = await connect(world, cache)
    const before = cache.text
    // Another process, later: nothing but what was kept.
    const tokens = world.auth.delegated({ cache, homeAccountId, scopes: SCOPES })
    const first = await tokens.accessToken(false, neverAborted)
    expect(await tokens.accessToken(false, neverAborted)).toBe(first)
    const [one, two] = await Promise.all([
      tokens.accessToken(true, neverAborted),
      tokens.accessToken(true, neverAborted),
    ])
    expect(one).toBe(two)
    expect(one).not.toBe(first)
    expect(cache.text).not.toBe(before)
    expect(world.asked.filter((call) => call.endsWith('/token')).length).toBe(2)
    expect(await tokens.identity(neverAborted)).toMatchObject({ tenantId: world.emulator.info.tenantId })
  })

  test('without a kept sign-in it says to connect again', async () => {
    const { auth } = set()
    const tokens = auth.delegated({ cache: memoryCache(), homeAccountId: 'gone', scopes: SCOPES })
    await expect(tokens.accessToken(false, neverAborted)).rejects.toMatchObject({
      failure: { kind: 'unauthorized', code: 'no-account' },
    })
  })
})

describe('the app signs in for itself', () => {
  test('[pain 22] with its secret; the tenant is known', async () => {
    const { auth, emulator } = set()
    const tokens = auth.application()
    expect((await tokens.accessToken(false, neverAborted)).length).toBeGreaterThan(100)
    const { tenantId } = emulator.info
    expect(await tokens.identity(neverAborted)).toEqual({ tenantId, objectId: null })
  })

  test('[pain 11] a wrong secret is said in words that tell what to do, and the secret is not in them', async () => {
    const { auth } = set({ credential: { kind: 'secret', secret: 'not-the-secret' } })
    const error: unknown = await auth
      .application()
      .accessToken(false, neverAborted)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ failure: { kind: 'unauthorized', code: 'AADSTS7000215' } })
    expect(String(error)).toMatch(/secret’s value/)
    expect(String(error)).not.toMatch(/not-the-secret/)
  })

  test('[pain 11] when the first secret ends, the next one takes over by itself, and that is said', async () => {
    const nextCredential = { kind: 'secret' as const, secret: 'second-secret-1' }
    const { auth, emulator, asked } = set({ nextCredential })
    const { clientId, clientSecret } = emulator.info
    await expect(auth.tryNext()).rejects.toMatchObject({ failure: { code: 'AADSTS7000215' } })
    addSecret(emulator)
    await auth.tryNext()
    const tokens = auth.application()
    const before = await tokens.accessToken(false, neverAborted)
    expect(auth.refusedFirst).toBeNull()

    emulator.control.expireSecrets(clientId, clientSecret)
    expect(await tokens.accessToken(true, neverAborted)).not.toBe(before)
    expect(auth.refusedFirst).toMatchObject({ code: 'AADSTS7000222' })
    const calls = asked.length
    await tokens.accessToken(true, neverAborted)
    expect(asked.length - calls).toBe(1)

    emulator.control.expireSecrets(clientId)
    await expect(tokens.accessToken(true, neverAborted)).rejects.toMatchObject({
      failure: { kind: 'unauthorized' },
    })
  })

  test('[pain 11] a person’s tokens go on with the next secret, too', async () => {
    const world = set({ nextCredential: { kind: 'secret', secret: 'second-secret-1' } })
    const { auth, emulator } = world
    const cache = memoryCache()
    const { homeAccountId } = await connect(world, cache)
    addSecret(emulator)
    emulator.control.expireSecrets(emulator.info.clientId, emulator.info.clientSecret)
    const tokens = auth.delegated({ cache, homeAccountId, scopes: SCOPES })
    expect((await tokens.accessToken(true, neverAborted)).length).toBeGreaterThan(100)
    expect(auth.refusedFirst).toMatchObject({ code: 'AADSTS7000222' })
    const again = await connect(world, memoryCache())
    expect(again.homeAccountId).toBe(homeAccountId)
  })

  test('with a certificate that Entra does not know', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { auth } = set({
      credential: {
        kind: 'certificate',
        thumbprintSha256: 'A'.repeat(64),
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
    })
    await expect(auth.application().accessToken(false, neverAborted)).rejects.toMatchObject({
      failure: { kind: 'unauthorized' },
    })
  })
})

test('failures name who can act; what passes by itself is no one’s', () => {
  const failure = (code: number) =>
    signInFailure(
      Object.assign(new Error(`invalid_grant: AADSTS${code}: text`), { errorCode: 'invalid_grant' }),
    )
  expect(failure(65001)).toMatchObject({ kind: 'unauthorized', message: expect.stringMatching(/Consent/) })
  expect(failure(53003)).toMatchObject({
    kind: 'unauthorized',
    message: expect.stringMatching(/Conditional Access/),
  })
  expect(failure(50034)).toMatchObject({
    kind: 'unauthorized',
    message: expect.stringMatching(/not in the directory/),
  })
  expect(failure(7000222)).toMatchObject({ kind: 'unauthorized', message: expect.stringMatching(/expired/) })
  expect(failure(90033)).toMatchObject({ kind: 'unavailable' })
  expect(signInFailure(new TypeError('fetch failed'))).toMatchObject({ kind: 'unavailable' })
  expect([whoCanAct('AADSTS7000222'), whoCanAct('AADSTS65001'), whoCanAct('AADSTS90033')]).toEqual([
    'administrator',
    'user',
    'nobody',
  ])
})

test('tokens never travel in clear beyond this machine', () => {
  expect(() => resolveEndpoints('global', { graph: 'http://graph.example.com' })).toThrow(/https/)
  expect(resolveEndpoints('global', { graph: 'http://127.0.0.1:4010/v1.0' }).graph).toBe(
    'http://127.0.0.1:4010',
  )
  expect(resolveEndpoints('china').resource).toBe('https://microsoftgraph.chinacloudapi.cn')
})
