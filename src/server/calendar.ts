import { asId, type RecordId } from '../core/ids.ts'
import { eventFields, type Answer, type Fields, type Json, type Recurrence } from '../core/item.ts'
import { describeRecurrence } from '../core/describe.ts'
import { isPrivate, redactPrivate } from '../core/privacy.ts'
import { occurrenceGroups, occurrencesIn } from '../core/series.ts'
import { addDays, daysBetween } from '../core/time.ts'
import { canonicalZone } from '../core/zones.ts'
import { changeItem, createItem, deleteItem, readOnlyGroups, restoreItem, type Change } from '../crm/items.ts'
import {
  cancelOccurrence,
  changeOccurrence,
  changeSeries,
  continuedFrom,
  endBefore,
} from '../crm/series-edits.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { RecordRow } from '../store/sync-store.ts'
import type { ApiOutput } from './api/api.ts'
import type { calendarApi } from './api/calendar.ts'
import {
  aboutItems,
  byOf,
  containersOf,
  edited,
  isMine,
  mayWrite,
  nudge,
  recordById,
  requireContainer,
  syncMarks,
  valueOf,
  type About,
  type ContainerRecord,
  type SyncMark,
} from './items.ts'
import { exportCalendar, importCalendar } from './icalendar.ts'
import { FileAnswer, type Caller, type HandlersOf } from './mount.ts'
import { likeOf, orderAndPage, pageOf } from './paging.ts'
import { iso, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'

/** Calendars and events: what one may see of them, and edits of single events and series. */
type EventView = ApiOutput<'GET /api/calendar/events/:event'>
type OccurrenceView = ApiOutput<'GET /api/calendar/occurrences'>['items'][number]
type CalendarView = ApiOutput<'GET /api/calendar/calendars'>['items'][number]

export const WINDOW_DAYS_MAX = 400
/** A window with more than this many series and events is asked in parts. */
const EVENTS_PER_WINDOW_MAX = 20_000
const COLORS = ['#2563eb', '#0d9488', '#9333ea', '#c2410c', '#15803d', '#be185d']
const NO_MARK: SyncMark = {
  state: 'local',
  detail: null,
  mailbox: null,
  collection: null,
  provenAt: null,
  webLink: null,
}

const calendarView = (row: ContainerRecord, caller: Caller, index: number): CalendarView => ({
  id: row.id,
  name: row.name,
  color: row.color ?? COLORS[index % COLORS.length] ?? '#2563eb',
  owner: row.owner === null ? null : { id: row.owner, name: row.owner_name ?? '' },
  mine: isMine(row, caller),
  canWrite: mayWrite(row, caller),
  isDefault: row.is_default,
  syncedWith:
    row.mailbox === null || row.selected !== true
      ? null
      : { mailbox: row.mailbox, address: row.address ?? '', name: row.collection_name ?? row.name },
})

/** Another person's private event is a block of time, whoever asks. */
function asSeenBy(
  record: RecordRow,
  isOwn: boolean,
): { readonly record: RecordRow; readonly redacted: boolean } {
  const item = { kind: record.kind, fields: record.fields, facts: record.facts }
  if (isOwn || !isPrivate(item)) return { record, redacted: false }
  const shown = redactPrivate(item, 'busy')
  return {
    record:
      shown === null
        ? record
        : { ...record, fields: { ...shown.fields, subject: 'Busy' }, facts: shown.facts },
    redacted: true,
  }
}

export function calendarHandlers(parts: Parts): HandlersOf<typeof calendarApi> {
  const { database, env } = parts

  const calendars = async (caller: Caller): Promise<CalendarView[]> =>
    (await containersOf(database, caller, 'calendar')).map((row, index) => calendarView(row, caller, index))

  async function requireEvent(
    caller: Caller,
    id: string,
    write: boolean,
  ): Promise<{ record: RecordRow; container: ContainerRecord }> {
    const record = await recordById(database, 'event', id)
    if (record === null) throw notFound('event')
    const container = await requireContainer(database, caller, 'calendar', record.container, write).catch(
      (error: unknown) => {
        if (error instanceof Refusal && error.kind === 'not-found') throw notFound('event')
        throw error
      },
    )
    return { record, container }
  }

  async function eventView(
    caller: Caller,
    record: RecordRow,
    isOwn: boolean,
    known?: About,
  ): Promise<EventView> {
    const seen = asSeenBy(record, isOwn)
    const { fields, facts } = seen.record
    const event = eventFields({ fields })
    const answers = event.answers ?? {}
    const about = known ?? (await aboutItems(database, [record]))
    const mark = seen.redacted ? NO_MARK : about.mark(record)
    return {
      id: record.id,
      calendar: record.container,
      version: record.version,
      subject: event.subject,
      body: event.body ?? null,
      time: event.time,
      recurrence: mutable(event.recurrence ?? null),
      recurrenceText: event.recurrence
        ? describeRecurrence(event.recurrence, event.time, { zone: caller.zone })
        : null,
      location: event.location ?? null,
      attendees: (event.attendees ?? []).map((one) => ({ ...one, answer: answers[one.email] ?? 'none' })),
      answer: event.answer ?? 'none',
      organizer: event.organizer ?? null,
      isOrganizer: facts.isOrganizer !== false,
      reminder: event.reminder ?? null,
      showAs: event.showAs ?? 'busy',
      sensitivity: event.sensitivity ?? 'normal',
      importance: event.importance ?? 'normal',
      categories: [...(event.categories ?? [])],
      onlineMeeting: event.onlineMeeting ?? null,
      cancelled: event.cancelled ?? false,
      exceptions: [...occurrenceGroups(fields)].map(([slot, { cancelled, ...own }]) => ({
        slot,
        cancelled: cancelled === true,
        fields: own,
      })),
      readOnly: [...readOnlyGroups(seen.record)].map(([group, why]) => ({ group, why })),
      redacted: seen.redacted,
      modifiedAt: iso(record.modifiedAt),
      modifiedBy: about.changedBy(record),
      deletedAt: record.deletedAt === null ? null : iso(record.deletedAt),
      sync: mark,
      related: seen.redacted ? [] : about.related(record),
    }
  }

  async function occurrences(
    caller: Caller,
    query: { from: string; to: string; zone?: string | undefined; calendars?: string | undefined },
  ): Promise<OccurrenceView[]> {
    if (query.to <= query.from || daysBetween(query.from, query.to) > WINDOW_DAYS_MAX)
      throw new Refusal('bad-input', `"to" lies 1 to ${WINDOW_DAYS_MAX} days behind "from".`, {
        problems: [{ at: 'query.to', problem: `1 to ${WINDOW_DAYS_MAX} days behind "from".` }],
      })
    const zone = query.zone === undefined ? caller.zone : canonicalZone(query.zone)
    if (zone === null)
      throw new Refusal(
        'bad-input',
        `"${query.zone ?? ''}" is no time zone; give an IANA name such as Europe/Berlin.`,
      )
    const visible = await containersOf(database, caller, 'calendar')
    const asked = query.calendars?.split(',').filter(Boolean)
    const chosen =
      asked === undefined
        ? visible.filter((one) => isMine(one, caller))
        : visible.filter((one) => asked.includes(one.id))
    if (asked !== undefined && chosen.length < new Set(asked).size) throw notFound('calendar')
    const window = { from: query.from, to: addDays(query.to, -1) }
    const rows = await database.query<RecordColumns>(
      `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id
        where r.kind = 'event' and r.deleted_at is null and r.container = any($1) and r.first_day <= $2::date + 1 and r.last_day >= $3::date - 1
        order by r.first_day, r.id limit ${EVENTS_PER_WINDOW_MAX}`,
      [chosen.map((one) => one.id), window.to, window.from],
    )
    const records = rows.map(toRecord)
    const marks = await syncMarks(database, records)
    const containers = new Map(chosen.map((one) => [one.id, one]))
    return records
      .flatMap((whole) => {
        const container = containers.get(whole.container)
        if (container === undefined) return []
        const { record, redacted } = asSeenBy(whole, isMine(container, caller))
        const isSeries = (record.fields['recurrence'] ?? null) !== null
        const locks = readOnlyGroups(record)
        return occurrencesIn(record, window, zone).map((one): OccurrenceView => ({
          event: record.id,
          slot: one.slot,
          calendar: record.container,
          title: valueOf(one.fields, 'subject', ''),
          startsAt: iso(one.start),
          endsAt: iso(one.end),
          time: one.time,
          location: valueOf<string | null>(one.fields, 'location', null),
          showAs: valueOf(one.fields, 'showAs', 'busy'),
          sensitivity: valueOf(one.fields, 'sensitivity', 'normal'),
          cancelled: false,
          isException: one.exception,
          isSeries,
          isMeeting: valueOf<readonly unknown[]>(one.fields, 'attendees', []).length > 0,
          isOrganizer: record.facts.isOrganizer !== false,
          answer: valueOf<Answer>(one.fields, 'answer', 'none'),
          onlineMeetingUrl:
            valueOf<{ joinUrl: string } | null>(one.fields, 'onlineMeeting', null)?.joinUrl ?? null,
          redacted,
          readOnly: redacted || !mayWrite(container, caller) || locks.has('time'),
          categories: [...valueOf<readonly string[]>(one.fields, 'categories', [])],
          version: record.version,
          sync: redacted ? NO_MARK : (marks.get(record.id) ?? NO_MARK),
        }))
      })
      .sort((a, b) => a.startsAt.localeCompare(b.startsAt) || a.event.localeCompare(b.event))
  }

  const requireSlot = (slot: string | undefined): string => {
    if (slot === undefined)
      throw new Refusal('bad-input', 'Name the occurrence: "slot" is the date on which the pattern put it.', {
        problems: [{ at: 'body.slot', problem: 'This is missing.' }],
      })
    return slot
  }
  const NO_OCCURRENCE = {
    ok: false,
    why: 'invalid',
    reason: 'The series has no occurrence on that day.',
  } as const

  return {
    'GET /api/calendar/calendars': async (_input, { caller }) => ({ items: await calendars(caller) }),
    'POST /api/calendar/calendars': async ({ body }, { caller }) => {
      const id = env.newId()
      await database.query(
        `insert into containers (id, kind, organization, owner, name, color) values ($1, 'calendar', $2, $3, $4, $5)`,
        [id, caller.organization, caller.user, body.name, body.color],
      )
      return calendarView(await requireContainer(database, caller, 'calendar', id, true), caller, 0)
    },
    'PATCH /api/calendar/calendars/:calendar': async ({ params, body }, { caller }) => {
      const container = await requireContainer(database, caller, 'calendar', params.calendar, true)
      await database.query(
        'update containers set name = coalesce($2, name), color = coalesce($3, color), updated_at = $4 where id = $1',
        [container.id, body.name ?? null, body.color ?? null, new Date(env.now())],
      )
      return calendarView(await requireContainer(database, caller, 'calendar', container.id, true), caller, 0)
    },
    'GET /api/calendar/occurrences': async ({ query }, { caller }) => ({
      items: await occurrences(caller, query),
    }),
    'GET /api/calendar/events': async ({ query }, { caller }) => {
      const visible = await containersOf(database, caller, 'calendar')
      const chosen =
        query.calendar === undefined
          ? visible.filter((one) => isMine(one, caller))
          : visible.filter((one) => one.id === query.calendar)
      if (query.calendar !== undefined && chosen.length === 0) throw notFound('calendar')
      const own = new Set(chosen.filter((one) => isMine(one, caller)).map((one) => one.id))
      // Another person's private titles may not be found by searching for them.
      const where = `where r.kind = 'event' and r.container = any($1) and (r.deleted_at is not null) = $2
        and ($3::text is null or (r.subject ilike $3 and (r.container = any($4) or coalesce(r.fields ->> 'sensitivity', 'normal') = 'normal')))
        and ($5::date is null or r.last_day >= $5) and ($6::date is null or r.first_day <= $6)`
      const values = [
        chosen.map((one) => one.id),
        query.deleted === true,
        likeOf(query.q),
        [...own],
        query.from ?? null,
        query.to ?? null,
      ]
      const [count] = await database.query<{ n: number }>(
        `select count(*) as n from records r ${where}`,
        values,
      )
      const rows = await database.query<RecordColumns>(
        `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id ${where} ${orderAndPage(query, { modifiedAt: 'r.modified_at', subject: 'lower(r.subject)', start: 'r.first_day' }, 'r.id')}`,
        values,
      )
      const records = rows.map(toRecord)
      const about = await aboutItems(database, records)
      const items = await Promise.all(
        records.map((record) => eventView(caller, record, own.has(record.container), about)),
      )
      return pageOf(items, count?.n ?? 0, query)
    },
    'GET /api/calendar/events/:event': async ({ params }, { caller }) => {
      const { record, container } = await requireEvent(caller, params.event, false)
      return eventView(caller, record, isMine(container, caller))
    },
    'POST /api/calendar/events': async ({ body }, { caller }) => {
      const { calendar, ...fields } = body
      const container = await requireContainer(database, caller, 'calendar', calendar, true)
      const [owner] = await database.query<{ email: string; name: string }>(
        'select email, name from users where id = $1',
        [container.owner ?? caller.user],
      )
      const organizer = owner === undefined ? null : { email: owner.email, name: owner.name }
      const result = await database.transaction((sql) =>
        createItem(
          sql,
          {
            kind: 'event',
            container: container.id,
            owner: container.owner,
            fields: { ...(fields as Fields), organizer },
          },
          byOf(parts, caller),
        ),
      )
      const record = edited(result, 'event')
      await nudge(parts, record.container, 'event', record.id)
      return eventView(caller, record, true)
    },
    'PATCH /api/calendar/events/:event': async ({ params, body }, { caller }) => {
      const { record: before } = await requireEvent(caller, params.event, true)
      if (body.calendar !== undefined)
        await requireContainer(database, caller, 'calendar', body.calendar, true)
      const id = asId<RecordId>(params.event)
      const by = byOf(parts, caller)
      const wanted = body.change as { readonly [group: string]: Json | undefined }
      const options = {
        version: body.version,
        ...(body.calendar !== undefined && { container: body.calendar }),
      }
      const isSeries = (before.fields['recurrence'] ?? null) !== null
      const reach = isSeries ? body.reach : 'all'
      const record = await database.transaction(async (sql) => {
        if (reach === 'all')
          return edited(
            await changeItem(sql, id, options, (fields) => changeSeries(fields, wanted), by),
            'event',
          )
        const slot = requireSlot(body.slot)
        if (reach === 'this')
          return edited(
            await changeItem(
              sql,
              id,
              options,
              (fields) => changeOccurrence(fields, slot, wanted) ?? NO_OCCURRENCE,
              by,
            ),
            'event',
          )
        // From an occurrence on: the series ends before it, and another one goes on from there.
        if (endBefore(before.fields, slot) === null)
          return edited(
            await changeItem(sql, id, options, (fields) => changeSeries(fields, wanted), by),
            'event',
          )
        const end: Change = (fields) => endBefore(fields, slot) ?? NO_OCCURRENCE
        edited(await changeItem(sql, id, options, end, by), 'event')
        const next = continuedFrom(before.fields, slot, wanted)
        return edited(
          await createItem(
            sql,
            {
              kind: 'event',
              container: body.calendar ?? before.container,
              owner: before.owner,
              fields: next,
            },
            by,
          ),
          'event',
        )
      })
      await nudge(parts, before.container, 'event', params.event)
      if (record.container !== before.container) await nudge(parts, record.container, 'event', record.id)
      return eventView(caller, record, true)
    },
    'POST /api/calendar/events/:event/delete': async ({ params, body }, { caller }) => {
      const { record: before } = await requireEvent(caller, params.event, true)
      const id = asId<RecordId>(params.event)
      const by = byOf(parts, caller)
      const isSeries = (before.fields['recurrence'] ?? null) !== null
      const record = await database.transaction(async (sql) => {
        if (!isSeries || body.reach === 'all')
          return edited(await deleteItem(sql, id, body.version, by), 'event')
        const slot = requireSlot(body.slot)
        if (body.reach === 'this')
          return edited(
            await changeItem(sql, id, body, (fields) => cancelOccurrence(fields, slot) ?? NO_OCCURRENCE, by),
            'event',
          )
        if (endBefore(before.fields, slot) === null)
          return edited(await deleteItem(sql, id, body.version, by), 'event')
        return edited(
          await changeItem(sql, id, body, (fields) => endBefore(fields, slot) ?? NO_OCCURRENCE, by),
          'event',
        )
      })
      await nudge(parts, record.container, 'event', record.id)
      return eventView(caller, record, true)
    },
    'POST /api/calendar/events/:event/restore': async ({ params }, { caller }) => {
      await requireEvent(caller, params.event, true)
      const record = edited(
        await database.transaction((sql) => restoreItem(sql, asId(params.event), byOf(parts, caller))),
        'deleted event',
      )
      await nudge(parts, record.container, 'event', record.id)
      return eventView(caller, record, true)
    },
    'POST /api/calendar/events/:event/answer': async ({ params, body }, { caller }) => {
      const { record: before } = await requireEvent(caller, params.event, true)
      if (before.facts.isOrganizer !== false)
        throw new Refusal('not-now', 'You organize this meeting yourself: there is nothing to answer.')
      const record = edited(
        await database.transaction((sql) =>
          changeItem(sql, asId(params.event), body, () => ({ answer: body.answer }), byOf(parts, caller)),
        ),
        'event',
      )
      await nudge(parts, record.container, 'event', record.id)
      return eventView(caller, record, true)
    },
    'GET /api/calendar/calendars/:calendar/export': async ({ params }, { caller }) => {
      const container = await requireContainer(database, caller, 'calendar', params.calendar, false)
      const rows = await database.query<RecordColumns>(
        `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id
          where r.kind = 'event' and r.container = $1 and r.deleted_at is null order by r.first_day, r.id`,
        [container.id],
      )
      const records = rows.map((row) => asSeenBy(toRecord(row), isMine(container, caller)).record)
      return new FileAnswer(
        'text/calendar; charset=utf-8',
        `${container.name}.ics`,
        exportCalendar(records, env.now()),
      )
    },
    'POST /api/calendar/calendars/:calendar/import': async ({ params, body }, { caller }) => {
      const container = await requireContainer(database, caller, 'calendar', params.calendar, true)
      const result = await importCalendar(database, container, caller.zone, body.content, body.preview, {
        ...byOf(parts, caller),
        cause: 'import',
      })
      if (!body.preview) await nudge(parts, container.id, 'event', null)
      return result
    },
  }
}

/** The contract's types are mutable copies of core's. */
const mutable = (recurrence: Recurrence | null): EventView['recurrence'] =>
  recurrence as EventView['recurrence']
