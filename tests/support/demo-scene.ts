import { signIn, until, type Browser } from './running-product.ts'
import { act, type Product } from './browser.ts'

/**
 * Brings the demo company to a day on which something has happened: every screen has something to show. People act
 * through the API and, as in Outlook and To Do, through the emulator's control.
 */
export interface Scene {
  /** Ids that addresses of screens are made of. */
  readonly ids: { readonly [name in SceneId]: string }
}
export type SceneId =
  | 'plan'
  | 'done'
  | 'contact'
  | 'account'
  | 'event'
  | 'series'
  | 'task'
  | 'mailbox'
  | 'why'
  | 'organization'
  | 'systemMailbox'
  | 'case'

export const ANNA = 'anna.lindqvist@contoso.example'
export const BEN = 'ben.okafor@contoso.example'
const CHIARA = 'chiara.rossi@contoso.example'
const DAY_MS = 86_400_000

const day = (offset: number): string => new Date(Date.now() + offset * DAY_MS).toISOString().slice(0, 10)

export async function playScene(product: Product): Promise<Scene> {
  const { backOffice, admin, microsoft } = product
  if (admin === null || microsoft === null) throw new Error('The scene needs the demo company.')
  const { control } = microsoft
  const boss = await signIn(backOffice, admin.email, admin.password)
  const anna = await signIn(backOffice, ANNA, admin.password)
  const ben = await signIn(backOffice, BEN, admin.password)
  await until('everything is in sync', async () => {
    const { items } = await boss.call('GET /api/status')
    return items.every((row) => !row.enabled || row.firstSyncDone)
  })
  const records = await makeRecords(anna)
  const mailbox = (await mailboxOf(anna)).id

  // A write that was undone again, and one that stays.
  const lunch = await eventOf(anna, 'Lunch with Adatum')
  await changeEvent(anna, lunch, { location: 'Brasserie am Ufer' })
  const write = await until('the new place at Microsoft', async () => {
    const { items } = await anna.call('GET /api/history', { query: { record: lunch, side: 'mailbox' } })
    return items.find((row) => row.state === 'written' && row.undoable)
  })
  await anna.call('POST /api/operations/:operation/undo', {
    params: { operation: write.id },
    body: { apply: true },
  })
  await until('the undo', async () => {
    const { items } = await anna.call('GET /api/history', { query: { record: lunch, side: 'mailbox' } })
    return items.length > 1 && items.every((row) => row.state === 'written')
  })
  await makeOwnItems(anna, records)
  const event = await openConflicts(anna, control, mailbox)
  const task = await taskOf(anna, 'Send renewal offer to Fabrikam')

  // Two mailboxes that want a person: deletions that wait for a nod, and one that Microsoft no longer knows.
  await boss.call('PATCH /api/settings', {
    body: { scope: 'system', set: { 'deletes.guardItems': 1, 'deletes.guardPercent': 10 } },
  })
  const plan = await leaveAPlan(ben, control)
  await holdDeletions(boss, control)
  await post(`${control}/mailbox`, { person: CHIARA, gone: true })
  await boss.call('POST /api/sync')
  await until('the lost mailbox is told', async () => {
    const { items } = await boss.call('GET /api/status')
    return items.some((row) => row.address === CHIARA && row.state === 'failed')
  })

  await anna.call('POST /api/tokens', {
    body: { name: 'Reporting script', role: 'user', expiresInDays: 120 },
  })
  await boss.call('POST /api/webhooks', {
    body: { url: 'https://hooks.contoso.example/syncline', events: ['run.held', 'mailbox.needs-person'] },
  })
  await boss.call('POST /api/doctor', { body: { foreignMailbox: 'farid.rahman@contoso.example' } })
  const { systemMailbox, case: converted } = await supportMail(boss, control)
  await writeMail(anna)
  const { items: runs } = await anna.call('GET /api/runs', { query: { state: 'done', writes: 'some' } })
  const { items: organizations } = await boss.call('GET /api/organizations')
  return {
    ids: {
      plan,
      done: runs[0]?.id ?? '',
      contact: records.contact,
      account: records.account,
      event: event,
      series: await eventOf(anna, 'Sales weekly'),
      task,
      mailbox,
      why: lunch,
      organization: organizations[0]?.id ?? '',
      systemMailbox,
      case: converted,
    },
  }
}

