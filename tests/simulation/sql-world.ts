import { createGraphConnector } from '../../src/connectors/graph/graph.ts'
import { resolveEndpoints, type Transport } from '../../src/connectors/graph/environment.ts'
import type { Connector } from '../../src/connectors/connector.ts'
import { asId, type MailboxId } from '../../src/core/ids.ts'
import type { Emulator, MicrosoftInfo } from '../../src/emulator/emulator.ts'
import type { FaultRule } from '../../src/emulator/faults.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { Env } from '../../src/engine/env.ts'
import type { Database } from '../../src/store/database.ts'
import { toConflict } from '../../src/store/holds.ts'
import { OPERATION_COLUMNS, toOperation, type OperationColumns } from '../../src/store/operation-rows.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../../src/store/records.ts'
import type { SyncStore, WriteBatch } from '../../src/store/sync-store.ts'
import type { Rates } from './faults.ts'
import type { Violation } from './history.ts'
import { mailboxRows } from './mailbox-rows.ts'
import type { CrmDoor, Place } from './people.ts'
import type { Watched } from './run.ts'
import type { Shape } from './story.ts'
import { ANNA } from './world.ts'

/** What the layers on a real database have in common: the rows they begin with, the engine on them, a look at the end. */
export const MAILBOX = asId<MailboxId>('m1')
export const START = Date.parse('2026-03-16T08:00:00Z')

/** Everything about the mailbox that both ends must know; plain data, so it can cross to another process. */
export interface Premises {
  readonly place: Place
  readonly calendarId: string
  readonly objectId: string
  readonly microsoft: MicrosoftInfo
  readonly shape: Shape
}

export async function premisesOf(emulator: Emulator, shape: Shape): Promise<Premises> {
  const anna = emulator.control.as(ANNA)
  const idOf = async (path: string, flag: (each: Record<string, unknown>) => boolean): Promise<string> => {
    const { value } = (await anna.get(path)).body as { value: Record<string, unknown>[] }
    return String(value.find(flag)?.['id'])
  }
  return {
    place: {
      owner: ANNA,
      calendar: 'crm-calendar',
      list: 'crm-list',
      listId: await idOf('/me/todo/lists', (each) => each['wellknownListName'] === 'defaultList'),
    },
    calendarId: await idOf('/me/calendars', (each) => each['isDefaultCalendar'] === true),
    objectId: emulator.info.users.find((each) => each.userPrincipalName === ANNA)?.id ?? '',
    microsoft: emulator.info,
    shape,
  }
}

/** Rows that connecting the mailbox would have made. */
export const plantedRows = ({ place, calendarId, objectId, microsoft }: Premises): WriteBatch =>
  mailboxRows({
    id: MAILBOX,
    owner: ANNA,
    mark: '',
    place,
    calendarId,
    tenantId: microsoft.tenantId,
    objectId,
  })

export interface WorkerParts {
  readonly premises: Premises
  readonly store: SyncStore
  readonly holder: string
  readonly env: Env
  readonly transport: Transport
  readonly token: () => Promise<string>
  /** Awaited before each request, while the worker still believes in its lease. */
  readonly beforeRequest?: () => Promise<void>
}

/** One worker: an engine with a connector of its own. */
export function workerOf({
  premises,
  store,
  holder,
  env,
  transport,
  token,
  beforeRequest,
}: WorkerParts): Engine {
  const { microsoft, objectId, shape } = premises
  let known = ''
  const connector: Connector = createGraphConnector({
    mailbox: { objectId },
    tokens: {
      accessToken: async (refresh) => {
        await beforeRequest?.()
        return refresh || known === '' ? (known = await token()) : known
      },
      identity: async () => ({ tenantId: microsoft.tenantId, objectId }),
    },
    endpoints: resolveEndpoints('global', { graph: microsoft.graph, login: microsoft.login }),
    transport,
    env,
  })
  return createEngine({
    store,
    holder,
    env,
    connectorFor: async () => connector,
    settingsFor: async () => ({
      direction: shape.direction,
      conflicts: shape.conflict,
      invitations: 'microsoft',
      privateEvents: 'busy',
      mailInFirstSync: false,
      intervalMinutes: 5,
      daysBack: 30,
      daysAhead: 730,
      guard: { items: 10, percent: 10 },
    }),
  })
}

/** Where a store is watched: before a transaction, before its commit, after it, and once it is over in any way. */
export interface Watch {
  step(label: string): Promise<void>
  over(): void
}

export function watched(store: SyncStore, { step, over }: Watch): SyncStore {
  const after = async <T>(label: string, work: () => Promise<T>): Promise<T> => {
    await step(label)
    return work()
  }
  return {
    acquireLease: (...args) => after('lease', () => store.acquireLease(...args)),
    renewLease: (...args) => after('renew', () => store.renewLease(...args)),
    releaseLease: (...args) => after('release', () => store.releaseLease(...args)),
    transaction: async (lease, work) => {
      await step('begin')
      let value
      try {
        value = await store.transaction(lease, async (tx) => {
          const result = await work(tx)
          await step('commit')
          return result
        })
      } finally {
        over()
      }
      await step('done')
      return value
    },
  }
}

