import { createHash } from 'node:crypto'
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts'
import type { Connector } from '../../src/connectors/connector.ts'
import {
  resolveEndpoints,
  type Transport,
  type TransportResponse,
} from '../../src/connectors/graph/environment.ts'
import { createGraphConnector } from '../../src/connectors/graph/graph.ts'
import { asId, type MailboxId, type RunId } from '../../src/core/ids.ts'
import type { Channel } from '../../src/core/item.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { Env } from '../../src/engine/env.ts'
import { createMemoryStore, newChannel, type MemoryStore } from '../../src/store/memory-store.ts'
import { Acts, SECOND } from './acts.ts'
import { isActsBeat } from './acts-beats.ts'
import { settled } from './mailbox-rows.ts'
import { type Chance, chance } from './chance.ts'
import type { Fault, Rates } from './faults.ts'
import { History } from './history.ts'
import { MailPeople } from './mail-people.ts'
import { People, type Place } from './people.ts'
import { stepped } from './stepped-store.ts'
import { Process, VirtualClock } from './steps.ts'
import { cellName, movesOf } from './scenarios.ts'
import type { Beat, Shape } from './story.ts'
import { BackOffice, isDecision, steppedOutgoing } from './wide-acts.ts'
import { Ghosts, withSmallPages } from './wide-faults.ts'
import type { Witness } from './witness.ts'

/**
 * One world: an emulated Microsoft 365 in the same process, a store, the real engine and the real connector, two
 * people, a clock that moves when somebody sleeps. Everything outside is numbered by `Process.step`.
 */
export const ANNA = 'anna.lindqvist@contoso.example'
/** Whose sign-in turns up instead of Anna's. */
const STRANGER = 'ben.okafor@contoso.example'
const START = Date.parse('2026-03-16T08:00:00Z')
const MAILBOX = asId<MailboxId>('m1')
const LEASE_MS = 120_000
type During = readonly { readonly at: number; readonly beat: Beat }[]
export const CHANNELS: readonly Channel[] = ['calendar', 'tasks']
const MAIL: readonly Channel[] = ['email']

export interface WorldOptions {
  readonly seed: string
  readonly shape: Shape
  readonly rates: Rates
  /** Crashes the process at this step of the world (counted over all passes), for the exhaustive runs: the pass is then begun again. */
  readonly crashAt?: ReadonlySet<number>
  /** Ends the process at each step with such a label, `times` at most; the pass is not begun again. */
  readonly crashWhen?: { readonly label: RegExp; readonly times: number }
  /** Hours that our clock is off in worlds with the fault clock-skew; drawn when left out. */
  readonly skewHours?: number
  /** What else goes wrong at Microsoft in each pass, until the story is told. */
  readonly plan?: Parameters<Emulator['control']['plan']>[0]
  /** Loses the reply of the n-th write to Microsoft (counted from 1). */
  readonly loseReplyOf?: number
  /** With what the acts layer has besides (acts.ts). */
  readonly acts?: boolean
  /** The people work on messages instead of events and tasks. */
  readonly mail?: boolean
}

export class World {
  readonly emulator: Emulator
  readonly store: MemoryStore
  readonly history = new History()
  readonly people: Witness
  readonly clock = new VirtualClock(START)
  readonly log: string[] = []
  readonly labels: string[] = []
  /** Steps and writes to Microsoft so far, over all processes. */
  steps = 0
  writes = 0
  readonly answeredAt: number[] = []
  crashes = 0
  readonly injected = new Map<string, number>()
  quiet = false
  passedWhole = false
  busiest = 0
  readonly office = new BackOffice()
  readonly mailbox = MAILBOX
  readonly owner = ANNA
  acts: Acts | null = null
  readonly channels: readonly Channel[]
  /** Cells of the conflict matrix in which both people really met. */
  readonly met: string[] = []
  readonly #ghosts = new Map<string, Ghosts>()
  readonly #options: WorldOptions
  readonly #chance: Chance
  readonly #ids: { next: number }
  #process: Process
  #engine: Engine
  #connector: Connector
  /** Something a person does inside the running pass. */
  #during: { at: number; beat: Beat }[] = []
  #skewMs = 0
  #token = { of: ANNA, text: '' }

  private constructor(options: WorldOptions, emulator: Emulator, place: Place) {
    this.#options = options
    this.emulator = emulator
    this.#chance = chance(options.seed).split('faults')
    this.#ids = { next: 0 }
    this.store = createMemoryStore()
    if (options.rates['clock-skew'] !== undefined)
      this.#skewMs =
        (options.skewHours ?? (chance(options.seed).split('skew').yes(0.5) ? 24 : -24)) * 3_600_000
    const parts = { emulator, store: () => this.store, history: this.history, now: () => this.now() }
    this.channels = options.mail === true ? MAIL : CHANNELS
    this.people =
      options.mail === true
        ? new MailPeople({ ...parts, owner: ANNA, sender: STRANGER })
        : new People({ ...parts, place })
    const booted = this.#boot()
    this.#process = booted.process
    this.#engine = booted.engine
    this.#connector = booted.connector
  }

