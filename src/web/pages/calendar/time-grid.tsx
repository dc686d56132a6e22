import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react'
import { formatHour, formatPlainDate, formatWall, today, wallClock } from '../../format.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import css from './calendar.module.css'
import { addDays, atMinute, DAY_MINUTES, minuteOfDay, weekdayOf } from './dates.ts'
import { useDrag, type Drag } from './drag.ts'
import { EventButton, titleOfEvent, whenOf } from './event-button.tsx'
import { layoutBars, layoutDay, type Placed } from './layout.ts'
import { SyncIcon } from './sync-icon.tsx'

export const HOUR_PX = 48
const SNAP_MINUTES = 15
const FIRST_SHOWN_HOUR = 7

interface Props {
  readonly days: readonly string[]
  readonly placed: readonly Placed[]
  readonly colorOf: (calendar: string) => string
  readonly onOpen: (placed: Placed) => void
  readonly onDay: (date: string) => void
  readonly onNew: (start: string, end: string) => void
  readonly onMove: (placed: Placed, start: string, end: string) => void
}

/** Week and day: hours down, days across; what overlaps shares the width. */
export function TimeGrid({ days, placed, colorOf, onOpen, onDay, onNew, onMove }: Props) {
  const scroll = useRef<HTMLDivElement>(null)
  const first = days[0] ?? today()
  const now = useNow()
  const bars = useMemo(
    () =>
      layoutBars(
        first,
        days.length,
        placed.filter((one) => one.allDay),
      ),
    [first, days.length, placed],
  )
  useEffect(() => {
    scroll.current?.scrollTo({ top: FIRST_SHOWN_HOUR * HOUR_PX })
  }, [])
  return (
    <div className={css['grid']} style={{ '--days': days.length }}>
      <div className={css['heads']}>
        <span />
        {days.map((date) => (
          <button
            key={date}
            type="button"
            className={css['head']}
            data-today={date === today() ? '' : undefined}
            title={formatPlainDate(date, { weekday: 'long', day: 'numeric', month: 'long' })}
            onClick={() => onDay(date)}
          >
            {formatPlainDate(date, { weekday: 'short' })} <strong>{Number(date.slice(8))}</strong>
          </button>
        ))}
      </div>
      <div className={`${css['allDay']} ${css['bars']}`}>
        <span className={css['allDayLabel']}>{t.allDay}</span>
        {bars.map((bar) => (
          <EventButton
            key={bar.placed.key}
            placed={bar.placed}
            color={colorOf(bar.placed.occurrence.calendar)}
            className={css['event']}
            style={{ gridColumn: `${bar.from + 2} / ${bar.to + 3}`, gridRow: bar.line + 1 }}
            onOpen={onOpen}
          >
            <SyncIcon of={bar.placed.occurrence} className={css['mark']} />
            <strong>{titleOfEvent(bar.placed)}</strong>
          </EventButton>
        ))}
      </div>
      <div className={css['scroll']} ref={scroll} tabIndex={0} role="region" aria-label={t.title}>
        <div className={css['body']}>
          <div className={css['hours']} aria-hidden>
            {Array.from({ length: 23 }, (_, i) => (
              <span key={i} style={{ top: (i + 1) * HOUR_PX }}>
                {formatHour(i + 1)}
              </span>
            ))}
          </div>
          <Days
            days={days}
            placed={placed}
            colorOf={colorOf}
            now={now}
            onOpen={onOpen}
            onNew={onNew}
            onMove={onMove}
          />
        </div>
      </div>
    </div>
  )
}

