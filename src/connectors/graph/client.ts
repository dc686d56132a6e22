/**
 * The thin Graph client of one mailbox.
 *
 * It knows Graph's manners and nothing of its resources: tokens, the gate, Retry-After, backoff, immutable ids, `$batch`,
 * pages. What it promises for writes is what exactly-once rests on: a write is sent again only when Microsoft surely did
 * not take it (never connected; 401; 429; 503 with Retry-After). Whatever may have been applied (a cut connection,
 * 500, 502, 504) comes back as `lost`.
 */
import type { Failure } from '../connector.ts'
import { ConnectorError } from '../connector.ts'
import type { Instant } from '../../core/ids.ts'
import type { Json } from '../../core/item.ts'
import { expectPage, isObject, type Answer, type GraphPage } from './answers.ts'
import type { Endpoints, GraphEnv, Transport, TransportResponse } from './environment.ts'
import type { Gate } from './gate.ts'
import { BACKOFF_FIRST_MS, throttled, verdictOf, type Verdict } from './verdict.ts'

export interface Tokens {
  /** @throws {ConnectorError} `unauthorized` in words that say what to do, or `unavailable`. */
  accessToken(refresh: boolean, signal: AbortSignal): Promise<string>
  /** Tenant and, for a person, object id that the token was given to. Known after the first token. */
  identity(signal: AbortSignal): Promise<TokenIdentity>
}

export interface TokenIdentity {
  readonly tenantId: string
  /** Null for an app that calls for itself. */
  readonly objectId: string | null
}

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Below the mailbox (`/events`, or `?$select=…` for itself), below the service root (`//users/x`), or a whole link that Graph gave. */
  readonly path: string
  readonly body?: Json
  /** Further preferences, comma-joined; immutable ids are always asked for. */
  readonly prefer?: string
  readonly ifMatch?: string
  /** An action that reads (`$batch` of GETs, `translateExchangeIds`): may be sent again freely. */
  readonly isRead?: boolean
}

export interface ClientOptions {
  readonly endpoints: Endpoints
  readonly transport: Transport
  readonly env: GraphEnv
  readonly tokens: Tokens
  readonly gate: Gate
  /** `/me` or `/users/<object id>`. */
  readonly root: string
}

const BATCH_PARTS_MAX = 20
/** Graph refuses JSON requests over 4 MB; headers and joints need some room. */
const BATCH_BYTES_MAX = 3_500_000
const RESPONSE_BYTES_MAX = 128 * 1024 * 1024
const TRIES_MAX = 5
const BACKOFF_MAX_MS = 30_000
/** A longer pause than this is the schedule's to wait for, not a running pass's. */
const PATIENCE_MS = 120_000
const IMMUTABLE_IDS = 'IdType="ImmutableId"'

