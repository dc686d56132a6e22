/**
 * Contoso, a small company that is the same on every start: six people, two shared mailboxes, a fortnight of work.
 * Dates hang on the week in which the emulator starts.
 */
import { addCalendar, firstGroup, furnishCalendars } from './calendars.ts'
import { guidOf, hashText } from './chance.ts'
import { items } from './collection.ts'
import { parseEvent } from './event-model.ts'
import { defaultCalendar } from './event-store.ts'
import { createEvent, deleteInstance, requireInstance, updateInstance } from './event-write.ts'
import type { JsonObject } from './item-parts.ts'
import { setUpFolders } from './mail-store.ts'
import type { Office } from './office.ts'
import type { AppRegistration, Mailbox, Person, Store, Tenant } from './state.ts'
import { furnishTodo } from './todo-write.ts'
import { seedMail } from './demo-mail.ts'
import { seedTasks } from './demo-tasks.ts'
import { Week, type Box } from './demo-week.ts'
import { DAY } from './zones.ts'

export const DEMO_DOMAIN = 'contoso.example'
const SECRET_LIFE_MILLISECONDS = 365 * DAY

interface PersonSeed {
  readonly first: string
  readonly last: string
  readonly title: string
  readonly office: string
  readonly zone: string
}

const PEOPLE: readonly PersonSeed[] = [
  {
    first: 'Anna',
    last: 'Lindqvist',
    title: 'Head of Sales',
    office: 'Berlin',
    zone: 'W. Europe Standard Time',
  },
  { first: 'Ben', last: 'Okafor', title: 'Account Manager', office: 'London', zone: 'GMT Standard Time' },
  {
    first: 'Chiara',
    last: 'Rossi',
    title: 'Account Manager',
    office: 'Milan',
    zone: 'W. Europe Standard Time',
  },
  {
    first: 'Daniel',
    last: 'Schmidt',
    title: 'Support Lead',
    office: 'Berlin',
    zone: 'W. Europe Standard Time',
  },
  {
    first: 'Emily',
    last: 'Carter',
    title: 'Account Executive',
    office: 'New York',
    zone: 'Eastern Standard Time',
  },
  { first: 'Farid', last: 'Rahman', title: 'Field Engineer', office: 'Pune', zone: 'India Standard Time' },
]

const SHARED = [
  { address: 'support', name: 'Contoso Support', members: ['daniel', 'anna'] },
  { address: 'sales', name: 'Contoso Sales', members: ['anna', 'ben', 'chiara', 'emily'] },
] as const

/** Everything that Syncline asks for, and what it would need to act for a whole company. */
export const DEMO_SCOPES = [
  'User.Read',
  'User.ReadBasic.All',
  'Calendars.ReadWrite',
  'Calendars.ReadWrite.Shared',
  'Tasks.ReadWrite',
  'Mail.ReadWrite',
  'Mail.ReadWrite.Shared',
  'Mail.Send',
  'Mail.Send.Shared',
  'MailboxSettings.Read',
  'MailboxSettings.ReadWrite',
]
export const DEMO_ROLES = [
  'User.Read.All',
  'Calendars.ReadWrite',
  'Tasks.ReadWrite.All',
  'Mail.ReadWrite',
  'Mail.Send',
  'MailboxSettings.Read',
]

export interface DemoDirectory {
  readonly tenant: Tenant
  readonly app: AppRegistration
}

