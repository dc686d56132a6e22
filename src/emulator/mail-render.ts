/**
 * Messages and folders as Graph answers them. Messages are written as JSON text, property by property, because a
 * page of a thousand is what a mail client asks for all day.
 * Source: "message resource type", "eventMessage resource type", "mailFolder resource type".
 */
import { find, size } from './collection.ts'
import { instantOf, type EventRow, type Moment } from './event-model.ts'
import { renderBody, type View } from './event-render.ts'
import { changeKey, etag } from './ids.ts'
import { htmlToText, type JsonObject, type Recipient, type TextBody } from './item-parts.ts'
import { generatedBodyJson } from './mail-corpus.ts'
import { bodyOf, NOT_FLAGGED, previewOfRow, type MailFolderRow, type MessageRow } from './mail-model.ts'
import { childrenOf, folderId, messageId, messagesIn } from './mail-store.ts'
import { messageHeaders } from './mime-write.ts'
import type { Mailbox } from './state.ts'
import { wallText } from './zones.ts'

const DAY = 86_400_000
const DAYS_KNOWN_MAX = 20_000
const days = new Map<number, string>()
const TWO = Array.from({ length: 60 }, (_none, n) => String(n).padStart(2, '0'))

/** Exchange keeps whole seconds of a message's times. Written by hand: a page has four thousand of them. */
function instantText(at: number): string {
  const day = Math.floor(at / DAY)
  let date = days.get(day)
  if (date === undefined) {
    if (days.size >= DAYS_KNOWN_MAX) days.clear()
    date = new Date(day * DAY).toISOString().slice(0, 11)
    days.set(day, date)
  }
  const seconds = Math.floor((at - day * DAY) / 1000)
  return `${date}${TWO[Math.floor(seconds / 3600)]}:${TWO[Math.floor(seconds / 60) % 60]}:${TWO[seconds % 60]}Z`
}

const quote = (value: unknown): string => JSON.stringify(value)

function recipientText(recipient: Recipient): string {
  const { name, address } = recipient.emailAddress
  return `{"emailAddress":{"name":${quote(name)},"address":${quote(address)}}}`
}

const listTexts = new WeakMap<readonly Recipient[], string>()

function recipientsText(recipients: readonly Recipient[]): string {
  if (recipients.length === 0) return '[]'
  let text = listTexts.get(recipients)
  if (text === undefined) {
    text = `[${recipients.map(recipientText).join(',')}]`
    listTexts.set(recipients, text)
  }
  return text
}

const bodyTexts = new WeakMap<TextBody, string>()

function bodyText(row: MessageRow, asText: boolean): string {
  if ('generated' in row.body && !asText)
    return `{"contentType":"html","content":${generatedBodyJson(row.body.generated)}}`
  const body = bodyOf(row)
  if (asText) return quote(renderBody(body, true))
  let text = bodyTexts.get(body)
  if (text === undefined) {
    text = quote(renderBody(body, false))
    bodyTexts.set(body, text)
  }
  return text
}

/** The part of a body that no earlier message of the thread has: what stands before the quoted original. */
function uniqueBody(row: MessageRow, asText: boolean): JsonObject {
  const body = bodyOf(row)
  const cut = body.content.search(body.contentType === 'html' ? /<hr\b|<blockquote\b/i : /^_{10,}|^>/m)
  const content = cut < 0 ? body.content : body.content.slice(0, cut)
  return body.contentType === 'html' && asText
    ? { contentType: 'text', content: htmlToText(content) }
    : { contentType: body.contentType, content }
}

interface Source {
  readonly mailbox: Mailbox
  readonly row: MessageRow
  readonly view: View
  readonly id: string
  readonly changeKey: string
}

const NOT_FLAGGED_TEXT = quote(NOT_FLAGGED)

/** Properties in the order in which the service sends them. */
const PROPERTIES: readonly (readonly [name: string, write: (source: Source) => string])[] = [
  ['id', ({ id }) => `"${id}"`],
  ['createdDateTime', ({ row }) => `"${instantText(row.created)}"`],
  ['lastModifiedDateTime', ({ row }) => `"${instantText(row.modified)}"`],
  ['changeKey', ({ changeKey: key }) => `"${key}"`],
  ['categories', ({ row }) => (row.categories.length === 0 ? '[]' : quote(row.categories))],
  ['receivedDateTime', ({ row }) => `"${instantText(row.receivedAt)}"`],
  ['sentDateTime', ({ row }) => `"${instantText(row.sentAt)}"`],
  ['hasAttachments', ({ row }) => String(row.attachments.some((attachment) => !attachment.isInline))],
  ['internetMessageId', ({ row }) => quote(row.internetMessageId)],
  ['subject', ({ row }) => quote(row.subject)],
  ['bodyPreview', ({ row }) => quote(previewOfRow(row))],
  ['importance', ({ row }) => `"${row.importance}"`],
  ['parentFolderId', ({ mailbox, row }) => `"${folderId(mailbox, row.folder)}"`],
  ['conversationId', ({ row }) => `"${row.conversationId}"`],
  ['conversationIndex', ({ row }) => `"${row.conversationIndex}"`],
  [
    'isDeliveryReceiptRequested',
    ({ row }) => (row.isDraft ? String(row.isDeliveryReceiptRequested) : 'null'),
  ],
  ['isReadReceiptRequested', ({ row }) => String(row.isReadReceiptRequested)],
  ['isRead', ({ row }) => String(row.isRead)],
  ['isDraft', ({ row }) => String(row.isDraft)],
  [
    'webLink',
    ({ id }) =>
      `"https://outlook.office365.com/owa/?ItemID=${id.replaceAll('=', '%3D')}&exvsurl=1&viewmodel=ReadMessageItem"`,
  ],
  ['inferenceClassification', ({ row }) => `"${row.inferenceClassification}"`],
  ['body', ({ row, view }) => bodyText(row, view.bodyText)],
  ['sender', ({ row }) => (row.sender === null ? 'null' : recipientText(row.sender))],
  ['from', ({ row }) => (row.from === null ? 'null' : recipientText(row.from))],
  ['toRecipients', ({ row }) => recipientsText(row.toRecipients)],
  ['ccRecipients', ({ row }) => recipientsText(row.ccRecipients)],
  ['bccRecipients', ({ row }) => recipientsText(row.bccRecipients)],
  ['replyTo', ({ row }) => recipientsText(row.replyTo)],
  ['flag', ({ row }) => (row.flag === NOT_FLAGGED ? NOT_FLAGGED_TEXT : quote(row.flag))],
]

