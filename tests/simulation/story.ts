import { type ActsBeat, describeAct } from './acts-beats.ts'
import type { Chance } from './chance.ts'
import type { EventGroup, MessageGroup, TaskGroup } from './values.ts'

/**
 * A story is what the two people of a world do, in order, with the passes of the engine between. It is plain data:
 * generated from a seed, written by hand as a scenario, shrunk to a few lines, printed as a test.
 */
export type Resource = 'event' | 'series' | 'task' | 'message'
export type Who = 'crm' | 'outlook'

export type Beat =
  | {
      readonly do: 'create'
      readonly who: Who
      readonly item: string
      readonly resource: Resource
      readonly attendees?: number
    }
  | { readonly do: 'edit'; readonly who: Who; readonly item: string; readonly groups: readonly string[] }
  /** Changes or takes out one occurrence of a series; `nth` counts its slots from 0. */
  | {
      readonly do: 'occurrence'
      readonly who: Who
      readonly item: string
      readonly nth: number
      readonly group: 'subject' | 'location' | 'cancelled'
    }
  | { readonly do: 'delete'; readonly who: Who; readonly item: string }
  | { readonly do: 'complete'; readonly who: Who; readonly item: string }
  /** The Outlook person takes a message back out of Deleted Items. */
  | { readonly do: 'recover'; readonly who: Who; readonly item: string }
  /** One pass over calendar and tasks. `during` happens inside it, at the given fraction of its awaits. */
  | { readonly do: 'pass'; readonly during?: readonly { readonly at: number; readonly beat: Beat }[] }
  | { readonly do: 'wait'; readonly minutes: number }
  /** The server does something that no person asked for. */
  | { readonly do: 'server'; readonly what: 'evict' | 'bump'; readonly item?: string }
  /** Both people work on one item before the next pass: a cell of the conflict matrix (scenarios.ts). */
  | {
      readonly do: 'meet'
      readonly item: string
      readonly resource: Resource
      readonly first: Who
      readonly crm: string
      readonly outlook: string
    }
  /** An event that Microsoft does not take: it ends before it begins. */
  | { readonly do: 'poison'; readonly who: 'crm'; readonly item: string }
  /** Another number of occurrences, so that some of the last ones are no longer there. */
  | { readonly do: 'pattern'; readonly who: Who; readonly item: string; readonly count: number }
  /** A person answers the n-th conflict. */
  | { readonly do: 'answer'; readonly nth: number; readonly side: 'crm' | 'mailbox' }
  /** A person decides about what is held: all of it is carried out, or put back. */
  | { readonly do: 'decide'; readonly yes: boolean }
  /** A preview, which may write nothing. */
  | { readonly do: 'preview' }
  /** The CRM person writes a mail. */
  | { readonly do: 'send'; readonly mail: string }
  | ActsBeat

export interface Story {
  readonly name: string
  readonly shape: Shape
  readonly beats: readonly Beat[]
}

/** The settings of the world: everything a person may have chosen. */
export interface Shape {
  readonly direction: 'crm-to-mailbox' | 'mailbox-to-crm' | 'both'
  readonly conflict: 'crm' | 'mailbox' | 'newest' | 'ask'
  /** Deletions in one run that wait for a person; 10 when left out. */
  readonly guard?: number
}

export const EVENT_GROUPS: readonly EventGroup[] = [
  'subject',
  'body',
  'location',
  'time',
  'categories',
  'reminder',
  'showAs',
  'importance',
]
export const TASK_GROUPS: readonly TaskGroup[] = [
  'subject',
  'body',
  'due',
  'categories',
  'steps',
  'importance',
  'status',
]
export const MESSAGE_GROUPS: readonly MessageGroup[] = ['read', 'flag', 'categories', 'folder']
const groupsOf = (resource: Resource): readonly string[] =>
  resource === 'task'
    ? TASK_GROUPS
    : resource === 'series'
      ? EVENT_GROUPS.filter((group) => group !== 'time')
      : EVENT_GROUPS

/**
 * People in a random story lean towards the same items and the same groups (p = 0.5), because that is where edits get
 * lost. A beat that makes no sense when its turn comes (editing what is gone) is passed over by the world.
 */
