/** Mailboxes of a company, the real store, connector and engine, and the mailroom behind them. */
import {
  asId,
  type CollectionId,
  type MailboxId,
  type OrganizationId,
  type UserId,
} from '../../src/core/ids.ts'
import { createGraphConnector } from '../../src/connectors/graph/graph.ts'
import { resolveEndpoints } from '../../src/connectors/graph/environment.ts'
import type { Connector } from '../../src/connectors/connector.ts'
import { linkNext, linkOlder } from '../../src/crm/linking.ts'
import { sortMail } from '../../src/crm/mailroom.ts'
import type { Processing } from '../../src/crm/mailroom-rows.ts'
import { addPerson, changePerson } from '../../src/crm/people.ts'
import type { RecordKind } from '../../src/crm/record-kinds.ts'
import type { Group, TemplateTexts } from '../../src/core/response-rules.ts'
import { addPerson as addMailboxAtMicrosoft } from '../../src/emulator/demo.ts'
import type { OutsideMail } from '../../src/emulator/outside-mail.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { ChannelSettings } from '../../src/engine/pass.ts'
import type { Database } from '../../src/store/database.ts'
import { newChannel } from '../../src/store/memory-store.ts'
import { createOutgoingStore } from '../../src/store/outgoing.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { SyncStore } from '../../src/store/sync-store.ts'
import { emptyTables } from './databases.ts'
import { appTokens, graphWorld, type GraphWorld } from './graph-world.ts'
import { MAIL_SETTINGS } from './mail-world.ts'

export const ORGANIZATION = 'contoso'
export const SUPPORT = 'support@contoso.example'
export const SALES = 'sales@contoso.example'
export const PETRA = 'petra@adatum.example'
const DAY_MS = 86_400_000

export interface MailroomWorld {
  readonly database: Database
  readonly store: SyncStore
  readonly engine: Engine
  readonly graph: GraphWorld
  readonly env: { readonly now: () => number; readonly newId: () => string }
  readonly by: {
    readonly user: string
    readonly organization: string
    readonly cause: string
    readonly at: number
    readonly newId: () => string
  }
  /** Changes what the settings say of a channel, for all mailboxes. */
  settings: Partial<ChannelSettings>
  mailbox(address: string): MailboxId
  /** Somebody outside writes; a minute passes. @returns the internet message id */
  receive(address: string, mail: Partial<OutsideMail>): string
  /** One pass over each mailbox, then linking, mailroom and sending until nothing is left. */
  settle(): Promise<void>
  link(): Promise<void>
  system(address: string, processing: Processing): Promise<void>
  rule(address: string, more?: { conditions?: Group; texts?: TemplateTexts; name?: string }): Promise<void>
  person(kind: RecordKind, fields: { readonly [name: string]: unknown }): Promise<string>
  change(kind: RecordKind, id: string, fields: { readonly [name: string]: unknown }): Promise<void>
  people(subject: string): Promise<readonly string[]>
  log(): Promise<
    readonly {
      subject: string
      outcome: string
      code: string
      reason: string
      response: string | null
      response_reason: string | null
    }[]
  >
  delivered(from: string): readonly { subject: string; to: readonly string[] }[]
  days(n: number): void
}

