import type { Instant } from './ids.ts'
import type { Zone } from './item.ts'

/**
 * How far a zone's clocks are from UTC at an instant. `Intl` knows, and is slow (2 µs for each question), so its
 * answers are kept as the pieces of constant offset they are made of: a look-up then costs some 50 ns, which is what
 * 10,000 events a second need.
 */
const DAY_MS = 86_400_000
/** A piece table covers so much; transitions are found by looking each week and halving. */
const SPAN_MS = 400 * DAY_MS
const STEP_MS = 7 * DAY_MS
/** Before this, clocks showed the sun's time to the second; no calendar means that. The year 0001 of Graph's empty dates lands here. */
const EARLIEST_MS = -2_208_988_800_000
const LATEST_MS = 253_402_214_400_000
/** Some 100 bytes each. When it is reached all are dropped and found again. */
const SPANS_MAX = 20_000

interface Pieces {
  /** When each offset begins; the first is the span's beginning. */
  readonly starts: readonly number[]
  readonly offsets: readonly number[]
}
interface ZoneTable {
  readonly format: Intl.DateTimeFormat
  readonly spans: Map<number, Pieces>
}

const tables = new Map<Zone, ZoneTable>()
let spansKept = 0

/** Milliseconds to add to UTC. @throws RangeError for a zone that `canonicalZone` does not know: parse it at the border. */
export function offsetAt(zone: Zone, instant: Instant): number {
  if (zone === 'UTC') return 0
  const at = instant < EARLIEST_MS ? EARLIEST_MS : instant > LATEST_MS ? LATEST_MS : instant
  const table = tables.get(zone) ?? makeTable(zone)
  const span = Math.floor(at / SPAN_MS)
  const pieces = table.spans.get(span) ?? findPieces(table, span)
  let i = pieces.starts.length - 1
  while (i > 0 && (pieces.starts[i] ?? 0) > at) i--
  return pieces.offsets[i] ?? 0
}

function makeTable(zone: Zone): ZoneTable {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const table: ZoneTable = { format, spans: new Map() }
  tables.set(zone, table)
  return table
}

function findPieces(table: ZoneTable, span: number): Pieces {
  if (++spansKept > SPANS_MAX) {
    for (const one of tables.values()) one.spans.clear()
    spansKept = 1
  }
  const begin = Math.max(span * SPAN_MS, EARLIEST_MS)
  const end = Math.min((span + 1) * SPAN_MS, LATEST_MS)
  const starts = [begin]
  let offset = askIntl(table, begin)
  const offsets = [offset]
  for (let from = begin; from < end;) {
    const to = Math.min(from + STEP_MS, end)
    const next = askIntl(table, to)
    if (next !== offset) {
      let before = from
      let after = to
      while (after - before > 1000) {
        const middle = Math.floor((before + after) / 2000) * 1000
        if (middle <= before || middle >= after) break
        if (askIntl(table, middle) === offset) before = middle
        else after = middle
      }
      if (after < end) {
        starts.push(after)
        offsets.push(next)
      }
      offset = next
    }
    from = to
  }
  const pieces: Pieces = { starts, offsets }
  table.spans.set(span, pieces)
  return pieces
}

/** `MM/DD/YYYY, HH:mm:ss` as `makeTable` asks for it, taken apart by position from the end: only the year varies in length. */
function askIntl(table: ZoneTable, instant: number): number {
  const text = table.format.format(instant)
  const parts = text.match(/\d+/g)
  if (parts === null || parts.length !== 6)
    throw new Error(`This runtime writes dates in an unknown way: ${text}`)
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = parts.map(Number)
  const local = daysFromCivil(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000
  return local - Math.floor(instant / 1000) * 1000
}

/** Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant's days_from_civil). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
