import { Button, Checkbox, NativeSelect, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { describeGroup } from '../../../core/describe.ts'
import type { EventTime, Recurrence } from '../../../core/item.ts'
import { useAct, useAsk, type ApiProblem } from '../../api/client.ts'
import type { ApiInput } from '../../../server/api/api.ts'
import { theReader, today, wallClock } from '../../format.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { Help, Note, Trouble } from '../../ui/page.tsx'
import { ZoneField } from '../../ui/zone-field.tsx'
import type { Calendar } from './layout.ts'
import css from './calendar.module.css'
import { addDays, addMinutes, minutesBetween } from './dates.ts'
import type { Event } from './event-details.tsx'
import type { Placed } from './layout.ts'
import { deltaOf, mailedBy, ReachChoice, shiftTime, type Reach } from './move.tsx'
import { plainText } from './plain-text.ts'
import { RecurrenceField } from './recurrence-field.tsx'

type Change = ApiInput<'PATCH /api/calendar/events/:event'>['body']['change']

interface Form {
  readonly calendar: string
  readonly subject: string
  readonly allDay: boolean
  /** Wall-clock `YYYY-MM-DDTHH:mm` in `zone`; of all-day events only the dates count, the end is the last day. */
  readonly start: string
  readonly end: string
  readonly zone: string
  readonly recurrence: Recurrence | null
  readonly location: string
  readonly attendees: readonly string[]
  readonly reminder: string
  readonly showAs: string
  readonly sensitivity: string
  readonly categories: readonly string[]
  readonly notes: string
}

interface Props {
  readonly calendars: readonly Calendar[]
  readonly event?: Event
  readonly slot?: string | null
  readonly occurrence?: Placed | undefined
  readonly start?: string | undefined
  readonly end?: string | undefined
  readonly onDone: () => void
}

export function EventEditor({ calendars, event, slot = null, occurrence, start, end, onDone }: Props) {
  const first = formOf(event, occurrence?.occurrence.time ?? event?.time, start, end, calendars)
  const [before] = useState(first)
  const [kept, setForm] = useState(first)
  // Opened by its address, the form can be there before the calendars are.
  const form = kept.calendar === '' ? { ...kept, calendar: first.calendar } : kept
  const inSeries = event !== undefined && event.recurrence !== null && slot !== null
  const [reach, setReach] = useState<Reach>(inSeries ? 'this' : 'all')
  const put = (patch: Partial<Form>): void => setForm((now) => ({ ...now, ...patch }))
  const changes = ['calendar', 'status']
  const make = useAct('POST /api/calendar/events', { changes, done: onDone })
  const change = useAct('PATCH /api/calendar/events/:event', { changes, done: onDone })
  const problem = timeOf(form).end < timeOf(form).start ? t.endBeforeStart : undefined
  const locked = (group: string): boolean => event?.readOnly.some((one) => one.group === group) === true
  const submit = (): void => {
    if (problem !== undefined) return
    if (event === undefined) {
      const { subject, time, ...rest } = differences(null, form, [])
      make.mutate({
        body: {
          ...rest,
          subject: subject ?? form.subject,
          time: time ?? timeOf(form),
          calendar: form.calendar,
        },
      })
      return
    }
    const diff = differences(before, form, event.attendees)
    const shown = occurrence?.occurrence.time ?? event.time
    const time =
      diff.time && reach === 'all' && inSeries ? shiftSeries(event.time, shown, diff.time) : diff.time
    change.mutate({
      params: { event: event.id },
      body: {
        version: event.version,
        change: { ...diff, ...(time && { time }) },
        reach,
        ...(slot !== null && { slot }),
        ...(form.calendar !== before.calendar && { calendar: form.calendar }),
      },
    })
  }
  const people = event ? Math.max(mailedBy(event), form.attendees.length) : form.attendees.length
  const synced = calendars.find((one) => one.id === form.calendar)?.syncedWith !== null
  const mails = synced && (event?.isOrganizer ?? true) ? people : 0
  const error: ApiProblem | null = make.error ?? change.error
  return (
    <form
      className={css['form']}
      onSubmit={(submitted) => {
        submitted.preventDefault()
        submit()
      }}
    >
      {error && <Trouble error={error} />}
      {event !== undefined && event.readOnly.length > 0 && (
        <Note tone="none">
          {[...Map.groupBy(event.readOnly, (one) => one.why)].map(([why, groups]) => (
            <p key={why}>
              {t.readOnly}: {groups.map(({ group }) => describeGroup(group)).join(', ')}. {why}
            </p>
          ))}
        </Note>
      )}
      {inSeries && <ReachChoice value={reach} onChange={setReach} />}
      <TextInput
        label={t.name}
        required
        maxLength={255}
        data-autofocus
        disabled={locked('subject')}
        value={form.subject}
        onChange={(e) => put({ subject: e.currentTarget.value })}
      />
      <When form={form} put={put} disabled={locked('time')} problem={problem} />
      {!(inSeries && reach === 'this') && (
        <RecurrenceField
          value={form.recurrence}
          start={form.start.slice(0, 10)}
          disabled={locked('recurrence')}
          onChange={(recurrence) => put({ recurrence })}
        />
      )}
      <TextInput
        label={t.location}
        disabled={locked('location')}
        value={form.location}
        onChange={(e) => put({ location: e.currentTarget.value })}
      />
      <Attendees form={form} put={put} disabled={locked('attendees')} />
      <div className={css['two']}>
        <NativeSelect
          label={t.calendar}
          value={form.calendar}
          data={calendars.filter((one) => one.canWrite).map((one) => ({ value: one.id, label: one.name }))}
          onChange={(e) => put({ calendar: e.currentTarget.value })}
        />
        <NativeSelect
          label={t.reminder}
          value={form.reminder}
          onChange={(e) => put({ reminder: e.currentTarget.value })}
        >
          {Object.entries(t.reminders).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
          {!(form.reminder in t.reminders) && (
            <option value={form.reminder}>{t.minutesBefore(Number(form.reminder))}</option>
          )}
        </NativeSelect>
        <NativeSelect
          label={t.showAs}
          value={form.showAs}
          data={Object.entries(t.showAsOptions).map(([value, label]) => ({ value, label }))}
          onChange={(e) => put({ showAs: e.currentTarget.value })}
        />
        <NativeSelect
          label={t.sensitivity}
          disabled={locked('sensitivity')}
          value={form.sensitivity}
          data={Object.entries(t.sensitivityOptions).map(([value, label]) => ({ value, label }))}
          onChange={(e) => put({ sensitivity: e.currentTarget.value })}
        />
      </div>
      <TagsInput
        label={t.categories}
        value={[...form.categories]}
        onChange={(categories) => put({ categories })}
      />
      <Textarea
        label={t.notes}
        minRows={3}
        maxRows={12}
        disabled={locked('body')}
        value={form.notes}
        onChange={(e) => put({ notes: e.currentTarget.value })}
      />
      {event?.body?.type === 'html' && <Help>{t.formatLost}</Help>}
      <div className={css['actions']}>
        <Button type="submit" loading={make.isPending || change.isPending} disabled={form.calendar === ''}>
          {event === undefined
            ? mails > 0
              ? t.createAndMail(mails)
              : t.create
            : mails > 0
              ? t.saveAndMail(mails)
              : t.save}
        </Button>
        <Button variant="default" onClick={onDone}>
          {text.common.cancel}
        </Button>
      </div>
    </form>
  )
}

interface PartProps {
  readonly form: Form
  readonly put: (patch: Partial<Form>) => void
  readonly disabled: boolean
}
function When({ form, put, disabled, problem }: PartProps & { readonly problem: string | undefined }) {
  const [otherZone, setOtherZone] = useState(form.zone !== theReader().zone)
  const start = (date: string, time: string): void => {
    if (date === '' || time === '') return
    const next = `${date}T${time}`
    // The length stays when the start moves.
    put({ start: next, end: addMinutes(next, minutesBetween(form.start, form.end)).slice(0, 16) })
  }
  const end = (date: string, time: string): void => {
    if (date !== '' && time !== '') put({ end: `${date}T${time}` })
  }
  return (
    <>
      <Checkbox
        size="xs"
        label={t.allDay}
        disabled={disabled}
        checked={form.allDay}
        onChange={(e) => put({ allDay: e.currentTarget.checked })}
      />
      {(
        [
          [t.starts, form.start, start],
          [t.ends, form.end, end],
        ] as const
      ).map(([label, value, change]) => (
        <div key={label} className={css['when']}>
          <TextInput
            type="date"
            label={label}
            required
            disabled={disabled}
            error={label === t.ends ? problem : undefined}
            value={value.slice(0, 10)}
            onChange={(e) => change(e.currentTarget.value, value.slice(11))}
          />
          {!form.allDay && (
            <TextInput
              type="time"
              aria-label={label}
              required
              disabled={disabled}
              value={value.slice(11, 16)}
              onChange={(e) => change(value.slice(0, 10), e.currentTarget.value)}
            />
          )}
        </div>
      ))}
      {!form.allDay &&
        (otherZone ? (
          <ZoneField label={t.zone} value={form.zone} onChange={(zone) => put({ zone })} />
        ) : (
          <div>
            <Button size="compact-xs" variant="subtle" disabled={disabled} onClick={() => setOtherZone(true)}>
              {t.otherZone}
            </Button>
          </div>
        ))}
    </>
  )
}

function Attendees({ form, put, disabled }: PartProps) {
  const people = useAsk('GET /api/people', { query: {} })
  return (
    <TagsInput
      label={t.attendees}
      description={t.attendeesHelp}
      disabled={disabled}
      splitChars={[',', ';', ' ']}
      data={(people.data?.items ?? []).map((one) => one.email)}
      value={[...form.attendees]}
      onChange={(attendees) => put({ attendees: attendees.map((one) => one.trim().toLowerCase()) })}
    />
  )
}

function formOf(
  event: Event | undefined,
  time: EventTime | undefined,
  start: string | undefined,
  end: string | undefined,
  calendars: readonly Calendar[],
): Form {
  const from = start?.slice(0, 16) ?? nextHalfHour()
  const zone = theReader().zone
  const when =
    time === undefined
      ? { allDay: false, start: from, end: end?.slice(0, 16) ?? addMinutes(from, 30).slice(0, 16), zone }
      : time.allDay
        ? { allDay: true, start: `${time.start}T09:00`, end: `${addDays(time.end, -1)}T09:30`, zone }
        : { allDay: false, start: time.start.slice(0, 16), end: time.end.slice(0, 16), zone: time.zone }
  return {
    ...when,
    calendar: event?.calendar ?? (calendars.find((one) => one.isDefault) ?? calendars[0])?.id ?? '',
    subject: event?.subject ?? '',
    recurrence: event?.recurrence ?? null,
    location: event?.location ?? '',
    attendees: event?.attendees.map((one) => one.email) ?? [],
    reminder: event === undefined ? '15' : event.reminder === null ? 'none' : String(event.reminder),
    showAs: event?.showAs ?? 'busy',
    sensitivity: event?.sensitivity ?? 'normal',
    categories: event?.categories ?? [],
    notes: event?.body ? plainText(event.body) : '',
  }
}

function nextHalfHour(): string {
  const now = wallClock(Date.now())
  const minute = Number(now.slice(14, 16))
  return addMinutes(`${today()}T${now.slice(11, 13)}:00`, minute < 30 ? 30 : 60).slice(0, 16)
}

function timeOf(form: Form): EventTime {
  return form.allDay
    ? { allDay: true, start: form.start.slice(0, 10), end: addDays(form.end.slice(0, 10), 1) }
    : { allDay: false, start: `${form.start}:00`, end: `${form.end}:00`, zone: form.zone }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Only the groups that the person changed are sent: what was not touched stays as it is on both sides. */
function differences(before: Form | null, form: Form, known: Event['attendees']): Change {
  const has = (name: keyof Form): boolean => before === null || !same(before[name], form[name])
  const time = timeOf(form)
  const attendees = form.attendees.map((email) => {
    const old = known.find((one) => one.email === email)
    return { email, name: old?.name ?? '', type: old?.type ?? ('required' as const) }
  })
  return {
    ...(has('subject') && { subject: form.subject }),
    ...((before === null || !same(timeOf(before), time)) && { time }),
    ...(has('recurrence') && {
      recurrence: recurrenceOf(form, before === null || before.recurrence === null),
    }),
    ...(has('location') && { location: form.location === '' ? null : form.location }),
    ...(has('attendees') && { attendees }),
    ...(has('reminder') && { reminder: form.reminder === 'none' ? null : Number(form.reminder) }),
    ...(has('showAs') && { showAs: form.showAs as NonNullable<Change['showAs']> }),
    ...(has('sensitivity') && { sensitivity: form.sensitivity as NonNullable<Change['sensitivity']> }),
    ...(has('categories') && { categories: [...form.categories].sort() }),
    ...(has('notes') && { body: form.notes === '' ? null : { type: 'text' as const, content: form.notes } }),
  }
}

/** A new series begins on the day of its first occurrence; an old one keeps its beginning. */
function recurrenceOf(form: Form, isNew: boolean): NonNullable<Change['recurrence']> | null {
  if (form.recurrence === null) return null
  const { pattern, range } = form.recurrence
  const started = isNew ? { ...range, start: form.start.slice(0, 10) } : range
  return structuredClone({ pattern, range: started }) as NonNullable<Change['recurrence']>
}

/** "The whole series" moves the master by as much as the opened occurrence was moved. */
function shiftSeries(master: EventTime, shown: EventTime, wanted: EventTime): EventTime {
  if (shown.allDay !== wanted.allDay || master.allDay !== wanted.allDay) return wanted
  const [start, end] = deltaOf(shown, wanted)
  return shiftTime(master, start, end)
}
