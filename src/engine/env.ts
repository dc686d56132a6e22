import type { Instant } from '../core/ids.ts'

/** Time, chance and ids, handed in: the product gives the real ones, the simulation its own. */
export interface Env {
  now(): Instant
  /** A new id; ids made later sort behind ids made earlier. */
  newId(): string
  /** In [0, 1). */
  random(): number
  sleep(ms: number): Promise<void>
}
