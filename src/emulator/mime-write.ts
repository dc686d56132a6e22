/** Messages as MIME. Sources: RFC 5322, RFC 2045, RFC 2047, RFC 2231. */
import type { Attachment, Recipient } from './item-parts.ts'
import { htmlToText } from './item-parts.ts'
import { bodyOf, type Header, type MessageRow } from './mail-model.ts'

const LINE = '\r\n'
/** RFC 5322: lines should not be longer than this. */
const LINE_MAX = 76

const PLAIN = /^[\x20-\x7e]*$/

/** An unstructured header value: as it is when it is plain, in encoded words of at most 75 characters when not. */
export function encodeWords(value: string): string {
  const clean = value.replace(/[\r\n]+/g, ' ')
  if (PLAIN.test(clean) && !clean.includes('=?')) return clean
  const words: string[] = []
  let part = ''
  const flush = (): void => {
    if (part !== '') words.push(`=?utf-8?B?${Buffer.from(part).toString('base64')}?=`)
    part = ''
  }
  for (const character of clean) {
    if (Buffer.byteLength(part + character) > 42) flush()
    part += character
  }
  flush()
  return words.join(`${LINE} `)
}

function address(recipient: Recipient): string {
  const { name, address: at } = recipient.emailAddress
  const bare = at.replace(/[\r\n<>]/g, '')
  if (name === '' || name === at) return `<${bare}>`
  const phrase = PLAIN.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : encodeWords(name)
  return `${phrase} <${bare}>`
}

const addresses = (recipients: readonly Recipient[]): string => recipients.map(address).join(`,${LINE} `)

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export function mimeDate(at: number): string {
  const date = new Date(at)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${DAYS[date.getUTCDay()]}, ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}

const IMPORTANCE: Readonly<Record<string, string>> = { high: '1', normal: '3', low: '5' }

/** The headers that a message is transported with. `Bcc` is never among them. */
export function messageHeaders(row: MessageRow): Header[] {
  const one = (name: string, value: string): Header[] => (value === '' ? [] : [{ name, value }])
  return [
    ...(row.from === null ? [] : one('From', address(row.from))),
    ...(row.sender === null || row.sender.emailAddress.address === row.from?.emailAddress.address
      ? []
      : one('Sender', address(row.sender))),
    ...one('Reply-To', addresses(row.replyTo)),
    ...one('To', addresses(row.toRecipients)),
    ...one('CC', addresses(row.ccRecipients)),
    { name: 'Subject', value: encodeWords(row.subject) },
    { name: 'Thread-Topic', value: encodeWords(row.subject.replace(/^((re|fw|fwd|aw|wg):\s*)+/i, '')) },
    ...one('Thread-Index', row.conversationIndex),
    { name: 'Date', value: mimeDate(row.sentAt) },
    ...one('Message-ID', row.internetMessageId),
    ...(row.importance === 'normal' ? [] : one('X-Priority', IMPORTANCE[row.importance] ?? '')),
    ...(row.importance === 'normal' ? [] : one('Importance', row.importance)),
    ...(row.isReadReceiptRequested && row.from !== null
      ? one('Disposition-Notification-To', address(row.from))
      : []),
    ...row.headers.map(({ name, value }) => ({ name, value: encodeWords(value) })),
    { name: 'MIME-Version', value: '1.0' },
  ]
}

/** Base64 in lines of 76 characters. */
export function wrapBase64(source: string): string {
  const lines: string[] = []
  for (let at = 0; at < source.length; at += LINE_MAX) lines.push(source.slice(at, at + LINE_MAX))
  return lines.join(LINE)
}

/** Quoted-printable of a text, its line ends kept. */
export function quotedPrintable(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => {
      let out = ''
      let width = 0
      for (const byte of Buffer.from(line)) {
        const plain = (byte >= 33 && byte <= 126 && byte !== 61) || byte === 32 || byte === 9
        const piece = plain
          ? String.fromCharCode(byte)
          : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
        if (width + piece.length > LINE_MAX - 1) {
          out += `=${LINE}`
          width = 0
        }
        out += piece
        width += piece.length
      }
      // White space at the end of a line would be lost on the way.
      return out.replace(/[ \t]$/, (space) => (space === ' ' ? '=20' : '=09'))
    })
    .join(LINE)
}

interface Part {
  readonly headers: readonly string[]
  readonly body: string
}

const textPart = (type: string, content: string): Part => ({
  headers: [`Content-Type: ${type}; charset="utf-8"`, 'Content-Transfer-Encoding: quoted-printable'],
  body: quotedPrintable(content),
})

function multipart(kind: string, boundary: string, parts: readonly Part[]): Part {
  const inner = parts.map(
    (part) => `--${boundary}${LINE}${part.headers.join(LINE)}${LINE}${LINE}${part.body}${LINE}`,
  )
  return {
    headers: [`Content-Type: multipart/${kind};${LINE}\tboundary="${boundary}"`],
    body: `${inner.join('')}--${boundary}--`,
  }
}

function fileName(name: string): string {
  const clean = name.replace(/[\r\n"\\]/g, '_')
  return PLAIN.test(clean) ? `"${clean}"` : `"${encodeWords(clean)}"`
}

function attachmentPart(attachment: Attachment): Part {
  const headers = [
    `Content-Type: ${attachment.contentType ?? 'application/octet-stream'};${LINE}\tname=${fileName(attachment.name)}`,
    `Content-Disposition: ${attachment.isInline ? 'inline' : 'attachment'};${LINE}\tfilename=${fileName(attachment.name)};${LINE}\tsize=${attachment.size}`,
    ...(attachment.contentId === null ? [] : [`Content-ID: <${attachment.contentId}>`]),
    'Content-Transfer-Encoding: base64',
  ]
  return { headers, body: wrapBase64(attachment.contentBytes ?? '') }
}

/** An attached message or event, as a text that names it. */
function itemPart(attachment: Attachment): Part {
  const subject =
    typeof attachment.item?.['subject'] === 'string' ? attachment.item['subject'] : attachment.name
  return {
    headers: ['Content-Type: message/rfc822', 'Content-Disposition: attachment'],
    body: [
      `Subject: ${encodeWords(subject)}`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset="us-ascii"',
      '',
      '',
    ].join(LINE),
  }
}

/** The whole message. Always the same bytes for the same row. */
export function toMime(row: MessageRow): string {
  const body = bodyOf(row)
  const mark = row.key.replace(/[^A-Za-z0-9]/g, 'x')
  let content: Part =
    body.contentType === 'html'
      ? multipart('alternative', `_000_${mark}_`, [
          textPart('text/plain', htmlToText(body.content)),
          textPart('text/html', body.content),
        ])
      : textPart('text/plain', body.content)
  const files = row.attachments.filter((attachment) => attachment.type === '#microsoft.graph.fileAttachment')
  const inline = files.filter((attachment) => attachment.isInline)
  const apart = [
    ...files.filter((attachment) => !attachment.isInline).map(attachmentPart),
    ...row.attachments
      .filter((attachment) => attachment.type === '#microsoft.graph.itemAttachment')
      .map(itemPart),
  ]
  if (inline.length > 0)
    content = multipart('related', `_001_${mark}_`, [content, ...inline.map(attachmentPart)])
  if (apart.length > 0) content = multipart('mixed', `_002_${mark}_`, [content, ...apart])
  const head = messageHeaders(row).map(({ name, value }) => `${name}: ${value}`)
  return [...head, ...content.headers, '', content.body, ''].join(LINE)
}
