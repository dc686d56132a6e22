import type { Acts } from './acts.ts'
import { aloneByWord, judgeActs, keptAndInvitedAgain } from './acts-oracle.ts'
import { actsShape, actsStory } from './acts-story.ts'
import { type Chance, chance } from './chance.ts'
import { type Fault, type Rates, WIDE_FAULTS, swarm, tell } from './faults.ts'
import type { Violation } from './history.ts'
import { judge, type Rest } from './oracle.ts'
import { judgeTraces } from './oracle-traces.ts'
import { mailStory } from './mail-story.ts'
import { seen } from './people.ts'
import { type Beat, type Shape, type Story, randomStory } from './story.ts'
import type { StoreDump } from '../../src/store/memory-state.ts'
import type { Emulator } from '../../src/emulator/emulator.ts'
import type { History } from './history.ts'
import { nameOf } from './projection.ts'
import { AWAY } from './values.ts'
import type { VirtualClock } from './steps.ts'
import { type BackOffice, judgeMail } from './wide-acts.ts'
import { wideShape, wideStory, wideSwarm } from './wide-story.ts'
import type { Witness } from './witness.ts'
import { World, type WorldOptions } from './world.ts'

/** What the oracle looks at in a world, whatever store and transport it stands on. */
export type Watched = Pick<StoreDump, 'records' | 'operations' | 'conflicts'>

/** A world that can be played: the in-memory one, one on a real database whose process is killed, one over HTTP. */
export interface Playable {
  readonly emulator: Emulator
  readonly clock: VirtualClock
  readonly history: History
  readonly people: Witness
  readonly store: { dump(): Watched }
  readonly injected: ReadonlyMap<string, number>
  readonly steps: number
  readonly writes: number
  /** The step at which each write to Microsoft was answered; empty in a world that does not note it. */
  readonly answeredAt: readonly number[]
  readonly crashes: number
  readonly labels: readonly string[]
  /** The most requests that were on their way at once, where that is counted. */
  readonly busiest?: number
  /** The back-office of worlds in which people use one. */
  readonly office?: BackOffice
  /** What worlds of the acts layer have besides. */
  readonly acts?: Acts | null
  /** Cells of the conflict matrix in which both people met. */
  readonly met?: readonly string[]
  /** No faults any more. */
  quiet: boolean
  /** Whether every part of the last pass came to its end; a world that does not know it is given all passes. */
  readonly passedWhole?: boolean
  act(beat: Beat): Promise<void>
  pass(during?: Extract<Beat, { do: 'pass' }>['during']): Promise<void>
  fingerprint(): string
}

/** What one world came to. */
export interface Outcome {
  readonly story: Story
  readonly faults: string
  readonly violations: readonly Violation[]
  readonly operations: number
  readonly injected: ReadonlyMap<string, number>
  /** Up to the moment from which on nothing goes wrong any more. */
  readonly steps: number
  readonly writes: number
  readonly answeredAt: readonly number[]
  readonly crashes: number
  readonly fingerprint: string
  /** Both sides at the end, without ids: what a crash may not change. */
  readonly end: string
  /** A create was sent again after its answer was lost and its mark was not found (`Rest.recreated`). */
  readonly recreated: boolean
  /** The awaits, in order. */
  readonly labels: readonly string[]
  /** What each person did to one item between two passes, act by act. */
  readonly cells: readonly string[]
  /** Cells of the conflict matrix in which both people met. */
  readonly met: readonly string[]
}

/** Passes that a world may need, after the last edit and the last fault, until nothing is written any more (I6). */
const PASSES_TO_REST = 4
/** After so many whole passes in a row that changed nothing and left nothing undecided, a world is at rest. */
const PASSES_STILL = 2
const UNDECIDED: ReadonlySet<string> = new Set(['sent', 'unknown', 'planned'])
/** Undecided writes may be asked again only after a while; the clock is pushed on between the last passes. */
const MINUTES_BETWEEN = 20

export function seedOptions(seed: string): Drawn {
  const dice = chance(seed)
  const shape = randomShape(dice.split('shape'))
  const rates = { ...swarm(dice.split('swarm')) }
  for (const fault of WIDE_FAULTS) delete rates[fault]
  return { story: randomStory(seed, dice, shape, 60), rates }
}

