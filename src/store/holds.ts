import type { CollectionId, ConflictId, ItemId, LinkId, MailboxId } from '../core/ids.ts'
import type { Channel, Json, Side } from '../core/item.ts'
import type { Sql } from './database.ts'
import { toJson } from './json.ts'
import { at, atOrNull, iso, isoOrNull, lastOfEach } from './rows.ts'
import type { ConflictRow, DeferredRow, ParkedRow } from './sync-store.ts'

/** What waits: conflicts for a person, parked items for a change, deferred observations for the end of an enumeration. */
interface ConflictColumns {
  readonly id: ConflictId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly link: LinkId
  readonly record: ConflictRow['record']
  readonly run: ConflictRow['run']
  readonly kind: ConflictRow['kind']
  readonly field_group: string
  readonly title: string
  readonly base: Json
  readonly crm: Json
  readonly mailbox_value: Json
  readonly rule: string
  readonly verdict: ConflictRow['verdict']
  readonly state: ConflictRow['state']
  readonly answer: Json
  readonly at: Date
  readonly answered_by: string | null
  readonly answered_at: Date | null
}

export const toConflict = (row: ConflictColumns): ConflictRow => ({
  id: row.id,
  mailbox: row.mailbox,
  channel: row.channel,
  link: row.link,
  record: row.record,
  run: row.run,
  kind: row.kind,
  group: row.field_group,
  title: row.title,
  base: row.base,
  crm: row.crm,
  mailboxValue: row.mailbox_value,
  rule: row.rule,
  verdict: row.verdict,
  state: row.state,
  answer: row.answer,
  at: at(row.at),
  answeredBy: row.answered_by,
  answeredAt: atOrNull(row.answered_at),
})

export async function conflicts(
  sql: Sql,
  query: {
    readonly mailbox?: MailboxId
    readonly link?: LinkId
    readonly id?: ConflictId
    readonly state?: ConflictRow['state']
  },
): Promise<readonly ConflictRow[]> {
  const rows = await sql.query<ConflictColumns>(
    `select * from conflicts where ($1::text is null or mailbox = $1) and ($2::text is null or link = $2)
       and ($3::text is null or state = $3) and ($4::text is null or id = $4) order by id for update`,
    [query.mailbox ?? null, query.link ?? null, query.state ?? null, query.id ?? null],
  )
  return rows.map(toConflict)
}

export async function writeConflicts(sql: Sql, rows: readonly ConflictRow[]): Promise<void> {
  await sql.query(
    `insert into conflicts (id, mailbox, channel, link, record, run, kind, field_group, title, base, crm,
       mailbox_value, rule, verdict, state, answer, at, answered_by, answered_at)
     select * from json_to_recordset($1::json) as x (id text, mailbox text, channel text, link text, record text,
       run text, kind text, field_group text, title text, base json, crm json, mailbox_value json, rule text,
       verdict text, state text, answer json, at timestamptz, answered_by text, answered_at timestamptz)
     on conflict (id) do update set verdict = excluded.verdict, state = excluded.state, answer = excluded.answer,
       base = excluded.base, crm = excluded.crm, mailbox_value = excluded.mailbox_value, run = excluded.run,
       title = excluded.title, answered_by = excluded.answered_by, answered_at = excluded.answered_at`,
    [
      toJson(
        lastOfEach(rows, (row) => row.id).map((row) => ({
          ...row,
          field_group: row.group,
          mailbox_value: row.mailboxValue,
          at: iso(row.at),
          answered_by: row.answeredBy,
          answered_at: isoOrNull(row.answeredAt),
        })),
      ),
    ],
  )
}

interface ParkedColumns {
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly collection: CollectionId
  readonly side: Side
  readonly key: string
  readonly reason: string
  readonly tries: number
  readonly version: string
  readonly at: Date
}

export async function parked(sql: Sql, of: MailboxId, channel: Channel): Promise<readonly ParkedRow[]> {
  const rows = await sql.query<ParkedColumns>(
    'select * from parked where mailbox = $1 and channel = $2 order by side, key',
    [of, channel],
  )
  return rows.map((row) => ({ ...row, at: at(row.at) }))
}

export async function writeParked(sql: Sql, rows: readonly ParkedRow[]): Promise<void> {
  await sql.query(
    `insert into parked (mailbox, channel, collection, side, key, reason, tries, version, at)
     select * from json_to_recordset($1::json) as x (mailbox text, channel text, collection text, side text, key text,
       reason text, tries integer, version text, at timestamptz)
     on conflict (mailbox, side, key) do update set channel = excluded.channel, collection = excluded.collection,
       reason = excluded.reason, tries = excluded.tries, version = excluded.version, at = excluded.at`,
    [
      toJson(
        lastOfEach(rows, (row) => `${row.mailbox} ${row.side} ${row.key}`).map((row) => ({
          ...row,
          at: iso(row.at),
        })),
      ),
    ],
  )
}

export async function unpark(
  sql: Sql,
  keys: readonly { readonly mailbox: MailboxId; readonly side: Side; readonly key: string }[],
): Promise<void> {
  await sql.query(
    `delete from parked p using json_to_recordset($1::json) as x (mailbox text, side text, key text)
     where p.mailbox = x.mailbox and p.side = x.side and p.key = x.key`,
    [toJson(keys)],
  )
}

export async function deferred(
  sql: Sql,
  collection: CollectionId,
  after: ItemId | null,
  limit: number,
): Promise<readonly DeferredRow[]> {
  return sql.query<DeferredRow>(
    'select collection, item, what from deferred where collection = $1 and item > $2 order by item limit $3',
    [collection, after ?? '', limit],
  )
}

export async function writeDeferred(sql: Sql, rows: readonly DeferredRow[]): Promise<void> {
  await sql.query(
    `insert into deferred (collection, item, what)
     select * from json_to_recordset($1::json) as x (collection text, item text, what json)
     on conflict (collection, item) do update set what = excluded.what`,
    [toJson(lastOfEach(rows, (row) => `${row.collection} ${row.item}`))],
  )
}

export async function undefer(
  sql: Sql,
  keys: readonly { readonly collection: CollectionId; readonly item: ItemId }[],
): Promise<void> {
  await sql.query(
    `delete from deferred d using json_to_recordset($1::json) as x (collection text, item text)
     where d.collection = x.collection and d.item = x.item`,
    [toJson(keys)],
  )
}
