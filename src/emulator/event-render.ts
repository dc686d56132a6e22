/** Events as Graph answers them. */
import type { EventRow, Moment } from './event-model.ts'
import { instantOf } from './event-model.ts'
import { instanceKey, type Instance } from './event-series.ts'
import { changeKey, etag, itemId } from './ids.ts'
import { htmlToText, previewOf, type JsonObject, type TextBody } from './item-parts.ts'
import { instantText } from './clock.ts'
import { renderRecurrence } from './recurrence.ts'
import type { Mailbox } from './state.ts'
import { DAY, dateText, findZone, UTC, wallText, type Zone } from './zones.ts'

/** What a request asked for that changes how items look. */
export interface View {
  readonly zone: Zone
  /** As it is written into the answer. */
  readonly zoneName: string
  readonly bodyText: boolean
  readonly immutableIds: boolean
}

export const PLAIN_VIEW: View = { zone: UTC, zoneName: 'UTC', bodyText: false, immutableIds: false }

/** One spelling for everything that a view changes; keys of caches are made with it. */
export const viewKey = (view: View): string =>
  `${view.zoneName}|${view.bodyText ? 't' : 'h'}|${view.immutableIds ? 'i' : 'r'}`

export const NEVER = '0001-01-01T00:00:00Z'

/** All-day events float: midnight stays midnight in whatever zone was asked for. */
function renderMoment(moment: Moment, isAllDay: boolean, view: View): JsonObject {
  const wall = isAllDay ? moment.wall : view.zone.toWall(instantOf(moment))
  return { dateTime: wallText(wall), timeZone: view.zoneName }
}

export function renderBody(body: TextBody, asText: boolean): JsonObject {
  if (asText && body.contentType === 'html') return { contentType: 'text', content: htmlToText(body.content) }
  return { contentType: body.contentType, content: body.content }
}

function occurrenceUid(uid: string, slot: number): string {
  const [year = '0', month = '0', day = '0'] = dateText(slot * DAY).split('-')
  const hex = (text: string, digits: number): string =>
    Number(text).toString(16).toUpperCase().padStart(digits, '0')
  return `${uid.slice(0, 32)}${hex(year, 4)}${hex(month, 2)}${hex(day, 2)}${uid.slice(40)}`
}

const eventType = (row: EventRow, instance: Instance | null): string => {
  if (instance !== null) return instance.exception === null ? 'occurrence' : 'exception'
  return row.recurrence === null ? 'singleInstance' : 'seriesMaster'
}

export function eventId(mailbox: Mailbox, row: EventRow, view: View): string {
  return itemId(mailbox, row.calendar, row.key, view.immutableIds)
}

export function instanceId(mailbox: Mailbox, instance: Instance, view: View): string {
  const { master, slot } = instance
  return itemId(mailbox, master.calendar, instanceKey(master, slot), view.immutableIds)
}

/** What calendarView/delta tells of an occurrence: no more than where and when. */
export function bareOccurrenceText(mailbox: Mailbox, instance: Instance, view: View): string {
  const { master } = instance
  return `{"@odata.type":"#microsoft.graph.event","@odata.etag":"W/\\"${changeKey(master.version)}\\"","id":"${instanceId(mailbox, instance, view)}","seriesMasterId":"${eventId(mailbox, master, view)}","type":"occurrence",${JSON.stringify(instanceTimes(instance, view)).slice(1)}`
}

function instanceTimes(instance: Instance, view: View): JsonObject {
  const { master, exception } = instance
  if (exception !== null) {
    return {
      start: renderMoment(exception.start, exception.isAllDay, view),
      end: renderMoment(exception.end, exception.isAllDay, view),
    }
  }
  if (master.isAllDay) {
    const start = instance.slot * DAY
    return {
      start: { dateTime: wallText(start), timeZone: view.zoneName },
      end: { dateTime: wallText(start + master.end.wall - master.start.wall), timeZone: view.zoneName },
    }
  }
  return {
    start: { dateTime: wallText(view.zone.toWall(instance.start)), timeZone: view.zoneName },
    end: { dateTime: wallText(view.zone.toWall(instance.end)), timeZone: view.zoneName },
  }
}

