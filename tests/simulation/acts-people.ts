import type { Emulator } from '../../src/emulator/emulator.ts'
import { asId, type RecordId } from '../../src/core/ids.ts'
import type { Fields, Json } from '../../src/core/item.ts'
import { continuedFrom, endBefore } from '../../src/crm/series-edits.ts'
import type { RecordRow } from '../../src/store/sync-store.ts'
import type { ActsBeat } from './acts-beats.ts'
import { dateOf, dayNumber } from './expander.ts'
import type { Act, History } from './history.ts'
import type { CrmDoor } from './people.ts'
import { graphEvent, nameOf } from './projection.ts'
import type { Holding, Witness } from './witness.ts'
import { CARLA, type EventGroup, UNIQUE, ZONE, eventValue } from './values.ts'

/**
 * What the people of the acts layer do with their own hands: Anna on either side, and Carla, who invites and answers.
 * Cutting a series in two in the CRM is the CRM's own code (src/crm/series-edits.ts), as its API calls it; what came of it
 * is written down from what the CRM holds before and after.
 */
type Bag = Readonly<Record<string, unknown>>
const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {})
const list = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.map(bag) : [])

export interface Scene {
  readonly emulator: Emulator
  readonly store: CrmDoor
  readonly history: History
  readonly people: Witness
  readonly owner: string
  now(): number
}

/** The acts that came of it; none when it makes no sense now. */
export async function carriedOut(
  scene: Scene,
  beat: Exclude<ActsBeat, { do: 'undo' | 'other' }>,
): Promise<readonly Act[]> {
  switch (beat.do) {
    case 'restore':
      return restored(scene, beat.item)
    case 'split':
      return beat.who === 'crm' ? splitInCrm(scene, beat) : splitInOutlook(scene, beat)
    case 'invited':
      return invited(scene, beat.item, beat.group)
    case 'reply':
      return replied(scene, beat)
    case 'replied': {
      // What Carla says reaches Anna's event by itself, and is nothing that either of Anna's sides wrote.
      const copy = (await eventsOf(scene, CARLA)).find((event) => isOf(event, beat.item) && !isOwn(event))
      if (copy !== undefined && copy['isCancelled'] !== true) await answer(scene, CARLA, copy, beat.answer)
      return []
    }
  }
}

// ── restoring ──────────────────────────────────────────────────────────────────────────────────────────────────

async function restored(scene: Scene, item: string): Promise<readonly Act[]> {
  const { people, store, history } = scene
  if (people.holdingsOfCrm(item).has(item)) return []
  const row = store
    .dump()
    .records.filter((each) => each.deletedAt !== null && isOf(each.fields, item))
    .sort((a, b) => (a.deletedAt ?? 0) - (b.deletedAt ?? 0))
    .at(-1)
  if (row === undefined) return []
  const { id, kind, fields, facts } = row
  people.recordWrites += 1
  await store.transaction(null, (tx) =>
    tx.write({
      records: [{ do: 'restore', id, kind, fields, facts, matchKeys: [], at: scene.now(), by: 'person' }],
    }),
  )
  const wrote = own(people.holdingsOfCrm(item).get(item)?.[0]?.plain ?? {})
  const bySync = row.modifiedBy === 'sync'
  return note(history, {
    ...{ stamp: people.nextStamp(), side: 'crm', item, what: 'restore', wrote, tokens: tokensOf(wrote) },
    ...{ saw: null, over: bySync ? 'both' : 'crm' },
  })
}

// ── this and following ─────────────────────────────────────────────────────────────────────────────────────────

type Split = Extract<ActsBeat, { do: 'split' }>

async function splitInCrm(scene: Scene, { item, nth, as }: Split): Promise<readonly Act[]> {
  const { people, store, history } = scene
  const held = people.holdingsOfCrm(item).get(item)?.[0]
  const slot = slotOf(held, nth)
  if (held === undefined || slot === null || people.holdingsOfCrm(as).has(as)) return []
  const row = held.raw as unknown as RecordRow
  const shorter = endBefore(row.fields, slot)
  if (shorter === null) return []
  const [first, second] = [people.nextStamp(), people.nextStamp()]
  const rest = continuedFrom(row.fields, slot, { subject: `${as} s${second}z` })
  const common = { kind: row.kind, container: row.container, facts: row.facts, matchKeys: [] } as const
  const by = { at: scene.now(), by: 'person' } as const
  const id = asId<RecordId>(`r${String(second).padStart(5, '0')}`)
  people.recordWrites += 2
  await store.transaction(null, (tx) =>
    tx.write({
      records: [
        { do: 'update', id: row.id, ...common, ...by, fields: changed(row.fields, shorter) },
        { do: 'create', id, owner: row.owner, ...common, ...by, fields: changed({}, rest) },
      ],
    }),
  )
  const wrote = own(people.holdingsOfCrm(as).get(as)?.[0]?.plain ?? {})
  return [
    ...note(history, ended(first, 'crm', item, held, slot)),
    ...note(history, {
      ...{ stamp: second, side: 'crm', item: as, what: 'create', wrote, tokens: tokensOf(wrote), saw: null },
    }),
  ]
}

