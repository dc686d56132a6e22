/**
 * Where Graph tells changes. Sources: "subscription resource type" (lifetimes), "Receive change notifications through
 * webhooks" (handshake, 409 of a duplicate), "Reduce missing change notifications and removed subscriptions".
 */
import type { Json } from '../../core/item.ts'
import { ConnectorError, type SubscribeOutcome, type Subscriptions } from '../connector.ts'
import { expectObject, failureOf, isObject, isSuccess, problemOf, type Answer } from './answers.ts'
import type { GraphClient } from './client.ts'
import { textOf } from './wire.ts'

/** Graph's longest lives, in minutes, less some minutes for clocks that differ. */
const MINUTES_MAX = { calendar: 10_080 - 15, email: 10_080 - 15, tasks: 4_230 - 15 } as const
const CHANGES = 'created,updated,deleted'

export const graphSubscriptions = (client: GraphClient, root: string, now: () => number): Subscriptions => {
  const until = (minutes: number): string =>
    new Date(now() + client.clockOffsetMs + minutes * 60_000).toISOString()
  return {
    async subscribe({ channel, collection, address, lifecycleAddress, secret }, signal) {
      const resource = `${root}${resourceOf(channel, collection)}`
      const body: Json = {
        changeType: CHANGES,
        notificationUrl: address,
        lifecycleNotificationUrl: lifecycleAddress,
        resource,
        expirationDateTime: until(MINUTES_MAX[channel]),
        clientState: secret,
      }
      const answer = await client.send({ method: 'POST', path: '//subscriptions', body }, signal)
      if (answer.kind === 'answered' && answer.status === 409)
        return {
          outcome: 'duplicate',
          id: idIn(problemOf(answer).message) ?? (await find(client, resource, signal)),
        }
      // Refused for good: an address that Microsoft cannot reach, a cloud without them, no right to read.
      if (answer.kind === 'answered' && !isSuccess(answer) && answer.status >= 400 && answer.status < 500) {
        const failure = failureOf(answer)
        if (answer.status !== 401) return { outcome: 'refused', reason: failure.message }
      }
      return live(answer)
    },
    async renew(id, channel, signal) {
      const body = { expirationDateTime: until(MINUTES_MAX[channel]) }
      const answer = await client.send({ method: 'PATCH', path: pathOf(id), body }, signal)
      if (answer.kind === 'answered' && answer.status === 404) return { outcome: 'gone' }
      return live(answer)
    },
    async unsubscribe(id, signal) {
      const answer = await client.send({ method: 'DELETE', path: pathOf(id) }, signal)
      if (answer.kind !== 'answered') throw new ConnectorError(answer.failure)
      if (!isSuccess(answer) && answer.status !== 404) throw new ConnectorError(failureOf(answer))
    },
  }
}

const pathOf = (id: string): string => `//subscriptions/${encodeURIComponent(id)}`

function resourceOf(channel: 'calendar' | 'tasks' | 'email', collection: string | null): string {
  switch (channel) {
    case 'calendar':
      return '/events'
    case 'email':
      return '/messages'
    case 'tasks':
      return `/todo/lists/${collection ?? ''}/tasks`
  }
}

function live(answer: Answer): Extract<SubscribeOutcome, { outcome: 'live' }> {
  const body = expectObject(answer)
  const id = textOf(body, 'id')
  const until = Date.parse(textOf(body, 'expirationDateTime') ?? '')
  if (id === null || id === undefined || Number.isNaN(until))
    throw new ConnectorError({
      kind: 'unavailable',
      message: 'Microsoft answered a subscription without its id or its end. It is asked for again later.',
    })
  return { outcome: 'live', id, until }
}

const idIn = (message: string): string | null =>
  /Subscription Id (\S+) already exists/i.exec(message)?.[1] ?? null

async function find(client: GraphClient, resource: string, signal: AbortSignal): Promise<string | null> {
  const all = await client.list({ method: 'GET', path: '//subscriptions' }, signal)
  const bare = (text: string): string => text.replace(/^\//, '').toLowerCase()
  const same = all.filter(isObject).find((one) => bare(textOf(one, 'resource') ?? '') === bare(resource))
  return same === undefined ? null : (textOf(same, 'id') ?? null)
}
