import type { RemoteCollection } from '../connectors/connector.ts'
import type { CollectionId } from '../core/ids.ts'
import type { Channel, Item } from '../core/item.ts'
import { makeAdmission } from '../core/mail-admission.ts'
import { channelEnabled } from '../core/settings-change.ts'
import { resolve, type StoredByScope, type StoredSettings } from '../core/settings.ts'
import type { Pairing } from '../engine/discover.ts'
import type { ChannelSettings } from '../engine/pass.ts'
import { settingsReader, storedSettings } from '../server/settings-store.ts'
import type { Database } from '../store/database.ts'
import type { MailboxRow } from '../store/sync-store.ts'

/** What the settings mean for one channel of one mailbox. */
export const CHANNELS: readonly Channel[] = ['calendar', 'tasks', 'email']

export function channelSettings(channel: Channel, settings: StoredByScope, address = ''): ChannelSettings {
  const direction = {
    calendar: 'calendar.direction',
    tasks: 'tasks.direction',
    email: 'emailSync.direction',
  } as const
  const conflicts = channel === 'tasks' ? 'tasks.conflicts' : 'calendar.conflicts'
  return {
    direction: resolve(direction[channel], settings).value,
    // Messages come from Microsoft: of what may change on both sides, its word counts.
    conflicts: channel === 'email' ? 'mailbox' : resolve(conflicts, settings).value,
    invitations: resolve('calendar.invitations', settings).value,
    privateEvents: resolve('calendar.privateEvents', settings).value,
    mailInFirstSync: false,
    ...(channel !== 'email' && { remembered: resolve(`${channel}.remembered`, settings).value }),
    intervalMinutes: resolve('synchronization.intervalMinutes', settings).value,
    daysBack:
      channel === 'email'
        ? resolve('emailSync.firstSyncDays', settings).value
        : resolve('synchronization.daysBack', settings).value,
    daysAhead: channel === 'email' ? 0 : resolve('synchronization.daysAhead', settings).value,
    ...(channel === 'email' && { admits: admission(settings, address) }),
    guard: {
      items: resolve('deletes.guardItems', settings).value,
      percent: resolve('deletes.guardPercent', settings).value,
    },
  }
}

const admission = (settings: StoredByScope, address: string): ((item: Item) => boolean) =>
  makeAdmission({
    blocklist: resolve('emailSync.blocklist', settings).value,
    internal: resolve('emailSync.internal', settings).value,
    ownDomains: [address.slice(address.lastIndexOf('@') + 1)].filter((domain) => domain !== ''),
  })

type Owned = Pick<MailboxRow, 'id' | 'organization' | 'user'>

export async function settingsOf(
  database: Database,
  { id, organization, user }: Owned,
): Promise<StoredByScope> {
  const settings = await storedSettings(database, { organization, user })
  const [system] = await database.query<SystemMailbox>(
    'select mailbox, folders from system_mailboxes where mailbox = $1',
    [id],
  )
  return system === undefined ? settings : { ...settings, user: systemMailboxSettings(system) }
}

/** The settings of every mailbox, in two reads. */
export async function settingsOfMany(database: Database): Promise<(mailbox: Owned) => StoredByScope> {
  const settings = await settingsReader(database)
  const rows = await database.query<SystemMailbox>('select mailbox, folders from system_mailboxes')
  const system = new Map(rows.map((row) => [row.mailbox, systemMailboxSettings(row)]))
  return ({ id, organization, user }) => {
    const own = system.get(id)
    return { ...settings({ organization, user }), ...(own !== undefined && { user: own }) }
  }
}

interface SystemMailbox {
  readonly mailbox: string
  readonly folders: readonly string[] | null
}

/** A system mailbox is nobody's: what it syncs is set on its own page, and it is mail alone. */
const systemMailboxSettings = ({ folders }: SystemMailbox): StoredSettings => ({
  'calendar.enabled': false,
  'tasks.enabled': false,
  'emailSync.enabled': true,
  ...(folders !== null && { 'emailSync.folders': { mode: 'chosen', ids: [...folders], newItemsTo: null } }),
})

/** Which of a mailbox's collections take part, and in which container of the CRM each is mirrored. */
export interface Pairings {
  /** Asked before a pass; what `pairing` answers is from here. */
  readonly prepare: (mailbox: MailboxRow, channel: Channel, settings: StoredByScope) => Promise<void>
  readonly pairing: (mailbox: MailboxRow, channel: Channel) => Pairing
}

export function makePairings(database: Database): Pairings {
  const defaults = new Map<string, string | null>()
  const chosen = new Map<string, ReadonlySet<string> | null>()
  const keyOf = (mailbox: MailboxRow, channel: Channel): string => `${mailbox.id} ${channel}`
  return {
    prepare: async (mailbox, channel, settings) => {
      const key = keyOf(mailbox, channel)
      chosen.set(key, chosenIds(channel, settings))
      if (channel === 'email' || mailbox.user === null) {
        defaults.set(key, null)
        return
      }
      // The person's own calendar or list of the CRM is the mirror of their default one at Microsoft, unless another
      // mailbox has it already.
      const [row] = await database.query<{ id: string }>(
        `select k.id from containers k where k.kind = $1 and k.owner = $2 and k.is_default and k.deleted_at is null
          and not exists (select from collections c where c.container = k.id) order by k.created_at, k.id limit 1`,
        [channel === 'calendar' ? 'calendar' : 'task-list', mailbox.user],
      )
      defaults.set(key, row?.id ?? null)
    },
    pairing: (mailbox, channel) => (remote: RemoteCollection, id: CollectionId) => {
      const key = keyOf(mailbox, channel)
      const own = chosen.get(key) ?? null
      const container = remote.isDefault ? (defaults.get(key) ?? id) : id
      const byDefault = isChosenByDefault(channel, remote.isDefault, remote.wellKnown ?? null)
      return { container, selected: own === null ? byDefault : own.has(id) }
    },
  }
}

/** The default calendar or list; of mail the inbox and what was sent. */
export const isChosenByDefault = (channel: Channel, isDefault: boolean, wellKnown: string | null): boolean =>
  channel === 'email' ? wellKnown === 'inbox' || wellKnown === 'sentitems' : isDefault

/** Ids of the chosen calendars, lists or folders; null: the default ones. */
export function chosenIds(channel: Channel, settings: StoredByScope): ReadonlySet<string> | null {
  const key = { calendar: 'calendar.calendars', tasks: 'tasks.lists', email: 'emailSync.folders' } as const
  const choice = resolve(key[channel], settings).value
  return choice.mode === 'chosen' ? new Set(choice.ids) : null
}

export const isEnabled = (channel: Channel, settings: StoredByScope): boolean =>
  channelEnabled(channel, settings)
