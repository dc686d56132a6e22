/** Canonical groups as what Graph takes: only the groups that are written, each with what it is coupled to. */
import {
  eventFields,
  type Body,
  type EventFields,
  type EventTime,
  type Fields,
  type Json,
  type Recurrence,
  type Zone,
} from '../../core/item.ts'
import { spliceJoinBlock } from '../../core/join-block.ts'
import { dateOf } from '../../core/time.ts'
import { recurrenceBody } from './recurrence-wire.ts'
import { dateTimeTimeZone, graphZone } from './wire.ts'

export type JsonBody = { readonly [name: string]: Json }

/** A body to send, or why Microsoft would not take it. */
export type Written =
  | { readonly ok: true; readonly body: JsonBody }
  | { readonly ok: false; readonly reason: string; readonly code: string }

/**
 * The extended property that travels with each write, so that a write whose answer was lost can be found again. Not
 * seen by people. The GUID is ours alone; one spelling is used everywhere, because the store compares it as text.
 */
export const MARKER_ID = 'String {5d1c0f6e-84c1-4b7e-9d0b-2c6f3a917e52} Name SynclineOperation'

export const marker = (key: string): Json => [{ id: MARKER_ID, value: key }]

/** On an attendee's copy these are the attendee's own; all else belongs to the organizer. */
export const ATTENDEE_GROUPS: ReadonlySet<string> = new Set([
  'answer',
  'reminder',
  'showAs',
  'categories',
  'sensitivity',
  'importance',
])

/** Told by Microsoft, never written to it; an answer is an action of its own. */
const NOT_PATCHED: ReadonlySet<string> = new Set([
  'answers',
  'answer',
  'organizer',
  'onlineMeeting',
  'cancelled',
])

export const isPatched = (group: string): boolean => !NOT_PATCHED.has(group)

export interface Surroundings {
  /** All groups as they will be. */
  readonly whole: EventFields
  readonly viewer: Zone
  /** HTML that the server holds now, when the event is an online meeting whose join block must stay. */
  readonly currentBody: string | null
}

export function eventBody(fields: Fields, around: Surroundings): Written {
  const given = eventFields({ fields })
  const body: { [name: string]: Json } = {}
  const { whole } = around
  if ('subject' in fields) body['subject'] = given.subject
  if ('body' in fields) body['body'] = bodyBody(given.body, around.currentBody)
  if ('location' in fields) body['location'] = { displayName: given.location ?? '' }
  if ('attendees' in fields)
    body['attendees'] = given.attendees.map(({ email, name, type }) => ({
      type,
      emailAddress: name === '' ? { address: email } : { address: email, name },
    }))
  if ('reminder' in fields) {
    body['isReminderOn'] = given.reminder !== null
    if (given.reminder !== null) body['reminderMinutesBeforeStart'] = given.reminder
  }
  // `unknown` is what Outlook says, not what it takes.
  if ('showAs' in fields && given.showAs !== 'unknown') body['showAs'] = given.showAs
  if ('sensitivity' in fields) body['sensitivity'] = given.sensitivity
  if ('importance' in fields) body['importance'] = given.importance
  if ('categories' in fields) body['categories'] = given.categories
  if ('time' in fields) {
    const problem = putTime(body, given.time, around.viewer)
    if (problem !== null) return problem
  }
  // A series' time travels with its pattern: the range starts on the date of the start, and its zone is the series'.
  if ('recurrence' in fields || ('time' in fields && (whole.recurrence ?? null) !== null)) {
    const recurrence = 'recurrence' in fields ? given.recurrence : whole.recurrence
    const zone = whole.time.allDay ? around.viewer : whole.time.zone
    const name = graphZone(zone)
    if (recurrence !== null && name === null) return unknownZone(zone)
    body['recurrence'] =
      recurrence === null ? null : recurrenceBody(startingOn(recurrence, whole.time), name ?? 'UTC')
  }
  return { ok: true, body }
}

function putTime(body: { [name: string]: Json }, time: EventTime, viewer: Zone): Written | null {
  if (time.allDay) {
    // Both at midnight and in one zone; which one does not matter, an all-day event floats.
    const name = graphZone(viewer) ?? 'UTC'
    body['start'] = dateTimeTimeZone(`${time.start}T00:00:00`, name)
    body['end'] = dateTimeTimeZone(`${time.end}T00:00:00`, name)
  } else {
    const startZone = graphZone(time.zone)
    const endZone = graphZone(time.endZone ?? time.zone)
    if (startZone === null) return unknownZone(time.zone)
    if (endZone === null) return unknownZone(time.endZone ?? time.zone)
    body['start'] = dateTimeTimeZone(time.start, startZone)
    body['end'] = dateTimeTimeZone(time.end, endZone)
  }
  body['isAllDay'] = time.allDay
  return null
}

const unknownZone = (zone: Zone): Written => ({
  ok: false,
  code: 'unknown-zone',
  reason: `Outlook has no name for the time zone ${zone}. Choose another time zone for this event.`,
})

const startDate = (time: EventTime): string => (time.allDay ? time.start : dateOf(time.start))

/** Graph wants the range to start on the date of the event's start. Source: "recurrenceRange resource type". */
const startingOn = ({ pattern, range }: Recurrence, time: EventTime): Recurrence => ({
  pattern,
  range: { ...range, start: startDate(time) },
})

function bodyBody(body: Body | null, current: string | null): Json {
  if (current !== null) return { contentType: 'html', content: spliceJoinBlock(body, current) }
  return body === null
    ? { contentType: 'text', content: '' }
    : { contentType: body.type, content: body.content }
}
