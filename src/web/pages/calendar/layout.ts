import type { Item } from '../../api/client.ts'
import { theReader, wallClock } from '../../format.ts'
import { addDays, DAY_MINUTES, daysBetween, minuteOfDay } from './dates.ts'

export type Calendar = Item<'GET /api/calendar/calendars'>
export type Occurrence = Item<'GET /api/calendar/occurrences'>

/** An occurrence in the reader's zone: which days it touches, and from which minute to which. */
export interface Placed {
  readonly occurrence: Occurrence
  readonly key: string
  readonly allDay: boolean
  /** First and last day (inclusive). */
  readonly first: string
  readonly last: string
  /** Wall-clock times in the reader's zone; for all-day ones midnights. */
  readonly start: string
  readonly end: string
}

const known = new WeakMap<Occurrence, Placed & { readonly zone: string }>()

export const keyOf = (one: Occurrence): string => `${one.event} ${one.slot ?? ''}`

export function place(one: Occurrence): Placed {
  const { zone } = theReader()
  const before = known.get(one)
  if (before?.zone === zone) return before
  const placed = { ...compute(one), zone }
  known.set(one, placed)
  return placed
}

function compute(one: Occurrence): Placed {
  const key = keyOf(one)
  if (one.time.allDay) {
    const { start, end } = one.time
    const last = end > start ? addDays(end, -1) : start
    return {
      occurrence: one,
      key,
      allDay: true,
      first: start,
      last,
      start: `${start}T00:00`,
      end: `${end}T00:00`,
    }
  }
  const start = wallClock(one.startsAt)
  const end = wallClock(one.endsAt)
  const first = start.slice(0, 10)
  // An event that ends at midnight does not touch the day that begins then.
  const last = end > start && end.endsWith('T00:00') ? addDays(end.slice(0, 10), -1) : end.slice(0, 10)
  return {
    occurrence: one,
    key,
    allDay: daysBetween(first, last) >= 1 && minutes(start, end) >= DAY_MINUTES,
    first,
    last,
    start,
    end,
  }
}
const minutes = (from: string, to: string): number =>
  (Date.parse(`${to}:00Z`) - Date.parse(`${from}:00Z`)) / 60_000

/** What overlaps shares the width: each in the first column that is free. */
export interface Column {
  readonly placed: Placed
  /** Minutes of the day. */
  readonly from: number
  readonly to: number
  readonly column: number
  readonly columns: number
}
const SHORTEST_MINUTES = 25

export function layoutDay(date: string, all: readonly Placed[]): readonly Column[] {
  const rows = all
    .filter((one) => !one.allDay && one.first <= date && one.last >= date)
    .map((placed) => {
      const from = placed.first < date ? 0 : minuteOfDay(placed.start)
      const to = placed.last > date ? DAY_MINUTES : minuteOfDay(placed.end) || DAY_MINUTES
      return { placed, from, to: Math.max(to, from + SHORTEST_MINUTES), column: 0, columns: 1 }
    })
    .sort((a, b) => a.from - b.from || b.to - a.to)
  let group: typeof rows = []
  let groupEnd = -1
  const close = (): void => {
    const columns = Math.max(1, ...group.map((one) => one.column + 1))
    for (const one of group) one.columns = columns
    group = []
  }
  for (const row of rows) {
    if (row.from >= groupEnd) close()
    const taken = new Set(group.filter((one) => one.to > row.from).map((one) => one.column))
    while (taken.has(row.column)) row.column++
    group.push(row)
    groupEnd = Math.max(group.length === 1 ? -1 : groupEnd, row.to)
  }
  close()
  return rows
}

/** Bars over several days, each in the first line that is free, for the all-day row and the month. */
export interface Bar {
  readonly placed: Placed
  /** Day indexes in the window, inclusive. */
  readonly from: number
  readonly to: number
  readonly line: number
  readonly startsBefore: boolean
  readonly endsAfter: boolean
}
export function layoutBars(first: string, count: number, all: readonly Placed[]): readonly Bar[] {
  const last = addDays(first, count - 1)
  const lines: number[] = []
  return all
    .filter((one) => one.first <= last && one.last >= first)
    .sort(
      (a, b) =>
        (a.first < b.first ? -1 : a.first > b.first ? 1 : 0) ||
        Number(b.allDay) - Number(a.allDay) ||
        (a.start < b.start ? -1 : 1),
    )
    .map((placed) => {
      const from = Math.max(0, daysBetween(first, placed.first))
      const to = Math.min(count - 1, daysBetween(first, placed.last))
      let line = 0
      while ((lines[line] ?? -1) >= from) line++
      lines[line] = to
      return { placed, from, to, line, startsBefore: placed.first < first, endsAfter: placed.last > last }
    })
}
