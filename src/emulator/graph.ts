/** A Graph request from its bytes to its answer: token, throttle, fault, route, permission, handler, log. */
import { Call, type Answer, type Identity } from './call.ts'
import { answerBatch } from './batch.ts'
import { accessDenied, badRequest, errorBody, GraphError, unauthenticated } from './errors.ts'
import { faultAfter, faultBefore } from './fault-answers.ts'
import type { FaultRule, Faults } from './faults.ts'
import { parsePrefer, parseTarget, type Incoming, type Outgoing, type Target } from './http.ts'
import type { Office } from './office.ts'
import { opens } from './permissions.ts'
import { Router, type Route } from './router.ts'
import type { Mailbox } from './state.ts'
import { retryAfterSeconds, type Throttle } from './throttle.ts'
import { guidOf } from './chance.ts'

/** Says who a bearer token is for, or throws the refusal. */
export type Authenticate = (token: string) => Identity

export interface GraphParts {
  readonly office: Office
  readonly routes: readonly Route[]
  readonly authenticate: Authenticate
  readonly throttle: Throttle
  readonly faults: Faults
}

const JSON_TYPE =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'
/** Grants of a person in front of Outlook: every question for a permission is answered with yes. */
const EVERYTHING: ReadonlySet<string> = new (class extends Set<string> {
  override has(): boolean {
    return true
  }
})()
const NOBODY: Identity = { clientId: '', tenantId: '', personId: null, grants: new Set() }

interface Session {
  readonly requestId: string
  identity: Identity
  mailbox: Mailbox | null
  running: number
  fault: FaultRule | null
}

export class Graph {
  readonly #parts: GraphParts
  readonly #router: Router

  constructor(parts: GraphParts) {
    this.#parts = parts
    this.#router = new Router(parts.routes)
  }

  get routes(): readonly Route[] {
    return this.#router.routes
  }

