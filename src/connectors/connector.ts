import type { CollectionId, Cursor, ETag, Instant, ItemId, OperationId } from '../core/ids.ts'
import type { Address, Body, Channel, Fields, Item, Side, Zone } from '../core/item.ts'

/**
 * The contract between the engine and one system.
 *
 * A connector speaks to one system and does nothing but translate: it decides nothing and remembers nothing between
 * calls except connections, tokens in memory and the throttle clock of its mailbox. Every connector passes
 * tests/contract/connector.ts.
 *
 * One connector object serves ONE mailbox (and is made by the composition root for the holder of its lease), so that
 * the gate of four concurrent requests and the Retry-After clock live in one place.
 */
export interface Connector {
  readonly side: Side
  readonly capabilities: Capabilities

  /** Who this is really: compared with what the link was made for before anything is read or written. */
  identity(signal: AbortSignal): Promise<Identity>

  /** All calendars, task lists or mail folders (every page, every child). */
  collections(channel: Channel, signal: AbortSignal): Promise<readonly RemoteCollection[]>

  /**
   * What happened in `collection` since `cursor`, or everything when it is null. Pages arrive in the system's own
   * order and may repeat an item; the last one seen wins. Only a page's own `next` may be stored, and only together
   * with the effects of that page. A series comes whole in one observation.
   *
   * @throws {ConnectorError} `cursor-expired` when the system has forgotten the cursor: start again from null,
   * compare, and delete nothing before the enumeration is complete.
   */
  pull(collection: CollectionRef, cursor: Cursor | null, signal: AbortSignal): AsyncIterable<Page>

  /**
   * A round over many collections at once where the system can do that (Graph: one `$batch` of up to 20 delta
   * requests). A collection whose page is not the last, or that failed, is answered as such and pulled by itself.
   */
  pullMany?(
    collections: readonly { readonly collection: CollectionRef; readonly cursor: Cursor }[],
    signal: AbortSignal,
  ): Promise<readonly (Page | ConnectorError)[]>

  /** The present state of items by id, whatever collection they lie in. Answers come in the order asked. */
  read(refs: readonly ItemRef[], signal: AbortSignal): Promise<readonly ReadOutcome[]>

  /**
   * Writes, each guarded by the version it was decided on; answers in the order asked, each by itself. Retries only
   * what the system says it did not take (429, 503 with Retry-After, before anything was applied). A write whose
   * answer was lost comes back as `unknown` and is never sent again by the connector. What has not left by `until` is
   * `not-sent`: then another worker may have looked it up already, and found that it did not arrive.
   */
  push(
    operations: readonly Operation[],
    signal: AbortSignal,
    until?: Instant,
  ): Promise<readonly PushOutcome[]>

  /**
   * What became of writes whose answer was lost, looked up by the marker that travelled with them.
   * `not-applied` is only said when the system can be sure; else `unknown` again.
   */
  settle(operations: readonly Operation[], signal: AbortSignal): Promise<readonly SettleOutcome[]>

  /** Where mail is sent from; left out by systems that send none. */
  readonly sender?: MailSender

  /** Being told of changes; left out by systems that tell nothing. */
  readonly subscriptions?: Subscriptions
  /** Attachments of messages; left out by systems that have none. */
  readonly mailAttachments?: MailAttachments
}

/**
 * A subscription makes the system tell an address that something changed: a nudge, not news. It ends by itself, and it
 * may be lost; who relies on it still looks now and then. All methods throw a ConnectorError for failures outside.
 */
export interface Subscriptions {
  subscribe(wish: SubscribeRequest, signal: AbortSignal): Promise<SubscribeOutcome>
  /** Prolongs it as far as possible. Also the answer when the system asks whether we may still read. */
  renew(
    id: string,
    channel: Channel,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: 'live'; readonly until: Instant } | { readonly outcome: 'gone' }>
  /** One that is gone already is fine. */
  unsubscribe(id: string, signal: AbortSignal): Promise<void>
}

export interface SubscribeRequest {
  readonly channel: Channel
  /** The collection's external id, or null for all of the channel. */
  readonly collection: string | null
  /** Shown a handshake, then told what changed. */
  readonly address: string
  /** Told what becomes of the subscription itself. */
  readonly lifecycleAddress: string
  /** Comes back with each notification: who does not know it did not send it. */
  readonly secret: string
}

export type SubscribeOutcome =
  | { readonly outcome: 'live'; readonly id: string; readonly until: Instant }
  /** There is one for the same already. */
  | { readonly outcome: 'duplicate'; readonly id: string | null }
  /** Not as it is: the address cannot be reached, or this system does not tell such changes. */
  | { readonly outcome: 'refused'; readonly reason: string }

/**
 * Sending in two steps, so that what becomes of it can always be looked up: a draft that carries our mark, then its
 * sending. Each step is asked for once; neither is repeated by the connector when its answer was lost.
 */
