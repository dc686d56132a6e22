import { Button } from '@mantine/core'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { Section } from '../../ui/page.tsx'
import { SideName } from '../../ui/side.tsx'
import { DataTable, TwoLines, type Column } from '../../ui/table.tsx'
import { tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'

const t = text.overview
type Parked = Item<'GET /api/parked'>

/** Items that fail for ever are left out, never silently: each with its reason and, if one is known, the fix. */
export function Parked() {
  const mayAct = useMayAct()
  const parked = useAsk('GET /api/parked', { query: { size: 50 } })
  const retry = useAct('POST /api/parked/retry', { changes: ['parked', 'status'] })
  const columns: readonly Column<Parked>[] = [
    {
      key: 'title',
      label: text.common.details,
      cell: (row) => (
        <TwoLines title={row.title} sub={row.fix === null ? row.reason : `${row.reason} ${row.fix}`} />
      ),
    },
    { key: 'side', label: t.columns.mailbox, from: 'tablet', cell: (row) => <SideName side={row.side} /> },
    { key: 'at', label: t.time, from: 'tablet', cell: (row) => <RelativeTime at={row.at} /> },
    {
      key: 'act',
      label: text.common.actions,
      right: true,
      cell: (row) =>
        mayAct && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() =>
              retry.mutate(
                { body: { mailbox: row.mailbox, side: row.side, key: row.key } },
                { onError: tellProblem },
              )
            }
          >
            {t.retry}
          </Button>
        ),
    },
  ]
  return (
    <Section title={t.parkedTitle} help={t.parkedHelp} id="parked">
      <DataTable
        label={t.parkedTitle}
        columns={columns}
        page={parked.data}
        keyOf={(row) => row.key}
        empty={null}
      />
    </Section>
  )
}
