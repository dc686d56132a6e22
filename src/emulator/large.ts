/** Large mailboxes and companies from a seed: `large:messages=50000,events=10000,tasks=5000,people=1000`. */
import { hashText, makeChance, type Chance } from './chance.ts'
import { addPerson, seedDirectory, type DemoDirectory } from './demo.ts'
import { parseEvent } from './event-model.ts'
import { defaultCalendar } from './event-store.ts'
import { createEvent } from './event-write.ts'
import type { JsonObject } from './item-parts.ts'
import { fillMailbox } from './mail-large.ts'
import type { Office } from './office.ts'
import type { Mailbox } from './state.ts'
import { parseTask } from './todo-model.ts'
import { addList, createTask, defaultList } from './todo-write.ts'
import { DAY, dateText } from './zones.ts'

export interface LargeCounts {
  readonly messages: number
  readonly events: number
  readonly tasks: number
  /** People beside the two who are always there, each with a handful of events and tasks. */
  readonly people: number
}

/** A million messages take about 4 GB. */
const ITEMS_MAX = 1_000_000

export function parseLarge(seed: string): LargeCounts {
  const counts = { messages: 0, events: 0, tasks: 0, people: 0 }
  for (const part of seed.slice('large:'.length).split(',')) {
    const [name = '', value = ''] = part.split('=')
    if (!Object.hasOwn(counts, name) || !/^\d+$/.test(value))
      throw new Error(`'${part}' is no size. Write large:messages=50000,events=10000,tasks=5000.`)
    if (Number(value) > ITEMS_MAX) throw new Error(`'${part}' is too large: at most ${ITEMS_MAX} of a kind.`)
    Object.assign(counts, { [name]: Number(value) })
  }
  return counts
}

/** Events, and tasks, of each of many people. */
const EACH = 10

const WORDS =
  'budget offer review contract delivery invoice planning workshop roadmap support release training audit renewal proposal schedule'.split(
    ' ',
  )
const pick = <T>(chance: Chance, values: readonly T[]): T => values[Math.floor(chance() * values.length)] as T
export const sentence = (chance: Chance, words: number): string =>
  Array.from({ length: words }, () => pick(chance, WORDS)).join(' ')

export function seedLarge(office: Office, counts: LargeCounts): DemoDirectory {
  const { store } = office
  const directory = seedDirectory(store)
  const mailbox = addPerson(store, directory.tenant, {
    address: 'anna.lindqvist',
    displayName: 'Anna Lindqvist',
    timeZone: 'W. Europe Standard Time',
  })
  addPerson(store, directory.tenant, {
    address: 'ben.okafor',
    displayName: 'Ben Okafor',
    timeZone: 'GMT Standard Time',
  })
  const chance = makeChance(hashText(`large/${store.data.seed}`))
  fillEvents(office, mailbox, counts.events, chance)
  fillTasks(office, mailbox, counts.tasks, chance)
  fillMailbox(store, mailbox, counts.messages, store.data.seed)
  for (let n = 1; n <= counts.people; n++) {
    const number = String(n).padStart(5, '0')
    const one = addPerson(store, directory.tenant, {
      address: `person.${number}`,
      displayName: `Person ${number}`,
      timeZone: 'W. Europe Standard Time',
    })
    fillEvents(office, one, EACH, chance)
    fillTasks(office, one, EACH, chance)
  }
  return directory
}

function fillEvents(office: Office, mailbox: Mailbox, count: number, chance: Chance): void {
  const calendar = defaultCalendar(mailbox)
  const today = Math.floor(office.store.now() / DAY)
  for (let n = 0; n < count; n++) {
    const date = dateText((today + Math.floor(chance() * 730) - 365) * DAY)
    const hour = 7 + Math.floor(chance() * 11)
    const zone = pick(chance, ['W. Europe Standard Time', 'UTC', 'Europe/London', 'Eastern Standard Time'])
    const at = (h: number): JsonObject => ({
      dateTime: `${date}T${String(h).padStart(2, '0')}:00:00`,
      timeZone: zone,
    })
    const event: JsonObject = {
      subject: `${sentence(chance, 3)} ${n}`,
      body: { contentType: 'html', content: `<p>${sentence(chance, 30)}</p>` },
      start: at(hour),
      end: at(hour + 1),
      location: { displayName: `Room ${Math.floor(chance() * 40)}` },
    }
    if (n % 20 === 19)
      Object.assign(event, {
        recurrence: {
          pattern: { type: 'daily', interval: 7 },
          range: { type: 'numbered', startDate: date, numberOfOccurrences: 26 },
        },
      })
    createEvent(office, mailbox, calendar, parseEvent(event))
  }
}

function fillTasks(office: Office, mailbox: Mailbox, count: number, chance: Chance): void {
  const { store } = office
  const lists = [
    defaultList(mailbox),
    ...['Customers', 'Contracts', 'Travel', 'Private'].map((name) => addList(store, mailbox, name)),
  ]
  const today = Math.floor(store.now() / DAY)
  for (let n = 0; n < count; n++) {
    const task: JsonObject = {
      title: `${sentence(chance, 4)} ${n}`,
      body: { contentType: 'text', content: sentence(chance, 20) },
      status: pick(chance, ['notStarted', 'notStarted', 'inProgress', 'completed']),
      dueDateTime: {
        dateTime: `${dateText((today + Math.floor(chance() * 120) - 30) * DAY)}T00:00:00`,
        timeZone: 'W. Europe Standard Time',
      },
    }
    createTask(
      office,
      mailbox,
      pick(chance, lists),
      parseTask(task, () => store.key(), store.now()),
    )
  }
}