/** Customers wrote to support@, and some of what arrives there is in doubt. */
async function supportMail(
  boss: Browser,
  control: string,
): Promise<{ readonly systemMailbox: string; readonly case: string }> {
  const { items } = await boss.call('GET /api/system-mailboxes')
  const systemMailbox = items[0]?.mailbox ?? ''
  const person = 'support@contoso.example'
  for (const mail of [
    {
      ...{ from: 'k.brandt@adatum.example', fromName: 'Katrin Brandt', to: ['office@adatum.example'] },
      ...{
        subject: 'New opening hours',
        text: 'Dear partners,\nfrom January we open at 7:30.\nKatrin Brandt',
      },
    },
    {
      ...{ from: 'j.doe@wingtip.example', fromName: 'Jo Doe', subject: 'Out of office: back on Monday' },
      text: 'I read my mail again on Monday.',
    },
    {
      ...{ from: 'noreply@shop.example', subject: 'Your order was shipped' },
      headers: [{ name: 'Auto-Submitted', value: 'auto-generated' }],
    },
  ])
    await post(`${control}/receive`, { person, mail })
  await boss.call('POST /api/mailboxes/:mailbox/channels/:channel/sync', {
    params: { mailbox: systemMailbox, channel: 'email' },
  })
  await until('doubtful mail in the review queue', async () => {
    const { total } = await boss.call('GET /api/review-queue')
    return total === 2
  })
  const cases = await until('a case from the mail', async () => {
    const found = await boss.call('GET /api/records/:kind', {
      params: { kind: 'case' },
      query: { q: 'Export stops' },
    })
    return found.items
  })
  return { systemMailbox, case: cases[0]?.id ?? '' }
}

/** One message that was sent, one that goes tomorrow, one that is still being written. */
async function writeMail(anna: Browser): Promise<void> {
  const to = [{ name: 'Maria Berger', email: 'm.berger@fabrikam.example' }]
  const write = (subject: string) => anna.call('POST /api/mail/drafts', { body: { to, subject } })
  const send = async (subject: string, at?: string) => {
    const { id, version } = await write(subject)
    await anna.call('POST /api/mail/drafts/:draft/send', {
      params: { draft: id },
      body: { version, ...(at !== undefined && { at }) },
    })
  }
  await send('Minutes of the quarterly review')
  await send('A reminder of the renewal', new Date(Date.now() + 86_400_000).toISOString())
  await write('Questions for the audit')
  await until('the message to be sent', async () => {
    const { items } = await anna.call('GET /api/mail/outgoing', { query: {} })
    return items.some((one) => one.state === 'sent')
  })
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`)
}

async function mailboxOf(person: Browser) {
  const { items } = await person.call('GET /api/mailboxes')
  const [mailbox] = items
  if (mailbox === undefined) throw new Error('There is no mailbox.')
  return mailbox
}

async function eventOf(person: Browser, subject: string): Promise<string> {
  const { items } = await person.call('GET /api/calendar/events', { query: { q: subject } })
  const event = items.find((one) => one.subject === subject)
  if (event === undefined) throw new Error(`There is no event ${subject}.`)
  return event.id
}

async function taskOf(person: Browser, subject: string): Promise<string> {
  const { items } = await person.call('GET /api/tasks', { query: { q: subject } })
  const task = items.find((one) => one.subject === subject)
  if (task === undefined) throw new Error(`There is no task ${subject}.`)
  return task.id
}

async function changeEvent(person: Browser, event: string, change: object): Promise<void> {
  const { version } = await person.call('GET /api/calendar/events/:event', { params: { event } })
  await person.call('PATCH /api/calendar/events/:event', { params: { event }, body: { version, change } })
}

interface Records {
  readonly contact: string
  readonly account: string
}
async function makeRecords(person: Browser): Promise<Records> {
  const make = async (
    kind: string,
    fields: { readonly name: string; readonly [field: string]: unknown },
  ): Promise<string> => {
    // Some of them are customers of the demo company from the start.
    const known = await person.call('GET /api/records/:kind', {
      params: { kind: kind as 'contact' },
      query: { q: fields.name },
    })
    if (known.items[0] !== undefined) return known.items[0].id
    const made = await person.call('POST /api/records/:kind', {
      params: { kind: kind as 'contact' },
      body: { fields: fields as Record<string, string> },
    })
    return made.id
  }
  const companies: [string, string, string][] = [
    ['Fabrikam', 'fabrikam.example', 'Machinery'],
    ['Adatum', 'adatum.example', 'Food and drink'],
    ['Northwind Traders', 'northwind.example', 'Wholesale'],
    ['Tailspin Toys', 'tailspin.example', 'Toys'],
  ]
  const accounts = new Map<string, string>()
  for (const [name, domain, industry] of companies)
    accounts.set(
      domain,
      await make('account', { name, domains: [domain], industry, website: `https://${domain}` }),
    )
  const people: [string, string, string][] = [
    ['Maria Berger', 'm.berger@fabrikam.example', 'Head of Purchasing'],
    ['Tomas Novak', 't.novak@fabrikam.example', 'Plant Manager'],
    ['Petra Haas', 'p.haas@adatum.example', 'Managing Director'],
    ['Sun Lee', 's.lee@northwind.example', 'Buyer'],
    ['Oliver Grant', 'o.grant@tailspin.example', 'Marketing'],
  ]
  const contacts: string[] = []
  for (const [name, email, jobTitle] of people) {
    const account = accounts.get(email.split('@')[1] ?? '')
    const [firstName = '', lastName = ''] = name.split(' ')
    contacts.push(
      await make('contact', {
        ...{ name, firstName, lastName, emails: [email], jobTitle, phone: '+49 30 5550 1834' },
        ...(account !== undefined && { account }),
      }),
    )
  }
  await make('lead', { name: 'Lena Vogt', company: 'Alpine Ski House', emails: ['l.vogt@alpine.example'] })
  await make('case', { name: 'Delivery note is missing', status: 'open', priority: 'high' })
  return { contact: contacts[0] ?? '', account: accounts.get('fabrikam.example') ?? '' }
}

