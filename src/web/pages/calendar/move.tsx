import { Button, Radio } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type ReactNode } from 'react'
import type { EventTime } from '../../../core/item.ts'
import { call, refresh, useAsk, type Answer, type ApiProblem } from '../../api/client.ts'
import { formatWall } from '../../format.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { Loaded } from '../../ui/page.tsx'
import { tellProblem } from '../../ui/tell.ts'
import css from './calendar.module.css'
import { addDays, addMinutes, daysBetween, minutesBetween } from './dates.ts'
import type { Occurrence, Placed } from './layout.ts'
import { Modal } from '../../ui/dialog.tsx'

type Event = Answer<'GET /api/calendar/events/:event'>
export type Reach = 'this' | 'following' | 'all'

/** A time moved by as much as the reader moved it: its own zone and, for all-day events, its days stay. */
export function shiftTime(time: EventTime, startMinutes: number, endMinutes: number): EventTime {
  if (time.allDay) {
    const by = Math.round(startMinutes / 1440)
    return {
      allDay: true,
      start: addDays(time.start, by),
      end: addDays(time.end, Math.round(endMinutes / 1440)),
    }
  }
  return { ...time, start: addMinutes(time.start, startMinutes), end: addMinutes(time.end, endMinutes) }
}

/** How many people Microsoft mails when this meeting changes: only the organizer's copy mails. */
export const mailedBy = (event: Pick<Event, 'isOrganizer' | 'attendees' | 'organizer'>): number =>
  event.isOrganizer ? event.attendees.filter((one) => one.email !== event.organizer?.email).length : 0

interface Pending {
  readonly placed: Placed
  readonly startMinutes: number
  readonly endMinutes: number
}

/**
 * Moving by drag. A single appointment moves at once and can be undone; a series asks how far it reaches, and a meeting
 * names how many people will be mailed.
 */
export function useMove(): {
  readonly move: (placed: Placed, start: string, end: string) => void
  readonly dialog: ReactNode
} {
  const client = useQueryClient()
  const [pending, setPending] = useState<Pending | null>(null)

  const redraw = (occurrence: Occurrence, time: EventTime, minutes: readonly [number, number]): void => {
    client.setQueriesData<Answer<'GET /api/calendar/occurrences'>>(
      { predicate: ({ queryKey: [route] }) => route === 'GET /api/calendar/occurrences' },
      (data) =>
        data && {
          items: data.items.map((one) =>
            one.event === occurrence.event && one.slot === occurrence.slot
              ? {
                  ...one,
                  time,
                  startsAt: later(one.startsAt, minutes[0]),
                  endsAt: later(one.endsAt, minutes[1]),
                }
              : one,
          ),
        },
    )
  }
  // Who drags again before the answer came decides on their own last move: it is waited for, and its version named.
  const underWay = useRef(new Map<string, Promise<number | null>>())
  const patch = async (
    event: string,
    version: number,
    time: EventTime,
    reach: Reach,
    slot: string | null,
  ): Promise<Event> => {
    const before = underWay.current.get(event) ?? Promise.resolve(null)
    const writing = before.then((own) =>
      call('PATCH /api/calendar/events/:event', {
        params: { event },
        body: {
          ...{ version: Math.max(version, own ?? 0), change: { time }, reach },
          ...(slot !== null && { slot }),
        },
      }),
    )
    underWay.current.set(
      event,
      writing.then(
        (written) => written.version,
        () => null,
      ),
    )
    return writing
  }
  const failed = (error: ApiProblem): void => {
    tellProblem(error)
    void refresh(client, 'calendar')
  }

  const move = (placed: Placed, start: string, end: string): void => {
    const { occurrence } = placed
    const startMinutes = minutesBetween(placed.start, start)
    const endMinutes = minutesBetween(placed.end, end)
    if (occurrence.isSeries || occurrence.isMeeting) {
      setPending({ placed, startMinutes, endMinutes })
      return
    }
    const time = shiftTime(occurrence.time, startMinutes, endMinutes)
    redraw(occurrence, time, [startMinutes, endMinutes])
    patch(occurrence.event, occurrence.version, time, 'all', null).then((event) => {
      void refresh(client, 'calendar')
      tellMoved(placed, start, () => {
        redraw(occurrence, occurrence.time, [-startMinutes, -endMinutes])
        patch(event.id, event.version, occurrence.time, 'all', null).then(
          () => refresh(client, 'calendar'),
          failed,
        )
      })
    }, failed)
  }

  const dialog = pending && (
    <MoveDialog
      pending={pending}
      onClose={() => setPending(null)}
      onMove={(event, reach) => {
        const { placed, startMinutes, endMinutes } = pending
        const { occurrence } = placed
        setPending(null)
        const from = reach === 'all' ? event.time : occurrence.time
        const time = shiftTime(from, startMinutes, endMinutes)
        if (reach === 'this') redraw(occurrence, time, [startMinutes, endMinutes])
        patch(event.id, event.version, time, reach, occurrence.slot).then(
          () => refresh(client, 'calendar'),
          failed,
        )
      }}
    />
  )
  return { move, dialog }
}

const later = (instant: string, minutes: number): string =>
  new Date(Date.parse(instant) + minutes * 60_000).toISOString()

function tellMoved(placed: Placed, start: string, undo: () => void): void {
  const id = `moved ${placed.key}`
  notifications.show({
    id,
    color: 'accent',
    autoClose: 8_000,
    message: (
      <span style={{ display: 'flex', alignItems: 'center', gap: 12 }}>
        {t.moved(placed.occurrence.title, placed.allDay ? start.slice(0, 10) : formatWall(start))}
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => {
            notifications.hide(id)
            undo()
          }}
        >
          {t.undo}
        </Button>
      </span>
    ),
  })
}

interface DialogProps {
  readonly pending: Pending
  readonly onClose: () => void
  readonly onMove: (event: Event, reach: Reach) => void
}
function MoveDialog({ pending, onClose, onMove }: DialogProps) {
  const { occurrence } = pending.placed
  const [reach, setReach] = useState<Reach>(occurrence.isSeries ? 'this' : 'all')
  const event = useAsk('GET /api/calendar/events/:event', { params: { event: occurrence.event } })
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${t.move}: ${occurrence.title}`}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <Loaded of={event} rows={2}>
        {(data) => (
          <div className={css['form']}>
            {occurrence.isSeries && <ReachChoice value={reach} onChange={setReach} />}
            <Button data-autofocus onClick={() => onMove(data, reach)}>
              {mailedBy(data) > 0 ? t.moveAndMail(mailedBy(data)) : t.move}
            </Button>
          </div>
        )}
      </Loaded>
    </Modal>
  )
}

export function ReachChoice({
  value,
  onChange,
}: {
  readonly value: Reach
  readonly onChange: (reach: Reach) => void
}) {
  return (
    <Radio.Group label={t.reach.title} value={value} onChange={(next) => onChange(next as Reach)}>
      <div style={{ display: 'grid', gap: 6, paddingTop: 4 }}>
        {(['this', 'following', 'all'] as const).map((one) => (
          <Radio key={one} size="xs" value={one} label={t.reach[one]} />
        ))}
      </div>
    </Radio.Group>
  )
}

/** How far an occurrence's time was moved against another, in minutes of its wall clock. */
export function deltaOf(from: EventTime, to: EventTime): readonly [number, number] {
  if (from.allDay && to.allDay)
    return [daysBetween(from.start, to.start) * 1440, daysBetween(from.end, to.end) * 1440]
  if (!from.allDay && !to.allDay)
    return [minutesBetween(from.start, to.start), minutesBetween(from.end, to.end)]
  return [0, 0]
}
