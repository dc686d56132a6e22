/**
 * `npm test`: all tests. The embedded database always; PostgreSQL when `TEST_DATABASE_URL` is set or a local server
 * answers; the browser when a Chromium is found. The last line says how many passed, failed and were skipped.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './find-chromium.ts'
import { findPostgres } from './find-postgres.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const report = join(root, '.cache', `tests-${process.pid}.json`)

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const env: NodeJS.ProcessEnv = { ...process.env }
delete env.TEST_DATABASE_URL
const postgres = await findPostgres(process.env.TEST_DATABASE_URL)
if (postgres.url !== null) env.TEST_DATABASE_URL = postgres.url
console.log(`PostgreSQL: ${postgres.words}`)

const chromium = await findChromium()
if (chromium.path !== null) env.SYNCLINE_CHROMIUM = chromium.path
console.log(`Browser: ${chromium.words}`)
if (postgres.required && postgres.url === null) process.exit(1)

mkdirSync(dirname(report), { recursive: true })
const code = await new Promise<number>((resolve) => {
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  child.on('error', () => resolve(1))
  child.on('exit', (status) => resolve(status ?? 1))
})

const result = readReport()
rmSync(report, { force: true })
// A file that breaks before its first test has no test to count: it counts as one failure.
const brokenFiles =
  result?.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
    .length ?? 0
const passed = result?.numPassedTests ?? 0
const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0)
const counted = (result?.numFailedTests ?? 0) + brokenFiles
const failed = code !== 0 && counted === 0 ? 1 : counted
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : code

function readReport(): Report | null {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as Report
  } catch {
    console.error('The test runner left no report; what it said is above.')
    return null
  }
}
