/**
 * Calendars: which there are, what changed in one, what an event is now.
 *
 * The documented road is calendarView/delta: bound to a window, full masters and exceptions, bare occurrences, no
 * tombstone for an occurrence that was taken out. A series is handed on whole, so its parts are gathered until every
 * slot of the window is accounted for; what stays open at the end of a round is asked for series by series, in one
 * `$batch`. Source: "event: delta", "Get incremental changes to events in a calendar view".
 */
import { asId, type ETag, type ItemId } from '../../core/ids.ts'
import type { Item, PlainDate } from '../../core/item.ts'
import { redactPrivate } from '../../core/privacy.ts'
import { showsIn } from '../../core/series.ts'
import { addDays } from '../../core/time.ts'
import {
  ConnectorError,
  type CollectionRef,
  type ItemRef,
  type Observation,
  type Page,
  type ReadOutcome,
  type RemoteCollection,
} from '../connector.ts'
import {
  expectPage,
  failureOf,
  isObject,
  isSuccess,
  type Answer,
  type GraphPage,
  type JsonObject,
} from './answers.ts'
import {
  EVENT_SELECT,
  isBareOccurrence,
  parseEvent,
  parseOccurrence,
  type ParsedEvent,
} from './calendar-wire.ts'
import type { GraphClient, GraphRequest } from './client.ts'
import { encodeCursor, nextState, type DeltaReader, type RoundState } from './delta.ts'
import { together, type Ask } from './rounds.ts'
import { assemble, gatherNothing, seriesItem, slotAt, type Gathered, type Series } from './series.ts'
import { textOf } from './wire.ts'

const INSTANCES_PAGE_SIZE = 500
/** Pages of one series' instances within the window. */
const INSTANCE_PAGES_MAX = 20

export interface CalendarOptions {
  /**
   * `view`: calendarView/delta. `events`: events/delta first, which tenants may or may not answer on v1.0; it has no bare
   * occurrences, and each series is asked for by itself. The way that worked is remembered in the cursor.
   */
  readonly road: 'view' | 'events'
}

interface Memory {
  readonly series: Map<string, Gathered>
  /** Series that were asked for because earlier pages were forgotten: what is told of them now is a part only. */
  readonly asked: Set<string>
}

/** The path of a calendar: the default one has its own, which is the documented one for delta. */
export const calendarPath = (collection: CollectionRef): string =>
  collection.isDefault ? '' : `/calendars/${encodeURIComponent(collection.externalId)}`

export async function listCalendars(
  client: GraphClient,
  signal: AbortSignal,
): Promise<readonly RemoteCollection[]> {
  const raws = await client.list({ method: 'GET', path: '/calendars?$top=100' }, signal)
  return raws.flatMap((raw): RemoteCollection[] => {
    if (!isObject(raw)) return []
    const id = textOf(raw, 'id')
    if (id === null) return []
    const color = textOf(raw, 'hexColor')
    return [
      {
        externalId: id,
        name: textOf(raw, 'name') ?? '',
        isDefault: raw['isDefaultCalendar'] === true,
        canWrite: raw['canEdit'] !== false,
        ...(color === null || color === '' ? {} : { color }),
      },
    ]
  })
}

export function calendarReader(client: GraphClient, options: CalendarOptions): DeltaReader<Memory> {
  return {
    memory: () => ({ series: new Map(), asked: new Set() }),
    modes: options.road === 'events' ? ['events', 'view'] : ['view'],
    begin: (collection, mode) => {
      const { from, to } = windowOf(collection)
      const query =
        mode === 'events'
          ? `events/delta?startDateTime=${from}T00:00:00Z`
          : `calendarView/delta?startDateTime=${from}T00:00:00Z&endDateTime=${addDays(to, 1)}T00:00:00Z`
      return `${calendarPath(collection)}/${query}`
    },
    request: (_collection, path, pageSize) => ({
      method: 'GET',
      path,
      prefer: `odata.maxpagesize=${pageSize}`,
    }),
    digest: (collection, state, page, memory, signal) =>
      digest(client, collection, state, page, memory, signal),
  }
}

/** @throws {ConnectorError} A calendar cannot be followed without a window. */
function windowOf(collection: CollectionRef): { readonly from: PlainDate; readonly to: PlainDate } {
  if (collection.window !== undefined) return collection.window
  throw new ConnectorError({
    kind: 'rejected',
    code: 'no-window',
    message: 'A calendar is followed within a period of days; none is set. Set the period and try again.',
  })
}