  routeOf(method: string, path: string): Route | null {
    const segments = parseTarget(path).segments.slice(1)
    const found = this.#router.match(
      method,
      segments[0]?.toLowerCase() === 'me' ? ['users', 'me', ...segments.slice(1)] : segments,
    )
    return 'unknown' in found ? null : found.route
  }

  /** Answers one request below `/v1.0`. `part` is a part of a $batch, sent when so many waits had been told. */
  async handle(
    incoming: Incoming,
    part: { readonly id: string; readonly toldBefore: number } | null = null,
  ): Promise<Outgoing> {
    const { office, throttle } = this.#parts
    const toldBefore = part?.toldBefore ?? throttle.told
    const { store } = office
    const session: Session = {
      requestId: guidOf(store.data.seed ^ 0x5e55, ++store.data.requests),
      identity: NOBODY,
      mailbox: null,
      running: 0,
      fault: null,
    }
    let outgoing: Outgoing
    try {
      outgoing = await this.#answer(incoming, session, part !== null, toldBefore)
    } catch (error) {
      outgoing = this.#refuse(incoming, session, error)
    } finally {
      if (session.running > 0) throttle.leave(session.identity.clientId, session.mailbox?.person.id ?? '')
    }
    const wait = retryAfterSeconds(outgoing.headers)
    if (wait !== null) throttle.asked(session.identity.clientId, session.mailbox?.person.id ?? '', wait)
    office.logs.requests.push({
      id: session.requestId,
      at: store.now(),
      method: incoming.method,
      target: incoming.target,
      status: outgoing.status,
      app: session.identity.clientId,
      mailbox: session.mailbox?.person.userPrincipalName ?? '',
      concurrent: session.running,
      fault: session.fault?.kind ?? null,
      batchPart: part?.id ?? null,
    })
    return outgoing
  }

  /**
   * Does what a person does in Outlook or To Do: the same operations, named by Graph's paths, without a token, a
   * throttle, a fault or an entry among the requests. The write is the person's.
   */
  async act(
    person: Mailbox,
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Outgoing> {
    const { store } = this.#parts.office
    const incoming: Incoming = {
      method,
      target: `/v1.0${path}`,
      origin: 'https://outlook.office.com',
      header: (name) => headers[name] ?? (name === 'prefer' ? 'IdType="ImmutableId"' : undefined),
      body:
        body === undefined || body === null ? null : typeof body === 'string' ? body : JSON.stringify(body),
    }
    const identity: Identity = {
      clientId: 'outlook',
      tenantId: person.person.tenantId,
      personId: person.person.id,
      grants: EVERYTHING,
    }
    const session: Session = {
      requestId: guidOf(store.data.seed ^ 0x5e55, ++store.data.requests),
      identity,
      mailbox: null,
      running: 0,
      fault: null,
    }
    try {
      const target = parseTarget(incoming.target)
      const call = this.#route(incoming, target, this.#resolve(target.segments.slice(1), session), session)
      return this.#finish(
        incoming,
        session,
        await this.#run(call, `person:${person.person.userPrincipalName}`),
      )
    } catch (error) {
      return this.#refuse(incoming, session, error)
    }
  }

  async #answer(
    incoming: Incoming,
    session: Session,
    isPart: boolean,
    toldBefore: number,
  ): Promise<Outgoing> {
    const { office, throttle, faults } = this.#parts
    const { store } = office
    session.identity = this.#identify(incoming)
    const target = parseTarget(incoming.target)
    const segments = this.#resolve(target.segments.slice(1), session)
    const { person } = session.mailbox ?? {}
    const entry = throttle.enter(session.identity.clientId, person?.id ?? '', toldBefore)
    session.running = entry.running
    const complain = (kind: string, text: string): void =>
      office.logs.complain({
        at: store.now(),
        kind,
        text,
        app: session.identity.clientId,
        mailbox: person?.userPrincipalName ?? '',
        request: session.requestId,
      })
    if (entry.early)
      complain(
        'retry-after-ignored',
        'A request was sent before the Retry-After of an earlier refusal ran out.',
      )
    if (entry.running > 4)
      complain('concurrency', `${entry.running} requests at once for one mailbox: Outlook takes four.`)
    // One turn of the event loop's queue at least, so that requests sent together are seen together.
    if (store.switches.latencyMilliseconds > 0) await store.clock.sleep(store.switches.latencyMilliseconds)
    else await null
    if (entry.refusal !== null) throw entry.refusal
    session.fault = faults.draw(incoming.method, incoming.target, person?.userPrincipalName ?? '')
    const fault = session.fault
    if (fault !== null) {
      const early = await faultBefore(fault, incoming, office, throttle)
      if (early !== null) return early
    }
    if (segments[0]?.toLowerCase() === '$batch' && segments.length === 1) {
      if (isPart) throw badRequest('A batch cannot be within a batch.')
      return this.#finish(
        incoming,
        session,
        await answerBatch(incoming, (inner, id) => this.handle(inner, { id, toldBefore })),
      )
    }
    const call = this.#route(incoming, target, segments, session)
    const answer = await this.#run(call)
    const outgoing = this.#finish(incoming, session, answer)
    return fault === null ? outgoing : faultAfter(fault, outgoing, office)
  }

  #identify(incoming: Incoming): Identity {
    const header = incoming.header('authorization')
    if (header === undefined) throw unauthenticated('Access token is empty.')
    const match = /^Bearer\s+(\S+)$/i.exec(header)
    if (match === null) throw unauthenticated('CompactToken parsing failed with error code: 80049217')
    return this.#parts.authenticate(match[1] ?? '')
  }

  /** Turns `/me` and `/users/x` into the mailbox that is meant; the rest of the path stays. */
  #resolve(segments: readonly string[], session: Session): readonly string[] {
    const head = segments[0]?.toLowerCase()
    const { identity } = session
    const { store } = this.#parts.office
    if (head === 'me') {
      if (identity.personId === null)
        throw badRequest('/me request is only valid with delegated authentication flow.')
      session.mailbox = store.mailboxOf(identity.personId) ?? null
      if (session.mailbox === null) throw userNotFound(identity.personId)
    } else if (head === 'users' && segments.length > 1 && !/^(\$.*|delta)$/i.test(segments[1] ?? '')) {
      const name = segments[1] ?? ''
      // `id@tenant` is how Exchange spells a person; kiota's clients have a name of their own for the caller.
      const alias =
        name.toLowerCase() === 'me-token-to-replace'
          ? (identity.personId ?? '')
          : name.replace(/^([0-9a-f-]{36})@[0-9a-f-]{36}$/i, '$1')
      const mailbox = store.mailboxOf(alias)
      if (mailbox === undefined || mailbox.person.tenantId !== identity.tenantId) throw userNotFound(name)
      session.mailbox = mailbox
    } else {
      return segments
    }
    if (session.mailbox.gone && segments.length > (head === 'me' ? 1 : 2))
      throw new GraphError(
        404,
        'MailboxNotEnabledForRESTAPI',
        'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
      )
    return head === 'me' ? ['users', session.mailbox.person.id, ...segments.slice(1)] : segments
  }

  #route(
    incoming: Incoming,
    target: Target,
    segments: readonly string[],
    session: Session,
  ): Call & { readonly route: Route } {
    const found = this.#router.match(incoming.method, segments)
    if ('unknown' in found)
      throw new GraphError(400, 'BadRequest', `Resource not found for the segment '${found.unknown}'.`)
    const { route } = found
    if (route === null)
      throw new GraphError(405, 'ErrorInvalidRequest', 'The OData request is not supported.', {
        headers: { allow: found.allowed.join(', ') },
      })
    const { identity, mailbox } = session
    const other = mailbox !== null && identity.personId !== null && mailbox.person.id !== identity.personId
    if (!opens(route.permissions, identity.grants, identity.personId !== null, other)) throw accessDenied()
    if (other && segments.length > 2 && !mailbox.person.delegates.includes(identity.personId ?? ''))
      throw accessDenied()
    for (const name of target.query.keys())
      if (name.startsWith('$') && name !== '$format' && !route.query.includes(name))
        throw badRequest(
          `Query option '${name}' was specified more than once or is not supported here: '${incoming.target.slice(0, 200)}'.`,
        )
    const call = new Call({
      office: this.#parts.office,
      incoming,
      segments,
      args: target.args,
      query: target.query,
      prefer: parsePrefer(incoming.header('prefer')),
      identity,
      requestId: session.requestId,
      ids: mailbox === null ? found.ids : found.ids.slice(1),
      mailbox,
    })
    if (
      this.#parts.office.store.switches.expectImmutableIds &&
      mailbox !== null &&
      !call.prefer.immutableIds &&
      MOVABLE.test(route.path)
    )
      call.complain(
        'mutable-ids',
        'Events or messages were asked for without Prefer: IdType="ImmutableId"; ids change when items move.',
      )
    return Object.assign(call, { route })
  }

  async #run(
    call: Call & { readonly route: Route },
    actor = `app:${call.identity.clientId}`,
  ): Promise<Answer> {
    const { store } = this.#parts.office
    store.actor = actor
    try {
      const answer = call.route.handle(call)
      return answer instanceof Promise ? await answer : answer
    } finally {
      store.actor = 'system'
    }
  }

  #finish(incoming: Incoming, session: Session, answer: Answer): Outgoing {
    const { body } = answer
    const headers = this.#headers(incoming, session)
    let content: Outgoing['body'] = null
    if (body !== undefined) {
      headers['content-type'] = JSON_TYPE
      content = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    }
    Object.assign(headers, answer.headers)
    return { status: answer.status, headers, body: content }
  }

  #headers(incoming: Incoming, session: Session): Record<string, string> {
    const headers: Record<string, string> = {
      'request-id': session.requestId,
      'client-request-id': incoming.header('client-request-id') ?? session.requestId,
      'odata-version': '4.0',
      'x-ms-ags-diagnostic': DIAGNOSTIC,
      date: new Date(this.#parts.office.store.now()).toUTCString(),
    }
    return headers
  }

  #refuse(incoming: Incoming, session: Session, error: unknown): Outgoing {
    const refusal =
      error instanceof GraphError
        ? error
        : new GraphError(
            500,
            'InternalServerError',
            `The emulator failed: ${error instanceof Error ? error.message : String(error)}`,
          )
    if (!(error instanceof GraphError)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#parts.office.logs.complain({
        at: this.#parts.office.store.now(),
        kind: 'emulator-bug',
        text: stack,
        app: session.identity.clientId,
        mailbox: '',
        request: session.requestId,
      })
    }
    const headers = this.#headers(incoming, session)
    Object.assign(headers, refusal.headers)
    headers['content-type'] = 'application/json'
    const clientRequestId = headers['client-request-id'] ?? session.requestId
    return {
      status: refusal.status,
      headers,
      body: errorBody(refusal, this.#parts.office.store.now(), session.requestId, clientRequestId),
    }
  }
}

/** Paths whose items have an immutable id. */
const MOVABLE = /\/(events|calendarview|messages)(\/|$)/i
const DIAGNOSTIC =
  '{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"EMULATOR00"}}'

function userNotFound(name: string): GraphError {
  return new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${name}' does not exist or one of its queried reference-property objects are not present.`,
  )
}
