import { readIcalendar } from '../core/icalendar.ts'
import { writeIcalendar } from '../core/icalendar-write.ts'
import type { Json } from '../core/item.ts'
import { changeItem, createItem, type By } from '../crm/items.ts'
import type { Database } from '../store/database.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { RecordRow } from '../store/sync-store.ts'
import type { ApiOutput } from './api/api.ts'
import type { ContainerRecord } from './items.ts'

/** Calendars as iCalendar files: out whole, in event by event, known ones (same UID) updated. */
type Imported = ApiOutput<'POST /api/calendar/calendars/:calendar/import'>

export const exportCalendar = (records: readonly RecordRow[], now: number): string =>
  writeIcalendar({
    events: records.map((record) => ({ uid: record.facts.iCalUId ?? `${record.id}@syncline`, item: record })),
    now,
    productId: '-//Syncline//Syncline//EN',
  })

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
      where r.kind = 'event' and r.container = $1 and r.deleted_at is null and r.match_keys && $2::text[]`,
    [container.id, uids],
  )
  const known = new Map(
    rows.flatMap((row) =>
      row.match_keys.filter((key) => key.startsWith('uid:')).map((key) => [key, toRecord(row)] as const),
    ),
  )
  for (const event of events) {
    const title = String(event.fields['subject'] ?? '')
    const old = event.facts.iCalUId === undefined ? undefined : known.get(`uid:${event.facts.iCalUId}`)
    if (preview) {
      counts[old === undefined ? 'created' : 'updated'] += 1
      continue
    }
    const wanted = event.fields as { readonly [group: string]: Json | undefined }
    const result = await database.transaction((sql) =>
      old === undefined
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
        : changeItem(sql, old.id, { version: old.version }, () => wanted, by),
    )
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
