#!/usr/bin/env node
/**
 * `npm start`, `npm test` and all other commands pass through here: a plain program that Node 20 can run with nothing
 * installed. It brings the folder up to date (dependencies by the lock file, the back-office by its sources) and then
 * runs the command on the project's own Node, directly on the TypeScript sources.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const cache = join(root, '.cache')
const NODE_MAJOR_MIN = 24

/** Which file a command runs, and whether it serves the back-office. */
const COMMANDS = {
  start: { file: 'src/cli/main.ts', args: ['start'], web: true },
  syncline: { file: 'src/cli/main.ts', args: [], web: false },
  emulator: { file: 'src/emulator/main.ts', args: [], web: false },
  test: { file: 'scripts/test.ts', args: [], web: true },
  check: { file: 'scripts/check.ts', args: [], web: false },
  bench: { file: 'bench/main.ts', args: [], web: true },
  screenshots: { file: 'scripts/screenshots.ts', args: [], web: true },
  simulate: { file: 'tests/simulation/main.ts', args: [], web: false },
}

/** Progress goes to stderr: stdout belongs to the command, whose output a program may read. */
const say = (line) => process.stderr.write(`${line}\n`)

class Stop extends Error {}

function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** What npm wrote down after a complete install is compared with the lock file, package by package. */
function whatIsMissing() {
  const installed = join(modules, '.package-lock.json')
  if (!existsSync(installed)) return 'nothing is installed yet'
  const want = json(join(root, 'package-lock.json')).packages
  const have = json(installed).packages
  for (const [path, entry] of Object.entries(want)) {
    if (path === '') continue
    const found = have[path]
    if (found === undefined && !entry.optional)
      return `${path.replace(/^node_modules\//, '')} is not installed`
    if (found !== undefined && found.version !== entry.version)
      return `${path.replace(/^node_modules\//, '')} is at ${found.version}, the lock file says ${entry.version}`
  }
  return null
}

/** @returns {Promise<number>} the exit code */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    // A terminal signals the whole group by itself; a supervisor signals only this process.
    const forward = (signal) => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    // npm hands its signals to the shell between us, and that one dies without a word: being orphaned is the signal.
    const parent = process.ppid
    const orphaned = setInterval(() => {
      if (process.ppid !== parent) child.kill('SIGTERM')
    }, 200)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      clearInterval(orphaned)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143))
    })
  })
}

async function withProgress(what, work) {
  const began = Date.now()
  const seconds = () => Math.round((Date.now() - began) / 1000)
  say(`${what} …`)
  const timer = setInterval(() => say(`${what} … ${seconds()} s`), 5000)
  try {
    const result = await work()
    say(`${what}: done in ${seconds()} s`)
    return result
  } finally {
    clearInterval(timer)
  }
}

/** One set-up at a time: a second command waits for the first instead of installing over it. */
async function alone(work) {
  mkdirSync(cache, { recursive: true })
  const lock = join(cache, 'set-up.lock')
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = Number(readFileSync(lock, 'utf8')) || 0
    if (holder === 0 ? waited > 10 : !isAlive(holder)) rmSync(lock, { force: true })
    else if (waited % 20 === 0) say(`Waiting for another set-up of this folder (process ${holder}) …`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function install() {
  if (whatIsMissing() === null) return
  await alone(async () => {
    const missing = whatIsMissing()
    if (missing === null) return
    if (existsSync(modules) && lstatSync(modules).isSymbolicLink())
      throw new Stop(`node_modules is a link to another folder, and ${missing}. Install there: npm ci`)
    const npm = process.env.npm_execpath
    const [command, first] =
      npm !== undefined && /\.c?js$/.test(npm) ? [process.execPath, [npm]] : ['npm', []]
    const code = await withProgress(`Installing dependencies (${missing}; takes one to three minutes)`, () =>
      run(command, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
        // npm's own report is progress, too: it may not end up in what a program reads from us.
        stdio: ['ignore', 2, 2],
        // `npm start` hands its own configuration down; a command run with --json or --silent must not change this install.
        env: Object.fromEntries(
          Object.entries(process.env).filter(
            ([name]) => !/^npm_config_(json|silent|loglevel|production|omit)$/i.test(name),
          ),
        ),
        shell: process.platform === 'win32' && command === 'npm',
      }),
    )
    if (code !== 0)
      throw new Stop(
        'npm ci failed, its own words are above. Nothing else was changed. Check that the registry can be reached, then run the command again.',
      )
  })
}

/** The Node that the sources run on: the one that the lock file pins, else this one if it is new enough. */
function findNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const pinned = join(modules, 'node', 'bin', name)
  if (existsSync(pinned)) return pinned
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) return process.execPath
  throw new Stop(
    `Node ${NODE_MAJOR_MIN} is missing: npm did not run the install script of the package "node". Run: npm rebuild node --foreground-scripts (or use Node ${NODE_MAJOR_MIN} or newer yourself).`,
  )
}

function filesUnder(path) {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** The back-office is built when one of the files that it is made of changed. */
async function buildWeb(node) {
  const config = ['vite.config.ts', 'src/web/vite.config.ts'].map((path) => join(root, path)).find(existsSync)
  if (config === undefined) return
  const sources = [
    config,
    ...['src/web', 'src/core', 'package-lock.json'].flatMap((path) => filesUnder(join(root, path))),
  ]
  const hash = createHash('sha256')
  for (const file of sources.sort())
    hash.update(`${relative(root, file).split(sep).join('/')}\n`).update(readFileSync(file))
  const want = hash.digest('hex')
  const mark = join(root, 'dist', 'web', '.sources')
  const isFresh = () => existsSync(mark) && readFileSync(mark, 'utf8') === want
  if (isFresh()) return
  await alone(async () => {
    if (isFresh()) return
    const vite = join(modules, 'vite', 'bin', 'vite.js')
    const code = await withProgress('Building the back-office', () =>
      run(node, [vite, 'build', '--config', config, '--logLevel', 'warn'], { stdio: ['ignore', 2, 2] }),
    )
    if (code !== 0) throw new Stop('The back-office could not be built; the reason is above.')
    mkdirSync(dirname(mark), { recursive: true })
    writeFileSync(mark, want)
  })
}

async function main() {
  const [name, ...rest] = process.argv.slice(2)
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined
  if (command === undefined) {
    say(`Usage: node scripts/run.mjs ${Object.keys(COMMANDS).join('|')} [options]`)
    return 2
  }
  if (!existsSync(join(root, command.file)))
    throw new Stop(`${command.file} is not there: this copy of the project is not complete.`)
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 20) throw new Stop(`Node 20 or newer is needed to begin; this is ${process.versions.node}.`)
  await install()
  const node = findNode()
  if (command.web && !rest.includes('--help')) await buildWeb(node)
  return run(
    node,
    ['--disable-warning=ExperimentalWarning', join(root, command.file), ...command.args, ...rest],
    {
      env: {
        ...process.env,
        PATH: `${join(modules, '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
      },
    },
  )
}

try {
  process.exitCode = await main()
} catch (error) {
  say(error instanceof Stop ? error.message : `The set-up broke: ${error.stack}`)
  process.exitCode = 1
}
