import { type Connector, ConnectorError, type Failure, type Identity } from '../connectors/connector.ts'
import type { CollectionId, ConflictId, Instant, MailboxId, OperationId, RunId } from '../core/ids.ts'
import { type Channel, type Fields, kindOf } from '../core/item.ts'
import type { Policy } from '../core/policy.ts'
import { windowAround } from '../core/time.ts'
import {
  LeaseLost,
  type ChannelRow,
  type Lease,
  type MailboxRow,
  type OperationRow,
  type RunRow,
  type SyncStore,
  type UndoWhat,
} from '../store/sync-store.ts'
import type { DraftStore } from '../store/drafts.ts'
import type { OutgoingStore } from '../store/outgoing.ts'
import { type Answer, answer } from './answer.ts'
import { approve, decline } from './approve.ts'
import { type Pairing, defaultPairing, discover } from './discover.ts'
import type { Env } from './env.ts'
import { type Hearing, type Lent, type ListenParts, type Listened, listen } from './listen.ts'
import { type ChannelSettings, type Counts, Pass } from './pass.ts'
import { storePreview } from './preview.ts'
import { failedChannel, nextRegular, plainWords, troubledMailbox } from './schedule.ts'
import { choose, compareAll, release } from './resync.ts'
import { bringDrafts } from './drafts.ts'
import { type FilesOf, type SendCounts, sendDue } from './send.ts'
import { type PassEnd, load, runPass } from './sync.ts'
import { type Undone, approveUndo, planUndo, undo } from './undo.ts'

/** How long a worker may be silent before another one takes its mailbox over. */
export const LEASE_MS = 2 * 60_000
/** Channels that one tick starts. */
export const TICK_CHANNELS_MAX = 50
/** A connector is asked who it is when it is new, and again after so long. */
export const IDENTITY_CHECK_MS = 60 * 60_000

export interface EngineParts {
  readonly store: SyncStore
  readonly env: Env
  /** The connector of a mailbox, for the holder of its lease. @throws {ConnectorError} when nobody can sign in. */
  connectorFor(mailbox: MailboxRow): Promise<Connector>
  settingsFor(mailbox: MailboxRow, channel: Channel): Promise<ChannelSettings>
  /** Which container of the CRM mirrors a collection, and whether it is kept in step from the start. */
  pairingFor?(mailbox: MailboxRow, channel: Channel): Pairing
  /** Being told of changes by Microsoft; left out where nobody listens. */
  readonly listening?: Pick<ListenParts, 'subscriptions' | 'secret'>
  /** Mail that people send; left out where none is. */
  readonly outgoing?: OutgoingStore
  /** Drafts that people write here, and the files of drafts and outgoing mail. */
  readonly drafts?: DraftStore
  readonly filesOf?: FilesOf
  /** Names this worker in its leases. */
  readonly holder?: string
}

export interface SyncOptions {
  readonly trigger?: RunRow['trigger']
  readonly signal?: AbortSignal
}

export interface PassResult {
  /** `busy`: another worker holds the mailbox. `refused`: the wrong account, nothing was read or written. */
  readonly outcome: 'done' | 'held' | 'waiting' | 'failed' | 'busy' | 'refused'
  /** Null when the pass found nothing to do. */
  readonly run: RunId | null
  readonly counts: Readonly<Counts>
  readonly message: string | null
}

export interface PreviewResult extends PassResult {
  /** The plan: held operations of the run, which `approve` executes and `decline` discards. */
  readonly operations: readonly OperationRow[]
}
export interface AnswerResult extends PassResult {
  /** Why nothing was written, in plain words; null when it was. */
  readonly refusal: string | null
}
export interface UndoResult extends PassResult {
  readonly refused: Undone['refused']
}

export interface UndoPreview extends PreviewResult, UndoResult {}

/** Whose word it is, and for which operations; all that wait in the run when left out. */
export interface Word {
  readonly by: string
  readonly operations?: readonly OperationId[]
}

