import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { EventTime } from './item.ts'
import {
  addDays,
  dateAt,
  dateOfDay,
  dayNumber,
  daysBetween,
  eventSpan,
  formatInstant,
  isPlainDate,
  isPlainDateTime,
  parseInstant,
  parsePlainDateTime,
  toInstant,
  toLocal,
  touches,
  wallMs,
  wallTime,
  weekdayOf,
  windowAround,
} from './time.ts'

/** Half-hour offsets, a half-hour DST, a date line that moved, DST in Ramadan, both hemispheres. */
export const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Calcutta',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Africa/Cairo',
  'America/Sao_Paulo',
  'Pacific/Chatham',
  'Asia/Gaza',
  'UTC',
] as const

const FROM = Temporal.Instant.from('1950-01-01T00:00Z').epochMilliseconds
const TO = Temporal.Instant.from('2080-01-01T00:00Z').epochMilliseconds
const anyInstant = fc.integer({ min: FROM / 1000, max: TO / 1000 }).map((seconds) => seconds * 1000)
const anyZone = fc.constantFrom(...ZONES)
const anyWall = anyInstant.map(wallTime)

describe('[T2] wall times and instants agree with Temporal', () => {
  test('an instant reads the same in every zone', () => {
    fc.assert(
      fc.property(anyInstant, anyZone, (instant, zone) => {
        const theirs = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone)
        expect(toLocal(instant, zone)).toBe(theirs.toPlainDateTime().toString({ smallestUnit: 'second' }))
        expect(dateAt(instant, zone)).toBe(theirs.toPlainDate().toString())
      }),
      { numRuns: 400 },
    )
  })
  test('a wall time is the same instant', () => {
    fc.assert(
      fc.property(anyWall, anyZone, (wall, zone) => {
        const theirs = Temporal.PlainDateTime.from(wall).toZonedDateTime(zone, {
          disambiguation: 'compatible',
        })
        expect(toInstant(wall, zone)).toBe(theirs.epochMilliseconds)
      }),
      { numRuns: 400 },
    )
  })
  test('also in the hours around every change of clocks from 2020 to 2030', () => {
    let changes = 0
    for (const zone of ZONES) {
      let at: Temporal.ZonedDateTime | null = Temporal.ZonedDateTime.from(`2020-01-01T00:00[${zone}]`)
      while ((at = at.getTimeZoneTransition('next')) !== null && at.year < 2030) {
        changes++
        const wall = wallMs(at.toPlainDateTime().toString({ smallestUnit: 'second' }))
        for (let minutes = -150; minutes <= 150; minutes += 15) {
          const local = wallTime(wall + minutes * 60_000)
          const theirs = Temporal.PlainDateTime.from(local).toZonedDateTime(zone)
          expect(toInstant(local, zone), `${local} ${zone}`).toBe(theirs.epochMilliseconds)
        }
      }
    }
    expect(changes).toBeGreaterThan(100)
  })
})

test('[T3] in a gap the time moves on, in a fold it is the first', () => {
  expect(formatInstant(toInstant('2026-03-29T02:30:00', 'Europe/Berlin'))).toBe('2026-03-29T01:30:00Z')
  expect(toLocal(toInstant('2026-03-29T02:30:00', 'Europe/Berlin'), 'Europe/Berlin')).toBe(
    '2026-03-29T03:30:00',
  )
  expect(formatInstant(toInstant('2026-10-25T02:30:00', 'Europe/Berlin'))).toBe('2026-10-25T00:30:00Z')
})

test('[T2] the years 0001 and 9999 of empty dates harm nothing', () => {
  for (const local of ['0001-01-01T00:00:00', '9999-12-31T23:59:59'])
    for (const zone of ZONES) expect(Number.isFinite(toInstant(local, zone)), zone).toBe(true)
})

