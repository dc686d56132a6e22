import { messageFields, type Address, type Body } from '../core/item.ts'
import type { RecordRow } from '../store/sync-store.ts'
import { cleanWritten, safeText } from './safe-html.ts'

/** What an answer begins with: subject, recipients, and the message that it answers below the place to write. */
export interface Begun {
  readonly subject: string
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
  readonly body: Body
}

export type How = 'reply' | 'replyAll' | 'forward'

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const nameOf = ({ name, email }: Address): string =>
  name === '' || name === email ? email : `${name} <${email}>`

/** `own` are the addresses of the mailbox that answers: it does not write to itself. */
export function beginAnswer(
  record: RecordRow,
  how: How,
  own: readonly string[],
  zone: string,
  signature: string,
): Begun {
  const message = messageFields(record)
  const mine = new Set(own.map((each) => each.toLowerCase()))
  const isMine = ({ email }: Address): boolean => mine.has(email.toLowerCase())
  const { from, to = [], cc = [] } = message
  // An answer to what one sent oneself goes on to the people whom it was sent to.
  const wroteIt = from !== null && from !== undefined && isMine(from)
  const first = wroteIt ? to : from ? [from] : []
  const others = how === 'replyAll' ? [...(wroteIt ? [] : to), ...cc] : []
  return {
    subject: prefixed(message.subject ?? '', how === 'forward' ? 'FW' : 'RE'),
    to: how === 'forward' ? [] : distinct(first),
    cc:
      how === 'forward'
        ? []
        : distinct(others.filter((one) => !isMine(one) && !first.some((each) => each.email === one.email))),
    body: { type: 'html', content: `<p><br></p>${signatureBlock(signature)}${quoteOf(record, zone)}` },
  }
}

export const signatureBlock = (signature: string): string =>
  signature === '' ? '' : `<div>${signature}</div>`

const distinct = (people: readonly Address[]): readonly Address[] => [
  ...new Map(people.map((one) => [one.email.toLowerCase(), one])).values(),
]

/** Not piled up: the prefixes of several languages that are there already are taken away. */
const PREFIXES = /^\s*((re|aw|sv|vs|antw|fw|fwd|wg|tr|rv|enc|doorst)\s*(\[\d+\])?\s*:\s*)+/i
const prefixed = (subject: string, prefix: string): string => `${prefix}: ${subject.replace(PREFIXES, '')}`

function quoteOf(record: RecordRow, zone: string): string {
  const { from, to = [], cc = [], subject = '', sentAt, receivedAt, body } = messageFields(record)
  const at = sentAt ?? receivedAt ?? null
  const lines = [
    ...(from ? [`<b>From:</b> ${escape(nameOf(from))}`] : []),
    ...(at === null ? [] : [`<b>Sent:</b> ${escape(timeText(at, zone))}`]),
    ...(to.length === 0 ? [] : [`<b>To:</b> ${escape(listed(to))}`]),
    ...(cc.length === 0 ? [] : [`<b>Cc:</b> ${escape(listed(cc))}`]),
    `<b>Subject:</b> ${escape(subject)}`,
  ]
  const quoted = body ? (body.type === 'html' ? cleanWritten(body).content : safeText(body.content).html) : ''
  return `<hr><div>${lines.join('<br>')}</div><br><blockquote>${quoted}</blockquote>`
}

const LISTED_MAX = 50
const listed = (people: readonly Address[]): string =>
  people.slice(0, LISTED_MAX).map(nameOf).join('; ') +
  (people.length > LISTED_MAX ? ` … (${people.length})` : '')

function timeText(at: number, zone: string): string {
  try {
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone: zone }).format(
      at,
    )
  } catch {
    return new Date(at).toISOString()
  }
}
