import type { Failure } from '../connectors/connector.ts'
import type { Instant } from '../core/ids.ts'
import { MINUTE_MS } from '../core/time.ts'
import type { ChannelRow, MailboxRow } from '../store/sync-store.ts'
import type { Env } from './env.ts'

/** What is due, what a failure means for the next time, and when silence is an alarm. Knows no job queue. */

/** A failing channel is tried again after 1, 2, 4 … minutes, at most every six hours. */
export const BACKOFF_FIRST_MINUTES = 1
export const BACKOFF_MINUTES_MAX = 6 * 60
/** A channel that needs a person still looks now and then whether the person has acted. */
export const NEEDS_PERSON_RETRY_MINUTES = 60
/** Passes are spread over this share of the interval, so that a thousand mailboxes do not start together. */
export const SPREAD = 0.1
/** Older than so many intervals is late. */
export const LATE_INTERVALS = 3

export function nextRegular(env: Env, intervalMinutes: number): Instant {
  return Math.round(env.now() + intervalMinutes * MINUTE_MS * (1 - SPREAD * env.random()))
}

export function afterFailure(env: Env, failures: number, failure: Failure): Instant {
  const wait =
    failure.kind === 'unauthorized'
      ? NEEDS_PERSON_RETRY_MINUTES
      : Math.min(BACKOFF_FIRST_MINUTES * 2 ** Math.min(failures, 16), BACKOFF_MINUTES_MAX)
  const told = 'retryAfterSeconds' in failure ? (failure.retryAfterSeconds ?? 0) * 1000 : 0
  return Math.round(env.now() + Math.max(told, wait * MINUTE_MS * (1 + SPREAD * env.random())))
}

/** The channel after a pass that could not go on: in plain words, and with the time of the next try. */
export function failedChannel(env: Env, channel: ChannelRow, failure: Failure): ChannelRow {
  const failures = channel.failures + 1
  return {
    ...channel,
    state: failure.kind === 'unauthorized' ? 'failed' : 'waiting',
    failures,
    message: plainWords(failure),
    lastFinishedAt: env.now(),
    nextAt: afterFailure(env, failures - 1, failure),
    progress: null,
  }
}

export function troubledMailbox(mailbox: MailboxRow, failure: Failure): MailboxRow | null {
  if (failure.kind !== 'unauthorized') return null
  return { ...mailbox, trouble: failure.message }
}

/** What happened, what was kept, what to do. */
export function plainWords(failure: Failure): string {
  const kept = 'Nothing was lost: it goes on where it stopped.'
  switch (failure.kind) {
    case 'unavailable':
      return `Microsoft 365 could not be reached: ${failure.message} ${kept} It is tried again by itself.`
    case 'throttled':
      return `Microsoft 365 asked to wait ${Math.ceil(failure.retryAfterSeconds)} seconds. ${kept}`
    case 'unauthorized':
      return `${failure.message} ${kept}`
    case 'cursor-expired':
      return `Microsoft 365 forgot where the last sync ended. ${kept} The next sync compares everything; nothing is doubled or deleted.`
    case 'rejected':
      return `Microsoft 365 refused: ${failure.message} ${kept}`
  }
}

/** Whether a channel is late: older than three intervals is an alarm that its user sees too (P8). */
export function isLate(channel: ChannelRow, now: Instant, intervalMinutes: number): boolean {
  if (!channel.enabled || channel.paused !== null) return false
  const since = channel.provenAt ?? channel.lastStartedAt
  return since !== null && now - since > LATE_INTERVALS * intervalMinutes * MINUTE_MS
}
