/**
 * `$batch`: up to twenty parts, four at a time, `dependsOn` with 424 for what hangs on a failure.
 * Source: "Combine multiple HTTP requests using JSON batching".
 */
import type { Answer } from './call.ts'
import { badRequest } from './errors.ts'
import { bodyText, type Incoming, type Outgoing } from './http.ts'
import { isObject, type JsonObject } from './item-parts.ts'

const PARTS_MAX = 20
const AT_ONCE_MAX = 4

interface Part {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: unknown
  readonly dependsOn: readonly string[]
}

const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']

function readPart(value: unknown): Part {
  if (!isObject(value)) throw badRequest('Invalid batch payload format.')
  const { id, method, url, headers, body, dependsOn } = value
  if (typeof id !== 'string' || id === '')
    throw badRequest('Invalid batch payload format. Every request needs an id.')
  if (typeof method !== 'string' || !METHODS.includes(method.toUpperCase()))
    throw badRequest(`Invalid batch payload format. Request '${id}' has no valid method.`)
  if (typeof url !== 'string' || url === '')
    throw badRequest(`Invalid batch payload format. Request '${id}' has no url.`)
  const named = new Map<string, string>()
  if (isObject(headers))
    for (const [name, content] of Object.entries(headers)) named.set(name.toLowerCase(), String(content))
  if (isObject(body) && !named.has('content-type'))
    throw badRequest(`Write request id : ${id} does not contain Content-Type header or body.`)
  const depends = dependsOn ?? []
  if (!Array.isArray(depends) || !depends.every((entry) => typeof entry === 'string'))
    throw badRequest(`Invalid batch payload format. Request '${id}' has a dependsOn that is no list of ids.`)
  return { id, method: method.toUpperCase(), url, headers: named, body, dependsOn: depends }
}

function readParts(incoming: Incoming): Part[] {
  let body: unknown
  try {
    body = JSON.parse(bodyText(incoming.body))
  } catch {
    throw badRequest('Invalid batch payload format.')
  }
  const requests = isObject(body) ? body['requests'] : undefined
  if (!Array.isArray(requests) || requests.length === 0) throw badRequest('Invalid batch payload format.')
  if (requests.length > PARTS_MAX)
    throw badRequest(`Number of batch request steps exceeds the maximum value of ${PARTS_MAX}.`)
  const parts = requests.map(readPart)
  const seen = new Set<string>()
  for (const part of parts) {
    for (const id of part.dependsOn)
      if (!seen.has(id))
        throw badRequest(
          `Invalid batch payload format. Request '${part.id}' depends on '${id}', which does not come before it.`,
        )
    if (seen.has(part.id)) throw badRequest(`Request Id '${part.id}' has to be unique in a batch.`)
    seen.add(part.id)
  }
  return parts
}

function partBody(part: Part): string | Uint8Array | null {
  if (part.body === undefined || part.body === null) return null
  if (typeof part.body === 'string' && !(part.headers.get('content-type') ?? '').includes('json'))
    return Buffer.from(part.body, 'base64')
  return JSON.stringify(part.body)
}

function target(url: string): string {
  const path = url.replace(/^https?:\/\/[^/]+/i, '').replace(/^\/(v1\.0|beta)(?=\/)/i, '')
  return `/v1.0${path.startsWith('/') ? '' : '/'}${path}`
}

export async function answerBatch(
  incoming: Incoming,
  handle: (inner: Incoming, id: string) => Promise<Outgoing>,
): Promise<Answer> {
  const parts = readParts(incoming)
  const responses: JsonObject[] = []
  const outcomes = new Map<string, Promise<number>>()
  const free: (() => void)[] = []
  let running = 0
  const slot = async (): Promise<void> => {
    if (running >= AT_ONCE_MAX) await new Promise<void>((resolve) => free.push(resolve))
    running++
  }
  const run = async (part: Part): Promise<number> => {
    const before = await Promise.all(part.dependsOn.map((id) => outcomes.get(id)))
    if (before.some((status) => status === undefined || status >= 400)) {
      responses.push({
        id: part.id,
        status: 424,
        headers: { 'Content-Type': 'application/json' },
        body: {
          error: { code: 'FailedDependency', message: 'A request that this one depends on has failed.' },
        },
      })
      return 424
    }
    await slot()
    try {
      const outgoing = await handle(inner(incoming, part), part.id)
      responses.push(render(part.id, outgoing))
      return outgoing.cut === undefined ? outgoing.status : 502
    } finally {
      running--
      free.shift()?.()
    }
  }
  for (const part of parts) outcomes.set(part.id, run(part))
  await Promise.all(outcomes.values())
  return { status: 200, body: { responses } }
}

function inner(incoming: Incoming, part: Part): Incoming {
  return {
    method: part.method,
    target: target(part.url),
    origin: incoming.origin,
    header: (name) =>
      part.headers.get(name) ?? (name === 'authorization' ? incoming.header(name) : undefined),
    body: partBody(part),
  }
}

/** Headers that the service passes on for a part. */
const PASSED = [
  'content-type',
  'retry-after',
  'odata-version',
  'location',
  'etag',
  'preference-applied',
  'cache-control',
]

function render(id: string, outgoing: Outgoing): JsonObject {
  // A part whose answer broke off on its way to the batch is answered for by the batch.
  const body = outgoing.cut === undefined ? partAnswer(outgoing) : undefined
  if (body === undefined)
    return {
      id,
      status: 502,
      headers: { 'Content-Type': 'application/json' },
      body: { error: { code: 'UnknownError', message: '' } },
    }
  const headers: Record<string, string> = {}
  for (const name of PASSED) {
    const value = outgoing.headers[name]
    if (value !== undefined) headers[name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())] = value
  }
  const response: JsonObject = { id, status: outgoing.status, headers }
  if (body !== null) response['body'] = body
  return response
}

/** The body of a part as JSON value or base64 text; null when it has none, undefined when it is not what it says it is. */
function partAnswer({ body, headers }: Outgoing): unknown {
  if (body === null) return null
  if (!(headers['content-type'] ?? '').includes('json')) return Buffer.from(body).toString('base64')
  try {
    return JSON.parse(bodyText(body)) as unknown
  } catch {
    return undefined
  }
}
