/**
 * The block that Teams writes into a meeting's body to tell how to join. It is the server's, not the author's: it is
 * left out of the canonical body, and put back when the body is written, because a body without it turns the online
 * meeting off. Source: "Update event" (online meeting blob), event resource type.
 */
import type { Body } from '../../core/item.ts'

/** Teams marks its block by this class, and fences it with lines of underscores. */
const MARK = /<div[^>]*class="[^"]*me-email-text[^"]*"/i
const FENCE = '________________'
const TEXT_BLOCK = /\r?\n?_{20,}[\s\S]*?https:\/\/[^\s]*(?:teams\.microsoft\.com|teams\.live\.com|teams\.microsoft\.us)\/[\s\S]*?(?:_{20,}\s*|$)/

interface Span {
  readonly from: number
  readonly to: number
}

/** Where the block lies in an HTML body; null when there is none. */
function blockIn(content: string): Span | null {
  const mark = MARK.exec(content)
  if (mark === null) return null
  let from = mark.index
  // The fence before the block lies in a div of its own, perhaps after a line break.
  const fence = content.lastIndexOf(FENCE, from)
  if (fence >= 0) {
    const opened = content.lastIndexOf('<div', fence)
    if (opened >= 0 && from - opened < 1_000) from = opened
    const lead = /(?:<br\s*\/?>\s*)+$/i.exec(content.slice(0, from))
    if (lead !== null) from = lead.index
  }
  let to = endOfElement(content, mark.index)
  const after = /^\s*<div[^>]*>(?:\s*<span[^>]*>)?\s*_{16,}\s*(?:<\/span>\s*)?<\/div>/i.exec(content.slice(to, to + 1_000))
  if (after !== null) to += after[0].length
  return { from, to }
}

/** The end of the div that begins at `at`; the end of the text when it is never closed. */
function endOfElement(content: string, at: number): number {
  const tag = /<(\/?)div\b[^>]*>/gi
  tag.lastIndex = at
  let depth = 0
  for (let found = tag.exec(content); found !== null; found = tag.exec(content)) {
    depth += found[1] === '/' ? -1 : 1
    if (depth === 0) return tag.lastIndex
  }
  return content.length
}

/** The author's part of a body; null when nothing else was in it. */
export function withoutJoinBlock(body: Body): Body | null {
  if (body.type === 'text') {
    if (!body.content.includes(FENCE)) return body
    const content = body.content.replace(TEXT_BLOCK, '')
    return content.trim() === '' ? null : { type: 'text', content }
  }
  if (!body.content.includes('me-email-text')) return body
  const span = blockIn(body.content)
  if (span === null) return body
  const content = body.content.slice(0, span.from) + body.content.slice(span.to)
  return /<img/i.test(content) || content.replace(/<[^>]*>|&nbsp;/g, '').trim() !== ''
    ? { type: 'html', content }
    : null
}

/** `written` with the join block of `current`, the HTML that the server holds now. */
export function withJoinBlock(written: string, current: string): string {
  const span = blockIn(current)
  if (span === null) return written
  const block = current.slice(span.from, span.to)
  const end = written.search(/<\/body>/i)
  return end < 0 ? written + block : written.slice(0, end) + block + written.slice(end)
}
