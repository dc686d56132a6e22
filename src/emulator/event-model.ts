/** Calendars and events as rows, and how a request's JSON becomes one. Source: "event resource type". */
import type { Item } from './collection.ts'
import { badRequest, GraphError, invalidProperty } from './errors.ts'
import {
  flag,
  isObject,
  list,
  member,
  object,
  parseBody,
  parseExtended,
  parseExtension,
  parseRecipient,
  text,
  texts,
  whole,
  type Attachment,
  type EmailAddress,
  type ExtendedProperty,
  type JsonObject,
  type OpenExtension,
  type TextBody,
} from './item-parts.ts'
import { parseRecurrence, type Recurrence } from './recurrence.ts'
import { DAY, findZone, parseInstant, parseWall, UTC, type Zone } from './zones.ts'

export interface CalendarGroupRow extends Item {
  name: string
  readonly classId: string
}

export interface CalendarRow extends Item {
  name: string
  color: string
  hexColor: string
  readonly isDefault: boolean
  /** A calendar subscribed from elsewhere cannot be edited. */
  readonly canEdit: boolean
  group: string
  extended: ExtendedProperty[]
}

/** A wall time and the zone whose clock shows it. */
export interface Moment {
  readonly wall: number
  /** As the client spelled it. */
  readonly zone: string
}

export interface Attendee {
  readonly emailAddress: EmailAddress
  readonly type: 'required' | 'optional' | 'resource'
  readonly response: ResponseType
  readonly respondedAt: number | null
  readonly proposed: { readonly start: Moment; readonly end: Moment } | null
}

export const RESPONSES = [
  'none',
  'organizer',
  'tentativelyAccepted',
  'accepted',
  'declined',
  'notResponded',
] as const
export type ResponseType = (typeof RESPONSES)[number]

/** What a client may write. */
export interface EventFields {
  subject: string
  body: TextBody
  start: Moment
  end: Moment
  isAllDay: boolean
  location: JsonObject
  locations: JsonObject[]
  attendees: Attendee[]
  recurrence: Recurrence | null
  categories: string[]
  importance: 'low' | 'normal' | 'high'
  sensitivity: 'normal' | 'personal' | 'private' | 'confidential'
  showAs: 'free' | 'tentative' | 'busy' | 'oof' | 'workingElsewhere' | 'unknown'
  isReminderOn: boolean
  reminderMinutesBeforeStart: number
  responseRequested: boolean
  allowNewTimeProposals: boolean
  hideAttendees: boolean
  isOnlineMeeting: boolean
  onlineMeetingProvider: 'unknown' | 'skypeForBusiness' | 'skypeForConsumer' | 'teamsForBusiness'
}

export interface EventRow extends Item, EventFields {
  /** Key of the calendar it is in. */
  calendar: string
  /** The same in every copy of a meeting. */
  readonly iCalUId: string
  readonly isOrganizer: boolean
  organizer: EmailAddress
  response: { response: ResponseType; at: number | null }
  isCancelled: boolean
  isDraft: boolean
  readonly transactionId: string | null
  readonly originalStartZone: string
  readonly originalEndZone: string
  onlineMeeting: { joinUrl: string; blobMark: string; conferenceId: string } | null
  attachments: Attachment[]
  extended: ExtendedProperty[]
  extensions: OpenExtension[]
  /** For an exception: the day (number) that the pattern gave it. */
  readonly slot: number | null
  /** Of a series master, by the day that the pattern gave them. Replaced, never changed in place. */
  exceptions: ReadonlyMap<number, EventRow>
  /** Days whose occurrence was deleted. */
  cancelled: readonly number[]
}

const READ_ONLY = new Set([
  'id',
  'icaluid',
  'changekey',
  'createddatetime',
  'lastmodifieddatetime',
  'bodypreview',
  'hasattachments',
  'iscancelled',
  'isdraft',
  'isorganizer',
  'organizer',
  'onlinemeeting',
  'onlinemeetingurl',
  'originalstart',
  'originalstarttimezone',
  'originalendtimezone',
  'responsestatus',
  'seriesmasterid',
  'type',
  'weblink',
  'cancelledoccurrences',
  'exceptionoccurrences',
  'instances',
  'calendar',
  'attachments',
  'multivalueextendedproperties',
])

const WRITABLE = new Set([
  'subject',
  'body',
  'start',
  'end',
  'isAllDay',
  'location',
  'locations',
  'attendees',
  'recurrence',
  'categories',
  'importance',
  'sensitivity',
  'showAs',
  'isReminderOn',
  'reminderMinutesBeforeStart',
  'responseRequested',
  'allowNewTimeProposals',
  'hideAttendees',
  'isOnlineMeeting',
  'onlineMeetingProvider',
  'transactionId',
  'singleValueExtendedProperties',
  'extensions',
])

