import { addressesOf } from '../core/linking.ts'
import type { Fields, Kind } from '../core/item.ts'
import { addLink, linksOfItem, removeLink, type ItemLink } from '../crm/links-by-hand.ts'
import { personById } from '../crm/people.ts'
import type { RecordKind } from '../crm/record-kinds.ts'
import type { Sql } from '../store/database.ts'
import type { ApiOutput } from './api/api.ts'
import type { linksApi } from './api/links.ts'
import { byOf } from './items.ts'
import type { Caller, HandlersOf } from './mount.ts'
import { isoOf, type Parts } from './parts.ts'
import { notFound } from './problems.ts'

/** Whom messages, events and tasks belong to: seen, added and removed by the people whose items they are. */
type LinkView = ApiOutput<'GET /api/items/:item/links'>['items'][number]

/** Mail of a system mailbox is for those who may read it; what else is nobody's, for the organization. */
const MAY_READ = `(k.owner = $1 or k.owner is null and k.organization = $2 and (k.kind <> 'mail-folder'
  or exists (select from system_mailboxes s where s.mailbox = k.mailbox
    and ($1 = any(s.allowed_users) or $3 = any(s.allowed_roles)))))`

export async function requireLinkable(sql: Sql, caller: Caller, item: string): Promise<void> {
  const rows = await sql.query(
    `select 1 from records r join containers k on k.id = r.container where r.id = $4 and ${MAY_READ}`,
    [caller.user, caller.organization, caller.role, item],
  )
  if (rows.length === 0) throw notFound('message, event or task')
}

export async function linkByHand(
  parts: Parts,
  caller: Caller,
  { item, kind, record }: { readonly item: string; readonly kind: RecordKind; readonly record: string },
  state: 'linked' | 'removed',
): Promise<void> {
  const by = byOf(parts, caller)
  await parts.database.transaction(async (sql) => {
    await requireLinkable(sql, caller, item)
    if ((await personById(sql, caller.organization, kind, record)) === null) throw notFound(kind)
    await (state === 'linked' ? addLink : removeLink)(sql, by, item, kind, record)
  })
}

export function linkHandlers(parts: Parts): HandlersOf<typeof linksApi> {
  const { database } = parts
  const views = async (caller: Caller, item: string): Promise<LinkView[]> => {
    const links = await linksOfItem(database, caller.organization, item)
    const [row] = await database.query<{ kind: Kind; fields: Fields }>(
      'select kind, fields from records where id = $1',
      [item],
    )
    const addresses = new Set(row === undefined ? [] : addressesOf(row))
    const known = await database.query<{ id: string; email: string }>(
      `select id, unnest(emails) as email from contacts where id = any($1) union all select id, unnest(emails) from leads where id = any($1)`,
      [links.map((link) => link.id)],
    )
    const found = new Map(known.filter((one) => addresses.has(one.email)).map((one) => [one.id, one.email]))
    return links.map((link) => ({
      kind: link.kind,
      id: link.id,
      title: link.title,
      how: link.how,
      why: whyOf(link, found.get(link.id)),
      at: isoOf(link.at),
    }))
  }
  return {
    'GET /api/items/:item/links': async ({ params }, { caller }) => {
      await requireLinkable(database, caller, params.item)
      return { items: await views(caller, params.item) }
    },
    'POST /api/items/:item/links': async ({ params, body }, { caller }) => {
      await linkByHand(parts, caller, { item: params.item, kind: body.kind, record: body.record }, 'linked')
      return { items: await views(caller, params.item) }
    },
    'DELETE /api/items/:item/links/:kind/:record': async ({ params }, { caller }) => {
      await linkByHand(parts, caller, params, 'removed')
      return null
    },
  }
}

function whyOf(link: ItemLink, email: string | undefined): string {
  switch (link.how) {
    case 'address':
      return email === undefined ? 'One of its people works there.' : `${email} is one of its people.`
    case 'domain':
      return 'An address in it is of a domain of this account.'
    case 'thread':
      return 'Its thread belongs here.'
    case 'conversion':
      return 'It was made of this thread.'
    case 'hand':
      return link.byName === null ? 'Somebody said so.' : `${link.byName} said so.`
  }
}
