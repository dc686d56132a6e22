import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'

/**
 * [B] The command line with wrong input and no server: it says what to do, ends with the right code, and changes nothing.
 */
vi.setConfig({ testTimeout: 60_000 })
const main = join(import.meta.dirname, '../../src/cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'syncline-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function cli(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, ...words],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], SYNCLINE_DATA: join(folder, 'data') },
    },
  )
  return { status, said: `${stdout}${stderr}` }
}

const COMMANDS = [
  'status',
  'sync',
  'plan',
  'apply',
  'undo',
  'conflicts',
  'history',
  'doctor',
  'config',
  'connect',
  'export',
  'migrate',
  'start',
]

test.each(COMMANDS)('%s --help teaches, and an unknown option is wrong usage', (command) => {
  const help = cli(command, '--help')
  expect(help.status).toBe(0)
  expect(help.said).toMatch(/^Usage: syncline /)
  expect(help.said.length).toBeGreaterThan(150)
  const wrong = cli(command, '--nonsense')
  expect([wrong.status, wrong.said.includes('--help')]).toEqual([2, true])
})

test.each([
  ['nonsense'],
  ['plan'],
  ['plan', 'anna@contoso.example', 'nonsense'],
  ['apply'],
  ['undo'],
  ['sync', '--channel', 'nonsense'],
  ['conflicts', 'answer', 'some-id'],
  ['conflicts', 'answer', 'some-id', 'nonsense'],
  ['conflicts', 'answer', 'some-id', '--value', '{'],
  ['conflicts', 'answer', 'some-id', 'crm', '--value', '1'],
  ['history', '--export', 'nonsense'],
  ['history', '--limit', 'x'],
  ['history', '--limit', '0'],
  ['history', '--channel', 'nonsense'],
  ['export', 'contacts', '--format', 'json'],
  ['config', 'set'],
  ['export', 'nonsense'],
  ['config', 'get', '--scope', 'nonsense', 'x'],
  ['start', '--port', 'x'],
  ['start', '--port', '70000'],
  ['start', '--emulator-port', '-1'],
])('syncline %s %s %s %s %s is wrong usage', (...words) => {
  const { status, said } = cli(...words.filter((word) => word !== undefined))
  expect(status, said).toBe(2)
  expect(said.length).toBeGreaterThan(15)
  expect(said).not.toMatch(/ {4}at |TypeError/)
  expect(existsSync(join(folder, 'data')) ? readdirSync(join(folder, 'data')) : []).toEqual([])
})

test.each([
  ['status'],
  ['sync'],
  ['doctor'],
  ['history'],
  ['conflicts'],
  ['undo', 'x'],
  ['config', 'explain'],
])('syncline %s %s without a server says how to start one', (...words) => {
  const { status, said } = cli(...words.filter((word) => word !== undefined))
  expect(status).toBe(1)
  expect(said).toContain('npm start')
})
