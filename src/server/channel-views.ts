import { channelEnabled } from '../core/settings-change.ts'
import { resolve, settingOf, type StoredByScope } from '../core/settings.ts'
import type { Channel } from '../core/item.ts'
import type { Sql } from '../store/database.ts'
import { coveredSql, TOLD_INTERVAL_MINUTES } from '../store/subscriptions.ts'
import type { ApiOutput } from './api/api.ts'
import type { Caller } from './mount.ts'
import { isoOrNull } from './parts.ts'
import { settingsReader } from './settings-store.ts'

/** A mailbox's channel as people see it: its state in one word, and why. */
export type ChannelView = ApiOutput<'GET /api/status'>['items'][number]
export type Health = ChannelView['health']

export const CHANNEL_LABEL: Record<Channel, string> = { calendar: 'Calendar', tasks: 'Tasks', email: 'Email' }
/** Proven in sync longer ago than this many intervals: late. semantics: silence is an alarm. */
const LATE_INTERVALS = 3
/** The first sync of a large mailbox may take so long before it counts as late. */
const FIRST_SYNC_PATIENCE_MS = 30 * 60_000

export interface ChannelRecord {
  readonly mailbox: string
  readonly channel: Channel
  readonly address: string
  readonly organization: string
  readonly user: string | null
  readonly mailbox_state: 'connected' | 'needs-person' | 'disconnected'
  readonly trouble: string | null
  readonly throttled_until: Date | null
  readonly enabled: boolean
  readonly paused: string | null
  readonly state: ChannelView['state']
  readonly last_started_at: Date | null
  readonly last_finished_at: Date | null
  readonly next_at: Date | null
  /** Microsoft tells of its changes: looking is only the safety net. */
  readonly covered: boolean
  readonly proven_at: Date | null
  readonly failures: number
  readonly message: string | null
  readonly first_sync_done: boolean
  readonly progress: unknown
  readonly waiting: number
  readonly held: number
  readonly conflicts: number
  readonly parked: number
  readonly linked: number
}

/** Rows of the channels that the caller may see, of a system mailbox its mail alone; `mailboxes` narrows them. */
export async function channelViews(
  sql: Sql,
  caller: Caller,
  now: number,
  mailboxes: readonly string[] | null = null,
): Promise<ChannelView[]> {
  const rows = await sql.query<ChannelRecord>(
    `select c.mailbox, c.channel, m.address, m.organization, m."user", m.state as mailbox_state, m.trouble, m.throttled_until,
        c.enabled, c.paused, c.state, c.last_started_at, c.last_finished_at, c.next_at, c.proven_at, c.failures, c.message,
        c.first_sync_done, c.progress,
        ${coveredSql('c', '$3::timestamptz')} as covered,
        coalesce(o.waiting, 0) as waiting, coalesce(o.held, 0) as held, coalesce(k.n, 0) as conflicts,
        coalesce(p.n, 0) as parked, coalesce(l.n, 0) as linked
      from channels c join mailboxes m on m.id = c.mailbox
      left join (select mailbox, channel, count(*) filter (where state <> 'held') as waiting, count(*) filter (where state = 'held') as held
        from operations where state in ('planned', 'held', 'sent', 'unknown') group by 1, 2) o on o.mailbox = c.mailbox and o.channel = c.channel
      left join (select mailbox, channel, count(*) as n from conflicts where state = 'open' group by 1, 2) k on k.mailbox = c.mailbox and k.channel = c.channel
      left join (select mailbox, channel, count(*) as n from parked group by 1, 2) p on p.mailbox = c.mailbox and p.channel = c.channel
      left join (select mailbox, channel, count(*) as n from links where state = 'linked' group by 1, 2) l on l.mailbox = c.mailbox and l.channel = c.channel
      where ($1::text is null or m."user" = $1) and ($2::text[] is null or c.mailbox = any($2))
        and (c.channel = 'email' or not exists (select from system_mailboxes s where s.mailbox = c.mailbox))
      order by m.address, c.channel`,
    [caller.role === 'user' ? caller.user : null, mailboxes, new Date(now)],
  )
  if (rows.length === 0) return []
  const settings = await settingsReader(sql)
  return rows.map((row) =>
    channelView(row, settings({ organization: row.organization, user: row.user }), now),
  )
}

const DIRECTION = {
  calendar: 'calendar.direction',
  tasks: 'tasks.direction',
  email: 'emailSync.direction',
} as const
const INTEGRATION = {
  calendar: 'integrations.calendar',
  tasks: 'integrations.tasks',
  email: 'integrations.email',
} as const

