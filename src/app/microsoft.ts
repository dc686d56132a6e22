import { createHash, randomBytes } from 'node:crypto'
import { ConnectorError, type Connector, type Identity } from '../connectors/connector.ts'
import type { SignedIn, TokenCache } from '../connectors/graph/auth.ts'
import { asId, type MailboxId, type OrganizationId, type UserId } from '../core/ids.ts'
import type { Channel, Json } from '../core/item.ts'
import { resolve } from '../core/settings.ts'
import { addSystemMailbox } from '../crm/mailroom-rows.ts'
import { userByEmail, userById } from '../server/accounts.ts'
import type { DoctorReport, DoctorStep, Microsoft } from '../server/microsoft.ts'
import type { MicrosoftRoutes, RedirectAnswer } from '../server/microsoft-routes.ts'
import { notFound, Refusal } from '../server/problems.ts'
import { storedSettings } from '../server/settings-store.ts'
import type { Database } from '../store/database.ts'
import type { MailboxRow, SyncStore } from '../store/sync-store.ts'
import type { MicrosoftAccounts } from './accounts-at-microsoft.ts'
import { CHANNELS, isEnabled, settingsOf } from './channel-settings.ts'
import { examineAll, examineApplication } from './doctor.ts'
import type { AppEnv } from './identities.ts'
import { setupGuide } from './setup-guide.ts'

/** Connecting accounts, signing in with Microsoft, checks: what people do with Microsoft outside of the sync itself. */
export interface MicrosoftSideParts {
  readonly database: Database
  readonly store: SyncStore
  readonly env: AppEnv
  readonly accounts: MicrosoftAccounts
  /** Where this product is reached when no public address is set. */
  readonly ownAddress: () => string
  /** A mailbox was connected: its channels begin. */
  readonly connected: (mailbox: MailboxId) => Promise<void>
  /** A mailbox is to be disconnected: while its sign-in is still there. */
  readonly disconnecting: (mailbox: MailboxId) => Promise<void>
  readonly refreshCollections: (mailbox: MailboxId, channel: Channel) => Promise<void>
}

const CONNECT_PATH = '/auth/microsoft/callback'
const SIGN_IN_PATH = '/auth/sso/callback'
/** A popup that was left open for longer is asked to begin again. */
const PENDING_MS = 10 * 60_000
const PENDING_MAX = 1_000
const CHECK_MS = 30_000
const SIGN_IN_SCOPES = ['openid', 'profile', 'User.Read']

interface Pending {
  readonly kind: 'connect' | 'sign-in'
  readonly user: string
  readonly mailbox: string | null
  /** A system mailbox that is being set up. */
  readonly system?: { readonly label: string; readonly address: string }
  readonly returnTo: string
  readonly verifier: string
  readonly nonce: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly until: number
}

