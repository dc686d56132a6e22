import type { FoundMail, MailFile, MailSender, SendStep } from '../connectors/connector.ts'
import type { ItemId } from '../core/ids.ts'
import { MINUTE_MS } from '../core/time.ts'
import type { OutgoingRow, OutgoingState, OutgoingStore } from '../store/outgoing.ts'
import type { Pass } from './pass.ts'

/**
 * Mail that people send. It is sent at most once: each step is written down before it is asked for, and a sending whose
 * answer was lost is looked up, never asked for again. What cannot be found out is told to a person, who decides.
 *
 *   waiting → drafting → drafted → sending → sent | failed | unknown
 *
 * A draft mails nobody, so one whose answer was lost is looked up by its mark and made again when it is not there.
 */

/** Mails sent in one go. */
export const SEND_CHUNK = 50
/** How often a step is tried, or an outcome looked up, before a person is told. */
export const SEND_TRIES_MAX = 8

export interface SendCounts {
  sent: number
  failed: number
  waiting: number
}

/** The files of a mail, by its id. */
export type FilesOf = (mail: string) => Promise<readonly MailFile[]>

/** Sends what is due. Runs under the mailbox's lease, like everything that speaks to the mailbox. */
export async function sendDue(
  pass: Pass,
  outgoing: OutgoingStore,
  filesOf: FilesOf = async () => [],
): Promise<SendCounts> {
  const counts: SendCounts = { sent: 0, failed: 0, waiting: 0 }
  const { sender } = pass.connector
  if (sender === undefined) return counts
  for (const row of await outgoing.due(pass.mailbox.id, pass.env.now(), SEND_CHUNK)) {
    const end = await new Sending(pass, outgoing, sender, row, filesOf).go()
    counts[end === 'sent' ? 'sent' : end === 'failed' || end === 'unknown' ? 'failed' : 'waiting'] += 1
  }
  return counts
}

/** One mail on its way. Each `#to` is a commit; between two of them there is at most one request. */
class Sending {
  readonly #pass: Pass
  readonly #outgoing: OutgoingStore
  readonly #sender: MailSender
  readonly #filesOf: FilesOf
  #row: OutgoingRow

  constructor(pass: Pass, outgoing: OutgoingStore, sender: MailSender, row: OutgoingRow, filesOf: FilesOf) {
    this.#filesOf = filesOf
    this.#pass = pass
    this.#outgoing = outgoing
    this.#sender = sender
    this.#row = row
  }

