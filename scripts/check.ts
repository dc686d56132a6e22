/** `npm run check`: every gate, one after the other; all are run, so that one reading shows all that is to do. */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = (path: string): string => join(root, 'node_modules', path)

const gates: readonly (readonly [name: string, ...command: readonly string[]])[] = [
  ['format', bin('prettier/bin/prettier.cjs'), '--check', '.'],
  ['lint', bin('eslint/bin/eslint.js'), '.'],
  ['types of core', bin('typescript/bin/tsc'), '-p', 'tsconfig.core.json'],
  ['types of the server', bin('typescript/bin/tsc'), '-p', 'tsconfig.json'],
  ['types of the web', bin('typescript/bin/tsc'), '-p', 'tsconfig.web.json'],
  ['boundaries', bin('.bin/depcruise'), 'src'],
  ['unused code', bin('knip/bin/knip.js')],
  ['links in the documentation', join(root, 'scripts', 'check-docs.ts')],
]

const failed: string[] = []
for (const [name, ...command] of gates) {
  const began = performance.now()
  const { code, output } = await run(command)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  if (code !== 0) {
    failed.push(name)
    console.log(output.trimEnd())
  }
}
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1

function run(command: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...command], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('exit', (code) => resolve({ code: code ?? 1, output }))
  })
}
