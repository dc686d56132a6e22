/** Creating, changing and deleting events: the rules of the store, whoever asks. Mail to attendees is meetings.ts. */
import { codeOf, hashText } from './chance.ts'
import { GraphError, invalidProperty, itemNotFound } from './errors.ts'
import {
  checkEvent,
  EMPTY_EVENT,
  instantOf,
  type CalendarRow,
  type EventFields,
  type EventInput,
  type EventRow,
} from './event-model.ts'
import { hasDay } from './recurrence.ts'
import { instanceAt, neighbours, slotWall, type Instance } from './event-series.ts'
import { mergeExtended, textToHtml, wrapHtml, type TextBody } from './item-parts.ts'
import { addEvent, changedEvent, eventOfTransaction, eventsOf, removeEvent } from './event-store.ts'
import * as meetings from './meetings.ts'
import type { Office } from './office.ts'
import type { Mailbox } from './state.ts'
import { DAY, findZone, UTC } from './zones.ts'

function storedBody(office: Office, body: TextBody): TextBody {
  if (!office.store.switches.rewriteHtmlBodies) return body
  // Exchange keeps HTML; a text body comes back wrapped in a document of its own.
  return body.contentType === 'text'
    ? { contentType: 'html', content: body.content === '' ? '' : textToHtml(body.content) }
    : { contentType: 'html', content: wrapHtml(body.content) }
}

const BLOB_OPEN = '<div class="me-email-text" data-meeting="'

/** Teams writes how to join into the body, and knows its own block again. */
function withJoinBlock(body: TextBody, mark: string, joinUrl: string): TextBody {
  const block = `<br>\r\n<div style="width:100%; height:20px"><span style="white-space:nowrap; color:#5F5F5F; opacity:.36">________________________________________________________________________________</span></div>\r\n${BLOB_OPEN}${mark}" lang="en-US"><div>Microsoft Teams meeting</div><div><a href="${joinUrl}">Join on your computer, mobile app or room device</a></div></div>`
  const content = body.content === '' ? wrapHtml(' ') : body.content
  return {
    contentType: 'html',
    content: content.includes('</body>')
      ? content.replace('</body>', `${block}\r\n</body>`)
      : content + block,
  }
}

