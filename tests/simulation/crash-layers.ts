import { play, type Outcome } from './run.ts'
import { scenarios, type Scenario } from './scenarios.ts'
import { print, type Shape } from './story.ts'
import {
  breathe,
  bump,
  count,
  full,
  mine,
  report,
  type Layer,
  type LayerOptions,
  type Tally,
} from './tally.ts'
import type { WorldOptions } from './world.ts'

/** One scenario as it goes when nothing happens to it, and a way to play it again with something happening. */
interface Stage {
  readonly plain: Outcome
  replay(what: string, options: Partial<WorldOptions>): Promise<Outcome>
}

/** Plays the scenarios of the range, `seeds` of them, each through `enumerate`. */
const each =
  (name: string, enumerate: (stage: Stage, scenario: Scenario, go: Going) => Promise<void>): Layer =>
  async (options, tally) => {
    const shape: Shape = { direction: 'both', conflict: 'crm', ...options.shape }
    const all = scenarios(shape).slice(options.from, options.from + options.seeds)
    for (const [n, scenario] of all.entries()) {
      if (!mine(n, options) || full(tally, options)) continue
      const stage = await enter(name, `c${options.from + n}`, scenario, options, tally)
      await enumerate(stage, scenario, going(options, tally))
      options.progress(tally, n + 1, all.length)
    }
  }

async function enter(
  name: string,
  seed: string,
  scenario: Scenario,
  options: LayerOptions,
  tally: Tally,
): Promise<Stage> {
  const { story, resource, crm, outlook } = scenario
  const plain = await play(story, { seed, rates: {} })
  count(tally, plain)
  const cell = `${resource}: ${crm} / ${outlook}`
  bump(tally.matrix, cell)
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
      report(tally, options, {
        layer: name,
        seed,
        violation: first,
        story: `${print(story, what)}\n  → ${first.invariant}: ${first.says}`,
      })
  }
  if (plain.violations[0] !== undefined) judge(plain, 'no fault')
  return {
    plain,
    replay: async (what, options) => {
      const outcome = await play(story, { seed, rates: {}, ...options })
      const lost = options.loseReplyOf === undefined ? 0 : 1
      tally.crashes += outcome.crashes
      tally.lostReplies += lost
      tally.faults += outcome.crashes + lost
      judge(outcome, what)
      await breathe()
      return outcome
    },
  }
}

interface Going {
  /** Whether to go on with the enumeration. */
  on(): boolean
  /** Whether the next of what is enumerated belongs to the sample. */
  takes(): boolean
}

function going(options: LayerOptions, tally: Tally): Going {
  let met = 0
  return { on: () => !full(tally, options), takes: () => met++ % options.sample === 0 }
}

const labelOf = (outcome: Outcome, at: number): string => outcome.labels[at - 1] ?? 'an await that is new'

/** Every await of every scenario, with a crash there; every write, with its answer lost. */
export const crash: Layer = each('crash', async ({ plain, replay }, _scenario, go) => {
  for (let at = 1; at <= plain.steps && go.on(); at++)
    await replay(`crash at await ${at}, ${labelOf(plain, at)}`, { crashAt: new Set([at]) })
  for (let write = 1; write <= plain.writes && go.on(); write++)
    await replay(`the answer to write ${write} is lost`, { loseReplyOf: write })
})

/**
 * Every write of every scenario with its answer lost and a crash at every await after it; in the core scenarios every
 * pair of awaits with a crash at both.
 */
export const pairs: Layer = each('pairs', async ({ plain, replay }, { isCore }, go) => {
  for (let write = 1; write <= plain.writes && go.on(); write++) {
    const lost = { loseReplyOf: write }
    const alone = await replay(`the answer to write ${write} is lost`, lost)
    for (let at = (alone.answeredAt[write - 1] ?? alone.steps) + 1; at <= alone.steps && go.on(); at++)
      if (go.takes())
        await replay(
          `the answer to write ${write} is lost, then a crash at await ${at}, ${labelOf(alone, at)}`,
          {
            ...lost,
            crashAt: new Set([at]),
          },
        )
  }
  for (let one = 1; isCore && one <= plain.steps && go.on(); one++) {
    // How many awaits there are after the first crash is seen by playing it.
    let last = plain.steps
    for (let two = one + 1; two <= last && go.on(); two++) {
      if (!go.takes()) continue
      const outcome = await replay(`crashes at await ${one}, ${labelOf(plain, one)}, and at await ${two}`, {
        crashAt: new Set([one, two]),
      })
      last = Math.max(last, outcome.steps)
    }
  }
})
