import { actsOptions, mailOptions, play, seedOptions, wideOptions } from './run.ts'
import { runPlanner, type PlannerCount } from './planner-layer.ts'
import type { Violation } from './history.ts'
import { crash, pairs } from './crash-layers.ts'
import { http } from './http-layer.ts'
import { kill } from './kill-layer.ts'
import { breathe, count, full, mine, report, type Layer, type LayerOptions, type Tally } from './tally.ts'
import { print, shrink, type Story } from './story.ts'

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
const engine: Layer = (options, tally) => random('engine', 's', seedOptions, options, tally)
/** People who work on the same messages: mail-story.ts, mail-people.ts. */
const mail: Layer = (options, tally) => random('mail', 'm', mailOptions, options, tally)
/** The same with more in it: wide-story.ts, wide-acts.ts, wide-faults.ts. */
const wide: Layer = (options, tally) => random('wide', 'w', wideOptions, options, tally)
/** The same as `wide`, where people undo, restore, split, meet and answer, and Ben has a mailbox beside: acts-story.ts. */
const acts: Layer = (options, tally) => random('acts', 'a', actsOptions, options, tally)

async function random(
  layer: string,
  letter: string,
  draw: (seed: string) => { readonly story: Story } & Omit<Parameters<typeof play>[1], 'seed'>,
  options: LayerOptions,
  tally: Tally,
): Promise<void> {
  for (let n = options.from; n < options.from + options.seeds && !full(tally, options); n++) {
    if (!mine(n, options)) continue
    const seed = `${letter}${n}`
    const { story: whole, ...drawn } = draw(seed)
    const world = { seed, ...drawn }
    const story: Story = { ...whole, shape: { ...whole.shape, ...options.shape } }
    const outcome = await play(story, world)
    count(tally, outcome)
    const [first] = outcome.violations
    if (first !== undefined)
      report(tally, options, {
        layer,
        seed: String(n),
        violation: first,
        story: await shortest(story, world, first, options),
      })
    if (options.twice > 0 && n % options.twice === 0) {
      const again = await play(story, world)
      if (again.fingerprint !== outcome.fingerprint)
        report(tally, options, {
          layer,
          seed: String(n),
          violation: { invariant: 'S0', says: 'two runs of one seed differ' },
          story: print(story, outcome.faults),
        })
    }
    if (layer === 'wide' && options.twice > 0 && n % options.twice === METAMORPHIC_AT)
      for (const { invariant, says } of await alike(story, seed))
        report(tally, options, {
          layer,
          seed: String(n),
          violation: { invariant, says },
          story: print(story, ''),
        })
    options.progress(tally, n - options.from, options.seeds)
    await breathe()
  }
}

/** Which of the seeds that could be played twice are compared with other worlds instead. */
const METAMORPHIC_AT = 10
/** What may not make a difference to the end: pages that tell an item several times (I10), and a clock that is off (I18). */
const NO_DIFFERENCE = [
  { invariant: 'I10', what: 'delta pages that repeat an item', rates: { 'delta-repeat': 0.5 } },
  { invariant: 'I18', what: 'a clock a day ahead', rates: { 'clock-skew': 1 }, skewHours: 24 },
  { invariant: 'I18', what: 'a clock a day behind', rates: { 'clock-skew': 1 }, skewHours: -24 },
] as const

/** The same story in an undisturbed world and in ones that must come to the same end. */
async function alike(story: Story, seed: string): Promise<Violation[]> {
  const plain = await play(story, { seed, rates: {} })
  const found: Violation[] = []
  for (const { invariant, what, ...world } of NO_DIFFERENCE) {
    const other = await play(story, { seed, ...world })
    if (other.end !== plain.end)
      found.push({ invariant, says: `with ${what} the end is ${other.end} instead of ${plain.end}` })
  }
  return found
}

async function shortest(
  story: Story,
  world: Parameters<typeof play>[1],
  first: Violation,
  options: LayerOptions,
): Promise<string> {
  if (options.stopAtFirst) return print(story, '')
  const short = await shrink(story, async (shorter) =>
    (await play(shorter, world)).violations.some((each) => each.invariant === first.invariant),
  )
  const end = await play(short, world)
  return `${print(short, end.faults)}\n  → ${end.violations
    .map((each) => `${each.invariant}: ${each.says}`)
    .slice(0, 3)
    .join('\n    ')}`
}

export const LAYERS: Readonly<Record<string, Layer>> = {
  planner,
  engine,
  wide,
  acts,
  mail,
  crash,
  pairs,
  kill,
  http,
}
