/**
 * The oracle's own expansion of a series: it walks every day of the window and asks whether the pattern names it.
 * Slow and plain on purpose, and it shares no code with the engine (src/core/recurrence.ts jumps from date to date)
 * nor with the emulator. Patterns are Graph's, with the properties that the canonical form keeps.
 */
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
const INDEX: Readonly<Record<string, number>> = { first: 1, second: 2, third: 3, fourth: 4 }

export interface PlainPattern {
  readonly type: string
  readonly interval: number
  readonly days?: readonly string[]
  readonly weekStart?: string
  readonly day?: number
  readonly month?: number
  readonly index?: string
}
export interface PlainRange {
  readonly type: string
  readonly start: string
  readonly until?: string
  readonly count?: number
}

const DAY_MS = 86_400_000
export const dayNumber = (date: string): number => Math.round(Date.parse(`${date}T00:00:00Z`) / DAY_MS)
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
const weekday = (day: number): number => (((day + 4) % 7) + 7) % 7
const monthLength = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

function names(pattern: PlainPattern, startDay: number, day: number): boolean {
  const [year, month, dom] = dateOf(day).split('-').map(Number) as [number, number, number]
  const [startYear, startMonth] = dateOf(startDay).split('-').map(Number) as [number, number, number]
  const months = (year - startYear) * 12 + (month - startMonth)
  const wanted = (pattern.days ?? []).map((name) => DAYS.indexOf(name.toLowerCase() as (typeof DAYS)[number]))
  switch (pattern.type) {
    case 'daily':
      return (day - startDay) % pattern.interval === 0
    case 'weekly': {
      const first = DAYS.indexOf((pattern.weekStart ?? 'sunday').toLowerCase() as (typeof DAYS)[number])
      const weekOf = (d: number): number => Math.floor((d - ((((weekday(d) - first) % 7) + 7) % 7)) / 7)
      return wanted.includes(weekday(day)) && (weekOf(day) - weekOf(startDay)) % pattern.interval === 0
    }
    case 'absoluteMonthly':
      return months % pattern.interval === 0 && dom === Math.min(pattern.day ?? 1, monthLength(year, month))
    case 'absoluteYearly':
      return (
        (year - startYear) % pattern.interval === 0 &&
        month === pattern.month &&
        dom === Math.min(pattern.day ?? 1, monthLength(year, month))
      )
    case 'relativeMonthly':
      return months % pattern.interval === 0 && isNth(pattern, wanted, year, month, dom)
    case 'relativeYearly':
      return (
        (year - startYear) % pattern.interval === 0 &&
        month === pattern.month &&
        isNth(pattern, wanted, year, month, dom)
      )
    default:
      throw new Error(`The oracle does not know the pattern ${pattern.type}`)
  }
}

/** The n-th (or last) day of the month among all days that the pattern's weekdays name. */
function isNth(
  pattern: PlainPattern,
  wanted: readonly number[],
  year: number,
  month: number,
  dom: number,
): boolean {
  const matching: number[] = []
  for (let d = 1; d <= monthLength(year, month); d++) {
    if (
      wanted.includes(
        weekday(dayNumber(`${year}-${String(month).padStart(2, '0')}-${String(d).padStart(2, '0')}`)),
      )
    )
      matching.push(d)
  }
  const index = pattern.index ?? 'first'
  return (index === 'last' ? matching[matching.length - 1] : matching[(INDEX[index] ?? 1) - 1]) === dom
}

/** Dates of the series from its start up to and including `to`; at most `limit`. */
export function expandDates(pattern: PlainPattern, range: PlainRange, to: string, limit = 5_000): string[] {
  const startDay = dayNumber(range.start)
  const end = Math.min(
    dayNumber(to),
    range.type === 'endDate' && range.until !== undefined ? dayNumber(range.until) : Number.MAX_SAFE_INTEGER,
  )
  const most = range.type === 'numbered' ? Math.min(limit, range.count ?? 0) : limit
  const dates: string[] = []
  for (let day = startDay; day <= end && dates.length < most; day++)
    if (names(pattern, startDay, day)) dates.push(dateOf(day))
  return dates
}