/** Refuses property names that the type does not have, as the service does before it looks at anything else. */
export function refuseUnknown(
  body: JsonObject,
  type: string,
  writable: ReadonlySet<string>,
  ignored: ReadonlySet<string>,
): void {
  for (const name of Object.keys(body)) {
    if (writable.has(name) || name.includes('@') || ignored.has(name.toLowerCase())) continue
    throw new GraphError(
      400,
      'RequestBodyRead',
      `The property '${name}' does not exist on type 'microsoft.graph.${type}'. Make sure to only use property names that are defined by the type.`,
    )
  }
}

export function zoneNamed(name: string): Zone {
  const zone = findZone(name)
  if (zone === undefined)
    throw new GraphError(
      400,
      'TimeZoneNotSupportedException',
      `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${name}'.`,
    )
  return zone
}

export function parseMoment(value: JsonObject, name: string): Moment {
  const dateTime = text(value, 'dateTime')
  if (typeof dateTime !== 'string') throw invalidProperty(`The ${name} has no dateTime.`)
  const zone = text(value, 'timeZone') ?? 'UTC'
  const wall = parseWall(dateTime)
  if (wall !== undefined) {
    zoneNamed(zone)
    return { wall, zone }
  }
  const instant = parseInstant(dateTime)
  if (instant === undefined)
    throw invalidProperty(`The ${name} has a dateTime that cannot be read: '${dateTime}'.`)
  return { wall: zoneNamed(zone).toWall(instant), zone }
}

export function instantOf(moment: Moment): number {
  return (findZone(moment.zone) ?? UTC).toInstant(moment.wall)
}

const NO_LOCATION: JsonObject = {
  displayName: '',
  locationType: 'default',
  uniqueIdType: 'unknown',
  address: {},
  coordinates: {},
}

export function makeLocation(value: JsonObject): JsonObject {
  const displayName = text(value, 'displayName') ?? ''
  const locationType =
    member(value, 'locationType', [
      'default',
      'conferenceRoom',
      'homeAddress',
      'businessAddress',
      'geoCoordinates',
      'streetAddress',
      'hotel',
      'restaurant',
      'localBusiness',
      'postalAddress',
    ]) ?? 'default'
  const uri = text(value, 'locationUri')
  const email = text(value, 'locationEmailAddress')
  return {
    displayName,
    ...(typeof uri === 'string' ? { locationUri: uri } : {}),
    ...(typeof email === 'string' ? { locationEmailAddress: email } : {}),
    locationType,
    ...(displayName === '' ? {} : { uniqueId: text(value, 'uniqueId') ?? displayName }),
    uniqueIdType: displayName === '' ? 'unknown' : 'private',
    address: object(value, 'address') ?? {},
    coordinates: object(value, 'coordinates') ?? {},
  }
}

const ATTENDEES_MAX = 500

function parseAttendee(value: JsonObject): Attendee {
  const { emailAddress } = parseRecipient(value)
  return {
    emailAddress,
    type: member(value, 'type', ['required', 'optional', 'resource']) ?? 'required',
    response: 'none',
    respondedAt: null,
    proposed: null,
  }
}

export interface EventInput {
  readonly fields: Partial<EventFields>
  readonly transactionId: string | null
  readonly extended: ExtendedProperty[] | undefined
  readonly extensions: OpenExtension[] | undefined
}

function given<T>(value: T | null | undefined, empty: T): T | undefined {
  return value === null ? empty : value
}

