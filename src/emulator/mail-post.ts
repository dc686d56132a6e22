/** Sending: rights, the copy in Sent Items, delivery to the tenant's mailboxes, the log for everybody else. */
import { GraphError } from './errors.ts'
import { htmlToText, textToHtml, type Recipient, type TextBody } from './item-parts.ts'
import {
  bodyOf,
  headerOf,
  storedBody,
  type Header,
  type MessageInput,
  type MessageRow,
} from './mail-model.ts'
import {
  addMessage,
  answerIndex,
  makeMessage,
  makeMessageId,
  messageWithInternetId,
  moveMessage,
  makeConversation,
  takeMessage,
  wellKnown,
} from './mail-store.ts'
import { mimeDate } from './mime-write.ts'
import { post, type Office, type Posting } from './office.ts'
import type { Mailbox, Store } from './state.ts'

export const recipientOf = (mailbox: Mailbox): Recipient => ({
  emailAddress: { name: mailbox.person.displayName, address: mailbox.person.mail },
})

const addressOf = (recipient: Recipient): string => recipient.emailAddress.address.toLowerCase()

/** Each address once, in order of first mention. */
function everybody(row: MessageRow): Recipient[] {
  const seen = new Map<string, Recipient>()
  for (const recipient of [...row.toRecipients, ...row.ccRecipients, ...row.bccRecipients])
    if (!seen.has(addressOf(recipient))) seen.set(addressOf(recipient), recipient)
  return [...seen.values()]
}

/** Whether a mailbox may write another one's name into `from`. */
function checkSender(store: Store, mailbox: Mailbox, from: Recipient): void {
  const { person } = mailbox
  const address = addressOf(from)
  if (address === person.mail.toLowerCase() || address === person.userPrincipalName.toLowerCase()) return
  const other = store.mailboxOf(address)
  if (other?.person.delegates.includes(person.id) === true) return
  throw new GraphError(
    403,
    'ErrorSendAsDenied',
    'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.',
  )
}

function checkRecipients(recipients: readonly Recipient[]): void {
  if (
    recipients.length > 0 &&
    recipients.every((recipient) => /^[^\s@]+@[^\s@]+$/.test(addressOf(recipient)))
  )
    return
  throw new GraphError(400, 'ErrorInvalidRecipients', "At least one recipient isn't valid.")
}

/** The thread that a message belongs to in a mailbox: the one of the nearest message that it answers. */
function conversationIn(
  store: Store,
  mailbox: Mailbox,
  row: MessageRow,
): Pick<MessageRow, 'conversationId' | 'conversationIndex'> {
  const named =
    `${headerOf(row, 'References') ?? ''} ${headerOf(row, 'In-Reply-To') ?? ''}`.match(/<[^<>\s]+>/g) ?? []
  for (const id of named.reverse()) {
    const known = messageWithInternetId(mailbox, id)
    if (known !== undefined)
      return { conversationId: known.conversationId, conversationIndex: row.conversationIndex }
  }
  return {
    conversationId: makeConversation(store, mailbox).conversationId,
    conversationIndex: row.conversationIndex,
  }
}

/** Puts a message into a mailbox's Inbox, as the transport does. */
export function deliverTo(store: Store, mailbox: Mailbox, row: MessageRow): MessageRow {
  const actor = store.actor
  store.actor = 'system'
  try {
    return addMessage(store, mailbox, {
      ...row,
      ...store.stamp(),
      ...conversationIn(store, mailbox, row),
      folder: wellKnown(mailbox, 'inbox').key,
      moves: 0,
      isDraft: false,
      isRead: false,
      receivedAt: store.now(),
      bccRecipients: [],
      categories: [],
      flag: { flagStatus: 'notFlagged' },
      inferenceClassification: headerOf(row, 'List-Unsubscribe') === undefined ? 'focused' : 'other',
      extended: row.extended,
      extensions: [],
    })
  } finally {
    store.actor = actor
  }
}

const INTERNET_HEADERS = /^string \{?00020386-0000-0000-c000-000000000046\}? name (.+)$/i

