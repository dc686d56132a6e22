import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { type Fields, type Json, occurrenceGroup } from '../../src/core/item.ts'
import { dateOf, dayNumber, expandDates, type PlainPattern, type PlainRange } from '../simulation/expander.ts'
import { type Office, office } from '../support/office.ts'
import { meeting } from '../support/world.ts'

/**
 * A series means the same instants on both sides, for two years, over every change of clocks. What they should be is
 * worked out here, from what the person entered, by an expander that neither the engine nor the emulator uses
 * (tests/simulation/expander.ts) and by Temporal; what they are is read from the record's own fields, and from
 * Microsoft's calendarView.
 */
const FROM = '2026-03-02'
const TO = '2028-03-01'
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Europe/London',
  'Australia/Sydney',
  'America/Santiago',
  'Asia/Kolkata',
  'America/Los_Angeles',
  'Pacific/Auckland',
]

const WEEK = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'] as const
const endless = { type: 'noEnd' } as const
const counted = (count: number) => ({ type: 'numbered', count }) as const
const until = (date: string) => ({ type: 'endDate', until: date }) as const
type Ends = ReturnType<typeof counted> | ReturnType<typeof until> | typeof endless

interface Series {
  readonly name: string
  readonly pattern: PlainPattern
  readonly ends: Ends
  /** Time of day: ordinary, in the gap when clocks go forward, in the hour that comes twice, over midnight. */
  readonly start: string
  readonly minutes: number
  /** Later than the others, where the first occurrence would have no time of its own in some zone. */
  readonly from?: string
}
const SERIES: readonly Series[] = [
  {
    name: 'every day',
    pattern: { type: 'daily', interval: 1 },
    ends: until('2027-04-30'),
    start: '09:30',
    minutes: 30,
  },
  {
    name: 'every third day, in the gap',
    pattern: { type: 'daily', interval: 3 },
    ends: endless,
    start: '02:30',
    minutes: 90,
  },
  {
    name: 'every Monday',
    pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
    ends: endless,
    start: '10:00',
    minutes: 60,
  },
  {
    name: 'every Sunday night, in the hour that comes twice',
    pattern: { type: 'weekly', interval: 1, days: ['sunday'], weekStart: 'monday' },
    ends: counted(90),
    start: '01:30',
    minutes: 60,
    from: '2026-06-01',
  },
  {
    name: 'second week, weeks from Sunday',
    pattern: { type: 'weekly', interval: 2, days: ['sunday', 'wednesday', 'friday'], weekStart: 'sunday' },
    ends: endless,
    start: '23:30',
    minutes: 60,
  },
  {
    name: 'second week, weeks from Monday',
    pattern: { type: 'weekly', interval: 2, days: ['sunday', 'wednesday', 'friday'], weekStart: 'monday' },
    ends: counted(60),
    start: '14:00',
    minutes: 90,
  },
  {
    name: 'the 15th',
    pattern: { type: 'absoluteMonthly', interval: 1, day: 15 },
    ends: endless,
    start: '08:00',
    minutes: 15,
  },
  {
    name: 'the 31st of every second month',
    pattern: { type: 'absoluteMonthly', interval: 2, day: 31 },
    ends: counted(10),
    start: '02:15',
    minutes: 60,
  },
  {
    name: 'second Tuesday',
    pattern: { type: 'relativeMonthly', interval: 1, days: ['tuesday'], index: 'second' },
    ends: endless,
    start: '16:00',
    minutes: 60,
  },
  {
    name: 'last Sunday, in the gap',
    pattern: { type: 'relativeMonthly', interval: 1, days: ['sunday'], index: 'last' },
    ends: endless,
    start: '02:30',
    minutes: 90,
    from: '2026-06-01',
  },
  {
    name: 'last weekday',
    pattern: { type: 'relativeMonthly', interval: 1, days: [...WEEK], index: 'last' },
    ends: counted(20),
    start: '17:00',
    minutes: 30,
  },
  {
    name: 'fourth day of a weekend, every third month',
    pattern: { type: 'relativeMonthly', interval: 3, days: ['saturday', 'sunday'], index: 'fourth' },
    ends: endless,
    start: '11:00',
    minutes: 60,
  },
  {
    name: 'every 29 February',
    pattern: { type: 'absoluteYearly', interval: 1, day: 29, month: 2 },
    ends: endless,
    start: '12:00',
    minutes: 60,
  },
  {
    name: 'every 25 October',
    pattern: { type: 'absoluteYearly', interval: 1, day: 25, month: 10 },
    ends: until('2030-12-31'),
    start: '02:45',
    minutes: 60,
  },
  {
    name: 'first Monday of September',
    pattern: { type: 'relativeYearly', interval: 1, days: ['monday'], month: 9, index: 'first' },
    ends: endless,
    start: '09:00',
    minutes: 60,
  },
  {
    name: 'last Sunday of March',
    pattern: { type: 'relativeYearly', interval: 1, days: ['sunday'], month: 3, index: 'last' },
    ends: counted(5),
    start: '01:45',
    minutes: 90,
  },
]
const PATTERNS = ['daily', 'weekly', 'absoluteMonthly', 'relativeMonthly', 'absoluteYearly', 'relativeYearly']