export function channelView(row: ChannelRecord, settings: StoredByScope, now: number): ChannelView {
  const intervalMinutes = resolve('synchronization.intervalMinutes', settings).value
  const allowed = channelEnabled(row.channel, settings)
  const enabled = row.enabled && allowed && row.mailbox_state !== 'disconnected'
  const looksEvery = row.covered ? Math.max(intervalMinutes, TOLD_INTERVAL_MINUTES) : intervalMinutes
  const health = healthOf(row, enabled, looksEvery, now)
  const direction = resolve(DIRECTION[row.channel], settings).value
  const waitsUntil = enabled && row.paused === null ? row.throttled_until : null
  const throttledUntil = waitsUntil !== null && waitsUntil.getTime() > now ? waitsUntil : null
  return {
    mailbox: row.mailbox,
    channel: row.channel,
    address: row.address,
    label: CHANNEL_LABEL[row.channel],
    enabled,
    disabledBecause: enabled ? null : disabledBecause(row, settings),
    paused: row.paused,
    state: row.state,
    health,
    message: messageOf(row, health, now, throttledUntil),
    lastStartedAt: isoOrNull(row.last_started_at),
    lastFinishedAt: isoOrNull(row.last_finished_at),
    nextAt: enabled && row.paused === null ? isoOrNull(laterOf(row.next_at, throttledUntil)) : null,
    provenAt: isoOrNull(row.proven_at),
    lagSeconds:
      row.proven_at === null ? null : Math.max(0, Math.round((now - row.proven_at.getTime()) / 1000)),
    throttledUntil: isoOrNull(throttledUntil),
    firstSyncDone: row.first_sync_done,
    progress: progressOf(row, now),
    counts: {
      waiting: row.waiting,
      held: row.held,
      conflicts: row.conflicts,
      parked: row.parked,
      linked: row.linked,
    },
    direction,
    intervalMinutes,
  }
}

function healthOf(row: ChannelRecord, enabled: boolean, intervalMinutes: number, now: number): Health {
  if (!enabled) return 'off'
  if (row.mailbox_state === 'needs-person') return 'needs-person'
  if (row.paused !== null) return 'paused'
  if (row.state === 'held' || row.held > 0) return 'held'
  const provenAt = row.proven_at?.getTime() ?? null
  const isLate =
    provenAt !== null
      ? now - provenAt > LATE_INTERVALS * intervalMinutes * 60_000
      : row.failures > 0 ||
        (row.last_started_at !== null && now - row.last_started_at.getTime() > FIRST_SYNC_PATIENCE_MS)
  if (row.state === 'failed') return isLate ? 'needs-person' : 'late'
  if (isLate) return 'late'
  if (row.state === 'running' || provenAt === null) return 'working'
  return 'proven'
}

function disabledBecause(row: ChannelRecord, settings: StoredByScope): string {
  if (row.mailbox_state === 'disconnected')
    return 'The mailbox is disconnected. Connect it again in My Configuration.'
  const integration = INTEGRATION[row.channel]
  if (!resolve(integration, settings).value)
    return `"${settingOf(integration).label}" is off. An administrator switches it on in System > Configuration > Integrations > Microsoft Settings.`
  return 'It is switched off in the settings of this user or organization.'
}

/** Nothing begins while Microsoft asks to wait, whatever the interval says. */
const laterOf = (due: Date | null, waits: Date | null): Date | null =>
  due !== null && waits !== null && waits > due ? waits : due
const minuteAfter = (instant: Date): string =>
  new Date(Math.ceil(instant.getTime() / 60_000) * 60_000).toISOString().slice(11, 16)

function messageOf(
  row: ChannelRecord,
  health: Health,
  now: number,
  throttledUntil: Date | null,
): string | null {
  if (row.mailbox_state === 'needs-person')
    return row.trouble ?? 'Microsoft refused the saved sign-in. Nothing is lost. Reconnect the account.'
  if (row.paused !== null)
    return row.paused === ''
      ? 'Paused by a person. Resume it to go on; nothing is lost.'
      : `Paused: ${row.paused}`
  // What the last failure said may be older than what Microsoft asks now.
  if (throttledUntil !== null)
    return `Microsoft 365 asked to wait until ${minuteAfter(throttledUntil)} UTC. Nothing is lost: it goes on by itself.`
  if (row.message !== null) return row.message
  if (health !== 'late') return null
  const minutes = row.proven_at === null ? null : Math.round((now - row.proven_at.getTime()) / 60_000)
  return minutes === null
    ? 'The first sync is not done yet. Nothing is lost; it goes on by itself.'
    : `It was last proven in sync ${minutes} minutes ago. Nothing is lost; Sync now tries at once.`
}

interface Progress {
  readonly phase: 'pull' | 'reconcile' | 'push' | 'finish'
  readonly done: number
  readonly total: number | null
}
const PHASES = new Set(['pull', 'reconcile', 'push', 'finish'])

function progressOf(row: ChannelRecord, now: number): ChannelView['progress'] {
  const told = row.progress as Partial<Progress> | null
  if (
    row.state !== 'running' ||
    told === null ||
    typeof told.done !== 'number' ||
    !PHASES.has(told.phase ?? '')
  )
    return null
  const total = typeof told.total === 'number' ? told.total : null
  const seconds = row.last_started_at === null ? 0 : (now - row.last_started_at.getTime()) / 1000
  const rate = seconds >= 1 && told.done > 0 ? told.done / seconds : null
  return {
    phase: told.phase ?? 'pull',
    done: told.done,
    total,
    itemsPerSecond: rate === null ? null : Math.round(rate),
    secondsLeft: rate === null || total === null ? null : Math.ceil(Math.max(0, total - told.done) / rate),
  }
}

/** The worst of all: what one dot shows. */
const WORST: readonly Health[] = ['needs-person', 'held', 'late', 'working', 'paused', 'proven', 'off']
export const worst = (views: readonly ChannelView[]): Health =>
  WORST.find((health) => views.some((view) => view.health === health)) ?? 'off'
