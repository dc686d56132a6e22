import {
  ConnectorError,
  type CollectionRef,
  type Connector,
  type Failure,
  type Identity,
  type Observation,
  type Operation,
  type Page,
  type PushOutcome,
  type ReadOutcome,
} from '../../src/connectors/connector.ts'
import { type Cursor, type ETag, type ItemId, asId } from '../../src/core/ids.ts'
import type { Attendee, Channel, Facts, Fields, Item, Json, Kind } from '../../src/core/item.ts'
import { kindOf, parseGroup } from '../../src/core/item.ts'
import { showsIn } from '../../src/core/series.ts'

/**
 * A mailbox in memory, with a person who uses it: the second implementation of the connector's contract, for tests of
 * the engine. It pages, remembers versions, mails attendees, and misbehaves when told to.
 */
export interface FakeMailbox {
  readonly connector: Connector
  readonly outlook: OutlookUser
  /** Everybody who was mailed, in order. */
  readonly mails: readonly { readonly to: string; readonly about: string; readonly subject: string }[]
  /** Every write that was applied. */
  readonly writes: readonly { readonly do: string; readonly subject: string; readonly fields: Fields }[]
  /** Journeys to the system, by name. */
  readonly calls: readonly string[]
  /** What the next writes meet, one each. */
  readonly faults: Fault[]
  identity: Identity
  /** All cursors handed out so far are forgotten. */
  expireCursors(): void
  /** Listings come back empty, though nothing is gone. */
  listsNothing: boolean
  /** Reading fails for the whole mailbox. */
  down: Failure | null
  pageSize: number
  /** False: nobody can say what became of a write whose answer was lost. */
  settles: boolean
  /** Writes of an item with this title are refused for ever. */
  rejectSubject: string | null
  /** How the system spells what it is given. */
  respell: (group: string, value: Json) => Json
  /** Slots whose exceptions are reported; null: all. */
  reportOccurrences: { readonly from: string; readonly to: string } | null
  removeCalendar(name: string): void
  /** Begins the logs of writes, mails and calls anew. */
  forgetWrites(): void
  addCalendar(name: string, canWrite?: boolean): string
}

export type Fault =
  'none' | 'lose-answer' | 'lose-request' | 'throttle' | 'reject' | 'crash-before' | 'crash-after'

export interface OutlookUser {
  create(fields: Fields, facts?: Facts, collection?: string): ItemId
  edit(id: ItemId, fields: Fields): void
  remove(id: ItemId): void
  move(id: ItemId, collection: string): void
  /** The version moves though no person changed anything. */
  bump(id: ItemId): void
  /** The id of the item with this title, which must be there. */
  id(subject: string): ItemId
  find(subject: string): ({ readonly id: ItemId } & Item) | null
  all(): readonly ({ readonly id: ItemId; readonly collection: string } & Item)[]
}

interface Stored {
  readonly id: ItemId
  readonly collection: string
  readonly fields: Fields
  readonly facts: Facts
  readonly version: number
  readonly seq: number
}

export class Crash extends Error {}

const ANNA: Identity = {
  tenantId: 'contoso',
  objectId: 'anna',
  address: 'anna@contoso.example',
  displayName: 'Anna',
  zone: 'Europe/Berlin',
  clockOffsetMs: 0,
}

