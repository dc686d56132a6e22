/** The control API: what a test or a simulation does to the emulated world. The same verbs over HTTP in control-routes.ts. */
import type { AdjustableClock } from './clock.ts'
import type { Collection, Item } from './collection.ts'
import type { FaultRule, Faults } from './faults.ts'
import type { Graph } from './graph.ts'
import { bodyText } from './http.ts'
import type { Notifier } from './notifications.ts'
import type { Logs } from './logs.ts'
import { deliverOutsideMail, type OutsideMail } from './outside-mail.ts'
import type { Mailbox, Store, WorldData } from './state.ts'
import type { Throttle } from './throttle.ts'
import type { Grants, Tokens } from './tokens.ts'

export interface PersonAnswer {
  readonly status: number
  readonly body: unknown
}

/** A person in front of Outlook or To Do. Paths are Graph's, such as `/me/events`; ids are immutable ones. */
export interface ActingPerson {
  get(path: string, headers?: Record<string, string>): Promise<PersonAnswer>
  post(path: string, body?: unknown): Promise<PersonAnswer>
  patch(path: string, body: unknown): Promise<PersonAnswer>
  delete(path: string): Promise<PersonAnswer>
}

export class Control {
  readonly clock: AdjustableClock
  readonly logs: Logs
  readonly faults: Faults
  readonly store: Store
  readonly notifier: Notifier
  readonly #graph: Graph
  readonly #throttle: Throttle
  readonly #tokens: Tokens
  readonly #reseed: (seed: string) => void
  readonly #snapshots = new Map<string, WorldData>()

  constructor(parts: {
    clock: AdjustableClock
    logs: Logs
    faults: Faults
    store: Store
    graph: Graph
    throttle: Throttle
    tokens: Tokens
    notifier: Notifier
    reseed: (seed: string) => void
  }) {
    this.clock = parts.clock
    this.logs = parts.logs
    this.faults = parts.faults
    this.store = parts.store
    this.notifier = parts.notifier
    this.#graph = parts.graph
    this.#throttle = parts.throttle
    this.#tokens = parts.tokens
    this.#reseed = parts.reseed
  }

  /** Replaces the world by a fresh one: `demo`, `empty` or `large:…`. Logs begin anew. */
  seed(name: string): void {
    this.#reseed(name)
    this.#throttle.clear()
    this.logs.clear()
  }

  /** Keeps a copy of the whole world under a name. */
  snapshot(name = 'default'): void {
    this.#snapshots.set(name, structuredClone(this.store.data))
  }

  /** Goes back to a copy. Logs begin anew; the copy can be used again. False when there is none of that name. */
  restore(name = 'default'): boolean {
    const copy = this.#snapshots.get(name)
    if (copy === undefined) return false
    this.store.data = structuredClone(copy)
    this.notifier.clear()
    this.#throttle.clear()
    this.logs.clear()
    return true
  }

  /** Replaces the fault plan. */
  plan(rules: readonly FaultRule[], seed?: string): void {
    this.faults.plan(rules, seed)
  }

  /** Acts as a person, by address or object id. */
  as(person: string): ActingPerson {
    const mailbox = this.#mailbox(person)
    const act = async (
      method: string,
      path: string,
      body?: unknown,
      headers?: Record<string, string>,
    ): Promise<PersonAnswer> => {
      const outgoing = await this.#graph.act(mailbox, method, path, body, headers)
      const isJson = (outgoing.headers['content-type'] ?? '').includes('json')
      const content = outgoing.body ?? ''
      if (!isJson || content.length === 0)
        return {
          status: outgoing.status,
          body: typeof content === 'string' ? content : Buffer.from(content).toString('base64'),
        }
      return { status: outgoing.status, body: JSON.parse(bodyText(content)) as unknown }
    }
    return {
      get: (path, headers) => act('GET', path, undefined, headers),
      post: (path, body) => act('POST', path, body),
      patch: (path, body) => act('PATCH', path, body),
      delete: (path) => act('DELETE', path),
    }
  }

  /** Somebody outside of the tenant writes to one of its mailboxes. @returns the internet message id */
  receive(person: string, mail: OutsideMail): string {
    return deliverOutsideMail(this.store, this.#mailbox(person), mail).internetMessageId
  }

  #mailbox(person: string): Mailbox {
    const mailbox = this.store.mailboxOf(person)
    if (mailbox === undefined) throw new Error(`Nobody here is called ${person}.`)
    return mailbox
  }

  /** Makes every delta token of a mailbox, or of all, unknown: the next use answers 410. */
  evictTokens(person?: string): void {
    const boxes = person === undefined ? [...this.store.data.mailboxes.values()] : [this.#mailbox(person)]
    for (const box of boxes) for (const collection of collectionsOf(box)) collection.generation += 7
  }

  /** The etag of every item of a mailbox moves, and nothing else. */
  bumpEtags(person: string): void {
    const box = this.#mailbox(person)
    for (const collection of box.events.values())
      for (const row of collection.rows) if (row !== null) this.store.bump(box, 'event', collection, row)
    for (const collection of box.tasks.values())
      for (const row of collection.rows) if (row !== null) this.store.bump(box, 'todoTask', collection, row)
    for (const collection of box.messages.values())
      for (const row of collection.rows) if (row !== null) this.store.bump(box, 'message', collection, row)
  }

  /** The mailbox is there, or as if its licence were gone. */
  setMailboxGone(person: string, gone: boolean): void {
    this.#mailbox(person).gone = gone
  }

  /** Withdraws what a person, or with null everybody, consented to, and the refresh tokens with it. */
  revokeConsent(person: string | null): void {
    const id = person === null ? null : this.#mailbox(person).person.id
    this.store.data.consents = this.store.data.consents.filter(
      (consent) => id !== null && consent.personId !== id,
    )
    for (const token of this.#grants().refreshTokens.values())
      if (id === null || token.personId === id) token.revoked = true
  }

  /** Every secret of an app expires now, or the one that is named. */
  expireSecrets(clientId: string, value?: string): void {
    for (const secret of this.store.data.apps.get(clientId)?.secrets ?? [])
      if (value === undefined || secret.value === value) secret.expires = this.store.now()
  }

  /** A token as Entra would issue it, for tests that are not about signing in. With null, an app's own. */
  token(clientId: string, person: string | null, grants?: readonly string[]): string {
    const app = this.store.data.apps.get(clientId)
    if (app === undefined) throw new Error(`There is no app ${clientId}.`)
    const issuer = `https://sts.windows.net/${app.tenantId}/`
    if (person === null)
      return this.#tokens.accessToken(issuer, app, app.tenantId, null, grants ?? app.appRoles)
    return this.#tokens.accessToken(
      issuer,
      app,
      app.tenantId,
      this.#mailbox(person).person,
      grants ?? app.delegatedScopes,
    )
  }

  #grants(): Grants {
    return this.#tokens.grants
  }
}

function* collectionsOf(box: Mailbox): Generator<Collection<Item>> {
  const all: readonly unknown[] = [
    ...box.events.values(),
    ...box.tasks.values(),
    ...box.messages.values(),
    box.lists,
    box.folders,
  ]
  for (const collection of all) yield collection as Collection<Item>
}