export interface Engine {
  /** One pass over one channel of one mailbox. Failures of the outside world come back as an outcome. */
  syncChannel(mailbox: MailboxId, channel: Channel, options?: SyncOptions): Promise<PassResult>
  /** What a pass would do now. Nothing is written but the plan itself. */
  preview(mailbox: MailboxId, channel: Channel, options?: SyncOptions): Promise<PreviewResult>
  /** Executes what was previewed or held, exactly; what changed since is decided anew by the next pass. */
  approve(run: RunId, word: Word): Promise<PassResult>
  /** Discards a preview; puts back what a held deletion would have taken away. */
  decline(run: RunId, word: Word): Promise<PassResult>
  /** Puts the chosen side's value of a conflict onto both sides; also restores one that had lost. */
  answer(conflict: ConflictId, answer: Answer): Promise<AnswerResult>
  /** What an undo would write: a plan that waits, and what it leaves with the reason. `approve` carries it out. */
  planUndo(mailbox: MailboxId, channel: Channel, what: UndoWhat, by: string): Promise<UndoPreview>
  /** Takes writes back on both sides, as a run of its own; refuses what changed since. */
  undo(mailbox: MailboxId, channel: Channel, what: UndoWhat, by: string): Promise<UndoResult>
  /** Lists the calendars, lists or folders at Microsoft anew. */
  discover(mailbox: MailboxId, channel: Channel): Promise<PassResult>
  /** Chooses what is kept in step; what is left out is unlinked, never deleted. */
  choose(mailbox: MailboxId, channel: Channel, collections: readonly CollectionId[]): Promise<PassResult>
  /** Compares everything again with the next pass; nothing is doubled, nothing deleted by absence alone. */
  resync(mailbox: MailboxId, channel: Channel): Promise<PassResult>
  /** Lets a parked pair or item take part again. */
  release(mailbox: MailboxId, channel: Channel, key: string): Promise<PassResult>
  /** Sends the mail that is due from this mailbox. At most once each; what cannot be found out is told, not repeated. */
  sendMail(mailbox: MailboxId): Promise<PassResult & { readonly mail: SendCounts }>
  /** Looks after the mailbox's subscriptions at Microsoft; ends them when `hearing` is null. Null while it is busy. */
  listen(mailbox: MailboxId, hearing: Hearing | null, signal?: AbortSignal): Promise<Listened | null>
  /** Runs what is due now, one after another, and says how many channels it was. */
  tick(now: Instant): Promise<number>
}

const NO_COUNTS: Counts = { observed: 0, toCrm: 0, toMailbox: 0, conflicts: 0, held: 0, parked: 0 }
const NOTHING_SENT: SendCounts = { sent: 0, failed: 0, waiting: 0 }
const NEVER = new AbortController().signal

