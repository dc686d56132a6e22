import { asId } from '../core/ids.ts'
import { createEmulator, type MicrosoftInfo } from '../emulator/emulator.ts'
import { keepState, listenAgain, portOf, readState } from '../emulator/state-file.ts'
import type { App } from '../app.ts'
import { addUser, userByEmail } from '../server/accounts.ts'
import type { Caller } from '../server/mount.ts'
import type { Demo } from '../server/parts.ts'
import { seedCustomers, seedSupport } from './demo-customers.ts'
import { rememberApplicationChecked, saveSettings, storedSettings } from '../server/settings-store.ts'

/** The demo company: the emulated Microsoft 365 beside the product, its people as users, connected and syncing. */
export interface RunningDemo {
  readonly info: MicrosoftInfo
  readonly demo: Demo
  close(): Promise<void>
}

export const DEMO_PASSWORD = 'demo-company-2026'
const ORGANIZATION = 'Contoso'
const ADMIN = { email: 'admin@contoso.example', name: 'Demo Administrator' }
const AUDITOR = { email: 'auditor@contoso.example', name: 'Demo Auditor' }

/** The demo company as it was left, from `stateFile`; a fresh one the first time. */
export async function startEmulator(port: number, stateFile: string): Promise<RunningDemo> {
  const before = readState(stateFile)
  const emulator = createEmulator(before === null ? { seed: 'demo' } : { saved: before.world })
  const listening = await listenAgain(emulator, port === 0 ? (before?.port ?? 0) : port, port)
  const kept = keepState(emulator, stateFile, portOf(listening.url))
  const { info } = emulator
  const demo: Demo = {
    page: info.login,
    accounts: [
      { ...ADMIN, role: 'administrator', password: DEMO_PASSWORD },
      ...info.users.slice(0, 2).map(({ userPrincipalName }) => ({
        email: userPrincipalName.toLowerCase(),
        name: nameOf(userPrincipalName),
        role: 'user' as const,
        password: DEMO_PASSWORD,
      })),
      { ...AUDITOR, role: 'auditor', password: DEMO_PASSWORD },
    ],
  }
  const close = async (): Promise<void> => {
    kept.close()
    await listening.close()
  }
  return { info, demo, close }
}

const nameOf = (address: string): string =>
  (address.split('@')[0] ?? '')
    .split('.')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ')

/** Makes organization, users and settings when they are not there yet, and connects every mailbox. */
export async function seedDemo(app: App, info: MicrosoftInfo, say: (line: string) => void): Promise<void> {
  const { database, env, vault } = app
  const now = env.now()
  const [first] = await database.query<{ id: string }>(
    'select id from organizations order by created_at limit 1',
  )
  const organization = first?.id ?? env.newId()
  if (first === undefined) {
    await database.query('insert into organizations (id, name) values ($1, $2)', [organization, ORGANIZATION])
    const people = [
      { ...ADMIN, role: 'administrator' as const },
      { ...AUDITOR, role: 'auditor' as const },
      ...info.users
        .filter(({ shared }) => !shared)
        .map(({ userPrincipalName }) => ({
          email: userPrincipalName.toLowerCase(),
          name: nameOf(userPrincipalName),
          role: 'user' as const,
        })),
    ]
    for (const person of people)
      if ((await userByEmail(database, person.email)) === null)
        await addUser(
          database,
          { ...person, id: env.newId(), organization, zone: 'Europe/Berlin', password: DEMO_PASSWORD },
          now,
        )
  }
  const before = (await storedSettings(database, null)).system ?? {}
  const stored = {
    ...before,
    'application.clientId': info.clientId.toLowerCase(),
    'application.tenantId': info.tenantId.toLowerCase(),
    'application.access': 'application',
    'application.clientSecret': '********',
    'integrations.calendar': true,
    'integrations.tasks': true,
    'integrations.email': true,
  }
  await saveSettings(database, vault, {
    scope: 'system',
    id: '',
    before,
    stored,
    secrets: { 'application.clientSecret': info.clientSecret },
    now,
    by: 'demo',
  })
  await rememberApplicationChecked(database, now)
  app.accounts.forget()
  const admin = await userByEmail(database, ADMIN.email)
  const caller: Caller = {
    user: admin?.id ?? '',
    organization,
    role: 'administrator',
    name: ADMIN.name,
    email: ADMIN.email,
    zone: 'UTC',
    session: null,
  }
  const by = { user: caller.user, organization, cause: 'demo', at: now, newId: env.newId }
  const userOf = async (name: string): Promise<string> =>
    (
      await userByEmail(
        database,
        info.users.find((one) => one.userPrincipalName.startsWith(name))?.userPrincipalName.toLowerCase() ??
          '',
      )
    )?.id ?? caller.user
  await seedCustomers(database, by, await userOf('anna.'))
  for (const { id, userPrincipalName, shared } of info.users) {
    if (shared && !userPrincipalName.startsWith('support@')) continue
    const known = await database.query<{ id: string }>(
      `select id from mailboxes where object_id = $1 and state = 'connected'`,
      [id],
    )
    const [mailbox] = known
    if (mailbox === undefined && shared) {
      const address = userPrincipalName.toLowerCase()
      const support = await app.microsoft.addMailbox(caller, { address, kind: 'shared', label: 'Support' })
      const owner = await userOf('daniel.')
      await seedSupport(database, by, support, { owner, readers: [owner] })
    } else if (mailbox === undefined)
      await app.microsoft.addMailbox(caller, { address: userPrincipalName.toLowerCase(), kind: 'user' })
    else await app.sync.start(asId(mailbox.id))
  }
  const connected = info.users.filter((one) => !one.shared).length
  say(`Connected ${connected} mailboxes of the demo company, and support@ as a system mailbox.`)
}