export interface MailSender {
  /** `key` is the mark. Nobody is mailed by this. */
  draft(key: string, mail: DraftMail, signal: AbortSignal): Promise<SendStep>
  /** `done`: Microsoft took it. `gone`: the draft is not there any more. */
  send(draft: ItemId, signal: AbortSignal): Promise<SendStep | { readonly outcome: 'gone' }>
  /** The message with this mark, wherever it lies; `draft` is looked at first where it is known. */
  find(key: string, draft: ItemId | null, signal: AbortSignal): Promise<FoundMail>
  /**
   * Makes a draft hold exactly this, files included; asked again it changes nothing. `expected` is what it held when we
   * last wrote it (`print` of that answer): a draft that somebody changed since is not touched and comes back as `stale`.
   * `gone`: it was deleted, or sent.
   */
  fill(
    draft: ItemId,
    mail: DraftMail,
    files: readonly MailFile[],
    expected: string | null,
    signal: AbortSignal,
  ): Promise<FillStep>
  /** Takes a draft out of the mailbox; what was sent is never touched. */
  discard(draft: ItemId, signal: AbortSignal): Promise<SendStep | { readonly outcome: 'gone' }>
}

export interface MailAttachments {
  /** What each message has, in the order asked. @throws {ConnectorError} when the mailbox cannot be asked at all */
  list(messages: readonly ItemId[], signal: AbortSignal): Promise<readonly ListedAttachments[]>
  /** The bytes of one as they arrive. @throws {ConnectorError} */
  open(message: ItemId, attachment: string, signal: AbortSignal): AsyncIterable<Uint8Array>
}

export type ListedAttachments =
  | {
      readonly message: ItemId
      readonly outcome: 'listed'
      readonly attachments: readonly AttachmentInfo[]
    }
  | { readonly message: ItemId; readonly outcome: 'gone' }
  | { readonly message: ItemId; readonly outcome: 'unreadable'; readonly reason: string }

export interface AttachmentInfo {
  readonly id: string
  readonly kind: 'file' | 'item' | 'reference'
  readonly name: string
  readonly contentType: string
  readonly size: number
  readonly inline: boolean
  readonly contentId: string | null
}

/** A file that a person attached. */
export interface MailFile {
  readonly name: string
  readonly contentType: string
  readonly size: number
  readonly inline: boolean
  /** Also the mark by which it is found in the draft. */
  readonly contentId: string
  /** The bytes from `from` on. */
  readonly open: (from: number) => Promise<AsyncIterable<Uint8Array>>
}

export type FillStep =
  | { readonly outcome: 'done'; readonly id: ItemId; readonly print: string }
  | Exclude<SendStep, { outcome: 'done' }>
  | { readonly outcome: 'gone' | 'stale' }

export interface DraftMail {
  readonly subject: string
  readonly body: Body
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
  readonly bcc: readonly Address[]
  readonly importance: 'low' | 'normal' | 'high'
  readonly answers: { readonly item: ItemId; readonly how: 'reply' | 'replyAll' | 'forward' } | null
  /** Nobody wrote it: it says so, and no machine answers it. */
  readonly automatic?: boolean
}

export type SendStep =
  | { readonly outcome: 'done'; readonly id: ItemId }
  /** Will never be taken as it is. */
  | { readonly outcome: 'rejected'; readonly reason: string }
  /** Surely not applied: later again. */
  | { readonly outcome: 'not-sent'; readonly failure: Failure }
  /** Asked for and unanswered. */
  | { readonly outcome: 'unknown'; readonly failure: Failure }

export type FoundMail =
  | { readonly is: 'draft' | 'sent'; readonly id: ItemId }
  | { readonly is: 'nowhere' }
  /** Could not be looked up now. */
  | { readonly is: 'unreadable'; readonly failure: Failure }

/** What the engine may ask instead of asking which system this is. */
export interface Capabilities {
  /** Who holds `ifMatch`: the system, atomically, or the connector, by reading first (a small race stays). */
  readonly guard: 'enforced' | 'read-first'
  /** How a deletion is learnt: told by a tombstone, or noticed missing from a snapshot. */
  readonly deletions: 'told' | 'noticed'
  /** Whether a push joins the caller's transaction (the built-in CRM) or goes through the outbox. */
  readonly transactional: boolean
  /** Field groups that this side cannot hold, by kind: neither compared nor cleared there. */
  readonly cannotHold: {
    readonly event: readonly string[]
    readonly task: readonly string[]
    readonly message: readonly string[]
  }
}

export interface Identity {
  readonly tenantId: string
  readonly objectId: string
  readonly address: string
  readonly displayName: string
  /** The mailbox's own zone: To Do dates are read and written in it. */
  readonly zone: Zone
  /** How far the system's clock is ahead of ours, from its `Date` header. */
  readonly clockOffsetMs: number
}

export interface RemoteCollection {
  readonly externalId: string
  readonly name: string
  readonly isDefault: boolean
  readonly canWrite: boolean
  readonly parentExternalId?: string
  readonly color?: string
  /** Mail: well-known name such as `inbox`, where it has one. To Do: `flaggedEmails`, `defaultList`. */
  readonly wellKnown?: string
  readonly total?: number
  readonly unread?: number
}

