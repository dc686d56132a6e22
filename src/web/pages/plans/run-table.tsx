import type { Answer } from '../../api/client.ts'
import { useProductName } from '../../api/session.ts'
import { formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { plans as t } from '../../text/en/plans.ts'
import { toneClass, RunStatus } from '../../ui/status.tsx'
import { DataTable, TwoLines, type Column, type Page } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import css from './plan.module.css'

export type Run = Answer<'GET /api/runs/:run'>

/** "+3 ~2 -1" for each side, in its hue and place: the CRM left, Microsoft right. */
export function Counts({ run }: { readonly run: Run }) {
  const product = useProductName()
  const { crm, mailbox } = run.counts
  const any = [crm, mailbox].some((side) => side.create + side.update + side.delete > 0)
  if (!any) return <span className={css['none']}>{t.nothing}</span>
  return (
    <span className={css['counts']}>
      <SideCounts name={product} tone={toneClass.crm} counts={crm} />
      <SideCounts name={text.common.microsoft} tone={toneClass.ms} counts={mailbox} />
    </span>
  )
}
function SideCounts({
  name,
  tone,
  counts,
}: {
  readonly name: string
  readonly tone: string | undefined
  readonly counts: Run['counts']['crm']
}) {
  const words = (['create', 'update', 'delete'] as const)
    .filter((what) => counts[what] > 0)
    .map((what) => `${formatNumber(counts[what])} ${text.common.doing[what]}`)
    .join(', ')
  if (words === '') return null
  return (
    <span className={`${css['sideCount']} ${tone}`} title={`${name}: ${words}`}>
      {name}
      {counts.create > 0 && <b>+{formatNumber(counts.create)}</b>}
      {counts.update > 0 && <b>~{formatNumber(counts.update)}</b>}
      {counts.delete > 0 && <b>−{formatNumber(counts.delete)}</b>}
    </span>
  )
}

export function RunTable({
  page,
  onOpen,
  empty,
}: {
  readonly page: Page<Run> | undefined
  readonly onOpen: (run: Run) => void
  readonly empty?: React.ReactNode
}) {
  const columns: readonly Column<Run>[] = [
    {
      key: 'mailbox',
      label: t.columns.mailbox,
      cell: (run) => <TwoLines title={text.common.channel[run.channel]} sub={run.address} />,
    },
    { key: 'state', label: t.columns.state, cell: (run) => <RunStatus state={run.state} /> },
    { key: 'counts', label: t.columns.counts, from: 'tablet', cell: (run) => <Counts run={run} /> },
    {
      key: 'mails',
      label: t.columns.mails,
      right: true,
      from: 'desk',
      cell: (run) => (run.mails.length === 0 ? '' : formatNumber(run.mails.length)),
    },
    {
      key: 'trigger',
      label: t.columns.trigger,
      from: 'desk',
      cell: (run) => text.states.trigger[run.trigger],
    },
    {
      key: 'startedAt',
      label: t.columns.started,
      sort: 'startedAt',
      right: true,
      cell: (run) => <RelativeTime at={run.startedAt} />,
    },
  ]
  return (
    <DataTable
      label={t.title}
      columns={columns}
      page={page}
      keyOf={(run) => run.id}
      onOpen={onOpen}
      defaultSort="-startedAt"
      empty={empty}
    />
  )
}
