import { X509Certificate } from 'node:crypto'
import type { Connector, Failure } from '../connectors/connector.ts'
import { ConnectorError } from '../connectors/connector.ts'
import {
  createMicrosoftAuth,
  type Credential,
  type MicrosoftApp,
  type MicrosoftAuth,
  type TokenCache,
} from '../connectors/graph/auth.ts'
import { resolveEndpoints, type Endpoints, type Transport } from '../connectors/graph/environment.ts'
import { Gate } from '../connectors/graph/gate.ts'
import { createGraphConnector } from '../connectors/graph/graph.ts'
import type { Tokens } from '../connectors/graph/client.ts'
import type { Channel } from '../core/item.ts'
import { requiredPermissions } from '../core/permissions.ts'
import { applicationGaps } from '../core/settings-change.ts'
import { resolve, settingOf, type SettingKey, type StoredByScope } from '../core/settings.ts'
import { secretSetting, storedSettings } from '../server/settings-store.ts'
import type { Database } from '../store/database.ts'
import type { MailboxRow } from '../store/sync-store.ts'
import { readSecret, writeSecret, type Vault } from '../store/vault.ts'
import type { AppEnv } from './identities.ts'

/** The application at Microsoft as the settings say, and a connector for each mailbox. */
export interface MicrosoftParts {
  readonly database: Database
  readonly vault: Vault
  readonly env: AppEnv
  readonly transport: Transport
  /** Overrides of Microsoft's addresses; empty texts for none. */
  readonly overrides: () => { readonly graph: string; readonly login: string }
  /** Microsoft asked for a pause, and it is kept with the mailbox. */
  readonly throttled: (mailbox: string) => void
  readonly trouble: (error: unknown) => void
}

export interface Application {
  readonly app: MicrosoftApp
  readonly access: 'delegated' | 'application'
  readonly endpoints: Endpoints
  readonly auth: MicrosoftAuth
  readonly settings: StoredByScope
}

export interface KeptAccount {
  readonly homeAccountId: string
  readonly scopes: readonly string[]
}

export interface MicrosoftAccounts {
  /** @throws {ConnectorError} unauthorized, in words for the administrator, when the settings are not complete */
  readonly application: () => Promise<Application>
  /** Why the first secret or certificate is refused while the next one is in use; null when the first is. */
  readonly refusedCredential: () => Failure | null
  readonly endpoints: () => Promise<Endpoints>
  readonly connectorFor: (mailbox: MailboxRow) => Promise<Connector>
  /** A connector for a mailbox that is not kept yet: `me`, or another one by its address. */
  readonly connectorBy: (tokens: Tokens, who: string) => Promise<Connector>
  readonly scopes: (access: 'delegated' | 'application', shared?: boolean) => Promise<readonly string[]>
  readonly tokenCache: (mailbox: string) => TokenCache
  readonly keepAccount: (
    mailbox: string,
    account: KeptAccount | null,
    serialized: string | null,
  ) => Promise<void>
  readonly hasAccount: (mailbox: string) => Promise<boolean>
  /** Connectors are made anew: the settings or a sign-in changed. */
  readonly forget: (mailbox?: string) => void
}

const CHANNELS: readonly Channel[] = ['calendar', 'tasks', 'email']
const INTEGRATION = {
  calendar: 'integrations.calendar',
  tasks: 'integrations.tasks',
  email: 'integrations.email',
} as const
/** Shorter pauses are over before anybody has read of them. */
const PAUSE_TOLD_MS = 3_000
const cacheName = (mailbox: string): string => `microsoft-tokens ${mailbox}`
const accountName = (mailbox: string): string => `microsoft-account ${mailbox}`