export function randomStory(seed: string, chance: Chance, shape: Shape, beatsMax: number): Story {
  const people = chance.split('people')
  const beats: Beat[] = []
  const items: { name: string; resource: Resource }[] = []
  let last: { item: string; groups: readonly string[] } | null = null
  const who = (): Who => people.pick(['crm', 'outlook'] as const)

  const create = (): Beat => {
    const resource = people.weighted<Resource>([
      [5, 'event'],
      [2, 'series'],
      [4, 'task'],
    ])
    const name = `i${items.length + 1}`
    items.push({ name, resource })
    return { do: 'create', who: who(), item: name, resource }
  }
  const target = (): { name: string; resource: Resource } => {
    const hot = last === null ? undefined : items.find((item) => item.name === last?.item)
    return hot !== undefined && people.yes(0.5) ? hot : people.pick(items)
  }
  const userBeat = (): Beat => {
    if (items.length === 0 || (items.length < 8 && people.yes(0.18))) return create()
    const item = target()
    const roll = people.next()
    if (roll < 0.12) return { do: 'delete', who: who(), item: item.name }
    if (item.resource === 'series' && roll < 0.4)
      return {
        do: 'occurrence',
        who: who(),
        item: item.name,
        nth: people.below(6),
        group: people.pick(['subject', 'location', 'cancelled'] as const),
      }
    if (item.resource === 'task' && roll < 0.16) return { do: 'complete', who: who(), item: item.name }
    const same = last !== null && last.item === item.name && people.yes(0.5)
    const groups: readonly string[] =
      same && last !== null ? last.groups : some(groupsOf(item.resource), people)
    last = { item: item.name, groups }
    return { do: 'edit', who: who(), item: item.name, groups }
  }
  const count = 20 + people.below(Math.max(1, beatsMax - 20))
  while (beats.length < count) {
    const roll = people.next()
    if (roll < 0.68) beats.push(userBeat())
    else if (roll < 0.9) {
      const during = people.yes(0.4) ? [{ at: people.next(), beat: userBeat() }] : []
      beats.push(during.length > 0 ? { do: 'pass', during } : { do: 'pass' })
    } else if (roll < 0.94) beats.push({ do: 'wait', minutes: 1 + people.below(600) })
    else if (roll < 0.97)
      beats.push({
        do: 'server',
        what: 'bump',
        ...(items.length > 0 ? { item: people.pick(items).name } : {}),
      })
    else beats.push({ do: 'server', what: 'evict' })
  }
  return { name: `seed ${seed}`, shape, beats }
}

function some<T>(from: readonly T[], chance: Chance): readonly T[] {
  const count = 1 + chance.below(2)
  const left = [...from]
  const chosen: T[] = []
  for (let n = 0; n < count && left.length > 0; n++) chosen.push(...left.splice(chance.below(left.length), 1))
  return chosen
}

/** What the two people did to one item between two passes: the cell of the conflict matrix that a story visits. */
export function describe(beat: Beat): string {
  switch (beat.do) {
    case 'create':
      return `${beat.who} creates ${beat.resource} ${beat.item}`
    case 'edit':
      return `${beat.who} edits ${beat.item}: ${beat.groups.join(', ')}`
    case 'occurrence':
      return `${beat.who} ${beat.group === 'cancelled' ? 'takes out' : `changes the ${beat.group} of`} occurrence ${beat.nth} of ${beat.item}`
    case 'delete':
      return `${beat.who} deletes ${beat.item}`
    case 'recover':
      return `${beat.who} takes ${beat.item} back out of Deleted Items`
    case 'complete':
      return `${beat.who} completes ${beat.item}`
    case 'pass':
      return beat.during?.length
        ? `a pass, and in its middle (${beat.during.map((each) => `at ${each.at.toFixed(2)} ${describe(each.beat)}`).join('; ')})`
        : 'a pass'
    case 'wait':
      return `${beat.minutes} minutes go by`
    case 'server':
      return beat.what === 'evict'
        ? 'Microsoft forgets its delta tokens'
        : `Microsoft bumps the etag of ${beat.item ?? 'nothing'}`
    case 'meet':
      return `on ${beat.item} (${beat.resource}), ${beat.first} first: ${beat.crm} in the CRM, ${beat.outlook} in Outlook`
    case 'poison':
      return `${beat.who} creates event ${beat.item}, which Microsoft does not take`
    case 'pattern':
      return `${beat.who} lets ${beat.item} occur ${beat.count} times`
    case 'answer':
      return `conflict ${beat.nth} is answered: ${beat.side}`
    case 'decide':
      return beat.yes ? 'what is held is approved' : 'what is held is declined'
    case 'preview':
      return 'a preview'
    case 'send':
      return `crm sends mail ${beat.mail}`
    default:
      return describeAct(beat, describe)
  }
}

export function print(story: Story, faults: string): string {
  const lines = story.beats.map((beat, n) => `  ${String(n + 1).padStart(2)}. ${describe(beat)}`)
  return [
    `${story.name} (${story.shape.direction}, ${story.shape.conflict} wins${story.shape.guard === undefined ? '' : `, guard ${story.shape.guard}`}${faults === '' ? '' : `; ${faults}`})`,
    ...lines,
  ].join('\n')
}

/**
 * The shortest story that still fails: halves, quarters and single beats are left out as long as the failure stays
 * (delta debugging), then groups are taken out of edits.
 */
export async function shrink(
  story: Story,
  fails: (shorter: Story) => Promise<boolean>,
  triesMax = 400,
): Promise<Story> {
  let best = story
  let tries = 0
  const attempt = async (beats: readonly Beat[]): Promise<boolean> => {
    if (tries++ >= triesMax || beats.length === 0) return false
    const candidate = { ...best, beats }
    if (!(await fails(candidate))) return false
    best = candidate
    return true
  }
  for (let size = Math.ceil(best.beats.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.beats.length;) {
      const kept = [...best.beats.slice(0, from), ...best.beats.slice(from + size)]
      if (!(await attempt(kept))) from += size
    }
  }
  for (let n = 0; n < best.beats.length; n++) {
    const beat = best.beats[n]
    if (beat?.do === 'pass' && beat.during?.length) await attempt(best.beats.with(n, { do: 'pass' }))
    if (beat?.do === 'edit' && beat.groups.length > 1) {
      for (const group of beat.groups)
        if (await attempt(best.beats.with(n, { ...beat, groups: [group] }))) break
    }
  }
  return best
}
