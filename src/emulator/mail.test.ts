import { describe, expect, test } from 'vitest'
import { ANNA, BEN, code, newest, office, rows, send, to, type Json } from './mail.fixture.ts'

describe('folders', () => {
  test('well-known names work whatever the language, hidden folders show on demand, counts follow the messages', async () => {
    const world = office()
    const listed = rows(await world.call('GET', `${world.anna}/mailFolders?$top=50`)).map(
      (folder) => folder['displayName'],
    )
    expect(listed).toContain('Inbox')
    expect(listed).not.toContain('Sync Issues')
    const all = rows(await world.call('GET', `${world.anna}/mailFolders?$top=50&includeHiddenFolders=true`))
    expect(all.map((folder) => folder['displayName'])).toContain('Sync Issues')
    for (const name of [
      'inbox',
      'DeletedItems',
      'sentitems',
      'junkemail',
      'recoverableitemsdeletions',
      'serverfailures',
    ])
      expect((await world.call('GET', `${world.anna}/mailFolders/${name}`)).status).toBe(200)
    await send(world, { subject: 'One' })
    await send(world, { subject: 'Two' })
    expect((await world.call('GET', `${world.ben}/mailFolders('inbox')`)).body).toMatchObject({
      totalItemCount: 2,
      unreadItemCount: 2,
    })
    const two = await newest(world, world.ben, 'inbox')
    await world.call('PATCH', `${world.ben}/messages/${String(two['id'])}`, { isRead: true })
    expect((await world.call('GET', `${world.ben}/mailFolders/inbox`)).body).toMatchObject({
      unreadItemCount: 1,
    })
    await world.call('DELETE', `${world.ben}/messages/${String(two['id'])}`)
    expect((await world.call('GET', `${world.ben}/mailFolders/inbox`)).body).toMatchObject({
      totalItemCount: 1,
      unreadItemCount: 1,
    })
    expect((await world.call('GET', `${world.ben}/mailFolders/deleteditems`)).body).toMatchObject({
      totalItemCount: 1,
    })
  })

  test('a person makes, nests, renames, moves and deletes folders; the delta of folders tells it', async () => {
    const world = office()
    const first = await world.call('GET', `${world.anna}/mailFolders/delta`)
    const made = await world.call('POST', `${world.anna}/mailFolders`, { displayName: 'Customers' })
    expect(made.status).toBe(201)
    const id = String(made.body['id'])
    const child = await world.call('POST', `${world.anna}/mailFolders/${id}/childFolders`, {
      displayName: 'Fabrikam',
    })
    expect((await world.call('POST', `${world.anna}/mailFolders`, { displayName: 'customers' })).status).toBe(
      409,
    )
    const second = await world.call('GET', String(first.body['@odata.deltaLink']))
    expect(rows(second).map((folder) => folder['displayName'])).toEqual(['Customers', 'Fabrikam'])
    await world.call('PATCH', `${world.anna}/mailFolders/${id}`, { displayName: 'Clients' })
    expect((await world.call('GET', `${world.anna}/mailFolders/${id}`)).body).toMatchObject({
      displayName: 'Clients',
      childFolderCount: 1,
    })
    expect((await world.call('DELETE', `${world.anna}/mailFolders/inbox`)).status).toBe(400)
    await world.call('POST', `${world.anna}/mailFolders/${String(child.body['id'])}/move`, {
      destinationId: 'msgfolderroot',
    })
    await world.call('POST', `${world.anna}/mailFolders/${id}/permanentDelete`)
    const third = await world.call('GET', String(second.body['@odata.deltaLink']))
    expect(rows(third)).toMatchObject([
      { displayName: 'Fabrikam' },
      { id, '@removed': { reason: 'deleted' } },
    ])
  })
})

