/**
 * `npm run bench -- scale`: the whole product with n mailboxes, each with ten events and ten tasks, against the emulator
 * in a process of its own. `connect` is from an empty database until every channel of every mailbox is proven in sync;
 * `cycle` is one round over all channels with nothing new, through the queue, as the schedule does it. Mailboxes a
 * second times the seconds of the interval is how many one process can keep in step. `noop-mailbox` is such a round of one
 * large mailbox.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions, Emit } from './main.ts'
import { startEmulator, startWorker } from './processes.ts'
import type { ScaleAsk, ScaleTold } from './scale-worker.ts'
import { begin, figures } from './sync.ts'
import type { Told } from './sync-worker.ts'

const SIZES = [100, 1_000]
const CYCLES = 3
const FULL = { messages: 50_000, events: 5_000, tasks: 1_000 }
const NOOPS = 7
const INTERVAL_SECONDS = 300

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  if (options.n === undefined) await fullMailbox(options, emit)
  for (const n of options.n === undefined ? SIZES : [options.n]) await company(n, options, emit)
}

/** A round with nothing new over all three channels of one large mailbox: eighteen containers or so. */
async function fullMailbox({ say }: BenchOptions, emit: Emit): Promise<void> {
  const bed = await begin(`large:messages=${FULL.messages},events=${FULL.events},tasks=${FULL.tasks}`, say)
  try {
    const n = FULL.messages + FULL.events + FULL.tasks
    const round = async (): Promise<Told> => {
      const told: Told[] = []
      for (const channel of ['email', 'calendar', 'tasks'] as const)
        told.push(await bed.ask({ do: 'pass', channel }))
      const [last] = told.slice(-1)
      const sum = (of: (one: Told) => number): number => told.reduce((total, one) => total + of(one), 0)
      if (last === undefined || told.some((one) => one.message !== null))
        throw new Error('A pass did not end well.')
      return {
        ...last,
        seconds: sum((one) => one.seconds),
        requests: sum((one) => one.requests),
        writes: sum((one) => one.writes),
        collections: sum((one) => one.collections),
      }
    }
    await bed.ask({ do: 'folders' })
    say('first sync of a full mailbox')
    await round()
    const noops: Told[] = []
    for (let at = 0; at < NOOPS; at++) noops.push(await round())
    const noop = noops.sort((a, b) => a.seconds - b.seconds)[NOOPS >> 1]
    if (noop === undefined || noop.writes > 0) throw new Error('A round with nothing new wrote something.')
    figures(emit, 'noop-mailbox', n, noop, noop.collections, null)
  } finally {
    await bed.end()
  }
}

async function company(n: number, { say }: BenchOptions, emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-bench-'))
  // Two people are there anyway.
  say(`a company of ${n} people`)
  const emulator = await startEmulator(`large:people=${Math.max(0, n - 2)}`)
  const worker = startWorker<ScaleAsk, ScaleTold>('scale-worker.ts')
  const { microsoft } = emulator
  const one = (name: string, metric: string, value: number, unit: string): void =>
    emit({ case: name, n, metric, value, unit })
  try {
    const empty = await worker.ask({ do: 'start', folder, microsoft })
    one('start', 'seconds', empty.seconds, 's')
    one('start', 'rss_bytes', empty.rssBytes, 'B')
    say(`connecting ${n} mailboxes`)
    const connected = await worker.ask({ do: 'connect', microsoft })
    one('connect', 'seconds', connected.seconds, 's')
    one('connect', 'items_per_second', connected.records / connected.seconds, '1/s')
    if (connected.behind > 0) throw new Error(`${connected.behind} channels are not in sync.`)
    const cycles: ScaleTold[] = []
    for (let round = 0; round < CYCLES; round++) cycles.push(await worker.ask({ do: 'cycle' }))
    const cycle = cycles.sort((a, b) => a.seconds - b.seconds)[CYCLES >> 1]
    if (cycle === undefined || cycle.behind > 0) throw new Error('A round left channels behind.')
    one('cycle', 'seconds', cycle.seconds, 's')
    one('cycle', 'mailboxes_per_second', n / cycle.seconds, '1/s')
    one('cycle', 'mailboxes_in_five_minutes', Math.floor((n / cycle.seconds) * INTERVAL_SECONDS), 'mailboxes')
    one('cycle', 'rss_bytes', cycle.rssBytes, 'B')
    one('cycle', 'peak_rss_bytes', cycle.peakRssBytes, 'B')
  } finally {
    await Promise.all([worker.end(), emulator.end()])
    rmSync(folder, { recursive: true, force: true })
  }
}
