/**
 * Meetings between mailboxes: what an organizer does reaches the copies of the attendees, answers come back, and
 * each mail is posted once. Source: "Update event" (who is mailed), "event: accept/decline/cancel".
 */
import type { Attendee, EventRow, Moment, ResponseType } from './event-model.ts'
import { addEvent, changedEvent, copyOfMeeting } from './event-store.ts'
import type { Recipient } from './item-parts.ts'
import { post, type Office, type Posting } from './office.ts'
import type { Mailbox } from './state.ts'

/** Fields whose change an organizer's attendees are told about. Reminders, categories and the like are private. */
const MAILED = [
  'subject',
  'body',
  'start',
  'end',
  'isAllDay',
  'location',
  'locations',
  'recurrence',
  'isOnlineMeeting',
] as const

const recipient = (attendee: Attendee): Recipient => ({ emailAddress: attendee.emailAddress })
const lower = (attendee: Attendee): string => attendee.emailAddress.address.toLowerCase()

/** Attendees other than the organizer, who is not mailed even when listed. */
function others(mailbox: Mailbox, attendees: readonly Attendee[]): Attendee[] {
  return attendees.filter((attendee) => lower(attendee) !== mailbox.person.mail.toLowerCase())
}

function calendarOf(mailbox: Mailbox): string | undefined {
  for (const row of mailbox.calendars.rows) if (row?.isDefault) return row.key
  return undefined
}

/** What a copy takes from the organizer's event. */
function shared(row: EventRow): Partial<EventRow> {
  return {
    subject: row.subject,
    body: row.body,
    start: row.start,
    end: row.end,
    isAllDay: row.isAllDay,
    location: row.location,
    locations: row.locations,
    attendees: row.hideAttendees ? [] : row.attendees,
    recurrence: row.recurrence,
    importance: row.importance,
    sensitivity: row.sensitivity,
    responseRequested: row.responseRequested,
    allowNewTimeProposals: row.allowNewTimeProposals,
    hideAttendees: row.hideAttendees,
    isOnlineMeeting: row.isOnlineMeeting,
    onlineMeetingProvider: row.onlineMeetingProvider,
    onlineMeeting: row.onlineMeeting,
    cancelled: row.cancelled,
  }
}

function copyExceptions(copy: EventRow, row: EventRow): ReadonlyMap<number, EventRow> {
  return new Map(
    [...row.exceptions].map(([slot, exception]) => {
      const own = copy.exceptions.get(slot)
      return [
        slot,
        {
          ...(own ?? copy),
          ...shared(exception),
          recurrence: null,
          slot,
          key: own?.key ?? exception.key,
          version: exception.version,
          modified: exception.modified,
          exceptions: new Map(),
          cancelled: [],
        },
      ]
    }),
  )
}

/** Puts the meeting into each attendee's calendar, or brings the copy up to date. Keys of the copies by object id. */
function deliver(
  office: Office,
  row: EventRow,
  attendees: readonly Attendee[],
  askAgain: boolean,
): Map<string, string> {
  const { store } = office
  const copies = new Map<string, string>()
  const actor = store.actor
  store.actor = 'system'
  for (const attendee of attendees) {
    const mailbox = store.mailboxOf(attendee.emailAddress.address)
    if (mailbox === undefined || mailbox.gone) continue
    const existing = copyOfMeeting(mailbox, row.iCalUId)
    if (existing !== undefined) {
      const before = { ...existing }
      Object.assign(existing, shared(row), { isCancelled: false })
      existing.exceptions = copyExceptions(existing, row)
      if (askAgain) existing.response = { response: 'notResponded', at: null }
      changedEvent(store, mailbox, existing, before)
      copies.set(mailbox.person.id, existing.key)
      continue
    }
    const calendar = calendarOf(mailbox)
    if (calendar === undefined) continue
    const copy: EventRow = {
      ...row,
      ...shared(row),
      ...store.stamp(),
      calendar,
      isOrganizer: false,
      response: { response: 'notResponded', at: null },
      showAs: 'tentative',
      categories: [],
      isReminderOn: true,
      reminderMinutesBeforeStart: 15,
      transactionId: null,
      extended: [],
      extensions: [],
      exceptions: new Map(),
    }
    copy.exceptions = copyExceptions(copy, row)
    addEvent(store, mailbox, copy)
    copies.set(mailbox.person.id, copy.key)
  }
  store.actor = actor
  return copies
}

function tell(
  office: Office,
  mailbox: Mailbox,
  row: EventRow,
  kind: Posting['kind'],
  attendees: readonly Attendee[],
  subject: string,
  text: string,
  copies: ReadonlyMap<string, string>,
): void {
  post(office, {
    kind,
    from: mailbox,
    to: attendees.map(recipient),
    subject,
    about: row.iCalUId,
    text,
    copies,
  })
}

/** The organizer made a meeting. */
export function invite(office: Office, mailbox: Mailbox, row: EventRow): void {
  const attendees = others(mailbox, row.attendees)
  const copies = deliver(office, row, attendees, false)
  tell(office, mailbox, row, 'meetingRequest', attendees, row.subject, row.body.content, copies)
}

/**
 * The organizer changed a meeting. Only attendees written: the new ones are invited, the dropped ones are told.
 * Anything else that attendees see: everybody is told. Nothing of the kind: nobody.
 */
