import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PLANTED, ROOT, withBug } from './planted.ts'

/** So that the catalogue cannot rot unnoticed: a bug whose piece of source is gone would never be planted. */
describe('the catalogue of planted bugs', () => {
  it('has at least 25, each with a name of its own', () => {
    expect(PLANTED.length).toBeGreaterThanOrEqual(25)
    expect(new Set(PLANTED.map((bug) => bug.name)).size).toBe(PLANTED.length)
  })

  it.each(PLANTED)('$name: each piece occurs exactly once, and what comes instead can be parsed', (bug) => {
    expect(bug.edits.length).toBeGreaterThan(0)
    for (const file of new Set(bug.edits.map((edit) => edit.file))) {
      const source = readFileSync(join(ROOT, file), 'utf8')
      const planted = withBug(bug, file, source)
      expect(planted).not.toBe(source)
      expect(() => stripTypeScriptTypes(planted)).not.toThrow()
    }
  })
})
