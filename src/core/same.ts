import {
  parseGroup,
  type Address,
  type Attendee,
  type Body,
  type EventTime,
  type Json,
  type Recurrence,
} from './item.ts'
import { lastSlot } from './recurrence.ts'
import { stableJson } from './stable-json.ts'
import { cleanLine, sameBody } from './text.ts'
import { sameZone } from './zones.ts'

/**
 * Whether two canonical values of a field group are the same to a person. What a system normalises on its own (HTML,
 * Windows' zone names, the display names of a directory) is no difference, so that it is never written back.
 * SPEC.md section C.
 *
 * Undefined ("not reported", or "no exception" in an occurrence group) is the same only as undefined.
 */
export function sameValue(group: string, a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  const compare = comparisons[parseGroup(group).name]
  if (compare === undefined || a === null || b === null) {
    // A body may be empty in two ways.
    if (compare === sameBodies) return compare(a, b)
    return a !== null && b !== null && stableJson(a) === stableJson(b)
  }
  return compare(a, b) || stableJson(a) === stableJson(b)
}

type Comparison = (a: Json, b: Json) => boolean
const as = <T>(value: Json): T => value as unknown as T

const sameBodies: Comparison = (a, b) => sameBody(as<Body | null>(a), as<Body | null>(b))
const sameLine: Comparison = (a, b) =>
  typeof a === 'string' && typeof b === 'string' && cleanLine(a) === cleanLine(b)

/** The directory's name for a person replaces what was written; only who it is counts. */
const samePerson: Comparison = (a, b) => as<Address>(a).email === as<Address>(b).email

const samePeople: Comparison = (a, b) => {
  const ours = as<readonly Address[]>(a)
  const theirs = as<readonly Address[]>(b)
  if (ours.length !== theirs.length) return false
  const emails = new Set(theirs.map((person) => person.email))
  return ours.every((person) => emails.has(person.email))
}

/** Both sorted by email. */
const sameAttendees: Comparison = (a, b) => {
  const ours = as<readonly Attendee[]>(a)
  const theirs = as<readonly Attendee[]>(b)
  return (
    ours.length === theirs.length &&
    ours.every((one, i) => one.email === theirs[i]?.email && one.type === theirs[i]?.type)
  )
}

const sameTime: Comparison = (a, b) => {
  const ours = as<EventTime>(a)
  const theirs = as<EventTime>(b)
  if (ours.start !== theirs.start || ours.end !== theirs.end) return false
  if (ours.allDay || theirs.allDay) return ours.allDay === theirs.allDay
  return (
    sameZone(ours.zone, theirs.zone) && sameZone(ours.endZone ?? ours.zone, theirs.endZone ?? theirs.zone)
  )
}

const sameMoment: Comparison = (a, b) => {
  const ours = as<{ at: string; zone: string }>(a)
  const theirs = as<{ at: string; zone: string }>(b)
  return ours.at === theirs.at && sameZone(ours.zone, theirs.zone)
}

/**
 * The same occurrences, and the same kind of end. The first day of the week decides nothing when there is no week
 * between; an end date after the last occurrence is the same as on it.
 */
const sameRecurrence: Comparison = (a, b) => {
  const ours = as<Recurrence>(a)
  const theirs = as<Recurrence>(b)
  if (ours.range.type !== theirs.range.type || ours.range.start !== theirs.range.start) return false
  if (patternKey(ours) !== patternKey(theirs)) return false
  if (ours.range.type === 'numbered' && theirs.range.type === 'numbered')
    return ours.range.count === theirs.range.count
  return lastSlot(ours) === lastSlot(theirs)
}

function patternKey({ pattern }: Recurrence): string {
  if (pattern.type !== 'weekly' || pattern.interval > 1)
    return stableJson(as<Json>(pattern as unknown as Json))
  return `weekly:${pattern.days.join()}`
}

/** Groups that are not here are the same when their JSON is. */
const comparisons: { readonly [group: string]: Comparison | undefined } = {
  subject: sameLine,
  location: sameLine,
  body: sameBodies,
  time: sameTime,
  recurrence: sameRecurrence,
  attendees: sameAttendees,
  organizer: samePerson,
  from: samePerson,
  to: samePeople,
  cc: samePeople,
  bcc: samePeople,
  reminder: (a, b) => typeof a === 'object' && sameMoment(a, b),
}
