import type { CollectionId, Cursor, Instant, MailboxId } from '../core/ids.ts'
import type { Channel, Json } from '../core/item.ts'
import type { Sql } from './database.ts'
import { toJson } from './json.ts'
import { atOrNull, iso, isoOrNull, lastOfEach } from './rows.ts'
import type { ChannelRow, CollectionRow, MailboxRow } from './sync-store.ts'

/** Mailboxes, their channels, and the collections with their cursors. */
interface MailboxColumns {
  readonly id: MailboxId
  readonly organization: MailboxRow['organization']
  readonly user: MailboxRow['user']
  readonly kind: MailboxRow['kind']
  readonly address: string
  readonly display_name: string
  readonly tenant_id: string
  readonly object_id: string
  readonly zone: string
  readonly state: MailboxRow['state']
  readonly trouble: string | null
  readonly clock_offset_ms: number
}

export const toMailbox = (row: MailboxColumns): MailboxRow => ({
  id: row.id,
  organization: row.organization,
  user: row.user,
  kind: row.kind,
  address: row.address,
  displayName: row.display_name,
  tenantId: row.tenant_id,
  objectId: row.object_id,
  zone: row.zone,
  state: row.state,
  trouble: row.trouble,
  clockOffsetMs: row.clock_offset_ms,
})

export async function mailbox(sql: Sql, id: MailboxId): Promise<MailboxRow | null> {
  const [row] = await sql.query<MailboxColumns>('select * from mailboxes where id = $1 for update', [id])
  return row === undefined ? null : toMailbox(row)
}

export async function writeMailboxes(sql: Sql, rows: readonly MailboxRow[]): Promise<void> {
  await sql.query(
    `insert into mailboxes (id, organization, "user", kind, address, display_name, tenant_id, object_id, zone, state,
       trouble, clock_offset_ms)
     select * from json_to_recordset($1::json) as x (id text, organization text, "user" text, kind text, address text,
       display_name text, tenant_id text, object_id text, zone text, state text, trouble text, clock_offset_ms bigint)
     on conflict (id) do update set organization = excluded.organization, "user" = excluded."user",
       kind = excluded.kind, address = excluded.address, display_name = excluded.display_name,
       tenant_id = excluded.tenant_id, object_id = excluded.object_id, zone = excluded.zone, state = excluded.state,
       trouble = excluded.trouble, clock_offset_ms = excluded.clock_offset_ms`,
    [
      toJson(
        lastOfEach(rows, (row) => row.id).map((row) => ({
          ...row,
          display_name: row.displayName,
          tenant_id: row.tenantId,
          object_id: row.objectId,
          clock_offset_ms: Math.round(row.clockOffsetMs),
        })),
      ),
    ],
  )
}

interface ChannelColumns {
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly enabled: boolean
  readonly paused: string | null
  readonly state: ChannelRow['state']
  readonly feed_cursor: Cursor | null
  readonly last_started_at: Date | null
  readonly last_finished_at: Date | null
  readonly next_at: Date | null
  readonly proven_at: Date | null
  readonly failures: number
  readonly message: string | null
  readonly first_sync_done: boolean
  readonly progress: Json
}

export const toChannel = (row: ChannelColumns): ChannelRow => ({
  mailbox: row.mailbox,
  channel: row.channel,
  enabled: row.enabled,
  paused: row.paused,
  state: row.state,
  feedCursor: row.feed_cursor,
  lastStartedAt: atOrNull(row.last_started_at),
  lastFinishedAt: atOrNull(row.last_finished_at),
  nextAt: atOrNull(row.next_at),
  provenAt: atOrNull(row.proven_at),
  failures: row.failures,
  message: row.message,
  firstSyncDone: row.first_sync_done,
  progress: row.progress,
})

export async function channel(sql: Sql, of: MailboxId, name: Channel): Promise<ChannelRow> {
  const [row] = await sql.query<ChannelColumns>(
    'select * from channels where mailbox = $1 and channel = $2 for update',
    [of, name],
  )
  return row === undefined ? newChannel(of, name) : toChannel(row)
}

export async function dueChannels(sql: Sql, now: Instant, limit: number): Promise<readonly ChannelRow[]> {
  const rows = await sql.query<ChannelColumns>(
    `select c.* from channels c join mailboxes m on m.id = c.mailbox
     where c.enabled and c.paused is null and m.state = 'connected' and (c.next_at is null or c.next_at <= $1)
     order by c.next_at nulls first, c.mailbox, c.channel limit $2`,
    [iso(now), limit],
  )
  return rows.map(toChannel)
}

/** A channel that was never switched on. */
const newChannel = (of: MailboxId, name: Channel): ChannelRow => ({
  mailbox: of,
  channel: name,
  enabled: false,
  paused: null,
  state: 'idle',
  feedCursor: null,
  lastStartedAt: null,
  lastFinishedAt: null,
  nextAt: null,
  provenAt: null,
  failures: 0,
  message: null,
  firstSyncDone: false,
  progress: null,
})

