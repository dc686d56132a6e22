import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decide, sortMail } from '../../src/crm/mailroom.ts'
import { undoConversion } from '../../src/crm/conversion.ts'
import type { Processing } from '../../src/crm/mailroom-rows.ts'
import type { Database } from '../../src/store/database.ts'
import { testEngines } from '../support/databases.ts'
import { mailroomWorld, PETRA, SALES, SUPPORT, type MailroomWorld } from '../support/mailroom-world.ts'

const CASES: Processing = {
  do: 'case',
  owner: 'anna',
  assignee: 'daniel',
  status: 'open',
  priority: 'high',
  tags: ['mail', 'support'],
}
const LEADS: Processing = { do: 'lead', owner: 'daniel', source: 'website' }

let database: Database
let world: MailroomWorld
beforeAll(async () => {
  const [engine] = await testEngines()
  if (engine === undefined) throw new Error('There is no database to test on.')
  database = await engine.open()
}, 60_000)
afterAll(() => database.close())

const count = async (table: 'leads' | 'cases'): Promise<number> =>
  (await database.query<{ n: number }>(`select count(*) as n from ${table} where deleted_at is null`))[0]
    ?.n ?? 0
const outcomes = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await world.log()).map((row) => [row.subject, `${row.outcome} ${row.code}`]))

/** A database whose transactions do their work and then die before the commit, so many times. */
const dying = (times: number): Database => {
  let left = times
  return Object.create(database, {
    transaction: {
      value: (work: Parameters<Database['transaction']>[0]) =>
        database.transaction(async (sql) => {
          const result = await work(sql)
          if (left-- > 0) throw new Error('The process ended.')
          return result
        }),
    },
  }) as Database
}