export function makeMicrosoftAccounts(parts: MicrosoftParts): MicrosoftAccounts {
  const { database, vault, env, transport } = parts
  let known: Application | null = null
  const connectors = new Map<string, Connector>()
  /** A gate outlives its connectors: new settings are no reason to ask sooner than Microsoft said. */
  const gates = new Map<string, Gate>()
  const now = (): Date => new Date(env.now())

  async function gateOf(mailbox: MailboxRow): Promise<Gate> {
    const kept = gates.get(mailbox.id)
    if (kept !== undefined) return kept
    const [row] = await database.query<{ throttled_until: Date | null }>(
      'select throttled_until from mailboxes where id = $1',
      [mailbox.id],
    )
    const gate = new Gate(env, {
      closedUntil: row?.throttled_until?.getTime() ?? 0,
      closed: (until) => void told(mailbox, until).catch(parts.trouble),
    })
    gates.set(mailbox.id, gate)
    return gate
  }
  async function told(mailbox: MailboxRow, until: number): Promise<void> {
    if (until - env.now() < PAUSE_TOLD_MS) return
    await database.query('update mailboxes set throttled_until = $2 where id = $1', [
      mailbox.id,
      new Date(until),
    ])
    parts.throttled(mailbox.id)
  }

  async function endpoints(): Promise<Endpoints> {
    const cloud = resolve('application.cloud', await storedSettings(database, null)).value
    const { graph, login } = parts.overrides()
    return resolveEndpoints(cloud, { ...(graph !== '' && { graph }), ...(login !== '' && { login }) })
  }

  async function application(): Promise<Application> {
    if (known !== null) return known
    const settings = await storedSettings(database, null)
    const gaps = applicationGaps(settings)
    if (gaps.length > 0)
      throw new ConnectorError({
        kind: 'unauthorized',
        code: 'not-configured',
        message: `The application settings are not complete (${gaps.map((gap) => settingOf(gap).label).join(', ')}). An administrator fills them in under System > Configuration > Integrations > Microsoft Settings.`,
      })
    const secret = (key: SettingKey): Promise<string | null> => secretSetting(database, vault, key)
    const byCertificate = resolve('application.credential', settings).value === 'certificate'
    const nextPem = resolve('application.nextCertificate', settings).value
    const nextSecret = await secret(
      byCertificate ? 'application.nextPrivateKey' : 'application.nextClientSecret',
    )
    const app: MicrosoftApp = {
      clientId: resolve('application.clientId', settings).value,
      tenant: resolve('application.tenantId', settings).value,
      cloud: resolve('application.cloud', settings).value,
      credential: byCertificate
        ? certificate(
            resolve('application.certificate', settings).value,
            (await secret('application.privateKey')) ?? '',
          )
        : { kind: 'secret', secret: (await secret('application.clientSecret')) ?? '' },
      ...(nextSecret !== null &&
        nextSecret !== '' &&
        (!byCertificate || nextPem !== '') && {
          nextCredential: byCertificate
            ? certificate(nextPem, nextSecret)
            : { kind: 'secret', secret: nextSecret },
        }),
    }
    const where = await endpoints()
    known = {
      app,
      access: resolve('application.access', settings).value,
      endpoints: where,
      auth: createMicrosoftAuth({ app, endpoints: where, transport, env }),
      settings,
    }
    return known
  }

  async function scopes(access: 'delegated' | 'application', shared = false): Promise<readonly string[]> {
    const settings = await storedSettings(database, null)
    // A system mailbox is mail alone.
    const channels: readonly Channel[] = shared
      ? ['email']
      : CHANNELS.filter((channel) => resolve(INTEGRATION[channel], settings).value)
    const needed = requiredPermissions({
      channels: channels.length > 0 ? channels : ['calendar'],
      access,
      sharedMailboxes: shared,
      singleSignOn: false,
    })
    return needed.map((permission) => permission.name)
  }
  const tokenCache = (mailbox: string): TokenCache => ({
    load: () => readSecret(database, vault, cacheName(mailbox)),
    save: (serialized) => writeSecret(database, vault, cacheName(mailbox), serialized, now()),
  })
  const accountOf = async (mailbox: string): Promise<KeptAccount | null> => {
    const text = await readSecret(database, vault, accountName(mailbox))
    return text === null ? null : (JSON.parse(text) as KeptAccount)
  }
  const connectorBy = async (tokens: Tokens, who: string, gate?: Gate): Promise<Connector> => {
    const { endpoints: where } = await application()
    return createGraphConnector({
      mailbox: { objectId: who },
      tokens,
      endpoints: where,
      transport,
      env,
      ...(gate !== undefined && { options: { gate } }),
    })
  }

  return {
    application,
    refusedCredential: () => known?.auth.refusedFirst ?? null,
    endpoints,
    scopes,
    tokenCache,
    connectorBy,
    hasAccount: async (mailbox) => (await accountOf(mailbox)) !== null,
    keepAccount: async (mailbox, account, serialized) => {
      await writeSecret(
        database,
        vault,
        accountName(mailbox),
        account === null ? null : JSON.stringify(account),
        now(),
      )
      await writeSecret(database, vault, cacheName(mailbox), serialized, now())
      connectors.delete(mailbox)
    },
    connectorFor: async (mailbox) => {
      const kept = connectors.get(mailbox.id)
      if (kept !== undefined) return kept
      const { auth, access } = await application()
      const account = await accountOf(mailbox.id)
      if (account === null && access === 'delegated')
        throw new ConnectorError({
          kind: 'unauthorized',
          code: 'no-account',
          message: `No sign-in is kept for ${mailbox.address}. Connect the account again; nothing that was kept is lost.`,
        })
      const tokens =
        account === null
          ? auth.application()
          : auth.delegated({
              cache: tokenCache(mailbox.id),
              homeAccountId: account.homeAccountId,
              scopes: account.scopes,
            })
      const connector = await connectorBy(tokens, mailbox.objectId, await gateOf(mailbox))
      connectors.set(mailbox.id, connector)
      return connector
    },
    forget: (mailbox) => {
      if (mailbox === undefined) {
        known = null
        connectors.clear()
      } else connectors.delete(mailbox)
    },
  }
}

function certificate(pem: string, privateKey: string): Credential {
  const thumbprintSha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '')
  return { kind: 'certificate', thumbprintSha256, privateKey, certificate: pem }
}
