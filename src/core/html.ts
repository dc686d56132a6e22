/**
 * Just enough HTML to read what a person wrote: a scanner that goes over the text once, whatever is in it, and the
 * plain text that a reader would see. It does not make HTML safe to show; that is the business of who shows it.
 */
export interface Tag {
  /** Lower case. */
  readonly name: string
  readonly closing: boolean
  /** What stands between the name and the `>`. */
  readonly attributes: string
  readonly start: number
  readonly end: number
}

export interface HtmlReader {
  /** Entities are not decoded yet. `true` ends the reading: enough was seen. */
  readonly text: (start: number, end: number) => boolean | void
  readonly tag: (tag: Tag) => void
}

/** Their content is no text. */
const RAW = new Set([
  'script',
  'style',
  'title',
  'template',
  'noscript',
  'textarea',
  'xmp',
  'iframe',
  'svg',
  'math',
])
const NAME = /[a-z][a-z0-9:-]{0,40}/iy

/**
 * Hands `reader` the texts and tags of `html` in order. Each character is looked at a fixed number of times: a tag or
 * comment that is never closed makes the rest a text, or nothing, and is not looked for again.
 */
export function readHtml(html: string, reader: HtmlReader): void {
  let at = 0
  let textFrom = 0
  const flush = (to: number): boolean => to > textFrom && reader.text(textFrom, to) === true
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) break
    const second = html[open + 1]
    if (second === '!' || second === '?') {
      if (flush(open)) return
      const comment = html.startsWith('<!--', open)
      const close = html.indexOf(comment ? '-->' : '>', open + 2)
      at = textFrom = close < 0 ? html.length : close + (comment ? 3 : 1)
      continue
    }
    const closing = second === '/'
    NAME.lastIndex = open + (closing ? 2 : 1)
    const found = NAME.exec(html)
    if (found === null) {
      at = open + 1
      continue
    }
    const nameEnd = NAME.lastIndex
    const end = endOfTag(html, nameEnd)
    if (end < 0) break
    if (flush(open)) return
    const name = found[0].toLowerCase()
    reader.tag({ name, closing, attributes: html.slice(nameEnd, end - 1), start: open, end })
    at = textFrom = end
    if (!closing && RAW.has(name) && html[end - 2] !== '/') {
      const close = new RegExp(`</${name}`, 'gi')
      close.lastIndex = end
      const last = close.exec(html)
      at = textFrom = last === null ? html.length : last.index
    }
  }
  flush(html.length)
}

/** One past the `>` that ends a tag, minding quotes; -1 when there is none. */
function endOfTag(html: string, from: number): number {
  let behindEquals = false
  for (let at = from; at < html.length; at++) {
    const char = html[at]
    if (char === '>') return at + 1
    // A quote opens a value only behind "="; elsewhere it is a stray character.
    if (behindEquals && (char === '"' || char === "'")) {
      at = html.indexOf(char, at + 1)
      if (at < 0) return -1
    }
    if (char !== ' ' && char !== '\n' && char !== '\r' && char !== '\t') behindEquals = char === '='
  }
  return -1
}

/** Whether a reader would see any text. */
export function hasText(html: string): boolean {
  let seen = false
  readHtml(html, {
    text: (start, end) => (seen = decodeEntities(html.slice(start, end)).trim() !== ''),
    tag: () => undefined,
  })
  return seen
}

/** The value of one attribute, entities decoded; null when it is not there. */
export function attributeOf(tag: Tag, name: string): string | null {
  const pattern = /([a-z:-]{1,40})\s?=\s?(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi
  for (const found of tag.attributes.matchAll(pattern))
    if (found[1]?.toLowerCase() === name) return decodeEntities(found[2] ?? found[3] ?? found[4] ?? '')
  return null
}

const LATIN1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'
const entities = new Map<string, string>([
  ...LATIN1.split(' ').map((name, i) => [name, String.fromCharCode(160 + i)] as const),
  ...Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    hellip: '…',
    mdash: '—',
    ndash: '–',
    lsquo: '‘',
    rsquo: '’',
    sbquo: '‚',
    ldquo: '“',
    rdquo: '”',
    bdquo: '„',
    bull: '•',
    euro: '€',
    trade: '™',
    larr: '←',
    rarr: '→',
    ensp: ' ',
    emsp: ' ',
    thinsp: ' ',
    zwnj: '',
    zwj: '',
  }),
])

