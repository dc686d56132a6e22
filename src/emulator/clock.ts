/**
 * Time is an argument everywhere in the emulator: a program runs on the real clock, a simulation hands in its
 * own, and a test may stop the clock and push it forward by hand through the control API.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves once `milliseconds` have passed on this clock. A sleep in the `background` keeps no process alive. */
  sleep(milliseconds: number, background?: boolean): Promise<void>
}

/** The machine's clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, background = false) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      if (background) timer.unref()
    }),
}

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that can be stopped, set and advanced; until somebody stops it, it follows `source`. */
export class AdjustableClock implements Clock {
  readonly #source: Clock
  #frozenAt: number | null = null
  readonly #sleepers = new Set<Sleeper>()

  constructor(source: Clock) {
    this.#source = source
  }

  get frozen(): boolean {
    return this.#frozenAt !== null
  }

  now(): number {
    return this.#frozenAt ?? this.#source.now()
  }

  sleep(milliseconds: number, background?: boolean): Promise<void> {
    return new Promise((wake) => {
      const sleeper = { at: this.now() + milliseconds, wake }
      this.#sleepers.add(sleeper)
      if (this.#frozenAt !== null) return
      void this.#source.sleep(milliseconds, background).then(() => {
        // Whoever stopped the clock meanwhile decides when this sleep is over.
        if (this.#frozenAt === null) this.#wake(sleeper)
      })
    })
  }

  #wake(sleeper: Sleeper): void {
    if (this.#sleepers.delete(sleeper)) sleeper.wake()
  }

  /** Stops the clock at `at` and wakes whoever slept until then. */
  set(at: number): void {
    this.#frozenAt = at
    const due = [...this.#sleepers].filter((sleeper) => sleeper.at <= at)
    for (const sleeper of due.sort((a, b) => a.at - b.at)) this.#wake(sleeper)
  }

  advance(milliseconds: number): void {
    this.set(this.now() + milliseconds)
  }

  /** Follows the source again. Sleepers wake at once: their moment can no longer be told. */
  release(): void {
    this.#frozenAt = null
    for (const sleeper of [...this.#sleepers]) this.#wake(sleeper)
  }
}

const DAY = 86_400_000
const DAYS_KNOWN_MAX = 20_000
const days = new Map<number, string>()
const TWO = Array.from({ length: 60 }, (_none, n) => String(n).padStart(2, '0'))

/** `2026-09-30T08:15:00`, the fraction cut off. Written by hand: a page of a thousand items has four thousand times. */
export function secondText(at: number): string {
  const day = Math.floor(at / DAY)
  let date = days.get(day)
  if (date === undefined) {
    if (days.size >= DAYS_KNOWN_MAX) days.clear()
    date = new Date(day * DAY).toISOString().slice(0, -13)
    days.set(day, date)
  }
  const seconds = Math.floor((at - day * DAY) / 1000)
  return `${date}${TWO[Math.floor(seconds / 3600)]}:${TWO[Math.floor(seconds / 60) % 60]}:${TWO[seconds % 60]}`
}

/** `2026-09-30T08:15:00Z`, the way Graph writes an Edm.DateTimeOffset without a fraction. */
export function instantText(at: number): string {
  return at % 1000 === 0 ? `${secondText(at)}Z` : new Date(at).toISOString()
}