async function splitInOutlook(scene: Scene, { item, nth, as }: Split): Promise<readonly Act[]> {
  const { people, history, owner, emulator } = scene
  const outlook = emulator.control.as(owner)
  const held = (await people.holdingsOfOutlook(item)).get(item)?.[0]
  const slot = slotOf(held, nth)
  if (held === undefined || slot === null || (await people.holdingsOfOutlook(as)).has(as)) return []
  const { pattern, range } = bag(held.raw['recurrence']) as { pattern?: unknown; range?: unknown }
  const ends = {
    ...{ type: 'endDate', startDate: bag(range)['startDate'], recurrenceTimeZone: ZONE },
    endDate: dateOf(dayNumber(slot) - 1),
  }
  const path = `/me/events/${held.id}`
  if ((await outlook.patch(path, { recurrence: { pattern, range: ends } })).status >= 400) return []
  const [first, second] = [people.nextStamp(), people.nextStamp()]
  const [from = '', to = ''] = (held.plain['time'] ?? '').split('..')
  const at = (wall: string) => ({ dateTime: `${slot}T${wall.slice(11, 19)}`, timeZone: ZONE })
  const subject = `${as} s${second}z`
  const answer = await outlook.post('/me/events', {
    subject,
    isReminderOn: false,
    start: at(from),
    end: at(to),
    recurrence: {
      pattern,
      range: { type: 'numbered', startDate: slot, numberOfOccurrences: 3, recurrenceTimeZone: ZONE },
    },
  })
  if (answer.status >= 400) throw new Error(`Outlook refused the rest of a series: ${JSON.stringify(answer)}`)
  const wrote = { subject, time: `${slot}T${from.slice(11)}..${slot}T${to.slice(11)}` }
  return [
    ...note(history, ended(first, 'mailbox', item, held, slot)),
    ...note(history, {
      ...{
        stamp: second,
        side: 'mailbox',
        item: as,
        what: 'create',
        wrote,
        tokens: tokensOf(wrote),
        saw: null,
      },
    }),
  ]
}

/** The occurrence from which on the series goes its own way; never its first one. */
function slotOf(held: Holding | undefined, nth: number): string | null {
  if (held?.resource !== 'series') return null
  const slots = Object.keys(held.plain)
    .filter((group) => group.startsWith('occ/') && group.endsWith('/subject'))
    .map((group) => group.slice(4, 14))
    .sort()
  return slots.length < 2 ? null : (slots[1 + (nth % (slots.length - 1))] ?? null)
}

function ended(stamp: number, side: 'crm' | 'mailbox', item: string, held: Holding, slot: string): Act {
  const wrote: Record<string, string> = { count: `before ${slot}` }
  for (const group of Object.keys(held.plain))
    if (group.startsWith('occ/') && group.slice(4, 14) >= slot)
      wrote[`${group.slice(0, 14)}/cancelled`] = 'yes'
  return { stamp, side, item, what: 'edit', wrote, tokens: wrote, saw: held.plain }
}

function changed(fields: Fields, change: { readonly [group: string]: Json | undefined }): Fields {
  const next: { [group: string]: Json } = { ...fields }
  for (const [group, value] of Object.entries(change))
    if (value === undefined) delete next[group]
    else next[group] = value
  return next
}

// ── meetings ───────────────────────────────────────────────────────────────────────────────────────────────────

const ORGANIZERS = ['subject', 'time', 'body', 'location'] as const