export function makeMicrosoft(parts: MicrosoftSideParts): Microsoft & MicrosoftRoutes {
  const { database, store, env, accounts } = parts
  const pending = new Map<string, Pending>()
  let report: DoctorReport = { at: null, state: 'never-run', steps: [] }
  const within = (): AbortSignal => AbortSignal.timeout(CHECK_MS)

  async function baseUrl(): Promise<string> {
    const publicUrl = resolve('general.publicUrl', await storedSettings(database, null)).value
    return (publicUrl === '' ? parts.ownAddress() : publicUrl).replace(/\/+$/, '')
  }

  async function begin(
    what: Omit<Pending, 'verifier' | 'nonce' | 'until'>,
    loginHint: string | null,
    prompt?: 'select_account',
  ): Promise<string> {
    const now = env.now()
    for (const [state, one] of pending)
      if (one.until < now || pending.size > PENDING_MAX) pending.delete(state)
    const verifier = randomBytes(32).toString('base64url')
    const nonce = randomBytes(16).toString('base64url')
    const state = randomBytes(24).toString('base64url')
    const { auth } = await accounts.application()
    const url = await auth.authorizeUrl({
      redirectUri: what.redirectUri,
      scopes: what.scopes,
      state,
      nonce,
      codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
      ...(loginHint !== null && { loginHint }),
      ...(prompt !== undefined && { prompt }),
    })
    pending.set(state, { ...what, verifier, nonce, until: now + PENDING_MS })
    return url
  }

  /** The code becomes tokens; `cache` holds them. */
  async function redeem(
    answer: RedirectAnswer,
    kind: Pending['kind'],
  ): Promise<
    | { readonly what: Pending; readonly who: SignedIn; readonly cache: MemoryCache }
    | { readonly problem: string }
  > {
    const what = answer.state === null ? undefined : pending.get(answer.state)
    if (what === undefined || what.kind !== kind || what.until < env.now())
      return {
        problem:
          'This sign-in took too long or was begun elsewhere. Close the window and begin again; nothing was changed.',
      }
    if (answer.state !== null) pending.delete(answer.state)
    if (answer.error !== null) return { problem: deniedWords(answer) }
    if (answer.code === null)
      return { problem: 'Microsoft sent no code. Close the window and begin again; nothing was changed.' }
    const cache = new MemoryCache()
    try {
      const { auth } = await accounts.application()
      const who = await auth.redeem(
        {
          code: answer.code,
          redirectUri: what.redirectUri,
          scopes: what.scopes,
          codeVerifier: what.verifier,
          nonce: what.nonce,
        },
        cache,
      )
      return { what, who, cache }
    } catch (error) {
      if (error instanceof ConnectorError) return { problem: `${error.failure.message} Nothing was changed.` }
      throw error
    }
  }

  const mailboxOf = async (
    tenantId: string,
    objectId: string,
  ): Promise<{ id: MailboxId; user: string | null; address: string } | null> =>
    (
      await database.query<{ id: MailboxId; user: string | null; address: string }>(
        'select id, "user", address from mailboxes where tenant_id = $1 and object_id = $2',
        [tenantId, objectId],
      )
    )[0] ?? null

  /** A mailbox is bound to its account for ever: the same account finds its links and cursors again. */
  async function keep(
    identity: Identity,
    owner: { readonly organization: string; readonly user: string | null },
    kind: 'user' | 'shared',
    label?: string,
  ): Promise<MailboxId> {
    const known = await mailboxOf(identity.tenantId, identity.objectId)
    const id = known?.id ?? asId<MailboxId>(env.newId())
    const row: MailboxRow = {
      id,
      organization: asId<OrganizationId>(owner.organization),
      user: owner.user === null ? null : asId<UserId>(owner.user),
      kind,
      address: identity.address.toLowerCase(),
      displayName: identity.displayName,
      tenantId: identity.tenantId,
      objectId: identity.objectId,
      zone: identity.zone,
      state: 'connected',
      trouble: null,
      clockOffsetMs: identity.clockOffsetMs,
    }
    if (label !== undefined)
      await addSystemMailbox(database, {
        mailbox: id,
        organization: owner.organization,
        label,
        at: env.now(),
      })
    const settings = await settingsOf(database, row)
    await store.transaction(null, async (tx) => {
      const channels = []
      for (const channel of CHANNELS) {
        const before = await tx.channel(id, channel)
        const enabled = isEnabled(channel, settings)
        channels.push({
          ...before,
          enabled,
          ...(enabled && { nextAt: env.now(), failures: 0, message: null, state: 'idle' as const }),
        })
      }
      await tx.write({ mailboxes: [row], channels })
    })
    return id
  }

  async function connectorOf(
    id: MailboxId,
  ): Promise<{ readonly mailbox: MailboxRow; readonly connector: Connector }> {
    const mailbox = await store.transaction(null, (tx) => tx.mailbox(id))
    if (mailbox === null) throw notFound('mailbox')
    return { mailbox, connector: await accounts.connectorFor(mailbox) }
  }

  const failed = (error: unknown): string => {
    if (error instanceof ConnectorError) return error.failure.message
    throw error
  }

  return {
    addresses: async () => {
      const { graph, login } = await accounts.endpoints()
      return { graph, login }
    },
    refusedCredential: () => accounts.refusedCredential()?.message ?? null,
    computedSettings: async () => {
      const base = await baseUrl()
      const computed: { [key: string]: Json } = {
        'application.redirectUri': `${base}${CONNECT_PATH}`,
        'singleSignOn.redirectUri': `${base}${SIGN_IN_PATH}`,
      }
      return computed
    },
    checkApplication: async () => examineApplication(accounts, within()),
    setupGuide: async (channels, access) => {
      const settings = await storedSettings(database, null)
      const base = await baseUrl()
      return setupGuide({
        settings,
        channels,
        access,
        connectUri: `${base}${CONNECT_PATH}`,
        signInUri: `${base}${SIGN_IN_PATH}`,
        adminConsentUrl: await adminConsent(base),
      })
    },
    lastReport: async () => report,
    examine: async (options) => {
      const steps = await examineAll({ database, store, accounts, env, signal: within(), ...options })
      const worst = (state: DoctorStep['state']): boolean => steps.some((step) => step.state === state)
      report = {
        at: new Date(env.now()).toISOString(),
        state: worst('failed') ? 'failed' : worst('warning') ? 'warning' : 'ok',
        steps: [...steps],
      }
      return report
    },
    addMailbox: async (caller, { address, kind, user, label }) => {
      const { auth, access } = await accounts.application().catch((error: unknown) => {
        throw new Refusal('not-now', failed(error))
      })
      if (access !== 'application')
        throw new Refusal(
          'not-now',
          'Access is set to Delegated: each person connects their own account in My Configuration. Nothing was changed.',
        )
      const owner = user === undefined ? await userByEmail(database, address) : await userById(database, user)
      if (owner === null && kind === 'user')
        throw new Refusal(
          'refused',
          `There is no user with the address ${address}. Make the user first, or name one. Nothing was changed.`,
          { problems: [{ at: 'body.address', problem: 'No user has this address.' }] },
        )
      const organization = owner?.organization ?? caller.organization
      let identity: Identity
      try {
        identity = await (await accounts.connectorBy(auth.application(), address)).identity(within())
      } catch (error) {
        throw new Refusal('microsoft-failed', `${failed(error)} The mailbox ${address} was not added.`)
      }
      const known = await mailboxOf(identity.tenantId, identity.objectId)
      if (
        known !== null &&
        known.user !== null &&
        (label !== undefined || (owner !== null && known.user !== owner.id))
      )
        throw new Refusal(
          'refused',
          `${known.address} belongs to another user here already. Nothing was changed.`,
        )
      const id = await keep(
        identity,
        { organization, user: kind === 'shared' ? null : (owner?.id ?? null) },
        kind,
        label,
      )
      await parts.connected(id)
      return id
    },
    beginConnect: async (caller, mailbox, loginHint, system) => {
      try {
        const redirectUri = `${await baseUrl()}${CONNECT_PATH}`
        const scopes = await accounts.scopes('delegated', system !== undefined)
        const [row] =
          mailbox === null
            ? []
            : await database.query<{ address: string }>('select address from mailboxes where id = $1', [
                mailbox,
              ])
        return await begin(
          {
            kind: 'connect',
            user: caller.user,
            mailbox,
            returnTo: '/',
            redirectUri,
            scopes,
            ...(system !== undefined && { system }),
          },
          loginHint ?? row?.address ?? caller.email,
        )
      } catch (error) {
        throw new Refusal('not-now', failed(error))
      }
    },
    finishConnect: async (answer, user) => {
      const refused = (message: string) => ({ ok: false, message, mailbox: null })
      const redeemed = await redeem(answer, 'connect')
      if ('problem' in redeemed) return refused(redeemed.problem)
      const { what, who, cache } = redeemed
      if (what.user !== user)
        return refused(
          'Somebody else is signed in here now. Sign in again and begin anew; nothing was changed.',
        )
      const person = await userById(database, user)
      if (person === null) return refused('Your user was removed meanwhile.')
      const known = await mailboxOf(who.tenantId, who.objectId)
      if (what.mailbox !== null && known?.id !== what.mailbox) {
        const [wanted] = await database.query<{ address: string }>(
          'select address from mailboxes where id = $1',
          [what.mailbox],
        )
        return refused(
          `You signed in as ${who.username}, but this mailbox is ${wanted?.address ?? 'another one'}. Nothing was changed. Sign in with that account, or disconnect the mailbox first.`,
        )
      }
      const { system } = what
      if (system === undefined && known !== null && known.user !== null && known.user !== user)
        return refused(`${who.username} is connected by another user here. Nothing was changed.`)
      try {
        const { auth } = await accounts.application()
        const tokens = auth.delegated({ cache, homeAccountId: who.homeAccountId, scopes: what.scopes })
        const connector = await accounts.connectorBy(tokens, system?.address ?? 'me')
        const identity = await connector.identity(within())
        const other = await mailboxOf(identity.tenantId, identity.objectId)
        if (system !== undefined && other !== null && other.user !== null)
          return refused(`${other.address} is connected by a user as their own. Nothing was changed.`)
        const owner = { organization: person.organization, user: system === undefined ? user : null }
        const id = await keep(identity, owner, system === undefined ? 'user' : 'shared', system?.label)
        await accounts.keepAccount(
          id,
          { homeAccountId: who.homeAccountId, scopes: what.scopes },
          await cache.load(),
        )
        await parts.connected(id)
        return {
          ok: true,
          message: `${identity.displayName} (${identity.address}) is connected.`,
          mailbox: id,
        }
      } catch (error) {
        return refused(`${failed(error)} Nothing was changed.`)
      }
    },
    checkMailbox: async (id) => {
      try {
        const { mailbox, connector } = await connectorOf(id)
        const identity = await connector.identity(within())
        const same = identity.tenantId === mailbox.tenantId && identity.objectId === mailbox.objectId
        const settings = await settingsOf(database, mailbox)
        const checks = [
          {
            name: 'Account',
            ok: same,
            detail: same
              ? `${identity.displayName} (${identity.address})`
              : `This sign-in belongs to ${identity.address}.`,
          },
        ]
        for (const channel of CHANNELS) {
          if (!isEnabled(channel, settings)) continue
          try {
            const found = await connector.collections(channel, within())
            checks.push({ name: channel, ok: true, detail: `${found.length} found` })
          } catch (error) {
            checks.push({ name: channel, ok: false, detail: failed(error) })
          }
        }
        const bad = checks.find((check) => !check.ok)
        return {
          ok: bad === undefined,
          message: bad === undefined ? 'The connection works.' : bad.detail,
          account: identity.address,
          checks,
        }
      } catch (error) {
        if (error instanceof Refusal) throw error
        return {
          ok: false,
          message: failed(error),
          account: null,
          checks: [{ name: 'Sign-in', ok: false, detail: failed(error) }],
        }
      }
    },
    disconnect: async (id, data) => {
      await parts.disconnecting(id)
      await accounts.keepAccount(id, null, null)
      await store.transaction(null, async (tx) => {
        const mailbox = await tx.mailbox(id)
        if (mailbox === null) return
        const channels = []
        for (const channel of CHANNELS)
          channels.push({ ...(await tx.channel(id, channel)), enabled: false, nextAt: null, progress: null })
        await tx.write({ mailboxes: [{ ...mailbox, state: 'disconnected', trouble: null }], channels })
      })
      if (data === 'remove') await removeData(database, id, new Date(env.now()))
    },
    refreshCollections: async (id) => {
      const { mailbox } = await connectorOf(id).catch((error: unknown) => {
        if (error instanceof Refusal) throw error
        throw new Refusal('microsoft-failed', failed(error))
      })
      const settings = await settingsOf(database, mailbox)
      for (const channel of CHANNELS)
        if (isEnabled(channel, settings)) await parts.refreshCollections(id, channel)
    },
    beginSignIn: async (returnTo) => {
      const redirectUri = `${await baseUrl()}${SIGN_IN_PATH}`
      return begin(
        { kind: 'sign-in', user: '', mailbox: null, returnTo, redirectUri, scopes: SIGN_IN_SCOPES },
        null,
        'select_account',
      )
    },
    finishSignIn: async (answer) => {
      const redeemed = await redeem(answer, 'sign-in')
      if ('problem' in redeemed) return { ok: false, message: redeemed.problem }
      const { who, what } = redeemed
      const settings = await storedSettings(database, null)
      const email = who.username.toLowerCase()
      const domains: readonly string[] = resolve('singleSignOn.domains', settings).value
      const domain = email.split('@')[1] ?? ''
      if (!resolve('singleSignOn.enabled', settings).value)
        return { ok: false, message: 'Signing in with Microsoft 365 is switched off here.' }
      if (domains.length > 0 && !domains.includes(domain))
        return { ok: false, message: `Addresses of ${domain} may not sign in here with Microsoft 365.` }
      // The first sign-in ties the account to the user; from then on the address alone is not enough.
      const subject = `${who.tenantId} ${who.objectId}`
      const rows = await database.query(
        `update users set microsoft_subject = coalesce(microsoft_subject, $2), last_seen_at = $3
          where lower(email) = $1 and active and (microsoft_subject is null or microsoft_subject = $2) returning 1`,
        [email, subject, new Date(env.now())],
      )
      if (rows.length === 0)
        return {
          ok: false,
          message: `${email} is no user here, or is tied to another Microsoft account. Ask an administrator.`,
        }
      return { ok: true, email, returnTo: what.returnTo }
    },
  }

  async function adminConsent(base: string): Promise<string | null> {
    try {
      const { auth, access } = await accounts.application()
      return access === 'application' ? auth.adminConsentUrl(`${base}${CONNECT_PATH}`, 'admin-consent') : null
    } catch {
      return null
    }
  }
}

