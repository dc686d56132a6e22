import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { channelSettings, isChosenByDefault, chosenIds } from '../../src/app/channel-settings.ts'
import { mailAlerts } from '../../src/app/alert-mail.ts'
import { channelEnabled } from '../../src/core/settings-change.ts'
import { emailSettings } from '../../src/core/settings-email.ts'
import type { StoredByScope, StoredSettings } from '../../src/core/settings.ts'
import type { Database } from '../../src/store/database.ts'
import { testEngines } from '../support/databases.ts'
import { mailroomWorld, PETRA, SUPPORT, type MailroomWorld } from '../support/mailroom-world.ts'

/** Each setting of Email Configuration has an effect; here are those of the sync and of alarms. */
let database: Database
let world: MailroomWorld
beforeAll(async () => {
  const [engine] = await testEngines()
  if (engine === undefined) throw new Error('There is no database to test on.')
  database = await engine.open()
}, 60_000)
afterAll(() => database.close())
beforeEach(async () => {
  world = await mailroomWorld(database)
})

const apply = (stored: StoredByScope): void => {
  world.settings = channelSettings('email', stored, SUPPORT)
}
const subjects = async (): Promise<readonly string[]> =>
  (
    await database.query<{ subject: string }>(
      'select subject from records where deleted_at is null order by subject',
    )
  ).map((row) => row.subject)

describe('which mail is stored', () => {
  test('[emailSync.blocklist] mail from or to blocked addresses and domains never is; the organization adds nothing to the user’s own list', async () => {
    apply({ system: { 'emailSync.blocklist': ['spam.example', PETRA] } })
    world.receive(SUPPORT, { subject: 'From Petra' })
    world.receive(SUPPORT, { subject: 'From spam', from: 'x@mail.spam.example' })
    world.receive(SUPPORT, { subject: 'Copied to spam', from: 'y@good.example', cc: ['z@spam.example'] })
    world.receive(SUPPORT, { subject: 'Good', from: 'y@good.example' })
    await world.settle()
    expect(await subjects()).toEqual(['Good'])
  })

  test('[emailSync.internal] mail among ourselves only is stored when it is on', async () => {
    apply({ system: {} })
    const inside = { from: 'daniel@contoso.example', to: [SUPPORT] }
    world.receive(SUPPORT, { ...inside, subject: 'Among us' })
    world.receive(SUPPORT, { ...inside, subject: 'With a customer', cc: [PETRA] })
    await world.settle()
    expect(await subjects()).toEqual(['With a customer'])
    apply({ organization: { 'emailSync.internal': true } })
    world.receive(SUPPORT, { ...inside, subject: 'Among us later' })
    await world.settle()
    expect(await subjects()).toEqual(['Among us later', 'With a customer'])
  })

  test('[emailSync.firstSyncDays] how far back the first sync reaches', async () => {
    world.receive(SUPPORT, { subject: 'Old' })
    world.days(40)
    world.receive(SUPPORT, { subject: 'New' })
    apply({ user: { 'emailSync.firstSyncDays': 30 } })
    await world.settle()
    expect(await subjects()).toEqual(['New'])
  })

  test('[emailSync.folders] the chosen folders; by default the inbox and what was sent', () => {
    const ids = (user: StoredSettings) => chosenIds('email', { user })
    expect(ids({})).toBeNull()
    expect(
      ['inbox', 'sentitems', 'archive', null].map((name) => isChosenByDefault('email', false, name)),
    ).toEqual([true, true, false, false])
    expect(ids({ 'emailSync.folders': { mode: 'chosen', ids: ['a', 'b'], newItemsTo: null } })).toEqual(
      new Set(['a', 'b']),
    )
  })

  test('[emailSync.direction] towards Microsoft nothing is written when only Microsoft is followed', async () => {
    const markRead = async (): Promise<boolean> => {
      await database.query(
        `update records set fields = jsonb_set(fields, '{read}', 'true'), version = version + 1, changed_xid = pg_current_xact_id()`,
      )
      await world.settle()
      const box = world.graph.emulator.control.as(SUPPORT)
      const { value } = (await box.get('/me/mailFolders/inbox/messages?$select=isRead')).body as {
        value: { isRead: boolean }[]
      }
      return value[0]?.isRead ?? false
    }
    apply({ system: { 'emailSync.direction': 'mailbox-to-crm' } })
    world.receive(SUPPORT, { subject: 'Read me' })
    await world.settle()
    expect(await markRead()).toBe(false)
    world = await mailroomWorld(database)
    apply({ system: { 'emailSync.direction': 'both' } })
    world.receive(SUPPORT, { subject: 'Read me' })
    await world.settle()
    expect(await markRead()).toBe(true)
  })

  test('[email.enabled] [emailSync.enabled] the channel runs only where all of them are on', () => {
    const on = { 'integrations.email': true }
    expect(channelEnabled('email', { system: on })).toBe(true)
    expect(channelEnabled('email', { system: { ...on, 'email.enabled': false } })).toBe(false)
    expect(channelEnabled('email', { system: on, organization: { 'email.enabled': false } })).toBe(false)
    expect(channelEnabled('email', { system: on, user: { 'emailSync.enabled': false } })).toBe(false)
  })
})