  static async begin(options: WorldOptions): Promise<World> {
    const holder: { world?: World } = {}
    const clock = {
      now: () => holder.world?.clock.now() ?? START,
      sleep: (ms: number) => holder.world?.clock.sleep(ms) ?? Promise.resolve(),
    }
    const emulator = createEmulator({
      seed: 'empty',
      clock,
      randomSeed: 'simulation',
      switches: { deltaEmptyFirstPage: options.rates['empty-page'] !== undefined },
    })
    const { place, rows } = await settled(emulator, ANNA, MAILBOX, '')
    const world = new World(options, emulator, place)
    holder.world = world
    // Mail's folders are found by the engine itself.
    const channels = MAIL.map((channel) => ({ ...newChannel(MAILBOX, channel), enabled: true }))
    const planted = options.mail === true ? { ...rows, channels, collections: [] } : rows
    await world.store.transaction(null, (tx) => tx.write(planted))
    if (options.acts === true) await world.#settleActs()
    return world
  }

  async #settleActs(): Promise<void> {
    const { emulator, history } = this
    const acts = await Acts.begin(emulator, { store: () => this.store, history, now: () => this.now() })
    await this.store.transaction(null, (tx) => tx.write(acts.rows))
    this.acts = acts
  }

  now(): number {
    return this.clock.now() + this.#skewMs
  }

  get engine(): Engine {
    return this.#engine
  }

  /** A fresh process on what the last one left behind. */
  #boot(whose = ANNA): { process: Process; engine: Engine; connector: Connector } {
    const process = new Process((_number, label) => this.#atStep(label))
    const env = {
      now: () => this.now(),
      newId: () => `x${String(++this.#ids.next).padStart(7, '0')}`,
      random: () => this.#chance.next(),
      sleep: (ms: number) => this.clock.sleep(ms),
    }
    const connector = this.#connect(process, env, whose)
    const others = this.#connect(process, env, whose === ANNA ? STRANGER : ANNA)
    const engine = createEngine({
      store: stepped(this.store, process, (fault) => this.#draw(fault)),
      outgoing: steppedOutgoing(this.office.outgoing, (label) => process.step(label)),
      connectorFor: async ({ id }) => (id === MAILBOX ? connector : others),
      settingsFor: async () => ({
        direction: this.#options.shape.direction,
        conflicts: this.#options.shape.conflict,
        invitations: 'microsoft',
        privateEvents: 'busy',
        mailInFirstSync: false,
        intervalMinutes: 5,
        daysBack: 30,
        daysAhead: 730,
        guard: { items: this.#options.shape.guard ?? 10, percent: 10 },
      }),
      env,
    })
    return { process, engine, connector }
  }

  #connect(process: Process, env: Env, whose: string): Connector {
    const { info } = this.emulator
    const user = info.users.find((each) => each.userPrincipalName === whose)
    return createGraphConnector({
      mailbox: { objectId: user?.id ?? '' },
      tokens: {
        accessToken: async (refresh) =>
          (this.#token =
            refresh || this.#token.text === '' || this.#token.of !== whose
              ? { of: whose, text: this.emulator.control.token(info.clientId, whose) }
              : this.#token).text,
        identity: async () => ({ tenantId: info.tenantId, objectId: user?.id ?? null }),
      },
      endpoints: resolveEndpoints('global', { graph: info.graph, login: info.login }),
      transport: this.#transport(process),
      env,
    })
  }

  #transport(process: Process): Transport {
    const onTheirWay = new Set<object>()
    return async (url, init) => {
      const path = url.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*$/s, '')
      const isWrite =
        init.method !== 'GET' &&
        (!path.endsWith('/$batch') || /"method":"(POST|PATCH|DELETE)"/.test(String(init.body)))
      onTheirWay.add(init)
      this.busiest = Math.max(this.busiest, onTheirWay.size)
      try {
        return await this.#exchange(process, url, init, path, isWrite)
      } finally {
        onTheirWay.delete(init)
      }
    }
  }

  async #exchange(
    process: Process,
    url: string,
    init: Parameters<Transport>[1],
    path: string,
    isWrite: boolean,
  ): Promise<TransportResponse> {
    await process.step(`send ${init.method} ${path.replace(/\/users\/[^/]+/, '')}`)
    const broken = this.#draw('request-lost')
    if (broken)
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }),
      })
    const { text: told, ...response } = await this.emulator.exchange({
      url,
      method: init.method,
      headers: this.#options.rates['small-pages'] === undefined ? init.headers : withSmallPages(init.headers),
      ...(init.body === undefined ? {} : { body: init.body as string }),
    })
    const text = this.#haunt(path, response.status, told)
    if (isWrite) this.writes += 1
    await process.step(`reply ${response.status} ${init.method} ${path.replace(/\/users\/[^/]+/, '')}`)
    if (isWrite) this.answeredAt.push(this.steps)
    const lost = isWrite && this.#options.loseReplyOf === this.writes && !this.quiet
    const isWait = response.status === 429 || response.status === 503 // a wait that was never heard cannot be kept
    if (lost || (!isWait && this.#draw('reply-lost')))
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }),
      })
    return {
      status: response.status,
      headers: response.headers,
      body: null,
      text: async () => text,
    } satisfies TransportResponse
  }

  /** A delta round that tells once more of what was deleted. */
  #haunt(path: string, status: number, text: string): string {
    if (this.#options.rates.ghost === undefined || status !== 200 || !path.includes('delta')) return text
    const [whose = ''] = /\/users\/[^/]+(\/mailFolders\/[^/]+)?/.exec(path) ?? []
    const which = `${whose} ${path.includes('/todo/') ? 'tasks' : 'events'}`
    const ghosts = this.#ghosts.get(which) ?? new Ghosts()
    this.#ghosts.set(which, ghosts)
    const wasWritten = (id: string): boolean => this.store.dump().operations.some((row) => row.item === id)
    const haunted = ghosts.known(wasWritten) && this.#draw('ghost') ? ghosts.haunted(text) : text
    ghosts.note(text)
    return haunted
  }

  async #atStep(label: string): Promise<'go' | 'crash'> {
    this.steps += 1
    this.labels.push(label)
    this.log.push(label)
    if (this.#options.crashAt?.has(this.steps) && !this.quiet) return this.#crash()
    const when = this.#options.crashWhen
    if (when?.label.test(label) && this.crashes < when.times) return this.#crash()
    const mayAct = !label.startsWith('commit')
    const due = mayAct ? this.#during.findIndex((each) => this.#process.trail.length >= each.at) : -1
    if (due >= 0) {
      const [now] = this.#during.splice(due, 1)
      if (now !== undefined) await this.act(now.beat)
      this.injected.set('edit-between', (this.injected.get('edit-between') ?? 0) + 1)
    }
    if (label.startsWith('send') && this.#draw('lease-lost')) await this.#takeLease()
    if (this.#draw('clock-jump')) this.clock.advance(this.#chance.below(3_600_000))
    return this.#draw('crash') ? this.#crash() : 'go'
  }

  /** Another worker took the mailbox, was quick, and is gone. */
  async #takeLease(): Promise<void> {
    const later = this.now() + 100 * LEASE_MS
    const lease = await this.store.acquireLease(MAILBOX, 'other', later, 1)
    if (lease !== null) await this.store.releaseLease(lease)
  }

  #crash(): 'crash' {
    this.crashes += 1
    this.log.push('crash')
    return 'crash'
  }

  #draw(fault: Fault): boolean {
    const rate = this.quiet ? undefined : this.#options.rates[fault]
    if (rate === undefined || !this.#chance.yes(rate)) return false
    this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1)
    return true
  }

  /** Faults that happen inside the emulator, planned anew before each pass. */
  #planFaults(): void {
    const { rates } = this.#options
    if (this.quiet) return this.emulator.control.plan([])
    const rule = (fault: Fault, rule: Parameters<Emulator['control']['plan']>[0][number]) => {
      const probability = rates[fault]
      return probability === undefined ? [] : [{ ...rule, probability }]
    }
    this.emulator.control.plan(
      [
        ...rule('reply-cut', { kind: 'reply-cut' }),
        ...rule('throttled', { kind: 'refuse', status: 429, retryAfterSeconds: 2 }),
        ...rule('throttled-bare', { kind: 'refuse', status: 429 }),
        ...rule('unavailable', { kind: 'refuse', status: 503, retryAfterSeconds: 1 }),
        ...rule('gateway', { kind: 'refuse', status: 504 }),
        ...rule('server-error', { kind: 'refuse', status: 500 }),
        ...rule('expired-token', { kind: 'tokens-evicted', path: 'delta' }),
        ...rule('page-truncated', { kind: 'page-truncated' }),
        ...rule('delta-repeat', { kind: 'delta-repeat', path: 'delta' }),
        ...rule('delta-late', { kind: 'delta-late', path: 'delta' }),
        ...rule('etag-bump', { kind: 'etag-bump' }),
        ...rule('token-refused', { kind: 'token-refused' }),
        ...(this.#options.plan ?? []),
      ],
      `${this.#options.seed}/${this.steps}`,
    )
  }

  async act(beat: Beat): Promise<void> {
    if (isDecision(beat)) return this.office.act(this, beat)
    if (isActsBeat(beat)) return this.acts?.act(this, beat)
    if (beat.do === 'meet') return this.#meet(beat)
    const act = await this.people.act(beat)
    if (act !== null) this.log.push(`act ${act.side} ${act.what} ${act.item} ${JSON.stringify(act.wrote)}`)
  }

  async #meet(beat: Extract<Beat, { do: 'meet' }>): Promise<void> {
    const { crm, first, item, outlook, resource } = beat
    const before = this.history.acts.length
    let whole = true
    for (const who of first === 'crm' ? (['crm', 'outlook'] as const) : (['outlook', 'crm'] as const))
      for (const move of movesOf(who === 'crm' ? crm : outlook, who, resource, item)) {
        const acts = this.history.acts.length
        await this.act(move)
        whole &&= this.history.acts.length > acts
      }
    if (whole && (this.history.acts.length > before || crm === outlook))
      this.met.push(cellName(resource, crm, outlook))
  }

  /** Something that a person asks of the engine; a crash ends the process there. */
  async run(what: string, work: () => Promise<unknown>, during: During = []): Promise<void> {
    const base = this.#process.trail.length
    const mine = during.map((each) => ({ at: base + 1 + Math.floor(each.at * 14), beat: each.beat }))
    this.#during.push(...mine)
    const outcome = await this.#process.run(() =>
      work().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
    )
    if (outcome.ended === 'crashed') this.restart()
    else this.log.push(`${what} ${describe(outcome.value)}`)
    for (const left of mine) {
      const at = this.#during.indexOf(left)
      if (at < 0) continue
      this.#during.splice(at, 1)
      await this.act(left.beat)
    }
  }

  /** A decision about a run; of an undo that waited, it is that undo. */
  async decides(id: RunId, yes: boolean, work: () => Promise<void>): Promise<void> {
    const undo = this.store.dump().runs.find((each) => each.id === id)?.undo
    if (!yes || !undo || this.acts === null) return work()
    await this.acts.undoing.carriedOut(this, undo.what, work)
    this.acts.undoing.note(this)
  }

  /** Writes to Microsoft by the engine so far. */
  written(): number {
    return this.emulator.control.logs.writes.entries.filter(({ actor }) => actor.startsWith('app:')).length
  }

  /** One pass over each channel; restarts after a crash and goes on with the next. Returns how often it was cut off. */
  async pass(during: During = []): Promise<void> {
    this.#planFaults()
    this.passedWhole = true
    const isStranger = this.#draw('wrong-account')
    if (isStranger) this.#begin(STRANGER)
    const [first, ...others] = this.channels.map((channel) => ({ mailbox: this.mailbox, channel }))
    const bens = this.acts === null ? [] : CHANNELS.map((channel) => ({ mailbox: SECOND, channel }))
    for (const round of [first, ...others, ...bens]) {
      if (round === undefined) continue
      const { mailbox, channel } = round
      this.#during =
        round === first
          ? during.map((each) => ({ at: 1 + Math.floor(each.at * 14), beat: each.beat }))
          : this.#during
      for (let again = true; again;) {
        const { process } = this
        const base = process.trail.length
        for (const each of this.#during) each.at += base
        const outcome = await process.run(() =>
          this.#engine
            .syncChannel(mailbox, channel, { trigger: 'schedule' })
            .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
        )
        again = outcome.ended === 'crashed' && this.#options.crashAt !== undefined
        const result = outcome.ended === 'crashed' ? null : outcome.value
        if (result === null || result instanceof Error || result.outcome !== 'done') this.passedWhole = false
        if (outcome.ended === 'crashed') this.restart()
        else this.log.push(`pass ${channel} ${describe(outcome.value)}`)
      }
    }
    await this.office.send(this)
    if (isStranger) this.#begin()
    this.acts?.undoing.note(this)
    for (const left of this.#during.splice(0)) await this.act(left.beat)
  }

  get process(): Process {
    return this.#process
  }

  restart(): void {
    this.store.crash()
    this.clock.advance(LEASE_MS + 1_000) // the dead worker's lease runs out
    this.#begin()
  }

  #begin(whose = ANNA): void {
    const booted = this.#boot(whose)
    this.#process = booted.process
    this.#engine = booted.engine
    this.#connector = booted.connector
  }

  /** Everything that happened, as one number: two runs of one seed must agree in it to the byte. */
  fingerprint(): string {
    return createHash('sha256').update(this.log.join('\n')).digest('hex')
  }

  get connector(): Connector {
    return this.#connector
  }
}

const describe = (value: unknown): string =>
  value instanceof Error ? `${value.name}: ${value.message}` : JSON.stringify(value)
