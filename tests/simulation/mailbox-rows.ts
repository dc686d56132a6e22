import type { Emulator } from '../../src/emulator/emulator.ts'
import {
  asId,
  type CollectionId,
  type MailboxId,
  type OrganizationId,
  type UserId,
} from '../../src/core/ids.ts'
import type { Channel } from '../../src/core/item.ts'
import { newChannel } from '../../src/store/memory-store.ts'
import type { CollectionRow, WriteBatch } from '../../src/store/sync-store.ts'
import type { Place } from './people.ts'

/** A mailbox as setting up would have left it: its row, its channels, one calendar and one list. */
export interface Settled {
  readonly place: Place
  readonly rows: Required<Pick<WriteBatch, 'mailboxes' | 'channels' | 'collections'>>
}

const CHANNELS: readonly Channel[] = ['calendar', 'tasks']

/** What a mailbox is known by, on both sides. `mark` tells the mailboxes of one installation apart. */
export interface Known {
  readonly id: MailboxId
  readonly owner: string
  readonly mark: string
  readonly place: Place
  readonly calendarId: string
  readonly tenantId: string
  readonly objectId: string
}

export function mailboxRows({
  id,
  owner,
  mark,
  place,
  calendarId,
  tenantId,
  objectId,
}: Known): Settled['rows'] {
  const collection = (channel: Channel, externalId: string, container: string): CollectionRow => ({
    id: asId<CollectionId>(`c-${channel}${mark}`),
    mailbox: id,
    channel,
    externalId,
    name: channel,
    isDefault: true,
    canWrite: true,
    container,
    selected: true,
    cursor: null,
    window: null,
    generation: 0,
    enumerating: false,
    trouble: null,
    wellKnown: null,
  })
  return {
    mailboxes: [
      {
        id,
        organization: asId<OrganizationId>('o1'),
        user: asId<UserId>(`u1${mark}`),
        kind: 'user',
        address: owner,
        displayName: owner,
        tenantId,
        objectId,
        zone: 'Europe/Berlin',
        state: 'connected',
        trouble: null,
        clockOffsetMs: 0,
      },
    ],
    channels: CHANNELS.map((channel) => ({ ...newChannel(id, channel), enabled: true })),
    collections: [
      collection('calendar', calendarId, place.calendar),
      collection('tasks', place.listId, place.list),
    ],
  }
}

/** The mailbox of a person in an emulated Microsoft 365. */
export async function settled(
  emulator: Emulator,
  owner: string,
  id: MailboxId,
  mark: string,
): Promise<Settled> {
  const lists = await emulator.control.as(owner).get('/me/todo/lists')
  const calendars = await emulator.control.as(owner).get('/me/calendars')
  const first = (answer: { body: unknown }, flag: (each: Record<string, unknown>) => boolean): string =>
    String((answer.body as { value: Record<string, unknown>[] }).value.find(flag)?.['id'])
  const place: Place = {
    owner,
    calendar: `crm-calendar${mark}`,
    list: `crm-list${mark}`,
    listId: first(lists, (each) => each['wellknownListName'] === 'defaultList'),
  }
  const calendarId = first(calendars, (each) => each['isDefaultCalendar'] === true)
  const { tenantId, users } = emulator.info
  const objectId = users.find((each) => each.userPrincipalName === owner)?.id ?? ''
  return { place, rows: mailboxRows({ id, owner, mark, place, calendarId, tenantId, objectId }) }
}