describe('convert to case', () => {
  beforeEach(async () => {
    world = await mailroomWorld(database)
    await world.settle()
    await world.system(SUPPORT, CASES)
  })

  test('the first message of a thread becomes a case with owner, assignee, status, priority, tags, contact and account', async () => {
    const account = await world.person('account', { name: 'Adatum' })
    const contact = await world.person('contact', { name: 'Petra', emails: [PETRA], account })
    const first = world.receive(SUPPORT, { subject: 'Printer broken', html: '<p>It <b>smokes</b>.</p>' })
    await world.settle()
    const [row] = await database.query(
      'select name, description, owner, assignee, status, priority, tags, source, contact, account from cases',
    )
    expect(row).toEqual({
      name: 'Printer broken',
      description: 'It smokes.',
      owner: 'anna',
      assignee: 'daniel',
      status: 'open',
      priority: 'high',
      tags: ['mail', 'support'],
      source: 'email',
      contact,
      account,
    })
    // From the first message only; the answers belong to the case all the same.
    world.receive(SUPPORT, { subject: 'RE: Printer broken', references: [first] })
    await world.settle()
    expect(await count('cases')).toBe(1)
    expect(await world.people('RE: Printer broken')).toContain('case Printer broken by thread')
    expect(await outcomes()).toEqual({
      'Printer broken': 'case first-of-thread',
      'RE: Printer broken': 'nothing thread-known',
    })
  })

  test('mail from before the mailbox was set up is left alone', async () => {
    world = await mailroomWorld(database)
    world.receive(SUPPORT, { subject: 'Old' })
    world.days(1)
    await world.system(SUPPORT, CASES)
    world.receive(SUPPORT, { subject: 'New' })
    await world.settle()
    expect(await outcomes()).toEqual({ New: 'case first-of-thread' })
  })

  test('[pain 21] nothing is made of automatic mail, and the reason is shown', async () => {
    const headers = (name: string, value: string) => ({ subject: name, headers: [{ name, value }] })
    world.receive(SUPPORT, headers('Auto-Submitted', 'auto-generated'))
    world.receive(SUPPORT, headers('List-Unsubscribe', '<https://x.example>'))
    world.receive(SUPPORT, headers('List-Id', 'x <y.example>'))
    world.receive(SUPPORT, headers('Precedence', 'bulk'))
    world.receive(SUPPORT, headers('X-Auto-Response-Suppress', 'All'))
    world.receive(SUPPORT, headers('Return-Path', '<>'))
    world.receive(SUPPORT, { subject: 'Robot', from: 'no-reply@adatum.example' })
    world.receive(SUPPORT, { subject: 'Ours', from: 'daniel@contoso.example', to: [SUPPORT, 'x@y.example'] })
    await world.settle()
    expect(await count('cases')).toBe(0)
    expect(await outcomes()).toEqual({
      'Auto-Submitted': 'nothing auto-submitted',
      'List-Unsubscribe': 'nothing list-unsubscribe',
      'List-Id': 'nothing list-id',
      Precedence: 'nothing precedence',
      'X-Auto-Response-Suppress': 'nothing x-auto-response-suppress',
      'Return-Path': 'nothing null-sender',
      Robot: 'nothing no-reply',
      Ours: 'nothing own-address',
    })
    for (const row of await world.log()) expect(row.reason).toMatch(/^\S.*\.$/)
  })

  test('[pain 21] what is in doubt waits for a person: a case, nothing, or never from this sender again', async () => {
    world.receive(SUPPORT, { subject: 'Blind copy', to: ['list@adatum.example'] })
    world.receive(SUPPORT, { subject: 'Out of office: away', from: 'y@z.example' })
    world.receive(SUPPORT, { subject: 'Answer to nothing', references: ['<lost@x>'], from: 'v@z.example' })
    await world.settle()
    expect(await count('cases')).toBe(0)
    const queue = await database.query<{ record: string; subject: string; reason: string }>(
      'select q.record, r.subject, q.reason from review_queue q join records r on r.id = q.record order by r.subject',
    )
    expect(queue.map((row) => row.subject)).toEqual([
      'Answer to nothing',
      'Blind copy',
      'Out of office: away',
    ])
    for (const row of queue) expect(row.reason).toMatch(/\.$/)
    const answer = (subject: string, decision: Parameters<typeof decide>[3]) =>
      database.transaction((sql) =>
        decide(
          sql,
          world.env,
          queue.find((row) => row.subject === subject)?.record ?? '',
          decision,
          'daniel',
        ),
      )
    expect(await answer('Blind copy', 'case')).toMatchObject({ ok: true, made: { kind: 'case' } })
    expect(await answer('Blind copy', 'case')).toEqual({ ok: false, why: 'decided' })
    expect(await answer('Out of office: away', 'never')).toEqual({ ok: true, made: null })
    expect(await answer('Answer to nothing', 'nothing')).toEqual({ ok: true, made: null })
    world.receive(SUPPORT, { subject: 'Me again', from: 'y@z.example' })
    world.receive(SUPPORT, { subject: 'Somebody else', from: 'v@z.example' })
    await world.settle()
    expect(await outcomes()).toMatchObject({
      'Me again': 'nothing blocked',
      'Somebody else': 'case first-of-thread',
    })
    expect(await count('cases')).toBe(2)
  })

  test('[M7] exactly once, whatever ends the process in between', async () => {
    for (let n = 0; n < 4; n++) world.receive(SUPPORT, { subject: `Broken ${n}`, from: `p${n}@x.example` })
    await world.engine.syncChannel(world.mailbox(SUPPORT), 'email')
    await world.link()
    // Each of the first three transactions does all its work and dies before the commit.
    await sortMail(dying(3), world.env).catch(() => null)
    await sortMail(dying(2), world.env).catch(() => null)
    world.days(1)
    await world.settle()
    expect(await count('cases')).toBe(4)
    const [marks] = await database.query(
      `select count(*) as log, count(distinct person) as made from mailroom_log where outcome = 'case'`,
    )
    expect(marks).toEqual({ log: 4, made: 4 })
    const [edits] = await database.query(`select count(*) as n from edits where noun = 'case'`)
    expect(edits).toEqual({ n: 4 })
  })

  test('two workers at once make one case for each thread', async () => {
    const first = world.receive(SUPPORT, { subject: 'Twice' })
    world.receive(SUPPORT, { subject: 'RE: Twice', references: [first] })
    await world.engine.syncChannel(world.mailbox(SUPPORT), 'email')
    await world.link()
    await Promise.all([sortMail(database, world.env), sortMail(database, world.env)])
    expect(await count('cases')).toBe(1)
  })

  test('a resync and a replay of everything make nothing again', async () => {
    world.receive(SUPPORT, { subject: 'Once' })
    world.receive(SUPPORT, { subject: 'Doubt', to: ['x@y.example'] })
    await world.settle()
    const before = await world.log()
    // All records are made anew, as after a lost delta token and a data folder without links.
    await database.script(
      `delete from links; delete from records; delete from message_bodies; update collections set cursor = null, enumerating = false; update linking_state set cursor = '0.'`,
    )
    await world.engine.resync(world.mailbox(SUPPORT), 'email')
    await world.settle()
    expect((await database.query(`select 1 from records where subject = 'Once'`)).length).toBe(1)
    expect(await count('cases')).toBe(1)
    expect(await world.log()).toEqual(before)
  })

  test('taken back: the case goes, the thread stays decided; not when somebody worked on it', async () => {
    const first = world.receive(SUPPORT, { subject: 'Mistake' })
    world.receive(SUPPORT, { subject: 'Worked on' })
    await world.settle()
    const [mistake, worked] = await database.query<{ id: string; person: string }>(
      `select id, person from mailroom_log where outcome = 'case' order by at, id`,
    )
    await world.change('case', worked?.person ?? '', { status: 'in-progress' })
    const undo = (id: string | undefined) =>
      database.transaction((sql) => undoConversion(sql, world.env, id ?? '', 'anna'))
    expect(await undo(mistake?.id)).toEqual({ ok: true })
    expect(await undo(mistake?.id)).toEqual({ ok: false, why: 'undone' })
    expect(await undo(worked?.id)).toEqual({ ok: false, why: 'worked-on' })
    world.receive(SUPPORT, { subject: 'RE: Mistake', references: [first] })
    await world.settle()
    expect(await count('cases')).toBe(1)
    expect(await world.people('RE: Mistake')).toEqual([])
  })

  test('what breaks is tried again, then shown to a person; the others go on', async () => {
    await world.system(SUPPORT, { ...CASES, status: 'no-such-status' })
    world.receive(SUPPORT, { subject: 'Cannot be made' })
    for (let n = 0; n < 6; n++) {
      await world.settle()
      world.days(1)
    }
    expect(await world.log()).toMatchObject([{ outcome: 'review', code: 'broke' }])
    await world.system(SUPPORT, CASES)
    world.receive(SUPPORT, { subject: 'Fine', from: 'other@x.example' })
    await world.settle()
    expect(await outcomes()).toMatchObject({ Fine: 'case first-of-thread' })
  })
})

