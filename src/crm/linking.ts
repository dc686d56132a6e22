import {
  addressesOf,
  belongsTo,
  domainsOf,
  threadKeys,
  type BelongsTo,
  type Directory,
  type Person,
  type PersonKind,
} from '../core/linking.ts'
import type { Facts, Fields, Kind } from '../core/item.ts'
import type { Database, Sql } from '../store/database.ts'
import { toJson } from '../store/json.ts'
import { queueForMailroom } from './mailroom-queue.ts'

/**
 * Which records a message or event belongs to, found right after it was stored: the change feed of all records is read
 * behind the import, a page at a time, each page in one transaction with how far it got. So the import is never slowed
 * by it, nothing is skipped by a crash, and whoever waits sees how far it is behind.
 */
export interface LinkStep {
  /** How many items were looked at. */
  readonly looked: number
  readonly more: boolean
}

export const LINK_BATCH = 500
/** Records that one step of the walk back looks at, of which it links those that name a wanted address. */
const WALK_BATCH = 10_000
/** With more new addresses than this (an import of contacts) every record is looked at. */
const WALK_PATTERNS_MAX = 50

interface ItemRow {
  readonly id: string
  readonly kind: Kind
  readonly organization: string
  readonly fields: Fields
  readonly facts: Facts
}

/** Looks at the next items of the change feed. */
export const linkNext = (database: Database, now: number, limit = LINK_BATCH): Promise<LinkStep> =>
  database.transaction(async (sql) => {
    const [state] = await sql.query<{ xid: string; after: string }>(
      `select split_part(cursor, '.', 1) as xid, substr(cursor, strpos(cursor, '.') + 1) as after
        from linking_state for update`,
    )
    const rows = await sql.query<{ horizon: string; id: string | null; changed_xid: string }>(FEED, [
      state?.xid ?? '0',
      state?.after ?? '',
      limit,
    ])
    const ids = rows.flatMap(({ id }) => id ?? [])
    const last = rows.at(-1)
    // Nothing new: the position stays, so that an idle system writes nothing.
    if (ids.length === 0) return { looked: 0, more: false }
    await linkItems(sql, ids, now)
    const full = ids.length === limit
    const cursor =
      full && last !== undefined ? `${last.changed_xid}.${ids.at(-1)}` : `${rows[0]?.horizon ?? '0'}.`
    await sql.query('update linking_state set cursor = $1, done_at = $2', [cursor, new Date(now)])
    return { looked: ids.length, more: full }
  })

/**
 * As in store/links.ts: what is handed out lies below the oldest transaction that still runs, and so is complete. A
 * position beyond the present transactions (the database was restored elsewhere) begins anew: linking twice is one.
 */
const HORIZON = `select least(pg_snapshot_xmax(s), pg_current_xact_id_if_assigned(), (
    select running from pg_snapshot_xip(s) running
    where running::xid not in (
      select l.transactionid from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
        and a.datid <> (select oid from pg_database where datname = current_database()))
    order by running limit 1)) as at
  from pg_current_snapshot() s`
const BEHIND = `from containers k, lateral (
    select r.id, r.changed_xid from records r
    where r.container = k.id and r.kind <> 'task' and r.deleted_at is null and r.changed_xid < h.at
      and (r.changed_xid, r.id) > (case when $1::xid8 > h.at then '0'::xid8 else $1::xid8 end, $2)
    order by r.changed_xid, r.id limit $3) x
  where k.kind in ('calendar', 'mail-folder')`
const FEED = `with horizon as (${HORIZON})
  select h.at as horizon, c.id, c.changed_xid from horizon h left join lateral (
    select x.id, x.changed_xid ${BEHIND} order by x.changed_xid, x.id limit $3) c on true
  order by c.changed_xid, c.id`

const ITEMS = `select r.id, r.kind, k.organization, r.fields, r.facts from records r join containers k on k.id = r.container
  where r.id = any($1) and k.organization is not null and r.deleted_at is null`

