import { canonicalEvent, type OccurrenceFields } from './canonical.ts'
import { readContentLines, splitValue, unescapeText, type ContentLine } from './content-lines.ts'
import type { Answer, Attendee, EventFields, EventTime, Item, PlainDate, Recurrence, Zone } from './item.ts'
import { isSlot } from './recurrence.ts'
import { fromRrule } from './rrule.ts'
import { cleanLine } from './text.ts'
import {
  addDays,
  atMidnight,
  dateOf,
  isPlainDate,
  isPlainDateTime,
  MINUTE_MS,
  parseInstant,
  timeOfDay,
  toInstant,
  toLocal,
  wallMs,
  wallTime,
} from './time.ts'
import { resolveZone } from './zones.ts'

/**
 * Reads events of an iCalendar file (RFC 5545). What does not fit (a rule that has no pattern, a zone that nobody
 * knows) is reported with its reason, event by event; nothing is taken over as something else.
 */
export interface CalendarImport {
  readonly events: readonly Item[]
  readonly problems: readonly ImportProblem[]
}
export interface ImportProblem {
  /** What a person recognises: the title, or a place in the file. */
  readonly what: string
  readonly reason: string
}

export const IMPORT_EVENTS_MAX = 50_000
export const IMPORT_PROBLEMS_MAX = 1_000

interface Component {
  readonly name: string
  readonly lines: ContentLine[]
  readonly parts: Component[]
}

/** `floating` is the zone for times that have none (a file may say it itself: `X-WR-TIMEZONE`). */
export function readIcalendar(text: string, floating: Zone): CalendarImport {
  const problems: ImportProblem[] = []
  const say = (what: string, reason: string): void => {
    if (problems.length < IMPORT_PROBLEMS_MAX) problems.push({ what, reason })
  }
  const lines = readContentLines(text, (line, reason) => say(`line ${line}`, reason))
  const { root, trouble } = components(lines)
  if (trouble !== null) say('the file', trouble)
  const calendars = root.parts.filter((part) => part.name === 'VCALENDAR')
  if (calendars.length === 0) say('the file', 'There is no calendar in it.')

  const events: Item[] = []
  for (const calendar of calendars) {
    const named = resolveZone(valueOf(calendar, 'X-WR-TIMEZONE'))
    const zones = new Zones(calendar, named.known ? named.zone : floating)
    const bySeries = new Map<string, Component[]>()
    calendar.parts.forEach((part, i) => {
      if (part.name !== 'VEVENT') return
      const uid = valueOf(part, 'UID') ?? `#${i}`
      const group = bySeries.get(uid)
      if (group === undefined) bySeries.set(uid, [part])
      else group.push(part)
    })
    for (const group of bySeries.values()) {
      if (events.length >= IMPORT_EVENTS_MAX) {
        say('the file', `It has more than ${IMPORT_EVENTS_MAX} events; the rest was not read.`)
        return { events, problems }
      }
      const title = cleanLine(unescapeText(valueOf(group[0], 'SUMMARY') ?? '')) || 'an event without a title'
      const read = readSeries(group, zones, (reason) => say(title, reason))
      if (read !== null) events.push(read)
    }
  }
  if (events.length === 0 && problems.length === 0) say('the file', 'There is no event in it.')
  return { events, problems }
}

const DEPTH_MAX = 8

function components(lines: readonly ContentLine[]): { root: Component; trouble: string | null } {
  const root: Component = { name: '', lines: [], parts: [] }
  const open = [root]
  for (const line of lines) {
    const here = open.at(-1) ?? root
    if (line.name === 'BEGIN') {
      if (open.length > DEPTH_MAX)
        return { root, trouble: `Line ${line.line}: nested too deeply; the rest was not read.` }
      const part: Component = { name: line.value.trim().toUpperCase(), lines: [], parts: [] }
      here.parts.push(part)
      open.push(part)
    } else if (line.name === 'END') {
      if (here.name !== line.value.trim().toUpperCase() || open.length === 1)
        return {
          root,
          trouble: `Line ${line.line}: "${line.value.slice(0, 40)}" ends and never began; the rest was not read.`,
        }
      open.pop()
    } else here.lines.push(line)
  }
  return { root, trouble: open.length > 1 ? 'It ends in the middle; it may have been cut off.' : null }
}