/** A tenant and an app registration that may do everything in it, as an administrator who said yes would leave it. */
export function seedDirectory(store: Store, domain = DEMO_DOMAIN): DemoDirectory {
  const { seed } = store.data
  const tenant: Tenant = { id: guidOf(seed, hashText(`tenant/${domain}`)), domain, displayName: 'Contoso' }
  store.data.tenants.set(tenant.id, tenant)
  const clientId = guidOf(seed, hashText('app/syncline'))
  const app: AppRegistration = {
    clientId,
    displayName: 'Syncline',
    tenantId: tenant.id,
    multiTenant: false,
    secrets: [
      {
        value: `emulated~${guidOf(seed, hashText('secret/syncline'))}`,
        expires: store.now() + SECRET_LIFE_MILLISECONDS,
      },
    ],
    certificates: [],
    redirectUris: [],
    loopbackRedirectPath: '/auth/microsoft/callback',
    disabled: false,
    delegatedScopes: [...DEMO_SCOPES],
    appRoles: [...DEMO_ROLES],
  }
  store.data.apps.set(clientId, app)
  store.data.consents.push({
    clientId,
    tenantId: tenant.id,
    personId: null,
    scopes: [],
    roles: [...DEMO_ROLES],
  })
  return { tenant, app }
}

export interface NewPerson {
  readonly address: string
  readonly displayName: string
  readonly jobTitle?: string
  readonly office?: string
  readonly timeZone?: string
  readonly shared?: boolean
  readonly delegates?: readonly string[]
}

/** A person with an empty, furnished mailbox. */
export function addPerson(store: Store, tenant: Tenant, fresh: NewPerson): Mailbox {
  const address = fresh.address.includes('@') ? fresh.address : `${fresh.address}@${tenant.domain}`
  const [first = '', ...rest] = fresh.displayName.split(' ')
  const person: Person = {
    id: guidOf(store.data.seed, hashText(`person/${address}`)),
    tenantId: tenant.id,
    userPrincipalName: address,
    mail: address,
    displayName: fresh.displayName,
    givenName: first,
    surname: rest.join(' '),
    jobTitle: fresh.jobTitle ?? null,
    officeLocation: fresh.office ?? null,
    shared: fresh.shared ?? false,
    delegates: [...(fresh.delegates ?? [])],
  }
  const mailbox = store.addMailbox(person, fresh.timeZone ?? 'UTC')
  furnishCalendars(store, mailbox)
  furnishTodo(store, mailbox)
  setUpFolders(store, mailbox)
  return mailbox
}

const person = (address: string, name: string, type = 'required'): JsonObject => ({
  type,
  emailAddress: { address, name },
})
const html = (text: string): JsonObject => ({ contentType: 'html', content: `<p>${text}</p>` })

export function seedDemo(office: Office): DemoDirectory {
  const { store } = office
  const directory = seedDirectory(store)
  const { tenant } = directory
  const people = new Map<string, Mailbox>()
  for (const seed of PEOPLE) {
    const name = seed.first.toLowerCase()
    people.set(
      name,
      addPerson(store, tenant, {
        address: `${name}.${seed.last.toLowerCase()}`,
        displayName: `${seed.first} ${seed.last}`,
        jobTitle: seed.title,
        office: seed.office,
        timeZone: seed.zone,
      }),
    )
  }
  const box = (name: string): Mailbox => {
    const mailbox = people.get(name)
    if (mailbox === undefined) throw new Error(`The demo has no ${name}.`)
    return mailbox
  }
  for (const shared of SHARED)
    addPerson(store, tenant, {
      address: shared.address,
      displayName: shared.name,
      timeZone: 'W. Europe Standard Time',
      shared: true,
      delegates: shared.members.map((member) => box(member).person.id),
    })
  seedCalendars(office, box, new Week(store.now()))
  seedTasks(office, box, new Week(store.now()))
  seedMail(office, box)
  return directory
}

