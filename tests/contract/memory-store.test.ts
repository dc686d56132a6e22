import { expect, test } from 'vitest'
import { type MailboxId, type OrganizationId, type RecordId, asId } from '../../src/core/ids.ts'
import { StoreCrashed, createMemoryStore } from '../../src/store/memory-store.ts'
import { storeContract } from './store.ts'

storeContract('memory', async () => ({
  store: createMemoryStore(),
  organization: asId<OrganizationId>('contoso'),
  close: async () => undefined,
}))

test('a crash drops what was not committed, and its transaction can do nothing any more', async () => {
  const store = createMemoryStore()
  const record = {
    do: 'create',
    id: asId<RecordId>('a'),
    kind: 'event',
    container: 'c',
    owner: null,
    fields: {},
    facts: {},
    matchKeys: [],
    at: 0,
    by: 'anna',
  } as const
  let goOn: () => void = () => undefined
  const cut = store.transaction(null, async (tx) => {
    await tx.write({ records: [record] })
    await new Promise<void>((resolve) => (goOn = resolve))
    await tx.write({ records: [{ ...record, id: asId<RecordId>('b') }] })
  })
  const waiting = store.transaction(null, async () => 'never')
  await new Promise((resolve) => setImmediate(resolve))
  store.crash()
  goOn()
  await expect(cut).rejects.toBeInstanceOf(StoreCrashed)
  expect(store.dump().records).toEqual([])
  await store.transaction(null, (tx) => tx.write({ records: [record] }))
  expect(store.dump().records).toHaveLength(1)
  void waiting.catch(() => undefined)
  expect(await store.acquireLease(asId<MailboxId>('m'), 'x', 0, 1)).not.toBeNull()
})
