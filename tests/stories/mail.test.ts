import { describe, expect, test } from 'vitest'
import { MAILBOX, mailWorld, type MailWorld } from '../support/mail-world.ts'

/** Both sides hold the same of each message that is linked, and a further pass does nothing. */
async function atRest(world: MailWorld): Promise<void> {
  const before = JSON.stringify(world.store.dump().records)
  const writes = world.appWrites()
  const operations = world.store.dump().operations.length
  const result = await world.pass()
  expect(result.outcome).toBe('done')
  expect(world.appWrites()).toBe(writes)
  expect(JSON.stringify(world.store.dump().records)).toBe(before)
  expect(world.store.dump().operations).toHaveLength(operations)
  expect(world.emulator.control.logs.complaints.entries).toEqual([])
}

async function started(subjects: readonly string[] = ['Offer', 'Invoice']): Promise<MailWorld> {
  const world = await mailWorld()
  for (const subject of subjects) await world.outlook.receive(subject)
  await world.pass()
  return world
}

describe('mail through the same engine', () => {
  test('a mailbox is imported: each message once, with its text, in its folder', async () => {
    const world = await started()
    expect(world.records().map((row) => row.fields['subject'])).toEqual(
      expect.arrayContaining(['Offer', 'Invoice']),
    )
    const offer = world.record('Offer')
    expect(offer.fields).toMatchObject({ read: false, flag: 'notFlagged', folder: world.folder('inbox').id })
    expect(JSON.stringify(offer.fields['body'])).toContain('About Offer')
    expect(offer.container).toBe(world.folder('inbox').container)
    expect(offer.facts.internetMessageId).toMatch(/^<.*>$/)
    await atRest(world)
  })

  test('a base and the journal keep no content of a message', async () => {
    const world = await started(['Offer'])
    const { links, operations } = world.store.dump()
    for (const link of links) expect(Object.keys(link.base)).toEqual(['read', 'flag', 'categories', 'folder'])
    expect(JSON.stringify(operations)).not.toContain('About Offer')
  })

  test('read, flag and categories go both ways, and meet when both sides changed different ones', async () => {
    const world = await started()
    await world.outlook.patch('Offer', { flag: { flagStatus: 'flagged' } })
    await world.crm.edit('Offer', { read: true })
    await world.outlook.patch('Invoice', { isRead: true, categories: ['Blue', 'Alpha'] })
    await world.pass()
    expect(world.record('Offer').fields).toMatchObject({ read: true, flag: 'flagged' })
    expect(await world.outlook.find('Offer')).toMatchObject({ isRead: true, flag: { flagStatus: 'flagged' } })
    expect(world.record('Invoice').fields).toMatchObject({ read: true, categories: ['Alpha', 'Blue'] })
    await atRest(world)
  })

  test('the same flag changed to different values on both sides is decided by the policy, and written down', async () => {
    const world = await started(['Offer'])
    await world.outlook.patch('Offer', { flag: { flagStatus: 'complete' } })
    await world.crm.edit('Offer', { flag: 'flagged' })
    await world.pass()
    expect(await world.outlook.find('Offer')).toMatchObject({ flag: { flagStatus: 'flagged' } })
    expect(world.store.dump().conflicts).toMatchObject([{ group: 'flag', mailboxValue: 'complete' }])
    await atRest(world)
  })

  test('a message moved in Outlook is moved in the CRM, without asking for it by itself', async () => {
    const world = await started()
    await world.outlook.move('Offer', 'Archive')
    const { requests } = await world.counting(() => world.pass())
    expect(world.record('Offer').container).toBe(world.folder('archive').container)
    expect(world.record('Offer').fields['folder']).toBe(world.folder('archive').id)
    expect(requests).toBe(world.store.dump().collections.filter((row) => row.selected).length)
    await atRest(world)
  })

  test('a message moved in the CRM is moved in Outlook, once', async () => {
    const world = await started()
    const before = world.appWrites()
    await world.crm.move('Offer', 'archive')
    await world.pass()
    expect((await world.outlook.messages('Archive')).map((one) => one['subject'])).toEqual(['Offer'])
    expect((await world.outlook.messages('Inbox')).map((one) => one['subject'])).toEqual(['Invoice'])
    const { requests } = await world.counting(() => world.pass())
    expect(requests).toBe(world.store.dump().collections.filter((row) => row.selected).length)
    expect(world.appWrites()).toBeGreaterThan(before)
    await atRest(world)
  })

  test('moved in the CRM and marked as read in the same breath', async () => {
    const world = await started()
    await world.crm.move('Offer', 'archive')
    await world.crm.edit('Offer', { read: true })
    await world.pass()
    expect(await world.outlook.messages('Archive')).toMatchObject([{ subject: 'Offer', isRead: true }])
    await atRest(world)
  })

  test('[pain 15] a message moved there and back between two passes is one message', async () => {
    const world = await started()
    const { id } = world.record('Offer')
    await world.outlook.move('Offer', 'Archive')
    await world.outlook.move('Offer', 'Inbox')
    await world.pass()
    expect(world.records().filter((row) => row.fields['subject'] === 'Offer')).toMatchObject([
      { id, container: world.folder('inbox').container },
    ])
    await world.outlook.move('Offer', 'Archive')
    await world.pass()
    await world.outlook.move('Offer', 'Inbox')
    await world.pass()
    expect(world.records()).toHaveLength(2)
    expect(world.record('Offer')).toMatchObject({ id, container: world.folder('inbox').container })
    await atRest(world)
  })

  test('[pain 15] a mailbox whose cursors all expired imports nothing twice', async () => {
    const world = await started()
    const before = world.records().map((row) => row.id)
    world.emulator.control.evictTokens()
    await world.outlook.move('Offer', 'Archive')
    await world.pass()
    expect(world.records().map((row) => row.id)).toEqual(before)
    expect(world.record('Offer').container).toBe(world.folder('archive').container)
    await atRest(world)
  })

  test('a message deleted in Outlook leaves the CRM, into quarantine', async () => {
    const world = await started()
    await world.outlook.remove('Offer')
    await world.pass()
    expect(world.records().map((row) => row.fields['subject'])).toEqual(['Invoice'])
    expect(world.store.dump().records.filter((row) => row.deletedAt !== null)).toHaveLength(1)
    await atRest(world)
  })

  test('a message deleted in the CRM goes to Deleted Items', async () => {
    const world = await started()
    await world.crm.remove('Offer')
    await world.pass()
    expect((await world.outlook.messages('Deleted Items')).map((one) => one['subject'])).toEqual(['Offer'])
    const { requests } = await world.counting(() => world.pass())
    // One more: with immutable ids, a message that was taken back meanwhile would be told as removed all the same.
    expect(requests).toBe(world.store.dump().collections.filter((row) => row.selected).length + 1)
    await atRest(world)
  })

  test('with Deleted Items in step, a deleted message is found there on both sides', async () => {
    const world = await mailWorld({ selectAll: true })
    for (const subject of ['Offer', 'Invoice']) await world.outlook.receive(subject)
    await world.pass()
    await world.outlook.remove('Offer')
    await world.crm.remove('Invoice')
    await world.pass()
    await world.pass()
    const bin = world.folder('deleteditems').container
    expect(world.record('Offer').container).toBe(bin)
    expect((await world.outlook.messages('Deleted Items')).map((one) => one['subject']).sort()).toEqual([
      'Invoice',
      'Offer',
    ])
    await atRest(world)
  })

  test('one direction only: what is changed on the target is told and not written', async () => {
    const world = await started()
    world.settings = { ...world.settings, direction: 'mailbox-to-crm' }
    const before = world.appWrites()
    await world.crm.edit('Offer', { read: true })
    await world.outlook.patch('Invoice', { isRead: true })
    await world.pass()
    expect(world.appWrites()).toBe(before)
    expect(world.record('Invoice').fields['read']).toBe(true)
    expect(world.store.dump().conflicts).toMatchObject([{ kind: 'drift', group: 'read' }])
  })

  test('[pain 24] every folder is found, on every page and at every depth, as Microsoft counts them', async () => {
    const world = await mailWorld()
    const small = await world.counting(() => world.engine.discover(MAILBOX, 'email'))
    // Who it is, and the tree: one journey each.
    expect(small.journeys).toBeLessThanOrEqual(2)
    let parent: string | undefined
    for (const name of ['A', 'B', 'C', 'D']) parent = await world.outlook.makeFolder(name, parent)
    for (let n = 0; n < 30; n++) await world.outlook.makeFolder(`Folder ${n}`)
    for (let n = 0; n < 12; n++) await world.outlook.makeFolder(`Child ${n}`, parent)
    await world.engine.discover(MAILBOX, 'email')
    const found = world.store.dump().collections
    const count = await world.emulator.control
      .as('anna.lindqvist@contoso.example')
      .get('/me/mailFolders/msgfolderroot')
    const top = (count.body as { childFolderCount: number }).childFolderCount
    expect(found).toHaveLength(top + 3 + 12)
    expect(found.map((row) => row.name)).toEqual(expect.arrayContaining(['A', 'B', 'C', 'D', 'Child 11']))
    expect(found.find((row) => row.isDefault)).toMatchObject({ wellKnown: 'inbox' })
    const deepest = found.find((row) => row.name === 'Child 11')
    expect(found.find((row) => row.externalId === deepest?.parentExternalId)?.name).toBe('D')
  })

  test('[pain 19] a sender on the blocklist is decided upon before anything is stored', async () => {
    const world = await mailWorld({
      settings: { admits: (item) => !JSON.stringify(item.fields['from']).includes('ben.okafor') },
    })
    await world.outlook.receive('Blocked')
    await world.pass()
    expect(world.store.dump().records).toEqual([])
    expect(JSON.stringify(world.store.dump())).not.toContain('Blocked')
  })
})

