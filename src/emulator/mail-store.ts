/** The mail store of a mailbox: its folders and messages, and every way they change. No HTTP, no delivery. */
import { codeOf } from './chance.ts'
import { find, items, makeCollection, size, type Collection } from './collection.ts'
import { GraphError, itemNotFound, malformedId } from './errors.ts'
import { containerId, itemId, keyOfId } from './ids.ts'
import {
  NOT_FLAGGED,
  storedBody,
  type MailFolderRow,
  type MessageInput,
  type MessageRow,
} from './mail-model.ts'
import type { Mailbox, Store } from './state.ts'

/** Well-known names that a mailbox always has, their parent, and their display name by language. */
const WELL_KNOWN: readonly {
  readonly name: string
  readonly parent: string | null
  readonly hidden: boolean
  readonly en: string
  readonly de: string
  readonly fr: string
}[] = [
  {
    name: 'msgfolderroot',
    parent: null,
    hidden: true,
    en: 'Top of Information Store',
    de: 'Oberste Ebene des Informationsspeichers',
    fr: 'Partie supérieure de la banque d’informations',
  },
  {
    name: 'recoverableitemsdeletions',
    parent: null,
    hidden: true,
    en: 'Deletions',
    de: 'Deletions',
    fr: 'Deletions',
  },
  {
    name: 'searchfolders',
    parent: null,
    hidden: true,
    en: 'Finder',
    de: 'Suchordner',
    fr: 'Dossiers de recherche',
  },
  {
    name: 'inbox',
    parent: 'msgfolderroot',
    hidden: false,
    en: 'Inbox',
    de: 'Posteingang',
    fr: 'Boîte de réception',
  },
  { name: 'drafts', parent: 'msgfolderroot', hidden: false, en: 'Drafts', de: 'Entwürfe', fr: 'Brouillons' },
  {
    name: 'sentitems',
    parent: 'msgfolderroot',
    hidden: false,
    en: 'Sent Items',
    de: 'Gesendete Elemente',
    fr: 'Éléments envoyés',
  },
  {
    name: 'deleteditems',
    parent: 'msgfolderroot',
    hidden: false,
    en: 'Deleted Items',
    de: 'Gelöschte Elemente',
    fr: 'Éléments supprimés',
  },
  { name: 'archive', parent: 'msgfolderroot', hidden: false, en: 'Archive', de: 'Archiv', fr: 'Archive' },
  {
    name: 'junkemail',
    parent: 'msgfolderroot',
    hidden: false,
    en: 'Junk Email',
    de: 'Junk-E-Mail',
    fr: 'Courrier indésirable',
  },
  {
    name: 'outbox',
    parent: 'msgfolderroot',
    hidden: false,
    en: 'Outbox',
    de: 'Postausgang',
    fr: 'Boîte d’envoi',
  },
  {
    name: 'conversationhistory',
    parent: 'msgfolderroot',
    hidden: false,
    en: 'Conversation History',
    de: 'Aufgezeichnete Unterhaltungen',
    fr: 'Historique des conversations',
  },
  {
    name: 'clutter',
    parent: 'msgfolderroot',
    hidden: true,
    en: 'Clutter',
    de: 'Clutter',
    fr: 'Courrier pêle-mêle',
  },
  {
    name: 'scheduled',
    parent: 'msgfolderroot',
    hidden: true,
    en: 'Scheduled',
    de: 'Geplant',
    fr: 'Planifié',
  },
  {
    name: 'syncissues',
    parent: 'msgfolderroot',
    hidden: true,
    en: 'Sync Issues',
    de: 'Synchronisierungsprobleme',
    fr: 'Problèmes de synchronisation',
  },
  { name: 'conflicts', parent: 'syncissues', hidden: true, en: 'Conflicts', de: 'Konflikte', fr: 'Conflits' },
  {
    name: 'localfailures',
    parent: 'syncissues',
    hidden: true,
    en: 'Local Failures',
    de: 'Lokale Fehler',
    fr: 'Échecs locaux',
  },
  {
    name: 'serverfailures',
    parent: 'syncissues',
    hidden: true,
    en: 'Server Failures',
    de: 'Serverfehler',
    fr: 'Défaillances du serveur',
  },
]

/** What the names of collections of messages begin with; the folder's key follows. */
const COLLECTION = 'messages/'

const WELL_KNOWN_NAMES: ReadonlySet<string> = new Set(WELL_KNOWN.map((folder) => folder.name))

/** Makes the well-known folders, unless the mailbox has them. */
export function setUpFolders(store: Store, mailbox: Mailbox): void {
  if (size(mailbox.folders) > 0) return
  const language = mailbox.language.slice(0, 2)
  for (const { name, parent, hidden, ...names } of WELL_KNOWN) {
    const displayName = language === 'de' || language === 'fr' ? names[language] : names.en
    addFolder(store, mailbox, {
      displayName,
      parentKey: parent === null ? null : wellKnown(mailbox, parent).key,
      wellKnownName: name,
      isHidden: hidden,
    })
  }
}

export function addFolder(
  store: Store,
  mailbox: Mailbox,
  fields: Pick<MailFolderRow, 'displayName' | 'parentKey' | 'wellKnownName' | 'isHidden'>,
): MailFolderRow {
  const folder = store.add(mailbox, 'mailFolder', mailbox.folders, {
    ...store.stamp(),
    ...fields,
    unread: 0,
    extended: [],
  })
  mailbox.messages.set(folder.key, makeCollection(COLLECTION + folder.key))
  return folder
}

export function wellKnown(mailbox: Mailbox, name: string): MailFolderRow {
  for (const folder of items(mailbox.folders)) if (folder.wellKnownName === name) return folder
  throw new Error(`The mailbox ${mailbox.person.mail} has no folder ${name}.`)
}

export function folderId(mailbox: Mailbox, key: string): string {
  return containerId(mailbox, key)
}

/** A folder by its id or well-known name. */
export function folderNamed(mailbox: Mailbox, id: string): MailFolderRow {
  const lower = id.toLowerCase()
  if (WELL_KNOWN_NAMES.has(lower)) return wellKnown(mailbox, lower)
  const key = keyOfId(id)
  if (key === null) throw malformedId()
  const folder = find(mailbox.folders, key)
  if (folder === undefined || folderId(mailbox, folder.key) !== id)
    throw new GraphError(404, 'ErrorItemNotFound', 'The specified folder could not be found in the store.')
  return folder
}

export function messagesIn(mailbox: Mailbox, folder: string): Collection<MessageRow> {
  let collection = mailbox.messages.get(folder)
  if (collection === undefined) {
    collection = makeCollection(COLLECTION + folder)
    mailbox.messages.set(folder, collection)
  }
  return collection
}

export function* childrenOf(mailbox: Mailbox, key: string): Generator<MailFolderRow> {
  for (const folder of items(mailbox.folders)) if (folder.parentKey === key) yield folder
}

/** Whether `key` is `ancestor` or lies within it. */
export function isWithin(mailbox: Mailbox, key: string, ancestor: string): boolean {
  for (let at: string | null = key; at !== null; at = find(mailbox.folders, at)?.parentKey ?? null)
    if (at === ancestor) return true
  return false
}

/** The default id of a message is another one after each move. */
const homeOf = (row: MessageRow): string => (row.moves === 0 ? row.folder : `${row.folder}#${row.moves}`)

export function messageId(mailbox: Mailbox, row: MessageRow, immutable: boolean): string {
  return itemId(mailbox, homeOf(row), row.key, immutable)
}

export function findMessage(mailbox: Mailbox, key: string): MessageRow | undefined {
  const home = mailbox.messageHome.get(key)
  return home === undefined ? undefined : find(messagesIn(mailbox, home.slice(COLLECTION.length)), key)
}

/** A message by its id, which must be exactly one that this mailbox gives to it. */
export function messageNamed(mailbox: Mailbox, id: string): MessageRow {
  const key = keyOfId(id)
  if (key === null) throw malformedId()
  const row = findMessage(mailbox, key)
  if (row === undefined || (messageId(mailbox, row, true) !== id && messageId(mailbox, row, false) !== id))
    throw itemNotFound()
  return row
}

export function makeConversation(
  store: Store,
  mailbox: Mailbox,
): { conversationId: string; conversationIndex: string } {
  const n = ++store.data.counter
  return {
    conversationId: `AAQkAD${mailbox.code}AAQA${codeOf(store.data.seed, n, 22)}=`,
    // One byte 1, five of time, sixteen that name the thread.
    conversationIndex: Buffer.from(`\x01${codeOf(store.data.seed, n, 21)}`, 'latin1').toString('base64'),
  }
}

/** The index of an answer: five more bytes. */
export function answerIndex(store: Store, index: string): string {
  return Buffer.concat([
    Buffer.from(index, 'base64'),
    Buffer.from(codeOf(store.data.seed, ++store.data.counter, 5), 'latin1'),
  ]).toString('base64')
}

export function makeMessageId(store: Store, mailbox: Mailbox): string {
  const [, domain = 'example.com'] = mailbox.person.mail.split('@')
  return `<${codeOf(store.data.seed, ++store.data.counter, 12)}${codeOf(store.data.seed, ++store.data.counter, 12)}@${mailbox.code.replaceAll('_', 'x')}.${domain}>`
}

/** A new row that no folder has yet. */
export function makeMessage(store: Store, mailbox: Mailbox, folder: string, input: MessageInput): MessageRow {
  const now = store.now()
  const { attachments: _unread, ...fields } = input
  return {
    ...store.stamp(),
    folder,
    moves: 0,
    arrived: 0,
    subject: '',
    ...storedBody({ contentType: 'text', content: '' }, store.switches),
    from: null,
    sender: null,
    toRecipients: [],
    ccRecipients: [],
    bccRecipients: [],
    replyTo: [],
    sentAt: now,
    receivedAt: now,
    isRead: true,
    isDraft: true,
    importance: 'normal',
    inferenceClassification: 'focused',
    isReadReceiptRequested: false,
    isDeliveryReceiptRequested: false,
    categories: [],
    flag: NOT_FLAGGED,
    ...makeConversation(store, mailbox),
    internetMessageId: makeMessageId(store, mailbox),
    headers: [],
    attachments: [],
    extended: [],
    extensions: [],
    meeting: null,
    ...fields,
  }
}

function count(mailbox: Mailbox, folder: string, difference: number): void {
  const row = find(mailbox.folders, folder)
  if (row !== undefined) row.unread += difference
}

export function addMessage(store: Store, mailbox: Mailbox, row: MessageRow): MessageRow {
  if (!row.isRead) count(mailbox, row.folder, 1)
  noteThread(mailbox, row)
  return store.add(mailbox, 'message', messagesIn(mailbox, row.folder), {
    ...row,
    arrived: store.data.sequence + 1,
  })
}

export function updateMessage(
  store: Store,
  mailbox: Mailbox,
  row: MessageRow,
  fields: Partial<MessageRow>,
): MessageRow {
  if (fields.isRead !== undefined && fields.isRead !== row.isRead)
    count(mailbox, row.folder, fields.isRead ? -1 : 1)
  return store.update(mailbox, 'message', messagesIn(mailbox, row.folder), row, fields)
}

export function takeMessage(store: Store, mailbox: Mailbox, row: MessageRow): void {
  if (!row.isRead) count(mailbox, row.folder, -1)
  store.remove(mailbox, 'message', messagesIn(mailbox, row.folder), row.key)
}

/** Moves a message, or one that changes on its way: leaves its folder, arrives in the other one with a new default id. */
export function moveMessage(
  store: Store,
  mailbox: Mailbox,
  row: MessageRow,
  target: string,
  fields: Partial<MessageRow> = {},
): MessageRow {
  takeMessage(store, mailbox, row)
  return addMessage(store, mailbox, {
    ...row,
    ...fields,
    folder: target,
    moves: row.moves + 1,
    modified: store.now(),
  })
}

export function copyMessage(store: Store, mailbox: Mailbox, row: MessageRow, target: string): MessageRow {
  return addMessage(store, mailbox, { ...row, ...store.stamp(), folder: target, moves: 0 })
}

/** What DELETE does: to Deleted Items, and from there to where only recovery finds it. */
export function deleteMessage(store: Store, mailbox: Mailbox, row: MessageRow): void {
  const bin = wellKnown(mailbox, 'deleteditems').key
  const recoverable = wellKnown(mailbox, 'recoverableitemsdeletions').key
  if (row.folder === recoverable) takeMessage(store, mailbox, row)
  else moveMessage(store, mailbox, row, isWithin(mailbox, row.folder, bin) ? recoverable : bin)
}

/** Deletes a folder: to Deleted Items with all that is in it, and for good when it was there or `purge` is set. */
export function deleteFolder(store: Store, mailbox: Mailbox, folder: MailFolderRow, purge: boolean): void {
  if (folder.wellKnownName !== null)
    throw new GraphError(400, 'ErrorDeleteDistinguishedFolder', 'Distinguished folders cannot be deleted.')
  const bin = wellKnown(mailbox, 'deleteditems').key
  if (!purge && !isWithin(mailbox, folder.key, bin)) {
    store.update(mailbox, 'mailFolder', mailbox.folders, folder, { parentKey: bin })
    return
  }
  for (const child of [...childrenOf(mailbox, folder.key)]) deleteFolder(store, mailbox, child, true)
  for (const row of [...items(messagesIn(mailbox, folder.key))]) takeMessage(store, mailbox, row)
  store.remove(mailbox, 'mailFolder', mailbox.folders, folder.key)
  mailbox.messages.delete(folder.key)
}

/** The conversation of each internetMessageId, by mailbox; made when first asked for and kept from then on. */
const threads = new WeakMap<Mailbox, Map<string, MessageRow>>()

function noteThread(mailbox: Mailbox, row: MessageRow): void {
  threads.get(mailbox)?.set(row.internetMessageId, row)
}

/** A message of this mailbox by its internetMessageId. */
export function messageWithInternetId(mailbox: Mailbox, internetMessageId: string): MessageRow | undefined {
  let known = threads.get(mailbox)
  if (known === undefined) {
    known = new Map()
    for (const collection of mailbox.messages.values())
      for (const row of items(collection)) known.set(row.internetMessageId, row)
    threads.set(mailbox, known)
  }
  return known.get(internetMessageId)
}
