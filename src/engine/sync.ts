import type { CollectionRow } from '../store/sync-store.ts'
import { type Pairing, discover } from './discover.ts'
import { feedAll } from './feed.ts'
import { guardDeletions } from './guard.ts'
import { resolveMatches } from './match.ts'
import type { Pass } from './pass.ts'
import { probeDeferred, retryMalformed, sweep } from './probe.ts'
import { pullAll } from './pull.ts'
import { type PushStopped, pushPlanned, settleUnanswered } from './push.ts'

/**
 * One pass over one channel of one mailbox: settle, pull, ask, feed, count, push. Each step commits what it decided
 * together with how far it got, so the pass may die between any two awaits and the next one goes on.
 */

/** Rounds of pushing and asking again about what was stale; what is left then waits for the next pass. */
const ROUNDS_MAX = 3
/** A window that moved less than this is not worth reading everything again. */
export const SLIDE_DAYS = 7

export interface PassEnd {
  readonly stopped: PushStopped | null
  /**
   * Everything that changed before the pass began is on the other side or visibly held. `partial`: this was no whole
   * pass (an answer, an approval), so it says nothing about that.
   */
  readonly proven: boolean | 'partial'
}

export async function runPass(pass: Pass, pairing: Pairing): Promise<PassEnd> {
  await load(pass)
  if (pass.collections.size === 0) await discover(pass, pairing)
  await settleUnanswered(pass)
  await gather(pass)
  const stopped = await pushRounds(pass)
  const proven =
    stopped === null &&
    pass.unsettled.size === 0 &&
    pass.questions.size === 0 &&
    pass.selected.every((row) => row.trouble === null && !row.enumerating)
  return { stopped, proven }
}

/** All of a pass but what goes to Microsoft: for a preview, which rehearses it. */
export async function planPass(pass: Pass): Promise<void> {
  await load(pass)
  await settleUnanswered(pass)
  await gather(pass)
  if (pass.questions.size > 0) await probeDeferred(pass)
  await guardDeletions(pass)
}

async function gather(pass: Pass): Promise<void> {
  await retryMalformed(pass)
  await slideWindows(pass)
  await pullAll(pass)
  await answerQuestions(pass)
  await feedAll(pass)
}

/** What a pass starts from, in one transaction. */
export async function load(pass: Pass): Promise<void> {
  await pass.read(async (tx) => {
    const { mailbox, channel } = pass.channel
    for (const row of await tx.collections(mailbox, channel)) pass.collections.set(row.id, row)
    for (const row of await tx.parked(mailbox, channel)) pass.parked.set(row.key, row)
    const open = await tx.operations({ mailbox, channel, states: ['planned', 'sent', 'unknown'], limit: 1 })
    pass.hasPlanned = open.length > 0
  })
  if (pass.channel.state !== 'idle') for (const id of pass.collections.keys()) pass.questions.add(id)
}

/** The period moves with the days; a cursor cannot, so everything is read again and compared. */
async function slideWindows(pass: Pass): Promise<void> {
  if (pass.channel.channel === 'tasks') return
  const moved = pass.selected.filter((row) => !row.enumerating && hasMoved(row, pass))
  if (moved.length === 0) return
  await pass.commit(async (_tx, batch) => {
    for (const row of moved) batch.collections.set(row.id, { ...row, cursor: null })
    batch.channel = { ...pass.channel, feedCursor: null }
  })
}

function hasMoved(row: CollectionRow, pass: Pass): boolean {
  if (row.window === null || row.cursor === null) return false
  // Mail's window has no end and does not slide: it is read again only when a person asks for older mail.
  if (row.channel === 'email') return pass.window.from < row.window.from
  const days = (a: string, b: string): number => Math.abs(Date.parse(a) - Date.parse(b)) / 86_400_000
  return (
    days(row.window.from, pass.window.from) >= SLIDE_DAYS || days(row.window.to, pass.window.to) >= SLIDE_DAYS
  )
}

async function answerQuestions(pass: Pass): Promise<void> {
  for (const { id } of pass.selected) {
    const row = pass.collections.get(id)
    if (!row || !pass.complete.has(id) || row.trouble !== null) continue
    if (row.enumerating || pass.doubtful.has(id)) await resolveMatches(pass, row)
    if (row.enumerating) await sweep(pass, row)
  }
  await probeDeferred(pass)
}

async function pushRounds(pass: Pass): Promise<PushStopped | null> {
  if (pass.questions.size > 0) await probeDeferred(pass)
  for (let round = 0; round < ROUNDS_MAX && pass.hasPlanned; round++) {
    pass.hasPlanned = false
    await guardDeletions(pass)
    const stopped = await pushPlanned(pass)
    if (stopped) return stopped
    if (pass.questions.size > 0) await probeDeferred(pass)
  }
  return null
}
