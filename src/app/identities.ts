import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

/** Real time, chance and ids: the only place of the product that takes them from the machine. */
export interface AppEnv {
  readonly now: () => number
  readonly newId: () => string
  readonly random: () => number
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

export function realEnv(): AppEnv {
  const newId = makeIds()
  return {
    now: () => Date.now(),
    newId,
    random: () => Math.random(),
    sleep: (milliseconds, signal) => wait(milliseconds, undefined, signal === undefined ? {} : { signal }),
  }
}

/** Version 7 UUIDs (RFC 9562): in the order of time, and within one millisecond in the order they were made. */
function makeIds(): () => string {
  let lastMs = 0
  let count = 0
  return () => {
    const now = Date.now()
    if (now > lastMs) {
      lastMs = now
      count = 0
    } else count += 1
    if (count > 0xfff) {
      lastMs += 1
      count = 0
    }
    const time = lastMs.toString(16).padStart(12, '0')
    const random = randomBytes(8)
    random[0] = ((random[0] ?? 0) & 0x3f) | 0x80
    const tail = random.toString('hex')
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`
  }
}
