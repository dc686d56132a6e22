/** A mailbox full of mail in the emulator, the real connector and engine, and a person on either side. */
import type { Emulator, EmulatorOptions } from '../../src/emulator/emulator.ts'
import {
  asId,
  type CollectionId,
  type MailboxId,
  type OrganizationId,
  type UserId,
} from '../../src/core/ids.ts'
import type { Json } from '../../src/core/item.ts'
import { matchKeys } from '../../src/core/match.ts'
import { type Engine, type PassResult, createEngine } from '../../src/engine/engine.ts'
import type { Env } from '../../src/engine/env.ts'
import type { ChannelSettings } from '../../src/engine/pass.ts'
import { type MemoryStore, createMemoryStore, newChannel } from '../../src/store/memory-store.ts'
import type { OutgoingStore } from '../../src/store/outgoing.ts'
import type { CollectionRow, RecordRow } from '../../src/store/sync-store.ts'
import { ANNA, BEN, graphWorld, type GraphWorld } from './graph-world.ts'

export { ANNA, BEN }
export const MAILBOX = asId<MailboxId>('mailbox-anna')

type Raw = { readonly [name: string]: unknown }

export interface MailWorld {
  readonly emulator: Emulator
  readonly graph: GraphWorld
  readonly engine: Engine
  readonly store: MemoryStore
  settings: ChannelSettings
  pass(): Promise<PassResult>
  /** Requests of the mailbox during `work`; journeys count a `$batch` as one. */
  counting(work: () => Promise<unknown>): Promise<{ readonly requests: number; readonly journeys: number }>
  folder(name: string): CollectionRow
  records(): readonly RecordRow[]
  record(subject: string): RecordRow
  /** Writes of the app to the mailbox since the beginning. */
  appWrites(): number
  readonly outlook: {
    messages(folder: string): Promise<readonly Raw[]>
    find(subject: string): Promise<Raw>
    receive(subject: string, more?: Raw): Promise<void>
    patch(subject: string, body: Raw): Promise<void>
    move(subject: string, folder: string): Promise<void>
    remove(subject: string): Promise<void>
    makeFolder(name: string, parent?: string): Promise<string>
  }
  readonly crm: {
    edit(subject: string, changes: { readonly [group: string]: Json }): Promise<void>
    move(subject: string, folder: string): Promise<void>
    remove(subject: string): Promise<void>
  }
}

export const MAIL_SETTINGS: ChannelSettings = {
  direction: 'both',
  conflicts: 'crm',
  invitations: 'microsoft',
  privateEvents: 'full',
  mailInFirstSync: false,
  intervalMinutes: 5,
  daysBack: 3650,
  daysAhead: 0,
  guard: { items: 10, percent: 10 },
}

