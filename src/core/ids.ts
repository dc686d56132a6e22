/**
 * Ids carry their kind in the type, so that a record's id can never be passed where an item's is asked for.
 * Strings become ids at the border only (connectors' wire files, the store's rows, the API's parser), through `as…`.
 */
declare const tag: unique symbol
export type Id<Name extends string> = string & { readonly [tag]: Name }

export type OrganizationId = Id<'OrganizationId'>
export type UserId = Id<'UserId'>
/** One Microsoft 365 mailbox (a person's or a shared one) as we know it. */
export type MailboxId = Id<'MailboxId'>
/** Our id of what one cursor covers: a calendar, a task list, a mail folder, paired with its container in the CRM. */
export type CollectionId = Id<'CollectionId'>
/** A row of the CRM: an event, a task, a message. */
export type RecordId = Id<'RecordId'>
/** Microsoft's id of an item (immutable where Graph has that). Case-sensitive, opaque. */
export type ItemId = Id<'ItemId'>
export type LinkId = Id<'LinkId'>
export type RunId = Id<'RunId'>
/** One write to one side: the row of the journal, and the idempotency marker that travels with the write. */
export type OperationId = Id<'OperationId'>
export type ConflictId = Id<'ConflictId'>

/** Opaque version that guards a write. A hint where to look, never proof that a person changed something. */
export type ETag = Id<'ETag'>
/** Opaque: where the next pull starts (Graph: a delta or next link; CRM: a position in the change feed). */
export type Cursor = Id<'Cursor'>
/** Milliseconds since 1970-01-01T00:00Z, always handed in by a clock. */
export type Instant = number

export const asId = <T extends Id<string>>(text: string): T => text as T
