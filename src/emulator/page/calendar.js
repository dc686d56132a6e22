/** A person's calendar as a week or a list; events are made, changed, moved, answered and deleted here. */
import { closeDialog, fields, graph, h, openDialog, recipients, state, suggestions, toast } from './kit.js'

const DAY = 86_400_000
const FIRST_HOUR = 7
const HOURS = 16
const HOUR_PIXELS = 44

let monday = null
let asList = matchMedia('(max-width: 640px)').matches
let root

const two = (n) => String(n).padStart(2, '0')
const dateOf = (ms) => new Date(ms).toISOString().slice(0, 10)
const wall = (moment) => Date.parse(`${moment.dateTime.slice(0, 19)}Z`)
const clock = (ms) => `${two(new Date(ms).getUTCHours())}:${two(new Date(ms).getUTCMinutes())}`
const dayName = (ms, style = 'short') =>
  new Date(ms).toLocaleDateString('en-GB', {
    weekday: style,
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  })

export async function showCalendar(view) {
  root = view
  if (monday === null) {
    const today = Math.floor(state.now / DAY)
    monday = (today - ((today + 3) % 7)) * DAY
  }
  const days = asList ? 14 : 7
  // A day more on both sides: the window is in UTC, the page in the person's own time.
  const from = new Date(monday - DAY).toISOString()
  const to = new Date(monday + (days + 1) * DAY).toISOString()
  const { value } = await graph('GET', `/me/calendarView?startDateTime=${from}&endDateTime=${to}&$top=500`)
  const events = value
    .map((event) => ({ event, from: wall(event.start), to: wall(event.end) }))
    .sort((a, b) => a.from - b.from)
  const go = (weeks) => () => {
    monday += weeks * 7 * DAY
    void showCalendar(root)
  }
  root.replaceChildren(
    h(
      'div',
      { className: 'bar' },
      h('h2', {}, `${dayName(monday)} – ${dayName(monday + (days - 1) * DAY)}`),
      h('button', { onclick: go(-1), 'aria-label': 'Earlier' }, '‹'),
      h('button', { onclick: () => ((monday = null), showCalendar(root)) }, 'Today'),
      h('button', { onclick: go(1), 'aria-label': 'Later' }, '›'),
      h(
        'button',
        { 'aria-pressed': String(!asList), onclick: () => ((asList = false), showCalendar(root)) },
        'Week',
      ),
      h(
        'button',
        { 'aria-pressed': String(asList), onclick: () => ((asList = true), showCalendar(root)) },
        'List',
      ),
      h(
        'button',
        {
          className: 'main',
          onclick: () =>
            edit(null, monday + 12 * 3600_000 + Math.max(0, Math.floor((state.now - monday) / DAY)) * DAY),
        },
        'New event',
      ),
    ),
    asList ? agenda(events, days) : week(events),
    h('p', { className: 'soft', style: 'margin-top:8px' }, `Times in ${state.zone}.`),
  )
}

const classOf = (event) =>
  `event${event.isOrganizer ? '' : ' invited'}${event.isCancelled ? ' cancelled' : ''}`

function agenda(events, days) {
  const rows = []
  for (let day = 0; day < days; day++) {
    const from = monday + day * DAY
    const here = events.filter((one) => one.from < from + DAY && (one.to > from || one.from === from))
    if (here.length === 0) continue
    rows.push(h('h3', {}, dayName(from, 'long')))
    for (const { event, from: start, to } of here)
      rows.push(
        h(
          'button',
          { className: 'line', onclick: () => open(event) },
          h('span', { className: 'soft' }, event.isAllDay ? 'all day' : `${clock(start)}–${clock(to)}`),
          h(
            'span',
            { className: event.isCancelled ? 'cancelled' : '' },
            event.subject || '(no subject)',
            h('span', { className: 'soft cut' }, event.location?.displayName ?? ''),
          ),
          h(
            'span',
            { className: 'soft' },
            event.type === 'occurrence' || event.type === 'exception' ? '↻' : '',
          ),
        ),
      )
  }
  return h(
    'div',
    { className: 'card agenda' },
    rows.length === 0 ? h('p', { className: 'empty' }, 'Nothing in these two weeks.') : rows,
  )
}

/** Events that overlap share a column's width. */
function lanes(events) {
  const placed = []
  for (const one of events) {
    let lane = 0
    while (placed.some((other) => other.lane === lane && other.to > one.from)) lane++
    placed.push({ ...one, lane })
  }
  return placed.map((one) => ({
    ...one,
    width:
      Math.max(
        ...placed.filter((other) => other.from < one.to && other.to > one.from).map((other) => other.lane),
      ) + 1,
  }))
}

