/**
 * Delivery of change notifications: what is told to whom, batches, retries, the slow and drop rules, lifecycle events.
 * Notifications are a hint and no more: they are lost with the process, like the ones of the service after four hours.
 * Source: "Receive change notifications through webhooks", "Reduce missing change notifications and removed subscriptions".
 */
import { makeChance, type Chance } from './chance.ts'
import { GraphError } from './errors.ts'
import { eventId, PLAIN_VIEW } from './event-render.ts'
import type { EventRow } from './event-model.ts'
import { parseFilter } from './filter.ts'
import { etag } from './ids.ts'
import { instantText } from './clock.ts'
import type { JsonObject } from './item-parts.ts'
import type { MessageRow } from './mail-model.ts'
import { messageEntity } from './mail-render.ts'
import { messageId } from './mail-store.ts'
import { liveSubscriptions, subscriptionsOf, type Subscription } from './subscription-model.ts'
import type { Change, Store } from './state.ts'
import type { TaskRow } from './todo-model.ts'
import { listId, taskId } from './todo-render.ts'

/** The part of `fetch` that deliveries use. */
export type Send = (
  url: string,
  request: { method: 'POST'; headers: Record<string, string>; body: string; signal?: AbortSignal },
) => Promise<{ status: number; text(): Promise<string>; headers: { get(name: string): string | null } }>

export interface NotificationEntry {
  readonly at: number
  readonly subscription: string
  readonly url: string
  /** `created`, `updated`, `deleted`, or the name of a lifecycle event. */
  readonly what: string
  readonly resource: string
  /** `delivered`, `failed` (tried again), `given up`, `dropped`, `held`. */
  readonly result: string
  readonly status: number | null
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** An answer within this time counts as delivered. */
const IN_TIME = 3 * SECOND
const RETRY_TIMEOUT = 10 * SECOND
const VALIDATION_TIMEOUT = 10 * SECOND
const RETRY_FOR = 4 * 60 * MINUTE
const RETRY_FIRST = 15 * SECOND
const RETRY_LONGEST = 30 * MINUTE
const WATCHED_FOR = 10 * MINUTE
/** Answers of an address before its speed is judged; not documented. */
const ANSWERS_MIN = 10
const SLOW_SHARE = 0.1
const DROP_SHARE = 0.15
const BATCH_MAX = 20
const ENTRIES_MAX = 2_000
/** How long a notification that a fault holds back is late. */
const LATE = 5 * MINUTE

export const LIFECYCLE_EVENTS = ['reauthorizationRequired', 'subscriptionRemoved', 'missed'] as const
export type LifecycleEvent = (typeof LIFECYCLE_EVENTS)[number]

interface Waiting {
  readonly subscription: Subscription
  readonly what: string
  readonly value: JsonObject
  readonly since: number
}

interface Address {
  queue: Waiting[]
  flushing: boolean
  answers: { at: number; took: number }[]
  slowUntil: number
  dropUntil: number
}

export class Notifier {
  readonly #store: Store
  readonly #send: Send
  readonly #addresses = new Map<string, Address>()
  readonly #held = new Map<string, Waiting[]>()
  readonly #watched = new Map<string, number>()
  #chance: Chance
  #stopped = false
  /** Deliveries that are under way or waiting for their moment. */
  #running = new Set<Promise<void>>()
  entries: NotificationEntry[] = []

