import { ActionIcon } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useAct, useAsked, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { askMailroomLog } from '../../asks.ts'
import { text } from '../../text/en.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Page } from '../../ui/page.tsx'
import { Status, type Tone } from '../../ui/status.tsx'
import { List } from '../../ui/list.tsx'
import { FilterSelect, optionsOf, TwoLines, type Column } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { inSystem } from './system.tsx'

type Entry = Item<'GET /api/mailroom/log'>
const tones: Readonly<Record<Entry['outcome'], Tone>> = {
  lead: 'ok',
  case: 'ok',
  nothing: 'none',
  review: 'held',
}

/** What was made of each message of the system mailboxes, and why; with the way back. */
export function MailroomLogPage() {
  const mayAct = useMayAct()
  const [url] = useUrl()
  const log = useAsked(askMailroomLog(url), { keep: true, everyMs: 15_000 })
  const undo = useAct('POST /api/mailroom/log/:entry/undo', {
    changes: ['mailroom', 'system-mailboxes', 'records'],
    done: () => tellDone(t.undid),
  })
  const columns: readonly Column<Entry>[] = [
    {
      key: 'message',
      label: t.message,
      cell: (row) => <TwoLines title={row.subject} sub={`${row.sender} · ${row.label}`} />,
    },
    {
      key: 'outcome',
      label: t.outcome,
      cell: (row) => (
        <Status tone={row.undoneAt === null ? tones[row.outcome] : 'none'} bare>
          {row.undoneAt !== null ? (
            t.undone
          ) : row.made === null ? (
            t.outcomes[row.outcome]
          ) : (
            <Link to={`/records/${row.made.kind}/${row.made.id}`}>{t.outcomes[row.outcome]}</Link>
          )}
        </Status>
      ),
    },
    {
      key: 'reason',
      label: t.reason,
      from: 'tablet',
      cell: (row) => (
        <TwoLines
          title={row.reason}
          sub={[row.by === null ? null : t.byPerson(row.by), row.responseReason].filter(Boolean).join(' ')}
        />
      ),
    },
    { key: 'at', label: t.at, from: 'tablet', cell: (row) => <RelativeTime at={row.at} /> },
    {
      key: 'undo',
      label: text.common.actions,
      right: true,
      cell: (row) =>
        mayAct &&
        row.made !== null &&
        row.undoneAt === null && (
          <ActionIcon
            variant="default"
            aria-label={`${t.undo}: ${row.subject}`}
            title={t.undo}
            onClick={() => undo.mutate({ params: { entry: row.id } }, { onError: tellProblem })}
          >
            <IconArrowBackUp size={15} aria-hidden />
          </ActionIcon>
        ),
    },
  ]
  return (
    <Page title={t.logTitle} crumbs={inSystem} lead={t.logLead}>
      <List
        label={t.logTitle}
        columns={columns}
        of={log}
        filters={<FilterSelect name="outcome" label={t.outcome} options={optionsOf(t.outcomes)} />}
        keyOf={(row) => row.id}
        empty={t.logEmpty}
      />
    </Page>
  )
}
