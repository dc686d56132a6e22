import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asId, type MailboxId, type OrganizationId, type UserId } from '../../src/core/ids.ts'
import { messageFields } from '../../src/core/item.ts'
import { searchQuery } from '../../src/core/mail-search.ts'
import { indexSome } from '../../src/crm/mail-index.ts'
import { safeBody, textOfBody } from '../../src/crm/safe-html.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { Database } from '../../src/store/database.ts'
import { newChannel } from '../../src/store/memory-store.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../../src/store/records.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { RecordRow } from '../../src/store/sync-store.ts'
import { testEngines } from '../support/databases.ts'
import { ANNA, appTokens, BEN, graphWorld, type GraphWorld } from '../support/graph-world.ts'
import { MAIL_SETTINGS } from '../support/mail-world.ts'

/**
 * Broken, huge, hostile and exotic messages: each is stored, shown safely and found, and none stops the mailbox. They
 * come as MIME, as the internet brings it, and as the HTML and headers that Graph hands over.
 */
const MAILBOX = asId<MailboxId>('mailbox-anna')

const mime = (subject: string, headers: readonly string[], body: string): string =>
  [
    `From: Ben <${BEN}>`,
    `To: ${ANNA}`,
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    ...headers,
    '',
    body,
  ].join('\r\n')
const part = (type: string, body: string, more: readonly string[] = []): string =>
  [`Content-Type: ${type}`, ...more, '', body].join('\r\n')
const multipart = (kind: string, boundary: string, parts: readonly string[]): string =>
  `${parts.map((one) => `--${boundary}\r\n${one}`).join('\r\n')}\r\n--${boundary}--\r\n`.replace(
    /^/,
    kind === '' ? '' : '',
  )

function nested(depth: number): string {
  let inner = part('text/plain; charset=utf-8', 'the innermost word')
  for (let n = 0; n < depth; n++)
    inner = `Content-Type: multipart/mixed; boundary="n${n}"\r\n\r\n${multipart('mixed', `n${n}`, [inner])}`
  return inner
}

