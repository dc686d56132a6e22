import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { addressOf } from '../../api/client.ts'
import { mail as t } from '../../text/en/mail.ts'
import { shownBody } from './safe-html.ts'
import css from './reading.module.css'

interface Props {
  readonly message: string
  readonly subject: string
  readonly remoteImages: boolean
  /** White paper in the dark theme, whatever the mail is like. */
  readonly onPaper: boolean
  /** Told whether the mail paints its own background: then there is nothing to choose. */
  readonly onDesigned: (designed: boolean) => void
}

const SHORTEST_PX = 24
/** Wider mail is made smaller, down to this; below it scrolls sideways. */
const SMALLEST_ZOOM = 0.55

/** The document's own style sheet comes from the server for white paper; this fits it into the page, in both themes. */
const STYLE = `
html { overflow: hidden; height: auto !important; background: #fff; color: #1b1f24; color-scheme: light; }
html[data-theme=dark] { background: transparent; color: #e7e9ec; color-scheme: dark; }
body { height: auto !important; min-height: 0 !important; padding: 0 !important; background: transparent !important; color: inherit !important; font-size: 14px; }
#mail { overflow-x: auto; padding: 1px 0; }
a { color: #1f55b8; } html[data-theme=dark] a { color: #8ab4f8 !important; }
a:not([href]) { color: inherit !important; text-decoration: none; }
html[data-theme=dark] blockquote { border-color: #3a4149; }
.quote { color: #5a6169; } html[data-theme=dark] .quote { color: #a2aab3; }
img[data-blocked] { padding: 1px 6px; border: 1px dashed #85857d; border-radius: 4px; background: none; font-size: 12px; color: #5a6169; }
html[data-theme=dark] img[data-blocked] { border-color: #737b85; color: #a2aab3; }
details > summary { display: inline-block; list-style: none; cursor: pointer; margin: 8px 0; padding: 0 9px; border: 1px solid #85857d; border-radius: 10px; font-size: 12px; line-height: 18px; color: #5a6169; white-space: normal; }
details > summary::-webkit-details-marker { display: none; }
html[data-theme=dark] details > summary { border-color: #737b85; color: #a2aab3; }
details > summary:focus-visible, a:focus-visible { outline: 2px solid #1f55b8; outline-offset: 2px; }
html[data-theme=dark] summary:focus-visible { outline-color: #8ab4f8; }
`

/**
 * A message in a frame of its own. Its sandbox has no `allow-scripts`, so whatever is in it stays a picture of text, and
 * its document comes with a policy that fetches nothing (`server/mail-frame.ts`). `allow-same-origin` without scripts
 * gives the content no power; it lets this side clean the nodes once more and see how high they are. Never add
 * `allow-scripts` beside it.
 */
export function BodyFrame({ message, subject, remoteImages, onPaper, onDesigned }: Props) {
  const frame = useRef<HTMLIFrameElement>(null)
  const scheme = useComputedColorScheme('light')
  const [height, setHeight] = useState(SHORTEST_PX)
  /** What the server sent, kept: a change of theme draws it anew without asking again. */
  const [loaded, setLoaded] = useState<{ readonly html: string } | 'failed' | null>(null)
  const told = useRef(onDesigned)
  useEffect(() => {
    told.current = onDesigned
  })
  useEffect(() => {
    const element = frame.current
    const page = element?.contentDocument
    if (loaded === null || loaded === 'failed' || !element || !page?.body) return
    const dark = scheme === 'dark' && !onPaper
    const body = shownBody(loaded.html, {
      remoteImages,
      dark,
      quoted: t.showQuoted,
      blocked: t.blockedPicture,
    })
    const sheet = page.createElement('style')
    sheet.textContent = STYLE
    const box = page.createElement('div')
    box.id = 'mail'
    box.append(page.importNode(body.content, true))
    page.documentElement.dataset['theme'] = dark && !body.designed ? 'dark' : 'light'
    page.body.replaceChildren(sheet, box)
    page.documentElement.lang = 'und'
    page.title = t.bodyOf(subject)
    told.current(body.designed)
    const fit = (): void => {
      page.body.style.zoom = '1'
      const wide = box.scrollWidth / Math.max(1, box.clientWidth)
      page.body.style.zoom = wide > 1.01 ? String(Math.max(SMALLEST_ZOOM, 1 / wide)) : '1'
      setHeight(Math.max(SHORTEST_PX, Math.ceil(page.body.getBoundingClientRect().height)))
    }
    const watch = new ResizeObserver(fit)
    watch.observe(box)
    watch.observe(element)
    // Keys that are pressed while the mail has the focus still move through the list.
    const pass = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, shiftKey, altKey } = event
      if (key === 'Tab' || key === ' ' || key === 'Enter') return
      const again = new KeyboardEvent('keydown', {
        ...{ key, ctrlKey, metaKey, shiftKey, altKey },
        bubbles: true,
        cancelable: true,
      })
      if (!element.dispatchEvent(again)) event.preventDefault()
    }
    page.addEventListener('keydown', pass)
    fit()
    return () => {
      watch.disconnect()
      page.removeEventListener('keydown', pass)
    }
  }, [loaded, remoteImages, scheme, onPaper, subject])
  if (loaded === 'failed') return <p className={css['none']}>{t.bodyFailed}</p>
  return (
    <iframe
      ref={frame}
      className={css['frame']}
      title={t.bodyOf(subject)}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
      src={addressOf('GET /api/mail/messages/:message/content', {
        params: { message },
        query: remoteImages ? { images: true } : {},
      })}
      style={{ height, visibility: loaded === null ? 'hidden' : undefined }}
      onLoad={(event) => {
        const page = event.currentTarget.contentDocument
        setLoaded(page?.contentType === 'text/html' ? { html: page.body.innerHTML } : 'failed')
      }}
    />
  )
}
