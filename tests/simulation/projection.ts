import { ZONE } from './values.ts'

/**
 * Plain projections of both sides, for comparing. Written against Graph's published resource shapes on one side and
 * the documented canonical form on the other; it imports nothing of the engine, the connector or the emulator.
 */
type Bag = Readonly<Record<string, unknown>>
const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {})
const text = (value: unknown): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The story's name of an item is the first word of its subject: `i3 s17z` is item `i3`, also when it was called off. */
export const nameOf = (subject: string): string => subject.replace(CALLED_OFF, '').split(' ')[0] ?? ''
/** What Exchange writes in front of the title of a meeting that was called off. */
const CALLED_OFF = /^Canceled: /

const strip = (html: string): string =>
  html
    .replace(/<head[\s\S]*?<\/head>/gi, '')
    .replace(/<[^>]*>/g, '')
    .replace(/&nbsp;/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

const berlin = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' })
/** An instant as Berlin wall time: `2026-03-29T14:00:00`. */
function wall(instant: number): string {
  let known = walls.get(instant)
  if (known === undefined) walls.set(instant, (known = berlin.format(instant).replace(' ', 'T')))
  return known
}
/** Formatting costs more than all the rest of a projection; instants are few. */
const walls = new Map<number, string>()

export function graphTime(event: Bag): string {
  const start = text(bag(event['start'])['dateTime']).slice(0, 19)
  const end = text(bag(event['end'])['dateTime']).slice(0, 19)
  if (event['isAllDay'] === true) return `${start.slice(0, 10)}..${end.slice(0, 10)}`
  const zoned = (value: string, zone: string): string =>
    zone === 'UTC' || zone === '' ? wall(Date.parse(`${value}Z`)) : value
  return `${zoned(start, text(bag(event['start'])['timeZone']))}..${zoned(end, text(bag(event['end'])['timeZone']))}`
}

const addressOf = (attendee: unknown): string =>
  text(bag(bag(attendee)['emailAddress'])['address']).toLowerCase()

/** Graph has several words for somebody who did not answer. */
function answered(status: unknown): string {
  const said = text(bag(status)['response'])
  if (said === 'tentativelyAccepted') return 'tentative'
  return said === 'accepted' || said === 'declined' ? said : 'none'
}

export function graphEvent(event: Bag): Record<string, string> {
  return {
    subject: text(event['subject']),
    body: strip(text(bag(event['body'])['content'])),
    location: text(bag(event['location'])['displayName']),
    time: graphTime(event),
    categories: list(event['categories']).map(text).sort().join(','),
    reminder: event['isReminderOn'] === true ? text(event['reminderMinutesBeforeStart']) : '',
    showAs: text(event['showAs']),
    importance: text(event['importance']),
    attendees: list(event['attendees']).map(addressOf).sort().join(','),
    answer: event['isOrganizer'] === false ? answered(event['responseStatus']) : 'none',
    answers: list(event['attendees'])
      .map((attendee) => [addressOf(attendee), answered(bag(attendee)['status'])])
      .filter(([, answer]) => answer !== 'none')
      .map((pair) => pair.join(':'))
      .sort()
      .join(','),
  }
}

export function crmTime(time: Bag): string {
  if (time['allDay'] === true) return `${text(time['start'])}..${text(time['end'])}`
  return `${text(time['start'])}..${text(time['end'])}`
}

export function crmEvent(fields: Bag): Record<string, string> {
  return {
    subject: text(fields['subject']),
    body: strip(text(bag(fields['body'])['content'])),
    location: text(fields['location']),
    time: crmTime(bag(fields['time'])),
    categories: list(fields['categories']).map(text).sort().join(','),
    reminder: fields['reminder'] === null || fields['reminder'] === undefined ? '' : text(fields['reminder']),
    showAs: text(fields['showAs']),
    importance: text(fields['importance']),
    attendees: list(fields['attendees'])
      .map((attendee) => text(bag(attendee)['email']).toLowerCase())
      .sort()
      .join(','),
    answer: text(fields['answer']),
    answers: Object.entries(bag(fields['answers']))
      .filter(([, answer]) => answer !== 'none')
      .map((pair) => pair.join(':').toLowerCase())
      .sort()
      .join(','),
  }
}

/** `task` with its `checklistItems` expanded, read with `Prefer: outlook.timezone` of the mailbox's zone. */
export function graphTask(task: Bag): Record<string, string> {
  const due = text(bag(task['dueDateTime'])['dateTime'])
  return {
    subject: text(task['title']),
    body: strip(text(bag(task['body'])['content'])),
    due: due === '' ? '' : due.slice(0, 10),
    categories: list(task['categories']).map(text).sort().join(','),
    steps: list(task['checklistItems'])
      .map((step) => `${text(bag(step)['displayName'])}:${bag(step)['isChecked'] === true ? 'done' : 'open'}`)
      .sort()
      .join(','),
    importance: text(task['importance']),
    status: text(task['status']),
  }
}

export function crmTask(fields: Bag): Record<string, string> {
  return {
    subject: text(fields['subject']),
    body: strip(text(bag(fields['body'])['content'])),
    due: text(fields['due']),
    categories: list(fields['categories']).map(text).sort().join(','),
    steps: list(fields['steps'])
      .map((step) => `${text(bag(step)['title'])}:${bag(step)['done'] === true ? 'done' : 'open'}`)
      .sort()
      .join(','),
    importance: text(fields['importance']),
    status: text(fields['status']),
  }
}
