import { useMemo, useState, type PointerEvent } from 'react'
import { formatPlainDate, formatWall, today } from '../../format.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import css from './calendar.module.css'
import { addDays, addMinutes, daysBetween } from './dates.ts'
import { EventButton, titleOfEvent } from './event-button.tsx'
import { layoutBars, type Placed } from './layout.ts'
import { SyncIcon } from './sync-icon.tsx'
import { weekOf } from './time-grid.tsx'

interface Props {
  readonly first: string
  readonly month: string
  readonly placed: readonly Placed[]
  readonly colorOf: (calendar: string) => string
  readonly onOpen: (placed: Placed) => void
  readonly onDay: (date: string) => void
  readonly onNew: (start: string, end: string) => void
  readonly onMove: (placed: Placed, start: string, end: string) => void
}
const WEEKS = 6

export function Month({ first, month, placed, colorOf, onOpen, onDay, onNew, onMove }: Props) {
  const weeks = useMemo(() => Array.from({ length: WEEKS }, (_, i) => addDays(first, i * 7)), [first])
  const [lines, setLines] = useState(4)
  const [drag, setDrag] = useState<{ readonly what: Placed; readonly over: string | null } | null>(null)
  /** How many lines fit is measured once drawn. */
  const measure = (row: HTMLDivElement | null): void => {
    if (row === null) return
    const fit = Math.max(1, Math.floor((row.clientHeight - 28) / 25))
    if (fit !== lines) setLines(fit)
  }
  const dateAt = (x: number, y: number): string | null => {
    for (const element of document.elementsFromPoint(x, y))
      if (element instanceof HTMLElement && element.dataset['cell'] !== undefined)
        return element.dataset['cell']
    return null
  }
  const begin = (event: PointerEvent<HTMLElement>, what: Placed): void => {
    if (event.button !== 0 || event.pointerType === 'touch' || what.occurrence.readOnly) return
    const from = dateAt(event.clientX, event.clientY)
    let over: string | null = null
    const end = (): void => {
      window.removeEventListener('pointermove', move)
      window.removeEventListener('pointerup', up)
      window.removeEventListener('keydown', key, true)
      setDrag(null)
    }
    const move = (next: globalThis.PointerEvent): void => {
      const at = dateAt(next.clientX, next.clientY)
      if (at === null || (over === null && at === from)) return
      over = at
      setDrag({ what, over })
    }
    const up = (): void => {
      end()
      if (over === null || from === null || over === from) return
      const minutes = daysBetween(from, over) * 1440
      onMove(what, addMinutes(what.start, minutes).slice(0, 16), addMinutes(what.end, minutes).slice(0, 16))
    }
    const key = (pressed: KeyboardEvent): void => {
      if (pressed.key === 'Escape') end()
    }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', up)
    window.addEventListener('keydown', key, true)
  }
  return (
    <div className={css['month']}>
      <div className={css['monthHead']}>
        {weekOf(first).map((date) => (
          <span key={date}>{formatPlainDate(date, { weekday: 'short' })}</span>
        ))}
      </div>
      {weeks.map((week, index) => {
        const bars = layoutBars(week, 7, placed)
        const hidden = new Map<number, number>()
        const shown = bars.filter((bar) => {
          const crowded = bars.some((one) => one.line >= lines && one.from <= bar.to && one.to >= bar.from)
          if (bar.line < (crowded ? lines - 1 : lines)) return true
          for (let day = bar.from; day <= bar.to; day++) hidden.set(day, (hidden.get(day) ?? 0) + 1)
          return false
        })
        return (
          <div key={week} className={css['weekRow']} ref={index === 0 ? measure : undefined}>
            {weekOf(week).map((date) => (
              <div
                key={date}
                className={css['cell']}
                data-cell={date}
                data-outside={date.startsWith(month.slice(0, 7)) ? undefined : ''}
                data-today={date === today() ? '' : undefined}
                data-over={drag?.over === date ? '' : undefined}
                onDoubleClick={() => onNew(`${date}T09:00:00`, `${date}T09:30:00`)}
              >
                <button
                  type="button"
                  className={css['cellDay']}
                  title={formatPlainDate(date, {
                    weekday: 'long',
                    day: 'numeric',
                    month: 'long',
                    year: 'numeric',
                  })}
                  onClick={() => onDay(date)}
                >
                  {Number(date.slice(8))}
                </button>
              </div>
            ))}
            <div className={css['weekBars']}>
              {shown.map((bar) => (
                <EventButton
                  key={bar.placed.key}
                  placed={bar.placed}
                  color={colorOf(bar.placed.occurrence.calendar)}
                  className={css['chip']}
                  bar={bar.placed.allDay || bar.from !== bar.to}
                  dragged={drag?.what.key === bar.placed.key}
                  style={{ gridColumn: `${bar.from + 1} / ${bar.to + 2}`, gridRow: bar.line + 1 }}
                  onOpen={onOpen}
                  onPointerDown={(event) => begin(event, bar.placed)}
                >
                  {!bar.placed.allDay && <small aria-hidden>{formatWall(bar.placed.start)}</small>}
                  <span>{titleOfEvent(bar.placed)}</span>
                  <SyncIcon of={bar.placed.occurrence} className={css['chipMark']} />
                </EventButton>
              ))}
              {[...hidden].map(([day, count]) => (
                <button
                  key={`more ${day}`}
                  type="button"
                  className={css['moreButton']}
                  style={{ gridColumn: day + 1, gridRow: lines }}
                  onClick={() => onDay(addDays(week, day))}
                >
                  {t.more(count)}
                </button>
              ))}
            </div>
          </div>
        )
      })}
    </div>
  )
}
