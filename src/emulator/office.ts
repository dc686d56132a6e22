/** The world with its logs and its post: what every operation is given. */
import type { Recipient } from './item-parts.ts'
import type { Logs, MailEntry } from './logs.ts'
import type { Mailbox, Store } from './state.ts'

/** A mail on its way from a mailbox. */
export interface Posting {
  readonly kind: MailEntry['kind']
  readonly from: Mailbox
  readonly to: readonly Recipient[]
  readonly subject: string
  /** The iCalUId of the meeting, or the internetMessageId of the message. */
  readonly about: string
  /** Comment or body of the mail. */
  readonly text: string
  /** For a meeting: the key of each recipient's own copy of the event, by object id. */
  readonly copies?: ReadonlyMap<string, string>
  /** The answer that a meetingResponse carries. */
  readonly response?: 'accepted' | 'tentativelyAccepted' | 'declined'
}

export interface Office {
  readonly store: Store
  readonly logs: Logs
  /** Where mails go besides the log: the mail store puts them into mailboxes. */
  readonly deliveries: ((posting: Posting) => void)[]
}

/** Sends a mail: logs it, and delivers it to those who have a mailbox here. */
export function post(office: Office, posting: Posting): void {
  const { store, logs } = office
  const to = posting.to.map((recipient) => recipient.emailAddress.address)
  if (to.length === 0) return
  logs.mails.push({
    id: store.guid(),
    at: store.now(),
    actor: store.actor,
    kind: posting.kind,
    from: posting.from.person.mail,
    to,
    outside: to.filter((address) => store.mailboxOf(address) === undefined),
    subject: posting.subject,
    about: posting.about,
  })
  for (const deliver of office.deliveries) deliver(posting)
}
