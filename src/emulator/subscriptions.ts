/** Subscriptions to changes over HTTP. Sources: "subscription resource type", "Receive change notifications through webhooks". */
import type { Answer, Call } from './call.ts'
import { instantText } from './clock.ts'
import { find } from './collection.ts'
import { accessDenied, badRequest, GraphError, itemNotFound } from './errors.ts'
import { parseFilter } from './filter.ts'
import { refuseUnknown } from './event-model.ts'
import { parseTarget } from './http.ts'
import { keyOfId } from './ids.ts'
import { flag, text, type JsonObject } from './item-parts.ts'
import { folderNamed } from './mail-store.ts'
import { answerList, jsonAnswer, LIST_QUERY, noContent } from './odata.ts'
import { ANY_TOKEN, CALENDAR_READ_FULL, MAIL_READ_BASIC, opens, TASKS_READ } from './permissions.ts'
import type { Notifier } from './notifications.ts'
import { liveSubscriptions, subscriptionsOf, type Subscription } from './subscription-model.ts'
import type { Permissions, Route } from './router.ts'
import type { Mailbox } from './state.ts'
import { parseInstant } from './zones.ts'

const MINUTE = 60_000
/** Shorter lives are raised to this. */
const LIFE_MINUTES_MIN = 45
const LIFE_MINUTES_MAX: Readonly<Record<Subscription['kind'], number>> = {
  message: 10_080,
  event: 10_080,
  todoTask: 4_230,
}
const PER_MAILBOX_MAX = 1_000
const CLIENT_STATE_MAX = 128
/** Reauthorizing and renewing within this time of each other is a fault of the client. */
const BOTH_MINUTES = 10

const invalid = (message: string): GraphError => new GraphError(400, 'InvalidRequest', message)

interface Watched {
  readonly mailbox: Mailbox
  readonly kind: Subscription['kind']
  readonly collection: string | null
  readonly permissions: Permissions
  readonly filter: string | null
}

/** What a resource path names, and who may read it. */
function parseResource(call: Call, resource: string): Watched {
  const { store, identity } = call
  const target = parseTarget(`/${resource.replace(/^https?:\/\/[^/]+/, '').replace(/^\/?(v1\.0\/)?/, '')}`)
  const [first = '', ...others] = target.segments
  const isMe = first.toLowerCase() === 'me'
  if (isMe && identity.personId === null)
    throw invalid('/me request is only valid with delegated authentication flow.')
  const owner = isMe ? (identity.personId ?? '') : first.toLowerCase() === 'users' ? (others[0] ?? '') : ''
  const mailbox = store.mailboxOf(owner)
  if (mailbox === undefined || mailbox.gone || mailbox.person.tenantId !== identity.tenantId)
    throw new GraphError(404, 'ResourceNotFound', `Resource '${resource}' does not exist.`)
  const path = isMe ? others : others.slice(1)
  const lower = path.map((segment) => segment.toLowerCase())
  const filter = target.query.get('$filter') ?? null
  if (filter !== null) parseFilter(filter)
  const shape = lower.filter((_segment, at) => at % 2 === 0 || lower[0] === 'todo').join('/')
  if (shape === 'messages' && path.length === 1)
    return { mailbox, kind: 'message', collection: null, permissions: MAIL_READ_BASIC, filter }
  if (shape === 'mailfolders/messages' && path.length === 3) {
    const folder = folderNamed(mailbox, path[1] ?? '')
    return {
      mailbox,
      kind: 'message',
      collection: `messages/${folder.key}`,
      permissions: MAIL_READ_BASIC,
      filter,
    }
  }
  if (shape === 'events' && path.length === 1)
    return { mailbox, kind: 'event', collection: null, permissions: CALENDAR_READ_FULL, filter }
  if (shape === 'calendars/events' && path.length === 3) {
    const key = keyOfId(path[1] ?? '')
    if (key === null || find(mailbox.calendars, key) === undefined) throw itemNotFound()
    return { mailbox, kind: 'event', collection: `events/${key}`, permissions: CALENDAR_READ_FULL, filter }
  }
  if (lower[0] === 'todo' && lower[1] === 'lists' && lower[3] === 'tasks' && path.length === 4) {
    const key = keyOfId(path[2] ?? '')
    const list = key === null ? undefined : mailbox.tasks.get(key)
    if (list === undefined) throw itemNotFound()
    return { mailbox, kind: 'todoTask', collection: list.name, permissions: TASKS_READ, filter: null }
  }
  throw invalid(`Resource '${resource}' is not supported for change notifications.`)
}

/** Notifications go to https only; a switch lets plain http through to the same machine, for development. */
function checkUrl(call: Call, source: string | null | undefined, name: string): string {
  if (typeof source !== 'string' || source === '') throw invalid(`The property '${name}' is required.`)
  let url: URL
  try {
    url = new URL(source)
  } catch {
    throw invalid(`The ${name} is not an absolute address.`)
  }
  const loopback = /^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname)
  if (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && loopback && call.store.switches.httpNotificationLoopback)
  )
    return source
  throw invalid(`The ${name} must use https.`)
}

