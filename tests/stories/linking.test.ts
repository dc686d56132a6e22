import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { linkingLag, linkNext } from '../../src/crm/linking.ts'
import { addLink, linksOfItem, removeLink } from '../../src/crm/links-by-hand.ts'
import type { Database } from '../../src/store/database.ts'
import { testEngines } from '../support/databases.ts'
import { mailroomWorld, ORGANIZATION, PETRA, SUPPORT, type MailroomWorld } from '../support/mailroom-world.ts'

const ANNA = 'anna.lindqvist@contoso.example'

let database: Database
let world: MailroomWorld
beforeAll(async () => {
  const [engine] = await testEngines()
  if (engine === undefined) throw new Error('There is no database to test on.')
  database = await engine.open()
}, 60_000)
afterAll(() => database.close())
beforeEach(async () => {
  world = await mailroomWorld(database, [SUPPORT, ANNA])
})

const recordOf = async (subject: string): Promise<string> => {
  const [row] = await database.query<{ id: string }>('select id from records where subject = $1', [subject])
  if (row === undefined) throw new Error(`There is no "${subject}".`)
  return row.id
}

describe('a message appears on the records it belongs to', () => {
  test('by address: the contact, and the account that the contact works for', async () => {
    const account = await world.person('account', { name: 'Adatum' })
    await world.person('contact', { name: 'Petra', emails: [PETRA], account })
    world.receive(ANNA, { subject: 'Hello' })
    await world.settle()
    expect(await world.people('Hello')).toEqual(['account Adatum by address', 'contact Petra by address'])
  })

  test('by domain: the account, also for a domain below; never for a public mail provider', async () => {
    await world.person('account', { name: 'Adatum', domains: ['adatum.example'] })
    await world.person('account', { name: 'Everybody', domains: ['gmail.com'] })
    world.receive(ANNA, { subject: 'From their branch', from: 'x@eu.adatum.example' })
    world.receive(ANNA, { subject: 'From anybody', from: 'x@gmail.com' })
    await world.settle()
    expect(await world.people('From their branch')).toEqual(['account Adatum by domain'])
    expect(await world.people('From anybody')).toEqual([])
  })

  test('by thread: an answer from an unknown address belongs where its thread does', async () => {
    const id = await world.person('case', { name: 'The case' })
    const first = world.receive(ANNA, { subject: 'Broken', from: 'x@unknown.example' })
    await world.settle()
    const record = await recordOf('Broken')
    await database.transaction((sql) => addLink(sql, world.by, record, 'case', id))
    world.receive(ANNA, { subject: 'RE: Broken', from: 'y@unknown.example', references: [first] })
    await world.settle()
    expect(await world.people('Broken')).toEqual(['case The case by hand'])
    expect(await world.people('RE: Broken')).toEqual(['case The case by thread'])
  })

  test('the thread is the same in two mailboxes: what is linked in one is linked in the other', async () => {
    const id = await world.person('case', { name: 'The case' })
    const first = world.receive(ANNA, { subject: 'Broken', from: 'x@unknown.example' })
    await world.settle()
    const record = await recordOf('Broken')
    await database.transaction((sql) => addLink(sql, world.by, record, 'case', id))
    world.receive(SUPPORT, {
      subject: 'RE: Broken elsewhere',
      from: 'x@unknown.example',
      references: [first],
    })
    await world.settle()
    expect(await world.people('RE: Broken elsewhere')).toEqual(['case The case by thread'])
  })

  test('taken out by hand, it does not come back by itself: not with the next message, nor a change, nor a look back', async () => {
    const petra = await world.person('contact', { name: 'Petra', emails: [PETRA] })
    const first = world.receive(ANNA, { subject: 'Private matter' })
    world.receive(ANNA, { subject: 'RE: Private matter', references: [first] })
    await world.settle()
    const record = await recordOf('Private matter')
    await database.transaction((sql) => removeLink(sql, world.by, record, 'contact', petra))
    expect(await world.people('RE: Private matter')).toEqual(['contact Petra by address removed'])
    world.receive(ANNA, { subject: 'RE: RE: Private matter', references: [first] })
    await world.settle()
    await world.change('contact', petra, { emails: [PETRA, 'petra@home.example'] })
    await database.query(`update linking_state set cursor = '0.'`)
    await world.settle()
    expect(await world.people('Private matter')).toEqual(['contact Petra by address removed'])
    expect(await world.people('RE: RE: Private matter')).toEqual([])
    expect(await database.transaction((sql) => linksOfItem(sql, ORGANIZATION, record))).toEqual([])
    // And put back by hand, it is there again for the whole thread.
    await database.transaction((sql) => addLink(sql, world.by, record, 'contact', petra))
    expect(await world.people('RE: RE: Private matter')).toEqual(['contact Petra by address'])
  })

  test('an address that becomes known later finds the mail that came before', async () => {
    world.receive(ANNA, { subject: 'Long ago' })
    world.receive(ANNA, { subject: 'Somebody else', from: 'x@other.example' })
    await world.settle()
    expect(await world.people('Long ago')).toEqual([])
    const petra = await world.person('contact', { name: 'Petra', emails: ['p@new.example'] })
    await world.change('contact', petra, { emails: ['p@new.example', PETRA] })
    expect((await linkingLag(database)).looksBack).toBe(true)
    await world.link()
    expect(await world.people('Long ago')).toEqual(['contact Petra by address'])
    expect(await world.people('Somebody else')).toEqual([])
    await world.person('account', { name: 'Other', domains: ['other.example'] })
    await world.link()
    expect(await world.people('Somebody else')).toEqual(['account Other by domain'])
    expect(await linkingLag(database)).toMatchObject({ behind: 0, looksBack: false })
  })

  test('[M3] [pain 19] only a known party from outside makes it public; a colleague or a link by hand does not', async () => {
    const petra = await world.person('contact', { name: 'Petra', emails: [PETRA] })
    await world.person('contact', { name: 'Ben', emails: ['ben@contoso.example'] })
    world.receive(ANNA, { subject: 'With a customer' })
    world.receive(ANNA, { subject: 'Among us', from: 'ben@contoso.example', to: [ANNA] })
    world.receive(ANNA, { subject: 'A stranger', from: 'x@unknown.example' })
    await world.settle()
    const stranger = await recordOf('A stranger')
    await database.transaction((sql) => addLink(sql, world.by, stranger, 'contact', petra))
    const open = await database.query<{ subject: string }>(
      `select distinct r.subject from record_people p join records r on r.id = p.record where p.outside order by 1`,
    )
    expect(open.map((row) => row.subject)).toEqual(['With a customer'])
  })

  test('[M4] a page is a handful of statements; how far linking is behind is seen, and the cursor moves with its links', async () => {
    await world.person('contact', { name: 'Petra', emails: [PETRA] })
    await database.query(
      `insert into containers (id, kind, organization, owner, name) values ('k', 'mail-folder', $1, 'anna', 'k')`,
      [ORGANIZATION],
    )
    await database.query(
      `insert into records (id, kind, container, owner, fields, facts, match_keys, version, created_at, modified_at, modified_by, subject, happens_at)
        select 'bulk-' || lpad(n::text, 6, '0'), 'message', 'k', 'anna',
          jsonb_build_object('from', jsonb_build_object('email', case when n % 10 = 0 then $1 else 'p' || n || '@x' || n % 300 || '.example' end, 'name', ''),
            'to', jsonb_build_array(jsonb_build_object('email', $2::text, 'name', ''))),
          json_build_object('internetMessageId', '<' || n || '@x>', 'conversationId', 'c' || n / 3), '{}', 1, now(), now(), 'x', 'bulk', now()
        from generate_series(1, 3000) n`,
      [PETRA, ANNA],
    )
    expect((await linkingLag(database)).behind).toBe(3000)
    let statements = 0
    const counting: Database = Object.create(database, {
      transaction: {
        value: (work: Parameters<Database['transaction']>[0]) =>
          database.transaction((sql) =>
            work({
              ...sql,
              query: (text, values) => {
                statements++
                return sql.query(text, values)
              },
              select: (one) => sql.select(one),
              script: (text) => sql.script(text),
            }),
          ),
      },
    }) as Database
    expect(await linkNext(counting, world.env.now(), 1000)).toEqual({ looked: 1000, more: true })
    expect(statements).toBeLessThanOrEqual(10)
    expect((await linkingLag(database)).behind).toBe(2000)
    await world.link()
    const [row] = await database.query<{ n: number }>(
      `select count(*) as n from record_people where record like 'bulk-%'`,
    )
    expect(row?.n).toBe(300)
  })

  test('a crash before the commit loses nothing: the page is looked at again', async () => {
    await world.person('contact', { name: 'Petra', emails: [PETRA] })
    world.receive(ANNA, { subject: 'Hello' })
    await world.engine.syncChannel(world.mailbox(ANNA), 'email')
    const dying: Database = Object.create(database, {
      transaction: {
        value: (work: Parameters<Database['transaction']>[0]) =>
          database.transaction(async (sql) => {
            await work(sql)
            throw new Error('The process ended.')
          }),
      },
    }) as Database
    await expect(linkNext(dying, world.env.now())).rejects.toThrow('ended')
    expect(await world.people('Hello')).toEqual([])
    await world.link()
    expect(await world.people('Hello')).toEqual(['contact Petra by address'])
  })
})