/** Everything that the oracle looks at, read apart from the engine. */
export async function look(database: Database): Promise<Watched> {
  const records = await database.query<RecordColumns>(
    `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id order by r.id`,
  )
  const operations = await database.query<OperationColumns>(
    `select ${OPERATION_COLUMNS} from operations order by id`,
  )
  const conflicts = await database.query<Parameters<typeof toConflict>[0]>(
    'select * from conflicts order by id',
  )
  return {
    records: records.map(toRecord),
    operations: operations.map(toOperation),
    conflicts: conflicts.map(toConflict),
  }
}

/** The store as the CRM person and the oracle see it: what was last looked at, and a way to write. */
export class CrmView implements CrmDoor {
  readonly #write: (batch: WriteBatch) => Promise<void>
  readonly #look: () => Promise<Watched>
  #seen: Watched = { records: [], operations: [], conflicts: [] }

  constructor(write: (batch: WriteBatch) => Promise<void>, looking: () => Promise<Watched>) {
    this.#write = write
    this.#look = looking
  }

  dump(): Watched {
    return this.#seen
  }
  async look(): Promise<void> {
    this.#seen = await this.#look()
  }
  async transaction(_lease: null, work: Parameters<CrmDoor['transaction']>[1]): Promise<void> {
    await work({ write: this.#write })
  }
}

/** A person reads and writes the CRM with no transaction of an engine in between, as the CRM's version check ensures. */
export class Turn {
  #open = 0
  #person: Promise<void> | null = null
  #closed: (() => void)[] = []

  async enter(): Promise<void> {
    while (this.#person !== null) await this.#person
    this.#open += 1
  }
  leave(): void {
    this.#open = Math.max(0, this.#open - 1)
    if (this.#open === 0) for (const go of this.#closed.splice(0)) go()
  }
  /** The process with all its transactions is gone. */
  reset(): void {
    this.#open = 0
    for (const go of this.#closed.splice(0)) go()
  }
  async person(work: () => Promise<void>): Promise<void> {
    while (this.#person !== null) await this.#person
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#person = promise
    try {
      while (this.#open > 0) await new Promise<void>((go) => this.#closed.push(go))
      await work()
    } finally {
      this.#person = null
      resolve()
    }
  }
}

/** What the emulator does wrong by itself, lost requests and answers included: over HTTP it cuts the socket. */
export function faultRules(rates: Rates): FaultRule[] {
  const rule = (fault: keyof Rates, one: FaultRule): FaultRule[] => {
    const probability = rates[fault]
    return probability === undefined ? [] : [{ ...one, probability }]
  }
  return [
    ...rule('request-lost', { kind: 'request-lost' }),
    ...rule('reply-lost', { kind: 'reply-lost' }),
    ...rule('reply-cut', { kind: 'reply-cut' }),
    ...rule('throttled', { kind: 'refuse', status: 429, retryAfterSeconds: 2 }),
    ...rule('throttled-bare', { kind: 'refuse', status: 429 }),
    ...rule('unavailable', { kind: 'refuse', status: 503, retryAfterSeconds: 1 }),
    ...rule('gateway', { kind: 'refuse', status: 504 }),
    ...rule('server-error', { kind: 'refuse', status: 500 }),
    ...rule('expired-token', { kind: 'tokens-evicted', path: 'delta' }),
    ...rule('page-truncated', { kind: 'page-truncated' }),
    ...rule('delta-repeat', { kind: 'delta-repeat', path: 'delta' }),
    ...rule('etag-bump', { kind: 'etag-bump' }),
    ...rule('token-refused', { kind: 'token-refused' }),
  ]
}

/** I8 by the emulator's log of writes: no mark was ever used for two items, at no moment, deleted ones included. */
export function doubles(emulator: Emulator): Violation[] {
  const byMark = new Map<string, number>()
  const found: Violation[] = []
  for (const entry of emulator.control.logs.writes.entries) {
    if (entry.operation !== 'created' || !entry.actor.startsWith('app:')) continue
    if (entry.kind !== 'event' && entry.kind !== 'todoTask') continue
    const row = entry.after as unknown as {
      readonly transactionId?: string | null
      readonly linked?: readonly { readonly externalId: string | null }[]
    }
    const mark = row.transactionId ?? row.linked?.[0]?.externalId ?? null
    if (mark === null) found.push({ invariant: 'I8', says: `a ${entry.kind} was created without a mark` })
    else byMark.set(mark, (byMark.get(mark) ?? 0) + 1)
  }
  for (const [mark, times] of byMark)
    if (times > 1) found.push({ invariant: 'I8', says: `${times} items were created with the mark ${mark}` })
  return found
}

/** Requests that change something, a batch by what its parts do. */
export const isWrite = (method: string, path: string, body: unknown): boolean =>
  method !== 'GET' && (!path.endsWith('/$batch') || /"method":"(POST|PATCH|DELETE)"/.test(String(body)))

export const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*$/s, '')