export const decodeEntities = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#[xX]([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-zA-Z][a-zA-Z0-9]{1,15}));?/g, decodeOne)
    : text

function decodeOne(whole: string, hex?: string, decimal?: string, name?: string): string {
  if (name !== undefined) return entities.get(name) ?? whole
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\uFFFD'
  return String.fromCodePoint(code)
}

/** Plain text as HTML that shows the same. */
export const textToHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/\r\n|\r|\n/g, '<br>\n')

const BLOCKS = new Set(
  'p div li ul ol tr table thead tbody blockquote pre h1 h2 h3 h4 h5 h6 hr section article header footer dl dt dd center address form fieldset'.split(
    ' ',
  ),
)
const LINK_LENGTH_MAX = 4_000

/**
 * What a reader would see, as plain text: a line for each block, `- ` before list entries, a link's address in angle
 * brackets behind its text when it is another one.
 */
export function htmlToText(html: string): string {
  const lines = new Lines()
  let preserved = 0
  let link: { readonly href: string; text: string } | null = null
  const endLink = (): void => {
    if (link === null) return
    const { href, text } = link
    link = null
    if (!sameLink(href, text)) lines.add(` <${href}>`)
  }
  readHtml(html, {
    text: (start, end) => {
      const text = decodeEntities(html.slice(start, end)).replaceAll('\u00a0', ' ')
      if (preserved > 0) lines.addPreserved(text)
      else lines.addFlowing(text.replace(/[ \t\r\n\f]+/g, ' '))
      if (link !== null && link.text.length < LINK_LENGTH_MAX) link.text += text
    },
    tag: (tag) => {
      if (tag.name === 'a') {
        endLink()
        const href = tag.closing ? null : attributeOf(tag, 'href')
        if (href !== null && /^https?:\/\//i.test(href)) link = { href: plainLink(href.trim()), text: '' }
      } else if (tag.name === 'br') lines.end()
      else if ((tag.name === 'td' || tag.name === 'th') && !tag.closing) {
        if (!lines.empty) lines.addFlowing(' ')
      } else if (BLOCKS.has(tag.name)) {
        if (tag.name === 'pre') preserved = Math.max(0, preserved + (tag.closing ? -1 : 1))
        if (!lines.empty || (tag.name === 'p' && tag.closing)) lines.end()
        if (tag.name === 'li' && !tag.closing) lines.add('- ')
      }
    },
  })
  endLink()
  return lines.finish()
}

/** Lines under construction, as pieces: a text that grows and is looked at in turn would be copied each time. */
class Lines {
  readonly #done: string[] = []
  #line: string[] = []
  #spaceAtEnd = true
  empty = true

  add(text: string): void {
    if (text === '') return
    this.#line.push(text)
    this.#spaceAtEnd = text.endsWith(' ')
    this.empty = false
  }
  /** Spaces are single already; none at the beginning of a line, none doubled between two pieces. */
  addFlowing(text: string): void {
    this.add(this.#spaceAtEnd ? text.trimStart() : text)
  }
  addPreserved(text: string): void {
    const [first = '', ...rest] = text.split(/\r\n|\r|\n/)
    this.add(first)
    for (const next of rest) {
      this.end()
      this.add(next)
    }
  }
  end(): void {
    this.#done.push(this.#line.join('').trimEnd())
    this.#line = []
    this.#spaceAtEnd = true
    this.empty = true
  }
  /** At most one blank line in a row, none at the ends. */
  finish(): string {
    this.end()
    const kept = this.#done.filter((line, i) => line !== '' || (this.#done[i - 1] ?? '') !== '')
    return kept.join('\n').trimEnd()
  }
}

/** Outlook makes links of addresses that were typed, and may add a slash. */
function sameLink(href: string, text: string): boolean {
  const bare = (one: string): string =>
    one
      .trim()
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/^www\./, '')
      .replace(/\/$/, '')
  return bare(href) === bare(text)
}

const SAFE_LINK =
  /^https:\/\/[a-z0-9.-]{1,100}\.safelinks\.protection\.outlook\.com\/[^?#]{0,200}\?(?:[^#]{0,2000}&)?url=([^&#]+)/i

/** The address behind a Safe Link (Microsoft Defender rewrites links in what it delivers). */
export function plainLink(href: string): string {
  const found = href.length > LINK_LENGTH_MAX ? null : SAFE_LINK.exec(href)
  if (found?.[1] === undefined) return href
  try {
    return decodeURIComponent(found[1])
  } catch {
    return href
  }
}