async function invited(
  scene: Scene,
  item: string,
  group: Extract<ActsBeat, { do: 'invited' }>['group'],
): Promise<readonly Act[]> {
  const { people, history, emulator, owner } = scene
  const carla = emulator.control.as(CARLA)
  const hers = (await eventsOf(scene, CARLA)).find((event) => isOf(event, item))
  if (group === 'new' ? history.of(item).length > 0 : hers === undefined) return []
  const stamp = people.nextStamp()
  const saw = hers === undefined ? null : only(graphEvent(hers), ORGANIZERS)
  const act = { stamp, side: 'mailbox', item, theirs: true, saw } as const
  const path = `/me/events/${String(hers?.['id'])}`
  if (group === 'off') {
    await expect(carla.post(`${path}/cancel`, {}))
    const wrote = { subject: `Canceled: ${saw?.subject ?? ''}` }
    return note(history, { ...act, what: 'edit', wrote, tokens: tokensOf(wrote) })
  }
  const values = (group === 'new' ? ORGANIZERS : [group]).map((each: EventGroup) =>
    eventValue(each, item, stamp),
  )
  const body = Object.assign({}, ...values.map((each) => each.graph)) as Bag
  if (group !== 'new') await expect(carla.patch(path, body))
  else
    await expect(
      carla.post('/me/events', {
        isReminderOn: false,
        ...body,
        attendees: [{ type: 'required', emailAddress: { address: owner } }],
      }),
    )
  const wrote = Object.fromEntries(values.map((each) => [each.group, each.plain]))
  const tokens = Object.fromEntries(values.map((each) => [each.group, each.token]))
  return note(history, { ...act, what: group === 'new' ? 'create' : 'edit', wrote, tokens })
}

async function replied(
  scene: Scene,
  { who, item, answer: said }: Extract<ActsBeat, { do: 'reply' }>,
): Promise<readonly Act[]> {
  const { people, history, owner, store } = scene
  const held = (who === 'crm' ? people.holdingsOfCrm(item) : await people.holdingsOfOutlook(item)).get(
    item,
  )?.[0]
  if (held === undefined || held.plain['subject']?.startsWith('Canceled: ')) return []
  const act = { side: who === 'crm' ? 'crm' : 'mailbox', item, saw: held.plain } as const
  const wrote = { answer: said }
  if (who === 'crm') {
    const { id, kind, container, fields, facts } = held.raw as unknown as RecordRow
    if (facts.isOrganizer !== false || fields['answer'] === said) return []
    people.recordWrites += 1
    const [at, by, matchKeys] = [scene.now(), 'person', []] as const
    await store.transaction(null, (tx) =>
      tx.write({
        records: [
          {
            do: 'update',
            id,
            kind,
            container,
            facts,
            matchKeys,
            at,
            by,
            fields: { ...fields, answer: said },
          },
        ],
      }),
    )
    return note(history, { stamp: people.nextStamp(), ...act, what: 'edit', wrote, tokens: wrote })
  }
  if (isOwn(held.raw)) return []
  await answer(scene, owner, held.raw, said)
  // Outlook takes a declined meeting out of the calendar.
  return note(history, {
    ...{ stamp: people.nextStamp(), ...act, wrote, tokens: wrote },
    what: said === 'declined' ? 'delete' : 'edit',
  })
}

const ACTIONS = { accepted: 'accept', tentative: 'tentativelyAccept', declined: 'decline' } as const
const answer = async ({ emulator }: Scene, who: string, event: Bag, said: keyof typeof ACTIONS) =>
  expect(
    emulator.control
      .as(who)
      .post(`/me/events/${String(event['id'])}/${ACTIONS[said]}`, { sendResponse: true }),
  )

const eventsOf = async ({ emulator }: Scene, who: string): Promise<readonly Bag[]> =>
  list(bag((await emulator.control.as(who).get('/me/events?$top=200')).body)['value'])

const isOf = (held: Bag, item: string): boolean => nameOf(String(held['subject'] ?? '')) === item
const isOwn = (event: Bag): boolean => event['isOrganizer'] !== false

async function expect(answer: Promise<{ readonly status: number; readonly body: unknown }>): Promise<void> {
  const { status, body } = await answer
  if (status >= 400) throw new Error(`A simulated person was refused: ${status} ${JSON.stringify(body)}`)
}

// ── what is written down ───────────────────────────────────────────────────────────────────────────────────────

function note(history: History, act: Act): readonly Act[] {
  history.add(act)
  return [act]
}

/** What an item says itself: of its occurrences only what differs from the series. */
export const own = (plain: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(plain).filter(
      ([group, value]) => !group.startsWith('occ/') || value !== plain[group.slice(15)],
    ),
  )

/** By what each of these values is known again in a conflict record. */
export const tokensOf = (wrote: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(wrote).map(([group, value]) => [
      group,
      /s\d+z/.exec(value)?.[0] ?? value.split('..')[0] ?? value,
    ]),
  )

const only = (plain: Readonly<Record<string, string>>, groups: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(plain).filter(([group]) => groups.includes(group)))

/** Whether a lost value of this group can be told from an agreeing one. */
export const isUnique = (group: string): boolean => UNIQUE.has(group.split('/').pop() ?? group)
