import { ActionIcon, Button, SegmentedControl } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconPlus } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { ask, useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { theReader, today } from '../../format.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { useKeys } from '../../ui/keys.ts'
import { Skeleton, Trouble } from '../../ui/page.tsx'
import { useUrl } from '../../ui/url-state.ts'
import { Agenda } from './agenda.tsx'
import css from './calendar.module.css'
import { CalendarList, useShownCalendars } from './calendar-list.tsx'
import { days, isDate, step, titleOf, windowOf, type View } from './dates.ts'
import { place, type Calendar, type Placed } from './layout.ts'
import { Month } from './month.tsx'
import { useMove } from './move.tsx'
import { TimeGrid } from './time-grid.tsx'

const EventDrawer = lazy(() => import('./event-drawer.tsx').then((m) => ({ default: m.EventDrawer })))
const NONE: readonly Calendar[] = []
const views: readonly View[] = ['month', 'week', 'day', 'agenda']
const isView = (value: string | undefined): value is View => views.some((view) => view === value)

export function CalendarPage() {
  const client = useQueryClient()
  const [url, setUrl] = useUrl()
  const mayAct = useMayAct()
  const view = isView(url['view'])
    ? url['view']
    : window.matchMedia('(max-width: 640px)').matches
      ? 'agenda'
      : 'week'
  const date = isDate(url['date']) ? url['date'] : today()
  const { from, to } = windowOf(view, date)
  const { zone } = theReader()
  const calendars = useAsk('GET /api/calendar/calendars', {})
  const all = calendars.data?.items.map((one) => one.id).join(',')
  const input = (range: { from: string; to: string }) => ({
    query: { ...range, zone, ...(all !== undefined && { calendars: all }) },
  })
  const occurrences = useAsk('GET /api/calendar/occurrences', input({ from, to }), {
    keep: true,
    enabled: all !== undefined,
  })
  // The weeks beside are fetched ahead: turning a page waits for nothing.
  useEffect(() => {
    if (all === undefined) return
    for (const by of [1, -1] as const)
      void client.prefetchQuery(
        ask('GET /api/calendar/occurrences', input(windowOf(view, step(view, date, by)))),
      )
  }, [client, view, date, all])

  const isLoading = occurrences.data === undefined && occurrences.error === null
  const [shown, showCalendar] = useShownCalendars(calendars.data?.items ?? NONE)
  const placed = useMemo(
    () =>
      (occurrences.data?.items ?? [])
        .filter((one) => shown.has(one.calendar))
        .map(place)
        .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0)),
    [occurrences.data, shown],
  )
  const colors = useMemo(
    () => new Map(calendars.data?.items.map((one) => [one.id, one.color])),
    [calendars.data],
  )
  const colorOf = (calendar: string): string => colors.get(calendar) ?? '#6b7280'

  const open = (one: Placed): void =>
    setUrl({ event: one.occurrence.event, slot: one.occurrence.slot, new: null }, { push: true })
  const create = (start: string, end: string): void => {
    if (mayAct) setUrl({ new: 'event', start, end, event: null, slot: null }, { push: true })
  }
  const go = (by: 1 | -1): void => setUrl({ date: step(view, date, by) })
  const show = (next: View): void => setUrl({ view: next })
  const toDay = (day: string): void => setUrl({ view: 'day', date: day }, { push: true })
  const { move, dialog } = useMove()
  useKeys({
    n: () => mayAct && setUrl({ new: 'event' }, { push: true }),
    t: () => setUrl({ date: null }),
    '1': () => show('month'),
    '2': () => show('week'),
    '3': () => show('day'),
    '4': () => show('agenda'),
    ArrowLeft: () => go(-1),
    ArrowRight: () => go(1),
    k: () => go(-1),
    j: () => go(1),
  })
  useEffect(() => {
    document.title = `${t.title} · ${text.common.name}`
  }, [])
  const grid = { placed, colorOf, onOpen: open, onDay: toDay, onNew: create, onMove: move }
  return (
    <div>
      <header className={css['bar']}>
        <h1 aria-live="polite">{titleOf(view, date)}</h1>
        <Button variant="default" onClick={() => setUrl({ date: null })}>
          {t.today}
        </Button>
        <span>
          <ActionIcon aria-label={t.earlier} onClick={() => go(-1)}>
            <IconChevronLeft size={18} />
          </ActionIcon>
          <ActionIcon aria-label={t.later} onClick={() => go(1)}>
            <IconChevronRight size={18} />
          </ActionIcon>
        </span>
        <SegmentedControl
          size="xs"
          aria-label={t.view}
          value={view}
          onChange={(next) => isView(next) && show(next)}
          data={views.map((value) => ({ value, label: t.views[value] }))}
        />
        {mayAct && (
          <Button
            leftSection={<IconPlus size={15} aria-hidden />}
            onClick={() => setUrl({ new: 'event' }, { push: true })}
          >
            {t.newEvent}
          </Button>
        )}
      </header>
      {occurrences.error && <Trouble error={occurrences.error} retry={() => void occurrences.refetch()} />}
      <div className={css['layout']}>
        <CalendarList calendars={calendars.data?.items ?? []} shown={shown} onShow={showCalendar} />
        <div aria-busy={isLoading}>
          {view === 'month' && <Month first={from} month={date} {...grid} />}
          {(view === 'week' || view === 'day') && <TimeGrid key={view} days={days(from, to)} {...grid} />}
          {view === 'agenda' && isLoading && <Skeleton rows={8} />}
          {view === 'agenda' && !isLoading && (
            <Agenda days={days(from, to)} placed={placed} colorOf={colorOf} onOpen={open} />
          )}
        </div>
      </div>
      {dialog}
      <Suspense>
        {(url['event'] !== undefined || url['new'] === 'event') && (
          <EventDrawer
            key={`${url['event'] ?? 'new'} ${url['slot'] ?? ''}`}
            calendars={calendars.data?.items ?? []}
            occurrence={placed.find(
              ({ occurrence }) =>
                occurrence.event === url['event'] && (occurrence.slot ?? undefined) === url['slot'],
            )}
            onClose={() => setUrl({ event: null, slot: null, new: null, start: null, end: null, edit: null })}
          />
        )}
      </Suspense>
    </div>
  )
}
