/**
 * Writing events: each operation is a routine that reads like prose and shares its round trips with the others.
 *
 * Guards: If-Match on the event, which Exchange holds atomically; parts of a series are read first and written under
 * their own etag. Markers: `transactionId` makes a repeated create one event; an extended property says which write
 * an event has seen last.
 */
import { asId, type ETag, type ItemId } from '../../core/ids.ts'
import {
  eventFields,
  occurrenceGroup,
  parseGroup,
  type Fields,
  type Item,
  type Json,
} from '../../core/item.ts'
import { sameValue } from '../../core/same.ts'
import type { CollectionRef, Operation, PushOutcome, SettleOutcome } from '../connector.ts'
import { failureOf, isObject, isSuccess, type Answered } from './answers.ts'
import { ATTENDEE_GROUPS, eventBody, isPatched, marker, MARKER_ID, type JsonBody } from './calendar-body.ts'
import { calendarPath, loadEvent, type Loaded } from './calendar.ts'
import { parseEvent, type ParsedEvent } from './calendar-wire.ts'
import { writeOccurrences, type Trouble } from './occurrence-push.ts'
import { answerRequest } from './meeting-answer.ts'
import type { Ask } from './rounds.ts'
import { NO_SLOTS_REPORTED } from './series.ts'
import { listOf, textOf } from './wire.ts'
import { refusal, undone, unreadable, writeTrouble } from './write-outcomes.ts'

export interface PushOptions {
  /** Whether an answer is mailed to the organizer. */
  readonly sendResponses: boolean
}

type Update = Extract<Operation, { do: 'update' }>
type Create = Extract<Operation, { do: 'create' }>
type Delete = Extract<Operation, { do: 'delete' }>

export function pushEvent(ask: Ask, operation: Operation, options: PushOptions): Promise<PushOutcome> {
  switch (operation.do) {
    case 'create':
      return createEvent(ask, operation)
    case 'update':
      return updateEvent(ask, operation, options)
    case 'delete':
      return deleteEvent(ask, operation)
  }
}

const eventPath = (id: string): string => `/events/${encodeURIComponent(id)}`

async function createEvent(ask: Ask, operation: Create): Promise<PushOutcome> {
  const { collection, item, key } = operation
  const { master, occurrences } = split(item.fields)
  const whole = eventFields({ fields: item.fields })
  const written = eventBody(master, { whole, viewer: collection.zone, currentBody: null })
  if (!written.ok) return { outcome: 'rejected', reason: written.reason, code: written.code }
  const answer = await ask({
    method: 'POST',
    path: `${calendarPath(collection)}/events`,
    body: { ...written.body, transactionId: key, singleValueExtendedProperties: marker(key) },
  })
  if (answer.kind !== 'answered') return undone(answer)
  if (answer.status === 409) return foundByMarker(ask, operation)
  if (!isSuccess(answer)) return refusal(answer)
  const event = parseEvent(answer.body, collection.zone)
  if (!event.ok) return unreadable(event.reason)
  if (Object.keys(occurrences).length === 0) return written1(event.value)
  const id = asId<ItemId>(event.value.id)
  return withOccurrences(ask, id, collection, occurrences, item, { sendResponses: false })
}

/** A create that Microsoft knows already: its transactionId was used. What it made is what we made. */
async function foundByMarker(ask: Ask, operation: Create): Promise<PushOutcome> {
  const settled = await settleCreate(ask, operation)
  if (settled.outcome === 'written') return { ...settled, found: true }
  if (settled.outcome === 'unknown') return settled
  return {
    outcome: 'rejected',
    code: 'duplicate-transaction',
    reason:
      'Microsoft says that this event was made before, and it is no longer there. Save the event again to make a new one.',
  }
}