/** What Anna added by herself: a second calendar, a meeting, tasks in every state. */
async function makeOwnItems(anna: Browser, records: Records): Promise<void> {
  const own = await anna.call('POST /api/calendar/calendars', { body: { name: 'Family', color: '#8a5cc2' } })
  const { items: calendars } = await anna.call('GET /api/calendar/calendars')
  const work = calendars.find((one) => one.mine && one.syncedWith !== null)
  const at = (date: string, from: string, to: string) =>
    ({ allDay: false, start: `${date}T${from}:00`, end: `${date}T${to}:00`, zone: 'Europe/Berlin' }) as const
  await anna.call('POST /api/calendar/events', {
    body: { calendar: own.id, subject: 'School concert', time: at(day(0), '17:30', '19:00') },
  })
  const visit = await anna.call('POST /api/calendar/events', {
    body: {
      calendar: work?.id ?? own.id,
      subject: 'Plant visit at Fabrikam',
      location: 'Leipzig',
      reminder: 30,
      time: at(day(0), '10:00', '11:30'),
    },
  })
  const offer = await taskOf(anna, 'Send renewal offer to Fabrikam')
  for (const item of [visit.id, offer])
    for (const [kind, id] of [
      ['contact', records.contact],
      ['account', records.account],
    ] as const)
      await anna.call('POST /api/records/:kind/:id/items', { params: { kind, id }, body: { item } })
  for (const [subject, change] of [
    ['Plan the spring campaign', { status: 'inProgress', due: day(12), importance: 'normal' }],
    ['Wait for the signed contract', { status: 'waitingOnOthers', due: day(3) }],
    ['Renew the stand insurance', { status: 'deferred', due: day(40), importance: 'low' }],
    ['Call Petra about the menu', { due: day(-2), importance: 'high' }],
  ] as const)
    await anna.call('POST /api/tasks', { body: { subject, ...change } })
}