const CALENDAR = [
  'BEGIN:VCALENDAR',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  'UID:x@y',
  'DTSTART:20260310T090000Z',
  'SUMMARY:Call',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\r\n')

const MIMES: { readonly [subject: string]: string } = {
  'Nested ten deep': mime(
    'Nested ten deep',
    ['Content-Type: multipart/mixed; boundary=o'],
    multipart('', 'o', [nested(10)]),
  ),
  'Nested two hundred deep': mime(
    'Nested two hundred deep',
    ['Content-Type: multipart/mixed; boundary=o'],
    multipart('', 'o', [nested(200)]),
  ),
  'Boundary never closed': mime(
    'Boundary never closed',
    ['Content-Type: multipart/mixed; boundary=q'],
    `--q\r\n${part('text/plain', 'half a letter')}`,
  ),
  'Boundary not named': mime('Boundary not named', ['Content-Type: multipart/mixed'], '--x\r\n\r\nlost'),
  'Wrong charset': mime(
    'Wrong charset',
    ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'],
    'Gr\u00fc\u00dfe \u00ff\u00fe',
  ),
  'Unknown charset': mime('Unknown charset', ['Content-Type: text/plain; charset=x-klingon'], 'qapla'),
  'UTF-16 claimed': mime('UTF-16 claimed', ['Content-Type: text/html; charset=utf-16'], '<p>ascii</p>'),
  'Broken base64': mime(
    'Broken base64',
    ['Content-Type: text/html', 'Content-Transfer-Encoding: base64'],
    'PHA+aGk8L3A=!!!===',
  ),
  'Broken quoted-printable': mime(
    'Broken quoted-printable',
    ['Content-Type: text/plain', 'Content-Transfer-Encoding: quoted-printable'],
    'a=ZZb=\r\nc==',
  ),
  '=?utf-8?B?2YXYsdit2KjYpyDYqNmD2YU=?=': mime(
    '=?utf-8?B?2YXYsdit2KjYpyDYqNmD2YU=?=',
    ['Content-Type: text/html; charset=utf-8'],
    '<p dir="rtl">\u202eevil\u202c \u0645\u0631\u062d\u0628\u0627</p>',
  ),
  'Calendar part': mime(
    'Calendar part',
    ['Content-Type: multipart/alternative; boundary=c'],
    multipart('', 'c', [
      part('text/plain', 'An invitation'),
      part('text/calendar; method=REQUEST', CALENDAR),
    ]),
  ),
  'Mail in a mail': mime(
    'Mail in a mail',
    ['Content-Type: multipart/mixed; boundary=m'],
    multipart('', 'm', [
      part('text/plain', 'see below'),
      part('message/rfc822', mime('Inner', ['Content-Type: text/plain'], 'inner text')),
    ]),
  ),
  'Empty body': mime('Empty body', ['Content-Type: text/plain'], ''),
  'Only an attachment': mime(
    'Only an attachment',
    [
      'Content-Type: application/pdf; name="..\\\\..\\\\x.exe"',
      'Content-Disposition: attachment; filename="../../etc/passwd"',
      'Content-Transfer-Encoding: base64',
    ],
    'JVBERi0=',
  ),
  'Nul bytes': mime('Nul bytes', ['Content-Type: text/plain'], 'a\u0000b\u0000\u0001\u001bc'),
  'Very long line': mime('Very long line', ['Content-Type: text/plain'], 'x'.repeat(300_000)),
}

const HTMLS: { readonly [subject: string]: string } = {
  'Hostile scripts':
    '<script>steal()</script><img src=x onerror=steal()><svg/onload=steal()><a href="jav&#x09;ascript:steal()">x</a><p>kept one</p>',
  'Hostile styles':
    '<style>*{background:url(//evil.example)}</style><div style="position:fixed;inset:0;background:url(//evil.example)">kept two</div>',
  'Hostile forms':
    '<form action="//evil.example"><input type=password name=p><button>Sign in</button></form><meta http-equiv=refresh content="0;//evil.example"><base href="//evil.example"><p>kept three</p>',
  'Hostile comments':
    '<!--[if gte mso 9]><xml><script>steal()</script></xml><![endif]--><!--><script>steal()</script>--><p>kept four</p>',
  'Hostile nesting': `${'<div><table><tr><td>'.repeat(20_000)}kept five`,
  'Hostile mutation':
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=steal()&gt;"><p>kept six</p>',
  'Tracking pixels':
    '<img src="https://track.example/1.gif" width=1 height=1><img src="//track.example/2.gif"><p>kept seven</p>',
  'Huge HTML': `<p>${'A paragraph that goes on. '.repeat(60_000)}</p>`,
  'Broken surrogates': `<p>\ud800 lone and \udfff</p><p>kept nine</p>`,
  'Right to left': '<p dir="rtl">\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd</p>',
  'Several documents': '<html><body><p>one</p></body></html><html><body><p>two</p></body></html>',
  'Emoji and scripts':
    '<p>\u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u4f1a\u8b70\u306e\u4ef6 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35</p>',
  'Empty HTML': '',
}
const DANGER =
  /<script|<svg|<math|<form|<input|<iframe|<object|<meta|<base|<style|\son\w+\s*=|javascript:|url\s*\(|position\s*:|evil\.example|track\.example/i

describe('exotic mail', () => {
  let database: Database
  let world: GraphWorld
  let engine: Engine

  beforeAll(async () => {
    const [first] = await testEngines()
    if (first === undefined) throw new Error('There is no database to test on.')
    database = await first.open()
    world = await graphWorld()
    const { emulator } = world
    const user = emulator.info.users.find((one) => one.userPrincipalName === ANNA)
    const store = createSqlStore(database)
    let ids = 0
    engine = createEngine({
      store,
      env: {
        now: world.env.now,
        newId: () => `id-${String(++ids).padStart(8, '0')}`,
        random: () => 0.5,
        sleep: world.env.sleep,
      },
      connectorFor: async () => world.connector,
      settingsFor: async () => MAIL_SETTINGS,
    })
    await store.transaction(null, (tx) =>
      tx.write({
        mailboxes: [
          {
            id: MAILBOX,
            organization: asId<OrganizationId>('contoso'),
            user: asId<UserId>('anna'),
            kind: 'user',
            address: ANNA,
            displayName: 'Anna Lindqvist',
            tenantId: emulator.info.tenantId,
            objectId: user?.id ?? '',
            zone: 'Europe/Berlin',
            state: 'connected',
            trouble: null,
            clockOffsetMs: 0,
          },
        ],
        channels: [{ ...newChannel(MAILBOX, 'email'), enabled: true }],
      }),
    )
    const ben = emulator.info.users.find((one) => one.userPrincipalName === BEN)?.id ?? ''
    const token = await appTokens(emulator, world.transport).accessToken(false, new AbortController().signal)
    for (const text of Object.values(MIMES)) {
      const answer = await world.transport(`${emulator.info.graph}/users/${ben}/sendMail`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
        body: Buffer.from(text, 'latin1').toString('base64'),
      })
      expect(answer.status, `${text.slice(0, 120)}: ${await answer.text()}`).toBe(202)
    }
    for (const [subject, html] of Object.entries(HTMLS))
      emulator.control.receive(ANNA, { from: 'x@outside.example', subject, html })
    emulator.control.receive(ANNA, {
      from: 'list@outside.example',
      subject: 'To ten thousand',
      html: '<p>kept ten</p>',
      to: Array.from({ length: 10_000 }, (_, n) => `person${n}@outside.example`),
      headers: [
        { name: 'List-Unsubscribe', value: `<mailto:${'x'.repeat(5_000)}@outside.example>` },
        { name: 'X-Broken', value: '\u0000\u0001' },
      ],
    })
    emulator.control.receive(ANNA, { from: 'not an address', subject: 'Odd sender', html: '<p>kept</p>' })
    emulator.control.receive(ANNA, { from: 'x@outside.example', subject: '', html: '<p>no subject</p>' })
    emulator.control.receive(ANNA, {
      from: 'x@outside.example',
      subject: 'S'.repeat(20_000),
      html: '<p>long</p>',
    })
  }, 120_000)
  afterAll(() => database.close())

  const records = async (): Promise<readonly RecordRow[]> =>
    (
      await database.query<RecordColumns>(
        `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id where r.kind = 'message' and r.deleted_at is null`,
      )
    ).map(toRecord)
  const count = Object.keys(MIMES).length + Object.keys(HTMLS).length + 4

  test('all of it is stored, none is parked, and the next pass has nothing to do', async () => {
    const first = await engine.syncChannel(MAILBOX, 'email')
    expect(await database.query('select key, reason from parked')).toEqual([])
    expect(first).toMatchObject({ outcome: 'done', counts: { parked: 0 } })
    expect(await records()).toHaveLength(count)
    const again = await engine.syncChannel(MAILBOX, 'email')
    expect(again).toMatchObject({ outcome: 'done', counts: { toCrm: 0, toMailbox: 0, parked: 0 } })
    const anna = await world.emulator.control.as(ANNA).get('/me/mailFolders/inbox')
    expect((anna.body as { totalItemCount: number }).totalItemCount).toBe(count)
  }, 120_000)

  test('all of it is shown safely, and quickly', async () => {
    for (const record of await records()) {
      const message = messageFields(record)
      const began = performance.now()
      for (const images of [true, false]) {
        const { html } = safeBody(message.body ?? null, { images, inline: (cid) => `/inline?cid=${cid}` })
        if (!images) expect(html, message.subject).not.toMatch(DANGER)
        else expect(html.replaceAll('track.example', ''), message.subject).not.toMatch(DANGER)
      }
      expect(textOfBody(message.body ?? null), message.subject).not.toMatch(/<script|steal\(\)"/)
      expect(performance.now() - began, message.subject).toBeLessThan(20_000)
    }
    const kept = (await records()).filter((one) => /kept/.test(textOfBody(messageFields(one).body ?? null)))
    expect(kept.length).toBeGreaterThanOrEqual(8)
    const many = (await records()).find((one) => messageFields(one).subject === 'To ten thousand')
    expect(many?.facts.headers?.['list-unsubscribe']?.length).toBeLessThan(1_000)
  }, 120_000)

  test('all of it is indexed and found', async () => {
    for (let rounds = 0; (await indexSome(database, 10)) > 0; rounds++) expect(rounds).toBeLessThan(100)
    const [{ n } = { n: 0 }] = await database.query<{ n: number }>('select count(*) as n from message_search')
    expect(n).toBe(count)
    const found = async (asked: string): Promise<number> => {
      const [row] = await database.query<{ n: number }>(
        'select count(*) as n from message_search where words @@ $1::tsquery',
        [searchQuery(asked)],
      )
      return row?.n ?? 0
    }
    expect(await found('innermost')).toBeGreaterThanOrEqual(1)
    expect(await found('\u4f1a\u8b70')).toBe(1)
    expect(await found('\u05e9\u05dc\u05d5\u05dd')).toBe(1)
    expect(await found('person77')).toBe(1)
    expect(await found('steal')).toBe(0)
  }, 120_000)
})
