/** From an id in a path to the event, occurrence or exception that it names. */
import type { Call } from './call.ts'
import { changeConflict, itemNotFound, malformedId } from './errors.ts'
import type { EventRow } from './event-model.ts'
import { eventId, instanceId, type View } from './event-render.ts'
import { splitKey, type Instance } from './event-series.ts'
import { findEvent } from './event-store.ts'
import { requireInstance } from './event-write.ts'
import { etag, keyOfId } from './ids.ts'

/** An event as an id names it: a single event or master, or one instance of a series. */
export interface Named {
  readonly row: EventRow
  readonly instance: Instance | null
}

/** Finds what an id names; the id must be exactly one that this mailbox gives to it. */
export function namedEvent(call: Call, id: string): Named {
  const key = keyOfId(id)
  if (key === null) throw malformedId()
  const parts = splitKey(key)
  const row = findEvent(call.mailbox, parts.key)
  if (row === undefined) throw itemNotFound()
  const named = { row, instance: parts.slot === null ? null : requireInstance(row, parts.slot) }
  const own = (immutableIds: boolean): string => idOf(call, named, { ...call.view, immutableIds })
  if (own(true) !== id && own(false) !== id) throw itemNotFound()
  return named
}

export function idOf(call: Call, named: Named, view: View): string {
  return named.instance === null
    ? eventId(call.mailbox, named.row, view)
    : instanceId(call.mailbox, named.instance, view)
}

/** The row whose fields are shown: the exception's own, else the event's. */
export const storedRow = (named: Named): EventRow => named.instance?.exception ?? named.row

export function checkIfMatch(call: Call, version: number): void {
  const condition = call.ifMatch
  if (condition === undefined || condition === '*') return
  const bare = (text: string): string => text.replace(/^W\//, '')
  if (bare(condition) !== bare(etag(version))) throw changeConflict()
}
