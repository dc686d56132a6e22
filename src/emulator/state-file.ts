/**
 * A world that outlives its process. The file is written beside itself and renamed, so whoever kills the process finds
 * the older or the newer world, never half of one; what changed since the last writing is lost then.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import type { Emulator, SavedWorld } from './emulator.ts'
import type { Listening } from './server.ts'

/** Moves when rows of an older version could not be read any more. */
const FORMAT = 'syncline-emulator-1'
const EVERY = 10_000
/** Writing takes at most about this share of the time. */
const SHARE_MAX = 0.05

interface Kept {
  readonly format: string
  readonly port: number
  readonly world: SavedWorld
}

/** What a file holds; null when there is none yet. Throws when it is no state of this version. */
export function readState(path: string): { readonly world: SavedWorld; readonly port: number } | null {
  if (!existsSync(path)) return null
  let kept: Partial<Kept> | null
  try {
    kept = deserialize(readFileSync(path)) as Partial<Kept> | null
  } catch {
    kept = null
  }
  const { format, port, world } = kept ?? {}
  if (format !== FORMAT || world === undefined)
    throw new Error(
      `${path} holds no state of this version of the emulator. Nothing was changed. Move the file away to begin with a fresh company.`,
    )
  return { world, port: port ?? 0 }
}

function writeState(path: string, kept: Kept): void {
  const beside = `${path}.new`
  const file = openSync(beside, 'w', 0o600)
  try {
    const bytes = serialize(kept)
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
}

export interface KeptState {
  /** Writes the last state; nothing is written after it. */
  close(): void
}

/** Writes the emulator's world to `path` now and again while somebody uses it, and once more at the end. */
export function keepState(
  emulator: Emulator,
  path: string,
  port: number,
  everyMilliseconds = EVERY,
): KeptState {
  let written = -1
  let notBefore = 0
  const write = (): void => {
    const { requests } = emulator
    if (requests === written) return
    const begun = performance.now()
    writeState(path, { format: FORMAT, port, world: emulator.save() })
    written = requests
    notBefore = performance.now() + (performance.now() - begun) / SHARE_MAX
  }
  write()
  const timer = setInterval(() => {
    if (performance.now() < notBefore) return
    try {
      write()
    } catch (error) {
      clearInterval(timer)
      process.stderr.write(
        `The emulator's state could not be written to ${path}: ${String(error)}. The emulator goes on; the file keeps what it held, and is tried once more at the end.\n`,
      )
    }
  }, everyMilliseconds)
  timer.unref()
  return {
    close: () => {
      clearInterval(timer)
      // In process a person acts without a request.
      written = -1
      write()
    },
  }
}

export const portOf = (url: string): number => Number(new URL(url).port)

/** Listens on the port of last time, or on `otherwise` when somebody else has it. */
export async function listenAgain(emulator: Emulator, port: number, otherwise: number): Promise<Listening> {
  try {
    return await emulator.listen(port)
  } catch (error) {
    if (port === otherwise) throw error
    return emulator.listen(otherwise)
  }
}
