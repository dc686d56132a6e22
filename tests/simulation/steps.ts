/**
 * The executor of a simulated world. Everything that would touch the world outside (a request, its reply, a
 * statement, a commit) first passes `step`, under a number and a label. There the world may let time pass, let a
 * person act, or end the process: a crashed process is one whose await never comes back, so that no `finally` and no
 * `catch` runs, as with SIGKILL.
 */
export interface Steps {
  /** Awaited before and after everything that touches the outside. */
  step(label: string): Promise<void>
  /** Labels in order, since the last `begin`. */
  readonly trail: readonly string[]
}

/** What happens at a step. `crash` ends the process there. */
export type AtStep = (number: number, label: string) => 'go' | 'crash' | Promise<'go' | 'crash'>

export class Process implements Steps {
  readonly trail: string[] = []
  readonly #at: AtStep
  #dead = false
  #die: () => void = () => undefined
  /** Resolves when the process was crashed. */
  readonly ended: Promise<'crashed'>

  constructor(at: AtStep) {
    this.#at = at
    this.ended = new Promise((resolve) => (this.#die = () => resolve('crashed')))
  }

  get dead(): boolean {
    return this.#dead
  }

  async step(label: string): Promise<void> {
    if (this.#dead) return never()
    this.trail.push(label)
    const verdict = await this.#at(this.trail.length, label)
    if (verdict === 'crash') {
      this.#dead = true
      this.#die()
    }
    if (this.#dead) return never()
  }

  /** Runs work until it ends or the process is crashed in it. */
  async run<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly ended: 'done'; readonly value: T } | { readonly ended: 'crashed' }> {
    const done = work().then((value) => ({ ended: 'done', value }) as const)
    return Promise.race([done, this.ended.then(() => ({ ended: 'crashed' }) as const)])
  }
}

const never = (): Promise<never> => new Promise<never>(() => undefined)

/** A clock that only moves when somebody sleeps on it or the world pushes it. */
export class VirtualClock {
  #now: number
  constructor(start: number) {
    this.#now = start
  }
  now(): number {
    return this.#now
  }
  advance(ms: number): void {
    this.#now += Math.max(0, ms)
  }
  async sleep(ms: number): Promise<void> {
    this.advance(ms)
  }
}
