import { IconFlag3, IconRepeat, IconSubtask } from '@tabler/icons-react'
import type { MouseEvent } from 'react'
import { formatPlainDate } from '../../format.ts'
import { tasks as t } from '../../text/en/tasks.ts'
import { SyncStatus } from '../../ui/status.tsx'
import css from './tasks.module.css'
import type { Task } from './use-task.ts'

interface Props {
  readonly task: Task
  readonly list: string
  readonly at: boolean
  readonly onOpen: () => void
  readonly onComplete: () => void
}
export function TaskRow({ task, list, at, onOpen, onComplete }: Props) {
  const done = task.status === 'completed'
  const click = (event: MouseEvent): void => {
    if (!(event.target instanceof Element && event.target.closest('input,button'))) onOpen()
  }
  return (
    <div
      className={css['row']}
      data-task={task.id}
      data-cursor={at ? '' : undefined}
      data-done={done ? '' : undefined}
      onClick={click}
    >
      <input
        type="checkbox"
        className={css['check']}
        checked={done}
        aria-label={done ? t.reopen(task.subject) : t.complete(task.subject)}
        onChange={onComplete}
      />
      <div style={{ minWidth: 0 }}>
        <button type="button" className={css['title']} onClick={onOpen}>
          {task.subject}
        </button>
        <TaskMeta task={task} />
      </div>
      <span className={css['dim']} data-list="">
        {list}
      </span>
      <Due task={task} />
    </div>
  )
}

/** Small signs that say more than the title; nothing when there is nothing to say. */
export function TaskMeta({ task }: { readonly task: Task }) {
  const stepsDone = task.steps.filter((step) => step.done).length
  const { state } = task.sync
  return (
    <div className={css['meta']}>
      {task.importance === 'high' && (
        <span className={css['high']} title={t.importances.high}>
          <IconFlag3 size={13} aria-hidden /> {t.importances.high}
        </span>
      )}
      {task.status !== 'notStarted' && task.status !== 'completed' && <span>{t.statuses[task.status]}</span>}
      {task.steps.length > 0 && (
        <span style={{ display: 'inline-flex', gap: 3, alignItems: 'center' }}>
          <IconSubtask size={13} aria-hidden />
          {t.stepsDone(stepsDone, task.steps.length)}
        </span>
      )}
      {task.recurrenceText !== null && (
        <span style={{ display: 'inline-flex', gap: 3, alignItems: 'center' }}>
          <IconRepeat size={13} aria-hidden />
          {task.recurrenceText}
        </span>
      )}
      {task.categories.map((one) => (
        <span key={one}>{one}</span>
      ))}
      {state !== 'fine' && state !== 'local' && <SyncStatus state={state} />}
    </div>
  )
}

export function Due({ task }: { readonly task: Task }) {
  if (task.due === null) return <span />
  return (
    <span className={css['due']} data-overdue={task.overdue ? '' : undefined}>
      {task.overdue && <span className="visually-hidden">{t.overdue}: </span>}
      {formatPlainDate(task.due, { weekday: 'short', day: 'numeric', month: 'short' })}
    </span>
  )
}
