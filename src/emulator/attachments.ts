/** Attachments of events and messages: the same resource wherever they hang. Source: "attachment resource type". */
import type { Answer, Call } from './call.ts'
import { instantText } from './clock.ts'
import { accessDenied, badRequest, GraphError, itemNotFound } from './errors.ts'
import { restId } from './ids.ts'
import { flag, isObject, object, text, whole, type Attachment, type JsonObject } from './item-parts.ts'
import {
  answerCount,
  answerList,
  ITEM_QUERY,
  jsonAnswer,
  LIST_QUERY,
  noContent,
  select,
  selected,
} from './odata.ts'
import type { Permissions, Route } from './router.ts'
import type { Mailbox } from './state.ts'
import { openUpload } from './uploads.ts'

/** An item with attachments, and how they are put back. */
export interface AttachmentHost {
  readonly kind: 'event' | 'message'
  readonly mailbox: Mailbox
  /** The key of the item. */
  readonly key: string
  readonly list: readonly Attachment[]
  put(attachments: Attachment[]): void
}

export interface AttachmentPlace {
  /** The path of the item, such as `/users/{user}/events/{event}`. */
  readonly path: string
  readonly read: Permissions
  readonly write: Permissions
  readonly host: (call: Call) => AttachmentHost
}

/** Larger ones need an upload session. */
const DIRECT_BYTES_MAX = 3 * 1024 * 1024
const SESSION_BYTES_MAX = 150 * 1024 * 1024

export function attachmentId(mailbox: Mailbox, parentKey: string, attachment: Attachment): string {
  return restId(mailbox, parentKey, attachment.key)
}

/** With `whole`, the content of a file comes along. */
export function renderAttachment(
  mailbox: Mailbox,
  parentKey: string,
  attachment: Attachment,
  whole = true,
): JsonObject {
  const { type } = attachment
  return {
    '@odata.type': type,
    '@odata.mediaContentType': attachment.contentType,
    id: attachmentId(mailbox, parentKey, attachment),
    lastModifiedDateTime: instantText(attachment.modified),
    name: attachment.name,
    contentType: attachment.contentType,
    size: attachment.size,
    isInline: attachment.isInline,
    ...(type === '#microsoft.graph.fileAttachment'
      ? {
          contentId: attachment.contentId,
          contentLocation: null,
          ...(whole ? { contentBytes: attachment.contentBytes } : {}),
        }
      : {}),
  }
}

