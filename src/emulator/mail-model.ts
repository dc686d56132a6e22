/** Rows of the mail store, and how a request's JSON becomes one. Source: "message resource type". */
import type { Item } from './collection.ts'
import { refuseUnknown } from './event-model.ts'
import { badRequest, GraphError, invalidProperty } from './errors.ts'
import {
  flag,
  list,
  member,
  object,
  parseBody,
  parseExtended,
  parseExtension,
  parseRecipient,
  parseRecipients,
  previewOf,
  text,
  texts,
  wrapHtml,
  type Attachment,
  type ExtendedProperty,
  type JsonObject,
  type OpenExtension,
  type Recipient,
  type TextBody,
} from './item-parts.ts'
import { generatedBody, generatedPreview } from './mail-corpus.ts'
import type { Switches } from './switches.ts'

export interface MailFolderRow extends Item {
  displayName: string
  /** Null for the root and for folders beside it. */
  parentKey: string | null
  /** `inbox`, `sentitems` …; null for a folder that a person made. */
  readonly wellKnownName: string | null
  isHidden: boolean
  /** Unread messages, kept with every change of a message. */
  unread: number
  extended: ExtendedProperty[]
}

/** A body that is made again from its number whenever somebody reads it, so that large mailboxes stay small. */
export interface GeneratedBody {
  readonly generated: number
}

export interface Header {
  readonly name: string
  readonly value: string
}

export const MEETING_MESSAGES = [
  'meetingRequest',
  'meetingCancelled',
  'meetingAccepted',
  'meetingTenativelyAccepted',
  'meetingDeclined',
] as const

export interface MessageRow extends Item {
  /** Key of the folder it is in. */
  readonly folder: string
  /** Times it was moved. The default id changes with each. */
  readonly moves: number
  /** The world's sequence number at which it came into its folder. */
  readonly arrived: number
  subject: string
  body: TextBody | GeneratedBody
  /** Null for a generated body: made again with it. */
  preview: string | null
  from: Recipient | null
  sender: Recipient | null
  toRecipients: readonly Recipient[]
  ccRecipients: readonly Recipient[]
  bccRecipients: readonly Recipient[]
  replyTo: readonly Recipient[]
  /** Milliseconds since the epoch. */
  sentAt: number
  receivedAt: number
  isRead: boolean
  isDraft: boolean
  importance: string
  inferenceClassification: string
  isReadReceiptRequested: boolean
  isDeliveryReceiptRequested: boolean
  categories: readonly string[]
  flag: JsonObject
  conversationId: string
  /** Base64 of 22 bytes and 5 more for each answer. */
  conversationIndex: string
  internetMessageId: string
  /** Headers beside those that other properties carry: `In-Reply-To`, `References`, `List-Unsubscribe`, `x-…`. */
  headers: readonly Header[]
  attachments: readonly Attachment[]
  extended: ExtendedProperty[]
  extensions: OpenExtension[]
  /** For messages about a meeting: what it says, and the key of the event in this mailbox. */
  meeting: { readonly type: (typeof MEETING_MESSAGES)[number]; readonly eventKey: string | null } | null
}

export function bodyOf(row: MessageRow): TextBody {
  return 'generated' in row.body ? generatedBody(row.body.generated) : row.body
}

export function previewOfRow(row: MessageRow): string {
  if ('generated' in row.body) return generatedPreview(row.body.generated)
  return row.preview ?? previewOf(row.body)
}

export function headerOf(row: MessageRow, name: string): string | undefined {
  const lower = name.toLowerCase()
  return row.headers.find((header) => header.name.toLowerCase() === lower)?.value
}

export const NOT_FLAGGED: JsonObject = Object.freeze({ flagStatus: 'notFlagged' })

/** What a client may write at any time. */
const ALWAYS = new Set([
  'bccRecipients',
  'categories',
  'ccRecipients',
  'flag',
  'from',
  'importance',
  'inferenceClassification',
  'isDeliveryReceiptRequested',
  'isRead',
  'isReadReceiptRequested',
  'sender',
  'toRecipients',
  'extensions',
  'singleValueExtendedProperties',
])
/** What a client may write while the message is a draft. */
const DRAFT_ONLY = new Set([
  'body',
  'internetMessageId',
  'replyTo',
  'subject',
  'internetMessageHeaders',
  'attachments',
])
const WRITABLE = new Set([...ALWAYS, ...DRAFT_ONLY])
/** Known to the type, owned by the service: ignored. */
const READ_ONLY = new Set([
  'bodypreview',
  'changekey',
  'conversationid',
  'conversationindex',
  'createddatetime',
  'hasattachments',
  'id',
  'isdraft',
  'lastmodifieddatetime',
  'multivalueextendedproperties',
  'parentfolderid',
  'receiveddatetime',
  'sentdatetime',
  'uniquebody',
  'weblink',
  'meetingmessagetype',
])

/** What a request says about a message; what it left out is not there. */
export type MessageInput = Partial<
  Pick<
    MessageRow,
    | 'subject'
    | 'body'
    | 'preview'
    | 'from'
    | 'sender'
    | 'toRecipients'
    | 'ccRecipients'
    | 'bccRecipients'
    | 'replyTo'
    | 'isRead'
    | 'importance'
    | 'inferenceClassification'
    | 'isReadReceiptRequested'
    | 'isDeliveryReceiptRequested'
    | 'categories'
    | 'flag'
    | 'internetMessageId'
    | 'headers'
    | 'extended'
    | 'extensions'
  >