/** What a seed comes to: a story, and the world that it is played in. */
export interface Drawn {
  readonly story: Story
  readonly rates: Rates
  readonly mail?: true
}

/** Of the mail layer: deletions by absence and a second worker's lease are as likely as in the wide one. */
export function mailOptions(seed: string): Drawn {
  const dice = chance(seed)
  const shape = { ...randomShape(dice.split('shape')), ...(dice.split('guard').yes(0.3) ? { guard: 2 } : {}) }
  return { story: mailStory(seed, dice, shape), rates: wideSwarm(dice.split('swarm')), mail: true }
}

/** The same for the wide layer. */
export function wideOptions(seed: string): Drawn {
  const dice = chance(seed)
  return {
    story: wideStory(seed, dice, wideShape(dice.split('shape'))),
    rates: wideSwarm(dice.split('swarm')),
  }
}

/** The same for the acts layer. */
export function actsOptions(seed: string): ReturnType<typeof wideOptions> & { readonly acts: true } {
  const dice = chance(seed)
  const story = actsStory(seed, dice, actsShape(dice.split('shape')))
  return { story, rates: wideSwarm(dice.split('swarm')), acts: true }
}

function randomShape(dice: Chance): Shape {
  return {
    direction: dice.weighted([
      [8, 'both'],
      [1, 'crm-to-mailbox'],
      [1, 'mailbox-to-crm'],
    ] as const),
    conflict: dice.pick(['crm', 'mailbox', 'ask'] as const),
  }
}

/** Plays a story in a world of its own, lets it come to rest, and judges it. */
export async function play(story: Story, options: Omit<WorldOptions, 'shape'>): Promise<Outcome> {
  return playIn(await World.begin({ ...options, shape: story.shape }), story, options.rates)
}

