/**
 * Messages and folders as Graph answers them. Messages are written as JSON text, property by property, because
 * a page of a thousand is what a mail client asks for all day.
 * Source: "message resource type", "eventMessage resource type", "mailFolder resource type".
 */
import { secondText } from './clock.ts'
import { find, size } from './collection.ts'
import { instantOf, type EventRow, type Moment } from './event-model.ts'
import { renderBody, type View } from './event-render.ts'
import { bodyText } from './http.ts'
import { changeKey, etag } from './ids.ts'
import { htmlToText, type JsonObject, type Recipient, type TextBody } from './item-parts.ts'
import { generatedPreviewJson, writeGeneratedBody } from './mail-corpus.ts'
import { bodyOf, NOT_FLAGGED, previewOfRow, type MailFolderRow, type MessageRow } from './mail-model.ts'
import { childrenOf, folderId, messageId, messagesIn } from './mail-store.ts'
import { messageHeaders } from './mime-write.ts'
import { Rows } from './rows.ts'
import type { Mailbox } from './state.ts'
import { TextCache } from './text-cache.ts'
import { wallText } from './zones.ts'

/** Exchange keeps whole seconds of a message's times. */
const instantText = (at: number): string => `${secondText(at)}Z`

const quote = (value: unknown): string => JSON.stringify(value)

const recipientTexts = new WeakMap<Recipient, string>()

function recipientText(recipient: Recipient): string {
  let text = recipientTexts.get(recipient)
  if (text === undefined) {
    const { name, address } = recipient.emailAddress
    text = `{"emailAddress":{"name":${quote(name)},"address":${quote(address)}}}`
    recipientTexts.set(recipient, text)
  }
  return text
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

function writeBody(out: Rows, row: MessageRow, asText: boolean): void {
  if ('generated' in row.body && !asText) {
    out.text('{"contentType":"html","content":')
    writeGeneratedBody(out, row.body.generated)
    out.text('}')
    return
  }
  const body = bodyOf(row)
  let text = asText ? quote(renderBody(body, true)) : bodyTexts.get(body)
  if (text === undefined) {
    text = quote(renderBody(body, false))
    bodyTexts.set(body, text)
  }
  out.text(text)
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
const PROPERTIES: readonly (readonly [name: string, write: ((source: Source) => string) | null])[] = [
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
  [
    'bodyPreview',
    ({ row }) =>
      'generated' in row.body ? generatedPreviewJson(row.body.generated) : quote(previewOfRow(row)),
  ],
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
  ['body', null],
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

export interface Frame {
  /** The brace, and what stands before all properties. */
  readonly opening: string
  /** Pages of changes name the type of each row. */
  readonly typed: boolean
}

const PLAIN: Frame = { opening: '{', typed: false }

/**
 * Writes a message as JSON text. Without `names` all properties that come without being asked for; `more` are further
 * properties, each with a comma before it.
 */
export function writeMessage(
  out: Rows,
  mailbox: Mailbox,
  row: MessageRow,
  view: View,
  names: ReadonlySet<string> | null = null,
  frame: Frame = PLAIN,
  more = '',
): void {
  let head = frame.opening
  if (frame.typed || row.meeting !== null) head += `"@odata.type":"${meetingType(row)}",`
  const whole = names === null && row.meeting === null
  const [before = '', after = ''] = whole
    ? texts.get(row, `${mailbox.code}${view.immutableIds ? 'i' : 'r'}`, () =>
        around(mailbox, row, view, null),
      )
    : around(mailbox, row, view, names)
  out.text(head)
  out.text(before)
  if (names === null || names.has('body')) writeBody(out, row, view.bodyText)
  out.text(after)
  out.text(`${more}}`)
}

/** About thirty thousand messages, read again and again. Bodies are not among it. */
const CHARACTERS_KEPT = 80_000_000
const texts = new TextCache(CHARACTERS_KEPT)

/** A message's text before its body and after it. */
function around(
  mailbox: Mailbox,
  row: MessageRow,
  view: View,
  names: ReadonlySet<string> | null,
): readonly [string, string] {
  const key = changeKey(row.version)
  const source: Source = {
    mailbox,
    row,
    view,
    id: messageId(mailbox, row, view.immutableIds),
    changeKey: key,
  }
  let before = ''
  let text = `"@odata.etag":"W/\\"${key}\\""`
  for (let i = 0; i < PROPERTIES.length; i++) {
    const property = PROPERTIES[i]
    if (property === undefined || (names !== null && i > 0 && !names.has(LOWER[i] ?? ''))) continue
    text += HEADS[i] ?? ''
    if (property[1] === null) {
      before = text
      text = ''
    } else text += property[1](source)
  }
  if (row.meeting !== null)
    for (const [name, value] of Object.entries(meetingProperties(mailbox, row, view)))
      if (names === null || names.has(name.toLowerCase())) text += `,"${name}":${quote(value)}`
  if (names?.has('internetmessageheaders'))
    text += `,"internetMessageHeaders":${quote(row.isDraft ? row.headers : messageHeaders(row))}`
  if (names?.has('uniquebody')) text += `,"uniqueBody":${quote(uniqueBody(row, view.bodyText))}`
  return [before, text]
}

/** A message as an object, with only `names`; for filters and orders, which look at few properties. */
export function messageEntity(
  mailbox: Mailbox,
  row: MessageRow,
  view: View,
  names: ReadonlySet<string> | null,
): JsonObject {
  const out = new Rows('')
  writeMessage(out, mailbox, row, view, names)
  return JSON.parse(bodyText(out.finish(''))) as JsonObject
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
