import type { Instant } from './ids.ts'
import type { Facts, Fields, Json, Kind, Side } from './item.ts'
import type { RuleId } from './rules.ts'

/** What is decided about one pair, and what it is decided from. */
export interface Present {
  readonly fields: Fields
  readonly facts: Facts
  readonly modifiedAt: Instant | null
}
export type Presence = Present | 'deleted' | 'none'

export interface PairInput {
  readonly kind: Kind
  /** What each side held when they last agreed; null when they were never linked. */
  readonly bases: { readonly crm: Fields; readonly mailbox: Fields } | null
  readonly crm: Presence
  /** With groups that were not reported filled in from its base (`reported`). */
  readonly mailbox: Presence
  /** Facts of the item when it was last seen: they say who owns what, also when it is gone. */
  readonly facts: Facts
  /** The record came back after its item was deleted: re-creating it must not invite anybody anew. */
  readonly repair?: boolean
  /** What a deleted record held, to restore it whole. */
  readonly quarantine?: Fields
}

export interface SideWrite {
  readonly do: 'create' | 'update' | 'delete' | 'restore'
  readonly rule: RuleId
  /** The groups to write; `ABSENT` takes one away. Empty for a deletion. */
  readonly fields: Fields
  /** What the side held of these groups; all groups for a deletion. */
  readonly before: Fields
  /** Whom Microsoft would mail. Always empty for the CRM. */
  readonly mails: readonly string[]
}

export interface ConflictDraft {
  readonly kind: 'edit' | 'delete' | 'drift' | 'read-only'
  readonly group: string
  readonly base: Json
  readonly crm: Json
  readonly mailboxValue: Json
  readonly rule: RuleId
  readonly verdict: Side | 'none'
  readonly open: boolean
}

export interface PairPlan {
  readonly rule: RuleId
  readonly crm: SideWrite | null
  readonly mailbox: SideWrite | null
  readonly conflicts: readonly ConflictDraft[]
  /**
   * The bases once the CRM's write is committed. What is on its way to Microsoft is not in them yet: as long as it did
   * not arrive, the group still counts as changed in the CRM.
   */
  readonly bases: { readonly crm: Fields; readonly mailbox: Fields }
  /** `apart`: no pair (any more), both sides keep what they have. */
  readonly then: 'linked' | 'gone' | 'apart'
}