/** Named properties of the set PS_INTERNET_HEADERS become headers when a message is sent. Source: [MS-OXCMAIL] 2.2.3.1. */
const internetProperties = (row: MessageRow): Header[] =>
  row.extended.flatMap(({ id, value }) => {
    const name = INTERNET_HEADERS.exec(id.replace(/\s+/g, ' '))?.[1]
    return name === undefined || typeof value !== 'string' ? [] : [{ name, value }]
  })

/**
 * Sends a message. `stored` says that it is a draft in the mailbox, which becomes the copy in Sent Items with the
 * same immutable id; without `keep` no copy stays.
 */
export function sendMessage(
  office: Office,
  mailbox: Mailbox,
  row: MessageRow,
  stored: boolean,
  keep: boolean,
): void {
  const { store } = office
  const from = row.from ?? recipientOf(mailbox)
  const recipients = everybody(row)
  checkRecipients(recipients)
  checkSender(store, mailbox, from)
  const now = store.now()
  const fields = {
    from,
    headers: [...row.headers, ...internetProperties(row)],
    sender: recipientOf(mailbox),
    isDraft: false,
    isRead: true,
    sentAt: now,
    receivedAt: now,
  } satisfies Partial<MessageRow>
  const sentItems = wellKnown(mailbox, 'sentitems').key
  let sent: MessageRow = { ...row, ...fields }
  if (stored && keep) sent = moveMessage(store, mailbox, row, sentItems, fields)
  else if (stored) takeMessage(store, mailbox, row)
  else if (keep) sent = addMessage(store, mailbox, { ...sent, folder: sentItems })
  post(office, {
    kind: 'message',
    from: mailbox,
    to: recipients,
    subject: sent.subject,
    about: sent.internetMessageId,
    text: bodyOf(sent).content,
  })
  for (const recipient of recipients) {
    const theirs = store.mailboxOf(addressOf(recipient))
    if (theirs !== undefined && !theirs.gone) deliverTo(store, theirs, sent)
  }
}

const MEETING_TYPES: Readonly<Partial<Record<Posting['kind'], NonNullable<MessageRow['meeting']>['type']>>> =
  {
    meetingRequest: 'meetingRequest',
    meetingUpdate: 'meetingRequest',
    meetingForward: 'meetingRequest',
    meetingCancellation: 'meetingCancelled',
  }
const RESPONSE_TYPES = {
  accepted: 'meetingAccepted',
  tentativelyAccepted: 'meetingTenativelyAccepted',
  declined: 'meetingDeclined',
} as const

/** The mails about meetings that calendars send: a copy in Sent Items and one in each attendee's Inbox. */
export function deliverMeetingMail(office: Office, posting: Posting): void {
  const { store } = office
  if (posting.kind === 'message') return
  const type =
    posting.kind === 'meetingResponse'
      ? RESPONSE_TYPES[posting.response ?? 'accepted']
      : MEETING_TYPES[posting.kind]
  if (type === undefined) return
  const sender = recipientOf(posting.from)
  const body: TextBody = /<[a-z!]/i.test(posting.text)
    ? { contentType: 'html', content: posting.text }
    : { contentType: 'text', content: posting.text }
  const row = makeMessage(store, posting.from, wellKnown(posting.from, 'sentitems').key, {
    subject: posting.subject,
    ...storedBody(body, store.switches),
    from: sender,
    sender,
    toRecipients: posting.to,
  })
  const actor = store.actor
  store.actor = 'system'
  const key = posting.copies?.get(posting.from.person.id) ?? null
  addMessage(store, posting.from, { ...row, isDraft: false, meeting: { type, eventKey: key } })
  for (const recipient of posting.to) {
    const theirs = store.mailboxOf(addressOf(recipient))
    if (theirs === undefined || theirs.gone) continue
    deliverTo(store, theirs, {
      ...row,
      meeting: { type, eventKey: posting.copies?.get(theirs.person.id) ?? null },
    })
  }
  store.actor = actor
}

export type AnswerKind = 'reply' | 'replyAll' | 'forward'

