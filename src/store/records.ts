import type { RecordId, UserId } from '../core/ids.ts'
import {
  kindOf,
  type Body,
  type Channel,
  type Facts,
  type Fields,
  type Json,
  type Kind,
} from '../core/item.ts'
import type { Sql } from './database.ts'
import { derive } from './derived.ts'
import { toJson } from './json.ts'
import { at, atOrNull, iso, segments, withoutKey } from './rows.ts'
import type { RecordRow, RecordWrite } from './sync-store.ts'

/** Events, tasks and messages of the CRM: one table, written set-wise. */
export interface RecordColumns {
  readonly id: RecordId
  readonly kind: Kind
  readonly container: string
  readonly owner: UserId | null
  readonly fields: Fields
  readonly facts: Facts
  readonly version: number
  readonly modified_at: Date
  readonly modified_by: string
  readonly deleted_at: Date | null
  readonly body_type: Body['type'] | null
  readonly body_content: string | null
}

/** Columns of `records r left join message_bodies b` that make a `RecordRow`. */
export const RECORD_COLUMNS = `r.id, r.kind, r.container, r.owner, r.fields, r.facts, r.version, r.modified_at,
  r.modified_by, r.deleted_at, b.type as body_type, b.content as body_content`

export function toRecord(row: RecordColumns): RecordRow {
  return {
    id: row.id,
    kind: row.kind,
    container: row.container,
    owner: row.owner,
    fields:
      row.body_type === null || row.body_content === null
        ? row.fields
        : { ...row.fields, body: { type: row.body_type, content: row.body_content } },
    facts: row.facts,
    version: row.version,
    modifiedAt: at(row.modified_at),
    modifiedBy: row.modified_by,
    deletedAt: atOrNull(row.deleted_at),
  }
}

/** Rows by id, locked until the end of the transaction, in the order of their ids. */
export async function lockRecords(sql: Sql, ids: readonly RecordId[]): Promise<readonly RecordRow[]> {
  if (ids.length === 0) return []
  const rows = await sql.query<RecordColumns>(
    `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id
     where r.id = any($1) order by r.id for update of r`,
    [[...new Set(ids)]],
  )
  return rows.map(toRecord)
}

/** Records that can be recognised by one of `keys`, of these containers, without a link in this mailbox; not in quarantine. */
export async function matchingRecords(
  sql: Sql,
  mailbox: string,
  channel: Channel,
  keys: readonly string[],
): Promise<readonly RecordRow[]> {
  if (keys.length === 0) return []
  const rows = await sql.query<RecordColumns>(
    `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id
     where r.match_keys && $3::text[] and r.deleted_at is null and r.kind = $4
       and r.container in (select container from collections where mailbox = $1 and channel = $2)
       and not exists (select from links l where l.record = r.id and l.mailbox = $1)
     order by r.id for update of r`,
    [mailbox, channel, keys, kindOf[channel]],
  )
  return rows.map(toRecord)
}

/**
 * Where the body of a message is kept apart, its group is taken out of `fields`. Other groups stay.
 */
function apart(kind: Kind, fields: Fields): { readonly fields: Fields; readonly body: Body | null } {
  const body = fields['body']
  if (kind !== 'message' || body === undefined || !isBody(body)) return { fields, body: null }
  return { fields: withoutKey(fields, 'body'), body }
}

const isBody = (value: Json): value is Json & Body =>
  value !== null &&
  typeof value === 'object' &&
  'type' in value &&
  (value.type === 'text' || value.type === 'html') &&
  'content' in value &&
  typeof value.content === 'string'

/** @throws when a record to change is not there: the caller locked it, so this is a bug. */
export async function writeRecords(sql: Sql, writes: readonly RecordWrite[]): Promise<void> {
  for (const part of segments(writes, (write) => write.id)) {
    await create(sql, part)
    await change(sql, part)
    await remove(sql, part)
  }
}

const DERIVED = 'subject, first_day, last_day, happens_at, due_on, status, unread, conversation'
const DERIVED_TYPES = `subject text, first_day date, last_day date, happens_at timestamptz, due_on date, status text,
  unread boolean, conversation text`

