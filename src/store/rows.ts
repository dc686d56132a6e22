import type { Instant } from '../core/ids.ts'
import type { Fields } from '../core/item.ts'

/** Between the database's instants and ours. */
export const at = (value: Date): Instant => value.getTime()
export const atOrNull = (value: Date | null): Instant | null => (value === null ? null : value.getTime())
/** The rows of a page mostly share their instants: the last one is remembered. */
export function iso(value: Instant): string {
  if (value !== lastInstant) {
    lastIso = new Date(value).toISOString()
    lastInstant = value
  }
  return lastIso
}
let lastInstant: Instant = Number.NaN
let lastIso = ''

export const isoOrNull = (value: Instant | null): string | null => (value === null ? null : iso(value))

export const withoutKey = (fields: Fields, key: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key))

export const STATEMENT_ROWS_MAX = 250

/**
 * Splits a list of writes so that in each part every key occurs once: one statement writes a part, and parts follow
 * each other, so that two writes of one row happen in the order given. A part has a bounded number of rows: the
 * embedded engine never gives back memory that one large statement took.
 */
export function segments<W>(writes: readonly W[], keyOf: (write: W) => string): readonly (readonly W[])[] {
  const parts: W[][] = []
  let part: W[] = []
  let keys = new Set<string>()
  for (const write of writes) {
    const key = keyOf(write)
    if (keys.has(key) || part.length >= STATEMENT_ROWS_MAX) {
      parts.push(part)
      part = []
      keys = new Set()
    }
    keys.add(key)
    part.push(write)
  }
  if (part.length > 0) parts.push(part)
  return parts
}

/** The last write of each key, for statements that put whole rows. */
export function lastOfEach<W>(writes: readonly W[], keyOf: (write: W) => string): readonly W[] {
  return [...new Map(writes.map((write) => [keyOf(write), write])).values()]
}