export function createEngine(parts: EngineParts): Engine {
  const desk = new Desk(parts)
  const { store } = parts
  const runOf = async (id: RunId): Promise<RunRow> => {
    const run = await store.transaction(null, (tx) => tx.run(id))
    if (run === null) throw new UnknownRun(id)
    return run
  }
  const onRun = async (
    id: RunId,
    trigger: RunRow['trigger'],
    steps: (pass: Pass) => Promise<PassEnd>,
  ): Promise<PassResult> => {
    const run = await runOf(id)
    return desk.work(run.mailbox, run.channel, trigger, NEVER, async (pass) => {
      await load(pass)
      pass.continueRun(run)
      return steps(pass)
    })
  }
  /** Changes that need no journey to Microsoft and leave the rest to the next pass. */
  const arrange = (mailbox: MailboxId, channel: Channel, steps: (pass: Pass) => Promise<void>) =>
    desk.work(mailbox, channel, 'manual', NEVER, async (pass) => {
      await load(pass)
      await steps(pass)
      return { stopped: null, proven: 'partial' }
    })

  return {
    syncChannel: (mailbox, channel, options = {}) =>
      desk.work(mailbox, channel, options.trigger ?? 'schedule', options.signal ?? NEVER, (pass) =>
        runPass(pass, desk.pairing(pass)),
      ),
    async preview(mailbox, channel, options = {}) {
      let operations: readonly OperationRow[] = []
      const done = await desk.work(mailbox, channel, 'preview', options.signal ?? NEVER, async (pass) => {
        await load(pass)
        if (pass.collections.size === 0) await discover(pass, desk.pairing(pass))
        operations = await storePreview(pass)
        return { stopped: null, proven: 'partial' }
      })
      return { ...done, operations }
    },
    approve: (run, { by, operations }) =>
      onRun(run, 'approval', (pass) =>
        pass.run.undo === null
          ? approve(pass, operations ?? null, by)
          : approveUndo(pass, operations ?? null, by),
      ),
    decline: (run, { by, operations }) =>
      onRun(run, 'approval', (pass) => decline(pass, operations ?? null, by)),
    async answer(conflict, given) {
      const [row] = await store.transaction(null, (tx) => tx.conflicts({ id: conflict }))
      if (!row) return { ...result('failed', null, UNKNOWN_CONFLICT), refusal: UNKNOWN_CONFLICT }
      let refusal: string | null = null
      const done = await desk.work(row.mailbox, row.channel, 'answer', NEVER, async (pass) => {
        await load(pass)
        const end = await answer(pass, conflict, given)
        refusal = end.refusal
        return end
      })
      return { ...done, refusal }
    },
    async planUndo(mailbox, channel, what, by) {
      let planned: Awaited<ReturnType<typeof planUndo>> = { operations: [], refused: [] }
      const done = await desk.work(mailbox, channel, 'undo', NEVER, async (pass) => {
        await load(pass)
        if (what.run !== undefined) pass.run = { ...pass.run, undoes: what.run }
        planned = await planUndo(pass, what, by)
        return { stopped: null, proven: 'partial' }
      })
      return { ...done, ...planned }
    },
    async undo(mailbox, channel, what, by) {
      let refused: Undone['refused'] = []
      const undoes = what.run
      const done = await desk.work(mailbox, channel, 'undo', NEVER, async (pass) => {
        await load(pass)
        if (undoes !== undefined) pass.run = { ...pass.run, undoes }
        const end = await undo(pass, what, by)
        refused = end.refused
        return end
      })
      return { ...done, refused }
    },
    discover: (mailbox, channel) => arrange(mailbox, channel, (pass) => discover(pass, desk.pairing(pass))),
    choose: (mailbox, channel, chosen) => arrange(mailbox, channel, (pass) => choose(pass, chosen)),
    resync: (mailbox, channel) => arrange(mailbox, channel, compareAll),
    release: (mailbox, channel, key) => arrange(mailbox, channel, (pass) => release(pass, key)),
    async sendMail(mailbox) {
      let mail = NOTHING_SENT
      const done = await desk.work(mailbox, 'email', 'manual', NEVER, async (pass) => {
        mail = await desk.letOut(pass)
        return { stopped: null, proven: 'partial' }
      })
      return { ...done, mail }
    },
    listen: (mailbox, hearing, signal = NEVER) =>
      desk.lend(mailbox, signal, async (lent) =>
        parts.listening === undefined
          ? { changed: [], trouble: null }
          : listen({ store, env: parts.env, ...parts.listening }, lent, hearing, signal),
      ),
    async tick(now) {
      const due = await store.transaction(null, (tx) => tx.dueChannels(now, TICK_CHANNELS_MAX))
      for (const { mailbox, channel } of due)
        await desk.work(mailbox, channel, 'schedule', NEVER, (pass) => runPass(pass, desk.pairing(pass)))
      return due.length
    },
  }
}

const UNKNOWN_CONFLICT = 'This conflict is not known here.'

export class UnknownRun extends Error {
  constructor(id: RunId) {
    super(`There is no run ${id}. It may have been removed with its journal; start a new preview.`)
    this.name = 'UnknownRun'
  }
}

/** Opens a pass under the mailbox's lease, closes it whatever happens, and turns failures into plain words. */
export class Desk {
  readonly parts: EngineParts
  readonly #checked = new WeakMap<Connector, Instant>()
  readonly #offsets = new WeakMap<Connector, number>()

  constructor(parts: EngineParts) {
    this.parts = parts
  }

  /** Mail that people send and drafts that they write, as far as their time has come. */
  async letOut(pass: Pass): Promise<SendCounts> {
    const { outgoing, drafts, filesOf = async () => [] } = this.parts
    const counts = outgoing === undefined ? NOTHING_SENT : await sendDue(pass, outgoing, filesOf)
    if (drafts !== undefined) await bringDrafts(pass, drafts, filesOf)
    return counts
  }

  pairing(pass: Pass): Pairing {
    const channel = pass.channel.channel
    return this.parts.pairingFor?.(pass.mailbox, channel) ?? defaultPairing(channel)
  }

