/**
 * Wall times, zones and instants, from the platform's own zone data. A wall time is held as the milliseconds that
 * the same digits would have in UTC: `2026-10-25T09:00` in any zone is `Date.UTC(2026, 9, 25, 9)`.
 */
import { secondText } from './clock.ts'
import { WINDOWS_ZONES } from './zone-names.ts'

export const DAY = 86_400_000
const HOUR = 3_600_000

const byLowerCase = new Map<string, string>()
for (const [windows, iana] of Object.entries(WINDOWS_ZONES)) byLowerCase.set(windows.toLowerCase(), iana)
// Names that Outlook uses for zones of its own, seen in responses.
byLowerCase.set('tzone://microsoft/utc', 'Etc/UTC')
byLowerCase.set('etc/gmt', 'Etc/UTC')
byLowerCase.set('gmt', 'Etc/UTC')

const resolved = new Map<string, Zone | null>()

/** The zone that a Windows or IANA name stands for; undefined for a name that nobody knows. */
export function findZone(name: string): Zone | undefined {
  const known = resolved.get(name)
  if (known !== undefined) return known ?? undefined
  const iana =
    byLowerCase.get(name.toLowerCase()) ?? (/^[A-Za-z]+\/[A-Za-z0-9_+\-/]+$/.test(name) ? name : null)
  let zone: Zone | null = null
  if (iana !== null) {
    try {
      zone = new Zone(iana)
    } catch {
      zone = null
    }
  }
  if (resolved.size < 5_000) resolved.set(name, zone)
  return zone ?? undefined
}

interface Transition {
  readonly at: number
  readonly offset: number
}

/** One zone with its offsets, year by year, found by asking Intl and halving. */
export class Zone {
  readonly iana: string
  readonly #format: Intl.DateTimeFormat
  readonly #years = new Map<number, readonly Transition[]>()

  constructor(iana: string) {
    this.iana = iana
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: iana,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    })
  }

  /** Milliseconds that this zone is ahead of UTC at an instant. */
  offsetAt(instant: number): number {
    if (this.iana === 'Etc/UTC') return 0
    const year = new Date(instant).getUTCFullYear()
    let transitions = this.#years.get(year)
    if (transitions === undefined) {
      transitions = this.#scan(year)
      this.#years.set(year, transitions)
    }
    let offset = transitions[0]?.offset ?? 0
    for (const transition of transitions) {
      if (transition.at > instant) break
      offset = transition.offset
    }
    return offset
  }

  toWall(instant: number): number {
    return instant + this.offsetAt(instant)
  }

  /** A wall time that a spring change skips moves forward by the gap; one that comes twice is the first. */
  toInstant(wall: number): number {
    const early = this.offsetAt(wall - DAY)
    const late = this.offsetAt(wall + DAY)
    if (early === late) return wall - early
    const candidate = wall - early
    if (this.offsetAt(candidate) === early) return candidate
    const second = wall - late
    return this.offsetAt(second) === late ? second : candidate
  }

  #measure(instant: number): number {
    const parts: Record<string, string> = {}
    for (const part of this.#format.formatToParts(instant)) parts[part.type] = part.value
    const year = parts['era'] === 'BC' ? 1 - Number(parts['year']) : Number(parts['year'])
    const date = new Date(0)
    date.setUTCFullYear(year, Number(parts['month']) - 1, Number(parts['day']))
    date.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']))
    return date.getTime() - Math.floor(instant / 1000) * 1000
  }

  #scan(year: number): Transition[] {
    const begin = yearStart(year)
    const end = yearStart(year + 1)
    const transitions: Transition[] = [{ at: begin, offset: this.#measure(begin) }]
    let from = begin
    let offset = transitions[0]?.offset ?? 0
    while (from < end) {
      const to = Math.min(from + 14 * DAY, end)
      const next = this.#measure(to)
      if (next !== offset) {
        let low = from
        let high = to
        while (high - low > 1000) {
          const middle = Math.floor((low + high) / 2000) * 1000
          if (this.#measure(middle) === offset) low = middle
          else high = middle
        }
        transitions.push({ at: high, offset: next })
        offset = next
      }
      from = to
    }
    return transitions
  }
}

function yearStart(year: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, 0, 1)
  return date.getTime()
}

export const UTC = new Zone('Etc/UTC')

const WALL = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?$/
const WITH_OFFSET = /^(.*T.*?)(Z|[+-]\d{2}:?\d{2})$/i

/** Parses `YYYY-MM-DDTHH:mm:ss.fffffff`; undefined when it is not a real date and time. */
export function parseWall(text: string): number | undefined {
  const match = WALL.exec(text)
  if (match === null) return undefined
  const [, y = '', mo = '', d = '', h = '0', mi = '0', s = '0', fraction = ''] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(y), Number(mo) - 1, Number(d))
  if (date.getUTCMonth() !== Number(mo) - 1 || date.getUTCDate() !== Number(d)) return undefined
  if (Number(h) > 23 || Number(mi) > 59 || Number(s) > 59) return undefined
  return (
    date.getTime() +
    Number(h) * HOUR +
    Number(mi) * 60_000 +
    Number(s) * 1000 +
    Math.floor(Number(`0.${fraction || '0'}`) * 1000)
  )
}

/** Parses an instant: an offset in the value is honoured, none means UTC. */
export function parseInstant(text: string): number | undefined {
  const match = WITH_OFFSET.exec(text)
  if (match === null) return parseWall(text)
  const wall = parseWall(match[1] ?? '')
  if (wall === undefined) return undefined
  const offset = match[2] ?? 'Z'
  if (offset.toUpperCase() === 'Z') return wall
  const digits = offset.replace(/[:+-]/g, '')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4))
  return wall - (offset.startsWith('-') ? -1 : 1) * minutes * 60_000
}

/** `2026-09-30T08:15:00.0000000`: seven digits and no offset, as every response has. */
export function wallText(wall: number): string {
  return wall % 1000 === 0
    ? `${secondText(wall)}.0000000`
    : `${new Date(wall).toISOString().slice(0, 23)}0000`
}

/** `2026-09-30` */
export function dateText(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10)
}
