/** Events over HTTP: lists, views, instances, single events, answers to invitations. */
import {
  accepted,
  answerCount,
  answerList,
  expansions,
  ITEM_QUERY,
  jsonAnswer,
  LIST_QUERY,
  noContent,
  select,
  selected,
  selectText,
} from './odata.ts'
import type { Answer, Call } from './call.ts'
import { renderAttachment } from './attachments.ts'
import { calendarFrom, type CalendarPath } from './calendars.ts'
import { items } from './collection.ts'
import { badRequest, changeConflict, GraphError, itemNotFound, malformedId } from './errors.ts'
import { answerEventsDelta, answerViewDelta } from './event-delta.ts'
import {
  instantOf,
  parameters,
  parseEvent,
  parseMoment,
  parseSlot,
  type CalendarRow,
  type EventRow,
} from './event-model.ts'
import { eventId, instanceId, occurrenceIds, renderEvent, type View } from './event-render.ts'
import { instancesBetween, overlaps, splitKey, type Instance } from './event-series.ts'
import {
  createEvent,
  deleteEvent,
  deleteInstance,
  eventsOf,
  findEvent,
  requireInstance,
  updateEvent,
  updateInstance,
} from './event-write.ts'
import { parseFilter } from './filter.ts'
import { etag, keyOfId } from './ids.ts'
import {
  flag,
  object,
  parseRecipients,
  text,
  renderExtension,
  type ExtendedProperty,
  type JsonObject,
} from './item-parts.ts'
import { respond, type Reply } from './meetings.ts'
import { post } from './office.ts'
import { CALENDAR_READ, CALENDAR_READ_FULL, CALENDAR_WRITE } from './permissions.ts'
import type { Route } from './router.ts'
import { windowOf } from './window.ts'

/** An event as an id names it: a single event or master, or one instance of a series. */
export interface Named {
  readonly row: EventRow
  readonly instance: Instance | null
}

/** Finds what an id names; the id must be exactly the one that this mailbox gives to it. */
export function namedEvent(call: Call, id: string): Named {
  const key = keyOfId(id)
  if (key === null) throw malformedId()
  const { mailbox } = call
  const parts = splitKey(key)
  const row = findEvent(mailbox, parts.key)
  if (row === undefined) throw itemNotFound()
  const named = { row, instance: parts.slot === null ? null : requireInstance(row, parts.slot) }
  const own = (immutableIds: boolean): string => idOf(call, named, { ...call.view, immutableIds })
  if (own(true) !== id && own(false) !== id) throw itemNotFound()
  return named
}

function idOf(call: Call, named: Named, view: View): string {
  return named.instance === null
    ? eventId(call.mailbox, named.row, view)
    : instanceId(call.mailbox, named.instance, view)
}

const storedRow = (named: Named): EventRow => named.instance?.exception ?? named.row

export function checkIfMatch(call: Call, version: number): void {
  const condition = call.ifMatch
  if (
    condition !== undefined &&
    condition !== '*' &&
    condition.replace(/^W\//, '') !== etag(version).replace(/^W\//, '')
  )
    throw changeConflict()
}

/** Adds what `$expand` asks for, and what only an explicit `$select` brings. */
function expandEvent(call: Call, named: Named, entity: JsonObject): JsonObject {
  const row = storedRow(named)
  const wanted = expansions(call)
  const names = selected(call)
  const extra: JsonObject = {}
  for (const { name, filter } of wanted) {
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
    } else if (name === 'calendar' || name === 'instances') {
      // Known to the type; the service returns them by their own paths.
    } else {
      throw badRequest(
        `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.event'.`,
      )
    }
  }
  if (names?.has('cancelledoccurrences') && named.instance === null)
    extra['cancelledOccurrences'] = occurrenceIds(call.mailbox, named.row, call.view)
  return { ...select(entity, names), ...extra }
}

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

function answerEvent(call: Call, named: Named, status: number): Answer {
  const row = storedRow(named)
  const entity = expandEvent(call, named, renderEvent(call.mailbox, named.row, call.view, named.instance))
  const body = { '@odata.context': call.context(`events${selectText(call)}/$entity`), ...entity }
  return jsonAnswer(status, body, { ...call.applied(), etag: etag(row.version) })
}

function rowsOf(call: Call, calendar: CalendarRow | null): EventRow[] {
  const collections =
    calendar === null ? [...call.mailbox.events.values()] : [eventsOf(call.mailbox, calendar.key)]
  return collections.flatMap((collection) => [...items(collection)])
}

function listEvents(call: Call, calendar: CalendarRow): Answer {
  const filter = call.query.get('$filter') ?? ''
  const wide = expansions(call).length > 0 || /extended|extensions/i.test(filter)
  const rows = rowsOf(call, calendar).map((row) => {
    const entity = renderEvent(call.mailbox, row, call.view)
    if (!wide) return entity
    // any() over extended properties reads them; they are shown only when expanded.
    Object.defineProperty(entity, 'singleValueExtendedProperties', { value: row.extended, enumerable: false })
    return entity
  })
  const byId = new Map(rowsOf(call, calendar).map((row) => [eventId(call.mailbox, row, call.view), row]))
  const answer = answerList(call, {
    rows,
    context: call.context(`events${selectText(call)}`),
    headers: call.applied(),
  })
  const body = answer.body as JsonObject
  if (expansions(call).length > 0)
    body['value'] = (body['value'] as JsonObject[]).map((entity) => {
      const row = byId.get(String(entity['id']))
      return row === undefined ? entity : expandEvent(call, { row, instance: null }, entity)
    })
  return answer
}

