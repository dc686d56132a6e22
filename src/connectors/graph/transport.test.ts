import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { create, meeting, only } from '../../../tests/support/graph-events.ts'
import { ANNA, appTokens, neverAborted } from '../../../tests/support/graph-world.ts'
import { createEmulator } from '../../emulator/emulator.ts'
import { asId, type CollectionId } from '../../core/ids.ts'
import type { CollectionRef } from '../connector.ts'
import { resolveEndpoints } from './environment.ts'
import { createGraphConnector } from './graph.ts'
import { createNetworkTransport } from './transport.ts'

const network = createNetworkTransport()
const emulator = createEmulator({ seed: 'empty' })
let close: () => Promise<void> = () => Promise.resolve()

beforeAll(async () => {
  const listening = await emulator.listen(0)
  close = () => listening.close()
})
afterAll(async () => {
  await network.close()
  await close()
})

test('over HTTP: a create is pulled again, and one whose answer is cut is unknown and found', async () => {
  const anna = emulator.info.users.find(({ userPrincipalName }) => userPrincipalName === ANNA)
  const connector = createGraphConnector({
    mailbox: { objectId: anna?.id ?? '' },
    tokens: appTokens(emulator, network.transport),
    endpoints: resolveEndpoints('global', { graph: emulator.info.graph, login: emulator.info.login }),
    transport: network.transport,
    env: { now: Date.now, random: Math.random, sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)) },
  })
  const [remote] = await connector.collections('calendar', neverAborted)
  const calendar: CollectionRef = {
    id: asId<CollectionId>('c1'),
    channel: 'calendar',
    externalId: remote?.externalId ?? '',
    isDefault: true,
    zone: 'Europe/Berlin',
    window: { from: '2026-01-01', to: '2026-12-31' },
  }
  expect(await connector.push([create(calendar, meeting())], neverAborted)).toMatchObject([
    { outcome: 'written' },
  ])
  for (const kind of ['reply-lost', 'reply-cut'] as const) {
    emulator.control.plan([{ kind, method: 'POST', count: 1 }])
    const operation = create(calendar, meeting({ subject: kind }), kind)
    expect(only(await connector.push([operation], neverAborted)).outcome).toBe('unknown')
    expect(only(await connector.settle([operation], neverAborted)).outcome).toBe('written')
  }
  const subjects: unknown[] = []
  for await (const page of connector.pull(calendar, null, neverAborted))
    for (const one of page.observed) if (one.kind === 'item') subjects.push(one.item.fields['subject'])
  expect(subjects.sort()).toEqual(['Review', 'reply-cut', 'reply-lost'])
})

test('compressed answers are read', async () => {
  const server = createServer((_, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .end(gzipSync('{"value":[]}')),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const response = await network.transport(`http://127.0.0.1:${port}/x?y=z`, { method: 'GET', headers: {} })
  expect(await response.text()).toBe('{"value":[]}')
  server.close()
  server.closeAllConnections()
})

test('a refused connection says so', async () => {
  await expect(
    network.transport('http://127.0.0.1:9/', { method: 'GET', headers: {} }),
  ).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  })
})
