/** Events over HTTP: lists, views, instances, single events, answers to invitations. */
import { attachmentRoutes, renderAttachment } from './attachments.ts'
import type { Answer, Call } from './call.ts'
import { answerCalendar, calendarFrom, type CalendarPath } from './calendars.ts'
import { find, items } from './collection.ts'
import { badRequest, GraphError, itemNotFound } from './errors.ts'
import { EVENT_ACTIONS, removeNamed } from './event-actions.ts'
import { eventHost } from './event-attachments.ts'
import { answerEventsDelta, answerViewDelta } from './event-delta.ts'
import { checkIfMatch, namedEvent, storedRow, type Named } from './event-find.ts'
import { instantOf, parseEvent, type CalendarRow, type EventRow } from './event-model.ts'
import { occurrenceIds, renderEvent } from './event-render.ts'
import { instancesBetween, overlaps, type Instance } from './event-series.ts'
import { eventsOf } from './event-store.ts'
import { createEvent, updateEvent, updateInstance } from './event-write.ts'
import { extensionRoutes } from './extensions.ts'
import { parseFilter } from './filter.ts'
import { etag } from './ids.ts'
import { renderExtension, type ExtendedProperty, type JsonObject } from './item-parts.ts'
import {
  answerCount,
  answerList,
  expansions,
  ITEM_QUERY,
  jsonAnswer,
  LIST_QUERY,
  select,
  selected,
  selectText,
} from './odata.ts'
import { CALENDAR_FORWARD, CALENDAR_READ, CALENDAR_READ_FULL, CALENDAR_WRITE } from './permissions.ts'
import type { Route } from './router.ts'
import { windowOf } from './window.ts'

/** What `$expand` asks for, and what only an explicit `$select` brings. */
function extrasOf(call: Call, named: Named): JsonObject {
  const row = storedRow(named)
  const extra: JsonObject = {}
  for (const { name, filter } of expansions(call)) {
    if (name === 'singlevalueextendedproperties') {
      const found = renderExtended(row.extended, filter)
      if (found.length > 0) extra['singleValueExtendedProperties'] = found
    } else if (name === 'extensions') {
      extra['extensions'] = row.extensions.map(renderExtension)
    } else if (name === 'attachments') {
      extra['attachments'] = row.attachments.map((attachment) =>
        renderAttachment(call.mailbox, row.key, attachment),
      )
    } else if (name === 'exceptionoccurrences' && named.instance === null) {
      extra['exceptionOccurrences'] = exceptionsOf(named.row).map((instance) =>
        renderEvent(call.mailbox, named.row, call.view, instance),
      )
    } else if (!EXPANDABLE_ELSEWHERE.has(name)) {
      throw badRequest(
        `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.event'.`,
      )
    }
  }
  if (selected(call)?.has('cancelledoccurrences') && named.instance === null)
    extra['cancelledOccurrences'] = occurrenceIds(call.mailbox, named.row, call.view)
  return extra
}

/** Known to the type, and returned by paths of their own. */
const EXPANDABLE_ELSEWHERE = new Set([
  'calendar',
  'instances',
  'exceptionoccurrences',
  'multivalueextendedproperties',
])

export function renderExtended(properties: readonly ExtendedProperty[], filter: string | null): JsonObject[] {
  const rows = properties.map((property) => ({ id: property.id, value: property.value }))
  return filter === null ? rows : rows.filter(parseFilter(filter))
}

const exceptionsOf = (row: EventRow): Instance[] =>
  [...row.exceptions]
    .sort(([a], [b]) => a - b)
    .map(([slot, exception]) => ({
      master: row,
      slot,
      exception,
      start: instantOf(exception.start),
      end: instantOf(exception.end),
    }))

function whole(call: Call, named: Named): JsonObject {
  const entity = renderEvent(call.mailbox, named.row, call.view, named.instance)
  return { ...entity, ...extrasOf(call, named) }
}

function answerEvent(call: Call, named: Named, status: number): Answer {
  const body = {
    '@odata.context': call.context(`events${selectText(call)}/$entity`),
    ...select(whole(call, named), selected(call)),
  }
  return jsonAnswer(status, body, { ...call.applied(), etag: etag(storedRow(named).version) })
}

function listEvents(call: Call, calendar: CalendarRow): Answer {
  const searched = /extended/i.test(call.query.get('$filter') ?? '')
  const rows = [...items(eventsOf(call.mailbox, calendar.key))].map((row) => () => {
    const entity = whole(call, { row, instance: null })
    // any() reads extended properties that are shown only when expanded.
    if (searched && !('singleValueExtendedProperties' in entity))
      Object.defineProperty(entity, 'singleValueExtendedProperties', {
        value: row.extended,
        enumerable: false,
      })
    return entity
  })
  return answerList(call, {
    rows,
    context: call.context(`events${selectText(call)}`),
    headers: call.applied(),
  })
}

function answerInstances(call: Call, found: readonly Named[], context: string): Answer {
  const rows = [...found].sort((a, b) => startOf(a) - startOf(b)).map((named) => () => whole(call, named))
  return answerList(call, {
    rows,
    context: call.context(context + selectText(call)),
    headers: call.applied(),
  })
}

const startOf = (named: Named): number => named.instance?.start ?? instantOf(named.row.start)

