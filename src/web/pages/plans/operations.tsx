import { Checkbox } from '@mantine/core'
import { IconMail } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Item } from '../../api/client.ts'
import { useSideName } from '../../ui/side.tsx'
import { text } from '../../text/en.ts'
import { plans as t } from '../../text/en/plans.ts'
import { Diff } from '../../ui/diff.tsx'
import { useKeys } from '../../ui/keys.ts'
import { SideName } from '../../ui/side.tsx'
import { OperationStatus, Status } from '../../ui/status.tsx'
import css from './plan.module.css'

export type Operation = Item<'GET /api/runs/:run/operations'>
interface Choice {
  readonly chosen?: ReadonlySet<string>
  readonly setChosen?: (chosen: ReadonlySet<string>) => void
}
const kinds = ['create', 'update', 'restore', 'delete'] as const
const SHOWN_AT_ONCE = 100

/** Held ones first with the reason, then by side and kind; each group can be ticked whole. */
export function OperationGroups({
  operations,
  chosen,
  setChosen,
}: { readonly operations: readonly Operation[] } & Choice) {
  const sideName = useSideName()
  // In a preview everything waits for the same reason; held is then what stands out from it.
  const [first] = operations
  const alike =
    operations.length > 0 &&
    operations.every((one) => one.state === 'held' && one.reason === first?.reason && one.do !== 'delete')
  const isHeld = (one: Operation): boolean => one.state === 'held' && !alike
  const groups = [
    { key: 'held', title: t.group.held, rows: operations.filter(isHeld) },
    ...(['crm', 'mailbox'] as const).flatMap((side) =>
      kinds.map((kind) => ({
        key: `${side} ${kind}`,
        title: `${sideName(side)}: ${text.common.do[kind]}`,
        rows: operations.filter((one) => !isHeld(one) && one.side === side && one.do === kind),
      })),
    ),
  ].filter(({ rows }) => rows.length > 0)
  const order = groups.flatMap((group) => group.rows)
  const [cursor, setCursor] = useState(-1)
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(order.length <= 3 ? order.map((one) => one.id) : []),
  )
  const toggle = (set: ReadonlySet<string>, ids: readonly string[], on: boolean): ReadonlySet<string> => {
    const next = new Set(set)
    for (const id of ids)
      if (on) next.add(id)
      else next.delete(id)
    return next
  }
  const flip = (id: string): void => setOpen(toggle(open, [id], !open.has(id)))
  const current = order[cursor]?.id
  const go = (by: number): void => {
    const next = Math.max(0, Math.min(order.length - 1, cursor + by))
    setCursor(next)
    document
      .querySelector(`[data-operation="${order[next]?.id ?? ''}"]`)
      ?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    Enter: () => current !== undefined && flip(current),
    ...(setChosen &&
      chosen && {
        x: () => current !== undefined && setChosen(toggle(chosen, [current], !chosen.has(current))),
      }),
  })
  return groups.map(({ key, title, rows }) => (
    <section key={key} className={css['group']} aria-label={title}>
      <div className={css['groupHead']}>
        {chosen && setChosen && (
          <Checkbox
            size="xs"
            aria-label={`${t.select}: ${title}`}
            checked={rows.every((row) => chosen.has(row.id))}
            indeterminate={rows.some((row) => chosen.has(row.id)) && !rows.every((row) => chosen.has(row.id))}
            onChange={(event) =>
              setChosen(
                toggle(
                  chosen,
                  rows.map((row) => row.id),
                  event.currentTarget.checked,
                ),
              )
            }
          />
        )}
        <h2>{key === 'held' ? <Status tone="held">{title}</Status> : title}</h2>
        <span className={css['dim']}>{text.count.changes(rows.length)}</span>
      </div>
      <Rows
        rows={rows}
        render={(row) => (
          <OperationRow
            key={row.id}
            row={row}
            at={row.id === current}
            open={open.has(row.id)}
            onFlip={() => flip(row.id)}
            {...(chosen &&
              setChosen && {
                chosen: chosen.has(row.id),
                onChoose: (on: boolean) => setChosen(toggle(chosen, [row.id], on)),
              })}
          />
        )}
      />
    </section>
  ))
}

function Rows({
  rows,
  render,
}: {
  readonly rows: readonly Operation[]
  readonly render: (row: Operation) => React.ReactNode
}) {
  const [all, setAll] = useState(false)
  const shown = all ? rows : rows.slice(0, SHOWN_AT_ONCE)
  return (
    <div className={css['list']}>
      {shown.map(render)}
      {shown.length < rows.length && (
        <button type="button" className={css['opHead']} onClick={() => setAll(true)}>
          {text.common.more}
        </button>
      )}
    </div>
  )
}

interface RowProps {
  readonly row: Operation
  readonly open: boolean
  readonly at: boolean
  readonly onFlip: () => void
  readonly chosen?: boolean
  readonly onChoose?: (on: boolean) => void
}
function OperationRow({ row, open, at, onFlip, chosen, onChoose }: RowProps) {
  return (
    <div className={css['op']} data-operation={row.id} data-cursor={at ? '' : undefined}>
      <div
        className={css['opHead']}
        onClick={(event) => {
          if (!(event.target instanceof Element && event.target.closest('input,label,button,a'))) onFlip()
        }}
      >
        {onChoose ? (
          <Checkbox
            size="xs"
            aria-label={`${t.select}: ${row.title}`}
            checked={chosen === true}
            onChange={(event) => onChoose(event.currentTarget.checked)}
          />
        ) : (
          <span />
        )}
        <span data-do="">
          <SideName side={row.side}>{text.common.do[row.do]}</SideName>
        </span>
        <span className={css['opTitle']}>
          <button type="button" aria-expanded={open} onClick={onFlip}>
            {row.title}
          </button>
        </span>
        <span data-extra="">
          {row.mails.length > 0 && (
            <span title={row.mails.join(', ')}>
              <Status tone="wait" bare icon={IconMail}>
                {text.count.people(row.mails.length)}
              </Status>
            </span>
          )}
        </span>
        <OperationStatus state={row.state} />
      </div>
      {open && (
        <div className={css['opBody']}>
          {row.reason !== null && <p className={css['reason']}>{row.reason}</p>}
          <Diff differences={row.differences} />
          <p className={css['dim']}>
            {t.why}: {row.why} ({t.rule} {row.rule}). {t.cause}: {row.cause}.{' '}
            <Link to={`/why/${row.record}`}>{t.openItem}</Link>
          </p>
        </div>
      )}
    </div>
  )
}
