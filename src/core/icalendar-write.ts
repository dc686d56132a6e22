import { escapeText, writeLine } from './content-lines.ts'
import type { Instant } from './ids.ts'
import {
  eventFields,
  parseGroup,
  type EventFields,
  type EventTime,
  type Item,
  type PlainDate,
} from './item.ts'
import { toRrule } from './rrule.ts'
import { cancelledSlots, occurrenceAt, timeOfSlot } from './series.ts'
import { bodyText } from './text.ts'
import { formatInstant, timeOfDay } from './time.ts'

/**
 * Events as an iCalendar file (RFC 5545). Zones are named as IANA names them, without VTIMEZONE parts: every calendar
 * of today knows them, and a definition of our own could only be older than theirs.
 */
export interface CalendarExport {
  readonly events: readonly { readonly uid: string; readonly item: Item }[]
  /** Goes into DTSTAMP. */
  readonly now: Instant
  /** `-//Example//Product//EN` */
  readonly productId: string
}

export function writeIcalendar({ events, now, productId }: CalendarExport): string {
  const stamp = basic(formatInstant(Math.floor(now / 1000) * 1000))
  let text =
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n' +
    writeLine('PRODID', escapeText(productId)) +
    'CALSCALE:GREGORIAN\r\n'
  for (const { uid, item } of events) {
    const fields = eventFields(item)
    text += writeEvent(uid, stamp, fields, masterLines(item))
    for (const slot of exceptionSlots(item)) {
      const own = occurrenceAt(item, slot)
      if (own === null) continue
      text += writeEvent(
        uid,
        stamp,
        eventFields({ fields: own }),
        slotLine('RECURRENCE-ID', [slot], fields.time),
      )
    }
  }
  return `${text}END:VCALENDAR\r\n`
}

const basic = (text: string): string => text.replace(/[-:]/g, '')

function masterLines(item: Item): string {
  const { recurrence, time } = eventFields(item)
  if (recurrence === null) return ''
  const cancelled = cancelledSlots(item.fields)
  return (
    writeLine('RRULE', toRrule(recurrence, time)) +
    (cancelled.length === 0 ? '' : slotLine('EXDATE', cancelled, time))
  )
}

function exceptionSlots(item: Item): PlainDate[] {
  const slots = new Set<PlainDate>()
  for (const group in item.fields) {
    const { slot, name } = parseGroup(group)
    if (slot !== null && name !== 'cancelled') slots.add(slot)
  }
  return [...slots].sort()
}

/** Slots as the starts that the series had there, in its own zone. */
function slotLine(name: string, slots: readonly PlainDate[], time: EventTime): string {
  if (time.allDay) return writeLine(name, slots.map(basic).join(','), { VALUE: 'DATE' })
  const starts = slots.map((slot) => basic(`${slot}T${timeOfDay(timeOfSlot(time, slot).start)}`))
  return time.zone === 'UTC'
    ? writeLine(name, starts.map((start) => `${start}Z`).join(','))
    : writeLine(name, starts.join(','), { TZID: time.zone })
}

function stampLine(name: string, local: string, zone: string): string {
  return zone === 'UTC' ? writeLine(name, `${basic(local)}Z`) : writeLine(name, basic(local), { TZID: zone })
}

function timeLines(time: EventTime): string {
  if (time.allDay)
    return (
      writeLine('DTSTART', basic(time.start), { VALUE: 'DATE' }) +
      writeLine('DTEND', basic(time.end), { VALUE: 'DATE' })
    )
  return stampLine('DTSTART', time.start, time.zone) + stampLine('DTEND', time.end, time.endZone ?? time.zone)
}

const classNames = {
  private: 'PRIVATE',
  confidential: 'CONFIDENTIAL',
  personal: 'PERSONAL',
  normal: 'PUBLIC',
}
const busyNames = {
  free: 'FREE',
  tentative: 'TENTATIVE',
  busy: 'BUSY',
  oof: 'OOF',
  workingElsewhere: 'WORKINGELSEWHERE',
  unknown: 'BUSY',
}
const priorities = { high: '1', normal: '5', low: '9' }
const statusNames = {
  accepted: 'ACCEPTED',
  tentative: 'TENTATIVE',
  declined: 'DECLINED',
  none: 'NEEDS-ACTION',
}
const roleNames = { required: 'REQ-PARTICIPANT', optional: 'OPT-PARTICIPANT', resource: 'NON-PARTICIPANT' }

function writeEvent(uid: string, stamp: string, fields: EventFields, extra: string): string {
  const { body, location, organizer, onlineMeeting, reminder } = fields
  const text = bodyText(body)
  const lines = [
    'BEGIN:VEVENT\r\n',
    writeLine('UID', escapeText(uid)),
    writeLine('DTSTAMP', stamp),
    timeLines(fields.time),
    extra,
    writeLine('SUMMARY', escapeText(fields.subject)),
  ]
  if (text !== '') lines.push(writeLine('DESCRIPTION', escapeText(text)))
  if (body?.type === 'html')
    lines.push(writeLine('X-ALT-DESC', escapeText(body.content), { FMTTYPE: 'text/html' }))
  if (location !== null) lines.push(writeLine('LOCATION', escapeText(location)))
  if (organizer !== null)
    lines.push(writeLine('ORGANIZER', `mailto:${organizer.email}`, named(organizer.name)))
  for (const { email, name, type } of fields.attendees) {
    const params = {
      ...named(name),
      CUTYPE: type === 'resource' ? 'RESOURCE' : 'INDIVIDUAL',
      ROLE: roleNames[type],
      PARTSTAT: statusNames[fields.answers[email] ?? 'none'],
    }
    lines.push(writeLine('ATTENDEE', `mailto:${email}`, params))
  }
  if (fields.categories.length > 0)
    lines.push(writeLine('CATEGORIES', fields.categories.map(escapeText).join(',')))
  lines.push(
    writeLine('CLASS', classNames[fields.sensitivity]),
    writeLine('PRIORITY', priorities[fields.importance]),
    writeLine('TRANSP', fields.showAs === 'free' ? 'TRANSPARENT' : 'OPAQUE'),
    writeLine('X-MICROSOFT-CDO-BUSYSTATUS', busyNames[fields.showAs]),
    writeLine('STATUS', fields.cancelled ? 'CANCELLED' : 'CONFIRMED'),
  )
  if (onlineMeeting !== null) lines.push(writeLine('X-MICROSOFT-SKYPETEAMSMEETINGURL', onlineMeeting.joinUrl))
  if (reminder !== null)
    lines.push(
      'BEGIN:VALARM\r\nACTION:DISPLAY\r\n',
      writeLine('DESCRIPTION', escapeText(fields.subject)),
      writeLine('TRIGGER', `-PT${reminder}M`),
      'END:VALARM\r\n',
    )
  lines.push('END:VEVENT\r\n')
  return lines.join('')
}

const named = (name: string): { readonly CN?: string } => (name === '' ? {} : { CN: name })