/** Reads the body of a POST or PATCH. Properties left out stay out; null means empty. Read-only ones are ignored. */
export function parseEvent(body: JsonObject): EventInput {
  refuseUnknown(body, 'event', WRITABLE, READ_ONLY)
  const fields: Partial<EventFields> = {}
  const set = <K extends keyof EventFields>(name: K, value: EventFields[K] | undefined): void => {
    if (value !== undefined) fields[name] = value
  }
  set('subject', given(text(body, 'subject'), ''))
  set('body', parseBody(body))
  for (const name of ['start', 'end'] as const) {
    const value = object(body, name)
    if (value === null) throw invalidProperty(`The ${name} of an event cannot be removed.`)
    if (value !== undefined) fields[name] = parseMoment(value, name)
  }
  set('isAllDay', given(flag(body, 'isAllDay'), false))
  const location = object(body, 'location')
  const locations = list(body, 'locations')
  if (locations !== undefined) {
    fields.locations = locations.map(makeLocation)
    fields.location = fields.locations[0] ?? NO_LOCATION
  }
  if (location !== undefined) {
    fields.location = location === null ? NO_LOCATION : makeLocation(location)
    if (locations === undefined)
      fields.locations = fields.location['displayName'] === '' ? [] : [fields.location]
  }
  const attendees = list(body, 'attendees')
  if (attendees !== undefined) {
    if (attendees.length > ATTENDEES_MAX)
      throw badRequest(`An event can have at most ${ATTENDEES_MAX} attendees.`)
    fields.attendees = attendees.map(parseAttendee)
  }
  const recurrence = object(body, 'recurrence')
  if (recurrence !== undefined) fields.recurrence = recurrence === null ? null : parseRecurrence(recurrence)
  set('categories', texts(body, 'categories'))
  set('importance', given(member(body, 'importance', ['low', 'normal', 'high']), 'normal'))
  set(
    'sensitivity',
    given(member(body, 'sensitivity', ['normal', 'personal', 'private', 'confidential']), 'normal'),
  )
  set(
    'showAs',
    given(
      member(body, 'showAs', ['free', 'tentative', 'busy', 'oof', 'workingElsewhere', 'unknown']),
      'busy',
    ),
  )
  set('isReminderOn', given(flag(body, 'isReminderOn'), false))
  set('reminderMinutesBeforeStart', given(whole(body, 'reminderMinutesBeforeStart'), 15))
  set('responseRequested', given(flag(body, 'responseRequested'), true))
  set('allowNewTimeProposals', given(flag(body, 'allowNewTimeProposals'), true))
  set('hideAttendees', given(flag(body, 'hideAttendees'), false))
  set('isOnlineMeeting', given(flag(body, 'isOnlineMeeting'), false))
  set(
    'onlineMeetingProvider',
    given(
      member(body, 'onlineMeetingProvider', [
        'unknown',
        'skypeForBusiness',
        'skypeForConsumer',
        'teamsForBusiness',
      ]),
      'unknown',
    ),
  )
  return {
    fields,
    transactionId: text(body, 'transactionId') ?? null,
    extended: parseExtended(body),
    extensions: list(body, 'extensions')?.map(parseExtension),
  }
}

export const EMPTY_EVENT: Omit<EventFields, 'start' | 'end'> = {
  subject: '',
  body: { contentType: 'html', content: '' },
  isAllDay: false,
  location: NO_LOCATION,
  locations: [],
  attendees: [],
  recurrence: null,
  categories: [],
  importance: 'normal',
  sensitivity: 'normal',
  showAs: 'busy',
  isReminderOn: true,
  reminderMinutesBeforeStart: 15,
  responseRequested: true,
  allowNewTimeProposals: true,
  hideAttendees: false,
  isOnlineMeeting: false,
  onlineMeetingProvider: 'unknown',
}

/** The rules that hold between an event's fields, whoever wrote them. */
export function checkEvent(fields: Pick<EventFields, 'start' | 'end' | 'isAllDay' | 'recurrence'>): void {
  const { start, end, isAllDay, recurrence } = fields
  if (instantOf(end) < instantOf(start))
    throw invalidProperty('The end of an event cannot be earlier than its start.')
  if (isAllDay) {
    if (start.zone.toLowerCase() !== end.zone.toLowerCase())
      throw badRequest('The start and end of an all-day event must be in the same time zone.')
    if (start.wall % DAY !== 0 || end.wall % DAY !== 0)
      throw badRequest(
        'Event.Start and Event.End property values for an all-day event must be set to midnight.',
      )
    if (end.wall - start.wall < DAY)
      throw badRequest('The duration of an event marked as All day must be at least 24 hours.')
  }
  if (recurrence !== null && recurrence.range.start !== Math.floor(start.wall / DAY))
    throw invalidProperty("The recurrence range's startDate must be the date of the event's start.")
}

/** Action parameters: their names differ in case from page to page, and booleans are also written as texts. */
export function parameters(body: JsonObject): JsonObject {
  const named: JsonObject = {}
  for (const [name, value] of Object.entries(body))
    named[name.charAt(0).toLowerCase() + name.slice(1)] =
      value === 'true' || value === 'false' ? value === 'true' : isObject(value) ? parameters(value) : value
  return named
}

export function parseSlot(value: unknown): { start: Moment; end: Moment } | null {
  if (value === undefined || value === null) return null
  if (!isObject(value)) throw badRequest('The proposedNewTime is no time slot.')
  const start = object(value, 'start')
  const end = object(value, 'end')
  if (!start || !end) throw badRequest('The proposedNewTime needs a start and an end.')
  return { start: parseMoment(start, 'start'), end: parseMoment(end, 'end') }
}
