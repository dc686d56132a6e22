import { searchQuery } from '../core/mail-search.ts'
import { addDays, toInstant } from '../core/time.ts'
import type { Sql } from '../store/database.ts'
import type { ApiOutput, HandlerInput } from './api/api.ts'
import { foldersOf, mailboxesOf, type FolderRow, type MailboxAccess } from './mail-access.ts'
import { rowView, ROW_COLUMNS, ROW_JOINS, type MailRow, type RowColumns } from './mail-views.ts'
import type { Caller } from './mount.ts'
import { likeOf } from './paging.ts'

/** Lists of messages: which folders, which of their messages, in which order, one row for a conversation or each. */
type ListQuery = HandlerInput<'GET /api/mail/messages'>['query']
type Indexing = ApiOutput<'GET /api/mail/messages'>['indexing']

/** Left out of "everything": what was thrown away, and what is not written yet. */
const APART: ReadonlySet<string> = new Set(['deleteditems', 'junkemail', 'drafts', 'outbox'])

export async function listMessages(
  sql: Sql,
  caller: Caller,
  query: ListQuery,
  threadedByDefault: boolean,
): Promise<ApiOutput<'GET /api/mail/messages'>> {
  const mailboxes = await mailboxesOf(sql, caller)
  const folders = await foldersOf(
    sql,
    mailboxes.map((one) => one.id),
  )
  const containers = scope(query, mailboxes, folders)
  const threaded = query.threaded ?? threadedByDefault
  const found = await (threaded
    ? threads(sql, caller, query, containers)
    : messages(sql, caller, query, containers))
  return {
    ...found,
    page: query.page,
    size: query.size,
    threaded,
    indexing: await indexingOf(sql, containers),
  }
}

function scope(
  { mailbox, folder, place }: ListQuery,
  mailboxes: readonly MailboxAccess[],
  folders: readonly FolderRow[],
): string[] {
  const allowed = new Set(
    mailboxes.filter((one) => mailbox === undefined || one.id === mailbox).map((one) => one.id),
  )
  return folders
    .filter((one) => allowed.has(one.mailbox))
    .filter((one) =>
      folder !== undefined
        ? one.container === folder || one.id === folder
        : place !== undefined
          ? one.well_known === place
          : one.selected && !APART.has(one.well_known ?? ''),
    )
    .map((one) => one.container)
}

interface Where {
  readonly sql: string
  readonly values: unknown[]
  readonly ranked: string
}

function where(query: ListQuery, caller: Caller, containers: readonly string[]): Where {
  const values: unknown[] = [containers]
  const value = (one: unknown): string => `$${values.push(one)}`
  const parts = [`r.container = any($1)`, `r.kind = 'message'`, `r.deleted_at is null`]
  if (query.unread !== undefined) parts.push(`r.unread = ${value(query.unread)}`)
  if (query.flagged !== undefined) parts.push(`(r.fields ->> 'flag' = 'flagged') = ${value(query.flagged)}`)
  if (query.attachments !== undefined)
    parts.push(`(coalesce(r.facts ->> 'hasAttachments', '') = 'true') = ${value(query.attachments)}`)
  if (query.importance !== undefined) parts.push(`r.fields ->> 'importance' = ${value(query.importance)}`)
  if (query.category !== undefined)
    parts.push(`r.fields -> 'categories' @> ${value(JSON.stringify([query.category]))}::jsonb`)
  if (query.person !== undefined) {
    const email = query.person.trim().toLowerCase()
    const one = value(email)
    const listed = value(JSON.stringify([{ email }]))
    parts.push(
      `(lower(r.fields -> 'from' ->> 'email') = ${one} or r.fields -> 'to' @> ${listed}::jsonb or r.fields -> 'cc' @> ${listed}::jsonb or r.fields -> 'bcc' @> ${listed}::jsonb)`,
    )
  }
  // From the beginning of one day to the end of another, both as the caller's clock shows them.
  const from = query.after === undefined ? null : toInstant(`${query.after}T00:00:00`, caller.zone)
  const to =
    query.before === undefined ? null : toInstant(`${addDays(query.before, 1)}T00:00:00`, caller.zone)
  if (from !== null) parts.push(`r.happens_at >= ${value(new Date(from))}`)
  if (to !== null) parts.push(`r.happens_at < ${value(new Date(to))}`)
  let ranked = '0'
  const asked = query.q === undefined ? null : searchQuery(query.q)
  if (asked !== null) {
    const one = value(asked)
    parts.push(`s.words @@ ${one}::tsquery`)
    ranked = `ts_rank(s.words, ${one}::tsquery)`
  } else if (likeOf(query.q) !== null) parts.push('false')
  return { sql: parts.join(' and '), values, ranked }
}

const ORDER: { readonly [name: string]: string } = {
  date: 'happens_at',
  subject: 'lower(subject)',
  from: "lower(coalesce(nullif(fields -> 'from' ->> 'name', ''), fields -> 'from' ->> 'email', ''))",
}

