import { SegmentedControl } from '@mantine/core'
import { IconCalendar, IconChecklist, IconHistory, IconMail, IconNote, type Icon } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { call, refresh, useAsk, type Item } from '../../api/client.ts'
import { formatMoment, formatPlainDate } from '../../format.ts'
import { text } from '../../text/en.ts'
import { records as t } from '../../text/en/records.ts'
import { Empty, Loaded, Note } from '../../ui/page.tsx'
import { SyncStatus } from '../../ui/status.tsx'
import { Pager } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { pagingOf, useUrl } from '../../ui/url-state.ts'
import type { KindName } from './kinds.ts'
import css from './records.module.css'

type Entry = Item<'GET /api/records/:kind/:id/timeline'>
const icons: Record<Entry['kind'], Icon> = {
  event: IconCalendar,
  task: IconChecklist,
  message: IconMail,
  note: IconNote,
  change: IconHistory,
}
const filters = ['event', 'task', 'message'] as const

/** Events, tasks and mails of a record, newest first, on one line of time. */
export function RecordTimeline({ kind, id }: { readonly kind: KindName; readonly id: string }) {
  const [url, setUrl] = useUrl()
  const { page, size } = pagingOf(url)
  const only = filters.find((one) => one === url['only'])
  const entries = useAsk(
    'GET /api/records/:kind/:id/timeline',
    { params: { kind, id }, query: { page, size, ...(only && { only }) } },
    { keep: true },
  )
  const client = useQueryClient()
  const takeOut = (item: string): void => {
    const params = { kind, id, item }
    call('DELETE /api/records/:kind/:id/items/:item', { params }).then(() => {
      tellDone(t.takenOut)
      void refresh(client, 'records')
    }, tellProblem)
  }
  return (
    <section aria-label={t.timeline}>
      <div className={css['actions']} style={{ alignItems: 'center', marginBottom: 8 }}>
        <h2 style={{ flex: 1 }}>{t.timeline}</h2>
        <SegmentedControl
          size="xs"
          aria-label={t.only}
          value={only ?? 'all'}
          onChange={(next) => setUrl({ only: next === 'all' ? null : next, page: null })}
          data={[
            { value: 'all', label: text.common.all },
            ...filters.map((value) => ({ value, label: t.kinds[value] })),
          ]}
        />
      </div>
      <StillLinking />
      <Loaded of={entries}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty>{t.timelineEmpty}</Empty>
          ) : (
            <>
              <ol className={css['line']}>
                {data.items.map((entry) => (
                  <Line key={`${entry.kind} ${entry.id}`} entry={entry} onTakeOut={() => takeOut(entry.id)} />
                ))}
              </ol>
              <Pager page={data} />
            </>
          )
        }
      </Loaded>
    </section>
  )
}

/** A task is due on a day, not at an hour. */
const whenOf = ({ kind, at }: Entry): string =>
  kind === 'task' && at.endsWith('T00:00:00.000Z') ? formatPlainDate(at.slice(0, 10)) : formatMoment(at)

/** Linking goes on behind an import: who looks meanwhile is told that more may come. */
function StillLinking() {
  const linking = useAsk('GET /api/linking', {}, { everyMs: 10_000 })
  const { behind = 0, looksBack = false } = linking.data ?? {}
  if (behind === 0 && !looksBack) return null
  return (
    <Note tone="work" role="status">
      {behind > 0 ? t.behind(behind) : t.looksBack}
    </Note>
  )
}

function Line({ entry, onTakeOut }: { readonly entry: Entry; readonly onTakeOut: () => void }) {
  const Shape = icons[entry.kind]
  const state = entry.sync?.state
  return (
    <li className={css['entry']}>
      <Shape size={16} stroke={1.6} aria-hidden />
      <span className={css['dim']}>
        {t.entry[entry.kind]}, <time dateTime={entry.at}>{whenOf(entry)}</time>
        {entry.who !== null && `, ${entry.who}`}
        {entry.messages > 1 && `, ${t.messages(entry.messages)}`}
      </span>
      <strong>{entry.href === null ? entry.title : <Link to={entry.href}>{entry.title}</Link>}</strong>
      {entry.detail !== null && <span className={css['dim']}>{entry.detail}</span>}
      <span className={css['dim']}>
        {t.how[entry.how]}
        {entry.mayUnlink && (
          <button
            type="button"
            className={css['takeOut']}
            aria-label={`${t.takeOut}: ${entry.title}`}
            onClick={onTakeOut}
          >
            {t.takeOut}
          </button>
        )}
      </span>
      {state !== undefined && state !== 'fine' && state !== 'local' && (
        <span>
          {state === 'conflict' ? (
            <Link to="/conflicts" search={{ record: entry.id }}>
              <SyncStatus state={state} />
            </Link>
          ) : (
            <SyncStatus state={state} />
          )}
        </span>
      )}
    </li>
  )
}
