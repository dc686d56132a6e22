import { keepPreviousData, useQueries } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiInput } from '../../../server/api/api.ts'
import { ask } from '../../api/client.ts'
import { tasks as t } from '../../text/en/tasks.ts'
import type { Task } from './use-task.ts'

export const STATUSES = Object.keys(t.statuses) as readonly Task['status'][]
const FIRST_CARDS = 30
const CARDS_MAX = 500

type Filters = NonNullable<ApiInput<'GET /api/tasks'>['query']>
export interface BoardTasks {
  readonly tasks: readonly Task[]
  readonly totals: ReadonlyMap<Task['status'], number>
  readonly isLoading: boolean
  readonly error: Error | null
  readonly more: (status: Task['status']) => void
}

/** A column is a question of its own, so that ten thousand open tasks do not hide the few that are in progress. */
export function useBoard(filters: Filters, enabled: boolean): BoardTasks {
  const [sizes, setSizes] = useState<Partial<Record<Task['status'], number>>>({})
  const sizeOf = (status: Task['status']): number => sizes[status] ?? FIRST_CARDS
  const columns = useQueries({
    queries: STATUSES.map((status) => ({
      ...ask('GET /api/tasks', { query: { ...filters, status, page: 1, size: sizeOf(status) } }),
      enabled,
      placeholderData: keepPreviousData,
    })),
  })
  // A card that was moved is drawn where it went before the columns are asked again; then it may come twice.
  const byId = new Map(columns.flatMap(({ data }) => data?.items ?? []).map((task) => [task.id, task]))
  return {
    tasks: [...byId.values()],
    totals: new Map(STATUSES.map((status, index) => [status, columns[index]?.data?.total ?? 0])),
    isLoading: columns.some(({ data, error }) => data === undefined && error === null),
    error: columns.find(({ error }) => error !== null)?.error ?? null,
    more: (status) => setSizes({ ...sizes, [status]: Math.min(CARDS_MAX, sizeOf(status) + 2 * FIRST_CARDS) }),
  }
}
