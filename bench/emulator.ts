/**
 * The emulator by itself: how soon it answers, what a large mailbox costs, how fast pages and empty delta rounds are.
 * It must never be what a benchmark of the product waits for.
 */
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts'
import type { BenchOptions, Emit } from './main.ts'

const MESSAGES = 50_000
const PAGE = 1_000

interface Asked {
  readonly status: number
  readonly text: string
}

function asker(emulator: Emulator): (url: string, pageSize?: number) => Promise<Asked> {
  const { info, control } = emulator
  const token = control.token(info.clientId, null)
  return async (url, pageSize = PAGE) => {
    const headers = {
      authorization: `Bearer ${token}`,
      prefer: `IdType="ImmutableId", odata.maxpagesize=${pageSize}`,
    }
    const response = await emulator.handle(new Request(url, { headers }))
    return { status: response.status, text: await response.text() }
  }
}

/** Follows a delta round; the last link, and what each page took in milliseconds of this process's CPU. */
async function round(
  ask: ReturnType<typeof asker>,
  first: string,
): Promise<{ link: string; pageMilliseconds: number[]; items: number }> {
  const pageMilliseconds: number[] = []
  let items = 0
  let url = first
  for (;;) {
    const before = process.cpuUsage()
    const { status, text } = await ask(url)
    const spent = process.cpuUsage(before)
    if (status !== 200) throw new Error(`${url} answered ${status}: ${text.slice(0, 300)}`)
    pageMilliseconds.push((spent.user + spent.system) / 1000)
    items += text.split('"@odata.type"').length - 1
    const next = /"@odata\.nextLink":"([^"]+)"/.exec(text)?.[1]
    if (next === undefined)
      return { link: /"@odata\.deltaLink":"([^"]+)"/.exec(text)?.[1] ?? '', pageMilliseconds, items }
    url = next
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  const n = options.n ?? MESSAGES
  let started = performance.now()
  createEmulator({ seed: 'demo' })
  emit({
    case: 'start-demo',
    n: 1,
    metric: 'seconds',
    value: (performance.now() - started) / 1000,
    unit: 's',
  })

  options.say(`filling a mailbox with ${n} messages, ${n / 5} events, ${n / 10} tasks`)
  const rssBefore = process.memoryUsage.rss()
  started = performance.now()
  const emulator = createEmulator({
    seed: `large:messages=${n},events=${Math.floor(n / 5)},tasks=${Math.floor(n / 10)}`,
  })
  emulator.control.store.switches.requestsPerTenMinutesMax = 0
  emit({ case: 'start-large', n, metric: 'seconds', value: (performance.now() - started) / 1000, unit: 's' })
  emit({
    case: 'start-large',
    n,
    metric: 'rss_growth_bytes',
    value: process.memoryUsage.rss() - rssBefore,
    unit: 'bytes',
  })

  const ask = asker(emulator)
  const person = `${emulator.info.graph}/users/${emulator.info.users[0]?.id ?? ''}`
  const list = /"id":"([^"]+)"/.exec((await ask(`${person}/todo/lists`)).text)?.[1] ?? ''
  const now = Date.now()
  const at = (days: number): string => new Date(now + days * 86_400_000).toISOString()
  const rounds = {
    'messages-delta': `${person}/mailFolders/inbox/messages/delta`,
    'events-delta': `${person}/calendar/events/delta`,
    'view-delta': `${person}/calendarView/delta?startDateTime=${at(-30)}&endDateTime=${at(730)}`,
    'tasks-delta': `${person}/todo/lists/${list}/tasks/delta`,
  }
  for (const [name, first] of Object.entries(rounds)) {
    await round(ask, first)
    const { link, pageMilliseconds, items } = await round(ask, first)
    const full = pageMilliseconds.slice(0, Math.max(1, pageMilliseconds.length - 1))
    emit({ case: name, n: items, metric: 'page_cpu_milliseconds', value: median(full), unit: 'ms' })
    const times = 3_000
    for (let i = 0; i < times; i++) await ask(link)
    started = performance.now()
    for (let i = 0; i < times; i++) await ask(link)
    emit({
      case: `${name}-noop`,
      n: items,
      metric: 'request_milliseconds',
      value: (performance.now() - started) / times,
      unit: 'ms',
    })
  }
  const pages = 50
  started = performance.now()
  for (let i = 0; i < pages; i++) await ask(`${person}/mailFolders/inbox/messages?$top=${PAGE}`)
  emit({
    case: 'messages-page',
    n: PAGE,
    metric: 'requests_per_second',
    value: (pages * 1000) / (performance.now() - started),
    unit: '1/s',
  })
}
