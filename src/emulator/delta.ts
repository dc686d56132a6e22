/**
 * Delta rounds. A token carries everything that its round needs and is opaque to the client; the server keeps only
 * the change log of each collection, so tokens cost no memory and can be evicted by moving a generation on.
 * Source: "Use delta query to track changes in Microsoft Graph data".
 */
import type { Answer, Call } from './call.ts'
import { hashText } from './chance.ts'
import { changesAfter, type Collection, type Item, type LogEntry } from './collection.ts'
import { badRequest, syncStateNotFound } from './errors.ts'

interface Token {
  /** Collection name and generation. */
  readonly c: string
  readonly g: number
  /** Sequence number that the round, once done, covers. */
  readonly s: number
  /** Where in an initial round the next page begins; absent in later rounds. */
  readonly p?: number
  /** The sequence number that a later round goes on from, when it has pages. */
  readonly f?: number
  /** Rows that an initial round told so far. */
  readonly n?: number
  /** In an initial round with an order: rank and key of the last item told. */
  readonly a?: readonly [rank: number, key: string]
  /** Options of the first request, baked in. */
  readonly o: Readonly<Record<string, string>>
}

export interface DeltaSource<T extends Item> {
  readonly collection: Collection<T>
  /** Every item as the JSON texts of its rows; none when the item has nothing to say in this round. */
  readonly present: (
    item: T,
    options: Readonly<Record<string, string>>,
    initial: boolean,
  ) => readonly string[]
  /** Rows for an item that left the collection. */
  readonly absent: (item: T, options: Readonly<Record<string, string>>) => readonly string[]
  /** The text after `$metadata#`. */
  readonly context: string
  /** Query options that count, from the first request; the others are ignored with a complaint. */
  readonly options: Readonly<Record<string, string>>
  readonly pageSizeDefault: number
  readonly pageSizeMax: number
  /** What a later round tells; without it, the last change of each item. */
  readonly changes?: (from: number) => readonly LogEntry<T>[]
  /** Rows after which an initial round ends, whatever is left. */
  readonly limit?: number
  /** The order of an initial round: falling rank, then key. Without it, the order of arrival. */
  readonly order?: { readonly rows: readonly T[]; readonly rank: (item: T) => number }
}

const CHECK_LENGTH = 6

function encode(token: Token): string {
  const text = Buffer.from(JSON.stringify(token)).toString('base64url')
  return `${hashText(text).toString(36).padStart(CHECK_LENGTH, '0').slice(-CHECK_LENGTH)}${text}`
}

function decodeToken(source: string): Token {
  const text = source.slice(CHECK_LENGTH)
  if (
    hashText(text).toString(36).padStart(CHECK_LENGTH, '0').slice(-CHECK_LENGTH) !==
    source.slice(0, CHECK_LENGTH)
  )
    throw badRequest('Badly formed token.')
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Token
}

/** Whether a request continues a round. */
export function tokenOf(call: Call): string | undefined {
  return call.query.get('$deltatoken') ?? call.query.get('$skiptoken')
}

/** The options that the first request of this round had. */
export function optionsOf(
  call: Call,
  first: () => Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const source = tokenOf(call)
  return source === undefined ? first() : decodeToken(source).o
}

export function removedRow(id: string): string {
  return `{"id":${JSON.stringify(id)},"@removed":{"reason":"deleted"}}`
}

interface Page {
  readonly rows: string[]
  /** The token of the next page, or null at the end of the round. */
  readonly next: Token | null
}

function orderedPage<T extends Item>(
  source: DeltaSource<T>,
  order: NonNullable<DeltaSource<T>['order']>,
  token: Token,
  size: number,
): Page {
  const told = token.n ?? 0
  const most = Math.min(size, (source.limit ?? Infinity) - told)
  const rows: string[] = []
  let low = 0
  let high = token.a === undefined ? 0 : order.rows.length
  const [rank, key] = token.a ?? [0, '']
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = order.rows[middle]
    if (item === undefined) break
    const after = order.rank(item) < rank || (order.rank(item) === rank && item.key > key)
    if (after) high = middle
    else low = middle + 1
  }
  let last = token.a
  while (low < order.rows.length && rows.length < most) {
    const item = order.rows[low++]
    if (item === undefined) break
    last = [order.rank(item), item.key]
    for (const row of source.present(item, token.o, true)) rows.push(row)
  }
  const n = told + rows.length
  const done = low >= order.rows.length || n >= (source.limit ?? Infinity)
  return { rows, next: done ? null : { ...token, n, ...(last === undefined ? {} : { a: last }) } }
}

