/**
 * Comma-separated values (RFC 4180) as people's programs write them: with commas, semicolons or tabs, with or without
 * a byte order mark, any line end. Goes over the text once; a broken row is reported and the others are read.
 */
export interface Csv {
  /** The first row, without spaces at the ends; a column without a name is called by its number. */
  readonly columns: readonly string[]
  /** Each with as many cells as there are columns. */
  readonly rows: readonly (readonly string[])[]
  readonly problems: readonly { readonly line: number; readonly reason: string }[]
}

export const CSV_LENGTH_MAX = 50_000_000
export const CSV_ROWS_MAX = 200_000
export const CSV_COLUMNS_MAX = 500
const PROBLEMS_MAX = 1_000
const DELIMITERS = [',', ';', '\t'] as const

export function readCsv(text: string): Csv {
  const problems: { line: number; reason: string }[] = []
  const say = (line: number, reason: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push({ line, reason })
  }
  if (text.length > CSV_LENGTH_MAX) {
    say(0, `The file has ${text.length} characters; at most ${CSV_LENGTH_MAX} are read.`)
    return { columns: [], rows: [], problems }
  }
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text
  let columns: string[] | null = null
  const rows: string[][] = []
  for (const { cells, line, unclosed } of records(content, delimiterOf(content))) {
    if (unclosed) say(line, 'A quotation mark opens here and is never closed; the rest was read as one cell.')
    if (cells.length === 1 && cells[0]?.trim() === '') continue
    if (columns === null) {
      if (cells.length > CSV_COLUMNS_MAX) {
        say(line, `${cells.length} columns; at most ${CSV_COLUMNS_MAX} are read.`)
        break
      }
      columns = namesOf(cells)
      continue
    }
    if (rows.length >= CSV_ROWS_MAX) {
      say(line, `More than ${CSV_ROWS_MAX} rows; the rest was not read.`)
      break
    }
    const extra = cells.slice(columns.length)
    if (extra.some((cell) => cell.trim() !== '')) {
      say(line, `${cells.length} cells where there are ${columns.length} columns; the row was left out.`)
      continue
    }
    rows.push(columns.map((_, i) => cells[i] ?? ''))
  }
  if (columns === null && problems.length === 0) say(0, 'The file is empty.')
  return { columns: columns ?? [], rows, problems }
}

/** Names that are there twice get a number, so that each column can be asked for. */
function namesOf(cells: readonly string[]): string[] {
  const taken = new Set<string>()
  return cells.map((cell, i) => {
    const wanted = cell.trim() || `Column ${i + 1}`
    let name = wanted
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${wanted} (${n})`
    taken.add(name.toLowerCase())
    return name
  })
}

/** The delimiter that is most often in the first line, outside of quotes. */
function delimiterOf(text: string): string {
  const counts = new Map<string, number>()
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '"') quoted = !quoted
    else if (!quoted && (char === '\n' || char === '\r')) break
    else if (!quoted) counts.set(char, (counts.get(char) ?? 0) + 1)
  }
  return DELIMITERS.reduce<string>(
    (best, one) => ((counts.get(one) ?? 0) > (counts.get(best) ?? 0) ? one : best),
    ',',
  )
}

interface CsvRecord {
  readonly cells: string[]
  readonly line: number
  readonly unclosed: boolean
}

function* records(text: string, delimiter: string): Generator<CsvRecord> {
  let at = 0
  let line = 1
  while (at < text.length) {
    const first = line
    const cells: string[] = []
    let unclosed = false
    for (;;) {
      let cell = ''
      if (text[at] === '"') {
        const pieces: string[] = []
        for (at++; ;) {
          const close = text.indexOf('"', at)
          if (close < 0) {
            unclosed = true
            pieces.push(text.slice(at))
            at = text.length
            break
          }
          pieces.push(text.slice(at, close))
          at = close + 1
          if (text[at] !== '"') break
          pieces.push('"')
          at++
        }
        cell = pieces.join('')
        line += lineEnds(cell)
      }
      // Also what stands behind a closing quotation mark, where nothing should.
      const from = at
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++
      cells.push(cell + text.slice(from, at))
      if (text[at] !== delimiter) break
      at++
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    at++
    line++
    yield { cells, line: first, unclosed }
  }
}

const lineEnds = (text: string): number => text.match(/\r\n|\r|\n/g)?.length ?? 0

/**
 * Rows as text. A cell that a spreadsheet would take for a formula gets an apostrophe before it: what a stranger wrote
 * into a contact's name must not run on a colleague's machine.
 */
export function writeCsv(
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const lines = [columns, ...rows].map((cells) => cells.map(writeCell).join(','))
  return `${lines.join('\r\n')}\r\n`
}

function writeCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) && !/^[+-]?[\d\s().-]+$/.test(value) ? `'${value}` : value
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