export function announce(
  office: Office,
  mailbox: Mailbox,
  row: EventRow,
  before: EventRow,
  written: readonly string[],
): void {
  const now = others(mailbox, row.attendees)
  const then = others(mailbox, before.attendees)
  const had = new Set(then.map(lower))
  const has = new Set(now.map(lower))
  const added = now.filter((attendee) => !had.has(lower(attendee)))
  const dropped = then.filter((attendee) => !has.has(lower(attendee)))
  if (dropped.length > 0) withdraw(office, mailbox, row, dropped, null, '')
  const changed = MAILED.some(
    (name) => written.includes(name) && JSON.stringify(row[name]) !== JSON.stringify(before[name]),
  )
  if (!changed) {
    if (added.length === 0) return
    const copies = deliver(office, row, added, false)
    tell(office, mailbox, row, 'meetingRequest', added, row.subject, row.body.content, copies)
    return
  }
  if (now.length === 0) return
  const moved =
    JSON.stringify([row.start, row.end, row.recurrence]) !==
    JSON.stringify([before.start, before.end, before.recurrence])
  if (moved) forgetAnswers(row)
  const copies = deliver(office, row, now, moved)
  tell(office, mailbox, row, 'meetingUpdate', now, row.subject, row.body.content, copies)
  // A series with parts that were changed by themselves is mailed once for the whole and once for each such part.
  for (const exception of row.exceptions.values())
    tell(office, mailbox, row, 'meetingUpdate', now, exception.subject, exception.body.content, copies)
}

function forgetAnswers(row: EventRow): void {
  row.attendees = row.attendees.map((attendee) =>
    attendee.response === 'organizer'
      ? attendee
      : { ...attendee, response: 'none', respondedAt: null, proposed: null },
  )
}

/** The organizer changed one occurrence. */
export function announceInstance(
  office: Office,
  mailbox: Mailbox,
  master: EventRow,
  _slot: number,
  next: EventRow,
  before: EventRow,
  written: readonly string[],
): void {
  const attendees = others(mailbox, next.attendees)
  const changed =
    MAILED.some(
      (name) => written.includes(name) && JSON.stringify(next[name]) !== JSON.stringify(before[name]),
    ) ||
    (written.includes('attendees') && JSON.stringify(next.attendees) !== JSON.stringify(before.attendees))
  if (!changed || attendees.length === 0) return
  const copies = deliver(office, master, attendees, false)
  tell(office, mailbox, master, 'meetingUpdate', attendees, next.subject, next.body.content, copies)
}

/** Marks the copies of people who are no longer invited as cancelled, and tells them. */
function withdraw(
  office: Office,
  mailbox: Mailbox,
  row: EventRow,
  attendees: readonly Attendee[],
  slot: number | null,
  comment: string,
): void {
  const { store } = office
  const copies = new Map<string, string>()
  const actor = store.actor
  store.actor = 'system'
  for (const attendee of attendees) {
    const theirs = store.mailboxOf(attendee.emailAddress.address)
    const copy = theirs === undefined ? undefined : copyOfMeeting(theirs, row.iCalUId)
    if (theirs === undefined || copy === undefined) continue
    copies.set(theirs.person.id, copy.key)
    const before = { ...copy }
    if (slot === null) {
      copy.isCancelled = true
      if (!copy.subject.startsWith('Canceled: ')) copy.subject = `Canceled: ${copy.subject}`
      copy.showAs = 'free'
    } else {
      copy.cancelled = [...copy.cancelled, slot]
      copy.exceptions = new Map([...copy.exceptions].filter(([at]) => at !== slot))
    }
    changedEvent(store, theirs, copy, before)
  }
  store.actor = actor
  tell(office, mailbox, row, 'meetingCancellation', attendees, `Canceled: ${row.subject}`, comment, copies)
}

/** The organizer called a meeting, or one occurrence of it, off. */
export function cancel(
  office: Office,
  mailbox: Mailbox,
  row: EventRow,
  slot: number | null,
  comment: string,
): void {
  withdraw(office, mailbox, row, others(mailbox, row.attendees), slot, comment)
}

export interface Reply {
  readonly response: Extract<ResponseType, 'accepted' | 'tentativelyAccepted' | 'declined'>
  readonly comment: string
  readonly send: boolean
  readonly proposed: { readonly start: Moment; readonly end: Moment } | null
}

const WORDS = { accepted: 'Accepted', tentativelyAccepted: 'Tentative', declined: 'Declined' } as const

/** Tells the organizer; `row` is the attendee's own copy, already answered. */
export function respond(
  office: Office,
  mailbox: Mailbox,
  row: EventRow,
  slot: number | null,
  reply: Reply,
): void {
  if (!reply.send) return
  const { store } = office
  const organizer = store.mailboxOf(row.organizer.address)
  const original = organizer === undefined ? undefined : copyOfMeeting(organizer, row.iCalUId)
  const copies = new Map<string, string>()
  if (organizer !== undefined && original !== undefined) {
    const actor = store.actor
    store.actor = 'system'
    const me = mailbox.person.mail.toLowerCase()
    const before = { ...original }
    const answered = (attendees: readonly Attendee[]): Attendee[] =>
      attendees.map((attendee) =>
        lower(attendee) === me
          ? { ...attendee, response: reply.response, respondedAt: store.now(), proposed: reply.proposed }
          : attendee,
      )
    const exception = slot === null ? undefined : original.exceptions.get(slot)
    if (slot !== null && exception !== undefined)
      original.exceptions = new Map(original.exceptions).set(slot, {
        ...exception,
        attendees: answered(exception.attendees),
      })
    else if (slot === null) original.attendees = answered(original.attendees)
    changedEvent(store, organizer, original, before)
    copies.set(organizer.person.id, original.key)
    store.actor = actor
  }
  post(office, {
    kind: 'meetingResponse',
    from: mailbox,
    to: [{ emailAddress: row.organizer }],
    subject: `${WORDS[reply.response]}: ${row.subject}`,
    about: row.iCalUId,
    text: reply.comment,
    copies,
    response: reply.response,
  })
}
