import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const simulate = (...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { encoding: 'utf8' })

test('a program gets one line of JSON, and 0 when nothing was violated', () => {
  const { status, stdout } = simulate('--layer', 'engine', '--seeds', '2', '--from', '40', '--json')
  const row = JSON.parse(stdout) as Record<string, unknown>
  expect(Object.keys(row)).toEqual(['seeds', 'operations', 'faults', 'violations', 'seconds'])
  expect(row).toMatchObject({ seeds: 2, violations: 0 })
  expect(Object.values(row).every((value) => typeof value === 'number')).toBe(true)
  expect(status).toBe(0)
}, 120_000)

test('with a bug in the product the violation is told as a story, counted, and the program ends with 1', () => {
  const plant = join(import.meta.dirname, 'plant.ts')
  const options = ['--layer', 'mail', '--seeds', '1', '--from', '1', '--jobs', '1', '--json']
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', plant, join(import.meta.dirname, 'main.ts'), ...options],
    { encoding: 'utf8', env: { ...process.env, SYNCLINE_PLANTED: 'comes-back-where-it-was' } },
  )
  expect(JSON.parse(stdout)).toMatchObject({ seeds: 1, violations: 1 })
  expect(stderr).toMatch(/^I1 violated, mail seed 1: .*\nseed m1 \(both, crm wins/m)
  expect(status).toBe(1)
}, 120_000)

test('the conflict policy of a world is chosen by name', () => {
  const { status, stdout } = simulate(
    '--layer',
    'acts',
    '--seeds',
    '2',
    '--shape',
    'conflict=newest',
    '--json',
  )
  expect(JSON.parse(stdout)).toMatchObject({ seeds: 2, violations: 0 })
  expect(status).toBe(0)
}, 120_000)

test.each([
  ['--layer=engines', 'There is no layer "engines".'],
  ['--seeds=many', '--seeds must be a whole number, not "many".'],
  ['--shape=direction=up', '--shape does not know "direction=up".'],
  ['--speed=9', "Unknown option '--speed'"],
])('%s is refused in plain words', (option, says) => {
  const { status, stdout, stderr } = simulate(option)
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
  expect(stderr).toContain('Usage: npm run simulate')
})
