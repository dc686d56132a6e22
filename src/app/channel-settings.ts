import type { RemoteCollection } from '../connectors/connector.ts'
import type { CollectionId } from '../core/ids.ts'
import type { Channel, Item } from '../core/item.ts'
import { makeAdmission } from '../core/mail-admission.ts'
import { channelEnabled } from '../core/settings-change.ts'
import { resolve, type StoredByScope, type StoredSettings } from '../core/settings.ts'
import type { Pairing } from '../engine/discover.ts'
import type { ChannelSettings } from '../engine/pass.ts'
import { settingsReader } from '../server/settings-store.ts'
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

export const settingsOf = async (
  database: Database,
  mailbox: Pick<MailboxRow, 'id' | 'organization' | 'user'>,
): Promise<StoredByScope> => {
  const settings = (await settingsReader(database))({
    organization: mailbox.organization,
    user: mailbox.user,
  })
  const own = await systemMailboxSettings(database, mailbox.id)
  return own === null ? settings : { ...settings, user: own }
}

/** A system mailbox is nobody's: what it syncs is set on its own page, and it is mail alone. */
async function systemMailboxSettings(database: Database, mailbox: string): Promise<StoredSettings | null> {
  const [row] = await database.query<{ folders: readonly string[] | null }>(
    'select folders from system_mailboxes where mailbox = $1',
    [mailbox],
  )
  if (row === undefined) return null
  return {
    'calendar.enabled': false,
    'tasks.enabled': false,
    'emailSync.enabled': true,
    ...(row.folders !== null && {
      'emailSync.folders': { mode: 'chosen', ids: [...row.folders], newItemsTo: null },
    }),
  }
}

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
