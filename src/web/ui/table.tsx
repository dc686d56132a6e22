import { ActionIcon, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronLeft,
  IconChevronRight,
  IconSearch,
} from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, type MouseEvent, type ReactNode } from 'react'
import { text } from '../text/en.ts'
import { useKeys } from './keys.ts'
import { Skeleton } from './page.tsx'
import css from './table.module.css'
import { useUrl } from './url-state.ts'

export interface Column<Row> {
  readonly key: string
  readonly label: string
  /** The name in the server's allow-list; left out: cannot be sorted. */
  readonly sort?: string
  readonly right?: boolean
  /** Narrower screens leave it out. */
  readonly from?: 'tablet' | 'desk'
  readonly cell: (row: Row) => ReactNode
}

export interface Page<Row> {
  readonly items: readonly Row[]
  readonly page: number
  readonly size: number
  readonly total: number
}

export interface TableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly page: Page<Row> | undefined
  readonly keyOf: (row: Row) => string
  readonly onOpen?: (row: Row) => void
  /** The row whose details are open. */
  readonly opened?: string | undefined
  readonly empty: ReactNode
  readonly defaultSort?: string
  readonly selection?: Selection
  readonly compact?: boolean
  readonly keys?: { readonly [key: string]: (row: Row) => void }
}

/** Which rows are ticked, by key. */
export interface Selection {
  readonly keys: ReadonlySet<string>
  readonly set: (keys: ReadonlySet<string>) => void
}
/** @public */
export function useSelection(): Selection {
  const [keys, set] = useState<ReadonlySet<string>>(new Set())
  return { keys, set }
}

const VIRTUAL_FROM_ROWS = 200
const ROW_HEIGHT_PX = 37
const sizes = ['50', '100', '500']

