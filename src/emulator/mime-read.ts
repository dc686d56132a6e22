/** Reads MIME that a client hands in: headers, texts, attachments. Lenient, and never in more than linear time. */
import type { Attachment, Recipient, TextBody } from './item-parts.ts'
import type { Header } from './mail-model.ts'

export interface ParsedMime {
  /** In the order of the message, names as written, values unfolded and decoded. */
  readonly headers: readonly Header[]
  readonly body: TextBody
  readonly attachments: readonly Omit<Attachment, 'key' | 'modified'>[]
}

const DEPTH_MAX = 20

interface Entity {
  readonly headers: readonly Header[]
  /** One character for each byte. */
  readonly body: string
}

function split(source: string): Entity {
  const end = /\r?\n\r?\n/.exec(source)
  const head = end === null ? source : source.slice(0, end.index)
  const headers: Header[] = []
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.push({ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() })
  }
  return { headers, body: end === null ? '' : source.slice(end.index + end[0].length) }
}

const header = (entity: Entity, name: string): string =>
  entity.headers.find((candidate) => candidate.name.toLowerCase() === name)?.value ?? ''

function decodeBytes(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return new TextDecoder('utf-8').decode(bytes)
  }
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')

function fromQuotedPrintable(text: string): Buffer {
  const joined = text.replace(/[ \t]*=\r?\n/g, '')
  return latin(
    joined.replace(/=([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
  )
}

/** Encoded words in a header value; raw bytes are read as UTF-8. */
function decodeWords(value: string): string {
  const raw = decodeBytes(latin(value), 'utf-8')
  return raw
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([^?]+)\?([BbQq])\?([^?]*)\?=/g, (_all, charset: string, kind: string, text: string) =>
      decodeBytes(
        kind.toLowerCase() === 'b'
          ? Buffer.from(text, 'base64')
          : fromQuotedPrintable(text.replaceAll('_', ' ')),
        charset,
      ),
    )
}

function parameter(value: string, name: string): string {
  const lower = value.toLowerCase()
  const at = lower.indexOf(`${name}=`)
  if (at < 0) return ''
  const rest = value.slice(at + name.length + 1)
  return rest.startsWith('"') ? (rest.slice(1).split('"', 1)[0] ?? '') : (rest.split(/[;\s]/, 1)[0] ?? '')
}

function contentOf(entity: Entity): Buffer {
  const encoding = header(entity, 'content-transfer-encoding').toLowerCase()
  if (encoding === 'base64') return Buffer.from(entity.body, 'base64')
  if (encoding === 'quoted-printable') return fromQuotedPrintable(entity.body)
  return latin(entity.body)
}

function partsOf(body: string, boundary: string): Entity[] {
  const [, ...pieces] = `\n${body}`.split(`\n--${boundary}`)
  const parts: Entity[] = []
  for (const piece of pieces) {
    if (piece.startsWith('--')) break
    parts.push(split(piece.replace(/^[ \t]*\r?\n/, '').replace(/\r$/, '')))
  }
  return parts
}

interface Found {
  html: string | null
  plain: string | null
  attachments: Omit<Attachment, 'key' | 'modified'>[]
}

function walk(entity: Entity, found: Found, depth: number): void {
  const type = header(entity, 'content-type')
  const kind = type.split(';', 1)[0]?.trim().toLowerCase() || 'text/plain'
  const boundary = parameter(type, 'boundary')
  if (kind.startsWith('multipart/') && boundary !== '' && depth < DEPTH_MAX) {
    for (const part of partsOf(entity.body, boundary)) walk(part, found, depth + 1)
    return
  }
  const disposition = header(entity, 'content-disposition')
  const name = decodeWords(parameter(disposition, 'filename') || parameter(type, 'name'))
  const isText =
    (kind === 'text/plain' || kind === 'text/html') && !/^attachment/i.test(disposition) && name === ''
  const bytes = contentOf(entity)
  if (isText) {
    const text = decodeBytes(bytes, parameter(type, 'charset') || 'utf-8')
    if (kind === 'text/html') found.html ??= text
    else found.plain ??= text
    return
  }
  const contentId = header(entity, 'content-id').replace(/^<|>$/g, '')
  const isInline = /^inline/i.test(disposition) || (contentId !== '' && !/^attachment/i.test(disposition))
  found.attachments.push({
    type: '#microsoft.graph.fileAttachment',
    name: name === '' ? 'attachment' : name,
    contentType: kind,
    size: bytes.length,
    isInline,
    contentId: contentId === '' ? null : contentId,
    contentBytes: bytes.toString('base64'),
    item: null,
  })
}

export function parseMime(bytes: Uint8Array): ParsedMime {
  const entity = split(Buffer.from(bytes).toString('latin1'))
  const found: Found = { html: null, plain: null, attachments: [] }
  walk(entity, found, 0)
  return {
    headers: entity.headers.map(({ name, value }) => ({ name, value: decodeWords(value) })),
    body:
      found.html === null
        ? { contentType: 'text', content: found.plain ?? '' }
        : { contentType: 'html', content: found.html },
    attachments: found.attachments,
  }
}

/** The mailboxes of an address header; groups and comments are not looked at. */
export function parseAddresses(value: string): Recipient[] {
  const found: Recipient[] = []
  for (const match of value.matchAll(
    /(?:"((?:[^"\\]|\\.)*)"|([^,<>"]*))\s*<([^<>]*)>|([^\s,<>"]+@[^\s,<>"]+)/g,
  )) {
    const address = (match[3] ?? match[4] ?? '').trim()
    if (address === '') continue
    const name = (match[1]?.replace(/\\(.)/g, '$1') ?? match[2] ?? '').trim()
    found.push({ emailAddress: { name: name === '' ? address : name, address } })
  }
  return found
}