function week(events) {
  const today = dateOf(state.now)
  const starts = Array.from({ length: 7 }, (_none, n) => monday + n * DAY)
  const hours = h(
    'div',
    { className: 'hours' },
    Array.from({ length: HOURS }, (_none, n) =>
      h('span', { style: `top:${n * HOUR_PIXELS}px` }, n === 0 ? '' : `${FIRST_HOUR + n}`),
    ),
  )
  const columns = starts.map((from) => {
    const here = events.filter(
      ({ event, from: start, to }) => !event.isAllDay && start >= from && start < from + DAY && to > from,
    )
    return h(
      'div',
      {
        className: 'column',
        ondragover: (drag) => drag.preventDefault(),
        ondrop: (drop) => moveTo(drop, from),
        ondblclick: (click) =>
          click.target.className === 'column' && edit(null, from + pixelTime(click.offsetY)),
      },
      lanes(here).map(({ event, from: start, to, lane, width }) => {
        const top = Math.max(0, ((start - from) / 3_600_000 - FIRST_HOUR) * HOUR_PIXELS)
        const end = Math.min(HOURS * HOUR_PIXELS, ((to - from) / 3_600_000 - FIRST_HOUR) * HOUR_PIXELS)
        return h(
          'button',
          {
            className: classOf(event),
            draggable: true,
            style: `top:${Math.min(top, HOURS * HOUR_PIXELS - 20)}px;height:${Math.max(20, end - top)}px;left:${(lane / width) * 100}%;width:${100 / width}%`,
            title: `${clock(start)}–${clock(to)} ${event.subject}`,
            onclick: () => open(event),
            ondragstart: (drag) =>
              drag.dataTransfer.setData(
                'text/plain',
                JSON.stringify({ id: event.id, length: to - start, grip: drag.offsetY }),
              ),
          },
          h('b', {}, event.subject || '(no subject)'),
          ` ${clock(start)}`,
        )
      }),
    )
  })
  return h(
    'div',
    { className: 'card week' },
    h('div', {}),
    starts.map((from) =>
      h('div', { className: `day${dateOf(from) === today ? ' today' : ''}` }, dayName(from)),
    ),
    h('div', {}),
    starts.map((from) =>
      h(
        'div',
        { className: 'allday' },
        events
          .filter(({ event, from: start, to }) => event.isAllDay && start < from + DAY && to > from)
          .map(({ event }) =>
            h('button', { className: classOf(event), onclick: () => open(event) }, event.subject),
          ),
      ),
    ),
    hours,
    columns,
  )
}

const pixelTime = (y) => FIRST_HOUR * 3_600_000 + Math.round((y / HOUR_PIXELS) * 4) * 900_000

const moment = (ms) => ({ dateTime: new Date(ms).toISOString().slice(0, 19), timeZone: state.zone })

async function moveTo(drop, from) {
  drop.preventDefault()
  const { id, length, grip } = JSON.parse(drop.dataTransfer.getData('text/plain'))
  const y = drop.clientY - drop.currentTarget.getBoundingClientRect().top - grip
  const start = from + pixelTime(Math.max(0, y))
  await graph('PATCH', `/me/events/${id}`, { start: moment(start), end: moment(start + length) })
  toast('Moved')
  await showCalendar(root)
}

async function act(path, body, done) {
  await graph('POST', path, body)
  closeDialog()
  toast(done)
  await showCalendar(root)
}

/** One event: what it is, answers for guests, changes for owners. */
async function open(event) {
  const path = `/me/events/${event.id}`
  const start = wall(event.start)
  const answer = (name, done) =>
    h('button', { onclick: () => act(`${path}/${name}`, { sendResponse: true }, done) }, done)
  const remove = async () => {
    await graph('DELETE', path)
    closeDialog()
    toast('Deleted')
    await showCalendar(root)
  }
  openDialog(
    h('h2', {}, event.subject || '(no subject)'),
    h(
      'p',
      { className: 'soft' },
      event.isAllDay
        ? `${dayName(start, 'long')}, all day`
        : `${dayName(start, 'long')}, ${clock(start)}–${clock(wall(event.end))}`,
      event.location?.displayName ? ` · ${event.location.displayName}` : '',
    ),
    h('p', { style: 'margin:8px 0' }, event.bodyPreview),
    event.attendees.length === 0
      ? ''
      : h(
          'p',
          { style: 'margin:8px 0' },
          `Organizer ${event.organizer.emailAddress.name}. `,
          event.attendees.map((one) =>
            h('span', { className: 'chip' }, `${one.emailAddress.name}: ${one.status.response}`),
          ),
        ),
    h(
      'div',
      { className: 'bar', style: 'margin:14px 0 0' },
      !event.isOrganizer && !event.isCancelled
        ? [answer('accept', 'Accept'), answer('tentativelyAccept', 'Maybe'), answer('decline', 'Decline')]
        : '',
      event.isOrganizer && event.attendees.length > 0
        ? h(
            'button',
            { className: 'danger', onclick: () => act(`${path}/cancel`, { comment: '' }, 'Cancelled') },
            'Cancel meeting',
          )
        : '',
      h('button', { className: 'danger', onclick: remove }, 'Delete'),
      event.seriesMasterId
        ? h(
            'button',
            { onclick: async () => edit(await graph('GET', `/me/events/${event.seriesMasterId}`)) },
            'Edit series',
          )
        : '',
      h(
        'button',
        { className: 'main', onclick: () => edit(event) },
        event.seriesMasterId ? 'Edit this one' : 'Edit',
      ),
      h('button', { onclick: closeDialog }, 'Close'),
    ),
  )
}

