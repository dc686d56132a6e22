import { z } from 'zod'
import { ACTING, EVERYONE, flag, id, instant, listOf, paging, plainDate, route, version } from './contract.ts'
import {
  answer,
  attendee,
  body,
  eventChange,
  eventTime,
  person,
  recurrence,
  syncMark,
  knownZone,
} from './item-schemas.ts'

/** Calendars and events of the CRM: one's own, and the calendars that colleagues share (private events as "Busy"). */
export const calendarView = z.object({
  id,
  name: z.string(),
  color: z.string(),
  owner: z.object({ id, name: z.string() }).nullable(),
  mine: z.boolean(),
  canWrite: z.boolean(),
  isDefault: z.boolean(),
  /** The calendar at Microsoft that it mirrors; null: only here. */
  syncedWith: z.object({ mailbox: id, address: z.string(), name: z.string() }).nullable(),
})

/** One occurrence in a window: what the calendar draws. Series are expanded by the server. */
export const occurrenceView = z.object({
  event: id,
  /** The date on which the pattern put it; null for a single event. */
  slot: plainDate.nullable(),
  calendar: id,
  title: z.string(),
  /** Instants; for all-day events the dates' midnights in the asked zone. */
  startsAt: instant,
  endsAt: instant,
  time: eventTime,
  location: z.string().nullable(),
  showAs: z.string(),
  sensitivity: z.string(),
  cancelled: z.boolean(),
  isException: z.boolean(),
  isSeries: z.boolean(),
  isMeeting: z.boolean(),
  isOrganizer: z.boolean(),
  answer,
  onlineMeetingUrl: z.string().nullable(),
  /** Its details are another person's secret: title is "Busy". */
  redacted: z.boolean(),
  readOnly: z.boolean(),
  categories: z.array(z.string()),
  version,
  sync: syncMark,
})

export const eventView = z.object({
  id,
  calendar: id,
  version,
  subject: z.string(),
  body: body.nullable(),
  time: eventTime,
  recurrence: recurrence.nullable(),
  /** The pattern in words. */
  recurrenceText: z.string().nullable(),
  location: z.string().nullable(),
  attendees: z.array(attendee.extend({ answer })),
  answer,
  organizer: person.nullable(),
  isOrganizer: z.boolean(),
  reminder: z.number().int().nullable(),
  showAs: z.string(),
  sensitivity: z.string(),
  importance: z.string(),
  categories: z.array(z.string()),
  onlineMeeting: z.object({ provider: z.string(), joinUrl: z.string() }).nullable(),
  cancelled: z.boolean(),
  /** What single occurrences have of their own: slot → group → value. */
  exceptions: z.array(
    z.object({ slot: plainDate, cancelled: z.boolean(), fields: z.record(z.string(), z.unknown()) }),
  ),
  /** Groups that cannot be changed here, with the reason. */
  readOnly: z.array(z.object({ group: z.string(), why: z.string() })),
  redacted: z.boolean(),
  modifiedAt: instant,
  modifiedBy: z.string(),
  deletedAt: instant.nullable(),
  sync: syncMark,
  /** Contacts, accounts, leads and cases it belongs to. */
  related: z.array(z.object({ kind: z.string(), id, title: z.string() })),
})

const eventParams = z.object({ event: id })
/** How far a change of a series reaches; `slot` names the occurrence for `this` and `following`. */
const reach = {
  reach: z.enum(['this', 'following', 'all']).default('all'),
  slot: plainDate.exactOptional(),
}

export const calendarApi = {
  'GET /api/calendar/calendars': route({
    summary: 'The calendars I can see.',
    access: EVERYONE,
    answer: z.object({ items: z.array(calendarView) }),
  }),
  'POST /api/calendar/calendars': route({
    summary: 'Make a calendar of my own.',
    access: ACTING,
    body: z.strictObject({
      name: z.string().trim().min(1).max(255),
      color: z.string().regex(/^#[0-9a-f]{6}$/i),
    }),
    answer: calendarView,
    status: 201,
  }),
  'PATCH /api/calendar/calendars/:calendar': route({
    summary: 'Rename or recolour one of my calendars.',
    access: ACTING,
    params: z.object({ calendar: id }),
    body: z.strictObject({
      name: z.string().trim().min(1).max(255).exactOptional(),
      color: z
        .string()
        .regex(/^#[0-9a-f]{6}$/i)
        .exactOptional(),
    }),
    answer: calendarView,
  }),
  'GET /api/calendar/occurrences': route({
    summary: 'All that lies in a window of at most 400 days, expanded, in order of time.',
    access: EVERYONE,
    query: z.object({
      from: plainDate,
      to: plainDate.describe('exclusive'),
      zone: knownZone.optional(),
      calendars: z.string().max(4_000).optional().describe('ids, comma separated; left out: all of mine'),
    }),
    answer: z.object({ items: z.array(occurrenceView) }),
  }),
  'GET /api/calendar/events': route({
    summary: 'Events as a list: search, quarantine (deleted=true), those of one record.',
    access: EVERYONE,
    query: paging('-modifiedAt', 'subject', 'start').extend({
      calendar: id.optional(),
      deleted: flag.optional(),
      from: plainDate.optional(),
      to: plainDate.optional(),
    }),
    answer: listOf(eventView),
  }),
  'GET /api/calendar/events/:event': route({
    summary: 'One event, a series whole.',
    access: EVERYONE,
    params: eventParams,
    answer: eventView,
  }),
  'POST /api/calendar/events': route({
    summary: 'Make an event. Attendees are mailed by Microsoft when it is synced, if the settings say so.',
    access: ACTING,
    body: eventChange.required({ subject: true, time: true }).extend({ calendar: id }),
    answer: eventView,
    status: 201,
  }),
  'PATCH /api/calendar/events/:event': route({
    summary: 'Change an event, one occurrence, or a series from an occurrence on.',
    access: ACTING,
    params: eventParams,
    body: z.strictObject({ version, change: eventChange, ...reach, calendar: id.exactOptional() }),
    answer: eventView,
  }),
  'POST /api/calendar/events/:event/delete': route({
    summary:
      'Delete an event, one occurrence, or a series from an occurrence on. It stays in quarantine and can be restored.',
    access: ACTING,
    params: eventParams,
    body: z.strictObject({ version, ...reach }),
    answer: eventView,
  }),
  'POST /api/calendar/events/:event/restore': route({
    summary: 'Bring a deleted event back from quarantine.',
    access: ACTING,
    params: eventParams,
    answer: eventView,
  }),
  'POST /api/calendar/events/:event/answer': route({
    summary: 'Answer a meeting that somebody else organizes.',
    access: ACTING,
    params: eventParams,
    body: z.strictObject({ version, answer: z.enum(['accepted', 'tentative', 'declined']) }),
    answer: eventView,
  }),
  'GET /api/calendar/calendars/:calendar/export': route({
    summary: 'A calendar as an iCalendar file.',
    access: EVERYONE,
    params: z.object({ calendar: id }),
    answer: z.string(),
    file: 'text/calendar',
  }),
  'POST /api/calendar/calendars/:calendar/import': route({
    summary:
      'Read an iCalendar file into a calendar; known events (same UID) are updated. `preview` changes nothing.',
    access: ACTING,
    params: z.object({ calendar: id }),
    body: z.strictObject({ content: z.string().min(1).max(10_000_000), preview: z.boolean().default(false) }),
    answer: z.object({
      created: z.number().int(),
      updated: z.number().int(),
      unchanged: z.number().int(),
      problems: z.array(z.object({ what: z.string(), problem: z.string() })),
    }),
  }),
} as const
