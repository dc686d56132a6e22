import type { Body } from '../../../core/item.ts'

/** The words of a body. A document parsed this way runs nothing and fetches nothing. */
export function plainText(body: Body): string {
  if (body.type === 'text') return body.content
  const parsed = new DOMParser().parseFromString(body.content, 'text/html')
  for (const node of parsed.querySelectorAll('style,script,head')) node.remove()
  for (const line of parsed.querySelectorAll('br')) line.replaceWith('\n')
  for (const block of parsed.querySelectorAll('p,div,li,tr,h1,h2,h3')) block.append('\n')
  return (parsed.body.textContent ?? '')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/\n\s*\n\s*\n/g, '\n\n')
    .trim()
}