export async function mailWorld(
  options: {
    readonly emulator?: EmulatorOptions
    readonly settings?: Partial<ChannelSettings>
    readonly selectAll?: boolean
    readonly outgoing?: OutgoingStore
  } = {},
): Promise<MailWorld> {
  const graph = await graphWorld({ ...(options.emulator && { emulator: options.emulator }) })
  const { emulator, connector } = graph
  const user = emulator.info.users.find((one) => one.userPrincipalName === ANNA)
  if (user === undefined) throw new Error('Anna is not there.')
  let ids = 0
  const env: Env = {
    now: graph.env.now,
    newId: () => String(++ids).padStart(8, '0'),
    random: () => 0.5,
    sleep: (ms) => graph.env.sleep(ms, new AbortController().signal),
  }
  const store = createMemoryStore()
  const here = { settings: { ...MAIL_SETTINGS, ...options.settings } }
  const engine = createEngine({
    store,
    env,
    connectorFor: async () => connector,
    settingsFor: async () => here.settings,
    ...(options.outgoing && { outgoing: options.outgoing }),
    ...(options.selectAll && { pairingFor: () => (_remote, id) => ({ container: id, selected: true }) }),
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
          objectId: user.id,
          zone: 'Europe/Berlin',
          state: 'connected',
          trouble: null,
          clockOffsetMs: 0,
        },
      ],
      channels: [{ ...newChannel(MAILBOX, 'email'), enabled: true }],
    }),
  )

  const anna = emulator.control.as(ANNA)
  const values = (body: unknown): readonly Raw[] => (body as { value: readonly Raw[] }).value
  const ok = async (answer: Promise<{ status: number; body: unknown }>): Promise<unknown> => {
    const { status, body } = await answer
    if (status >= 300) throw new Error(`Outlook answered ${status}: ${JSON.stringify(body)}`)
    return body
  }
  const find = async (subject: string): Promise<Raw> => {
    const filter = encodeURIComponent(`subject eq '${subject}'`)
    const [found] = values(await ok(anna.get(`/me/messages?$filter=${filter}&$top=5`)))
    if (found === undefined) throw new Error(`Outlook has no "${subject}".`)
    return found
  }
  const idOf = async (name: string): Promise<string> => {
    const row = store.dump().collections.find((one) => one.name === name)
    if (row !== undefined) return row.externalId
    const all = values(await ok(anna.get('/me/mailFolders?$top=100')))
    return String(all.find((one) => one['displayName'] === name)?.['id'] ?? name)
  }
  const records = (): readonly RecordRow[] => store.dump().records.filter((row) => row.deletedAt === null)
  const record = (subject: string): RecordRow => {
    const row = records().find((one) => one.fields['subject'] === subject)
    if (row === undefined) throw new Error(`The CRM has no "${subject}".`)
    return row
  }
  const folder = (name: string): CollectionRow => {
    const row = store.dump().collections.find((one) => one.name === name || one.wellKnown === name)
    if (row === undefined) throw new Error(`There is no folder "${name}".`)
    return row
  }
  const write = async (row: RecordRow, changes: { readonly [group: string]: Json }, container: string) => {
    const fields = { ...row.fields, ...changes }
    await store.transaction(null, (tx) =>
      tx.write({
        records: [
          {
            do: 'update',
            id: row.id,
            kind: 'message',
            container,
            fields,
            facts: row.facts,
            matchKeys: matchKeys('message', { fields, facts: row.facts }),
            at: graph.env.now(),
            by: 'anna',
          },
        ],
      }),
    )
  }

  return {
    emulator,
    graph,
    engine,
    store,
    get settings() {
      return here.settings
    },
    set settings(settings) {
      here.settings = settings
    },
    pass: () => {
      graph.env.time += 5 * 60_000
      return engine.syncChannel(MAILBOX, 'email')
    },
    counting: async (work) => {
      const { entries } = emulator.control.logs.requests
      const from = entries.length
      await work()
      const all = entries.slice(from).filter((one) => !one.target.includes('/oauth2/'))
      return {
        requests: all.filter((one) => !one.target.endsWith('$batch')).length,
        journeys: all.filter((one) => one.batchPart === null).length,
      }
    },
    folder,
    records,
    record,
    appWrites: () =>
      emulator.control.logs.writes.entries.filter((one) => one.actor.startsWith('app:')).length,
    outlook: {
      find,
      messages: async (name) =>
        values(await ok(anna.get(`/me/mailFolders/${await idOf(name)}/messages?$top=1000`))),
      receive: async (subject, more = {}) => {
        await ok(
          emulator.control.as(BEN).post('/me/sendMail', {
            message: {
              subject,
              body: { contentType: 'html', content: `<p>About ${subject}</p>` },
              toRecipients: [{ emailAddress: { address: ANNA, name: 'Anna' } }],
              ...more,
            },
          }),
        )
      },
      patch: async (subject, body) => {
        await ok(anna.patch(`/me/messages/${String((await find(subject))['id'])}`, body))
      },
      move: async (subject, name) => {
        const { id } = await find(subject)
        await ok(anna.post(`/me/messages/${String(id)}/move`, { destinationId: await idOf(name) }))
      },
      remove: async (subject) => {
        await ok(anna.delete(`/me/messages/${String((await find(subject))['id'])}`))
      },
      makeFolder: async (name, parent) => {
        const path = parent === undefined ? '/me/mailFolders' : `/me/mailFolders/${parent}/childFolders`
        return String(((await ok(anna.post(path, { displayName: name }))) as Raw)['id'])
      },
    },
    crm: {
      edit: async (subject, changes) => {
        const row = record(subject)
        await write(row, changes, row.container)
      },
      move: async (subject, name) => {
        const { id, container } = folder(name)
        await write(record(subject), { folder: id satisfies CollectionId }, container)
      },
      remove: async (subject) => {
        const { id } = record(subject)
        await store.transaction(null, (tx) =>
          tx.write({ records: [{ do: 'delete', id, kind: 'message', at: graph.env.now(), by: 'anna' }] }),
        )
      },
    },
  }
}
