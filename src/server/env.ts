import type { Instant } from '../core/ids.ts'

/** Time and ids, handed in by the composition root. */
export interface Env {
  readonly now: () => Instant
  /** Time-ordered and unique. */
  readonly newId: () => string
}