class MemoryCache implements TokenCache {
  #serialized: string | null = null
  async load(): Promise<string | null> {
    return this.#serialized
  }
  async save(serialized: string): Promise<void> {
    this.#serialized = serialized
  }
}

function deniedWords({ error, errorDescription }: RedirectAnswer): string {
  const code = /AADSTS\d+/.exec(errorDescription ?? '')?.[0] ?? error ?? ''
  if (error === 'access_denied')
    return `The permissions were not accepted at Microsoft (${code}), so nothing was connected. Connect again and accept them; if only an administrator may accept, ask for admin consent.`
  return `Microsoft refused the sign-in (${code}). Nothing was changed. An administrator runs the doctor under System, it names the fix.`
}

/** What came from the mailbox goes to quarantine; what people made here stays. Microsoft's side is not touched. */
async function removeData(database: Database, id: MailboxId, now: Date): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.query(
      `update records r set deleted_at = $2, modified_at = $2, modified_by = 'disconnect', version = r.version + 1
        from links l where l.record = r.id and l.mailbox = $1 and r.deleted_at is null
          and exists (select from operations o where o.record = r.id and o.mailbox = $1 and o.side = 'crm' and o.action = 'create')`,
      [id, now],
    )
    for (const table of ['links', 'collections', 'channels', 'parked', 'conflicts', 'leases'])
      await sql.query(`delete from ${table} where mailbox = $1`, [id])
    await sql.query(`update containers set mailbox = null where mailbox = $1`, [id])
  })
}
