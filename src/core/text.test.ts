import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { htmlToText, plainLink, readHtml, textToHtml } from './html.ts'
import { isJoinUrl, spliceJoinBlock, splitJoinBlock, withoutJoinBlock } from './join-block.ts'
import {
  bodyText,
  cleanBody,
  cleanLine,
  cleanText,
  comparableText,
  innerHtml,
  normalTitle,
  sameBody,
} from './text.ts'

/** What Exchange makes of a fragment: a document around it, CRLF, a meta tag more. */
const asExchange = (html: string): string =>
  `<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>\r\n<body>\r\n${html.replaceAll('\n', '\r\n')}\r\n</body>\r\n</html>\r\n`
const html = (content: string) => ({ type: 'html' as const, content })
const text = (content: string) => ({ type: 'text' as const, content })

describe('[C4] what Exchange does to a body is no change', () => {
  test('a text comes back as an HTML document and says the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (written) => {
        expect(sameBody(text(written), html(asExchange(textToHtml(written))))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
  test.each([
    ['<p>Agenda</p>', '<div class="WordSection1">\n<p class="MsoNormal">Agenda<o:p></o:p></p>\n</div>'],
    ['<b>Room</b>&nbsp;2', '<strong>Room</strong> 2'],
    ['one<br>two', '<div>one</div>\n<div>two</div>'],
    ['see https://example.com', 'see <a href="https://example.com/">https://example.com</a>'],
    [
      'see <a href="https://example.com/a?b=1&amp;c=2">it</a>',
      'see <a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1%26c%3D2&amp;data=05">it</a>',
    ],
    ['a<!-- c --><style>p{}</style>b', 'ab'],
  ])('%j and %j say the same', (a, b) => expect(sameBody(html(a), html(asExchange(b)))).toBe(true))

  test.each([
    ['<p>Agenda</p>', '<p>Agenda 2</p>'],
    ['<a href="https://example.com/1">x</a>', '<a href="https://example.com/2">x</a>'],
    ['one two', 'one<br>two'],
  ])('%j and %j do not', (a, b) => expect(sameBody(html(a), html(b))).toBe(false))

  test('nothing is nothing, in all its spellings', () => {
    for (const empty of [
      '',
      '\r\n',
      '<html><head>\r\n</head>\r\n<body>\r\n</body>\r\n</html>',
      '<p>&nbsp;</p>',
    ])
      expect(cleanBody(html(empty)), empty).toBeNull()
    expect(cleanBody(text(' \r\n '))).toBeNull()
    expect(cleanBody(html('<img src="cid:1">'))).not.toBeNull()
  })
  test('of a document only the body is kept', () => {
    expect(cleanBody(html(asExchange('<p>Agenda</p>')))).toEqual(html('<p>Agenda</p>'))
    expect(innerHtml('<!DOCTYPE html><html lang="en"><head><title>x</title></head><p>y</p></html>')).toBe(
      '<p>y</p>',
    )
  })
})

test('[C5] HTML becomes the text that a reader sees', () => {
  const page = `<h1>Plan</h1><p>First&nbsp;line<br/>second &lt;line&gt;</p>
    <ul><li>one</li><li>two <a href="https://example.com/x">link</a></li></ul>
    <table><tr><td>a</td><td>b</td></tr></table><pre>  kept
   as is</pre><script>alert("no")</script>&#228;&euro;&#x1F600;&unknown;`
  expect(htmlToText(page).split('\n').filter(Boolean)).toEqual([
    'Plan',
    'First line',
    'second <line>',
    '- one',
    '- two link <https://example.com/x>',
    'a b',
    '  kept',
    '   as is',
    'ä€😀&unknown;',
  ])
})

describe('[C6] hostile input costs no more than its length', () => {
  const big = 300_000
  const hostile = [
    '<'.repeat(big),
    '<a '.repeat(big / 3),
    '<a href="'.repeat(big / 9),
    "<a b='".repeat(big / 6),
    '<!--'.repeat(big / 4),
    '<script>'.repeat(big / 8),
    '</x>'.repeat(big / 4),
    '<div>'.repeat(big / 5),
    '<b>x</b>'.repeat(big / 8),
    '&'.repeat(big),
    '\n'.repeat(big) + 'x',
    ' '.repeat(big) + 'x',
    '_'.repeat(15) + ' ' + ('_'.repeat(15) + 'x').repeat(big / 16),
    '<div>________________</div>'.repeat(big / 27) +
      '<a href="https://teams.microsoft.com/l/meetup-join/1">j</a>',
    '<p>'.repeat(big / 6) + 'teams.' + '</p>'.repeat(big / 6),
  ]
  test.each(hostile.map((input) => [input.slice(0, 24), input] as const))('%j …', (_, input) => {
    // Counted, not timed: a scanner that went back would hand out more than there is.
    let handed = 0
    readHtml(input, {
      text: (start, end) => {
        handed += end - start
      },
      tag: (tag) => (handed += tag.end - tag.start),
    })
    expect(handed).toBeLessThanOrEqual(input.length)
    expect(typeof htmlToText(input)).toBe('string')
    expect(cleanBody(html(input))?.content.length ?? 0).toBeLessThanOrEqual(input.length)
    expect(splitJoinBlock(input).own.length).toBeLessThanOrEqual(input.length)
    expect(
      comparableText(input).length + cleanText(input).length + cleanLine(input).length,
    ).toBeLessThanOrEqual(3 * input.length)
  })
  test('whatever it is, it is a text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '<',
            '>',
            '"',
            "'",
            '=',
            '/',
            'a',
            'div',
            ' href',
            '&amp',
            '&#',
            ';',
            '<!--',
            '-->',
            '_'.repeat(16),
            'https://teams.microsoft.com/meet/1',
          ),
        ),
        (parts) => {
          const input = parts.join('')
          expect(typeof htmlToText(input)).toBe('string')
          const { own, block } = splitJoinBlock(input)
          expect(own.length + (block?.length ?? 0)).toBe(input.length)
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('[C3] titles match whatever the case, the spaces and the way of writing a character', () => {
  expect(normalTitle('  Kick-off\u00a0 MEETING\u200b ')).toBe('kick-off meeting')
  expect(normalTitle('Cafe\u0301')).toBe(normalTitle('CAFÉ'))
  expect(cleanLine('a\r\nb\tc')).toBe('a b c')
  expect(cleanLine('plain line')).toBe('plain line')
  expect(cleanLine(' two  spaces ')).toBe('two spaces')
})

const RULE = '________________________________________________________________________________'
const JOIN =
  'https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%22x%22%7d'
/** As of 2021: a rule, the block, a rule, side by side. */
const older = `<div style="width:100%; height:20px"><span style="white-space:nowrap; opacity:.36">${RULE}</span>\n</div>\n<div class="me-email-text" lang="en-GB">\n<div><span>Microsoft Teams meeting</span></div>\n<div><a href="${JOIN}" class="me-email-headline">Click\n here to join</a> </div>\n<div><a href="https://aka.ms/JoinTeamsMeeting" class="me-email-link">Learn More</a> | <a href="https://teams.microsoft.com/meetingOptions/?x=1" class="me-email-link">Meeting options</a></div>\n</div>\n<div style="width:100%; height:20px"><span>${RULE}</span></div>`
/** As of 2025: all of it inside one element. */
const newer = `<div class="me-email-text" lang="sv-SE" style="max-width:1024px">\n<div aria-hidden="true">\n${RULE}</div>\n<div><span class="me-email-text">Microsoft Teams</span> <a href="https://aka.ms/JoinTeamsMeeting?omkt=sv-SE">Behöver du hjälp?</a></div>\n<div><a href="${JOIN}" class="me-email-headline">Anslut</a></div>\n<div><span>Mötes-ID: </span><span>123 456</span></div>\n<div><hr></div>\n<div><a href="https://teams.microsoft.com/meetingOptions/?x=1">Alternativ</a></div>\n</div>`
const afterDelivery = newer.replaceAll('class="me-email', 'class="x_me-email')
const bare = `<div>${RULE}</div><div>Join: <a href="${JOIN}">Teams</a></div>`
const blocks = [
  ['older', older],
  ['newer', newer],
  ['delivered', afterDelivery],
  ['without a second rule', bare],
] as const

describe('[C7] the join block', () => {
  test.each(blocks)('%s: is taken out whole and leaves what the author wrote', (_, block) => {
    const before = '<p>Agenda</p>\n<p>________________</p><p>My own rule above</p>'
    const after = '<p>See you</p>'
    const split = splitJoinBlock(`${before}${block}${after}`)
    expect(split.block).toBe(block)
    expect(split.own).toBe(before + after)
  })
  test.each(blocks)('%s: is found within what Exchange puts around it', (_, block) => {
    const body = withoutJoinBlock(html(asExchange(`<div><p>Agenda</p><div>${block}</div></div>`)))
    expect(bodyText(body)).toBe('Agenda')
    expect(cleanBody(withoutJoinBlock(html(asExchange(block))))).toBeNull()
  })
  test.each(blocks)('%s: a new text keeps it', (_, block) => {
    const old = asExchange(`<p>Old</p>${block}`)
    const written = spliceJoinBlock(text('New & better'), old)
    expect(written).toContain(JOIN)
    expect(written).not.toContain('Old')
    const split = splitJoinBlock(written)
    expect(split.own.trim()).toBe('New &amp; better')
    expect(split.block).toBe(splitJoinBlock(old).block)
    expect(spliceJoinBlock(null, old)).toBe(split.block)
  })
  test('a body that brings a block along has one in the end', () => {
    const written = spliceJoinBlock(html(asExchange(`<p>New</p>${newer}`)), asExchange(`<p>Old</p>${older}`))
    expect(written.split(JOIN)).toHaveLength(2)
    expect(written).toContain('New')
  })
  test('a body without a meeting is left as it is', () => {
    const plain = `<p>${RULE}</p><p>teams.example.com</p>`
    expect(splitJoinBlock(plain)).toEqual({ own: plain, block: null })
    expect(spliceJoinBlock(text('New'), plain)).toBe('New')
  })
  test("a link in the author's own text is the author's", () => {
    const bareLink = `<p>Before</p><p>Join <a href="${JOIN}">here</a></p><p>After</p>`
    expect(splitJoinBlock(bareLink)).toEqual({ own: bareLink, block: null })
    const farFromRule = `<p>${RULE}</p><p>${'my own words '.repeat(200)}</p><a href="${JOIN}">x</a>`
    expect(splitJoinBlock(farFromRule).block).toBeNull()
  })
  test("the author's own rule above a block stays", () => {
    const own = `<p>${RULE}</p><p>Agenda</p>`
    const block = newer.replace(`<div aria-hidden="true">\n${RULE}</div>`, '')
    expect(splitJoinBlock(own + block)).toEqual({ own, block })
  })
  test('what was around the block alone goes with it', () => {
    const around = `<div class="x">\n<div>${older}</div> </div>`
    expect(splitJoinBlock(`<p>Agenda</p>${around}<p>After</p>`)).toEqual({
      own: '<p>Agenda</p><p>After</p>',
      block: around,
    })
  })
  test('in plain text it goes from rule to rule', () => {
    const body = text(`Agenda\r\n\r\n${RULE}\r\nMicrosoft Teams meeting\r\nJoin<${JOIN}>\r\n${RULE}\r\nafter`)
    expect(withoutJoinBlock(body)).toEqual(text('Agenda\n\nafter'))
    expect(withoutJoinBlock(text('no meeting'))).toEqual(text('no meeting'))
  })
  test('only the addresses of meetings count', () => {
    expect(isJoinUrl(JOIN)).toBe(true)
    expect(isJoinUrl('https://teams.microsoft.com/meet/1234?p=x')).toBe(true)
    expect(
      isJoinUrl(
        `https://eur01.safelinks.protection.outlook.com/ap/t-59584e83/?url=${encodeURIComponent(JOIN)}&data=1`,
      ),
    ).toBe(true)
    expect(isJoinUrl('https://teams.microsoft.com/meetingOptions/?x')).toBe(false)
    expect(isJoinUrl('https://evil.example/?https://teams.microsoft.com/l/meetup-join/1')).toBe(false)
    expect(plainLink('https://a.safelinks.protection.outlook.com/?url=%E0%A4%A')).toContain('safelinks')
  })
})
