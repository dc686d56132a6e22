import sanitize from 'sanitize-html'
import type { Body } from '../core/item.ts'
import { attributeOf, htmlToText, readHtml } from '../core/html.ts'

/**
 * Makes what strangers wrote safe to show: an allow-list of tags, attributes and style properties, made anew from what
 * the parser understood, so that what it does not know is not passed on. Pictures of other servers are blocked until
 * a person asks for them; pictures of the message itself come from our own address. Shown in a sandboxed frame under
 * a policy that forbids scripts: this file is one wall of three.
 */
export interface SafeHtml {
  readonly html: string
  /** Pictures of other servers that are in it. */
  readonly remoteImages: number
  readonly shortened: boolean
}

export interface SafeOptions {
  /** Load pictures of other servers. */
  readonly images: boolean
  /** Our address of a picture with this content id. */
  readonly inline: (contentId: string) => string
}

/** Longer HTML is shown as text: cleaning it would hold up everybody else. */
export const HTML_LENGTH_MAX = 1_000_000
export const TEXT_LENGTH_MAX = 500_000
const DATA_IMAGE_LENGTH_MAX = 1_500_000
const NESTING_MAX = 150
/** The parser looks through all open tags at each end of one: deeper HTML than any letter has is shown as text. */
const OPEN_TAGS_MAX = 3_000

const TAGS = [
  ...[
    'a',
    'abbr',
    'address',
    'article',
    'b',
    'bdi',
    'bdo',
    'big',
    'blockquote',
    'br',
    'caption',
    'center',
    'cite',
  ],
  ...[
    'code',
    'col',
    'colgroup',
    'dd',
    'del',
    'details',
    'dfn',
    'div',
    'dl',
    'dt',
    'em',
    'figcaption',
    'figure',
  ],
  ...[
    'font',
    'footer',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'header',
    'hr',
    'i',
    'img',
    'ins',
    'kbd',
    'li',
    'main',
  ],
  ...[
    'mark',
    'ol',
    'p',
    'pre',
    'q',
    'rp',
    'rt',
    'ruby',
    's',
    'samp',
    'section',
    'small',
    'span',
    'strike',
    'strong',
  ],
  ...[
    'sub',
    'summary',
    'sup',
    'table',
    'tbody',
    'td',
    'tfoot',
    'th',
    'thead',
    'time',
    'tr',
    'tt',
    'u',
    'ul',
    'var',
  ],
]
const ATTRIBUTES = {
  '*': ['style', 'dir', 'lang', 'title', 'align', 'valign', 'width', 'height', 'bgcolor'],
  a: ['href', 'target', 'rel'],
  img: ['src', 'alt', 'data-blocked', 'referrerpolicy', 'loading', 'border'],
  font: ['color', 'face', 'size'],
  table: ['border', 'cellpadding', 'cellspacing'],
  td: ['colspan', 'rowspan', 'nowrap'],
  th: ['colspan', 'rowspan', 'nowrap', 'scope'],
  col: ['span'],
  colgroup: ['span'],
  ol: ['start', 'type', 'reversed'],
  li: ['value'],
  ul: ['type'],
}

