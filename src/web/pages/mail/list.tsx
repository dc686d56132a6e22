import { ActionIcon, Checkbox, Popover, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconAdjustmentsHorizontal, IconMenu2, IconPencilPlus, IconSearch, IconX } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { mail as t } from '../../text/en/mail.ts'
import { useKeys } from '../../ui/keys.ts'
import { Empty, Skeleton, Trouble } from '../../ui/page.tsx'
import { undoLatest } from '../../ui/tell-undo.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { Actions } from './actions.tsx'
import { titleOf } from './folders.tsx'
import css from './mail.module.css'
import { isFiltered, listQuery, NO_FILTERS, placeOf } from './query.ts'
import { MailRow } from './row.tsx'
import { Filters } from './filters.tsx'
import { useMail, type Row, type Tree } from './use-mail.ts'
import { useRows } from './use-rows.ts'

const ROW_PX = 74
const SEARCH_WAIT_MS = 200

interface Props {
  readonly tree: Tree
  readonly wide: boolean
  readonly onFolders: () => void
  /** Left out: nothing can be written here. */
  readonly onCompose: (() => void) | undefined
}

/** The messages of a folder: as many as there are, of which only those are fetched and drawn that are looked at. */
export function MailList({ tree, wide, onFolders, onCompose }: Props) {
  const [url, setUrl] = useUrl()
  const mayAct = useMayAct()
  const query = listQuery(url)
  const rows = useRows(query, true)
  const { change } = useMail()
  const [cursor, setCursor] = useState(-1)
  const [selected, setSelected] = useState<ReadonlyMap<string, Row>>(new Map())
  const lastTicked = useRef<number | null>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const total = rows.total ?? 0
  const opened = url['m']
  const mine = new Set(tree.mailboxes.map((box) => box.address.toLowerCase()))
  const place = placeOf(url)
  const known = tree.mailboxes
    .flatMap((box) => box.folders)
    .find((one) => one.folder === url['folder'])?.wellKnown
  const showTo = ['sentitems', 'drafts', 'outbox'].includes(place ?? known ?? '')

  const name = JSON.stringify(query)
  const [asked, setAsked] = useState(name)
  if (asked !== name) {
    setAsked(name)
    setCursor(-1)
    setSelected(new Map())
  }
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 })
  }, [name])

  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  })
  const shown = virtual.getVirtualItems()
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0]
  useEffect(() => rows.look(first, last))

  const open = (row: Row | undefined): void => {
    if (row) setUrl({ m: row.id }, { push: opened === undefined })
  }
  const go = (by: number): void => {
    const from = cursor >= 0 ? cursor : rows.loaded.findIndex((one) => one.id === opened)
    const next = Math.max(0, Math.min(total - 1, from + by))
    setCursor(next)
    virtual.scrollToIndex(next, { align: 'auto' })
    // With the reading pane beside the list, moving reads on.
    if (wide && opened !== undefined) open(rows.at(next))
  }
  const tick = (index: number, stretch: boolean): void => {
    const row = rows.at(index)
    if (!row) return
    const next = new Map(selected)
    const on = !next.has(row.id)
    const from = stretch && lastTicked.current !== null ? lastTicked.current : index
    for (let i = Math.min(from, index); i <= Math.max(from, index); i++) {
      const one = rows.at(i)
      if (one && on) next.set(one.id, one)
      else if (one) next.delete(one.id)
    }
    lastTicked.current = index
    setSelected(next)
  }
  const current = rows.at(cursor)
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    ArrowDown: () => go(1),
    ArrowUp: () => go(-1),
    Enter: () => open(current),
    o: () => open(current),
    x: () => tick(cursor, false),
    z: undoLatest,
    'mod+a': () => setSelected(new Map(rows.loaded.map((row) => [row.id, row]))),
    ...(onCompose && { c: onCompose }),
    Escape: () => {
      if (selected.size > 0) setSelected(new Map())
      else if (opened !== undefined) setUrl({ m: null })
      else if (isFiltered(url)) setUrl(NO_FILTERS)
    },
  })

  // What is selected is shown as it is now, not as it was when it was ticked.
  const now = new Map(rows.loaded.map((row) => [row.id, row]))
  const chosen = [...selected.values()].map((row) => now.get(row.id) ?? row)
  const targets = chosen.length > 0 ? chosen : current ? [current] : []
  const allTicked = rows.loaded.length > 0 && rows.loaded.every((row) => selected.has(row.id))
  const gone = (): void => {
    setSelected(new Map())
    if (targets.some((one) => one.id === opened)) setUrl({ m: null })
  }
  const missing = rows.indexing ? rows.indexing.total - rows.indexing.done : 0
  return (
    <section className={css['list']} aria-label={t.list}>
      <header className={css['listHead']}>
        <div className={css['titleLine']}>
          <ActionIcon className={css['foldersButton']} aria-label={t.showFolders} onClick={onFolders}>
            <IconMenu2 size={18} />
          </ActionIcon>
          <h1 title={titleOf(tree, url)}>{titleOf(tree, url)}</h1>
          {rows.total !== undefined && <span className={css['dim']}>{t.messages(total)}</span>}
          {onCompose && (
            <Tooltip label={t.compose}>
              <ActionIcon
                className={css['composeButton']}
                variant="filled"
                color="accent"
                aria-label={t.compose}
                onClick={onCompose}
              >
                <IconPencilPlus size={17} />
              </ActionIcon>
            </Tooltip>
          )}
        </div>
        <div className={css['searchLine']}>
          <Search />
          <FilterButton />
        </div>
        {rows.total !== undefined && total > 0 && mayAct && (
          <div className={css['selectLine']} data-on={selected.size > 0 ? '' : undefined}>
            <Checkbox
              size="xs"
              aria-label={t.selectAll}
              checked={allTicked}
              indeterminate={!allTicked && selected.size > 0}
              onChange={() => setSelected(allTicked ? new Map() : now)}
            />
            {selected.size > 0 ? (
              <>
                <strong role="status">{text.common.selected(selected.size)}</strong>
                <Actions targets={chosen} tree={tree} thread={rows.threaded} keyed onGone={gone} />
              </>
            ) : (
              <>
                <span className={css['dim']}>{t.sorts[query.sort]}</span>
                {opened === undefined && current && (
                  <div hidden>
                    <Actions targets={targets} tree={tree} thread={rows.threaded} keyed onGone={gone} />
                  </div>
                )}
              </>
            )}
          </div>
        )}
        {query.q !== undefined && missing > 0 && (
          <p className={css['lag']} role="status">
            {t.indexing(missing)}
          </p>
        )}
      </header>
      <div
        className={css['scroller']}
        ref={scroller}
        tabIndex={-1}
        data-old={rows.old ? '' : undefined}
        aria-busy={rows.old || rows.total === undefined}
      >
        {rows.error !== null ? (
          <div className={css['pad']}>
            <Trouble error={rows.error} retry={rows.retry} />
          </div>
        ) : rows.total === undefined ? (
          <div className={css['pad']}>
            <Skeleton rows={8} />
          </div>
        ) : total === 0 ? (
          <Empty>{isFiltered(url) ? t.emptyFiltered : t.empty}</Empty>
        ) : (
          <ul style={{ height: virtual.getTotalSize() }} className={css['rows']}>
            {shown.map(({ index, start }) => {
              const row = rows.at(index)
              return (
                <MailRow
                  key={index}
                  row={row}
                  index={index}
                  total={total}
                  style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
                  opened={row !== undefined && row.id === opened}
                  cursor={index === cursor}
                  selected={row !== undefined && selected.has(row.id)}
                  selecting={selected.size > 0}
                  showTo={showTo}
                  mine={mine}
                  mayAct={mayAct}
                  onTick={tick}
                  onFocus={setCursor}
                  onFlag={(one) => change([one], { flag: one.flag === 'flagged' ? 'notFlagged' : 'flagged' })}
                />
              )
            })}
          </ul>
        )}
      </div>
    </section>
  )
}

