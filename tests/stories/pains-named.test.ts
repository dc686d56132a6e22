import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The pains of today's users that the engine is answerable for: each has a story with its number. */
const OF_THE_ENGINE = [1, 2, 3, 4, 5, 6, 7, 10, 13, 14, 16, 17, 18, 19, 22, 23, 25]

test('each pain of calendar and tasks has a story that is named after it', () => {
  const stories = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts') && name !== 'pains-named.test.ts')
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join('\n')
  expect(OF_THE_ENGINE.filter((pain) => !stories.includes(`[pain ${pain}]`))).toEqual([])
})
