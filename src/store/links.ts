import type {
  CollectionId,
  Cursor,
  ETag,
  ItemId,
  LinkId,
  MailboxId,
  OperationId,
  RecordId,
} from '../core/ids.ts'
import { asId } from '../core/ids.ts'
import { kindOf, type Channel, type Facts, type Fields, type Json } from '../core/item.ts'
import type { Sql } from './database.ts'
import { toJson } from './json.ts'
import { lockRecords } from './records.ts'
import { at, iso, segments } from './rows.ts'
import type { LinkRow, LinkWrite, PairRow } from './sync-store.ts'

/** Which record is which item, and what both sides last agreed on. */
interface LinkColumns {
  readonly id: LinkId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly collection: CollectionId
  readonly record: RecordId
  readonly item: ItemId | null
  readonly etag: ETag | null
  readonly base: Fields
  readonly mailbox_base: Fields
  readonly record_version: number
  readonly state: LinkRow['state']
  readonly seen_generation: number
  readonly facts: Facts
  readonly pending: OperationId | null
  readonly flips: Json
  readonly updated_at: Date
}

const toLink = (row: LinkColumns): LinkRow => ({
  id: row.id,
  mailbox: row.mailbox,
  channel: row.channel,
  collection: row.collection,
  record: row.record,
  item: row.item,
  etag: row.etag,
  base: row.base,
  mailboxBase: row.mailbox_base,
  recordVersion: row.record_version,
  state: row.state,
  seenGeneration: row.seen_generation,
  facts: row.facts,
  pending: row.pending,
  flips: row.flips,
  updatedAt: at(row.updated_at),
})

/**
 * Links by a condition on `l`, with their records, all locked. Links are locked first, then records, each in the
 * order of their ids, so that two transactions that touch the same pairs wait for each other instead of deadlocking.
 */
async function pairsOfLinks(
  sql: Sql,
  condition: string,
  values: readonly unknown[],
): Promise<readonly PairRow[]> {
  const links = await sql.query<LinkColumns>(
    `select l.* from links l where ${condition} order by l.id for update`,
    values,
  )
  const records = new Map(
    (
      await lockRecords(
        sql,
        links.map((link) => link.record),
      )
    ).map((record) => [record.id, record]),
  )
  return links.map((link) => ({ link: toLink(link), record: records.get(link.record) ?? null }))
}

export const pairsByItem = (
  sql: Sql,
  mailbox: MailboxId,
  items: readonly ItemId[],
): Promise<readonly PairRow[]> =>
  none(items) ?? pairsOfLinks(sql, 'l.mailbox = $1 and l.item = any($2)', [mailbox, items])

export const pairsByLink = (sql: Sql, links: readonly LinkId[]): Promise<readonly PairRow[]> =>
  none(links) ?? pairsOfLinks(sql, 'l.id = any($1)', [links])

/** Each record with its link in this mailbox, or with null. In the order asked; records that do not exist are left out. */
export async function pairsByRecord(
  sql: Sql,
  mailbox: MailboxId,
  records: readonly RecordId[],
): Promise<readonly PairRow[]> {
  if (records.length === 0) return []
  const unordered = await pairsOfLinks(sql, 'l.mailbox = $1 and l.record = any($2)', [mailbox, records])
  const linked = new Map(unordered.map((pair) => [pair.link?.record, pair]))
  const others = await lockRecords(
    sql,
    records.filter((id) => !linked.has(id)),
  )
  const unlinked = new Map(others.map((record) => [record.id, { link: null, record }]))
  return [...new Set(records)].flatMap((id) => linked.get(id) ?? unlinked.get(id) ?? [])
}

export const unseenPairs = (
  sql: Sql,
  collection: CollectionId,
  generation: number,
  after: LinkId | null,
  limit: number,
): Promise<readonly PairRow[]> =>
  pairsOfLinks(
    sql,
    `l.id in (select id from links where collection = $1 and state in ('linked', 'parked') and item is not null
       and seen_generation < $2 and id > $3 order by id limit $4)`,
    [collection, generation, after ?? '', limit],
  )

