import { linkNext, linkOlder } from '../crm/linking.ts'
import { sortMail } from '../crm/mailroom.ts'
import type { Database } from '../store/database.ts'
import type { AppEnv } from './identities.ts'

/**
 * Linking and the mailroom, behind the import: woken by what the sync wrote, and looking by itself for what people made
 * in the CRM. It rests between pages, longer the longer a page took, so that an import keeps the database.
 */
export interface Mailroom {
  /** Something was written. */
  readonly note: () => void
  readonly close: () => Promise<void>
}

const LOOK_MS = 3_000
/** Rest after a page, in times of what the page took. */
const REST = 3

export function startMailroom(parts: {
  readonly database: Database
  readonly env: AppEnv
  readonly trouble: (error: unknown) => void
}): Mailroom {
  const { database, env } = parts
  const ended = new AbortController()
  let wanted = false
  let wake: () => void = () => undefined

  const rest = async (since: number): Promise<void> => {
    await env.sleep(Math.max(1, (env.now() - since) * REST), ended.signal)
  }
  const round = async (): Promise<void> => {
    for (const step of [linkNext, linkOlder]) {
      for (;;) {
        const since = env.now()
        const { more } = await step(database, since)
        if (!more || ended.signal.aborted) break
        await rest(since)
      }
    }
    while (!ended.signal.aborted) {
      const since = env.now()
      if ((await sortMail(database, env)) === 0) break
      await rest(since)
    }
  }
  const working = (async () => {
    while (!ended.signal.aborted) {
      wanted = false
      await round().catch((error: unknown) => {
        if (!ended.signal.aborted) parts.trouble(error)
      })
      if (ended.signal.aborted) break
      if (!wanted)
        await new Promise<void>((done) => {
          const timer = setTimeout(done, LOOK_MS)
          wake = () => {
            clearTimeout(timer)
            done()
          }
        })
    }
  })()
  return {
    note: () => {
      wanted = true
      wake()
    },
    close: async () => {
      ended.abort()
      wake()
      await working
    },
  }
}
