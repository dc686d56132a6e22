import type { Connector } from '../../src/connectors/connector.ts'
import { type ItemId, type MailboxId, type OrganizationId, type RecordId, asId } from '../../src/core/ids.ts'
import { type Channel, type Fields, type Json, kindOf } from '../../src/core/item.ts'
import { matchKeys } from '../../src/core/match.ts'
import { isAbsent, same } from '../../src/core/merge.ts'
import { isRuleId } from '../../src/core/rules.ts'
import { type Engine, type PassResult, createEngine } from '../../src/engine/engine.ts'
import type { Env } from '../../src/engine/env.ts'
import type { ChannelSettings } from '../../src/engine/pass.ts'
import { type MemoryStore, createMemoryStore, newChannel } from '../../src/store/memory-store.ts'
import type { ConflictRow, LinkRow, OperationRow, RecordRow } from '../../src/store/sync-store.ts'
import { type FakeMailbox, createFakeMailbox } from './fake-mailbox.ts'

/**
 * The language of the stories: a person in the CRM, a person in Outlook, a clock, and passes between them. After each
 * pass the world checks what must always be true (S1 to S7 of ARCHITECTURE.md), so each story is a property test too.
 */
export interface World {
  readonly engine: Engine
  readonly store: MemoryStore
  readonly mailbox: FakeMailbox
  readonly outlook: FakeMailbox['outlook']
  readonly crm: CrmUser
  readonly clock: { now: number; advance(minutes: number): void }
  settings: ChannelSettings
  /** One pass; checks the world, and that another pass right after it writes nothing (S1). */
  pass(): Promise<PassResult>
  /** One pass as it comes, with nothing checked but the journal. */
  rawPass(): Promise<PassResult>
  journal(): readonly OperationRow[]
  conflicts(): readonly ConflictRow[]
  links(): readonly LinkRow[]
}

export interface CrmUser {
  create(fields: Fields, container?: string): Promise<RecordId>
  edit(subject: string, changes: { readonly [group: string]: Json | undefined }): Promise<void>
  remove(subject: string): Promise<void>
  restore(id: RecordId): Promise<void>
  find(subject: string): RecordRow | null
  all(): readonly RecordRow[]
}

export const MAILBOX = asId<MailboxId>('mailbox-anna')
const DEFAULTS: ChannelSettings = {
  direction: 'both',
  conflicts: 'crm',
  invitations: 'microsoft',
  privateEvents: 'full',
  mailInFirstSync: false,
  intervalMinutes: 5,
  daysBack: 30,
  daysAhead: 730,
  guard: { items: 10, percent: 10 },
}

export interface WorldOptions {
  readonly channel?: Channel
  readonly settings?: Partial<ChannelSettings>
  /** Titles of single events that both sides hold already. */
  readonly linked?: readonly (string | Fields)[]
  /** Groups in which the sides may differ in this story, because one of them spells or holds them otherwise. */
  readonly differs?: readonly string[]
  /** Groups that the mailbox cannot hold. */
  readonly cannotHold?: readonly string[]
  /** What stands between the engine and the mailbox. */
  readonly around?: (connector: Connector) => Connector
}

/** A meeting on 2 March 2026 at nine in Berlin, an hour long. */
export const meeting = (subject: string, more: Fields = {}): Fields => ({
  subject,
  time: at('2026-03-02T09:00:00', '2026-03-02T10:00:00'),
  ...more,
})
export const at = (start: string, end: string, zone = 'Europe/Berlin'): Json => ({
  allDay: false,
  start,
  end,
  zone,
})
export const invited = (...emails: readonly string[]): Json =>
  [...emails].sort().map((email) => ({ email, name: email.split('@')[0] ?? '', type: 'required' }))

