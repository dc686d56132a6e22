import { createHmac } from 'node:crypto'
import type { Database } from '../store/database.ts'
import { webhookSecret, type Vault } from '../store/vault.ts'
import type { Env } from './env.ts'

/** Outgoing webhooks: what happened here, told to other programs. At most once each; a refusal is shown, not retried. */
export type WebhookEvent =
  'run.finished' | 'run.held' | 'conflict.opened' | 'mailbox.needs-person' | 'alert.raised' | 'test'

export interface Webhooks {
  /** Tells all that listen for it; never throws and never waits for them. */
  readonly tell: (event: WebhookEvent, organization: string, about: object) => void
  readonly test: (id: string) => Promise<{ readonly ok: boolean; readonly message: string }>
  /** Waits for what is on its way. */
  readonly close: () => Promise<void>
}

const TIMEOUT_MS = 10_000
const FAILURES_MAX = 50

interface Row {
  readonly id: string
  readonly url: string
  readonly sealed_secret: Uint8Array
}

export function makeWebhooks(parts: {
  readonly database: Database
  readonly vault: Vault
  readonly env: Env
}): Webhooks {
  const { database, vault, env } = parts
  const underWay = new Set<Promise<unknown>>()

  async function deliver(
    row: Row,
    event: WebhookEvent,
    about: object,
  ): Promise<{ ok: boolean; message: string }> {
    const body = JSON.stringify({ id: env.newId(), event, at: new Date(env.now()).toISOString(), about })
    const signature = createHmac('sha256', vault.open(webhookSecret(row.id), row.sealed_secret))
      .update(body)
      .digest('hex')
    let status: number | null = null
    let message: string
    try {
      const response = await fetch(row.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-syncline-event': event,
          'x-syncline-signature': `sha256=${signature}`,
        },
        body,
        // A redirect could lead the signed message to an address that nobody entered.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      status = response.status
      await response.body?.cancel()
      message = `${response.status} ${response.statusText}`.trim()
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error
      message = `No answer: ${cause instanceof Error ? cause.message : String(cause)}`
    }
    const ok = status !== null && status >= 200 && status < 300
    await database.query(
      `update webhooks set last_status = $2, last_message = $3, last_at = $4, failures = case when $5 then 0 else failures + 1 end,
        active = active and ($5 or failures < $6) where id = $1`,
      [row.id, status, message.slice(0, 300), new Date(env.now()), ok, FAILURES_MAX],
    )
    return { ok, message }
  }
  const keep = (work: Promise<unknown>): void => {
    const kept = work.catch(() => undefined).finally(() => underWay.delete(kept))
    underWay.add(kept)
  }

  return {
    tell: (event, organization, about) =>
      keep(
        database
          .query<Row>(
            'select id, url, sealed_secret from webhooks where active and organization = $1 and $2 = any(events)',
            [organization, event],
          )
          .then((rows) => Promise.all(rows.map((row) => deliver(row, event, about)))),
      ),
    test: async (id) => {
      const [row] = await database.query<Row>('select id, url, sealed_secret from webhooks where id = $1', [
        id,
      ])
      if (row === undefined) return { ok: false, message: 'It was removed meanwhile.' }
      const { ok, message } = await deliver(row, 'test', {})
      return {
        ok,
        message: ok
          ? `${row.url} answered ${message}.`
          : `${row.url} did not take it: ${message}. Nothing else was sent.`,
      }
    },
    close: async () => {
      await Promise.all(underWay)
    },
  }
}
