/** One Graph request on its way to a handler, and what a handler answers. */
import { badRequest, GraphError } from './errors.ts'
import type { View } from './event-render.ts'
import { zoneNamed } from './event-model.ts'
import { bodyText, type Incoming, type Preferences } from './http.ts'
import { isObject, type JsonObject } from './item-parts.ts'
import type { Office } from './office.ts'
import type { Mailbox, Store } from './state.ts'
import { UTC } from './zones.ts'

export interface Identity {
  readonly clientId: string
  readonly tenantId: string
  /** Object id of the signed-in person; null for an app that calls for itself. */
  readonly personId: string | null
  /** Delegated scopes, or application roles. */
  readonly grants: ReadonlySet<string>
}

export interface Answer {
  readonly status: number
  /** An object is serialised; a string is sent as it is. */
  readonly body?: JsonObject | string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export class Call {
  readonly office: Office
  readonly incoming: Incoming
  readonly method: string
  readonly segments: readonly string[]
  readonly args: ReadonlyMap<string, string>
  /** Names in lower case. */
  readonly query: ReadonlyMap<string, string>
  readonly prefer: Preferences
  readonly identity: Identity
  readonly requestId: string
  /** The ids in the path, in order; the person's is not among them. */
  readonly ids: readonly string[]
  readonly #mailbox: Mailbox | null
  #view: View | null = null

  constructor(parts: {
    office: Office
    incoming: Incoming
    segments: readonly string[]
    args: ReadonlyMap<string, string>
    query: ReadonlyMap<string, string>
    prefer: Preferences
    identity: Identity
    requestId: string
    ids: readonly string[]
    mailbox: Mailbox | null
  }) {
    this.office = parts.office
    this.incoming = parts.incoming
    this.method = parts.incoming.method
    this.segments = parts.segments
    this.args = parts.args
    this.query = parts.query
    this.prefer = parts.prefer
    this.identity = parts.identity
    this.requestId = parts.requestId
    this.ids = parts.ids
    this.#mailbox = parts.mailbox
  }

  get store(): Store {
    return this.office.store
  }

  /** The mailbox that the path names. */
  get mailbox(): Mailbox {
    if (this.#mailbox === null) throw new Error('This route has no mailbox in its path.')
    return this.#mailbox
  }

  id(position: number): string {
    return this.ids[position] ?? ''
  }

  /** How the caller wants items to look. */
  get view(): View {
    this.#view ??= {
      zone: this.prefer.timeZone === null ? UTC : zoneNamed(this.prefer.timeZone),
      zoneName: this.prefer.timeZone ?? 'UTC',
      bodyText: this.prefer.bodyText,
      immutableIds: this.prefer.immutableIds,
    }
    return this.#view
  }

  /** The request's body as an object; 400 when it is anything else. */
  json(): JsonObject {
    const source = bodyText(this.incoming.body)
    if (source.trim() === '') throw badRequest('Empty Payload. JSON content expected.')
    let value: unknown
    try {
      value = JSON.parse(source)
    } catch {
      throw new GraphError(
        400,
        'BadRequest',
        'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
      )
    }
    if (!isObject(value)) throw badRequest('Unable to read JSON request payload. An object was expected.')
    return value
  }

  /** Like `json`, for actions whose parameters are all optional. */
  jsonOrEmpty(): JsonObject {
    return bodyText(this.incoming.body).trim() === '' ? {} : this.json()
  }

  get ifMatch(): string | undefined {
    return this.incoming.header('if-match')
  }

  get root(): string {
    return `${this.incoming.origin}/v1.0`
  }

  /** `https://…/$metadata#users('<id>')/` and what follows. */
  context(rest: string): string {
    return `${this.root}/$metadata#users('${this.mailbox.person.id}')/${rest}`
  }

  /** The answer header that confirms what `Prefer` asked for. Mail and calendar send it, To Do never does. */
  applied(): Record<string, string> {
    const { prefer } = this
    const applied: string[] = []
    if (prefer.timeZone !== null) applied.push(`outlook.timezone="${prefer.timeZone}"`)
    if (prefer.bodyType !== null) applied.push(`outlook.body-content-type="${prefer.bodyType}"`)
    if (prefer.immutableIds) applied.push('IdType="ImmutableId"')
    return applied.length === 0 ? {} : { 'preference-applied': applied.join(', ') }
  }

  complain(kind: string, text: string): void {
    this.office.logs.complain({
      at: this.store.now(),
      kind,
      text,
      app: this.identity.clientId,
      mailbox: this.#mailbox?.person.userPrincipalName ?? '',
      request: this.requestId,
    })
  }
}
