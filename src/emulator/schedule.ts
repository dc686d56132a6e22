/** Free and busy times, and reminders. Source: "calendar: getSchedule", "scheduleInformation", "user: reminderView". */
import type { Answer, Call } from './call.ts'
import { items } from './collection.ts'
import { badRequest, GraphError } from './errors.ts'
import { instantOf, parameters, parseMoment, type EventRow } from './event-model.ts'
import { eventId, instanceId, type View } from './event-render.ts'
import { instancesBetween, overlaps, type Instance } from './event-series.ts'
import { defaultCalendar, eventsOf } from './event-store.ts'
import { changeKey } from './ids.ts'
import { object, texts, whole, type JsonObject } from './item-parts.ts'
import { answerList, jsonAnswer } from './odata.ts'
import type { Mailbox } from './state.ts'
import { renderSettings } from './users.ts'
import { windowOf } from './window.ts'
import { DAY, wallText } from './zones.ts'

const MINUTE = 60_000
const INTERVAL_DEFAULT = 30
const INTERVAL_MIN = 5
const INTERVAL_MAX = 1_440
/** Exchange's own limit, as its administrators know it; the page names none. */
const DAYS_MAX = 62
const SCHEDULES_MAX = 100

interface Shown {
  readonly row: EventRow
  readonly instance: Instance | null
  readonly source: EventRow
  readonly start: number
  readonly end: number
}

/** What the default calendar holds between two instants, by time. */
function shownBetween(mailbox: Mailbox, from: number, to: number): Shown[] {
  const found: Shown[] = []
  for (const row of items(eventsOf(mailbox, defaultCalendar(mailbox).key))) {
    if (row.recurrence === null) {
      const [start, end] = [instantOf(row.start), instantOf(row.end)]
      if (overlaps(start, end, from, to)) found.push({ row, instance: null, source: row, start, end })
    } else
      for (const instance of instancesBetween(row, from, to)) {
        const { start, end, exception } = instance
        found.push({ row, instance, source: exception ?? row, start, end })
      }
  }
  return found.sort((a, b) => a.start - b.start)
}

const moment = (at: number, view: View): JsonObject => ({
  dateTime: wallText(view.zone.toWall(at)),
  timeZone: view.zoneName,
})

/** Free and working elsewhere count nothing, tentative 1, busy 2, away 3; the highest of a slot wins. */
const WEIGHTS: Readonly<Record<string, number>> = { tentative: 1, busy: 2, oof: 3 }

function availability(shown: readonly Shown[], from: number, to: number, interval: number): string {
  const slots = Array.from({ length: Math.ceil((to - from) / interval) }, () => 0)
  for (const { source, start, end } of shown) {
    const weight = WEIGHTS[source.showAs] ?? 0
    for (
      let at = Math.max(0, Math.floor((start - from) / interval));
      at < slots.length && from + at * interval < end;
      at++
    )
      slots[at] = Math.max(slots[at] ?? 0, weight)
  }
  return slots.join('')
}

function schedule(call: Call, scheduleId: string, from: number, to: number, interval: number): JsonObject {
  const { store, view, identity } = call
  const mailbox = store.mailboxOf(scheduleId)
  if (mailbox === undefined || mailbox.person.tenantId !== identity.tenantId || mailbox.gone)
    return {
      scheduleId,
      availabilityView: '',
      scheduleItems: [],
      error: {
        message: 'The mail recipient is not found in Active Directory.',
        responseCode: 'ErrorMailRecipientNotFound',
      },
    }
  const shown = shownBetween(mailbox, from, to)
  // Others see whether somebody is free, not with what.
  const known = identity.personId === null || identity.personId === mailbox.person.id
  return {
    scheduleId,
    availabilityView: availability(shown, from, to, interval),
    scheduleItems: shown.map(({ source, start, end }) => ({
      ...(known
        ? {
            isPrivate: source.sensitivity === 'private',
            subject: source.subject,
            location: source.location['displayName'] ?? '',
          }
        : {}),
      status: source.showAs,
      start: moment(start, view),
      end: moment(end, view),
    })),
    workingHours: renderSettings(mailbox)['workingHours'],
  }
}

export function getSchedule(call: Call): Answer {
  const body = parameters(call.json())
  const schedules = texts(body, 'schedules') ?? []
  const [startTime, endTime] = [object(body, 'startTime'), object(body, 'endTime')]
  if (schedules.length === 0 || schedules.length > SCHEDULES_MAX)
    throw badRequest(`The parameter schedules must name 1 to ${SCHEDULES_MAX} addresses.`)
  if (!startTime || !endTime) throw badRequest('The parameters startTime and endTime are required.')
  const from = instantOf(parseMoment(startTime, 'startTime'))
  const to = instantOf(parseMoment(endTime, 'endTime'))
  if (to <= from)
    throw new GraphError(400, 'ErrorInvalidParameter', 'The endTime must be after the startTime.')
  if (to - from > DAYS_MAX * DAY)
    throw new GraphError(
      400,
      'ErrorTimeIntervalTooBig',
      `The requested time window is larger than ${DAYS_MAX} days.`,
    )
  const interval = whole(body, 'availabilityViewInterval') ?? INTERVAL_DEFAULT
  if (interval < INTERVAL_MIN || interval > INTERVAL_MAX)
    throw new GraphError(
      400,
      'ErrorInvalidMergedFreeBusyInterval',
      `The availabilityViewInterval must be ${INTERVAL_MIN} to ${INTERVAL_MAX} minutes.`,
    )
  return jsonAnswer(
    200,
    {
      '@odata.context': `${call.root}/$metadata#Collection(microsoft.graph.scheduleInformation)`,
      value: schedules.map((name) => schedule(call, name, from, to, interval * MINUTE)),
    },
    call.applied(),
  )
}

/** A reminder belongs to the window in which it goes off. */
export function reminderView(call: Call): Answer {
  const { mailbox, view } = call
  const { from, to } = windowOf(call, call.args)
  // An event may remind weeks ahead, so events are looked for beyond the window.
  const reach = 4 * 7 * DAY
  const rows = shownBetween(mailbox, from, to + reach)
    .map((shown) => ({ ...shown, fires: shown.start - shown.source.reminderMinutesBeforeStart * MINUTE }))
    .filter(({ source, fires }) => source.isReminderOn && fires >= from && fires < to)
    .map(({ row, instance, source, start, end, fires }) => {
      const id = instance === null ? eventId(mailbox, row, view) : instanceId(mailbox, instance, view)
      return {
        eventId: id,
        eventStartTime: moment(start, view),
        eventEndTime: moment(end, view),
        changeKey: changeKey(source.version),
        eventSubject: source.subject,
        eventLocation: source.location,
        eventWebLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(id)}&exvsurl=1&path=/calendar/item`,
        reminderFireTime: moment(fires, view),
      }
    })
  return answerList(call, {
    rows,
    context: `${call.root}/$metadata#Collection(microsoft.graph.reminder)`,
    headers: call.applied(),
  })
}