describe('sending', () => {
  test('a mail lands in the mailboxes of the tenant, outsiders are only in the log, each once', async () => {
    const world = office()
    await send(world, {
      subject: 'Offer',
      body: { contentType: 'html', content: '<p>See <b>below</b></p>' },
      toRecipients: [to(BEN), to('m.berger@fabrikam.example')],
      ccRecipients: [to(BEN)],
      internetMessageHeaders: [{ name: 'x-marker', value: 'q1' }],
    })
    const inbox = await newest(world, world.ben, 'inbox')
    expect(inbox).toMatchObject({
      subject: 'Offer',
      isRead: false,
      isDraft: false,
      bodyPreview: 'See below',
      from: { emailAddress: { address: ANNA } },
    })
    const headers = await world.call(
      'GET',
      `${world.ben}/messages/${String(inbox['id'])}?$select=internetMessageHeaders`,
    )
    expect(headers.body['internetMessageHeaders']).toContainEqual({ name: 'x-marker', value: 'q1' })
    expect(rows(await world.call('GET', `${world.ben}/mailFolders/inbox/messages`))).toHaveLength(1)
    expect(await newest(world, world.anna, 'sentitems')).toMatchObject({
      subject: 'Offer',
      internetMessageId: inbox['internetMessageId'],
    })
    expect(world.emulator.control.logs.mails.entries).toMatchObject([
      {
        kind: 'message',
        from: ANNA,
        to: [BEN, 'm.berger@fabrikam.example'],
        outside: ['m.berger@fabrikam.example'],
      },
    ])
  })

  test('a draft keeps its immutable id when it is sent, and can be sent once', async () => {
    const world = office()
    const draft = await world.call('POST', `${world.anna}/messages`, {
      subject: 'Draft',
      toRecipients: [to(BEN)],
    })
    expect(draft).toMatchObject({ status: 201, body: { isDraft: true } })
    const id = String(draft.body['id'])
    await world.call('PATCH', `${world.anna}/messages/${id}`, {
      subject: 'Better',
      body: { contentType: 'text', content: 'Hi' },
    })
    expect((await world.call('POST', `${world.anna}/messages/${id}/send`)).status).toBe(202)
    const sent = await world.call('GET', `${world.anna}/messages/${id}`)
    expect(sent.body).toMatchObject({ subject: 'Better', isDraft: false })
    expect(sent.body['parentFolderId']).toBe(
      (await world.call('GET', `${world.anna}/mailFolders/sentitems`)).body['id'],
    )
    expect((await world.call('POST', `${world.anna}/messages/${id}/send`)).status).toBe(400)
    expect(code(await world.call('PATCH', `${world.anna}/messages/${id}`, { subject: 'Too late' }))).toBe(
      'ErrorInvalidPropertySet',
    )
    expect(world.emulator.control.logs.mails.entries).toHaveLength(1)
  })

  test('answers stay in the thread of each mailbox, by the headers and not by a shared id', async () => {
    const world = office()
    await send(world, { subject: 'Question' })
    const question = await newest(world, world.ben, 'inbox')
    const reply = await world.call('POST', `${world.ben}/messages/${String(question['id'])}/createReplyAll`, {
      comment: 'Yes',
    })
    expect(reply.body).toMatchObject({
      subject: 'RE: Question',
      conversationId: question['conversationId'],
      toRecipients: [{ emailAddress: { address: ANNA } }],
    })
    await world.call('POST', `${world.ben}/messages/${String(reply.body['id'])}/send`)
    const answer = await newest(world, world.anna, 'inbox')
    const asked = await newest(world, world.anna, 'sentitems')
    expect(answer['conversationId']).toBe(asked['conversationId'])
    expect(answer['conversationId']).not.toBe(question['conversationId'])
    const headers = await world.call(
      'GET',
      `${world.anna}/messages/${String(answer['id'])}?$select=internetMessageHeaders`,
    )
    expect(headers.body['internetMessageHeaders']).toContainEqual({
      name: 'In-Reply-To',
      value: question['internetMessageId'],
    })
    await world.call('POST', `${world.anna}/messages/${String(answer['id'])}/forward`, {
      comment: 'FYI',
      toRecipients: [to('x@customer.example')],
    })
    expect(world.emulator.control.logs.mails.entries.at(-1)).toMatchObject({
      subject: 'FW: Question',
      outside: ['x@customer.example'],
    })
  })

  test('nobody sends in the name of another mailbox without the right', async () => {
    const world = office()
    const refused = await world.call('POST', `${world.anna}/sendMail`, {
      message: { from: to(BEN), toRecipients: [to(BEN)] },
    })
    expect([refused.status, code(refused)]).toEqual([403, 'ErrorSendAsDenied'])
    expect(
      code(await world.call('POST', `${world.anna}/sendMail`, { message: { subject: 'To nobody' } })),
    ).toBe('ErrorInvalidRecipients')
    expect(world.emulator.control.logs.mails.entries).toEqual([])
  })

  test('MIME goes in as base64 and comes out as text', async () => {
    const world = office()
    const plain = { 'content-type': 'text/plain' }
    const mime = [
      `From: Anna <${ANNA}>`,
      `To: "Okafor, Ben" <${BEN}>`,
      'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      '<p>Gr=C3=BC=C3=9Fe</p>',
      '--b',
      'Content-Type: text/csv; name=a.csv',
      'Content-Disposition: attachment; filename="a.csv"',
      'Content-Transfer-Encoding: base64',
      '',
      'YTtiCg==',
      '--b--',
      '',
    ].join('\r\n')
    expect(
      (await world.call('POST', `${world.anna}/sendMail`, Buffer.from(mime).toString('base64'), plain))
        .status,
    ).toBe(202)
    const received = await newest(world, world.ben, 'inbox')
    expect(received).toMatchObject({
      subject: 'Grüße',
      hasAttachments: true,
      bodyPreview: 'Grüße',
      toRecipients: [{ emailAddress: { name: 'Okafor, Ben' } }],
    })
    const raw = await world.call('GET', `${world.ben}/messages/${String(received['id'])}/$value`)
    expect(raw.text).toContain('Subject: =?utf-8?B?R3LDvMOfZQ==?=')
    expect(raw.text).toContain('YTtiCg==')
    expect(raw.text.split('\r\n').every((line) => line.length <= 998)).toBe(true)
    const bad = await world.call('POST', `${world.anna}/sendMail`, '%%%', plain)
    expect([bad.status, code(bad)]).toEqual([400, 'ErrorMimeContentInvalidBase64String'])
  })
})