/** Sort, page and size are in the URL; j and k move, Enter opens, x ticks, shift ticks a stretch. */
export function DataTable<Row>(props: TableProps<Row>) {
  const { label, columns, page, keyOf, onOpen, empty, defaultSort, selection, compact, opened } = props
  const [url, setUrl] = useUrl()
  const [cursor, setCursor] = useState(-1)
  const body = useRef<HTMLTableSectionElement>(null)
  const lastTicked = useRef<number | null>(null)
  const rows = page?.items ?? []
  const sort = url['sort'] ?? defaultSort ?? ''

  const move = (by: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, cursor + by))
    setCursor(next)
    body.current?.querySelector(`[data-row="${next}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  const atCursor = (act: ((row: Row) => void) | undefined): void => {
    const row = rows[cursor]
    if (row !== undefined) act?.(row)
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => atCursor(onOpen),
    ...(selection && { x: () => tick(cursor, false) }),
    ...Object.fromEntries(Object.entries(props.keys ?? {}).map(([key, act]) => [key, () => atCursor(act)])),
  })

  const tick = (index: number, stretch: boolean): void => {
    const row = rows[index]
    if (selection === undefined || row === undefined) return
    const next = new Set(selection.keys)
    const on = !next.has(keyOf(row))
    const from = stretch && lastTicked.current !== null ? lastTicked.current : index
    for (let i = Math.min(from, index); i <= Math.max(from, index); i++) {
      const one = rows[i]
      if (one === undefined) continue
      if (on) next.add(keyOf(one))
      else next.delete(keyOf(one))
    }
    lastTicked.current = index
    selection.set(next)
  }
  const click = (event: MouseEvent, row: Row, index: number): void => {
    if (event.target instanceof Element && event.target.closest('a,button,input,label')) return
    setCursor(index)
    onOpen?.(row)
  }

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => document.getElementById('main'),
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 20,
    enabled: rows.length > VIRTUAL_FROM_ROWS,
  })
  const shown =
    rows.length > VIRTUAL_FROM_ROWS
      ? virtual.getVirtualItems().map(({ index }) => index)
      : rows.map((_, i) => i)
  const above = (shown[0] ?? 0) * ROW_HEIGHT_PX
  const below = Math.max(0, rows.length - 1 - (shown.at(-1) ?? 0)) * ROW_HEIGHT_PX

  if (page === undefined) return <Skeleton rows={8} />
  if (rows.length === 0) return <div className={css['frame']}>{empty}</div>
  const allTicked = selection !== undefined && rows.every((row) => selection.keys.has(keyOf(row)))
  const width = columns.length + (selection ? 1 : 0)
  return (
    <>
      <div className={css['frame']}>
        <table className={compact ? `${css['table']} ${css['compact']}` : css['table']}>
          <caption className="visually-hidden">{label}</caption>
          <thead>
            <tr>
              {selection && (
                <th className={css['check']}>
                  <Checkbox
                    size="xs"
                    aria-label={text.common.all}
                    checked={allTicked}
                    indeterminate={!allTicked && selection.keys.size > 0}
                    onChange={() => selection.set(allTicked ? new Set() : new Set(rows.map(keyOf)))}
                  />
                </th>
              )}
              {columns.map((column) => (
                <Heading
                  key={column.key}
                  column={column}
                  sort={sort}
                  onSort={(next) => setUrl({ sort: next === defaultSort ? null : next, page: null })}
                />
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {above > 0 && (
              <tr aria-hidden style={{ height: above }}>
                <td colSpan={width} />
              </tr>
            )}
            {shown.map((index) => {
              const row = rows[index]
              if (row === undefined) return null
              const key = keyOf(row)
              return (
                <tr
                  key={key}
                  data-row={index}
                  data-open={onOpen ? '' : undefined}
                  data-cursor={index === cursor || key === opened ? '' : undefined}
                  data-selected={selection?.keys.has(key) ? '' : undefined}
                  onClick={(event) => click(event, row, index)}
                >
                  {selection && (
                    <td className={css['check']}>
                      <Checkbox
                        size="xs"
                        aria-label={text.common.selected(1)}
                        checked={selection.keys.has(key)}
                        onChange={() => undefined}
                        onClick={(event) => tick(index, event.shiftKey)}
                      />
                    </td>
                  )}
                  {columns.map((column) => (
                    <td key={column.key} className={cellClass(column)}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              )
            })}
            {below > 0 && (
              <tr aria-hidden style={{ height: below }}>
                <td colSpan={width} />
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <Pager page={page} />
    </>
  )
}

const cellClass = <Row,>(column: Column<Row>): string =>
  [column.right && css['right'], column.from && css[column.from]].filter(Boolean).join(' ')

function Heading<Row>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>
  readonly sort: string
  readonly onSort: (sort: string) => void
}) {
  const name = column.sort
  if (name === undefined) return <th className={cellClass(column)}>{column.label}</th>
  const state = sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : 'none'
  const Arrow = state === 'descending' ? IconArrowDown : IconArrowUp
  return (
    <th className={cellClass(column)} aria-sort={state}>
      <button
        type="button"
        className={css['sort']}
        data-on={state === 'none' ? undefined : ''}
        title={text.common.sortBy(column.label)}
        onClick={() => onSort(state === 'ascending' ? `-${name}` : name)}
      >
        {column.label}
        {state !== 'none' && <Arrow size={12} aria-hidden />}
      </button>
    </th>
  )
}

export function Pager({ page }: { readonly page: Page<unknown> }) {
  const [, setUrl] = useUrl()
  const from = (page.page - 1) * page.size + 1
  const to = from + page.items.length - 1
  if (page.total <= page.items.length && page.page === 1 && page.total <= 50) return null
  const go = (to: number): void => {
    setUrl({ page: to === 1 ? null : String(to) })
    document.getElementById('main')?.scrollTo({ top: 0 })
  }
  return (
    <div className={css['foot']} data-no-print>
      <span className="tabular">{text.common.page(from, to, page.total)}</span>
      <NativeSelect
        size="xs"
        aria-label="Rows on a page"
        value={String(page.size)}
        data={sizes}
        onChange={(event) => setUrl({ size: event.currentTarget.value, page: null })}
      />
      <ActionIcon
        aria-label={text.common.previous}
        disabled={page.page <= 1}
        onClick={() => go(page.page - 1)}
      >
        <IconChevronLeft size={16} />
      </ActionIcon>
      <ActionIcon aria-label={text.common.next} disabled={to >= page.total} onClick={() => go(page.page + 1)}>
        <IconChevronRight size={16} />
      </ActionIcon>
    </div>
  )
}

/** Two letters of one stroke become one question; an answer is on the screen within a tenth of a second. */
const SEARCH_WAIT_MS = 25

export function Toolbar({ children, end }: { readonly children?: ReactNode; readonly end?: ReactNode }) {
  return (
    <div className={css['toolbar']} data-no-print>
      {children}
      {end !== undefined && <div className={css['toolbarEnd']}>{end}</div>}
    </div>
  )
}

/** What is typed is on the screen at once and in the URL a moment later. `/` puts the cursor here. */
export function SearchField({
  placeholder,
  name = 'q',
}: {
  readonly placeholder: string
  readonly name?: string
}) {
  const [url, setUrl] = useUrl()
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(url[name] ?? '')
  const commit = useDebouncedCallback(
    (value: string) => setUrl({ [name]: value, page: null }),
    SEARCH_WAIT_MS,
  )
  useEffect(() => {
    if (document.activeElement !== field.current) setTyped(url[name] ?? '')
  }, [url, name])
  useKeys({ '/': () => field.current?.focus() })
  return (
    <TextInput
      ref={field}
      data-grow
      size="xs"
      type="search"
      aria-label={placeholder}
      placeholder={placeholder}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        commit(event.currentTarget.value)
      }}
    />
  )
}

/** A filter that lives in the URL; empty means all. */
export function FilterSelect({
  name,
  label,
  options,
  all = text.common.all,
}: {
  readonly name: string
  readonly label: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  readonly all?: string
}) {
  const [url, setUrl] = useUrl()
  return (
    <NativeSelect
      size="xs"
      aria-label={label}
      title={label}
      value={url[name] ?? ''}
      onChange={(event) => setUrl({ [name]: event.currentTarget.value, page: null })}
    >
      <option value="">{`${label}: ${all}`}</option>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </NativeSelect>
  )
}

export const optionsOf = (words: { readonly [value: string]: string }) =>
  Object.entries(words).map(([value, label]) => ({ value, label }))

export function TwoLines({ title, sub }: { readonly title: ReactNode; readonly sub?: ReactNode }) {
  return (
    <div className={css['clip']}>
      <span className={css['title']}>{title}</span>
      {sub !== undefined && sub !== null && sub !== '' && (
        <div className={`${css['sub']} ${css['clip']}`}>{sub}</div>
      )}
    </div>
  )
}