> & {
  /** The request's `attachments`, not yet read. */
  attachments?: JsonObject[]
}

const RECIPIENTS_MAX = 500
const CATEGORIES_MAX = 250

function parseOne(body: JsonObject, name: string): Recipient | null | undefined {
  const value = object(body, name)
  return value === undefined || value === null ? value : parseRecipient(value)
}

/** Source: "followupFlag resource type". A due date needs a start date; the service refuses one without the other. */
function parseFlag(body: JsonObject): JsonObject | undefined {
  const value = object(body, 'flag')
  if (value === undefined) return undefined
  if (value === null) return NOT_FLAGGED
  const flagStatus = member(value, 'flagStatus', ['notFlagged', 'complete', 'flagged']) ?? 'notFlagged'
  if (flagStatus === 'notFlagged') return NOT_FLAGGED
  const parsed: JsonObject = { flagStatus }
  for (const name of ['completedDateTime', 'dueDateTime', 'startDateTime'] as const) {
    const at = object(value, name)
    if (at === undefined || at === null) continue
    const dateTime = text(at, 'dateTime')
    if (typeof dateTime !== 'string' || Number.isNaN(Date.parse(dateTime)))
      throw invalidProperty(`The ${name} of the flag cannot be read.`)
    parsed[name] = { dateTime, timeZone: text(at, 'timeZone') ?? 'UTC' }
  }
  if (parsed['dueDateTime'] !== undefined && parsed['startDateTime'] === undefined)
    throw new GraphError(400, 'ErrorInvalidArgument', 'A flag with a due date needs a start date.')
  return parsed
}

function parseHeaders(body: JsonObject, switches: Switches): Header[] | undefined {
  const headers = list(body, 'internetMessageHeaders')
  if (headers === undefined) return undefined
  if (headers.length > switches.customHeadersMax)
    throw new GraphError(
      400,
      'ErrorInvalidInternetHeaderCollection',
      `The number of internet message headers is more than ${switches.customHeadersMax}.`,
    )
  return headers.map((header) => {
    const name = text(header, 'name') ?? ''
    if (!/^x-[\x21-\x39\x3b-\x7e]+$/i.test(name))
      throw new GraphError(
        400,
        'InvalidInternetMessageHeader',
        `The internet message header name '${name}' should start with 'x-' or 'X-'.`,
      )
    return { name, value: text(header, 'value') ?? '' }
  })
}

/** Exchange wraps HTML in a document of its own; the preview is made once, when the body is written. */
export function storedBody(body: TextBody, switches: Switches): { body: TextBody; preview: string } {
  const kept =
    body.contentType === 'html' && switches.rewriteHtmlBodies
      ? { contentType: body.contentType, content: wrapHtml(body.content) }
      : body
  return { body: kept, preview: previewOf(kept) }
}

/**
 * Reads the body of a POST or PATCH. `draft` says whether the draft-only properties may be written; a PATCH of one
 * on a message that was sent is refused.
 */
export function parseMessage(body: JsonObject, switches: Switches, draft: boolean): MessageInput {
  refuseUnknown(body, 'message', WRITABLE, READ_ONLY)
  if (!draft) {
    const refused = [...DRAFT_ONLY].find((name) => body[name] !== undefined)
    if (refused !== undefined)
      throw new GraphError(
        400,
        'ErrorInvalidPropertySet',
        `The property '${refused}' can be changed only while the message is a draft.`,
      )
  }
  const input: MessageInput = {}
  const subject = text(body, 'subject')
  if (subject !== undefined) input.subject = subject ?? ''
  const content = parseBody(body)
  if (content !== undefined) Object.assign(input, storedBody(content, switches))
  for (const name of ['from', 'sender'] as const) {
    const one = parseOne(body, name)
    if (one !== undefined) input[name] = one
  }
  for (const name of ['toRecipients', 'ccRecipients', 'bccRecipients', 'replyTo'] as const) {
    const many = parseRecipients(body, name)
    if (many === undefined) continue
    if (many.length > RECIPIENTS_MAX) throw badRequest(`More than ${RECIPIENTS_MAX} recipients in ${name}.`)
    input[name] = many
  }
  for (const name of ['isRead', 'isReadReceiptRequested', 'isDeliveryReceiptRequested'] as const) {
    const yes = flag(body, name)
    if (yes !== undefined) input[name] = yes ?? false
  }
  const importance = member(body, 'importance', ['low', 'normal', 'high'])
  if (importance !== undefined) input.importance = importance ?? 'normal'
  const inference = member(body, 'inferenceClassification', ['focused', 'other'])
  if (inference !== undefined) input.inferenceClassification = inference ?? 'focused'
  const categories = texts(body, 'categories')
  if (categories !== undefined) {
    if (categories.length > CATEGORIES_MAX) throw badRequest('Too many categories.')
    input.categories = [...new Set(categories)]
  }
  const followup = parseFlag(body)
  if (followup !== undefined) input.flag = followup
  const messageId = text(body, 'internetMessageId')
  if (typeof messageId === 'string') input.internetMessageId = messageId
  const headers = parseHeaders(body, switches)
  if (headers !== undefined) input.headers = headers
  const extended = parseExtended(body)
  if (extended !== undefined) input.extended = extended
  const extensions = list(body, 'extensions')
  if (extensions !== undefined) input.extensions = extensions.map(parseExtension)
  const attachments = list(body, 'attachments')
  if (attachments !== undefined) input.attachments = attachments
  return input
}
