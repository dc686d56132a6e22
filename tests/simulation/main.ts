/**
 * `npm run simulate -- --seeds N --from S [--layer L] [--shape direction=both,conflict=ask] [--json]`
 *
 * Random worlds, judged by an oracle of its own; see docs/simulation.md. Without a layer all of them run, with their
 * shares of the bar for one CI run. Work is shared over processes, two at most by default.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { LAYERS } from './layers.ts'
import { PLANTED_SEEDS, playPlanted } from './planted-run.ts'
import type { Shape } from './story.ts'
import { newTally, type Tally } from './tally.ts'

/** Worlds that each layer plays when no number is given: the bar of one CI run. */
const CI_SEEDS: Readonly<Record<string, number>> = {
  planner: 1_000_000,
  engine: 20_000,
  crash: 300,
  kill: 12,
}
const TWICE = 20

const HELP = `Usage: npm run simulate -- [options]
  --layer NAME   ${Object.keys(LAYERS).join(', ')}; all of them when left out
  --seeds N      worlds to play (planner ${CI_SEEDS['planner']}, engine ${CI_SEEDS['engine']}, crash: scenarios, ${CI_SEEDS['crash']})
  --from S       the first seed (0); a failure prints the number to give here with --seeds 1
  --shape K=V,…  direction=both|crm-to-mailbox|mailbox-to-crm, conflict=crm|mailbox|ask
  --jobs N       processes to share the work (2, or as many as there are cores)
  --planted NAME play with a planted bug (or with each: all) until it is noticed, at most 1000 worlds
  --stop         stop at the first violation
  --json         one line of JSON at the end`

const { values } = parseArgs({
  options: {
    layer: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '0' },
    shape: { type: 'string' },
    jobs: { type: 'string' },
    share: { type: 'string' },
    planted: { type: 'string' },
    stop: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

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
    conflict: ['crm', 'mailbox', 'ask'],
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
  for (const failure of sum.failures)
    console.error(
      `\n${failure.violation.invariant} violated, ${failure.layer} seed ${failure.seed}: ${failure.violation.says.slice(0, 600)}\n${failure.story.slice(0, 4000)}`,
    )
  const row = {
    seeds: sum.seeds,
    operations: sum.operations,
    faults: sum.faults,
    crashes: sum.crashes,
    lostReplies: sum.lostReplies,
    violations: sum.violations,
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
  const count = seeds ?? CI_SEEDS[name] ?? 1000
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
        String(from),
        '--jobs',
        String(jobs),
        '--share',
        String(n),
      ]
      if (values.shape !== undefined) args.push('--shape', values.shape)
      if (values.stop) args.push('--stop')
      const child = fork(import.meta.filename, args, { serialization: 'advanced' })
      return new Promise<void>((resolve, reject) => {
        child.on('message', (message: { done?: number; of?: number; tally?: Tally }) => {
          if (message.tally !== undefined) add(sum, message.tally)
          if (message.done === undefined) return
          progress.set(n, message.done)
          const now = performance.now()
          if (values.json || now - told < 5_000) return
          told = now
          const done = Math.max(1, ...progress.values())
          const left = ((now - begun) / done) * (count - done)
          console.error(
            `${name}: ${done.toLocaleString('en-GB')} of ${count.toLocaleString('en-GB')}, ${Math.round((done / (now - begun)) * 1000)}/s, about ${Math.ceil(left / 1000)} s left`,
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
      seeds: seeds ?? CI_SEEDS[name] ?? 1000,
      shape,
      share: part,
      shares,
      twice: TWICE,
      stopAtFirst: values.stop,
      progress: (_, done, of) => {
        const now = performance.now()
        if (now - last < 1_000) return
        last = now
        process.send?.({ done, of })
      },
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
  for (const [cell, times] of part.cells) sum.cells.set(cell, (sum.cells.get(cell) ?? 0) + times)
  sum.failures.push(...part.failures)
}

function tell(name: string, tally: Tally): void {
  if (values.json) return
  const number = (n: number): string => n.toLocaleString('en-GB')
  console.log(
    `${name}: ${number(tally.seeds)} worlds, ${number(tally.operations)} user operations, ${number(tally.faults)} faults, ${number(tally.crashes)} crashes, ${number(tally.lostReplies)} lost replies, ${number(tally.cells.size)} cells of the conflict matrix visited; ${tally.violations === 0 ? 'no violation' : `${number(tally.violations)} VIOLATIONS`}`,
  )
}
