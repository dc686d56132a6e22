import { keepPreviousData, useQueries } from '@tanstack/react-query'
import { useState } from 'react'
import type { Answer } from '../../api/client.ts'
import { askColumn, BOARD_CARDS, BOARD_STATUSES, type taskFilters } from '../../asks.ts'
import type { Task } from './use-task.ts'

export const STATUSES: readonly Task['status'][] = BOARD_STATUSES
const CARDS_MAX = 500

export interface BoardTasks {
  readonly tasks: readonly Task[]
  readonly totals: ReadonlyMap<Task['status'], number>
  readonly isLoading: boolean
  readonly error: Error | null
  readonly more: (status: Task['status']) => void
}

/** A column is a question of its own, so that ten thousand open tasks do not hide the few that are in progress. */
export function useBoard(filters: ReturnType<typeof taskFilters>, enabled: boolean): BoardTasks {
  const [sizes, setSizes] = useState<Partial<Record<Task['status'], number>>>({})
  const sizeOf = (status: Task['status']): number => sizes[status] ?? BOARD_CARDS
  const { columns, isLoading, error } = useQueries({
    queries: STATUSES.map((status) => ({
      ...askColumn(filters, status, sizeOf(status)),
      enabled,
      placeholderData: keepPreviousData,
    })),
    combine: together,
  })
  // A card that was moved is drawn where it went before the columns are asked again; then it may come twice.
  const byId = new Map(columns.flatMap((column) => column?.items ?? []).map((task) => [task.id, task]))
  return {
    tasks: [...byId.values()],
    totals: new Map(STATUSES.map((status, index) => [status, columns[index]?.total ?? 0])),
    isLoading,
    error,
    more: (status) => setSizes({ ...sizes, [status]: Math.min(CARDS_MAX, sizeOf(status) + 2 * BOARD_CARDS) }),
  }
}

interface Asked {
  readonly data: Answer<'GET /api/tasks'> | undefined
  readonly error: Error | null
}
/** The board is drawn when all columns are there, and not again for each that comes. */
const together = (asked: readonly Asked[]) => {
  const isLoading = asked.some(({ data, error }) => data === undefined && error === null)
  return {
    isLoading,
    columns: isLoading ? [] : asked.map(({ data }) => data),
    error: asked.find(({ error }) => error !== null)?.error ?? null,
  }
}
