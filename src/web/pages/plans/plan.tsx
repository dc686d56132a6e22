import { Button, Menu } from '@mantine/core'
import { IconArrowBackUp, IconChevronDown, IconMail } from '@tabler/icons-react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct, useAsk } from '../../api/client.ts'
import { useMayAct, useProductName } from '../../api/session.ts'
import { formatNumber } from '../../format.ts'
import { text } from '../../text/en.ts'
import { plans as t } from '../../text/en/plans.ts'
import { Empty, Loaded, Note, Page, Progress, UnsavedBar } from '../../ui/page.tsx'
import { RunStatus, toneClass } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { OperationGroups, type Operation } from './operations.tsx'
import css from './plan.module.css'
import type { Run } from './run-table.tsx'

const WAITING: readonly Operation['state'][] = ['planned', 'held']

export function PlanPage() {
  const { run: id = '' } = useParams({ strict: false })
  const run = useAsk('GET /api/runs/:run', { params: { run: id } })
  const operations = useAsk('GET /api/runs/:run/operations', { params: { run: id }, query: { size: 500 } })
  return (
    <Loaded of={run}>
      {(data) => (
        <Page
          title={t.planOf(text.common.channel[data.channel], data.address)}
          heading={
            <>
              {t.planOf(text.common.channel[data.channel], data.address)} <RunStatus state={data.state} />
            </>
          }
          crumbs={[{ label: t.title, to: '/plans' }]}
          lead={
            <>
              {text.states.trigger[data.trigger]}, <RelativeTime at={data.startedAt} />
            </>
          }
          actions={<UndoRun run={data} />}
        >
          <Sides run={data} />
          <Notes run={data} />
          <Loaded of={operations}>
            {(page) =>
              page.items.length === 0 ? (
                <Empty>{t.noOperations}</Empty>
              ) : (
                <Decide run={data} operations={page.items} total={page.total} />
              )
            }
          </Loaded>
        </Page>
      )}
    </Loaded>
  )
}

