import type { Answer } from '../../api/client.ts'

/** What the sections of a system mailbox's page share. */
export type SystemMailbox = Answer<'GET /api/system-mailboxes/:mailbox'>
/** What is changed on the page and not saved yet. */
export interface MailboxDraft {
  readonly label?: string
  readonly processing?: SystemMailbox['processing']
  readonly allowedUsers?: readonly string[]
  readonly allowedRoles?: SystemMailbox['allowedRoles']
  readonly folders?: readonly string[] | null
}
export interface SectionProps {
  readonly mailbox: SystemMailbox
  readonly draft: MailboxDraft
  readonly change: (patch: MailboxDraft) => void
}
