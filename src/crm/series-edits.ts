import type { Fields, Json, PlainDate, Recurrence } from '../core/item.ts'
import { eventFields, occurrenceGroup, parseGroup } from '../core/item.ts'
import { isSlot, slotsIn } from '../core/recurrence.ts'
import { strayGroups, timeOfSlot } from '../core/series.ts'
import { addDays } from '../core/time.ts'

/** How a person's change of a series reaches: one occurrence, from one on, or all. Pure; a series is never torn down. */
export type Groups = { readonly [group: string]: Json | undefined }

const seriesOf = (fields: Fields): Recurrence | null => eventFields({ fields }).recurrence ?? null

/** Null when the series has no occurrence there (any more). */
export function changeOccurrence(fields: Fields, slot: PlainDate, change: Groups): Groups | null {
  const recurrence = seriesOf(fields)
  if (recurrence === null || !isSlot(recurrence, slot) || fields[occurrenceGroup(slot, 'cancelled')] === true)
    return null
  return Object.fromEntries(
    Object.entries(change).map(([group, value]) => [occurrenceGroup(slot, group), value]),
  )
}

export function cancelOccurrence(fields: Fields, slot: PlainDate): Groups | null {
  const recurrence = seriesOf(fields)
  if (recurrence === null || !isSlot(recurrence, slot)) return null
  const own = Object.keys(fields).filter((group) => parseGroup(group).slot === slot)
  return {
    ...Object.fromEntries(own.map((group) => [group, undefined])),
    [occurrenceGroup(slot, 'cancelled')]: true,
  }
}

/** A change of the whole series; exceptions that the new pattern no longer makes go with it. */
export function changeSeries(fields: Fields, change: Groups): Groups {
  if (change['recurrence'] === undefined) return change
  const stray = strayGroups(fields, change['recurrence'] as unknown as Recurrence | null)
  return { ...Object.fromEntries(stray.map((group) => [group, undefined])), ...change }
}

/** The series ends before `slot`. Null when nothing would be left of it: then it is the whole series that is meant. */
export function endBefore(fields: Fields, slot: PlainDate): Groups | null {
  const recurrence = seriesOf(fields)
  if (recurrence === null) return null
  const { start } = recurrence.range
  const left = slot > start ? slotsIn(recurrence, { from: start, to: addDays(slot, -1) }) : []
  if (left.length === 0) return null
  const shorter: Recurrence = {
    pattern: recurrence.pattern,
    range: { type: 'endDate', start, until: addDays(slot, -1) },
  }
  const gone = Object.keys(fields).filter((group) => (parseGroup(group).slot ?? '') >= slot)
  return {
    ...Object.fromEntries(gone.map((group) => [group, undefined])),
    recurrence: shorter as unknown as Json,
  }
}

/** The series that goes on from `slot`, with its exceptions where it still has their occurrences. */
export function continuedFrom(fields: Fields, slot: PlainDate, change: Groups): Groups {
  const { time } = eventFields({ fields })
  const recurrence = seriesOf(fields)
  if (recurrence === null) return { ...fields, ...change }
  const { range } = recurrence
  const before =
    slot > range.start ? slotsIn(recurrence, { from: range.start, to: addDays(slot, -1) }).length : 0
  const rest: Recurrence = {
    pattern: recurrence.pattern,
    range:
      range.type === 'numbered'
        ? { type: 'numbered', start: slot, count: Math.max(1, range.count - before) }
        : { ...range, start: slot },
  }
  const kept = Object.fromEntries(
    Object.entries(fields).filter(([group]) => {
      const { slot: own } = parseGroup(group)
      return own === null || own >= slot
    }),
  )
  const next: Groups = {
    ...kept,
    time: timeOfSlot(time, slot) as unknown as Json,
    recurrence: rest as unknown as Json,
    ...change,
  }
  const stray = new Set(strayGroups(kept, next['recurrence'] as unknown as Recurrence | null))
  return Object.fromEntries(Object.entries(next).filter(([group]) => !stray.has(group)))
}
