import type { Beat, Resource, Shape, Story, Who } from './story.ts'

/**
 * The scripted scenarios of the exhaustive layer: every pair of acts that two people can do to one item between two
 * passes, for each resource. Each is played once to count its awaits, then once for each await with a crash there, and
 * once for each write with its answer lost.
 */
type Move = (who: Who, resource: Resource) => readonly Beat[]

const item = 'i1'
const edit =
  (groups: (resource: Resource) => readonly string[]): Move =>
  (who, resource) => [{ do: 'edit', who, item, groups: groups(resource) }]

const MOVES: Readonly<Record<string, Move>> = {
  nothing: () => [],
  title: edit(() => ['subject']),
  text: edit(() => ['body']),
  date: edit((resource) => [resource === 'task' ? 'due' : resource === 'series' ? 'location' : 'time']),
  'two groups': edit(() => ['subject', 'categories']),
  mark: edit((resource) => [resource === 'task' ? 'steps' : 'reminder']),
  delete: (who) => [{ do: 'delete', who, item }],
  'edit and delete': (who) => [
    { do: 'edit', who, item, groups: ['subject'] },
    { do: 'delete', who, item },
  ],
  occurrence: (who, resource) =>
    resource === 'series'
      ? [{ do: 'occurrence', who, item, nth: 1, group: 'subject' }]
      : [{ do: 'edit', who, item, groups: ['importance'] }],
  'take out': (who, resource) =>
    resource === 'series'
      ? [{ do: 'occurrence', who, item, nth: 1, group: 'cancelled' }]
      : resource === 'task'
        ? [{ do: 'complete', who, item }]
        : [{ do: 'edit', who, item, groups: ['showAs', 'subject'] }],
}
export const MOVE_NAMES = Object.keys(MOVES)
const RESOURCES: readonly Resource[] = ['event', 'series', 'task']

export interface Scenario {
  readonly story: Story
  readonly resource: Resource
  readonly crm: string
  readonly outlook: string
}

export function scenarios(shape: Shape): readonly Scenario[] {
  const all: Scenario[] = []
  for (const resource of RESOURCES) {
    for (const [n, crm] of MOVE_NAMES.entries()) {
      for (const [m, outlook] of MOVE_NAMES.entries()) {
        const first: Who = (n + m) % 2 === 0 ? 'crm' : 'outlook'
        const begin: Beat[] = [{ do: 'create', who: first, item, resource }, { do: 'pass' }]
        const beats: Beat[] = [
          ...begin,
          ...(MOVES[crm]?.('crm', resource) ?? []),
          ...(MOVES[outlook]?.('outlook', resource) ?? []),
          { do: 'pass' },
        ]
        all.push({
          resource,
          crm,
          outlook,
          story: { name: `${resource}: ${crm} in the CRM, ${outlook} in Outlook`, shape, beats },
        })
      }
    }
  }
  return all
}
