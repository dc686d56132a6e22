import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/**
 * The boundary check must be able to see what it guards: each arrow that the house forbids is planted in a small tree
 * with our own rules, and every one has to be reported. A check that finds no module at all would report nothing too.
 */
const ROOT = resolve(import.meta.dirname, '..')
const PLANTED: readonly { readonly file: string; readonly imports: string; readonly rule: string }[] = [
  { file: 'src/core/reads.ts', imports: 'node:fs', rule: 'core-is-pure' },
  { file: 'src/core/asks-store.ts', imports: '../store/target.ts', rule: 'core-is-pure' },
  { file: 'src/core/asks-graph.ts', imports: '../connectors/graph/target.ts', rule: 'core-is-pure' },
  {
    file: 'src/connectors/graph/knows-crm.ts',
    imports: '../crm/target.ts',
    rule: 'connectors-are-strangers',
  },
  {
    file: 'src/connectors/crm/knows-graph.ts',
    imports: '../graph/target.ts',
    rule: 'connectors-are-strangers',
  },
  { file: 'src/connectors/graph/writes-store.ts', imports: '../../store/target.ts', rule: 'not-in-allowed' },
  {
    file: 'src/emulator/peeks-wire.ts',
    imports: '../connectors/graph/target.ts',
    rule: 'emulator-is-a-second-opinion',
  },
  { file: 'src/emulator/peeks-core.ts', imports: '../core/target.ts', rule: 'emulator-is-a-second-opinion' },
  { file: 'src/engine/names-graph.ts', imports: '../connectors/graph/target.ts', rule: 'not-in-allowed' },
  { file: 'src/engine/names-server.ts', imports: '../server/target.ts', rule: 'not-in-allowed' },
  { file: 'src/store/calls-engine.ts', imports: '../engine/target.ts', rule: 'not-in-allowed' },
  { file: 'src/web/reaches-store.ts', imports: '../store/target.ts', rule: 'not-in-allowed' },
  { file: 'src/web/runs-server.ts', imports: '../server/target.ts', rule: 'not-in-allowed' },
  { file: 'src/services/new-folder.ts', imports: '../core/target.ts', rule: 'not-in-allowed' },
  { file: 'src/core/uses-test.ts', imports: './target.test.ts', rule: 'nothing-imports-a-test' },
]
const TARGETS = ['core', 'store', 'engine', 'server', 'emulator', 'connectors/graph', 'connectors/crm']

let tree = ''
let reported: { readonly from: string; readonly rule: { readonly name: string } }[] = []
let modules = 0

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'syncline-boundaries-'))
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(tree, file)), { recursive: true })
    writeFileSync(join(tree, file), text)
  }
  for (const folder of TARGETS) put(`src/${folder}/target.ts`, 'export const target = 1\n')
  put('src/core/target.test.ts', 'export const target = 1\n')
  put('src/core/circle-a.ts', "import { b } from './circle-b.ts'\nexport const a = (): number => b()\n")
  put('src/core/circle-b.ts', "import { a } from './circle-a.ts'\nexport const b = (): number => a()\n")
  for (const { file, imports } of PLANTED)
    put(file, `import * as target from '${imports}'\nexport const used = target\n`)
  for (const file of ['.dependency-cruiser.js', 'tsconfig.json', 'tsconfig.base.json'])
    cpSync(join(ROOT, file), join(tree, file))
  put('package.json', '{ "type": "module" }\n')
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'), 'dir')
  const result = JSON.parse(cruise(tree)) as {
    summary: { violations: typeof reported; totalCruised: number }
  }
  reported = result.summary.violations
  modules = result.summary.totalCruised
})
afterAll(() => rmSync(tree, { recursive: true, force: true }))

function cruise(cwd: string): string {
  const command = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  try {
    return execFileSync(process.execPath, [command, 'src', '--output-type', 'json'], {
      cwd,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    // A violation makes the exit code non-zero; the report is on its standard output all the same.
    return (error as { stdout: string }).stdout
  }
}

test('the check reads the planted files at all', () => {
  expect(modules).toBeGreaterThan(PLANTED.length)
})

test.each(PLANTED)('$file importing $imports is reported as $rule', ({ file, rule }) => {
  expect(
    reported.filter((violation) => violation.from === file).map((violation) => violation.rule.name),
  ).toContain(rule)
})

test('a cycle is reported', () => {
  expect(
    reported.some(
      (violation) => violation.rule.name === 'no-cycles' && violation.from.startsWith('src/core/circle-'),
    ),
  ).toBe(true)
})
