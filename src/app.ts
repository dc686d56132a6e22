import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { makeMicrosoftAccounts, type MicrosoftAccounts } from './app/accounts-at-microsoft.ts'
import { mailAlerts } from './app/alert-mail.ts'
import { refreshAlerts } from './app/alerts.ts'
import { realEnv, type AppEnv } from './app/identities.ts'
import { makeAttachmentWork } from './app/mail-attachments.ts'
import { tidyMailFiles } from './app/mail-files.ts'
import { startMailIndexing } from './app/mail-indexing.ts'
import { startMailroom } from './app/mailroom.ts'
import { makeMicrosoft } from './app/microsoft.ts'
import { makeNews } from './app/news.ts'
import { makeNotifications } from './app/notifications.ts'
import { observed } from './app/observed-store.ts'
import { startSync, type RunningSync } from './app/sync.ts'
import { serverFile, type ServerFile } from './cli/client.ts'
import { OPTIONS, type OptionName, type ReadConfiguration } from './cli/configuration.ts'
import { createNetworkTransport } from './connectors/graph/transport.ts'
import { resolve } from './core/settings.ts'
import { makeLive } from './server/live.ts'
import type { Microsoft } from './server/microsoft.ts'
import type { Demo, Parts } from './server/parts.ts'
import { serve } from './server/serve.ts'
import { storedSettings } from './server/settings-store.ts'
import { makeWebhooks } from './server/webhooks.ts'
import type { Database } from './store/database.ts'
import { createFiles } from './store/files.ts'
import { forgetOldLag, noteLag } from './store/lag.ts'
import { lockFolder } from './store/folder-lock.ts'
import { tidy } from './store/maintenance.ts'
import { openStore, type OpenStore } from './store/open-store.ts'
import { createSqlStore } from './store/sql-store.ts'
import type { Vault } from './store/vault.ts'

/** The composition root: configuration in, a running product out. Nothing else knows all the parts. */
export interface App {
  readonly url: string
  readonly database: Database
  readonly vault: Vault
  readonly env: AppEnv
  readonly microsoft: Microsoft
  readonly accounts: MicrosoftAccounts
  readonly sync: RunningSync
  close(): Promise<void>
}

export interface AppOptions {
  /** Addresses at Microsoft that the demo stands in for; asked each time, because it begins after the database. */
  readonly microsoft?: { graph: string; login: string }
  readonly demo?: { current: Demo | null }
  readonly say?: (line: string) => void
}

const MINUTE_MS = 60_000
const TIDY_MS = 5 * MINUTE_MS
/** How long the history of writes is kept: longer than anybody undoes, and bounded. */
const JOURNAL_DAYS = 730
const root = dirname(dirname(fileURLToPath(import.meta.url)))

export const version = (): string =>
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version

/**
 * Opens the database, embedded or served, brings it up to date, and takes the data folder for this process alone.
 * @throws {FolderInUse} when another process has the folder
 */
export async function openData(
  configuration: ReadConfiguration['values'],
): Promise<OpenStore & { readonly close: () => Promise<void> }> {
  const { data, databaseUrl, encryptionKey } = configuration
  mkdirSync(data, { recursive: true, mode: 0o700 })
  // The embedded database takes the folder's lock itself.
  const lock = databaseUrl === '' ? null : lockFolder(data)
  try {
    const opened = await openStore({
      dataFolder: data,
      databaseUrl: databaseUrl === '' ? null : databaseUrl,
      secretKey: encryptionKey === '' ? undefined : encryptionKey,
      templates: join(root, '.cache', 'templates'),
    })
    return {
      ...opened,
      close: async () => {
        await opened.database.close()
        lock?.release()
      },
    }
  } catch (error) {
    lock?.release()
    throw error
  }
}