function orderBy(sort: string, ranked: boolean): string {
  if (sort.replace('-', '') === 'rank')
    return ranked ? 'rank desc, happens_at desc nulls last, id desc' : 'happens_at desc nulls last, id desc'
  const direction = sort.startsWith('-') ? 'desc' : 'asc'
  return `${ORDER[sort.replace('-', '')] ?? 'happens_at'} ${direction} nulls last, id ${direction}`
}

const needsSearch = (query: ListQuery): boolean => query.q !== undefined && query.q.trim() !== ''

type Found = Pick<ApiOutput<'GET /api/mail/messages'>, 'items' | 'total'>

async function messages(
  sql: Sql,
  caller: Caller,
  query: ListQuery,
  containers: readonly string[],
): Promise<Found> {
  const { sql: filter, values, ranked } = where(query, caller, containers)
  const join = needsSearch(query) ? 'join message_search s on s.record = r.id' : ''
  const [count] = await sql.query<{ n: number }>(
    `select count(*) as n from records r ${join} where ${filter}`,
    values,
  )
  const rows = await sql.query<RowColumns>(
    `with page as (
       select r.id, r.happens_at, r.subject, r.fields, ${ranked} as rank from records r ${join} where ${filter}
       order by ${orderBy(query.sort, ranked !== '0')} limit ${query.size} offset ${(query.page - 1) * query.size})
     select ${ROW_COLUMNS} from page join records r on r.id = page.id ${ROW_JOINS}
     order by ${outer(orderBy(query.sort, ranked !== '0'))}`,
    values,
  )
  return {
    items: rows.map((row) => rowView(row, { count: 1, unread: isUnread(row) ? 1 : 0 })),
    total: count?.n ?? 0,
  }
}

/** The same order over the joined rows, whose names are not plain any more. */
const outer = (order: string): string => order.replace(/\b(happens_at|subject|fields|rank|id)\b/g, 'page.$1')

const isUnread = ({ fields }: Pick<RowColumns, 'fields'>): boolean => fields['read'] === false

async function threads(
  sql: Sql,
  caller: Caller,
  query: ListQuery,
  containers: readonly string[],
): Promise<Found> {
  const { sql: filter, values, ranked } = where(query, caller, containers)
  const join = needsSearch(query) ? 'join message_search s on s.record = r.id' : ''
  const order = orderBy(query.sort, ranked !== '0')
  const rows = await sql.query<RowColumns & { thread: string; n: number }>(
    `with hits as (
       select r.id, r.happens_at, ${ranked} as rank, coalesce(r.conversation, r.id) as thread
       from records r ${join} where ${filter}),
     newest as (
       select distinct on (thread) id, happens_at, rank, thread from hits order by thread, happens_at desc nulls last, id desc),
     page as (
       select newest.id, newest.happens_at, newest.rank, newest.thread, p.subject, p.fields, count(*) over () as n
       from newest ${/subject|fields/.test(order) ? 'join records p on p.id = newest.id' : 'cross join (select null::text as subject, null::jsonb as fields) p'}
       order by ${order.replace(/\b(happens_at|rank|id)\b/g, 'newest.$1')} limit ${query.size} offset ${(query.page - 1) * query.size})
     select ${ROW_COLUMNS}, page.thread, page.n from page join records r on r.id = page.id ${ROW_JOINS}
     order by ${outer(order)}`,
    values,
  )
  const total =
    rows[0]?.n ??
    (query.page === 1 ? 0 : (await threads(sql, caller, { ...query, page: 1, size: 1 }, containers)).total)
  const counts = await sql.query<{ thread: string; count: number; unread: number }>(
    `select r.conversation as thread, count(*) as count, count(*) filter (where r.unread) as unread from records r
      where r.conversation = any($1) and r.kind = 'message' and r.deleted_at is null and r.container = any($2) group by 1`,
    [rows.map((row) => row.thread), containers],
  )
  const items: MailRow[] = rows.map((row) => {
    const found = counts.find((one) => one.thread === row.thread)
    return rowView(row, { count: found?.count ?? 1, unread: found?.unread ?? (isUnread(row) ? 1 : 0) })
  })
  return { items, total }
}

/** How many of these folders' messages can be found. */
export async function indexingOf(sql: Sql, containers: readonly string[]): Promise<Indexing> {
  const [row] = await sql.query<{ total: number; waiting: number }>(
    `select
       (select count(*) from records where container = any($1) and kind = 'message' and deleted_at is null) as total,
       (select count(*) from unnest($1::text[]) as f(container) left join message_search_cursors c on c.container = f.container,
         lateral (select 1 from records r where r.container = f.container and r.kind = 'message' and r.deleted_at is null
           and (c.container is null or (r.changed_xid, r.id) > (c.xid, c.record))) as behind) as waiting`,
    [containers],
  )
  const total = row?.total ?? 0
  return { done: Math.max(0, total - (row?.waiting ?? 0)), total }
}