describe('convert to lead', () => {
  beforeEach(async () => {
    world = await mailroomWorld(database, [SALES])
    await world.settle()
    await world.system(SALES, LEADS)
  })

  test('with owner, source, the name of its sender and the text; a second one of the same person is a question', async () => {
    world.receive(SALES, {
      subject: 'An offer, please',
      text: 'Sixty licences.',
      from: 'rosa.diaz@wingtip.example',
      fromName: 'Díaz, Rosa',
    })
    await world.settle()
    const [lead] = await database.query(
      'select name, first_name, last_name, emails, owner, source, status, notes from leads',
    )
    expect(lead).toEqual({
      name: 'An offer, please',
      first_name: 'Rosa',
      last_name: 'Díaz',
      emails: ['rosa.diaz@wingtip.example'],
      owner: 'daniel',
      source: 'website',
      status: 'new',
      notes: 'Sixty licences.',
    })
    world.receive(SALES, { subject: 'Another thing', from: 'rosa.diaz@wingtip.example' })
    await world.settle()
    expect(await outcomes()).toEqual({
      'An offer, please': 'lead first-of-thread',
      'Another thing': 'review open-lead',
    })
    expect(await count('leads')).toBe(1)
  })
})

describe('automatic answers', () => {
  beforeEach(async () => {
    world = await mailroomWorld(database, [SUPPORT, SALES])
    await world.settle()
    await world.system(SUPPORT, { do: 'nothing' })
  })

  test('leave from the address of the mailbox, in the thread, and say that they are automatic', async () => {
    await world.rule(SUPPORT)
    world.receive(SUPPORT, { subject: 'Help' })
    await world.settle()
    expect(world.delivered(SUPPORT)).toEqual([{ subject: 'We have your message', to: [PETRA] }])
    const box = world.graph.emulator.control.as(SUPPORT)
    const sent = (
      await box.get(
        '/me/mailFolders/sentitems/messages?$select=internetMessageHeaders,conversationId,from,body',
      )
    ).body as {
      value: {
        internetMessageHeaders: { name: string; value: string }[]
        conversationId: string
        from: { emailAddress: { address: string } }
        body: { content: string }
      }[]
    }
    const [answer] = sent.value
    expect(answer?.from.emailAddress.address).toBe(SUPPORT)
    expect(answer?.body.content).toContain('Dear Petra Haas')
    expect(answer?.internetMessageHeaders).toContainEqual({ name: 'Auto-Submitted', value: 'auto-replied' })
    expect(answer?.internetMessageHeaders).toContainEqual({ name: 'X-Auto-Response-Suppress', value: 'All' })
    const inbox = (await box.get('/me/mailFolders/inbox/messages?$select=conversationId')).body as {
      value: { conversationId: string }[]
    }
    expect(answer?.conversationId).toBe(inbox.value[0]?.conversationId)
  })

  test('[M8] one for each sender and day and mailbox', async () => {
    await world.rule(SUPPORT)
    world.receive(SUPPORT, { subject: 'One' })
    world.receive(SUPPORT, { subject: 'Two' })
    world.receive(SUPPORT, { subject: 'Three', from: 'PETRA@Adatum.example' })
    world.receive(SUPPORT, { subject: 'Somebody else', from: 'x@y.example' })
    await world.settle()
    expect(
      world
        .delivered(SUPPORT)
        .map((mail) => mail.to[0])
        .sort(),
    ).toEqual([PETRA, 'x@y.example'])
    expect((await world.log()).find((row) => row.subject === 'Two')).toMatchObject({
      response: 'none',
      response_reason: expect.stringMatching(/had an automatic answer today/),
    })
    world.days(1)
    world.receive(SUPPORT, { subject: 'Tomorrow' })
    await world.settle()
    expect(world.delivered(SUPPORT)).toHaveLength(3)
  })

  test('never to automatic mail, lists, no-reply or ourselves', async () => {
    await world.rule(SUPPORT)
    world.receive(SUPPORT, { subject: 'a', headers: [{ name: 'Auto-Submitted', value: 'auto-replied' }] })
    world.receive(SUPPORT, {
      subject: 'b',
      headers: [{ name: 'List-Id', value: '<x>' }],
      from: 'b@x.example',
    })
    world.receive(SUPPORT, { subject: 'c', from: 'noreply@x.example' })
    world.receive(SUPPORT, {
      subject: 'd',
      headers: [{ name: 'X-Auto-Response-Suppress', value: 'OOF' }],
      from: 'd@x.example',
    })
    world.receive(SUPPORT, { subject: 'e', from: 'anna@contoso.example' })
    world.receive(SUPPORT, { subject: 'Automatic reply: f', from: 'f@x.example' })
    world.receive(SUPPORT, { subject: 'g', to: ['somebody@x.example'], from: 'g@x.example' })
    await world.settle()
    expect(world.delivered(SUPPORT)).toEqual([])
    for (const row of await world.log()) expect(row.response, row.subject).toBe('none')
  })

  test('only when its conditions fit, in the language that the sender reads', async () => {
    await world.rule(SUPPORT, {
      conditions: {
        match: 'all',
        items: [
          { field: 'subject', operator: 'contains', value: 'invoice' },
          {
            match: 'any',
            items: [
              { field: 'from', operator: 'ends-with', value: '@adatum.example' },
              { field: 'body', operator: 'contains', value: 'urgent' },
            ],
          },
        ],
      },
      texts: {
        en: { subject: 'Invoice', body: 'Thanks', type: 'text' },
        de: { subject: 'Rechnung', body: '<p>Danke, {{sender.name}}</p>', type: 'html' },
      },
    })
    world.receive(SUPPORT, { subject: 'Hello' })
    world.receive(SUPPORT, { subject: 'Invoice 1', from: 'x@y.example' })
    world.receive(SUPPORT, {
      subject: 'Invoice 2',
      headers: [{ name: 'Accept-Language', value: 'de-DE, en;q=0.5' }],
    })
    await world.settle()
    expect(world.delivered(SUPPORT)).toEqual([{ subject: 'Rechnung', to: [PETRA] }])
  })

  test('a crash after the decision and a replay send it once', async () => {
    await world.rule(SUPPORT)
    world.receive(SUPPORT, { subject: 'Help' })
    await world.engine.syncChannel(world.mailbox(SUPPORT), 'email')
    await world.link()
    await sortMail(dying(1), world.env).catch(() => null)
    expect(await database.query('select 1 from outgoing_mail')).toEqual([])
    world.graph.emulator.control.plan([{ kind: 'reply-lost', method: 'POST', path: '/send', count: 1 }])
    world.days(0.01)
    for (let n = 0; n < 5; n++) await world.settle()
    expect(world.delivered(SUPPORT)).toHaveLength(1)
  })

  test('two auto-responders of two companies that face each other stop with the first answer', async () => {
    await world.system(SALES, { do: 'nothing' })
    await world.rule(SUPPORT)
    await world.rule(SALES)
    await database.query(`update mailboxes set organization = 'fabrikam' where address = $1`, [SALES])
    world.receive(SUPPORT, { subject: 'Hello', from: SALES })
    for (let day = 0; day < 3; day++) {
      await world.settle()
      world.days(1)
    }
    expect(world.delivered(SUPPORT)).toEqual([{ subject: 'We have your message', to: [SALES] }])
    expect(world.delivered(SALES)).toEqual([])
    expect((await world.log()).find((row) => row.subject === 'We have your message')).toMatchObject({
      response: 'none',
      response_reason: expect.stringMatching(/Auto-Submitted: auto-replied/),
    })
  })

  test('two mailboxes of ours never answer each other at all', async () => {
    await world.system(SALES, { do: 'nothing' })
    await world.rule(SUPPORT)
    await world.rule(SALES)
    world.receive(SUPPORT, { subject: 'From sales', from: SALES })
    world.receive(SALES, { subject: 'From support', from: SUPPORT })
    await world.settle()
    expect([...world.delivered(SUPPORT), ...world.delivered(SALES)]).toEqual([])
  })

  test('a foreign auto-responder without any sign of being one gets one answer a day, not a flood', async () => {
    await world.rule(SUPPORT)
    world.receive(SUPPORT, { subject: 'Hello', from: 'bot@loop.example' })
    let answered = 0
    for (let n = 0; n < 12; n++) {
      await world.settle()
      const sent = world.delivered(SUPPORT).length
      // It answers whatever it gets, at once, with nothing that says so.
      if (sent > answered) {
        answered = sent
        world.receive(SUPPORT, { subject: 'RE: We have your message', from: 'bot@loop.example' })
      }
    }
    expect(world.delivered(SUPPORT)).toHaveLength(1)
  })
})
