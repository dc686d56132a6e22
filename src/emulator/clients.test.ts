/** Microsoft's own client libraries, unchanged, against the emulator on a socket. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { ConfidentialClientApplication, type NodeAuthOptions } from '@azure/msal-node'
import {
  AuthenticationHandler,
  Client,
  HTTPMessageHandler,
  PageIterator,
  RetryHandler,
  RetryHandlerOptions,
  type Context,
  type PageCollection,
} from '@microsoft/microsoft-graph-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANNA, emulated, type Json } from '../../tests/support/emulated.ts'
import { realClock } from './clock.ts'
import type { Emulator, MicrosoftInfo } from './emulator.ts'
import type { Listening } from './server.ts'

let emulator: Emulator
let listening: Listening
let info: MicrosoftInfo

beforeAll(async () => {
  // The libraries look at the machine's clock, so tokens must be issued by it.
  emulator = emulated({ clock: realClock })
  emulator.control.clock.release()
  listening = await emulator.listen(0)
  info = emulator.info
})
afterAll(() => listening.close())

const APP_SCOPES = ['https://graph.microsoft.com/.default']

/** msal refuses an authority on http, but takes the endpoints of its metadata as they are. */
function msal(
  proof: Pick<NodeAuthOptions, 'clientSecret' | 'clientCertificate'>,
): ConfidentialClientApplication {
  const host = 'login.emulator.example'
  const base = `${info.login}/${info.tenantId}`
  return new ConfidentialClientApplication({
    auth: {
      clientId: info.clientId,
      authority: `https://${host}/${info.tenantId}`,
      knownAuthorities: [host],
      authorityMetadata: JSON.stringify({
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        issuer: `${base}/v2.0`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
        end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      }),
      ...proof,
    },
  })
}

const readUsers = (token: string): Promise<number> =>
  fetch(`${info.graph}/users`, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status)

test('msal-node: client credentials with a secret', async () => {
  const result = await msal({ clientSecret: info.clientSecret }).acquireTokenByClientCredential({
    scopes: APP_SCOPES,
  })
  expect(await readUsers(result?.accessToken ?? '')).toBe(200)
  await expect(
    msal({ clientSecret: 'wrong' }).acquireTokenByClientCredential({ scopes: APP_SCOPES }),
  ).rejects.toThrow(/AADSTS7000215/)
})

test('msal-node: client credentials with a certificate', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const app = emulator.control.store.data.apps.get(info.clientId)
  app?.certificates.push({ pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() })
  const thumbprintSha256 = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
  const pem = (key: typeof privateKey): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const result = await msal({
    clientCertificate: { thumbprintSha256, privateKey: pem(privateKey) },
  }).acquireTokenByClientCredential({ scopes: APP_SCOPES })
  expect(await readUsers(result?.accessToken ?? '')).toBe(200)
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  await expect(
    msal({
      clientCertificate: { thumbprintSha256, privateKey: pem(stranger) },
    }).acquireTokenByClientCredential({ scopes: APP_SCOPES }),
  ).rejects.toThrow(/AADSTS700027/)
})

/** What a person does in the browser: follows the page's own forms. */
async function signIn(url: string): Promise<URL> {
  const local = url.replace(/^https:\/\/login\.emulator\.example/, info.login)
  const answer = (fields: Record<string, string>): Promise<Response> =>
    fetch(local, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields),
    })
  const accounts = await (await fetch(local, { redirect: 'manual' })).text()
  const account = /value="([^"]+)"[^>]*><b>Anna Lindqvist/.exec(accounts)?.[1] ?? ''
  const consent = await (await answer({ account })).text()
  expect(consent).toContain('Calendars.ReadWrite')
  const done = await answer({ account, consent: '1' })
  return new URL(done.headers.get('location') ?? '')
}

test('msal-node: authorization code with PKCE, then refresh', async () => {
  const client = msal({ clientSecret: info.clientSecret })
  const redirectUri = 'http://localhost:3000/auth/microsoft/callback'
  const verifier = randomBytes(48).toString('base64url')
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url')
  const scopes = ['Calendars.ReadWrite', 'Tasks.ReadWrite']
  const url = await client.getAuthCodeUrl({
    scopes,
    redirectUri,
    state: 'state-1',
    codeChallenge,
    codeChallengeMethod: 'S256',
  })
  const back = await signIn(url)
  expect(back.searchParams.get('state')).toBe('state-1')
  const code = back.searchParams.get('code') ?? ''
  const wrong = client.acquireTokenByCode({ code, scopes, redirectUri, codeVerifier: 'x'.repeat(50) })
  await expect(wrong).rejects.toThrow(/AADSTS501481/)
  const result = await client.acquireTokenByCode({ code, scopes, redirectUri, codeVerifier: verifier })
  expect(result.account?.username).toBe(ANNA)
  const again = client.acquireTokenByCode({ code, scopes, redirectUri, codeVerifier: verifier })
  await expect(again).rejects.toThrow(/AADSTS54005/)
  if (result.account === null) throw new Error('msal kept no account.')
  const fresh = await client.acquireTokenSilent({ account: result.account, scopes, forceRefresh: true })
  expect(fresh.fromCache).toBe(false)
  const me = await fetch(`${info.graph}/me/calendars`, {
    headers: { authorization: `Bearer ${fresh.accessToken}` },
  })
  expect(me.status).toBe(200)
})

