import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts'
import { openServedDatabase } from '../../src/store/database.ts'
import { LEASE_MS } from '../../src/engine/engine.ts'
import { type Chance, chance } from './chance.ts'
import type { Rates } from './faults.ts'
import { History } from './history.ts'
import type { Ask, AnswerTo, Fetched, Need, Opening, ToChild, ToParent } from './kill-child.ts'
import { People } from './people.ts'
import type { Playable } from './run.ts'
import { CrmView, faultRules, isWrite, pathOf, premisesOf, START, Turn, type Premises } from './sql-world.ts'
import { VirtualClock } from './steps.ts'
import type { Beat, Shape } from './story.ts'
import { ANNA, CHANNELS } from './world.ts'

/** Kills of one world; after them its child lives on. */
const KILLS_MAX = 25
/** Chance of a kill at each step of a pass. */
const KILL_RATE = 0.06
/** A kill that is not at a step follows one within so many real milliseconds: in a commit, in an fsync. */
const KILL_LATER_MS = 12
/**
 * A child that answers nothing for so long, in real milliseconds, hangs, and is not waited for. On a machine that has ten
 * other things to do, opening an embedded database was seen to take more than a minute.
 */
const SILENCE_MS_MAX = 600_000
export const TEMPLATES = join(tmpdir(), 'syncline-simulation-templates')

const KILLED = Symbol('killed')

export interface KillOptions {
  readonly seed: string
  readonly shape: Shape
  readonly rates: Rates
  /** A PostgreSQL server, on which the world makes a database of its own; null: PGlite in a folder of its own. */
  readonly serverUrl: string | null
}

/**
 * A world whose engine runs in a process of its own on a database on the disk. The process is killed with SIGKILL at
 * steps that it announces and shortly after them; another one opens what it left behind.
 */
export class KillWorld implements Playable {
  readonly emulator: Emulator
  readonly clock: VirtualClock
  readonly history = new History()
  readonly people: People
  readonly store: CrmView
  readonly injected = new Map<string, number>()
  readonly labels: string[] = []
  steps = 0
  writes = 0
  readonly answeredAt: readonly number[] = []
  crashes = 0
  quiet = false
  readonly #options: KillOptions
  readonly #dice: Chance
  readonly #premises: Premises
  readonly #home: Home
  readonly #turn = new Turn()
  #child: Child | null = null
  #generation = 0
  #during: { at: number; beat: Beat }[] = []
  /** Nobody acts once a kill is on its way, and nobody is killed while a person acts. */
  #doomed = false
  #acting = false

  private constructor(
    options: KillOptions,
    emulator: Emulator,
    clock: VirtualClock,
    premises: Premises,
    home: Home,
  ) {
    this.#options = options
    this.#dice = chance(options.seed).split('kills')
    this.emulator = emulator
    this.clock = clock
    this.#premises = premises
    this.#home = home
    this.store = new CrmView(
      async (batch) => void (await this.#ask({ do: 'write', batch })),
      async () => (await this.#ask({ do: 'look' })) as AnswerTo['look'],
    )
    this.people = new People({
      emulator,
      store: () => this.store,
      history: this.history,
      place: premises.place,
      now: () => clock.now(),
    })
  }

  static async begin(options: KillOptions): Promise<KillWorld> {
    const clock = new VirtualClock(START)
    const emulator = createEmulator({
      seed: 'empty',
      clock,
      randomSeed: 'simulation',
      switches: { deltaEmptyFirstPage: options.rates['empty-page'] !== undefined },
    })
    const premises = await premisesOf(emulator, options.shape)
    const world = new KillWorld(options, emulator, clock, premises, await makeHome(options.serverUrl))
    try {
      await world.#boot()
    } catch (error) {
      await world.end()
      throw error
    }
    return world
  }

  /** Ends the child and takes away everything on the disk. */
  async end(): Promise<void> {
    await this.#child?.kill()
    await this.#home.remove()
  }

  fingerprint(): string {
    return '' // real processes do not end in the same instruction twice
  }

  async act(beat: Beat): Promise<void> {
    this.#acting = true
    try {
      await this.#turn.person(async () => {
        await this.store.look()
        await this.people.act(beat)
        await this.store.look()
      })
    } finally {
      this.#acting = false
    }
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
      for (let again = true; again;) {
        const result = await this.#ask({ do: 'pass', channel })
        if (this.#doomed || result === KILLED) {
          await this.#restart()
          again = this.#dice.yes(0.7)
        } else again = false
      }
    }
    await this.store.look()
    for (const left of this.#during.splice(0)) await this.act(left.beat)
  }

