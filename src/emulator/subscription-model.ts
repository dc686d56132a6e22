/** Subscriptions as the world keeps them. */
import type { ItemKind, Store } from './state.ts'

/** Plain data, kept with the world. */
export interface Subscription {
  readonly id: string
  readonly applicationId: string
  readonly tenantId: string
  /** Object id of the person who made it; of the app itself when it called for itself. */
  readonly creatorId: string
  readonly personId: string | null
  readonly changeType: string
  /** As the client wrote it. */
  readonly resource: string
  readonly mailbox: string
  readonly kind: Extract<ItemKind, 'message' | 'event' | 'todoTask'>
  /** Name of the collection; null for all of that kind in the mailbox. */
  readonly collection: string | null
  /** `$filter` of the resource. */
  readonly filter: string | null
  notificationUrl: string
  readonly lifecycleNotificationUrl: string | null
  readonly clientState: string | null
  readonly immutableIds: boolean
  /** Milliseconds since the epoch. */
  expires: number
  /** Nothing is sent until the client reauthorizes. */
  waiting: boolean
  reauthorizedAt: number | null
  renewedAt: number | null
}

export function subscriptionsOf(store: Store): Map<string, Subscription> {
  const known = store.data.extra.get('subscriptions')
  if (known instanceof Map) return known as Map<string, Subscription>
  const fresh = new Map<string, Subscription>()
  store.data.extra.set('subscriptions', fresh)
  return fresh
}

/** Those that have not run out; the others are dropped on the way. */
export function liveSubscriptions(store: Store): Subscription[] {
  const all = subscriptionsOf(store)
  const now = store.now()
  for (const [id, subscription] of all) if (subscription.expires <= now) all.delete(id)
  return [...all.values()]
}
