/**
 * The process that is killed: the real engine and connector on the real store. It announces every step to its parent
 * and goes on when that says so; Microsoft is in the parent, behind the same channel.
 */
import type { MailboxId } from '../../src/core/ids.ts'
import type { Channel } from '../../src/core/item.ts'
import type { Engine, PassResult } from '../../src/engine/engine.ts'
import type { Transport } from '../../src/connectors/graph/environment.ts'
import type { Database } from '../../src/store/database.ts'
import { openStore } from '../../src/store/open-store.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { SyncStore, WriteBatch } from '../../src/store/sync-store.ts'
import { chance } from './chance.ts'
import type { Watched } from './run.ts'
import { look, MAILBOX, pathOf, plantedRows, START, watched, workerOf, type Premises } from './sql-world.ts'

export interface Opening {
  readonly dataFolder: string
  readonly databaseUrl: string | null
  readonly templates: string
  readonly premises: Premises
  /** How many processes were here before; the first one plants the rows of the mailbox. */
  readonly generation: number
}
/** What the parent asks. */
export type Ask =
  | { readonly do: 'open'; readonly opening: Opening }
  | { readonly do: 'pass'; readonly channel: Channel }
  | { readonly do: 'write'; readonly batch: WriteBatch }
  | { readonly do: 'look' }
  | { readonly do: 'close' }
export type AnswerTo = { readonly pass: PassResult | string; readonly look: Watched; readonly none: null }
/** What the child needs of the world outside. */
export type Need =
  | { readonly need: 'step'; readonly label: string }
  | {
      readonly need: 'fetch'
      readonly url: string
      readonly method: string
      readonly headers: Record<string, string>
      readonly body: string | undefined
    }
  | { readonly need: 'token' }
  | { readonly need: 'sleep'; readonly ms: number }
export interface Fetched {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}
export type ToChild =
  | { readonly ask: number; readonly what: Ask }
  | { readonly met: number; readonly now: number; readonly value: unknown }
export type ToParent =
  | { readonly answer: number; readonly value: unknown; readonly error: string | null }
  | { readonly need: number; readonly what: Need }
  | { readonly over: true }

let now = START
let numbered = 0
const waiting = new Map<number, (value: unknown) => void>()
const tell = (message: ToParent): void => void process.send?.(message)

function need(what: Need): Promise<unknown> {
  const number = ++numbered
  return new Promise((resolve) => {
    waiting.set(number, resolve)
    tell({ need: number, what })
  })
}

process.on('disconnect', () => process.exit())
process.on('message', (message: ToChild) => {
  if ('met' in message) {
    now = message.now
    waiting.get(message.met)?.(message.value)
    waiting.delete(message.met)
    return
  }
  void answer(message.what).then(
    (value) => tell({ answer: message.ask, value, error: null }),
    (error: unknown) =>
      tell({
        answer: message.ask,
        value: null,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  )
})

interface Opened {
  readonly database: Database
  readonly store: SyncStore
  readonly engine: Engine
}
let opened: Opened | null = null

async function answer(ask: Ask): Promise<PassResult | string | Watched | null> {
  if (ask.do === 'open') {
    opened = await open(ask.opening)
    return null
  }
  if (opened === null) throw new Error('Nothing is open.')
  switch (ask.do) {
    case 'pass':
      await need({ need: 'step', label: `pass ${ask.channel}` })
      return opened.engine
        .syncChannel(MAILBOX satisfies MailboxId, ask.channel, { trigger: 'schedule' })
        .catch((error: unknown) => String(error))
    case 'write':
      await opened.store.transaction(null, (tx) => tx.write(ask.batch))
      return null
    case 'look':
      return look(opened.database)
    case 'close':
      await opened.database.close()
      return null
  }
}

async function open({ premises, generation, ...options }: Opening): Promise<Opened> {
  const { database } = await openStore({ ...options, durability: 'full', secretKey: undefined })
  const store = createSqlStore(database)
  if (generation === 0) await store.transaction(null, (tx) => tx.write(plantedRows(premises)))
  const dice = chance(`child ${generation}`)
  let ids = 0
  const engine = workerOf({
    premises,
    store: watched(store, {
      step: async (label) => void (await need({ need: 'step', label })),
      over: () => tell({ over: true }),
    }),
    holder: `process ${generation}`,
    env: {
      now: () => now,
      newId: () => `x${String(generation).padStart(4, '0')}-${String(++ids).padStart(6, '0')}`,
      random: () => dice.next(),
      sleep: async (ms) => void (await need({ need: 'sleep', ms })),
    },
    transport: overTheChannel,
    token: async () => String(await need({ need: 'token' })),
  })
  return { database, store, engine }
}

const overTheChannel: Transport = async (url, init) => {
  await need({ need: 'step', label: `send ${init.method} ${pathOf(url)}` })
  const answer = (await need({
    need: 'fetch',
    url,
    method: init.method,
    headers: { ...init.headers },
    body: init.body as string | undefined,
  })) as Fetched | null
  await need({ need: 'step', label: `reply ${answer?.status ?? 'lost'} ${init.method} ${pathOf(url)}` })
  if (answer === null)
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }) })
  return {
    status: answer.status,
    headers: { get: (name) => answer.headers[name.toLowerCase()] ?? null },
    body: null,
    text: async () => answer.text,
  }
}
