/**
 * `npm run bench -- sync`: calendar and tasks between the emulator (a process of its own, on loopback, without added
 * latency) and the real engine on a fresh embedded database, or on DATABASE_URL. A part of a `$batch` counts as a
 * request. Peak memory is that of the sync process, the embedded database in it.
 *
 * Lower bounds: a first sync needs one request for each 1,000 rows that Microsoft has to tell (a calendar view tells
 * each occurrence); a round with nothing new needs one; a change needs one write, or one page that tells it, and the
 * round that reads the echo. Tasks are above that bound on purpose: Microsoft tells recurrences in a listing of their own
 * (one request for each list at a first sync), and documents no If-Match for To Do, so that a task is read before it is
 * written.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions, Emit } from './main.ts'
import { startEmulator, startWorker } from './processes.ts'
import type { Ask, Told } from './sync-worker.ts'

const PAGE = 1_000
const EVENTS = [2_000, 10_000]
const TASKS = [5_000]
const NOOPS = 7

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  const wanted = (sizes: readonly number[]): readonly number[] =>
    options.n === undefined ? sizes : sizes.includes(options.n) ? [options.n] : []
  const other = options.n !== undefined && !EVENTS.includes(options.n) && !TASKS.includes(options.n)
  for (const n of other ? [options.n ?? 0] : wanted(EVENTS))
    await channel('calendar', 'events', n, options, emit)
  for (const n of wanted(TASKS)) await channel('tasks', 'tasks', n, options, emit)
  for (const n of wanted([2_000])) await push(n, options, emit)
}

export interface Bed {
  ask(ask: Ask): Promise<Told>
  /** As the person in Outlook. */
  outlook<T>(method: string, path: string, body?: unknown): Promise<T>
  end(): Promise<void>
}

async function channel(
  name: 'calendar' | 'tasks',
  label: string,
  n: number,
  { say }: BenchOptions,
  emit: Emit,
): Promise<void> {
  const bed = await begin(name === 'calendar' ? `large:events=${n}` : `large:tasks=${n}`, say)
  try {
    // The other, empty channel first: it asks who the mailbox is, once for both.
    await bed.ask({ do: 'pass', channel: name === 'calendar' ? 'tasks' : 'calendar' })
    say(`${label}: first sync of ${n}`)
    const initial = await bed.ask({ do: 'pass', channel: name })
    expect(initial, n, (await bed.ask({ do: 'records', channel: name })).count)
    const { collections } = initial
    // Each list has pages of its own: with tasks, a begun thousand of each list costs a request.
    const pages = name === 'calendar' ? Math.max(1, Math.ceil(initial.rows / PAGE)) : await pagesOfLists(bed)
    figures(emit, `${label}-initial`, n, initial, pages, n)

    const noops: Told[] = []
    for (let round = 0; round < NOOPS; round++) noops.push(await bed.ask({ do: 'pass', channel: name }))
    const noop = noops.sort((a, b) => a.seconds - b.seconds)[NOOPS >> 1]
    if (noop === undefined || noop.writes > 0) throw new Error('A round with nothing new wrote something.')
    figures(emit, `${label}-noop`, n, noop, collections, null)

    const each = Math.max(1, Math.round(n / 100))
    await changeInOutlook(bed, name, each)
    await bed.ask({ do: 'edit', channel: name, count: each })
    const change = await bed.ask({ do: 'pass', channel: name })
    const echo = await bed.ask({ do: 'pass', channel: name })
    if (echo.writes > 0 || change.writes !== each)
      throw new Error(
        `${each} changes on each side made ${change.writes} writes, and ${echo.writes} for their echo.`,
      )
    const told: Told = {
      ...change,
      seconds: change.seconds + echo.seconds,
      requests: change.requests + echo.requests,
    }
    figures(emit, `${label}-delta`, n, told, each + 2 * collections, 2 * each)
  } finally {
    await bed.end()
  }
}

async function pagesOfLists(bed: Bed): Promise<number> {
  type Lists = { readonly value: readonly { readonly id: string }[] }
  const { value } = await bed.outlook<Lists>('GET', '/me/todo/lists')
  let pages = 0
  for (const { id } of value) {
    const path = `/me/todo/lists/${id}/tasks?$top=1&$count=true`
    const told = await bed.outlook<{ readonly '@odata.count': number }>('GET', path)
    pages += Math.max(1, Math.ceil(told['@odata.count'] / PAGE))
  }
  return pages
}

async function push(n: number, { say }: BenchOptions, emit: Emit): Promise<void> {
  const bed = await begin('large:events=0', say)
  try {
    await bed.ask({ do: 'pass', channel: 'calendar' })
    await bed.ask({ do: 'create', count: n })
    say(`events: first push of ${n}`)
    const pushed = await bed.ask({ do: 'pass', channel: 'calendar' })
    if (pushed.writes !== n) throw new Error(`${n} new events made ${pushed.writes} writes.`)
    figures(emit, 'events-push', n, pushed, n + 1, n)
  } finally {
    await bed.end()
  }
}

function expect(told: Told, wanted: number, count: number): void {
  if (told.message !== null) throw new Error(`The pass did not end well: ${told.message}`)
  if (count !== wanted) throw new Error(`The CRM holds ${count} items after the first sync, not ${wanted}.`)
}

export function figures(
  emit: Emit,
  name: string,
  n: number,
  told: Told,
  bound: number,
  items: number | null,
): void {
  const emitOne = (metric: string, value: number, unit: string): void =>
    emit({ case: name, n, metric, value, unit })
  emitOne('seconds', told.seconds, 's')
  if (items !== null) emitOne('items_per_second', items / told.seconds, '1/s')
  emitOne('requests', told.requests, 'requests')
  emitOne('requests_lower_bound', bound, 'requests')
  emitOne('writes', told.writes, 'requests')
  emitOne('peak_rss_bytes', told.peakRssBytes, 'B')
}

/** Changes titles of `count` items as the person in Outlook would, before the clock runs. */
async function changeInOutlook(bed: Bed, name: 'calendar' | 'tasks', count: number): Promise<void> {
  type Listed = {
    readonly value: readonly { readonly id: string; readonly subject?: string; readonly title?: string }[]
  }
  const lists =
    name === 'tasks'
      ? await bed.outlook<{ readonly value: readonly { readonly id: string }[] }>('GET', '/me/todo/lists')
      : null
  const base = lists === null ? '/me/events' : `/me/todo/lists/${lists.value[0]?.id ?? ''}/tasks`
  // From the far end of the list: the CRM's person changes other ones.
  const page = await bed.outlook<Listed>('GET', `${base}?$top=${count}&$orderby=createdDateTime desc`)
  for (const each of page.value.slice(0, count))
    await bed.outlook(
      'PATCH',
      `${base}/${each.id}`,
      name === 'tasks' ? { title: `${each.title ?? ''} +` } : { subject: `${each.subject ?? ''} +` },
    )
}

export async function begin(seed: string, say: (line: string) => void): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-bench-'))
  say(`emulator with ${seed}`)
  const emulator = await startEmulator(seed)
  const { microsoft } = emulator
  const worker = startWorker<Ask, Told>('sync-worker.ts')
  await worker.ask({
    do: 'start',
    start: { folder, databaseUrl: process.env['DATABASE_URL'] ?? null, microsoft },
  })
  const person = microsoft.users[0]?.userPrincipalName ?? ''
  return {
    ask: worker.ask,
    outlook: (method, path, body) => emulator.act(person, method, path, body),
    end: async () => {
      await Promise.all([worker.end(), emulator.end()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
