import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiOutput } from '../../src/server/api/api.ts'
import { switchMailOn } from '../support/mail-on.ts'
import { startProduct, until, type Browser, type RunningProduct } from '../support/running-product.ts'

/** Writing and sending mail through the API, on the real server with the demo company. */
const ANNA = 'anna.lindqvist@contoso.example'
const BEN = 'ben.okafor@contoso.example'
const MARIA = { email: 'm.berger@fabrikam.example', name: 'Maria Berger' }
type Draft = ApiOutput<'GET /api/mail/drafts/:draft'>
type Raw = Record<string, unknown>

describe('writing mail', () => {
  let product: RunningProduct
  let anna: Browser
  let ben: Browser
  beforeAll(async () => {
    product = await startProduct()
    await switchMailOn(product, ANNA)
    anna = await product.signIn(ANNA)
    ben = await product.signIn(BEN)
  }, 120_000)
  afterAll(async () => {
    expect(await product.stop()).toBe(0)
  })

  const outlook = async (path: string): Promise<Raw[]> => {
    const answer = await product.outlook(ANNA, 'GET', path)
    return ((answer['body'] ?? answer) as { value: Raw[] }).value
  }
  const inFolder = async (folder: string, subject: string): Promise<Raw[]> =>
    (await outlook(`/me/mailFolders/${folder}/messages?$top=200`)).filter((one) => one['subject'] === subject)
  const save = (draft: Draft, change: object): Promise<Draft> =>
    anna.call('PATCH /api/mail/drafts/:draft', {
      params: { draft: draft.id },
      body: { version: draft.version, change },
    })
  const attach = async (draft: Draft, name: string, bytes: Uint8Array): Promise<Response> =>
    anna.raw(
      'POST',
      `/api/mail/drafts/${draft.id}/attachments?name=${encodeURIComponent(name)}&type=text/plain`,
      bytes,
      {
        'content-type': 'application/octet-stream',
      },
    )
  const reread = (draft: Draft): Promise<Draft> =>
    anna.call('GET /api/mail/drafts/:draft', { params: { draft: draft.id } })
  const outgoing = async (id: string) =>
    (await anna.call('GET /api/mail/outgoing')).items.find((one) => one.id === id)

  test('composing knows from where one may send, and the limits', async () => {
    const options = await anna.call('GET /api/mail/compose')
    expect(options.from.map((one) => one.address)).toEqual([ANNA])
    expect(options).toMatchObject({ autocompleteMinimum: 2, maxAttachmentBytes: 10 * 1024 * 1024 })
  })

  test('a draft is saved with its version, lies in the mailbox’s Drafts, and is cleaned', async () => {
    let draft = await anna.call('POST /api/mail/drafts', { body: { to: [MARIA], subject: 'A first draft' } })
    draft = await save(draft, {
      body: { type: 'html', content: '<p onclick="x()">Hello<script>alert(1)</script></p>' },
    })
    expect(draft.body.content).toBe('<p>Hello</p>')
    const stale = await anna.raw('PATCH', `/api/mail/drafts/${draft.id}`, {
      version: draft.version - 1,
      change: { subject: 'Older' },
    })
    expect(stale.status).toBe(409)
    const [there] = await until('the draft in Outlook', async () => {
      const found = await inFolder('drafts', 'A first draft')
      return found.length > 0 ? found : null
    })
    expect(JSON.stringify(there)).toContain('Hello')
    await until('the draft to be told as in step', async () => (await reread(draft)).sync.state === 'fine')

    draft = await save(await reread(draft), { subject: 'A second draft' })
    await until(
      'the change in Outlook',
      async () => (await inFolder('drafts', 'A second draft')).length === 1,
    )
    expect(await inFolder('drafts', 'A first draft')).toEqual([])

    await anna.call('DELETE /api/mail/drafts/:draft', { params: { draft: draft.id } })
    await until(
      'the draft to leave Outlook',
      async () => (await inFolder('drafts', 'A second draft')).length === 0,
    )
  })

  test('a draft that was changed in Outlook too is kept there, beside the one of the CRM', async () => {
    let draft = await anna.call('POST /api/mail/drafts', { body: { to: [MARIA], subject: 'Both write' } })
    draft = await save(draft, { subject: 'Both write' })
    const [there] = await until('the draft in Outlook', async () => {
      const found = await inFolder('drafts', 'Both write')
      return found.length > 0 && (await reread(draft)).sync.state === 'fine' ? found : null
    })
    await product.outlook(ANNA, 'PATCH', `/me/messages/${String(there?.['id'])}`, {
      subject: 'Both write, in Outlook',
    })
    draft = await save(await reread(draft), { subject: 'Both write, in the CRM' })
    await until('both drafts', async () => (await inFolder('drafts', 'Both write, in the CRM')).length === 1)
    expect(await inFolder('drafts', 'Both write, in Outlook')).toHaveLength(1)
    await until('the note', async () =>
      (await reread(draft)).sync.detail?.includes('also changed in Outlook'),
    )
    await anna.call('DELETE /api/mail/drafts/:draft', { params: { draft: draft.id } })
  })

  test('a mail with a small and a large file is sent once, however often Send is pressed', async () => {
    let draft = await anna.call('POST /api/mail/drafts', { body: { to: [MARIA], subject: 'With files' } })
    const large = new Uint8Array(9 * 1024 * 1024).fill(65)
    expect((await attach(draft, 'small.txt', new TextEncoder().encode('small'))).status).toBe(201)
    expect((await attach(draft, 'large.txt', large)).status).toBe(201)
    const tooLarge = await attach(draft, 'too-large.txt', new Uint8Array(11 * 1024 * 1024))
    expect(tooLarge.status).toBe(413)
    draft = await reread(draft)
    expect(draft.attachments.map((one) => [one.name, one.size])).toEqual([
      ['small.txt', 5],
      ['large.txt', large.length],
    ])
    const body = { version: draft.version }
    const [first, second] = await Promise.all(
      [1, 2].map(() => anna.call('POST /api/mail/drafts/:draft/send', { params: { draft: draft.id }, body })),
    )
    expect(first?.id).toBe(second?.id)
    const sent = await until('the mail to be sent', async () => {
      const one = await outgoing(draft.id)
      return one?.state === 'sent' && one.message !== null ? one : null
    })
    expect(await inFolder('sentitems', 'With files')).toHaveLength(1)
    expect(await inFolder('drafts', 'With files')).toHaveLength(0)
    const [message] = await inFolder('sentitems', 'With files')
    const files = await outlook(`/me/messages/${String(message?.['id'])}/attachments`)
    expect(files.map((one) => [one['name'], one['size']]).sort()).toEqual([
      ['large.txt', large.length],
      ['small.txt', 5],
    ])
    expect((await anna.raw('GET', `/api/mail/drafts/${draft.id}`)).status).toBe(404)
    expect(sent.can).toEqual([])
  })

  test('an answer is begun with its recipients and the quote, and stays in the thread', async () => {
    const { items } = await anna.call('GET /api/mail/messages', {
      query: { place: 'inbox', threaded: false, size: 200 },
    })
    const question = items.find((one) => one.from?.email === MARIA.email)
    const draft = await anna.call('POST /api/mail/drafts', {
      body: { answers: { message: question!.id, how: 'reply' } },
    })
    expect(draft.subject).toMatch(/^RE: (?!re:)/i)
    expect(draft.to).toMatchObject([{ email: MARIA.email }])
    expect(draft.body.content).toContain('<blockquote>')
    const all = await anna.call('POST /api/mail/drafts', {
      body: { answers: { message: question!.id, how: 'replyAll' } },
    })
    expect([...all.to, ...all.cc].map((one) => one.email)).not.toContain(ANNA)
    const forward = await anna.call('POST /api/mail/drafts', {
      body: { answers: { message: question!.id, how: 'forward' } },
    })
    expect(forward).toMatchObject({ to: [], cc: [] })
    await anna.call('POST /api/mail/drafts/:draft/send', {
      params: { draft: draft.id },
      body: { version: draft.version },
    })
    const sent = await until('the answer to be sent and here', async () => {
      const one = await outgoing(draft.id)
      return one?.message ? one : null
    })
    const thread = await anna.call('GET /api/mail/messages/:message/thread', {
      params: { message: sent.message! },
    })
    expect(thread.messages.map((one) => one.id)).toContain(question!.id)
  })

  test('send later waits and can be taken back; a mail without a recipient is refused', async () => {
    const nobody = await anna.call('POST /api/mail/drafts', { body: { subject: 'To nobody' } })
    const refused = await anna.raw('POST', `/api/mail/drafts/${nobody.id}/send`, { version: nobody.version })
    expect(refused.status).toBe(422)
    const draft = await anna.call('POST /api/mail/drafts', { body: { to: [MARIA], subject: 'Later' } })
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const waiting = await anna.call('POST /api/mail/drafts/:draft/send', {
      params: { draft: draft.id },
      body: { version: draft.version, at },
    })
    expect(waiting).toMatchObject({ state: 'waiting', sendAt: at, can: ['cancel'] })
    const back = await anna.call('POST /api/mail/outgoing/:mail/cancel', { params: { mail: draft.id } })
    expect(back).toMatchObject({ id: draft.id, subject: 'Later' })
    await anna.call('POST /api/mail/drafts/:draft/send', {
      params: { draft: draft.id },
      body: { version: back.version },
    })
    await until('the mail to be sent', async () => (await outgoing(draft.id))?.state === 'sent')
    expect(await inFolder('sentitems', 'Later')).toHaveLength(1)
  })

  test('[pain 19] drafts and outgoing mail of somebody else are nobody’s business', async () => {
    const draft = await anna.call('POST /api/mail/drafts', { body: { to: [MARIA], subject: 'Mine' } })
    expect((await ben.raw('GET', `/api/mail/drafts/${draft.id}`)).status).toBe(404)
    expect(
      (await ben.raw('POST', `/api/mail/drafts/${draft.id}/send`, { version: draft.version })).status,
    ).toBe(404)
    expect((await ben.call('GET /api/mail/outgoing')).items.map((one) => one.from)).not.toContain(ANNA)
    const mailbox = draft.mailbox
    expect((await ben.raw('POST', '/api/mail/drafts', { mailbox, subject: 'As Anna' })).status).toBe(409)
  })

  test('recipients are suggested from so many letters on', async () => {
    expect((await anna.call('GET /api/mail/recipients', { query: { q: 'b' } })).items).toEqual([])
    const { items } = await anna.call('GET /api/mail/recipients', { query: { q: 'oka' } })
    expect(items).toMatchObject([{ email: BEN, kind: 'user' }])
  })
})