function answerInstances(call: Call, found: readonly Named[], context: string): Answer {
  const rows = [...found]
    .sort((a, b) => startOf(a) - startOf(b))
    .map((named) => renderEvent(call.mailbox, named.row, call.view, named.instance))
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

function remove(call: Call, named: Named): Answer {
  checkIfMatch(call, storedRow(named).version)
  if (named.instance === null) deleteEvent(call.office, call.mailbox, named.row)
  else deleteInstance(call.office, call.mailbox, named.instance)
  return noContent
}

function respondTo(call: Call, named: Named, response: Reply['response']): Answer {
  const { office, mailbox, store } = call
  const body = parameters(call.jsonOrEmpty())
  const reply: Reply = {
    response,
    comment: text(body, 'comment') ?? '',
    send: flag(body, 'sendResponse') ?? true,
    proposed: parseSlot(body['proposedNewTime']),
  }
  const row = storedRow(named)
  if (row.isOrganizer)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.",
    )
  if (reply.proposed !== null && (!row.allowNewTimeProposals || !reply.send))
    throw new GraphError(400, 'ErrorInvalidRequest', 'A new time cannot be proposed for this meeting.')
  const slot = named.instance?.slot ?? null
  if (response === 'declined') {
    if (named.instance === null) deleteEvent(office, mailbox, named.row, '', true)
    else deleteInstance(office, mailbox, named.instance, '', true)
  } else {
    const before = { ...named.row }
    const answered = {
      response: { response, at: store.now() },
      showAs: response === 'accepted' ? ('busy' as const) : ('tentative' as const),
    }
    if (named.instance === null) {
      Object.assign(named.row, answered)
      store.changed(mailbox, 'event', eventsOf(mailbox, named.row.calendar), named.row, before)
    } else {
      const instance = updateInstance(office, mailbox, named.instance, {
        fields: { showAs: answered.showAs },
        transactionId: null,
        extended: undefined,
        extensions: undefined,
      })
      if (instance.exception !== null) Object.assign(instance.exception, answered)
    }
  }
  respond(office, mailbox, named.row, slot, reply)
  return accepted
}

function cancelEvent(call: Call, named: Named): Answer {
  const comment = text(parameters(call.jsonOrEmpty()), 'comment') ?? ''
  if (!storedRow(named).isOrganizer)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      "Your request can't be completed. You need to be an organizer to cancel a meeting.",
    )
  if (named.instance === null) deleteEvent(call.office, call.mailbox, named.row, comment)
  else deleteInstance(call.office, call.mailbox, named.instance, comment)
  return accepted
}

function forward(call: Call, named: Named): Answer {
  const body = parameters(call.json())
  const to = parseRecipients(body, 'toRecipients') ?? []
  if (to.length === 0)
    throw new GraphError(400, 'ErrorInvalidRecipients', 'At least one recipient is needed.')
  const row = storedRow(named)
  const comment = text(body, 'comment') ?? ''
  post(call.office, {
    kind: 'meetingForward',
    from: call.mailbox,
    to,
    subject: `FW: ${row.subject}`,
    about: row.iCalUId,
    text: comment,
  })
  return accepted
}

function setReminder(call: Call, named: Named, snoozeTo: boolean): Answer {
  if (snoozeTo) {
    const time = object(parameters(call.json()), 'newReminderTime')
    if (!time) throw badRequest('The NewReminderTime is missing.')
    parseMoment(time, 'newReminderTime')
  } else {
    const { store, mailbox } = call
    store.update(mailbox, 'event', eventsOf(mailbox, named.row.calendar), named.row, {})
  }
  return accepted
}

const ACTIONS: Readonly<Record<string, (call: Call, named: Named) => Answer>> = {
  accept: (call, named) => respondTo(call, named, 'accepted'),
  decline: (call, named) => respondTo(call, named, 'declined'),
  tentativelyAccept: (call, named) => respondTo(call, named, 'tentativelyAccepted'),
  cancel: cancelEvent,
  forward,
  snoozeReminder: (call, named) => setReminder(call, named, true),
  dismissReminder: (call, named) => setReminder(call, named, false),
  permanentDelete: (call, named) => {
    remove(call, named)
    return noContent
  },
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
  return [
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
      handle: (call) => remove(call, named(call)),
    },
    get('/events/{event}/instances', VIEW_QUERY, (call) => listInstances(call, named(call))),
    ...Object.entries(ACTIONS).map(([name, act]): Route => ({
      method: 'POST',
      path: `${base}/events/{event}/${name}`,
      permissions: CALENDAR_WRITE,
      query: [],
      handle: (call) => act(call, named(call)),
    })),
  ]
}

function countEvents(call: Call, calendar: CalendarRow): number {
  const filter = call.query.get('$filter')
  const rows = rowsOf(call, calendar)
  return filter === undefined
    ? rows.length
    : rows.map((row) => renderEvent(call.mailbox, row, call.view)).filter(parseFilter(filter)).length
}

export const eventRoutes = (paths: readonly CalendarPath[]): Route[] => paths.flatMap(routesBelow)