export async function mailroomWorld(database: Database, addresses = [SUPPORT]): Promise<MailroomWorld> {
  await emptyTables(database)
  await database.query(`insert into linking_state (cursor) values ('0.') on conflict do nothing`)
  const graph = await graphWorld()
  const { emulator, transport } = graph
  const [tenant] = [...emulator.control.store.data.tenants.values()]
  if (tenant === undefined) throw new Error('There is no tenant.')
  let ids = 0
  const env = { now: graph.env.now, newId: () => `id-${String(++ids).padStart(8, '0')}`, random: () => 0.5 }
  const store = createSqlStore(database)
  const mailboxes = new Map<string, MailboxId>()
  const connectors = new Map<string, Connector>()
  await database.query('insert into organizations (id, name) values ($1, $2)', [ORGANIZATION, 'Contoso'])
  for (const id of ['anna', 'daniel'])
    await database.query(
      `insert into users (id, organization, email, name, role) values ($1, $2, $3, $1, 'user')`,
      [id, ORGANIZATION, `${id}@contoso.example`],
    )
  const endpoints = resolveEndpoints('global', { graph: emulator.info.graph, login: emulator.info.login })
  for (const address of addresses) {
    const name = address.split('@')[0] ?? ''
    const known = emulator.control.store.mailboxOf(address)
    const { person } =
      known ?? addMailboxAtMicrosoft(emulator.control.store, tenant, { address: name, displayName: name })
    const id = asId<MailboxId>(`mailbox-${name}`)
    mailboxes.set(address, id)
    connectors.set(
      id,
      createGraphConnector({
        mailbox: { objectId: person.id },
        tokens: appTokens(emulator, transport),
        endpoints,
        transport,
        env: graph.env,
      }),
    )
    await store.transaction(null, (tx) =>
      tx.write({
        mailboxes: [
          {
            id,
            organization: asId<OrganizationId>(ORGANIZATION),
            user: name.startsWith('anna') ? asId<UserId>('anna') : null,
            kind: name.startsWith('anna') ? 'user' : 'shared',
            address,
            displayName: name,
            tenantId: emulator.info.tenantId,
            objectId: person.id,
            zone: 'Europe/Berlin',
            state: 'connected',
            trouble: null,
            clockOffsetMs: 0,
          },
        ],
        channels: [{ ...newChannel(id, 'email'), enabled: true }],
      }),
    )
  }
  let settings: Partial<ChannelSettings> = {}
  const engine = createEngine({
    store,
    env: { ...env, sleep: (ms) => graph.env.sleep(ms) },
    connectorFor: async ({ id }) => {
      const connector = connectors.get(id)
      if (connector === undefined) throw new Error(`No connector for ${id}.`)
      return connector
    },
    settingsFor: async () => ({ ...MAIL_SETTINGS, ...settings }),
    pairingFor: () => (remote, id: CollectionId) => ({
      container: id,
      selected: remote.wellKnown === 'inbox' || remote.wellKnown === 'sentitems',
    }),
    outgoing: createOutgoingStore(database),
  })
  const by = () => ({
    user: 'anna',
    organization: ORGANIZATION,
    cause: 'test',
    at: env.now(),
    newId: env.newId,
  })
  const link = async (): Promise<void> => {
    while ((await linkNext(database, env.now())).more);
    while ((await linkOlder(database, env.now())).more);
  }
  const mailbox = (address: string): MailboxId => {
    const id = mailboxes.get(address)
    if (id === undefined) throw new Error(`There is no mailbox ${address}.`)
    return id
  }
  return {
    database,
    store,
    engine,
    graph,
    env,
    get by() {
      return by()
    },
    get settings() {
      return settings
    },
    set settings(changed) {
      settings = changed
    },
    mailbox,
    receive: (address, mail) => {
      graph.env.time += 60_000
      return emulator.control.receive(address, {
        from: PETRA,
        fromName: 'Petra Haas',
        subject: 'Question',
        ...mail,
      })
    },
    link,
    settle: async () => {
      for (let round = 0; round < 3; round++) {
        for (const id of mailboxes.values()) {
          graph.env.time += 60_000
          const result = await engine.syncChannel(id, 'email')
          if (result.outcome !== 'done') throw new Error(`${result.outcome}: ${result.message}`)
        }
        await link()
        while ((await sortMail(database, env)) > 0);
        for (const id of mailboxes.values()) await engine.sendMail(id)
      }
    },
    system: async (address, processing) => {
      await database.query(
        `insert into system_mailboxes (mailbox, label, processing, updated_at, updated_by, organization, since)
          values ($1, $2, $3, $4, 'anna', $5, $4)
          on conflict (mailbox) do update set processing = excluded.processing`,
        [mailbox(address), 'Support', JSON.stringify(processing), new Date(env.now()), ORGANIZATION],
      )
    },
    rule: async (address, more = {}) => {
      const id = env.newId()
      const texts = more.texts ?? {
        en: { subject: 'We have your message', body: 'Dear {{sender.name}}', type: 'text' },
      }
      await database.query(
        `insert into mail_templates (id, organization, name, texts, updated_at, updated_by) values ($1, $2, 't', $3, $4, 'anna')`,
        [`t-${id}`, ORGANIZATION, JSON.stringify(texts), new Date(env.now())],
      )
      await database.query(
        `insert into response_rules (id, mailbox, position, name, active, conditions, template, updated_at, updated_by, since)
          values ($1, $2, 0, $3, true, $4, $5, $6, 'anna', $6)`,
        [
          id,
          mailbox(address),
          more.name ?? 'Thanks',
          JSON.stringify(more.conditions ?? { match: 'all', items: [] }),
          `t-${id}`,
          new Date(env.now()),
        ],
      )
    },
    person: async (kind, fields) => {
      const made = await database.transaction((sql) => addPerson(sql, kind, fields, 'anna', by()))
      if (!made.ok) throw new Error(JSON.stringify(made))
      return made.id
    },
    change: async (kind, id, fields) => {
      const [row] = await database.query<{ version: number }>(`select version from ${kind}s where id = $1`, [
        id,
      ])
      const changed = await database.transaction((sql) =>
        changePerson(sql, kind, id, row?.version ?? 0, fields, undefined, by()),
      )
      if (!changed.ok) throw new Error(JSON.stringify(changed))
    },
    people: async (subject) => {
      const rows = await database.query<{ text: string }>(
        `select p.person_kind || ' ' || coalesce(c.name, a.name, l.name, s.name) || ' by ' || p.how
            || case when p.state = 'removed' then ' removed' else '' end as text
          from record_people p join records r on r.id = p.record
            left join contacts c on c.id = p.person left join accounts a on a.id = p.person
            left join leads l on l.id = p.person left join cases s on s.id = p.person
          where r.subject = $1 order by 1`,
        [subject],
      )
      return rows.map((row) => row.text)
    },
    log: () =>
      database.query(
        'select subject, outcome, code, reason, response, response_reason from mailroom_log order by at, id',
      ),
    delivered: (from) =>
      emulator.control.logs.mails.entries
        .filter((mail) => mail.kind === 'message' && mail.from === from)
        .map(({ subject, to }) => ({ subject, to })),
    days: (n) => {
      graph.env.time += n * DAY_MS
    },
  }
}
