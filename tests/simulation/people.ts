import type { Emulator } from '../../src/emulator/emulator.ts'
import { asId, type RecordId } from '../../src/core/ids.ts'
import type { Fields } from '../../src/core/item.ts'
import type { RecordRow, SyncTx } from '../../src/store/sync-store.ts'
import { dateOf, dayNumber, expandDates, type PlainPattern, type PlainRange } from './expander.ts'
import type { Act, History } from './history.ts'
import type { Seen } from './oracle.ts'
import { crmEvent, crmTask, graphEvent, graphTask, nameOf } from './projection.ts'
import type { Beat, Resource } from './story.ts'
import { type Holding, type Personal, Witness } from './witness.ts'
import {
  type EventGroup,
  type Stamped,
  type TaskGroup,
  ZONE,
  eventValue,
  startOf,
  taskValue,
} from './values.ts'

/**
 * The two people of a world. Each sees only its own side, does one thing at a time, and writes down what it saw. The
 * Outlook person works through the emulator's own requests; the CRM person through the store, as the CRM's API does.
 */
type Bag = Readonly<Record<string, unknown>>
const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {})
const list = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.map(bag) : [])

export const EVENT_BASE = ['subject', 'time', 'body', 'location'] as const
const TASK_BASE = ['subject', 'due', 'body'] as const
/** Occurrences of a simulated series. */
const SLOTS = 8

export interface Place {
  readonly owner: string
  readonly calendar: string
  readonly list: string
  /** Graph's id of the To Do list. */
  readonly listId: string
}

/** What the CRM person works through. */
export interface CrmDoor {
  dump(): { readonly records: readonly RecordRow[] }
  transaction(lease: null, work: (tx: Pick<SyncTx, 'write'>) => Promise<void>): Promise<void>
}

export class People extends Witness {
  readonly #emulator: Emulator
  readonly #store: () => CrmDoor
  readonly #place: Place
  readonly #now: () => number

  constructor(parts: {
    emulator: Emulator
    store: () => CrmDoor
    history: History
    place: Place
    now: () => number
    /** The number of the first act, less one: so the values of two people who have nothing to do with each other differ. */
    stamp?: number
  }) {
    super(parts.history, parts.stamp)
    this.#emulator = parts.emulator
    this.#store = parts.store
    this.#place = parts.place
    this.#now = parts.now
  }

