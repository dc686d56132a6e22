import fc from 'fast-check'
import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { EventTime, PlainDate, Recurrence, RecurrencePattern, RecurrenceRange } from './item.ts'
import {
  anchored,
  firstSlot,
  isSlot,
  lastSlot,
  nextSlot,
  recurrenceProblem,
  slotCount,
  slotsIn,
} from './recurrence.ts'
import { fromRrule, toRrule } from './rrule.ts'
import { timeOfSlot } from './series.ts'
import { addDays, dateOfDay, dayNumber, toInstant, WEEKDAYS } from './time.ts'

const anyDays = fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1, maxLength: 7 })
const anyIndex = fc.constantFrom('first', 'second', 'third', 'fourth', 'last')
const interval = fc.integer({ min: 1, max: 5 })
const day = fc.integer({ min: 1, max: 31 })
const month = fc.integer({ min: 1, max: 12 })
const anyPattern: fc.Arbitrary<RecurrencePattern> = fc.oneof(
  fc.record({ type: fc.constant('daily' as const), interval }),
  fc.record({
    type: fc.constant('weekly' as const),
    interval,
    days: anyDays,
    weekStart: fc.constantFrom(...WEEKDAYS),
  }),
  fc.record({ type: fc.constant('absoluteMonthly' as const), interval, day }),
  fc.record({ type: fc.constant('relativeMonthly' as const), interval, days: anyDays, index: anyIndex }),
  fc.record({ type: fc.constant('absoluteYearly' as const), interval, day, month }),
  fc.record({
    type: fc.constant('relativeYearly' as const),
    interval,
    days: anyDays,
    index: anyIndex,
    month,
  }),
)
const start = fc.integer({ min: dayNumber('2023-01-01'), max: dayNumber('2026-12-31') }).map(dateOfDay)
const anyRange: fc.Arbitrary<RecurrenceRange> = fc.oneof(
  fc.record({ type: fc.constant('noEnd' as const), start }),
  fc.tuple(start, fc.integer({ min: 0, max: 1500 })).map(([from, days]) => ({
    type: 'endDate' as const,
    start: from,
    until: addDays(from, days),
  })),
  fc.record({ type: fc.constant('numbered' as const), start, count: fc.integer({ min: 1, max: 60 }) }),
)
const anyRecurrence: fc.Arbitrary<Recurrence> = fc.record({ pattern: anyPattern, range: anyRange })

const ORACLE_ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Calcutta',
  'Africa/Cairo',
  'America/St_Johns',
  'Pacific/Chatham',
  'UTC',
] as const

/** A second implementation, by others, through our RRULE: dates and instants must be the same. */
function oracle(recurrence: Recurrence, time: EventTime & { allDay: false }, from: PlainDate, to: PlainDate) {
  const dtstart = time.start.replace(/[-:]/g, '')
  const rule = new RRuleTemporal({
    rruleString: `DTSTART;TZID=${time.zone}:${dtstart}\nRRULE:${toRrule(recurrence, time)}`,
    temporal: Temporal,
  })
  return rule
    .between(
      Temporal.ZonedDateTime.from(`${from}T00:00:00[${time.zone}]`),
      Temporal.ZonedDateTime.from(`${addDays(to, 1)}T00:00:00[${time.zone}]`),
      true,
    )
    .filter((one) => one.toPlainDate().toString() <= to)
    .map((one) => ({ date: one.toPlainDate().toString(), instant: one.epochMilliseconds }))
}

test('[T9] dates and instants agree with another implementation, in eight zones over changes of clocks', () => {
  let compared = 0
  fc.assert(
    fc.property(
      anyRecurrence,
      fc.constantFrom(...ORACLE_ZONES),
      fc.constantFrom('09:00:00', '16:45:00', '23:30:00'),
      fc.integer({ min: -30, max: 500 }),
      fc.integer({ min: 0, max: 400 }),
      (drawn, zone, clock, skip, length) => {
        const recurrence = anchored(drawn)
        const first = firstSlot(recurrence)
        if (first === null) return
        const time = { allDay: false as const, start: `${first}T${clock}`, end: `${first}T${clock}`, zone }
        const from = addDays(first, skip)
        const to = addDays(from, length)
        const ours = slotsIn(recurrence, { from, to }).map((date) => ({
          date,
          instant: toInstant(timeOfSlot(time, date).start, zone),
        }))
        expect(ours).toEqual(oracle(recurrence, time, from, to))
        compared += ours.length
      },
    ),
    { numRuns: 400 },
  )
  expect(compared).toBeGreaterThan(2_000)
})