async function updateEvent(ask: Ask, operation: Update, options: PushOptions): Promise<PushOutcome> {
  const { collection, fields, id, ifMatch, key, whole } = operation
  const { master, occurrences } = split(fields)
  const all = eventFields(whole)
  const foreign =
    whole.facts.isOrganizer === false && Object.keys(master).find((group) => !ATTENDEE_GROUPS.has(group))
  if (typeof foreign === 'string')
    return {
      outcome: 'rejected',
      code: 'organizer-owns',
      reason: `Only the organizer can change this meeting (${foreign}). Ask the organizer, or propose another time in Outlook.`,
    }
  const patched = only(master, isPatched)
  const hasPatch = Object.keys(patched).length > 0
  // Without the join block in the body the meeting would lose its link: read it first and keep it.
  const needsBody = 'body' in patched && all.onlineMeeting !== null
  const moves = hasPatch && all.recurrence !== null && ('time' in patched || 'recurrence' in patched)
  let currentBody: string | null = null
  let guard: string = ifMatch
  if (needsBody || !hasPatch || 'answer' in master) {
    const current = await loadEvent(ask, id, collection)
    const trouble = troubleOf(current, ifMatch)
    if (trouble !== null) return trouble
    if (needsBody && current.kind === 'found') currentBody = htmlOf(current.raw)
  }
  if ('answer' in master) {
    // First, because answering sets how the time shows, which a person may have chosen otherwise.
    const action = answerRequest(id, all.answer, options.sendResponses)
    const trouble = action === null ? null : writeTrouble(await ask(action))
    if (trouble !== null) return trouble
    const now = await reloaded(ask, id, collection)
    const isAll = !hasPatch && Object.keys(occurrences).length === 0
    // Outlook takes a declined meeting out of the calendar: that is how the answer arrived. What else was to be written did not.
    if (now.outcome === 'gone' && all.answer === 'declined' && isAll)
      return { outcome: 'written', id, etag: ifMatch, item: null }
    if (now.outcome !== 'written' || isAll) return now
    guard = now.etag
  }
  let latest: ParsedEvent | null = null
  if (hasPatch) {
    const written = eventBody(patched, { whole: all, viewer: collection.zone, currentBody })
    if (!written.ok) return { outcome: 'rejected', reason: written.reason, code: written.code }
    const answer = await ask(patchRequest(id, written.body, key, guard))
    const trouble = writeTrouble(answer)
    if (trouble !== null) return trouble
    const event = parseEvent((answer as Answered).body, collection.zone)
    if (!event.ok) return unreadable(event.reason)
    latest = event.value
  }
  // Exchange may drop exceptions when a series moves: those to keep are compared, and written where they are missing.
  const kept = moves ? { ...exceptionsOf(whole.fields), ...occurrences } : occurrences
  // Without a pattern there are no occurrences that could have anything of their own.
  const wanted = all.recurrence === null ? {} : kept
  if (Object.keys(wanted).length > 0) return withOccurrences(ask, id, collection, wanted, whole, options)
  return latest !== null && !moves ? written1(latest) : reloaded(ask, id, collection)
}

const patchRequest = (id: string, body: JsonBody, key: string, ifMatch: string) => ({
  method: 'PATCH' as const,
  path: eventPath(id),
  body: { ...body, singleValueExtendedProperties: marker(key) },
  ...(ifMatch === '' ? {} : { ifMatch }),
})

async function deleteEvent(ask: Ask, { id, ifMatch }: Delete): Promise<PushOutcome> {
  const answer = await ask({ method: 'DELETE', path: eventPath(id), ...(ifMatch === '' ? {} : { ifMatch }) })
  const trouble = writeTrouble(answer)
  return trouble ?? { outcome: 'written', id, etag: ifMatch, item: null }
}

async function withOccurrences(
  ask: Ask,
  id: ItemId,
  collection: CollectionRef,
  wanted: Fields,
  whole: Item,
  options: PushOptions,
): Promise<PushOutcome> {
  const current = await loadEvent(ask, id, collection)
  if (current.kind !== 'found') return notLoaded(current)
  const trouble = await writeOccurrences(ask, current, wanted, whole, collection, options)
  if (trouble === null) return reloaded(ask, id, collection)
  return occurrenceOutcome(trouble)
}

function occurrenceOutcome(trouble: Trouble): PushOutcome {
  if (trouble.kind === 'impossible')
    return { outcome: 'rejected', reason: trouble.reason, code: trouble.code }
  if (trouble.kind === 'stale') return { outcome: 'stale' }
  return writeTrouble(trouble.answer) ?? { outcome: 'stale' }
}

async function reloaded(ask: Ask, id: ItemId, collection: CollectionRef): Promise<PushOutcome> {
  const now = await loadEvent(ask, id, collection)
  if (now.kind !== 'found') return notLoaded(now)
  return { outcome: 'written', id, etag: asId<ETag>(now.event.etag), item: now.item }
}

/** It was written, and what came of it could not be read: look it up later. */
function notLoaded(loaded: Exclude<Loaded, { kind: 'found' }>): PushOutcome {
  if (loaded.kind === 'gone') return { outcome: 'gone' }
  if (loaded.kind === 'malformed') return unreadable(loaded.reason)
  return { outcome: 'unknown', failure: loaded.failure }
}

function written1(event: ParsedEvent): PushOutcome {
  const { item } = event
  return {
    outcome: 'written',
    id: asId<ItemId>(event.id),
    etag: asId<ETag>(event.etag),
    // The answer to a write tells nothing of a series' exceptions.
    item: event.fields.recurrence === null ? item : { ...item, occurrencesReported: NO_SLOTS_REPORTED },
  }
}

function troubleOf(loaded: Loaded, ifMatch: string): PushOutcome | null {
  switch (loaded.kind) {
    case 'found':
      return loaded.event.etag === ifMatch || ifMatch === '' ? null : { outcome: 'stale' }
    case 'gone':
      return { outcome: 'gone' }
    case 'malformed':
      return { outcome: 'rejected', code: 'malformed', reason: loaded.reason }
    case 'failed':
      return { outcome: 'not-sent', failure: loaded.failure }
  }
}