/** Links these items, whichever they are. A handful of statements, however many. */
export async function linkItems(sql: Sql, ids: readonly string[], now: number): Promise<void> {
  if (ids.length === 0) return
  const items = await sql.query<ItemRow>(ITEMS, [ids])
  for (const organization of new Set(items.map((one) => one.organization))) {
    const own = items.filter((one) => one.organization === organization)
    const directory = await directoryFor(sql, organization, own)
    await writeLinks(
      sql,
      own.flatMap((item) => belongsTo(item, directory).map((to) => ({ record: item.id, ...to }))),
      own.map((item) => item.id),
      now,
    )
  }
  await queueForMailroom(sql, ids, now)
}

async function directoryRows(
  sql: Sql,
  organization: string,
  addresses: readonly string[],
  domains: readonly string[],
): Promise<readonly DirectoryRow[]> {
  // Right after an import there are no statistics, and the planner would compare each address with each person.
  // What it is kept from looks dear to it, and it would compile the statement (jit) for longer than it runs.
  await sql.query(`select set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)`)
  const rows = await sql.query<DirectoryRow>(DIRECTORY, [organization, addresses, domains])
  await sql.query(`select set_config('enable_nestloop', 'on', true)`)
  return rows
}

interface DirectoryRow {
  readonly what: 'address' | 'domain' | 'own'
  readonly key: string
  readonly kind: PersonKind
  readonly id: string
}

/** What is known here of the addresses, domains and threads of these items. */
export async function directoryFor(
  sql: Sql,
  organization: string,
  items: readonly ItemRow[],
): Promise<Directory> {
  const addresses = new Set(items.flatMap(addressesOf))
  const domains = new Set([...addresses].flatMap(domainsOf))
  const threads = new Set(items.flatMap(threadKeys))
  // Where nobody is named, nobody is looked for: that would read all people.
  const rows =
    addresses.size === 0 ? [] : await directoryRows(sql, organization, [...addresses], [...domains])
  const said = await sql.query<Person & { thread: string; state: 'linked' | 'removed' }>(
    `select thread, person_kind as kind, person as id, state from thread_links where organization = $1 and thread = any($2)`,
    [organization, [...threads]],
  )
  const own = rows.filter((row) => row.what === 'own').map((row) => row.key)
  return {
    byAddress: grouped(rows.filter((row) => row.what === 'address')),
    byDomain: grouped(rows.filter((row) => row.what === 'domain')),
    byThread: grouped(said.map((row) => ({ key: row.thread, ...row }))),
    ownAddresses: new Set(own),
    ownDomains: new Set(own.flatMap((address) => domainsOf(address).slice(0, 1))),
  }
}

/**
 * Every address once, joined by equality: no plan can be worse than reading all people once. (A look into the index for
 * each address is: new entries wait in the index's pending list, which every look reads.)
 */
const held = (table: 'contacts' | 'leads' | 'accounts', list: 'emails' | 'domains'): string =>
  `(select p.id, ${table === 'contacts' ? 'p.account, ' : ''}k.key from ${table} p, unnest(p.${list}) as k (key)
    where p.organization = $1 and p.deleted_at is null offset 0)`
const DIRECTORY = `with people as materialized ${held('contacts', 'emails')},
    named as materialized (select unnest($2::text[]) as key)
  select 'address' as what, w.key, 'contact' as kind, p.id from named w join people p on p.key = w.key
  union all select 'address', w.key, 'account', a.id from named w join people p on p.key = w.key
    join accounts a on a.id = p.account and a.deleted_at is null
  union all select 'address', w.key, 'lead', p.id from named w join ${held('leads', 'emails')} p on p.key = w.key
  union all select 'domain', w.key, 'account', p.id
    from unnest($3::text[]) as w (key) join ${held('accounts', 'domains')} p on p.key = w.key
  union all select 'own', lower(address), null, null from mailboxes where organization = $1
  union all select 'own', lower(email), null, null from users where organization = $1`

function grouped<T extends { readonly key: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const map = new Map<string, T[]>()
  for (const row of rows) {
    const known = map.get(row.key)
    if (known === undefined) map.set(row.key, [row])
    else known.push(row)
  }
  return map
}

