/** What happened: requests, writes, mails that would leave, and what a well-behaved client would not have sent. */
import type { Item } from './collection.ts'
import type { Actor, Change, ItemKind } from './state.ts'

export interface RequestEntry {
  readonly id: string
  readonly at: number
  readonly method: string
  readonly target: string
  readonly status: number
  /** Client id of the app, the object id of its person, the address of the mailbox; empty when unknown. */
  readonly app: string
  readonly mailbox: string
  /** Requests of the same app and mailbox that were running when this one began, itself included. */
  readonly concurrent: number
  /** The fault that was injected. */
  readonly fault: string | null
  /** The number of the $batch part; null outside of a batch. */
  readonly batchPart: string | null
}

export interface WriteEntry {
  readonly sequence: number
  readonly at: number
  readonly actor: Actor
  readonly mailbox: string
  readonly kind: ItemKind
  readonly operation: 'created' | 'updated' | 'deleted'
  readonly key: string
  /** Only the version moved. */
  readonly bumpOnly: boolean
  readonly before: Item | null
  readonly after: Item
}

export interface MailEntry {
  readonly id: string
  readonly at: number
  readonly actor: Actor
  readonly kind:
    | 'message'
    | 'meetingRequest'
    | 'meetingUpdate'
    | 'meetingCancellation'
    | 'meetingResponse'
    | 'meetingForward'
  readonly from: string
  readonly to: readonly string[]
  /** Those of `to` who have no mailbox in the emulated tenants. */
  readonly outside: readonly string[]
  readonly subject: string
  /** The iCalUId of the meeting, or the internetMessageId of the message. */
  readonly about: string
}

export interface Complaint {
  readonly at: number
  readonly kind: string
  readonly text: string
  readonly app: string
  readonly mailbox: string
  readonly request: string
  /** Times the same complaint was made by the same app about the same mailbox. */
  count: number
}

/** Entries that each log keeps; older ones are dropped. */
const ENTRIES_MAX = 50_000

class Log<T> {
  #entries: T[] = []
  dropped = 0

  push(entry: T): void {
    this.#entries.push(entry)
    if (this.#entries.length > ENTRIES_MAX * 1.2) {
      const excess = this.#entries.length - ENTRIES_MAX
      this.#entries = this.#entries.slice(excess)
      this.dropped += excess
    }
  }

  get entries(): readonly T[] {
    return this.#entries
  }

  clear(): void {
    this.#entries = []
    this.dropped = 0
  }
}

export class Logs {
  readonly requests = new Log<RequestEntry>()
  readonly writes = new Log<WriteEntry>()
  readonly mails = new Log<MailEntry>()
  readonly complaints = new Log<Complaint>()
  readonly #known = new Map<string, Complaint>()

  /** Listens to a store's changes. */
  noteChange(change: Change): void {
    this.writes.push({
      sequence: change.sequence,
      at: change.at,
      actor: change.actor,
      mailbox: change.mailbox.person.userPrincipalName,
      kind: change.kind,
      operation: change.operation,
      key: change.item.key,
      bumpOnly: change.bumpOnly,
      before: change.before,
      after: { ...change.item },
    })
  }

  /** Notes a complaint; the same one again only counts. */
  complain(complaint: Omit<Complaint, 'count'>): void {
    const key = `${complaint.kind}|${complaint.app}|${complaint.mailbox}`
    const known = this.#known.get(key)
    if (known !== undefined) {
      known.count++
      return
    }
    const fresh = { ...complaint, count: 1 }
    this.#known.set(key, fresh)
    this.complaints.push(fresh)
  }

  clear(): void {
    this.requests.clear()
    this.writes.clear()
    this.mails.clear()
    this.complaints.clear()
    this.#known.clear()
  }
}