function parseExpiry(call: Call, source: string | null | undefined, kind: Subscription['kind']): number {
  const at = typeof source === 'string' ? parseInstant(source) : undefined
  if (at === undefined)
    throw invalid("The property 'expirationDateTime' is required and must be a date and time.")
  const now = call.store.now()
  if (at <= now) throw invalid('Subscription expiration must be in the future.')
  const longest = now + LIFE_MINUTES_MAX[kind] * MINUTE
  // A minute of grace: the client computed the moment before it sent the request.
  if (at > longest + MINUTE) {
    if (call.store.switches.subscriptionTooLong === 'refuse')
      throw invalid(`Subscription expiration can only be ${LIFE_MINUTES_MAX[kind]} minutes in the future.`)
    return longest
  }
  return Math.max(at, now + LIFE_MINUTES_MIN * MINUTE)
}

function parseChangeType(source: string | null | undefined): string {
  const types = (source ?? '').split(',').map((type) => type.trim().toLowerCase())
  if (types.some((type) => !['created', 'updated', 'deleted'].includes(type)))
    throw invalid("The property 'changeType' must be a list of created, updated, deleted.")
  return [...new Set(types)].join(',')
}

const WRITABLE = new Set([
  'changeType',
  'clientState',
  'encryptionCertificate',
  'encryptionCertificateId',
  'expirationDateTime',
  'includeResourceData',
  'latestSupportedTlsVersion',
  'lifecycleNotificationUrl',
  'notificationUrl',
  'notificationUrlAppId',
  'resource',
])
const READ_ONLY = new Set([
  'id',
  'applicationid',
  'creatorid',
  'notificationqueryoptions',
  'notificationcontenttype',
])

export function renderSubscription(subscription: Subscription): JsonObject {
  return {
    id: subscription.id,
    resource: subscription.resource,
    applicationId: subscription.applicationId,
    changeType: subscription.changeType,
    clientState: subscription.clientState,
    notificationUrl: subscription.notificationUrl,
    notificationQueryOptions: null,
    lifecycleNotificationUrl: subscription.lifecycleNotificationUrl,
    expirationDateTime: instantText(subscription.expires),
    creatorId: subscription.creatorId,
    includeResourceData: null,
    latestSupportedTlsVersion: 'v1_2',
    encryptionCertificate: null,
    encryptionCertificateId: null,
    notificationUrlAppId: null,
  }
}

function answerOne(call: Call, subscription: Subscription, status: number): Answer {
  return jsonAnswer(status, {
    '@odata.context': `${call.root}/$metadata#subscriptions/$entity`,
    ...renderSubscription(subscription),
  })
}

async function create(call: Call, notifier: Notifier): Promise<Answer> {
  const { store, identity } = call
  const body = call.json()
  refuseUnknown(body, 'subscription', WRITABLE, READ_ONLY)
  if (flag(body, 'includeResourceData') === true)
    throw new GraphError(
      400,
      'NotSupported',
      'Notifications with resource data are not part of the emulator.',
    )
  const resource = text(body, 'resource') ?? ''
  if (resource === '') throw invalid("The property 'resource' is required.")
  const watched = parseResource(call, resource)
  const { mailbox, kind } = watched
  const other = identity.personId !== null && identity.personId !== mailbox.person.id
  if (!opens(watched.permissions, identity.grants, identity.personId !== null, other)) throw accessDenied()
  const changeType = parseChangeType(text(body, 'changeType'))
  const notificationUrl = checkUrl(call, text(body, 'notificationUrl'), 'notificationUrl')
  const lifecycle = text(body, 'lifecycleNotificationUrl')
  const lifecycleNotificationUrl =
    typeof lifecycle === 'string' ? checkUrl(call, lifecycle, 'lifecycleNotificationUrl') : null
  const clientState = text(body, 'clientState') ?? null
  if (clientState !== null && clientState.length > CLIENT_STATE_MAX)
    throw invalid(`The clientState is longer than ${CLIENT_STATE_MAX} characters.`)
  const expires = parseExpiry(call, text(body, 'expirationDateTime'), kind)
  checkFree(call, watched, changeType)
  const id = store.guid()
  await notifier.validate(notificationUrl, call.requestId)
  if (lifecycleNotificationUrl !== null) await notifier.validate(lifecycleNotificationUrl, call.requestId)
  // The handshake took time: another request may have made the same subscription.
  checkFree(call, watched, changeType)
  const subscription: Subscription = {
    id,
    applicationId: identity.clientId,
    tenantId: identity.tenantId,
    creatorId: identity.personId ?? identity.clientId,
    personId: identity.personId,
    changeType,
    resource,
    mailbox: mailbox.person.id,
    kind,
    collection: watched.collection,
    filter: watched.filter,
    notificationUrl,
    lifecycleNotificationUrl,
    clientState,
    immutableIds: call.prefer.immutableIds,
    expires,
    waiting: false,
    reauthorizedAt: null,
    renewedAt: null,
  }
  subscriptionsOf(store).set(id, subscription)
  notifier.watch(subscription)
  return answerOne(call, subscription, 201)
}

