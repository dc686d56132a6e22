import { CompiledQuery } from 'kysely'
import { PgBoss, type Db } from 'pg-boss'
import type { MailboxId } from '../core/ids.ts'
import type { Database, Listening } from './database.ts'

/**
 * Work that must happen although this process may end: one job for each mailbox, so that ten nudges are one pass and
 * no mailbox is worked on twice at once. The only file that knows the queue library (pg-boss).
 *
 * A job names its mailbox and why; what to do is decided when it runs. While it runs, one more may wait; further
 * reasons join that one. A worker that dies is noticed by its missing heartbeat and its job runs again elsewhere. A
 * job that keeps failing is put aside among the dead letters, where it is seen and can be sent again.
 *
 * The library's own worker loop takes one job in two seconds, or thirty with notifications on; this one takes jobs
 * as long as there are some and a place is free, and sleeps until it is notified.
 */
export interface Jobs {
  start(): Promise<void>
  /** Waits for running jobs as long as `graceMs`, then asks them to stop; they run again later. */
  stop(graceMs?: number): Promise<void>
  /** At most one job of a mailbox waits: a further reason joins it, a higher priority lifts it. */
  enqueueMailbox(mailbox: MailboxId, reason: string, options?: EnqueueOptions): Promise<void>
  stats(): Promise<JobStats>
  deadLetters(): Promise<readonly DeadLetter[]>
  /** Sends all dead letters again. @returns how many */
  redrive(): Promise<number>
}

export interface EnqueueOptions {
  /** 0 unless a person waits for it; higher ones run first. */
  readonly priority?: number
  /** Not before so many seconds have passed. */
  readonly afterSeconds?: number
}

export interface JobHandlers {
  /** Throws only for bugs: what may go wrong outside is an outcome of the pass. */
  mailbox(mailbox: MailboxId, why: MailboxJob): Promise<void>
}
export interface MailboxJob {
  readonly reasons: readonly string[]
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal
}

export interface JobStats {
  readonly waiting: number
  readonly running: number
  /** Dead letters. */
  readonly failed: number
}

export interface DeadLetter {
  readonly id: string
  readonly mailbox: MailboxId
  readonly reasons: readonly string[]
  readonly at: Date
}

export interface JobOptions {
  readonly handlers: JobHandlers
  /** Mailboxes worked on at the same time by this process. */
  readonly concurrency?: number
  /** A failure of the queue itself, for the log. */
  readonly onTrouble?: (error: Error) => void
}

interface Data {
  readonly mailbox: MailboxId
  readonly reasons: readonly string[]
}

const QUEUE = 'mailbox'
const DEAD = 'mailbox-dead'
const WAKE = 'syncline_jobs'
const CONCURRENCY = 4
/** How long a job may be silent before another worker takes it. */
const HEARTBEAT_SECONDS = 20
const TOUCH_MS = 5_000
/** Looks for jobs whose time came, and for those whose notification was missed. */
const LOOK_MS = 2_000
/** A first sync of a large mailbox may take hours. The library allows at most a day. */
const EXPIRE_SECONDS = 23 * 60 * 60
const RETRIES = 3
const RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 300
const KEEP_DONE_SECONDS = 600
const KEEP_DEAD_SECONDS = 14 * 24 * 60 * 60
const REASONS_MAX = 20
const GRACE_MS = 3_000
/** A waiting job may begin between asking and adding to it. */
const ENQUEUE_ATTEMPTS_MAX = 5

export function createJobs(database: Database, options: JobOptions): Jobs {
  const boss = new PgBoss({
    db: executorOf(database),
    backend: database.engine === 'embedded' ? 'pglite' : 'postgres',
    schedule: false,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    monitorVacuum: false,
    reindex: database.engine === 'served',
    registerInstance: false,
  })
  boss.on('error', (error) => options.onTrouble?.(error))
  const worker = new Worker(boss, options)
  let listening: Listening | null = null

  return {
    async start() {
      await boss.start()
      await boss.createQueue(DEAD, { retentionSeconds: KEEP_DEAD_SECONDS, retryLimit: 0 })
      await boss.createQueue(QUEUE, {
        policy: 'stately',
        deadLetter: DEAD,
        retryLimit: RETRIES,
        retryDelay: RETRY_SECONDS,
        retryBackoff: true,
        retryDelayMax: RETRY_SECONDS_MAX,
        expireInSeconds: EXPIRE_SECONDS,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        deleteAfterSeconds: KEEP_DONE_SECONDS,
      })
      // The embedded engine has one process: what is marked as running there was cut off with an earlier one.
      if (database.engine === 'embedded') await endHeartbeats(database, boss)
      listening = await database.listen(WAKE, () => worker.wake())
      worker.start()
    },

    async stop(graceMs = GRACE_MS) {
      await worker.stop(graceMs)
      await listening?.stop()
      await boss.stop({ graceful: false, close: false })
    },

    async enqueueMailbox(mailbox, reason, { priority = 0, afterSeconds = 0 } = {}) {
      for (let attempt = 0; attempt < ENQUEUE_ATTEMPTS_MAX; attempt++) {
        const data: Data = { mailbox, reasons: [reason] }
        const id = await boss.send(QUEUE, data, { singletonKey: mailbox, priority, startAfter: afterSeconds })
        if (id !== null || (await join(boss, mailbox, reason, priority, afterSeconds))) break
      }
      if (afterSeconds === 0) await database.query('select pg_notify($1, $2)', [WAKE, ''])
    },

    async stats() {
      const [row] = await database.query<{ waiting: number; running: number; failed: number }>(
        `select count(*) filter (where name = $1 and state in ('created', 'retry')) as waiting,
           count(*) filter (where name = $1 and state = 'active') as running,
           count(*) filter (where name = $2 and state in ('created', 'retry')) as failed
         from pgboss.job where name in ($1, $2)`,
        [QUEUE, DEAD],
      )
      return row ?? { waiting: 0, running: 0, failed: 0 }
    },

    async deadLetters() {
      const jobs = await boss.findJobs<Data>(DEAD, { queued: true })
      return jobs.map((job) => ({ id: job.id, ...job.data, at: job.createdOn }))
    },

    async redrive() {
      const count = await boss.redrive(DEAD)
      worker.wake()
      return count
    },
  }
}

