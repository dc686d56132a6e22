import { expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/connector.ts'
import { meeting, world } from '../support/world.ts'

/** An item of which Microsoft tells something that cannot be understood, until it does no more. */
function breaking(title: string) {
  const state = { broken: true }
  const around = (connector: Connector): Connector => ({
    ...connector,
    async *pull(collection, cursor, signal) {
      for await (const page of connector.pull(collection, cursor, signal))
        yield {
          ...page,
          observed: page.observed.map((one) =>
            state.broken && one.kind === 'item' && one.item.fields['subject'] === title
              ? {
                  kind: 'malformed',
                  id: one.id,
                  reason: 'Its start cannot be read.',
                  collection: one.collection,
                }
              : one,
          ),
        }
    },
    read: async (refs, signal) =>
      (await connector.read(refs, signal)).map((one) =>
        state.broken && one.outcome === 'found' && one.item.fields['subject'] === title
          ? { outcome: 'unreadable', id: one.id, reason: 'Its start cannot be read.' }
          : one,
      ),
  })
  return { state, around }
}

test.each(['calendar', 'tasks'] as const)(
  '[R32] a malformed item of %s is parked with its reason, stops no other, and arrives when it can be read',
  async (channel) => {
    const { state, around } = breaking('Broken')
    const here = await world({ channel, around })
    const item = (subject: string) => (channel === 'tasks' ? { subject } : meeting(subject))
    for (const title of ['Before', 'Broken', 'After']) here.outlook.create(item(title))
    await here.rawPass()
    expect(
      here.crm
        .all()
        .map((row) => row.fields['subject'])
        .sort(),
    ).toEqual(['After', 'Before'])
    expect(here.store.dump().parked).toMatchObject([
      { key: here.outlook.id('Broken'), side: 'mailbox', reason: 'Its start cannot be read.' },
    ])
    here.outlook.create(item('Later'))
    await here.rawPass()
    expect(here.crm.find('Later')).not.toBeNull()
    expect(here.outlook.find('Broken')).not.toBeNull()

    state.broken = false
    here.outlook.edit(here.outlook.id('Broken'), { importance: 'high' })
    await here.rawPass()
    expect(here.crm.find('Broken')).not.toBeNull()
    expect(here.store.dump().parked).toEqual([])
  },
)
