import { Button } from '@mantine/core'
import { IconPlugConnected, IconRefresh } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useAct, useAsk, type Answer } from '../../api/client.ts'
import { useMayAct, useSession } from '../../api/session.ts'
import { formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { Empty, Loaded, Note, Page, Section } from '../../ui/page.tsx'
import { Plainly } from '../../ui/plainly.tsx'
import { HealthStatus } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { ChannelRow } from './channel-row.tsx'
import css from './overview.module.css'
import { Parked } from './parked.tsx'
import { LastRuns } from './last-runs.tsx'

const Charts = lazy(() => import('./charts.tsx').then((m) => ({ default: m.Charts })))
const t = text.overview
type Status = Answer<'GET /api/status'>

const sentence: Record<Status['health'], string> = {
  proven: t.inSync,
  working: t.working,
  late: t.late,
  'needs-person': t['needs-person'],
  held: t.held,
  paused: t.paused,
  off: t.off,
}

export function Overview() {
  // Asked again even without a live event: a stream that broke must not leave an old "in sync" on the screen.
  const status = useAsk('GET /api/status', {}, { everyMs: 30_000 })
  const mayAct = useMayAct()
  const sync = useAct('POST /api/sync', {
    changes: ['status', 'mailboxes'],
    done: () => tellDone(t.queued),
  })
  return (
    <Page
      title={t.title}
      lead={status.data && sentence[status.data.health]}
      heading={
        <>
          {t.title} {status.data && <HealthStatus health={status.data.health} />}
        </>
      }
      actions={
        mayAct && (
          <Button
            leftSection={<IconRefresh size={15} aria-hidden />}
            loading={sync.isPending}
            disabled={status.data?.items.length === 0}
            onClick={() => sync.mutate({ body: {} }, { onError: tellProblem })}
          >
            {t.syncAll}
          </Button>
        )
      }
    >
      <Alerts />
      <Loaded of={status} rows={8}>
        {(data) => (
          <>
            <Numbers status={data} />
            <Mailboxes status={data} />
            {data.items.length > 0 && (
              <>
                <Suspense>
                  <Charts />
                </Suspense>
                <LastRuns />
                {data.parked > 0 && <Parked />}
              </>
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Alerts() {
  const alerts = useAsk('GET /api/alerts', {})
  return (
    <>
      {alerts.data?.items.map((alert) => (
        <div key={alert.id} style={{ marginBottom: 8 }}>
          <Note
            tone={alert.level === 'failed' ? 'fail' : 'wait'}
            actions={
              alert.href !== null && (
                <Button component={Link} to={alert.href} variant="default">
                  {text.common.open}
                </Button>
              )
            }
          >
            <strong>
              <Plainly>{alert.message}</Plainly>
            </strong>{' '}
            {alert.fix}{' '}
            <span style={{ color: 'var(--dim)' }}>
              <RelativeTime at={alert.since} />
            </span>
          </Note>
        </div>
      ))}
    </>
  )
}

function Numbers({ status }: { readonly status: Status }) {
  const cell = (label: string, value: number, to: string, tone?: 'held' | 'fail') => (
    <Link to={to} className={css['number']} data-tone={value > 0 ? tone : undefined}>
      <span>{label}</span>
      <strong>{formatNumber(value)}</strong>
    </Link>
  )
  return (
    <div className={css['numbers']}>
      {cell(text.overview.mailboxes, status.mailboxes, '/system/mailboxes')}
      {cell(t.waiting, status.waiting, '/history?state=planned')}
      {cell(t.heldCount, status.held, '/plans', 'held')}
      {cell(t.conflicts, status.conflicts, '/conflicts', 'held')}
      {cell(t.parked, status.parked, '/#parked', 'fail')}
      <div className={css['number']}>
        <span>{t.queue}</span>
        <strong style={{ fontSize: 14 }}>{t.queueText(status.queue.running, status.queue.waiting)}</strong>
      </div>
    </div>
  )
}

function Mailboxes({ status }: { readonly status: Status }) {
  const { user } = useSession()
  const groups = new Map<string, Status['items']>()
  for (const row of status.items) groups.set(row.mailbox, [...(groups.get(row.mailbox) ?? []), row])
  if (groups.size === 0)
    return (
      <Section title={t.mailboxes}>
        <Empty
          icon={IconPlugConnected}
          action={
            user?.role === 'auditor' ? undefined : (
              <Button component={Link} to="/me">
                {t.connectMine}
              </Button>
            )
          }
        >
          {t.noMailboxes}
        </Empty>
      </Section>
    )
  return (
    <Section title={t.mailboxes}>
      {[...groups].map(([mailbox, rows]) => (
        <section key={mailbox} className={css['box']} aria-label={rows[0]?.address}>
          <div className={css['boxHead']}>
            <div>
              <h3>
                <Link to={`/system/mailboxes/${mailbox}`}>{rows[0]?.address}</Link>
              </h3>
            </div>
          </div>
          {rows.map((row) => (
            <ChannelRow key={row.channel} row={row} />
          ))}
        </section>
      ))}
    </Section>
  )
}
