import type { Violation } from './history.ts'
import type { Outcome } from './run.ts'
import type { Shape } from './story.ts'

/** A failure as it is reported: the story that shows it, already as short as it gets. */
export interface Failure {
  readonly layer: string
  readonly seed: string
  readonly violation: Violation
  readonly story: string
}

export interface Tally {
  seeds: number
  operations: number
  faults: number
  steps: number
  crashes: number
  lostReplies: number
  conflicts: number
  violations: number
  /** Acts of the CRM person × acts of the Outlook person on the same item between two passes, by resource. */
  readonly cells: Map<string, number>
  /** Cells of the conflict matrix in which both people met (scenarios.ts), and how often. */
  readonly matrix: Map<string, number>
  /** Faults injected, by kind. */
  readonly kinds: Map<string, number>
}

export const newTally = (): Tally => ({
  seeds: 0,
  operations: 0,
  faults: 0,
  steps: 0,
  crashes: 0,
  lostReplies: 0,
  conflicts: 0,
  violations: 0,
  cells: new Map(),
  matrix: new Map(),
  kinds: new Map(),
})

const FAILURES_TOLD_MAX = 10

export interface LayerOptions {
  readonly from: number
  readonly seeds: number
  readonly shape?: Partial<Shape>
  /** This process plays the worlds whose number is `share` modulo `shares`. */
  readonly share: number
  readonly shares: number
  /** One in so many seeds is played twice and must agree to the byte. 0: none. */
  readonly twice: number
  /** Of what is enumerated in pairs, one in so many is played. */
  readonly sample: number
  readonly stopAtFirst: boolean
  readonly failed: (failure: Failure) => void
  readonly progress: (tally: Tally, done: number, of: number) => void
}

export type Layer = (options: LayerOptions, tally: Tally) => Promise<void>

export const mine = (n: number, { share, shares }: LayerOptions): boolean => n % shares === share
export const full = (tally: Tally, options: LayerOptions): boolean =>
  options.stopAtFirst && tally.violations > 0

/** Worlds on a virtual clock never let the event loop turn: between two of them a signal must be able to end the process. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function count(tally: Tally, outcome: Outcome): void {
  tally.seeds += 1
  tally.operations += outcome.operations
  tally.steps += outcome.steps
  tally.crashes += outcome.crashes
  // A crash that was drawn is among the injected faults; one at a given step, or by a signal, is not.
  tally.faults += outcome.crashes - (outcome.injected.get('crash') ?? 0)
  for (const [kind, times] of outcome.injected) {
    tally.faults += times
    bump(tally.kinds, kind, times)
  }
  if (outcome.crashes > 0) bump(tally.kinds, 'crash', outcome.crashes - (outcome.injected.get('crash') ?? 0))
  for (const cell of outcome.cells) bump(tally.cells, cell)
  for (const cell of outcome.met) bump(tally.matrix, cell)
}

export function bump(map: Map<string, number>, name: string, times = 1): void {
  if (times > 0) map.set(name, (map.get(name) ?? 0) + times)
}

export function report(tally: Tally, options: LayerOptions, failure: Failure): void {
  tally.violations += 1
  if (tally.violations <= FAILURES_TOLD_MAX) options.failed(failure)
}