async function digest(
  client: GraphClient,
  collection: CollectionRef,
  state: RoundState,
  page: GraphPage,
  memory: Memory,
  signal: AbortSignal,
): Promise<{ page: Page; state: RoundState }> {
  const window = windowOf(collection)
  const observed: Observation[] = []
  const touched = new Set<string>()
  const { series, asked } = memory
  const gather = (masterId: string): Gathered => {
    const known = series.get(masterId) ?? gatherNothing()
    series.set(masterId, known)
    touched.add(masterId)
    return known
  }
  for (const raw of page.value) {
    const row = readRow(raw, collection)
    if (row === null) continue
    switch (row.kind) {
      case 'single':
        observed.push(...observeSingle(collection, state, row.event))
        break
      case 'observation':
        if (row.observation.kind === 'tombstone') series.delete(row.observation.id)
        observed.push(row.observation)
        break
      case 'master':
        gather(row.event.id).master = row.event
        break
      case 'exception':
        gather(row.masterId).exceptions.set(row.event.id, row.event)
        break
      case 'occurrence':
        gather(row.masterId).occurrences.set(row.id, row.occurrence)
        break
    }
  }
  const last = page.nextLink === null
  // A cursor was taken up again: what earlier pages had told of these series is gone with that pull.
  for (const id of state.owed) if (!series.has(id) && !touched.has(id)) asked.add(id)
  const ask = new Set<string>(state.owed.filter((id) => asked.has(id)))
  for (const [id, gathered] of series) {
    if (state.mode === 'events') {
      if (last || touched.has(id)) ask.add(id)
      continue
    }
    const assembled = assemble(gathered, window, collection.zone)
    // Gaps of a first enumeration are occurrences that were taken out; in later rounds they may be simply not told again.
    const isWhole =
      assembled.kind === 'whole' || (assembled.kind === 'gaps' && last && state.initial && !asked.has(id))
    if (isWhole && 'series' in assembled) {
      observed.push(...observeSeries(collection, assembled.series))
      series.delete(id)
    } else if (last) ask.add(id)
  }
  if (ask.size > 0) {
    for (const id of ask) series.delete(id)
    const routines = [...ask].map((id) => (asking: Ask) => askSeries(asking, id, collection))
    for (const found of await together(client, routines, signal)) observed.push(...found)
  }
  const next = nextState(state, page, [...series.keys()])
  return {
    page: { kind: state.initial ? 'snapshot' : 'delta', observed, next: encodeCursor(next), last },
    state: next,
  }
}

/** events/delta knows no window's end: what lies beyond is told as having left it. */
function observeSingle(
  collection: CollectionRef,
  state: RoundState,
  event: ParsedEvent,
): readonly Observation[] {
  if (state.mode !== 'events' || showsIn(event.item, windowOf(collection), 'UTC'))
    return observe(collection, event, event.item)
  if (state.initial) return []
  return [{ kind: 'tombstone', id: asId<ItemId>(event.id), collection: collection.id }]
}

type Row =
  | { readonly kind: 'single'; readonly event: ParsedEvent }
  | { readonly kind: 'observation'; readonly observation: Observation }
  | { readonly kind: 'master'; readonly event: ParsedEvent }
  | { readonly kind: 'exception'; readonly event: ParsedEvent; readonly masterId: string }
  | {
      readonly kind: 'occurrence'
      readonly id: string
      readonly masterId: string
      readonly occurrence: Parameters<Gathered['occurrences']['set']>[1]
    }

function readRow(raw: unknown, collection: CollectionRef): Row | null {
  if (!isObject(raw)) return null
  const id = textOf(raw, 'id')
  if (id === null) return null
  if (raw['@removed'] !== undefined)
    return {
      kind: 'observation',
      observation: { kind: 'tombstone', id: asId<ItemId>(id), collection: collection.id },
    }
  if (isBareOccurrence(raw)) {
    const read = parseOccurrence(raw)
    return read.ok
      ? { kind: 'occurrence', id, masterId: read.value.masterId, occurrence: read.value }
      : malformed(id, read.reason, collection)
  }
  const read = parseEvent(raw, collection.zone)
  if (!read.ok) return malformed(textOf(raw, 'seriesMasterId') ?? id, read.reason, collection)
  const event = read.value
  if (event.type === 'seriesMaster') return { kind: 'master', event }
  if (event.masterId !== null && event.type === 'exception')
    return { kind: 'exception', event, masterId: event.masterId }
  if (event.masterId !== null && event.type === 'occurrence') {
    const occurrence = parseOccurrence(raw)
    return occurrence.ok
      ? { kind: 'occurrence', id, masterId: event.masterId, occurrence: occurrence.value }
      : malformed(event.masterId, occurrence.reason, collection)
  }
  return { kind: 'single', event }
}

