/**
 * `npm run bench -- mail`: a mailbox of n messages of about 4 KB in ten folders, between the emulator (a process of its
 * own, on loopback, without added latency) and the real engine on a fresh embedded database, or on DATABASE_URL. Every
 * commit is flushed to the disk. Peak memory is that of the sync process, the embedded database in it.
 *
 * Lower bounds: a page holds 1,000 messages, so a first import needs one request for each begun thousand of each folder;
 * a round with nothing new asks each folder once, in one journey; a change in the CRM needs one write, and each folder
 * is asked again to read the echo. Finding the folders is the set-up's, and is told as a case of its own.
 */
import type { BenchOptions, Emit } from './main.ts'
import { measurePeer, missingPeer } from './mbsync.ts'
import { begin, figures, type Bed } from './sync.ts'
import type { Told } from './sync-worker.ts'

const SIZES = [10_000, 50_000]
const PAGE = 1_000
const NOOPS = 7
/** Shares of the ten folders of a generated mailbox. */
const SHARES = [0.6, 0.16, 0.1, 0.06, 0.04, 0.02, 0.01, 0.006, 0.003, 0.001]

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  const noPeer = missingPeer()
  if (noPeer !== null) options.say(`mbsync is not measured beside it: ${noPeer}`)
  for (const n of options.n === undefined ? SIZES : [options.n]) {
    await mailbox(n, options, emit)
    if (noPeer !== null) continue
    options.say(`mbsync with ${n} messages`)
    await measurePeer(n, SHARES, emit)
  }
}

async function mailbox(n: number, { say }: BenchOptions, emit: Emit): Promise<void> {
  const bed = await begin(`large:messages=${n}`, say)
  try {
    figures(emit, 'mail-folders', n, await bed.ask({ do: 'folders' }), 1, null)
    say(`mail: first import of ${n}`)
    const initial = await pass(bed)
    const { count } = await bed.ask({ do: 'records', channel: 'email' })
    if (count !== n) throw new Error(`The CRM holds ${count} messages after the first import, not ${n}.`)
    const pages = SHARES.reduce((sum, share) => sum + Math.ceil(Math.round(n * share) / PAGE), 0)
    figures(emit, 'initial', n, initial, pages, n)

    const noops: Told[] = []
    for (let round = 0; round < NOOPS; round++) noops.push(await pass(bed))
    const first = noops[0]
    if (first) emit({ case: 'noop', n, metric: 'first_seconds', value: first.seconds, unit: 's' })
    const noop = noops.sort((a, b) => a.seconds - b.seconds)[NOOPS >> 1]
    if (noop === undefined || noop.writes > 0) throw new Error('A round with nothing new wrote something.')
    figures(emit, 'noop', n, noop, SHARES.length, null)

    const each = Math.max(1, Math.round(n / 100))
    await changeInOutlook(bed, each)
    await bed.ask({ do: 'edit', channel: 'email', count: each })
    const change = await pass(bed)
    const echo = await pass(bed)
    if (echo.writes > 0 || change.writes !== each)
      throw new Error(
        `${each} changes on each side made ${change.writes} writes, and ${echo.writes} for their echo.`,
      )
    const both: Told = {
      ...echo,
      seconds: change.seconds + echo.seconds,
      requests: change.requests + echo.requests,
      writes: change.writes + echo.writes,
    }
    figures(emit, 'delta', n, both, each + 2 * SHARES.length, 2 * each)
  } finally {
    await bed.end()
  }
}

async function pass(bed: Bed): Promise<Told> {
  const told = await bed.ask({ do: 'pass', channel: 'email' })
  if (told.message !== null) throw new Error(`The pass did not end well: ${told.message}`)
  return told
}

/** A person in Outlook puts a category on `count` sent messages, before the clock runs. */
async function changeInOutlook(bed: Bed, count: number): Promise<void> {
  type Listed = { readonly value: readonly { readonly id: string }[] }
  const page = await bed.outlook<Listed>('GET', `/me/mailFolders/sentitems/messages?$top=${count}&$select=id`)
  for (const { id } of page.value) await bed.outlook('PATCH', `/me/messages/${id}`, { categories: ['Seen'] })
}