test('[T9] what is asked one date at a time agrees with the list', () => {
  fc.assert(
    fc.property(anyRecurrence, fc.integer({ min: -10, max: 900 }), (recurrence, skip) => {
      const from = addDays(recurrence.range.start, skip)
      const window = { from, to: addDays(from, 120) }
      const slots = slotsIn(recurrence, window)
      const asked: PlainDate[] = []
      for (let date = from; date <= window.to; date = addDays(date, 1))
        if (isSlot(recurrence, date)) asked.push(date)
      expect(asked).toEqual(slots)
      const next = nextSlot(recurrence, from)
      if (slots.length > 0) expect(next).toBe(slots[0])
      else expect(next === null || next > window.to).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('[T9] the first, the last and the number of occurrences agree with the whole list', () => {
  fc.assert(
    fc.property(anyRecurrence, (recurrence) => {
      if (recurrence.range.type === 'noEnd') {
        expect(lastSlot(recurrence)).toBeNull()
        expect(slotCount(recurrence)).toBeNull()
        return
      }
      const all = slotsIn(recurrence, { from: '2020-01-01', to: '2400-12-31' })
      expect(firstSlot(recurrence)).toBe(all[0] ?? null)
      expect(lastSlot(recurrence)).toBe(all.at(-1) ?? null)
      expect(slotCount(recurrence)).toBe(all.length)
    }),
    { numRuns: 300 },
  )
})

test('[T10] every pattern survives the way to an RRULE and back', () => {
  fc.assert(
    fc.property(anyRecurrence, fc.constantFrom(...ORACLE_ZONES), (recurrence, zone) => {
      const time: EventTime = {
        allDay: false,
        start: `${recurrence.range.start}T09:00:00`,
        end: `${recurrence.range.start}T10:00:00`,
        zone,
      }
      const answer = fromRrule(toRrule(recurrence, time), time)
      expect(answer.ok, answer.ok ? '' : answer.reason).toBe(true)
      if (!answer.ok) return
      const window = { from: '2022-12-01', to: '2033-01-01' }
      expect(slotsIn(answer.recurrence, window)).toEqual(slotsIn(recurrence, window))
    }),
    { numRuns: 400 },
  )
})

describe('patterns by hand', () => {
  const series = (pattern: RecurrencePattern, start: PlainDate, count = 4): PlainDate[] =>
    slotsIn({ pattern, range: { type: 'numbered', start, count } }, { from: '2000-01-01', to: '2100-01-01' })

  test('[T9] the 31st is the last day of shorter months', () => {
    expect(series({ type: 'absoluteMonthly', interval: 1, day: 31 }, '2026-01-31')).toEqual([
      '2026-01-31',
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
    ])
  })
  test('[T9] 29 February is the 28th in other years', () => {
    expect(series({ type: 'absoluteYearly', interval: 1, day: 29, month: 2 }, '2028-02-29', 5)).toEqual([
      '2028-02-29',
      '2029-02-28',
      '2030-02-28',
      '2031-02-28',
      '2032-02-29',
    ])
  })
  test('[T9] the first day of the week decides what a second week is', () => {
    const weekly = { type: 'weekly', interval: 2, days: ['sunday', 'tuesday'] } as const
    expect(series({ ...weekly, weekStart: 'monday' }, '2026-03-03')).toEqual([
      '2026-03-03',
      '2026-03-08',
      '2026-03-17',
      '2026-03-22',
    ])
    expect(series({ ...weekly, weekStart: 'sunday' }, '2026-03-03')).toEqual([
      '2026-03-03',
      '2026-03-15',
      '2026-03-17',
      '2026-03-29',
    ])
  })
  test('[T9] the last weekday of a month, and the second of two days', () => {
    const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'] as const
    expect(
      series({ type: 'relativeMonthly', interval: 1, days: weekdays, index: 'last' }, '2026-01-01'),
    ).toEqual(['2026-01-30', '2026-02-27', '2026-03-31', '2026-04-30'])
    expect(
      series(
        { type: 'relativeMonthly', interval: 1, days: ['thursday', 'friday'], index: 'second' },
        '2026-01-01',
        3,
      ),
    ).toEqual(['2026-01-02', '2026-02-06', '2026-03-06'])
  })
  test('[T9] a start that does not fit waits for the first date that does', () => {
    const pattern: RecurrencePattern = { type: 'weekly', interval: 1, days: ['friday'], weekStart: 'monday' }
    expect(series(pattern, '2026-03-02', 2)).toEqual(['2026-03-06', '2026-03-13'])
    const recurrence: Recurrence = { pattern, range: { type: 'noEnd', start: '2026-03-02' } }
    expect(anchored(recurrence).range.start).toBe('2026-03-06')
  })
  test('[T9] a range that ends before the pattern fits has no occurrence', () => {
    const recurrence: Recurrence = {
      pattern: { type: 'absoluteYearly', interval: 1, day: 24, month: 12 },
      range: { type: 'endDate', start: '2026-01-01', until: '2026-06-30' },
    }
    expect(firstSlot(recurrence)).toBeNull()
    expect(lastSlot(recurrence)).toBeNull()
    expect(slotCount(recurrence)).toBe(0)
  })
  test('[T9] a window long after the start is no longer way', () => {
    const recurrence: Recurrence = {
      pattern: { type: 'daily', interval: 1 },
      range: { type: 'noEnd', start: '0001-01-01' },
    }
    expect(slotsIn(recurrence, { from: '9999-12-30', to: '9999-12-31' })).toEqual([
      '9999-12-30',
      '9999-12-31',
    ])
  })
})

test.each<[string, Recurrence]>([
  ['interval', { pattern: { type: 'daily', interval: 0 }, range: { type: 'noEnd', start: '2026-01-01' } }],
  [
    'no day',
    {
      pattern: { type: 'weekly', interval: 1, days: [], weekStart: 'monday' },
      range: { type: 'noEnd', start: '2026-01-01' },
    },
  ],
  [
    'no day of the month',
    {
      pattern: { type: 'absoluteMonthly', interval: 1, day: 32 },
      range: { type: 'noEnd', start: '2026-01-01' },
    },
  ],
  [
    'no month',
    {
      pattern: { type: 'absoluteYearly', interval: 1, day: 1, month: 0 },
      range: { type: 'noEnd', start: '2026-01-01' },
    },
  ],
  [
    'occurrences',
    { pattern: { type: 'daily', interval: 1 }, range: { type: 'numbered', start: '2026-01-01', count: 0 } },
  ],
  [
    'ends before',
    {
      pattern: { type: 'daily', interval: 1 },
      range: { type: 'endDate', start: '2026-01-02', until: '2026-01-01' },
    },
  ],
])('[T9] a recurrence that cannot be is told apart: %s', (words, recurrence) => {
  expect(recurrenceProblem(recurrence)).toContain(words)
})

const monday: EventTime = {
  allDay: false,
  start: '2026-03-02T10:00:00',
  end: '2026-03-02T11:00:00',
  zone: 'Europe/Berlin',
}

test.each<[string, RecurrencePattern]>([
  [
    'FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR',
    {
      type: 'weekly',
      interval: 1,
      days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      weekStart: 'monday',
    },
  ],
  ['FREQ=WEEKLY', { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' }],
  ['FREQ=MONTHLY', { type: 'absoluteMonthly', interval: 1, day: 2 }],
  ['FREQ=MONTHLY;BYMONTHDAY=-1', { type: 'absoluteMonthly', interval: 1, day: 31 }],
  ['FREQ=MONTHLY;BYDAY=-1FR', { type: 'relativeMonthly', interval: 1, days: ['friday'], index: 'last' }],
  [
    'freq=monthly;byday=+2th;interval=3',
    { type: 'relativeMonthly', interval: 3, days: ['thursday'], index: 'second' },
  ],
  ['FREQ=YEARLY', { type: 'absoluteYearly', interval: 1, day: 2, month: 3 }],
  [
    'FREQ=YEARLY;BYMONTH=11;BYDAY=4TH',
    { type: 'relativeYearly', interval: 1, days: ['thursday'], index: 'fourth', month: 11 },
  ],
])('[T10] %s is a pattern', (rule, pattern) => {
  expect(fromRrule(rule, monday)).toMatchObject({ ok: true, recurrence: { pattern } })
})

test.each([
  'FREQ=HOURLY',
  'FREQ=MONTHLY;BYMONTHDAY=31',
  'FREQ=MONTHLY;BYMONTHDAY=1,15',
  'FREQ=MONTHLY;BYMONTHDAY=-2',
  'FREQ=MONTHLY;BYDAY=MO',
  'FREQ=MONTHLY;BYDAY=5MO',
  'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
  'FREQ=YEARLY;BYDAY=20MO',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
  'FREQ=YEARLY;BYMONTH=1,7',
  'FREQ=YEARLY;BYWEEKNO=20',
  'FREQ=WEEKLY;BYMONTH=1',
  'FREQ=DAILY;INTERVAL=2;BYDAY=MO',
  'FREQ=DAILY;COUNT=3;UNTIL=20270101',
  'FREQ=DAILY;INTERVAL=0',
  'FREQ=DAILY;COUNT=x',
  'FREQ=DAILY;UNTIL=2027',
  'FREQ=DAILY;FREQ=WEEKLY',
  'BYDAY=MO',
  'FREQ=DAILY;__proto__=1',
  'FREQ',
  '',
  'FREQ=DAILY;X=' + 'y'.repeat(5_000),
])('[T10] %s has no pattern, and says why', (rule) => {
  const answer = fromRrule(rule, monday)
  expect(answer.ok).toBe(false)
  if (!answer.ok) expect(answer.reason).toMatch(/^[^]{5,200}\.$/)
})

test('[T10] an UNTIL before the time of day leaves that day out', () => {
  const until = (text: string) => {
    const answer = fromRrule(`FREQ=DAILY;UNTIL=${text}`, monday)
    return answer.ok && answer.recurrence.range.type === 'endDate' ? answer.recurrence.range.until : null
  }
  expect(until('20260310T090000Z')).toBe('2026-03-10')
  expect(until('20260310T085959Z')).toBe('2026-03-09')
  expect(until('20260310')).toBe('2026-03-10')
})
