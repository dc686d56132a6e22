/** Writing single occurrences of a series: each is found by its slot, compared with what was read, and written alone. */
import {
  eventFields,
  occurrenceGroup,
  parseGroup,
  type EventFields,
  type Fields,
  type Item,
  type Json,
  type PlainDate,
} from '../../core/item.ts'
import { isSlot } from '../../core/recurrence.ts'
import { sameValue } from '../../core/same.ts'
import { timeOfSlot } from '../../core/series.ts'
import { addDays, dateOf } from '../../core/time.ts'
import type { CollectionRef } from '../connector.ts'
import { isObject, isSuccess, type Answer } from './answers.ts'
import { eventBody, isPatched } from './calendar-body.ts'
import type { Loaded } from './calendar.ts'
import { parseEvent, type ParsedEvent } from './calendar-wire.ts'
import { answerRequest } from './meeting-answer.ts'
import type { Ask } from './rounds.ts'
import { OCCURRENCE_GROUPS, ownGroups, slotAt } from './series.ts'
import { listOf } from './wire.ts'

type Found = Extract<Loaded, { kind: 'found' }>

export type Trouble =
  /** Microsoft did not take it, or nobody knows whether it did. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'stale' }
  | { readonly kind: 'impossible'; readonly reason: string; readonly code: string }

/**
 * Brings the slots named in `wanted` to the state that `whole` gives them. Slots that the pattern no longer has are left
 * alone: the item that is read back afterwards shows that they are gone.
 */
export async function writeOccurrences(
  ask: Ask,
  series: Found,
  wanted: Fields,
  whole: Item,
  collection: CollectionRef,
  options: { readonly sendResponses: boolean },
): Promise<Trouble | null> {
  const { recurrence } = series.event.fields
  if (recurrence === null)
    return {
      kind: 'impossible',
      code: 'no-series',
      reason: 'The event no longer repeats in Outlook, so a single occurrence cannot be changed.',
    }
  const slots = new Set(Object.keys(wanted).flatMap((group) => parseGroup(group).slot ?? []))
  for (const slot of [...slots].sort()) {
    if (!isSlot(recurrence, slot)) continue
    const trouble = await writeOccurrence(ask, series, slot, wanted, whole, collection, options)
    if (trouble !== null) return trouble
  }
  return null
}

async function writeOccurrence(
  ask: Ask,
  series: Found,
  slot: PlainDate,
  wanted: Fields,
  whole: Item,
  collection: CollectionRef,
  options: { readonly sendResponses: boolean },
): Promise<Trouble | null> {
  const target = (group: string): Json | undefined => {
    const name = occurrenceGroup(slot, group)
    return name in wanted && wanted[name] !== null ? wanted[name] : whole.fields[name]
  }
  const present = (group: string): Json | undefined => series.item.fields[occurrenceGroup(slot, group)]
  const isOut = present('cancelled') === true
  const shouldBeOut = target('cancelled') === true
  if (isOut && shouldBeOut) return null
  if (isOut)
    return {
      kind: 'impossible',
      code: 'occurrence-taken-out',
      reason: `The occurrence of ${slot} was taken out of the series in Outlook, which cannot put it back. Make a single event on that day instead.`,
    }
  const pattern = timeOfSlot(series.event.fields.time, slot) as Json
  const inherited: Fields = { ...whole.fields, time: pattern }
  const changed: { [group: string]: Json } = {}
  for (const group of OCCURRENCE_GROUPS) {
    const name = occurrenceGroup(slot, group)
    if (!(name in wanted)) continue
    const value = target(group) ?? inherited[group]
    const now = present(group) ?? (group === 'time' ? pattern : series.item.fields[group])
    if (value !== undefined && !sameValue(group, value, now)) changed[group] = value
  }
  if (!shouldBeOut && Object.keys(changed).length === 0) return null

  const instance = await findInstance(ask, series, slot, collection)
  if (instance.kind !== 'found') return instance.trouble
  if (hasMoved(series, slot, instance.event)) return { kind: 'stale' }
  const path = `/events/${encodeURIComponent(instance.event.id)}`
  const guard = instance.event.etag === '' ? {} : { ifMatch: instance.event.etag }
  if (shouldBeOut) return troubleOf(await ask({ method: 'DELETE', path, ...guard }))

  const patched = Object.fromEntries(Object.entries(changed).filter(([group]) => isPatched(group)))
  if (Object.keys(patched).length > 0) {
    const around: EventFields = { ...eventFields({ fields: { ...inherited, ...changed } }), recurrence: null }
    const current = instance.event.fields.onlineMeeting !== null ? instance.html : null
    const written = eventBody(patched, { whole: around, viewer: collection.zone, currentBody: current })
    if (!written.ok) return { kind: 'impossible', reason: written.reason, code: written.code }
    const trouble = troubleOf(await ask({ method: 'PATCH', path, body: written.body, ...guard }))
    if (trouble !== null) return trouble
  }
  const given = eventFields({ fields: changed }).answer
  const action = 'answer' in changed ? answerRequest(instance.event.id, given, options.sendResponses) : null
  return action === null ? null : troubleOf(await ask(action))
}

const troubleOf = (answer: Answer): Trouble | null =>
  answer.kind === 'answered' && isSuccess(answer) ? null : { kind: 'answer', answer }

/** Somebody changed this occurrence after the series was read. */
function hasMoved(series: Found, slot: PlainDate, instance: ParsedEvent): boolean {
  const now = ownGroups(series.event, slot, instance)
  return OCCURRENCE_GROUPS.some(
    (group) => !sameValue(group, now[group], series.item.fields[occurrenceGroup(slot, group)]),
  )
}

type Instance =
  | { readonly kind: 'found'; readonly event: ParsedEvent; readonly html: string | null }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }

/** Exceptions are known by id; occurrences are looked up around the day that the pattern gives them. */
async function findInstance(
  ask: Ask,
  series: Found,
  slot: PlainDate,
  collection: CollectionRef,
): Promise<Instance> {
  const { recurrence, time } = series.event.fields
  const trouble = (answer: Answer): Instance => ({ kind: 'trouble', trouble: { kind: 'answer', answer } })
  const isTheOne = (raw: unknown): ParsedEvent | null => {
    const read = parseEvent(raw, collection.zone)
    if (!read.ok || recurrence === null || read.value.originalStart === null) return null
    return slotAt(time, recurrence, read.value.originalStart, collection.zone) === slot ? read.value : null
  }
  const exception = listOf(series.raw, 'exceptionOccurrences')
    .map(isTheOne)
    .find((found) => found !== null)
  const place = timeOfSlot(time, slot)
  const day = place.allDay ? place.start : dateOf(place.start)
  const master = encodeURIComponent(series.event.id)
  const answer = await ask({
    method: 'GET',
    path: exception
      ? `/events/${encodeURIComponent(exception.id)}`
      : `/events/${master}/instances?startDateTime=${addDays(day, -1)}T00:00:00Z&endDateTime=${addDays(day, 2)}T00:00:00Z&$top=50`,
  })
  if (answer.kind !== 'answered' || !isSuccess(answer) || !isObject(answer.body)) return trouble(answer)
  for (const raw of exception ? [answer.body] : listOf(answer.body, 'value')) {
    const event = isTheOne(raw)
    if (event === null || !isObject(raw)) continue
    const body = isObject(raw['body']) ? raw['body']['content'] : null
    return { kind: 'found', event, html: typeof body === 'string' ? body : null }
  }
  // It was there when the series was read: somebody moved it or took it out meanwhile.
  return { kind: 'trouble', trouble: { kind: 'stale' } }
}
