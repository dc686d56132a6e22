import { threadKeys, type PersonKind } from '../core/linking.ts'
import type { Facts, Kind } from '../core/item.ts'
import type { Sql } from '../store/database.ts'
import type { By } from './items.ts'
import { linkItems } from './linking.ts'

/** What a person says about whom a message, event or task belongs to: it counts for its whole thread, and stays. */
export interface ItemLink {
  readonly kind: PersonKind
  readonly id: string
  readonly title: string
  readonly how: 'address' | 'domain' | 'thread' | 'hand' | 'conversion'
  readonly at: Date
  readonly by: string | null
  readonly byName: string | null
}

/** To whom an item belongs, with how that came. */
export const linksOfItem = (sql: Sql, organization: string, item: string): Promise<ItemLink[]> =>
  sql.query<ItemLink>(
    `select p.person_kind as kind, p.person as id, x.name as title, p.how, p.at, nullif(p.by, 'rule') as by, u.name as "byName"
      from record_people p join (${NAMES}) x on x.id = p.person and x.kind = p.person_kind and x.organization = $2
        left join users u on u.id = p.by
      where p.record = $1 and p.state = 'linked' order by p.person_kind, x.name, p.person`,
    [item, organization],
  )
const NAMES = ['contact', 'account', 'lead', 'case']
  .map((kind) => `select '${kind}' as kind, id, name, organization from ${kind}s where deleted_at is null`)
  .join(' union all ')

export async function addLink(
  sql: Sql,
  by: Omit<By, 'cause' | 'newId'>,
  item: string,
  kind: PersonKind,
  person: string,
): Promise<void> {
  const { keys } = await say(sql, by, item, kind, person, 'linked')
  await sql.query(
    `insert into record_people as p (record, person_kind, person, how, state, at, by) values ($1, $2, $3, 'hand', 'linked', $4, $5)
      on conflict (record, person_kind, person) do update set state = 'linked', at = excluded.at, by = excluded.by
      where p.state <> 'linked'`,
    [item, kind, person, new Date(by.at), by.user],
  )
  // The others of the thread follow as the rule has it.
  const others = await recordsOfThread(sql, by.organization, keys, item)
  await sql.query(
    `delete from record_people where record = any($1) and person_kind = $2 and person = $3 and state = 'removed'`,
    [others, kind, person],
  )
  await linkItems(sql, others, by.at)
}

export async function removeLink(
  sql: Sql,
  by: Omit<By, 'cause' | 'newId'>,
  item: string,
  kind: PersonKind,
  person: string,
): Promise<void> {
  const { keys } = await say(sql, by, item, kind, person, 'removed')
  await sql.query(
    `insert into record_people (record, person_kind, person, how, state, at, by) values ($1, $2, $3, 'hand', 'removed', $4, $5)
      on conflict (record, person_kind, person) do update set state = 'removed', at = excluded.at, by = excluded.by`,
    [item, kind, person, new Date(by.at), by.user],
  )
  await sql.query(
    `update record_people set state = 'removed', at = $4, by = $5
      where record = any($1) and person_kind = $2 and person = $3 and state = 'linked'`,
    [await recordsOfThread(sql, by.organization, keys, item), kind, person, new Date(by.at), by.user],
  )
}

async function say(
  sql: Sql,
  by: Omit<By, 'cause' | 'newId'>,
  item: string,
  kind: PersonKind,
  person: string,
  state: 'linked' | 'removed',
): Promise<{ readonly keys: readonly string[] }> {
  const [row] = await sql.query<{ id: string; kind: Kind; facts: Facts }>(
    'select id, kind, facts from records where id = $1 for update',
    [item],
  )
  if (row === undefined) throw new Error(`There is no item ${item} to link.`)
  const keys = threadKeys(row)
  await sql.query(
    `insert into thread_links (organization, thread, person_kind, person, state, at, by)
      select $1, unnest($2::text[]), $3, $4, $5, $6, $7
      on conflict (organization, thread, person_kind, person) do update
        set state = excluded.state, at = excluded.at, by = excluded.by`,
    [by.organization, keys, kind, person, state, new Date(by.at), by.user],
  )
  return { keys }
}

/** What a rule said about a thread counts for the messages of it that are here already, too. */
export async function linkThread(
  sql: Sql,
  organization: string,
  keys: readonly string[],
  besides: string,
  now: number,
): Promise<void> {
  await linkItems(sql, await recordsOfThread(sql, organization, keys, besides), now)
}

const recordsOfThread = async (
  sql: Sql,
  organization: string,
  keys: readonly string[],
  besides: string,
): Promise<readonly string[]> => {
  const named = (prefix: string): readonly string[] =>
    keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  const rows = await sql.query<{ id: string }>(
    `select r.id from records r join containers k on k.id = r.container
      where k.organization = $1 and r.id <> $2
        and (r.conversation = any($3) and r.kind = 'message' or r.match_keys && $4::text[])`,
    [
      organization,
      besides,
      named('c:'),
      [...named('m:').map((id) => `message:${id}`), ...named('e:').map((id) => `uid:${id}`)],
    ],
  )
  return rows.map((row) => row.id)
}
