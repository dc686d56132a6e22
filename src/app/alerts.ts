import { resolve } from '../core/settings.ts'
import { CHANNEL_LABEL, channelViews } from '../server/channel-views.ts'
import type { Caller } from '../server/mount.ts'
import type { Parts } from '../server/parts.ts'
import { storedSettings } from '../server/settings-store.ts'

/** What needs a person, found by looking; an alert ends by itself when its reason does. */
interface Wanted {
  readonly key: string
  readonly severity: 'warning' | 'error'
  readonly title: string
  readonly remedy: string
  readonly link: string
  readonly mailbox: string | null
  readonly user: string | null
  readonly organization: string | null
}

const EVERYTHING: Caller = {
  user: '',
  organization: '',
  role: 'administrator',
  name: '',
  email: '',
  zone: 'UTC',
  session: null,
}
/** The request's id, and what the machine said with it, differ where the cause is the same. */
const causeOf = (message: string | null): string =>
  (message ?? '').replace(/Microsoft answered \d{3} .*?\(request [^)]*\)/, '')
/** Days before the secret ends at which it is said; from the last one on it is an error. */
const SECRET_WARNINGS = [30, 14, 7, 1] as const
/** One failure may be a restart on the way. */
const TOLD_IN_VAIN = 3
const DAY_MS = 86_400_000

export async function refreshAlerts({
  database,
  env,
  live,
  webhooks,
  sync,
  microsoft,
}: Parts): Promise<void> {
  const now = env.now()
  const wanted: Wanted[] = []
  const owners = await database.query<{ id: string; user: string | null; organization: string }>(
    'select id, "user", organization from mailboxes',
  )
  const unwell = (await channelViews(database, EVERYTHING, now)).filter(
    (view) => view.health === 'needs-person' || view.health === 'late',
  )
  // One cause stops all channels of a mailbox: that is one alert.
  for (const group of Map.groupBy(unwell, (one) =>
    [one.mailbox, one.health, causeOf(one.message)].join(' '),
  ).values()) {
    const [view] = group
    if (view === undefined) continue
    const owner = owners.find((one) => one.id === view.mailbox)
    // The same alert, whichever of its channels was seen first and however far it came since.
    const causes = wanted.filter((one) => one.mailbox === view.mailbox).length
    const channels = group.map((one) => CHANNEL_LABEL[one.channel]).join(', ')
    wanted.push({
      key: causes === 0 ? `mailbox ${view.mailbox}` : `mailbox ${view.mailbox} ${causes}`,
      severity: view.health === 'late' ? 'warning' : 'error',
      title:
        `${channels} of ${view.address} ${group.length > 1 ? 'are' : 'is'} ${view.health === 'late' ? 'late' : 'stopped'}. ${view.message ?? ''}`.trim(),
      remedy:
        view.health === 'late'
          ? 'It is tried again by itself. If it stays late, run the doctor.'
          : 'Reconnect the account, or run the doctor: it names the fix.',
      link: `/system/mailboxes/${view.mailbox}`,
      mailbox: view.mailbox,
      user: owner?.user ?? null,
      organization: owner?.organization ?? null,
    })
  }
  const expires = resolve('application.secretExpiresOn', await storedSettings(database, null)).value
  const days = expires === '' ? null : Math.ceil((Date.parse(`${expires}T00:00:00Z`) - now) / DAY_MS)
  const refused = microsoft.refusedCredential()
  if (refused !== null)
    wanted.push({
      key: 'credential next',
      severity: 'warning',
      title: `Microsoft refuses the first client secret or certificate; the next one is in use. ${refused}`,
      remedy:
        'Enter the next one in the place of the first, empty the next one, and note its end date under Secret expires on.',
      link: '/system/configuration',
      mailbox: null,
      user: null,
      organization: null,
    })
  else if (days !== null && days <= SECRET_WARNINGS[0]) {
    const step = SECRET_WARNINGS.findLast((one) => days <= one) ?? SECRET_WARNINGS[0]
    wanted.push({
      key: `secret ${expires} ${days <= 0 ? 'ended' : step}`,
      severity: days <= 1 ? 'error' : 'warning',
      title:
        days <= 0
          ? `The client secret or certificate ended on ${expires}: nobody is in sync once Microsoft refuses it.`
          : `The client secret or certificate ends in ${days} ${days === 1 ? 'day' : 'days'} (${expires}).`,
      remedy:
        'Make a new one in the app registration; enter it as Next Client Secret before the old one ends, and nobody is interrupted.',
      link: '/system/configuration/microsoft',
      mailbox: null,
      user: null,
      organization: null,
    })
  }
  const [deaf] = await database.query<{ n: number; trouble: string | null }>(
    `select count(*)::int as n, min(trouble) as trouble from listening where failures >= ${TOLD_IN_VAIN}`,
  )
  if (deaf !== undefined && deaf.n > 0)
    wanted.push({
      key: 'notifications',
      severity: 'warning',
      title: `Microsoft cannot tell the changes of ${deaf.n} ${deaf.n === 1 ? 'mailbox' : 'mailboxes'}: ${deaf.trouble ?? ''}`,
      remedy: 'They are looked at every interval instead. Run the doctor: it tests the address.',
      link: '/system',
      mailbox: null,
      user: null,
      organization: null,
    })
  const { failed } = await sync.queue()
  if (failed > 0)
    wanted.push({
      key: 'queue failed',
      severity: 'warning',
      title: `${failed} jobs failed again and again and were put aside.`,
      remedy: 'The log of the server says why. They run again with the next sync.',
      link: '/system/information',
      mailbox: null,
      user: null,
      organization: null,
    })

  const open = await database.query<{ key: string }>('select key from alerts where resolved_at is null')
  const known = new Set(open.map((row) => row.key))
  for (const one of wanted) {
    if (known.has(one.key)) {
      await database.query(
        'update alerts set title = $2, severity = $3 where key = $1 and resolved_at is null and (title, severity) is distinct from ($2, $3)',
        [one.key, one.title, one.severity],
      )
      continue
    }
    await database.query(
      `insert into alerts (id, organization, mailbox, "user", key, severity, title, remedy, link, raised_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
      [
        env.newId(),
        one.organization,
        one.mailbox,
        one.user,
        one.key,
        one.severity,
        one.title,
        one.remedy,
        one.link,
        new Date(now),
      ],
    )
    if (one.organization !== null)
      webhooks.tell('alert.raised', one.organization, { message: one.title, fix: one.remedy })
  }
  const gone = [...known].filter((key) => !wanted.some((one) => one.key === key))
  if (gone.length > 0)
    await database.query('update alerts set resolved_at = $2 where key = any($1) and resolved_at is null', [
      gone,
      new Date(now),
    ])
  if (gone.length > 0 || wanted.some((one) => !known.has(one.key)))
    live.tell({ type: 'alerts', count: wanted.length }, { user: null, organization: null })
}
