/** The way to the network in production: undici with a kept-alive pool for each origin. */
import { Agent, interceptors } from 'undici'
import type { Transport } from './environment.ts'

/** Connections to one origin, over all mailboxes of this process. The gate of each mailbox allows four of them. */
const CONNECTIONS_PER_ORIGIN_MAX = 64
const CONNECT_TIMEOUT_MS = 10_000
/** Outlook answers a large page late; a gateway gives up after about a minute. */
const HEADERS_TIMEOUT_MS = 100_000
const BODY_TIMEOUT_MS = 100_000
const KEEP_ALIVE_MS = 30_000

export interface NetworkTransport {
  readonly transport: Transport
  /** Ends idle connections and waits for the busy ones. */
  close(): Promise<void>
}

export function createNetworkTransport(): NetworkTransport {
  const agent = new Agent({
    connections: CONNECTIONS_PER_ORIGIN_MAX,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  })
  const dispatcher = agent.compose(interceptors.decompress({ skipErrorResponses: false }))
  return {
    transport: async (url, init) => {
      const target = new URL(url)
      const response = await dispatcher.request({
        origin: target.origin,
        path: target.pathname + target.search,
        method: init.method,
        headers: { 'accept-encoding': 'gzip, deflate', ...init.headers },
        body: init.body ?? null,
        signal: init.signal ?? null,
      })
      return {
        status: response.statusCode,
        headers: {
          get: (name) => {
            const value = response.headers[name]
            return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value
          },
        },
        body: response.body,
        text: () => response.body.text(),
      }
    },
    close: () => agent.close(),
  }
}
