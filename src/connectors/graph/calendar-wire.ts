/** An event of Graph's as canonical groups. Source: "event resource type". */
import type { Instant } from '../../core/ids.ts'
import {
  eventFields,
  type Answer,
  type Attendee,
  type EventFields,
  type EventTime,
  type Facts,
  type Item,
  type PlainDate,
  type Recurrence,
  type Zone,
} from '../../core/item.ts'
import { canonicalEvent } from '../../core/canonical.ts'
import { withoutJoinBlock } from '../../core/join-block.ts'
import { firstKnownZone, sameZone } from '../../core/zones.ts'
import { isObject, type JsonObject } from './answers.ts'
import { recurrenceOf } from './recurrence-wire.ts'
import {
  bodyOf,
  categoriesOf,
  etagOf,
  idOf,
  instantOf,
  instantOfMoment,
  listOf,
  memberOf,
  momentOf,
  objectOf,
  refuse,
  textOf,
  understood,
  wallIn,
  type Understood,
} from './wire.ts'

export type EventType = 'singleInstance' | 'seriesMaster' | 'occurrence' | 'exception'

export interface ParsedEvent {
  readonly id: string
  readonly etag: string
  readonly type: EventType
  readonly masterId: string | null
  /** In canonical form; of a series only the master's groups. */
  readonly item: Item
  readonly fields: EventFields
  /** Where the pattern had put it; only on occurrences and exceptions. */
  readonly originalStart: Instant | null
}

/** What calendarView/delta tells of an occurrence: where and when, and whose. */
export interface BareOccurrence {
  readonly id: string
  readonly masterId: string
  readonly start: Instant
  /** For all-day series, which have no zone. */
  readonly date: PlainDate
}

/** Properties that make an item; what a read asks for. */
export const EVENT_SELECT = [
  'id',
  'changeKey',
  'iCalUId',
  'transactionId',
  'type',
  'seriesMasterId',
  'originalStart',
  'originalStartTimeZone',
  'originalEndTimeZone',
  'createdDateTime',
  'lastModifiedDateTime',
  'subject',
  'body',
  'start',
  'end',
  'isAllDay',
  'recurrence',
  'location',
  'attendees',
  'organizer',
  'isOrganizer',
  'isCancelled',
  'responseStatus',
  'isReminderOn',
  'reminderMinutesBeforeStart',
  'showAs',
  'sensitivity',
  'importance',
  'categories',
  'isOnlineMeeting',
  'onlineMeeting',
  'onlineMeetingProvider',
  'onlineMeetingUrl',
  'hasAttachments',
  'webLink',
].join(',')

const TYPES: ReadonlySet<EventType> = new Set(['singleInstance', 'seriesMaster', 'occurrence', 'exception'])
const SHOW_AS: ReadonlySet<EventFields['showAs']> = new Set([
  'free',
  'tentative',
  'busy',
  'oof',
  'workingElsewhere',
  'unknown',
])
const SENSITIVITIES: ReadonlySet<EventFields['sensitivity']> = new Set([
  'normal',
  'personal',
  'private',
  'confidential',
])
const IMPORTANCES: ReadonlySet<EventFields['importance']> = new Set(['low', 'normal', 'high'])
const ATTENDEE_TYPES: ReadonlySet<Attendee['type']> = new Set(['required', 'optional', 'resource'])
const ANSWERS: { readonly [response: string]: Answer } = {
  accepted: 'accepted',
  tentativelyAccepted: 'tentative',
  declined: 'declined',
}

/** A whole event. `viewer` is the mailbox's zone: the clocks of a single event whose own zone nobody knows. */
export function parseEvent(raw: unknown, viewer: Zone): Understood<ParsedEvent> {
  return understood(() => (isObject(raw) ? readEvent(raw, viewer) : refuse('It is no object.')))
}

export const isBareOccurrence = (raw: JsonObject): boolean =>
  raw['type'] === 'occurrence' && raw['subject'] === undefined

export function parseOccurrence(raw: JsonObject): Understood<BareOccurrence> {
  return understood(() => {
    const start = momentOf(raw, 'start') ?? refuse('It has no start.')
    return {
      id: idOf(raw),
      masterId: textOf(raw, 'seriesMasterId') ?? refuse('It names no series.'),
      start: instantOfMoment(start),
      date: start.wall.slice(0, 10),
    }
  })
}

