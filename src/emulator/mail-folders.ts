/** Mail folders over HTTP. Source: "mailFolder resource type". */
import type { Answer, Call } from './call.ts'
import { items } from './collection.ts'
import { badRequest, GraphError } from './errors.ts'
import { parameters, refuseUnknown } from './event-model.ts'
import { flag, mergeExtended, parseExtended, text, type JsonObject } from './item-parts.ts'
import { answerFolderDelta } from './mail-delta.ts'
import { shownExtended } from './mail-list.ts'
import type { MailFolderRow } from './mail-model.ts'
import { renderFolder } from './mail-render.ts'
import {
  addFolder,
  childrenOf,
  copyMessage,
  deleteFolder,
  folderNamed,
  isWithin,
  messagesIn,
  wellKnown,
} from './mail-store.ts'
import {
  answerCount,
  answerList,
  expansions,
  ITEM_QUERY,
  jsonAnswer,
  LIST_QUERY,
  noContent,
  select,
  selected,
  selectText,
} from './odata.ts'
import { MAIL_READ_BASIC, MAIL_WRITE } from './permissions.ts'
import type { Route } from './router.ts'

const FOLDERS_PREFIXES = [
  { path: '/users/{user}/mailFolders', depth: 0 },
  { path: '/users/{user}/mailFolders/{folder}/childFolders', depth: 1 },
] as const

const WRITABLE = new Set(['displayName', 'isHidden', 'singleValueExtendedProperties'])
const READ_ONLY = new Set([
  'id',
  'childfoldercount',
  'parentfolderid',
  'totalitemcount',
  'unreaditemcount',
  'sizeinbytes',
  'multivalueextendedproperties',
  'childfolders',
  'messages',
  'messagerules',
])

/** The folders that listings of the mailbox show. */
function listed(call: Call, parent: MailFolderRow): MailFolderRow[] {
  const hidden = call.query.get('includehiddenfolders')?.toLowerCase() === 'true'
  return [...childrenOf(call.mailbox, parent.key)]
    .filter((folder) => hidden || !folder.isHidden)
    .sort((a, b) => a.displayName.localeCompare(b.displayName, 'en'))
}

function entity(call: Call, folder: MailFolderRow): JsonObject {
  const extra: JsonObject = {}
  for (const { name, filter } of expansions(call)) {
    if (name === 'childfolders')
      extra['childFolders'] = listed(call, folder).map((child) => renderFolder(call.mailbox, child))
    else if (name === 'singlevalueextendedproperties')
      extra['singleValueExtendedProperties'] = shownExtended(folder.extended, filter)
    else if (name !== 'messages' && name !== 'messagerules' && name !== 'multivalueextendedproperties')
      throw badRequest(
        `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.mailFolder'.`,
      )
  }
  const whole = renderFolder(call.mailbox, folder)
  return { ...whole, ...extra }
}

function answerFolder(call: Call, folder: MailFolderRow, status: number): Answer {
  const context = call.context(`mailFolders${selectText(call)}/$entity`)
  const names = selected(call)
  const expanded = new Set(expansions(call).map(({ name }) => name))
  const kept = names === null ? null : new Set([...names, ...expanded])
  return jsonAnswer(status, { '@odata.context': context, ...select(entity(call, folder), kept) })
}

function listFolders(call: Call, parent: MailFolderRow): Answer {
  const folders = listed(call, parent)
  return answerList(call, {
    rows: folders.map((folder) => entity(call, folder)),
    context: call.context(`mailFolders${selectText(call)}`),
  })
}

function sibling(call: Call, parentKey: string | null, name: string): boolean {
  if (parentKey === null) return false
  const lower = name.toLowerCase()
  return [...childrenOf(call.mailbox, parentKey)].some((folder) => folder.displayName.toLowerCase() === lower)
}

const exists = (): GraphError =>
  new GraphError(409, 'ErrorFolderExists', 'A folder with the specified name already exists.')

function create(call: Call, parent: MailFolderRow): Answer {
  const body = call.json()
  refuseUnknown(body, 'mailFolder', WRITABLE, READ_ONLY)
  const displayName = text(body, 'displayName') ?? ''
  if (displayName.trim() === '')
    throw new GraphError(400, 'ErrorInvalidParameter', 'The displayName of the folder is required.')
  if (sibling(call, parent.key, displayName)) throw exists()
  const folder = addFolder(call.store, call.mailbox, {
    displayName,
    parentKey: parent.key,
    wellKnownName: null,
    isHidden: flag(body, 'isHidden') ?? false,
  })
  folder.extended = parseExtended(body) ?? []
  return answerFolder(call, folder, 201)
}