const lineOf = (component: Component | undefined, name: string): ContentLine | undefined =>
  component?.lines.find((line) => line.name === name)
const valueOf = (component: Component | undefined, name: string): string | undefined =>
  lineOf(component, name)?.value
const textOf = (component: Component, name: string): string => unescapeText(valueOf(component, name) ?? '')

/** What cannot be taken over, with the sentence that says why. Caught in `readSeries`. */
class Misfit extends Error {}

/** A file's own names for zones; many are paths that end in an IANA name. */
class Zones {
  readonly #own = new Map<string, string>()
  readonly floating: Zone
  constructor(calendar: Component, floating: Zone) {
    this.floating = floating
    for (const part of calendar.parts) {
      const id = part.name === 'VTIMEZONE' ? valueOf(part, 'TZID') : undefined
      const location = valueOf(part, 'X-LIC-LOCATION')
      if (id !== undefined && location !== undefined) this.#own.set(id, location)
    }
  }
  resolve(id: string): Zone {
    const path = id.split('/')
    for (const name of [id, this.#own.get(id), path.slice(-2).join('/'), path.slice(-3).join('/')]) {
      const answer = resolveZone(name)
      if (answer.known) return answer.zone
    }
    throw new Misfit(`Its time zone "${id.slice(0, 60)}" is not known here.`)
  }
}

function readSeries(group: readonly Component[], zones: Zones, say: (reason: string) => void): Item | null {
  try {
    const masters = group.filter((part) => lineOf(part, 'RECURRENCE-ID') === undefined)
    const [master] = masters
    if (master === undefined) throw new Misfit('It is one occurrence of a series that is not in the file.')
    // Copies of one event: the one with the highest sequence is the newest.
    const newest = masters.reduce((a, b) => (sequenceOf(b) > sequenceOf(a) ? b : a), master)
    const time = timeOf(newest, zones)
    const recurrence = recurrenceOf(newest, time)
    const occurrences: { [slot: PlainDate]: OccurrenceFields } = {}
    if (recurrence !== null) {
      for (const line of newest.lines)
        if (line.name === 'EXDATE')
          for (const value of line.value.split(',')) {
            const slot = slotOf({ ...line, value }, time, zones)
            if (slot !== null && isSlot(recurrence, slot)) occurrences[slot] = { cancelled: true }
          }
      for (const part of group) {
        const id = lineOf(part, 'RECURRENCE-ID')
        if (id === undefined) continue
        const slot = slotOf(id, time, zones)
        if (slot === null || !isSlot(recurrence, slot)) {
          say(`The exception of ${id.value.slice(0, 20)} is on no date of the series; it was left out.`)
          continue
        }
        occurrences[slot] = { ...fieldsOf(part, zones), time: timeOf(part, zones) }
      }
    }
    const { organizer, ...fields } = fieldsOf(newest, zones)
    const uid = valueOf(newest, 'UID')
    const createdAt = instantOf(valueOf(newest, 'CREATED'))
    const modifiedAt = instantOf(valueOf(newest, 'LAST-MODIFIED'))
    const answer = canonicalEvent(
      { ...fields, ...(organizer !== undefined && { organizer }), time, recurrence },
      {
        occurrences,
        facts: {
          ...(uid !== undefined && { iCalUId: uid }),
          ...(createdAt !== null && { createdAt }),
          ...(modifiedAt !== null && { modifiedAt }),
        },
      },
    )
    if (!answer.ok) throw new Misfit(answer.reason)
    return answer.item
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    say(error.message)
    return null
  }
}

const sequenceOf = (part: Component): number => Number(valueOf(part, 'SEQUENCE') ?? '0') || 0

interface Stamp {
  readonly allDay: boolean
  /** A date, or a wall time. */
  readonly local: string
  readonly zone: Zone
}

function stampOf(line: ContentLine, zones: Zones): Stamp {
  const value = line.value.trim()
  const found = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?$/.exec(value)
  const date = found === null ? '' : `${found[1] ?? ''}-${found[2] ?? ''}-${found[3] ?? ''}`
  if (found === null || !isPlainDate(date)) throw new Misfit(`"${value.slice(0, 40)}" is no date.`)
  if (found[4] === undefined) return { allDay: true, local: date, zone: 'UTC' }
  // A leap second is the second before it to a calendar.
  const second = found[6] === undefined ? '00' : found[6] === '60' ? '59' : found[6]
  const local = `${date}T${found[4]}:${found[5] ?? '00'}:${second}`
  if (!isPlainDateTime(local)) throw new Misfit(`"${value.slice(0, 40)}" is no time.`)
  const id = line.params['TZID']
  return {
    allDay: false,
    local,
    zone: found[7] !== undefined ? 'UTC' : id === undefined ? zones.floating : zones.resolve(id),
  }
}

function timeOf(part: Component, zones: Zones): EventTime {
  const startLine = lineOf(part, 'DTSTART')
  if (startLine === undefined) throw new Misfit('It has no start.')
  const start = stampOf(startLine, zones)
  const endLine = lineOf(part, 'DTEND')
  const duration = valueOf(part, 'DURATION')
  const end = endLine === undefined ? null : stampOf(endLine, zones)
  const wholeDays = valueOf(part, 'X-MICROSOFT-CDO-ALLDAYEVENT')?.toUpperCase() === 'TRUE'
  if (start.allDay || (wholeDays && timeOfDay(start.local) === '00:00:00')) {
    const from = dateOf(start.local)
    const to =
      end !== null
        ? dateOf(end.local)
        : addDays(from, Math.max(1, Math.ceil(durationMinutes(duration ?? 'P1D') / 1440)))
    return { allDay: true, start: from, end: to > from ? to : addDays(from, 1) }
  }
  if (end === null) {
    const minutes = duration === undefined ? 0 : durationMinutes(duration)
    return {
      allDay: false,
      start: start.local,
      end: wallTime(wallMs(start.local) + minutes * MINUTE_MS),
      zone: start.zone,
    }
  }
  const endLocal = end.allDay ? atMidnight(end.local) : end.local
  const endZone = end.allDay ? start.zone : end.zone
  return {
    allDay: false,
    start: start.local,
    end: endLocal,
    zone: start.zone,
    ...(endZone !== start.zone && { endZone }),
  }
}

/** Minutes of `P1DT2H30M`, `-PT15M`, `P2W`; the sign is kept. */
function durationMinutes(text: string): number {
  const found =
    /^([+-])?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$/.exec(
      text.trim().toUpperCase(),
    )
  if (found === null) throw new Misfit(`"${text.slice(0, 40)}" is no length of time.`)
  const [, sign, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found
  const total =
    ((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 60 +
    Number(minutes) +
    Math.round(Number(seconds) / 60)
  return sign === '-' ? -total : total
}

function recurrenceOf(part: Component, time: EventTime): Recurrence | null {
  const rules = part.lines.filter((line) => line.name === 'RRULE')
  if (part.lines.some((line) => line.name === 'RDATE' || line.name === 'EXRULE'))
    throw new Misfit('It repeats on single dates beside a rule; Outlook has no pattern for that.')
  const [rule] = rules
  if (rule === undefined) return null
  if (rules.length > 1) throw new Misfit('It repeats by several rules; Outlook takes one.')
  const answer = fromRrule(rule.value.trim(), time)
  if (!answer.ok) throw new Misfit(answer.reason)
  if (!isSlot(answer.recurrence, dateOf(time.start)))
    throw new Misfit('Its first date does not fit its own rule.')
  return answer.recurrence
}

/** The date of a slot in the series' zone; null when it cannot be read. */
function slotOf(line: ContentLine, time: EventTime, zones: Zones): PlainDate | null {
  const stamp = stampOf(line, zones)
  if (stamp.allDay || time.allDay || stamp.zone === time.zone) return dateOf(stamp.local)
  return dateOf(toLocal(toInstant(stamp.local, stamp.zone), time.zone))
}

function instantOf(value: string | undefined): number | null {
  const found = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(value?.trim() ?? '')
  return found === null
    ? null
    : parseInstant(
        `${found[1] ?? ''}-${found[2] ?? ''}-${found[3] ?? ''}T${found[4] ?? ''}:${found[5] ?? ''}:${found[6] ?? ''}Z`,
      )
}

const busy: { readonly [status: string]: EventFields['showAs'] } = {
  FREE: 'free',
  TENTATIVE: 'tentative',
  BUSY: 'busy',
  OOF: 'oof',
  WORKINGELSEWHERE: 'workingElsewhere',
}
const classes: { readonly [name: string]: EventFields['sensitivity'] } = {
  PRIVATE: 'private',
  CONFIDENTIAL: 'confidential',
  PERSONAL: 'personal',
}
const answersBy: { readonly [status: string]: Answer } = {
  ACCEPTED: 'accepted',
  TENTATIVE: 'tentative',
  DECLINED: 'declined',
}

type Imported = Omit<Partial<EventFields>, 'time' | 'recurrence'>

function fieldsOf(part: Component, zones: Zones): Imported {
  const upper = (name: string): string => (valueOf(part, name) ?? '').trim().toUpperCase()
  const organizer = lineOf(part, 'ORGANIZER')
  const attendees: Attendee[] = []
  const answers: { [email: string]: Answer } = {}
  for (const line of part.lines) {
    if (line.name !== 'ATTENDEE') continue
    const email = line.value
      .trim()
      .replace(/^mailto:/i, '')
      .toLowerCase()
    attendees.push({ email, name: line.params['CN'] ?? '', type: attendeeType(line) })
    const answer = answersBy[line.params['PARTSTAT']?.toUpperCase() ?? '']
    if (answer !== undefined) answers[email] = answer
  }
  const joinUrl = valueOf(part, 'X-MICROSOFT-SKYPETEAMSMEETINGURL') ?? valueOf(part, 'X-GOOGLE-CONFERENCE')
  const html = part.lines.find(
    (line) => line.name === 'X-ALT-DESC' && line.params['FMTTYPE']?.toLowerCase() === 'text/html',
  )
  return {
    subject: textOf(part, 'SUMMARY'),
    body:
      html !== undefined
        ? { type: 'html', content: unescapeText(html.value) }
        : { type: 'text', content: textOf(part, 'DESCRIPTION') },
    location: textOf(part, 'LOCATION'),
    attendees,
    answers,
    ...(organizer !== undefined && {
      organizer: { email: organizer.value, name: organizer.params['CN'] ?? '' },
    }),
    reminder: reminderOf(part, zones),
    showAs:
      busy[upper('X-MICROSOFT-CDO-BUSYSTATUS')] ??
      (upper('TRANSP') === 'TRANSPARENT' ? 'free' : upper('STATUS') === 'TENTATIVE' ? 'tentative' : 'busy'),
    sensitivity: classes[upper('CLASS')] ?? 'normal',
    importance: importanceOf(Number(valueOf(part, 'PRIORITY') ?? '0')),
    categories: part.lines
      .filter((line) => line.name === 'CATEGORIES')
      .flatMap((line) => splitValue(line.value, ',')),
    onlineMeeting: joinUrl === undefined ? null : { provider: 'unknown', joinUrl: joinUrl.trim() },
    cancelled: upper('STATUS') === 'CANCELLED',
  }
}

function attendeeType({ params }: ContentLine): Attendee['type'] {
  if (['ROOM', 'RESOURCE'].includes(params['CUTYPE']?.toUpperCase() ?? '')) return 'resource'
  return ['OPT-PARTICIPANT', 'NON-PARTICIPANT'].includes(params['ROLE']?.toUpperCase() ?? '')
    ? 'optional'
    : 'required'
}

const importanceOf = (priority: number): EventFields['importance'] =>
  priority >= 1 && priority <= 4 ? 'high' : priority >= 6 && priority <= 9 ? 'low' : 'normal'

/** Minutes before the start of the first alarm that is told relative to it; others cannot be kept. */
function reminderOf(part: Component, zones: Zones): number | null {
  for (const alarm of part.parts) {
    const trigger = alarm.name === 'VALARM' ? lineOf(alarm, 'TRIGGER') : undefined
    if (trigger === undefined || trigger.params['RELATED']?.toUpperCase() === 'END') continue
    if (trigger.params['VALUE']?.toUpperCase() === 'DATE-TIME') {
      const start = lineOf(part, 'DTSTART')
      const at = stampOf(trigger, zones)
      if (start === undefined) continue
      const begins = stampOf(start, zones)
      if (begins.allDay || at.allDay) continue
      const minutes = (toInstant(begins.local, begins.zone) - toInstant(at.local, at.zone)) / MINUTE_MS
      if (minutes >= 0) return Math.round(minutes)
      continue
    }
    const minutes = -durationMinutes(trigger.value)
    if (minutes >= 0) return minutes
  }
  return null
}