export interface CollectionRef {
  readonly id: CollectionId
  readonly channel: Channel
  readonly externalId: string
  readonly isDefault: boolean
  /** The window that the cursor is (or will be) bound to; dates are UTC days. Calendars and mail's "how far back". */
  readonly window?: { readonly from: string; readonly to: string }
  /** The mailbox's zone. */
  readonly zone: Zone
  readonly privateEvents?: 'busy' | 'skip' | 'full'
}

export interface Page {
  /** A snapshot lists all there is: after its last page, what was not listed is gone or out of scope. A delta is silent about the rest. */
  readonly kind: 'delta' | 'snapshot'
  readonly observed: readonly Observation[]
  readonly next: Cursor
  readonly last: boolean
}

export type Observation =
  | {
      readonly kind: 'item'
      readonly id: ItemId
      readonly item: Item
      readonly etag: ETag
      readonly collection: CollectionId
    }
  /** A question, not an answer: moved, out of the window, or gone? Ask `read`. */
  | { readonly kind: 'tombstone'; readonly id: ItemId; readonly collection: CollectionId }
  /** Could not be understood: parked with its reason, the others go on. */
  | {
      readonly kind: 'malformed'
      readonly id: ItemId
      readonly reason: string
      readonly collection: CollectionId
    }

export interface ItemRef {
  readonly id: ItemId
  readonly collection: CollectionRef
}

export type ReadOutcome =
  | {
      readonly outcome: 'found'
      readonly id: ItemId
      readonly item: Item
      readonly etag: ETag
      readonly collectionExternalId?: string
      readonly inWindow: boolean
    }
  | { readonly outcome: 'gone'; readonly id: ItemId }
  /** Access lost, container gone: says nothing about the item. */
  | { readonly outcome: 'unreadable'; readonly id: ItemId; readonly reason: string }

export type Operation =
  /** Sent twice with one key it must make one item. Where the system has no such key, mark what you make and look first. */
  | {
      readonly do: 'create'
      readonly key: OperationId
      readonly collection: CollectionRef
      readonly item: Item
    }
  | {
      readonly do: 'update'
      readonly key: OperationId
      readonly collection: CollectionRef
      readonly id: ItemId
      /**
       * Only the groups to write. An occurrence group that is null here and missing in `whole` has no value of its own
       * any more: the occurrence follows the series again. When `recurrence` is written, the exceptions to keep are here too.
       */
      readonly fields: Fields
      /** All groups as the sides will have them after this write: what lossy or coupled groups are computed from. */
      readonly whole: Item
      readonly ifMatch: ETag
      /** A message's `folder` is written: where that is. Left out when the collection is no longer there. */
      readonly moveTo?: CollectionRef
    }
  | {
      readonly do: 'delete'
      readonly key: OperationId
      readonly collection: CollectionRef
      readonly id: ItemId
      readonly ifMatch: ETag
    }

export type PushOutcome =
  /**
   * `item` is what the system says it holds now (its normalised form). `found`: an earlier attempt at the same create had
   * arrived, perhaps not with all of its parts, and others may have changed it since.
   */
  | {
      readonly outcome: 'written'
      readonly id: ItemId
      readonly etag: ETag
      readonly item: Item | null
      readonly found?: true
    }
  /** It changed since we looked: pull and reconcile again. */
  | { readonly outcome: 'stale' }
  /** It no longer exists: the next pull will say so too. */
  | { readonly outcome: 'gone' }
  /** Will never be taken as it is: parked with the reason. */
  | { readonly outcome: 'rejected'; readonly reason: string; readonly code: string }
  /** Not sent, or surely not applied (throttled, unavailable): send it again later. */
  | { readonly outcome: 'not-sent'; readonly failure: Failure }
  /** Sent and unanswered: look it up with `settle`, never send it again blindly. */
  | { readonly outcome: 'unknown'; readonly failure: Failure }

export type SettleOutcome =
  /** `took`: groups that surely arrived, whatever the item shows now. Who changed them since has seen them. */
  | {
      readonly outcome: 'written'
      readonly id: ItemId
      readonly etag: ETag
      readonly item: Item | null
      readonly took?: readonly string[]
    }
  | { readonly outcome: 'not-applied' }
  | { readonly outcome: 'unknown'; readonly failure: Failure }

export type Failure =
  | { readonly kind: 'unavailable'; readonly message: string; readonly retryAfterSeconds?: number }
  | { readonly kind: 'throttled'; readonly message: string; readonly retryAfterSeconds: number }
  /** A person must act: `message` says who and how; `code` is the AADSTS number or Graph code. */
  | { readonly kind: 'unauthorized'; readonly message: string; readonly code: string }
  | { readonly kind: 'cursor-expired'; readonly message: string }
  | { readonly kind: 'rejected'; readonly message: string; readonly code: string; readonly status?: number }

/** A failure of the outside world: made once at the connector's edge, caught once, in engine/schedule.ts. */
export class ConnectorError extends Error {
  readonly failure: Failure
  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(failure.message, options)
    this.name = 'ConnectorError'
    this.failure = failure
  }
}