export async function countLinks(sql: Sql, collection: CollectionId): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*) as count from links where collection = $1 and state = 'linked'`,
    [collection],
  )
  return row?.count ?? 0
}

const none = (list: readonly unknown[]): Promise<readonly PairRow[]> | null =>
  list.length === 0 ? Promise.resolve([]) : null

/**
 * The change feed is in the order (transaction, record). A transaction's number is taken when it first writes, and it
 * may commit long after later ones; so only rows below the oldest number that still runs are handed out. What is
 * handed out is complete, and what comes later sorts behind it.
 */
export async function feed(
  sql: Sql,
  mailbox: MailboxId,
  channel: Channel,
  cursor: Cursor | null,
  limit: number,
): Promise<{ readonly pairs: readonly PairRow[]; readonly next: Cursor; readonly more: boolean }> {
  const [from, after] = position(cursor)
  const rows = await sql.query<{ horizon: string; id: RecordId | null; changed_xid: string }>(FEED, [
    mailbox,
    channel,
    from,
    after,
    limit + 1,
    kindOf[channel],
  ])
  const changed = rows.flatMap(({ id, changed_xid }) => (id === null ? [] : [{ id, changed_xid }]))
  const handed = changed.slice(0, limit)
  const pairs = await pairsByRecord(
    sql,
    mailbox,
    handed.map((row) => row.id),
  )
  const byRecord = new Map(pairs.map((pair) => [pair.record?.id, pair]))
  const last = handed.at(-1)
  const more = changed.length > handed.length && last !== undefined
  return {
    pairs: handed.flatMap((row) => byRecord.get(row.id) ?? []),
    next: asId<Cursor>(more ? `${last.changed_xid}.${last.id}` : `${rows[0]?.horizon ?? from}.`),
    more,
  }
}

/**
 * The horizon is the oldest transaction that still runs, our own included. A server counts the transactions of all
 * its databases together; those that are known to run in another one do not hold us back, or a long import next door
 * would stop our feed. It comes from the statement that looked at the rows,
 * also when it found none. A linked record that was
 * moved out of these containers is told as well. Versions that the link already knows are our own writes. Links are
 * looked up one by one (`limit 1` keeps it so): right after a first sync there are no statistics yet, and a plan that
 * reads all links would cost more than the whole pass.
 */
const FEED = `
  with horizon as (
      select least(pg_snapshot_xmax(s), pg_current_xact_id_if_assigned(), (
        select running from pg_snapshot_xip(s) running
        where running::xid not in (
          select l.transactionid from pg_locks l join pg_stat_activity a on a.pid = l.pid
          where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
            and a.datid <> (select oid from pg_database where datname = current_database()))
        order by running limit 1)) as at
      from pg_current_snapshot() s),
    scope as (select distinct container from collections where mailbox = $1 and channel = $2)
  select h.at as horizon, c.id, c.changed_xid
  from horizon h left join lateral (
    select id, changed_xid from (
      (select x.id, x.changed_xid from scope s, lateral (
        select r.id, r.changed_xid from records r left join lateral (
          select record_version from links where record = r.id and mailbox = $1 limit 1) l on true
        where r.container = s.container and r.kind = $6 and (r.changed_xid, r.id) > ($3::xid8, $4)
          and r.changed_xid < h.at
          and (l.record_version is null and r.deleted_at is null or l.record_version <> r.version)
        order by r.changed_xid, r.id limit $5) x)
      union
      (select r.id, r.changed_xid from records r, lateral (
          select record_version from links where record = r.id and mailbox = $1 and channel = $2 limit 1) l
        where r.moved and r.kind = $6 and (r.changed_xid, r.id) > ($3::xid8, $4) and r.changed_xid < h.at
          and l.record_version <> r.version
        order by r.changed_xid, r.id limit $5)
    ) u order by changed_xid, id limit $5
  ) c on true
  order by c.changed_xid, c.id`

/** `<transaction>.<record>`; without a record: all rows of that transaction are still to come. */
function position(cursor: Cursor | null): readonly [string, string] {
  if (cursor === null) return ['0', '']
  const dot = cursor.indexOf('.')
  return [cursor.slice(0, dot), cursor.slice(dot + 1)]
}

export async function writeLinks(sql: Sql, writes: readonly LinkWrite[]): Promise<void> {
  const puts = writes.filter((write) => write.do === 'put')
  const forgotten = writes.flatMap((write) => (write.do === 'forget' ? [write.id] : []))
  for (const part of segments(puts, (write) => write.id)) {
    await sql.query(PUT, [
      toJson(
        part.map((link) => ({
          id: link.id,
          mailbox: link.mailbox,
          channel: link.channel,
          collection: link.collection,
          record: link.record,
          item: link.item,
          etag: link.etag,
          base: link.base,
          mailbox_base: link.mailboxBase,
          record_version: link.recordVersion,
          state: link.state,
          seen_generation: link.seenGeneration,
          facts: link.facts,
          pending: link.pending,
          flips: link.flips,
          updated_at: iso(link.updatedAt),
        })),
      ),
    ])
  }
  for (const write of writes)
    if (write.do === 'seen')
      await sql.query('update links set seen_generation = $2 where id = any($1) and seen_generation <> $2', [
        write.ids,
        write.generation,
      ])
  if (forgotten.length > 0) await sql.query('delete from links where id = any($1)', [forgotten])
}

const CHANGING = `collection, record, item, etag, base, mailbox_base, record_version, state, seen_generation, facts,
  pending, flips, updated_at`
const PUT = `
  insert into links (id, mailbox, channel, ${CHANGING})
  select id, mailbox, channel, ${CHANGING} from json_to_recordset($1::json) as x (id text, mailbox text, channel text,
    collection text, record text, item text, etag text, base json, mailbox_base json, record_version integer,
    state text, seen_generation integer, facts json, pending text, flips json, updated_at timestamptz)
  on conflict (id) do update set (${CHANGING}) = (${CHANGING.split(/,\s*/)
    .map((column) => `excluded.${column}`)
    .join(', ')})`