/** The form for a new event, or for `event`. */
function edit(event, around = 0) {
  const start = event === null ? Math.floor(around / 900_000) * 900_000 : wall(event.start)
  const end = event === null ? start + 3_600_000 : wall(event.end)
  const allDay = event?.isAllDay ?? false
  const input = (name, label, attributes) => h('label', {}, label, h('input', { name, ...attributes }))
  const save = async (submit) => {
    submit.preventDefault()
    const form = fields(submit.target)
    const whole = form.allDay === 'on'
    const from = Date.parse(`${form.date}T${whole ? '00:00' : form.from}:00Z`)
    const until = whole
      ? Date.parse(`${form.lastDate || form.date}T00:00:00Z`) + DAY
      : Date.parse(`${form.lastDate || form.date}T${form.to}:00Z`)
    const body = {
      subject: form.subject,
      isAllDay: whole,
      start: moment(from),
      end: moment(until),
      location: { displayName: form.place },
      ...(form.people === undefined
        ? {}
        : { attendees: recipients(form.people).map((one) => ({ ...one, type: 'required' })) }),
      ...(event === null || form.words !== '' ? { body: { contentType: 'text', content: form.words } } : {}),
      ...(event === null && form.repeat !== '' ? { recurrence: recurrence(form.repeat, form.date) } : {}),
    }
    await graph(
      event === null ? 'POST' : 'PATCH',
      event === null ? '/me/events' : `/me/events/${event.id}`,
      body,
    )
    closeDialog()
    toast(event === null ? 'Created' : 'Saved')
    await showCalendar(root)
  }
  openDialog(
    h(
      'form',
      { onsubmit: save },
      h('h2', {}, event === null ? 'New event' : 'Edit event'),
      input('subject', 'Title', { value: event?.subject ?? '', required: true, autofocus: true }),
      h(
        'div',
        { className: 'pair' },
        input('date', 'Date', { type: 'date', value: dateOf(start), required: true }),
        input('lastDate', 'Until', { type: 'date', value: dateOf(allDay ? end - DAY : end) }),
        input('from', 'From', { type: 'time', value: clock(start) }),
        input('to', 'To', { type: 'time', value: clock(end) }),
      ),
      h(
        'label',
        { className: 'check' },
        h('input', { type: 'checkbox', name: 'allDay', checked: allDay }),
        'All day',
      ),
      input('place', 'Place', { value: event?.location?.displayName ?? '' }),
      input('people', 'Guests, by address', {
        value: (event?.attendees ?? []).map((one) => one.emailAddress.address).join(', '),
        list: 'people',
      }),
      suggestions(),
      event === null
        ? h(
            'label',
            {},
            'Repeat',
            h(
              'select',
              { name: 'repeat' },
              [
                ['', 'never'],
                ['daily', 'every day'],
                ['weekly', 'every week'],
              ].map(([value, text]) => h('option', { value }, text)),
            ),
          )
        : '',
      h(
        'label',
        {},
        event === null ? 'Description' : 'New description (empty keeps the old one)',
        h('textarea', { name: 'words' }),
      ),
      h(
        'div',
        { className: 'bar' },
        h('button', { className: 'main' }, 'Save'),
        h('button', { type: 'button', onclick: closeDialog }, 'Close'),
      ),
    ),
  )
}

function recurrence(type, date) {
  const day = new Date(`${date}T00:00:00Z`)
    .toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' })
    .toLowerCase()
  return {
    pattern: { type, interval: 1, ...(type === 'weekly' ? { daysOfWeek: [day] } : {}) },
    range: { type: 'noEnd', startDate: date },
  }
}
