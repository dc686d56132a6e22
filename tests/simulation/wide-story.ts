import type { Chance } from './chance.ts'
import { type Fault, type Rates, WIDE_FAULTS, swarm } from './faults.ts'
import { MOVE_NAMES } from './scenarios.ts'
import { type Beat, type Resource, type Shape, type Story, type Who, randomStory } from './story.ts'

/**
 * The stories of the wide layer: those of the engine layer, with more in them. Both people meet on one item in a cell
 * of the conflict matrix, all cells alike, so that none stays empty; events leave the period, series get another
 * pattern, Microsoft refuses something, deletions are held and decided, conflicts are answered, mails are sent.
 */
export function wideStory(seed: string, dice: Chance, shape: Shape): Story {
  const plain = randomStory(seed, dice, shape, 40)
  const more = dice.split('more')
  const names = { items: 0, mails: 0 }
  const known: { item: string; resource: Resource }[] = []
  const who = (): Who => more.pick(['crm', 'outlook'] as const)
  const some = (resource: Resource): string | undefined => {
    const fitting = known.filter((each) => each.resource === resource)
    return fitting.length === 0 ? undefined : more.pick(fitting).item
  }
  const beats: Beat[] = []
  for (const beat of plain.beats) {
    beats.push(beat)
    if (beat.do === 'create') known.push({ item: beat.item, resource: beat.resource })
    if (!more.yes(0.25)) continue
    beats.push(
      ...more.weighted<() => readonly Beat[]>([
        [8, () => meeting(more, `m${++names.items}`, who())],
        [3, () => haste(more, `h${++names.items}`, who())],
        [3, () => race(more, known)],
        [2, () => [{ do: 'poison', who: 'crm', item: `p${++names.items}` }]],
        [3, () => deletions(more, known)],
        [3, () => edits(some('event'), (item) => ({ do: 'edit', who: who(), item, groups: ['away'] }))],
        [4, () => edits(some('event'), (item) => ({ do: 'edit', who: who(), item, groups: ['attendees'] }))],
        [
          3,
          () =>
            edits(some('series'), (item) => ({ do: 'pattern', who: who(), item, count: 3 + more.below(6) })),
        ],
        [2, () => [{ do: 'answer', nth: more.below(20), side: more.pick(['crm', 'mailbox'] as const) }]],
        [2, () => [{ do: 'decide', yes: more.yes(0.6) }]],
        [1, () => [{ do: 'preview' }]],
        [3, () => [{ do: 'send', mail: `n${++names.mails}` }]],
      ])(),
    )
  }
  return { ...plain, beats }
}

const edits = (item: string | undefined, beat: (item: string) => Beat): readonly Beat[] =>
  item === undefined ? [] : [beat(item)]

/** An item of its own for a cell, in step before the two meet on it. */
function meeting(more: Chance, item: string, first: Who): readonly Beat[] {
  const resource = more.pick(['event', 'series', 'task'] as const)
  return [
    { do: 'create', who: first, item, resource },
    { do: 'pass' },
    { do: 'meet', item, resource, first, crm: more.pick(MOVE_NAMES), outlook: more.pick(MOVE_NAMES) },
    { do: 'pass' },
  ]
}

/** Somebody changes or deletes an item while its first write is still on its way. */
function haste(more: Chance, item: string, who: Who): readonly Beat[] {
  const resource = more.pick(['event', 'series', 'task'] as const)
  const beat: Beat = more.yes(0.6)
    ? { do: 'delete', who, item }
    : { do: 'edit', who, item, groups: [more.pick(['subject', 'body', 'categories'] as const)] }
  return [
    { do: 'create', who, item, resource },
    { do: 'pass', during: [{ at: 2.5 * more.next(), beat }] },
  ]
}

/** One deletes, and while that is carried out the other edits. */
function race(more: Chance, known: readonly { readonly item: string }[]): readonly Beat[] {
  if (known.length === 0) return []
  const { item } = more.pick(known)
  const deletes = more.pick(['crm', 'outlook'] as const)
  const group = more.pick(['subject', 'body', 'categories'] as const)
  const beat: Beat = { do: 'edit', who: deletes === 'crm' ? 'outlook' : 'crm', item, groups: [group] }
  return [
    { do: 'delete', who: deletes, item },
    { do: 'pass', during: [{ at: more.next(), beat }] },
  ]
}

/** So many at once that a low guard holds them. */
function deletions(more: Chance, known: readonly { readonly item: string }[]): readonly Beat[] {
  const who = more.pick(['crm', 'outlook'] as const)
  return known.slice(0, 3 + more.below(3)).map(({ item }) => ({ do: 'delete', who, item }))
}

export function wideSwarm(dice: Chance): Rates {
  const rates: Partial<Record<Fault, number>> = { ...swarm(dice) }
  for (const fault of WIDE_FAULTS) delete rates[fault] // the plain worlds draw some of them and do not have them
  const share = dice.pick([0, 0.2, 0.5])
  for (const fault of WIDE_FAULTS) if (dice.yes(share)) rates[fault] = dice.pick([0.01, 0.03, 0.08])
  return rates
}

export function wideShape(dice: Chance): Shape {
  return {
    direction: dice.weighted([
      [8, 'both'],
      [1, 'crm-to-mailbox'],
      [1, 'mailbox-to-crm'],
    ] as const),
    conflict: dice.pick(['crm', 'mailbox', 'ask'] as const),
    ...(dice.yes(0.5) ? { guard: 2 } : {}),
  }
}
