/** What an injected fault does to a request or to its answer. */
import { find, type Collection, type Item } from './collection.ts'
import { accessDenied, GraphError, unauthenticated } from './errors.ts'
import type { FaultRule } from './faults.ts'
import { bodyText, type Incoming, type Outgoing } from './http.ts'
import type { Office } from './office.ts'
import type { Throttle } from './throttle.ts'

const REFUSALS: Readonly<Record<number, string>> = {
  500: 'generalException',
  502: 'UnknownError',
  503: 'serviceNotAvailable',
  504: 'UnknownError',
  404: 'ErrorItemNotFound',
  507: 'quotaLimitReached',
  509: 'activityLimitReached',
}

/** Faults that come before the work is done. */
export async function faultBefore(
  fault: FaultRule,
  incoming: Incoming,
  office: Office,
  throttle: Throttle,
): Promise<Outgoing | null> {
  switch (fault.kind) {
    case 'request-lost':
      return { status: 0, headers: {}, body: null, cut: 'before' }
    case 'slow':
      await office.store.clock.sleep(fault.delayMilliseconds ?? 1_000)
      return null
    case 'refuse': {
      const status = fault.status ?? 503
      const headers: Record<string, string> =
        fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) }
      if (status === 429)
        throw throttle.refusal(
          'Application is over its MailboxConcurrency limit.',
          fault.retryAfterSeconds ?? 1,
          429,
        )
      throw new GraphError(
        status,
        REFUSALS[status] ?? 'generalException',
        'The service could not carry out the request. Please try again later.',
        { headers },
      )
    }
    case 'consent-revoked':
      throw accessDenied()
    case 'mailbox-gone':
      throw new GraphError(
        404,
        'MailboxNotEnabledForRESTAPI',
        'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
      )
    case 'token-refused':
      throw unauthenticated('Lifetime validation failed, the token is expired.')
    case 'tokens-evicted':
      if (!/[$]?(delta|skip)token=/i.test(incoming.target)) return null
      throw new GraphError(
        410,
        'SyncStateNotFound',
        'The sync state generation is not found; generation=1;[highest=2].',
      )
    case 'delta-late':
      return incoming.target.includes('$deltatoken=') ? lateRound(incoming) : null
    default:
      return null
  }
}

/** Faults that spoil an answer that was made. */
export function faultAfter(fault: FaultRule, outgoing: Outgoing, office: Office): Outgoing {
  const isJson = (outgoing.headers['content-type'] ?? '').includes('json')
  const body = outgoing.body !== null && isJson ? bodyText(outgoing.body) : null
  switch (fault.kind) {
    case 'reply-lost':
      return { ...outgoing, cut: 'before' }
    case 'reply-cut':
      return { ...outgoing, cut: 'middle' }
    case 'page-truncated':
      return body === null ? outgoing : { ...outgoing, body: body.slice(0, Math.floor(body.length / 2)) }
    case 'delta-repeat': {
      if (body === null || !body.includes('"value":[{')) return outgoing
      const page = JSON.parse(body) as { value: unknown[] }
      return {
        ...outgoing,
        body: JSON.stringify({ ...page, value: [...page.value, ...page.value.slice(0, 1)] }),
      }
    }
    case 'etag-bump':
      bumpLastWrite(office)
      return outgoing
    default:
      return outgoing
  }
}

/** A round that does not know the newest changes yet: nothing new, and the same link again. */
function lateRound(incoming: Incoming): Outgoing {
  const link = JSON.stringify(incoming.origin + incoming.target)
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"@odata.context":${JSON.stringify(`${incoming.origin}/v1.0/$metadata#Collection`)},"value":[],"@odata.deltaLink":${link}}`,
  }
}

/** The server touches the item that was written last once more: its etag moves and nothing else. */
function bumpLastWrite(office: Office): void {
  const { store, logs } = office
  const last = logs.writes.entries.at(-1)
  const mailbox = last === undefined ? undefined : store.mailboxOf(last.mailbox)
  if (last === undefined || mailbox === undefined) return
  const places: readonly unknown[] =
    last.kind === 'event'
      ? [...mailbox.events.values()]
      : last.kind === 'todoTask'
        ? [...mailbox.tasks.values()]
        : last.kind === 'message'
          ? [...mailbox.messages.values()]
          : []
  for (const place of places) {
    const collection = place as Collection<Item>
    const item = find(collection, last.key)
    if (item !== undefined) store.bump(mailbox, last.kind, collection, item)
  }
}