  async #boot(): Promise<void> {
    const opening: Opening = {
      dataFolder: this.#home.folder,
      databaseUrl: this.#home.databaseUrl,
      templates: TEMPLATES,
      premises: this.#premises,
      generation: this.#generation++,
    }
    this.#turn.reset()
    this.#doomed = false
    this.#child = new Child({
      need: (what) => this.#meet(what),
      now: () => this.clock.now(),
      over: () => this.#turn.leave(),
    })
    await this.#ask({ do: 'open', opening })
  }

  async #restart(): Promise<void> {
    await this.#child?.kill()
    // The embedded store knows that it is alone and frees leases; with a server the dead one's lease runs out.
    if (this.#home.databaseUrl !== null || this.#dice.yes(0.5)) this.clock.advance(LEASE_MS + 1_000)
    await this.#boot()
  }

  async #ask(what: Ask): Promise<unknown> {
    const child = this.#child
    if (child === null) throw new Error('No process runs.')
    const answer = await child.ask(what)
    if (answer === KILLED && !this.#doomed)
      throw new Error(`The process ended by itself in ${what.do}: ${child.lastWords}`)
    if (answer === KILLED && what.do !== 'pass') throw new Error(`The process was killed in ${what.do}.`)
    return answer
  }

  async #meet(what: Need): Promise<unknown> {
    switch (what.need) {
      case 'step':
        return this.#atStep(what.label)
      case 'token':
        return this.emulator.control.token(this.#premises.microsoft.clientId, ANNA)
      case 'sleep':
        this.clock.advance(what.ms)
        return null
      case 'fetch':
        return this.#fetch(what)
    }
  }

  async #fetch(what: Extract<Need, { need: 'fetch' }>): Promise<Fetched | null> {
    if (isWrite(what.method, pathOf(what.url), what.body)) this.writes += 1
    const { url, method, headers, body } = what
    const request = new Request(url, { method, headers, ...(body === undefined ? {} : { body }) })
    try {
      const response = await this.emulator.handle(request)
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: await response.text(),
      }
    } catch {
      this.injected.set('cut', (this.injected.get('cut') ?? 0) + 1)
      return null
    }
  }

  async #atStep(label: string): Promise<void> {
    this.steps += 1
    this.labels.push(label)
    if (label !== 'commit' && !this.#doomed) {
      const due = this.#during.findIndex((each) => this.steps >= each.at)
      const [now] = due < 0 ? [] : this.#during.splice(due, 1)
      if (now !== undefined) await this.act(now.beat)
    }
    const mayKill = !this.quiet && !this.#doomed && !this.#acting && this.crashes < KILLS_MAX
    if (mayKill && this.#dice.yes(KILL_RATE)) {
      this.#doomed = true
      this.crashes += 1
      const child = this.#child
      if (this.#dice.yes(0.5)) {
        void child?.kill()
        return new Promise<void>(() => undefined)
      }
      void delay(this.#dice.next() * KILL_LATER_MS).then(() => child?.kill())
    }
    if (label === 'begin') await this.#turn.enter()
  }
}

/** Where a world keeps its data. */
export interface Home {
  readonly folder: string
  readonly databaseUrl: string | null
  remove(): Promise<void>
}

export async function makeHome(serverUrl: string | null): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-simulation-'))
  const removeFolder = (): void => {
    process.off('exit', removeFolder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  process.on('exit', removeFolder) // also when the run is broken off
  if (serverUrl === null) return { folder, databaseUrl: null, remove: async () => removeFolder() }
  const name = `syncline_simulation_${randomUUID().replaceAll('-', '')}`
  const onServer = async (statement: string): Promise<void> => {
    const server = await openServedDatabase({ url: serverUrl, connectionsMax: 1 })
    await server.script(statement).finally(() => server.close())
  }
  await onServer(`create database ${name}`)
  const own = new URL(serverUrl)
  own.pathname = `/${name}`
  return {
    folder,
    databaseUrl: own.href,
    remove: async () => {
      removeFolder()
      await onServer(`drop database ${name} with (force)`)
    },
  }
}

/** A process that can be asked, answers what it needs, and is killed. */
class Child {
  readonly #process: ChildProcess
  readonly #exited: Promise<typeof KILLED>
  readonly #asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #numbered = 0
  lastWords = ''

  constructor(world: { need(what: Need): Promise<unknown>; now(): number; over(): void }) {
    const child = fork(join(import.meta.dirname, 'kill-child.ts'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(TEMPLATES, 'compiled') }, // most of a start is compiling
    })
    this.#process = child
    const send = (message: ToChild): void => {
      if (child.connected) child.send(message, () => undefined)
    }
    child.stderr?.on('data', (text: Buffer) => (this.lastWords = `${this.lastWords}${text}`.slice(-2_000)))
    child.on('error', (error) => (this.lastWords += error.message))
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve(KILLED)))
    child.on('message', (message: ToParent) => {
      if (child.killed) return
      if ('over' in message) return world.over()
      if ('answer' in message) {
        const asked = this.#asked.get(message.answer)
        this.#asked.delete(message.answer)
        if (message.error === null) asked?.resolve(message.value)
        else asked?.reject(new Error(message.error))
        return
      }
      void world.need(message.what).then(
        (value) => send({ met: message.need, now: world.now(), value }),
        (error: unknown) => {
          this.lastWords += String(error)
          child.kill('SIGKILL')
        },
      )
    })
  }

  async ask(what: Ask): Promise<unknown> {
    const number = ++this.#numbered
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#asked.set(number, { resolve, reject })
      this.#process.send({ ask: number, what } satisfies ToChild, () => undefined)
    })
    const silence = new AbortController()
    const hung = delay(SILENCE_MS_MAX, undefined, { signal: silence.signal }).then(
      () => {
        this.#process.kill('SIGKILL')
        throw new Error(`The process did not answer ${what.do} in ${SILENCE_MS_MAX / 1000} s.`)
      },
      () => KILLED,
    )
    try {
      return await Promise.race([answered, this.#exited, hung])
    } finally {
      silence.abort()
    }
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGKILL')
    await this.#exited
  }
}
