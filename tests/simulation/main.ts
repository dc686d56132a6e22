/**
 * `npm run simulate -- --seeds N --from S [--layer L] [--shape direction=both,conflict=ask] [--nightly] [--json]`
 *
 * Random worlds, judged by an oracle of its own; see docs/simulation.md. Without a number each layer plays its share of
 * one CI run, or of one long run. Work is shared over processes, two at most by default.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { LAYERS } from './layers.ts'
import { PLANTED_SEEDS, playPlanted } from './planted-run.ts'
import { scenarios } from './scenarios.ts'
import type { Shape } from './story.ts'
import { coverage } from './coverage.ts'
import { bump, type Failure, newTally, type Tally } from './tally.ts'

/** What each layer plays when no number is given. */
interface Share {
  /** Worlds; of the crash layers: scenarios. */
  readonly seeds: Readonly<Record<string, number>>
  /** One seed in so many is played twice. */
  readonly twice: number
  /** One pair of crash points in so many is played. */
  readonly sample: number
}
const CI: Share = {
  seeds: {
    planner: 1_000_000,
    engine: 24_000,
    wide: 1_600,
    acts: 400,
    mail: 2_000,
    crash: 300,
    pairs: 300,
    kill: 10,
    http: 6,
  },
  twice: 20,
  sample: 50,
}
const NIGHTLY: Share = {
  seeds: {
    planner: 15_000_000,
    engine: 300_000,
    wide: 30_000,
    acts: 30_000,
    mail: 30_000,
    crash: 300,
    pairs: 300,
    kill: 100,
    http: 100,
  },
  twice: 1,
  sample: 1,
}

/** A log that nobody watches needs fewer lines. */
const TELL_EVERY_MS = process.stderr.isTTY ? 5_000 : 30_000

/** Scenarios of the enumerating layers; the scenario's number is the seed. */
const SCENARIOS = scenarios({ direction: 'both', conflict: 'crm' }).length

const HELP = `Usage: npm run simulate -- [options]
  --layer NAME   ${Object.keys(LAYERS).join(', ')}; all of them when left out
  --seeds N      worlds to play; of crash and pairs: scenarios of the ${SCENARIOS}
  --from S       the first seed (0); a failure prints the number to give here with --seeds 1
                 (without a layer, N and S speak of planner and engine; the others play no more than their share)
  --nightly      the long run: every layer ten times and more, every pair of crash points, every seed twice
  --sample K     of pairs, one in K (${CI.sample}; nightly ${NIGHTLY.sample})
  --shape K=V,…  direction=both|crm-to-mailbox|mailbox-to-crm, conflict=crm|mailbox|newest|ask
  --jobs N       processes to share the work (2, or as many as there are cores)
  --planted NAME play with a planted bug (or with each: all, known) until it is noticed, at most 1000 worlds
  --stop         stop at the first violation
  --json         one line of JSON at the end`

const OPTIONS = {
  layer: { type: 'string' },
  seeds: { type: 'string' },
  from: { type: 'string', default: '0' },
  shape: { type: 'string' },
  jobs: { type: 'string' },
  share: { type: 'string' },
  planted: { type: 'string' },
  stop: { type: 'boolean', default: false },
  nightly: { type: 'boolean', default: false },
  sample: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const
const { values } = parsed()
function parsed() {
  try {
    return parseArgs({ options: OPTIONS })
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error))
  }
}

const whole = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0) stop(`--${name} must be a whole number, not "${text}".`)
  return number
}
function stop(message: string): never {
  console.error(`${message}\n\n${HELP}`)
  process.exit(2)
}
function shapeOf(text: string | undefined): Partial<Shape> {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    direction: ['both', 'crm-to-mailbox', 'mailbox-to-crm'],
    conflict: ['crm', 'mailbox', 'newest', 'ask'],
  }
  const shape: Record<string, string> = {}
  for (const part of text === undefined ? [] : text.split(',')) {
    const [key = '', value = ''] = part.split('=')
    if (!allowed[key]?.includes(value)) stop(`--shape does not know "${part}".`)
    shape[key] = value
  }
  return shape as Partial<Shape>
}

if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const from = whole('from', values.from) ?? 0
const seeds = whole('seeds', values.seeds)
const shape = shapeOf(values.shape)
const names = values.layer === undefined ? Object.keys(LAYERS) : [values.layer]
for (const name of names) if (!Object.hasOwn(LAYERS, name)) stop(`There is no layer "${name}".`)
const bar = values.nightly ? NIGHTLY : CI
const sample = Math.max(1, whole('sample', values.sample) ?? bar.sample)
const isEnumerated = (name: string): boolean => name === 'crash' || name === 'pairs'
if (values.layer !== undefined && isEnumerated(values.layer) && from >= SCENARIOS)
  stop(`--from must be below ${SCENARIOS}: the scenarios of ${values.layer} are numbered from 0.`)
/** Which worlds of a layer are played. */
function range(name: string): { readonly first: number; readonly many: number } {
  const all = bar.seeds[name] ?? 1
  if (values.layer !== undefined || name === 'planner' || name === 'engine')
    return { first: from, many: seeds ?? all }
  return { first: 0, many: Math.min(seeds ?? all, all) }
}
const jobs = Math.max(1, whole('jobs', values.jobs) ?? Math.min(2, availableParallelism()))