const malformed = (id: string, reason: string, collection: CollectionRef): Row => ({
  kind: 'observation',
  observation: { kind: 'malformed', id: asId<ItemId>(id), reason, collection: collection.id },
})

function observeSeries(collection: CollectionRef, series: Series): Observation[] {
  const read = seriesItem(series)
  if (read.ok) return observe(collection, series.master, read.item)
  const id = asId<ItemId>(series.master.id)
  return [{ kind: 'malformed', id, reason: read.reason, collection: collection.id }]
}

/** A private event that is left out looks like one that went out of scope: a question that `read` answers. */
function observe(collection: CollectionRef, event: ParsedEvent, whole: Item): Observation[] {
  const id = asId<ItemId>(event.id)
  const item = redactPrivate(whole, collection.privateEvents ?? 'full')
  if (item === null) return [{ kind: 'tombstone', id, collection: collection.id }]
  return [{ kind: 'item', id, item, etag: asId<ETag>(event.etag), collection: collection.id }]
}

async function askSeries(ask: Ask, id: string, collection: CollectionRef): Promise<readonly Observation[]> {
  const found = await loadEvent(ask, id, collection)
  switch (found.kind) {
    case 'found':
      return observe(collection, found.event, found.item)
    case 'gone':
      return [{ kind: 'tombstone', id: asId<ItemId>(id), collection: collection.id }]
    case 'malformed':
      return [{ kind: 'malformed', id: asId<ItemId>(id), reason: found.reason, collection: collection.id }]
    case 'failed':
      throw new ConnectorError(found.failure)
  }
}

export type Loaded =
  | { readonly kind: 'found'; readonly event: ParsedEvent; readonly item: Item; readonly raw: JsonObject }
  | { readonly kind: 'gone' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: ConnectorError['failure'] }

/** `extra` is added to `$expand`, such as a marker to look for. */
const eventRequest = (id: string, extra?: string): GraphRequest => ({
  method: 'GET',
  path: `/events/${encodeURIComponent(id)}?$select=${EVENT_SELECT},cancelledOccurrences&$expand=exceptionOccurrences${extra === undefined ? '' : `,${extra}`}`,
})

/** An event as it is now; a series whole, with all its exceptions and the slots that were taken out. */
export async function loadEvent(
  ask: Ask,
  id: string,
  collection: CollectionRef,
  extra?: string,
): Promise<Loaded> {
  return understandEvent(ask, await ask(eventRequest(id, extra)), collection)
}

async function understandEvent(ask: Ask, answer: Answer, collection: CollectionRef): Promise<Loaded> {
  if (answer.kind !== 'answered') return { kind: 'failed', failure: answer.failure }
  if (answer.status === 404) {
    const failure = failureOf(answer)
    return failure.kind === 'unauthorized' ? { kind: 'failed', failure } : { kind: 'gone' }
  }
  if (!isSuccess(answer) || !isObject(answer.body)) return { kind: 'failed', failure: failureOf(answer) }
  const raw = answer.body
  const read = parseEvent(raw, collection.zone)
  if (!read.ok) return { kind: 'malformed', reason: read.reason }
  const event = read.value
  const { recurrence } = event.fields
  if (recurrence === null) return { kind: 'found', event, item: event.item, raw }
  const series = seriesOf(raw, event, collection) ?? (await seriesByInstances(ask, event, collection))
  if ('reason' in series) return { kind: 'malformed', reason: series.reason }
  if ('failure' in series) return { kind: 'failed', failure: series.failure }
  const whole = seriesItem(series)
  return whole.ok
    ? { kind: 'found', event, item: whole.item, raw }
    : { kind: 'malformed', reason: whole.reason }
}

/** Ends with the date of the slot. Source: event resource type, cancelledOccurrences. */
const OCCURRENCE_ID_DATE = /(\d{4}-\d{2}-\d{2})$/