/** The same fields changed on both sides while nobody synced. @returns the event that is in conflict */
async function openConflicts(anna: Browser, control: string, mailbox: string): Promise<string> {
  await anna.call('PATCH /api/settings', {
    body: { scope: 'user', set: { 'calendar.conflicts': 'ask', 'tasks.conflicts': 'ask' } },
  })
  for (const channel of ['calendar', 'tasks'] as const)
    await anna.call('POST /api/mailboxes/:mailbox/channels/:channel/pause', {
      params: { mailbox, channel },
      body: { reason: 'Trade fair' },
    })
  const review = await eventOf(anna, 'Quarterly review with Fabrikam')
  await changeEvent(anna, review, {
    subject: 'Quarterly review with Fabrikam, Q4',
    location: 'Room Havel',
  })
  const events = await atMicrosoft(control, ANNA, '/me/events?$top=100')
  const there = events.find((one) => one.subject === 'Quarterly review with Fabrikam')
  await act(control, ANNA, 'PATCH', `/me/events/${there?.id ?? ''}`, {
    subject: 'Fabrikam: numbers of the quarter',
    location: { displayName: 'Teams only' },
  })
  const task = await taskOf(anna, 'Weekly pipeline clean-up')
  const { version } = await anna.call('GET /api/tasks/:task', { params: { task } })
  await anna.call('PATCH /api/tasks/:task', {
    params: { task },
    body: { version, change: { subject: 'Weekly pipeline clean-up with Ben' } },
  })
  const [list] = await atMicrosoft(control, ANNA, '/me/todo/lists')
  const tasks = await atMicrosoft(control, ANNA, `/me/todo/lists/${list?.id ?? ''}/tasks`)
  const twin = tasks.find((one) => one.title === 'Weekly pipeline clean-up')
  await act(control, ANNA, 'PATCH', `/me/todo/lists/${list?.id ?? ''}/tasks/${twin?.id ?? ''}`, {
    title: 'Pipeline clean-up, every Friday',
  })
  for (const channel of ['calendar', 'tasks'] as const)
    await anna.call('POST /api/mailboxes/:mailbox/channels/:channel/resume', { params: { mailbox, channel } })
  await until('the conflicts are open', async () => (await anna.call('GET /api/conflicts')).open >= 3)
  return review
}

/** Ben's calendar rests, and what its next run would do is laid out. @returns the run */
async function leaveAPlan(ben: Browser, control: string): Promise<string> {
  const { id: mailbox } = await mailboxOf(ben)
  await ben.call('POST /api/mailboxes/:mailbox/channels/:channel/pause', {
    params: { mailbox, channel: 'calendar' },
    body: { reason: 'Looking before the first week' },
  })
  const call = await eventOf(ben, 'Call with Northwind')
  await changeEvent(ben, call, { location: 'By phone', reminder: 15 })
  const { items: calendars } = await ben.call('GET /api/calendar/calendars')
  const own = calendars.find((one) => one.mine && one.syncedWith !== null)
  await ben.call('POST /api/calendar/events', {
    body: {
      calendar: own?.id ?? '',
      subject: 'Price talks with Northwind',
      location: 'London office',
      attendees: [
        { email: 's.lee@northwind.example', name: 'Sun Lee' },
        { email: ANNA, name: 'Anna Lindqvist' },
      ],
      time: {
        ...{ allDay: false, start: `${day(5)}T14:00:00`, end: `${day(5)}T15:00:00` },
        zone: 'Europe/London',
      },
    },
  })
  await act(control, BEN, 'POST', '/me/events', {
    subject: 'Warehouse tour',
    start: { dateTime: `${day(6)}T09:00:00`, timeZone: 'Europe/London' },
    end: { dateTime: `${day(6)}T10:30:00`, timeZone: 'Europe/London' },
  })
  const run = await ben.call('POST /api/plans', { body: { mailbox, channel: 'calendar' } })
  await until('the plan is laid out', async () => {
    const { state } = await ben.call('GET /api/runs/:run', { params: { run: run.id } })
    return state !== 'planning'
  })
  return run.id
}

/** More deletions at once than the guard lets pass. */
async function holdDeletions(boss: Browser, control: string): Promise<void> {
  const person = 'daniel.schmidt@contoso.example'
  const lists = await atMicrosoft(control, person, '/me/todo/lists')
  for (const list of lists)
    for (const task of await atMicrosoft(control, person, `/me/todo/lists/${list.id}/tasks`))
      await act(control, person, 'DELETE', `/me/todo/lists/${list.id}/tasks/${task.id}`)
  await boss.call('POST /api/sync')
  await until('the deletions are held', async () => {
    const { held } = await boss.call('GET /api/status')
    return held > 0
  })
}

interface Row {
  readonly id: string
  readonly subject?: string
  readonly title?: string
}
async function atMicrosoft(control: string, person: string, path: string): Promise<readonly Row[]> {
  const answer = (await act(control, person, 'GET', path)) as { readonly body: { readonly value: Row[] } }
  return answer.body.value
}