const HEADS = PROPERTIES.map(([name]) => `,"${name}":`)
const LOWER = PROPERTIES.map(([name]) => name.toLowerCase())

/** Properties of messages about meetings. */
function meetingProperties(mailbox: Mailbox, row: MessageRow, view: View): JsonObject {
  if (row.meeting === null) return {}
  const event = eventOf(mailbox, row)
  const at = (moment: Moment): JsonObject => ({
    dateTime: wallText(event?.isAllDay === true ? moment.wall : view.zone.toWall(instantOf(moment))),
    timeZone: view.zoneName,
  })
  return {
    meetingMessageType: row.meeting.type,
    isOutOfDate: false,
    isAllDay: event?.isAllDay ?? false,
    isDelegated: false,
    ...(event === undefined
      ? {}
      : {
          startDateTime: at(event.start),
          endDateTime: at(event.end),
          location: event.location,
        }),
  }
}

export function meetingType(row: MessageRow): string {
  switch (row.meeting?.type) {
    case undefined:
      return '#microsoft.graph.message'
    case 'meetingRequest':
      return '#microsoft.graph.eventMessageRequest'
    case 'meetingCancelled':
      return '#microsoft.graph.eventMessage'
    default:
      return '#microsoft.graph.eventMessageResponse'
  }
}

/** The event that a message is about, if this mailbox has it. */
export function eventOf(mailbox: Mailbox, row: MessageRow): EventRow | undefined {
  const key = row.meeting?.eventKey
  const home = key === undefined || key === null ? undefined : mailbox.eventHome.get(key)
  const calendar = home === undefined ? undefined : mailbox.events.get(home.replace(/^events\//, ''))
  return key === undefined || key === null || calendar === undefined ? undefined : find(calendar, key)
}

/**
 * A message as JSON text. Without `names` all properties that come without being asked for; `typed` for pages that
 * name the type of each row.
 */
export function messageText(
  mailbox: Mailbox,
  row: MessageRow,
  view: View,
  names: ReadonlySet<string> | null = null,
  typed = false,
): string {
  const key = changeKey(row.version)
  const source: Source = {
    mailbox,
    row,
    view,
    id: messageId(mailbox, row, view.immutableIds),
    changeKey: key,
  }
  // Joined once: thousands of small additions would leave a rope that is costly to flatten.
  const parts: string[] = [typed || row.meeting !== null ? `{"@odata.type":"${meetingType(row)}",` : '{']
  parts.push('"@odata.etag":"W/\\"', key, '\\""')
  for (let i = 0; i < PROPERTIES.length; i++) {
    const property = PROPERTIES[i]
    if (property === undefined || (names !== null && i > 0 && !names.has(LOWER[i] ?? ''))) continue
    parts.push(HEADS[i] ?? '', property[1](source))
  }
  if (row.meeting !== null)
    for (const [name, value] of Object.entries(meetingProperties(mailbox, row, view)))
      if (names === null || names.has(name.toLowerCase())) parts.push(`,"${name}":${quote(value)}`)
  if (names?.has('internetmessageheaders'))
    parts.push(`,"internetMessageHeaders":${quote(row.isDraft ? row.headers : messageHeaders(row))}`)
  if (names?.has('uniquebody')) parts.push(`,"uniqueBody":${quote(uniqueBody(row, view.bodyText))}`)
  parts.push('}')
  return parts.join('')
}

/** A message as an object, with only `names`; for filters and orders, which look at few properties. */
export function messageEntity(
  mailbox: Mailbox,
  row: MessageRow,
  view: View,
  names: ReadonlySet<string> | null,
): JsonObject {
  return JSON.parse(messageText(mailbox, row, view, names)) as JsonObject
}

export function renderFolder(mailbox: Mailbox, folder: MailFolderRow): JsonObject {
  let children = 0
  for (const child of childrenOf(mailbox, folder.key)) if (!child.isHidden) children++
  return {
    '@odata.etag': etag(folder.version),
    id: folderId(mailbox, folder.key),
    displayName: folder.displayName,
    parentFolderId: folderId(mailbox, folder.parentKey ?? folder.key),
    childFolderCount: children,
    unreadItemCount: folder.unread,
    totalItemCount: size(messagesIn(mailbox, folder.key)),
    isHidden: folder.isHidden,
  }
}
