import { seedOptions, play, type Outcome } from './run.ts'
import { runPlanner, type PlannerCount } from './planner-layer.ts'
import { scenarios } from './scenarios.ts'
import type { Violation } from './history.ts'
import { http } from './http-layer.ts'
import { kill } from './kill-layer.ts'
import { count, full, mine, report, type Layer, type LayerOptions } from './tally.ts'
import { print, shrink, type Shape, type Story } from './story.ts'
import type { Rates } from './faults.ts'

/** Layer 1: the planner alone. */
const planner: Layer = async (options, tally) => {
  const count: PlannerCount = { runs: 0, operations: 0, conflicts: 0 }
  for (let n = options.from; n < options.from + options.seeds && !full(tally, options); n++) {
    if (!mine(n, options)) continue
    const seed = `p${n}`
    const found = runPlanner(seed, count)
    tally.seeds += 1
    const [first] = found
    if (first !== undefined)
      report(tally, {
        layer: 'planner',
        seed: String(n),
        violation: first,
        story: `npm run simulate -- --layer planner --from ${n} --seeds 1`,
      })
    if (n % 50_000 === 0) options.progress(tally, n - options.from, options.seeds)
  }
  tally.operations += count.operations
  tally.conflicts += count.conflicts
}

/** Layer 2: the whole engine with the emulator, in one process, on a virtual clock. */
const engine: Layer = async (options, tally) => {
  for (let n = options.from; n < options.from + options.seeds && !full(tally, options); n++) {
    if (!mine(n, options)) continue
    const seed = `s${n}`
    const drawn = seedOptions(seed)
    const story: Story = { ...drawn.story, shape: { ...drawn.story.shape, ...options.shape } }
    const outcome = await play(story, { seed, rates: drawn.rates })
    count(tally, outcome)
    const [first] = outcome.violations
    if (first !== undefined)
      report(tally, {
        layer: 'engine',
        seed: String(n),
        violation: first,
        story: await shortest(story, seed, drawn.rates, first, options),
      })
    if (options.twice > 0 && n % options.twice === 0) {
      const again = await play(story, { seed, rates: drawn.rates })
      if (again.fingerprint !== outcome.fingerprint)
        report(tally, {
          layer: 'engine',
          seed: String(n),
          violation: { invariant: 'S0', says: 'two runs of one seed differ' },
          story: print(story, outcome.faults),
        })
    }
    options.progress(tally, n - options.from, options.seeds)
  }
}

async function shortest(
  story: Story,
  seed: string,
  rates: Rates,
  first: Violation,
  options: LayerOptions,
): Promise<string> {
  if (options.stopAtFirst) return print(story, '')
  const short = await shrink(story, async (shorter) =>
    (await play(shorter, { seed, rates })).violations.some((each) => each.invariant === first.invariant),
  )
  const end = await play(short, { seed, rates })
  return `${print(short, end.faults)}\n  → ${end.violations
    .map((each) => `${each.invariant}: ${each.says}`)
    .slice(0, 3)
    .join('\n    ')}`
}

/** Every await of every scenario, with a crash there; every write, with its answer lost. `seeds` limits the scenarios. */
const crash: Layer = async (options, tally) => {
  const shape: Shape = { direction: 'both', conflict: 'crm', ...options.shape }
  const all = scenarios(shape).slice(options.from, options.from + options.seeds)
  for (const [n, { story, resource, crm, outlook }] of all.entries()) {
    if (!mine(n, options) || full(tally, options)) continue
    const seed = `c${options.from + n}`
    const plain = await play(story, { seed, rates: {} })
    count(tally, plain)
    const cell = `${resource}: ${crm} / ${outlook}`
    tally.cells.set(cell, (tally.cells.get(cell) ?? 0) + 1)
    const judge = (outcome: Outcome, what: string): void => {
      const differs =
        outcome.end !== plain.end && !outcome.recreated
          ? [
              {
                invariant: 'I11',
                says: `the end differs from the one without it: ${outcome.end} instead of ${plain.end}`,
              },
            ]
          : []
      const [first] = [...outcome.violations, ...differs]
      if (first !== undefined)
        report(tally, {
          layer: 'crash',
          seed,
          violation: first,
          story: `${print(story, what)}\n  → ${first.invariant}: ${first.says}`,
        })
    }
    if (plain.violations[0] !== undefined) judge(plain, 'no fault')
    for (let at = 1; at <= plain.steps && !full(tally, options); at++) {
      const outcome = await play(story, { seed, rates: {}, crashAt: new Set([at]) })
      tally.crashes += outcome.crashes
      judge(outcome, `crash at await ${at}, ${plain.labels[at - 1] ?? ''}`)
    }
    for (let write = 1; write <= plain.writes && !full(tally, options); write++) {
      const outcome = await play(story, { seed, rates: {}, loseReplyOf: write })
      tally.lostReplies += 1
      judge(outcome, `the answer to write ${write} is lost`)
    }
    options.progress(tally, n, all.length)
  }
}

export const LAYERS: Readonly<Record<string, Layer>> = { planner, engine, crash, kill, http }
