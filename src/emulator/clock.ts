/**
 * Time is an argument everywhere in the emulator: a program runs on the real clock, a simulation hands in its
 * own, and a test may stop the clock and push it forward by hand through the control API.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves once `milliseconds` have passed on this clock. */
  sleep(milliseconds: number): Promise<void>
}

/** The machine's clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/** A clock that can be stopped, set and advanced; until somebody stops it, it follows `source`. */
export class AdjustableClock implements Clock {
  readonly #source: Clock
  #frozenAt: number | null = null
  #sleepers: { at: number; wake: () => void }[] = []

  constructor(source: Clock) {
    this.#source = source
  }

  get frozen(): boolean {
    return this.#frozenAt !== null
  }

  now(): number {
    return this.#frozenAt ?? this.#source.now()
  }

  sleep(milliseconds: number): Promise<void> {
    if (this.#frozenAt === null) return this.#source.sleep(milliseconds)
    const at = this.#frozenAt + milliseconds
    return new Promise((wake) => this.#sleepers.push({ at, wake }))
  }

  /** Stops the clock at `at` and wakes whoever slept until then. */
  set(at: number): void {
    this.#frozenAt = at
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= at)
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > at)
    for (const sleeper of due.sort((a, b) => a.at - b.at)) sleeper.wake()
  }

  advance(milliseconds: number): void {
    this.set(this.now() + milliseconds)
  }

  /** Follows the source again. Sleepers wake at once: their moment can no longer be told. */
  release(): void {
    this.#frozenAt = null
    for (const sleeper of this.#sleepers.splice(0)) sleeper.wake()
  }
}

/** `2026-09-30T08:15:00Z`, the way Graph writes an Edm.DateTimeOffset without a fraction. */
export function instantText(at: number): string {
  const text = new Date(at).toISOString()
  return text.endsWith('.000Z') ? `${text.slice(0, 19)}Z` : text
}
