/** Dates, times and numbers as the reader writes them. The reader is who is signed in; before that, the browser. */
export interface Reader {
  readonly locale: string
  readonly zone: string
  readonly weekStart: 'sunday' | 'monday' | 'saturday'
}

const browser = Intl.DateTimeFormat().resolvedOptions()
let reader: Reader = { locale: browser.locale, zone: browser.timeZone, weekStart: 'monday' }
let made = new Map<string, Intl.DateTimeFormat>()
let relative: Intl.RelativeTimeFormat | undefined
let plain: Intl.NumberFormat | undefined

export function setReader(next: Reader): void {
  reader = next
  made = new Map()
  relative = undefined
  plain = undefined
}
export const theReader = (): Reader => reader

/** Making a formatter costs more than a thousand uses of it. */
function formatter(options: Intl.DateTimeFormatOptions, zone = reader.zone): Intl.DateTimeFormat {
  const key = JSON.stringify([options, zone])
  let one = made.get(key)
  if (one === undefined) {
    one = new Intl.DateTimeFormat(reader.locale, { ...options, timeZone: zone })
    made.set(key, one)
  }
  return one
}

type When = string | number | Date
const instant = (when: When): Date => (when instanceof Date ? when : new Date(when))

export const formatTime = (when: When): string =>
  formatter({ hour: 'numeric', minute: '2-digit' }).format(instant(when))
export const formatDate = (when: When): string =>
  formatter({ day: 'numeric', month: 'short', year: 'numeric' }).format(instant(when))
export const formatExact = (when: When): string =>
  formatter({ dateStyle: 'full', timeStyle: 'long' }).format(instant(when))
export const formatMoment = (when: When): string =>
  formatter({ day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }).format(instant(when))

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "2 min ago", "in 3 h", and beyond a week the date. */
export function formatRelative(when: When, now = Date.now()): string {
  const then = instant(when).getTime()
  const gap = then - now
  const size = Math.abs(gap)
  relative ??= new Intl.RelativeTimeFormat(reader.locale, { numeric: 'auto', style: 'short' })
  if (size < 45_000) return relative.format(Math.round(gap / 1000 / 5) * 5, 'second')
  if (size < 50 * MINUTE) return relative.format(Math.round(gap / MINUTE), 'minute')
  if (size < 22 * HOUR) return relative.format(Math.round(gap / HOUR), 'hour')
  if (size < 7 * DAY) return relative.format(Math.round(gap / DAY), 'day')
  return formatDate(when)
}

export function formatDuration(seconds: number): string {
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(reader.locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
  if (seconds < 90) return unit(Math.round(seconds), 'second')
  if (seconds < 90 * 60) return unit(Math.round(seconds / 60), 'minute')
  if (seconds < 36 * 3600) return unit(Math.round(seconds / 3600), 'hour')
  return unit(Math.round(seconds / 86_400), 'day')
}

export const formatNumber = (value: number): string =>
  (plain ??= new Intl.NumberFormat(reader.locale)).format(value)
export const formatBytes = (bytes: number): string => {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  let step = 0
  let value = bytes
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000
    step++
  }
  return new Intl.NumberFormat(reader.locale, {
    style: 'unit',
    unit: units[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value)
}

/** Plain dates (`YYYY-MM-DD`) have no zone: they are drawn as they are. */
export const formatPlainDate = (
  date: string,
  options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' },
): string => formatter(options, 'UTC').format(new Date(`${date}T00:00:00Z`))

/** A wall-clock time (`YYYY-MM-DDTHH:mm`) as the reader writes it, and an hour as it stands beside a grid: "9 AM", "09". */
export const formatWall = (wall: string): string =>
  formatter({ hour: 'numeric', minute: '2-digit' }, 'UTC').format(new Date(`${wall.slice(0, 16)}:00Z`))
export const formatHour = (hour: number): string =>
  formatter({ hour: 'numeric' }, 'UTC').format(Date.UTC(2026, 0, 1, hour))
/** Plain dates as one range: "7 – 13 Dec 2026". */
export const formatPlainRange = (first: string, last: string): string =>
  formatter({ day: 'numeric', month: 'short', year: 'numeric' }, 'UTC').formatRange(
    new Date(`${first}T00:00:00Z`),
    new Date(`${last}T00:00:00Z`),
  )

/** The wall clock of a zone at an instant, as `YYYY-MM-DDTHH:mm`. */
export function wallClock(when: When, zone = reader.zone): string {
  const key = `wall ${zone}`
  let one = made.get(key)
  if (one === undefined) {
    one = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    made.set(key, one)
  }
  const part: Record<string, string> = {}
  for (const { type, value } of one.formatToParts(instant(when))) part[type] = value
  return `${part['year']}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}`
}

export const today = (): string => wallClock(Date.now()).slice(0, 10)
