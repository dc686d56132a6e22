/** Messages over HTTP: reading, writing, sending, moving. */
import { attachmentRoutes } from './attachments.ts'
import type { Answer, Call } from './call.ts'
import { badRequest, changeConflict, GraphError } from './errors.ts'
import { parameters } from './event-model.ts'
import { extensionRoutes } from './extensions.ts'
import { etag } from './ids.ts'
import { bodyText } from './http.ts'
import { mergeExtended, object, parseRecipients, text, type JsonObject } from './item-parts.ts'
import { messageHost, readAttachments } from './mail-attachments.ts'
import { answerMailboxDelta, answerMessageDelta } from './mail-delta.ts'
import { answerMessage, countMessages, listMessages } from './mail-list.ts'
import { parseMessage, storedBody, type MessageInput, type MessageRow } from './mail-model.ts'
import { makeAnswer, sendMessage, threadFields, type AnswerKind } from './mail-post.ts'
import {
  addMessage,
  copyMessage,
  deleteMessage,
  folderNamed,
  makeMessage,
  messageNamed,
  messagesIn,
  moveMessage,
  takeMessage,
  updateMessage,
  wellKnown,
} from './mail-store.ts'
import { parseAddresses, parseMime } from './mime-read.ts'
import { toMime } from './mime-write.ts'
import { accepted, ITEM_QUERY, LIST_QUERY, noContent } from './odata.ts'
import { MAIL_READ, MAIL_READ_BASIC, MAIL_SEND, MAIL_WRITE } from './permissions.ts'
import type { Permissions, Route } from './router.ts'

/** Messages hang on the mailbox, on folders and on their children; `depth` is the number of ids before the message's. */
const MESSAGE_PREFIXES: readonly { readonly path: string; readonly depth: number }[] = [
  { path: '/users/{user}', depth: 0 },
  { path: '/users/{user}/mailFolders/{folder}', depth: 1 },
  { path: '/users/{user}/mailFolders/{folder}/childFolders/{child}', depth: 2 },
]

