/**
 * Outlook's limits for one app and mailbox: four requests at once, ten thousand in ten minutes. Refused requests
 * count too. Source: "Microsoft Graph service-specific throttling limits".
 */
import { GraphError } from './errors.ts'
import type { Store } from './state.ts'

const WINDOW_MILLISECONDS = 600_000
const BUCKETS = 60
const BUCKET_MILLISECONDS = WINDOW_MILLISECONDS / BUCKETS

interface Meter {
  running: number
  readonly counts: Int32Array
  bucket: number
  total: number
  /** Waits that a client was told and that have not run out: the number of the telling, and until when. */
  waits: { readonly number: number; readonly until: number }[]
}

export class Throttle {
  readonly #meters = new Map<string, Meter>()
  readonly #store: Store
  /** How often anybody was told to wait so far. */
  told = 0

  constructor(store: Store) {
    this.#store = store
  }

  #meter(name: string): Meter {
    let meter = this.#meters.get(name)
    if (meter === undefined) {
      meter = { running: 0, counts: new Int32Array(BUCKETS), bucket: 0, total: 0, waits: [] }
      this.#meters.set(name, meter)
    }
    return meter
  }

  /**
   * Counts a request in. Returns how many run now, and the refusal, if it is one too many. `toldBefore`: a part of a
   * batch left its client with the batch, when only so many waits had been told.
   */
  enter(
    app: string,
    mailbox: string,
    toldBefore: number,
  ): { running: number; refusal: GraphError | null; early: boolean } {
    const { switches } = this.#store
    const now = this.#store.now()
    const meter = this.#meter(`${app}|${mailbox}`)
    const bucket = Math.floor(now / BUCKET_MILLISECONDS)
    if (bucket !== meter.bucket) {
      const passed = Math.min(Math.max(bucket - meter.bucket, 0), BUCKETS)
      for (let i = 0; i < passed; i++) {
        const index = (((meter.bucket + 1 + i) % BUCKETS) + BUCKETS) % BUCKETS
        meter.total -= meter.counts[index] ?? 0
        meter.counts[index] = 0
      }
      meter.bucket = bucket
    }
    const index = ((bucket % BUCKETS) + BUCKETS) % BUCKETS
    meter.counts[index] = (meter.counts[index] ?? 0) + 1
    meter.total++
    meter.running++
    meter.waits = meter.waits.filter(({ until }) => now < until)
    const early = meter.waits.some(({ number }) => number <= toldBefore)
    let refusal: GraphError | null = null
    if (switches.concurrentRequestsMax > 0 && meter.running > switches.concurrentRequestsMax)
      refusal = this.refusal('Application is over its MailboxConcurrency limit.', 1)
    else if (switches.requestsPerTenMinutesMax > 0 && meter.total > switches.requestsPerTenMinutesMax)
      refusal = this.refusal('Application is over its request limit for this mailbox.', 60)
    return { running: meter.running, refusal, early }
  }

  leave(app: string, mailbox: string): void {
    this.#meter(`${app}|${mailbox}`).running--
  }

  /** Remembers until when a client was asked to wait; calling before is a complaint. */
  asked(app: string, mailbox: string, seconds: number): void {
    const meter = this.#meter(`${app}|${mailbox}`)
    meter.waits.push({ number: ++this.told, until: this.#store.now() + seconds * 1000 })
  }

  refusal(message: string, seconds: number, status?: number): GraphError {
    const { switches } = this.#store
    const wait = switches.fractionalRetryAfter ? (seconds + 0.128).toFixed(3) : String(seconds)
    return new GraphError(status ?? switches.throttleStatus, 'ApplicationThrottled', message, {
      headers: { 'retry-after': wait },
    })
  }

  clear(): void {
    this.#meters.clear()
  }
}

/** The wait that an answer asks for, in seconds. */
export function retryAfterSeconds(headers: Readonly<Record<string, string>>): number | null {
  const value = headers['retry-after']
  const seconds = value === undefined ? Number.NaN : Number(value)
  return Number.isFinite(seconds) ? seconds : null
}
