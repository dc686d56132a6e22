/**
 * A reply is what one writes, and what it answers. The editor keeps paragraphs, lists and links; it would take tables
 * and layouts of other people's mail apart. So the quote is kept as it is, beside the editor, and joined when saved.
 */
export interface Parts {
  readonly written: string
  /** Null when nothing is quoted. */
  readonly quote: string | null
}

/** How the server begins what it quotes (`crm/quotes.ts`); other mail programs begin with one of the others. */
const BEGINS = /<hr\b[^>]*>|<blockquote\b[^>]*>|<div\b[^>]*border-top[^>]*>/i

export function splitQuote(html: string): Parts {
  const found = BEGINS.exec(html)
  return found === null
    ? { written: html, quote: null }
    : { written: html.slice(0, found.index), quote: html.slice(found.index) }
}
export const joinQuote = ({ written, quote }: Parts): string => written + (quote ?? '')