function checkVersion(call: Call, row: MessageRow): void {
  const bare = (value: string): string => value.replace(/^W\//, '')
  const condition = call.ifMatch
  if (condition !== undefined && condition !== '*' && bare(condition) !== bare(etag(row.version)))
    throw changeConflict()
}

const DELTA_QUERY = [...LIST_QUERY, 'changetype', '$deltatoken', '$skiptoken']

const isMime = (call: Call): boolean => /^text\/plain/i.test(call.incoming.header('content-type') ?? '')

/** A message handed in as base64 of its MIME. */
function readMime(call: Call): MessageInput & Pick<MessageRow, 'attachments' | 'sentAt'> {
  const source = bodyText(call.incoming.body).replace(/\s+/g, '')
  const bytes =
    /^[A-Za-z0-9+/]+={0,2}$/.test(source) && source.length % 4 === 0 ? Buffer.from(source, 'base64') : null
  const mime = bytes === null ? null : parseMime(bytes)
  if (mime === null || mime.headers.length === 0)
    throw new GraphError(
      400,
      'ErrorMimeContentInvalidBase64String',
      'Invalid base64 string for MIME content.',
    )
  const all = (name: string): string =>
    mime.headers
      .filter((header) => header.name.toLowerCase() === name)
      .map((header) => header.value)
      .join(', ')
  const one = (name: string): string =>
    mime.headers.find((header) => header.name.toLowerCase() === name)?.value ?? ''
  const from = parseAddresses(all('from'))[0]
  const { store } = call
  const importance = one('importance').toLowerCase()
  return {
    subject: one('subject'),
    ...storedBody(mime.body, store.switches),
    toRecipients: parseAddresses(all('to')),
    ccRecipients: parseAddresses(all('cc')),
    bccRecipients: parseAddresses(all('bcc')),
    replyTo: parseAddresses(all('reply-to')),
    ...(from === undefined ? {} : { from }),
    ...(one('message-id') === '' ? {} : { internetMessageId: one('message-id') }),
    ...(importance === 'high' || importance === 'low' ? { importance } : {}),
    headers: mime.headers.filter(({ name }) =>
      /^(x-(?!priority$)|in-reply-to$|references$|list-|auto-submitted$|precedence$)/i.test(name),
    ),
    attachments: mime.attachments.map((attachment) => ({
      ...attachment,
      key: store.key(),
      modified: store.now(),
    })),
    sentAt: store.now(),
  }
}

/** A row from the JSON of a message, with its attachments. */
function fromJson(call: Call, body: JsonObject): MessageRow {
  const input = parseMessage(body, call.store.switches, true)
  const row = makeMessage(call.store, call.mailbox, wellKnown(call.mailbox, 'drafts').key, input)
  return {
    ...row,
    attachments: readAttachments(call, input.attachments),
  }
}

function fromMime(call: Call): MessageRow {
  const { attachments, ...input } = readMime(call)
  return {
    ...makeMessage(call.store, call.mailbox, wellKnown(call.mailbox, 'drafts').key, input),
    attachments,
  }
}

function create(call: Call, folder: string): Answer {
  const row = isMime(call) ? fromMime(call) : fromJson(call, call.json())
  return answerMessage(call, addMessage(call.store, call.mailbox, { ...row, folder }), 201)
}

function patch(call: Call, row: MessageRow): Answer {
  checkVersion(call, row)
  const input = parseMessage(call.json(), call.store.switches, row.isDraft)
  const { attachments: _attachments, headers, extended, ...fields } = input
  const kept = row.headers.filter(({ name }) => !/^x-/i.test(name))
  updateMessage(call.store, call.mailbox, row, {
    ...fields,
    ...(headers === undefined ? {} : { headers: [...kept, ...headers] }),
    ...(extended === undefined ? {} : { extended: mergeExtended(row.extended, extended) }),
  })
  return answerMessage(call, row, 200)
}

function remove(call: Call, row: MessageRow, purge: boolean): Answer {
  checkVersion(call, row)
  if (purge) takeMessage(call.store, call.mailbox, row)
  else deleteMessage(call.store, call.mailbox, row)
  return noContent
}

function destination(call: Call): string {
  const id = text(parameters(call.json()), 'destinationId')
  if (typeof id !== 'string' || id === '') throw badRequest('The parameter DestinationId is required.')
  return folderNamed(call.mailbox, id).key
}

function move(call: Call, row: MessageRow): Answer {
  const target = destination(call)
  return answerMessage(
    call,
    row.folder === target ? row : moveMessage(call.store, call.mailbox, row, target),
    201,
  )
}

function send(call: Call, row: MessageRow): Answer {
  if (!row.isDraft) throw new GraphError(400, 'ErrorInvalidRequest', 'The message was sent already.')
  sendMessage(call.office, call.mailbox, row, true, true)
  return accepted
}

function sendMail(call: Call): Answer {
  if (isMime(call)) {
    sendMessage(call.office, call.mailbox, fromMime(call), false, true)
    return accepted
  }
  const body = parameters(call.json())
  const message = object(body, 'message')
  if (message === undefined || message === null) throw badRequest('The parameter Message is required.')
  const keep = body['saveToSentItems']
  if (
    keep !== undefined &&
    keep !== null &&
    typeof keep !== 'boolean' &&
    !/^(true|false)$/i.test(String(keep))
  )
    throw badRequest('The parameter SaveToSentItems is not a boolean.')
  sendMessage(
    call.office,
    call.mailbox,
    fromJson(call, message),
    false,
    String(keep ?? true).toLowerCase() === 'true',
  )
  return accepted
}

/** The draft of an answer; the caller may give a comment or a body, not both. */
function answerDraft(call: Call, original: MessageRow, kind: AnswerKind): MessageRow {
  const { office, mailbox, store } = call
  const thread = threadFields(office, original, kind)
  if (isMime(call)) {
    const { attachments, ...input } = readMime(call)
    return { ...makeAnswer(office, mailbox, original, kind, '', input), ...thread, attachments }
  }
  const body = parameters(call.jsonOrEmpty())
  const comment = text(body, 'comment') ?? ''
  const message = object(body, 'message') ?? {}
  const input = parseMessage(message, store.switches, true)
  if (comment !== '' && input.body !== undefined)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      'Specify either a comment or the body of the message, not both.',
    )
  const to = parseRecipients(body, 'toRecipients')
  if (to !== undefined && input.toRecipients !== undefined)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      'Specify toRecipients either as a parameter or in the message, not both.',
    )
  const { attachments, ...fields } = input
  const row = makeAnswer(office, mailbox, original, kind, comment, {
    ...fields,
    ...(to === undefined ? {} : { toRecipients: to }),
  })
  return {
    ...row,
    ...thread,
    attachments: [...(thread.attachments ?? []), ...readAttachments(call, attachments)],
  }
}

function createAnswer(call: Call, original: MessageRow, kind: AnswerKind): Answer {
  return answerMessage(call, addMessage(call.store, call.mailbox, answerDraft(call, original, kind)), 201)
}