async function create(sql: Sql, writes: readonly RecordWrite[]): Promise<void> {
  const created = writes.filter((write) => write.do === 'create')
  if (created.length === 0) return
  const rows = created.map((write) => ({
    id: write.id,
    kind: write.kind,
    container: write.container,
    owner: write.owner,
    ...content(write),
  }))
  await sql.query(
    `insert into records (id, kind, container, owner, fields, facts, match_keys, version, created_at, modified_at,
       modified_by, ${DERIVED})
     select id, kind, container, owner, fields, facts, match_keys, 1, at, at, by, ${DERIVED}
     from json_to_recordset($1::json) as x (id text, kind text, container text, owner text, fields jsonb, facts json,
       match_keys text[], at timestamptz, by text, ${DERIVED_TYPES})`,
    [toJson(rows)],
  )
  await writeBodies(sql, created)
}

type ContentWrite = Extract<RecordWrite, { do: 'create' | 'update' | 'restore' }>

function content(write: ContentWrite): Record<string, unknown> {
  return {
    fields: apart(write.kind, write.fields).fields,
    facts: write.facts,
    match_keys: write.matchKeys,
    at: iso(write.at),
    by: write.by,
    ...derive(write.kind, write.fields, write.facts),
  }
}

async function change(sql: Sql, writes: readonly RecordWrite[]): Promise<void> {
  const changed = writes.filter((write) => write.do === 'update' || write.do === 'restore')
  if (changed.length === 0) return
  const rows = changed.map((write) => ({
    id: write.id,
    container: write.container ?? null,
    restore: write.do === 'restore',
    ...content(write),
  }))
  const done = await sql.query(
    `update records r set
       container = coalesce(x.container, r.container),
       moved = r.moved or coalesce(x.container <> r.container, false),
       fields = x.fields, facts = x.facts, match_keys = x.match_keys, version = r.version + 1,
       changed_xid = pg_current_xact_id(), modified_at = x.at, modified_by = x.by,
       deleted_at = case when x.restore then null else r.deleted_at end,
       (${DERIVED}) = (${DERIVED.split(', ')
         .map((column) => `x.${column}`)
         .join(', ')})
     from json_to_recordset($1::json) as x (id text, container text, restore boolean, fields jsonb, facts json,
       match_keys text[], at timestamptz, by text, ${DERIVED_TYPES})
     where r.id = x.id returning r.id`,
    [toJson(rows)],
  )
  mustBeAll(done.length, changed.length)
  await writeBodies(sql, changed)
}

async function remove(sql: Sql, writes: readonly RecordWrite[]): Promise<void> {
  const removed = writes.filter((write) => write.do === 'delete')
  if (removed.length === 0) return
  const done = await sql.query(
    `update records r set version = r.version + 1, changed_xid = pg_current_xact_id(), modified_at = x.at,
       modified_by = x.by, deleted_at = x.at
     from json_to_recordset($1::json) as x (id text, at timestamptz, by text) where r.id = x.id returning r.id`,
    [toJson(removed.map((write) => ({ id: write.id, at: iso(write.at), by: write.by })))],
  )
  mustBeAll(done.length, removed.length)
}

async function writeBodies(sql: Sql, writes: readonly ContentWrite[]): Promise<void> {
  const messages = writes.filter((write) => write.kind === 'message')
  if (messages.length === 0) return
  const bodies = messages.flatMap((write) => {
    const { body } = apart(write.kind, write.fields)
    return body === null ? [] : [{ record: write.id, ...body }]
  })
  if (bodies.length > 0)
    await sql.query(
      `insert into message_bodies as b (record, type, content)
       select record, type, content from json_to_recordset($1::json) as x (record text, type text, content text)
       on conflict (record) do update set type = excluded.type, content = excluded.content
       where (b.type, b.content) is distinct from (excluded.type, excluded.content)`,
      [toJson(bodies)],
    )
  const emptied = messages.filter(
    (write) => write.do !== 'create' && apart(write.kind, write.fields).body === null,
  )
  if (emptied.length > 0)
    await sql.query('delete from message_bodies where record = any($1)', [emptied.map((write) => write.id)])
}

function mustBeAll(done: number, asked: number): void {
  if (done !== asked)
    throw new Error(`${asked - done} of ${asked} records to change do not exist. Nothing was written.`)
}
