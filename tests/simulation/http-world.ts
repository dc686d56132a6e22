import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts'
import { createNetworkTransport, type NetworkTransport } from '../../src/connectors/graph/transport.ts'
import type { Transport } from '../../src/connectors/graph/environment.ts'
import type { Channel } from '../../src/core/item.ts'
import { LEASE_MS, type Engine } from '../../src/engine/engine.ts'
import { openEmbeddedDatabase, openServedDatabase, type Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { SyncStore } from '../../src/store/sync-store.ts'
import { type Chance, chance } from './chance.ts'
import { History } from './history.ts'
import { makeHome, TEMPLATES, type Home, type KillOptions } from './kill-world.ts'
import { People } from './people.ts'
import type { Playable } from './run.ts'
import {
  CrmView,
  faultRules,
  isWrite,
  look,
  MAILBOX,
  pathOf,
  plantedRows,
  premisesOf,
  START,
  Turn,
  watched,
  workerOf,
  type Premises,
} from './sql-world.ts'
import { VirtualClock } from './steps.ts'
import type { Beat } from './story.ts'
import { ANNA, CHANNELS } from './world.ts'

/** Chance that one worker stalls in a pass of a channel, and the steps, or the requests, among which it does. */
const STALL_RATE = 0.5
const STALL_STEPS = 30
const STALL_REQUESTS = 6

/**
 * A world over real sockets: the emulator is a server on the loopback address, which cuts connections before and after
 * it did what was asked; two workers with a connector each compete for the mailbox on one database.
 */
export class HttpWorld implements Playable {
  readonly emulator: Emulator
  readonly clock: VirtualClock
  readonly history = new History()
  readonly people: People
  readonly store: CrmView
  readonly labels: string[] = []
  steps = 0
  writes = 0
  readonly answeredAt: readonly number[] = []
  /** Workers that were out so long that they lost their lease. */
  crashes = 0
  quiet = false
  readonly #options: KillOptions
  readonly #dice: Chance
  readonly #turn = new Turn()
  readonly #workers: readonly Worker[]
  readonly #closing: (() => Promise<void>)[]
  #during: { at: number; beat: Beat }[] = []

  private constructor(parts: {
    options: KillOptions
    emulator: Emulator
    clock: VirtualClock
    premises: Premises
    database: Database
    closing: (() => Promise<void>)[]
  }) {
    const { options, emulator, clock, premises, database } = parts
    this.#options = options
    this.#dice = chance(options.seed).split('workers')
    this.#closing = parts.closing
    this.emulator = emulator
    this.clock = clock
    const store = createSqlStore(database)
    this.store = new CrmView(
      (batch) => store.transaction(null, (tx) => tx.write(batch)),
      () => look(database),
    )
    this.people = new People({
      emulator,
      store: () => this.store,
      history: this.history,
      place: premises.place,
      now: () => clock.now(),
    })
    this.#workers = ['a', 'b'].map((name) => {
      const worker = new Worker({ name, seed: options.seed, store, premises, emulator, clock, world: this })
      this.#closing.push(() => worker.close())
      return worker
    })
  }

  static async begin(options: KillOptions): Promise<HttpWorld> {
    const closing: (() => Promise<void>)[] = []
    try {
      const clock = new VirtualClock(START)
      const emulator = createEmulator({
        seed: 'empty',
        clock,
        randomSeed: 'simulation',
        switches: { deltaEmptyFirstPage: options.rates['empty-page'] !== undefined },
      })
      const server = await emulator.listen(0)
      closing.push(() => server.close())
      const home: Home = await makeHome(options.serverUrl)
      closing.push(() => home.remove())
      const database =
        home.databaseUrl === null
          ? await openEmbeddedDatabase({
              folder: home.folder,
              templates: TEMPLATES,
              durability: 'process-crash-only',
            })
          : await openServedDatabase({ url: home.databaseUrl })
      closing.push(() => database.close())
      await migrate(database)
      const premises = await premisesOf(emulator, options.shape)
      await createSqlStore(database).transaction(null, (tx) => tx.write(plantedRows(premises)))
      return new HttpWorld({ options, emulator, clock, premises, database, closing })
    } catch (error) {
      for (const close of closing.reverse()) await close()
      throw error
    }
  }

  async end(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close()
  }

  get injected(): ReadonlyMap<string, number> {
    return this.emulator.control.faults.injected
  }

  fingerprint(): string {
    return '' // sockets and a database do not take turns alike twice
  }

  async act(beat: Beat): Promise<void> {
    await this.#turn.person(async () => {
      await this.store.look()
      await this.people.act(beat)
      await this.store.look()
    })
  }

  async pass(during: readonly { readonly at: number; readonly beat: Beat }[] = []): Promise<void> {
    this.emulator.control.plan(
      this.quiet ? [] : faultRules(this.#options.rates),
      `${this.#options.seed}/${this.steps}`,
    )
    for (const channel of CHANNELS) {
      if (channel === 'calendar')
        this.#during = during.map((each) => ({
          at: this.steps + 1 + Math.floor(each.at * 14),
          beat: each.beat,
        }))
      await this.#compete(channel)
    }
    await this.store.look()
    for (const left of this.#during.splice(0)) await this.act(left.beat)
  }

  /** Both workers want the channel. One may stall: the other takes over when its lease is over, then it wakes. */
  async #compete(channel: Channel): Promise<void> {
    const [first, second] = this.#dice.yes(0.5) ? this.#workers : this.#workers.toReversed()
    if (first === undefined || second === undefined) throw new Error('There are two workers.')
    const stalled = !this.quiet && this.#dice.yes(STALL_RATE) ? this.#stall(first) : null
    const running = first.sync(channel)
    if (
      stalled !== null &&
      (await Promise.race([stalled, running.then(() => 'ended' as const)])) === 'stalled'
    ) {
      this.crashes += 1
      this.clock.advance(LEASE_MS + 1_000)
      await second.sync(channel)
    } else if (!this.quiet) await second.sync(channel)
    first.wake()
    await running
    // At rest one pass after the other, so that each is a whole one.
    if (this.quiet) await second.sync(channel)
  }

  #stall(worker: Worker): Promise<'stalled'> {
    return this.#dice.yes(0.5)
      ? worker.stallAt('step', this.#dice.below(STALL_STEPS))
      : worker.stallAt('request', this.#dice.below(STALL_REQUESTS))
  }

  /** A worker is about to do something outside. */
  async atStep(label: string): Promise<void> {
    this.steps += 1
    this.labels.push(label)
    if (!label.endsWith('commit')) {
      const due = this.#during.findIndex((each) => this.steps >= each.at)
      const [now] = due < 0 ? [] : this.#during.splice(due, 1)
      if (now !== undefined) await this.act(now.beat)
    }
    if (label.endsWith('begin')) await this.#turn.enter()
    if (label.includes('send write')) this.writes += 1
  }

  over(): void {
    this.#turn.leave()
  }
}

