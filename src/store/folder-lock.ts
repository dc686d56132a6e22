import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * One process at a time may open a data folder: the embedded database has no lock of its own, and two processes on
 * one folder destroy each other's work without any error. The lock is a file beside the database's own folder, made
 * with O_EXCL. It holds the process id; only the lock of a process that is no longer alive is taken over.
 */
export interface FolderLock {
  release(): void
}

export class FolderInUse extends Error {
  readonly pid: number
  constructor(folder: string, pid: number) {
    super(
      `The data folder ${folder} is in use by process ${pid}. Nothing was opened or changed. ` +
        `Stop that process first, or choose another folder with --data. ` +
        `While it runs, the command line talks to it through its API.`,
    )
    this.name = 'FolderInUse'
    this.pid = pid
  }
}

/** Locks that this process holds: its own pid in a lock file is otherwise left over from an earlier life. */
const held = new Set<string>()
/** Attempts to take over a dead process's lock while others try the same. */
const ATTEMPTS_MAX = 5

/** @throws {FolderInUse} */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, 'lock')
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (tryCreate(path)) {
      held.add(path)
      return {
        release: () => {
          if (held.delete(path)) rmSync(path, { force: true })
        },
      }
    }
    const pid = readPid(path)
    if (pid !== null && isAlive(pid, path)) throw new FolderInUse(folder, pid)
    if (pid !== null) rmSync(path, { force: true })
  }
  throw new FolderInUse(folder, readPid(path) ?? 0)
}

function tryCreate(path: string): boolean {
  try {
    const descriptor = openSync(path, 'wx', 0o600)
    writeSync(descriptor, `${process.pid}\n`)
    closeSync(descriptor)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Null when the file went away in the meantime. A file without a number was cut off while it was made: pid 0, dead. */
function readPid(path: string): number | null {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || 0
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function isAlive(pid: number, path: string): boolean {
  if (pid <= 0) return false
  if (pid === process.pid) return held.has(path)
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined
