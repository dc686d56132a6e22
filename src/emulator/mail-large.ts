/** A large mailbox from a seed: rows are small, bodies are made when somebody reads them. */
import { codeOf, makeChance } from './chance.ts'
import { insert } from './collection.ts'
import type { Recipient } from './item-parts.ts'
import { generatedSubject } from './mail-corpus.ts'
import { NOT_FLAGGED, type MailFolderRow, type MessageRow } from './mail-model.ts'
import { addFolder, messagesIn, setUpFolders, wellKnown } from './mail-store.ts'
import type { Mailbox, Store } from './state.ts'

/** Folders and their shares of all messages, in ten-thousandths: of 50,000 they hold 30,000, 8,000, 5,000 … 50. */
const FOLDERS: readonly {
  readonly name: string
  readonly wellKnown: string | null
  readonly share: number
}[] = [
  { name: 'Inbox', wellKnown: 'inbox', share: 6000 },
  { name: 'Sent Items', wellKnown: 'sentitems', share: 1600 },
  { name: 'Archive', wellKnown: 'archive', share: 1000 },
  { name: 'Customers', wellKnown: null, share: 600 },
  { name: 'Suppliers', wellKnown: null, share: 400 },
  { name: 'Projects', wellKnown: null, share: 200 },
  { name: 'Invoices', wellKnown: null, share: 100 },
  { name: 'Newsletters', wellKnown: null, share: 60 },
  { name: 'Travel', wellKnown: null, share: 30 },
  { name: 'Deleted Items', wellKnown: 'deleteditems', share: 10 },
]

const PEOPLE = 400
const MINUTE = 60_000
/** Messages reach back this far. */
const DAYS_BACK = 1_500

function makePeople(): readonly Recipient[] {
  const first = [
    'Anna',
    'Ben',
    'Clara',
    'David',
    'Elena',
    'Felix',
    'Greta',
    'Hugo',
    'Ines',
    'Jonas',
    'Karla',
    'Leo',
    'Mara',
    'Nils',
    'Olga',
    'Paul',
    'Rita',
    'Sven',
    'Tara',
    'Udo',
  ]
  const last = [
    'Albers',
    'Brandt',
    'Costa',
    'Dahl',
    'Ernst',
    'Farkas',
    'Gruber',
    'Holm',
    'Ivanov',
    'Jensen',
    'Keller',
    'Lind',
    'Moreau',
    'Novak',
    'Olsen',
    'Petrov',
    'Quast',
    'Rossi',
    'Sommer',
    'Tamm',
  ]
  return Array.from({ length: PEOPLE }, (_none, n) => {
    const [given, family] = [first[n % 20] ?? '', last[Math.floor(n / 20) % 20] ?? '']
    const address = `${given}.${family}@customer-${n % 40}.example`.toLowerCase()
    return { emailAddress: { name: `${given} ${family}`, address } }
  })
}

function folderFor(store: Store, mailbox: Mailbox, name: string, known: string | null): MailFolderRow {
  if (known !== null) return wellKnown(mailbox, known)
  const root = wellKnown(mailbox, 'msgfolderroot').key
  for (const row of mailbox.folders.rows)
    if (row !== null && row.parentKey === root && row.displayName === name) return row
  return addFolder(store, mailbox, {
    displayName: name,
    parentKey: root,
    wellKnownName: null,
    isHidden: false,
  })
}

/** Puts `count` messages into a mailbox. Changes are logged for delta, and told to nobody. */
export function fillMailbox(store: Store, mailbox: Mailbox, count: number, seed: number): void {
  setUpFolders(store, mailbox)
  const people = makePeople()
  const chance = makeChance(seed ^ 0x1a12ce)
  const me: Recipient = { emailAddress: { name: mailbox.person.displayName, address: mailbox.person.mail } }
  const toMe: readonly Recipient[] = [me]
  const nobody: readonly Recipient[] = []
  const alone = people.map((person) => [person])
  const now = store.now()
  const step = (DAYS_BACK * 1440 * MINUTE) / Math.max(1, count)
  let made = 0
  for (const [at, { name, wellKnown: known, share }] of FOLDERS.entries()) {
    const folder = folderFor(store, mailbox, name, known)
    const collection = messagesIn(mailbox, folder.key)
    const wanted = at === FOLDERS.length - 1 ? count - made : Math.round((count * share) / 10_000)
    const sent = known === 'sentitems'
    for (let i = 0; i < wanted; i++) {
      const n = ++made
      const other = Math.floor(chance() * PEOPLE)
      const them = people[other] ?? me
      const received = Math.round(now - (wanted - i) * (step * (count / Math.max(1, wanted))))
      const sequence = store.nextSequence()
      const row: MessageRow = {
        key: store.key(),
        version: sequence,
        created: received,
        modified: received,
        folder: folder.key,
        moves: 0,
        arrived: sequence,
        subject: generatedSubject(seed + n),
        body: { generated: seed + n },
        preview: null,
        from: sent ? me : them,
        sender: sent ? me : them,
        toRecipients: sent ? (alone[other] ?? nobody) : toMe,
        ccRecipients: nobody,
        bccRecipients: nobody,
        replyTo: nobody,
        sentAt: received - 2_000,
        receivedAt: received,
        isRead: sent || chance() < 0.85,
        isDraft: false,
        importance: chance() < 0.04 ? 'high' : 'normal',
        inferenceClassification: 'focused',
        isReadReceiptRequested: false,
        isDeliveryReceiptRequested: false,
        categories: NO_TEXTS,
        flag: NOT_FLAGGED,
        conversationId: `AAQkAD${mailbox.code}AAQA${codeOf(seed, Math.floor(n / 3), 22)}=`,
        conversationIndex: INDEX,
        internetMessageId: `<${codeOf(seed, n, 20)}@mail.example>`,
        headers: NO_HEADERS,
        attachments: NO_ATTACHMENTS,
        extended: [],
        extensions: [],
        meeting: null,
      }
      if (!row.isRead) folder.unread++
      insert(collection, row, sequence)
      mailbox.messageHome.set(row.key, collection.name)
    }
  }
}

const NO_TEXTS: readonly string[] = []
const NO_HEADERS: MessageRow['headers'] = []
const NO_ATTACHMENTS: MessageRow['attachments'] = []
const INDEX = Buffer.alloc(22, 1).toString('base64')