describe('how much is asked for', () => {
  test('the import of a mailbox asks one page for each thousand messages, and a quiet pass is one journey', async () => {
    const world = await mailWorld({ emulator: { seed: 'large:messages=3000' }, selectAll: true })
    await world.engine.discover(MAILBOX, 'email')
    const folders = world.store.dump().collections
    const asked = await world.counting(() => world.pass())
    const pages = folders.map(({ container }) =>
      Math.max(1, Math.ceil(world.records().filter((row) => row.container === container).length / 1000)),
    )
    expect(world.records()).toHaveLength(3000)
    expect(asked.requests).toBe(pages.reduce((sum, one) => sum + one, 0))
    const before = world.appWrites()
    const quiet = await world.counting(() => world.pass())
    expect(quiet).toEqual({ requests: folders.length, journeys: Math.ceil(folders.length / 20) })
    expect(world.appWrites()).toBe(before)
    await atRest(world)
  })

  test('one in a hundred changed on each side: as many writes as changes, and then none', async () => {
    const world = await mailWorld({ emulator: { seed: 'large:messages=2000' }, selectAll: true })
    await world.pass()
    const before = world.appWrites()
    const inbox = world.folder('inbox')
    const mine = world
      .records()
      .filter((row) => row.container === inbox.container && row.fields['read'] === true)
    for (const row of mine.slice(0, 20)) {
      const subject = String(row.fields['subject'])
      await world.store.transaction(null, (tx) =>
        tx.write({
          records: [
            {
              do: 'update',
              id: row.id,
              kind: 'message',
              container: row.container,
              fields: { ...row.fields, flag: 'flagged' },
              facts: row.facts,
              matchKeys: [],
              at: 1,
              by: subject,
            },
          ],
        }),
      )
    }
    const theirs = await world.outlook.messages('Sent Items')
    for (const one of theirs.slice(0, 20))
      await world.emulator.control
        .as('anna.lindqvist@contoso.example')
        .patch(`/me/messages/${String(one['id'])}`, { categories: ['Seen'] })
    const result = await world.pass()
    expect(result.counts).toMatchObject({ toCrm: 20, toMailbox: 20, conflicts: 0 })
    expect(world.appWrites() - before).toBe(20)
    await atRest(world)
  })

  test('many changes with lost answers, lost requests and refusals: both sides are equal in the end', async () => {
    const world = await mailWorld({ emulator: { seed: 'large:messages=600' }, selectAll: true })
    await world.pass()
    const mine = world.records().slice(0, 150)
    for (const row of mine)
      await world.store.transaction(null, (tx) =>
        tx.write({
          records: [
            {
              do: 'update',
              id: row.id,
              kind: 'message',
              container: row.container,
              fields: { ...row.fields, flag: 'flagged' },
              facts: row.facts,
              matchKeys: [],
              at: 1,
              by: 'anna',
            },
          ],
        }),
      )
    world.emulator.control.plan(
      [
        { kind: 'reply-lost', path: '/$batch', method: 'POST', probability: 0.2 },
        { kind: 'request-lost', path: '/$batch', method: 'POST', probability: 0.2 },
        {
          kind: 'refuse',
          path: '/messages',
          method: 'PATCH',
          status: 429,
          retryAfterSeconds: 400,
          probability: 0.02,
        },
      ],
      'many',
    )
    for (let n = 0; n < 12; n++) await world.pass()
    world.emulator.control.plan([])
    for (let n = 0; n < 3; n++) await world.pass()
    const flagged = await world.emulator.control
      .as('anna.lindqvist@contoso.example')
      .get(`/me/messages/$count?$filter=${encodeURIComponent("flag/flagStatus eq 'flagged'")}`)
    expect(world.records().filter((row) => row.fields['flag'] === 'flagged').length).toBe(
      Number(flagged.body),
    )
    for (const row of mine)
      expect(world.records().find((one) => one.id === row.id)?.fields['flag']).toBe('flagged')
    await atRest(world)
  })

  test('mail older than the chosen day is not imported, also where Microsoft stops counting at 5,000', async () => {
    const world = await mailWorld({
      emulator: { seed: 'large:messages=12000' },
      settings: { daysBack: 1200 },
      selectAll: true,
    })
    await world.pass()
    const from = Date.parse(`${world.folder('inbox').window?.from ?? ''}T00:00:00Z`)
    const inbox = await (async () => {
      const all: unknown[] = []
      let path: string | undefined = '/me/mailFolders/inbox/messages?$top=1000&$select=receivedDateTime'
      while (path !== undefined) {
        const { body } = await world.emulator.control.as('anna.lindqvist@contoso.example').get(path)
        const page = body as { value: unknown[]; '@odata.nextLink'?: string }
        all.push(...page.value)
        path = page['@odata.nextLink']?.replace(/^.*\/v1\.0/, '')
      }
      return all as { receivedDateTime: string }[]
    })()
    const expected = inbox.filter((one) => Date.parse(one.receivedDateTime) >= from).length
    expect(expected).toBeGreaterThan(5000)
    expect(inbox.length).toBeGreaterThan(expected)
    const container = world.folder('inbox').container
    expect(world.records().filter((row) => row.container === container)).toHaveLength(expected)
    await atRest(world)
  })
})
