/** Lists and single messages: which properties are shown, filters, orders, search, pages. */
import type { Answer, Call } from './call.ts'
import { renderAttachment } from './attachments.ts'
import { items, type Collection } from './collection.ts'
import { badRequest, GraphError } from './errors.ts'
import { parseFilter } from './filter.ts'
import { renderEvent } from './event-render.ts'
import { etag } from './ids.ts'
import {
  extendedKey,
  htmlToText,
  renderExtension,
  type ExtendedProperty,
  type JsonObject,
} from './item-parts.ts'
import { bodyOf, type MessageRow } from './mail-model.ts'
import { eventOf, messageEntity, writeMessage, type Frame } from './mail-render.ts'
import {
  answerCount,
  nextLink,
  orderBy,
  pageRange,
  parseExpand,
  selectedIn,
  selectText,
  type Expansion,
} from './odata.ts'
import { Rows } from './rows.ts'
import type { Mailbox } from './state.ts'

/** Newest first; ties by key, so that pages are stable. */
export const newestFirst = (a: MessageRow, b: MessageRow): number =>
  b.receivedAt - a.receivedAt || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

const sortedRows = new WeakMap<Collection<MessageRow>, { mark: number; rows: readonly MessageRow[] }>()

/** The rows of a folder, newest first; sorted again only after a change. */
export function sortedMessages(collection: Collection<MessageRow>): readonly MessageRow[] {
  const mark = collection.log.at(-1)?.sequence ?? 0
  const known = sortedRows.get(collection)
  if (known !== undefined && known.mark === mark) return known.rows
  const rows = [...items(collection)].sort(newestFirst)
  sortedRows.set(collection, { mark, rows })
  return rows
}

const sortedMailboxes = new WeakMap<Mailbox, { mark: string; rows: readonly MessageRow[] }>()

function sortedMailbox(mailbox: Mailbox): readonly MessageRow[] {
  const collections = [...mailbox.messages.values()]
  const mark = collections.map((collection) => collection.log.at(-1)?.sequence ?? 0).join()
  const known = sortedMailboxes.get(mailbox)
  if (known !== undefined && known.mark === mark) return known.rows
  const rows = collections.flatMap((collection) => [...items(collection)]).sort(newestFirst)
  sortedMailboxes.set(mailbox, { mark, rows })
  return rows
}

/** What Mail.ReadBasic does not show. Source: "Microsoft Graph permissions reference". */
const NOT_BASIC = new Set(['body', 'bodypreview', 'uniquebody', 'internetmessageheaders'])
const BASIC_NAMES = [
  'id createddatetime lastmodifieddatetime changekey categories receiveddatetime sentdatetime hasattachments',
  'internetmessageid subject importance parentfolderid conversationid conversationindex isdeliveryreceiptrequested',
  'isreadreceiptrequested isread isdraft weblink inferenceclassification sender from torecipients ccrecipients',
  'bccrecipients replyto flag',
].flatMap((line) => line.split(' '))

function isBasicOnly(call: Call): boolean {
  const { grants } = call.identity
  return !['Mail.Read', 'Mail.ReadWrite'].some((name) => grants.has(name) || grants.has(`${name}.Shared`))
}

/** The properties that a caller sees, from what was selected and what the caller may see; null for all. */
export function visible(call: Call, names: ReadonlySet<string> | null): ReadonlySet<string> | null {
  if (!isBasicOnly(call)) return names
  return new Set([...(names ?? BASIC_NAMES)].filter((name) => !NOT_BASIC.has(name)))
}

const EXPANDABLE = new Set([
  'attachments',
  'extensions',
  'singlevalueextendedproperties',
  'multivalueextendedproperties',
  'event',
])

/** `microsoft.graph.eventMessage/event` names the same as `event`. */
function expandedNames(source: string | undefined): Expansion[] {
  if (source === undefined) return []
  const found = parseExpand(source.replace(/microsoft\.graph\.eventMessage(?:Request|Response)?\//gi, ''))
  const unknown = found.find(({ name }) => !EXPANDABLE.has(name))
  if (unknown !== undefined)
    throw badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown.name}' on type 'microsoft.graph.message'.`,
    )
  return found
}

/** `$select` and `$expand` of a request, or of the first request of a delta round. */
export function parseOptions(options: Readonly<Record<string, string>>): {
  names: ReadonlySet<string> | null
  wanted: readonly Expansion[]
} {
  return { names: selectedIn(options['$select']), wanted: expandedNames(options['$expand']) }
}

/** Extended properties as the service shows them: those that the filter names. */
export function shownExtended(properties: readonly ExtendedProperty[], filter: string | null): JsonObject[] {
  const rows = properties.map(({ id, value }) => ({ id, value }))
  if (filter === null) return rows
  const wanted = new Set(
    [...filter.matchAll(/'((?:[^']|'')*)'/g)].map((match) =>
      extendedKey((match[1] ?? '').replaceAll("''", "'")),
    ),
  )
  return rows.filter((row) => wanted.has(extendedKey(row.id)))
}

