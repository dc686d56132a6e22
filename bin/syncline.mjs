#!/usr/bin/env node
/** `syncline …` where the project is installed as a command: the same as `npm run syncline -- …`. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const run = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
// The child gets the terminal's signals itself and ends; then this ends with its code.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
const { status } = spawnSync(process.execPath, [run, 'syncline', ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
