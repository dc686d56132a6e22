/** `$select`, `$orderby`, `$top`, `$skip`, `$count` and pages, the same for every resource. */
import type { Answer, Call } from './call.ts'
import { badRequest } from './errors.ts'
import { compare, parseFilter, read } from './filter.ts'
import type { JsonObject } from './item-parts.ts'

export const LIST_QUERY = [
  '$count',
  '$expand',
  '$filter',
  '$orderby',
  '$search',
  '$select',
  '$skip',
  '$top',
] as const
export const ITEM_QUERY = ['$expand', '$select'] as const

const PAGE_DEFAULT = 10
const PAGE_MAX = 1_000

function number(call: Call, name: string): number | null {
  const source = call.query.get(name)
  if (source === undefined) return null
  const value = Number(source)
  if (!Number.isInteger(value) || value < 0 || source.trim() === '')
    throw badRequest(
      `Invalid value '${source}' for ${name} query option found. The ${name} query option requires a non-negative integer value.`,
    )
  return value
}

/** The names in `$select` and `$expand`; null when everything is wanted. `id` and the etag always come. */
export function selected(call: Call): ReadonlySet<string> | null {
  const names = selectedIn(call.query.get('$select'))
  return names === null ? null : new Set([...names, ...expansions(call).map(({ name }) => name)])
}

/** The names in one `$select`. */
export function selectedIn(source: string | undefined): ReadonlySet<string> | null {
  if (source === undefined || source.trim() === '' || source.trim() === '*') return null
  const names = source.split(',').map((name) => name.trim())
  if (names.some((name) => !/^[A-Za-z][\w./]*$/.test(name)))
    throw badRequest(`Term '${source}' is not valid in a $select or $expand expression.`)
  // A property of a derived type is asked for behind the type's name, such as `microsoft.graph.fileAttachment/contentId`.
  const chosen = new Set(
    names.map(
      (name) =>
        name
          .replace(/^microsoft\.graph\.\w+\//i, '')
          .split('/')[0]
          ?.toLowerCase() ?? '',
    ),
  )
  // An event's two forms of its place come together.
  if (chosen.has('location')) chosen.add('locations')
  return chosen
}

export function select(entity: JsonObject, names: ReadonlySet<string> | null): JsonObject {
  if (names === null) return entity
  const kept: JsonObject = {}
  for (const [name, value] of Object.entries(entity))
    if (name.startsWith('@') || name === 'id' || names.has(name.toLowerCase())) kept[name] = value
  return kept
}

/** The names that a context URL carries in parentheses. */
export function selectText(call: Call): string {
  const source = call.query.get('$select')
  return source === undefined || source.trim() === '' || source.trim() === '*'
    ? ''
    : `(${source.replaceAll(' ', '')})`
}

export interface Expansion {
  readonly name: string
  /** The text of `$filter` within the parentheses. */
  readonly filter: string | null
}

/** Splits `$expand=a,b($filter=…)`. */
export function expansions(call: Call): Expansion[] {
  const source = call.query.get('$expand')
  return source === undefined ? [] : parseExpand(source)
}

export function parseExpand(source: string): Expansion[] {
  const found: Expansion[] = []
  let depth = 0
  let quoted = false
  let part = ''
  const finish = (): void => {
    const match = /^\s*([A-Za-z]\w*)\s*(?:\(([\s\S]*)\))?\s*$/.exec(part)
    if (match === null) throw badRequest(`Term '${part}' is not valid in a $select or $expand expression.`)
    const filter = /\$filter=([^;]*)/.exec(match[2] ?? '')
    found.push({ name: match[1]?.toLowerCase() ?? '', filter: filter?.[1] ?? null })
    part = ''
  }
  for (const character of source) {
    if (character === "'") quoted = !quoted
    if (!quoted && character === '(') depth++
    if (!quoted && character === ')') depth--
    if (!quoted && depth === 0 && character === ',') finish()
    else part += character
  }
  finish()
  return found
}

export function orderBy(rows: readonly JsonObject[], source: string): JsonObject[] {
  const keys = source.split(',').map((part) => {
    const match = /^\s*([A-Za-z][\w/]*)(?:\s+(asc|desc))?\s*$/i.exec(part)
    if (match === null) throw badRequest(`Syntax error in '$orderby': '${source}'.`)
    return { path: (match[1] ?? '').split('/'), sign: match[2]?.toLowerCase() === 'desc' ? -1 : 1 }
  })
  return rows.toSorted((a, b) => {
    for (const { path, sign } of keys) {
      const left = read(a, path)
      const right = read(b, path)
      const order = compare(left, right) ?? Number((left ?? null) !== null) - Number((right ?? null) !== null)
      if (order !== 0) return order * sign
    }
    return 0
  })
}

/** Where the page that a request asks for begins, and how many rows it holds. */
export function pageRange(
  call: Call,
  bounds: { readonly pageSizeDefault?: number; readonly pageSizeMax?: number } = {},
): { skip: number; size: number } {
  const skip = number(call, '$skip') ?? 0
  const top = number(call, '$top')
  const max = bounds.pageSizeMax ?? PAGE_MAX
  if (top !== null && (top < 1 || top > max))
    throw badRequest(
      `The limit of '${max}' for Top query has been exceeded. The value from the incoming request is '${top}'.`,
    )
  return { skip, size: Math.min(top ?? call.prefer.pageSize ?? bounds.pageSizeDefault ?? PAGE_DEFAULT, max) }
}

export interface Listing {
  /** All of the collection, whole; a function is called only for rows that are looked at. */
  readonly rows: readonly (JsonObject | (() => JsonObject))[]
  /** The whole context URL. */
  readonly context: string
  readonly headers?: Record<string, string>
  readonly pageSizeDefault?: number
  readonly pageSizeMax?: number
}

const look = (row: JsonObject | (() => JsonObject)): JsonObject => (typeof row === 'function' ? row() : row)

/** Answers a list: filter, order, count, page, select, in that order. */
export function answerList(call: Call, listing: Listing): Answer {
  const filter = call.query.get('$filter')
  const order = call.query.get('$orderby')
  let { rows } = listing
  if (filter !== undefined) rows = rows.map(look).filter(parseFilter(filter))
  if (order !== undefined) rows = orderBy(rows.map(look), order)
  const total = rows.length
  const { skip, size } = pageRange(call, listing)
  const page = rows.slice(skip, skip + size)
  const names = selected(call)
  const body: JsonObject = { '@odata.context': listing.context }
  if (call.query.get('$count')?.toLowerCase() === 'true') body['@odata.count'] = total
  body['value'] = page.map((row) => select(look(row), names))
  if (skip + size < total) body['@odata.nextLink'] = nextLink(call, skip + size)
  return { status: 200, body, ...(listing.headers === undefined ? {} : { headers: listing.headers }) }
}

export function nextLink(call: Call, skip: number): string {
  const [path = ''] = call.incoming.target.split('?')
  const query = [...call.query]
    .filter(([name]) => name !== '$skip')
    .map(([name, value]) => `${encodeURIComponent(name).replaceAll('%24', '$')}=${encodeURIComponent(value)}`)
  return `${call.incoming.origin}${path}?${[...query, `$skip=${skip}`].join('&')}`
}

export function answerCount(count: number): Answer {
  return { status: 200, body: String(count), headers: { 'content-type': 'text/plain' } }
}

export const jsonAnswer = (status: number, body: JsonObject, headers?: Record<string, string>): Answer => ({
  status,
  body,
  ...(headers === undefined ? {} : { headers }),
})

export const noContent: Answer = { status: 204 }
export const accepted: Answer = { status: 202 }
