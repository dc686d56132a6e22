import { canonicalEvent, canonicalPatch, canonicalTask } from '../core/canonical.ts'
import { asId, type Instant, type RecordId, type UserId } from '../core/ids.ts'
import type { Facts, Fields, Item, Json } from '../core/item.ts'
import { matchKeys } from '../core/match.ts'
import type { Sql } from '../store/database.ts'
import { toJson } from '../store/json.ts'
import { lockRecords, writeRecords } from '../store/records.ts'
import type { RecordRow } from '../store/sync-store.ts'

/**
 * Events and tasks as people of the CRM make, change and delete them: each in one transaction with the row of the
 * CRM's own history. The sync learns of it through the change feed; nothing here knows Microsoft.
 */
export type Refused =
  | { readonly ok: false; readonly why: 'not-found' }
  | { readonly ok: false; readonly why: 'changed-meanwhile'; readonly version: number }
  | { readonly ok: false; readonly why: 'invalid'; readonly reason: string }
  /** Groups that belong to the organizer, or that their owner keeps private. */
  | { readonly ok: false; readonly why: 'read-only'; readonly groups: readonly string[] }
export type Edited = { readonly ok: true; readonly record: RecordRow } | Refused

export interface By {
  readonly user: string
  readonly organization: string
  /** Where it came from: `back-office`, `api`, `import`. */
  readonly cause: string
  readonly at: Instant
  readonly newId: () => string
}

export interface NewItem {
  readonly kind: 'event' | 'task'
  readonly container: string
  readonly owner: string | null
  readonly fields: { readonly [group: string]: Json | undefined }
  readonly facts?: Facts
}

export async function createItem(sql: Sql, item: NewItem, by: By): Promise<Edited> {
  const patch = canonicalPatch(item.kind, item.fields)
  if (!patch.ok) return { ok: false, why: 'invalid', reason: patch.reason }
  const facts: Facts = {
    ...(item.kind === 'event' && { isOrganizer: true }),
    createdAt: by.at,
    ...item.facts,
  }
  const made =
    item.kind === 'event' ? canonicalEvent(patch.fields, { facts }) : canonicalTask(patch.fields, { facts })
  if (!made.ok) return { ok: false, why: 'invalid', reason: made.reason }
  const id = asId<RecordId>(by.newId())
  const fields = { ...made.item.fields, ...occurrencesOf(patch.fields) }
  await writeRecords(sql, [
    {
      do: 'create',
      id,
      kind: item.kind,
      container: item.container,
      owner: item.owner === null ? null : asId<UserId>(item.owner),
      fields,
      facts,
      matchKeys: matchKeys(item.kind, { fields, facts }),
      at: by.at,
      by: by.user,
    },
  ])
  return done(sql, id, 'create', null, by)
}

const occurrencesOf = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([group]) => group.startsWith('occurrence/')))

/** What an edit makes of an item's groups; `undefined` takes a group away (an occurrence follows its series again). */
export type Change = (
  fields: Fields,
  facts: Facts,
) => { readonly [group: string]: Json | undefined } | Refused

export interface ChangeOptions {
  readonly version: number
  readonly container?: string
}

/** @throws nothing that a person can cause: what may not be comes back as a refusal, and nothing was written */
export async function changeItem(
  sql: Sql,
  id: RecordId,
  options: ChangeOptions,
  change: Change,
  by: By,
): Promise<Edited> {
  const before = await locked(sql, id)
  if (before === null || before.deletedAt !== null) return { ok: false, why: 'not-found' }
  if (before.version !== options.version)
    return { ok: false, why: 'changed-meanwhile', version: before.version }
  const wanted = change(before.fields, before.facts)
  if (isRefusal(wanted)) return wanted
  const patch = canonicalPatch(before.kind, wanted)
  if (!patch.ok) return { ok: false, why: 'invalid', reason: patch.reason }
  const fields: { [group: string]: Json } = { ...before.fields, ...patch.fields }
  for (const [group, value] of Object.entries(wanted)) if (value === undefined) delete fields[group]
  const locks = readOnlyGroups(before)
  const broken = Object.keys(wanted).filter(
    (group) =>
      locks.has(baseGroup(group)) && JSON.stringify(fields[group]) !== JSON.stringify(before.fields[group]),
  )
  if (broken.length > 0) return { ok: false, why: 'read-only', groups: broken }
  const container = options.container ?? before.container
  if (container === before.container && JSON.stringify(fields) === JSON.stringify(before.fields))
    return { ok: true, record: before }
  const item: Item = { kind: before.kind, fields, facts: before.facts }
  await writeRecords(sql, [
    {
      do: 'update',
      id,
      kind: before.kind,
      container,
      fields,
      facts: before.facts,
      matchKeys: matchKeys(before.kind, item),
      at: by.at,
      by: by.user,
    },
  ])
  return done(sql, id, 'update', before, by)
}

