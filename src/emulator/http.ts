/**
 * The emulator's own request and response: what a socket, a `fetch`-shaped call and a part of a $batch have in
 * common. Nothing here knows Graph's resources.
 */
export interface Incoming {
  readonly method: string
  /** Path and query, without scheme and host. */
  readonly target: string
  /** Scheme, host and port that links in the answer begin with. */
  readonly origin: string
  header(name: string): string | undefined
  /** The body as text or as bytes; null when there is none. */
  readonly body: string | Uint8Array | null
  readonly signal?: AbortSignal | undefined
}

export interface Outgoing {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array | null
  /** The connection is cut: `before` any byte of the answer, or in its `middle`. */
  cut?: 'before' | 'middle'
}

export interface Target {
  /** Decoded segments as sent, the version prefix removed; ids keep their case. */
  readonly segments: readonly string[]
  /** Arguments of a function segment, such as `TimeZoneStandard`. Names in lower case. */
  readonly args: ReadonlyMap<string, string>
  readonly query: ReadonlyMap<string, string>
}

export function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Parses a query string; names in lower case, the first value of a repeated name wins. */
export function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>()
  if (text === '') return query
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode((equals < 0 ? part : part.slice(0, equals)).replaceAll('+', ' ')).toLowerCase()
    const value = equals < 0 ? '' : decode(part.slice(equals + 1).replaceAll('+', ' '))
    if (!query.has(name)) query.set(name, value)
  }
  return query
}

const CALL = /^([A-Za-z.$]+)\((.*)\)$/s
const NAMED_ARGUMENT = /([A-Za-z]+)=(?:[A-Za-z.]*)?'([^']*)'/g

/**
 * Splits a Graph path. The two key styles become one (`events('x')` is `events/x`), and the three spellings of a
 * function become one (`delta`, `delta()`, `microsoft.graph.delta()`).
 */
export function parseTarget(target: string): Target {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  const segments: string[] = []
  const args = new Map<string, string>()
  for (const raw of path.split('/')) {
    if (raw === '') continue
    const segment = decode(raw)
    const call = segment.endsWith(')') ? CALL.exec(segment) : null
    if (call === null) {
      segments.push(segment.startsWith('microsoft.graph.') ? segment.slice(16) : segment)
      continue
    }
    const name = (call[1] ?? '').replace(/^microsoft\.graph\./, '')
    const inner = call[2] ?? ''
    segments.push(name)
    if (inner.startsWith("'") && inner.endsWith("'") && inner.length > 1) {
      segments.push(inner.slice(1, -1).replaceAll("''", "'"))
    } else {
      for (const match of inner.matchAll(NAMED_ARGUMENT))
        args.set((match[1] ?? '').toLowerCase(), match[2] ?? '')
    }
  }
  return { segments, args, query: parseQuery(question < 0 ? '' : target.slice(question + 1)) }
}

/** What `Prefer` asked for. */
export interface Preferences {
  readonly timeZone: string | null
  readonly bodyText: boolean
  readonly bodyType: 'text' | 'html' | null
  readonly pageSize: number | null
  readonly immutableIds: boolean
}

const NO_PREFERENCES: Preferences = {
  timeZone: null,
  bodyText: false,
  bodyType: null,
  pageSize: null,
  immutableIds: false,
}
const preferCache = new Map<string, Preferences>()
const PREFER_CACHE_MAX = 500

export function parsePrefer(header: string | undefined): Preferences {
  if (header === undefined || header === '') return NO_PREFERENCES
  const known = preferCache.get(header)
  if (known !== undefined) return known
  const values = new Map<string, string>()
  for (const match of header.matchAll(/([A-Za-z.-]+)\s*=\s*(?:"([^"]*)"|([^,;\s]*))/g))
    values.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '')
  const size = Number(values.get('odata.maxpagesize') ?? values.get('maxpagesize') ?? Number.NaN)
  const bodyType = values.get('outlook.body-content-type')?.toLowerCase()
  const preferences: Preferences = {
    timeZone: values.get('outlook.timezone') ?? null,
    bodyText: bodyType === 'text',
    bodyType: bodyType === 'text' || bodyType === 'html' ? bodyType : null,
    pageSize: Number.isInteger(size) && size > 0 ? size : null,
    immutableIds: values.get('idtype')?.toLowerCase() === 'immutableid',
  }
  if (preferCache.size >= PREFER_CACHE_MAX) preferCache.clear()
  preferCache.set(header, preferences)
  return preferences
}

const textDecoder = new TextDecoder()

export function bodyText(body: string | Uint8Array | null): string {
  if (body === null) return ''
  return typeof body === 'string' ? body : textDecoder.decode(body)
}
