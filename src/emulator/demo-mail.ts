/** The mail of the demo company: threads with customers, attachments, a newsletter, an automatic reply, shared mailboxes. */
import { guidOf, hashText } from './chance.ts'
import type { Box } from './demo-week.ts'
import type { Attachment, Recipient } from './item-parts.ts'
import { storedBody, type Header, type MessageRow } from './mail-model.ts'
import { addFolder, addMessage, makeMessage, messageWithInternetId, wellKnown } from './mail-store.ts'
import type { Office } from './office.ts'
import type { Mailbox, Store } from './state.ts'
import { DAY } from './zones.ts'

interface Letter {
  readonly id: string
  readonly from: Recipient
  readonly to: readonly Recipient[]
  readonly cc?: readonly Recipient[]
  readonly subject: string
  /** HTML paragraphs. */
  readonly words: readonly string[]
  /** Days from today, where 1 is today, and the time in UTC; a moment that has not come yet is a day earlier. */
  readonly day: number
  readonly time: string
  readonly answers?: string
  readonly headers?: readonly Header[]
  readonly attachments?: readonly Attachment[]
  readonly read?: boolean
  readonly flagged?: boolean
  readonly categories?: readonly string[]
  /** Name of a folder instead of the Inbox, by the address of the mailbox. */
  readonly filed?: Readonly<Record<string, string>>
}

const who = (name: string, address: string): Recipient => ({ emailAddress: { name, address } })

const MARIA = who('Maria Berger', 'm.berger@fabrikam.example')
const TOMAS = who('Tomas Novak', 't.novak@fabrikam.example')
const PETRA = who('Petra Haas', 'p.haas@adatum.example')
const SUN = who('Sun Lee', 's.lee@northwind.example')
const GIULIA = who('Giulia Conti', 'g.conti@tailspin.example')
const ROSA = who('Rosa Alvarez', 'r.alvarez@wingtip.example')
const NEWS = who('Process Weekly', 'news@processweekly.example')

function file(store: Store, name: string, contentType: string, content: string): Attachment {
  return {
    key: store.key(),
    type: '#microsoft.graph.fileAttachment',
    name,
    contentType,
    size: Buffer.byteLength(content),
    isInline: false,
    contentId: null,
    modified: store.now(),
    contentBytes: Buffer.from(content).toString('base64'),
    item: null,
  }
}

/** A PDF of one empty page, enough for any viewer. */
const PDF =
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n'

class Postbag {
  readonly #office: Office
  readonly #references = new Map<string, string>()

  constructor(office: Office) {
    this.#office = office
  }

  /** Puts a letter where it would lie today: in the sender's Sent Items and in each recipient's Inbox. */
  post(letter: Letter): void {
    const { store } = this.#office
    const messageId = `<${guidOf(store.data.seed, hashText(`letter/${letter.id}`))}@mail.example>`
    const chain = letter.answers === undefined ? '' : (this.#references.get(letter.answers) ?? '')
    this.#references.set(letter.id, `${chain} ${messageId}`.trim())
    const parent = chain.split(' ').at(-1) ?? ''
    const sender = store.mailboxOf(letter.from.emailAddress.address)
    if (sender !== undefined) this.#put(sender, letter, messageId, chain, parent, 'sentitems')
    for (const { emailAddress } of [...letter.to, ...(letter.cc ?? [])]) {
      const mailbox = store.mailboxOf(emailAddress.address)
      if (mailbox !== undefined) this.#put(mailbox, letter, messageId, chain, parent, 'inbox')
    }
  }

  #put(
    mailbox: Mailbox,
    letter: Letter,
    messageId: string,
    chain: string,
    parent: string,
    place: string,
  ): void {
    const { store } = this.#office
    const at = this.#moment(letter)
    const folder = this.#folder(mailbox, letter, place)
    const html = letter.words.map((paragraph) => `<p>${paragraph}</p>`).join('\r\n')
    const known = parent === '' ? undefined : messageWithInternetId(mailbox, parent)
    const thread: Header[] =
      parent === ''
        ? []
        : [
            { name: 'In-Reply-To', value: parent },
            { name: 'References', value: chain },
          ]
    const row: MessageRow = {
      ...makeMessage(store, mailbox, folder, {
        subject: letter.subject,
        ...storedBody({ contentType: 'html', content: html }, store.switches),
        from: letter.from,
        sender: letter.from,
        toRecipients: letter.to,
        ccRecipients: letter.cc ?? [],
        internetMessageId: messageId,
        headers: [...thread, ...(letter.headers ?? [])],
      }),
      ...(known === undefined ? {} : { conversationId: known.conversationId }),
      created: at,
      modified: at,
      sentAt: at - 3_000,
      receivedAt: at,
      isDraft: false,
      isRead: place === 'sentitems' || (letter.read ?? true),
      inferenceClassification:
        letter.headers?.some((header) => header.name === 'List-Unsubscribe') === true ? 'other' : 'focused',
      attachments: letter.attachments ?? [],
      categories: place === 'inbox' ? (letter.categories ?? []) : [],
      ...(letter.flagged === true && place === 'inbox' ? { flag: { flagStatus: 'flagged' } } : {}),
    }
    addMessage(store, mailbox, row)
  }

