import { ActionIcon, Button, Popover, TextInput, Tooltip } from '@mantine/core'
import {
  IconCalendar,
  IconChecklist,
  IconEyeSearch,
  IconMail,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
} from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useAct, type Answer } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { formatDuration, formatNumber, formatRelative, formatTime } from '../../format.ts'
import { text } from '../../text/en.ts'
import { Help, Progress } from '../../ui/page.tsx'
import { Plainly } from '../../ui/plainly.tsx'
import { HealthStatus } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import css from './overview.module.css'

const t = text.overview
export type Channel = Answer<'GET /api/mailboxes/:mailbox'>['channels'][number]
const icons = { calendar: IconCalendar, tasks: IconChecklist, email: IconMail }

/** One mailbox's channel: the word, since when it is proven, what waits, and what can be done. */
export function ChannelRow({ row }: { readonly row: Channel }) {
  const Shape = icons[row.channel]
  return (
    <div className={css['channel']}>
      <div className={css['row']}>
        <div className={css['name']}>
          <Shape size={16} stroke={1.6} aria-hidden />
          {row.label}
        </div>
        <div>
          <HealthStatus health={row.health} />
        </div>
        <div>
          <span className={css['key']}>{t.columns.proven}</span>
          <div>
            <RelativeTime at={row.provenAt} otherwise={t.never} />
          </div>
        </div>
        <div data-phone="off">
          <span className={css['key']}>{t.columns.last}</span>
          <div>
            <RelativeTime at={row.lastFinishedAt} otherwise={t.never} />
          </div>
        </div>
        <div data-wide="" data-phone="off">
          <span className={css['key']}>{t.columns.next}</span>
          <div>{row.health === 'paused' || row.health === 'off' ? '' : <RelativeTime at={row.nextAt} />}</div>
        </div>
        <div data-wide="" data-phone="off">
          <Counts row={row} />
        </div>
        <Actions row={row} />
      </div>
      <Words row={row} />
      {row.progress !== null && (
        <div className={css['progress']}>
          <Progress done={row.progress.done} total={row.progress.total} label={progressWords(row.progress)} />
        </div>
      )}
    </div>
  )
}

function progressWords(progress: NonNullable<Channel['progress']>): string {
  const { done, total, itemsPerSecond, secondsLeft, phase } = progress
  return [
    `${text.states.phase[phase]}: ${total === null ? formatNumber(done) : t.progress(formatNumber(done), formatNumber(total))}`,
    itemsPerSecond !== null && t.rate(formatNumber(Math.round(itemsPerSecond))),
    secondsLeft !== null && t.left(formatDuration(secondsLeft)),
  ]
    .filter(Boolean)
    .join(', ')
}

function Words({ row }: { readonly row: Channel }) {
  const waits = useIsAhead(row.throttledUntil)
  const words = [
    waits && row.throttledUntil !== null
      ? t.throttled(formatTime(row.throttledUntil), formatRelative(row.throttledUntil))
      : row.throttledUntil === null && row.message,
    row.disabledBecause,
  ].filter((one) => typeof one === 'string' && one !== '')
  if (words.length === 0) return null
  return (
    <div className={css['message']}>
      {words.map((one) => (
        <Help key={String(one)}>
          <Plainly>{String(one)}</Plainly>
        </Help>
      ))}
    </div>
  )
}

/** Whether the instant is still to come; asked anew when it has. */
function useIsAhead(at: string | null): boolean {
  const [, look] = useState(0)
  const isAhead = at !== null && Date.parse(at) > Date.now()
  useEffect(() => {
    if (at === null || !isAhead) return
    const timer = window.setTimeout(() => look((n) => n + 1), Date.parse(at) - Date.now() + 100)
    return () => window.clearTimeout(timer)
  }, [at, isAhead])
  return isAhead
}