export async function world(options: WorldOptions = {}): Promise<World> {
  const channel = options.channel ?? 'calendar'
  const clock = {
    now: Date.UTC(2026, 2, 1, 8),
    advance(minutes: number) {
      clock.now += minutes * 60_000
    },
  }
  let ids = 0
  const env: Env = {
    now: () => clock.now,
    newId: () => String(++ids).padStart(8, '0'),
    random: () => 0.5,
    sleep: async () => undefined,
  }
  const store = createMemoryStore()
  const mailbox = createFakeMailbox(channel, () => clock.now, options.cannotHold)
  const connector = options.around?.(mailbox.connector) ?? mailbox.connector
  const here: { settings: ChannelSettings } = { settings: { ...DEFAULTS, ...options.settings } }
  const engine = createEngine({
    store,
    env,
    connectorFor: async () => connector,
    settingsFor: async () => here.settings,
    pairingFor: () => (remote, id) => ({ container: remote.isDefault ? 'crm' : id, selected: true }),
  })
  await store.transaction(null, (tx) =>
    tx.write({
      mailboxes: [
        {
          id: MAILBOX,
          organization: asId<OrganizationId>('contoso'),
          user: null,
          kind: 'user',
          address: 'anna@contoso.example',
          displayName: 'Anna',
          tenantId: 'contoso',
          objectId: 'anna',
          zone: 'Europe/Berlin',
          state: 'connected',
          trouble: null,
          clockOffsetMs: 0,
        },
      ],
      channels: [{ ...newChannel(MAILBOX, channel), enabled: true }],
    }),
  )

  const crm = crmUser(store, channel, clock)
  const rawPass = async (): Promise<PassResult> => {
    clock.advance(5)
    const result = await engine.syncChannel(MAILBOX, channel)
    checkJournal(store, mailbox)
    return result
  }
  const self: World = {
    engine,
    store,
    mailbox,
    outlook: mailbox.outlook,
    crm,
    clock,
    get settings() {
      return here.settings
    },
    set settings(settings) {
      here.settings = settings
    },
    rawPass,
    async pass() {
      const result = await rawPass()
      checkLinks(store)
      if (result.outcome === 'waiting' || result.outcome === 'failed' || result.outcome === 'refused')
        return result
      await checkAtRest(self, here.settings, [...(options.differs ?? []), ...(options.cannotHold ?? [])])
      return result
    },
    journal: () => store.dump().operations,
    conflicts: () => store.dump().conflicts,
    links: () => store.dump().links,
  }

  for (const each of options.linked ?? [])
    mailbox.outlook.create(typeof each === 'string' ? meeting(each) : each)
  if (options.linked) {
    await self.pass()
    mailbox.forgetWrites()
  }
  return self
}

