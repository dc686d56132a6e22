import { attributeOf, plainLink, readHtml, textToHtml, type Tag } from './html.ts'
import type { Body } from './item.ts'
import { innerHtml } from './text.ts'

/**
 * The block in a meeting's body that says how to join online. Microsoft writes it and must get it back with every
 * body that is written: a body without it turns the online meeting off ("Update event", and the resource type event).
 * It is not what anybody wrote, so it is not part of the body that is compared and kept in the CRM.
 *
 * The block's words are in the reader's language and its look changed over the years. What stays: the address, a rule
 * of underscores before it (and mostly after it), and elements of the class `me-email-text`.
 */
export interface SplitBody {
  /** The author's part, as HTML. */
  readonly own: string
  readonly block: string | null
}

const JOIN =
  /^https:\/\/(?:teams\.(?:microsoft\.com|live\.com|microsoft\.us|cloud\.microsoft)\/(?:l\/meetup-join|meet)\/|(?:gov|dod)\.teams\.microsoft\.us\/(?:l\/meetup-join|meet)\/|meet\.lync\.com\/|join\.skype\.com\/)/i
/** Deeper nesting is taken as flat. */
const DEPTH_MAX = 200
const VOID = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '))

export const isJoinUrl = (url: string): boolean => JOIN.test(plainLink(url.trim()))

interface Element {
  readonly name: string
  readonly start: number
  readonly contentStart: number
  contentEnd: number
  end: number
  /** Holds the whole block in its newer looks. */
  readonly marked: boolean
}
interface Mark {
  readonly start: number
  readonly end: number
  readonly path: readonly Element[]
}

/** Takes the first join block out of an HTML body. */
export function splitJoinBlock(html: string): SplitBody {
  const found = findBlock(html)
  if (found === null) return { own: html, block: null }
  return {
    own: html.slice(0, found.start) + html.slice(found.end),
    block: html.slice(found.start, found.end),
  }
}

/** A new body for an event whose body the server holds as `oldHtml`: the author's new part, then the old block. */
export function spliceJoinBlock(body: Body | null, oldHtml: string): string {
  const given = body === null ? '' : body.type === 'html' ? body.content : textToHtml(body.content)
  const { block } = splitJoinBlock(oldHtml)
  if (block === null) return given
  const own = splitJoinBlock(innerHtml(given)).own
  return own.trim() === '' ? block : `${own}\n${block}`
}

function findBlock(html: string): { readonly start: number; readonly end: number } | null {
  if (!/teams\.|lync\.com|skype\.com/i.test(html)) return null
  const marks = findMarks(html)
  if (marks === null) return null
  const { join } = marks
  const outer = join.path.findIndex((element) => element.marked)
  const marked = join.path[outer]
  const rule = belongs(html, marks.rule, join, marked) ? marks.rule : null
  // A bare link is the author's own.
  if (rule === null && marked === undefined) return null
  const end = belongs(html, marks.end, join, marked) ? marks.end : null
  const first = rule ?? join
  const last = end ?? join

  // The deepest element that holds all of it, and what of its children belongs to the block.
  const depth = commonDepth(first.path, last.path, join.path)
  const head = first.path[depth]
  const tail = last.path[depth]
  let from = head?.start ?? first.start
  let to = tail?.end ?? last.end
  if (marked !== undefined) {
    from = Math.min(from, marked.start)
    to = Math.max(to, marked.end)
  }
  for (let i = (outer < 0 ? depth : Math.min(depth, outer)) - 1; i >= 0; i--) {
    const around = join.path[i]
    if (around === undefined || around.name === 'body' || around.name === 'html') break
    if (!isBlank(html.slice(around.contentStart, from)) || !isBlank(html.slice(to, around.contentEnd))) break
    from = around.start
    to = around.end
  }
  return { start: from, end: to }
}

