/** Words for tests about events at Microsoft: what a person does in Outlook, what we push, what a pull brought. */
import type { CollectionRef, Observation, Operation, Page } from '../../src/connectors/connector.ts'
import { asId, type OperationId } from '../../src/core/ids.ts'
import type { Fields, Item, Json } from '../../src/core/item.ts'
import { ANNA, neverAborted, type GraphWorld } from './graph-world.ts'

export type Seen = Extract<Observation, { kind: 'item' }>

export const itemsOf = (pages: readonly Page[]): Seen[] =>
  pages.flatMap((page) => page.observed).flatMap((one) => (one.kind === 'item' ? [one] : []))

export const only = <T>(all: readonly T[]): T => {
  const [one, ...rest] = all
  if (one === undefined || rest.length > 0) throw new Error(`Expected one, got ${all.length}.`)
  return one
}

const BERLIN = 'W. Europe Standard Time'
export const at = (dateTime: string, timeZone = BERLIN) => ({ dateTime, timeZone })

export const standup = (more: object = {}) => ({
  subject: 'Stand-up',
  start: at('2026-03-02T09:00:00'),
  end: at('2026-03-02T09:15:00'),
  recurrence: {
    pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'], firstDayOfWeek: 'monday' },
    range: { type: 'endDate', startDate: '2026-03-02', endDate: '2026-06-29' },
  },
  ...more,
})

export const outlook = (world: GraphWorld, person = ANNA) => world.emulator.control.as(person)

export const idOf = (answer: { readonly body: unknown }): string => (answer.body as { id: string }).id

export async function instanceOn(
  world: GraphWorld,
  master: string,
  day: string,
  person = ANNA,
): Promise<string> {
  const answer = await outlook(world, person).get(
    `/me/events/${master}/instances?startDateTime=${day}T00:00:00Z&endDateTime=${day}T23:59:00Z`,
  )
  return (answer.body as { value: { id: string }[] }).value[0]?.id ?? ''
}

export const meeting = (more: { readonly [group: string]: Json } = {}): Item => ({
  kind: 'event',
  facts: {},
  fields: {
    subject: 'Review',
    body: { type: 'text', content: 'Bring the figures' },
    time: { allDay: false, start: '2026-03-04T14:00:00', end: '2026-03-04T15:00:00', zone: 'Europe/Berlin' },
    recurrence: null,
    location: 'Room 2',
    attendees: [],
    answers: {},
    answer: 'none',
    organizer: null,
    reminder: 10,
    showAs: 'busy',
    sensitivity: 'normal',
    importance: 'high',
    categories: ['Blue category'],
    onlineMeeting: null,
    cancelled: false,
    ...more,
  },
})

export const create = (collection: CollectionRef, item: Item, key = 'op-1'): Operation => ({
  do: 'create',
  key: asId<OperationId>(key),
  collection,
  item,
})

export const update = (collection: CollectionRef, seen: Seen, fields: Fields, key = 'op-2'): Operation => ({
  do: 'update',
  key: asId<OperationId>(key),
  collection,
  id: seen.id,
  fields,
  whole: { ...seen.item, fields: withGroups(seen.item.fields, fields) },
  ifMatch: seen.etag,
})

/** Null for an occurrence's group means that it follows its series again. */
export const withGroups = (before: Fields, change: Fields): Fields =>
  Object.fromEntries(
    Object.entries({ ...before, ...change }).filter(
      ([group, value]) => !(group.startsWith('occurrence/') && value === null),
    ),
  )

export const push = async (world: GraphWorld, operation: Operation) =>
  only(await world.connector.push([operation], neverAborted))

/** What single occurrences have of their own. */
export const occurrencesOf = (item: Item): Fields =>
  Object.fromEntries(Object.entries(item.fields).filter(([group]) => group.startsWith('occurrence/')))
