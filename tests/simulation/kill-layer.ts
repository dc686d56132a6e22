import { KillWorld } from './kill-world.ts'
import { playIn, seedOptions } from './run.ts'
import { count, mine, full, report, type Layer } from './tally.ts'
import { doubles } from './sql-world.ts'
import { print, type Story } from './story.ts'

/** Layer 3: the engine on the real store, its process killed again and again. A seed is one world of up to 25 kills. */
export const kill: Layer = async (options, tally) => {
  for (let n = options.from; n < options.from + options.seeds && !full(tally, options); n++) {
    if (!mine(n, options)) continue
    const seed = `k${n}`
    const drawn = seedOptions(seed)
    const story: Story = { ...drawn.story, shape: { ...drawn.story.shape, ...options.shape } }
    const world = await KillWorld.begin({
      seed,
      shape: story.shape,
      rates: drawn.rates,
      serverUrl: serverUrl(),
    })
    try {
      const outcome = await playIn(world, story, drawn.rates)
      count(tally, outcome)
      const [first] = [...outcome.violations, ...doubles(world.emulator)]
      if (first !== undefined)
        report(tally, options, {
          layer: 'kill',
          seed: String(n),
          violation: first,
          story: print(story, outcome.faults),
        })
    } finally {
      await world.end()
    }
    options.progress(tally, n - options.from + 1, options.seeds)
  }
}

/** The server to make databases on: DATABASE_URL, or TEST_DATABASE_URL; none: the embedded engine. */
export const serverUrl = (): string | null =>
  process.env['TEST_DATABASE_URL'] || process.env['DATABASE_URL'] || null
