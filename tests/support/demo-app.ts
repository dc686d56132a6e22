import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp, type App } from '../../src/app.ts'
import { readConfiguration } from '../../src/cli/configuration.ts'
import { DEMO_PASSWORD, seedDemo } from '../../src/cli/demo.ts'
import type { Json } from '../../src/core/item.ts'
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts'
import { signIn, until, type Browser } from './running-product.ts'

/** The whole product with the demo company, in this process: its database and the emulator can be looked into. */
export interface DemoApp {
  readonly app: App
  readonly emulator: Emulator
  readonly admin: Browser
  signIn(email: string): Promise<Browser>
  /** Saves settings as an administrator does. */
  set(values: { readonly [key: string]: Json }): Promise<void>
  mailbox(address: string): Promise<string>
  /** Until every channel that is on was once proven in sync. */
  firstSync(): Promise<void>
  close(): Promise<void>
}

export async function demoApp(): Promise<DemoApp> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-demo-app-'))
  const emulator = createEmulator({ seed: 'demo' })
  const listening = await emulator.listen(0)
  const { graph, login } = emulator.info
  const app = await startApp(
    readConfiguration({ data: folder, port: '0' }, { SYNCLINE_LOG_LEVEL: 'error' }, folder),
    { microsoft: { graph, login } },
  )
  await seedDemo(app, emulator.info, () => undefined)
  const admin = await signIn(app.url, 'admin@contoso.example', DEMO_PASSWORD)
  return {
    app,
    emulator,
    admin,
    signIn: (email) => signIn(app.url, email, DEMO_PASSWORD),
    set: async (values) => {
      await admin.call('PATCH /api/settings', { body: { scope: 'system', set: values } })
    },
    mailbox: async (address) => {
      const [row] = await app.database.query<{ id: string }>('select id from mailboxes where address = $1', [
        address,
      ])
      if (row === undefined) throw new Error(`${address} is not connected.`)
      return row.id
    },
    firstSync: async () => {
      await until('the first sync', async () => {
        const behind = await app.database.query('select 1 from channels where enabled and proven_at is null')
        return behind.length === 0
      })
    },
    close: async () => {
      await app.close()
      await listening.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