const isRefusal = (value: object): value is Refused => 'ok' in value && value.ok === false
const baseGroup = (group: string): string => group.replace(/^occurrence\/\d{4}-\d\d-\d\d\//, '')

/** On an attendee's copy the organizer owns all but these. semantics 2.5 */
const ATTENDEE_OWNS: ReadonlySet<string> = new Set([
  'answer',
  'reminder',
  'showAs',
  'categories',
  'sensitivity',
  'importance',
])
const EVENT_GROUPS = [
  'subject',
  'body',
  'time',
  'recurrence',
  'location',
  'attendees',
  'answers',
  'organizer',
  'onlineMeeting',
  'cancelled',
]

export function readOnlyGroups(record: Pick<RecordRow, 'kind' | 'facts'>): ReadonlyMap<string, string> {
  const locks = new Map<string, string>()
  if (record.kind === 'event') {
    for (const group of ['answers', 'organizer', 'onlineMeeting'])
      locks.set(group, 'Microsoft 365 sets this.')
    if (record.facts.isOrganizer === false)
      for (const group of EVENT_GROUPS)
        if (!ATTENDEE_OWNS.has(group)) locks.set(group, 'The organizer of the meeting decides this.')
  }
  for (const group of record.facts.redacted ?? []) locks.set(group, 'Its owner keeps this private.')
  return locks
}

export async function deleteItem(sql: Sql, id: RecordId, version: number, by: By): Promise<Edited> {
  const before = await locked(sql, id)
  if (before === null || before.deletedAt !== null) return { ok: false, why: 'not-found' }
  if (before.version !== version) return { ok: false, why: 'changed-meanwhile', version: before.version }
  await writeRecords(sql, [{ do: 'delete', id, kind: before.kind, at: by.at, by: by.user }])
  return done(sql, id, 'delete', before, by)
}

export async function restoreItem(sql: Sql, id: RecordId, by: By): Promise<Edited> {
  const before = await locked(sql, id)
  if (before === null || before.deletedAt === null) return { ok: false, why: 'not-found' }
  const item: Item = { kind: before.kind, fields: before.fields, facts: before.facts }
  await writeRecords(sql, [
    {
      do: 'restore',
      id,
      kind: before.kind,
      fields: before.fields,
      facts: before.facts,
      matchKeys: matchKeys(before.kind, item),
      at: by.at,
      by: by.user,
    },
  ])
  return done(sql, id, 'restore', before, by)
}

const locked = async (sql: Sql, id: RecordId): Promise<RecordRow | null> =>
  (await lockRecords(sql, [id]))[0] ?? null

/** Writes the row of the CRM's own history beside the change and hands back what is stored now. */
async function done(
  sql: Sql,
  id: RecordId,
  action: 'create' | 'update' | 'delete' | 'restore',
  before: RecordRow | null,
  by: By,
): Promise<Edited> {
  const after = await locked(sql, id)
  if (after === null) return { ok: false, why: 'not-found' }
  await sql.query(
    `insert into edits (id, organization, noun, target, title, action, actor, cause, version, before, after, at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      by.newId(),
      by.organization,
      after.kind,
      id,
      titleOf(after.fields),
      action,
      by.user,
      by.cause,
      after.version,
      before === null ? null : toJson(before.fields),
      toJson(after.fields),
      new Date(by.at),
    ],
  )
  return { ok: true, record: after }
}

export const titleOf = (fields: Fields): string =>
  typeof fields['subject'] === 'string' ? fields['subject'] : ''
