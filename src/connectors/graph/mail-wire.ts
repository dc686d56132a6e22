/**
 * A message as canonical groups, and back. What is written is only what a person does with a message: read, flag,
 * categories; its folder is changed by moving it. Source: "message resource type", "Update message".
 */
import { canonicalMessage, RECIPIENTS_MAX } from '../../core/canonical.ts'
import type { CollectionId, Instant } from '../../core/ids.ts'
import type { Address, Body, Facts, Fields, Item, Json, MessageFields } from '../../core/item.ts'
import { MESSAGE_LENGTH_MAX, TITLE_LENGTH_MAX } from '../../core/text.ts'
import { isObject, type JsonObject } from './answers.ts'
import {
  bodyOf,
  categoriesOf,
  etagOf,
  idOf,
  instantOf,
  listOf,
  memberOf,
  objectOf,
  refuse,
  textOf,
  understood,
  type Understood,
} from './wire.ts'

export interface ParsedMessage {
  readonly id: string
  readonly etag: string
  readonly item: Item
  readonly parentFolderId: string | null
  readonly receivedAt: Instant | null
}

/** Our mark on a message that we made: the operation's or the outgoing mail's id, in a property that travels with no mail. */
export const MARKER_PROPERTY = 'String {7f0cbe3a-6f0d-4d7e-9a56-3f3a9d1f5c20} Name SynclineOperation'

const PROPERTIES = [
  'subject',
  'from',
  'toRecipients',
  'ccRecipients',
  'bccRecipients',
  'body',
  'sentDateTime',
  'receivedDateTime',
  'importance',
  'isDraft',
  'isRead',
  'flag',
  'categories',
  'parentFolderId',
  'conversationId',
  'internetMessageId',
  'hasAttachments',
  'lastModifiedDateTime',
]
const MARKER_EXPANSION = `singleValueExtendedProperties($filter=id eq '${MARKER_PROPERTY}')`

/** Everything in one answer, so that no message has to be asked for by itself. `plain` for a Graph that refuses the rest. */
export const messageQuery = (mode: 'full' | 'plain'): string =>
  mode === 'plain'
    ? `$select=${PROPERTIES.join()}`
    : `$select=${PROPERTIES.join()},internetMessageHeaders&$expand=${encodeURIComponent(MARKER_EXPANSION)}`

/** The headers that rules read: automatic mail, lists, and the thread across mailboxes. */
const HEADERS_KEPT: ReadonlySet<string> = new Set([
  'auto-submitted',
  'list-id',
  'list-unsubscribe',
  'precedence',
  'return-path',
  'x-auto-response-suppress',
  'x-autoreply',
  'in-reply-to',
  'accept-language',
  'content-language',
])
const HEADER_LENGTH_MAX = 500
const REFERENCES_MAX = 50

const IMPORTANCES: ReadonlySet<MessageFields['importance']> = new Set(['low', 'normal', 'high'])
const FLAGS: ReadonlySet<MessageFields['flag']> = new Set(['notFlagged', 'flagged', 'complete'])

/** `folder` is the collection that it was read from. */
export function parseMessage(raw: unknown, folder: CollectionId): Understood<ParsedMessage> {
  return understood(() => (isObject(raw) ? readMessage(raw, folder) : refuse('It is no object.')))
}