function patch(call: Call, folder: MailFolderRow): Answer {
  const body = call.json()
  refuseUnknown(body, 'mailFolder', WRITABLE, READ_ONLY)
  const displayName = text(body, 'displayName')
  if (typeof displayName === 'string' && displayName !== folder.displayName) {
    if (displayName.trim() === '')
      throw new GraphError(400, 'ErrorInvalidParameter', 'The displayName of the folder is empty.')
    if (folder.wellKnownName !== null)
      throw new GraphError(
        400,
        'ErrorDistinguishedFolderCannotBeRenamed',
        'Distinguished folders cannot be renamed.',
      )
    if (sibling(call, folder.parentKey, displayName)) throw exists()
  }
  const isHidden = flag(body, 'isHidden')
  const extended = parseExtended(body)
  call.store.update(call.mailbox, 'mailFolder', call.mailbox.folders, folder, {
    ...(typeof displayName === 'string' ? { displayName } : {}),
    ...(typeof isHidden === 'boolean' ? { isHidden } : {}),
    ...(extended === undefined ? {} : { extended: mergeExtended(folder.extended, extended) }),
  })
  return answerFolder(call, folder, 200)
}

function destination(call: Call): MailFolderRow {
  const id = text(parameters(call.json()), 'destinationId')
  if (typeof id !== 'string' || id === '') throw badRequest('The parameter DestinationId is required.')
  return folderNamed(call.mailbox, id)
}

function move(call: Call, folder: MailFolderRow): Answer {
  const target = destination(call)
  if (folder.wellKnownName !== null || isWithin(call.mailbox, target.key, folder.key))
    throw new GraphError(400, 'ErrorMoveCopyFailed', 'The folder cannot be moved there.')
  if (sibling(call, target.key, folder.displayName)) throw exists()
  call.store.update(call.mailbox, 'mailFolder', call.mailbox.folders, folder, { parentKey: target.key })
  return answerFolder(call, folder, 201)
}

function copyInto(call: Call, folder: MailFolderRow, target: MailFolderRow, depth: number): MailFolderRow {
  const copy = addFolder(call.store, call.mailbox, {
    displayName: folder.displayName,
    parentKey: target.key,
    wellKnownName: null,
    isHidden: folder.isHidden,
  })
  for (const row of [...items(messagesIn(call.mailbox, folder.key))])
    copyMessage(call.store, call.mailbox, row, copy.key)
  if (depth < DEPTH_MAX)
    for (const child of [...childrenOf(call.mailbox, folder.key)]) copyInto(call, child, copy, depth + 1)
  return copy
}

const DEPTH_MAX = 300

function copy(call: Call, folder: MailFolderRow): Answer {
  const target = destination(call)
  if (isWithin(call.mailbox, target.key, folder.key))
    throw new GraphError(400, 'ErrorMoveCopyFailed', 'The folder cannot be copied into itself.')
  if (sibling(call, target.key, folder.displayName)) throw exists()
  return answerFolder(call, copyInto(call, folder, target, 0), 201)
}

function remove(call: Call, folder: MailFolderRow, purge: boolean): Answer {
  deleteFolder(call.store, call.mailbox, folder, purge)
  return noContent
}

const HIDDEN = 'includehiddenfolders'

function routesUnder({ path, depth }: (typeof FOLDERS_PREFIXES)[number]): Route[] {
  const one = `${path}/{folder}`
  const parent = (call: Call): MailFolderRow =>
    depth === 0 ? wellKnown(call.mailbox, 'msgfolderroot') : folderNamed(call.mailbox, call.id(0))
  const folder = (call: Call): MailFolderRow => folderNamed(call.mailbox, call.id(depth))
  const read = (route: string, query: readonly string[], handle: Route['handle']): Route => ({
    method: 'GET',
    path: route,
    permissions: MAIL_READ_BASIC,
    query,
    handle,
  })
  const write = (
    method: string,
    route: string,
    query: readonly string[],
    handle: Route['handle'],
  ): Route => ({
    method,
    path: route,
    permissions: MAIL_WRITE,
    query,
    handle,
  })
  return [
    read(path, [...LIST_QUERY, HIDDEN], (call) => listFolders(call, parent(call))),
    write('POST', path, [...LIST_QUERY, HIDDEN], (call) => create(call, parent(call))),
    read(`${path}/$count`, ['$filter', '$search'], (call) => answerCount(listed(call, parent(call)).length)),
    read(`${path}/delta`, [...LIST_QUERY, '$deltatoken', '$skiptoken'], (call) =>
      answerFolderDelta(call, call.mailbox.folders),
    ),
    read(one, [...ITEM_QUERY, HIDDEN], (call) => answerFolder(call, folder(call), 200)),
    write('PATCH', one, [...ITEM_QUERY, HIDDEN], (call) => patch(call, folder(call))),
    write('DELETE', one, [...ITEM_QUERY, HIDDEN], (call) => remove(call, folder(call), false)),
    write('POST', `${one}/move`, [], (call) => move(call, folder(call))),
    write('POST', `${one}/copy`, [], (call) => copy(call, folder(call))),
    write('POST', `${one}/permanentDelete`, [], (call) => remove(call, folder(call), true)),
  ]
}

export const MAIL_FOLDER_ROUTES: readonly Route[] = FOLDERS_PREFIXES.flatMap(routesUnder)
