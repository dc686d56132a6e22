import { Button } from '@mantine/core'
import { IconSelector } from '@tabler/icons-react'
import { useState } from 'react'
import { formatNumber } from '../../format.ts'
import { tasks as t } from '../../text/en/tasks.ts'
import { Due, TaskMeta } from './task-row.tsx'
import css from './tasks.module.css'
import { STATUSES, type BoardTasks } from './use-board.ts'
import type { Task } from './use-task.ts'

interface Props {
  readonly of: BoardTasks
  /** How many cards of a column are drawn. */
  readonly first: number
  readonly current: string | undefined
  readonly onOpen: (task: Task) => void
  readonly onStatus: (task: Task, status: Task['status']) => void
}
/** A column for each status; cards are dragged, or moved by their own list of states (keyboard, touch). */
export function Board({ of, first, current, onOpen, onStatus }: Props) {
  const { tasks, totals } = of
  const [over, setOver] = useState<Task['status'] | null>(null)
  const drop = (id: string, status: Task['status']): void => {
    setOver(null)
    const task = tasks.find((one) => one.id === id)
    if (task !== undefined && task.status !== status) onStatus(task, status)
  }
  return (
    <div className={css['board']} tabIndex={0} role="region" aria-label={t.views.board}>
      {STATUSES.map((status) => {
        const rows = tasks.filter((task) => task.status === status)
        return (
          <section
            key={status}
            className={css['column']}
            aria-label={t.statuses[status]}
            data-over={over === status ? '' : undefined}
            onDragOver={(event) => {
              event.preventDefault()
              setOver(status)
            }}
            onDragLeave={() => setOver(null)}
            onDrop={(event) => {
              event.preventDefault()
              drop(event.dataTransfer.getData('text/plain'), status)
            }}
          >
            <h2>
              {t.statuses[status]} <span>{formatNumber(Math.max(totals.get(status) ?? 0, rows.length))}</span>
            </h2>
            {rows.length === 0 && <p className={css['dim']}>{t.emptyColumn}</p>}
            {rows.slice(0, first).map((task) => (
              <article
                key={task.id}
                className={css['card']}
                draggable
                data-task={task.id}
                data-cursor={task.id === current ? '' : undefined}
                onDragStart={(event) => event.dataTransfer.setData('text/plain', task.id)}
              >
                <button type="button" className={css['title']} onClick={() => onOpen(task)}>
                  {task.subject}
                </button>
                <TaskMeta task={task} />
                <div className={css['cardFoot']}>
                  <Due task={task} />
                  <span className={css['state']}>
                    <select
                      aria-label={t.move(task.subject)}
                      value={task.status}
                      onChange={(event) => onStatus(task, event.currentTarget.value as Task['status'])}
                    >
                      {STATUSES.map((value) => (
                        <option key={value} value={value}>
                          {t.statuses[value]}
                        </option>
                      ))}
                    </select>
                    <IconSelector size={14} aria-hidden />
                  </span>
                </div>
              </article>
            ))}
            {(totals.get(status) ?? 0) > rows.length && (
              <Button variant="subtle" onClick={() => of.more(status)}>
                {t.moreCards}
              </Button>
            )}
          </section>
        )
      })}
    </div>
  )
}
