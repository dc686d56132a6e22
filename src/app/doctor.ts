import { ConnectorError } from '../connectors/connector.ts'
import { asId, type MailboxId } from '../core/ids.ts'
import type { Channel } from '../core/item.ts'
import { resolve } from '../core/settings.ts'
import type { DoctorStep } from '../server/microsoft.ts'
import { storedSettings } from '../server/settings-store.ts'
import type { Database } from '../store/database.ts'
import type { SyncStore } from '../store/sync-store.ts'
import type { MicrosoftAccounts } from './accounts-at-microsoft.ts'
import { CHANNELS, isEnabled, settingsOf } from './channel-settings.ts'
import type { Hearing } from '../engine/listen.ts'
import type { AppEnv } from './identities.ts'
import { hearingOf } from './notifications.ts'

/** Tests every step of the set-up, each by itself, and names the fix. Changes nothing, here or at Microsoft. */
export interface DoctorParts {
  readonly database: Database
  readonly store: SyncStore
  readonly accounts: MicrosoftAccounts
  readonly env: AppEnv
  readonly signal: AbortSignal
  readonly mailbox?: string
  /** With application access: a mailbox that must be refused. */
  readonly foreignMailbox?: string
}

const CLOCK_WARNING_MS = 60_000
const SECRET_WARNING_DAYS = 30
const MAILBOXES_MAX = 20
const DAY_MS = 86_400_000

type Finding = Pick<DoctorStep, 'state' | 'detail'> & Partial<Pick<DoctorStep, 'fix' | 'code'>>
const fine = (detail: string): Finding => ({ state: 'ok', detail })

async function step(id: string, title: string, work: () => Promise<Finding>): Promise<DoctorStep> {
  const began = performance.now()
  let finding: Finding
  try {
    finding = await work()
  } catch (error) {
    const failure = error instanceof ConnectorError ? error.failure : null
    const message = failure?.message ?? (error instanceof Error ? error.message : String(error))
    finding = {
      state: 'failed',
      detail: message,
      fix: failure === null ? 'Look into the log of the server.' : fixOf(failure.kind),
      code: failure !== null && 'code' in failure ? failure.code : null,
    }
  }
  return {
    id,
    title,
    fix: null,
    code: null,
    ...finding,
    seconds: Math.round(performance.now() - began) / 1000,
  }
}

const fixOf = (kind: string): string =>
  kind === 'unauthorized'
    ? 'The text above says who acts and how. Then run the doctor again.'
    : kind === 'throttled'
      ? 'Wait, then run the doctor again.'
      : 'Check that this machine reaches Microsoft (proxy, firewall, DNS), then run the doctor again.'

/** What "Check Connection" of the application settings tests. */
export async function examineApplication(
  accounts: MicrosoftAccounts,
  signal: AbortSignal,
): Promise<readonly DoctorStep[]> {
  accounts.forget()
  const settings = await step('settings', 'Application settings', async () => {
    const { app, access } = await accounts.application()
    return fine(`Application ${app.clientId} of ${app.tenant}, ${access} access.`)
  })
  if (settings.state === 'failed') return [settings]
  const credential = await step('credential', 'Client secret or certificate', async () => {
    const { auth } = await accounts.application()
    await auth.application().accessToken(true, signal)
    const refused = auth.refusedFirst
    if (refused === null) return fine('Microsoft accepts it.')
    return {
      state: 'warning',
      detail: `Microsoft accepts only the next one, which is in use. ${refused.message}`,
      fix: 'Enter the next one in the place of the first, empty the next one, and note its end date.',
      code: 'code' in refused ? refused.code : null,
    }
  })
  const { app, auth } = await accounts.application()
  if (app.nextCredential === undefined || credential.state !== 'ok') return [settings, credential]
  const next = await step('next-credential', 'Next client secret or certificate', async () => {
    await auth.tryNext()
    return fine('Microsoft accepts it, too: it takes over by itself when the first one ends.')
  })
  return [settings, credential, next.state === 'failed' ? { ...next, state: 'warning' } : next]
}

const HANDSHAKE = 'Syncline: can this address be reached?'

/** Microsoft's own handshake is the proof; this machine's look at the address tells what stands in its way. */
async function reach(database: Database, hearing: Hearing, signal: AbortSignal): Promise<Finding> {
  const [told] = await database.query<{ n: number; mailboxes: number }>(
    'select count(*)::int as n, count(distinct mailbox)::int as mailboxes from subscriptions where expires_at > now()',
  )
  const [bad] = await database.query<{ trouble: string; n: number }>(
    'select min(trouble) as trouble, count(*)::int as n from listening where trouble is not null',
  )
  const kept = 'Mailboxes are looked at every interval instead; nothing is lost.'
  const answer = await fetch(`${hearing.address}?validationToken=${encodeURIComponent(HANDSHAKE)}`, {
    method: 'POST',
    signal,
  }).then(
    async (response) => ({ status: response.status, text: await response.text() }),
    () => null,
  )
  if (bad !== undefined && bad.n > 0)
    return {
      state: 'failed',
      detail: `${bad.n} mailboxes are not told: ${bad.trouble} ${kept}`,
      fix:
        answer?.text === HANDSHAKE
          ? `This machine reaches ${hearing.address}, Microsoft does not: let requests from the internet through to it by https, with a certificate that Microsoft trusts.`
          : `Let ${hearing.address} lead here: check the public address, the reverse proxy and its certificate.`,
    }
  if (answer?.text !== HANDSHAKE)
    return {
      state: 'warning',
      detail: `${hearing.address} does not lead here from this machine (${answer === null ? 'no answer' : `answer ${answer.status}`}). ${told?.n ?? 0} subscriptions live.`,
      fix: 'Check the public address and the reverse proxy. Where only Microsoft can reach it, this is no trouble.',
    }
  return fine(
    `${told?.n ?? 0} subscriptions of ${told?.mailboxes ?? 0} mailboxes live, told at ${hearing.address}.`,
  )
}