  #moment({ day, time }: Letter): number {
    const now = this.#office.store.now()
    const [hours = 0, minutes = 0] = time.split(':').map(Number)
    const at = (Math.floor(now / DAY) + day - 1) * DAY + (hours * 60 + minutes) * 60_000
    return at > now ? at - DAY : at
  }

  #folder(mailbox: Mailbox, letter: Letter, place: string): string {
    const name = place === 'inbox' ? letter.filed?.[mailbox.person.mail] : undefined
    if (name === undefined) return wellKnown(mailbox, place).key
    const parentKey = wellKnown(mailbox, 'inbox').key
    for (const folder of mailbox.folders.rows)
      if (folder?.parentKey === parentKey && folder.displayName === name) return folder.key
    const fresh = { displayName: name, parentKey, wellKnownName: null, isHidden: false }
    return addFolder(this.#office.store, mailbox, fresh).key
  }
}

export function seedMail(office: Office, box: Box): void {
  const { store } = office
  store.actor = 'system'
  const us = (name: string): Recipient => who(box(name).person.displayName, box(name).person.mail)
  const [anna, ben, chiara, daniel, emily, farid] = ['anna', 'ben', 'chiara', 'daniel', 'emily', 'farid'].map(
    us,
  ) as [Recipient, Recipient, Recipient, Recipient, Recipient, Recipient]
  const domain = anna.emailAddress.address.split('@')[1] ?? ''
  const support = who('Contoso Support', `support@${domain}`)
  const sales = who('Contoso Sales', `sales@${domain}`)
  const bag = new Postbag(office)
  const usage = 'month;active users;events\r\nJuly;212;18400\r\nAugust;198;17120\r\nSeptember;231;20310\r\n'

  bag.post({
    id: 'renewal-1',
    from: MARIA,
    to: [anna],
    cc: [TOMAS],
    subject: 'Renewal of our contract',
    day: -6,
    time: '08:12',
    words: [
      'Dear Anna,',
      'our contract ends in ten weeks and I would like to have the renewal settled before the budget round. Could you send me an offer for 240 users, with the priority support that we discussed in spring?',
      'Tomas (in copy) needs the usage figures of the last quarter for his report.',
      'Kind regards,<br>Maria Berger<br>Fabrikam GmbH, Purchasing',
    ],
  })
  bag.post({
    id: 'renewal-2',
    answers: 'renewal-1',
    from: anna,
    to: [MARIA],
    cc: [TOMAS, ben],
    subject: 'RE: Renewal of our contract',
    day: -5,
    time: '14:40',
    words: [
      'Hello Maria,',
      'thank you for coming back so early. The offer is attached, priority support is item 3. The usage figures are in the second file.',
      'Shall we go through both on Wednesday? I have sent an invitation.',
      'Best wishes,<br>Anna',
    ],
    attachments: [
      file(store, 'Offer-2210.pdf', 'application/pdf', PDF),
      file(store, 'usage-q3.csv', 'text/csv', usage),
    ],
  })
  bag.post({
    id: 'renewal-3',
    answers: 'renewal-2',
    from: MARIA,
    to: [anna],
    cc: [ben],
    subject: 'RE: Renewal of our contract',
    day: 0,
    time: '07:55',
    read: false,
    flagged: true,
    categories: ['Customers'],
    words: [
      'Good morning Anna,',
      'Wednesday is fine. One question before: item 3 says response within four hours, is that around the clock or in office hours? Our Pune plant would need it at night, too.',
      'Kind regards,<br>Maria',
    ],
  })

  bag.post({
    id: 'lunch-1',
    from: PETRA,
    to: [anna],
    subject: 'Lunch on Friday?',
    day: -1,
    time: '10:05',
    words: [
      'Hi Anna, I am in Berlin on Friday. Do you have time for lunch? I would like to tell you about our plans for the new site.',
      'Petra',
    ],
  })
  bag.post({
    id: 'lunch-2',
    answers: 'lunch-1',
    from: anna,
    to: [PETRA],
    subject: 'RE: Lunch on Friday?',
    day: -1,
    time: '11:20',
    words: ['With pleasure! Café Linden at 12:30?', 'Anna'],
  })
  bag.post({
    id: 'lunch-3',
    answers: 'lunch-2',
    from: PETRA,
    to: [anna],
    subject: 'Automatic reply: Lunch on Friday?',
    day: -1,
    time: '11:20',
    headers: [
      { name: 'Auto-Submitted', value: 'auto-replied' },
      { name: 'X-Auto-Response-Suppress', value: 'All' },
    ],
    words: ['I am travelling and read my mail in the evening. In urgent cases please call our office.'],
  })

  bag.post({
    id: 'offer-1',
    from: SUN,
    to: [sales],
    subject: 'Request for an offer: 60 licences',
    day: -2,
    time: '16:31',
    words: [
      'Hello,',
      'we saw your product at the fair in Hanover and would like an offer for 60 licences, starting in January. Do you offer training in Korean?',
      'Sun Lee, Northwind Traders',
    ],
  })
  bag.post({
    id: 'offer-2',
    answers: 'offer-1',
    from: ben,
    to: [SUN],
    cc: [sales],
    subject: 'RE: Request for an offer: 60 licences',
    day: -1,
    time: '09:02',
    words: [
      'Dear Sun Lee,',
      'thank you for your interest. I will call you on Tuesday at 11:00 London time to go through your needs; an invitation follows.',
      'Ben Okafor',
    ],
  })
  bag.post({
    id: 'visit-1',
    from: GIULIA,
    to: [chiara],
    cc: [farid],
    subject: 'Visita giovedì: ordine del giorno',
    day: 0,
    time: '15:45',
    read: false,
    filed: { [chiara.emailAddress.address]: 'Tailspin' },
    words: [
      'Ciao Chiara,',
      'ti mando i punti per giovedì: 1. stato dell’installazione, 2. formazione, 3. proroga. Farid può portare lo schema aggiornato?',
      'A presto, Giulia',
    ],
    attachments: [
      file(store, 'Ordine del giorno.txt', 'text/plain', '1. stato\r\n2. formazione\r\n3. proroga\r\n'),
    ],
  })
  bag.post({
    id: 'demo-1',
    from: ROSA,
    to: [emily],
    subject: 'Questions before the demo',
    day: 1,
    time: '18:20',
    read: false,
    words: [
      'Hi Emily,',
      'three questions from our IT before the demo: where is the data kept, can we bring our own sign-in, and how long does the set-up take?',
      'Thanks, Rosa',
    ],
  })

  bag.post({
    id: 'case-1',
    from: TOMAS,
    to: [support],
    subject: 'Export stops at 10,000 rows',
    day: -3,
    time: '12:15',
    words: [
      'Hello support team,',
      'since the update of last week the export of the monthly report stops at 10,000 rows without a message. Log file attached. It is not urgent, but the end of the month is near.',
      'Tomas Novak, Fabrikam',
    ],
    attachments: [
      file(
        store,
        'export.log',
        'text/plain',
        '12:01:10 export begins\r\n12:01:44 10000 rows\r\n12:01:44 closed\r\n',
      ),
    ],
  })
  bag.post({
    id: 'case-2',
    answers: 'case-1',
    from: support,
    to: [TOMAS],
    subject: 'RE: Export stops at 10,000 rows',
    day: -3,
    time: '13:02',
    words: [
      'Hello Tomas,',
      'thank you, we can see it in the log. A fix is planned for the release window on Saturday. Until then you can export by region.',
      'Daniel Schmidt, Contoso Support',
    ],
  })
  bag.post({
    id: 'case-3',
    answers: 'case-2',
    from: TOMAS,
    to: [support],
    subject: 'RE: Export stops at 10,000 rows',
    day: 0,
    time: '09:33',
    read: false,
    words: ['By region works, thank you. I keep my fingers crossed for Saturday.', 'Tomas'],
  })
  bag.post({
    id: 'case-4',
    from: PETRA,
    to: [support],
    subject: 'Password reset for two colleagues',
    day: 1,
    time: '07:10',
    read: false,
    words: [
      'Dear team,',
      'two colleagues changed departments and cannot sign in any more: L. Brandt and K. Sommer. Could you reset them?',
      'Petra Haas, Adatum',
    ],
  })

  bag.post({
    id: 'handover',
    from: daniel,
    to: [farid],
    cc: [anna],
    subject: 'Plant 2: what to take along',
    day: 0,
    time: '16:05',
    read: false,
    words: [
      'Hi Farid,',
      'for the survey tomorrow: the <b>new gateway</b>, two spare antennas and the printed floor plan. The contact on site is Mr Deshpande.',
      'Daniel',
    ],
  })
  bag.post({
    id: 'figures',
    from: anna,
    to: [ben, chiara, emily],
    subject: 'Figures for the weekly',
    day: -3,
    time: '17:30',
    words: [
      'Dear all,',
      'please enter your forecast by Monday 9:00. Fabrikam and Wingtip are still missing.',
      'Anna',
    ],
  })
  const list: readonly Header[] = [
    { name: 'List-Id', value: 'Process Weekly <weekly.processweekly.example>' },
    {
      name: 'List-Unsubscribe',
      value: '<https://processweekly.example/unsubscribe?u=4711>, <mailto:leave@processweekly.example>',
    },
    { name: 'Precedence', value: 'bulk' },
  ]
  for (const [n, day] of [-12, -5].entries())
    bag.post({
      id: `news-${n}`,
      from: NEWS,
      to: [anna],
      cc: [],
      subject: `Process Weekly no. ${41 + n}: forecasting without crystal balls`,
      day,
      time: '05:00',
      headers: list,
      words: [
        '<h2>This week</h2>',
        'Forecasting without crystal balls · Why handovers fail · A checklist for renewals',
        '<a href="https://processweekly.example/">Read online</a> · <a href="https://processweekly.example/unsubscribe?u=4711">Unsubscribe</a>',
      ],
    })
}
