import type { ReactNode } from 'react'
import { text } from '../text/en.ts'
import { Empty, Trouble } from './page.tsx'
import { DataTable, SearchField, Toolbar, type Page, type TableProps } from './table.tsx'

interface ListProps<Row> extends Omit<TableProps<Row>, 'page' | 'empty'> {
  readonly of: { readonly data: Page<Row> | undefined; readonly error: Error | null }
  readonly search?: string
  readonly filters?: ReactNode
  /** At the far end of the bar. */
  readonly end?: ReactNode
  /** What is said when there is nothing. */
  readonly empty: string
}
/** A list whole: search and filters, what went wrong, the table with its pages, or that there is nothing. */
export function List<Row>({ of, search, filters, end, empty, ...table }: ListProps<Row>) {
  return (
    <>
      {of.error && <Trouble error={of.error} />}
      <Toolbar end={end}>
        <SearchField placeholder={search ?? text.common.search} />
        {filters}
      </Toolbar>
      <DataTable {...table} page={of.data} empty={<Empty>{empty}</Empty>} />
    </>
  )
}
