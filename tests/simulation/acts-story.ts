import type { ActsBeat, Answered } from './acts-beats.ts'
import type { Chance } from './chance.ts'
import {
  type Beat,
  EVENT_GROUPS,
  type Resource,
  type Shape,
  type Story,
  TASK_GROUPS,
  type Who,
  randomStory,
} from './story.ts'

/**
 * The stories of the acts layer: those of the engine layer, and between them people who take back what the sync did,
 * restore, cut series in two, invite and answer; and Ben, who has a mailbox of his own.
 */
export function actsStory(seed: string, dice: Chance, shape: Shape): Story {
  const plain = randomStory(seed, dice, shape, 36)
  const more = dice.split('acts')
  const count = { meetings: 0, splits: 0, own: 0 }
  const known: { readonly item: string; readonly resource: Resource }[] = []
  const meetings: string[] = []
  const bens: { readonly item: string; readonly resource: Resource }[] = []
  const who = (): Who => more.pick(['crm', 'outlook'] as const)
  const some = (resource?: Resource): string | undefined => {
    const fitting = known.filter((each) => resource === undefined || each.resource === resource)
    return fitting.length === 0 ? undefined : more.pick(fitting).item
  }
  const one = (item: string | undefined, beats: (item: string) => readonly Beat[]): readonly Beat[] =>
    item === undefined ? [] : beats(item)
  const meeting = (): string | undefined => (meetings.length === 0 ? undefined : more.pick(meetings))
  const made = (): Beat => {
    const resource = more.pick(['event', 'series', 'task'] as const)
    known.push({ item: `u${++count.own}`, resource })
    return { do: 'create', who: who(), item: `u${count.own}`, resource }
  }
  const invite = (): readonly Beat[] => {
    meetings.push(`v${++count.meetings}`)
    const item = `v${count.meetings}`
    const soon = more.yes(0.6) ? [PASS, ...answered(more, item)] : more.yes(0.5) ? [PASS] : []
    return [{ do: 'invited', item, group: 'new' }, ...soon]
  }
  const split = (item: string): readonly Beat[] => {
    known.push({ item: `t${++count.splits}`, resource: 'series' })
    return [{ do: 'split', who: who(), item, nth: more.below(6), as: `t${count.splits}` }]
  }

  const beats: Beat[] = []
  for (const beat of plain.beats) {
    beats.push(beat)
    if (beat.do === 'create') known.push({ item: beat.item, resource: beat.resource })
    if (!more.yes(0.45)) continue
    beats.push(
      ...more.weighted<() => readonly Beat[]>([
        [5, () => [undo(more, some())]],
        [
          4,
          () =>
            one(some(), (item) => [
              edit(more, known, item, who()),
              PASS,
              ...between(more, known, item),
              undo(more, item),
            ]),
        ],
        [3, () => [made(), PASS, ...between(more, known, `u${count.own}`), undo(more, `u${count.own}`)]],
        [3, () => one(some(), (item) => [{ do: 'delete', who: who(), item }, PASS, undo(more, item)])],
        [3, () => one(some(), (item) => [{ do: 'restore', item }])],
        [3, () => one(some(), (item) => restoring(more, item, who(), 'subject'))],
        [2, () => one(meeting(), (item) => restoring(more, item, who(), 'categories'))],
        [4, () => one(some('series'), split)],
        [5, invite],
        [4, () => one(meeting(), (item) => [changed(more, item)])],
        [12, () => one(meeting(), (item) => answered(more, item))],
        [2, () => one(meeting(), (item) => [meetingEdit(more, item, who())])],
        [4, () => one(some('event'), (item) => [{ do: 'edit', who: who(), item, groups: ['guests'] }])],
        [3, () => one(some('event'), (item) => [{ do: 'replied', item, answer: more.pick(ANSWERS) }])],
        [6, () => [other(more, bens)]],
        [2, () => [{ do: 'answer', nth: more.below(20), side: more.pick(['crm', 'mailbox'] as const) }]],
        [3, () => [{ do: 'decide', yes: more.yes(0.7) }]],
      ])(),
    )
  }
  return { ...plain, beats }
}

const PASS: Beat = { do: 'pass' }
const ANSWERS: readonly Answered[] = ['accepted', 'tentative', 'declined']