/** Errors of the network before the first byte of the request left. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

interface Exchange {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body?: string | Uint8Array
  readonly isRead: boolean
  readonly weight: number
  readonly withToken: boolean
}

export class GraphClient {
  readonly #options: ClientOptions
  readonly #clock: { offsetMs: number }
  readonly #writesUntil: Instant

  constructor(options: ClientOptions, clock = { offsetMs: 0 }, writesUntil: Instant = Infinity) {
    this.#options = options
    this.#clock = clock
    this.#writesUntil = writesUntil
  }

  /** The same client, from which no write leaves any more once it is `instant`. */
  writingUntil(instant: Instant): GraphClient {
    return new GraphClient(this.#options, this.#clock, instant)
  }

  /** How far Microsoft's clock is ahead of ours by the latest `Date` header; 0 before the first answer. */
  get clockOffsetMs(): number {
    return this.#clock.offsetMs
  }

  get tokens(): Tokens {
    return this.#options.tokens
  }

  /** One request, with the retries that are safe. Rejects only when aborted while nothing was written. */
  async send(request: GraphRequest, signal: AbortSignal): Promise<Answer> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    return this.#exchange(
      {
        method: request.method,
        url: this.#url(request.path),
        headers: headersOf(request),
        ...(body === undefined ? {} : { body }),
        isRead: request.isRead ?? request.method === 'GET',
        weight: 1,
        withToken: true,
      },
      signal,
    )
  }

  /** Pages of a list, following its links as they are. @throws {ConnectorError} */
  async *pages(request: GraphRequest, signal: AbortSignal): AsyncGenerator<GraphPage> {
    for (let next: GraphRequest | null = request; next !== null;) {
      const page: GraphPage = expectPage(await this.send(next, signal))
      yield page
      next = page.nextLink === null ? null : { ...request, path: page.nextLink }
    }
  }

  /** All entries of a list. */
  async list(request: GraphRequest, signal: AbortSignal): Promise<readonly unknown[]> {
    const all: unknown[] = []
    for await (const page of this.pages(request, signal)) for (const entry of page.value) all.push(entry)
    return all
  }

  /**
   * Many requests in as few round trips as Graph allows, answered in the order asked. The parts are independent of one
   * another; a part that was throttled is sent again alone after its Retry-After, a part that was applied never.
   */
  async batch(requests: readonly GraphRequest[], signal: AbortSignal): Promise<readonly Answer[]> {
    const answers: (Answer | undefined)[] = requests.map(() => undefined)
    let open = requests.map((_, at) => at)
    let refreshed = false
    for (let tries = 1; open.length > 0; tries++) {
      const again: { at: number; failure: Failure }[] = []
      let pauseMs = 0
      for (const chunk of this.#chunks(requests, open)) {
        for (const { at, answer } of await this.#sendChunk(requests, chunk, signal)) {
          // What is refused was already sent again as often as is sensible.
          const verdict: Verdict =
            answer.kind === 'refused'
              ? { do: 'accept', answer }
              : verdictOf(answer, isRead(requests[at]), this.#retryAfter(answer))
          if (verdict.do === 'pause') this.#options.gate.close(verdict.ms ?? this.#backoffMs(tries))
          if (verdict.do === 'accept') answers[at] = verdict.answer
          else again.push({ at, failure: verdict.failure })
          if (verdict.do === 'backoff') pauseMs = this.#backoffMs(tries)
          if (verdict.do === 'refresh') {
            if (refreshed) {
              again.pop()
              answers[at] = { kind: 'refused', failure: verdict.failure }
            } else pauseMs = Math.max(pauseMs, 1)
          }
        }
      }
      if (again.length > 0 && !refreshed && again.some(({ failure }) => failure.kind === 'unauthorized')) {
        refreshed = true
        const failure = await this.#refresh(signal)
        if (failure !== null) {
          for (const { at } of again) answers[at] = { kind: 'refused', failure }
          break
        }
      }
      if (tries >= TRIES_MAX || this.#options.gate.closedForMs > PATIENCE_MS) {
        for (const { at, failure } of again) answers[at] = { kind: 'refused', failure }
        break
      }
      open = again.map(({ at }) => at)
      if (open.length > 0 && pauseMs > 1) await this.#options.env.sleep(pauseMs, signal)
    }
    return answers.map((answer) => answer ?? { kind: 'refused', failure: INCOMPLETE })
  }

  /** A pre-authenticated upload: sent to wherever Microsoft said, without our token. */
  upload(
    url: string,
    bytes: Uint8Array,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    // A range that arrived twice is refused by its session, so asking again is safe.
    return this.#exchange(
      { method: 'PUT', url, headers, body: bytes, isRead: true, weight: 1, withToken: false },
      signal,
    )
  }

  /** The bytes of a resource as they arrive. The gate's place is kept until they are read. @throws {ConnectorError} */
  async *download(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { gate, tokens, transport } = this.#options
    const token = await tokens.accessToken(false, signal)
    const leave = await gate.enter(1, signal)
    try {
      const response = await transport(this.#url(path), {
        method: 'GET',
        headers: { prefer: IMMUTABLE_IDS, authorization: `Bearer ${token}` },
        signal,
      })
      if (response.status !== 200 || response.body === null)
        throw new ConnectorError({
          kind: 'unavailable',
          message: `Microsoft answered ${response.status} to a download. Tried again later.`,
        })
      for await (const chunk of response.body) yield chunk
    } finally {
      leave()
    }
  }

  #url(path: string): string {
    const { endpoints, root } = this.#options
    if (path.startsWith('//')) return `${endpoints.graph}/v1.0${path.slice(1)}`
    if (path.startsWith('/') || path.startsWith('?')) return `${endpoints.graph}/v1.0${root}${path}`
    // A link carries our token: it may lead nowhere but to Graph.
    if (path.startsWith(`${endpoints.graph}/`)) return path
    throw new ConnectorError({
      kind: 'rejected',
      code: 'foreign-link',
      message: `A link from Microsoft leads to another host than ${endpoints.graph}. It was not followed.`,
    })
  }

  async #exchange(exchange: Exchange, signal: AbortSignal): Promise<Answer> {
    const { env, gate, tokens } = this.#options
    let refresh = false
    let refreshed = false
    for (let tries = 1; ; tries++) {
      if (gate.closedForMs > PATIENCE_MS) return { kind: 'refused', failure: throttled(gate.closedForMs) }
      let answer: Answer
      try {
        const token = exchange.withToken ? await tokens.accessToken(refresh, signal) : null
        const leave = await gate.enter(exchange.weight, signal)
        try {
          if (!exchange.isRead && env.now() >= this.#writesUntil)
            return { kind: 'refused', failure: TOO_LATE }
          answer = await this.#once(exchange, token, signal)
        } finally {
          leave()
        }
      } catch (error) {
        if (error instanceof ConnectorError) return { kind: 'refused', failure: error.failure }
        if (exchange.isRead || !signal.aborted) throw error
        return { kind: 'refused', failure: { kind: 'unavailable', message: 'Stopped before it was sent.' } }
      }
      refresh = false
      const verdict = verdictOf(answer, exchange.isRead, this.#retryAfter(answer))
      if (verdict.do === 'accept') return verdict.answer
      if (verdict.do === 'refresh') {
        if (refreshed) return { kind: 'refused', failure: verdict.failure }
        refresh = refreshed = true
        continue
      }
      if (verdict.do === 'pause') gate.close(verdict.ms ?? this.#backoffMs(tries))
      if (tries >= TRIES_MAX) return { kind: 'refused', failure: verdict.failure }
      if (verdict.do === 'backoff') await env.sleep(this.#backoffMs(tries), signal)
    }
  }

  /** One request on the wire; every failure of the network becomes a value. */
  async #once(exchange: Exchange, token: string | null, signal: AbortSignal): Promise<Answer> {
    const { env, transport } = this.#options
    const sentAt = env.now()
    try {
      const response = await transport(exchange.url, {
        method: exchange.method,
        headers: {
          ...exchange.headers,
          'client-request-id': this.#requestId(),
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(exchange.body === undefined ? {} : { body: exchange.body }),
        signal,
      })
      const text = await readBounded(response)
      this.#noteClock(response, sentAt, env.now())
      return {
        kind: 'answered',
        status: response.status,
        body: parseJson(text, response.headers.get('content-type')),
        header: (name) => response.headers.get(name),
      }
    } catch (error) {
      if (error instanceof ConnectorError) throw error
      if (signal.aborted && exchange.isRead) throw error
      const failure: Failure = {
        kind: 'unavailable',
        message: `Microsoft could not be reached, or the connection was cut (${causeOf(error)}). Tried again later.`,
      }
      return NEVER_SENT.has(causeOf(error)) ? { kind: 'refused', failure } : { kind: 'lost', failure }
    }
  }

  #chunks(requests: readonly GraphRequest[], open: readonly number[]): number[][] {
    const chunks: number[][] = []
    let chunk: number[] = []
    let bytes = 0
    for (const at of open) {
      const request = requests[at]
      const size = request?.body === undefined ? 500 : JSON.stringify(request.body).length * 2 + 500
      if (chunk.length === BATCH_PARTS_MAX || (chunk.length > 0 && bytes + size > BATCH_BYTES_MAX)) {
        chunks.push(chunk)
        chunk = []
        bytes = 0
      }
      chunk.push(at)
      bytes += size
    }
    if (chunk.length > 0) chunks.push(chunk)
    return chunks
  }

  async #sendChunk(
    requests: readonly GraphRequest[],
    chunk: readonly number[],
    signal: AbortSignal,
  ): Promise<{ at: number; answer: Answer }[]> {
    const [only] = chunk
    if (chunk.length === 1 && only !== undefined) {
      const request = requests[only]
      return request === undefined ? [] : [{ at: only, answer: await this.send(request, signal) }]
    }
    const base = `${this.#options.endpoints.graph}/v1.0`
    const parts = chunk.flatMap((at) => {
      const request = requests[at]
      if (request === undefined) return []
      const headers = headersOf(request)
      const url = this.#url(request.path).slice(base.length)
      return [
        {
          id: String(at),
          method: request.method,
          url,
          headers,
          ...(request.body === undefined ? {} : { body: request.body }),
        },
      ]
    })
    const whole = await this.#exchange(
      {
        method: 'POST',
        url: `${base}/$batch`,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ requests: parts }),
        isRead: chunk.every((at) => isRead(requests[at])),
        weight: chunk.length,
        withToken: true,
      },
      signal,
    )
    if (whole.kind !== 'answered' || whole.status !== 200) return chunk.map((at) => ({ at, answer: whole }))
    const byId = new Map<string, Answer>()
    const responses = isObject(whole.body) ? whole.body['responses'] : null
    for (const part of Array.isArray(responses) ? responses : []) {
      if (!isObject(part) || typeof part['status'] !== 'number') continue
      const headers = new Map(
        Object.entries(isObject(part['headers']) ? part['headers'] : {}).map(([name, value]) => [
          name.toLowerCase(),
          String(value),
        ]),
      )
      byId.set(String(part['id']), {
        kind: 'answered',
        status: part['status'],
        body: part['body'],
        header: (name) => headers.get(name.toLowerCase()) ?? whole.header(name),
      })
    }
    return chunk.map((at) => ({ at, answer: byId.get(String(at)) ?? { kind: 'lost', failure: INCOMPLETE } }))
  }

  async #refresh(signal: AbortSignal): Promise<Failure | null> {
    try {
      await this.#options.tokens.accessToken(true, signal)
      return null
    } catch (error) {
      if (error instanceof ConnectorError) return error.failure
      throw error
    }
  }

  /** Milliseconds that a refusal asks to wait: whole or fractional seconds, or a date by Microsoft's own clock. */
  #retryAfter(answer: Answer): number | null {
    if (answer.kind !== 'answered') return null
    const text = answer.header('retry-after')
    if (text === null || text === '') return null
    const seconds = Number(text)
    if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds * 1000))
    const at = Date.parse(text)
    if (Number.isNaN(at)) return null
    const stated = Date.parse(answer.header('date') ?? '')
    return Math.max(0, at - (Number.isNaN(stated) ? this.#options.env.now() + this.#clock.offsetMs : stated))
  }

  #backoffMs(tries: number): number {
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (tries - 1))
    return Math.round(ceiling * (0.5 + this.#options.env.random() / 2))
  }

  #noteClock(response: TransportResponse, sentAt: number, receivedAt: number): void {
    const stated = Date.parse(response.headers.get('date') ?? '')
    // The header has whole seconds: on average it is half a second behind.
    if (!Number.isNaN(stated)) this.#clock.offsetMs = Math.round(stated + 500 - (sentAt + receivedAt) / 2)
  }

  #requestId(): string {
    const { random } = this.#options.env
    const hex = (digits: number): string =>
      Math.floor(random() * 16 ** digits)
        .toString(16)
        .padStart(digits, '0')
    return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`
  }
}

const TOO_LATE: Failure = {
  kind: 'unavailable',
  message:
    'It waited so long for its turn that another sync may have taken over. Nothing was sent; it is decided anew.',
}

const INCOMPLETE: Failure = {
  kind: 'unavailable',
  message: 'Microsoft left a part of the batch unanswered. It is looked up before anything is sent again.',
}

const isRead = (request: GraphRequest | undefined): boolean =>
  request !== undefined && (request.isRead ?? request.method === 'GET')

function headersOf(request: GraphRequest): Record<string, string> {
  return {
    accept: 'application/json',
    prefer: request.prefer === undefined ? IMMUTABLE_IDS : `${IMMUTABLE_IDS}, ${request.prefer}`,
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(request.ifMatch === undefined ? {} : { 'if-match': request.ifMatch }),
  }
}

async function readBounded(response: TransportResponse): Promise<string> {
  const stated = Number(response.headers.get('content-length') ?? Number.NaN)
  // What was compressed may be any size once it is not.
  const isPlain = response.headers.get('content-encoding') === null
  if ((isPlain && stated <= RESPONSE_BYTES_MAX) || response.body === null) return response.text()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > RESPONSE_BYTES_MAX)
      throw new ConnectorError({
        kind: 'rejected',
        code: 'response-too-large',
        message: `Microsoft's answer is larger than ${RESPONSE_BYTES_MAX / 1024 / 1024} MiB and was not read.`,
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** @throws when it should be JSON and is not: the answer broke off, and so it was not received. */
function parseJson(text: string, contentType: string | null): unknown {
  if (text === '') return null
  if (contentType !== null && !contentType.includes('json')) return text
  return JSON.parse(text)
}

/** The error code that undici, `fetch` or an in-process handler gives, wherever it is wrapped. */
function causeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && code !== '') return code
  }
  return error instanceof Error ? error.name : 'unknown error'
}