/** What is typed is on the screen at once and in the address a moment later; Escape leaves it. */
function Search() {
  const [url, setUrl] = useUrl()
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(url['q'] ?? '')
  const commit = useDebouncedCallback((q: string) => setUrl({ q, m: null }), SEARCH_WAIT_MS)
  useEffect(() => {
    if (document.activeElement !== field.current) setTyped(url['q'] ?? '')
  }, [url])
  useKeys({ '/': () => field.current?.focus() })
  const clear = (): void => {
    setTyped('')
    setUrl({ q: null })
  }
  return (
    <TextInput
      ref={field}
      size="xs"
      type="text"
      role="searchbox"
      aria-label={t.search}
      placeholder={t.search}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={
        typed !== '' && (
          <ActionIcon size={22} aria-label={text.common.clearFilters} onClick={clear}>
            <IconX size={13} />
          </ActionIcon>
        )
      }
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        commit(event.currentTarget.value)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        if (typed === '') field.current?.blur()
        else clear()
      }}
    />
  )
}

function FilterButton() {
  const [url] = useUrl()
  const [opened, setOpened] = useState(false)
  const categories = useAsk('GET /api/mail/categories', {}, { enabled: opened })
  const on = isFiltered({ ...url, q: undefined })
  return (
    <Popover opened={opened} onChange={setOpened} width={300} position="bottom-end" trapFocus shadow="md">
      <Popover.Target>
        <ActionIcon
          variant={on ? 'light' : 'default'}
          color={on ? 'accent' : 'gray'}
          aria-label={t.filters}
          title={t.filters}
          onClick={() => setOpened(!opened)}
        >
          <IconAdjustmentsHorizontal size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label={t.filters}>
        <Filters categories={(categories.data?.items ?? []).map((one) => one.name)} />
      </Popover.Dropdown>
    </Popover>
  )
}
