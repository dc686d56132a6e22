import type { Channel, Fields, Json } from '../core/item.ts'
import { asId } from '../core/ids.ts'
import type { By, Edited } from '../crm/items.ts'
import { resolve } from '../core/settings.ts'
import type { Sql } from '../store/database.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { RecordRow } from '../store/sync-store.ts'
import type { ApiOutput } from './api/api.ts'
import type { Caller } from './mount.ts'
import { isoOrNull, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import { storedSettings } from './settings-store.ts'

/** What events and tasks have in common in the API: whose they are, how they stand with Microsoft, edits and their refusals. */
export type SyncMark = ApiOutput<'GET /api/calendar/events/:event'>['sync']

export interface ContainerRecord {
  readonly id: string
  readonly kind: 'calendar' | 'task-list' | 'mail-folder'
  readonly organization: string | null
  readonly owner: string | null
  readonly owner_name: string | null
  readonly name: string
  readonly color: string | null
  readonly is_default: boolean
  readonly mailbox: string | null
  readonly address: string | null
  readonly collection_name: string | null
  readonly can_write: boolean | null
  readonly selected: boolean | null
}
export const CONTAINERS = `select k.id, k.kind, k.organization, k.owner, u.name as owner_name, k.name, k.color, k.is_default,
    c.mailbox, m.address, c.name as collection_name, c.can_write, c.selected
  from containers k left join users u on u.id = k.owner
    left join collections c on c.container = k.id left join mailboxes m on m.id = c.mailbox`

export const isMine = (container: Pick<ContainerRecord, 'owner'>, caller: Caller): boolean =>
  container.owner === caller.user
export const mayWrite = (container: ContainerRecord, caller: Caller): boolean =>
  caller.role !== 'auditor' &&
  (isMine(container, caller) ||
    (container.owner === null && container.organization === caller.organization)) &&
  container.can_write !== false

/** Where the person's new events or tasks go by their settings; null: to their own default calendar or list. */
async function chosenForNew(
  sql: Sql,
  caller: Caller,
  kind: 'calendar' | 'task-list',
): Promise<string | null> {
  const stored = await storedSettings(sql, { organization: caller.organization, user: caller.user })
  const choice = resolve(kind === 'calendar' ? 'calendar.calendars' : 'tasks.lists', stored).value
  if (choice.mode !== 'chosen' || choice.newItemsTo === null) return null
  const [row] = await sql.query<{ id: string }>(
    `select k.id from collections c join containers k on k.id = c.container join mailboxes m on m.id = c.mailbox
      where c.id = $1 and c.can_write and k.kind = $2 and k.owner = $3 and k.deleted_at is null and m.state <> 'disconnected'`,
    [choice.newItemsTo, kind, caller.user],
  )
  return row?.id ?? null
}

/** The default one is where new items go: of the person's own first the one that they chose for that. */
export async function containersOf(
  sql: Sql,
  caller: Caller,
  kind: 'calendar' | 'task-list',
): Promise<ContainerRecord[]> {
  const chosen = await chosenForNew(sql, caller, kind)
  const rows = await sql.query<ContainerRecord>(
    `${CONTAINERS} where k.kind = $1 and k.deleted_at is null and (k.owner = $2 or k.organization = $3)
      order by (k.owner = $2) desc nulls last, k.is_default desc, k.position, k.name, k.id`,
    [kind, caller.user, caller.organization],
  )
  if (chosen === null) return rows
  return rows.map((row) => (isMine(row, caller) ? { ...row, is_default: row.id === chosen } : row))
}

export async function requireContainer(
  sql: Sql,
  caller: Caller,
  kind: ContainerRecord['kind'],
  id: string,
  write: boolean,
): Promise<ContainerRecord> {
  const [row] = await sql.query<ContainerRecord>(
    `${CONTAINERS} where k.id = $1 and k.kind = $2 and k.deleted_at is null and (k.owner = $3 or k.organization = $4)`,
    [id, kind, caller.user, caller.organization],
  )
  const noun = kind === 'calendar' ? 'calendar' : 'task list'
  if (row === undefined) throw notFound(noun)
  if (write && !mayWrite(row, caller))
    throw new Refusal('not-allowed', `You can read this ${noun}, not write to it. Nothing was changed.`)
  return row
}

/** Where a new item of the person goes that names no calendar or list; made when they have none yet. */
export async function defaultContainer(
  sql: Sql,
  caller: Caller,
  kind: 'calendar' | 'task-list',
  newId: () => string,
): Promise<string> {
  const chosen = await chosenForNew(sql, caller, kind)
  if (chosen !== null) return chosen
  const [row] = await sql.query<{ id: string }>(
    'select id from containers where kind = $1 and owner = $2 and deleted_at is null order by is_default desc, created_at, id limit 1',
    [kind, caller.user],
  )
  if (row !== undefined) return row.id
  const id = newId()
  await sql.query(
    `insert into containers (id, kind, organization, owner, name, is_default) values ($1, $2, $3, $4, $5, true)`,
    [id, kind, caller.organization, caller.user, kind === 'calendar' ? 'Calendar' : 'Tasks'],
  )
  return id
}

export async function recordById(sql: Sql, kind: 'event' | 'task', id: string): Promise<RecordRow | null> {
  const [row] = await sql.query<RecordColumns>(
    `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id where r.id = $1 and r.kind = $2`,
    [id, kind],
  )
  return row === undefined ? null : toRecord(row)
}

export const byOf = (parts: Parts, caller: Caller): By => ({
  user: caller.user,
  organization: caller.organization,
  cause: caller.session === null ? 'api' : 'back-office',
  at: parts.env.now(),
  newId: parts.env.newId,
})

/** The record, or the refusal as problem details. */
export function edited(result: Edited, noun: string): RecordRow {
  if (result.ok) return result.record
  switch (result.why) {
    case 'not-found':
      throw notFound(noun)
    case 'changed-meanwhile':
      throw new Refusal(
        'changed-meanwhile',
        `This ${noun} was changed since you looked, perhaps by the sync. Nothing was written. Look again and repeat your change.`,
        { version: result.version },
      )
    case 'invalid':
      throw new Refusal('refused', `${result.reason} Nothing was changed.`)
    case 'read-only':
      throw new Refusal(
        'refused',
        `This cannot be changed here: ${result.groups.join(', ')}. It belongs to the organizer or its owner keeps it private. Nothing was changed.`,
        {
          problems: result.groups.map((group) => ({
            at: `body.change.${group}`,
            problem: 'This is read-only here.',
          })),
        },
      )
  }
}

interface MarkRow {
  readonly record: string
  readonly mailbox: string
  readonly collection: string
  readonly state: string
  /** Whether the link's calendar or list still takes part: what is left out keeps its items on both sides. */
  readonly chosen: boolean
  readonly running: boolean
  readonly record_version: number
  readonly web_link: string | null
  readonly proven_at: Date | null
  readonly waiting: boolean
  readonly held: boolean
  readonly conflict: boolean
  readonly parked: string | null
}

const LOCAL: SyncMark = {
  state: 'local',
  detail: null,
  mailbox: null,
  collection: null,
  provenAt: null,
  webLink: null,
}

/** How each record stands with Microsoft, for many at once. */
export async function syncMarks(
  sql: Sql,
  records: readonly RecordRow[],
): Promise<ReadonlyMap<string, SyncMark>> {
  const marks = new Map<string, SyncMark>()
  if (records.length === 0) return marks
  const ids = records.map((record) => record.id)
  const rows = await sql.query<MarkRow>(
    `select l.record, l.mailbox, l.collection, l.state, l.record_version,
        coalesce(k.selected, true) as chosen, coalesce(c.enabled, true) and m.state <> 'disconnected' as running, l.facts ->> 'webLink' as web_link, c.proven_at,
        exists (select from operations o where o.link = l.id and o.state in ('planned', 'sent', 'unknown')) as waiting,
        exists (select from operations o where o.link = l.id and o.state = 'held') as held,
        exists (select from conflicts k where k.link = l.id and k.state = 'open') as conflict,
        (select p.reason from parked p where p.mailbox = l.mailbox and (p.key = l.item or p.key = l.record) limit 1) as parked
      from links l join mailboxes m on m.id = l.mailbox left join collections k on k.id = l.collection
        left join channels c on c.mailbox = l.mailbox and c.channel = l.channel
      where l.record = any($1) and l.state <> 'deleted'`,
    [ids],
  )
  const byRecord = new Map(rows.map((row) => [row.record, row]))
  const synced = new Set(
    (
      await sql.query<{ container: string }>(
        'select distinct container from collections where selected and container = any($1)',
        [[...new Set(records.map((one) => one.container))]],
      )
    ).map((row) => row.container),
  )
  for (const record of records) {
    const row = byRecord.get(record.id)
    if (row === undefined) {
      marks.set(
        record.id,
        synced.has(record.container)
          ? { ...LOCAL, state: 'waiting', detail: 'The next sync creates it in Microsoft 365.' }
          : LOCAL,
      )
      continue
    }
    const common = {
      mailbox: row.mailbox,
      collection: row.collection,
      provenAt: isoOrNull(row.proven_at),
      webLink: row.web_link,
    }
    const mark = (state: SyncMark['state'], detail: string | null): SyncMark => ({ ...common, state, detail })
    marks.set(
      record.id,
      !row.running
        ? mark('local', 'This sync is off or disconnected: not kept in step now, nothing was deleted.')
        : row.parked !== null
          ? mark('parked', row.parked)
          : row.held
            ? mark('held', 'A change waits for a decision.')
            : row.conflict
              ? mark('conflict', 'Both sides changed it: decide which value stays.')
              : row.state === 'out-of-scope' || !row.chosen
                ? mark(
                    'local',
                    'Out of the period or of the chosen folders: no longer kept in step, nothing was deleted.',
                  )
                : row.waiting || row.record_version !== record.version
                  ? mark('waiting', 'Changed here; the next sync writes it to Microsoft 365.')
                  : mark('fine', null),
    )
  }
  return marks
}

/** The next pass of the mailbox that mirrors the container does not wait for its interval. */
export async function nudge(
  parts: Parts,
  container: string,
  kind: 'event' | 'task',
  id: string | null,
): Promise<void> {
  const rows = await parts.database.query<{
    mailbox: string
    channel: Channel
    user: string | null
    organization: string
  }>(
    `select c.mailbox, c.channel, m."user", m.organization from collections c join mailboxes m on m.id = c.mailbox where c.container = $1 and c.selected`,
    [container],
  )
  const [owner] = await parts.database.query<{ owner: string | null; organization: string | null }>(
    'select owner, organization from containers where id = $1',
    [container],
  )
  parts.live.tell(
    { type: 'records', kind, container, ids: id === null ? null : [id] },
    { user: owner?.owner ?? null, organization: owner?.organization ?? null },
  )
  for (const row of rows) await parts.sync.nudge(asId(row.mailbox), row.channel)
}

async function relatedTo(sql: Sql, records: readonly string[]): Promise<ReadonlyMap<string, Related[]>> {
  const rows = await sql.query<Related & { readonly record: string }>(
    `select p.record, p.person_kind as kind, p.person as id, coalesce(c.name, a.name, l.name, k.name, '') as title from record_people p
      left join contacts c on p.person_kind = 'contact' and c.id = p.person left join accounts a on p.person_kind = 'account' and a.id = p.person
      left join leads l on p.person_kind = 'lead' and l.id = p.person left join cases k on p.person_kind = 'case' and k.id = p.person
      where p.record = any($1) and p.state = 'linked' order by p.person_kind, title`,
    [records],
  )
  const related = new Map<string, Related[]>()
  for (const { record, ...one } of rows) related.set(record, [...(related.get(record) ?? []), one])
  return related
}

/** What a view says about items beyond their fields; asked once for a whole page of them. */
export interface About {
  readonly mark: (record: RecordRow) => SyncMark
  readonly related: (record: RecordRow) => Related[]
  /** A record keeps who changed it by id; people read the name. */
  readonly changedBy: (record: RecordRow) => string
}
interface Related {
  readonly kind: string
  readonly id: string
  readonly title: string
}
export async function aboutItems(sql: Sql, records: readonly RecordRow[]): Promise<About> {
  const marks = await syncMarks(sql, records)
  const related = await relatedTo(
    sql,
    records.map((record) => record.id),
  )
  const users = await sql.query<{ id: string; name: string }>(
    'select id, name from users where id = any($1)',
    [[...new Set(records.map((record) => record.modifiedBy))]],
  )
  const names = new Map(users.map((user) => [user.id, user.name]))
  return {
    mark: (record) => marks.get(record.id) ?? LOCAL,
    related: (record) => related.get(record.id) ?? [],
    changedBy: (record) => names.get(record.modifiedBy) ?? record.modifiedBy,
  }
}

/** Canonical groups leave through the API as they are: the contract's types describe the same values. */
export const valueOf = <T>(fields: Fields, group: string, otherwise: T): T => {
  const value: Json | undefined = fields[group]
  return value === undefined ? otherwise : (value as unknown as T)
}