/** What a person does to three occurrences: moves one to another time, one to another day, and takes one out. */
interface Changes {
  readonly later: string
  readonly elsewhere: { readonly slot: string; readonly to: string } | null
  readonly out: string
}

const plus = (time: string, minutes: number): string =>
  Temporal.PlainDateTime.from(time).add({ minutes }).toString({ smallestUnit: 'second' })
const instant = (wall: string, zone: string): number =>
  Temporal.PlainDateTime.from(wall).toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds
const span = (from: number, to: number): string =>
  `${new Date(from).toISOString()} ${new Date(to).toISOString()}`

const rangeOf = ({ pattern, ends, from = FROM }: Series): PlainRange => {
  const [start = from] = expandDates(pattern, { type: 'noEnd', start: from }, '2032-01-01', 1)
  return { ...ends, start }
}
const datesOf = (series: Series): string[] => expandDates(series.pattern, rangeOf(series), TO)

function changesOf(series: Series): Changes | null {
  const dates = datesOf(series)
  const [, second, third, fourth] = dates
  if (second === undefined || third === undefined || fourth === undefined) return null
  // Exchange takes an occurrence past none of its neighbours.
  const gap = dayNumber(fourth) - dayNumber(third)
  return {
    later: second,
    elsewhere: gap > 2 ? { slot: third, to: dateOf(dayNumber(third) + 1) } : null,
    out: fourth,
  }
}

/** What the person meant, as instants. */
function meant(series: Series, zone: string, changes: Changes | null): string[] {
  const from = instant(`${FROM}T00:00:00`, 'UTC')
  const to = instant(`${TO}T00:00:00`, 'UTC')
  return datesOf(series)
    .filter((date) => date !== changes?.out)
    .map((date) => {
      const day = date === changes?.elsewhere?.slot ? changes.elsewhere.to : date
      const wall = plus(`${day}T${series.start}:00`, date === changes?.later ? 20 : 0)
      return [instant(wall, zone), instant(plus(wall, series.minutes), zone)] as const
    })
    .filter(([start, end]) => end > from && start < to)
    .map(([start, end]) => span(start, end))
    .sort()
}

