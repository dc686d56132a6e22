import type { Readable } from 'node:stream'

/** Attachments of messages that may still lie at Microsoft. */
export interface MailContent {
  /** Lists what a message has, unless that is known. Quiet when Microsoft cannot be asked: it is listed later. */
  readonly list: (message: string) => Promise<void>
  /** The bytes, from here or from Microsoft. Null: they cannot be had. */
  readonly open: (attachment: string) => Promise<Readable | null>
}