/** A whole event; with `instance`, the occurrence or exception that it is. */
export function renderEvent(
  mailbox: Mailbox,
  row: EventRow,
  view: View,
  instance: Instance | null = null,
): JsonObject {
  const source = instance?.exception ?? row
  const master = instance === null ? null : instance.master
  const id = instance === null ? eventId(mailbox, row, view) : instanceId(mailbox, instance, view)
  const times =
    instance === null
      ? { start: renderMoment(row.start, row.isAllDay, view), end: renderMoment(row.end, row.isAllDay, view) }
      : instanceTimes(instance, view)
  return {
    '@odata.etag': etag(source.version),
    id,
    createdDateTime: instantText(source.created),
    lastModifiedDateTime: instantText(source.modified),
    changeKey: changeKey(source.version),
    categories: source.categories,
    transactionId: master === null ? source.transactionId : null,
    originalStartTimeZone: source.originalStartZone,
    originalEndTimeZone: source.originalEndZone,
    iCalUId: instance === null ? row.iCalUId : occurrenceUid(instance.master.iCalUId, instance.slot),
    reminderMinutesBeforeStart: source.reminderMinutesBeforeStart,
    isReminderOn: source.isReminderOn,
    hasAttachments: source.attachments.length > 0,
    subject: source.subject,
    bodyPreview: previewOf(source.body),
    importance: source.importance,
    sensitivity: source.sensitivity,
    isAllDay: source.isAllDay,
    isCancelled: source.isCancelled,
    isOrganizer: source.isOrganizer,
    responseRequested: source.responseRequested,
    seriesMasterId: master === null ? null : eventId(mailbox, master, view),
    showAs: source.showAs,
    type: eventType(row, instance),
    webLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(id)}&exvsurl=1&path=/calendar/item`,
    onlineMeetingUrl: null,
    isOnlineMeeting: source.isOnlineMeeting,
    onlineMeetingProvider: source.onlineMeetingProvider,
    allowNewTimeProposals: source.allowNewTimeProposals,
    isDraft: source.isDraft,
    hideAttendees: source.hideAttendees,
    ...(instance === null ? {} : { originalStart: originalStart(instance) }),
    responseStatus: {
      response: source.response.response,
      time: source.response.at === null ? NEVER : instantText(source.response.at),
    },
    body: renderBody(source.body, view.bodyText),
    ...times,
    location: source.location,
    locations: source.locations,
    recurrence:
      instance === null && row.recurrence !== null
        ? renderRecurrence(row.recurrence, row.originalStartZone)
        : null,
    attendees: source.attendees.map((attendee) => ({
      type: attendee.type,
      status: {
        response: attendee.response,
        time: attendee.respondedAt === null ? NEVER : instantText(attendee.respondedAt),
      },
      emailAddress: attendee.emailAddress,
      ...(attendee.proposed === null
        ? {}
        : {
            proposedNewTime: {
              start: renderMoment(attendee.proposed.start, false, view),
              end: renderMoment(attendee.proposed.end, false, view),
            },
          }),
    })),
    organizer: { emailAddress: source.organizer },
    onlineMeeting:
      source.onlineMeeting === null
        ? null
        : {
            joinUrl: source.onlineMeeting.joinUrl,
            conferenceId: source.onlineMeeting.conferenceId,
            tollNumber: '+49 30 901820',
          },
  }
}

function originalStart(instance: Instance): string {
  const { master, slot } = instance
  if (master.isAllDay) return instantText(slot * DAY)
  const zone = findZone(master.start.zone) ?? UTC
  return instantText(zone.toInstant(slot * DAY + (((master.start.wall % DAY) + DAY) % DAY)))
}

/** `OID.<master id>.<date>`, the form that Microsoft's documentation shows for cancelledOccurrences. */
export function occurrenceIds(mailbox: Mailbox, row: EventRow, view: View): string[] {
  return [...row.cancelled]
    .sort((a, b) => a - b)
    .map((slot) => `OID.${eventId(mailbox, row, view)}.${dateText(slot * DAY)}`)
}