/** What the record of the CRM says, expanded by the oracle. */
function inCrm(fields: Fields): string[] {
  const { pattern, range } = fields['recurrence'] as unknown as { pattern: PlainPattern; range: PlainRange }
  const time = fields['time'] as { start: string; end: string; zone: string }
  const length = Temporal.PlainDateTime.from(time.start).until(time.end).total('minutes')
  const clock = time.start.slice(10)
  const from = instant(`${FROM}T00:00:00`, 'UTC')
  const to = instant(`${TO}T00:00:00`, 'UTC')
  const all: string[] = []
  for (const slot of expandDates(pattern, range, TO)) {
    if (fields[occurrenceGroup(slot, 'cancelled')] === true) continue
    const own = fields[occurrenceGroup(slot, 'time')] as typeof time | undefined
    const wall = own ?? { start: `${slot}${clock}`, end: plus(`${slot}${clock}`, length), zone: time.zone }
    const [start, end] = [instant(wall.start, wall.zone), instant(wall.end, wall.zone)]
    if (end > from && start < to) all.push(span(start, end))
  }
  return all.sort()
}

interface GraphEvent {
  readonly id: string
  readonly subject: string
  readonly type: string
  readonly originalStart?: string
  readonly start: { readonly dateTime: string }
  readonly end: { readonly dateTime: string }
}
async function view({ anna }: Office): Promise<readonly GraphEvent[]> {
  const all: GraphEvent[] = []
  let next: string | undefined =
    `/me/calendarView?startDateTime=${FROM}T00:00:00Z&endDateTime=${TO}T00:00:00Z&$top=1000`
  while (next !== undefined) {
    const { body } = await anna.get(next)
    const page = body as { value: GraphEvent[]; '@odata.nextLink'?: string }
    all.push(...page.value)
    next = page['@odata.nextLink']?.replace(/^.*\/v1\.0/, '')
  }
  return all
}
/** What Microsoft shows in a calendar. */
const atMicrosoft = (events: readonly GraphEvent[], subject: string): string[] =>
  events
    .filter((event) => event.subject === subject)
    .map(({ start, end }) =>
      span(Date.parse(`${start.dateTime.slice(0, 19)}Z`), Date.parse(`${end.dateTime.slice(0, 19)}Z`)),
    )
    .sort()

const crmTime = (series: Series, date: string, zone: string, later = 0): Json => {
  const start = plus(`${date}T${series.start}:00`, later)
  return { allDay: false, start, end: plus(start, series.minutes), zone }
}
const canonicalPattern = ({ days, weekStart, ...rest }: PlainPattern): Json =>
  ({ ...rest, ...(days && { days: [...days] }), ...(weekStart !== undefined && { weekStart }) }) as Json

async function enterInCrm(here: Office, series: Series, subject: string, zone: string): Promise<void> {
  const range = rangeOf(series)
  const recurrence = { pattern: canonicalPattern(series.pattern), range: { ...range } } as Json
  await here.create(meeting(subject, { time: crmTime(series, range.start, zone), recurrence }))
}
async function changeInCrm(here: Office, series: Series, subject: string, zone: string, changes: Changes) {
  await here.edit(subject, {
    [occurrenceGroup(changes.later, 'time')]: crmTime(series, changes.later, zone, 20),
    ...(changes.elsewhere && {
      [occurrenceGroup(changes.elsewhere.slot, 'time')]: crmTime(series, changes.elsewhere.to, zone),
    }),
    [occurrenceGroup(changes.out, 'cancelled')]: true,
  })
}