  constructor(store: Store, send: Send) {
    this.#store = store
    this.#send = send
    this.#chance = makeChance(store.data.seed ^ 0x4071f1e5)
    store.onChange((change) => this.#changed(change))
  }

  /** Nothing more is sent. */
  stop(): void {
    this.#stopped = true
    for (const address of this.#addresses.values()) address.queue = []
    this.#held.clear()
  }

  /** Resolves when nothing waits any more. Only a clock that goes on can bring that about. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Forgets what waits, as after a restore of the world. */
  clear(): void {
    this.#addresses.clear()
    this.#held.clear()
    this.#watched.clear()
    this.entries = []
    this.#chance = makeChance(this.#store.data.seed ^ 0x4071f1e5)
  }

  /** The handshake: the address must give the token back as plain text within ten seconds. */
  async validate(url: string, requestId: string): Promise<void> {
    const token = `Validation: Testing client application reachability for subscription Request-Id: ${requestId}`
    const address = `${url}${url.includes('?') ? '&' : '?'}validationToken=${encodeURIComponent(token)}`
    const answer = await this.#post(address, '', 'text/plain; charset=utf-8', VALIDATION_TIMEOUT)
    if (answer === 'late')
      throw new GraphError(400, 'InvalidRequest', 'Subscription validation request timed out.')
    if (answer === 'failed' || answer.status !== 200)
      throw new GraphError(
        400,
        'ValidationError',
        `Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.${answer === 'failed' ? '' : ` The status was ${answer.status}.`}`,
      )
    if (answer.text !== token || !/^text\/plain/i.test(answer.type))
      throw new GraphError(
        400,
        'ValidationError',
        'Subscription validation request failed. Response must exactly match validationToken query parameter.',
      )
  }

  /** Asks for reauthorization in good time before a subscription runs out. */
  watch(subscription: Subscription): void {
    const before = this.#store.switches.reauthorizeMinutesBefore * MINUTE
    const at = subscription.expires - before
    if (subscription.lifecycleNotificationUrl === null || before === 0 || at <= this.#store.now()) return
    if (this.#watched.get(subscription.id) === subscription.expires) return
    this.#watched.set(subscription.id, subscription.expires)
    this.#run(async () => {
      for (let now = this.#store.now(); now < at; now = this.#store.now()) {
        await this.#store.clock.sleep(at - now, true)
        // A clock that stands still: nothing will come of waiting.
        if (this.#store.now() <= now) return
      }
      const known = subscriptionsOf(this.#store).get(subscription.id)
      if (known !== undefined && known.expires - before <= this.#store.now())
        this.lifecycle(known.id, 'reauthorizationRequired', false)
    }, false)
  }

  /**
   * Tells a lifecycle event. `reauthorizationRequired` with `hold` keeps notifications back until the client answers;
   * `subscriptionRemoved` removes the subscription. False when there is no such subscription.
   */
  lifecycle(id: string, event: LifecycleEvent, hold = true): boolean {
    const subscription = subscriptionsOf(this.#store).get(id)
    if (subscription === undefined) return false
    // To Do has no other lifecycle event.
    if (subscription.kind === 'todoTask' && event !== 'reauthorizationRequired') return false
    if (event === 'reauthorizationRequired' && hold) subscription.waiting = true
    if (event === 'subscriptionRemoved') subscriptionsOf(this.#store).delete(id)
    const url = subscription.lifecycleNotificationUrl
    if (url === null) return true
    const value = {
      subscriptionId: id,
      subscriptionExpirationDateTime: instantText(subscription.expires),
      tenantId: subscription.tenantId,
      clientState: subscription.clientState,
      lifecycleEvent: event,
    }
    this.#enqueue(url, { subscription, what: event, value, since: this.#store.now() }, 0)
    return true
  }

  /** The client reauthorized or renewed: what was kept back goes out. */
  resume(subscription: Subscription): void {
    subscription.waiting = false
    const held = this.#held.get(subscription.id) ?? []
    this.#held.delete(subscription.id)
    for (const waiting of held) this.#enqueue(subscription.notificationUrl, waiting, 0)
  }

  #changed(change: Change): void {
    if (this.#stopped || (change.kind !== 'message' && change.kind !== 'event' && change.kind !== 'todoTask'))
      return
    for (const subscription of liveSubscriptions(this.#store)) {
      if (subscription.kind !== change.kind || subscription.mailbox !== change.mailbox.person.id) continue
      if (subscription.collection !== null && subscription.collection !== change.collection) continue
      const operation = this.#seenThrough(subscription, change)
      if (operation === null) continue
      this.#notify(subscription, change, operation)
      if (operation === 'created' && this.#store.switches.notificationUpdatedAfterCreated)
        this.#notify(subscription, change, 'updated')
    }
  }

  /** What a change is to a subscription with a `$filter`: entering it is a creation, leaving it a deletion. */
  #seenThrough(subscription: Subscription, change: Change): Change['operation'] | null {
    if (subscription.filter === null || change.kind !== 'message') return change.operation
    const test = parseFilter(subscription.filter)
    const passes = (row: unknown): boolean =>
      test(messageEntity(change.mailbox, row as MessageRow, PLAIN_VIEW, null))
    const now = change.operation !== 'deleted' && passes(change.item)
    const then = change.operation !== 'created' && passes(change.before ?? change.item)
    if (now && then) return 'updated'
    return now ? 'created' : then ? 'deleted' : null
  }

  #notify(subscription: Subscription, change: Change, operation: Change['operation']): void {
    if (!subscription.changeType.split(',').includes(operation)) return
    const { resource, type, id } = this.#named(subscription, change)
    const waiting: Waiting = {
      subscription,
      what: operation,
      since: this.#store.now(),
      value: {
        subscriptionId: subscription.id,
        subscriptionExpirationDateTime: instantText(subscription.expires),
        changeType: operation,
        resource,
        resourceData: {
          '@odata.type': type,
          '@odata.id': resource,
          '@odata.etag': etag(change.item.version),
          id,
        },
        clientState: subscription.clientState,
        tenantId: subscription.tenantId,
      },
    }
    const { switches } = this.#store
    if (subscription.waiting) {
      const held = this.#held.get(subscription.id) ?? []
      held.push(waiting)
      this.#held.set(subscription.id, held)
      this.#log(waiting, subscription.notificationUrl, 'held', null)
      return
    }
    if (this.#happens(switches.notificationsDropped)) {
      this.#log(waiting, subscription.notificationUrl, 'dropped', null)
      return
    }
    const late = this.#happens(switches.notificationsDelayed) ? LATE : 0
    const times = this.#happens(switches.notificationsDoubled) ? 2 : 1
    for (let i = 0; i < times; i++)
      this.#enqueue(subscription.notificationUrl, waiting, switches.notificationDelayMilliseconds + late)
  }

  #happens(share: number): boolean {
    return share > 0 && this.#chance() < share
  }

  #named(subscription: Subscription, change: Change): { resource: string; type: string; id: string } {
    const { mailbox } = change
    const owner = `Users/${mailbox.person.id}`
    if (change.kind === 'message') {
      const id = messageId(mailbox, change.item as MessageRow, subscription.immutableIds)
      return { resource: `${owner}/Messages/${id}`, type: '#Microsoft.Graph.Message', id }
    }
    if (change.kind === 'event') {
      const id = eventId(mailbox, change.item as EventRow, {
        ...PLAIN_VIEW,
        immutableIds: subscription.immutableIds,
      })
      return { resource: `${owner}/Events/${id}`, type: '#Microsoft.Graph.Event', id }
    }
    const row = change.item as TaskRow
    const id = taskId(mailbox, row)
    const list = [...mailbox.lists.rows].find(
      (candidate) => mailbox.tasks.get(candidate?.key ?? '')?.name === change.collection,
    )
    const listName = list === undefined || list === null ? '' : listId(mailbox, list)
    return { resource: `${owner}/todo/lists/${listName}/tasks/${id}`, type: '#microsoft.graph.todoTask', id }
  }

  #address(url: string): Address {
    let address = this.#addresses.get(url)
    if (address === undefined) {
      address = { queue: [], flushing: false, answers: [], slowUntil: 0, dropUntil: 0 }
      this.#addresses.set(url, address)
    }
    return address
  }

  #enqueue(url: string, waiting: Waiting, delay: number): void {
    const address = this.#address(url)
    const now = this.#store.now()
    if (now < address.dropUntil) {
      this.#log(waiting, url, 'dropped', null)
      return
    }
    const slow = Math.max(0, address.slowUntil - now)
    this.#run(async () => {
      if (delay + slow > 0) await this.#store.clock.sleep(delay + slow, true)
      if (this.#happens(this.#store.switches.notificationsReordered)) address.queue.unshift(waiting)
      else address.queue.push(waiting)
      await this.#flush(url, address)
    })
  }

  /** Sends what is due to an address, one request after the other. */
  async #flush(url: string, address: Address): Promise<void> {
    if (address.flushing) return
    address.flushing = true
    try {
      while (address.queue.length > 0 && !this.#stopped) {
        const batch = address.queue.splice(0, BATCH_MAX)
        const status = await this.#deliver(url, address, batch, IN_TIME)
        if (status === true) continue
        this.#run(() => this.#retry(url, address, batch))
      }
    } finally {
      address.flushing = false
    }
  }

  async #retry(url: string, address: Address, batch: readonly Waiting[]): Promise<void> {
    const until = (batch[0]?.since ?? 0) + RETRY_FOR
    let waited = 0
    for (let pause = RETRY_FIRST; !this.#stopped; pause = Math.min(pause * 2, RETRY_LONGEST)) {
      waited += pause
      if (waited > RETRY_FOR || this.#store.now() + pause > until) break
      await this.#store.clock.sleep(pause, true)
      if (this.#stopped || this.#addresses.get(url) !== address) return
      if (await this.#deliver(url, address, batch, RETRY_TIMEOUT)) return
    }
    for (const waiting of batch) this.#log(waiting, url, 'given up', null)
  }

  async #deliver(
    url: string,
    address: Address,
    batch: readonly Waiting[],
    timeout: number,
  ): Promise<boolean> {
    const began = this.#store.now()
    const body = JSON.stringify({ value: batch.map(({ value }) => value) })
    const answer = await this.#post(url, body, 'application/json; charset=utf-8', timeout)
    this.#judge(address, this.#store.now() - began)
    const status = typeof answer === 'string' ? null : answer.status
    const delivered = status !== null && status >= 200 && status < 300
    for (const waiting of batch) this.#log(waiting, url, delivered ? 'delivered' : 'failed', status)
    return delivered
  }

  /** The service slows down for addresses that answer slowly, and drops what comes when they answer very slowly. */
  #judge(address: Address, took: number): void {
    const now = this.#store.now()
    address.answers.push({ at: now, took })
    address.answers = address.answers.filter(({ at }) => at > now - WATCHED_FOR)
    const { length } = address.answers
    if (length < ANSWERS_MIN) return
    const share = (limit: number): number =>
      address.answers.filter((answer) => answer.took >= limit).length / length
    if (share(RETRY_TIMEOUT) > DROP_SHARE) address.dropUntil = now + WATCHED_FOR
    else if (share(IN_TIME) > SLOW_SHARE) address.slowUntil = now + WATCHED_FOR
  }

  async #post(
    url: string,
    body: string,
    type: string,
    timeout: number,
  ): Promise<{ status: number; text: string; type: string } | 'late' | 'failed'> {
    const abort = new AbortController()
    const sent = this.#send(url, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
      signal: abort.signal,
    }).then(
      async (response) => ({
        status: response.status,
        text: await response.text(),
        type: response.headers.get('content-type') ?? '',
      }),
      () => 'failed' as const,
    )
    const began = this.#store.now()
    // A clock that stands still, or jumps over sleeps, makes nobody late.
    const timer = this.#store.clock
      .sleep(timeout, true)
      .then(() => (this.#store.now() - began >= timeout ? 'late' : 'early'))
    let first = await Promise.race([sent, timer])
    if (first === 'early') first = await sent
    if (first === 'late') abort.abort()
    return first
  }

  #run(work: () => Promise<void>, counted = true): void {
    const running: Promise<void> = work().finally(() => this.#running.delete(running))
    if (counted) this.#running.add(running)
  }

  #log(waiting: Waiting, url: string, result: string, status: number | null): void {
    this.entries.push({
      at: this.#store.now(),
      subscription: waiting.subscription.id,
      url,
      what: waiting.what,
      resource: typeof waiting.value['resource'] === 'string' ? waiting.value['resource'] : '',
      result,
      status,
    })
    if (this.entries.length > ENTRIES_MAX * 1.2) this.entries = this.entries.slice(-ENTRIES_MAX)
  }
}