test('[T1] days count as in Temporal', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -719_162, max: 2_932_896 }),
      fc.integer({ min: -800, max: 800 }),
      (day, shift) => {
        const date = dateOfDay(day)
        expect(dayNumber(date)).toBe(day)
        const theirs = Temporal.PlainDate.from(date)
        expect(weekdayOf(date)).toBe(
          ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'][
            theirs.dayOfWeek - 1
          ],
        )
        if (day + shift >= -719_162 && day + shift <= 2_932_896) {
          expect(addDays(date, shift)).toBe(theirs.add({ days: shift }).toString())
          expect(daysBetween(date, addDays(date, shift))).toBe(shift)
        }
      },
    ),
  )
})

test.each([
  ['2028-02-29', true],
  ['2026-02-29', false],
  ['1900-02-29', false],
  ['2026-13-01', false],
  ['2026-00-10', false],
  ['2026-04-31', false],
  ['0000-01-01', false],
  ['2026-4-1', false],
  ['2026-04-01T00:00:00', false],
])('[T1] %s is a date: %s', (text, expected) => expect(isPlainDate(text)).toBe(expected))

test.each([
  ['2026-03-02T10:00:00.0000000', '2026-03-02T10:00:00'],
  ['2026-03-02T10:00', '2026-03-02T10:00:00'],
  ['2026-03-02T24:00:00', null],
  ['2026-03-02T10:00:00Z', null],
  ['2026-03-02', null],
])('[T1] %s reads as the wall time %s', (text, expected) => {
  expect(parsePlainDateTime(text)).toBe(expected)
  if (expected !== null) expect(isPlainDateTime(expected)).toBe(true)
})

test.each([
  ['2026-03-02T10:00:00Z', '2026-03-02T10:00:00Z'],
  ['2026-03-02T10:00:00.1239999+01:30', '2026-03-02T08:30:00.123Z'],
  ['2026-03-02T10:00:00-0500', '2026-03-02T15:00:00Z'],
  ['2026-03-02T10:00:00', null],
])('[T1] %s is the instant %s', (text, expected) => {
  const instant = parseInstant(text)
  expect(instant === null ? null : formatInstant(instant)).toBe(expected)
})

describe('windows', () => {
  const window = { from: '2026-03-02', to: '2026-03-03' }
  const timed = (start: string, end: string, zone = 'UTC'): EventTime => ({ allDay: false, start, end, zone })
  test.each<[string, EventTime, boolean]>([
    ['ends as it begins', timed('2026-03-01T10:00:00', '2026-03-02T00:00:00'), false],
    ['reaches into it', timed('2026-03-01T10:00:00', '2026-03-02T00:00:01'), true],
    ['begins as it ends', timed('2026-03-04T00:00:00', '2026-03-04T01:00:00'), false],
    [
      'has no length and stands on its first moment',
      timed('2026-03-02T00:00:00', '2026-03-02T00:00:00'),
      true,
    ],
    [
      'is inside only in its own zone',
      timed('2026-03-02T00:30:00', '2026-03-02T00:45:00', 'Europe/Berlin'),
      false,
    ],
    ['is all-day on the last day', { allDay: true, start: '2026-03-03', end: '2026-03-04' }, true],
    ['is all-day and ended', { allDay: true, start: '2026-03-01', end: '2026-03-02' }, false],
  ])('[T8] an event that %s', (_, time, expected) => expect(touches(time, window, 'UTC')).toBe(expected))

  test('[T8] the period counts whole UTC days around now', () => {
    const now = toInstant('2026-11-23T23:59:00', 'UTC')
    expect(windowAround(now, 30, 730)).toEqual({ from: '2026-10-24', to: '2028-11-22' })
  })
  test('[T4] an all-day event floats: it is the viewer who gives it a zone', () => {
    const { start, end } = eventSpan(
      { allDay: true, start: '2026-03-29', end: '2026-03-30' },
      'Europe/Berlin',
    )
    expect((end - start) / 3_600_000).toBe(23)
  })
})
