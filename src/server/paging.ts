/** The end of a list's statement: order by an allow-listed name, then a page. */
export interface Paging {
  readonly page: number
  readonly size: number
  readonly sort: string
  readonly q?: string | undefined
}

/**
 * ` order by … limit … offset …`. `columns` maps each sort name of the contract to SQL; nothing that a caller typed
 * gets into the statement. `tie` makes the order total, so that pages neither repeat nor skip a row.
 */
export function orderAndPage(
  paging: Paging,
  columns: { readonly [name: string]: string },
  tie: string,
): string {
  const down = paging.sort.startsWith('-')
  const column = columns[paging.sort.replace(/^-/, '')] ?? tie
  const direction = down ? 'desc' : 'asc'
  return ` order by ${column} ${direction} nulls last, ${tie} ${direction} limit ${paging.size} offset ${(paging.page - 1) * paging.size}`
}

/**
 * Rows in the order of the ids that they were asked by: the ids of a page are found first, so that a sort of ten
 * thousand rows carries nothing else.
 */
export function inOrder<T extends { readonly id: string }>(
  ids: readonly { readonly id: string }[],
  rows: readonly T[],
): readonly T[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap(({ id }) => byId.get(id) ?? [])
}

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

/** For `ilike`: what was typed is looked for as it is, `%` and `_` too. Null: everything. */
export const likeOf = (q: string | undefined): string | null =>
  q === undefined || q.trim() === '' ? null : `%${q.trim().replace(/[\\%_]/g, '\\$&')}%`