describe('changes of a folder', () => {
  test('a move is a removal in the one and an arrival in the other, with the same immutable id and another default one', async () => {
    const world = office()
    await send(world, { subject: 'Moving' })
    const inbox = await world.call('GET', `${world.ben}/mailFolders/inbox/messages/delta`)
    const archive = await world.call('GET', `${world.ben}/mailFolders/archive/messages/delta`)
    const id = String(rows(inbox)[0]?.['id'])
    const before = await world.call('GET', `${world.ben}/messages/${id}`, undefined, { prefer: '' })
    const moved = await world.call('POST', `${world.ben}/messages/${id}/move`, { destinationId: 'archive' })
    expect(moved).toMatchObject({ status: 201, body: { id } })
    const left = await world.call('GET', String(inbox.body['@odata.deltaLink']))
    expect(rows(left)).toEqual([{ id, '@removed': { reason: 'deleted' } }])
    expect(rows(await world.call('GET', String(archive.body['@odata.deltaLink'])))).toMatchObject([
      { id, subject: 'Moving' },
    ])
    const after = await world.call('GET', `${world.ben}/messages/${id}`, undefined, { prefer: '' })
    expect(after.body['id']).not.toBe(before.body['id'])
    expect((await world.call('GET', `${world.ben}/messages/${String(before.body['id'])}`)).status).toBe(404)
  })

  test.each([true, false])('there and back between two calls: the trap is %s', async (trap) => {
    const world = office({ switches: { deltaMoveBackTrap: trap } })
    await send(world, { subject: 'There and back' })
    const inbox = await world.call('GET', `${world.ben}/mailFolders/inbox/messages/delta`)
    const plain = await world.call('GET', `${world.ben}/mailFolders/inbox/messages/delta`, undefined, {
      prefer: 'odata.maxpagesize=100',
    })
    const id = String(rows(inbox)[0]?.['id'])
    const oldId = String(rows(plain)[0]?.['id'])
    for (const destinationId of ['archive', 'inbox'])
      await world.call('POST', `${world.ben}/messages/${id}/move`, { destinationId })
    const told = rows(await world.call('GET', String(inbox.body['@odata.deltaLink'])))
    expect(told).toHaveLength(1)
    if (trap) expect(told[0]).toEqual({ id, '@removed': { reason: 'deleted' } })
    else expect(told[0]).toMatchObject({ id, subject: 'There and back' })
    const again = rows(
      await world.call('GET', String(plain.body['@odata.deltaLink']), undefined, {
        prefer: 'odata.maxpagesize=100',
      }),
    )
    expect(again[0]).toEqual({ id: oldId, '@removed': { reason: 'deleted' } })
    expect(again[1]).toMatchObject({ subject: 'There and back' })
  })

  test('read, flag and category changes come as updates; permanent deletion as a removal', async () => {
    const world = office()
    await send(world, { subject: 'Watched' })
    let round = await world.call(
      'GET',
      `${world.ben}/mailFolders/inbox/messages/delta?$select=subject,isRead,flag,categories`,
    )
    const id = String(rows(round)[0]?.['id'])
    expect(Object.keys(rows(round)[0] ?? {}).sort()).toEqual([
      '@odata.etag',
      '@odata.type',
      'categories',
      'flag',
      'id',
      'isRead',
      'subject',
    ])
    for (const change of [{ isRead: true }, { flag: { flagStatus: 'flagged' } }, { categories: ['Red'] }]) {
      await world.call('PATCH', `${world.ben}/messages/${id}`, change)
      round = await world.call('GET', String(round.body['@odata.deltaLink']))
      expect(rows(round)).toMatchObject([{ id, ...change }])
    }
    await world.call('POST', `${world.ben}/messages/${id}/permanentDelete`)
    round = await world.call('GET', String(round.body['@odata.deltaLink']))
    expect(rows(round)).toEqual([{ id, '@removed': { reason: 'deleted' } }])
    expect((await world.call('GET', `${world.ben}/messages/${id}`)).status).toBe(404)
  })

  test('a large folder in pages: everything once, newest first on demand, filtered rounds end at 5,000, $top is a total', async () => {
    const world = office({ seed: 'large:messages=20000,events=0,tasks=0' })
    const walk = async (query: string, size: number): Promise<Json[]> => {
      const prefer = { prefer: `IdType="ImmutableId", odata.maxpagesize=${size}` }
      let answer = await world.call(
        'GET',
        `${world.anna}/mailFolders/inbox/messages/delta${query}`,
        undefined,
        prefer,
      )
      const all = rows(answer)
      while (answer.body['@odata.nextLink'] !== undefined) {
        answer = await world.call('GET', String(answer.body['@odata.nextLink']), undefined, prefer)
        all.push(...rows(answer))
      }
      expect(typeof answer.body['@odata.deltaLink']).toBe('string')
      return all
    }
    const all = await walk('?$select=receivedDateTime', 1000)
    expect(new Set(all.map((row) => row['id'])).size).toBe(12_000)
    const ordered = (await walk('?$select=receivedDateTime&$orderby=receivedDateTime desc', 1000)).map(
      (row) => String(row['receivedDateTime']),
    )
    expect(ordered).toHaveLength(12_000)
    expect(ordered).toEqual([...ordered].sort().reverse())
    expect(await walk('?$select=id&$filter=receivedDateTime ge 2000-01-01T00:00:00Z', 1000)).toHaveLength(
      5_000,
    )
    expect(await walk('?$select=id&$top=7', 5)).toHaveLength(7)
    expect(
      code(await world.call('GET', `${world.anna}/mailFolders/inbox/messages/delta?$filter=isRead eq true`)),
    ).toBe('ErrorInvalidUrlQueryFilter')
  })
})