function readMessage(raw: JsonObject, folder: CollectionId): ParsedMessage {
  const receivedAt = instantOf(raw, 'receivedDateTime')
  const flag = objectOf(raw, 'flag')
  const read = canonicalMessage(
    {
      subject: cut(textOf(raw, 'subject') ?? '', TITLE_LENGTH_MAX),
      from: addressOf(raw['from']),
      to: addressesOf(raw, 'toRecipients'),
      cc: addressesOf(raw, 'ccRecipients'),
      bcc: addressesOf(raw, 'bccRecipients'),
      body: cutBody(bodyOf(raw)),
      sentAt: instantOf(raw, 'sentDateTime'),
      receivedAt,
      importance: memberOf(raw, 'importance', IMPORTANCES, 'normal'),
      isDraft: raw['isDraft'] === true,
      read: raw['isRead'] === true,
      flag: flag === null ? 'notFlagged' : memberOf(flag, 'flagStatus', FLAGS, 'notFlagged'),
      categories: categoriesOf(raw),
      folder,
    },
    { facts: factsOf(raw) },
  )
  if (!read.ok) return refuse(read.reason)
  return {
    id: idOf(raw),
    etag: etagOf(raw),
    item: read.item,
    parentFolderId: textOf(raw, 'parentFolderId'),
    receivedAt,
  }
}

/** Content is never written back, so what is longer than anybody reads is kept with its beginning and stops nothing. */
const cut = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
const cutBody = (body: Body | null): Body | null =>
  body === null ? null : { ...body, content: cut(body.content, MESSAGE_LENGTH_MAX) }

function addressOf(recipient: unknown): Address | null {
  const person = isObject(recipient) ? objectOf(recipient, 'emailAddress') : null
  if (person === null) return null
  const email = textOf(person, 'address') ?? ''
  return email === '' ? null : { email, name: textOf(person, 'name') ?? '' }
}

/** A mail to ten thousand people is kept with the first of them: it must not stop the mailbox. */
const addressesOf = (raw: JsonObject, name: string): readonly Address[] =>
  listOf(raw, name)
    .slice(0, RECIPIENTS_MAX)
    .flatMap((each) => addressOf(each) ?? [])

function factsOf(raw: JsonObject): Facts {
  const modifiedAt = instantOf(raw, 'lastModifiedDateTime')
  const internetMessageId = textOf(raw, 'internetMessageId')
  const conversationId = textOf(raw, 'conversationId')
  const marker = markerOf(raw)
  return {
    ...(internetMessageId === null ? {} : { internetMessageId }),
    ...(conversationId === null ? {} : { conversationId }),
    ...(raw['hasAttachments'] === true ? { hasAttachments: true } : {}),
    ...(modifiedAt === null ? {} : { modifiedAt }),
    ...(marker === null ? {} : { marker }),
    ...headerFacts(listOf(raw, 'internetMessageHeaders')),
  }
}

function headerFacts(headers: readonly unknown[]): Pick<Facts, 'headers' | 'references'> {
  let kept: { [name: string]: string } | null = null
  let references: readonly string[] = []
  for (const header of headers) {
    if (!isObject(header)) continue
    const name = textOf(header, 'name')?.toLowerCase() ?? ''
    const value = textOf(header, 'value') ?? ''
    if (name === 'references') references = (value.match(/<[^<>\s]+>/g) ?? []).slice(-REFERENCES_MAX)
    else if (HEADERS_KEPT.has(name)) (kept ??= {})[name] = value.slice(0, HEADER_LENGTH_MAX)
  }
  return { ...(kept === null ? {} : { headers: kept }), ...(references.length === 0 ? {} : { references }) }
}

export function markerOf(raw: JsonObject): string | null {
  for (const property of listOf(raw, 'singleValueExtendedProperties'))
    // Exchange answers with its own spelling of the property's id; the name is ours.
    if (isObject(property) && textOf(property, 'id')?.toLowerCase().endsWith('name synclineoperation'))
      return textOf(property, 'value')
  return null
}

/** What a PATCH says for these groups; empty when none of them is written that way. */
export function messageBody(fields: Fields): { readonly [property: string]: Json } {
  const body: { [property: string]: Json } = {}
  if (fields['read'] !== undefined) body['isRead'] = fields['read'] === true
  if (fields['flag'] !== undefined) body['flag'] = { flagStatus: fields['flag'] ?? 'notFlagged' }
  if (fields['categories'] !== undefined) body['categories'] = fields['categories'] ?? []
  return body
}