function newUid(office: Office): string {
  const { store } = office
  const n = ++store.data.counter
  const hex = (salt: number): string =>
    [...codeOf(store.data.seed ^ salt, n, 8)]
      .map((c) => c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'))
      .join('')
  return `040000008200E00074C5B7101A82E00800000000${hex(1)}${hex(2)}${hex(3)}`
}

export interface Creation {
  readonly row: EventRow
  /** The same transactionId was used before: this is the event it made. */
  readonly repeated: boolean
}

export function createEvent(
  office: Office,
  mailbox: Mailbox,
  calendar: CalendarRow,
  input: EventInput,
): Creation {
  const { store } = office
  if (!calendar.canEdit) throw new GraphError(403, 'ErrorAccessDenied', 'The calendar is read-only.')
  const { fields, transactionId } = input
  if (transactionId !== null) {
    const existing = eventOfTransaction(mailbox, transactionId)
    if (existing !== undefined) return { row: existing, repeated: true }
  }
  if (fields.start === undefined || fields.end === undefined)
    throw invalidProperty('An event needs a start and an end.')
  const merged: EventFields = { ...EMPTY_EVENT, ...fields, start: fields.start, end: fields.end }
  if (fields.isAllDay === true && fields.showAs === undefined) merged.showAs = 'free'
  if (fields.isAllDay === true && fields.reminderMinutesBeforeStart === undefined)
    merged.reminderMinutesBeforeStart = 1080
  checkEvent(merged)
  const { person } = mailbox
  const uid = newUid(office)
  const row: EventRow = {
    ...store.stamp(),
    ...merged,
    body: storedBody(office, merged.body),
    calendar: calendar.key,
    iCalUId: uid,
    isOrganizer: true,
    organizer: { name: person.displayName, address: person.mail },
    response: { response: 'organizer', at: null },
    isCancelled: false,
    isDraft: false,
    transactionId,
    originalStartZone: merged.start.zone,
    originalEndZone: merged.end.zone,
    onlineMeeting: null,
    attachments: [],
    extended: input.extended ?? [],
    extensions: input.extensions ?? [],
    slot: null,
    exceptions: new Map(),
    cancelled: [],
  }
  if (row.isOnlineMeeting) addJoin(row)
  addEvent(store, mailbox, row)
  if (row.attendees.length > 0) meetings.invite(office, mailbox, row)
  afterWrite(office, mailbox, row)
  return { row, repeated: false }
}

function addJoin(row: EventRow): void {
  const mark = codeOf(0x7ea5, hashText(row.key), 12)
  const joinUrl = `https://teams.microsoft.com/l/meetup-join/19%3ameeting_${mark}%40thread.v2/0`
  if (row.onlineMeetingProvider === 'unknown') row.onlineMeetingProvider = 'teamsForBusiness'
  row.onlineMeeting = {
    joinUrl,
    blobMark: mark,
    conferenceId: String(100_000_000 + (hashText(mark) % 900_000_000)),
  }
  row.body = withJoinBlock(row.body, mark, joinUrl)
}

/** Work that the server does on its own after a write, and that moves the etag once more. */
function afterWrite(office: Office, mailbox: Mailbox, row: EventRow): void {
  if (office.store.switches.etagBumpAfterWrite && row.attendees.length > 0)
    office.store.bump(mailbox, 'event', eventsOf(mailbox, row.calendar), row)
}

/** Settles what a patch means for fields that hang together. */
function settle(office: Office, row: EventRow, input: EventInput): Partial<EventRow> {
  const patch: Partial<EventRow> = { ...input.fields }
  if (patch.body !== undefined) patch.body = storedBody(office, patch.body)
  if (patch.isOnlineMeeting === false && row.isOnlineMeeting) delete patch.isOnlineMeeting
  if (row.onlineMeeting !== null) {
    delete patch.onlineMeetingProvider
    // Whoever writes the body without the join block turns the meeting off.
    if (patch.body !== undefined && !patch.body.content.includes(row.onlineMeeting.blobMark)) {
      patch.isOnlineMeeting = false
      patch.onlineMeeting = null
      patch.onlineMeetingProvider = 'unknown'
    }
  }
  if (patch.attendees !== undefined) {
    const known = new Map(
      row.attendees.map((attendee) => [attendee.emailAddress.address.toLowerCase(), attendee]),
    )
    patch.attendees = patch.attendees.map((attendee) => {
      const old = known.get(attendee.emailAddress.address.toLowerCase())
      return old === undefined
        ? attendee
        : { ...attendee, response: old.response, respondedAt: old.respondedAt, proposed: old.proposed }
    })
  }
  if (input.extended !== undefined) patch.extended = mergeExtended(row.extended, input.extended)
  return patch
}

export function updateEvent(office: Office, mailbox: Mailbox, row: EventRow, input: EventInput): EventRow {
  const { store } = office
  const patch = settle(office, row, input)
  const merged = { ...row, ...patch }
  checkEvent(merged)
  const before = { ...row }
  if (row.recurrence !== null) {
    const patternChanged =
      (patch.recurrence !== undefined &&
        JSON.stringify(patch.recurrence) !== JSON.stringify(row.recurrence)) ||
      (patch.start !== undefined && patch.start.wall !== row.start.wall)
    if (patternChanged) {
      const keep = (slot: number): boolean =>
        merged.recurrence !== null &&
        !store.switches.patternChangeDropsExceptions &&
        hasDay(merged.recurrence, slot)
      patch.exceptions = new Map([...row.exceptions].filter(([slot]) => keep(slot)))
      patch.cancelled = row.cancelled.filter(keep)
    } else if (Object.keys(input.fields).length > 0) {
      patch.exceptions = new Map(
        [...row.exceptions].map(([slot, exception]) => [slot, inherit(exception, row, patch)]),
      )
    }
  }
  Object.assign(row, patch)
  if (row.isOnlineMeeting && row.onlineMeeting === null) addJoin(row)
  changedEvent(store, mailbox, row, before)
  if (row.isOrganizer) meetings.announce(office, mailbox, row, before, Object.keys(input.fields))
  afterWrite(office, mailbox, row)
  return row
}

/** An exception follows its master in what it had not changed itself. */
function inherit(exception: EventRow, master: EventRow, patch: Partial<EventRow>): EventRow {
  const next = { ...exception }
  for (const name of [
    'subject',
    'body',
    'location',
    'locations',
    'categories',
    'importance',
    'sensitivity',
    'showAs',
    'isReminderOn',
    'reminderMinutesBeforeStart',
    'attendees',
  ] as const) {
    if (patch[name] !== undefined && JSON.stringify(exception[name]) === JSON.stringify(master[name]))
      Object.assign(next, { [name]: patch[name] })
  }
  return next
}

/** The row that an exception is born with: the occurrence as the pattern gives it. */
function bearException(office: Office, instance: Instance): EventRow {
  const { master, slot } = instance
  const wall = slotWall(master, slot)
  const stamp = office.store.stamp()
  return {
    ...master,
    ...stamp,
    version: master.version,
    start: { wall, zone: master.start.zone },
    end:
      master.start.zone === master.end.zone
        ? { wall: wall + master.end.wall - master.start.wall, zone: master.end.zone }
        : { wall: (findZone(master.end.zone) ?? UTC).toWall(instance.end), zone: master.end.zone },
    recurrence: null,
    slot,
    exceptions: new Map(),
    cancelled: [],
    extended: [],
    extensions: [],
    transactionId: null,
  }
}

export function updateInstance(
  office: Office,
  mailbox: Mailbox,
  instance: Instance,
  input: EventInput,
): Instance {
  const { store } = office
  const { master, slot } = instance
  if (input.fields.recurrence) throw invalidProperty('An occurrence cannot have a recurrence of its own.')
  const exception = instance.exception ?? bearException(office, instance)
  const beforeException = { ...exception }
  const patch = settle(office, exception, input)
  delete patch.recurrence
  const next: EventRow = { ...exception, ...patch, recurrence: null, modified: store.now() }
  checkEvent(next)
  checkBoundary(master, slot, next)
  const before = { ...master }
  next.version = store.data.sequence + 1
  master.exceptions = new Map(master.exceptions).set(slot, next)
  const modified = master.modified
  changedEvent(store, mailbox, master, before)
  master.modified = modified
  if (next.isOrganizer)
    meetings.announceInstance(office, mailbox, master, slot, next, beforeException, Object.keys(input.fields))
  return { master, slot, exception: next, start: instantOf(next.start), end: instantOf(next.end) }
}

/** An occurrence may not move to or past the day of a neighbour. */
function checkBoundary(master: EventRow, slot: number, next: EventRow): void {
  const day = Math.floor((findZone(master.start.zone) ?? UTC).toWall(instantOf(next.start)) / DAY)
  if (day === slot) return
  const { before, after } = neighbours(master, slot)
  if ((before !== null && day <= before) || (after !== null && day >= after))
    throw new GraphError(
      400,
      'ErrorOccurrenceCrossingBoundary',
      'Modified occurrence is crossing or overlapping adjacent occurrence.',
    )
}

/** Deletes an event. An organizer's meeting is cancelled by mail; `silent` is for copies the server removes itself. */
export function deleteEvent(
  office: Office,
  mailbox: Mailbox,
  row: EventRow,
  comment = '',
  silent = false,
): void {
  removeEvent(office.store, mailbox, row)
  if (!silent && row.isOrganizer && row.attendees.length > 0 && !row.isCancelled)
    meetings.cancel(office, mailbox, row, null, comment)
}

export function deleteInstance(
  office: Office,
  mailbox: Mailbox,
  instance: Instance,
  comment = '',
  silent = false,
): void {
  const { master, slot } = instance
  const before = { ...master }
  const exceptions = new Map(master.exceptions)
  exceptions.delete(slot)
  master.exceptions = exceptions
  master.cancelled = [...master.cancelled, slot]
  changedEvent(office.store, mailbox, master, before)
  if (!silent && master.isOrganizer && master.attendees.length > 0)
    meetings.cancel(office, mailbox, master, slot, comment)
}

/** The instance with its present state, or the error that a client gets. */
export function requireInstance(master: EventRow, slot: number): Instance {
  const instance = instanceAt(master, slot)
  if (instance === undefined) throw itemNotFound()
  return instance
}
