import { Button, Menu } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useAct, useAsked, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { askConflicts, conflictFilters } from '../../asks.ts'
import { text } from '../../text/en.ts'
import { conflicts as t } from '../../text/en/conflicts.ts'
import { useFirstScreen } from '../../ui/first-screen.ts'
import { useKeys } from '../../ui/keys.ts'
import { Empty, Loaded, Page } from '../../ui/page.tsx'
import { useSideName } from '../../ui/side.tsx'
import { ConflictStatus } from '../../ui/status.tsx'
import { FilterSelect, optionsOf, Pager, SearchField, Toolbar } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { ConflictDetail } from './conflict-detail.tsx'
import css from './conflicts.module.css'

export type Conflict = Item<'GET /api/conflicts'>

/** The least that an entry is high. */
const ENTRY_PX = 52

/** An inbox: j and k choose, a takes the CRM's value, m Microsoft's, b goes back to the engine's choice. */
export function ConflictsPage() {
  const [url, setUrl] = useUrl()
  const state = (url['state'] ?? 'open') as Conflict['state'] | 'all'
  const list = useAsked(askConflicts(url), { keep: true })
  const { record } = url
  const rows = list.data?.items ?? []
  const first = useFirstScreen(list.data?.items, ENTRY_PX)
  const openId = url['conflict']
  const index = rows.findIndex((row) => row.id === openId)
  const wide = window.matchMedia('(min-width: 861px)').matches
  const choose = (row: Conflict | undefined): void => {
    if (row) setUrl({ conflict: row.id })
  }
  // On a wide screen something is always open: the first of the list.
  useEffect(() => {
    if (wide && openId === undefined && rows[0] !== undefined) setUrl({ conflict: rows[0].id })
  }, [wide, openId, rows, setUrl])
  useKeys({
    j: () => choose(rows[Math.min(rows.length - 1, index + 1)]),
    k: () => choose(rows[Math.max(0, index - 1)]),
    Enter: () => choose(rows[Math.max(0, index)]),
    Escape: () => setUrl({ conflict: null }),
  })
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        state === 'open' && (
          <AllAlike
            count={list.data?.total ?? 0}
            alike={
              record === undefined && url['q'] === undefined
                ? { all: conflictFilters(url) }
                : { conflicts: rows.map((row) => row.id) }
            }
          />
        )
      }
    >
      <Toolbar>
        <SearchField placeholder={text.common.search} />
        <FilterSelect
          name="state"
          label={t.state}
          all={t.filter.open}
          options={(['decided', 'answered', 'restored', 'all'] as const).map((value) => ({
            value,
            label: t.filter[value],
          }))}
        />
        <FilterSelect name="kind" label={t.kind} options={optionsOf(text.states.conflictKind)} />
        <FilterSelect name="channel" label={t.channel} options={optionsOf(text.common.channel)} />
      </Toolbar>
      {record !== undefined && (
        <p className={css['only']}>
          {t.onlyItem} <Link to="/conflicts">{t.showAll}</Link>
        </p>
      )}
      <Loaded of={list}>
        {(data) =>
          rows.length === 0 ? (
            <Empty>{state === 'open' ? t.emptyOpen : t.empty}</Empty>
          ) : (
            <div className={css['split']} data-open={openId === undefined ? undefined : ''}>
              <div>
                <ul className={css['list']} aria-label={t.title}>
                  {rows.slice(0, first).map((row) => (
                    <li key={row.id}>
                      <Entry row={row} current={row.id === openId} onChoose={() => choose(row)} />
                    </li>
                  ))}
                </ul>
                <Pager page={data} />
              </div>
              <div>
                {openId === undefined ? (
                  <Empty>{t.pick}</Empty>
                ) : (
                  <ConflictDetail
                    key={openId}
                    id={openId}
                    position={index < 0 ? null : t.position(index + 1, rows.length)}
                    onBack={() => setUrl({ conflict: null })}
                    onAnswered={() => choose(rows[index + 1] ?? rows[index - 1])}
                  />
                )}
              </div>
            </div>
          )
        }
      </Loaded>
    </Page>
  )
}

function Entry({
  row,
  current,
  onChoose,
}: {
  readonly row: Conflict
  readonly current: boolean
  readonly onChoose: () => void
}) {
  return (
    <button
      type="button"
      className={css['entry']}
      aria-current={current}
      ref={(element) => {
        if (current) element?.scrollIntoView({ block: 'nearest' })
      }}
      onClick={onChoose}
    >
      <strong>{row.title}</strong>
      <span>
        {row.label}: {text.states.conflictKind[row.kind].toLowerCase()}
        {row.state === 'open' ? <RelativeTime at={row.at} /> : <ConflictStatus state={row.state} />}
      </span>
    </button>
  )
}

interface Alike {
  readonly all?: ReturnType<typeof conflictFilters>
  /** What a search or an item leaves of them: these are named, so that no other is answered with them. */
  readonly conflicts?: string[]
}

function AllAlike({ count, alike }: { readonly count: number; readonly alike: Alike }) {
  const sideName = useSideName()
  const mayAct = useMayAct()
  const answer = useAct('POST /api/conflicts/answer', {
    changes: ['conflicts', 'status', 'runs'],
    done: () => tellDone(t.answered),
  })
  const named = alike.conflicts?.length ?? count
  if (!mayAct || named < 2) return null
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} />} loading={answer.isPending}>
          {t.allAlike}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(['crm', 'mailbox'] as const).map((take) => (
          <Menu.Item
            key={take}
            onClick={() => answer.mutate({ body: { choice: { take }, ...alike } }, { onError: tellProblem })}
          >
            {t.allAlikeTo(named, sideName(take))}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
