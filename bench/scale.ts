/**
 * `npm run bench -- scale`: the whole product with n mailboxes, each with ten events and ten tasks, against the emulator
 * in a process of its own. `connect` is from an empty database until every channel of every mailbox is proven in sync;
 * `cycle` is one round over all channels with nothing new, through the queue, as the schedule does it. Mailboxes a
 * second times the seconds of the interval is how many one process can keep in step.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions, Emit } from './main.ts'
import { startEmulator, startWorker } from './processes.ts'
import type { ScaleAsk, ScaleTold } from './scale-worker.ts'

const SIZES = [100, 1_000]
const CYCLES = 3
const INTERVAL_SECONDS = 300

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  for (const n of options.n === undefined ? SIZES : [options.n]) await company(n, options, emit)
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
