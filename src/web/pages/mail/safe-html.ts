import DOMPurify from 'dompurify'
import { inkForDark, isPaper, isReadableOnDark, parseColour } from './colours.ts'

/**
 * A message's HTML cleaned once more, by another program than the server's: what one of them lets pass, the other does
 * not. The frame's sandbox and its policy are the third wall. Then what an earlier message said is folded away, and in
 * the dark theme a mail that only has dark ink on white paper takes the theme's colours.
 */
export interface ShownBody {
  readonly content: DocumentFragment
  /** The mail paints its own background: it keeps its white paper in the dark theme. */
  readonly designed: boolean
}

export interface Wishes {
  readonly remoteImages: boolean
  readonly dark: boolean
  readonly quoted: string
  readonly blocked: string
}

const FORBIDDEN = [
  ...[
    'script',
    'style',
    'form',
    'input',
    'button',
    'textarea',
    'select',
    'option',
    'iframe',
    'frame',
    'frameset',
  ],
  ...[
    'object',
    'embed',
    'audio',
    'video',
    'source',
    'track',
    'link',
    'meta',
    'base',
    'svg',
    'math',
    'dialog',
  ],
  ...['template', 'noscript', 'portal', 'marquee'],
]
const OUTSIDE = /^(https?:|mailto:|tel:)/i
const REMOTE = /^(https?:)?\/\//i
/** Pictures of the message itself, from our own address. */
const OWN_PICTURE = /^\/api\/mail\/messages\/[^/?#]+\/inline\?/
const DATA_IMAGE = /^data:image\/(png|jpe?g|gif|webp|bmp)[;,]/i
const CSS_FETCH = /url\s*\(|image-set\s*\(/i

export function shownBody(html: string, wishes: Wishes): ShownBody {
  const content = DOMPurify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    FORBID_TAGS: FORBIDDEN,
    FORBID_ATTR: [
      'srcset',
      'ping',
      'formaction',
      'autofocus',
      'contenteditable',
      'popover',
      'id',
      'name',
      'background',
    ],
    ADD_ATTR: ['data-blocked', 'target', 'referrerpolicy'],
    ALLOW_DATA_ATTR: false,
    // DOMPurify asks this of every attribute, so what has no scheme must pass; links and pictures are looked at below.
    ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|data):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
  })
  for (const element of content.querySelectorAll<HTMLElement>('*')) {
    if (element.localName === 'a' || element.localName === 'area') outside(element)
    if (element.localName === 'img') picture(element, wishes)
    if (CSS_FETCH.test(element.getAttribute('style') ?? '')) element.removeAttribute('style')
  }
  foldQuotes(content, wishes.quoted)
  const designed = isDesigned(content)
  if (wishes.dark && !designed) takeOffColours(content)
  return { content, designed }
}

function outside(link: HTMLElement): void {
  const to = link.getAttribute('href')
  if (to === null) return
  if (!OUTSIDE.test(to)) {
    link.removeAttribute('href')
    return
  }
  link.setAttribute('target', '_blank')
  link.setAttribute('rel', 'noopener noreferrer nofollow')
  // Where a link really leads is seen before it is pressed.
  link.setAttribute('title', to)
}

function picture(image: HTMLElement, { remoteImages, blocked }: Wishes): void {
  const from = image.getAttribute('src') ?? ''
  // The server blocks them already and marks what it blocked; nothing else than these three kinds is shown.
  const shown = OWN_PICTURE.test(from) || DATA_IMAGE.test(from) || (remoteImages && REMOTE.test(from))
  if (shown) return
  const isBlocked = image.hasAttribute('data-blocked') || REMOTE.test(from)
  image.removeAttribute('src')
  const isSpacer = ['width', 'height'].some((side) => Number(image.getAttribute(side) ?? '99') <= 2)
  if (!isBlocked || isSpacer) {
    image.remove()
    return
  }
  image.setAttribute('data-blocked', '')
  if ((image.getAttribute('alt') ?? '') === '') image.setAttribute('alt', blocked)
}

/** How mail programs mark what they quote; Outlook marks only where it begins. */
const QUOTES = [
  'blockquote[type="cite"]',
  'div[style*="border-top"][style*="E1E1E1" i]',
  'div[style*="border-top"][style*="B5C4DF" i]',
  'div[class*="gmail_quote"]',
  'blockquote',
]

