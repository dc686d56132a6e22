import { wallClock } from '../../../format.ts'

/** When mail is to be sent: wall-clock times of the reader's zone and the instants that they are. Pure but for the zone's rules. */
const MINUTE_MS = 60_000
const asUtc = (wall: string): number => Date.parse(`${wall.slice(0, 16)}:00Z`)

/** In the hour that does not exist in spring, the time after it; in the hour that comes twice, the first. */
export function instantOf(wall: string, zone: string): string {
  const meant = asUtc(wall)
  const shown = (at: number): number => asUtc(wallClock(at, zone))
  const day = 24 * 60 * MINUTE_MS
  // The offset before and after a change of the clocks; the right one shows the time that was meant.
  const offsets = [meant - day, meant + day].map((at) => shown(at) - at)
  const fitting = offsets.map((offset) => meant - offset).filter((at) => shown(at) === meant)
  const at = fitting.length > 0 ? Math.min(...fitting) : meant - Math.min(...offsets)
  return new Date(at).toISOString()
}

const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

export interface Preset {
  readonly name: 'inHour' | 'evening' | 'tomorrow' | 'monday'
  readonly wall: string
}
const HOUR_MS = 60 * MINUTE_MS
const EVENING = 18
const WORK_BEGINS = '08:00'

/** Times that people mean, none of which has passed. */
export function presets(now: number, zone: string): readonly Preset[] {
  const wall = wallClock(now, zone)
  const day = wall.slice(0, 10)
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  const toMonday = (8 - weekday) % 7 || 7
  return [
    { name: 'inHour', wall: wallClock(now + HOUR_MS, zone) },
    ...(Number(wall.slice(11, 13)) < EVENING - 1
      ? [{ name: 'evening' as const, wall: `${day}T${EVENING}:00` }]
      : []),
    { name: 'tomorrow', wall: `${addDays(day, 1)}T${WORK_BEGINS}` },
    ...(toMonday > 1 ? [{ name: 'monday' as const, wall: `${addDays(day, toMonday)}T${WORK_BEGINS}` }] : []),
  ]
}
