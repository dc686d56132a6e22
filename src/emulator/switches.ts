/**
 * Behaviour that Microsoft does not document, or that was seen in several ways. Each has a default and can be
 * changed at start or through the control API, so that a client can be tried against every variant.
 */
export interface Switches {
  /** What a second POST of an event with a used `transactionId` answers, besides the existing event. */
  transactionIdRepeatStatus: 200 | 201 | 409
  /** `/events/delta` is documented for beta only, and used on v1.0 by integrators. */
  eventsDelta: boolean
  /** A tombstone for an occurrence that was deleted. Reports say there is none: the series is sent again. */
  deltaOccurrenceTombstones: boolean
  /** The first page of a delta round may be empty and have a nextLink. */
  deltaEmptyFirstPage: boolean
  /** Whether To Do answers 412 to a stale If-Match. Nothing documents it. */
  todoIfMatch: boolean
  /** What becomes of a recurring task that is completed. */
  todoCompletion: 'advance-and-copy' | 'advance' | 'new-task'
  /** Whether a change of steps, linked resources or attachments shows the task in its delta. */
  todoChildrenTouchTask: boolean
  /** To Do lists leave `recurrence` out of plain listings. */
  todoListOmitsRecurrence: boolean
  /** What becomes of exceptions when the pattern of their series changes. */
  patternChangeDropsExceptions: boolean
  /** Exchange wraps HTML bodies in html, head and meta tags. */
  rewriteHtmlBodies: boolean
  /** Server-side work bumps the etag of a meeting once more after a write. */
  etagBumpAfterWrite: boolean
  /** A client that does not ask for immutable ids is noted among the complaints. */
  expectImmutableIds: boolean
  /** An item that was moved out of a folder and back between two delta calls with immutable ids is only told as removed. */
  deltaMoveBackTrap: boolean
  /** Whether mailFolders/delta tells a folder whose counts changed. */
  folderDeltaTellsCounts: boolean
  /** Custom `x-` headers that a message may be created with. */
  customHeadersMax: number
  /** Whether notification addresses may be plain http when they are on the same machine. Microsoft takes https only. */
  httpNotificationLoopback: boolean
  /** A subscription that asks for more than the longest life: refused, or cut to it. */
  subscriptionTooLong: 'refuse' | 'cut'
  /** From a change to its notification, in milliseconds. */
  notificationDelayMilliseconds: number
  /** A creation is notified as created and, at once, as updated. */
  notificationUpdatedAfterCreated: boolean
  /** Shares of notifications that are lost, told twice, held back for minutes, told out of order. From 0 to 1. */
  notificationsDropped: number
  notificationsDoubled: number
  notificationsDelayed: number
  notificationsReordered: number
  /** Minutes before a subscription runs out at which its lifecycle address is asked to reauthorize; 0 for never. */
  reauthorizeMinutesBefore: number
  /** Requests at once per app and mailbox before 429; 0 for no limit. */
  concurrentRequestsMax: number
  /** Requests per ten minutes per app and mailbox before 429; 0 for no limit. */
  requestsPerTenMinutesMax: number
  /** The status of a refusal by the throttle. */
  throttleStatus: 429 | 503
  /** `Retry-After` in whole seconds, or with a fraction as Outlook sometimes sends it. */
  fractionalRetryAfter: boolean
  /** Added to every Graph answer, in milliseconds. */
  latencyMilliseconds: number
  /** Life of an access token in seconds. */
  accessTokenSeconds: number
}

export const DEFAULT_SWITCHES: Switches = {
  transactionIdRepeatStatus: 201,
  eventsDelta: true,
  deltaOccurrenceTombstones: false,
  deltaEmptyFirstPage: false,
  todoIfMatch: false,
  todoCompletion: 'advance-and-copy',
  todoChildrenTouchTask: true,
  todoListOmitsRecurrence: true,
  patternChangeDropsExceptions: true,
  rewriteHtmlBodies: true,
  etagBumpAfterWrite: false,
  expectImmutableIds: true,
  deltaMoveBackTrap: true,
  folderDeltaTellsCounts: false,
  customHeadersMax: 5,
  httpNotificationLoopback: true,
  subscriptionTooLong: 'refuse',
  notificationDelayMilliseconds: 200,
  notificationUpdatedAfterCreated: true,
  notificationsDropped: 0,
  notificationsDoubled: 0,
  notificationsDelayed: 0,
  notificationsReordered: 0,
  reauthorizeMinutesBefore: 30,
  concurrentRequestsMax: 4,
  requestsPerTenMinutesMax: 10_000,
  throttleStatus: 429,
  fractionalRetryAfter: false,
  latencyMilliseconds: 0,
  accessTokenSeconds: 3599,
}
