import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Sections T, C and G of SPEC.md are kept by this folder, section M by it and two stories: each rule has a test that
 * names it, each name a rule.
 */
const root = join(import.meta.dirname, '..', '..')
const rules = [...readFileSync(join(root, 'SPEC.md'), 'utf8').matchAll(/^\| ([TCGM]\d+) \|/gm)].map(
  ([, id]) => id ?? '',
)
const named = new Set<string>()
const stories = join(root, 'tests', 'stories')
for (const file of [
  ...readdirSync(import.meta.dirname).map((name) => join(import.meta.dirname, name)),
  join(stories, 'linking.test.ts'),
  join(stories, 'mailroom.test.ts'),
])
  if (file.endsWith('.test.ts'))
    for (const [, id] of readFileSync(file, 'utf8').matchAll(/['"]\[([TCGM]\d+)\]/g)) named.add(id ?? '')

test('every rule of time, canonical forms, settings and mail is tested by its number, and every number is a rule', () => {
  expect(rules.length).toBeGreaterThan(25)
  expect(new Set(rules).size).toBe(rules.length)
  expect([...named].sort()).toEqual([...rules].sort())
})

test('every file that a rule names is there', () => {
  const spec = readFileSync(join(root, 'SPEC.md'), 'utf8')
  const here = new Set(readdirSync(import.meta.dirname))
  const files = [...spec.matchAll(/`core\/([a-z-]+\.ts)`/g)].map(([, file]) => file ?? '')
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((file) => !here.has(file))).toEqual([])
})
