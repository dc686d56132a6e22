import { HttpWorld } from './http-world.ts'
import { serverUrl } from './kill-layer.ts'
import { playIn, seedOptions } from './run.ts'
import { doubles } from './sql-world.ts'
import { print, type Story } from './story.ts'
import { count, full, mine, report, type Layer } from './tally.ts'

/** Layer 4: over real HTTP, two workers on one mailbox. */
export const http: Layer = async (options, tally) => {
  for (let n = options.from; n < options.from + options.seeds && !full(tally, options); n++) {
    if (!mine(n, options)) continue
    const seed = `h${n}`
    const drawn = seedOptions(seed)
    const story: Story = { ...drawn.story, shape: { ...drawn.story.shape, ...options.shape } }
    const world = await HttpWorld.begin({
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
          layer: 'http',
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
