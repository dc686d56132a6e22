/** The emulator behind node:http, on the loopback address only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Incoming, Outgoing } from './http.ts'
import { giveBack } from './rows.ts'

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** Larger bodies are refused with 413. */
const BODY_BYTES_MAX = 8 * 1024 * 1024

export async function listen(
  port: number,
  dispatch: (incoming: Incoming) => Promise<Outgoing>,
): Promise<Listening> {
  let origin = ''
  const server = createServer((request, response) => {
    void serve(request, response, origin, dispatch)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  dispatch: (incoming: Incoming) => Promise<Outgoing>,
): Promise<void> {
  try {
    const body = await readBody(request)
    if (body === 'too-large') {
      response
        .writeHead(413, { 'content-type': 'application/json', connection: 'close' })
        .end('{"error":{"code":"RequestEntityTooLarge","message":"The request is too large."}}')
      return
    }
    const outgoing = await dispatch({
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      origin: originOf(request) ?? origin,
      header: (name) => {
        const value = request.headers[name]
        return Array.isArray(value) ? value.join(', ') : value
      },
      body,
    })
    send(response, outgoing)
  } catch {
    if (!response.headersSent) response.writeHead(500)
    response.end()
  }
}

/** Links begin with the address that the caller used, also behind a proxy that says so. */
function originOf(request: IncomingMessage): string | null {
  const forwarded = request.headers['x-forwarded-host']
  const host = typeof forwarded === 'string' ? forwarded : request.headers.host
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'
  return host === undefined ? null : `${scheme}://${host}`
}

function readBody(request: IncomingMessage): Promise<Uint8Array | null | 'too-large'> {
  if (request.method === 'GET' || request.method === 'HEAD') return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > BODY_BYTES_MAX) resolve('too-large')
      else chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 0 ? null : Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

function send(response: ServerResponse, outgoing: Outgoing): void {
  const { body } = outgoing
  if (outgoing.cut === 'before') {
    response.destroy()
    return
  }
  const bytes = body === null ? null : typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(outgoing.status, {
    ...outgoing.headers,
    ...(bytes === null ? {} : { 'content-length': bytes.length }),
  })
  if (outgoing.cut === 'middle' && bytes !== null) {
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
    return
  }
  response.end(bytes, () => {
    if (bytes !== null) giveBack(bytes)
  })
}
