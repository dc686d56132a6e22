import type { Json, Side } from '../core/item.ts'
import { fingerprint } from '../core/merge.ts'
import type { SideWrite } from '../core/pair-plan.ts'

/**
 * Two systems that fight over a value (R31): recent writes of a pair by side and value, kept with its link. The same value
 * written to the same side so often within the window means that a person must look.
 */
const WRITES_MAX = 5
const WINDOW_MS = 60 * 60_000
const KEPT = 16

interface Flip {
  readonly side: Side
  readonly what: string
  readonly at: number
}

const listOf = (flips: Json): readonly Flip[] =>
  Array.isArray(flips) ? (flips as unknown as readonly Flip[]) : []

/** The flips with one write more. */
export function noted(flips: Json, write: SideWrite, side: Side, at: number): Json {
  if (write.do !== 'update') return flips
  const flip: Flip = { side, what: fingerprint(write.fields), at }
  return [...listOf(flips), flip].slice(-KEPT) as unknown as Json
}

/** Whether this write would be one too many. */
export function isFight(flips: Json, write: SideWrite, side: Side, now: number): boolean {
  if (write.do !== 'update') return false
  const what = fingerprint(write.fields)
  const since = now - WINDOW_MS
  const before = listOf(flips).filter((flip) => flip.side === side && flip.what === what && flip.at >= since)
  return before.length >= WRITES_MAX
}