  async work(
    mailbox: MailboxId,
    channel: Channel,
    trigger: RunRow['trigger'],
    signal: AbortSignal,
    steps: (pass: Pass) => Promise<PassEnd>,
  ): Promise<PassResult> {
    const { store, env, holder = 'worker' } = this.parts
    const lease = await store.acquireLease(mailbox, holder, env.now(), LEASE_MS)
    if (lease === null) return result('busy', null, 'Another sync of this mailbox is under way.')
    try {
      return await this.#opened(lease, mailbox, channel, trigger, signal, steps)
    } catch (error) {
      if (error instanceof LeaseLost) return result('busy', null, error.message)
      throw error
    } finally {
      await store.releaseLease(lease)
    }
  }

  /** Lends the mailbox under its lease, for what is no pass. Null while another worker has it. */
  async lend<T>(id: MailboxId, signal: AbortSignal, work: (lent: Lent) => Promise<T>): Promise<T | null> {
    const { store, env, holder = 'worker' } = this.parts
    const lease = await store.acquireLease(id, holder, env.now(), LEASE_MS)
    if (lease === null) return null
    try {
      const mailbox = await store.transaction(lease, (tx) => tx.mailbox(id))
      if (mailbox === null) return null
      const connect = async (): Promise<Connector> => {
        const connector = await this.parts.connectorFor(mailbox)
        const stranger = await this.#stranger(connector, mailbox, signal)
        if (stranger === null) return connector
        const message = `This sign-in belongs to ${stranger.address}, not to ${mailbox.address}.`
        throw new ConnectorError({ kind: 'unauthorized', code: 'wrong-account', message })
      }
      return await work({ mailbox, lease, connect })
    } catch (error) {
      if (error instanceof LeaseLost) return null
      throw error
    } finally {
      await store.releaseLease(lease)
    }
  }