export function safeHtml(html: string, { images, inline }: SafeOptions): SafeHtml {
  if (html.length > HTML_LENGTH_MAX || isTooDeep(html))
    return { ...safeText(htmlToText(html.slice(0, HTML_LENGTH_MAX))), shortened: true }
  let remoteImages = 0
  const picture = (attributes: sanitize.Attributes): sanitize.Attributes => {
    const { src = '', ...rest } = attributes
    const where = cleanUrl(src)
    if (/^cid:/i.test(where)) return { ...rest, src: inline(decoded(where.slice(4))) }
    if (/^data:image\/(png|gif|jpe?g|webp|bmp);base64,[a-z0-9+/=\s]+$/i.test(where))
      return where.length <= DATA_IMAGE_LENGTH_MAX ? { ...rest, src: where } : rest
    const remote = where.startsWith('//') ? `https:${where}` : where
    if (!/^https?:\/\//i.test(remote)) return rest
    remoteImages += 1
    return images
      ? { ...rest, src: remote, referrerpolicy: 'no-referrer', loading: 'lazy' }
      : { ...rest, 'data-blocked': '1' }
  }
  const cleaned = sanitize(html, {
    allowedTags: TAGS,
    allowedAttributes: ATTRIBUTES,
    allowedSchemes: ['http', 'https', 'mailto', 'tel', 'data'],
    allowedSchemesByTag: { a: ['http', 'https', 'mailto', 'tel'] },
    allowProtocolRelative: false,
    disallowedTagsMode: 'discard',
    enforceHtmlBoundary: false,
    nestingLimit: NESTING_MAX,
    parseStyleAttributes: false,
    // Their content is no text of the message.
    nonTextTags: [
      'script',
      'style',
      'textarea',
      'option',
      'noscript',
      'title',
      'template',
      'xmp',
      'iframe',
      'svg',
      'math',
      'object',
    ],
    transformTags: {
      a: (tagName, attribs) => ({ tagName, attribs: link(attribs) }),
      img: (tagName, attribs) => ({ tagName, attribs: picture(attribs) }),
      '*': (tagName, attribs) => ({ tagName, attribs: styled(attribs) }),
    },
  })
  return { html: cleaned, remoteImages, shortened: false }
}

const VOID = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/

function isTooDeep(html: string): boolean {
  let open = 0
  let most = 0
  readHtml(html, {
    text: () => undefined,
    tag: ({ name, closing }) => {
      if (VOID.test(name)) return
      open = closing ? Math.max(0, open - 1) : open + 1
      most = Math.max(most, open)
    },
  })
  return most > OPEN_TAGS_MAX
}

function link({ href = '', ...rest }: sanitize.Attributes): sanitize.Attributes {
  const where = cleanUrl(href)
  return /^(https?:\/\/|mailto:|tel:)/i.test(where)
    ? { ...rest, href: where, target: '_blank', rel: 'noopener noreferrer nofollow' }
    : rest
}

/** Browsers pass over control characters and blanks inside of an address; so "java\nscript:" is read as they read it. */

const cleanUrl = (url: string): string =>
  url.replace(/[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202f\ufeff]+/g, '')
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function styled(attribs: sanitize.Attributes): sanitize.Attributes {
  const { style, ...rest } = attribs
  if (style === undefined) return attribs
  const safe = safeStyle(style)
  return safe === '' ? rest : { ...rest, style: safe }
}

/** Nothing that moves an element out of its place, covers others, loads something or reads other elements. */
const PROPERTIES =
  /^(color|background-color|font(-(family|size|style|weight|variant|stretch))?|line-height|letter-spacing|word-spacing|word-break|word-wrap|overflow-wrap|hyphens|text-(align|decoration|indent|transform|overflow)|vertical-align|white-space|direction|unicode-bidi|border(-(top|right|bottom|left))?(-(color|style|width|radius))?|border-(collapse|spacing|(top|bottom)-(left|right)-radius)|padding(-(top|right|bottom|left))?|margin(-(top|right|bottom|left))?|(min-|max-)?width|(min-|max-)?height|list-style(-type|-position)?|table-layout|caption-side|empty-cells|display|float|clear|box-sizing)$/
/** No quotes that could end the attribute, no escapes, comments, addresses or at-rules; the functions are colours. */
const VALUE = /^[\w\s#%.,'()+-]{1,300}$/
const FUNCTION = /([a-z-]+)\s*\(/gi
const DISPLAY = /^(block|inline|inline-block|none|table|table-row|table-cell|list-item)$/i
const STYLE_LENGTH_MAX = 10_000
const LENGTH_PX_MAX = 10_000

export function safeStyle(style: string): string {
  if (style.length > STYLE_LENGTH_MAX) return ''
  const kept: string[] = []
  for (const declaration of style.split(';')) {
    const colon = declaration.indexOf(':')
    if (colon < 0) continue
    const property = declaration.slice(0, colon).trim().toLowerCase()
    const value = declaration
      .slice(colon + 1)
      .replace(/!\s*important/i, '')
      .replaceAll('"', "'")
      .trim()
    if (!PROPERTIES.test(property) || !VALUE.test(value)) continue
    if ([...value.matchAll(FUNCTION)].some(([, name]) => !/^(rgba?|hsla?)$/i.test(name ?? ''))) continue
    if (property === 'display' && !DISPLAY.test(value)) continue
    if (property.startsWith('margin') && value.includes('-')) continue
    if ([...value.matchAll(/\d+/g)].some(([digits]) => Number(digits) > LENGTH_PX_MAX)) continue
    kept.push(`${property}:${value}`)
  }
  return kept.join(';')
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const LINK =
  /\b(?:https?:\/\/|www\.)[^\s<>"'`{}|\\^]{1,2000}|\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/giu
const TRAILING = /[.,;:!?)\]}'"»›”’]+$/u

/** Plain text with its addresses as links. Quoted lines are marked, so that they can be shown in a quieter way. */
export function safeText(text: string): SafeHtml {
  const shortened = text.length > TEXT_LENGTH_MAX
  const lines = (shortened ? text.slice(0, TEXT_LENGTH_MAX) : text).replaceAll('\r\n', '\n').split('\n')
  const html = lines.map((line) =>
    /^\s*>/.test(line) ? `<span class="quote">${linked(line)}</span>` : linked(line),
  )
  return { html: `<div class="text" dir="auto">${html.join('\n')}</div>`, remoteImages: 0, shortened }
}

function linked(line: string): string {
  let out = ''
  let at = 0
  for (const match of line.matchAll(LINK)) {
    const found = match[0].replace(TRAILING, '')
    if (found === '') continue
    const href =
      found.includes('@') && !/^(https?:|www\.)/i.test(found)
        ? `mailto:${found}`
        : /^www\./i.test(found)
          ? `https://${found}`
          : found
    out += `${escape(line.slice(at, match.index))}<a href="${escape(href)}" target="_blank" rel="noopener noreferrer nofollow">${escape(found)}</a>`
    at = match.index + found.length
  }
  return out + escape(line.slice(at))
}

/** A body as safe HTML. Several HTML documents in a row, as some senders make of a multipart, are shown one after another. */
export const safeBody = (body: Body | null, options: SafeOptions): SafeHtml =>
  body === null
    ? { html: '', remoteImages: 0, shortened: false }
    : body.type === 'html'
      ? safeHtml(body.content, options)
      : safeText(body.content)

/** The text of a body as a reader sees it. */
export const textOfBody = (body: Body | null): string =>
  body === null
    ? ''
    : body.type === 'text'
      ? body.content.slice(0, TEXT_LENGTH_MAX)
      : htmlToText(body.content.slice(0, HTML_LENGTH_MAX))

/** What a person wrote with the editor, or a signature: cleaned when it is saved; pictures stay as they are. */
export function cleanWritten(body: Body): Body {
  if (body.type === 'text') return body
  let content = safeHtml(body.content, { images: true, inline: (cid) => `cid:${cid}` }).html
  content = content.replace(
    / (referrerpolicy="no-referrer"|loading="lazy"|rel="noopener noreferrer nofollow"|target="_blank")/g,
    '',
  )
  return { type: 'html', content }
}

/** How many pictures of other servers a body has, without making it safe: for lists of whole messages. */
export function remoteImagesIn(body: Body | null): number {
  if (body?.type !== 'html') return 0
  let count = 0
  readHtml(body.content.slice(0, HTML_LENGTH_MAX), {
    text: () => undefined,
    tag: (tag) => {
      if (tag.name === 'img' && !tag.closing && REMOTE.test(cleanUrl(attributeOf(tag, 'src') ?? '')))
        count += 1
    },
  })
  return count
}
const REMOTE = /^(https?:)?\/\//i

export const isShortened = (body: Body | null): boolean =>
  body !== null && body.content.length > (body.type === 'html' ? HTML_LENGTH_MAX : TEXT_LENGTH_MAX)