function readEvent(raw: JsonObject, viewer: Zone): ParsedEvent {
  const id = idOf(raw)
  const recurrence = recurrenceOf(raw)
  const type = memberOf(raw, 'type', TYPES, recurrence === null ? 'singleInstance' : 'seriesMaster')
  const isOrganizer = raw['isOrganizer'] !== false
  const attendees: Attendee[] = []
  const answers: { [email: string]: Answer } = {}
  for (const entry of listOf(raw, 'attendees')) {
    if (!isObject(entry)) continue
    const address = objectOf(entry, 'emailAddress')
    const email = (address === null ? null : textOf(address, 'address')) ?? ''
    if (address === null || email === '') continue
    attendees.push({
      email,
      name: textOf(address, 'name') ?? '',
      type: memberOf(entry, 'type', ATTENDEE_TYPES, 'required'),
    })
    answers[email] = responseOf(objectOf(entry, 'status'))
  }
  const organizer = addressOf(objectOf(raw, 'organizer'))
  const minutes = raw['reminderMinutesBeforeStart']
  const location = objectOf(raw, 'location')
  const body = bodyOf(raw)
  const fields: EventFields = {
    subject: textOf(raw, 'subject') ?? '',
    body: body === null ? null : withoutJoinBlock(body),
    time: timeOf(raw, recurrence, viewer),
    recurrence,
    location: location === null ? null : textOf(location, 'displayName'),
    attendees,
    answers,
    answer: isOrganizer ? 'none' : responseOf(objectOf(raw, 'responseStatus')),
    organizer,
    reminder: raw['isReminderOn'] === true && typeof minutes === 'number' ? minutes : null,
    showAs: memberOf(raw, 'showAs', SHOW_AS, 'unknown'),
    sensitivity: memberOf(raw, 'sensitivity', SENSITIVITIES, 'normal'),
    importance: memberOf(raw, 'importance', IMPORTANCES, 'normal'),
    categories: categoriesOf(raw),
    onlineMeeting: onlineMeetingOf(raw),
    cancelled: raw['isCancelled'] === true,
  }
  const iCalUId = textOf(raw, 'iCalUId')
  const marker = textOf(raw, 'transactionId')
  const createdAt = instantOf(raw, 'createdDateTime')
  const modifiedAt = instantOf(raw, 'lastModifiedDateTime')
  const webLink = textOf(raw, 'webLink')
  const facts: Facts = {
    isOrganizer,
    hasAttachments: raw['hasAttachments'] === true,
    ...(iCalUId === null ? {} : { iCalUId }),
    ...(marker === null ? {} : { marker }),
    ...(createdAt === null ? {} : { createdAt }),
    ...(modifiedAt === null ? {} : { modifiedAt }),
    ...(webLink === null ? {} : { webLink }),
  }
  const read = canonicalEvent(fields, { facts })
  if (!read.ok) return refuse(read.reason)
  return {
    id,
    etag: etagOf(raw),
    type,
    masterId: textOf(raw, 'seriesMasterId'),
    item: read.item,
    fields: eventFields(read.item),
    originalStart: instantOf(raw, 'originalStart'),
  }
}

const responseOf = (status: JsonObject | null): Answer =>
  ANSWERS[status === null ? '' : (textOf(status, 'response') ?? '')] ?? 'none'

function addressOf(recipient: JsonObject | null): { email: string; name: string } | null {
  const address = recipient === null ? null : objectOf(recipient, 'emailAddress')
  const email = address === null ? null : textOf(address, 'address')
  if (address === null || email === null || email === '') return null
  return { email, name: textOf(address, 'name') ?? '' }
}

function onlineMeetingOf(raw: JsonObject): EventFields['onlineMeeting'] {
  if (raw['isOnlineMeeting'] !== true) return null
  const meeting = objectOf(raw, 'onlineMeeting')
  const joinUrl = (meeting === null ? null : textOf(meeting, 'joinUrl')) ?? textOf(raw, 'onlineMeetingUrl')
  if (joinUrl === null || joinUrl === '') return null
  return { provider: textOf(raw, 'onlineMeetingProvider') ?? 'unknown', joinUrl }
}

/**
 * All-day events are midnight to midnight in whatever zone was asked for, so their dates are read as they stand. Timed
 * ones come in UTC and are put on the clocks of the zone they were made in; a series must have one that is known,
 * because its zone decides where daylight saving moves it.
 */
function timeOf(raw: JsonObject, recurrence: Recurrence | null, viewer: Zone): EventTime {
  const start = momentOf(raw, 'start') ?? refuse('It has no start.')
  const end = momentOf(raw, 'end') ?? refuse('It has no end.')
  if (raw['isAllDay'] === true)
    return { allDay: true, start: start.wall.slice(0, 10), end: end.wall.slice(0, 10) }
  const zone = zoneOf(raw, recurrence, viewer)
  // Both are the zones of its making. That they differ says that it ends on other clocks; that they agree, that it does not.
  const from = firstKnownZone([textOf(raw, 'originalStartTimeZone')])
  const to = firstKnownZone([textOf(raw, 'originalEndTimeZone')])
  const travels = from.known && to.known && !sameZone(from.zone, to.zone) && !sameZone(to.zone, zone)
  const endZone = travels ? to.zone : zone
  return {
    allDay: false,
    start: wallIn(start, zone),
    end: wallIn(end, endZone),
    zone,
    ...(endZone === zone ? {} : { endZone }),
  }
}

function zoneOf(raw: JsonObject, recurrence: Recurrence | null, viewer: Zone): Zone {
  const names = [textOf(raw, 'originalStartTimeZone'), textOf(raw, 'originalEndTimeZone')]
  if (recurrence !== null) {
    const range = objectOf(objectOf(raw, 'recurrence') ?? {}, 'range')
    names.unshift(range === null ? null : textOf(range, 'recurrenceTimeZone'))
  }
  const answer = firstKnownZone(names)
  if (answer.known) return answer.zone
  if (recurrence === null) return viewer
  return refuse(`Its series is in the time zone "${answer.name}". ${answer.reason}`)
}
