import type { Beat, Resource, Shape, Story, Who } from './story.ts'

/**
 * The scripted scenarios of the exhaustive layers: every pair of acts that two people can do to one item between two
 * passes, for each resource. Each is played once to count its awaits, then once for each await with a crash there, and
 * once for each write with its answer lost.
 */
type Move = (who: Who, resource: Resource, item: string) => readonly Beat[]

const edit =
  (groups: (resource: Resource) => readonly string[]): Move =>
  (who, resource, item) => [{ do: 'edit', who, item, groups: groups(resource) }]

const MOVES: Readonly<Record<string, Move>> = {
  nothing: () => [],
  title: edit(() => ['subject']),
  text: edit(() => ['body']),
  date: edit((resource) => [resource === 'task' ? 'due' : resource === 'series' ? 'location' : 'time']),
  'two groups': edit(() => ['subject', 'categories']),
  mark: edit((resource) => [resource === 'task' ? 'steps' : 'reminder']),
  delete: (who, _resource, item) => [{ do: 'delete', who, item }],
  'edit and delete': (who, _resource, item) => [
    { do: 'edit', who, item, groups: ['subject'] },
    { do: 'delete', who, item },
  ],
  occurrence: (who, resource, item) =>
    resource === 'series'
      ? [{ do: 'occurrence', who, item, nth: 1, group: 'subject' }]
      : [{ do: 'edit', who, item, groups: ['importance'] }],
  'take out': (who, resource, item) =>
    resource === 'series'
      ? [{ do: 'occurrence', who, item, nth: 1, group: 'cancelled' }]
      : resource === 'task'
        ? [{ do: 'complete', who, item }]
        : [{ do: 'edit', who, item, groups: ['showAs', 'subject'] }],
}
export const MOVE_NAMES = Object.keys(MOVES)
const RESOURCES: readonly Exclude<Resource, 'message'>[] = ['event', 'series', 'task']

/** What one person does to an item in a cell of the conflict matrix. */
export const movesOf = (move: string, who: Who, resource: Resource, item: string): readonly Beat[] =>
  MOVES[move]?.(who, resource, item) ?? []

export const cellName = (resource: Resource, crm: string, outlook: string): string =>
  `${resource}: ${crm} / ${outlook}`

/** All cells of the conflict matrix: what the CRM person does × what the Outlook person does × what it is. */
export const MATRIX: readonly string[] = RESOURCES.flatMap((resource) =>
  MOVE_NAMES.flatMap((crm) => MOVE_NAMES.map((outlook) => cellName(resource, crm, outlook))),
)

/** The scenarios whose crash points are also taken in pairs, as acts in the CRM / acts in Outlook. */
const CORE: Readonly<Record<Exclude<Resource, 'message'>, readonly string[]>> = {
  event: [
    'nothing / text',
    'text / nothing',
    'title / title',
    'title / delete',
    'delete / title',
    'two groups / date',
    'edit and delete / mark',
  ],
  series: [
    'nothing / take out',
    'occurrence / nothing',
    'occurrence / occurrence',
    'occurrence / take out',
    'take out / occurrence',
    'title / delete',
    'delete / occurrence',
  ],
  task: [
    'nothing / mark',
    'mark / mark',
    'mark / title',
    'take out / text',
    'title / delete',
    'delete / mark',
  ],
}

export interface Scenario {
  readonly story: Story
  readonly resource: Exclude<Resource, 'message'>
  readonly crm: string
  readonly outlook: string
  readonly isCore: boolean
}

export function scenarios(shape: Shape): readonly Scenario[] {
  const item = 'i1'
  const all: Scenario[] = []
  for (const resource of RESOURCES) {
    for (const [n, crm] of MOVE_NAMES.entries()) {
      for (const [m, outlook] of MOVE_NAMES.entries()) {
        const first: Who = (n + m) % 2 === 0 ? 'crm' : 'outlook'
        const begin: Beat[] = [{ do: 'create', who: first, item, resource }, { do: 'pass' }]
        const beats: Beat[] = [
          ...begin,
          ...movesOf(crm, 'crm', resource, item),
          ...movesOf(outlook, 'outlook', resource, item),
          { do: 'pass' },
        ]
        all.push({
          resource,
          crm,
          outlook,
          isCore: CORE[resource].includes(`${crm} / ${outlook}`),
          story: { name: `${resource}: ${crm} in the CRM, ${outlook} in Outlook`, shape, beats },
        })
      }
    }
  }
  return all
}