/**
 * The library gives its token only to https addresses of Graph, and follows only such links. So it is left to believe
 * that it speaks with Graph, and the last of its middlewares turns to the emulator as a proxy would.
 */
class Proxy extends HTTPMessageHandler {
  override async execute(context: Context): Promise<void> {
    const url = new URL(String(context.request))
    const headers = new Headers(context.options?.headers as Record<string, string>)
    headers.set('x-forwarded-host', url.host)
    headers.set('x-forwarded-proto', 'https')
    context.request = `${listening.url}${url.pathname}${url.search}`
    context.options = { ...context.options, headers: Object.fromEntries(headers) }
    await super.execute(context)
  }
}

function graphClient(): Client {
  const authentication = new AuthenticationHandler({
    getAccessToken: () => Promise.resolve(emulator.control.token(info.clientId, ANNA)),
  })
  const retry = new RetryHandler(new RetryHandlerOptions(0, 3))
  authentication.setNext(retry)
  retry.setNext(new Proxy())
  return Client.initWithMiddleware({ middleware: authentication })
}

test('microsoft-graph-client: writes, pages, batches, and waits as it is told', async () => {
  const client = graphClient()
  const day = (n: number): string => `2026-10-${String(n).padStart(2, '0')}T09:00:00`
  for (let n = 1; n <= 12; n++)
    await client.api('/me/events').post({
      subject: `Event ${n}`,
      start: { dateTime: day(n), timeZone: 'UTC' },
      end: { dateTime: day(n), timeZone: 'UTC' },
    })
  const seen: string[] = []
  const page = (await client.api('/me/events').top(5).get()) as PageCollection
  await new PageIterator(client, page, (event: Json) => seen.push(String(event['subject'])) > 0).iterate()
  expect(seen).toHaveLength(12)
  const batch = (await client.api('/$batch').post({
    requests: [
      { id: '1', method: 'GET', url: '/me/calendars' },
      { id: '2', method: 'GET', url: '/me/nonsense', dependsOn: ['1'] },
      { id: '3', method: 'GET', url: '/me/todo/lists', dependsOn: ['2'] },
    ],
  })) as { responses: { id: string; status: number }[] }
  expect(Object.fromEntries(batch.responses.map(({ id, status }) => [id, status]))).toEqual({
    1: 200,
    2: 400,
    3: 424,
  })
  emulator.control.plan([
    { kind: 'refuse', status: 429, retryAfterSeconds: 0, count: 1, path: '/me/calendars' },
  ])
  expect(((await client.api('/me/calendars').get()) as PageCollection).value).toHaveLength(1)
  expect(Object.fromEntries(emulator.control.faults.injected)).toEqual({ refuse: 1 })
})

/** What is used of the generated client. Its own types are large enough to slow every type check of the project. */
interface GeneratedClient {
  readonly me: {
    readonly todo: {
      readonly lists: {
        get(): Promise<{ value?: { id?: string; displayName?: string }[] }>
        byTodoTaskListId(id: string): {
          readonly tasks: {
            post(task: { title: string }): Promise<{ id?: string }>
            readonly delta: { get(): Promise<{ value?: { id?: string }[] }> }
          }
        }
      }
    }
  }
  readonly users: {
    byUserId(id: string): {
      readonly calendarView: {
        get(options: {
          queryParameters: { startDateTime: string; endDateTime: string }
        }): Promise<{ value?: { subject?: string }[] }>
      }
    }
  }
}

async function generatedClient(): Promise<GeneratedClient> {
  const load = async (name: string): Promise<Record<string, unknown>> =>
    (await import(name)) as Record<string, unknown>
  const sdk = await load('@microsoft/msgraph-sdk')
  await load('@microsoft/msgraph-sdk-users')
  const Adapter = sdk['GraphRequestAdapter'] as new (authentication: object) => { baseUrl: string }
  const create = sdk['createGraphServiceClient'] as (adapter: object) => GeneratedClient
  const adapter = new Adapter({
    authenticateRequest: (request: { headers: { add(name: string, value: string): void } }) => {
      request.headers.add('authorization', `Bearer ${emulator.control.token(info.clientId, ANNA)}`)
      return Promise.resolve()
    },
  })
  adapter.baseUrl = info.graph
  return create(adapter)
}

test('msgraph-sdk (kiota): typed reads, writes and delta', async () => {
  const client = await generatedClient()
  const lists = await client.me.todo.lists.get()
  const list = lists.value?.find((candidate) => candidate.displayName === 'Tasks')
  const { tasks } = client.me.todo.lists.byTodoTaskListId(list?.id ?? '')
  const task = await tasks.post({ title: 'From kiota' })
  const delta = await tasks.delta.get()
  expect(delta.value?.map(({ id }) => id)).toContain(task.id)
  const view = await client.users.byUserId(ANNA).calendarView.get({
    queryParameters: { startDateTime: '2026-10-01T00:00:00Z', endDateTime: '2026-10-03T00:00:00Z' },
  })
  expect(view.value?.map(({ subject }) => subject)).toEqual(['Event 1', 'Event 2'])
})