interface DaysProps extends Omit<Props, 'onDay'> {
  readonly now: string
}
function Days({ days, placed, colorOf, now, onOpen, onNew, onMove }: DaysProps) {
  const columns = useMemo(() => new Map(days.map((date) => [date, layoutDay(date, placed)])), [days, placed])
  const drag = useDrag<Placed>()
  const moved = drag.now && newTimes(drag.now)
  const drop = (done: Drag<Placed>): void => {
    const { start, end } = newTimes(done)
    if (start !== done.what.start || end !== done.what.end) onMove(done.what, start, end)
  }
  const begin = (event: PointerEvent<HTMLElement>, one: Placed, mode: 'move' | 'resize'): void => {
    if (one.occurrence.readOnly) return
    const day = event.currentTarget.closest<HTMLElement>(`.${css['day']}`)
    drag.begin(event, one, mode, day?.clientWidth ?? 100, drop)
  }
  return days.map((date) => (
    <DayColumn key={date} date={date} onNew={onNew}>
      {(columns.get(date) ?? []).map((one) => (
        <EventButton
          key={one.placed.key}
          placed={one.placed}
          color={colorOf(one.placed.occurrence.calendar)}
          className={css['event']}
          dragged={drag.now?.what.key === one.placed.key}
          style={{
            top: (one.from / 60) * HOUR_PX,
            height: ((one.to - one.from) / 60) * HOUR_PX,
            left: `calc(${(one.column / one.columns) * 100}% + 1px)`,
            width: `calc(${100 / one.columns}% - 3px)`,
          }}
          onOpen={(which) => !drag.wasDragged() && onOpen(which)}
          onPointerDown={(event) => begin(event, one.placed, 'move')}
        >
          <SyncIcon of={one.placed.occurrence} className={css['mark']} />
          <strong>{titleOfEvent(one.placed)}</strong>
          {one.to - one.from >= 35 && (
            <small aria-hidden>
              {whenOf(one.placed)}
              {one.placed.occurrence.location !== null && `, ${one.placed.occurrence.location}`}
            </small>
          )}
          {!one.placed.occurrence.readOnly && one.placed.last === date && (
            <span
              className={css['handle']}
              onPointerDown={(event) => {
                event.stopPropagation()
                begin(event, one.placed, 'resize')
              }}
            />
          )}
        </EventButton>
      ))}
      {moved && moved.start.slice(0, 10) === date && drag.now && (
        <div
          className={css['event']}
          data-ghost=""
          style={{
            '--c': colorOf(drag.now.what.occurrence.calendar),
            top: (minuteOfDay(moved.start) / 60) * HOUR_PX,
            height: (Math.max(15, minutesOf(moved.start, moved.end)) / 60) * HOUR_PX,
            left: 1,
            right: 2,
          }}
        >
          <strong>{titleOfEvent(drag.now.what)}</strong>
          <small role="status">
            {formatWall(moved.start)} – {formatWall(moved.end)}
          </small>
        </div>
      )}
      {now.startsWith(date) && (
        <div className={css['now']} style={{ top: (minuteOfDay(now) / 60) * HOUR_PX }} />
      )}
    </DayColumn>
  ))
}

const minutesOf = (from: string, to: string): number =>
  (Date.parse(`${to.slice(0, 16)}Z`) - Date.parse(`${from.slice(0, 16)}Z`)) / 60_000
const snap = (minutes: number): number => Math.round(minutes / SNAP_MINUTES) * SNAP_MINUTES

/** Where a dragged event would land, in the reader's wall-clock time. */
function newTimes({ what, mode, dx, dy, dayPx }: Drag<Placed>): {
  readonly start: string
  readonly end: string
} {
  const minutes = snap((dy / HOUR_PX) * 60)
  if (mode === 'resize') {
    const length = Math.max(SNAP_MINUTES, minutesOf(what.start, what.end) + minutes)
    return { start: what.start, end: shift(what.start, length) }
  }
  const by = Math.round(dx / dayPx) * DAY_MINUTES + minutes
  return { start: shift(what.start, by), end: shift(what.end, by) }
}
const shift = (wall: string, minutes: number): string =>
  new Date(Date.parse(`${wall.slice(0, 16)}:00Z`) + minutes * 60_000).toISOString().slice(0, 16)

/** An empty place that is clicked, or a stretch that is drawn with the mouse, becomes a new event. */
function DayColumn({
  date,
  onNew,
  children,
}: {
  readonly date: string
  readonly onNew: (start: string, end: string) => void
  readonly children: React.ReactNode
}) {
  const [drawn, setDrawn] = useState<{ readonly from: number; readonly to: number } | null>(null)
  const minuteAt = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.max(0, Math.min(DAY_MINUTES, ((event.clientY - box.top) / HOUR_PX) * 60))
  }
  return (
    <div
      className={css['day']}
      data-date={date}
      data-weekend={weekdayOf(date) % 6 === 0 ? '' : undefined}
      onPointerDown={(event) => {
        if (event.target !== event.currentTarget || event.button !== 0 || event.pointerType === 'touch')
          return
        event.currentTarget.setPointerCapture(event.pointerId)
        const from = Math.floor(minuteAt(event) / 30) * 30
        setDrawn({ from, to: from + 30 })
      }}
      onPointerMove={(event) => {
        if (drawn) setDrawn({ from: drawn.from, to: Math.max(drawn.from + 15, snap(minuteAt(event))) })
      }}
      onPointerUp={() => {
        if (drawn) onNew(atMinute(date, drawn.from), atMinute(date, drawn.to))
        setDrawn(null)
      }}
      onPointerCancel={() => setDrawn(null)}
    >
      {children}
      {drawn && (
        <div
          className={css['event']}
          data-new=""
          style={{
            top: (drawn.from / 60) * HOUR_PX,
            height: ((drawn.to - drawn.from) / 60) * HOUR_PX,
            left: 1,
            right: 2,
          }}
        >
          <strong>{t.newEvent}</strong>
          <small>
            {formatWall(atMinute(date, drawn.from))} – {formatWall(atMinute(date, drawn.to))}
          </small>
        </div>
      )}
    </div>
  )
}

function useNow(): string {
  const [now, setNow] = useState(() => wallClock(Date.now()))
  useEffect(() => {
    const timer = window.setInterval(() => setNow(wallClock(Date.now())), 30_000)
    return () => window.clearInterval(timer)
  }, [])
  return now
}

export const weekOf = (first: string): readonly string[] =>
  Array.from({ length: 7 }, (_, i) => addDays(first, i))