if (values.share !== undefined) {
  for (const end of ['disconnect', 'SIGINT', 'SIGTERM']) process.on(end, () => process.exit(1))
  await work(names[0] ?? 'engine', Number(values.share), jobs)
  process.exit()
} else if (values.planted !== undefined) {
  process.exitCode = (await playPlanted(values.planted, seeds ?? PLANTED_SEEDS, from, jobs)) ? 0 : 1
} else {
  const started = performance.now()
  const sum = newTally()
  for (const name of names) {
    const tally = await share(name)
    add(sum, tally)
    tell(name, tally)
  }
  const seconds = (performance.now() - started) / 1000
  const row = {
    seeds: sum.seeds,
    operations: sum.operations,
    faults: sum.faults,
    violations: sum.violations,
    ...coverage(sum).row,
    seconds: Math.round(seconds * 10) / 10,
  }
  console.log(
    values.json
      ? JSON.stringify(row)
      : `${sum.violations === 0 ? 'No violation' : `${sum.violations} violations`} in ${row.seconds} s.`,
  )
  process.exitCode = sum.violations === 0 ? 0 : 1
}

/** Shares one layer over processes and adds up what they found. */
async function share(name: string): Promise<Tally> {
  const sum = newTally()
  const { first, many: count } = range(name)
  const progress = new Map<number, number>()
  const begun = performance.now()
  let told = begun
  await Promise.all(
    Array.from({ length: jobs }, (_, n) => {
      const args = [
        '--layer',
        name,
        '--seeds',
        String(count),
        '--from',
        String(first),
        '--jobs',
        String(jobs),
        '--share',
        String(n),
      ]
      if (values.shape !== undefined) args.push('--shape', values.shape)
      if (values.stop) args.push('--stop')
      if (values.nightly) args.push('--nightly')
      if (values.sample !== undefined) args.push('--sample', values.sample)
      const child = fork(import.meta.filename, args, { serialization: 'advanced' })
      return new Promise<void>((resolve, reject) => {
        child.on('message', (message: { done?: number; tally?: Tally; failure?: Failure }) => {
          if (message.failure !== undefined) tellFailure(message.failure)
          if (message.tally !== undefined) add(sum, message.tally)
          if (message.done === undefined) return
          progress.set(n, message.done)
          const now = performance.now()
          if (values.json || now - told < TELL_EVERY_MS) return
          told = now
          const done = Math.max(1, ...progress.values())
          const left = ((now - begun) / done) * (count - done)
          console.error(
            `${name}: ${done.toLocaleString('en-GB')} of ${count.toLocaleString('en-GB')}, ${rate(done, now - begun)}/s, about ${Math.ceil(left / 1000)} s left`,
          )
        })
        child.on('exit', (code) =>
          code === 0 ? resolve() : reject(new Error(`A simulation process ended with ${code}.`)),
        )
      })
    }),
  )
  return sum
}

async function work(name: string, part: number, shares: number): Promise<void> {
  const tally = newTally()
  const layer = LAYERS[name]
  if (layer === undefined) stop(`There is no layer "${name}".`)
  let last = 0
  await layer(
    {
      from,
      seeds: seeds ?? 0,
      shape,
      share: part,
      shares,
      twice: bar.twice,
      sample,
      stopAtFirst: values.stop,
      progress: (_, done) => {
        const now = performance.now()
        if (now - last < 1_000) return
        last = now
        process.send?.({ done })
      },
      failed: (failure) => void process.send?.({ failure }),
    },
    tally,
  )
  await new Promise<void>((resolve) => process.send?.({ tally }, undefined, {}, () => resolve()))
}

function add(sum: Tally, part: Tally): void {
  for (const key of [
    'seeds',
    'operations',
    'faults',
    'steps',
    'crashes',
    'lostReplies',
    'conflicts',
    'violations',
  ] as const)
    sum[key] += part[key]
  for (const map of ['cells', 'matrix', 'kinds'] as const)
    for (const [name, times] of part[map]) bump(sum[map], name, times)
}

function rate(done: number, ms: number): string {
  return ((done / ms) * 1000).toLocaleString('en-GB', { maximumSignificantDigits: 2 })
}

/** At once: a long run may be broken off. */
function tellFailure({ layer, seed, violation, story }: Failure): void {
  console.error(
    `\n${violation.invariant} violated, ${layer} seed ${seed}: ${violation.says.slice(0, 600)}\n${story.slice(0, 4000)}`,
  )
}

function tell(name: string, tally: Tally): void {
  if (values.json) return
  const number = (n: number): string => n.toLocaleString('en-GB')
  console.log(
    `${name}: ${number(tally.seeds)} worlds, ${number(tally.operations)} user operations, ${number(tally.faults)} faults, ${number(tally.crashes)} crashes, ${number(tally.lostReplies)} lost replies, ${number(tally.cells.size)} pairs of acts; ${tally.violations === 0 ? 'no violation' : `${number(tally.violations)} VIOLATIONS`}`,
  )
  for (const line of coverage(tally).lines) console.log(`  ${line}`)
}
