import { useQueries } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { ask, type Answer } from '../../api/client.ts'
import { isLeaving } from './leaving.ts'
import { PAGE_ROWS, pagesFor, type ListQuery } from './query.ts'
import type { Row } from './use-mail.ts'

type ListPage = Answer<'GET /api/mail/messages'>
export interface Rows {
  readonly total: number | undefined
  readonly threaded: boolean
  readonly indexing: ListPage['indexing'] | undefined
  readonly at: (index: number) => Row | undefined
  readonly loaded: readonly Row[]
  readonly error: Error | null
  readonly retry: () => void
  /** What is shown is the answer to the question before this one. */
  readonly old: boolean
  readonly look: (first: number, last: number) => void
}

/** What was deleted on the screen is not shown again while it can still be taken back. */
function staying(page: ListPage | undefined): ListPage | undefined {
  if (!page?.items.some((row) => isLeaving(row.id))) return page
  const items = page.items.filter((row) => !isLeaving(row.id))
  return { ...page, items, total: page.total - (page.items.length - items.length) }
}

/** A list as long as the folder, of which only the pages are asked for that are looked at. */
export function useRows(query: ListQuery, enabled: boolean): Rows {
  const [seen, setSeen] = useState({ first: 0, last: 0 })
  const name = JSON.stringify(query)
  const [asked, setAsked] = useState(name)
  if (asked !== name) {
    setAsked(name)
    setSeen({ first: 0, last: 0 })
  }
  const pages = pagesFor(seen.first, seen.last)
  const answers = useQueries({
    queries: pages.map((page) => ({
      ...ask('GET /api/mail/messages', { query: { ...query, page } }),
      enabled,
    })),
  })
  const byPage = new Map(pages.map((page, i) => [page, staying(answers[i]?.data)]))
  const first = [...byPage.values()].find((one) => one !== undefined)
  const held = useRef<ListPage | undefined>(undefined)
  const fresh = byPage.get(1)
  useEffect(() => {
    if (fresh !== undefined) held.current = fresh
  }, [fresh])
  const failed = answers.find((one) => one.error !== null)
  const old = first === undefined && held.current !== undefined && failed === undefined
  const shown = first ?? (old ? held.current : undefined)
  const at = (index: number): Row | undefined => {
    const page = Math.floor(index / PAGE_ROWS) + 1
    const rows = old && page === 1 ? held.current : byPage.get(page)
    return rows?.items[index - (page - 1) * PAGE_ROWS]
  }
  return {
    total: shown?.total,
    threaded: shown?.threaded ?? false,
    indexing: shown?.indexing,
    at,
    loaded: (old ? [held.current] : [...byPage.values()]).flatMap((page) => page?.items ?? []),
    error: first === undefined ? (failed?.error ?? null) : null,
    retry: () => void failed?.refetch(),
    old,
    look: (from, to) => {
      const [now, next] = [pages, pagesFor(from, to)]
      if (now[0] !== next[0] || now.at(-1) !== next.at(-1)) setSeen({ first: from, last: to })
    },
  }
}