async function endHeartbeats(database: Database, boss: PgBoss): Promise<void> {
  const cutOff = await database.query(
    `update pgboss.job set heartbeat_on = '-infinity' where name = $1 and state = 'active' returning id`,
    [QUEUE],
  )
  if (cutOff.length > 0) await boss.supervise(QUEUE)
}

/** Adds to the job that waits already. False when it is no longer there. */
async function join(
  boss: PgBoss,
  mailbox: MailboxId,
  reason: string,
  priority: number,
  afterSeconds: number,
): Promise<boolean> {
  const [waiting] = await boss.findJobs<Data>(QUEUE, { key: mailbox, queued: true })
  if (waiting === undefined) return false
  const sooner = afterSeconds === 0 && waiting.startAfter.getTime() > waiting.createdOn.getTime()
  const isNew = !waiting.data.reasons.includes(reason) && waiting.data.reasons.length < REASONS_MAX
  if (!isNew && !sooner && waiting.priority >= priority) return true
  const data: Data = { mailbox, reasons: isNew ? [...waiting.data.reasons, reason] : waiting.data.reasons }
  const { updated } = await boss.update(QUEUE, data, {
    id: waiting.id,
    priority: Math.max(priority, waiting.priority),
    ...(sooner && waiting.state === 'created' ? { startAfter: 0 } : {}),
  })
  return updated > 0
}

class Worker {
  readonly #boss: PgBoss
  readonly #options: JobOptions
  readonly #running = new Map<string, { readonly retryCount: number; readonly done: Promise<void> }>()
  readonly #stopping = new AbortController()
  #timers: NodeJS.Timeout[] = []
  #looking: Promise<void> | null = null
  #again = false

  constructor(boss: PgBoss, options: JobOptions) {
    this.#boss = boss
    this.#options = options
  }

  start(): void {
    this.#timers = [
      setInterval(() => this.wake(), LOOK_MS).unref(),
      setInterval(() => void this.#touch(), TOUCH_MS).unref(),
    ]
    this.wake()
  }

  /** Takes jobs until there are none or all places are taken. Called while it looks, it looks once more. */
  wake(): void {
    this.#again = true
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#trouble(error))
      .finally(() => {
        this.#looking = null
      })
  }

  async #look(): Promise<void> {
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false
      const free = (this.#options.concurrency ?? CONCURRENCY) - this.#running.size
      if (free <= 0) return
      const jobs = await this.#boss.fetch<Data>(QUEUE, { batchSize: free })
      for (const job of jobs) {
        const done = this.#run(job.id, job.retryCount, job.data).finally(() => {
          this.#running.delete(job.id)
          this.wake()
        })
        this.#running.set(job.id, { retryCount: job.retryCount, done })
      }
      if (jobs.length === free) this.#again = true
    }
  }

  async #run(id: string, retryCount: number, data: Data): Promise<void> {
    const attempt = { id, retryCount }
    try {
      await this.#options.handlers.mailbox(data.mailbox, {
        reasons: data.reasons,
        signal: this.#stopping.signal,
      })
      await this.#boss.complete(QUEUE, attempt)
    } catch (error) {
      this.#trouble(error)
      const message = error instanceof Error ? error.message : String(error)
      await this.#boss.fail(QUEUE, attempt, { message }).catch((again: unknown) => this.#trouble(again))
    }
  }

  async #touch(): Promise<void> {
    const attempts = [...this.#running].map(([id, { retryCount }]) => ({ id, retryCount }))
    if (attempts.length > 0)
      await this.#boss.touch(QUEUE, attempts).catch((error: unknown) => this.#trouble(error))
  }

  async stop(graceMs: number): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const ended = Promise.allSettled([...this.#running.values()].map(({ done }) => done))
    const grace = Promise.withResolvers<void>()
    const timer = setTimeout(grace.resolve, graceMs)
    // Those that stop at the signal are waited for; who does not listen is left to the heartbeat.
    this.#stopping.abort(new Error('The process is stopping.'))
    await Promise.race([ended, grace.promise])
    clearTimeout(timer)
    await this.#looking
  }

  #trouble(error: unknown): void {
    this.#options.onTrouble?.(error instanceof Error ? error : new Error(String(error)))
  }
}

/** The queue library's statements through our own client, the same for both engines. */
function executorOf(database: Database): Db {
  return {
    async executeSql(text, values) {
      if (values === undefined || values.length === 0) return { rows: await database.script(text) }
      return { rows: await database.select({ compile: () => CompiledQuery.raw(text, values) }) }
    },
  }
}