interface WorkerWorld {
  atStep(label: string): Promise<void>
  over(): void
}

class Worker {
  readonly #engine: Engine
  readonly #network: NetworkTransport
  #untilStall: number | null = null
  #stallsAt: 'step' | 'request' = 'step'
  #inTransaction = 0
  #stalled: () => void = () => undefined
  #asleep: Promise<void> | null = null
  #wake: () => void = () => undefined

  constructor(parts: {
    readonly name: string
    readonly seed: string
    readonly store: SyncStore
    readonly premises: Premises
    readonly emulator: Emulator
    readonly clock: VirtualClock
    readonly world: WorkerWorld
  }) {
    const { name, emulator, clock, premises, world } = parts
    const dice = chance(parts.seed).split(`worker ${name}`)
    let ids = 0
    this.#network = createNetworkTransport()
    const step = async (label: string): Promise<void> => {
      if (label !== 'commit') await this.#mayStall('step')
      await world.atStep(`${name} ${label}`)
      if (label === 'begin') this.#inTransaction += 1
    }
    const transport: Transport = async (url, init) => {
      const kind = isWrite(init.method, pathOf(url), init.body) ? 'write' : 'read'
      // From here on a stalled write could not be told from one that is long on its way.
      if (kind === 'write') await world.atStep(`${name} send write ${pathOf(url)}`)
      else await step(`send read ${pathOf(url)}`)
      const response = await this.#network.transport(url, init)
      await step(`reply ${response.status} ${pathOf(url)}`)
      return response
    }
    this.#engine = workerOf({
      premises,
      store: watched(parts.store, {
        step,
        over: () => {
          this.#inTransaction -= 1
          world.over()
        },
      }),
      holder: name,
      env: {
        now: () => clock.now(),
        newId: () => `x${String(++ids).padStart(7, '0')}${name}`,
        random: () => dice.next(),
        sleep: (ms) => clock.sleep(ms),
      },
      transport,
      beforeRequest: () => this.#mayStall('request'),
      token: async () => emulator.control.token(premises.microsoft.clientId, ANNA),
    })
  }

  sync(channel: Channel): Promise<unknown> {
    return this.#engine
      .syncChannel(MAILBOX, channel, { trigger: 'schedule' })
      .catch((error: unknown) => error)
  }

  /**
   * Stalls at the n-th step, or before the n-th request, from now that is outside of a transaction; resolves when it does.
   * Before a request means: after the lease was looked at, before the request is on its way.
   */
  stallAt(what: 'step' | 'request', n: number): Promise<'stalled'> {
    this.#untilStall = n
    this.#stallsAt = what
    return new Promise((resolve) => (this.#stalled = () => resolve('stalled')))
  }

  wake(): void {
    this.#untilStall = null
    this.#asleep = null
    this.#wake()
  }

  close(): Promise<void> {
    return this.#network.close()
  }

  async #mayStall(what: 'step' | 'request'): Promise<void> {
    if (
      what === this.#stallsAt &&
      this.#untilStall !== null &&
      this.#untilStall-- <= 0 &&
      this.#inTransaction === 0
    ) {
      this.#untilStall = null
      this.#asleep = new Promise((resolve) => (this.#wake = resolve))
      this.#stalled()
    }
    if (this.#asleep !== null && this.#inTransaction === 0) await this.#asleep
  }
}
