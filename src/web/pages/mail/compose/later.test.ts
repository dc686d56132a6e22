import { describe, expect, test } from 'vitest'
import { instantOf, presets } from './later.ts'

describe('send later, in the zone of the reader', () => {
  test.each([
    ['2026-11-30T08:00', 'Europe/Berlin', '2026-11-30T07:00:00.000Z'],
    ['2026-07-01T08:00', 'Europe/Berlin', '2026-07-01T06:00:00.000Z'],
    ['2026-07-01T08:00', 'America/New_York', '2026-07-01T12:00:00.000Z'],
    ['2026-07-01T08:00', 'Asia/Kathmandu', '2026-07-01T02:15:00.000Z'],
    // The clocks change: the day before, in the hour that does not exist, in the hour that comes twice, the day after.
    ['2026-03-28T23:00', 'Europe/Berlin', '2026-03-28T22:00:00.000Z'],
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['2026-03-29T04:00', 'Europe/Berlin', '2026-03-29T02:00:00.000Z'],
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T04:00', 'Europe/Berlin', '2026-10-25T03:00:00.000Z'],
  ])('%s in %s is %s', (wall, zone, instant) => {
    expect(instantOf(wall, zone)).toBe(instant)
  })

  test('no offered time has passed, and Monday is not offered on Sunday, when it is tomorrow', () => {
    const names = (iso: string): string[] => presets(Date.parse(iso), 'Europe/Berlin').map((one) => one.name)
    expect(names('2026-11-28T15:00:00Z')).toEqual(['inHour', 'evening', 'tomorrow', 'monday'])
    expect(names('2026-11-28T17:30:00Z')).toEqual(['inHour', 'tomorrow', 'monday'])
    expect(names('2026-11-29T09:00:00Z')).toEqual(['inHour', 'evening', 'tomorrow'])
    for (let hour = 0; hour < 24 * 8; hour++) {
      const now = Date.parse('2026-11-28T00:10:00Z') + hour * 3_600_000
      for (const { wall } of presets(now, 'Europe/Berlin'))
        expect(Date.parse(instantOf(wall, 'Europe/Berlin'))).toBeGreaterThan(now)
    }
  })
})