function findMarks(html: string): { rule: Mark | null; join: Mark; end: Mark | null } | null {
  const open: Element[] = []
  const counts = new Map<string, number>()
  let rule: Mark | null = null
  let join: Mark | null = null
  let end: Mark | null = null
  const markHere = (start: number, stop: number): Mark => ({ start, end: stop, path: [...open] })
  readHtml(html, {
    text: (start, stop) => {
      if (end !== null) return
      const text = html.slice(start, stop)
      const underscores = text.search(/_{16}/)
      if (underscores < 0) return
      const length = /^_+/.exec(text.slice(underscores))?.[0].length ?? 0
      const mark = markHere(start + underscores, start + underscores + length)
      if (join === null) rule = mark
      else end = mark
    },
    tag: (tag: Tag) => {
      if (tag.closing) {
        close(tag.name, tag.start, tag.end)
        return
      }
      if (join === null && tag.name === 'a' && isJoinUrl(attributeOf(tag, 'href') ?? ''))
        join = markHere(tag.start, tag.end)
      if (VOID.has(tag.name) || tag.attributes.endsWith('/') || open.length >= DEPTH_MAX) return
      open.push({
        name: tag.name,
        start: tag.start,
        contentStart: tag.end,
        contentEnd: html.length,
        end: html.length,
        marked:
          tag.name === 'div' && /(?:^|[\s_"])me-email-text(?:[\s"]|$)/.test(attributeOf(tag, 'class') ?? ''),
      })
      counts.set(tag.name, (counts.get(tag.name) ?? 0) + 1)
    },
  })
  return join === null ? null : { rule, join, end }

  function close(name: string, start: number, stop: number): void {
    if ((counts.get(name) ?? 0) === 0) return
    for (let element = open.pop(); element !== undefined; element = open.pop()) {
      counts.set(element.name, (counts.get(element.name) ?? 1) - 1)
      element.contentEnd = start
      element.end = element.name === name ? stop : start
      if (element.name === name) return
    }
  }
}

/** Letters that may stand between a rule and the link when no element marks the block; more is somebody's own text. */
const BETWEEN_MAX = 1_500

/** Whether a rule of underscores is the block's: within or right beside the marked element, else close to the link. */
function belongs(html: string, rule: Mark | null, join: Mark, marked: Element | undefined): boolean {
  if (rule === null) return false
  const before = rule.start < join.start
  if (marked !== undefined) {
    if (rule.start >= marked.start && rule.end <= marked.end) return true
    return isBlank(before ? html.slice(rule.end, marked.start) : html.slice(marked.end, rule.start))
  }
  return (
    visible(before ? html.slice(rule.end, join.start) : html.slice(join.end, rule.start)).length <=
    BETWEEN_MAX
  )
}

function commonDepth(...paths: readonly (readonly Element[])[]): number {
  const [first = []] = paths
  let depth = 0
  while (depth < first.length && paths.every((path) => path[depth] === first[depth])) depth++
  return depth
}

const visible = (html: string): string => html.replace(/<[^<>]*>|&nbsp;/gi, '').trim()
const isBlank = (html: string): boolean => !/<img/i.test(html) && visible(html) === ''

const TEXT_RULE = /^_{16,}$/

/** The same for plain text bodies: from the rule before the address to the one after it, or to the end. */
export function withoutJoinText(text: string): string {
  const lines = text.split('\n')
  const join = lines.findIndex((line) =>
    [...line.matchAll(/https:\/\/[^\s<>"]+/g)].some(([url]) => isJoinUrl(url)),
  )
  if (join < 0) return text
  const from = lines.findLastIndex((line, i) => i < join && TEXT_RULE.test(line.trim()))
  if (from < 0) return text
  const to = lines.findIndex((line, i) => i > join && TEXT_RULE.test(line.trim()))
  return [...lines.slice(0, from), ...(to < 0 ? [] : lines.slice(to + 1))].join('\n').trimEnd()
}

/** The author's part of a body, whichever type it has. */
export function withoutJoinBlock(body: Body): Body {
  return body.type === 'html'
    ? { type: 'html', content: splitJoinBlock(body.content).own }
    : { type: 'text', content: withoutJoinText(body.content.replace(/\r\n?/g, '\n')) }
}
