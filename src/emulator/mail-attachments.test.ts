import { describe, expect, test } from 'vitest'
import { ANNA, BEN, code, newest, office, rows, to } from './mail.fixture.ts'

describe('attachments', () => {
  const big = 3_500_000

  test('small ones are posted and read back, large ones go by an upload session in ranges', async () => {
    const world = office()
    const draft = await world.call('POST', `${world.anna}/messages`, {
      subject: 'Files',
      toRecipients: [to(BEN)],
    })
    const path = `${world.anna}/messages/${String(draft.body['id'])}/attachments`
    const small = await world.call('POST', path, {
      '@odata.type': '#microsoft.graph.fileAttachment',
      name: 'a.txt',
      contentBytes: 'SGVsbG8=',
    })
    expect(small).toMatchObject({ status: 201, body: { name: 'a.txt', size: 5 } })
    expect((await world.call('GET', `${path}/${String(small.body['id'])}/$value`)).text).toBe('Hello')
    const session = await world.call('POST', `${path}/createUploadSession`, {
      AttachmentItem: { attachmentType: 'file', name: 'b.bin', size: big },
    })
    expect(session).toMatchObject({ status: 201, body: { nextExpectedRanges: ['0-'] } })
    const url = String(session.body['uploadUrl'])
    const bytes = Buffer.alloc(big, 7)
    const put = (from: number, end: number): Promise<Response> =>
      world.emulator.handle(
        new Request(url, {
          method: 'PUT',
          headers: {
            'content-type': 'application/octet-stream',
            'content-range': `bytes ${from}-${end - 1}/${big}`,
          },
          body: bytes.subarray(from, end),
        }),
      )
    expect((await put(1_000_000, 2_000_000)).status).toBe(416)
    const first = await put(0, 2_000_000)
    expect([first.status, await first.json()]).toMatchObject([200, { NextExpectedRanges: ['2000000-'] }])
    const last = await put(2_000_000, big)
    expect(last.status).toBe(201)
    expect(last.headers.get('location')).toContain('/attachments/')
    expect((await put(0, 10)).status).toBe(404)
    expect(rows(await world.call('GET', `${path}?$select=name,size`))).toMatchObject([
      { name: 'a.txt' },
      { name: 'b.bin', size: big },
    ])
    await world.call('POST', `${world.anna}/messages/${String(draft.body['id'])}/send`)
    expect(await newest(world, world.ben, 'inbox')).toMatchObject({ hasAttachments: true })
    const tooSmall = await world.call('POST', `${path}/createUploadSession`, {
      AttachmentItem: { attachmentType: 'file', name: 'c', size: 10 },
    })
    expect(code(tooSmall)).toBe('ErrorAttachmentSizeShouldNotBeLessThanMinimumSize')
  })

  test('a signed-in person gets no upload session in a shared mailbox', async () => {
    const world = office({ seed: 'demo' }, ({ control, info }) => control.token(info.clientId, ANNA))
    const draft = await world.call('POST', '/users/support@contoso.example/messages', { subject: 'Draft' })
    expect(draft.status).toBe(201)
    const path = `/users/support@contoso.example/messages/${String(draft.body['id'])}/attachments/createUploadSession`
    const refused = await world.call('POST', path, {
      AttachmentItem: { attachmentType: 'file', name: 'b', size: big },
    })
    expect(refused.status).toBe(403)
  })
})
