import { describe, expect, test } from 'vitest'
import { safeHtml, safeStyle, safeText } from './safe-html.ts'

const inline = (cid: string): string => `/inline?cid=${encodeURIComponent(cid)}`
const clean = (html: string, images = false): string => safeHtml(html, { images, inline }).html

/** Nothing of these may reach a browser, whatever is around it. */
const DANGER =
  /<script|<svg|<math|<form|<input|<iframe|<object|<embed|<meta|<base|<link|<style|\son\w+\s*=|javascript:|vbscript:|expression\s*\(|url\s*\(|@import|position\s*:|data:text/i

describe('what strangers wrote is made safe to show', () => {
  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)><script>alert(1)</script></svg>',
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<form action="https://evil.example"><input name=a></form>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    '<link rel=stylesheet href="https://evil.example/x.css">',
    '<style>@import "https://evil.example/x.css"; body{background:url(https://evil.example)}</style>',
    '<div style="background:url(https://evil.example/x.png)">x</div>',
    '<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9">x</div>',
    '<div style="width:expression(alert(1))">x</div>',
    '<div style="back\\67round:u\\72l(https://evil.example)">x</div>',
    '<div style="color:red;/*x*/background-image:url(x)">x</div>',
    '<!--[if mso]><script>alert(1)</script><![endif]-->',
    '<![if !mso]><img src=x onerror=alert(1)><![endif]>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="data:text/html,x"></object><embed src=x>',
    '<template><script>alert(1)</script></template>',
    '<title><img src=x onerror=alert(1)></title>',
    '<textarea><img src=x onerror=alert(1)></textarea>',
    '<xmp><img src=x onerror=alert(1)></xmp>',
    '<table background="javascript:alert(1)"><tr><td background="https://evil.example/x.png">x',
    '<img src="data:image/svg+xml;base64,PHN2Zy8+">',
    '<p id=app class=admin name=x>clobber',
    '<a href="https://ok.example" onclick="alert(1)" target="_top">x</a>',
  ])('%s', (html) => {
    expect(clean(html)).not.toMatch(DANGER)
    expect(clean(html, true)).not.toMatch(DANGER)
    expect(clean(html)).not.toMatch(/\s(id|class|name)=/)
  })

  test('pictures of other servers are blocked and counted, those of the message are ours', () => {
    const html =
      '<img src="https://track.example/p.gif?id=7"><img src="//cdn.example/a.png"><img src="cid:logo@x"><img src="data:image/png;base64,AAAA">'
    const safe = safeHtml(html, { images: false, inline })
    expect(safe.remoteImages).toBe(2)
    expect(safe.html).not.toContain('example')
    expect(safe.html).toContain('/inline?cid=logo%40x')
    expect(safe.html).toContain('data:image/png;base64,AAAA')
    expect(clean(html, true)).toContain('src="https://track.example/p.gif?id=7"')
    expect(clean(html, true)).toContain('referrerpolicy="no-referrer"')
  })

  test('links open apart and tell nothing of us', () => {
    expect(clean('<a href="https://fabrikam.example/a?b=1&amp;c=2">x</a>')).toBe(
      '<a href="https://fabrikam.example/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">x</a>',
    )
    expect(clean('<a href="/api/session">x</a>')).toBe('<a>x</a>')
  })

  test('what makes a letter look as it was meant stays', () => {
    const html =
      '<table width="600" cellpadding="0" bgcolor="#ffffff"><tbody><tr><td align="center" style="padding:10px;font-family:Arial, sans-serif;color:rgb(1, 2, 3)"><b>Offer</b></td></tr></tbody></table>'
    expect(clean(html)).toContain('padding:10px;font-family:Arial, sans-serif;color:rgb(1, 2, 3)')
    expect(clean(html)).toContain('bgcolor="#ffffff"')
    expect(safeStyle('margin-left:-500px; padding: 2px')).toBe('padding:2px')
    expect(safeStyle('width: 999999999px')).toBe('')
  })

  test('text becomes lines with links that are really there', () => {
    const { html } = safeText('See https://a.example/x?y=1&z=2. <b>\n> quoted\nwww.b.example, ben@c.example!')
    expect(html).toContain('<a href="https://a.example/x?y=1&amp;z=2" target="_blank"')
    expect(html).toContain('</a>. &lt;b&gt;')
    expect(html).toContain('<span class="quote">&gt; quoted</span>')
    expect(html).toContain('href="https://www.b.example"')
    expect(html).toContain('href="mailto:ben@c.example"')
  })

  test('very deep, very long and broken HTML ends quickly', () => {
    const began = performance.now()
    clean('<div>'.repeat(50_000))
    clean('<a href="'.repeat(20_000))
    clean(`<p style="${'color:red;'.repeat(50_000)}">x`)
    expect(safeHtml('<p>x</p>'.repeat(400_000), { images: false, inline }).shortened).toBe(true)
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})