  get #outlook() {
    return this.#emulator.control.as(this.#place.owner)
  }

  protected async carryOut(
    beat: Personal,
    side: 'crm' | 'mailbox',
    held: Holding | undefined,
    stamp: number,
  ): Promise<Pick<Act, 'what' | 'wrote' | 'tokens'> | null> {
    switch (beat.do) {
      case 'create': {
        const base = beat.resource === 'task' ? TASK_BASE : EVENT_BASE
        const values = base.map((group) => value(beat.resource, group, beat.item, stamp))
        if (side === 'crm') await this.#createRecord(beat.resource, values, stamp)
        else await this.#createItem(beat.resource, values, stamp)
        return { what: 'create', ...written(values) }
      }
      case 'poison': {
        const values = ['subject', 'broken'].map((group) => value('event', group, beat.item, stamp))
        await this.#createRecord('event', values, stamp)
        return { what: 'create', ...written(values) }
      }
      case 'pattern': {
        if (held === undefined || held.resource !== 'series') return null
        const was = bag(side === 'crm' ? bag(held.raw['fields'])['recurrence'] : held.raw['recurrence'])
        const name = side === 'crm' ? 'count' : 'numberOfOccurrences'
        const recurrence = { ...was, range: { ...bag(was['range']), [name]: beat.count } }
        if (side === 'crm') await this.#patchRecord(held, { recurrence })
        else if (!(await this.#patchItem(held, { recurrence }))) return null
        const count = `${beat.count} times`
        return { what: 'edit', wrote: { count }, tokens: { count } }
      }
      case 'edit': {
        if (held === undefined) return null
        // Only a single event is moved out of the period.
        if (beat.groups.includes('away') && held.resource !== 'event') return null
        const values = beat.groups.map((group) => value(held.resource, group, beat.item, stamp))
        if (side === 'crm')
          await this.#patchRecord(held, Object.assign({}, ...values.map((each) => each.crm)) as Bag)
        else if (
          !(await this.#patchItem(held, Object.assign({}, ...values.map((each) => each.graph)) as Bag))
        )
          return null
        return { what: 'edit', ...written(values) }
      }
      case 'complete': {
        if (held === undefined || held.resource !== 'task') return null
        const today = new Date(this.#now()).toISOString().slice(0, 10)
        if (side === 'crm') await this.#patchRecord(held, { status: 'completed', completed: today })
        else if (!(await this.#patchItem(held, { status: 'completed' }))) return null
        return { what: 'edit', wrote: { status: 'completed' }, tokens: { status: 'completed' } }
      }
      case 'delete': {
        if (held === undefined) return null
        if (side === 'crm') await this.#deleteRecord(held)
        else
          await this.#outlook.delete(
            held.resource === 'task' ? this.#taskPath(held.id) : `/me/events/${held.id}`,
          )
        return { what: 'delete', wrote: {}, tokens: {} }
      }
      case 'recover':
        return null
      case 'occurrence':
        return held === undefined || held.resource !== 'series'
          ? null
          : this.#occurrence(beat, side, held, stamp)
    }
  }

  async #occurrence(
    beat: Extract<Beat, { do: 'occurrence' }>,
    side: 'crm' | 'mailbox',
    held: Holding,
    stamp: number,
  ): Promise<Pick<Act, 'what' | 'wrote' | 'tokens'> | null> {
    const slots = Object.keys(held.plain)
      .filter((group) => group.startsWith('occ/') && group.endsWith('/subject'))
      .map((group) => group.slice(4, 14))
      .sort()
    const slot = slots[beat.nth % Math.max(1, slots.length)]
    if (slot === undefined) return null
    const text = beat.group === 'subject' ? `${beat.item} s${stamp}z` : `Room s${stamp}z`
    if (side === 'crm') {
      await this.#patchRecord(held, {
        [`occurrence/${slot}/${beat.group}`]: beat.group === 'cancelled' ? true : text,
      })
    } else {
      const instance = (await this.#instances(held.id)).find(
        (each) => String(bag(each['start'])['dateTime']).slice(0, 10) === slot,
      )
      if (instance === undefined) return null
      const path = `/me/events/${String(instance['id'])}`
      const answer =
        beat.group === 'cancelled'
          ? await this.#outlook.delete(path)
          : await this.#outlook.patch(
              path,
              beat.group === 'subject' ? { subject: text } : { location: { displayName: text } },
            )
      if (answer.status >= 400) return null
    }
    const group = `occ/${slot}/${beat.group}`
    return {
      what: 'edit',
      wrote: { [group]: beat.group === 'cancelled' ? 'yes' : text },
      tokens: { [group]: beat.group === 'cancelled' ? slot : `s${stamp}z` },
    }
  }

  async #instances(id: string): Promise<readonly Bag[]> {
    const answer = await this.#outlook.get(
      `/me/events/${id}/instances?startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-12-31T00:00:00Z&$top=100`,
    )
    return list(bag(answer.body)['value'])
  }

  async #createRecord(resource: Resource, values: readonly Stamped[], stamp: number): Promise<void> {
    const fields = {
      ...(resource === 'task' ? emptyTask() : emptyEvent()),
      ...Object.assign({}, ...values.map((each) => each.crm)),
      ...(resource === 'series' ? { recurrence: weekly(stamp) } : {}),
    } as Fields
    const kind = resource === 'task' ? 'task' : 'event'
    const container = resource === 'task' ? this.#place.list : this.#place.calendar
    const id = asId<RecordId>(`r${String(stamp).padStart(5, '0')}`)
    this.recordWrites += 1
    await this.#store().transaction(null, (tx) =>
      tx.write({
        records: [
          {
            do: 'create',
            id,
            kind,
            container,
            owner: null,
            fields,
            facts: {},
            matchKeys: [],
            at: this.#now(),
            by: 'person',
          },
        ],
      }),
    )
  }

  async #patchRecord(held: Holding, patch: Bag): Promise<void> {
    const row = held.raw as unknown as RecordRow
    this.recordWrites += 1
    await this.#store().transaction(null, (tx) =>
      tx.write({
        records: [
          {
            do: 'update',
            id: row.id,
            kind: row.kind,
            container: row.container,
            fields: { ...row.fields, ...(patch as Fields) },
            facts: row.facts,
            matchKeys: [],
            at: this.#now(),
            by: 'person',
          },
        ],
      }),
    )
  }

  async #deleteRecord(held: Holding): Promise<void> {
    const row = held.raw as unknown as RecordRow
    this.recordWrites += 1
    await this.#store().transaction(null, (tx) =>
      tx.write({ records: [{ do: 'delete', id: row.id, kind: row.kind, at: this.#now(), by: 'person' }] }),
    )
  }

  #taskPath(id: string): string {
    return `/me/todo/lists/${this.#place.listId}/tasks/${id}`
  }

  async #createItem(resource: Resource, values: readonly Stamped[], stamp: number): Promise<void> {
    const body = Object.assign({}, ...values.map((each) => each.graph)) as Record<string, unknown>
    if (resource === 'task') {
      await this.#expect(this.#outlook.post(`/me/todo/lists/${this.#place.listId}/tasks`, body))
      return
    }
    if (resource === 'series') body['recurrence'] = graphWeekly(stamp)
    await this.#expect(this.#outlook.post('/me/events', { isReminderOn: false, ...body }))
  }

  async #patchItem(held: Holding, patch: Bag): Promise<boolean> {
    const { '#steps': steps, ...body } = patch
    const path = held.resource === 'task' ? this.#taskPath(held.id) : `/me/events/${held.id}`
    if (Object.keys(body).length > 0 && (await this.#outlook.patch(path, body)).status >= 400) return false
    if (steps !== undefined) {
      for (const step of list(held.raw['checklistItems']))
        await this.#outlook.delete(`${path}/checklistItems/${String(step['id'])}`)
      for (const title of steps as readonly string[])
        await this.#expect(this.#outlook.post(`${path}/checklistItems`, { displayName: title }))
    }
    return true
  }

  async #expect(answer: Promise<{ readonly status: number; readonly body: unknown }>): Promise<void> {
    const { status, body } = await answer
    if (status >= 400)
      throw new Error(`The simulated Outlook person was refused: ${status} ${JSON.stringify(body)}`)
  }

  // ── seeing ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** `only`: the item that is looked at closely; of other series no occurrences are told. */
  holdingsOfCrm(only?: string): Map<string, Holding[]> {
    const found = new Map<string, Holding[]>()
    for (const record of this.#store().dump().records) {
      if (record.deletedAt !== null) continue
      const fields = record.fields as Bag
      const resource: Resource =
        record.kind === 'task'
          ? 'task'
          : fields['recurrence'] === null || fields['recurrence'] === undefined
            ? 'event'
            : 'series'
      const plain = resource === 'task' ? crmTask(fields) : crmEvent(fields)
      const name = nameOf(plain['subject'] ?? '')
      if (resource === 'series' && name === (only ?? name)) Object.assign(plain, crmOccurrences(fields))
      push(found, name, {
        id: record.id,
        resource,
        plain,
        raw: record as unknown as Bag,
      })
    }
    return found
  }

  async holdingsOfOutlook(only?: string): Promise<Map<string, Holding[]>> {
    const found = new Map<string, Holding[]>()
    const events = list(bag((await this.#outlook.get('/me/events?$top=200')).body)['value'])
    for (const event of events) {
      const resource: Resource = event['type'] === 'seriesMaster' ? 'series' : 'event'
      const plain = graphEvent(event)
      const name = nameOf(plain['subject'] ?? '')
      if (resource === 'series' && name === (only ?? name)) {
        for (const each of await this.#instances(String(event['id']))) {
          const view = graphEvent(each)
          const slot = String(bag(each['start'])['dateTime']).slice(0, 10)
          plain[`occ/${slot}/subject`] = view['subject'] ?? ''
          plain[`occ/${slot}/location`] = view['location'] ?? ''
        }
      }
      push(found, name, { id: String(event['id']), resource, plain, raw: event })
    }
    const tasks = await this.#outlook.get(
      `/me/todo/lists/${this.#place.listId}/tasks?$top=200&$expand=checklistItems`,
      { prefer: `IdType="ImmutableId", outlook.timezone="${ZONE}"` },
    )
    for (const task of list(bag(tasks.body)['value'])) {
      const plain = graphTask(task)
      push(found, nameOf(plain['subject'] ?? ''), {
        id: String(task['id']),
        resource: 'task',
        plain,
        raw: task,
      })
    }
    return found
  }
}

export function seen(holdings: Map<string, Holding[]>): Seen {
  const items = new Map<string, Readonly<Record<string, string>>>()
  const doubled: string[] = []
  for (const [name, all] of holdings) {
    if (all.length > 1) doubled.push(name)
    if (all[0] !== undefined) items.set(name, all[0].plain)
  }
  return { items, doubled }
}

function crmOccurrences(fields: Bag): Record<string, string> {
  const recurrence = bag(fields['recurrence'])
  const plain: Record<string, string> = {}
  for (const slot of expandDates(
    bag(recurrence['pattern']) as unknown as PlainPattern,
    bag(recurrence['range']) as unknown as PlainRange,
    '2027-12-31',
  )) {
    if (fields[`occurrence/${slot}/cancelled`] === true) continue
    plain[`occ/${slot}/subject`] = String(fields[`occurrence/${slot}/subject`] ?? fields['subject'])
    plain[`occ/${slot}/location`] = String(fields[`occurrence/${slot}/location`] ?? fields['location'] ?? '')
  }
  return plain
}

const value = (resource: Resource, group: string, item: string, stamp: number): Stamped =>
  resource === 'task'
    ? taskValue(group as TaskGroup, item, stamp)
    : eventValue(group as EventGroup, item, stamp)

function written(values: readonly Stamped[]): Pick<Act, 'wrote' | 'tokens'> {
  return {
    wrote: Object.fromEntries(values.map((each) => [each.group, each.plain])),
    tokens: Object.fromEntries(values.map((each) => [each.group, each.token])),
  }
}

function push<T>(map: Map<string, T[]>, name: string, one: T): void {
  const all = map.get(name)
  if (all === undefined) map.set(name, [one])
  else all.push(one)
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
const weekdayOf = (date: string): string => WEEKDAYS[(dayNumber(date) + 4) % 7] ?? 'monday'
const firstSlot = (stamp: number): string => dateOf(dayNumber(startOf(stamp).start.slice(0, 10)))

function weekly(stamp: number): unknown {
  const start = firstSlot(stamp)
  return {
    pattern: { type: 'weekly', interval: 1, days: [weekdayOf(start)], weekStart: 'monday' },
    range: { type: 'numbered', start, count: SLOTS },
  }
}
function graphWeekly(stamp: number): unknown {
  const startDate = firstSlot(stamp)
  return {
    pattern: { type: 'weekly', interval: 1, daysOfWeek: [weekdayOf(startDate)], firstDayOfWeek: 'monday' },
    range: { type: 'numbered', startDate, numberOfOccurrences: SLOTS, recurrenceTimeZone: ZONE },
  }
}

const emptyEvent = (): Bag => ({
  subject: '',
  body: null,
  time: null,
  recurrence: null,
  location: null,
  attendees: [],
  answers: {},
  answer: 'none',
  organizer: null,
  reminder: null,
  showAs: 'busy',
  sensitivity: 'normal',
  importance: 'normal',
  categories: [],
  onlineMeeting: null,
  cancelled: false,
})
const emptyTask = (): Bag => ({
  subject: '',
  body: null,
  start: null,
  due: null,
  completed: null,
  status: 'notStarted',
  importance: 'normal',
  reminder: null,
  recurrence: null,
  steps: [],
  categories: [],
})
