import { useAsk, type Item } from '../../api/client.ts'
import { me as t } from '../../text/en/me.ts'
import { Empty, Section } from '../../ui/page.tsx'
import { DataTable, TwoLines, type Column } from '../../ui/table.tsx'

type Seen = Item<'GET /api/mailboxes/:mailbox/seen-by-others'>
const columns: readonly Column<Seen>[] = [
  { key: 'title', label: t.columns.name, cell: (row) => <TwoLines title={row.title} /> },
  {
    key: 'when',
    label: t.columns.period,
    cell: (row) => (row.allDay ? row.start.slice(0, 10) : row.start.replace('T', ' ').slice(0, 16)),
  },
  { key: 'treatment', label: t.seen, from: 'tablet', cell: (row) => t.treatment[row.treatment] },
]

export function SeenByOthers({ mailbox }: { readonly mailbox: string }) {
  const seen = useAsk('GET /api/mailboxes/:mailbox/seen-by-others', {
    params: { mailbox },
    query: { size: 50 },
  })
  return (
    <Section title={t.seen} help={t.seenHelp}>
      <DataTable
        label={t.seen}
        columns={columns}
        page={seen.data}
        keyOf={(row) => `${row.id} ${row.start}`}
        empty={<Empty>{t.seenEmpty}</Empty>}
      />
    </Section>
  )
}