describe('reading', () => {
  test('filters, orders, search and pages', async () => {
    const world = office()
    for (const subject of ['Alpha', 'Beta', 'Gamma'])
      await send(world, {
        subject,
        importance: subject === 'Beta' ? 'high' : 'normal',
        body: { contentType: 'text', content: `About ${subject} things` },
      })
    const subjects = async (query: string): Promise<unknown[]> =>
      rows(await world.call('GET', `${world.ben}/mailFolders/inbox/messages?${query}`)).map(
        (row) => row['subject'],
      )
    expect(await subjects('')).toEqual(['Gamma', 'Beta', 'Alpha'])
    expect(await subjects("$filter=importance eq 'high'")).toEqual(['Beta'])
    expect(await subjects("$filter=Subject eq 'ALPHA'")).toEqual(['Alpha'])
    expect(await subjects(`$filter=from/emailAddress/address eq '${ANNA}'&$top=2`)).toEqual(['Gamma', 'Beta'])
    expect(await subjects('$orderby=subject')).toEqual(['Alpha', 'Beta', 'Gamma'])
    expect(await subjects('$search="beta things"')).toEqual(['Beta'])
    expect(await subjects('$search="subject:gamma"')).toEqual(['Gamma'])
    const unordered = await world.call(
      'GET',
      `${world.ben}/messages?$filter=isRead eq false&$orderby=subject`,
    )
    expect(code(unordered)).toBe('InefficientFilter')
    expect(code(await world.call('GET', `${world.ben}/messages?$search="a"&$filter=isRead eq true`))).toBe(
      'SearchWithFilter',
    )
    const page = await world.call('GET', `${world.ben}/messages?$top=2&$count=true&$select=subject`)
    expect(page.body).toMatchObject({ '@odata.count': 3 })
    expect(rows(await world.call('GET', String(page.body['@odata.nextLink'])))).toMatchObject([
      { subject: 'Alpha' },
    ])
    expect((await world.call('GET', `${world.ben}/mailFolders/inbox/messages/$count`)).text).toBe('3')
  })

  test('an extended property is found by its value and shown only when expanded', async () => {
    const world = office()
    const id = 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Marker'
    const made = await world.call('POST', `${world.anna}/messages`, {
      subject: 'Marked',
      singleValueExtendedProperties: [{ id, value: 'm-1' }],
    })
    expect(made.body['singleValueExtendedProperties']).toBeUndefined()
    const filter = encodeURIComponent(
      `singleValueExtendedProperties/Any(ep: ep/id eq '${id}' and ep/value eq 'm-1')`,
    )
    expect(rows(await world.call('GET', `${world.anna}/messages?$filter=${filter}`))).toMatchObject([
      { id: made.body['id'] },
    ])
    const none = encodeURIComponent(
      `singleValueExtendedProperties/Any(ep: ep/id eq '${id}' and ep/value eq 'm-2')`,
    )
    expect(rows(await world.call('GET', `${world.anna}/messages?$filter=${none}`))).toEqual([])
    const expand = encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${id}')`)
    const shown = await world.call(
      'GET',
      `${world.anna}/messages/${String(made.body['id'])}?$expand=${expand}`,
    )
    expect(shown.body['singleValueExtendedProperties']).toEqual([{ id, value: 'm-1' }])
  })

  test('Mail.ReadBasic does not show bodies, and a person sees shared mailboxes only with a .Shared scope', async () => {
    const basic = office({ seed: 'demo' }, ({ control, info }) =>
      control.token(info.clientId, ANNA, ['Mail.ReadBasic']),
    )
    const seen = rows(await basic.call('GET', '/me/messages?$top=1'))[0] ?? {}
    expect(Object.keys(seen)).not.toContain('body')
    expect(Object.keys(seen)).toContain('subject')
    const support = 'users/support@contoso.example/messages'
    expect((await basic.call('GET', `/${support}`)).status).toBe(403)
    const shared = office({ seed: 'demo' }, ({ control, info }) =>
      control.token(info.clientId, ANNA, ['Mail.Read.Shared']),
    )
    expect((await shared.call('GET', `/${support}`)).status).toBe(200)
  })
})

test('meeting mails lie in the mailboxes of organizer and attendees', async () => {
  const world = office()
  const at = (hour: string): Json => ({ dateTime: `2026-10-01T${hour}:00:00`, timeZone: 'UTC' })
  await world.call('POST', `${world.anna}/events`, {
    subject: 'Kick-off',
    start: at('10'),
    end: at('11'),
    attendees: [{ ...to(BEN), type: 'required' }],
  })
  expect(await newest(world, world.ben, 'inbox')).toMatchObject({
    '@odata.type': '#microsoft.graph.eventMessageRequest',
    meetingMessageType: 'meetingRequest',
    subject: 'Kick-off',
  })
})