async function enterInOutlook(
  { anna }: Office,
  series: Series,
  subject: string,
  zone: string,
): Promise<void> {
  const { start, ...range } = rangeOf(series)
  const { days, weekStart, day, ...pattern } = series.pattern
  const time = crmTime(series, start, zone) as { start: string; end: string }
  const answer = await anna.post('/me/events', {
    subject,
    start: { dateTime: time.start, timeZone: zone },
    end: { dateTime: time.end, timeZone: zone },
    recurrence: {
      pattern: {
        ...pattern,
        ...(days && { daysOfWeek: days }),
        ...(weekStart !== undefined && { firstDayOfWeek: weekStart }),
        ...(day !== undefined && { dayOfMonth: day }),
      },
      range: {
        type: range.type,
        startDate: start,
        ...(range.until !== undefined && { endDate: range.until }),
        ...(range.count !== undefined && { numberOfOccurrences: range.count }),
        recurrenceTimeZone: zone,
      },
    },
  })
  expect(answer.status, `${subject}: ${JSON.stringify(answer.body)}`).toBe(201)
}
async function changeInOutlook(
  here: Office,
  series: Series,
  subject: string,
  zone: string,
  changes: Changes,
  events: readonly GraphEvent[],
) {
  const on = (date: string): string => {
    const wanted = new Date(instant(`${date}T${series.start}:00`, zone)).toISOString().slice(0, 19)
    const found = events.find((one) => one.subject === subject && one.start.dateTime.startsWith(wanted))
    if (found === undefined) throw new Error(`${subject} has no occurrence at ${wanted}.`)
    return found.id
  }
  const put = async (date: string, to: string, later: number): Promise<void> => {
    const time = crmTime(series, to, zone, later) as { start: string; end: string }
    const { status } = await here.anna.patch(`/me/events/${on(date)}`, {
      start: { dateTime: time.start, timeZone: zone },
      end: { dateTime: time.end, timeZone: zone },
    })
    expect(status).toBe(200)
  }
  await put(changes.later, changes.later, 20)
  if (changes.elsewhere) await put(changes.elsewhere.slot, changes.elsewhere.to, 0)
  expect((await here.anna.delete(`/me/events/${on(changes.out)}`)).status).toBe(204)
}

test('every pattern and every kind of end that Graph has is among the series', () => {
  expect(new Set(SERIES.map((one) => one.pattern.type))).toEqual(new Set(PATTERNS))
  expect(new Set(SERIES.map((one) => one.ends.type))).toEqual(new Set(['endDate', 'numbered', 'noEnd']))
})

describe.each(ZONES)('[pain 4] [pain 5] [T2] [T3] [T7] [T9] series in %s', (zone) => {
  /** Where the series was entered, and where its occurrences were changed. */
  const ways = [
    ['CRM', 'CRM'],
    ['CRM', 'Outlook'],
    ['Outlook', 'Outlook'],
    ['Outlook', 'CRM'],
  ] as const
  test.each(ways)(
    'entered in %s, changed in %s: the same instants on both sides for two years',
    async (entered, changed) => {
      const here = await office('calendar', { daysAhead: 800 })
      const subjectOf = (series: Series): string => `${series.name} (${series.start})`
      for (const series of SERIES)
        await (entered === 'CRM' ? enterInCrm : enterInOutlook)(here, series, subjectOf(series), zone)
      await here.pass()
      const before = await view(here)
      for (const series of SERIES) {
        const subject = subjectOf(series)
        const wanted = meant(series, zone, null)
        expect(wanted.length, subject).toBeGreaterThan(0)
        expect(inCrm(here.record(subject)?.fields ?? {}), `${subject} in the CRM`).toEqual(wanted)
        expect(atMicrosoft(before, subject), `${subject} at Microsoft`).toEqual(wanted)
      }
      for (const series of SERIES) {
        const changes = changesOf(series)
        if (changes === null) continue
        if (changed === 'CRM') await changeInCrm(here, series, subjectOf(series), zone, changes)
        else await changeInOutlook(here, series, subjectOf(series), zone, changes, before)
      }
      await here.pass()
      const after = await view(here)
      let exceptions = 0
      for (const series of SERIES) {
        const subject = subjectOf(series)
        const changes = changesOf(series)
        exceptions += changes === null ? 0 : 1
        const wanted = meant(series, zone, changes)
        expect(inCrm(here.record(subject)?.fields ?? {}), `${subject} in the CRM`).toEqual(wanted)
        expect(atMicrosoft(after, subject), `${subject} at Microsoft`).toEqual(wanted)
      }
      expect(exceptions).toBeGreaterThan(10)
      expect(here.records()).toHaveLength(SERIES.length)
    },
  )
})
