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

/** The rows of a person's mailbox. `mark` tells the mailboxes of one installation apart. */
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
  const user = emulator.info.users.find((each) => each.userPrincipalName === owner)
  return {
    place,
    rows: {
      mailboxes: [
        {
          id,
          organization: asId<OrganizationId>('o1'),
          user: asId<UserId>(`u1${mark}`),
          kind: 'user',
          address: owner,
          displayName: owner,
          tenantId: emulator.info.tenantId,
          objectId: user?.id ?? '',
          zone: 'Europe/Berlin',
          state: 'connected',
          trouble: null,
          clockOffsetMs: 0,
        },
      ],
      channels: CHANNELS.map((channel) => ({ ...newChannel(id, channel), enabled: true })),
      collections: [
        collection(
          'calendar',
          first(calendars, (each) => each['isDefaultCalendar'] === true),
          place.calendar,
        ),
        collection('tasks', place.listId, place.list),
      ],
    },
  }
}
