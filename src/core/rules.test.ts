import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRuleId, rules, sentence } from './rules.ts'

const ids = Object.keys(rules)
const root = new URL('../../', import.meta.url).pathname

function testTexts(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
}

test('every rule is explained in SPEC.md, and SPEC.md explains no other', () => {
  const spec = readFileSync(join(root, 'SPEC.md'), 'utf8')
  const explained = [...spec.matchAll(/^\| \*?\*?(R\d+)\*?\*? \|/gm)].map((match) => match[1])
  expect(explained.sort()).toEqual([...ids].sort())
})

test('every rule has a test that names it', () => {
  const texts = [...testTexts('src'), ...testTexts('tests')].join('\n')
  expect(ids.filter((id) => !texts.includes(`[${id}]`) && !new RegExp(`\\['${id}'`).test(texts))).toEqual([])
})

test('a sentence says the CRM’s own name and no placeholder', () => {
  for (const id of ids) {
    if (!isRuleId(id)) throw new Error(`${id} is no rule`)
    expect(sentence(id, 'Oro')).not.toMatch(/[{}]|CRM/)
    expect(sentence(id)).toMatch(/^[A-Z].*\.$/)
  }
  expect(sentence('R10', 'Oro')).toBe('New in Oro: created in Microsoft 365.')
})