function quoted(original: MessageRow, html: boolean): string {
  const line = (name: string, value: string): string =>
    value === '' ? '' : html ? `<b>${name}:</b> ${value}<br>\r\n` : `${name}: ${value}\r\n`
  const safe = (words: string): string =>
    html ? words.replaceAll('&', '&amp;').replaceAll('<', '&lt;') : words
  const show = (recipients: readonly Recipient[]): string =>
    recipients.map(({ emailAddress: { name, address } }) => safe(`${name} <${address}>`)).join('; ')
  const head =
    line('From', original.from === null ? '' : show([original.from])) +
    line('Sent', mimeDate(original.sentAt)) +
    line('To', show(original.toRecipients)) +
    line('Cc', show(original.ccRecipients)) +
    line('Subject', safe(original.subject))
  const body = bodyOf(original)
  if (!html)
    return `\r\n________________________________\r\n${head}\r\n${body.contentType === 'html' ? htmlToText(body.content) : body.content}`
  const inner = body.contentType === 'html' ? body.content : textToHtml(body.content)
  const words = /<body[^>]*>([\s\S]*)<\/body>/i.exec(inner)?.[1] ?? inner
  return `<hr tabindex="-1" style="display:inline-block; width:98%">\r\n<div id="divRplyFwdMsg" dir="ltr">${head}</div>\r\n<div>${words}</div>`
}

const PREFIX: Readonly<Record<AnswerKind, string>> = { reply: 'RE: ', replyAll: 'RE: ', forward: 'FW: ' }

/** A draft that answers or forwards `original`; `input` is what the caller wants otherwise than usual. */
export function makeAnswer(
  office: Office,
  mailbox: Mailbox,
  original: MessageRow,
  kind: AnswerKind,
  comment: string,
  input: MessageInput,
): MessageRow {
  const { store } = office
  const me = mailbox.person.mail.toLowerCase()
  const mine = original.from !== null && addressOf(original.from) === me
  const author =
    original.replyTo.length > 0 ? original.replyTo : original.from === null ? [] : [original.from]
  const others = (recipients: readonly Recipient[]): Recipient[] =>
    recipients.filter((recipient) => addressOf(recipient) !== me)
  const to = mine ? original.toRecipients : author
  const seen = new Set(to.map(addressOf))
  const fresh = (recipients: readonly Recipient[]): Recipient[] =>
    others(recipients).filter((recipient) => !seen.has(addressOf(recipient)))
  const html = bodyOf(original).contentType === 'html'
  const words = html
    ? `<div>${/<[a-z]/i.test(comment) ? comment : comment.replaceAll('<', '&lt;').replaceAll('\n', '<br>')}</div>\r\n`
    : `${comment}\r\n`
  const body: TextBody = { contentType: html ? 'html' : 'text', content: words + quoted(original, html) }
  const references = `${headerOf(original, 'References') ?? ''} ${original.internetMessageId}`.trim()
  const thread: Header[] = [
    { name: 'In-Reply-To', value: original.internetMessageId },
    { name: 'References', value: references },
  ]
  const bare = original.subject.replace(/^((re|fw|fwd|aw|wg):\s*)+/i, '')
  return makeMessage(store, mailbox, wellKnown(mailbox, 'drafts').key, {
    subject: PREFIX[kind] + bare,
    ...storedBody(body, store.switches),
    from: recipientOf(mailbox),
    sender: recipientOf(mailbox),
    toRecipients:
      kind === 'forward'
        ? []
        : [...to, ...(kind === 'replyAll' && !mine ? fresh(original.toRecipients) : [])],
    ccRecipients: kind === 'replyAll' ? fresh(original.ccRecipients) : [],
    internetMessageId: makeMessageId(store, mailbox),
    ...input,
    headers: [...thread, ...(input.headers ?? [])],
  })
}

/** What an answer takes over from the message that it answers. */
export function threadFields(office: Office, original: MessageRow, kind: AnswerKind): Partial<MessageRow> {
  return {
    conversationId: original.conversationId,
    conversationIndex: answerIndex(office.store, original.conversationIndex),
    attachments:
      kind === 'forward'
        ? original.attachments
        : original.attachments.filter((attachment) => attachment.isInline),
  }
}
