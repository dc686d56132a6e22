import type { Instant } from '../core/ids.ts'
import type { Fields } from '../core/item.ts'

/** Between the database's instants and ours. */
export const at = (value: Date): Instant => value.getTime()
export const atOrNull = (value: Date | null): Instant | null => (value === null ? null : value.getTime())
export const iso = (value: Instant): string => new Date(value).toISOString()
export const isoOrNull = (value: Instant | null): string | null => (value === null ? null : iso(value))

export const withoutKey = (fields: Fields, key: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key))

/**
 * Splits a list of writes so that in each part every key occurs once: one statement writes a part, and parts follow
 * each other, so that two writes of one row happen in the order given.
 */
export function segments<W>(writes: readonly W[], keyOf: (write: W) => string): readonly (readonly W[])[] {
  const parts: W[][] = []
  let part: W[] = []
  let keys = new Set<string>()
  for (const write of writes) {
    const key = keyOf(write)
    if (keys.has(key)) {
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