/** Null when this Graph does not tell exceptions and cancelled occurrences with the master. */
function seriesOf(
  raw: JsonObject,
  master: ParsedEvent,
  collection: CollectionRef,
): Series | { reason: string } | null {
  const { recurrence, time } = master.fields
  const cancelledIds = raw['cancelledOccurrences']
  const exceptionRaws = raw['exceptionOccurrences']
  if (recurrence === null || !Array.isArray(cancelledIds) || !Array.isArray(exceptionRaws)) return null
  const cancelled = new Set<PlainDate>()
  for (const id of cancelledIds) {
    const date = OCCURRENCE_ID_DATE.exec(String(id))?.[1]
    if (date === undefined) return null
    cancelled.add(date)
  }
  const exceptions = new Map<PlainDate, ParsedEvent>()
  for (const exceptionRaw of exceptionRaws) {
    const read = parseEvent(exceptionRaw, collection.zone)
    if (!read.ok) return { reason: `One of its occurrences cannot be read. ${read.reason}` }
    if (read.value.originalStart === null) return null
    exceptions.set(slotAt(time, recurrence, read.value.originalStart, collection.zone), read.value)
  }
  return { master, recurrence, exceptions, cancelled }
}

/** The other way: what of the series is listed in the window; slots that are not were taken out. */
async function seriesByInstances(
  ask: Ask,
  master: ParsedEvent,
  collection: CollectionRef,
): Promise<Series | { reason: string } | { failure: ConnectorError['failure'] }> {
  const window = windowOf(collection)
  const gathered: Gathered = { ...gatherNothing(), master }
  let path: string | null =
    `/events/${encodeURIComponent(master.id)}/instances?startDateTime=${window.from}T00:00:00Z&endDateTime=${addDays(window.to, 1)}T00:00:00Z&$top=${INSTANCES_PAGE_SIZE}`
  for (let pages = 0; path !== null; pages++) {
    if (pages === INSTANCE_PAGES_MAX) return { reason: 'Its series has more occurrences than can be read.' }
    const answer: Answer = await ask({ method: 'GET', path })
    if (answer.kind !== 'answered') return { failure: answer.failure }
    if (!isSuccess(answer)) return { failure: failureOf(answer) }
    const page: GraphPage = expectPage(answer)
    for (const raw of page.value) {
      if (!isObject(raw)) continue
      const read = raw['type'] === 'exception' ? parseEvent(raw, collection.zone) : parseOccurrence(raw)
      if (!read.ok) return { reason: `One of its occurrences cannot be read. ${read.reason}` }
      if ('fields' in read.value) gathered.exceptions.set(read.value.id, read.value)
      else gathered.occurrences.set(read.value.id, read.value)
    }
    path = page.nextLink
  }
  const assembled = assemble(gathered, window, collection.zone, 'unreported')
  return assembled.kind === 'ask'
    ? { reason: 'Which of its occurrences exist could not be told.' }
    : assembled.series
}

/** An event keeps its immutable id when it is moved: where it lies now is a question of its own. */
const homeRequest = (id: string): GraphRequest => ({
  method: 'GET',
  path: `/events/${encodeURIComponent(id)}/calendar?$select=id`,
})

export async function readEvents(
  client: GraphClient,
  refs: readonly ItemRef[],
  signal: AbortSignal,
): Promise<readonly ReadOutcome[]> {
  return together(
    client,
    refs.map((ref) => async (ask: Ask): Promise<ReadOutcome> => {
      const { id, collection } = ref
      const [loaded, home] = await Promise.all([loadEvent(ask, id, collection), ask(homeRequest(id))])
      switch (loaded.kind) {
        case 'gone':
          return { outcome: 'gone', id }
        case 'malformed':
          return { outcome: 'unreadable', id, reason: loaded.reason }
        case 'failed': {
          const { failure } = loaded
          // Where nothing can be read, nothing is said about single items.
          if (failure.kind !== 'rejected' && failure.kind !== 'unauthorized')
            throw new ConnectorError(failure)
          return { outcome: 'unreadable', id, reason: failure.message }
        }
        case 'found': {
          const item = redactPrivate(loaded.item, collection.privateEvents ?? 'full')
          const lies = home.kind === 'answered' && isObject(home.body) ? textOf(home.body, 'id') : null
          return {
            outcome: 'found',
            id,
            item: item ?? redactPrivate(loaded.item, 'busy') ?? loaded.item,
            etag: asId<ETag>(loaded.event.etag),
            ...(lies === null ? {} : { collectionExternalId: lies }),
            inWindow: item !== null && isInWindow(loaded.item, collection),
          }
        }
      }
    }),
    signal,
  )
}

/** Graph's view is of UTC days; a series whose occurrences there were all taken out is not listed. */
const isInWindow = (item: Item, { window }: CollectionRef): boolean =>
  window === undefined || showsIn(item, window, 'UTC')