function htmlOf(raw: { readonly [name: string]: unknown }): string | null {
  const body = raw['body']
  return isObject(body) && body['contentType'] !== 'text' ? textOf(body, 'content') : null
}

function split(fields: Fields): { readonly master: Fields; readonly occurrences: Fields } {
  const master: { [group: string]: Json } = {}
  const occurrences: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(fields))
    (parseGroup(group).slot === null ? master : occurrences)[group] = value
  return { master, occurrences }
}

/** The exceptions of a series that moved. One that had no time of its own moves with it, so it is to have none. */
function exceptionsOf(fields: Fields): Fields {
  const kept: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(fields)) {
    const { slot, name } = parseGroup(group)
    if (slot === null) continue
    kept[group] = value
    if (name !== 'cancelled') kept[occurrenceGroup(slot, 'time')] ??= null
  }
  return kept
}

function only(fields: Fields, keep: (group: string) => boolean): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([group]) => keep(group)))
}

export function settleEvent(ask: Ask, operation: Operation): Promise<SettleOutcome> {
  switch (operation.do) {
    case 'create':
      return settleCreate(ask, operation)
    case 'update':
      return settleUpdate(ask, operation)
    case 'delete':
      return settleDelete(ask, operation)
  }
}

async function settleCreate(ask: Ask, { collection, key }: Create): Promise<SettleOutcome> {
  const filter = `singleValueExtendedProperties/Any(ep: ep/id eq '${MARKER_ID}' and ep/value eq '${key.replaceAll("'", "''")}')`
  const answer = await ask({
    method: 'GET',
    path: `${calendarPath(collection)}/events?$filter=${encodeURIComponent(filter)}&$select=id&$top=5`,
  })
  if (answer.kind !== 'answered') return { outcome: 'unknown', failure: answer.failure }
  if (!isSuccess(answer) || !isObject(answer.body)) return { outcome: 'unknown', failure: failureOf(answer) }
  const found = listOf(answer.body, 'value').find(isObject)
  const id = found === undefined ? null : textOf(found, 'id')
  // Sending it again would be safe even if it were still on its way: Microsoft knows the transactionId.
  if (id === null) return { outcome: 'not-applied' }
  return settledAs(await loadEvent(ask, id, collection))
}

async function settleUpdate(ask: Ask, { collection, fields, id, key }: Update): Promise<SettleOutcome> {
  const expand = `singleValueExtendedProperties($filter=id eq '${MARKER_ID}')`
  const loaded = await loadEvent(ask, id, collection, encodeURIComponent(expand))
  if (loaded.kind !== 'found') return loaded.kind === 'gone' ? { outcome: 'not-applied' } : settledAs(loaded)
  const seen = listOf(loaded.raw, 'singleValueExtendedProperties').some(
    (property) => isObject(property) && property['value'] === key,
  )
  const { master, occurrences } = split(fields)
  const has = (group: string, value: Json): boolean =>
    sameValue(group, loaded.item.fields[group] ?? null, value)
  // Our answer is written first, then the event itself, then one occurrence after the other. Where a part arrived, the
  // item as it stands is told, and the engine sees by it what is still to be written. Called not applied, the part that
  // stands would be taken for somebody's edit.
  const patched = Object.keys(only(master, isPatched))
  const took = seen ? patched : []
  const hasBegun =
    ('answer' in master && has('answer', master['answer'] ?? null)) ||
    (patched.length > 0 ? seen : Object.entries(occurrences).some(([group, value]) => has(group, value)))
  // A repetition meets If-Match, or writes what is there already.
  if (!hasBegun) return { outcome: 'not-applied' }
  const settled = settledAs(loaded)
  return settled.outcome === 'written' ? { ...settled, took } : settled
}

async function settleDelete(ask: Ask, { collection, id, ifMatch }: Delete): Promise<SettleOutcome> {
  const loaded = await loadEvent(ask, id, collection)
  if (loaded.kind === 'gone') return { outcome: 'written', id, etag: ifMatch, item: null }
  return loaded.kind === 'failed' ? settledAs(loaded) : { outcome: 'not-applied' }
}

function settledAs(loaded: Loaded): SettleOutcome {
  switch (loaded.kind) {
    case 'found':
      return {
        outcome: 'written',
        id: asId<ItemId>(loaded.event.id),
        etag: asId<ETag>(loaded.event.etag),
        item: loaded.item,
      }
    case 'gone':
      return { outcome: 'not-applied' }
    case 'malformed':
      return { outcome: 'unknown', failure: { kind: 'unavailable', message: loaded.reason } }
    case 'failed':
      return { outcome: 'unknown', failure: loaded.failure }
  }
}
