import { addPerson } from '../crm/people.ts'
import { queueForMailroom } from '../crm/mailroom-queue.ts'
import type { By } from '../crm/items.ts'
import type { Database } from '../store/database.ts'
import { toJson } from '../store/json.ts'

/** Whom the demo company does business with, and the system mailbox that they write to: so that a first look shows it at work. */
const CUSTOMERS = [
  { name: 'Fabrikam', domain: 'fabrikam.example', industry: 'Machines' },
  { name: 'Adatum', domain: 'adatum.example', industry: 'Public services' },
  { name: 'Northwind Traders', domain: 'northwind.example', industry: 'Trade' },
  { name: 'Tailspin Toys', domain: 'tailspin.example', industry: 'Toys' },
  { name: 'Wingtip Travel', domain: 'wingtip.example', industry: 'Travel' },
]
const PEOPLE = [
  {
    firstName: 'Maria',
    lastName: 'Berger',
    email: 'm.berger@fabrikam.example',
    jobTitle: 'Head of Purchasing',
  },
  { firstName: 'Tomas', lastName: 'Novak', email: 't.novak@fabrikam.example', jobTitle: 'Controller' },
  { firstName: 'Petra', lastName: 'Haas', email: 'p.haas@adatum.example', jobTitle: 'Office Manager' },
  { firstName: 'Giulia', lastName: 'Conti', email: 'g.conti@tailspin.example', jobTitle: 'Project Lead' },
  { firstName: 'Rosa', lastName: 'Alvarez', email: 'r.alvarez@wingtip.example', jobTitle: 'Head of IT' },
]

export async function seedCustomers(database: Database, by: By, owner: string): Promise<void> {
  const known = await database.query('select 1 from accounts where organization = $1 limit 1', [
    by.organization,
  ])
  if (known.length > 0) return
  await database.transaction(async (sql) => {
    const accounts = new Map<string, string>()
    for (const { name, domain, industry } of CUSTOMERS) {
      const made = await addPerson(sql, 'account', { name, domains: [domain], industry }, owner, by)
      if (made.ok) accounts.set(domain, made.id)
    }
    for (const { firstName, lastName, email, jobTitle } of PEOPLE)
      await addPerson(
        sql,
        'contact',
        {
          name: `${firstName} ${lastName}`,
          firstName,
          lastName,
          emails: [email],
          jobTitle,
          account: accounts.get(email.slice(email.indexOf('@') + 1)),
        },
        owner,
        by,
      )
  })
}

const DAYS_SHOWN = 30
const DAY_MS = 86_400_000
const TEXTS = {
  en: {
    type: 'html',
    subject: 'We have received your message: {{subject}}',
    body: '<p>Dear {{sender.name}},</p><p>thank you for your message. Somebody of {{mailbox.label}} will answer you within one working day.</p>',
  },
  de: {
    type: 'html',
    subject: 'Ihre Nachricht ist angekommen: {{subject}}',
    body: '<p>Guten Tag {{sender.name}},</p><p>danke für Ihre Nachricht. Sie hören innerhalb eines Arbeitstages von uns.</p>',
  },
}

/** Support makes cases of what customers wrote in the last weeks, and tells who writes from now on that it arrived. */
export async function seedSupport(
  database: Database,
  by: By,
  mailbox: string,
  people: { readonly owner: string; readonly readers: readonly string[] },
): Promise<void> {
  const [row] = await database.query<{ fresh: boolean }>(
    `select processing ->> 'do' = 'nothing' and not exists (select from response_rules r where r.mailbox = s.mailbox) as fresh
      from system_mailboxes s where mailbox = $1`,
    [mailbox],
  )
  if (row?.fresh !== true) return
  const now = new Date(by.at)
  await database.transaction(async (sql) => {
    await sql.query(
      'update system_mailboxes set processing = $2, allowed_users = $3, since = $4 where mailbox = $1',
      [
        mailbox,
        toJson({
          do: 'case',
          owner: people.owner,
          assignee: people.owner,
          status: 'open',
          priority: 'normal',
          tags: ['support'],
        }),
        people.readers,
        new Date(by.at - DAYS_SHOWN * DAY_MS),
      ],
    )
    // Some of it may have been brought and looked at already.
    const brought = await sql.query<{ id: string }>(
      'select r.id from records r join containers k on k.id = r.container where k.mailbox = $1',
      [mailbox],
    )
    await queueForMailroom(
      sql,
      brought.map((one) => one.id),
      by.at,
    )
    const template = by.newId()
    await sql.query(
      `insert into mail_templates (id, organization, name, texts, updated_at, updated_by) values ($1, $2, 'Message received', $3, $4, 'demo')`,
      [template, by.organization, toJson(TEXTS), now],
    )
    await sql.query(
      `insert into response_rules (id, mailbox, position, name, active, conditions, template, updated_at, updated_by, since)
        values ($1, $2, 0, 'Say that it arrived', true, $3, $4, $5, 'demo', $5)`,
      [by.newId(), mailbox, toJson({ match: 'all', items: [] }), template, now],
    )
  })
}
