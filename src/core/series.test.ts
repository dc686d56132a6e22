import { describe, expect, test } from 'vitest'
import { occurrenceGroup, type EventTime, type Fields, type Json, type Recurrence } from './item.ts'
import {
  cancelledSlots,
  missingSlots,
  occurrenceAt,
  occurrencesIn,
  showsIn,
  strayGroups,
  timeOfSlot,
} from './series.ts'
import { formatInstant } from './time.ts'

const weekly: Recurrence = {
  pattern: { type: 'weekly', interval: 1, days: ['monday'], weekStart: 'monday' },
  range: { type: 'noEnd', start: '2026-03-02' },
}
const time: EventTime = {
  allDay: false,
  start: '2026-03-02T10:00:00',
  end: '2026-03-02T10:30:00',
  zone: 'Europe/Berlin',
}
const series = (own: Fields = {}): { fields: Fields } => ({
  fields: {
    subject: 'Jour fixe',
    time: time as Json,
    recurrence: weekly as unknown as Json,
    location: 'Room 1',
    ...own,
  },
})
const march = { from: '2026-03-16', to: '2026-04-07' }

describe('a series in a window', () => {
  test('[T2] keeps its wall time over the change of clocks', () => {
    const shown = occurrencesIn(series(), march, 'Europe/Berlin')
    expect(shown.map((one) => [one.slot, formatInstant(one.start)])).toEqual([
      ['2026-03-16', '2026-03-16T09:00:00Z'],
      ['2026-03-23', '2026-03-23T09:00:00Z'],
      ['2026-03-30', '2026-03-30T08:00:00Z'],
      ['2026-04-06', '2026-04-06T08:00:00Z'],
    ])
    expect(shown[0]).toMatchObject({ exception: false, fields: { subject: 'Jour fixe' } })
    expect(shown[0]?.fields).not.toHaveProperty('recurrence')
  })
  test('[T7] shows exceptions under the slot that they were made for, and no cancelled ones', () => {
    const moved: EventTime = { ...time, start: '2026-03-24T15:00:00', end: '2026-03-24T16:00:00' }
    const item = series({
      [occurrenceGroup('2026-03-16', 'cancelled')]: true,
      [occurrenceGroup('2026-03-23', 'time')]: moved as Json,
      [occurrenceGroup('2026-03-23', 'location')]: 'Room 2',
      [occurrenceGroup('2026-03-25', 'subject')]: 'the pattern never puts one here',
    })
    const shown = occurrencesIn(item, march, 'Europe/Berlin')
    expect(shown.map((one) => one.slot)).toEqual(['2026-03-23', '2026-03-30', '2026-04-06'])
    expect(shown[0]).toMatchObject({
      time: moved,
      exception: true,
      fields: { location: 'Room 2', subject: 'Jour fixe' },
    })
    expect(cancelledSlots(item.fields)).toEqual(['2026-03-16'])
    expect(strayGroups(item.fields, weekly)).toEqual(['occurrence/2026-03-25/subject'])
    expect(strayGroups(item.fields, null)).toHaveLength(4)
    expect(occurrenceAt(item, '2026-03-23')).toMatchObject({ location: 'Room 2', time: moved })
    expect(occurrenceAt(item, '2026-03-16')).toBeNull()
    expect(occurrenceAt(item, '2026-03-25')).toBeNull()
    expect(occurrenceAt(item, '2026-03-30')).toMatchObject({ time: timeOfSlot(time, '2026-03-30') })
  })
  test('[T8] an occurrence that was moved into the window shows, one moved out does not', () => {
    const item = series({
      [occurrenceGroup('2026-04-13', 'time')]: {
        ...time,
        start: '2026-04-07T09:00:00',
        end: '2026-04-07T09:30:00',
      } as Json,
      [occurrenceGroup('2026-03-16', 'time')]: {
        ...time,
        start: '2026-03-15T09:00:00',
        end: '2026-03-15T09:30:00',
      } as Json,
    })
    const slots = occurrencesIn(item, march, 'Europe/Berlin').map((one) => one.slot)
    expect(slots).toEqual(['2026-03-23', '2026-03-30', '2026-04-06', '2026-04-13'])
  })
  test('[T8] occurrences that last over midnight reach into the window', () => {
    const night: EventTime = { ...time, start: '2026-03-02T22:00:00', end: '2026-03-04T06:00:00' }
    const window = { from: '2026-03-18', to: '2026-03-18' }
    const shown = occurrencesIn(series({ time: night as Json }), window, 'Europe/Berlin')
    expect(shown.map((one) => one.slot)).toEqual(['2026-03-16'])
  })
  test('[T4] an all-day series is dates, whatever the zone of who looks', () => {
    const days: EventTime = { allDay: true, start: '2026-03-02', end: '2026-03-04' }
    for (const viewer of ['Pacific/Apia', 'Pacific/Honolulu', 'UTC']) {
      const shown = occurrencesIn(
        series({ time: days as Json }),
        { from: '2026-03-10', to: '2026-03-10' },
        viewer,
      )
      expect(shown.map((one) => one.time)).toEqual([{ allDay: true, start: '2026-03-09', end: '2026-03-11' }])
    }
  })
  test('[T7] a meeting that was called off shows nothing', () => {
    expect(occurrencesIn(series({ cancelled: true }), march, 'UTC')).toEqual([])
  })
})

describe('whether it shows at all', () => {
  const quiet = { from: '2026-03-17', to: '2026-03-18' }
  test('[T8] not between two occurrences, and not when all in the window are cancelled', () => {
    expect(showsIn(series(), quiet, 'UTC')).toBe(false)
    expect(showsIn(series(), march, 'UTC')).toBe(true)
    const cancelled = Object.fromEntries(
      ['2026-03-16', '2026-03-23', '2026-03-30', '2026-04-06'].map((slot) => [
        occurrenceGroup(slot, 'cancelled'),
        true,
      ]),
    )
    expect(showsIn(series(cancelled), march, 'UTC')).toBe(false)
  })
  test('[T8] but when one was moved there', () => {
    const item = series({
      [occurrenceGroup('2026-05-04', 'time')]: {
        ...time,
        start: '2026-03-17T09:00:00',
        end: '2026-03-17T09:30:00',
      } as Json,
    })
    expect(showsIn(item, quiet, 'UTC')).toBe(true)
  })
})

test('[T7] slots that the other side does not list were cancelled there', () => {
  const reported = new Set(['2026-03-16', '2026-03-30', '2026-04-06'])
  expect(missingSlots(weekly, march, reported)).toEqual(['2026-03-23'])
})
