import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProduct, until, type Browser, type RunningProduct } from '../support/running-product.ts'

/** System mailboxes as the back-office uses them: the product as a process of its own, spoken to by HTTP alone. */
const SALES = 'sales@contoso.example'
const SUPPORT = 'support@contoso.example'
let product: RunningProduct
let admin: Browser
let daniel: Browser
let ben: Browser

beforeAll(async () => {
  product = await startProduct()
  admin = await product.signIn(product.ready.admin.email)
  daniel = await product.signIn('daniel.schmidt@contoso.example')
  ben = await product.signIn('ben.okafor@contoso.example')
}, 120_000)
afterAll(async () => {
  expect(await product.stop()).toBe(0)
})

const mailboxOf = async (browser: Browser, address: string) =>
  (await browser.call('GET /api/system-mailboxes')).items.find((one) => one.address === address)
const sync = async (mailbox: string): Promise<void> => {
  await admin.call('POST /api/mailboxes/:mailbox/channels/:channel/sync', {
    params: { mailbox, channel: 'email' },
  })
}

describe('the demo has one set up', () => {
  test('support@ makes cases of what customers wrote, once for each thread', async () => {
    const titles = await until('cases from the mail of the demo', async () => {
      const { items } = await admin.call('GET /api/records/:kind', { params: { kind: 'case' } })
      return items.length >= 2 && items.map((one) => one.title).sort()
    })
    expect(titles).toEqual(['Export stops at 10,000 rows', 'Password reset for two colleagues'])
    const support = await mailboxOf(admin, SUPPORT)
    expect(support).toMatchObject({ label: 'Support', made: 2, processing: { do: 'case' }, mayChange: true })
    // It is mail alone: its calendar and tasks are not kept in step.
    const channels = (
      await admin.call('GET /api/mailboxes/:mailbox', { params: { mailbox: support?.mailbox ?? '' } })
    ).channels
    expect(channels.filter((one) => one.enabled).map((one) => one.channel)).toEqual(['email'])
  }, 60_000)

  test('the whole thread is on the case, on the contact and on the account, each mail once and with its reason', async () => {
    const [found] = (
      await admin.call('GET /api/records/:kind', { params: { kind: 'case' }, query: { q: 'Export' } })
    ).items
    const timeline = await until('the thread on the case', async () => {
      const line = await daniel.call('GET /api/records/:kind/:id/timeline', {
        params: { kind: 'case', id: found?.id ?? '' },
      })
      return line.items[0]?.messages === 3 && line.items
    })
    expect(timeline).toMatchObject([
      { kind: 'message', title: 'RE: Export stops at 10,000 rows', messages: 3 },
    ])
    const { items } = await daniel.call('GET /api/items/:item/links', {
      params: { item: timeline[0]?.id ?? '' },
    })
    expect(items.map((one) => `${one.kind}: ${one.why}`).sort()).toEqual([
      'account: One of its people works there.',
      expect.stringMatching(/^case: It/),
      expect.stringMatching(/^contact: t\.novak@\S+ is one of its people\.$/),
    ])
  }, 60_000)

  test('threads are shown as the setting says', async () => {
    const [found] = (
      await admin.call('GET /api/records/:kind', { params: { kind: 'case' }, query: { q: 'Export' } })
    ).items
    const line = async (): Promise<number> =>
      (
        await daniel.call('GET /api/records/:kind/:id/timeline', {
          params: { kind: 'case', id: found?.id ?? '' },
        })
      ).total
    expect(await line()).toBe(1)
    const set = (change: { set?: Record<string, string>; inherit?: string[] }) =>
      daniel.call('PATCH /api/settings', { body: { scope: 'user', ...change } })
    await set({ set: { 'threads.activities': 'non-threaded' } })
    expect(await line()).toBe(3)
    await set({ inherit: ['threads.activities'] })
  })

  test('[pain 19] who is not named sees neither the mailbox nor its log nor what waits for review', async () => {
    expect(await mailboxOf(daniel, SUPPORT)).toMatchObject({ label: 'Support', mayChange: false })
    expect((await ben.call('GET /api/system-mailboxes')).items).toEqual([])
    expect((await ben.call('GET /api/mailroom/log')).total).toBe(0)
    expect((await daniel.call('GET /api/mailroom/log')).total).toBeGreaterThan(1)
    const support = await mailboxOf(admin, SUPPORT)
    const path = `/api/system-mailboxes/${support?.mailbox}`
    expect((await ben.raw('GET', path)).status).toBe(404)
    expect((await daniel.raw('PATCH', path, { label: 'Mine' })).status).toBe(403)
    // By a role, everybody who has it.
    await admin.call('PATCH /api/system-mailboxes/:mailbox', {
      params: { mailbox: support?.mailbox ?? '' },
      body: { allowedRoles: ['user'] },
    })
    expect(await mailboxOf(ben, SUPPORT)).toMatchObject({ label: 'Support' })
  })
})

