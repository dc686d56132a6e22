import { Button, Menu, TextInput } from '@mantine/core'
import { IconDownload, IconShieldCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { addressOf, ask, useAsked } from '../../api/client.ts'
import { useSession } from '../../api/session.ts'
import { askHistory, historyFilters } from '../../asks.ts'
import { formatDuration, formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { history as t } from '../../text/en/history.ts'
import { useFirstScreen } from '../../ui/first-screen.ts'
import { Empty, Loaded, Mono, Note, Page, Trouble } from '../../ui/page.tsx'
import { useSideName } from '../../ui/side.tsx'
import { FilterSelect, optionsOf, Pager, SearchField, Toolbar } from '../../ui/table.tsx'
import { pagingOf, useUrl } from '../../ui/url-state.ts'
import { Timeline } from './timeline.tsx'

/** The least that a line is high. */
const LINE_PX = 52

/** Every write, newest first: searched, filtered, exported, undone, and proven untouched. */
export function HistoryPage() {
  const [url] = useUrl()
  const sideName = useSideName()
  const { user } = useSession()
  const { q } = pagingOf(url)
  const [verifying, setVerifying] = useState(false)
  const filters = historyFilters(url)
  const writes = useAsked(askHistory(url), { keep: true })
  const first = useFirstScreen(writes.data?.items, LINE_PX)
  const filtered = q !== undefined || Object.keys(filters).length > 0
  const exportTo = (format: 'csv' | 'json'): string =>
    addressOf('GET /api/history/export', { query: { ...filters, ...(q !== undefined && { q }), format } })
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <>
          {user?.role !== 'user' && (
            <Button
              variant="default"
              leftSection={<IconShieldCheck size={15} aria-hidden />}
              onClick={() => setVerifying(true)}
            >
              {t.verify}
            </Button>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
                {t.export}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={exportTo('csv')} download>
                {t.exportCsv}
              </Menu.Item>
              <Menu.Item component="a" href={exportTo('json')} download>
                {t.exportJson}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {verifying && <Verify />}
      <Toolbar>
        <SearchField placeholder={t.search} />
        <FilterSelect name="channel" label={t.channel} options={optionsOf(text.common.channel)} />
        <FilterSelect
          name="side"
          label={t.side}
          options={(['crm', 'mailbox'] as const).map((value) => ({ value, label: sideName(value) }))}
        />
        <FilterSelect name="do" label={t.kind} options={optionsOf(text.common.do)} />
        <FilterSelect name="state" label={t.state} options={optionsOf(text.states.operation)} />
        <DateFilter name="from" label={t.from} />
        <DateFilter name="to" label={t.to} />
      </Toolbar>
      <Loaded of={writes}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty>{filtered ? t.emptyFiltered : t.empty}</Empty>
          ) : (
            <>
              <Timeline operations={data.items} first={first} />
              <Pager page={data} />
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function DateFilter({ name, label }: { readonly name: string; readonly label: string }) {
  const [url, setUrl] = useUrl()
  return (
    <TextInput
      size="xs"
      type="date"
      aria-label={label}
      title={label}
      leftSection={<span style={{ fontSize: 12, color: 'var(--dim)' }}>{label}</span>}
      leftSectionWidth={44}
      value={url[name] ?? ''}
      onChange={(event) => setUrl({ [name]: event.currentTarget.value, page: null })}
    />
  )
}

function Verify() {
  const verified = useQuery({ ...ask('GET /api/history/verify', {}), staleTime: 0 })
  if (verified.error) return <Trouble error={verified.error} />
  const data = verified.data
  return (
    <div style={{ marginBottom: 12 }}>
      <Note tone={data === undefined ? 'work' : data.ok ? 'ok' : 'fail'} icon={IconShieldCheck} role="status">
        {data === undefined ? (
          text.common.loading
        ) : (
          <>
            <p>
              {data.ok || data.brokenAt === null
                ? t.verifyOk(formatNumber(data.entries), formatDuration(data.seconds))
                : t.verifyBroken(data.brokenAt.problem)}
            </p>
            {data.head !== null && (
              <p>
                {t.head}: <Mono>{data.head}</Mono>. {t.headHelp}
              </p>
            )}
          </>
        )}
      </Note>
    </div>
  )
}