  async #opened(
    lease: Lease,
    mailboxId: MailboxId,
    channelName: Channel,
    trigger: RunRow['trigger'],
    signal: AbortSignal,
    steps: (pass: Pass) => Promise<PassEnd>,
  ): Promise<PassResult> {
    const { store, env } = this.parts
    const startedAt = env.now()
    const { mailbox, channel } = await store.transaction(lease, async (tx) => ({
      mailbox: await tx.mailbox(mailboxId),
      channel: await tx.channel(mailboxId, channelName),
    }))
    if (mailbox === null) return result('refused', null, 'This mailbox is not known here.')
    let pass: Pass | null = null
    try {
      const connector = await this.parts.connectorFor(mailbox)
      const stranger = await this.#stranger(connector, mailbox, signal)
      if (stranger) return await this.#refuse(lease, mailbox, channel, stranger)
      const settings = await this.parts.settingsFor(mailbox, channelName)
      pass = new Pass({
        env,
        store,
        connector,
        settings,
        policy: policyOf(settings, channel, connector, this.#offsets.get(connector) ?? 0),
        mailbox,
        channel: { ...channel, lastStartedAt: startedAt },
        window: windowAround(startedAt, settings.daysBack, settings.daysAhead),
        trigger,
        lease,
        leaseMs: LEASE_MS,
        signal,
        ...(channelName === 'email' && { betweenPages: (running: Pass) => this.letOut(running) }),
      })
      const end = await steps(pass)
      return await this.#finish(pass, end, startedAt)
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      return await this.#fail(pass, lease, mailbox, channel, error.failure)
    }
  }

  /** Who the connector really is, when that is not the account that the mailbox was linked to (P22). */
  async #stranger(connector: Connector, mailbox: MailboxRow, signal: AbortSignal): Promise<Identity | null> {
    const now = this.parts.env.now()
    const checkedAt = this.#checked.get(connector)
    if (checkedAt !== undefined && now - checkedAt < IDENTITY_CHECK_MS) return null
    const identity = await connector.identity(signal)
    const same = identity.tenantId === mailbox.tenantId && identity.objectId === mailbox.objectId
    if (!same) return identity
    this.#checked.set(connector, now)
    this.#offsets.set(connector, identity.clockOffsetMs)
    return null
  }

  async #refuse(
    lease: Lease,
    mailbox: MailboxRow,
    channel: ChannelRow,
    identity: Identity,
  ): Promise<PassResult> {
    const trouble =
      `This sign-in belongs to ${identity.address}, but the mailbox was linked to ${mailbox.address}. ` +
      `Nothing was read or written. Sign in as ${mailbox.address}, or disconnect it and connect the other account.`
    await this.parts.store.transaction(lease, (tx) =>
      tx.write({
        mailboxes: [{ ...mailbox, state: 'needs-person', trouble }],
        channels: [{ ...channel, state: 'failed', message: trouble, failures: channel.failures + 1 }],
      }),
    )
    return result('refused', null, trouble)
  }

  async #finish(pass: Pass, end: PassEnd, startedAt: Instant): Promise<PassResult> {
    const { env } = this.parts
    const stop = end.stopped?.failure ?? null
    const { held, waits } = await pass.read(async (tx) => {
      const { mailbox, channel } = pass.channel
      const states = ['held'] as const
      const waiting = pass.hasRun ? await tx.operations({ run: pass.run.id, states, limit: 1 }) : []
      const any = await tx.operations({ mailbox, channel, states, limit: 1 })
      return { held: any.length > 0, waits: waiting.length > 0 }
    })
    const outcome = stop ? 'waiting' : held ? 'held' : end.proven ? 'done' : 'waiting'
    const channel = stop ? failedChannel(env, pass.channel, stop) : this.#after(pass, end, held, startedAt)
    await pass.commit(async (_tx, batch) => {
      batch.channel = channel
      if (pass.hasRun)
        batch.run = {
          ...pass.run,
          state: waits ? (pass.run.state === 'planned' ? 'planned' : 'held') : stop ? 'failed' : 'done',
          counts: { ...(pass.run.counts as Fields), ...pass.counts },
          message: stop ? plainWords(stop) : null,
          finishedAt: env.now(),
        }
    })
    return {
      outcome,
      run: pass.hasRun ? pass.run.id : null,
      counts: pass.counts,
      message: channel.message,
    }
  }

  /** The channel after a pass that nothing stopped. */
  #after(pass: Pass, end: PassEnd, held: boolean, startedAt: Instant): ChannelRow {
    const now = this.parts.env.now()
    const { channel } = pass
    // What a person just did is looked at again by a whole pass, soon.
    if (end.proven === 'partial') return { ...channel, nextAt: now }
    return {
      ...channel,
      state: end.proven ? (held ? 'held' : 'idle') : 'waiting',
      failures: 0,
      message: null,
      progress: null,
      lastFinishedAt: now,
      nextAt: nextRegular(this.parts.env, pass.settings.intervalMinutes),
      provenAt: end.proven ? startedAt : channel.provenAt,
      firstSyncDone: channel.firstSyncDone || end.proven,
    }
  }

  async #fail(
    pass: Pass | null,
    lease: Lease,
    mailbox: MailboxRow,
    channel: ChannelRow,
    failure: Failure,
  ): Promise<PassResult> {
    const { store, env } = this.parts
    const failed = failedChannel(env, pass?.channel ?? channel, failure)
    const troubled = troubledMailbox(mailbox, failure)
    const { finishedAt, message } = { finishedAt: env.now(), message: failed.message }
    const run = pass?.hasRun
      ? ({ ...pass.run, state: 'failed', counts: { ...pass.counts }, message, finishedAt } as const)
      : null
    await store.transaction(pass?.lease ?? lease, (tx) =>
      tx.write({
        channels: [failed],
        ...(troubled && { mailboxes: [troubled] }),
        ...(run && { runs: [run] }),
      }),
    )
    const outcome = failure.kind === 'unauthorized' ? 'failed' : 'waiting'
    return { outcome, run: run?.id ?? null, counts: pass?.counts ?? NO_COUNTS, message }
  }
}

const result = (outcome: PassResult['outcome'], run: RunId | null, message: string | null): PassResult => ({
  outcome,
  run,
  counts: NO_COUNTS,
  message,
})

function policyOf(
  settings: ChannelSettings,
  channel: ChannelRow,
  connector: Connector,
  clockOffsetMs: number,
): Policy {
  const { direction, conflicts, invitations, privateEvents, mailInFirstSync } = settings
  return {
    direction,
    conflicts,
    invitations,
    privateEvents,
    mailInFirstSync,
    remembered: settings.remembered ?? {},
    firstSync: !channel.firstSyncDone,
    cannotHold: { crm: [], mailbox: connector.capabilities.cannotHold[kindOf[channel.channel]] },
    clockOffsetMs,
  }
}