/**
 * What a person said stays; what a rule had found and no longer finds goes (an attendee was taken out); a link that
 * stood keeps its first reason.
 */
async function writeLinks(
  sql: Sql,
  links: readonly (BelongsTo & { readonly record: string })[],
  records: readonly string[],
  now: number,
): Promise<void> {
  const rows = toJson(links)
  await sql.query(
    `with gone as (
        delete from record_people p where p.record = any($3) and p.how in ('address', 'domain') and p.state = 'linked'
          and not exists (select from json_to_recordset($1::json) as x (record text, kind text, id text)
            where x.record = p.record and x.kind = p.person_kind and x.id = p.person))
      insert into record_people as p (record, person_kind, person, how, state, at, by, outside)
      select record, kind, id, how, 'linked', $2, 'rule', outside
      from json_to_recordset($1::json) as x (record text, kind text, id text, how text, outside boolean)
      on conflict (record, person_kind, person) do update set outside = excluded.outside
      where p.outside is distinct from excluded.outside and p.how <> 'conversion'`,
    [rows, new Date(now), records],
  )
}

/** Addresses and domains that somebody has from now on: older items that name them are looked for. */
export async function wantLinks(sql: Sql, addresses: readonly string[], now: number): Promise<void> {
  if (addresses.length > 0)
    await sql.query('insert into relink_requests (addresses, at) values ($1, $2)', [
      addresses.map((one) => one.toLowerCase()),
      new Date(now),
    ])
}

/** Goes back over older items for addresses that became known later. */
export const linkOlder = (database: Database, now: number): Promise<LinkStep> =>
  database.transaction(async (sql) => {
    const [state] = await sql.query<{ walk: string | null }>('select walk from linking_state for update')
    const taken = await sql.query<{ addresses: string[] }>(
      (state?.walk ?? null) === null
        ? 'update relink_requests set taken = true returning addresses'
        : 'select addresses from relink_requests where taken',
    )
    if (taken.length === 0) return { looked: 0, more: false }
    const wanted = [...new Set(taken.flatMap((row) => row.addresses))]
    const patterns =
      wanted.length > WALK_PATTERNS_MAX ? ['%'] : wanted.map((one) => `%${one.replace(/[\\%_]/g, '\\$&')}"%`)
    const rows = await sql.query<{ id: string; fits: boolean }>(
      `with part as materialized (
          select id, fields from records where kind <> 'task' and deleted_at is null and ($1::text is null or id < $1)
          order by id desc limit $2)
        select id, fields::text ilike any($3::text[]) as fits from part order by id desc`,
      [state?.walk ?? null, WALK_BATCH, patterns],
    )
    const fitting = rows.filter((row) => row.fits).map((row) => row.id)
    for (let at = 0; at < fitting.length; at += LINK_BATCH)
      await linkItems(sql, fitting.slice(at, at + LINK_BATCH), now)
    const more = rows.length === WALK_BATCH
    if (!more) await sql.query('delete from relink_requests where taken')
    await sql.query(
      'update linking_state set walk = $1, walked = case when $1::text is null then 0 else walked + $2 end',
      [more ? (rows.at(-1)?.id ?? null) : null, rows.length],
    )
    return { looked: rows.length, more }
  })

/** How far linking is behind, for people. Counts no further than `max`. */
export async function linkingLag(
  sql: Sql,
  max = 100_000,
): Promise<{ readonly behind: number; readonly looksBack: boolean; readonly doneAt: Date | null }> {
  const [state] = await sql.query<{ xid: string; after: string; done_at: Date | null; back: boolean }>(
    `select split_part(cursor, '.', 1) as xid, substr(cursor, strpos(cursor, '.') + 1) as after, done_at,
        exists (select from relink_requests) as back from linking_state`,
  )
  const [row] = await sql.query<{ n: number }>(
    `with horizon as (${HORIZON}) select count(*) as n from horizon h, lateral (select x.id ${BEHIND} limit $3) y`,
    [state?.xid ?? '0', state?.after ?? '', max],
  )
  return { behind: row?.n ?? 0, looksBack: state?.back ?? false, doneAt: state?.done_at ?? null }
}
