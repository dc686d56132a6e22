import type { ApiInput } from '../server/api/api.ts'
import { ask, type GetRoute } from './api/client.ts'
import { pagingOf, type Search } from './ui/url-state.ts'

/**
 * What a list asks first, by its address. The page asks it when it is drawn, the router already when it is gone to (or
 * pointed at): so the answer is on its way while the page is being made.
 */
type Query<K extends GetRoute> = NonNullable<ApiInput<K> extends { query?: infer Q } ? Q : never>

/** What the address says of these names. The server judges the values; a wrong one is its refusal. */
const given = (url: Search, ...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = url[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
const allowed = (url: Search, name: string, values: readonly string[]): Record<string, string> =>
  values.includes(url[name] ?? '') ? given(url, name) : {}
const upOrDown = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [name, `-${name}`])

const OPEN = ['notStarted', 'inProgress', 'waitingOnOthers', 'deferred'].join(',')
export const taskFilters = (url: Search): Query<'GET /api/tasks'> => {
  const { q } = pagingOf(url)
  return {
    ...(q !== undefined && { q }),
    ...given(url, 'list', 'due', 'importance'),
  } as Query<'GET /api/tasks'>
}
export const askTaskLists = () => ask('GET /api/task-lists', {})
export function askTasks(url: Search) {
  const { page, size } = pagingOf(url)
  const status = url['status'] ?? (url['done'] === 'yes' ? undefined : OPEN)
  return ask('GET /api/tasks', {
    query: { page, size, ...(status !== undefined && { status }), ...taskFilters(url) },
  })
}

export const BOARD_CARDS = 30
export const BOARD_STATUSES = [
  'notStarted',
  'inProgress',
  'waitingOnOthers',
  'deferred',
  'completed',
] as const
export const askColumn = (filters: Query<'GET /api/tasks'>, status: string, size = BOARD_CARDS) =>
  ask('GET /api/tasks', { query: { ...filters, status, page: 1, size } })

export const askKinds = () => ask('GET /api/record-kinds', {})
export const askRecords = (kind: string, url: Search) =>
  ask('GET /api/records/:kind', {
    params: { kind } as ApiInput<'GET /api/records/:kind'>['params'],
    query: {
      ...pagingOf(url),
      ...allowed(url, 'sort', upOrDown('title', 'modifiedAt', 'createdAt')),
      ...given(url, 'owner', 'account'),
    } as Query<'GET /api/records/:kind'>,
  })

type ConflictQuery = Query<'GET /api/conflicts'>
export const conflictFilters = (url: Search) =>
  given(url, 'mailbox', 'channel', 'kind') as {
    readonly [N in 'mailbox' | 'channel' | 'kind']?: NonNullable<ConflictQuery[N]>
  }
export function askConflicts(url: Search) {
  const state = url['state'] ?? 'open'
  return ask('GET /api/conflicts', {
    query: {
      ...pagingOf(url),
      ...conflictFilters(url),
      ...given(url, 'record'),
      ...(state !== 'all' && { state }),
    } as Query<'GET /api/conflicts'>,
  })
}

export const historyFilters = (url: Search) =>
  ({
    ...given(url, 'mailbox', 'channel', 'side', 'do', 'state', 'rule', 'run', 'record'),
    ...(url['from'] !== undefined && { from: new Date(`${url['from']}T00:00:00`).toISOString() }),
    ...(url['to'] !== undefined && { to: new Date(`${url['to']}T23:59:59`).toISOString() }),
  }) as Omit<Query<'GET /api/history'>, 'page' | 'size' | 'sort' | 'q'>
export const askHistory = (url: Search) =>
  ask('GET /api/history', { query: { ...pagingOf(url), ...historyFilters(url) } })

export function askRuns(url: Search) {
  const { page, size } = pagingOf(url)
  return ask('GET /api/runs', {
    query: {
      ...{ page, size, writes: url['writes'] === 'any' ? 'any' : 'some' },
      ...given(url, 'mailbox', 'channel', 'state', 'trigger'),
      ...allowed(url, 'sort', ['startedAt']),
    } as Query<'GET /api/runs'>,
  })
}

export const askUsers = (url: Search) =>
  ask('GET /api/users', {
    query: {
      ...pagingOf(url),
      ...allowed(url, 'sort', upOrDown('name', 'email', 'lastSignInAt')),
      ...given(url, 'role'),
    } as Query<'GET /api/users'>,
  })
export const askMailboxes = (url: Search) =>
  ask('GET /api/mailboxes', {
    query: {
      ...pagingOf(url),
      ...allowed(url, 'sort', ['-address']),
      ...given(url, 'state'),
    } as Query<'GET /api/mailboxes'>,
  })
export const askMailroomLog = (url: Search) =>
  ask('GET /api/mailroom/log', {
    query: { ...pagingOf(url), ...given(url, 'mailbox', 'outcome') } as Query<'GET /api/mailroom/log'>,
  })
