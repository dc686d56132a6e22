import { type MailboxId, type OrganizationId, type RecordId, asId } from '../../src/core/ids.ts'
import { type Channel, type Fields, type Json, kindOf } from '../../src/core/item.ts'
import { matchKeys } from '../../src/core/match.ts'
import { type Engine, type PassResult, createEngine } from '../../src/engine/engine.ts'
import type { ChannelSettings } from '../../src/engine/pass.ts'
import { type MemoryStore, createMemoryStore, newChannel } from '../../src/store/memory-store.ts'
import type { RecordRow } from '../../src/store/sync-store.ts'
import { ANNA, type GraphWorld, graphWorld } from './graph-world.ts'

/** The engine on the real Graph connector and the emulator: for what only the two together can show. */
export interface Office {
  readonly graph: GraphWorld
  readonly engine: Engine
  readonly store: MemoryStore
  /** One pass, and a second one that must write nothing on either side (S1) and leave no complaint (S7). */
  pass(): Promise<PassResult>
  /** One pass as it comes. */
  rawPass(): Promise<PassResult>
  create(fields: Fields): Promise<RecordId>
  edit(subject: string, changes: Fields): Promise<void>
  record(subject: string): RecordRow | null
  records(): readonly RecordRow[]
  /** What Anna does in Outlook or To Do, in Graph's own words. */
  readonly anna: ReturnType<GraphWorld['emulator']['control']['as']>
  /** Everybody outside of our own people who was mailed. */
  mailed(): readonly string[]
}

const MAILBOX = asId<MailboxId>('mailbox-anna')
const SETTINGS: ChannelSettings = {
  direction: 'both',
  conflicts: 'crm',
  invitations: 'microsoft',
  privateEvents: 'full',
  mailInFirstSync: false,
  intervalMinutes: 5,
  daysBack: 30,
  daysAhead: 365,
  guard: { items: 10, percent: 10 },
}

export async function office(channel: Channel, settings: Partial<ChannelSettings> = {}): Promise<Office> {
  const graph = await graphWorld()
  const store = createMemoryStore()
  const kind = kindOf[channel]
  const identity = await graph.connector.identity(new AbortController().signal)
  let ids = 0
  const engine = createEngine({
    store,
    env: {
      now: graph.env.now,
      newId: () => String(++ids).padStart(8, '0'),
      random: () => 0.5,
      sleep: graph.env.sleep,
    },
    connectorFor: async () => graph.connector,
    settingsFor: async () => ({ ...SETTINGS, ...settings }),
    pairingFor: () => (remote, id) => ({
      container: remote.isDefault ? 'crm' : id,
      selected: remote.isDefault,
    }),
  })
  await store.transaction(null, (tx) =>
    tx.write({
      mailboxes: [
        {
          id: MAILBOX,
          organization: asId<OrganizationId>('contoso'),
          user: null,
          kind: 'user',
          address: ANNA,
          displayName: 'Anna',
          tenantId: identity.tenantId,
          objectId: identity.objectId,
          zone: 'Europe/Berlin',
          state: 'connected',
          trouble: null,
          clockOffsetMs: 0,
        },
      ],
      channels: [{ ...newChannel(MAILBOX, channel), enabled: true }],
    }),
  )
  const records = () => store.dump().records.filter((row) => row.deletedAt === null)
  const record = (subject: string) => records().find((row) => row.fields['subject'] === subject) ?? null
  const stamp = () => ({ at: graph.env.now(), by: 'ben' })
  const rawPass = () => {
    graph.env.time += 5 * 60_000
    return engine.syncChannel(MAILBOX, channel)
  }
  return {
    graph,
    engine,
    store,
    anna: graph.emulator.control.as(ANNA),
    rawPass,
    async pass() {
      const result = await rawPass()
      const before = { records: JSON.stringify(records()), requests: graph.requests().length }
      await rawPass()
      if (JSON.stringify(records()) !== before.records)
        throw new Error('[S1] A further pass wrote to the CRM.')
      const late = graph
        .requests()
        .slice(before.requests)
        .filter(({ call }) => !call.startsWith('GET') && !call.endsWith('$batch'))
      if (late.length > 0) throw new Error(`[S1] A further pass wrote to Microsoft: ${JSON.stringify(late)}`)
      const complaints = graph.emulator.control.logs.complaints.entries
      if (complaints.length > 0) throw new Error(`[S7] ${JSON.stringify(complaints)}`)
      return result
    },
    async create(fields) {
      const id = asId<RecordId>(`record-${records().length + 1}`)
      const keys = matchKeys(kind, { fields, facts: {} })
      await store.transaction(null, (tx) =>
        tx.write({
          records: [
            {
              do: 'create',
              id,
              kind,
              container: 'crm',
              owner: null,
              fields,
              facts: {},
              matchKeys: keys,
              ...stamp(),
            },
          ],
        }),
      )
      return id
    },
    async edit(subject, changes) {
      const row = record(subject)
      if (!row) throw new Error(`The CRM has no "${subject}".`)
      const { id, container, facts } = row
      const fields: { [group: string]: Json } = { ...row.fields, ...changes }
      const matching = matchKeys(kind, { fields, facts })
      await store.transaction(null, (tx) =>
        tx.write({
          records: [{ do: 'update', id, kind, container, fields, facts, matchKeys: matching, ...stamp() }],
        }),
      )
    },
    record,
    records,
    mailed: () => graph.emulator.control.logs.mails.entries.flatMap((entry) => entry.to),
  }
}