function checkFree(call: Call, watched: Watched, changeType: string): void {
  const live = liveSubscriptions(call.store).filter(
    (subscription) => subscription.mailbox === watched.mailbox.person.id,
  )
  const same = live.find(
    (subscription) =>
      subscription.applicationId === call.identity.clientId &&
      subscription.personId === call.identity.personId &&
      subscription.kind === watched.kind &&
      subscription.collection === watched.collection &&
      subscription.filter === watched.filter &&
      subscription.changeType === changeType,
  )
  if (same !== undefined)
    throw new GraphError(
      409,
      'ExtensionError',
      `Subscription Id ${same.id} already exists for the requested combination`,
    )
  if (live.length >= PER_MAILBOX_MAX)
    throw new GraphError(
      403,
      'ErrorAccessDenied',
      `The mailbox has ${PER_MAILBOX_MAX} active subscriptions, which is the most there may be.`,
    )
}

/** A subscription of the calling app, and of the signed-in person when there is one. */
function own(call: Call, subscription: Subscription): boolean {
  const { identity } = call
  return (
    subscription.applicationId === identity.clientId &&
    subscription.tenantId === identity.tenantId &&
    (identity.personId === null || identity.personId === subscription.personId)
  )
}

function named(call: Call): Subscription {
  const found = liveSubscriptions(call.store).find(({ id }) => id === call.id(0))
  if (found === undefined || !own(call, found))
    throw new GraphError(404, 'ResourceNotFound', 'The object was not found.')
  return found
}

function complainOfBoth(call: Call, subscription: Subscription): void {
  const { reauthorizedAt, renewedAt } = subscription
  if (reauthorizedAt === null || renewedAt === null) return
  if (Math.abs(reauthorizedAt - renewedAt) < BOTH_MINUTES * MINUTE)
    call.complain(
      'reauthorize-and-renew',
      `A subscription was reauthorized and renewed within ${BOTH_MINUTES} minutes. Do one of them.`,
    )
}

async function patch(call: Call, notifier: Notifier): Promise<Answer> {
  const subscription = named(call)
  const body = call.json()
  refuseUnknown(body, 'subscription', WRITABLE, READ_ONLY)
  const refused = Object.keys(body).find(
    (name) => !/^(expirationDateTime|notificationUrl|@)/.test(name) && WRITABLE.has(name),
  )
  if (refused !== undefined) throw invalid(`The property '${refused}' cannot be changed.`)
  const expiry = text(body, 'expirationDateTime')
  const url = text(body, 'notificationUrl')
  if (expiry === undefined && url === undefined) throw badRequest('Nothing to update.')
  const expires = expiry === undefined ? subscription.expires : parseExpiry(call, expiry, subscription.kind)
  if (url !== undefined) {
    const checked = checkUrl(call, url, 'notificationUrl')
    await notifier.validate(checked, call.requestId)
    subscription.notificationUrl = checked
  }
  if (expiry !== undefined) {
    subscription.expires = expires
    subscription.renewedAt = call.store.now()
    complainOfBoth(call, subscription)
    notifier.resume(subscription)
    notifier.watch(subscription)
  }
  return answerOne(call, subscription, 200)
}

function reauthorize(call: Call, notifier: Notifier): Answer {
  const subscription = named(call)
  subscription.reauthorizedAt = call.store.now()
  complainOfBoth(call, subscription)
  notifier.resume(subscription)
  return noContent
}

function remove(call: Call): Answer {
  subscriptionsOf(call.store).delete(named(call).id)
  return noContent
}

export function subscriptionRoutes(notifier: Notifier): Route[] {
  const common = { permissions: ANY_TOKEN }
  const one = '/subscriptions/{subscription}'
  return [
    {
      ...common,
      method: 'GET',
      path: '/subscriptions',
      query: LIST_QUERY,
      handle: (call) =>
        answerList(call, {
          rows: liveSubscriptions(call.store)
            .filter((subscription) => own(call, subscription))
            .map(renderSubscription),
          context: `${call.root}/$metadata#subscriptions`,
          pageSizeDefault: 100,
        }),
    },
    {
      ...common,
      method: 'POST',
      path: '/subscriptions',
      query: LIST_QUERY,
      handle: (call) => create(call, notifier),
    },
    {
      ...common,
      method: 'GET',
      path: one,
      query: ['$select'],
      handle: (call) => answerOne(call, named(call), 200),
    },
    { ...common, method: 'PATCH', path: one, query: ['$select'], handle: (call) => patch(call, notifier) },
    { ...common, method: 'DELETE', path: one, query: ['$select'], handle: (call) => remove(call) },
    {
      ...common,
      method: 'POST',
      path: `${one}/reauthorize`,
      query: [],
      handle: (call) => reauthorize(call, notifier),
    },
  ]
}
