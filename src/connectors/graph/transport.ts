/** The way to the network in production: undici with a kept-alive pool for each origin. */
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Agent } from 'undici'
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
  return {
    transport: async (url, init) => {
      const target = new URL(url)
      const response = await agent.request({
        origin: target.origin,
        path: target.pathname + target.search,
        method: init.method,
        headers: { 'accept-encoding': 'gzip', ...init.headers },
        body: init.body ?? null,
        signal: init.signal ?? null,
      })
      const body = response.headers['content-encoding'] === 'gzip' ? unzipped(response.body) : response.body
      return {
        status: response.statusCode,
        headers: {
          get: (name) => {
            const value = response.headers[name]
            return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value
          },
        },
        body,
        text: () => (body === response.body ? response.body.text() : textOf(body)),
      }
    },
    close: () => agent.close(),
  }
}

/** A connection that breaks off breaks the reader's stream too. */
const unzipped = (body: Readable): Readable => {
  const gunzip = createGunzip()
  body.on('error', (error) => gunzip.destroy(error))
  return body.pipe(gunzip)
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
