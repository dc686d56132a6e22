import type { Connector } from '../../src/connectors/connector.ts'
import { type CollectionId, type ItemId, asId } from '../../src/core/ids.ts'
import type { Channel, Fields } from '../../src/core/item.ts'
import { kindOf } from '../../src/core/item.ts'
import { createFakeMailbox } from '../support/fake-mailbox.ts'
import { ANNA, graphWorld } from '../support/graph-world.ts'
import { type ConnectorUnderTest, connectorContract } from './connector.ts'

const FIELDS: Record<'calendar' | 'tasks', Fields> = {
  calendar: {
    time: { allDay: false, start: '2026-03-04T14:00:00', end: '2026-03-04T15:00:00', zone: 'Europe/Berlin' },
    location: 'Room 2',
    importance: 'high',
    showAs: 'busy',
  },
  tasks: { due: '2026-03-04', importance: 'high', status: 'notStarted' },
}
const item = (channel: 'calendar' | 'tasks') => (subject: string) => ({
  kind: kindOf[channel],
  fields: { subject, ...FIELDS[channel] },
  facts: {},
})

for (const channel of ['calendar', 'tasks'] as const) {
  connectorContract(`in memory, ${channel}`, async (): Promise<ConnectorUnderTest> => {
    const fake = createFakeMailbox(channel, () => Date.UTC(2026, 2, 1))
    return {
      connector: fake.connector,
      collection: {
        id: asId<CollectionId>('c1'),
        channel,
        externalId: 'default',
        isDefault: true,
        window: { from: '2026-01-01', to: '2026-12-31' },
        zone: 'Europe/Berlin',
      },
      item: item(channel),
      person: {
        create: async (subject) => fake.outlook.create(item(channel)(subject).fields),
        rename: async (id, subject) => fake.outlook.edit(id, { subject }),
        remove: async (id) => fake.outlook.remove(id),
        titles: async () =>
          fake.outlook
            .all()
            .map((each) => String(each.fields['subject']))
            .sort(),
      },
      forgetCursors: async () => fake.expireCursors(),
      lose: async (what) => void fake.faults.push(what === 'reply' ? 'lose-answer' : 'lose-request'),
      close: async () => undefined,
    }
  })

  connectorContract(`Microsoft Graph, ${channel}`, async (): Promise<ConnectorUnderTest> => {
    const here = await graphWorld()
    const collection = await here.collection(channel as Channel)
    const person = here.emulator.control.as(ANNA)
    const items = channel === 'calendar' ? '/me/events' : `/me/todo/lists/${collection.externalId}/tasks`
    const title = channel === 'calendar' ? 'subject' : 'title'
    const at = (dateTime: string) => ({ dateTime, timeZone: 'W. Europe Standard Time' })
    const time = { start: at('2026-03-04T14:00:00'), end: at('2026-03-04T15:00:00') }
    const connector: Connector = here.connector
    return {
      connector,
      collection,
      item: item(channel),
      person: {
        async create(subject) {
          const body = channel === 'calendar' ? { subject, ...time } : { title: subject }
          return asId<ItemId>(((await person.post(items, body)).body as { id: string }).id)
        },
        rename: async (id, subject) => void (await person.patch(`${items}/${id}`, { [title]: subject })),
        remove: async (id) => void (await person.delete(`${items}/${id}`)),
        async titles() {
          const { body } = await person.get(items)
          return (body as { value: Record<string, string>[] }).value.map((each) => each[title] ?? '').sort()
        },
      },
      forgetCursors: async () => here.emulator.control.evictTokens(ANNA),
      async lose(what) {
        const kind = what === 'reply' ? 'reply-lost' : 'request-lost'
        const path = channel === 'calendar' ? '/events/' : '/tasks/'
        here.emulator.control.plan([
          { kind, method: 'POST', path: channel === 'calendar' ? '/events$/' : '/tasks$/', count: 1 },
          { kind, method: 'PATCH', path, count: 1 },
        ])
      },
      close: async () => undefined,
    }
  })
}