function crmUser(store: MemoryStore, channel: Channel, clock: { readonly now: number }): CrmUser {
  const kind = kindOf[channel]
  let made = 0
  const all = (): readonly RecordRow[] => store.dump().records.filter((row) => row.deletedAt === null)
  const find = (subject: string): RecordRow | null =>
    all().find((row) => row.fields['subject'] === subject) ?? null
  const get = (subject: string): RecordRow => {
    const row = find(subject)
    if (!row) throw new Error(`The CRM has no "${subject}".`)
    return row
  }
  const stamp = () => ({ at: clock.now, by: 'ben' })
  return {
    all,
    find,
    async create(fields, container = 'crm') {
      const id = asId<RecordId>(`record-${++made}`)
      const keys = matchKeys(kind, { fields, facts: {} })
      await store.transaction(null, (tx) =>
        tx.write({
          records: [
            {
              do: 'create',
              id,
              kind,
              container,
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
      const { id, container, fields, facts } = get(subject)
      const next: { [group: string]: Json } = { ...fields }
      for (const [group, value] of Object.entries(changes))
        if (value === undefined) delete next[group]
        else next[group] = value
      const keys = matchKeys(kind, { fields: next, facts })
      await store.transaction(null, (tx) =>
        tx.write({
          records: [{ do: 'update', id, kind, container, fields: next, facts, matchKeys: keys, ...stamp() }],
        }),
      )
    },
    async remove(subject) {
      const { id } = get(subject)
      await store.transaction(null, (tx) => tx.write({ records: [{ do: 'delete', id, kind, ...stamp() }] }))
    },
    async restore(id) {
      const row = store.dump().records.find((each) => each.id === id)
      if (!row) throw new Error(`The CRM never had ${id}.`)
      const { fields, facts } = row
      const keys = matchKeys(kind, row)
      await store.transaction(null, (tx) =>
        tx.write({ records: [{ do: 'restore', id, kind, fields, facts, matchKeys: keys, ...stamp() }] }),
      )
    },
  }
}

/** S6: whatever was written has a row in the journal, with a rule. */
function checkJournal(store: MemoryStore, mailbox: FakeMailbox): void {
  const { operations } = store.dump()
  for (const row of operations)
    if (!isRuleId(row.rule)) throw new Error(`[S6] Operation ${row.id} has no rule: ${row.rule}`)
  const out = operations.filter((row) => row.side === 'mailbox' && row.sentAt !== null)
  if (mailbox.writes.length > out.length)
    throw new Error(
      `[S6] Microsoft 365 took ${mailbox.writes.length} writes, the journal knows ${out.length}.`,
    )
}

/** S5: one item, one record. */
function checkLinks(store: MemoryStore): void {
  const { links } = store.dump()
  for (const pick of [(row: LinkRow) => row.record, (row: LinkRow) => row.item ?? row.id]) {
    const seen = new Set<string>()
    for (const row of links) {
      const id = pick(row)
      if (seen.has(id)) throw new Error(`[S5] ${id} is linked twice.`)
      seen.add(id)
    }
  }
}

/** S1 and S2: nothing is left to write, and both sides agree as far as the policy allows. */
async function checkAtRest(
  self: World,
  settings: ChannelSettings,
  differs: readonly string[],
): Promise<void> {
  const before = { crm: JSON.stringify(self.store.dump().records), writes: self.mailbox.writes.length }
  const operations = self.store.dump().operations.length
  const conflicts = self.store.dump().conflicts.length
  await self.rawPass()
  const after = self.store.dump()
  if (self.mailbox.writes.length !== before.writes)
    throw new Error(
      `[S1] A further pass wrote to Microsoft 365: ${JSON.stringify(self.mailbox.writes.at(-1))}`,
    )
  if (JSON.stringify(after.records) !== before.crm) throw new Error('[S1] A further pass wrote to the CRM.')
  if (after.operations.length !== operations)
    throw new Error(`[S1] A further pass planned: ${JSON.stringify(after.operations.at(-1))}`)
  if (after.conflicts.length !== conflicts) throw new Error('[S1] A further pass recorded conflicts.')
  if (settings.direction === 'both') checkAgreement(self, differs)
}

function checkAgreement(self: World, differs: readonly string[]): void {
  const { links, records, conflicts, operations, parked } = self.store.dump()
  const items = new Map(self.outlook.all().map((each) => [each.id, each]))
  const open = new Set(
    conflicts.filter((row) => row.state === 'open').map((row) => `${row.link} ${row.group}`),
  )
  const held = new Set(operations.filter((row) => row.state === 'held').map((row) => row.link))
  const quiet = new Set(parked.map((row) => row.key))
  for (const link of links) {
    if (link.state !== 'linked' || held.has(link.id) || quiet.has(link.record)) continue
    const record = records.find((row) => row.id === link.record)
    const item = link.item === null ? undefined : items.get(link.item as ItemId)
    if (!record || record.deletedAt !== null || !item)
      throw new Error(
        `[S2] ${link.id} links ${link.record} to ${link.item ?? 'nothing'}, and one of them is gone.`,
      )
    const withheld = new Set(
      Object.keys(link.mailboxBase).filter(
        (group) => group === 'attendees' || isAbsent(link.mailboxBase[group]),
      ),
    )
    for (const group of new Set([...Object.keys(record.fields), ...Object.keys(item.fields)])) {
      if (open.has(`${link.id} ${group}`) || withheld.has(group) || differs.includes(group)) continue
      const [ours, theirs] = [record.fields[group] ?? null, item.fields[group] ?? null]
      if (!same(ours, theirs))
        throw new Error(
          `[S2] "${String(record.fields['subject'])}" differs in ${group}: ${JSON.stringify(ours)} and ${JSON.stringify(theirs)}`,
        )
    }
  }
}