describe('setting one up', () => {
  let mailbox = ''

  test('by its address, through application access; its folders come as a tree', async () => {
    const made = await admin.call('POST /api/system-mailboxes', { body: { label: 'Sales', address: SALES } })
    mailbox = made.mailbox
    expect(made).toMatchObject({ label: 'Sales', access: 'application', processing: { do: 'nothing' } })
    const folders = await until('its folders', async () => {
      const { items } = await admin.call('GET /api/system-mailboxes/:mailbox/folders', {
        params: { mailbox },
      })
      return items.length > 3 && items
    })
    expect(folders[0]).toMatchObject({ wellKnown: 'inbox', selected: true })
    expect(folders.filter((one) => one.selected).map((one) => one.wellKnown)).toEqual(['inbox', 'sentitems'])
    const archive = folders.find((one) => one.wellKnown === 'archive')
    await admin.call('PATCH /api/system-mailboxes/:mailbox', {
      params: { mailbox },
      body: { folders: folders.filter((one) => one.selected || one === archive).map((one) => one.id) },
    })
    await until('the archive taking part', async () => {
      const { items } = await admin.call('GET /api/system-mailboxes/:mailbox/folders', {
        params: { mailbox },
      })
      return items.find((one) => one.wellKnown === 'archive')?.selected
    })
  }, 60_000)

  test('names and owners are checked; somebody’s own mailbox is refused', async () => {
    const post = (body: object) => admin.raw('POST', '/api/system-mailboxes', body)
    expect((await post({ label: 'support', address: 'x@contoso.example' })).status).toBe(422)
    const taken = await post({ label: 'Anna', address: 'anna.lindqvist@contoso.example' })
    expect(taken.status).toBe(422)
    expect(await taken.text()).toMatch(/belongs to/)
    const unknown = await post({ label: 'Nowhere', address: 'nowhere@contoso.example' })
    expect(unknown.status).toBe(502)
    const patch = await admin.raw('PATCH', `/api/system-mailboxes/${mailbox}`, {
      processing: { do: 'lead', owner: 'nobody', source: 'mail' },
    })
    expect(patch.status).toBe(422)
  })

  test('with a sign-in of its own: the address at Microsoft asks for shared mailboxes too', async () => {
    const { url } = await admin.call('POST /api/system-mailboxes/connect', {
      body: { label: 'Other', address: 'other@contoso.example' },
    })
    expect(decodeURIComponent(url)).toMatch(/Mail\.ReadWrite\.Shared/)
    expect(
      (await daniel.raw('POST', '/api/system-mailboxes/connect', { label: 'x', address: 'x@y.example' }))
        .status,
    ).toBe(403)
  })

  test('a rule and a template are tried on a message, saved, and answer what arrives from then on', async () => {
    const bad = await admin.raw('POST', '/api/mail-templates', {
      name: 'Thanks',
      texts: { en: { subject: 'x', body: '{{sendr.name}}', type: 'text' } },
    })
    expect(bad.status).toBe(422)
    expect(await bad.text()).toMatch(/There is no variable “sendr\.name”/)
    const template = await admin.call('POST /api/mail-templates', {
      body: {
        name: 'Thanks',
        texts: {
          en: { subject: 'We have it: {{subject}}', body: '<p>Dear {{sender.name}}</p>', type: 'html' },
          de: { subject: 'Angekommen', body: '<p>Guten Tag</p>', type: 'html' },
        },
      },
    })
    const preview = await admin.call('POST /api/mail-templates/preview', {
      body: template.texts['en'] ?? { subject: '', body: '', type: 'text' },
    })
    expect(preview).toEqual({
      subject: 'We have it: Question about my order',
      body: '<p>Dear Petra Haas</p>',
      type: 'html',
    })
    const owner = (await daniel.call('GET /api/session')).user?.id ?? ''
    await admin.call('PATCH /api/system-mailboxes/:mailbox', {
      params: { mailbox },
      body: { processing: { do: 'lead', owner, source: 'website' } },
    })
    const conditions = {
      match: 'all' as const,
      items: [{ field: 'subject' as const, operator: 'contains' as const, value: 'offer' }],
    }
    const recent = await until('mail in it', async () => {
      const { items } = await admin.call('GET /api/system-mailboxes/:mailbox/recent', { params: { mailbox } })
      return items.length > 0 && items
    })
    const about = recent.find((one) => /offer/.test(one.subject) && !one.sender.endsWith('@contoso.example'))
    expect(
      await admin.call('POST /api/system-mailboxes/:mailbox/try', {
        params: { mailbox },
        body: { message: about?.id ?? '', conditions, template: template.id },
      }),
    ).toMatchObject({
      fits: true,
      silent: null,
      text: { locale: 'en', subject: expect.stringMatching(/^We have it: /) },
    })
    const { items } = await admin.call('PUT /api/system-mailboxes/:mailbox/rules', {
      params: { mailbox },
      body: { items: [{ name: 'Offers', active: true, conditions, template: template.id }] },
    })
    expect(items).toMatchObject([{ name: 'Offers', template: { name: 'Thanks' } }])
    expect((await admin.raw('DELETE', `/api/mail-templates/${template.id}`)).status).toBe(409)

    await product.receive(SALES, {
      from: 'rosa@new.example',
      fromName: 'Rosa New',
      subject: 'An offer please',
    })
    await sync(mailbox)
    const lead = await until('the lead', async () => {
      const found = await admin.call('GET /api/records/:kind', {
        params: { kind: 'lead' },
        query: { q: 'An offer' },
      })
      return found.items[0]
    })
    expect(lead.fields).toMatchObject({ source: 'website', emails: ['rosa@new.example'], firstName: 'Rosa' })
    expect(lead.owner?.id).toBe(owner)
    await until('the answer', async () => {
      const sent = await product.outlook(SALES, 'GET', '/me/mailFolders/sentitems/messages?$select=subject')
      const { value } = sent['body'] as { value: { subject: string }[] }
      return value.some((one) => one.subject === 'We have it: An offer please')
    })
    const log = await admin.call('GET /api/mailroom/log', { query: { mailbox, outcome: 'lead' } })
    expect(log.items[0]).toMatchObject({
      subject: 'An offer please',
      response: 'queued',
      made: { id: lead.id },
    })
    // And back again.
    await admin.call('POST /api/mailroom/log/:entry/undo', { params: { entry: log.items[0]?.id ?? '' } })
    expect((await admin.raw('GET', `/api/records/lead/${lead.id}`)).status).toBe(404)
  }, 90_000)

  test('[pain 21] what is in doubt waits for a person, who decides with the reason before their eyes', async () => {
    await product.receive(SALES, {
      from: 'maybe@new.example',
      subject: 'Out of office',
      text: 'Back on Monday.',
    })
    await sync(mailbox)
    const entry = await until('it in the review queue', async () => {
      const { items } = await admin.call('GET /api/review-queue', { query: { mailbox } })
      return items[0]
    })
    expect(entry).toMatchObject({
      subject: 'Out of office',
      reason: 'Its subject reads like an automatic answer.',
      text: 'Back on Monday.',
      suggests: 'lead',
    })
    expect(
      (await ben.raw('POST', '/api/review-queue/decide', { records: [entry.record], decision: 'lead' }))
        .status,
    ).toBe(404)
    const decided = await admin.call('POST /api/review-queue/decide', {
      body: { records: [entry.record], decision: 'never' },
    })
    expect(decided).toEqual({ made: [], refused: [] })
    const { items } = await admin.call('GET /api/mailroom/senders', { query: { mailbox } })
    expect(items.map((one) => one.sender)).toEqual(['maybe@new.example'])
    await admin.call('POST /api/mailroom/senders/allow', { body: { mailbox, sender: 'maybe@new.example' } })
    expect((await admin.call('GET /api/mailroom/senders', { query: { mailbox } })).items).toEqual([])
  }, 60_000)

  test('a link is added and taken out by hand, and a colleague’s mail cannot be linked', async () => {
    const anna = await product.signIn('anna.lindqvist@contoso.example')
    const contact = await anna.call('POST /api/records/:kind', {
      params: { kind: 'contact' },
      body: { fields: { name: 'Rosa', emails: ['rosa@by.hand.example'] } },
    })
    const [task] = (await anna.call('GET /api/tasks', {})).items
    const item = task?.id ?? ''
    await anna.call('POST /api/items/:item/links', {
      params: { item },
      body: { kind: 'contact', record: contact.id },
    })
    const line = async () =>
      (
        await anna.call('GET /api/records/:kind/:id/timeline', {
          params: { kind: 'contact', id: contact.id },
        })
      ).items.map((one) => one.id)
    expect(await line()).toEqual([item])
    expect((await ben.raw('DELETE', `/api/items/${item}/links/contact/${contact.id}`)).status).toBe(404)
    await anna.call('DELETE /api/items/:item/links/:kind/:record', {
      params: { item, kind: 'contact', record: contact.id },
    })
    expect(await line()).toEqual([])
  }, 60_000)

  test('disconnected, it is gone from the list and what it brought stays', async () => {
    await admin.call('DELETE /api/system-mailboxes/:mailbox', { params: { mailbox } })
    expect(await mailboxOf(admin, SALES)).toBeUndefined()
  })

  test('by the sign-in of somebody who may open it; the same mailbox is found again', async () => {
    const { url } = await admin.call('POST /api/system-mailboxes/connect', {
      body: { label: 'Sales again', address: SALES },
    })
    const anna = product.ready.microsoft.users.find((one) => one.userPrincipalName.startsWith('anna.'))
    const back = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ account: anna?.id ?? '', consent: 'yes' }),
    })
    const { pathname, search } = new URL(back.headers.get('location') ?? '')
    const done = await admin.raw('GET', `${pathname}${search}`)
    expect(await done.text()).toMatch(/Contoso Sales \(sales@contoso\.example\) is connected/)
    expect(await mailboxOf(admin, SALES)).toMatchObject({
      mailbox,
      label: 'Sales again',
      access: 'own-sign-in',
    })
    await product.receive(SALES, { from: 'rosa@new.example', subject: 'Through the sign-in of Anna' })
    await sync(mailbox)
    await until('mail through the sign-in', async () => {
      const { items } = await admin.call('GET /api/system-mailboxes/:mailbox/recent', { params: { mailbox } })
      return items.some((one) => one.subject === 'Through the sign-in of Anna')
    })
  }, 60_000)
})
