import { seedOptions, play } from './run.ts'
import { runPlanner, type PlannerCount } from './planner-layer.ts'
import type { Violation } from './history.ts'
import { crash, pairs } from './crash-layers.ts'
import { http } from './http-layer.ts'
import { kill } from './kill-layer.ts'
import { breathe, count, full, mine, report, type Layer, type LayerOptions } from './tally.ts'
import { print, shrink, type Story } from './story.ts'
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
      report(tally, options, {
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
      report(tally, options, {
        layer: 'engine',
        seed: String(n),
        violation: first,
        story: await shortest(story, seed, drawn.rates, first, options),
      })
    if (options.twice > 0 && n % options.twice === 0) {
      const again = await play(story, { seed, rates: drawn.rates })
      if (again.fingerprint !== outcome.fingerprint)
        report(tally, options, {
          layer: 'engine',
          seed: String(n),
          violation: { invariant: 'S0', says: 'two runs of one seed differ' },
          story: print(story, outcome.faults),
        })
    }
    options.progress(tally, n - options.from, options.seeds)
    await breathe()
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

export const LAYERS: Readonly<Record<string, Layer>> = { planner, engine, crash, pairs, kill, http }
