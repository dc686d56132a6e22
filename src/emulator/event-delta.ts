/**
 * Both calendar deltas. calendarView/delta is the documented one: bare occurrences, full masters and exceptions, a
 * series never split over pages, tombstones without a type, and changes outside of the window told as removals.
 * events/delta has single events, masters and exceptions, and is a switch. Source: "event: delta".
 */
import type { Answer, Call } from './call.ts'
import { badRequest, GraphError } from './errors.ts'
import { answerDelta, optionsOf, removedRow, tokenOf, type DeltaSource } from './delta.ts'
import { instantOf, type CalendarRow, type EventRow } from './event-model.ts'
import { eventId, instanceId, bareOccurrenceText, renderEvent, viewKey, type View } from './event-render.ts'
import { instancesBetween, overlaps, type Instance } from './event-series.ts'
import { eventsOf } from './event-store.ts'
import { TextCache } from './text-cache.ts'
import { windowOf } from './window.ts'
import { DAY } from './zones.ts'

const PAGE_DEFAULT = 10
const PAGE_MAX = 1_000

/** About twelve thousand events, read again and again. */
const CHARACTERS_KEPT = 64_000_000
const texts = new TextCache(CHARACTERS_KEPT)

/** A whole event as JSON. */
function eventText(call: Call, row: EventRow, view: View): string {
  const [text = ''] = texts.get(row, `${call.mailbox.code}${viewKey(view)}`, () => [
    JSON.stringify({ '@odata.type': '#microsoft.graph.event', ...renderEvent(call.mailbox, row, view) }),
  ])
  return text
}

function exceptionText(call: Call, instance: Instance): string {
  return JSON.stringify({
    '@odata.type': '#microsoft.graph.event',
    ...renderEvent(call.mailbox, instance.master, call.view, instance),
  })
}

const exceptionsOf = (row: EventRow): Instance[] =>
  [...row.exceptions].map(([slot, exception]) => ({
    master: row,
    slot,
    exception,
    start: instantOf(exception.start),
    end: instantOf(exception.end),
  }))

function headersOf(call: Call): Record<string, string> {
  const applied = call.applied()['preference-applied']
  return {
    'preference-applied': applied === undefined ? 'odata.track-changes' : `odata.track-changes, ${applied}`,
  }
}

/** Options that delta does not take are refused on the first request, and complained of. */
function refuseOptions(call: Call): void {
  if (tokenOf(call) !== undefined) return
  for (const name of ['$select', '$expand', '$filter', '$orderby', '$search']) {
    if (!call.query.has(name)) continue
    call.complain('delta-option', `${name} is not supported by the calendar's delta.`)
    throw new GraphError(
      400,
      'ErrorInvalidUrlQuery',
      `The following parameters are not supported with change tracking over the 'Events' resource: '${name}'.`,
    )
  }
}

export function answerViewDelta(call: Call, calendar: CalendarRow): Answer {
  refuseOptions(call)
  const options = optionsOf(call, () => {
    const { from, to } = windowOf(call)
    return { kind: 'view', from: String(from), to: String(to) }
  })
  if (options['kind'] !== 'view') throw badRequest('Badly formed token.')
  const from = Number(options['from'])
  const to = Number(options['to'])
  const { mailbox, view } = call
  const source: DeltaSource<EventRow> = {
    collection: eventsOf(mailbox, calendar.key),
    context: 'Collection(event)',
    options,
    pageSizeDefault: PAGE_DEFAULT,
    pageSizeMax: PAGE_MAX,
    present: (row, rows, initial) => {
      const instances = row.recurrence === null ? [] : instancesBetween(row, from, to)
      const shows =
        row.recurrence === null
          ? overlaps(instantOf(row.start), instantOf(row.end), from, to)
          : instances.length > 0
      if (!shows) {
        if (!initial) rows.add(removedRow(eventId(mailbox, row, view)))
        return
      }
      rows.add(eventText(call, row, view))
      for (const instance of instances)
        rows.add(
          instance.exception === null
            ? bareOccurrenceText(mailbox, instance, view)
            : exceptionText(call, instance),
        )
      if (!initial) {
        for (const instance of exceptionsOf(row))
          if (!overlaps(instance.start, instance.end, from, to))
            rows.add(removedRow(instanceId(mailbox, instance, view)))
        if (call.store.switches.deltaOccurrenceTombstones)
          for (const slot of row.cancelled) {
            const start = slot * DAY
            if (overlaps(start, start + DAY, from, to))
              rows.add(
                removedRow(
                  instanceId(mailbox, { master: row, slot, exception: null, start, end: start + DAY }, view),
                ),
              )
          }
      }
    },
    absent: (row, rows) => {
      rows.add(removedRow(eventId(mailbox, row, view)))
      for (const instance of instancesBetween(row, from, to))
        rows.add(removedRow(instanceId(mailbox, instance, view)))
    },
  }
  return answerDelta(call, source, headersOf(call))
}

export function answerEventsDelta(call: Call, calendar: CalendarRow): Answer {
  if (!call.store.switches.eventsDelta)
    throw new GraphError(501, 'NotImplemented', 'This operation target is not yet supported.')
  refuseOptions(call)
  const options = optionsOf(call, () => {
    const start = call.query.get('startdatetime')
    return start === undefined ? { kind: 'events' } : { kind: 'events', from: String(windowStart(start)) }
  })
  if (options['kind'] !== 'events') throw badRequest('Badly formed token.')
  const from = options['from'] === undefined ? Number.NEGATIVE_INFINITY : Number(options['from'])
  const { mailbox, view } = call
  const source: DeltaSource<EventRow> = {
    collection: eventsOf(mailbox, calendar.key),
    context: 'Collection(event)',
    options,
    pageSizeDefault: PAGE_DEFAULT,
    pageSizeMax: PAGE_MAX,
    present: (row, rows, initial) => {
      const ends = row.recurrence === null ? instantOf(row.end) : Number.POSITIVE_INFINITY
      if (ends < from) {
        if (!initial) rows.add(removedRow(eventId(mailbox, row, view)))
        return
      }
      rows.add(eventText(call, row, view))
      for (const instance of exceptionsOf(row)) rows.add(exceptionText(call, instance))
    },
    absent: (row, rows) => {
      rows.add(removedRow(eventId(mailbox, row, view)))
      for (const instance of exceptionsOf(row)) rows.add(removedRow(instanceId(mailbox, instance, view)))
    },
  }
  return answerDelta(call, source, headersOf(call))
}

function windowStart(source: string): number {
  const at = Date.parse(source)
  if (Number.isNaN(at))
    throw new GraphError(
      400,
      'ErrorInvalidParameter',
      `The value '${source}' of parameter 'startDateTime' is invalid.`,
    )
  return at
}