const CHANNEL_CHANGING = `enabled, paused, state, feed_cursor, last_started_at, last_finished_at, next_at, proven_at,
  failures, message, first_sync_done, progress`

export async function writeChannels(sql: Sql, rows: readonly ChannelRow[]): Promise<void> {
  await sql.query(
    `insert into channels (mailbox, channel, ${CHANNEL_CHANGING})
     select * from json_to_recordset($1::json) as x (mailbox text, channel text, enabled boolean, paused text,
       state text, feed_cursor text, last_started_at timestamptz, last_finished_at timestamptz, next_at timestamptz,
       proven_at timestamptz, failures integer, message text, first_sync_done boolean, progress json)
     on conflict (mailbox, channel) do update set (${CHANNEL_CHANGING}) = (${excluded(CHANNEL_CHANGING)})`,
    [
      toJson(
        lastOfEach(rows, (row) => `${row.mailbox} ${row.channel}`).map((row) => ({
          ...row,
          feed_cursor: row.feedCursor,
          last_started_at: isoOrNull(row.lastStartedAt),
          last_finished_at: isoOrNull(row.lastFinishedAt),
          next_at: isoOrNull(row.nextAt),
          proven_at: isoOrNull(row.provenAt),
          first_sync_done: row.firstSyncDone,
        })),
      ),
    ],
  )
}

interface CollectionColumns {
  readonly id: CollectionId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly external_id: string
  readonly name: string
  readonly is_default: boolean
  readonly can_write: boolean
  readonly container: string
  readonly selected: boolean
  readonly cursor: Cursor | null
  readonly window_from: string | null
  readonly window_to: string | null
  readonly generation: number
  readonly enumerating: boolean
  readonly trouble: string | null
  readonly well_known: string | null
  readonly parent_external: string | null
  readonly total: number | null
  readonly unread: number | null
}

export const toCollection = (row: CollectionColumns): CollectionRow => ({
  id: row.id,
  mailbox: row.mailbox,
  channel: row.channel,
  externalId: row.external_id,
  name: row.name,
  isDefault: row.is_default,
  canWrite: row.can_write,
  container: row.container,
  selected: row.selected,
  cursor: row.cursor,
  window:
    row.window_from === null || row.window_to === null ? null : { from: row.window_from, to: row.window_to },
  generation: row.generation,
  enumerating: row.enumerating,
  trouble: row.trouble,
  wellKnown: row.well_known,
  ...(row.channel === 'email' && {
    parentExternalId: row.parent_external,
    total: row.total,
    unread: row.unread,
  }),
})

export async function collections(sql: Sql, of: MailboxId, name: Channel): Promise<readonly CollectionRow[]> {
  const rows = await sql.query<CollectionColumns>(
    'select * from collections where mailbox = $1 and channel = $2 order by id for update',
    [of, name],
  )
  return rows.map(toCollection)
}

const COLLECTION_CHANGING = `external_id, name, is_default, can_write, container, selected, cursor, window_from,
  window_to, generation, enumerating, trouble, well_known, parent_external, total, unread`

/** A collection that is paired with a container which the CRM does not have yet makes it, with the same name. */
export async function writeCollections(sql: Sql, rows: readonly CollectionRow[]): Promise<void> {
  const json = toJson(
    lastOfEach(rows, (row) => row.id).map((row) => ({
      ...row,
      external_id: row.externalId,
      is_default: row.isDefault,
      can_write: row.canWrite,
      window_from: row.window?.from ?? null,
      window_to: row.window?.to ?? null,
      well_known: row.wellKnown,
      parent_external: row.parentExternalId ?? null,
      total: row.total ?? null,
      unread: row.unread ?? null,
    })),
  )
  await sql.query(
    `insert into collections (id, mailbox, channel, ${COLLECTION_CHANGING})
     select * from json_to_recordset($1::json) as x (id text, mailbox text, channel text, external_id text, name text,
       is_default boolean, can_write boolean, container text, selected boolean, cursor text, window_from text,
       window_to text, generation integer, enumerating boolean, trouble text, well_known text, parent_external text,
       total integer, unread integer)
     on conflict (id) do update set (${COLLECTION_CHANGING}) = (${excluded(COLLECTION_CHANGING)})`,
    [json],
  )
  await sql.query(
    `insert into containers (id, kind, organization, owner, mailbox, name, is_default, well_known)
     select x.container, case x.channel when 'calendar' then 'calendar' when 'tasks' then 'task-list'
       else 'mail-folder' end, m.organization, m."user", x.mailbox, x.name, x.is_default, x.well_known
     from json_to_recordset($1::json) as x (container text, channel text, mailbox text, name text, is_default boolean,
       well_known text) left join mailboxes m on m.id = x.mailbox
     where not exists (select from containers where id = x.container)
     on conflict (id) do nothing`,
    [json],
  )
}

const excluded = (columns: string): string =>
  columns
    .split(/,\s*/)
    .map((column) => `excluded.${column}`)
    .join(', ')