/** Counts by side and kind, at the top. */
function Sides({ run }: { readonly run: Run }) {
  const product = useProductName()
  const side = (name: string, tone: string | undefined, counts: Run['counts']['crm']) => (
    <section className={`${css['side']} ${tone}`} aria-label={name}>
      <h2>{name}</h2>
      <dl>
        {(['create', 'update', 'delete'] as const).map((what) => (
          <div key={what}>
            <dt>{text.common.do[what]}</dt>
            <dd data-zero={counts[what] === 0 ? '' : undefined}>{formatNumber(counts[what])}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
  return (
    <div className={css['top']}>
      {side(product, toneClass.crm, run.counts.crm)}
      {side(text.common.microsoft, toneClass.ms, run.counts.mailbox)}
    </div>
  )
}

function Notes({ run }: { readonly run: Run }) {
  const { counts } = run
  const total = counts.planned + counts.written + counts.failed
  const waits = run.state === 'planned' || run.state === 'held'
  const linkTo = (id: string) => (
    <Button component={Link} to={`/plans/${id}`} variant="default">
      {t.seeIt}
    </Button>
  )
  return (
    <div className={css['notes']}>
      {run.message !== null && <Note tone={run.state === 'failed' ? 'fail' : 'none'}>{run.message}</Note>}
      {waits && (
        <Note tone="held">
          {run.state === 'held' && counts.held > 0 ? t.heldNote(counts.held) : t.planNote}
        </Note>
      )}
      {run.mails.length > 0 ? (
        <Note tone="wait" icon={IconMail}>
          <strong>{waits ? t.mailed(run.mails.length) : t.mailedDone(run.mails.length)}</strong>
          <ul className={css['people']}>
            {run.mails.map((address) => (
              <li key={address}>{address}</li>
            ))}
          </ul>
        </Note>
      ) : (
        waits && total + counts.held > 0 && <p className={css['dim']}>{t.nobody}</p>
      )}
      {run.undoneBy !== null && (
        <Note tone="none" actions={linkTo(run.undoneBy)}>
          {t.undone}
        </Note>
      )}
      {run.undoes !== null && (
        <Note tone="none" actions={linkTo(run.undoes)}>
          {t.undoes}
        </Note>
      )}
      {run.refused.length > 0 && (
        <Note tone="wait">
          <strong>{t.refused(run.refused.length)}</strong>
          <ul className={css['people']}>
            {[...new Set(run.refused.map((one) => one.reason))].map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </Note>
      )}
      {run.state === 'applying' && total > 0 && (
        <Progress
          done={counts.written}
          total={total}
          label={t.progress(formatNumber(counts.written), formatNumber(total))}
        />
      )}
    </div>
  )
}

function Decide({
  run,
  operations,
  total,
}: {
  readonly run: Run
  readonly operations: readonly Operation[]
  readonly total: number
}) {
  const mayAct = useMayAct()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const waiting = operations.filter((one) => WAITING.includes(one.state))
  const decidable = mayAct && waiting.length > 0 && (run.state === 'planned' || run.state === 'held')
  const changes = ['runs', 'status', 'history', 'mailboxes']
  const approve = useAct('POST /api/runs/:run/approve', {
    changes,
    done: () => {
      setChosen(new Set())
      tellDone(t.approved)
    },
  })
  const decline = useAct('POST /api/runs/:run/decline', {
    changes,
    done: () => {
      setChosen(new Set())
      tellDone(t.declined)
    },
  })
  const some = chosen.size > 0
  const about = some ? waiting.filter((one) => chosen.has(one.id)) : waiting
  const people = new Set(about.flatMap((one) => one.mails)).size
  const number = some ? about.length : total === operations.length ? waiting.length : total
  const selection = some ? { operations: [...chosen] } : {}
  const params = { run: run.id }
  return (
    <>
      <OperationGroups operations={operations} {...(decidable && { chosen, setChosen })} />
      {decidable && (
        <UnsavedBar
          actions={
            <>
              <Menu position="top-end">
                <Menu.Target>
                  <Button
                    variant="default"
                    rightSection={<IconChevronDown size={14} />}
                    loading={decline.isPending}
                  >
                    {t.decline}
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  {(['now', 'never'] as const).map((until) => (
                    <Menu.Item
                      key={until}
                      onClick={() =>
                        decline.mutate({ params, body: { ...selection, until } }, { onError: tellProblem })
                      }
                    >
                      {until === 'now' ? t.declineNow : t.declineNever}
                      <div className={css['dim']}>
                        {until === 'now' ? t.declineNowHelp : t.declineNeverHelp}
                      </div>
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
              <Button
                loading={approve.isPending}
                onClick={() => approve.mutate({ params, body: selection }, { onError: tellProblem })}
              >
                {people > 0
                  ? t.approveMailing(number, people)
                  : some
                    ? t.approveSome(number)
                    : t.approveAll(number)}
              </Button>
            </>
          }
        >
          {some ? text.common.selected(chosen.size) : text.count.changes(number)}
        </UnsavedBar>
      )}
    </>
  )
}

function UndoRun({ run }: { readonly run: Run }) {
  const navigate = useNavigate()
  const mayAct = useMayAct()
  const undo = useAct('POST /api/runs/:run/undo', {
    changes: ['runs'],
    done: (made) => {
      tellDone(t.undoPlanned)
      void navigate({ to: `/plans/${made.id}` })
    },
  })
  if (!mayAct || run.state !== 'done' || run.counts.written === 0 || run.undoneBy !== null) return null
  return (
    <Button
      variant="default"
      leftSection={<IconArrowBackUp size={15} aria-hidden />}
      loading={undo.isPending}
      onClick={() => undo.mutate({ params: { run: run.id }, body: {} }, { onError: tellProblem })}
    >
      {t.undoRun}
    </Button>
  )
}
