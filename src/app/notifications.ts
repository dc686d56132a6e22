import { randomBytes } from 'node:crypto'
import type { MailboxId } from '../core/ids.ts'
import type { Channel } from '../core/item.ts'
import { resolve } from '../core/settings.ts'
import type { Hearing } from '../engine/listen.ts'
import { HOOK_PATH, LIFECYCLE_PATH, type GraphHooks } from '../server/graph-hooks.ts'
import { storedSettings } from '../server/settings-store.ts'
import type { Database } from '../store/database.ts'
import { noteLifecycle, tellersOf, type Teller } from '../store/subscriptions.ts'

/** What Microsoft told: judged by its secret, counted, and made into as few nudges as there are mailboxes. */
export interface Notifications extends GraphHooks {
  readonly counts: Readonly<Record<Judgement, number>>
  readonly close: () => Promise<void>
}
type Judgement = 'taken' | 'unknown' | 'forged' | 'malformed'

export interface NotificationParts {
  readonly database: Database
  readonly nudge: (mailbox: MailboxId, channel: Channel) => Promise<void>
  readonly trouble: (error: unknown) => void
}

/** One action of a person is told several times, and several mailboxes in one request: they are gathered. */
const GATHER_MS = 150
const WAITING_MAX = 20_000

export const newSecret = (): string => randomBytes(32).toString('base64url')

/** Where Microsoft is to tell changes; null while the setting is off. */
export async function hearingOf(database: Database): Promise<Hearing | null> {
  const settings = await storedSettings(database, null)
  const base = resolve('general.publicUrl', settings).value.replace(/\/+$/, '')
  if (!resolve('synchronization.notifications', settings).value || base === '') return null
  return { address: `${base}${HOOK_PATH}`, lifecycleAddress: `${base}${LIFECYCLE_PATH}` }
}

interface Told {
  readonly subscriptionId: string
  readonly clientState: string
  readonly tenantId: string | null
  readonly lifecycleEvent: string | null
}

function read(value: unknown): Told | null {
  if (typeof value !== 'object' || value === null) return null
  const { subscriptionId, clientState, tenantId, lifecycleEvent } = value as Record<string, unknown>
  if (typeof subscriptionId !== 'string' || typeof clientState !== 'string') return null
  return {
    subscriptionId,
    clientState,
    tenantId: typeof tenantId === 'string' ? tenantId.toLowerCase() : null,
    lifecycleEvent: typeof lifecycleEvent === 'string' ? lifecycleEvent : null,
  }
}

export function makeNotifications({ database, nudge, trouble }: NotificationParts): Notifications {
  const counts: Record<Judgement, number> = { taken: 0, unknown: 0, forged: 0, malformed: 0 }
  let waiting: unknown[] = []
  let timer: NodeJS.Timeout | null = null
  let working: Promise<void> = Promise.resolve()

  const isGenuine = (one: Told, teller: Teller): boolean =>
    teller.knows(one.clientState) && (one.tenantId === null || one.tenantId === teller.tenantId.toLowerCase())

  async function judge(values: readonly unknown[]): Promise<void> {
    const readable = values.flatMap((value) => read(value) ?? [])
    counts.malformed += values.length - readable.length
    const tellers = await tellersOf(database, [...new Set(readable.map((one) => one.subscriptionId))])
    const due = new Map<string, Teller>()
    const lifecycle = { asked: new Set<string>(), removed: new Set<string>() }
    for (const one of readable) {
      const teller = tellers.get(one.subscriptionId)
      if (teller === undefined) counts.unknown += 1
      else if (!isGenuine(one, teller)) counts.forged += 1
      else {
        counts.taken += 1
        if (one.lifecycleEvent === 'reauthorizationRequired') lifecycle.asked.add(teller.id)
        else if (one.lifecycleEvent === 'subscriptionRemoved') lifecycle.removed.add(teller.id)
        due.set(`${teller.mailbox} ${teller.channel}`, teller)
      }
    }
    if (lifecycle.asked.size + lifecycle.removed.size > 0)
      await noteLifecycle(database, { asked: [...lifecycle.asked], removed: [...lifecycle.removed] })
    for (const { mailbox, channel } of due.values()) await nudge(mailbox, channel)
  }

  return {
    counts,
    told: (notifications) => {
      if (waiting.length + notifications.length > WAITING_MAX) return false
      waiting.push(...notifications)
      timer ??= setTimeout(() => {
        timer = null
        const values = waiting
        waiting = []
        working = working.then(() => judge(values)).catch(trouble)
      }, GATHER_MS)
      return true
    },
    close: async () => {
      if (timer !== null) clearTimeout(timer)
      await working
    },
  }
}
