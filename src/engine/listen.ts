import { type Connector, ConnectorError, type Subscriptions } from '../connectors/connector.ts'
import type { CollectionId, Instant } from '../core/ids.ts'
import type { Channel } from '../core/item.ts'
import { MINUTE_MS } from '../core/time.ts'
import type { Listening, SubscriptionRow, SubscriptionStore } from '../store/subscriptions.ts'
import type { Lease, MailboxRow, SyncStore } from '../store/sync-store.ts'
import type { Env } from './env.ts'
import { plainWords } from './schedule.ts'

/**
 * Being told: keeps a mailbox's subscriptions at Microsoft as they should be. A notification is a nudge, not news: it
 * makes a pass due and nothing else, so a subscription that is missing, late or doubled costs freshness and no edit.
 *
 * A subscription is renewed when half of its life is over, or when Microsoft asks to be shown that we may still read:
 * renewing answers that, too, so that nothing is ever reauthorized and renewed at once.
 */

/** Subscriptions are looked after at least so often. */
const LOOK_MINUTES = 60
/** A mailbox whose calendars and lists are not known yet. */
const SOON_MS = 5_000
const BACKOFF_FIRST_MINUTES = 1
const BACKOFF_MINUTES_MAX = 60

/** What the settings say: null when nobody listens. */
export interface Hearing {
  /** Where Microsoft tells changes, and what becomes of the subscriptions themselves. */
  readonly address: string
  readonly lifecycleAddress: string
}

export interface ListenParts {
  readonly store: SyncStore
  readonly env: Env
  readonly subscriptions: SubscriptionStore
  /** A new secret that nobody can guess. */
  readonly secret: () => string
}

/** A mailbox under its lease, and the way to its connector. */
export interface Lent {
  readonly mailbox: MailboxRow
  readonly lease: Lease
  /** @throws {ConnectorError} */
  readonly connect: () => Promise<Connector>
}

export interface Listened {
  /**
   * Channels with a new subscription: what changed before it began was told to nobody, so a pass is due. And those that
   * lost one: from now on they are looked at every interval again.
   */
  readonly changed: readonly Channel[]
  readonly trouble: string | null
}

interface Wanted {
  readonly channel: Channel
  readonly collection: CollectionId | null
  readonly externalId: string | null
}

const CHANNELS: readonly Channel[] = ['calendar', 'tasks', 'email']

/** @throws {LeaseLost} */
export async function listen(
  parts: ListenParts,
  { mailbox, lease, connect }: Lent,
  hearing: Hearing | null,
  signal: AbortSignal,
): Promise<Listened> {
  const { store, env, subscriptions: kept } = parts
  const { wanted, unsure } = hearing === null ? { wanted: [], unsure: false } : await wantedOf(store, lease)
  const { rows, listening } = await kept.of(mailbox.id)
  const changed = new Set<Channel>()
  let trouble: string | null = null
  const isWanted = (row: SubscriptionRow): boolean =>
    row.address === hearing?.address && wanted.some((one) => isAbout(row, one))
  const idle =
    rows.every((row) => isWanted(row) && !isDue(row, env.now())) &&
    wanted.every((one) => rows.some((row) => isAbout(row, one)))
  try {
    const microsoft = idle ? undefined : (await connect()).subscriptions
    if (microsoft === undefined) {
      if (!idle) return { changed: [], trouble: null }
      await kept.listening(lease, nextState(hearing, rows, 0, null, unsure, env.now()))
      return { changed: [], trouble: null }
    }
    for (const row of rows) {
      if (isWanted(row)) continue
      await microsoft.unsubscribe(row.id, signal)
      await kept.drop(lease, row.id)
      changed.add(row.channel)
    }
    for (const one of wanted) {
      if (hearing === null) break
      const row = rows.find((each) => isAbout(each, one) && each.address === hearing.address)
      if (row !== undefined && !isDue(row, env.now())) continue
      const renewed = row !== undefined && (await renew(parts, microsoft, lease, row, signal))
      if (renewed) continue
      const refused = await begin(parts, microsoft, lease, one, hearing, signal)
      if (refused === null) changed.add(one.channel)
      else trouble ??= refused
    }
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    trouble = plainWords(error.failure)
  }
  const left = (await kept.of(mailbox.id)).rows
  const failures = trouble === null ? 0 : (listening?.failures ?? 0) + 1
  await kept.listening(lease, nextState(hearing, left, failures, trouble, unsure, env.now()))
  return { changed: [...changed], trouble }
}

