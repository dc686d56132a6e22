/** Rows of the mail store: what a mailbox keeps about its folders and messages. */
import type { Item } from './collection.ts'
import type { Attachment, ExtendedProperty, OpenExtension, Recipient, TextBody } from './item-parts.ts'

export interface MailFolderRow extends Item {
  displayName: string
  /** Null for the root. */
  parentKey: string | null
  /** `inbox`, `sentitems` …; null for a folder that a person made. */
  readonly wellKnownName: string | null
  isHidden: boolean
}

export interface MessageRow extends Item {
  subject: string
  body: TextBody
  from: Recipient | null
  sender: Recipient | null
  toRecipients: Recipient[]
  ccRecipients: Recipient[]
  bccRecipients: Recipient[]
  replyTo: Recipient[]
  /** Milliseconds since the epoch. */
  sentAt: number
  receivedAt: number
  isRead: boolean
  isDraft: boolean
  importance: string
  inferenceClassification: string
  categories: string[]
  flag: Record<string, unknown>
  conversationId: string
  internetMessageId: string
  headers: { name: string; value: string }[]
  attachments: Attachment[]
  extended: ExtendedProperty[]
  extensions: OpenExtension[]
  /** For messages about a meeting: `meetingRequest`, `meetingCancelled`, `meetingAccepted` …, and the event's key. */
  meeting: { type: string; eventKey: string | null } | null
}