/** The same in a world that was made already. */
export async function playIn(world: Playable, story: Story, rates: Rates): Promise<Outcome> {
  const violations: Violation[] = []
  let rest: Rest | null = null
  let busy = { steps: 0, writes: 0 }
  try {
    for (const beat of story.beats) {
      switch (beat.do) {
        case 'pass':
          await world.pass(beat.during)
          break
        case 'wait':
          world.clock.advance(beat.minutes * 60_000)
          break
        case 'server':
          if (beat.what === 'evict') world.emulator.control.evictTokens()
          else world.emulator.control.bumpEtags('anna.lindqvist@contoso.example')
          break
        default:
          await world.act(beat)
      }
    }
    busy = { steps: world.steps, writes: world.writes }
    world.quiet = true
    await decideAll(world)
    violations.push(...(await comeToRest(world, rates)))
    rest = await restOf(world, story.shape, rates)
    if (violations.length === 0)
      violations.push(
        ...judge(world.history, rest),
        ...judgeTraces(world, story.shape),
        ...(world.office?.violations ?? []),
        ...(world.acts ? judgeActs(world, world.acts) : []),
      )
  } catch (error) {
    violations.push({
      invariant: 'S0',
      says: `the world broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    })
  }
  return {
    story,
    faults: tell(rates),
    violations,
    operations: world.history.acts.length,
    injected: allInjected(world, rates),
    ...busy,
    answeredAt: world.answeredAt,
    crashes: world.crashes,
    fingerprint: world.fingerprint(),
    end: rest === null ? 'broken' : endOf(rest),
    recreated: rest !== null && rest.recreated.size > 0,
    labels: world.labels,
    cells: cellsOf(story),
    met: world.met ?? [],
  }
}

/** Also what the emulator did by itself, and what holds for the whole of a world. */
function allInjected(world: Playable, rates: Rates): ReadonlyMap<string, number> {
  const all = new Map<string, number>(world.injected)
  for (const [kind, times] of world.emulator.control.faults.injected)
    if (kind !== 'refuse') all.set(kind, times)
  for (const entry of world.emulator.control.logs.requests.entries)
    if (entry.fault === 'refuse')
      all.set(`refused ${entry.status}`, (all.get(`refused ${entry.status}`) ?? 0) + 1)
  for (const kind of ['clock-skew', 'small-pages', 'empty-page'] as const)
    if (rates[kind] !== undefined) all.set(kind, 1)
  return all
}

/** What is held is approved in the end, and what is refused is refused often enough to be left alone. */
async function decideAll(world: Playable): Promise<void> {
  if (world.office === undefined) return
  const stuck = ['held', 'rejected']
  for (let n = 0; n < REFUSALS_MAX; n++) {
    world.clock.advance(MINUTES_BETWEEN * 60_000)
    await world.pass()
    if (!world.store.dump().operations.some(({ state }) => stuck.includes(state))) return
    await world.act({ do: 'decide', yes: true })
  }
}
const REFUSALS_MAX = 7

async function comeToRest(world: Playable, rates: Rates): Promise<Violation[]> {
  const found: Violation[] = []
  let before = marks(world)
  let after = before
  let still = 0
  for (let n = 0; n <= PASSES_TO_REST && still < PASSES_STILL; n++) {
    world.clock.advance(MINUTES_BETWEEN * 60_000)
    await world.pass()
    before = after
    after = marks(world)
    still = world.passedWhole === true && isStill(before, after) ? still + 1 : 0
  }
  for (const name of Object.keys(before) as (keyof typeof before)[]) {
    if (before[name] !== after[name])
      found.push({
        invariant: name === 'microsoft' || name === 'crm' ? 'I7' : 'I6',
        says: `at rest, a further pass still wrote: ${name} went from ${before[name]} to ${after[name]}`,
      })
  }
  const complaints = world.emulator.control.logs.complaints
  const deaf = ['reply-cut', 'reply-lost', 'page-truncated'].some(
    (fault) => rates[fault as Fault] !== undefined,
  )
  // A wait that was promised in an answer which broke off was never heard.
  for (const complaint of complaints.entries.filter((each) => !deaf || each.kind !== 'retry-after-ignored'))
    found.push({ invariant: 'S7', says: `Microsoft complains of us: ${complaint.kind}: ${complaint.text}` })
  const dump = world.store.dump()
  for (const operation of dump.operations) {
    if (operation.rule === '')
      found.push({ invariant: 'I21', says: `operation ${operation.id} names no rule` })
    if (UNDECIDED.has(operation.state))
      found.push({
        invariant: 'I6',
        says: `at rest, the ${operation.do} of "${operation.title}" is still ${operation.state}`,
      })
  }
  if (world.office !== undefined)
    found.push(
      ...judgeMail([...world.office.outgoing.rows.values()], world.emulator.control.logs.mails.entries),
    )
  const byPeople = world.people.recordWrites + (world.acts?.ben.recordWrites ?? 0)
  const engineWrites = dump.records.reduce((sum, record) => sum + record.version, 0) - byPeople
  const journalled = dump.operations.filter(
    (operation) => operation.side === 'crm' && operation.state === 'written',
  ).length
  if (engineWrites !== journalled)
    found.push({
      invariant: 'I21',
      says: `the engine wrote the CRM ${engineWrites} times, the journal has ${journalled} rows for it`,
    })
  return found
}

const isStill = (before: ReturnType<typeof marks>, after: ReturnType<typeof marks>): boolean =>
  after.undecided === 0 && JSON.stringify(before) === JSON.stringify(after)

function marks(world: Playable) {
  const dump = world.store.dump()
  return {
    undecided: dump.operations.filter(({ state }) => UNDECIDED.has(state)).length,
    microsoft: world.emulator.control.logs.writes.entries.filter((entry) => entry.actor.startsWith('app:'))
      .length,
    crm: dump.records.reduce((sum, record) => sum + record.version, 0),
    operations: dump.operations.length,
    conflicts: dump.conflicts.length,
  }
}

async function restOf(world: Playable, shape: Shape, rates: Rates): Promise<Rest> {
  const dump = world.store.dump()
  const name = new Map<string, string>()
  for (const record of dump.records) name.set(record.id, nameOf(String(record.fields['subject'] ?? '')))
  const conflicts = new Map<string, string[]>()
  const held = new Set<string>()
  for (const conflict of dump.conflicts) {
    const item = name.get(conflict.record) ?? ''
    const all = conflicts.get(item)
    const text = JSON.stringify(conflict)
    if (all === undefined) conflicts.set(item, [text])
    else all.push(text)
    if (conflict.state === 'open') held.add(item)
  }
  for (const operation of dump.operations)
    if (operation.state === 'held' || operation.state === 'rejected')
      held.add(name.get(operation.record) ?? '')
  const recreated = new Set<string>()
  const unanswered = new Set<string>()
  for (const { attempts, do: what, record, rule, side, state } of dump.operations) {
    if (side !== 'mailbox') continue
    if (what === 'update' && attempts > 0 && state === 'superseded') unanswered.add(record)
    if (what === 'create' && (attempts > 1 || (rule === 'R6' && unanswered.has(record))))
      recreated.add(name.get(record) ?? '')
  }
  for (const item of world.office?.declined ?? []) recreated.add(item)
  const apart = new Set<string>(
    world.history.items().filter((item) => shape.direction !== 'both' || wentAway(world.history, item)),
  )
  const shown = [world.people.holdingsOfCrm(), await world.people.holdingsOfOutlook()]
  if (world.acts) for (const item of shown.flatMap(withoutOccurrence)) apart.add(item)
  const bens = (await world.acts?.ben.holdingsOfOutlook()) ?? []
  return {
    crm: seen(world.people.holdingsOfCrm()),
    mailbox: seen(new Map([...(await world.people.holdingsOfOutlook()), ...bens])),
    conflicts,
    held,
    apart,
    recreated,
    answered: world.office?.answered ?? new Set(),
    alone: aloneByWord(world),
    twice: keptAndInvitedAgain(world, shape),
    nothingLost: world.crashes === 0 && !LOSING.some((fault) => rates[fault] !== undefined),
  }
}

/** Series of which no occurrence is left show in no calendar, and so lie in no period (R29). */
const withoutOccurrence = (holdings: ReturnType<Witness['holdingsOfCrm']>): string[] =>
  [...holdings].flatMap(([item, all]) =>
    all.some((each) => each.resource === 'series' && !Object.keys(each.plain).some(isOccurrence))
      ? [item]
      : [],
  )
const isOccurrence = (group: string): boolean => group.startsWith('occ/')

/** Once out of the period, both sides keep what they have, and are compared no more. */
const wentAway = (history: History, item: string): boolean =>
  history.of(item).some((act) => act.wrote['time']?.startsWith(AWAY) === true)

/** Faults after which nobody knows whether a write arrived. */
const LOSING: readonly Fault[] = [
  'crash',
  'reply-lost',
  'request-lost',
  'reply-cut',
  'gateway',
  'server-error',
  'unavailable',
  'page-truncated',
  'commit-lost',
  'lease-lost',
  'commit-refused',
]

/** Both sides as text, sorted: equal for two worlds that came to the same end, whatever their ids. */
function endOf(rest: Rest): string {
  const told = (side: Rest['crm']): string =>
    JSON.stringify(
      [...side.items]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, values]) => [name, Object.entries(values).sort()]),
    )
  return `${told(rest.crm)} | ${told(rest.mailbox)}`
}

/** What the two people did to one item between two passes, as `resource: acts in the CRM / acts in Outlook`. */
function cellsOf(story: Story): string[] {
  const cells: string[] = []
  const resources = new Map<string, string>()
  let since = new Map<string, { crm: Set<string>; outlook: Set<string> }>()
  const close = (): void => {
    for (const [item, acts] of since)
      for (const crm of acts.crm.size > 0 ? acts.crm : ['nothing'])
        for (const outlook of acts.outlook.size > 0 ? acts.outlook : ['nothing'])
          cells.push(`${resources.get(item) ?? '?'}: ${crm} / ${outlook}`)
    since = new Map()
  }
  for (const beat of story.beats) {
    if (beat.do === 'pass') close()
    if (!('who' in beat)) continue
    if (beat.do === 'create') resources.set(beat.item, beat.resource)
    const acts = since.get(beat.item) ?? { crm: new Set<string>(), outlook: new Set<string>() }
    since.set(beat.item, acts)
    for (const act of beat.do === 'edit'
      ? beat.groups
      : [beat.do === 'occurrence' ? `occurrence ${beat.group}` : beat.do])
      acts[beat.who].add(act)
  }
  close()
  return cells
}
