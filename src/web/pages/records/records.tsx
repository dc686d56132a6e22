import { Button, Checkbox, Menu } from '@mantine/core'
import { IconColumns3, IconDownload, IconPlus, IconUpload } from '@tabler/icons-react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { addressOf, useAsked, type Item } from '../../api/client.ts'
import { useMayAct, useMe } from '../../api/session.ts'
import { askRecords } from '../../asks.ts'
import { NotFound } from '../../shell/broken.tsx'
import { text } from '../../text/en.ts'
import { records as t } from '../../text/en/records.ts'
import { Page } from '../../ui/page.tsx'
import { List } from '../../ui/list.tsx'
import { FilterSelect, TwoLines, type Column } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { pagingOf, useUrl } from '../../ui/url-state.ts'
import { fieldText } from './field-text.ts'
import { isKindName, useKinds, type Kind, type RecordField } from './kinds.ts'
import { RecordForm } from './record-form.tsx'
import css from './records.module.css'

type Row = Item<'GET /api/records/:kind'>

export function RecordsPage() {
  const { kind } = useParams({ strict: false })
  const kinds = useKinds()
  if (!isKindName(kind)) return <NotFound />
  const known = kinds.find((one) => one.kind === kind)
  return known === undefined ? null : <RecordList key={kind} kind={known} kinds={kinds} />
}

function RecordList({ kind, kinds }: { readonly kind: Kind; readonly kinds: readonly Kind[] }) {
  const navigate = useNavigate()
  const me = useMe()
  const mayAct = useMayAct()
  const [url, setUrl] = useUrl()
  const { q } = pagingOf(url)
  const [shown, setShown] = useShownColumns(kind)
  const rows = useAsked(askRecords(kind.kind, url), { keep: true })
  const columns: readonly Column<Row>[] = [
    {
      key: 'title',
      label: kind.label,
      sort: 'title',
      cell: (row) => <TwoLines title={row.title} sub={row.subtitle} />,
    },
    ...kind.fields
      .filter((field) => field.name !== TITLE && shown.has(field.name))
      .map((field, index): Column<Row> => ({
        key: field.name,
        label: field.label,
        from: index < 2 ? 'tablet' : 'desk',
        cell: (row) => fieldText(field, row),
      })),
    { key: 'owner', label: t.owner, from: 'desk', cell: (row) => row.owner?.name },
    {
      key: 'modifiedAt',
      label: t.modified,
      sort: 'modifiedAt',
      right: true,
      cell: (row) => <RelativeTime at={row.modifiedAt} />,
    },
  ]
  const download = (format: 'csv' | 'vcard'): string =>
    addressOf('GET /api/records/:kind/export', {
      params: { kind: kind.kind },
      query: { format, ...(q !== undefined && { q }) },
    })
  return (
    <Page
      title={kind.plural}
      actions={
        <>
          {mayAct && (
            <Button
              component={Link}
              to={`/records/${kind.kind}/import`}
              variant="default"
              leftSection={<IconUpload size={15} aria-hidden />}
            >
              {t.import}
            </Button>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
                {t.export}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={download('csv')} download>
                {t.exportCsv}
              </Menu.Item>
              {kind.kind === 'contact' && (
                <Menu.Item component="a" href={download('vcard')} download>
                  {t.exportVcard}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
          {mayAct && (
            <Button
              leftSection={<IconPlus size={15} aria-hidden />}
              onClick={() => setUrl({ new: 'record' }, { push: true })}
            >
              {t.new(kind.label)}
            </Button>
          )}
        </>
      }
    >
      <nav className={css['tabs']} aria-label={text.frame.records}>
        {kinds.map((one) => (
          <Link key={one.kind} to={`/records/${one.kind}`} activeOptions={{ includeSearch: false }}>
            {one.plural}
          </Link>
        ))}
      </nav>
      <List
        label={kind.plural}
        columns={columns}
        of={rows}
        search={t.search}
        filters={<FilterSelect name="owner" label={t.owner} options={[{ value: me.id, label: t.mine }]} />}
        end={
          <Menu closeOnItemClick={false} position="bottom-end">
            <Menu.Target>
              <Button variant="subtle" color="gray" leftSection={<IconColumns3 size={15} aria-hidden />}>
                {t.columns}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {kind.fields.filter(isChoice).map((field) => (
                <Menu.Item
                  key={field.name}
                  role="menuitemcheckbox"
                  aria-checked={shown.has(field.name)}
                  onClick={() => setShown(field.name)}
                >
                  <Checkbox
                    size="xs"
                    label={field.label}
                    checked={shown.has(field.name)}
                    readOnly
                    tabIndex={-1}
                  />
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        }
        keyOf={(row) => row.id}
        onOpen={(row) => void navigate({ to: `/records/${kind.kind}/${row.id}` })}
        keys={{
          e: (row) => void navigate({ to: `/records/${kind.kind}/${row.id}`, search: { edit: 'yes' } }),
        }}
        defaultSort="title"
        empty={q === undefined ? t.empty(kind.plural) : t.emptyFiltered}
      />
      {url['new'] === 'record' && (
        <RecordForm
          kind={kind}
          onClose={() => setUrl({ new: null })}
          onDone={(made) => void navigate({ to: `/records/${kind.kind}/${made.id}` })}
        />
      )}
    </Page>
  )
}

/** The first column is the title, which is this field. */
const TITLE = 'name'
const isChoice = (field: RecordField): boolean => field.name !== TITLE

/** The columns that a person chose stay chosen in this browser. */
function useShownColumns(kind: Kind): readonly [ReadonlySet<string>, (toggle: string) => void] {
  const key = `syncline-columns-${kind.kind}`
  const usual = (field: RecordField): boolean => field.inTable
  const [shown, set] = useState<ReadonlySet<string>>(() => {
    const kept = localStorage.getItem(key)
    return new Set(kept === null ? kind.fields.filter(usual).map((field) => field.name) : kept.split(' '))
  })
  return [
    shown,
    (name) => {
      const next = new Set(shown)
      if (!next.delete(name)) next.add(name)
      localStorage.setItem(key, [...next].join(' '))
      set(next)
    },
  ]
}