function sendAnswer(call: Call, original: MessageRow, kind: AnswerKind): Answer {
  sendMessage(call.office, call.mailbox, answerDraft(call, original, kind), false, true)
  return accepted
}

function answerMime(row: MessageRow): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: toMime(row) }
}

/** Replaces a draft by MIME. */
function replaceMime(call: Call, row: MessageRow): Answer {
  if (!row.isDraft) throw new GraphError(400, 'ErrorInvalidRequest', 'Only a draft can be replaced.')
  updateMessage(call.store, call.mailbox, row, readMime(call))
  return answerMessage(call, row, 200)
}

const route = (
  method: string,
  path: string,
  permissions: Permissions,
  query: readonly string[],
  handle: (call: Call) => Answer,
): Route => ({ method, path, permissions, query, handle })

function routesUnder({ path, depth }: (typeof MESSAGE_PREFIXES)[number]): Route[] {
  const all = `${path}/messages`
  const one = `${all}/{message}`
  const row = (call: Call): MessageRow => messageNamed(call.mailbox, call.id(depth))
  const folder = (call: Call) => (depth === 0 ? null : folderNamed(call.mailbox, call.id(depth - 1)))
  const collection = (call: Call) => {
    const found = folder(call)
    return found === null ? null : messagesIn(call.mailbox, found.key)
  }
  const listQuery = depth === 0 ? [...LIST_QUERY, 'includehiddenmessages'] : LIST_QUERY
  const itemQuery = depth === 0 ? [...ITEM_QUERY, 'includehiddenmessages'] : ITEM_QUERY
  return [
    route('GET', all, MAIL_READ_BASIC, listQuery, (call) => listMessages(call, collection(call))),
    route('POST', all, MAIL_WRITE, listQuery, (call) =>
      create(call, (folder(call) ?? wellKnown(call.mailbox, 'drafts')).key),
    ),
    route('GET', `${all}/$count`, MAIL_READ_BASIC, ['$filter', '$search'], (call) =>
      countMessages(call, collection(call)),
    ),
    route('GET', `${all}/delta`, MAIL_READ_BASIC, DELTA_QUERY, (call) => {
      const found = collection(call)
      return found === null ? answerMailboxDelta() : answerMessageDelta(call, found)
    }),
    route('GET', one, MAIL_READ_BASIC, itemQuery, (call) => answerMessage(call, row(call), 200)),
    route('PATCH', one, MAIL_WRITE, itemQuery, (call) => patch(call, row(call))),
    route('DELETE', one, MAIL_WRITE, itemQuery, (call) => remove(call, row(call), false)),
    route('GET', `${one}/$value`, MAIL_READ, [], (call) => answerMime(row(call))),
    route('PUT', `${one}/$value`, MAIL_WRITE, [], (call) => replaceMime(call, row(call))),
    route('POST', `${one}/permanentDelete`, MAIL_WRITE, [], (call) => remove(call, row(call), true)),
    route('POST', `${one}/move`, MAIL_WRITE, [], (call) => move(call, row(call))),
    route('POST', `${one}/copy`, MAIL_WRITE, [], (call) =>
      answerMessage(call, copyMessage(call.store, call.mailbox, row(call), destination(call)), 201),
    ),
    route('POST', `${one}/send`, MAIL_SEND, [], (call) => send(call, row(call))),
    route('POST', `${one}/createReply`, MAIL_WRITE, [], (call) => createAnswer(call, row(call), 'reply')),
    route('POST', `${one}/createReplyAll`, MAIL_WRITE, [], (call) =>
      createAnswer(call, row(call), 'replyAll'),
    ),
    route('POST', `${one}/createForward`, MAIL_WRITE, [], (call) => createAnswer(call, row(call), 'forward')),
    route('POST', `${one}/reply`, MAIL_SEND, [], (call) => sendAnswer(call, row(call), 'reply')),
    route('POST', `${one}/replyAll`, MAIL_SEND, [], (call) => sendAnswer(call, row(call), 'replyAll')),
    route('POST', `${one}/forward`, MAIL_SEND, [], (call) => sendAnswer(call, row(call), 'forward')),
    ...attachmentRoutes({
      path: one,
      read: MAIL_READ,
      write: MAIL_WRITE,
      host: (call) => messageHost(call.store, call.mailbox, row(call)),
    }),
    ...extensionRoutes({ path: one, read: MAIL_READ, write: MAIL_WRITE, host: row }),
  ]
}

export const MAIL_ROUTES: readonly Route[] = [
  ...MESSAGE_PREFIXES.flatMap(routesUnder),
  route('POST', '/users/{user}/sendMail', MAIL_SEND, [], sendMail),
]
