/**
 * Delta rounds. A token carries everything that its round needs and is opaque to the client; the server keeps only
 * the change log of each collection, so tokens cost no memory and can be evicted by moving a generation on.
 * Source: "Use delta query to track changes in Microsoft Graph data".
 */
import type { Answer, Call } from './call.ts'
import { hashText } from './chance.ts'
import { changesAfter, type Collection, type Item, type LogEntry } from './collection.ts'
import { badRequest, syncStateNotFound } from './errors.ts'
import { Rows } from './rows.ts'

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
  /** Writes the rows of an item; none when the item has nothing to say in this round. */
  readonly present: (item: T, rows: Rows, initial: boolean) => void
  /** Writes the rows for an item that left the collection. */
  readonly absent: (item: T, rows: Rows) => void
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

/** Each writes one page and says the token of the next one, or null at the end of the round. */
function orderedPage<T extends Item>(
  source: DeltaSource<T>,
  order: NonNullable<DeltaSource<T>['order']>,
  token: Token,
  size: number,
  rows: Rows,
): Token | null {
  const told = token.n ?? 0
  const most = Math.min(size, (source.limit ?? Infinity) - told)
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
  while (low < order.rows.length && rows.count < most) {
    const item = order.rows[low++]
    if (item === undefined) break
    last = [order.rank(item), item.key]
    source.present(item, rows, true)
  }
  const n = told + rows.count
  const done = low >= order.rows.length || n >= (source.limit ?? Infinity)
  return done ? null : { ...token, n, ...(last === undefined ? {} : { a: last }) }
}

function initialPage<T extends Item>(
  source: DeltaSource<T>,
  token: Token,
  size: number,
  rows: Rows,
): Token | null {
  if (source.order !== undefined) return orderedPage(source, source.order, token, size, rows)
  const told = token.n ?? 0
  const most = Math.min(size, (source.limit ?? Infinity) - told)
  let position = token.p ?? 0
  const { rows: all } = source.collection
  while (position < all.length && rows.count < most) {
    const item = all[position++]
    if (item) source.present(item, rows, true)
  }
  while (position < all.length && all[position] === null) position++
  const n = told + rows.count
  const more = position < all.length && n < (source.limit ?? Infinity)
  return more ? { ...token, p: position, ...(source.limit === undefined ? {} : { n }) } : null
}

function laterPage<T extends Item>(
  source: DeltaSource<T>,
  token: Token,
  from: number,
  now: number,
  size: number,
  rows: Rows,
): Token | null {
  const changes = source.changes?.(from) ?? changesAfter(source.collection, from)
  for (const [at, change] of changes.entries()) {
    const item = change.gone ?? source.collection.rows[source.collection.index.get(change.key) ?? -1]
    if (item) {
      if (change.gone === null) source.present(item, rows, false)
      else source.absent(item, rows)
    }
    if (rows.count >= size && at + 1 < changes.length) return { ...token, s: now, f: change.sequence }
  }
  return null
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
  const rows = new Rows(`{"@odata.context":"${call.root}/$metadata#${source.context}","value":[`)
  let next: Token | null
  if (token.p === undefined) next = laterPage(source, token, token.f ?? token.s, now, size, rows)
  else if (text === undefined && store.switches.deltaEmptyFirstPage) next = token
  else next = initialPage(source, token, size, rows)
  const end = token.p === undefined ? now : token.s
  const link =
    next === null
      ? `"@odata.deltaLink":"${linkTo(call, '$deltatoken', { c: token.c, g: token.g, s: end, o: token.o })}"`
      : `"@odata.nextLink":"${linkTo(call, '$skiptoken', next)}"`
  return {
    status: 200,
    headers: { ...headers, 'cache-control': 'private' },
    body: rows.finish(`],${link}}`),
  }
}

function linkTo(call: Call, name: string, token: Token): string {
  const { target, origin } = call.incoming
  const question = target.indexOf('?')
  return `${origin}${question < 0 ? target : target.slice(0, question)}?${name}=${encode(token)}`
}
