import { IconCalendarOff } from '@tabler/icons-react'
import { formatPlainDate, today } from '../../format.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { Empty } from '../../ui/page.tsx'
import css from './calendar.module.css'
import { titleOfEvent, whenOf } from './event-button.tsx'
import type { Placed } from './layout.ts'
import { SyncIcon } from './sync-icon.tsx'

interface Props {
  readonly days: readonly string[]
  readonly placed: readonly Placed[]
  readonly colorOf: (calendar: string) => string
  readonly onOpen: (placed: Placed) => void
}
export function Agenda({ days, placed, colorOf, onOpen }: Props) {
  const filled = days
    .map((date) => ({ date, rows: placed.filter((one) => one.first <= date && one.last >= date) }))
    .filter(({ rows }) => rows.length > 0)
  if (filled.length === 0) return <Empty icon={IconCalendarOff}>{t.emptyAgenda}</Empty>
  return (
    <div className={css['agenda']}>
      {filled.map(({ date, rows }) => (
        <section key={date} className={css['agendaDay']}>
          <h2 data-today={date === today() ? '' : undefined}>
            {formatPlainDate(date, { weekday: 'short', day: 'numeric', month: 'short' })}
          </h2>
          <ul>
            {rows.map((one) => (
              <li key={one.key}>
                <button
                  type="button"
                  className={css['agendaRow']}
                  style={{ '--c': colorOf(one.occurrence.calendar) }}
                  onClick={() => onOpen(one)}
                >
                  <time>{whenOf(one)}</time>
                  <span>
                    {titleOfEvent(one)}
                    {one.occurrence.location !== null && <small>{one.occurrence.location}</small>}
                  </span>
                  <SyncIcon of={one.occurrence} className={css['chipMark']} />
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
