/**
 * What the emulated Microsoft 365 knows: tenants, app registrations, mailboxes. Data and its change log, no HTTP.
 */
import { codeOf, guidOf, hashText, makeChance, type Chance } from './chance.ts'
import type { Clock } from './clock.ts'
import { insert, makeCollection, noteChange, take, type Collection, type Item } from './collection.ts'
import type { CalendarGroupRow, CalendarRow, EventRow } from './event-model.ts'
import type { MailFolderRow, MessageRow } from './mail-model.ts'
import type { Switches } from './switches.ts'
import type { TaskRow, TodoListRow } from './todo-model.ts'

export interface Person {
  /** The object id in the directory. */
  readonly id: string
  readonly tenantId: string
  userPrincipalName: string
  mail: string
  displayName: string
  givenName: string
  surname: string
  jobTitle: string | null
  officeLocation: string | null
  /** A shared mailbox nobody signs in to. */
  readonly shared: boolean
  /** Object ids of those who may open this mailbox with a `.Shared` permission. */
  delegates: string[]
}

export interface Category {
  readonly key: string
  displayName: string
  color: string
}

export interface Mailbox {
  readonly person: Person
  /** Eight characters that every id of this mailbox carries. */
  readonly code: string
  /** A Windows zone name, as in mailboxSettings. */
  timeZone: string
  language: string
  /** Not there any more: licence removed or mailbox deleted. */
  gone: boolean
  readonly calendarGroups: Collection<CalendarGroupRow>
  readonly calendars: Collection<CalendarRow>
  readonly events: Map<string, Collection<EventRow>>
  /** Where an event or message is now: item key to collection key. */
  readonly eventHome: Map<string, string>
  /** Keys of events by iCalUId, and by transactionId. */
  readonly meetings: Map<string, string>
  readonly transactions: Map<string, string>
  readonly lists: Collection<TodoListRow>
  readonly tasks: Map<string, Collection<TaskRow>>
  readonly folders: Collection<MailFolderRow>
  readonly messages: Map<string, Collection<MessageRow>>
  readonly messageHome: Map<string, string>
  categories: Category[]
}

export interface AppSecret {
  readonly value: string
  /** Milliseconds since the epoch. */
  expires: number
}

export interface AppCertificate {
  /** SPKI or X.509 PEM of the public half. */
  readonly pem: string
}

export interface AppRegistration {
  readonly clientId: string
  readonly displayName: string
  readonly tenantId: string
  /** Other tenants may consent too. */
  readonly multiTenant: boolean
  secrets: AppSecret[]
  certificates: AppCertificate[]
  redirectUris: string[]
  /** Any http://localhost or http://127.0.0.1 address with this path is registered too; null for none. */
  loopbackRedirectPath: string | null
  disabled: boolean
  /** Delegated scopes that may be asked for; a consent page grants them one by one. */
  delegatedScopes: string[]
  /** Application permissions declared, granted for a tenant by adminconsent. */
  appRoles: string[]
}

export interface Consent {
  readonly clientId: string
  readonly tenantId: string
  /** The object id of the person, or null for everybody in the tenant. */
  readonly personId: string | null
  scopes: string[]
  roles: string[]
}

export interface Tenant {
  readonly id: string
  readonly domain: string
  readonly displayName: string
}

export interface WorldData {
  readonly seed: number
  /** One number for the whole world: counts every change. */
  sequence: number
  /** Counts ids given out. */
  counter: number
  requests: number
  readonly tenants: Map<string, Tenant>
  readonly apps: Map<string, AppRegistration>
  consents: Consent[]
  /** By object id. */
  readonly mailboxes: Map<string, Mailbox>
  /** Lower-case user principal names and mail addresses to object ids. */
  readonly addresses: Map<string, string>
  /** Whatever a resource of its own keeps here under its name, such as subscriptions. Plain data. */
  readonly extra: Map<string, unknown>
}

export type ItemKind =
  'event' | 'calendar' | 'calendarGroup' | 'todoTask' | 'todoTaskList' | 'message' | 'mailFolder'

/** Who asked for a change: `app:<client id>`, `person:<address>` or `system`. */
export type Actor = string

export interface Change {
  readonly sequence: number
  readonly at: number
  readonly actor: Actor
  readonly mailbox: Mailbox
  readonly kind: ItemKind
  readonly operation: 'created' | 'updated' | 'deleted'
  readonly collection: string
  readonly item: Item
  /** A shallow copy from before an update or deletion. */
  readonly before: Item | null
  /** Only the version moved. */
  readonly bumpOnly: boolean
}

export function makeWorld(seedText: string): WorldData {
  return {
    seed: hashText(seedText),
    sequence: 0,
    counter: 0,
    requests: 0,
    tenants: new Map(),
    apps: new Map(),
    consents: [],
    mailboxes: new Map(),
    addresses: new Map(),
    extra: new Map(),
  }
}

