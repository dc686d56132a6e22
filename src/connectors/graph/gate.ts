/**
 * Throttle manners: how many requests may be on their way at once, and when none may start.
 *
 * Outlook allows four concurrent requests for each app and mailbox, and a refusal with Retry-After speaks for the whole
 * mailbox. One gate belongs to one mailbox; where a tenant counts per app, the composition root hands one gate to all
 * connectors of that app. Source: "Microsoft Graph service-specific throttling limits", Outlook.
 */
import type { Instant } from '../../core/ids.ts'
import type { GraphEnv } from './environment.ts'

const CONCURRENT_REQUESTS_MAX = 4

interface Waiter {
  readonly weight: number
  readonly enter: () => void
}

export interface GateOptions {
  readonly limit?: number
  /** What was known of it when the process began. */
  readonly closedUntil?: Instant
  /** Told whenever it closes, or closes for longer. */
  readonly closed?: (until: Instant) => void
}

export class Gate {
  readonly #env: GraphEnv
  readonly #limit: number
  readonly #closed: (until: Instant) => void
  readonly #queue: Waiter[] = []
  #inside = 0
  #closedUntil: Instant

  constructor(env: GraphEnv, options: GateOptions = {}) {
    this.#env = env
    this.#limit = options.limit ?? CONCURRENT_REQUESTS_MAX
    this.#closedUntil = options.closedUntil ?? 0
    this.#closed = options.closed ?? (() => undefined)
  }

  /** Milliseconds until the next request may start; 0 when it may start now. */
  get closedForMs(): number {
    return Math.max(0, this.#closedUntil - this.#env.now())
  }

  /** Nothing starts for `milliseconds`. A shorter time never shortens a longer one. */
  close(milliseconds: number): void {
    const until = this.#env.now() + milliseconds
    if (until <= this.#closedUntil) return
    this.#closedUntil = until
    this.#closed(until)
  }

  /**
   * Waits for its turn (first come, first served) and for the gate to open. A `$batch` weighs as many as its parts, up
   * to the limit: Graph forwards four of them at a time. Call the answer when the request is over.
   *
   * @throws the signal's reason when aborted while waiting.
   */
  async enter(weight: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const share = Math.min(weight, this.#limit)
    await this.#turn(share, signal)
    try {
      while (this.closedForMs > 0) await this.#env.sleep(this.closedForMs, signal)
      signal.throwIfAborted()
    } catch (error) {
      this.#leave(share)
      throw error
    }
    let left = false
    return () => {
      if (left) return
      left = true
      this.#leave(share)
    }
  }

  #turn(weight: number, signal: AbortSignal): Promise<void> {
    if (this.#queue.length === 0 && this.#inside + weight <= this.#limit) {
      this.#inside += weight
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        weight,
        enter: () => {
          signal.removeEventListener('abort', give)
          resolve()
        },
      }
      const give = (): void => {
        const at = this.#queue.indexOf(waiter)
        if (at < 0) return
        this.#queue.splice(at, 1)
        reject(signal.reason)
        this.#admit()
      }
      signal.addEventListener('abort', give, { once: true })
      this.#queue.push(waiter)
    })
  }

  #leave(weight: number): void {
    this.#inside -= weight
    this.#admit()
  }

  #admit(): void {
    for (
      let next = this.#queue[0];
      next && this.#inside + next.weight <= this.#limit;
      next = this.#queue[0]
    ) {
      this.#queue.shift()
      this.#inside += next.weight
      next.enter()
    }
  }
}