function seedCalendars(office: Office, box: Box, week: Week): void {
  const { store } = office
  const colleague = (name: string, type = 'required'): JsonObject =>
    person(box(name).person.mail, box(name).person.displayName, type)
  const add = (name: string, event: JsonObject) => {
    const mailbox = box(name)
    store.actor = `person:${mailbox.person.userPrincipalName}`
    return createEvent(office, mailbox, defaultCalendar(mailbox), parseEvent(event)).row
  }
  const berlin = 'W. Europe Standard Time'

  // A weekly team meeting with one week moved and one called off.
  const standup = add('anna', {
    subject: 'Sales weekly',
    body: html('Pipeline, blockers, next steps.'),
    start: week.at(-14, '09:30', berlin),
    end: week.at(-14, '10:15', berlin),
    location: { displayName: 'Room Spree' },
    recurrence: {
      pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'], firstDayOfWeek: 'monday' },
      range: { type: 'noEnd', startDate: week.date(-14) },
    },
    attendees: [colleague('ben'), colleague('chiara'), colleague('emily', 'optional')],
  })
  updateInstance(
    office,
    box('anna'),
    requireInstance(standup, week.slot(7)),
    parseEvent({
      start: week.at(8, '14:00', berlin),
      end: week.at(8, '14:45', berlin),
      subject: 'Sales weekly (moved)',
    }),
  )
  deleteInstance(office, box('anna'), requireInstance(standup, week.slot(14)), 'Public holiday')

  const review = add('anna', {
    subject: 'Quarterly review with Fabrikam',
    body: html('Numbers of the quarter and the renewal. <b>Please bring the usage report.</b>'),
    start: week.at(2, '14:00', berlin),
    end: week.at(2, '15:30', berlin),
    isOnlineMeeting: true,
    onlineMeetingProvider: 'teamsForBusiness',
    attendees: [
      person('m.berger@fabrikam.example', 'Maria Berger'),
      person('t.novak@fabrikam.example', 'Tomas Novak', 'optional'),
      colleague('ben'),
    ],
    categories: ['Customers'],
  })
  review.attendees = review.attendees.map((attendee) =>
    attendee.emailAddress.address === 'm.berger@fabrikam.example'
      ? { ...attendee, response: 'accepted', respondedAt: store.now() }
      : attendee,
  )
  add('anna', {
    subject: 'Trade fair Hanover',
    start: week.at(8, '00:00', berlin),
    end: week.at(11, '00:00', berlin),
    isAllDay: true,
    location: { displayName: 'Hanover, hall 7' },
    showAs: 'workingElsewhere',
  })
  add('anna', {
    subject: 'Dentist',
    start: week.at(3, '08:00', berlin),
    end: week.at(3, '08:45', berlin),
    sensitivity: 'private',
  })
  add('anna', {
    subject: 'Lunch with Adatum',
    start: week.at(4, '12:30', berlin),
    end: week.at(4, '13:45', berlin),
    location: { displayName: 'Café Linden' },
    attendees: [person('p.haas@adatum.example', 'Petra Haas')],
  })
  add('anna', {
    subject: 'Report to the board',
    start: week.at(-11, '16:00', berlin),
    end: week.at(-11, '17:00', berlin),
    recurrence: {
      pattern: { type: 'relativeMonthly', interval: 1, daysOfWeek: ['thursday'], index: 'last' },
      range: { type: 'noEnd', startDate: week.date(-11) },
    },
  })

  add('ben', {
    subject: 'Call with Northwind',
    start: week.at(1, '11:00', 'GMT Standard Time'),
    end: week.at(1, '11:30', 'GMT Standard Time'),
    attendees: [person('s.lee@northwind.example', 'Sun Lee')],
  })
  add('ben', {
    subject: 'Annual leave',
    start: week.at(17, '00:00', 'GMT Standard Time'),
    end: week.at(22, '00:00', 'GMT Standard Time'),
    isAllDay: true,
    showAs: 'oof',
  })
  const gym = add('ben', {
    subject: 'Gym',
    start: week.at(-6, '07:00', 'Europe/London'),
    end: week.at(-6, '08:00', 'Europe/London'),
    recurrence: {
      pattern: { type: 'weekly', interval: 1, daysOfWeek: ['tuesday', 'thursday'] },
      range: { type: 'numbered', startDate: week.date(-6), numberOfOccurrences: 20 },
    },
    sensitivity: 'personal',
  })
  deleteInstance(office, box('ben'), requireInstance(gym, week.slot(3)))

  add('chiara', {
    subject: 'Visit Tailspin in Turin',
    start: week.at(3, '10:00', berlin),
    end: week.at(3, '12:00', berlin),
    location: { displayName: 'Tailspin, Via Roma 12, Torino' },
    attendees: [person('g.conti@tailspin.example', 'Giulia Conti'), colleague('farid')],
  })
  add('chiara', {
    subject: 'Forecast',
    start: week.at(-10, '08:30', 'Europe/Rome'),
    end: week.at(-10, '09:00', 'Europe/Rome'),
    recurrence: {
      pattern: { type: 'weekly', interval: 2, daysOfWeek: ['friday'] },
      range: { type: 'endDate', startDate: week.date(-10), endDate: week.date(88) },
    },
  })
  add('daniel', {
    subject: 'Support handover',
    start: week.at(-7, '17:00', berlin),
    end: week.at(-7, '17:15', berlin),
    recurrence: {
      pattern: { type: 'daily', interval: 1 },
      range: { type: 'endDate', startDate: week.date(-7), endDate: week.date(24) },
    },
    attendees: [colleague('farid')],
  })
  add('daniel', {
    subject: 'Release window',
    start: week.at(5, '22:00', berlin),
    end: week.at(6, '02:00', berlin),
    showAs: 'tentative',
  })
  add('emily', {
    subject: 'Demo for Wingtip',
    start: week.at(2, '15:00', 'Eastern Standard Time'),
    end: week.at(2, '16:00', 'Eastern Standard Time'),
    isOnlineMeeting: true,
    onlineMeetingProvider: 'teamsForBusiness',
    attendees: [person('r.alvarez@wingtip.example', 'Rosa Alvarez'), colleague('anna')],
  })
  add('emily', {
    subject: 'Thanksgiving',
    start: week.at(10, '00:00', 'Eastern Standard Time'),
    end: week.at(11, '00:00', 'Eastern Standard Time'),
    isAllDay: true,
    showAs: 'oof',
  })
  add('farid', {
    subject: 'Site survey Pune',
    start: week.at(1, '10:00', 'India Standard Time'),
    end: week.at(1, '13:00', 'India Standard Time'),
    location: { displayName: 'Plant 2' },
  })
  add('farid', {
    subject: 'Birthday: Daniel',
    start: week.at(12, '00:00', 'India Standard Time'),
    end: week.at(13, '00:00', 'India Standard Time'),
    isAllDay: true,
    showAs: 'free',
    recurrence: {
      pattern: {
        type: 'absoluteYearly',
        interval: 1,
        dayOfMonth: Number(week.date(12).slice(8)),
        month: Number(week.date(12).slice(5, 7)),
      },
      range: { type: 'noEnd', startDate: week.date(12) },
    },
  })

  const anna = box('anna')
  const fairs = addCalendar(store, anna, firstGroup(anna).key, { name: 'Trade fairs', color: 'lightGreen' })
  createEvent(
    office,
    anna,
    fairs,
    parseEvent({
      subject: 'Stand set-up',
      start: week.at(7, '13:00', berlin),
      end: week.at(7, '18:00', berlin),
    }),
  )
  for (const holidays of ['anna', 'daniel'])
    addCalendar(store, box(holidays), firstGroup(box(holidays)).key, {
      name: 'Holidays in Germany',
      canEdit: false,
    })
  answerSome(office, box)
}

/** Some colleagues have answered. */
function answerSome(office: Office, box: Box): void {
  for (const name of ['ben', 'chiara']) {
    for (const collection of box(name).events.values())
      for (const row of items(collection))
        if (!row.isOrganizer && row.subject.startsWith('Sales weekly')) {
          row.response = { response: 'accepted', at: office.store.now() }
          row.showAs = 'busy'
        }
  }
}
