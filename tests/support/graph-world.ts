/** A mailbox in the emulator and our connector to it, on a clock that only moves when somebody sleeps. */
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts'
import type { CollectionRef, Connector, Page } from '../../src/connectors/connector.ts'
import type { Tokens } from '../../src/connectors/graph/client.ts'
import { resolveEndpoints, type GraphEnv, type Transport } from '../../src/connectors/graph/environment.ts'
import { createGraphConnector, type GraphOptions } from '../../src/connectors/graph/graph.ts'
import { asId, type CollectionId, type Cursor } from '../../src/core/ids.ts'
import type { Channel } from '../../src/core/item.ts'

export const ANNA = 'anna.lindqvist@contoso.example'
export const BEN = 'ben.okafor@contoso.example'

export interface GraphWorld {
  readonly emulator: Emulator
  readonly connector: Connector
  readonly env: GraphEnv & { time: number; slept: number[] }
  readonly transport: Transport
  /** Requests that reached the mailbox since the last `forget`, parts of a batch one by one; without ids of people and queries. */
  requests(): readonly { readonly call: string; readonly status: number; readonly batched: boolean }[]
  forget(): void
  collection(channel: Channel, options?: Partial<CollectionRef>): Promise<CollectionRef>
  pullAll(collection: CollectionRef, cursor?: Cursor | null): Promise<{ pages: Page[]; cursor: Cursor }>
}

export const neverAborted = new AbortController().signal

export async function graphWorld(
  options: { emulator?: EmulatorOptions; graph?: GraphOptions; person?: string; at?: string } = {},
): Promise<GraphWorld> {
  const env = {
    time: Date.parse(options.at ?? '2026-03-02T09:00:00Z'),
    slept: [] as number[],
    chance: 7,
    now: () => env.time,
    sleep: (ms: number) => {
      env.slept.push(ms)
      env.time += ms
      return Promise.resolve()
    },
    random: () => {
      env.chance = (env.chance * 48_271) % 2_147_483_647
      return env.chance / 2_147_483_647
    },
  }
  const emulator = createEmulator({
    seed: 'empty',
    clock: { now: env.now, sleep: env.sleep },
    ...options.emulator,
  })
  const person = options.person ?? ANNA
  const user = emulator.info.users.find(({ userPrincipalName }) => userPrincipalName === person)
  if (user === undefined) throw new Error(`${person} is not in the emulator's world.`)
  const transport: Transport = (url, init) =>
    emulator.handle(
      new Request(url, {
        method: init.method,
        headers: init.headers,
        ...(init.body === undefined ? {} : { body: init.body as string }),
      }),
    )
  const endpoints = resolveEndpoints('global', { graph: emulator.info.graph, login: emulator.info.login })
  const connector = createGraphConnector({
    mailbox: { objectId: user.id },
    tokens: appTokens(emulator, transport),
    endpoints,
    transport,
    env,
    ...(options.graph === undefined ? {} : { options: options.graph }),
  })
  let seen = 0
  return {
    emulator,
    connector,
    env,
    transport,
    requests: () =>
      emulator.control.logs.requests.entries
        .slice(seen)
        .filter(({ mailbox, target }) => mailbox !== '' && !target.endsWith('$batch'))
        .map(({ method, target, status, batchPart }) => ({
          call: `${method} ${target.replace(/\?.*$/s, '').replace(/^(?:\/v1\.0)?\/users\/[^/]*/, '')}`,
          status,
          batched: batchPart !== null,
        })),
    forget: () => {
      seen = emulator.control.logs.requests.entries.length
    },
    collection: async (channel, more = {}) => {
      const all = await connector.collections(channel, neverAborted)
      const remote = all.find(({ isDefault }) => isDefault) ?? all[0]
      if (remote === undefined) throw new Error(`The mailbox has no ${channel}.`)
      return {
        id: asId<CollectionId>('c1'),
        channel,
        externalId: remote.externalId,
        isDefault: remote.isDefault,
        zone: 'Europe/Berlin',
        ...(channel === 'calendar' ? { window: { from: '2026-01-01', to: '2026-12-31' } } : {}),
        ...more,
      }
    },
    pullAll: async (collection, cursor = null) => {
      const pages: Page[] = []
      for await (const page of connector.pull(collection, cursor, neverAborted)) pages.push(page)
      const last = pages.at(-1)
      if (last === undefined) throw new Error('A pull without a page.')
      return { pages, cursor: last.next }
    },
  }
}

/** A token of the emulator's own, by the app's secret. */
export function appTokens(emulator: Emulator, transport: Transport): Tokens {
  let token: string | null = null
  return {
    accessToken: async (refresh) => {
      if (token !== null && !refresh) return token
      const { clientId, clientSecret, login, tenantId } = emulator.info
      const response = await transport(`${login}/${tenantId}/oauth2/v2.0/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          client_id: clientId,
          client_secret: clientSecret,
          grant_type: 'client_credentials',
          scope: 'https://graph.microsoft.com/.default',
        }).toString(),
      })
      const body = JSON.parse(await response.text()) as { access_token?: string }
      if (body.access_token === undefined) throw new Error(`No token: ${JSON.stringify(body)}`)
      token = body.access_token
      return token
    },
    identity: () => Promise.resolve({ tenantId: emulator.info.tenantId, objectId: null }),
  }
}
