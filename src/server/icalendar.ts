import { readIcalendar } from '../core/icalendar.ts'
import { writeIcalendar } from '../core/icalendar-write.ts'
import type { Json } from '../core/item.ts'
import { changeItem, createItem, readOnlyGroups, type By, type Edited } from '../crm/items.ts'
import type { Database, Sql } from '../store/database.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { RecordRow } from '../store/sync-store.ts'
import type { ApiOutput } from './api/api.ts'
import type { ContainerRecord } from './items.ts'

/** Calendars as iCalendar files: out whole, in event by event, known ones (same UID) updated. */
type Imported = ApiOutput<'POST /api/calendar/calendars/:calendar/import'>

/** Of an event that has no UID of Microsoft's: its own id, so that the file finds it again. */
const OWN_UID = '@syncline'
const ownId = (uid: string): string | null => (uid.endsWith(OWN_UID) ? uid.slice(0, -OWN_UID.length) : null)

export const exportCalendar = (records: readonly RecordRow[], now: number): string =>
  writeIcalendar({
    events: records.map((record) => ({
      uid: record.facts.iCalUId ?? `${record.id}${OWN_UID}`,
      item: record,
    })),
    now,
    productId: '-//Syncline//Syncline//EN',
  })

/** What a file cannot change stays; that it leaves out what is empty here is no change either. */
function changes(
  old: RecordRow,
  wanted: { readonly [group: string]: Json | undefined },
): { readonly [group: string]: Json | undefined } {
  const locked = readOnlyGroups(old)
  const isNothing = (value: Json | undefined): boolean =>
    value === undefined || value === null || value === '' || JSON.stringify(value) === '[]'
  return Object.fromEntries(
    Object.entries(wanted).filter(
      ([group, value]) => !locked.has(group) && !(isNothing(value) && isNothing(old.fields[group])),
    ),
  )
}

/** Ends the transaction of a preview: it did everything, and nothing stays. */
class Rehearsed extends Error {
  readonly result: Edited
  constructor(result: Edited) {
    super('A preview writes nothing.')
    this.result = result
  }
}

export async function importCalendar(
  database: Database,
  container: ContainerRecord,
  zone: string,
  content: string,
  preview: boolean,
  by: By,
): Promise<Imported> {
  const { events, problems } = readIcalendar(content, zone)
  const found: Imported['problems'] = problems.map(({ what, reason }) => ({ what, problem: reason }))
  const counts = { created: 0, updated: 0, unchanged: 0 }
  const uids = events.flatMap((event) =>
    event.facts.iCalUId === undefined ? [] : [`uid:${event.facts.iCalUId}`],
  )
  const rows = await database.query<RecordColumns & { match_keys: string[] }>(
    `select ${RECORD_COLUMNS}, r.match_keys from records r left join message_bodies b on b.record = r.id
      where r.kind = 'event' and r.container = $1 and r.deleted_at is null and (r.match_keys && $2::text[] or r.id = any($3))`,
    [container.id, uids, uids.map((uid) => ownId(uid.slice('uid:'.length))).filter((id) => id !== null)],
  )
  const known = new Map(
    rows.flatMap((row) =>
      [`uid:${row.id}${OWN_UID}`, ...row.match_keys.filter((key) => key.startsWith('uid:'))].map(
        (key) => [key, toRecord(row)] as const,
      ),
    ),
  )
  for (const event of events) {
    const title = String(event.fields['subject'] ?? '')
    const old = event.facts.iCalUId === undefined ? undefined : known.get(`uid:${event.facts.iCalUId}`)
    const wanted = event.fields as { readonly [group: string]: Json | undefined }
    const write = async (sql: Sql): Promise<Edited> => {
      const result = await (old === undefined
        ? createItem(
            sql,
            {
              kind: 'event',
              container: container.id,
              owner: container.owner,
              fields: wanted,
              facts: event.facts,
            },
            by,
          )
        : changeItem(sql, old.id, { version: old.version }, () => changes(old, wanted), by))
      if (preview) throw new Rehearsed(result)
      return result
    }
    const result = await database.transaction(write).catch((error: unknown) => {
      if (error instanceof Rehearsed) return error.result
      throw error
    })
    if (!result.ok)
      found.push({
        what: title,
        problem:
          result.why === 'invalid'
            ? result.reason
            : 'It was changed meanwhile, or it is not yours to change.',
      })
    else if (old === undefined) counts.created += 1
    else counts[result.record.version === old.version ? 'unchanged' : 'updated'] += 1
  }
  return { ...counts, problems: found }
}