function Counts({ row }: { readonly row: Channel }) {
  const { counts, mailbox, channel } = row
  return (
    <div className={css['counts']}>
      <span>
        {formatNumber(counts.linked)} {t.columns.linked.toLowerCase()}
      </span>
      {counts.waiting > 0 && (
        <Link to="/history" search={{ mailbox, channel, state: 'planned' }} style={{ color: 'var(--dim)' }}>
          {formatNumber(counts.waiting)} {t.columns.waiting.toLowerCase()}
        </Link>
      )}
      {counts.held > 0 && (
        <Link to="/plans" search={{ mailbox, channel, state: 'held' }}>
          {formatNumber(counts.held)} {t.heldCount.toLowerCase()}
        </Link>
      )}
      {counts.conflicts > 0 && (
        <Link to="/conflicts" search={{ mailbox, channel }}>
          {text.count.conflicts(counts.conflicts)}
        </Link>
      )}
    </div>
  )
}

/** A channel that is off can be paused too: then it does not begin by itself when it is switched on, and is previewed first. */
function Actions({ row }: { readonly row: Channel }) {
  const mayAct = useMayAct()
  const navigate = useNavigate()
  const params = { mailbox: row.mailbox, channel: row.channel }
  const changes = ['status', 'mailboxes', 'runs']
  const sync = useAct('POST /api/mailboxes/:mailbox/channels/:channel/sync', {
    changes,
    done: () => tellDone(t.queued),
  })
  const resume = useAct('POST /api/mailboxes/:mailbox/channels/:channel/resume', { changes })
  const preview = useAct('POST /api/plans', {
    changes: ['runs'],
    done: (run) => void navigate({ to: `/plans/${run.id}` }),
  })
  if (!mayAct) return <div className={css['actions']} />
  const name = (verb: string): string => `${verb}: ${row.label}`
  return (
    <div className={css['actions']}>
      {row.enabled && (
        <Tooltip label={t.preview}>
          <ActionIcon
            aria-label={name(t.preview)}
            loading={preview.isPending}
            onClick={() => preview.mutate({ body: params }, { onError: tellProblem })}
          >
            <IconEyeSearch size={17} />
          </ActionIcon>
        </Tooltip>
      )}
      {row.paused !== null ? (
        <Tooltip label={t.resume}>
          <ActionIcon
            aria-label={name(t.resume)}
            loading={resume.isPending}
            onClick={() => resume.mutate({ params }, { onError: tellProblem })}
          >
            <IconPlayerPlay size={17} />
          </ActionIcon>
        </Tooltip>
      ) : (
        <>
          <Pause row={row} changes={changes} label={name(t.pause)} />
          {row.enabled && (
            <Tooltip label={t.syncNow}>
              <ActionIcon
                aria-label={name(t.syncNow)}
                loading={sync.isPending}
                onClick={() => sync.mutate({ params }, { onError: tellProblem })}
              >
                <IconRefresh size={17} />
              </ActionIcon>
            </Tooltip>
          )}
        </>
      )}
    </div>
  )
}

function Pause({
  row,
  changes,
  label,
}: {
  readonly row: Channel
  readonly changes: readonly string[]
  readonly label: string
}) {
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const pause = useAct('POST /api/mailboxes/:mailbox/channels/:channel/pause', {
    changes,
    done: () => setOpen(false),
  })
  return (
    <Popover opened={open} onChange={setOpen} trapFocus position="bottom-end" shadow="md" width={280}>
      <Popover.Target>
        <ActionIcon aria-label={label} title={t.pause} onClick={() => setOpen(!open)}>
          <IconPlayerPause size={17} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          style={{ display: 'grid', gap: 8 }}
          onSubmit={(event) => {
            event.preventDefault()
            pause.mutate(
              { params: { mailbox: row.mailbox, channel: row.channel }, body: { reason } },
              { onError: tellProblem },
            )
          }}
        >
          <TextInput
            size="xs"
            data-autofocus
            label={t.pauseReason}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Button type="submit" loading={pause.isPending}>
            {t.pause}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