  async go(): Promise<OutgoingState> {
    // Found in a state that only lasts while a request is on its way: its answer was lost.
    if (this.#row.state === 'drafting' && !(await this.#lookForDraft())) return this.#row.state
    if (this.#row.state === 'sending') return this.#lookForSent()
    if (this.#row.state === 'waiting' && !(await this.#draft())) return this.#row.state
    return this.#row.state === 'drafted' ? this.#send() : this.#row.state
  }

  async #draft(): Promise<boolean> {
    if (!(await this.#to('drafting'))) return false
    await this.#pass.keepLease()
    const { id, mail } = this.#row
    const step = await this.#sender.draft(id, mail, this.#pass.signal)
    switch (step.outcome) {
      case 'done':
        return this.#to('drafted', { item: step.id, attempts: 0, reason: null })
      case 'unknown':
        await this.#later('drafting', step.failure.message)
        return false
      default:
        await this.#refused(step, 'waiting')
        return false
    }
  }

  async #send(): Promise<OutgoingState> {
    const { item } = this.#row
    if (item === null) throw new Error(`Outgoing mail ${this.#row.id} is drafted and has no draft.`)
    if (this.#row.mail.fromDraft === true && !(await this.#fill(item))) return this.#row.state
    if (!(await this.#to('sending'))) return this.#row.state
    await this.#pass.keepLease()
    const step = await this.#sender.send(item, this.#pass.signal)
    switch (step.outcome) {
      case 'done':
        await this.#sent()
        break
      case 'unknown':
        await this.#later('sending', step.failure.message)
        break
      case 'gone':
        return this.#lookForSent()
      default:
        await this.#refused(step, 'drafted')
    }
    return this.#row.state
  }

  /** The draft holds what is to be sent, with its files. It mails nobody, so it may be asked for again. */
  async #fill(item: ItemId): Promise<boolean> {
    const { id, mail } = this.#row
    const files = await this.#filesOf(id)
    await this.#pass.keepLease()
    const step = await this.#sender.fill(item, mail, files, null, this.#pass.signal)
    switch (step.outcome) {
      case 'done':
        return true
      case 'rejected':
      case 'not-sent':
        await this.#refused(step, 'drafted')
        return false
      case 'unknown':
        await this.#refused({ outcome: 'not-sent', failure: step.failure }, 'drafted')
        return false
      case 'stale':
        await this.#refused({ outcome: 'not-sent', failure: CHANGING }, 'drafted')
        return false
      case 'gone':
        await this.#draftLeft()
        return false
    }
  }

  /** Somebody sent or deleted it in Outlook: what was sent is not sent again, what was deleted is made anew. */
  async #draftLeft(): Promise<void> {
    const found = await this.#find()
    if (found.is === 'sent') await this.#sent()
    else if (found.is === 'draft' && found.id !== this.#row.item)
      await this.#to('drafted', { item: found.id, nextAt: this.#pass.env.now() })
    else if (found.is === 'unreadable')
      await this.#refused({ outcome: 'not-sent', failure: found.failure }, 'drafted')
    else
      await this.#to('waiting', {
        item: null,
        attempts: this.#row.attempts + 1,
        nextAt: this.#pass.env.now() + pauseMs(this.#row.attempts + 1),
      })
  }

  /** True when there is a draft to go on with, or none and so nothing was lost. */
  async #lookForDraft(): Promise<boolean> {
    const found = await this.#find()
    switch (found.is) {
      case 'draft':
        return this.#to('drafted', { item: found.id, attempts: 0, reason: null })
      case 'nowhere':
        return this.#to('waiting')
      case 'sent':
        await this.#sent()
        return false
      case 'unreadable':
        await this.#later('drafting', found.failure.message)
        return false
    }
  }

  async #lookForSent(): Promise<OutgoingState> {
    const found = await this.#find()
    if (found.is === 'sent') {
      await this.#sent()
    } else {
      const why =
        found.is === 'unreadable'
          ? found.failure.message
          : found.is === 'draft'
            ? 'It still lies in Drafts, so it was most likely not sent'
            : 'It is neither in Drafts nor in Sent Items'
      await this.#later('sending', why)
    }
    return this.#row.state
  }

  async #find(): Promise<FoundMail> {
    await this.#pass.keepLease()
    return this.#sender.find(this.#row.id, this.#row.item, this.#pass.signal)
  }

  async #sent(): Promise<void> {
    await this.#to('sent', { sentAt: this.#pass.env.now(), reason: null })
  }

  /** Surely not applied: rejected for good, or tried again later from where it stood. */
  async #refused(
    step: Extract<SendStep, { outcome: 'rejected' | 'not-sent' }>,
    from: 'waiting' | 'drafted',
  ): Promise<void> {
    if (step.outcome === 'rejected') {
      await this.#to('failed', { reason: `It was not sent. ${step.reason}` })
      return
    }
    const attempts = this.#row.attempts + 1
    const reason = step.failure.message
    if (attempts >= SEND_TRIES_MAX)
      await this.#to('failed', { attempts, reason: `It was not sent. ${reason}` })
    else await this.#to(from, { attempts, reason, nextAt: this.#pass.env.now() + pauseMs(attempts) })
  }

  /** Looked up again after a pause; after the last time a person is asked. */
  async #later(state: 'drafting' | 'sending', why: string): Promise<void> {
    const attempts = this.#row.attempts + 1
    if (attempts < SEND_TRIES_MAX) {
      await this.#to(state, { attempts, reason: why, nextAt: this.#pass.env.now() + pauseMs(attempts) })
      return
    }
    const reason =
      state === 'drafting'
        ? `It was not sent: whether its draft was made could not be found out. ${why}`
        : `Whether it was sent could not be found out: ${why}. It is not sent again by itself. Look into Sent Items, then send it again or discard it.`
    await this.#to(state === 'drafting' ? 'failed' : 'unknown', { attempts, reason })
  }

  /** False when somebody else was faster (it was taken back). */
  async #to(state: OutgoingState, changes: Partial<OutgoingRow> = {}): Promise<boolean> {
    const next: OutgoingRow = { ...this.#row, ...changes, state }
    const moved = await this.#outgoing.move(this.#pass.lease, this.#row.state, next)
    if (moved) this.#row = next
    return moved
  }
}

const CHANGING = { kind: 'unavailable', message: 'The draft is being changed in Outlook' } as const

/** After 1, 2, 4 … minutes: long enough for Sent Items to catch up. */
const pauseMs = (attempts: number): number => MINUTE_MS * 2 ** (attempts - 1)
