import { join } from 'node:path'
import { resolve } from '../core/settings.ts'
import { openData, startApp, type App } from '../app.ts'
import { storedSettings } from '../server/settings-store.ts'
import type { Demo } from '../server/parts.ts'
import { readConfiguration } from './configuration.ts'
import { DEMO_PASSWORD, seedDemo, startEmulator, type RunningDemo } from './demo.ts'
import { colors, makeOutput } from './output.ts'

/** `syncline start`: the product in this process until it is told to end. */
type Flags = { readonly [name: string]: string | boolean | undefined }

/** What was promised: everything ends within five seconds; who hangs longer is left behind. */
const CLOSE_MS = 4_500

export async function start(flags: Flags, json: boolean): Promise<void> {
  const configuration = readConfiguration(flags)
  const out = makeOutput(json)
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  const microsoft = { graph: '', login: '' }
  const current: { current: Demo | null } = { current: null }
  const ending = endsOnSignal()
  const app = await startApp(configuration, { microsoft, demo: current, say })
  let demo: RunningDemo | null = null
  try {
    if (configuration.values.demo && (await wantsDemo(app))) {
      say('Starting the emulated Microsoft 365 …')
      demo = await startEmulator(
        configuration.values.emulatorPort,
        join(configuration.values.data, 'emulator.state'),
      )
      microsoft.graph = demo.info.graph
      microsoft.login = demo.info.login
      current.current = demo.demo
      await seedDemo(app, demo.info, say)
    }
  } catch (error) {
    await demo?.close()
    await app.close()
    throw error
  }
  out.facts(readyFacts(app, demo), () => readyText(app, demo))
  await ending
  const forced = setTimeout(() => process.exit(0), CLOSE_MS)
  await app.close()
  await demo?.close()
  clearTimeout(forced)
  process.exit(0)
}

/** Nothing is configured, or what is configured is the demo itself. */
async function wantsDemo(app: App): Promise<boolean> {
  const settings = await storedSettings(app.database, null)
  if (resolve('application.clientId', settings).value === '') {
    const users = await app.database.query('select 1 from users limit 1')
    return users.length === 0
  }
  const [row] = await app.database.query<{ updated_by: string }>(
    `select updated_by from settings where scope = 'system' and key = 'application.clientId'`,
  )
  return row?.updated_by === 'demo'
}

function endsOnSignal(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => done())
  })
}

function readyFacts(app: App, demo: RunningDemo | null): object {
  return {
    ready: true,
    backOffice: app.url,
    api: `${app.url}/api`,
    admin: demo === null ? null : { email: demo.demo.accounts[0]?.email ?? '', password: DEMO_PASSWORD },
    microsoft: demo === null ? null : demo.info,
  }
}

function readyText(app: App, demo: RunningDemo | null): string {
  const strong = (text: string): string => colors.bold(text)
  if (demo === null)
    return [
      '',
      strong('Syncline runs.'),
      `  Back-office    ${app.url}`,
      `  API            ${app.url}/api/openapi.json`,
      '',
      'Open the back-office: the first page makes the administrator, then the set-up guide connects your tenant.',
      'Ctrl+C ends everything.',
    ].join('\n')
  const [admin, person] = demo.demo.accounts
  return [
    '',
    strong('Syncline runs, with an emulated Microsoft 365 and a demo company.'),
    `  Back-office    ${app.url}`,
    `  Sign in as     ${admin?.email ?? ''}  (administrator)`,
    `                 ${person?.email ?? ''}  (user)`,
    `  Password       ${DEMO_PASSWORD}`,
    `  API            ${app.url}/api/openapi.json`,
    `  Microsoft 365  ${demo.info.login}  (emulated)`,
    '',
    'Three things to try:',
    `  1. Sign in as ${person?.email ?? 'a user'}, move a meeting in Calendar, and see under History how it was written to Microsoft.`,
    '  2. npm run syncline -- status      is everything in sync, and as of when?',
    `  3. npm run syncline -- plan ${person?.email ?? 'ADDRESS'} calendar      what would the next run do?`,
    '',
    'Ctrl+C ends everything.',
  ].join('\n')
}

export async function migrateOnly(flags: Flags): Promise<void> {
  const { values } = readConfiguration({ data: flags['data'] })
  const out = makeOutput(flags['json'] === true)
  const data = await openData(values)
  try {
    const applied = data.migrated
    out.facts({ applied }, () =>
      applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}.`,
    )
  } finally {
    await data.close()
  }
}
