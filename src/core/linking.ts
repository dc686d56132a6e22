import type { Facts, Fields, Json, Kind } from './item.ts'
import { isPublicMailDomain } from './public-mail-domains.ts'

/** To whom a message or an event belongs: by the addresses in it, by their domains, by what was said about its thread. */
export type PersonKind = 'contact' | 'account' | 'lead' | 'case'

export interface Person {
  readonly kind: PersonKind
  readonly id: string
}

export interface BelongsTo extends Person {
  readonly how: 'address' | 'domain' | 'thread'
  /** The address or domain is known and is none of our own: such a message is public. */
  readonly outside: boolean
}

/** What is known of the addresses and domains of a batch of items. */
export interface Directory {
  /** People by address; a contact brings its account along. */
  readonly byAddress: ReadonlyMap<string, readonly Person[]>
  /** Accounts by domain. */
  readonly byDomain: ReadonlyMap<string, readonly Person[]>
  /** What people said, by thread key. */
  readonly byThread: ReadonlyMap<string, readonly (Person & { readonly state: 'linked' | 'removed' })[]>
  /** Of the organization: mailboxes and users. */
  readonly ownAddresses: ReadonlySet<string>
  readonly ownDomains: ReadonlySet<string>
}

interface Linked {
  readonly kind: Kind
  readonly fields: Fields
  readonly facts: Facts
}

/** A mail to ten thousand people belongs to nobody in particular beyond the first of them. */
const ADDRESSES_MAX = 200
const LABELS_MIN = 2
const REFERENCES_LOOKED_AT = 10

/** The addresses of an item's people, in lower case, each once. Of a task nobody's; of a draft neither, it went to nobody yet. */
export function addressesOf({ kind, fields }: Pick<Linked, 'kind' | 'fields'>): readonly string[] {
  const groups =
    kind === 'message'
      ? fields['isDraft'] === true
        ? []
        : ['from', 'to', 'cc', 'bcc']
      : kind === 'event'
        ? ['organizer', 'attendees']
        : []
  const found = new Set<string>()
  for (const group of groups)
    for (const email of emailsIn(fields[group])) if (found.size < ADDRESSES_MAX) found.add(email)
  return [...found]
}

function emailsIn(value: Json | undefined): readonly string[] {
  if (value === null || value === undefined || typeof value !== 'object') return []
  if (Array.isArray(value)) return value.flatMap((one: Json) => emailsIn(one))
  const email = (value as { readonly [key: string]: Json })['email']
  return typeof email === 'string' && email.includes('@') ? [email.toLowerCase()] : []
}

/** The domain of an address and those above it; none of a provider where anybody may have a mailbox. */
export function domainsOf(email: string): readonly string[] {
  const labels = email
    .slice(email.lastIndexOf('@') + 1)
    .toLowerCase()
    .split('.')
  const domains: string[] = []
  for (let at = 0; labels.length - at >= LABELS_MIN; at++) {
    const domain = labels.slice(at).join('.')
    if (isPublicMailDomain(domain)) return []
    domains.push(domain)
  }
  return domains
}

/** By which keys a thread is known: a message's conversation and ids, a meeting's iCalUId; a task is alone. */
export function threadKeys(record: {
  readonly id: string
  readonly kind: Kind
  readonly facts: Facts
}): readonly string[] {
  const { facts, kind } = record
  if (kind === 'task') return [`r:${record.id}`]
  if (kind === 'event') return [facts.iCalUId === undefined ? `r:${record.id}` : `e:${facts.iCalUId}`]
  const ids = [
    facts.internetMessageId,
    ...(facts.headers?.['in-reply-to']?.match(/<[^<>\s]+>/g) ?? []),
    ...(facts.references ?? []).slice(-REFERENCES_LOOKED_AT),
  ]
  const keys = new Set<string>()
  if (facts.conversationId !== undefined) keys.add(`c:${facts.conversationId}`)
  for (const id of ids) if (id !== undefined && id !== '') keys.add(`m:${id}`)
  if (keys.size === 0) keys.add(`r:${record.id}`)
  return [...keys]
}

/** All whom an item belongs to, each once; what a person took out of its thread is left out. */
export function belongsTo(
  record: Linked & { readonly id: string },
  directory: Directory,
): readonly BelongsTo[] {
  const found = new Map<string, BelongsTo>()
  const add = (person: Person, how: BelongsTo['how'], outside: boolean): void => {
    const key = `${person.kind} ${person.id}`
    const known = found.get(key)
    if (known === undefined) found.set(key, { kind: person.kind, id: person.id, how, outside })
    else if (outside && !known.outside) found.set(key, { ...known, outside })
  }
  for (const address of addressesOf(record)) {
    const outside = !isOwn(address, directory)
    for (const person of directory.byAddress.get(address) ?? []) add(person, 'address', outside)
    // Our own domain is in every mail: it says nothing.
    if (!outside) continue
    for (const domain of domainsOf(address))
      for (const account of directory.byDomain.get(domain) ?? []) add(account, 'domain', true)
  }
  for (const key of threadKeys(record))
    for (const said of directory.byThread.get(key) ?? [])
      if (said.state === 'linked') add(said, 'thread', false)
  for (const key of threadKeys(record))
    for (const said of directory.byThread.get(key) ?? [])
      if (said.state === 'removed') found.delete(`${said.kind} ${said.id}`)
  return [...found.values()]
}

export const isOwn = (
  address: string,
  { ownAddresses, ownDomains }: Pick<Directory, 'ownAddresses' | 'ownDomains'>,
): boolean => ownAddresses.has(address) || domainsOf(address).some((domain) => ownDomains.has(domain))
