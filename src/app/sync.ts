import { ConnectorError } from '../connectors/connector.ts'
import { asId, type CollectionId, type LinkId, type MailboxId, type RunId } from '../core/ids.ts'
import type { Channel } from '../core/item.ts'
import type { Engine, PassResult } from '../engine/engine.ts'
import { createEngine } from '../engine/engine.ts'
import { Refusal } from '../server/problems.ts'
import type { SyncActions, Undoing } from '../server/sync-actions.ts'
import type { Database } from '../store/database.ts'
import { createDraftStore, mailboxesWithDrafts } from '../store/drafts.ts'
import type { Files } from '../store/files.ts'
import { createJobs } from '../store/jobs.ts'
import { createOutgoingStore, mailboxesWithMail } from '../store/outgoing.ts'
import {
  createSubscriptionStore,
  isCovered,
  listenAnew,
  mailboxesToListen,
  TOLD_INTERVAL_MINUTES,
} from '../store/subscriptions.ts'
import type { MailboxRow, SyncStore, UndoWhat } from '../store/sync-store.ts'
import {
  CHANNELS,
  channelSettings,
  chosenIds,
  isChosenByDefault,
  isEnabled,
  makePairings,
  settingsOf,
  settingsOfMany,
} from './channel-settings.ts'
import type { AttachmentWork } from './mail-attachments.ts'
import { filesOfMail } from './mail-files.ts'
import type { AppEnv } from './identities.ts'
import { hearingOf, newSecret } from './notifications.ts'
import type { MicrosoftAccounts } from './accounts-at-microsoft.ts'

/** The engine, its queue and its clock, behind what people may ask of the sync. */
export interface RunningSync {
  readonly actions: SyncActions
  readonly engine: Engine
  /** Microsoft told of a change: a pass is due. Many are one. */
  readonly notified: (mailbox: MailboxId, channel: Channel) => Promise<void>
  /** Ends the subscriptions of a mailbox that is disconnected, as far as Microsoft can still be asked. */
  readonly deafen: (mailbox: MailboxId) => Promise<void>
  /** Lists the calendars, lists or folders at Microsoft anew, after a pass of the mailbox that is under way. */
  readonly discover: (mailbox: MailboxId, channel: Channel) => Promise<void>
  /** A mailbox was connected, or may go on: its channels are due. */
  readonly start: (mailbox: MailboxId) => Promise<void>
  readonly close: () => Promise<void>
}

export interface SyncParts {
  readonly database: Database
  readonly store: SyncStore
  readonly env: AppEnv
  readonly accounts: MicrosoftAccounts
  readonly files: Files
  readonly attachments: AttachmentWork
  readonly trouble: (error: unknown) => void
}

/** A calendar, list or folder that may be chosen. */
interface Choosable {
  readonly id: CollectionId
  readonly mailbox: MailboxId
  readonly channel: Channel
  readonly selected: boolean
  readonly is_default: boolean
  readonly well_known: string | null
}

const TICK_MS = 1_000
const DUE_MAX = 200
/** An edit is often followed by another one: the pass waits a moment for it. */
const NUDGE_SECONDS = 1
/** How long an answer of a person waits for a pass of the same mailbox that is under way. */
const BUSY_WAIT_MS = 30_000
const BUSY_LOOK_MS = 150
/** A person who approved something sees the outcome at once when it takes no longer. */
const ANSWER_WITHIN_MS = 1_500
const PRIORITY_OF_PEOPLE = 10
/** A disconnect waits so long for a pass that is under way, to end the subscriptions after it. */
const DEAFEN_WAIT_MS = 10_000