/** What an earlier message said is folded away, once: the outermost quote and, after Outlook's line, all that follows. */
function foldQuotes(content: DocumentFragment, label: string): void {
  foldQuotedLines(content, label)
  const first = quoteIn(content)
  if (first === null || !hasWordsBefore(content, first)) return
  const fold = newFold(label)
  const openEnded = first.localName !== 'blockquote' && !first.className.includes('gmail_quote')
  first.before(fold)
  if (!openEnded) {
    fold.append(first)
    return
  }
  // Outlook's line may stand alone in a box: then what follows the box is the quote.
  let from: ChildNode = fold
  while (from.nextSibling === first && first.nextSibling === null && from.parentElement) {
    const box: HTMLElement = from.parentElement
    box.before(fold)
    fold.append(box)
    from = fold
    break
  }
  while (fold.nextSibling) fold.append(fold.nextSibling)
}

/** A line across, and below it who wrote what follows: how Outlook on the web and this product quote. */
const AUTHOR_LINE = /^\s*(From|Von|De|Da|Van|Od):/

function quoteIn(content: DocumentFragment): Element | null {
  for (const line of content.querySelectorAll('hr'))
    if (AUTHOR_LINE.test(line.nextElementSibling?.textContent ?? '')) return line
  return content.querySelector(QUOTES.join(','))
}

/** Lines of plain text that begin with `>`: the server marks each one. */
function foldQuotedLines(content: DocumentFragment, label: string): void {
  const isGap = (node: ChildNode | null): node is ChildNode =>
    node !== null && node.nodeType === Node.TEXT_NODE && (node.textContent ?? '').trim() === ''
  for (const line of content.querySelectorAll('.text > .quote')) {
    if (line.parentElement?.localName === 'details') continue
    const fold = newFold(label)
    line.before(fold)
    for (let next: ChildNode | null = line; next !== null;) {
      const quoted = next instanceof Element && next.className === 'quote'
      if (!quoted && !isGap(next)) break
      const after: ChildNode | null = next.nextSibling
      fold.append(next)
      next = after
    }
  }
}

function newFold(label: string): HTMLElement {
  const fold = document.createElement('details')
  const summary = document.createElement('summary')
  summary.textContent = label
  fold.append(summary)
  return fold
}

/** A message that is nothing but a quote (a forwarded one) is shown, not folded. */
function hasWordsBefore(content: DocumentFragment, quote: Element): boolean {
  const range = document.createRange()
  range.setStart(content, 0)
  range.setEndBefore(quote)
  const before = range.cloneContents()
  return (before.textContent ?? '').trim() !== '' || before.querySelector('img') !== null
}

function isDesigned(content: DocumentFragment): boolean {
  for (const element of content.querySelectorAll<HTMLElement>('[style],[bgcolor]')) {
    const named = element.getAttribute('bgcolor')
    const background = parseColour(asRgb(named ?? element.style.backgroundColor))
    if (background !== null && !isPaper(background)) return true
  }
  return false
}

/** Grey ink and white paper go, so that the theme's own colours show; other inks are made light enough to be read. */
function takeOffColours(content: DocumentFragment): void {
  for (const element of content.querySelectorAll<HTMLElement>('[style],[bgcolor],[color]')) {
    element.removeAttribute('bgcolor')
    element.style.removeProperty('background')
    element.style.removeProperty('background-color')
    const ink = element.style.color || (element.getAttribute('color') ?? '')
    if (ink === '') continue
    element.removeAttribute('color')
    const colour = parseColour(asRgb(ink))
    const readable = colour === null || isReadableOnDark(colour) ? colour : inkForDark(colour)
    if (readable === null) element.style.removeProperty('color')
    else element.style.color = `rgb(${readable.r}, ${readable.g}, ${readable.b})`
  }
}

const pen = document.createElement('canvas').getContext('2d')
/** Names, hex and hsl become rgb by the browser's own reading. */
function asRgb(colour: string): string {
  if (colour === '' || pen === null) return ''
  pen.fillStyle = '#010203'
  pen.fillStyle = colour
  const read = pen.fillStyle
  if (!read.startsWith('#')) return read
  const number = Number.parseInt(read.slice(1), 16)
  return read === '#010203' ? '' : `rgb(${number >> 16}, ${(number >> 8) & 255}, ${number & 255})`
}