export function parseAttachment(body: JsonObject, key: string, now: number): Attachment {
  const type = text(body, '@odata.type') ?? ''
  const name = text(body, 'name')
  const common = { key, modified: now, isInline: flag(body, 'isInline') ?? false }
  switch (type.replace(/^#/, '').toLowerCase()) {
    case 'microsoft.graph.fileattachment': {
      const contentBytes = text(body, 'contentBytes')
      if (typeof name !== 'string' || typeof contentBytes !== 'string')
        throw badRequest('A file attachment needs a name and contentBytes.')
      const size = Buffer.from(contentBytes, 'base64').length
      if (size > DIRECT_BYTES_MAX)
        throw new GraphError(
          413,
          'RequestEntityTooLarge',
          'The maximum request length supported is 4MB: use an upload session.',
        )
      return {
        ...common,
        type: '#microsoft.graph.fileAttachment',
        name,
        contentType: text(body, 'contentType') ?? 'application/octet-stream',
        size,
        contentId: text(body, 'contentId') ?? null,
        contentBytes,
        item: null,
      }
    }
    case 'microsoft.graph.itemattachment': {
      const item = object(body, 'item')
      if (!item) throw badRequest('An item attachment needs an item.')
      const size = JSON.stringify(item).length
      return {
        ...common,
        type: '#microsoft.graph.itemAttachment',
        name: name ?? text(item, 'subject') ?? '',
        contentType: null,
        size,
        contentId: null,
        contentBytes: null,
        item,
      }
    }
    case 'microsoft.graph.referenceattachment':
      return {
        ...common,
        type: '#microsoft.graph.referenceAttachment',
        name: name ?? '',
        contentType: text(body, 'contentType') ?? null,
        size: whole(body, 'size') ?? 0,
        contentId: null,
        contentBytes: null,
        item: body,
      }
    default:
      throw badRequest(`The @odata.type '${type}' is no type of attachment.`)
  }
}

function one(call: Call, host: AttachmentHost): Attachment {
  const id = call.ids.at(-1) ?? ''
  const found = host.list.find((attachment) => attachmentId(host.mailbox, host.key, attachment) === id)
  if (found === undefined) throw itemNotFound()
  return found
}

function answerOne(call: Call, host: AttachmentHost, attachment: Attachment, status: number): Answer {
  const entity = renderAttachment(host.mailbox, host.key, attachment)
  const expanded =
    call.query.get('$expand')?.toLowerCase().includes('item') === true && attachment.item !== null
  const body = {
    '@odata.context': call.context('attachments/$entity'),
    ...select(entity, selected(call)),
    ...(expanded ? { item: attachment.item } : {}),
  }
  return jsonAnswer(status, body)
}

function add(call: Call, host: AttachmentHost): Answer {
  const attachment = parseAttachment(call.json(), call.store.key(), call.store.now())
  host.put([...host.list, attachment])
  return answerOne(call, host, attachment, 201)
}

function startUpload(call: Call, host: AttachmentHost): Answer {
  const { identity, mailbox } = call
  // Delegated access to somebody else's mailbox cannot open a session.
  if (identity.personId !== null && identity.personId !== mailbox.person.id) throw accessDenied()
  const body = call.json()
  const item = body['AttachmentItem'] ?? body['attachmentItem']
  if (!isObject(item)) throw badRequest('The AttachmentItem is missing.')
  const name = text(item, 'name')
  const size = whole(item, 'size')
  if (typeof name !== 'string' || typeof size !== 'number' || size <= 0)
    throw badRequest('The AttachmentItem needs a name and a size.')
  if (size < DIRECT_BYTES_MAX)
    throw new GraphError(
      400,
      'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
      'The attachment is too small for an upload session. Post it at once.',
    )
  if (size > SESSION_BYTES_MAX)
    throw new GraphError(413, 'ErrorAttachmentSizeLimitExceeded', 'The attachment is larger than 150 MB.')
  const session = openUpload(call.store, {
    kind: host.kind,
    mailbox: mailbox.person.id,
    parent: host.key,
    name,
    size,
    contentType: text(item, 'contentType') ?? 'application/octet-stream',
    isInline: flag(item, 'isInline') ?? false,
    contentId: text(item, 'contentId') ?? null,
  })
  return jsonAnswer(201, {
    '@odata.context': `${call.root}/$metadata#microsoft.graph.uploadSession`,
    uploadUrl: `${call.incoming.origin}/uploads/${session.token}`,
    expirationDateTime: instantText(session.expires),
    nextExpectedRanges: ['0-'],
  })
}

export function attachmentRoutes(place: AttachmentPlace): Route[] {
  const base = `${place.path}/attachments`
  const get = (path: string, query: readonly string[], handle: Route['handle']): Route => ({
    method: 'GET',
    path,
    permissions: place.read,
    query,
    handle,
  })
  return [
    get(base, LIST_QUERY, (call) => {
      const host = place.host(call)
      const rows = host.list.map((attachment) => renderAttachment(host.mailbox, host.key, attachment))
      return answerList(call, { rows, context: call.context('attachments'), pageSizeDefault: 100 })
    }),
    get(`${base}/$count`, ['$filter', '$search'], (call) => answerCount(place.host(call).list.length)),
    get(`${base}/{attachment}`, ITEM_QUERY, (call) => {
      const host = place.host(call)
      return answerOne(call, host, one(call, host), 200)
    }),
    get(`${base}/{attachment}/$value`, [], (call) => {
      const attachment = one(call, place.host(call))
      if (attachment.contentBytes === null) throw badRequest('The attachment has no content of its own.')
      return {
        status: 200,
        body: Buffer.from(attachment.contentBytes, 'base64'),
        headers: { 'content-type': attachment.contentType ?? 'application/octet-stream' },
      }
    }),
    {
      method: 'POST',
      path: base,
      permissions: place.write,
      query: [],
      handle: (call) => add(call, place.host(call)),
    },
    {
      method: 'POST',
      path: `${base}/createUploadSession`,
      permissions: place.write,
      query: [],
      handle: (call) => startUpload(call, place.host(call)),
    },
    {
      method: 'DELETE',
      path: `${base}/{attachment}`,
      permissions: place.write,
      query: [],
      handle: (call) => {
        const host = place.host(call)
        const gone = one(call, host)
        host.put(host.list.filter((attachment) => attachment !== gone))
        return noContent
      },
    },
  ]
}
