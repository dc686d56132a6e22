import { setTimeout as sleep } from 'node:timers/promises'
import { indexSome } from '../crm/mail-index.ts'
import type { Database } from '../store/database.ts'

/** Runs the indexer of mail beside everything else: in small steps, with pauses, slower while mailboxes are syncing. */
export interface MailIndexing {
  /** Messages may have been written. Cheap, and many are one. */
  readonly wake: () => void
  readonly close: () => Promise<void>
}

const STEP_ROWS = 100
const PAUSE_MS = 20
/** While a first import runs, it comes first. */
const PAUSE_BUSY_MS = 500
/** After news: further pages are about to be written. */
const WAKE_MS = 300
/** What another process wrote. */
const LOOK_MS = 60_000

export function startMailIndexing(parts: {
  readonly database: Database
  readonly trouble: (error: unknown) => void
  /** Something was indexed: attachments may be waiting to be listed. */
  readonly indexed: () => void
  /** What may be done while there is nothing to index. */
  readonly idle: () => Promise<void>
}): MailIndexing {
  const { database } = parts
  const end = new AbortController()
  let woken: (() => void) | null = null
  let again = true
  const pause = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal: end.signal, ref: false }).catch(() => undefined)
  const importing = async (): Promise<boolean> =>
    (
      await database.query(
        `select 1 from channels where channel = 'email' and enabled and state = 'running' and not first_sync_done limit 1`,
      )
    ).length > 0

  async function run(): Promise<void> {
    while (!end.signal.aborted) {
      if (!again) {
        await Promise.race([pause(LOOK_MS), new Promise<void>((done) => (woken = done))])
        woken = null
        await pause(WAKE_MS)
      }
      again = false
      try {
        let some = false
        while (!end.signal.aborted && (await indexSome(database, STEP_ROWS)) > 0) {
          some = true
          await pause((await importing()) ? PAUSE_BUSY_MS : PAUSE_MS)
        }
        if (some) parts.indexed()
        else await parts.idle()
      } catch (error) {
        if (!end.signal.aborted) parts.trouble(error)
        await pause(LOOK_MS)
      }
    }
  }
  const running = run()
  return {
    wake: () => {
      again = true
      woken?.()
    },
    close: async () => {
      end.abort()
      woken?.()
      await running
    },
  }
}