function expanded(call: Call, row: MessageRow, wanted: readonly Expansion[]): string {
  let text = ''
  for (const { name, filter } of wanted) {
    if (name === 'attachments')
      text += `,"attachments":${JSON.stringify(row.attachments.map((attachment) => renderAttachment(call.mailbox, row.key, attachment)))}`
    else if (name === 'extensions')
      text += `,"extensions":${JSON.stringify(row.extensions.map(renderExtension))}`
    else if (name === 'singlevalueextendedproperties') {
      const shown = shownExtended(row.extended, filter)
      if (shown.length > 0) text += `,"singleValueExtendedProperties":${JSON.stringify(shown)}`
    } else if (name === 'event') {
      const event = eventOf(call.mailbox, row)
      if (event !== undefined)
        text += `,"event":${JSON.stringify(renderEvent(call.mailbox, event, call.view))}`
    }
  }
  return text
}

/** Writes a message with what the request selects and expands. */
export function showMessage(
  out: Rows,
  call: Call,
  row: MessageRow,
  names: ReadonlySet<string> | null,
  wanted: readonly Expansion[],
  frame?: Frame,
): void {
  writeMessage(out, call.mailbox, row, call.view, names, frame, expanded(call, row, wanted))
}

export function answerMessage(call: Call, row: MessageRow, status: number): Answer {
  const { names, wanted } = parseOptions({
    $select: call.query.get('$select') ?? '',
    ...(call.query.has('$expand') ? { $expand: call.query.get('$expand') ?? '' } : {}),
  })
  const context = JSON.stringify(call.context(`messages${selectText(call)}/$entity`))
  const out = new Rows('')
  showMessage(out, call, row, visible(call, names), wanted, {
    opening: `{"@odata.context":${context},`,
    typed: false,
  })
  return {
    status,
    headers: { ...call.applied(), etag: etag(row.version) },
    body: out.finish(''),
  }
}

/** Names of properties in a `$filter` or `$orderby`, in lower case. */
function namesIn(source: string): string[] {
  return (
    source
      .replace(/'(?:[^']|'')*'/g, ' ')
      .toLowerCase()
      .match(/[a-z]\w*/g) ?? []
  )
}

const KNOWN_NAMES = new Set([
  ...BASIC_NAMES,
  'body',
  'bodypreview',
  'uniquebody',
  'internetmessageheaders',
  'meetingmessagetype',
])

/** A message as far as a filter or an order looks at it. */
function looked(call: Call, row: MessageRow, names: ReadonlySet<string>): JsonObject {
  const entity = messageEntity(call.mailbox, row, call.view, names)
  if (names.has('singlevalueextendedproperties'))
    entity['singleValueExtendedProperties'] = row.extended.map(({ id, value }) => ({
      id: extendedKey(id),
      value,
    }))
  if (names.has('extensions'))
    entity['extensions'] = row.extensions.flatMap((extension) => [
      { id: extension.name },
      { id: `microsoft.graph.openTypeExtension.${extension.name}` },
      { id: `Microsoft.OutlookServices.OpenTypeExtension.${extension.name}` },
    ])
  if (names.has('attachments')) entity['attachments'] = row.attachments.map(({ name }) => ({ name }))
  return entity
}