/** The world and everything that changes it. Listeners hear each change after it is made. */
export class Store {
  data: WorldData
  readonly clock: Clock
  readonly switches: Switches
  /** Who the running operation is for. Set by the caller before it calls anything that writes. */
  actor: Actor = 'system'
  /** Chance for everything but ids. */
  chance: Chance
  readonly #listeners: ((change: Change) => void)[] = []

  constructor(data: WorldData, clock: Clock, switches: Switches) {
    this.data = data
    this.clock = clock
    this.switches = switches
    this.chance = makeChance(data.seed)
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener)
  }

  now(): number {
    return this.clock.now()
  }

  key(): string {
    return codeOf(this.data.seed, ++this.data.counter, 16)
  }

  guid(): string {
    return guidOf(this.data.seed, ++this.data.counter)
  }

  nextSequence(): number {
    return ++this.data.sequence
  }

  /** The fields that every new item begins with. */
  stamp(): { key: string; version: number; created: number; modified: number } {
    const now = this.now()
    return { key: this.key(), version: 0, created: now, modified: now }
  }

  add<T extends Item>(mailbox: Mailbox, kind: ItemKind, collection: Collection<T>, item: T): T {
    const sequence = this.nextSequence()
    item.version = sequence
    insert(collection, item, sequence)
    if (kind === 'event') mailbox.eventHome.set(item.key, collection.name)
    if (kind === 'message') mailbox.messageHome.set(item.key, collection.name)
    this.#tell({
      sequence,
      kind,
      mailbox,
      operation: 'created',
      collection: collection.name,
      item,
      before: null,
    })
    return item
  }

  /** Applies `fields` to an item, moves its version and logs the change. */
  update<T extends Item>(
    mailbox: Mailbox,
    kind: ItemKind,
    collection: Collection<T>,
    item: T,
    fields: Partial<T>,
  ): T {
    const before = { ...item }
    Object.assign(item, fields)
    return this.changed(mailbox, kind, collection, item, before)
  }

  /** Logs a change that was made in place. */
  changed<T extends Item>(
    mailbox: Mailbox,
    kind: ItemKind,
    collection: Collection<T>,
    item: T,
    before: T | null,
  ): T {
    const sequence = this.nextSequence()
    item.version = sequence
    item.modified = this.now()
    noteChange(collection, item, sequence)
    this.#tell({ sequence, kind, mailbox, operation: 'updated', collection: collection.name, item, before })
    return item
  }

  /** Moves the version without a change that a person could see, as Exchange does now and then. */
  bump<T extends Item>(mailbox: Mailbox, kind: ItemKind, collection: Collection<T>, item: T): void {
    const sequence = this.nextSequence()
    item.version = sequence
    noteChange(collection, item, sequence)
    this.#tell({
      sequence,
      kind,
      mailbox,
      operation: 'updated',
      collection: collection.name,
      item,
      before: null,
      bumpOnly: true,
    })
  }

  remove<T extends Item>(
    mailbox: Mailbox,
    kind: ItemKind,
    collection: Collection<T>,
    key: string,
  ): T | undefined {
    const sequence = this.nextSequence()
    const item = take(collection, key, sequence)
    if (item === undefined) return undefined
    if (kind === 'event') mailbox.eventHome.delete(key)
    if (kind === 'message') mailbox.messageHome.delete(key)
    const before = { ...item }
    this.#tell({ sequence, kind, mailbox, operation: 'deleted', collection: collection.name, item, before })
    return item
  }

  mailboxOf(idOrAddress: string): Mailbox | undefined {
    const direct = this.data.mailboxes.get(idOrAddress)
    if (direct !== undefined) return direct
    const lower = idOrAddress.toLowerCase()
    const id = this.data.addresses.get(lower) ?? lower
    return this.data.mailboxes.get(id)
  }

  addMailbox(person: Person, timeZone: string): Mailbox {
    const mailbox: Mailbox = {
      person,
      code: codeOf(this.data.seed, hashText(person.id), 8),
      timeZone,
      language: 'en-GB',
      gone: false,
      calendarGroups: makeCollection('calendarGroups'),
      calendars: makeCollection('calendars'),
      events: new Map(),
      eventHome: new Map(),
      meetings: new Map(),
      transactions: new Map(),
      lists: makeCollection('lists'),
      tasks: new Map(),
      folders: makeCollection('mailFolders'),
      messages: new Map(),
      messageHome: new Map(),
      categories: [],
    }
    this.data.mailboxes.set(person.id, mailbox)
    this.data.addresses.set(person.userPrincipalName.toLowerCase(), person.id)
    this.data.addresses.set(person.mail.toLowerCase(), person.id)
    return mailbox
  }

  #tell(change: Omit<Change, 'at' | 'actor' | 'bumpOnly'> & { bumpOnly?: boolean }): void {
    const whole: Change = { bumpOnly: false, ...change, at: this.now(), actor: this.actor }
    for (const listener of this.#listeners) listener(whole)
  }
}
