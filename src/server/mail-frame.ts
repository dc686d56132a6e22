/** The document that a message is shown in: a frame of its own, under a policy that lets nothing in it run or load. */

/** `'self'` for pictures of the message itself; those of other servers only when a person asked for them. */
export const framePolicy = (images: boolean): string =>
  [
    "default-src 'none'",
    `img-src 'self' data:${images ? ' https: http:' : ''}`,
    "style-src 'unsafe-inline'",
    "script-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
    // Opened by its address it is as shut in as in the frame.
    'sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox',
  ].join('; ')

const STYLE = `
  :root { color-scheme: light; }
  html, body { margin: 0; background: #fff; color: #1a1b1e; }
  body { font: 15px/1.5 'Inter Variable', Inter, system-ui, sans-serif; padding: 2px; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
  img[data-blocked], img:not([src]) { display: inline-block; min-width: 1em; min-height: 1em; background: #e9ecef; border-radius: 3px; }
  table { max-width: 100%; }
  blockquote { margin: 0 0 0 0.5em; padding-left: 0.75em; border-left: 2px solid #ced4da; }
  pre { white-space: pre-wrap; }
  .text { white-space: pre-wrap; }
  .quote { color: #868e96; }
`
/** What people send as HTML is made for white paper; plain text follows the screen. */
const DARK = `
  :root { color-scheme: dark; }
  html, body { background: #1a1b1e; color: #c9c9c9; }
  a { color: #74c0fc; }
`

export const frameDocument = (html: string, theme: 'light' | 'dark'): string => {
  const dark = theme === 'dark' && html.startsWith('<div class="text"')
  return `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer"><style>${STYLE}${dark ? DARK : ''}</style></head><body dir="auto">${html}</body></html>`
}