/** The service compares an extended property's id in whatever case its type and GUID are written. */
const normalExtendedIds = (filter: string): string =>
  filter.replace(/(id\s+eq\s+')([^']*)'/gi, (_all, head: string, id: string) => `${head}${extendedKey(id)}'`)

const inefficient = (): GraphError =>
  new GraphError(400, 'InefficientFilter', 'The restriction or sort order is too complex for this operation.')

/** Whoever filters and orders must filter by the ordered properties first. Source: "List messages". */
function checkOrder(filter: string, order: string): void {
  const ordered = order.split(',').map((part) => part.trim().split(/\s+/)[0]?.toLowerCase() ?? '')
  const filtered = [
    ...filter
      .replace(/'(?:[^']|'')*'/g, "''")
      .matchAll(/([A-Za-z]\w*(?:\/\w+)*)\s+(?:eq|ne|gt|ge|lt|le)\b|\(\s*([A-Za-z]\w*(?:\/\w+)*)\s*,/g),
  ]
    .map((match) => (match[1] ?? match[2] ?? '').toLowerCase())
    .filter((name, at, all) => all.indexOf(name) === at)
  if (ordered.some((name, at) => filtered[at] !== name)) throw inefficient()
}

const SEARCH_MAX = 1_000

type Term = (row: MessageRow) => boolean

/** `"words"`, `"subject:word"`, `"from:word"` …: every term must be found. Source: "Use the $search query parameter". */
function parseSearch(source: string): Term {
  const inner = /^\s*"([\s\S]*)"\s*$/.exec(source)?.[1]
  if (inner === undefined)
    throw badRequest(
      `Syntax error: character ':' is not valid at position 0 in '${source}'. The search text must be in quotes.`,
    )
  const terms = [...inner.replaceAll('\\"', '"').matchAll(/(?:(\w+):)?(?:"([^"]*)"|(\S+))/g)].map(
    (match): Term => {
      const words = (match[2] ?? match[3] ?? '').toLowerCase()
      const people = (row: MessageRow): string =>
        [row.from, row.sender, ...row.toRecipients, ...row.ccRecipients, ...row.bccRecipients]
          .map((one) => (one === null ? '' : `${one.emailAddress.name} ${one.emailAddress.address}`))
          .join(' ')
      const field = match[1]?.toLowerCase()
      return (row) => {
        const from = row.from === null ? '' : `${row.from.emailAddress.name} ${row.from.emailAddress.address}`
        const body = (): string => htmlToText(bodyOf(row).content)
        switch (field) {
          case 'subject':
            return row.subject.toLowerCase().includes(words)
          case 'from':
            return from.toLowerCase().includes(words)
          case 'to':
          case 'participants':
          case 'recipients':
            return people(row).toLowerCase().includes(words)
          case 'body':
            return body().toLowerCase().includes(words)
          case 'attachment':
            return row.attachments.some((attachment) => attachment.name.toLowerCase().includes(words))
          case 'hasattachments':
            return row.attachments.length > 0 === (words === 'true')
          default:
            return `${row.subject} ${people(row)} ${body()}`.toLowerCase().includes(words)
        }
      }
    },
  )
  return (row) => terms.every((term) => term(row))
}

function chosen(call: Call, all: readonly MessageRow[]): readonly MessageRow[] {
  const filter = call.query.get('$filter')
  const order = call.query.get('$orderby')
  const search = call.query.get('$search')
  if (search !== undefined) {
    if (filter !== undefined)
      throw new GraphError(
        400,
        'SearchWithFilter',
        "The query parameter '$filter' is not supported with '$search'.",
      )
    if (order !== undefined)
      throw new GraphError(
        400,
        'SearchWithOrderBy',
        "The query parameter '$orderBy' is not supported with '$search'.",
      )
    return all.filter(parseSearch(search)).slice(0, SEARCH_MAX)
  }
  if (filter === undefined && (order === undefined || /^\s*receivedDateTime\s+desc\s*$/i.test(order)))
    return all
  if (filter !== undefined && order !== undefined) checkOrder(filter, order)
  const names = new Set([...namesIn(filter ?? ''), ...namesIn(order ?? '')])
  const test = filter === undefined ? null : parseFilter(normalExtendedIds(filter))
  const rows = new Map<JsonObject, MessageRow>()
  const asked = new Set(
    [...names].filter(
      (name) =>
        KNOWN_NAMES.has(name) || /^(extensions|singlevalueextendedproperties|attachments)$/.test(name),
    ),
  )
  for (const row of all) {
    const entity = looked(call, row, asked)
    if (test === null || test(entity)) rows.set(entity, row)
  }
  if (order === undefined) return [...rows.values()]
  return orderBy([...rows.keys()], order).flatMap((entity) => rows.get(entity) ?? [])
}

/** The messages of a folder, or of the whole mailbox when `folder` is null. */
export function listMessages(call: Call, folder: Collection<MessageRow> | null): Answer {
  const all = folder === null ? sortedMailbox(call.mailbox) : sortedMessages(folder)
  const rows = chosen(call, all)
  const { skip, size } = pageRange(call)
  const names = visible(call, selectedIn(call.query.get('$select')))
  const wanted = expandedNames(call.query.get('$expand'))
  const count = call.query.get('$count')?.toLowerCase() === 'true' ? `"@odata.count":${rows.length},` : ''
  const link =
    skip + size < rows.length ? `,"@odata.nextLink":${JSON.stringify(nextLink(call, skip + size))}` : ''
  const context = JSON.stringify(call.context(`messages${selectText(call)}`))
  const shown = new Rows(`{"@odata.context":${context},${count}"value":[`)
  for (const row of rows.slice(skip, skip + size)) showMessage(shown.begin(), call, row, names, wanted)
  return {
    status: 200,
    headers: call.applied(),
    body: shown.finish(`]${link}}`),
  }
}

export function countMessages(call: Call, folder: Collection<MessageRow> | null): Answer {
  return answerCount(
    chosen(call, folder === null ? sortedMailbox(call.mailbox) : sortedMessages(folder)).length,
  )
}
