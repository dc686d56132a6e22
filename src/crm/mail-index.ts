import { messageFields, type Fields, type Facts } from '../core/item.ts'
import { previewOf, searchVector } from '../core/mail-search.ts'
import type { Database, Sql } from '../store/database.ts'
import { toJson } from '../store/json.ts'
import { textOfBody } from './safe-html.ts'

/**
 * Makes messages findable, in the background: an import does not wait for it, and how far it is can be seen. Each folder
 * is followed in the order in which its records change, like the change feed, so that none is skipped. On the way it
 * notes whom people mail with, and which messages have attachments to be listed.
 */
interface Row {
  readonly id: string
  readonly xid: string
  readonly fields: Fields
  readonly facts: Facts
  readonly deleted: boolean
  readonly known: boolean
  readonly happens_at: Date | null
  readonly type: 'text' | 'html' | null
  readonly content: string | null
}
interface Folder {
  readonly container: string
  readonly mailbox: string
  readonly well_known: string | null
  readonly xid: string | null
  readonly record: string | null
}

/** What a sender and a recipient of mail that one wrote count for suggestions. */
const WROTE_TO_US = 1
const WRITTEN_TO = 3
const AUTOMATIC = ['list-id', 'list-unsubscribe', 'auto-submitted', 'x-auto-response-suppress']
const RECIPIENTS_NOTED_MAX = 50

/** One step: at most `limit` messages of one folder. @returns how many rows it went past; 0 when all is indexed */
export async function indexSome(database: Database, limit: number): Promise<number> {
  const [folder] = await database.query<Folder>(
    `select f.container, f.mailbox, f.well_known, c.xid::text as xid, c.record
      from collections f left join message_search_cursors c on c.container = f.container,
        lateral (select 1 from records r where r.container = f.container and r.kind = 'message'
          and (c.container is null or (r.changed_xid, r.id) > (c.xid, c.record))
          and r.changed_xid < pg_snapshot_xmin(pg_current_snapshot()) limit 1) as waiting
      where f.channel = 'email' and f.selected
      order by case f.well_known when 'inbox' then 0 when 'sentitems' then 1 else 2 end, f.container limit 1`,
  )
  if (folder === undefined) return 0
  return database.transaction((sql) => indexFolder(sql, folder, limit))
}

async function indexFolder(sql: Sql, folder: Folder, limit: number): Promise<number> {
  const rows = await sql.query<Row>(
    `select r.id, r.changed_xid::text as xid, r.fields, r.facts, r.deleted_at is not null as deleted,
        s.record is not null as known, r.happens_at, b.type, b.content
      from records r left join message_bodies b on b.record = r.id left join message_search s on s.record = r.id
      where r.container = $1 and r.kind = 'message'
        and ($2::text is null or (r.changed_xid, r.id) > ($2::xid8, $3))
        and r.changed_xid < pg_snapshot_xmin(pg_current_snapshot())
      order by r.changed_xid, r.id limit $4`,
    [folder.container, folder.xid, folder.record, limit],
  )
  const last = rows.at(-1)
  if (last === undefined) return 0
  // What a message says never changes; a draft does.
  const fresh = rows.filter((row) => !row.deleted && (!row.known || messageFields(row).isDraft))
  await writeWords(sql, fresh)
  const first = fresh.filter((row) => !row.known)
  await noteCorrespondents(sql, folder, first)
  await noteAttachments(sql, folder.mailbox, first)
  await sql.query(
    `insert into message_search_cursors (container, xid, record) values ($1, $2::xid8, $3)
      on conflict (container) do update set xid = excluded.xid, record = excluded.record`,
    [folder.container, last.xid, last.id],
  )
  return rows.length
}

async function writeWords(sql: Sql, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await sql.query(
    `insert into message_search (record, words, preview)
      select record, words, preview from json_to_recordset($1::json) as x (record text, words tsvector, preview text)
      on conflict (record) do update set words = excluded.words, preview = excluded.preview`,
    [
      toJson(
        rows.map((row) => {
          const { subject = '', from, to = [], cc = [], bcc = [] } = messageFields(row)
          const text =
            row.type === null || row.content === null
              ? ''
              : textOfBody({ type: row.type, content: row.content })
          return {
            record: row.id,
            words: searchVector({ subject, people: [...(from ? [from] : []), ...to, ...cc, ...bcc], text }),
            preview: previewOf(text),
          }
        }),
      ),
    ],
  )
}

async function noteCorrespondents(sql: Sql, folder: Folder, rows: readonly Row[]): Promise<void> {
  const found = new Map<string, { email: string; name: string; seen: number; at: number }>()
  for (const row of rows) {
    const { from, to = [], cc = [], isDraft } = messageFields(row)
    if (isDraft || folder.well_known === 'junkemail') continue
    const sent = folder.well_known === 'sentitems'
    if (!sent && AUTOMATIC.some((name) => row.facts.headers?.[name] !== undefined)) continue
    const people = sent ? [...to, ...cc].slice(0, RECIPIENTS_NOTED_MAX) : from ? [from] : []
    for (const { email, name } of people) {
      const key = email.toLowerCase()
      const one = found.get(key) ?? { email: key, name, seen: 0, at: 0 }
      one.seen += sent ? WRITTEN_TO : WROTE_TO_US
      one.at = Math.max(one.at, row.happens_at?.getTime() ?? 0)
      if (name !== '') one.name = name
      found.set(key, one)
    }
  }
  if (found.size === 0) return
  const people = [...found.values()].sort((a, b) => (a.email < b.email ? -1 : 1))
  await sql.query(
    `insert into correspondents as c (mailbox, email, name, seen, last_at)
      select $2, email, name, seen, at from json_to_recordset($1::json) as x (email text, name text, seen integer, at timestamptz)
      on conflict (mailbox, email) do update set seen = c.seen + excluded.seen,
        name = case when excluded.name = '' then c.name else excluded.name end, last_at = greatest(c.last_at, excluded.last_at)`,
    [toJson(people.map((one) => ({ ...one, at: new Date(one.at).toISOString() }))), folder.mailbox],
  )
}

/** Inline pictures are no attachments to Microsoft: the text says that there are some. */
const CID = /["'(]cid:/i

async function noteAttachments(sql: Sql, mailbox: string, rows: readonly Row[]): Promise<void> {
  const records = rows.filter(
    (row) => row.facts.hasAttachments === true || (row.content !== null && CID.test(row.content)),
  )
  if (records.length === 0) return
  await sql.query(
    `insert into attachment_work (record, mailbox, state, next_at) select unnest($1::text[]), $2, 'waiting', now()
      on conflict (record) do nothing`,
    [records.map((row) => row.id), mailbox],
  )
}
