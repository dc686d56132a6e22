/**
 * The product process of `npm run bench -- scale`: the whole product as `npm start` composes it, told what to do over
 * IPC by bench/scale.ts, so that its peak memory is its own.
 */
import { startApp, type App } from '../src/app.ts'
import { readConfiguration } from '../src/cli/configuration.ts'
import { seedDemo } from '../src/cli/demo.ts'
import type { MicrosoftInfo } from '../src/emulator/emulator.ts'

export type ScaleAsk =
  | { readonly do: 'start'; readonly folder: string; readonly microsoft: MicrosoftInfo }
  | { readonly do: 'connect'; readonly microsoft: MicrosoftInfo }
  | { readonly do: 'cycle' }
export interface ScaleTold {
  readonly seconds: number
  readonly records: number
  readonly behind: number
  readonly rssBytes: number
  readonly peakRssBytes: number
}

let app: App | null = null
const LOOK_MS = 50

process.on('disconnect', () => process.exit())
process.on('message', (ask: ScaleAsk) => {
  void answer(ask).then(
    (told) => process.send?.(told),
    (error: unknown) =>
      process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})

async function answer(ask: ScaleAsk): Promise<ScaleTold> {
  const began = performance.now()
  switch (ask.do) {
    case 'start':
      app = await start(ask.folder, ask.microsoft)
      break
    case 'connect':
      if (app !== null) await seedDemo(app, ask.microsoft, () => undefined)
      await untilAllPassed(0)
      break
    case 'cycle': {
      const since = Date.now()
      await query('update channels set next_at = now() where enabled')
      await untilAllPassed(since)
    }
  }
  const seconds = (performance.now() - began) / 1000
  const [records] = await query<{ n: number }>('select count(*)::int as n from records')
  const [behind] = await query<{ n: number }>(
    `select count(*)::int as n from channels where enabled and state not in ('idle')`,
  )
  return {
    seconds,
    records: records?.n ?? 0,
    behind: behind?.n ?? 0,
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  }
}

const query = async <T>(text: string, values: unknown[] = []): Promise<T[]> =>
  app === null ? [] : app.database.query<T & object>(text, values)

/** Every enabled channel has finished a pass that began after `since`. */
async function untilAllPassed(since: number): Promise<void> {
  for (;;) {
    const [open] = await query<{ n: number }>(
      `select count(*)::int as n from channels
        where enabled and (last_finished_at is null or last_started_at < to_timestamp($1::float8 / 1000))`,
      [since],
    )
    if (open?.n === 0) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

async function start(folder: string, microsoft: MicrosoftInfo): Promise<App> {
  const configuration = readConfiguration(
    { data: folder, port: '0' },
    { DATABASE_URL: process.env['DATABASE_URL'] ?? '' },
    folder,
  )
  return startApp(configuration, { microsoft: { graph: microsoft.graph, login: microsoft.login } })
}