/** One undo in three is looked at first; in the middle of one in three somebody works in Outlook. */
function undo(more: Chance, item: string | undefined): ActsBeat {
  const of = more.pick(['run', 'item', 'write'] as const)
  const nth = more.weighted([
    [4, 0],
    [2, 1],
    [1, 2 + more.below(6)],
  ] as const)
  const shown = more.yes(0.33)
  const group = more.pick(['subject', 'body', 'categories'] as const)
  if (shown || item === undefined || !more.yes(0.33)) return { do: 'undo', of, nth, shown }
  const beat: Beat = more.yes(0.8)
    ? { do: 'edit', who: 'outlook', item, groups: [group] }
    : { do: 'delete', who: 'outlook', item }
  return { do: 'undo', of, nth, shown, during: { at: more.next(), beat } }
}

type Known = readonly { readonly item: string; readonly resource: Resource }[]

function edit(more: Chance, known: Known, item: string, who: Who): Beat {
  const resource = known.find((each) => each.item === item)?.resource ?? 'event'
  if (resource === 'series' && more.yes(0.5))
    return {
      do: 'occurrence',
      who,
      item,
      nth: more.below(6),
      group: more.pick(['subject', 'location', 'cancelled'] as const),
    }
  const groups =
    resource === 'task' ? TASK_GROUPS : EVENT_GROUPS.filter((each) => each !== 'time' || resource === 'event')
  return {
    do: 'edit',
    who,
    item,
    groups: more.yes(0.5) ? [more.pick(groups)] : [more.pick(groups), more.pick(groups)],
  }
}

/** What a person does after a write and before it is undone. */
const between = (more: Chance, known: Known, item: string): readonly Beat[] =>
  more.yes(0.5)
    ? []
    : [edit(more, known, item, more.pick(['crm', 'outlook'] as const)), ...(more.yes(0.3) ? [PASS] : [])]

/** Deleted, perhaps carried over, and taken out of quarantine, while the other side may have gone on. */
function restoring(more: Chance, item: string, who: Who, group: 'subject' | 'categories'): readonly Beat[] {
  const other: Who = who === 'crm' ? 'outlook' : 'crm'
  return [
    { do: 'delete', who, item },
    ...(more.yes(0.3) ? [{ do: 'edit', who: other, item, groups: [group] } as const] : []),
    ...(more.yes(0.7) ? [PASS] : []),
    { do: 'restore', item },
  ]
}

const changed = (more: Chance, item: string): Beat => ({
  do: 'invited',
  item,
  group: more.pick(['subject', 'body', 'location', 'time', 'time', 'off'] as const),
})

/** On one side; on both with the same or another answer; while a write of it is on its way. */
function answered(more: Chance, item: string): readonly Beat[] {
  const reply = (who: Who): Beat => ({ do: 'reply', who, item, answer: more.pick(ANSWERS) })
  return more.weighted<() => readonly Beat[]>([
    [3, () => [reply('crm')]],
    [3, () => [reply('outlook')]],
    [2, () => [reply('crm'), reply('outlook'), PASS]],
    [2, () => [reply('crm'), { do: 'pass', during: [{ at: more.next(), beat: reply('outlook') }] }]],
    [1, () => [reply('crm'), { do: 'pass', during: [{ at: more.next(), beat: changed(more, item) }] }]],
  ])()
}

/** Of somebody else's meeting Outlook lets a person change their own marks; the CRM's store would take anything. */
const meetingEdit = (more: Chance, item: string, who: Who): Beat => ({
  do: 'edit',
  who,
  item,
  groups: [
    who === 'crm'
      ? more.pick(['categories', 'reminder', 'showAs', 'body'] as const)
      : more.pick(['categories', 'reminder', 'showAs'] as const),
  ],
})

function other(more: Chance, bens: { item: string; resource: Resource }[]): Beat {
  const who = more.pick(['crm', 'outlook'] as const)
  if (bens.length === 0 || (bens.length < 4 && more.yes(0.3))) {
    const resource = more.pick(['event', 'series', 'task'] as const)
    const item = `b${bens.length + 1}`
    bens.push({ item, resource })
    return { do: 'other', beat: { do: 'create', who, item, resource } }
  }
  const { item } = more.pick(bens)
  return { do: 'other', beat: more.yes(0.1) ? { do: 'delete', who, item } : edit(more, bens, item, who) }
}

export function actsShape(dice: Chance): Shape {
  return {
    direction: dice.weighted([
      [9, 'both'],
      [1, 'crm-to-mailbox'],
      [1, 'mailbox-to-crm'],
    ] as const),
    conflict: dice.weighted([
      [3, 'newest'],
      [2, 'crm'],
      [2, 'mailbox'],
      [2, 'ask'],
    ] as const),
    ...(dice.yes(0.3) ? { guard: 2 } : {}),
  }
}