function nextState(
  hearing: Hearing | null,
  rows: readonly SubscriptionRow[],
  failures: number,
  trouble: string | null,
  unsure: boolean,
  now: Instant,
): Listening | null {
  if (hearing === null && rows.length === 0) return null
  return { nextAt: nextLook(now, rows, failures, unsure), failures, trouble }
}

const isAbout = (row: SubscriptionRow, one: Wanted): boolean =>
  row.channel === one.channel && row.collection === one.collection

const halfLife = (row: SubscriptionRow): Instant => (row.renewedAt + row.expiresAt) / 2
const isDue = (row: SubscriptionRow, now: Instant): boolean => row.asked || now >= halfLife(row)

function nextLook(
  now: Instant,
  rows: readonly SubscriptionRow[],
  failures: number,
  unsure: boolean,
): Instant {
  if (failures > 0)
    return now + MINUTE_MS * Math.min(BACKOFF_FIRST_MINUTES * 2 ** (failures - 1), BACKOFF_MINUTES_MAX)
  if (unsure) return now + SOON_MS
  return Math.min(now + LOOK_MINUTES * MINUTE_MS, ...rows.map(halfLife))
}

/** One for all events, one for all messages, one for each list: To Do has none for all lists. */
async function wantedOf(
  store: SyncStore,
  lease: Lease,
): Promise<{ readonly wanted: readonly Wanted[]; readonly unsure: boolean }> {
  return store.transaction(lease, async (tx) => {
    const wanted: Wanted[] = []
    let unsure = false
    for (const channel of CHANNELS) {
      if (!(await tx.channel(lease.mailbox, channel)).enabled) continue
      const all = await tx.collections(lease.mailbox, channel)
      const selected = all.filter((row) => row.selected && row.trouble === null)
      unsure ||= all.length === 0
      if (channel !== 'tasks') {
        if (selected.length > 0) wanted.push({ channel, collection: null, externalId: null })
      } else for (const { id, externalId } of selected) wanted.push({ channel, collection: id, externalId })
    }
    return { wanted, unsure }
  })
}

/** False when Microsoft no longer has it. */
async function renew(
  { env, subscriptions: kept }: ListenParts,
  microsoft: Subscriptions,
  lease: Lease,
  row: SubscriptionRow,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await microsoft.renew(row.id, row.channel, signal)
  if (answer.outcome === 'gone') {
    await kept.drop(lease, row.id)
    return false
  }
  await kept.put(lease, { ...row, renewedAt: env.now(), expiresAt: answer.until, asked: false })
  return true
}

/** Null when it lives now; else why Microsoft refuses it. */
async function begin(
  { env, subscriptions: kept, secret: newSecret }: ListenParts,
  microsoft: Subscriptions,
  lease: Lease,
  { channel, collection, externalId }: Wanted,
  { address, lifecycleAddress }: Hearing,
  signal: AbortSignal,
): Promise<string | null> {
  const secret = newSecret()
  const wish = { channel, collection: externalId, address, lifecycleAddress, secret }
  let answer = await microsoft.subscribe(wish, signal)
  // Made before an answer that was lost, or by an earlier installation: its secret is not known, so it goes.
  if (answer.outcome === 'duplicate' && answer.id !== null) {
    await microsoft.unsubscribe(answer.id, signal)
    answer = await microsoft.subscribe(wish, signal)
  }
  if (answer.outcome === 'refused') return answer.reason
  if (answer.outcome === 'duplicate')
    return 'Microsoft says that there is such a subscription already, and does not say which. It ends by itself within a week.'
  const now = env.now()
  await kept.put(
    lease,
    {
      id: answer.id,
      mailbox: lease.mailbox,
      channel,
      collection,
      address,
      createdAt: now,
      renewedAt: now,
      expiresAt: answer.until,
      asked: false,
    },
    secret,
  )
  return null
}