function listView(call: Call, calendar: CalendarRow): Answer {
  const { from, to } = windowOf(call)
  const found: Named[] = []
  for (const row of items(eventsOf(call.mailbox, calendar.key))) {
    if (row.recurrence === null) {
      if (overlaps(instantOf(row.start), instantOf(row.end), from, to)) found.push({ row, instance: null })
    } else {
      for (const instance of instancesBetween(row, from, to)) found.push({ row, instance })
    }
  }
  return answerInstances(call, found, 'calendarView')
}

function listInstances(call: Call, named: Named): Answer {
  const { from, to } = windowOf(call)
  if (named.row.recurrence === null || named.instance !== null)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      "Your request can't be completed. The event is not a series master.",
    )
  const found = instancesBetween(named.row, from, to).map((instance) => ({ row: named.row, instance }))
  return answerInstances(call, found, `events('${call.ids.at(-1) ?? ''}')/instances`)
}

function create(call: Call, calendar: CalendarRow): Answer {
  const { row, repeated } = createEvent(call.office, call.mailbox, calendar, parseEvent(call.json()))
  if (!repeated) return answerEvent(call, { row, instance: null }, 201)
  const status = call.store.switches.transactionIdRepeatStatus
  if (status === 409)
    throw new GraphError(
      409,
      'ErrorDuplicateTransactionId',
      'An event with this transactionId exists already.',
    )
  return answerEvent(call, { row, instance: null }, status)
}

function patch(call: Call, named: Named): Answer {
  checkIfMatch(call, storedRow(named).version)
  const input = parseEvent(call.json())
  if (named.instance === null) {
    updateEvent(call.office, call.mailbox, named.row, input)
    return answerEvent(call, named, 200)
  }
  const instance = updateInstance(call.office, call.mailbox, named.instance, input)
  return answerEvent(call, { row: named.row, instance }, 200)
}

const VIEW_QUERY = [...LIST_QUERY, 'startdatetime', 'enddatetime']
const DELTA_QUERY = [...LIST_QUERY, 'startdatetime', 'enddatetime', '$deltatoken', '$skiptoken']

/** Routes for the events below one way to name a calendar. */
function routesBelow(path: CalendarPath): Route[] {
  const base = path.path
  const calendar = (call: Call): CalendarRow => calendarFrom(call, path)
  const named = (call: Call): Named => {
    const found = namedEvent(call, call.id(path.ids))
    if (path.ids > 0 && found.row.calendar !== calendar(call).key) throw itemNotFound()
    return found
  }
  const get = (suffix: string, query: readonly string[], handle: (call: Call) => Answer): Route => ({
    method: 'GET',
    path: base + suffix,
    permissions: CALENDAR_READ,
    query,
    handle,
  })
  const item = `${base}/events/{event}`
  return [
    ...attachmentRoutes({
      path: item,
      read: CALENDAR_READ_FULL,
      write: CALENDAR_WRITE,
      host: (call) => eventHost(call.office, call.mailbox, namedEvent(call, call.id(path.ids))),
    }),
    ...extensionRoutes({
      path: item,
      read: CALENDAR_READ_FULL,
      write: CALENDAR_WRITE,
      host: (call) => storedRow(named(call)),
    }),
    get('/events', LIST_QUERY, (call) => listEvents(call, calendar(call))),
    {
      method: 'POST',
      path: `${base}/events`,
      permissions: CALENDAR_WRITE,
      query: LIST_QUERY,
      handle: (call) => create(call, calendar(call)),
    },
    get('/events/$count', ['$filter', '$search'], (call) => answerCount(countEvents(call, calendar(call)))),
    {
      ...get('/events/delta', DELTA_QUERY, (call) => answerEventsDelta(call, calendar(call))),
      permissions: CALENDAR_READ_FULL,
    },
    get('/calendarView', VIEW_QUERY, (call) => listView(call, calendar(call))),
    {
      ...get('/calendarView/delta', DELTA_QUERY, (call) => answerViewDelta(call, calendar(call))),
      permissions: CALENDAR_READ_FULL,
    },
    get('/events/{event}', ITEM_QUERY, (call) => answerEvent(call, named(call), 200)),
    {
      method: 'PATCH',
      path: `${base}/events/{event}`,
      permissions: CALENDAR_WRITE,
      query: ITEM_QUERY,
      handle: (call) => patch(call, named(call)),
    },
    {
      method: 'DELETE',
      path: `${base}/events/{event}`,
      permissions: CALENDAR_WRITE,
      query: ITEM_QUERY,
      handle: (call) => removeNamed(call, named(call)),
    },
    get('/events/{event}/calendar', ITEM_QUERY, (call) => {
      const row = find(call.mailbox.calendars, named(call).row.calendar)
      if (row === undefined) throw itemNotFound()
      return answerCalendar(call, row, 200)
    }),
    get('/events/{event}/instances', VIEW_QUERY, (call) => listInstances(call, named(call))),
    ...Object.entries(EVENT_ACTIONS).map(([name, act]): Route => ({
      method: 'POST',
      path: `${base}/events/{event}/${name}`,
      permissions: name === 'forward' ? CALENDAR_FORWARD : CALENDAR_WRITE,
      query: [],
      handle: (call) => act(call, named(call)),
    })),
  ]
}

function countEvents(call: Call, calendar: CalendarRow): number {
  const filter = call.query.get('$filter')
  const rows = [...items(eventsOf(call.mailbox, calendar.key))]
  return filter === undefined
    ? rows.length
    : rows.map((row) => renderEvent(call.mailbox, row, call.view)).filter(parseFilter(filter)).length
}

export const eventRoutes = (paths: readonly CalendarPath[]): Route[] => paths.flatMap(routesBelow)
