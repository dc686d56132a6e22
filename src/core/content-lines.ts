/**
 * The line format that iCalendar (RFC 5545, section 3.1) and vCard (RFC 6350, section 3.2) share:
 * `NAME;PARAM=value;PARAM="quoted":value`, folded at 75 octets. Reads what others write, also when they are careless;
 * goes over the text once.
 */
export interface ContentLine {
  /** Upper case, without the group that vCard may put before it (`item1.EMAIL`). */
  readonly name: string
  /** Names in upper case; several values of one parameter are joined by commas. */
  readonly params: { readonly [name: string]: string }
  readonly value: string
  /** 1 for the first line of the text. */
  readonly line: number
}

export const IMPORT_LENGTH_MAX = 20_000_000
export const IMPORT_LINES_MAX = 500_000
const LINE_LENGTH_MAX = 1_100_000

/** Lines that cannot be read are handed to `bad` and left out; so is what lies beyond a limit. */
export function readContentLines(text: string, bad: (line: number, reason: string) => void): ContentLine[] {
  if (text.length > IMPORT_LENGTH_MAX) {
    bad(0, `The file has ${text.length} characters; at most ${IMPORT_LENGTH_MAX} are read.`)
    return []
  }
  const read: ContentLine[] = []
  const physical = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  for (let i = 0; i < physical.length;) {
    const line = i + 1
    if (line > IMPORT_LINES_MAX) {
      bad(line, `The file has more than ${IMPORT_LINES_MAX} lines; the rest was not read.`)
      break
    }
    const parts = [physical[i++] ?? '']
    // vCard 2.1 breaks quoted-printable values with "=" at the end, the others fold with a space at the beginning.
    const quoted = /;(?:ENCODING=)?QUOTED-PRINTABLE[;:]/i.test((parts[0] ?? '').slice(0, 200))
    for (let next = physical[i]; next !== undefined; next = physical[i]) {
      if (next.startsWith(' ') || next.startsWith('\t')) parts.push(next.slice(1))
      else if (quoted && parts.at(-1)?.endsWith('=') === true) {
        parts.push(`${parts.pop()?.slice(0, -1) ?? ''}`, next)
      } else break
      i++
    }
    const whole = parts.join('')
    if (whole.trim() === '') continue
    if (whole.length > LINE_LENGTH_MAX) {
      bad(line, `A line has ${whole.length} characters; at most ${LINE_LENGTH_MAX} are read.`)
      continue
    }
    const content = readLine(whole, line)
    if (content === null) bad(line, `"${whole.slice(0, 40)}" has no name and value.`)
    else read.push(content)
  }
  return read
}

function readLine(whole: string, line: number): ContentLine | null {
  const head = /^(?:[A-Za-z0-9-]{1,60}\.)?([A-Za-z0-9-]{1,60})(?=[;:])/.exec(whole)
  if (head?.[1] === undefined) return null
  const params: { [name: string]: string } = {}
  let at = head[0].length
  while (whole[at] === ';') {
    const start = at + 1
    at = start
    while (at < whole.length && whole[at] !== '=' && whole[at] !== ';' && whole[at] !== ':') at++
    const name = whole.slice(start, at).toUpperCase()
    // vCard 2.1 leaves the name of a parameter out: `TEL;WORK`.
    if (whole[at] !== '=') {
      addParam(params, name === 'QUOTED-PRINTABLE' ? 'ENCODING' : 'TYPE', name)
      continue
    }
    do {
      at++
      if (whole[at] === '"') {
        const close = whole.indexOf('"', at + 1)
        if (close < 0) return null
        addParam(params, name, whole.slice(at + 1, close))
        at = close + 1
        while (at < whole.length && whole[at] !== ',' && whole[at] !== ';' && whole[at] !== ':') at++
      } else {
        const from = at
        while (at < whole.length && whole[at] !== ',' && whole[at] !== ';' && whole[at] !== ':') at++
        addParam(params, name, whole.slice(from, at))
      }
    } while (whole[at] === ',')
  }
  if (whole[at] !== ':') return null
  return { name: head[1].toUpperCase(), params, value: whole.slice(at + 1), line }
}

function addParam(params: { [name: string]: string }, name: string, value: string): void {
  if (name === '' || name === '__PROTO__') return
  // RFC 6868: what a parameter may not hold itself.
  const plain = value.replace(/\^[n'^]/g, (code) => (code === '^n' ? '\n' : code === "^'" ? '"' : '^'))
  params[name] = Object.hasOwn(params, name) ? `${params[name] ?? ''},${plain}` : plain
}

/** `\n`, `\,`, `\;` and `\\` as what they stand for. */
export const unescapeText = (value: string): string =>
  value.includes('\\')
    ? value.replace(/\\([nN,;:"\\])/g, (_, code: string) => (code === 'n' || code === 'N' ? '\n' : code))
    : value

/** Splits at a separator that is not escaped; the parts are unescaped. */
export function splitValue(value: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at <= value.length; at++) {
    if (value[at] === '\\') at++
    else if (at === value.length || value[at] === separator) {
      parts.push(unescapeText(value.slice(from, at)))
      from = at + 1
    }
  }
  if (from <= value.length && parts.length === 0) parts.push(unescapeText(value))
  return parts
}

export const escapeText = (text: string): string =>
  text
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n|\r|\n/g, '\\n')
    .replace(CONTROLS, '')
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g

/** One line, folded, with its line end. Parameters are quoted; `value` is escaped by the caller where it is text. */
export function writeLine(
  name: string,
  value: string,
  params: { readonly [name: string]: string } = {},
): string {
  let line = name
  for (const [param, given] of Object.entries(params)) {
    const safe = given
      .replace(/\^/g, '^^')
      .replace(/\r\n|\r|\n/g, '^n')
      .replace(/"/g, "^'")
      .replace(CONTROLS, '')
    line += /^[A-Za-z0-9/_+-]+$/.test(safe) ? `;${param}=${safe}` : `;${param}="${safe}"`
  }
  return fold(`${line}:${value.replace(/[\r\n]+/g, ' ')}`)
}

/** At most 75 octets of UTF-8 a line; a character is never cut in two. */
function fold(line: string): string {
  const lines: string[] = []
  let from = 0
  let octets = 0
  for (let at = 0; at < line.length;) {
    const code = line.codePointAt(at) ?? 0
    const length = code > 0xffff ? 2 : 1
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (octets + size > (lines.length === 0 ? 75 : 74)) {
      lines.push(line.slice(from, at))
      from = at
      octets = 0
    }
    octets += size
    at += length
  }
  lines.push(line.slice(from))
  return `${lines.join('\r\n ')}\r\n`
}
