import { hasText, htmlToText } from './html.ts'
import type { Body } from './item.ts'

/**
 * Texts as a person compares them. Exchange rewrites what it is given (line ends, spaces, a document around the
 * HTML), and none of that is a change that anybody made.
 */
/** Characters, with the HTML. Exchange takes less for an event. */
export const BODY_LENGTH_MAX = 1_000_000
/** Newsletters are long. */
export const MESSAGE_LENGTH_MAX = 5_000_000
export const TITLE_LENGTH_MAX = 4_000

// Soft hyphens, zero-width spaces and joiners, byte order marks: nobody sees them, and copying brings them in.
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g
// Every kind of space that stands within a line.
const SPACES = /[ \t\u000b\u000c\u0085\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+/g

/** One line as it is kept: no line breaks or control characters, single spaces, none at the ends. */
export function cleanLine(text: string): string {
  // The common case costs one test.
  if (PLAIN_LINE.test(text)) return text
  return text.replace(CONTROLS, ' ').replace(SPACES, ' ').trim()
}
const PLAIN_LINE = /^(?:[!-~](?:[!-~]| (?! ))*[!-~]|[!-~])?$/
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** A title as it is matched on first sync: case, spaces and the way of writing a character do not matter. */
export const normalTitle = (title: string): string =>
  cleanLine(title.slice(0, TITLE_LENGTH_MAX).normalize('NFKC').replace(INVISIBLE, '')).toLowerCase()

/** Plain text as it is kept: line ends are `\n`, no spaces at the ends of lines, nothing blank at the ends of the text. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
}

/**
 * What is left of a text when all that a system may do to it on its own is taken away: two bodies with the same
 * comparable text are the same to a person. Blank lines and the breaks between them count as one break.
 */
export function comparableText(text: string): string {
  return text
    .replace(INVISIBLE, '')
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) => line.replace(SPACES, ' ').trim())
    .filter((line) => line !== '')
    .join('\n')
}

/** HTML or text as plain text: what a side that holds no HTML keeps. */
export const bodyText = (body: Body | null): string =>
  body === null ? '' : body.type === 'html' ? htmlToText(body.content) : cleanText(body.content)

/**
 * Whether two bodies say the same. Formatting alone is no difference, because Exchange changes it; the addresses of
 * links are part of the text.
 */
export function sameBody(a: Body | null, b: Body | null): boolean {
  if (a === b || (a !== null && b !== null && a.type === b.type && a.content === b.content)) return true
  return comparableBody(a) === comparableBody(b)
}

const comparableBody = (body: Body | null): string => comparableText(bodyText(body))

/**
 * A body as it is kept: of an HTML document only what is inside its `<body>`, without comments; null when nothing is
 * to be seen in it (Exchange gives `\r\n` or an empty document for "none").
 */
export function cleanBody(body: Body | null): Body | null {
  if (body === null) return null
  if (body.type === 'text') {
    const content = cleanText(body.content)
    return content.trim() === '' ? null : { type: 'text', content }
  }
  const content = innerHtml(body.content.replace(/\r\n?/g, '\n')).trim()
  if (!hasText(content) && !/<(?:img|hr|table)\b/i.test(content)) return null
  return { type: 'html', content }
}

/** What lies between `<body …>` and `</body>`; without one, what is left when html and head are taken away. */
export function innerHtml(html: string): string {
  const opened = /<body(?=[\s>])/i.exec(html)
  if (opened !== null) {
    const from = html.indexOf('>', opened.index)
    if (from < 0) return ''
    const closed = lastTag(html, '</body')
    return html.slice(from + 1, closed > from ? closed : html.length)
  }
  const head = lastTag(html, '</head')
  const opens = /<html(?=[\s>])/i.exec(html)
  const before = head >= 0 ? head : (opens?.index ?? -1)
  const from = before < 0 ? 0 : html.indexOf('>', before) + 1
  const closed = lastTag(html, '</html')
  const rest = html.slice(from, closed > from ? closed : html.length)
  return before < 0 ? rest.replace(/^\s*<!doctype[^>]*>/i, '') : rest
}

function lastTag(html: string, tag: string): number {
  const lower = html.lastIndexOf(tag)
  return lower >= 0 ? lower : html.lastIndexOf(tag.toUpperCase())
}
