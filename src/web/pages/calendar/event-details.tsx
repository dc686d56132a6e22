import { Button, Menu } from '@mantine/core'
import { IconChevronDown, IconExternalLink, IconPencil, IconTrash, IconVideo } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { EventTime } from '../../../core/item.ts'
import { useAct, type Answer } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { formatPlainDate, formatWall, theReader } from '../../format.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { Definitions, Note, Trouble } from '../../ui/page.tsx'
import { Status } from '../../ui/status.tsx'
import { SyncWords } from '../../ui/sync-words.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import type { Calendar } from './layout.ts'
import css from './calendar.module.css'
import { addDays } from './dates.ts'
import type { Placed } from './layout.ts'
import { mailedBy, type Reach } from './move.tsx'
import { plainText } from './plain-text.ts'

export type Event = Answer<'GET /api/calendar/events/:event'>
const answers = ['accepted', 'tentative', 'declined'] as const

interface Props {
  readonly event: Event
  readonly slot: string | null
  readonly occurrence: Placed | undefined
  readonly calendar: Calendar | undefined
  readonly onEdit: () => void
  readonly onClose: () => void
}
export function EventDetails({ event, slot, occurrence, calendar, onEdit, onClose }: Props) {
  const mayAct = useMayAct()
  const answer = useAct('POST /api/calendar/events/:event/answer', { changes: ['calendar', 'status'] })
  const restore = useAct('POST /api/calendar/events/:event/restore', { changes: ['calendar', 'status'] })
  const params = { event: event.id }
  const time = occurrence?.occurrence.time ?? event.time
  const writable = mayAct && !event.redacted && calendar?.canWrite === true
  const rows: (readonly [string, ReactNode])[] = [[text.overview.time, whenText(time)]]
  if (event.recurrenceText !== null) rows.push([t.repeats, event.recurrenceText])
  const location = occurrence?.occurrence.location ?? event.location
  if (location !== null && location !== '') rows.push([t.where, location])
  if (calendar) rows.push([t.calendar, calendar.name])
  if (event.reminder !== null) rows.push([t.reminder, reminderText(event.reminder)])
  if (event.showAs in t.showAsOptions)
    rows.push([t.showAs, t.showAsOptions[event.showAs as keyof typeof t.showAsOptions]])
  if (event.sensitivity !== 'normal' && event.sensitivity in t.sensitivityOptions)
    rows.push([t.sensitivity, t.sensitivityOptions[event.sensitivity as keyof typeof t.sensitivityOptions]])
  if (event.categories.length > 0) rows.push([t.categories, event.categories.join(', ')])
  if (event.organizer && !event.isOrganizer)
    rows.push([t.organizer, event.organizer.name || event.organizer.email])
  return (
    <div className={css['details']}>
      <h2>{event.subject || t.noTitle}</h2>
      {event.cancelled && <Status tone="fail">{t.cancelledMark}</Status>}
      {event.deletedAt !== null && (
        <Note
          tone="wait"
          actions={
            <Button
              variant="default"
              loading={restore.isPending}
              onClick={() => restore.mutate({ params }, { onError: tellProblem })}
            >
              {text.common.restore}
            </Button>
          }
        >
          {t.deletedAt} <RelativeTime at={event.deletedAt} />
        </Note>
      )}
      {event.redacted && <Note tone="none">{t.private}</Note>}
      <Definitions rows={rows} />
      {event.onlineMeeting && /^https:/.test(event.onlineMeeting.joinUrl) && (
        <div>
          <Button
            component="a"
            href={event.onlineMeeting.joinUrl}
            target="_blank"
            rel="noreferrer"
            variant="default"
            leftSection={<IconVideo size={15} aria-hidden />}
          >
            {t.join(event.onlineMeeting.provider)}
          </Button>
        </div>
      )}
      {mayAct && !event.isOrganizer && event.organizer !== null && !event.redacted && (
        <section className={css['actions']} aria-label={t.answer}>
          {answers.map((one) => (
            <Button
              key={one}
              variant={event.answer === one ? 'filled' : 'default'}
              aria-pressed={event.answer === one}
              loading={answer.isPending}
              onClick={() =>
                answer.mutate(
                  { params, body: { version: event.version, answer: one } },
                  { onError: tellProblem },
                )
              }
            >
              {t.answerVerbs[one]}
            </Button>
          ))}
        </section>
      )}
      {event.attendees.length > 0 && (
        <section>
          <h3>{t.attendees}</h3>
          <ul className={css['people']}>
            {event.attendees.map((one) => (
              <li key={one.email}>
                <span>
                  {one.name || one.email}{' '}
                  {one.type !== 'required' && <span className={css['dim']}>{t.type[one.type]}</span>}
                </span>
                <span className={css['dim']}>{t.answers[one.answer]}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {event.body !== null && event.body.content.trim() !== '' && (
        <section>
          <h3>{t.notes}</h3>
          <p className={css['body2']}>{plainText(event.body)}</p>
        </section>
      )}
      {event.related.length > 0 && (
        <section>
          <h3>{t.related}</h3>
          <ul>
            {event.related.map((one) => (
              <li key={one.id} data-inline className={css['related']}>
                <Link to={`/records/${one.kind}/${one.id}`}>{one.title}</Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>{t.sync}</h3>
        <p>
          <SyncWords record={event.id} sync={event.sync} />
        </p>
        <p className={css['dim']}>
          {t.changedBy(event.modifiedBy)}, <RelativeTime at={event.modifiedAt} />.{' '}
          <Link to={`/why/${event.id}`}>{t.why}</Link>{' '}
          {event.sync.webLink !== null && /^https?:/.test(event.sync.webLink) && (
            <a href={event.sync.webLink} target="_blank" rel="noreferrer">
              {t.outlook} <IconExternalLink size={12} aria-hidden />
            </a>
          )}
        </p>
      </section>
      {writable && event.deletedAt === null && (
        <div className={css['actions']}>
          <Button leftSection={<IconPencil size={15} aria-hidden />} onClick={onEdit} data-autofocus>
            {text.common.edit}
          </Button>
          <DeleteButton event={event} slot={slot} onClose={onClose} />
        </div>
      )}
    </div>
  )
}

/** Deleting can be undone (quarantine); where people are mailed, the button names how many. */
function DeleteButton({ event, slot, onClose }: Pick<Props, 'event' | 'slot' | 'onClose'>) {
  const restore = useAct('POST /api/calendar/events/:event/restore', { changes: ['calendar', 'status'] })
  const remove = useAct('POST /api/calendar/events/:event/delete', {
    changes: ['calendar', 'status'],
    done: () => {
      tellDone(t.deleted(event.subject))
      onClose()
    },
  })
  const people = mailedBy(event)
  const label = people > 0 ? t.deleteAndMail(people) : text.common.delete
  const run = (reach: Reach): void =>
    remove.mutate(
      {
        params: { event: event.id },
        body: { version: event.version, reach, ...(slot !== null && { slot }) },
      },
      { onError: tellProblem },
    )
  const icon = <IconTrash size={15} aria-hidden />
  if (event.recurrence === null || slot === null)
    return (
      <>
        <Button
          variant="default"
          leftSection={icon}
          loading={remove.isPending || restore.isPending}
          onClick={() => run('all')}
        >
          {label}
        </Button>
        {remove.error && <Trouble error={remove.error} />}
      </>
    )
  return (
    <Menu position="top-start">
      <Menu.Target>
        <Button
          variant="default"
          leftSection={icon}
          rightSection={<IconChevronDown size={14} />}
          loading={remove.isPending}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(['this', 'following', 'all'] as const).map((reach) => (
          <Menu.Item key={reach} onClick={() => run(reach)}>
            {t.reach[reach]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

const dayText = (date: string): string =>
  formatPlainDate(date, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })

/** In the event's own zone, which is named when it is not the reader's. */
export function whenText(time: EventTime): string {
  if (time.allDay) {
    const last = addDays(time.end, -1)
    return last > time.start
      ? `${dayText(time.start)} – ${dayText(last)}`
      : `${dayText(time.start)}, ${t.allDay}`
  }
  const zone = time.zone === theReader().zone ? '' : ` (${time.zone.replaceAll('_', ' ')})`
  const [from, to] = [time.start.slice(0, 10), time.end.slice(0, 10)]
  return `${dayText(from)}, ${formatWall(time.start)} – ${from === to ? '' : `${dayText(to)}, `}${formatWall(time.end)}${zone}`
}

export const reminderText = (minutes: number): string =>
  minutes in t.reminders ? t.reminders[minutes as keyof typeof t.reminders] : t.minutesBefore(minutes)