export async function startSync(parts: SyncParts): Promise<RunningSync> {
  const { database, store, env, accounts } = parts
  const pairings = makePairings(database)
  const outgoing = createOutgoingStore(database)
  const drafts = createDraftStore(database)
  const hasMailToLetOut = async (mailbox: MailboxId): Promise<boolean> =>
    (await outgoing.due(mailbox, env.now(), 1)).length > 0 ||
    (await drafts.due(mailbox, env.now(), 1)).length > 0
  const engine = createEngine({
    store,
    env,
    connectorFor: accounts.connectorFor,
    settingsFor: async (mailbox, channel) => {
      const settings = await settingsOf(database, mailbox)
      await pairings.prepare(mailbox, channel, settings)
      const own = channelSettings(channel, settings, mailbox.address)
      // While changes are told, looking is only the safety net.
      const isTold = await isCovered(database, mailbox.id, channel, env.now())
      return isTold ? { ...own, intervalMinutes: Math.max(own.intervalMinutes, TOLD_INTERVAL_MINUTES) } : own
    },
    pairingFor: pairings.pairing,
    outgoing,
    drafts,
    filesOf: filesOfMail(database, parts.files),
    listening: { subscriptions: createSubscriptionStore(database), secret: newSecret },
    holder: `process ${process.pid}`,
  })
  const isDue = (now: number, row: { readonly next_at: Date | null }): boolean =>
    row.next_at === null || row.next_at.getTime() <= now

  /** Subscriptions first: what changes from now on is told, and the passes after it find what changed before. */
  async function lookAfter(mailbox: MailboxId, signal: AbortSignal): Promise<readonly Channel[]> {
    const hearing = await hearingOf(database)
    const due = await mailboxesToListen(database, hearing !== null, env.now())
    if (!due.includes(mailbox)) return []
    return (await engine.listen(mailbox, hearing, signal))?.changed ?? []
  }

  const jobs = createJobs(database, {
    onTrouble: parts.trouble,
    handlers: {
      mailbox: async (mailbox, { reasons, signal }) => {
        try {
          const rows = await database.query<{ channel: Channel; next_at: Date | null }>(
            `select c.channel, c.next_at from channels c join mailboxes m on m.id = c.mailbox
              where c.mailbox = $1 and c.enabled and c.paused is null and m.state <> 'disconnected' order by c.channel`,
            [mailbox],
          )
          if (await hasMailToLetOut(mailbox)) await engine.sendMail(mailbox)
          const told = await lookAfter(mailbox, signal)
          for (const row of rows) {
            if (signal.aborted) return
            const asked = reasons.includes(`manual ${row.channel}`)
            const nudged = reasons.includes(`nudge ${row.channel}`) || told.includes(row.channel)
            if (!asked && !nudged && !isDue(env.now(), row)) continue
            await engine.syncChannel(mailbox, row.channel, {
              trigger: asked ? 'manual' : nudged ? 'nudge' : 'schedule',
              signal,
            })
          }
          await fetchAttachments(mailbox, signal)
        } finally {
          queued.delete(mailbox)
        }
      },
    },
  })
  /** What cannot be had now waits for the next time; the mailbox's own passes say what is wrong with it. */
  async function fetchAttachments(mailbox: MailboxId, signal: AbortSignal): Promise<void> {
    try {
      if (await parts.attachments.some(mailbox, signal))
        await jobs.enqueueMailbox(mailbox, 'attachments', { afterSeconds: NUDGE_SECONDS })
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
    }
  }
  /** The direction that the settings gave each channel when they were last looked at. */
  const directions = new Map<string, string>()
  const readAtStart = await settingsOfMany(database)
  for (const row of await database.query<Pick<MailboxRow, 'id' | 'organization' | 'user'>>(
    `select id, organization, "user" from mailboxes where state <> 'disconnected'`,
  )) {
    const own = readAtStart(row)
    for (const channel of CHANNELS)
      directions.set(`${row.id} ${channel}`, channelSettings(channel, own).direction)
  }
  /** Mailboxes whose scheduled job is on its way: the tick does not ask again for what it asked already. */
  const queued = new Set<string>()
  let ticking: Promise<void> | null = null
  const tick = async (): Promise<void> => {
    const passes = await store.transaction(null, (tx) => tx.dueChannels(env.now(), DUE_MAX))
    const sending = await mailboxesWithMail(database, env.now())
    const writing = await mailboxesWithDrafts(database, env.now())
    const listening = await mailboxesToListen(database, (await hearingOf(database)) !== null, env.now())
    const due = [...passes.map((row) => row.mailbox), ...sending, ...writing, ...listening]
    for (const mailbox of new Set(due)) {
      if (queued.has(mailbox)) continue
      queued.add(mailbox)
      await jobs.enqueueMailbox(mailbox, 'schedule')
    }
  }
  const timer = setInterval(() => {
    ticking ??= tick()
      .catch(parts.trouble)
      .finally(() => {
        ticking = null
      })
  }, TICK_MS)

  /** Waits for the pass of the same mailbox that is under way, then does its own work. */
  async function whenFree<R extends PassResult>(work: () => Promise<R>): Promise<R> {
    const until = env.now() + BUSY_WAIT_MS
    for (;;) {
      const result = await work()
      if (result.outcome !== 'busy') return result
      if (env.now() > until)
        throw new Refusal(
          'not-now',
          'A sync of this mailbox is under way and takes longer. Nothing was done. Try again when it is finished.',
        )
      await env.sleep(BUSY_LOOK_MS)
    }
  }
  const background = new Set<Promise<unknown>>()
  /** Goes on by itself; its outcome is in the run. The caller waits only as long as a person would. */
  async function begun(work: Promise<unknown>): Promise<void> {
    const kept = work.catch(parts.trouble).finally(() => background.delete(kept))
    background.add(kept)
    await Promise.race([kept, env.sleep(ANSWER_WITHIN_MS)])
  }
  const runOf = async (id: string): Promise<{ mailbox: MailboxId; channel: Channel }> => {
    const [row] = await database.query<{ mailbox: MailboxId; channel: Channel }>(
      'select mailbox, channel from runs where id = $1',
      [id],
    )
    if (row === undefined) throw new Refusal('not-found', 'There is no such run.')
    return row
  }
  const failedOf = (result: PassResult): void => {
    if (result.outcome === 'failed' || result.outcome === 'refused' || result.outcome === 'waiting')
      if (result.run === null)
        throw new Refusal(
          'microsoft-failed',
          result.message ?? 'Microsoft did not answer as expected. Nothing was done.',
        )
  }
  const setPaused = async (mailbox: MailboxId, channel: Channel, paused: string | null): Promise<void> => {
    await store.transaction(null, async (tx) => {
      const row = await tx.channel(mailbox, channel)
      await tx.write({ channels: [{ ...row, paused, ...(paused === null && { nextAt: env.now() }) }] })
    })
  }
  /** An item goes back to what it was before the last run that wrote it: on both sides, whatever that run did there. */
  const undoTarget = async (
    what: Undoing,
  ): Promise<{ mailbox: MailboxId; channel: Channel; target: UndoWhat }> => {
    if ('run' in what) return { ...(await runOf(what.run)), target: { run: what.run } }
    const [row] = await database.query<{ run: RunId; link: LinkId }>(
      'operation' in what
        ? 'select run, link from operations where id = $1'
        : `select run, link from operations where record = $1 and state = 'written' order by done_at desc, id desc limit 1`,
      ['operation' in what ? what.operation : what.record],
    )
    if (row === undefined) throw new Refusal('not-found', 'There is no such write.')
    const target = 'operation' in what ? { operations: [what.operation] } : { run: row.run, link: row.link }
    return { ...(await runOf(row.run)), target }
  }

  /** Brings channels in line with the settings: what is enabled, and what takes part. Of one mailbox, or of all. */
  async function bringInLine(only: MailboxId | null): Promise<void> {
    await listenAnew(database, only === null ? null : [only])
    const settings = await settingsOfMany(database)
    const mailboxes = await database.query<Pick<MailboxRow, 'id' | 'organization' | 'user'>>(
      `select id, organization, "user" from mailboxes where state <> 'disconnected' and ($1::text is null or id = $1)`,
      [only],
    )
    const ids = mailboxes.map((row) => row.id)
    const channels = await database.query<{ mailbox: MailboxId; channel: Channel; enabled: boolean }>(
      'select mailbox, channel, enabled from channels where mailbox = any($1)',
      [ids],
    )
    const known = new Map(channels.map((row) => [`${row.mailbox} ${row.channel}`, row.enabled]))
    const collections = Map.groupBy(
      await database.query<Choosable>(
        'select id, mailbox, channel, selected, is_default, well_known from collections where mailbox = any($1)',
        [ids],
      ),
      (row) => `${row.mailbox} ${row.channel}`,
    )
    for (const { id, organization, user } of mailboxes) {
      const own = settings({ id, organization, user })
      for (const channel of CHANNELS) {
        const key = `${id} ${channel}`
        const enabled = isEnabled(channel, own)
        if ((known.get(key) ?? false) !== enabled)
          await store.transaction(null, async (tx) => {
            const row = await tx.channel(id, channel)
            await tx.write({ channels: [{ ...row, enabled, ...(enabled && { nextAt: env.now() }) }] })
          })
        if (!enabled) continue
        await applyChoice(id, channel, collections.get(key) ?? [], chosenIds(channel, own))
        if (known.has(key)) await applyDirection(id, channel, channelSettings(channel, own).direction)
      }
    }
  }
  /** What was made while a side only received is compared, and may go, when the direction lets it. */
  async function applyDirection(mailbox: MailboxId, channel: Channel, direction: string): Promise<void> {
    const key = `${mailbox} ${channel}`
    const before = directions.get(key)
    directions.set(key, direction)
    if (before === undefined || before === direction) return
    await begun(
      whenFree(() => engine.resync(mailbox, channel)).then(() =>
        jobs.enqueueMailbox(mailbox, `manual ${channel}`),
      ),
    )
  }

  async function applyChoice(
    mailbox: MailboxId,
    channel: Channel,
    rows: readonly Choosable[],
    ids: ReadonlySet<string> | null,
  ): Promise<void> {
    const wanted = rows.filter((row) =>
      ids === null ? isChosenByDefault(channel, row.is_default, row.well_known) : ids.has(row.id),
    )
    const same = rows.every((row) => row.selected === wanted.includes(row))
    if (rows.length === 0 || same) return
    await begun(
      whenFree(() =>
        engine.choose(
          mailbox,
          channel,
          wanted.map((row) => row.id),
        ),
      ).then(() => jobs.enqueueMailbox(mailbox, `manual ${channel}`)),
    )
  }

  const actions: SyncActions = {
    syncNow: (mailbox, channel) =>
      jobs.enqueueMailbox(mailbox, `manual ${channel}`, { priority: PRIORITY_OF_PEOPLE }),
    nudge: (mailbox, channel) =>
      jobs.enqueueMailbox(mailbox, `nudge ${channel}`, { priority: 1, afterSeconds: NUDGE_SECONDS }),
    pause: (mailbox, channel, reason) => setPaused(mailbox, channel, reason),
    resume: async (mailbox, channel) => {
      await setPaused(mailbox, channel, null)
      await jobs.enqueueMailbox(mailbox, `manual ${channel}`, { priority: PRIORITY_OF_PEOPLE })
    },
    preview: async (mailbox, channel) => {
      const result = await whenFree(() => engine.preview(mailbox, channel, { trigger: 'preview' }))
      failedOf(result)
      if (result.run !== null) return result.run
      // Both sides agree: a plan with nothing in it, so that there is something to look at.
      const id = asId<RunId>(env.newId())
      const now = env.now()
      await store.transaction(null, (tx) =>
        tx.write({
          runs: [
            {
              id,
              mailbox,
              channel,
              trigger: 'preview',
              state: 'done',
              undoes: null,
              undo: null,
              counts: {},
              message: 'Both sides agree: there is nothing to do.',
              startedAt: now,
              finishedAt: now,
            },
          ],
        }),
      )
      return id
    },
    approve: async (run, operations, by) => begun(whenFree(() => engine.approve(run, { by, operations }))),
    decline: async (run, operations, _until, by) =>
      begun(whenFree(() => engine.decline(run, { by, operations }))),
    undo: async (what, by, apply) => {
      const { mailbox, channel, target } = await undoTarget(what)
      const result = await whenFree(() =>
        apply ? engine.undo(mailbox, channel, target, by) : engine.planUndo(mailbox, channel, target, by),
      )
      failedOf(result)
      if (result.run === null)
        throw new Refusal(
          'not-now',
          result.refused[0]?.reason ??
            result.message ??
            'There is nothing to undo: both sides are already as they were.',
        )
      return result.run
    },
    answer: async (conflicts, choice, by) => {
      const runs: RunId[] = []
      for (const id of conflicts) {
        const [row] = await database.query<{ verdict: 'crm' | 'mailbox' | 'none' }>(
          'select verdict from conflicts where id = $1',
          [id],
        )
        const side = choice.take === 'engine' ? row?.verdict : choice.take === 'value' ? null : choice.take
        if (side === undefined || side === 'none')
          throw new Refusal('not-now', 'The engine made no choice here: take one of the two sides.')
        const given = choice.take === 'value' ? { value: choice.value, by } : { side: side ?? 'crm', by }
        const result = await whenFree(() => engine.answer(id, given))
        if (result.refusal !== null) throw new Refusal('not-now', result.refusal)
        failedOf(result)
        if (result.run !== null) runs.push(result.run)
      }
      return runs
    },
    restore: async (conflict, by) => {
      const [row] = await database.query<{ verdict: 'crm' | 'mailbox' | 'none'; answer: unknown }>(
        'select verdict, answer from conflicts where id = $1',
        [conflict],
      )
      const side = row?.verdict === 'crm' ? 'mailbox' : 'crm'
      const result = await whenFree(() => engine.answer(conflict, { side, by }))
      if (result.refusal !== null) throw new Refusal('not-now', result.refusal)
      failedOf(result)
      return result.run
    },
    retryParked: async (mailbox, side, key) => {
      const rows = await database.query<{ channel: Channel }>(
        'select channel from parked where mailbox = $1 and side = $2 and key = $3',
        [mailbox, side, key],
      )
      const [row] = rows
      if (row === undefined) return false
      await whenFree(() => engine.release(mailbox, row.channel, key))
      await jobs.enqueueMailbox(mailbox, `manual ${row.channel}`)
      return true
    },
    mail: (mailbox, afterSeconds = 0) =>
      jobs.enqueueMailbox(mailbox, 'mail', { priority: PRIORITY_OF_PEOPLE, afterSeconds }),
    settingsChanged: async () => {
      accounts.forget()
      await bringInLine(null)
    },
    removeLargeAttachments: () => parts.attachments.removeLarge(),
    queue: async () => jobs.stats(),
  }

  await jobs.start()
  return {
    actions,
    engine,
    notified: (mailbox, channel) => jobs.enqueueMailbox(mailbox, `nudge ${channel}`, { priority: 1 }),
    deafen: async (mailbox) => {
      const until = env.now() + DEAFEN_WAIT_MS
      while ((await engine.listen(mailbox, null)) === null && env.now() < until) await env.sleep(BUSY_LOOK_MS)
      await database.query('delete from subscriptions where mailbox = $1', [mailbox])
      await database.query('delete from listening where mailbox = $1', [mailbox])
    },
    discover: async (mailbox, channel) => failedOf(await whenFree(() => engine.discover(mailbox, channel))),
    start: async (mailbox) => {
      accounts.forget(mailbox)
      await bringInLine(mailbox)
      await jobs.enqueueMailbox(mailbox, 'schedule', { priority: 1 })
    },
    close: async () => {
      clearInterval(timer)
      await ticking
      await jobs.stop()
      await Promise.race([Promise.all(background), env.sleep(BUSY_LOOK_MS * 5)])
    },
  }
}
