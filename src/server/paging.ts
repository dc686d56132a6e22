import { findPage, type FoundPage } from '../store/listing.ts'
import type { Sql } from '../store/database.ts'

/** The end of a list's statement: order by an allow-listed name, then a page. */
export interface Paging {
  readonly page: number
  readonly size: number
  readonly sort: string
  readonly q?: string | undefined
}

/** SQL to sort by. What is never null says so: only then an index can give its order downwards. */
export type SortColumn = string | { readonly neverNull: string }

/**
 * ` order by … limit … offset …`. `columns` maps each sort name of the contract to SQL; nothing that a caller typed
 * gets into the statement. `tie` makes the order total, so that pages neither repeat nor skip a row; it is never null.
 * `first` is an order that comes before any that is asked for.
 */
export function orderAndPage(
  paging: Paging,
  columns: { readonly [name: string]: SortColumn },
  tie: string,
  first?: string,
): string {
  const direction = paging.sort.startsWith('-') ? 'desc' : 'asc'
  const column = columns[paging.sort.replace(/^-/, '')] ?? { neverNull: tie }
  const by =
    typeof column === 'string' ? `${column} ${direction} nulls last` : `${column.neverNull} ${direction}`
  return ` order by ${first === undefined ? '' : `${first}, `}${by}, ${tie} ${direction} limit ${paging.size} offset ${(paging.page - 1) * paging.size}`
}

interface List {
  /** `from … where …` */
  readonly from: string
  readonly values: readonly unknown[]
  readonly columns: { readonly [name: string]: SortColumn }
  /** The id of a row: `o.id`. */
  readonly id: string
  readonly first?: string
}
/** The ids of the page that is asked for, and the total. */
export const pageIds = (sql: Sql, paging: Paging, list: List): Promise<FoundPage> =>
  findPage(sql, {
    ...{ id: list.id, from: list.from, values: list.values },
    order: orderAndPage(paging, list.columns, list.id, list.first),
    isSearch: likeOf(paging.q) !== null,
  })

export const pageOf = <T>(
  items: readonly T[],
  total: number,
  paging: Paging,
): { items: T[]; page: number; size: number; total: number } => ({
  items: [...items],
  page: paging.page,
  size: paging.size,
  total,
})

/** For `ilike` and `contains`: what was typed is looked for as it is, `%` and `_` too. Null: everything. */
export const likeOf = (q: string | undefined): string | null =>
  q === undefined || q.trim() === '' ? null : `%${q.trim().replace(/[\\%_]/g, '\\$&')}%`