describe('alarms by mail', () => {
  const raise = (id: string) =>
    database.query(
      `insert into alerts (id, organization, key, severity, title, detail, remedy, raised_at) values ($1, null, $1, 'error', $2, 'Nothing is lost.', 'Reconnect it.', $3)`,
      [id, `The mailbox ${id} needs a person.`, new Date(world.env.now())],
    )
  const sent = () => world.delivered(SUPPORT)

  test('[notifications.senderEmail] [notifications.recipients] from a connected mailbox to whom is named, once', async () => {
    const system: StoredSettings = {
      'notifications.senderEmail': SUPPORT,
      'notifications.recipients': ['boss@adatum.example'],
    }
    await raise('a')
    expect(await mailAlerts(database, world.env, { system })).toBe(1)
    expect(await mailAlerts(database, world.env, { system })).toBe(0)
    await world.settle()
    expect(sent()).toEqual([{ subject: 'The mailbox a needs a person.', to: ['boss@adatum.example'] }])
  })

  test('[notifications.recipients] empty: all administrators; without a sender nothing is mailed', async () => {
    await database.query(
      `insert into users (id, organization, email, name, role) values ('root', 'contoso', 'root@elsewhere.example', 'root', 'administrator')`,
    )
    await raise('b')
    expect(await mailAlerts(database, world.env, { system: {} })).toBe(0)
    expect(await mailAlerts(database, world.env, { system: { 'notifications.senderEmail': SUPPORT } })).toBe(
      1,
    )
    await world.settle()
    expect(sent()).toEqual([{ subject: 'The mailbox b needs a person.', to: ['root@elsewhere.example'] }])
  })

  test('[notifications.senderName] stands below the text', async () => {
    await raise('c')
    await mailAlerts(database, world.env, {
      system: {
        'notifications.senderEmail': SUPPORT,
        'notifications.senderName': 'Sync watch',
        'notifications.recipients': ['boss@adatum.example'],
      },
    })
    const [row] = await database.query<{ mail: { body: { content: string } } }>(
      'select mail from outgoing_mail',
    )
    expect(row?.mail.body.content).toMatch(/Nothing is lost\.[\s\S]*Reconnect it\.[\s\S]*Sync watch$/)
  })
})

test('every setting that this file answers for is named by a test here', () => {
  const own = readFileSync(join(import.meta.dirname, 'mail-settings.test.ts'), 'utf8')
  const elsewhere = /^(?:autocomplete|signature|threads|reply|attachments)\.|^email\.recentInUserBar$/
  for (const key of Object.keys(emailSettings).filter((one) => !elsewhere.test(one)))
    expect(own, key).toContain(`[${key}]`)
})