export function createFakeMailbox(
  channel: Channel,
  now: () => number,
  cannotHold: readonly string[] = [],
): FakeMailbox {
  const kind: Kind = kindOf[channel]
  const items = new Map<ItemId, Stored>()
  const removed = new Map<ItemId, { readonly collection: string; readonly seq: number }>()
  const left: { readonly id: ItemId; readonly collection: string; readonly seq: number }[] = []
  const markers = new Map<string, ItemId>()
  const containers = [{ externalId: 'default', name: 'Calendar', isDefault: true, canWrite: true }]
  let seq = 0
  let epoch = 0
  let made = 0

  const etag = (stored: Stored): ETag => asId<ETag>(`W/"${stored.version}"`)
  function observed(stored: Stored): Item {
    const { facts } = stored
    const range = fake.reportOccurrences
    if (range === null) return { kind, fields: stored.fields, facts }
    const told = Object.entries(stored.fields).filter(([group]) => {
      const { slot } = parseGroup(group)
      return slot === null || (slot >= range.from && slot <= range.to)
    })
    return { kind, fields: Object.fromEntries(told), facts, occurrencesReported: range }
  }
  const inWindow = (stored: Stored, ref: CollectionRef): boolean =>
    kind !== 'event' || ref.window === undefined || showsIn(observed(stored), ref.window, ref.zone)

  function put(stored: Omit<Stored, 'version' | 'seq' | 'facts'> & { readonly facts: Facts }): Stored {
    const before = items.get(stored.id)
    if (before && before.collection !== stored.collection)
      left.push({ id: stored.id, collection: before.collection, seq: seq + 1 })
    const facts = { ...stored.facts, modifiedAt: now() }
    const next = { ...stored, facts, version: (before?.version ?? 0) + 1, seq: ++seq }
    items.set(stored.id, next)
    removed.delete(stored.id)
    return next
  }

  function drop(id: ItemId): void {
    const stored = items.get(id)
    if (!stored) return
    items.delete(id)
    removed.set(id, { collection: stored.collection, seq: ++seq })
  }

  const fake: FakeMailbox = {
    identity: ANNA,
    mails: [],
    writes: [],
    calls: [],
    faults: [],
    listsNothing: false,
    down: null,
    pageSize: 50,
    settles: true,
    rejectSubject: null,
    respell: (_group, value) => value,
    reportOccurrences: null,
    forgetWrites() {
      for (const log of [fake.writes, fake.mails, fake.calls]) (log as unknown[]).length = 0
    },
    removeCalendar: (name) =>
      void containers.splice(
        containers.findIndex((each) => each.externalId === name),
        1,
      ),
    expireCursors: () => void (epoch += 1),
    addCalendar(name, canWrite = true) {
      containers.push({ externalId: name, name, isDefault: false, canWrite })
      return name
    },
    outlook: {
      create(fields, facts = {}, collection = 'default') {
        const id = asId<ItemId>(`item-${++made}`)
        put({
          id,
          collection,
          fields: { ...DEFAULTS[kind], ...fields },
          facts: { isOrganizer: true, ...facts },
        })
        return id
      },
      edit(id, fields) {
        const stored = items.get(id)
        if (!stored) throw new Error(`There is no ${id} to edit.`)
        put({ ...stored, fields: merged(stored.fields, fields) })
      },
      remove: drop,
      move(id, collection) {
        const stored = items.get(id)
        if (stored) put({ ...stored, collection })
      },
      bump(id) {
        const stored = items.get(id)
        if (stored) put(stored)
      },
      id(subject) {
        const item = fake.outlook.find(subject)
        if (!item) throw new Error(`Outlook has no "${subject}".`)
        return item.id
      },
      find: (subject) => fake.outlook.all().find((each) => each.fields['subject'] === subject) ?? null,
      all: () => [...items.values()].map((each) => ({ kind, ...each })),
    },
    connector: {
      side: 'mailbox',
      capabilities: {
        guard: 'enforced',
        deletions: 'told',
        transactional: false,
        cannotHold: { event: cannotHold, task: cannotHold, message: cannotHold },
      },
      async identity() {
        called('identity')
        return fake.identity
      },
      async collections() {
        called('collections')
        return containers
      },
      async *pull(collection, cursor) {
        for (let from = cursor; ;) {
          called('pull')
          const page = pageAt(collection, from)
          yield page
          if (page.last) return
          from = page.next
        }
      },
      async pullMany(parts) {
        called('pullMany')
        return parts.map(({ collection, cursor }) => {
          try {
            return pageAt(collection, cursor)
          } catch (error) {
            if (error instanceof ConnectorError) return error
            throw error
          }
        })
      },
      async read(refs) {
        called('read')
        return refs.map(({ id, collection }): ReadOutcome => {
          const stored = items.get(id)
          if (!stored) return { outcome: 'gone', id }
          return {
            outcome: 'found',
            id,
            item: observed(stored),
            etag: etag(stored),
            collectionExternalId: stored.collection,
            inWindow: inWindow(stored, collection),
          }
        })
      },
      async push(operations) {
        called('push')
        return operations.map(pushOne)
      },
      async settle(operations) {
        called('settle')
        return operations.map((operation) => {
          if (!fake.settles)
            return { outcome: 'unknown', failure: { kind: 'unavailable', message: 'Nobody can say.' } }
          const id = operation.do === 'create' ? markers.get(operation.key) : operation.id
          const stored = id === undefined ? undefined : items.get(id)
          const applied = appliedKeys.has(operation.key)
          if (!applied) return { outcome: 'not-applied' }
          if (!stored)
            return { outcome: 'written', id: id ?? asId<ItemId>(''), etag: asId<ETag>(''), item: null }
          return { outcome: 'written', id: stored.id, etag: etag(stored), item: observed(stored) }
        })
      },
    },
  }
  const appliedKeys = new Set<string>()

  function called(name: string): void {
    ;(fake.calls as string[]).push(name)
    if (fake.down) throw new ConnectorError(fake.down)
  }

  /** A cursor is `list|<epoch>|<seq at start>|<offset>` while enumerating and `delta|<epoch>|<seq>` after it. */
  function pageAt(ref: CollectionRef, cursor: Cursor | null): Page {
    if (!containers.some((each) => each.externalId === ref.externalId))
      throw new ConnectorError({ kind: 'rejected', message: 'ErrorItemNotFound', code: 'ErrorItemNotFound' })
    const [phase, made, from, offset] = (cursor ?? `list|${epoch}|${seq}|0`).split('|')
    if (Number(made) !== epoch)
      throw new ConnectorError({ kind: 'cursor-expired', message: 'SyncStateNotFound' })
    const all = phase === 'list' ? listing(ref) : changesSince(ref, Number(from))
    const begin = phase === 'list' ? Number(offset) : 0
    const last = begin + fake.pageSize >= all.length || phase !== 'list'
    const chunk = phase === 'list' ? all.slice(begin, begin + fake.pageSize) : all
    const end = phase === 'list' ? from : String(seq)
    const next = last ? `delta|${epoch}|${end}` : `list|${epoch}|${from}|${begin + fake.pageSize}`
    return { kind: 'delta', observed: chunk, next: asId<Cursor>(next), last }
  }

  function listing(ref: CollectionRef): readonly Observation[] {
    if (fake.listsNothing) return []
    return [...items.values()]
      .filter((each) => each.collection === ref.externalId && inWindow(each, ref))
      .map((each) => observation(each, ref))
  }

  function changesSince(ref: CollectionRef, since: number): readonly Observation[] {
    const tombstone = (id: ItemId): Observation => ({ kind: 'tombstone', id, collection: ref.id })
    const here = ref.externalId
    return [
      ...left
        .filter((each) => each.collection === here && each.seq > since)
        .map((each) => tombstone(each.id)),
      ...[...removed]
        .filter(([, each]) => each.collection === here && each.seq > since)
        .map(([id]) => tombstone(id)),
      ...[...items.values()]
        .filter((each) => each.collection === here && each.seq > since)
        .map((each) => (inWindow(each, ref) ? observation(each, ref) : tombstone(each.id))),
    ]
  }

  const observation = (stored: Stored, ref: CollectionRef): Observation => ({
    kind: 'item',
    id: stored.id,
    item: observed(stored),
    etag: etag(stored),
    collection: ref.id,
  })

  function pushOne(operation: Operation): PushOutcome {
    const fault = fake.faults.shift() ?? 'none'
    const failure: Failure = { kind: 'unavailable', message: 'The connection was cut.' }
    if (fault === 'throttle')
      return {
        outcome: 'not-sent',
        failure: { kind: 'throttled', message: 'Too many', retryAfterSeconds: 10 },
      }
    if (fault === 'reject')
      return { outcome: 'rejected', reason: 'ErrorInvalidRequest', code: 'ErrorInvalidRequest' }
    if (fault === 'lose-request') return { outcome: 'unknown', failure }
    if (fault === 'crash-before') throw new Crash()
    const title = operation.do === 'create' ? operation.item.fields['subject'] : undefined
    if (fake.rejectSubject !== null && title === fake.rejectSubject)
      return { outcome: 'rejected', reason: 'ErrorInvalidRequest', code: 'ErrorInvalidRequest' }
    const outcome = apply(operation)
    if (fault === 'crash-after') throw new Crash()
    return fault === 'lose-answer' ? { outcome: 'unknown', failure } : outcome
  }

  function apply(operation: Operation): PushOutcome {
    const wrote = (stored: Stored): PushOutcome => {
      appliedKeys.add(operation.key)
      return { outcome: 'written', id: stored.id, etag: etag(stored), item: observed(stored) }
    }
    const note = (fields: Fields, subject: Json | undefined): void =>
      void (fake.writes as unknown[]).push({ do: operation.do, subject: String(subject), fields })
    if (operation.do === 'create') {
      const twin = markers.get(operation.key)
      const stored = twin === undefined ? undefined : items.get(twin)
      if (stored) return wrote(stored)
      const id = asId<ItemId>(`item-${++made}`)
      markers.set(operation.key, id)
      const facts: Facts = { isOrganizer: true, iCalUId: `uid-${id}`, marker: operation.key }
      const created = put({
        id,
        collection: operation.collection.externalId,
        fields: { ...DEFAULTS[kind], ...operation.item.fields },
        facts,
      })
      note(operation.item.fields, created.fields['subject'])
      mail(created, 'invitation', attendeesOf(created.fields))
      return wrote(created)
    }
    const stored = items.get(operation.id)
    if (!stored) return { outcome: 'gone' }
    if (operation.ifMatch !== etag(stored)) return { outcome: 'stale' }
    if (operation.do === 'delete') {
      drop(operation.id)
      appliedKeys.add(operation.key)
      note({}, stored.fields['subject'])
      mail(stored, 'cancellation', attendeesOf(stored.fields))
      return { outcome: 'written', id: operation.id, etag: operation.ifMatch, item: null }
    }
    const fields: { [group: string]: Json } = { ...stored.fields }
    // As Exchange does: a new pattern drops the exceptions, whoever wants them puts them back.
    if ('recurrence' in operation.fields)
      for (const group in fields) if (parseGroup(group).slot !== null) delete fields[group]
    for (const [group, value] of Object.entries(operation.fields)) {
      const taken = parseGroup(group).slot !== null && value === null && !(group in operation.whole.fields)
      if (taken) delete fields[group]
      else fields[group] = fake.respell(group, value)
    }
    const next = put({ ...stored, fields })
    note(operation.fields, next.fields['subject'])
    const silent = ['reminder', 'showAs', 'categories', 'sensitivity']
    if (Object.keys(operation.fields).some((group) => !silent.includes(parseGroup(group).name)))
      mail(next, 'update', attendeesOf(next.fields))
    return wrote(next)
  }

  function mail(stored: Stored, about: string, to: readonly Attendee[]): void {
    if (stored.facts.isOrganizer === false) return
    for (const { email } of to)
      (fake.mails as unknown[]).push({ to: email, about, subject: String(stored.fields['subject']) })
  }

  return fake
}

const attendeesOf = (fields: Fields): readonly Attendee[] =>
  (fields['attendees'] ?? []) as unknown as readonly Attendee[]

/** A group that is given as undefined is taken away. */
function merged(fields: Fields, changes: { readonly [group: string]: Json | undefined }): Fields {
  const next: { [group: string]: Json } = { ...fields }
  for (const [group, value] of Object.entries(changes))
    if (value === undefined) delete next[group]
    else next[group] = value
  return next
}

const DEFAULTS: Record<Kind, Fields> = {
  event: {
    subject: '',
    body: null,
    recurrence: null,
    location: null,
    attendees: [],
    answers: {},
    answer: 'none',
    organizer: { email: ANNA.address, name: ANNA.displayName },
    reminder: 15,
    showAs: 'busy',
    sensitivity: 'normal',
    importance: 'normal',
    categories: [],
    onlineMeeting: null,
    cancelled: false,
  },
  task: {
    subject: '',
    body: null,
    start: null,
    due: null,
    completed: null,
    status: 'notStarted',
    importance: 'normal',
    reminder: null,
    recurrence: null,
    steps: [],
    categories: [],
  },
  message: { subject: '', read: false, flag: 'notFlagged', categories: [] },
}