export async function startApp(
  { values, sources }: ReadConfiguration,
  options: AppOptions = {},
): Promise<App> {
  const say = options.say ?? (() => undefined)
  const log = pino(
    { level: values.logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] },
    pino.destination({ fd: 2, sync: true }),
  )
  const trouble = (error: unknown): void => log.error({ err: error }, 'Something broke; the rest goes on.')
  const env = realEnv()
  const startedAt = env.now()
  const closing: (() => Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close().catch(trouble)
  }

  try {
    say('Opening the database …')
    const data = await openData(values)
    const { database, vault, migrated } = data
    closing.push(data.close)
    if (migrated.length > 0) say('The database was brought up to date.')
    const network = createNetworkTransport()
    closing.push(() => network.close())
    const live = makeLive()
    const webhooks = makeWebhooks({ database, vault, env })
    closing.push(() => webhooks.close())
    const news = makeNews({ database, live, webhooks, now: env.now, trouble })
    closing.push(() => news.close())
    const mailroom = startMailroom({ database, env, trouble })
    closing.push(() => mailroom.close())
    let wakeIndexing = (): void => undefined
    const store = observed(createSqlStore(database), (batches) => {
      news.note(batches)
      if (batches.some((batch) => (batch.records ?? []).length > 0)) {
        mailroom.note()
        wakeIndexing()
      }
    })
    const overrides = (): { graph: string; login: string } => ({
      graph: values.microsoftGraph || (options.microsoft?.graph ?? ''),
      login: values.microsoftLogin || (options.microsoft?.login ?? ''),
    })
    const accounts = makeMicrosoftAccounts({
      database,
      vault,
      env,
      transport: network.transport,
      overrides,
      throttled: news.noteMailbox,
      trouble,
    })
    const files = createFiles(join(values.data, 'files'))
    const attachments = makeAttachmentWork({
      database,
      files,
      connectorFor: async (id) => {
        const mailbox = await store.transaction(null, (tx) => tx.mailbox(id))
        if (mailbox === null) throw new Error(`Mailbox ${id} is not known here.`)
        return accounts.connectorFor(mailbox)
      },
      newId: env.newId,
      now: env.now,
    })
    const sync = await startSync({ database, store, env, accounts, files, attachments, trouble })
    const indexing = startMailIndexing({
      database,
      trouble,
      idle: () => tidyMailFiles(database, files, env.now()),
      indexed: () => {
        void attachments
          .waiting()
          .then((mailboxes) => Promise.all(mailboxes.map((one) => sync.actions.mail(one))))
          .catch(trouble)
      },
    })
    wakeIndexing = indexing.wake
    closing.push(() => indexing.close())
    closing.push(() => sync.close())

    const notifications = makeNotifications({ database, nudge: sync.notified, trouble })
    closing.push(() => notifications.close())
    let url = ''
    const microsoft = makeMicrosoft({
      database,
      store,
      env,
      accounts,
      ownAddress: () => url,
      connected: (mailbox) => sync.start(mailbox),
      disconnecting: (mailbox) => sync.deafen(mailbox),
      refreshCollections: sync.discover,
    })
    const parts: Parts = {
      database,
      env,
      live,
      vault,
      files,
      mailContent: attachments.content,
      sync: sync.actions,
      microsoft,
      webhooks,
      about: {
        version: version(),
        startedAt,
        dataFolder: values.data,
        get demo() {
          return options.demo?.current ?? null
        },
        options: optionRows({ values, sources }),
      },
    }
    const localToken = randomBytes(32).toString('base64url')
    const webFolder = join(root, 'dist', 'web')
    const serving = await serve(parts, {
      port: values.port,
      host: values.host,
      trustProxy: values.trustProxy,
      webFolder: existsSync(webFolder) ? webFolder : null,
      localToken,
      log,
      microsoftRoutes: microsoft,
      graphHooks: notifications,
    })
    url = serving.url
    closing.push(() => serving.close())
    const file: ServerFile = { address: url, token: localToken, pid: process.pid }
    writeFileSync(serverFile(values.data), JSON.stringify(file), { mode: 0o600 })
    closing.push(async () => rmSync(serverFile(values.data), { force: true }))
    const watch = async (): Promise<void> => {
      await noteLag(database, env.now())
      await refreshAlerts(parts)
      await mailAlerts(database, env, await storedSettings(database, null))
    }
    const alertTimer = setInterval(() => void watch().catch(trouble), MINUTE_MS)
    closing.push(async () => clearInterval(alertTimer))
    let tidying: Promise<unknown> = Promise.resolve()
    const tidyTimer = setInterval(() => {
      tidying = tidyUp(database, env.now()).catch(trouble)
    }, TIDY_MS)
    closing.push(async () => {
      clearInterval(tidyTimer)
      await tidying
    })
    await watch()
    return { url, database, vault, env, microsoft, accounts, sync, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Empties the quarantine of what was long enough there, shortens the history, keeps the embedded database small. */
export async function tidyUp(database: Database, now: number): Promise<void> {
  const settings = await storedSettings(database, null)
  await forgetOldLag(database, now)
  await tidy(database, now, {
    quarantineDays: resolve('deletes.quarantineDays', settings).value,
    journalDays: JOURNAL_DAYS,
  })
}

function optionRows({ values, sources }: ReadConfiguration): Parts['about']['options'] {
  return (Object.keys(OPTIONS) as OptionName[]).map((name) => {
    const option = OPTIONS[name]
    const value = String(values[name])
    const isSecret = 'secret' in option
    return {
      key: option.env,
      label: option.help,
      value: isSecret ? (value === '' ? '' : '********') : value,
      from: sources[name],
    }
  })
}
