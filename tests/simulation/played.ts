import { expect } from 'vitest'
import { playIn, type Outcome } from './run.ts'
import type { Beat, Shape } from './story.ts'
import { World, type WorldOptions } from './world.ts'

/** What the simulation found, shrunk to the shortest story. Each is judged by the simulation's own oracle. */
export async function played(
  name: string,
  beats: readonly Beat[],
  options: Partial<WorldOptions> = {},
  more: Partial<Shape> = {},
): Promise<{ world: World; outcome: Outcome }> {
  const shape: Shape = { direction: 'both', conflict: 'crm', ...more }
  const world = await World.begin({ seed: name, shape, rates: {}, ...options })
  const outcome = await playIn(world, { name, shape, beats }, {})
  expect(outcome.violations).toEqual([])
  return { world, outcome }
}