function initialPage<T extends Item>(source: DeltaSource<T>, token: Token, size: number): Page {
  if (source.order !== undefined) return orderedPage(source, source.order, token, size)
  const told = token.n ?? 0
  const most = Math.min(size, (source.limit ?? Infinity) - told)
  const rows: string[] = []
  let position = token.p ?? 0
  const { rows: all } = source.collection
  while (position < all.length && rows.length < most) {
    const item = all[position++]
    if (item) for (const row of source.present(item, token.o, true)) rows.push(row)
  }
  while (position < all.length && all[position] === null) position++
  const n = told + rows.length
  const more = position < all.length && n < (source.limit ?? Infinity)
  return { rows, next: more ? { ...token, p: position, ...(source.limit === undefined ? {} : { n }) } : null }
}

function laterPage<T extends Item>(
  source: DeltaSource<T>,
  token: Token,
  from: number,
  now: number,
  size: number,
): Page {
  const rows: string[] = []
  const changes = source.changes?.(from) ?? changesAfter(source.collection, from)
  for (const [at, change] of changes.entries()) {
    const item = change.gone ?? source.collection.rows[source.collection.index.get(change.key) ?? -1]
    if (item)
      for (const row of change.gone === null
        ? source.present(item, token.o, false)
        : source.absent(item, token.o))
        rows.push(row)
    if (rows.length >= size && at + 1 < changes.length)
      return { rows, next: { ...token, s: now, f: change.sequence } }
  }
  return { rows, next: null }
}

/** Answers one page of a delta round. */
export function answerDelta<T extends Item>(
  call: Call,
  source: DeltaSource<T>,
  headers: Record<string, string>,
): Answer {
  const { collection } = source
  const { store } = call
  const text = tokenOf(call)
  const now = store.data.sequence
  const token: Token =
    text === undefined
      ? { c: collection.name, g: collection.generation, s: now, p: 0, o: source.options }
      : decodeToken(text)
  if (text !== undefined) {
    if (token.c !== collection.name) throw badRequest('Badly formed token.')
    if (
      token.g !== collection.generation ||
      (token.p === undefined && (token.f ?? token.s) < collection.floor)
    )
      throw syncStateNotFound(token.g, collection.generation)
    const extra = [...call.query.keys()].filter((name) => name !== '$deltatoken' && name !== '$skiptoken')
    if (extra.length > 0)
      call.complain(
        'delta-link-changed',
        `A delta or next link was used with ${extra.join(', ')} added. Links are to be used as they are.`,
      )
  }
  const size = Math.min(call.prefer.pageSize ?? source.pageSizeDefault, source.pageSizeMax)
  let page: Page
  if (token.p !== undefined) {
    page =
      text === undefined && store.switches.deltaEmptyFirstPage
        ? { rows: [], next: token }
        : initialPage(source, token, size)
  } else {
    page = laterPage(source, token, token.f ?? token.s, now, size)
  }
  const end = token.p === undefined ? now : token.s
  const link =
    page.next === null
      ? `"@odata.deltaLink":"${linkTo(call, '$deltatoken', { c: token.c, g: token.g, s: end, o: token.o })}"`
      : `"@odata.nextLink":"${linkTo(call, '$skiptoken', page.next)}"`
  return {
    status: 200,
    headers: { ...headers, 'cache-control': 'private' },
    body: pageBody(
      `{"@odata.context":"${call.root}/$metadata#${source.context}","value":[`,
      page.rows,
      `],${link}}`,
    ),
  }
}

/** Pages beyond this are written as bytes: joining megabytes of text only to encode them costs several times more. */
const BYTES_FROM_ROWS = 200

let scratch = Buffer.allocUnsafe(1 << 20)

function pageBody(head: string, rows: readonly string[], tail: string): string | Uint8Array {
  if (rows.length < BYTES_FROM_ROWS) return head + rows.join(',') + tail
  let length = scratch.write(head, 0)
  for (const [at, row] of rows.entries()) {
    // At most three bytes for each UTF-16 unit, a comma, and room for the tail.
    const room = length + row.length * 3 + tail.length * 3 + 1
    if (room > scratch.length) {
      const larger = Buffer.allocUnsafe(Math.max(room, scratch.length * 2))
      scratch.copy(larger, 0, 0, length)
      scratch = larger
    }
    if (at > 0) scratch[length++] = COMMA
    length += scratch.write(row, length)
  }
  length += scratch.write(tail, length)
  return Buffer.from(scratch.subarray(0, length))
}

const COMMA = 0x2c

function linkTo(call: Call, name: string, token: Token): string {
  const { target, origin } = call.incoming
  const question = target.indexOf('?')
  return `${origin}${question < 0 ? target : target.slice(0, question)}?${name}=${encode(token)}`
}
