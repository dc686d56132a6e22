import { IconArrowBackUp } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { memo, useState, type MouseEvent } from 'react'
import { useAct, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { formatExact, formatPlainDate, formatTime, wallClock } from '../../format.ts'
import { text } from '../../text/en.ts'
import { history as t } from '../../text/en/history.ts'
import { Diff } from '../../ui/diff.tsx'
import { useKeys } from '../../ui/keys.ts'
import { Definitions, Mono } from '../../ui/page.tsx'
import { SideName } from '../../ui/side.tsx'
import { OperationStatus } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import css from './history.module.css'

export type Operation = Item<'GET /api/history'>

/** One line an event, cause first; Enter opens before and after, u undoes. Drawn anew only for other lines. */
export const Timeline = memo(function Timeline({
  operations,
  first = Infinity,
}: {
  readonly operations: readonly Operation[]
  /** How many of them are drawn. */
  readonly first?: number
}) {
  const mayAct = useMayAct()
  const [cursor, setCursor] = useState(-1)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const undo = useUndo()
  const flip = (id: string): void => {
    const next = new Set(open)
    if (!next.delete(id)) next.add(id)
    setOpen(next)
  }
  const go = (by: number): void => {
    const next = Math.max(0, Math.min(operations.length - 1, cursor + by))
    setCursor(next)
    document.querySelector(`[data-line="${next}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  const current = operations[cursor]
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    Enter: () => current && flip(current.id),
    u: () => current?.undoable === true && undo.start(current),
  })
  let day = ''
  return (
    <div className={css['timeline']}>
      {operations.slice(0, first).map((row, index) => {
        const of = wallClock(row.createdAt).slice(0, 10)
        const newDay = of !== day
        day = of
        return (
          <div key={row.id}>
            {newDay && (
              <h2 className={css['day']}>
                {formatPlainDate(of, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })}
              </h2>
            )}
            <Line
              row={row}
              index={index}
              at={index === cursor}
              open={open.has(row.id)}
              onFlip={() => flip(row.id)}
              onUndo={() => undo.start(row)}
              undoing={mayAct ? undo.pending : null}
            />
          </div>
        )
      })}
    </div>
  )
})

function useUndo() {
  const navigate = useNavigate()
  const act = useAct('POST /api/operations/:operation/undo', {
    changes: ['runs', 'history'],
    done: (run) => {
      tellDone(t.undoPlanned)
      void navigate({ to: `/plans/${run.id}` })
    },
  })
  return {
    pending: act.isPending,
    start: (row: Operation) =>
      act.mutate({ params: { operation: row.id }, body: {} }, { onError: tellProblem }),
  }
}

interface LineProps {
  readonly row: Operation
  readonly index: number
  readonly at: boolean
  readonly open: boolean
  /** Null: this person may not. */
  readonly undoing: boolean | null
  readonly onFlip: () => void
  readonly onUndo: () => void
}
function Line({ row, index, at, open, undoing, onFlip, onUndo }: LineProps) {
  const click = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest('a,button,[data-body]')) return
    onFlip()
  }
  return (
    <div className={css['line']} data-line={index} data-cursor={at ? '' : undefined} onClick={click}>
      <time className={css['when']} dateTime={row.createdAt} title={formatExact(row.createdAt)}>
        {formatTime(row.createdAt)}
      </time>
      <div className={css['what']}>
        <span className={css['cause']}>
          {row.cause}, {t.by(row.rule)}
        </span>
        <span className={css['head']}>
          <SideName side={row.side}>{text.common.do[row.do]}</SideName>
          <button type="button" aria-expanded={open} onClick={onFlip}>
            {row.title}
          </button>
          {row.do === 'update' && (
            <span className={css['fields']}>{row.differences.map((one) => one.label).join(', ')}</span>
          )}
        </span>
      </div>
      <div className={css['right']}>
        {row.state !== 'written' && <OperationStatus state={row.state} />}
        {row.undoneBy !== null && (
          <Link to={`/plans/${row.undoneBy}`} className={css['foot']}>
            {t.undone}
          </Link>
        )}
        {undoing !== null && row.undoable && (
          <button
            type="button"
            className={css['undo']}
            disabled={undoing && at}
            onClick={onUndo}
            aria-label={`${t.undo}: ${row.title}`}
          >
            <IconArrowBackUp size={13} aria-hidden />
            {t.undo}
          </button>
        )}
      </div>
      {open && <Body row={row} />}
    </div>
  )
}

function Body({ row }: { readonly row: Operation }) {
  return (
    <div className={css['body']} data-body="">
      {row.reason !== null && <p>{row.reason}</p>}
      <Diff differences={row.differences} />
      <p className={css['foot']}>
        {row.why} <Link to={`/why/${row.record}`}>{t.why}</Link> <Link to={`/plans/${row.run}`}>{t.run}</Link>
      </p>
      <details className={css['foot']}>
        <summary>{text.common.details}</summary>
        <Definitions
          rows={[
            [t.request, <Mono key="o">{row.id}</Mono>],
            ...(row.item === null ? [] : ([[t.itemId, <Mono key="i">{row.item}</Mono>]] as const)),
            [t.created, formatExact(row.createdAt)],
            ...(row.sentAt === null ? [] : ([[t.sent, formatExact(row.sentAt)]] as const)),
            ...(row.doneAt === null ? [] : ([[t.done, formatExact(row.doneAt)]] as const)),
            [t.attempts, row.attempts],
            ...(row.mails.length === 0 ? [] : ([[t.mails, row.mails.join(', ')]] as const)),
          ]}
        />
      </details>
    </div>
  )
}
