import { expect, test } from 'vitest'
import {
  describeGroup,
  describePattern,
  describeRecurrence,
  describeTime,
  describeValue,
} from './describe.ts'
import type { EventTime, Json, RecurrencePattern } from './item.ts'

const time: EventTime = {
  allDay: false,
  start: '2026-03-03T10:00:00',
  end: '2026-03-03T10:30:00',
  zone: 'Europe/Berlin',
}
const today = '2026-11-23'

test('[C11] a series reads as a person would say it', () => {
  expect(
    describeRecurrence(
      {
        pattern: { type: 'weekly', interval: 1, days: ['tuesday'], weekStart: 'monday' },
        range: { type: 'endDate', start: '2026-03-03', until: '2026-12-18' },
      },
      time,
      { today },
    ),
  ).toBe('every Tuesday, 10:00 to 10:30 Berlin, until 18 Dec')
  expect(
    describeRecurrence(
      { pattern: { type: 'daily', interval: 3 }, range: { type: 'numbered', start: '2026-03-03', count: 5 } },
      { allDay: true, start: '2026-03-03', end: '2026-03-04' },
    ),
  ).toBe('every 3 days, all day, 5 times')
})

test.each<[RecurrencePattern, string]>([
  [{ type: 'daily', interval: 1 }, 'every day'],
  [
    {
      type: 'weekly',
      interval: 1,
      days: ['friday', 'tuesday', 'monday', 'thursday', 'wednesday'],
      weekStart: 'sunday',
    },
    'every weekday',
  ],
  [
    { type: 'weekly', interval: 2, days: ['sunday', 'monday'], weekStart: 'sunday' },
    'every 2 weeks on Monday and Sunday',
  ],
  [{ type: 'absoluteMonthly', interval: 1, day: 22 }, 'every month on the 22nd'],
  [
    { type: 'absoluteMonthly', interval: 6, day: 31 },
    'every 6 months on the 31st, or the last day of the month',
  ],
  [
    { type: 'relativeMonthly', interval: 1, days: ['thursday'], index: 'last' },
    'every month on the last Thursday',
  ],
  [{ type: 'absoluteYearly', interval: 1, day: 24, month: 12 }, 'every year on 24 December'],
  [
    { type: 'relativeYearly', interval: 1, days: ['saturday', 'sunday'], index: 'first', month: 5 },
    'every year on the first weekend day of May',
  ],
])('[C11] %j is "%s"', (pattern, words) => expect(describePattern(pattern)).toBe(words))

test('[C11] times say what the reader does not know already', () => {
  expect(describeTime(time)).toBe('Tue 3 Mar 2026, 10:00 to 10:30 Berlin')
  expect(describeTime(time, { today, zone: 'Europe/Vienna' })).toBe('Tue 3 Mar, 10:00 to 10:30')
  expect(describeTime({ ...time, end: '2026-03-04T01:15:30', endZone: 'America/New_York' }, { today })).toBe(
    'Tue 3 Mar, 10:00 Berlin to Wed 4 Mar, 01:15:30 New York',
  )
  expect(describeTime({ allDay: true, start: '2026-03-03', end: '2026-03-04' }, { today })).toBe(
    'Tue 3 Mar, all day',
  )
  expect(describeTime({ allDay: true, start: '2026-03-03', end: '2026-03-06' })).toBe(
    'Tue 3 Mar 2026 to Thu 5 Mar 2026, all day',
  )
})

test.each<[string, unknown, string]>([
  ['location', null, 'nothing'],
  ['location', 'none', 'none'],
  ['showAs', 'oof', 'Out of office'],
  ['showAs', 'busy', 'Busy'],
  ['cancelled', true, 'yes'],
  ['reminder', 0, 'at the start'],
  ['reminder', 15, '15 minutes before'],
  ['reminder', 1440, '1 day before'],
  ['reminder', { at: '2026-03-03T09:00:00', zone: 'Europe/Berlin' }, 'Tue 3 Mar, 09:00 Berlin'],
  ['due', '2026-03-03', 'Tue 3 Mar'],
  ['receivedAt', 0, 'Thu 1 Jan 1970, 00:00 UTC'],
  ['body', { type: 'html', content: '<p>Hello</p>' }, 'Hello'],
  [
    'attendees',
    [
      { email: 'a@example.com', name: 'Anna', type: 'required' },
      { email: 'b@example.com', name: '', type: 'optional' },
    ],
    'Anna <a@example.com>, b@example.com (optional)',
  ],
  ['attendees', [], 'nothing'],
  [
    'answers',
    { 'a@example.com': 'accepted', 'b@example.com': 'none' },
    'a@example.com: accepted, b@example.com: No answer',
  ],
  ['steps', [{ title: 'call', done: true }], '☑ call'],
  ['occurrence/2026-03-09/location', 'Room 2', 'Room 2'],
])('[C11] %s %j is "%s"', (group, value, words) => {
  expect(describeValue(group, value as Json, { today })).toBe(words)
})

test('[C11] a group of one occurrence says which', () => {
  expect(describeGroup('occurrence/2026-03-09/location', { today })).toBe('Place on Mon 9 Mar')
  expect(describeGroup('location')).toBe('Place')
})