export async function examineAll(parts: DoctorParts): Promise<readonly DoctorStep[]> {
  const { database, store, accounts, env, signal } = parts
  const settings = await storedSettings(database, null)
  const steps: DoctorStep[] = []
  steps.push(
    await step('database', 'Database', async () => {
      const version = await database.version()
      return fine(`${version} answers.`)
    }),
  )
  steps.push(...(await examineApplication(accounts, signal)))
  if (steps.some((one) => one.state === 'failed')) return steps
  const { access, auth } = await accounts.application()
  const expires = resolve('application.secretExpiresOn', settings).value
  if (expires !== '')
    steps.push(
      await step('expiry', 'End of the secret or certificate', async () => {
        const days = Math.ceil((Date.parse(`${expires}T00:00:00Z`) - env.now()) / DAY_MS)
        if (days <= 0)
          return {
            state: 'failed',
            detail: `It ended on ${expires}.`,
            fix: 'Make a new one in the app registration and enter it in Microsoft Settings.',
          }
        if (days <= SECRET_WARNING_DAYS)
          return {
            state: 'warning',
            detail: `It ends in ${days} days.`,
            fix: 'Make a new one now and enter it as Next Client Secret: nobody is interrupted then.',
          }
        return fine(`It ends in ${days} days.`)
      }),
    )
  const hearing = await hearingOf(database)
  if (hearing !== null)
    steps.push(await step('notifications', 'Change notifications', () => reach(database, hearing, signal)))
  const rows = await database.query<{ id: MailboxId }>(
    `select id from mailboxes where state <> 'disconnected' and ($1::text is null or id = $1) order by address limit ${MAILBOXES_MAX}`,
    [parts.mailbox ?? null],
  )
  if (rows.length === 0)
    steps.push({
      id: 'mailboxes',
      title: 'Mailboxes',
      state: 'warning',
      detail: 'No mailbox is connected yet.',
      fix: 'Connect one in My Configuration, or with: syncline connect ADDRESS',
      code: null,
      seconds: 0,
    })
  for (const { id } of rows) {
    const mailbox = await store.transaction(null, (tx) => tx.mailbox(asId(id)))
    if (mailbox === null) continue
    const connector = await accounts.connectorFor(mailbox).catch(() => null)
    steps.push(
      await step(`mailbox ${id}`, `Sign-in of ${mailbox.address}`, async () => {
        const identity = await (connector ?? (await accounts.connectorFor(mailbox))).identity(signal)
        if (identity.tenantId !== mailbox.tenantId || identity.objectId !== mailbox.objectId)
          return {
            state: 'failed',
            detail: `The sign-in belongs to ${identity.address}.`,
            fix: `Reconnect ${mailbox.address} with its own account.`,
          }
        const skew = Math.abs(identity.clockOffsetMs)
        if (skew > CLOCK_WARNING_MS)
          return {
            state: 'warning',
            detail: `The clocks differ by ${Math.round(skew / 1000)} s.`,
            fix: 'Let this machine take its time from a time server (NTP).',
          }
        return fine(
          `${identity.displayName}, zone ${identity.zone}, clocks ${Math.round(skew / 1000)} s apart.`,
        )
      }),
    )
    if (connector === null || steps.at(-1)?.state === 'failed') continue
    const own = await settingsOf(database, mailbox)
    for (const channel of CHANNELS) {
      if (!isEnabled(channel, own)) continue
      steps.push(
        await step(
          `mailbox ${id} ${channel}`,
          `Permission for ${channel} of ${mailbox.address}`,
          async () => {
            const found = await connector.collections(channel, signal)
            return found.length === 0
              ? {
                  state: 'warning',
                  detail: 'Nothing was found there.',
                  fix: 'Check that the mailbox has a licence that includes Exchange Online.',
                }
              : fine(
                  `${found.length} found: ${found
                    .slice(0, 5)
                    .map((one) => one.name)
                    .join(', ')}${found.length > 5 ? ', …' : ''}.`,
                )
          },
        ),
      )
    }
  }
  const foreign = parts.foreignMailbox
  const limited = (['calendar', 'email'] as const).filter(
    (channel) => resolve(`integrations.${channel}`, settings).value,
  )
  if (access === 'application' && foreign !== undefined)
    steps.push(
      await step('foreign', `Refusal of ${foreign}`, async () => {
        const connector = await accounts.connectorBy(auth.application(), foreign)
        const read: Channel[] = []
        // What is off was not consented to either: that it is refused proves nothing.
        for (const channel of limited.length > 0 ? limited : (['calendar'] as const))
          try {
            await connector.collections(channel, signal)
            read.push(channel)
          } catch (error) {
            const refused =
              error instanceof ConnectorError &&
              (error.failure.kind === 'unauthorized' || error.failure.kind === 'rejected')
            if (!refused) throw error
          }
        if (read.length === 0) return fine('Microsoft refuses it, as it should.')
        return {
          state: 'failed',
          detail: `The application can read this mailbox (${read.join(', ')}).`,
          fix: 'Limit the application as the set-up guide shows (New-ManagementScope, New-ManagementRoleAssignment), and remove the directory-wide consent for the same permissions.',
        }
      }),
    )
  return steps
}
