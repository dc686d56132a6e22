import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConflictId, type MailboxId, type OrganizationId, type RunId, asId } from '../../src/core/ids.ts'
import {
  LeaseLost,
  type ChannelRow,
  type OperationQuery,
  type RecordWrite,
  type SyncStore,
} from '../../src/store/sync-store.ts'
import {
  COLLECTION,
  MAILBOX,
  RUN,
  T0,
  channelRow,
  collectionRow,
  created,
  itemId,
  link,
  linkId,
  mailboxRow,
  operation,
  operationId,
  put,
  recordId,
  runRow,
  updated,
} from './store-rows.ts'

/** A fresh, empty store. `organization` exists already, where the store asks for that. */
export interface StoreUnderTest {
  readonly store: SyncStore
  readonly organization: OrganizationId
  close(): Promise<void>
}

/** What every SyncStore promises. Call it once for each implementation, with a way to make an empty one. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest
    let store: SyncStore

    beforeEach(async () => {
      under = await make()
      store = under.store
      await store.transaction(null, (tx) =>
        tx.write({
          mailboxes: [mailboxRow(under.organization)],
          channels: [channelRow()],
          collections: [collectionRow()],
          runs: [runRow()],
        }),
      )
    })
    afterEach(() => under.close())

    describe('leases', () => {
      test('a mailbox has one holder at a time, and each acquisition a higher fence', async () => {
        const first = await store.acquireLease(MAILBOX, 'one', T0, 1000)
        expect(first).not.toBeNull()
        expect(await store.acquireLease(MAILBOX, 'two', T0 + 999, 1000)).toBeNull()
        expect(await store.acquireLease(MAILBOX, 'one', T0 + 999, 1000)).toBeNull()
        const second = await store.acquireLease(MAILBOX, 'two', T0 + 1001, 1000)
        expect(second?.fence).toBeGreaterThan(first?.fence ?? Infinity)
      })

      test('a released lease is free at once; a renewed one lives longer with the same fence', async () => {
        const first = await lease(store)
        const renewed = await store.renewLease(first, T0 + 500, 1000)
        expect(renewed.fence).toBe(first.fence)
        expect(await store.acquireLease(MAILBOX, 'two', T0 + 1200, 1000)).toBeNull()
        await store.releaseLease(renewed)
        expect(await store.acquireLease(MAILBOX, 'two', T0 + 1200, 1000)).not.toBeNull()
      })

      test('who lost the lease writes nothing and cannot renew or release it', async () => {
        const old = await lease(store)
        const next = await store.acquireLease(MAILBOX, 'two', T0 + 5000, 1000)
        expect(next).not.toBeNull()
        const write = store.transaction(old, (tx) => tx.write({ records: [created('late')] }))
        await expect(write).rejects.toBeInstanceOf(LeaseLost)
        await expect(store.renewLease(old, T0 + 5000, 1000)).rejects.toBeInstanceOf(LeaseLost)
        await store.releaseLease(old)
        expect(await store.acquireLease(MAILBOX, 'three', T0 + 5001, 1000)).toBeNull()
        expect(await feedTitles(store)).toEqual([])
      })
    })

    describe('transactions', () => {
      test('all of a transaction is written, or nothing', async () => {
        const failed = store.transaction(null, async (tx) => {
          await tx.write({ records: [created('a')], links: [put(link('a'))], operations: [operation('a')] })
          await tx.write({ collections: [{ ...collectionRow(), name: 'renamed' }] })
          throw new Error('the process stumbles')
        })
        await expect(failed).rejects.toThrow('the process stumbles')
        await store.transaction(null, async (tx) => {
          expect(await tx.pairsByItem(MAILBOX, [itemId('a')])).toEqual([])
          expect(await tx.pairsByRecord(MAILBOX, [recordId('a')])).toEqual([])
          expect(await tx.operations({ mailbox: MAILBOX })).toEqual([])
          expect((await tx.collections(MAILBOX, 'calendar'))[0]?.name).toBe('Calendar')
        })
        await store.transaction(null, (tx) => tx.write({ records: [created('a')] }))
        expect(await feedTitles(store)).toEqual(['a'])
      })

      test('a failed transaction leaves what was there before it', async () => {
        await store.transaction(null, (tx) =>
          tx.write({ records: [created('a')], links: [put(link('a'))], operations: [operation('a')] }),
        )
        const failed = store.transaction(null, async (tx) => {
          await tx.write({
            records: [updated('a', 'changed')],
            links: [{ do: 'forget', id: linkId('a') }],
            outcomes: [{ id: operationId('a'), state: 'written', at: T0 + 1 }],
          })
          throw new Error('the process stumbles')
        })
        await expect(failed).rejects.toThrow()
        await store.transaction(null, async (tx) => {
          const [pair] = await tx.pairsByItem(MAILBOX, [itemId('a')])
          expect(pair?.record).toMatchObject({ version: 1, fields: { subject: 'a' } })
          expect(pair?.link).toEqual(link('a'))
          expect((await tx.operations({ ids: [operationId('a')] }))[0]?.state).toBe('planned')
        })
      })

      test('two that touch one record happen one after the other', async () => {
        await store.transaction(null, (tx) => tx.write({ records: [created('a', { n: 0 })] }))
        const increment = () =>
          store.transaction(null, async (tx) => {
            const [pair] = await tx.pairsByRecord(MAILBOX, [recordId('a')])
            const n = Number(pair?.record?.fields['n']) + 1
            await tx.write({ records: [updated('a', 'a', { n })] })
          })
        await Promise.all([increment(), increment(), increment(), increment()])
        await store.transaction(null, async (tx) => {
          const [pair] = await tx.pairsByRecord(MAILBOX, [recordId('a')])
          expect(pair?.record).toMatchObject({ version: 5, fields: { n: 4 } })
        })
      })
    })

    describe('records and their feed', () => {
      test('a record counts its versions, keeps its quarantine and comes back from it', async () => {
        const at = (n: number) => T0 + n
        await store.transaction(null, (tx) => tx.write({ records: [created('a')] }))
        await store.transaction(null, (tx) =>
          tx.write({ records: [{ do: 'delete', id: recordId('a'), kind: 'event', at: at(1), by: 'ben' }] }),
        )
        await store.transaction(null, async (tx) => {
          const [pair] = await tx.pairsByRecord(MAILBOX, [recordId('a')])
          const gone = { version: 2, deletedAt: at(1), modifiedBy: 'ben', fields: { subject: 'a' } }
          expect(pair?.record).toMatchObject(gone)
          await tx.write({
            records: [
              {
                do: 'restore',
                id: recordId('a'),
                kind: 'event',
                container: 'calendar-ben',
                fields: { subject: 'back' },
                facts: { iCalUId: 'x' },
                matchKeys: [],
                at: at(2),
                by: 'ben',
              },
            ],
          })
          const [back] = await tx.pairsByRecord(MAILBOX, [recordId('a')])
          expect(back?.record).toEqual({
            id: recordId('a'),
            kind: 'event',
            container: 'calendar-ben',
            owner: null,
            fields: { subject: 'back' },
            facts: { iCalUId: 'x' },
            version: 3,
            modifiedAt: at(2),
            modifiedBy: 'ben',
            deletedAt: null,
          })
        })
      })

      test('writing to a record that does not exist is refused', async () => {
        const failed = store.transaction(null, (tx) => tx.write({ records: [updated('nobody', 'x')] }))
        await expect(failed).rejects.toThrow()
      })

      test('the feed hands out each changed record once, oldest change first, in pieces', async () => {
        await store.transaction(null, (tx) =>
          tx.write({ records: [created('a'), created('b'), created('c')] }),
        )
        await store.transaction(null, (tx) => tx.write({ records: [updated('a', 'a2')] }))
        const first = await feed(store, null, 2)
        expect(titles(first.pairs)).toEqual(['b', 'c'])
        expect(first.more).toBe(true)
        const second = await feed(store, first.next, 2)
        expect(titles(second.pairs)).toEqual(['a2'])
        const third = await feed(store, second.next, 2)
        expect(third).toMatchObject({ pairs: [], more: false })
        await store.transaction(null, (tx) => tx.write({ records: [updated('b', 'b2')] }))
        expect(titles((await feed(store, third.next, 2)).pairs)).toEqual(['b2'])
      })

      test('the feed is silent about other containers, about other kinds and about what the link has seen', async () => {
        await store.transaction(null, (tx) =>
          tx.write({
            records: [
              { ...created('elsewhere'), container: 'calendar-ben' } as RecordWrite,
              { ...created('task'), kind: 'task' } as RecordWrite,
              created('known'),
              created('moved'),
            ],
            links: [put(link('known')), put({ ...link('moved'), recordVersion: 1 })],
          }),
        )
        expect(await feedTitles(store)).toEqual([])
        await store.transaction(null, (tx) =>
          tx.write({
            records: [updated('known', 'known'), { ...updated('moved', 'moved'), container: 'calendar-ben' }],
          }),
        )
        expect(await feedTitles(store)).toEqual(['known', 'moved'])
      })

      test('a deleted record is in the feed while it is linked', async () => {
        await store.transaction(null, (tx) =>
          tx.write({ records: [created('a'), created('b')], links: [put(link('a'))] }),
        )
        await store.transaction(null, (tx) =>
          tx.write({
            records: ['a', 'b'].map((id) => ({
              do: 'delete',
              id: recordId(id),
              kind: 'event',
              at: T0 + 1,
              by: 'ben',
            })),
          }),
        )
        const { pairs } = await feed(store, null, 10)
        expect(pairs).toHaveLength(1)
        expect(pairs[0]).toMatchObject({ link: { id: linkId('a') }, record: { deletedAt: T0 + 1 } })
      })

      test('the feed skips nothing while two writers work at once', async () => {
        const seen = new Set<string>()
        let cursor: Parameters<typeof feed>[1] = null
        const writer = async (who: string) => {
          for (let n = 0; n < 15; n++)
            await store.transaction(null, async (tx) => {
              await tx.write({ records: [created(`${who}${n}`)] })
              await new Promise((resolve) => setImmediate(resolve))
            })
        }
        let working = true
        const reader = async () => {
          for (;;) {
            const last = !working
            const page = await feed(store, cursor, 4)
            cursor = page.next
            for (const title of titles(page.pairs)) {
              expect(seen.has(title)).toBe(false)
              seen.add(title)
            }
            if (last && !page.more) return
            await new Promise((resolve) => setImmediate(resolve))
          }
        }
        const reading = reader()
        await Promise.all([writer('x'), writer('y')])
        working = false
        await reading
        expect(seen.size).toBe(30)
      })

      test('unlinked records are found by their match keys', async () => {
        await store.transaction(null, (tx) =>
          tx.write({
            records: [
              { ...created('a'), matchKeys: ['uid:1', 'title:kick-off'] } as RecordWrite,
              { ...created('b'), matchKeys: ['title:kick-off'] } as RecordWrite,
              { ...created('linked'), matchKeys: ['title:kick-off'] } as RecordWrite,
              { ...created('away'), container: 'calendar-ben', matchKeys: ['uid:1'] } as RecordWrite,
            ],
            links: [put(link('linked'))],
          }),
        )
        const found = (...keys: string[]) =>
          store.transaction(null, async (tx) =>
            (await tx.matchRecords(MAILBOX, 'calendar', keys)).map((record) => record.id).sort(),
          )
        expect(await found('uid:1')).toEqual([recordId('a')])
        expect(await found('title:kick-off', 'uid:1')).toEqual([recordId('a'), recordId('b')])
        expect(await found('uid:9')).toEqual([])
        await store.transaction(null, (tx) => tx.write({ records: [updated('b', 'b')] }))
        expect(await found('title:kick-off')).toEqual([recordId('a')])
      })
    })

    describe('links', () => {
      test('a link is found by its item, its record and itself, with its record', async () => {
        await store.transaction(null, (tx) => tx.write({ records: [created('a')], links: [put(link('a'))] }))
        await store.transaction(null, async (tx) => {
          const expected = [{ link: link('a'), record: expect.objectContaining({ id: recordId('a') }) }]
          expect(await tx.pairsByItem(MAILBOX, [itemId('a'), itemId('zz')])).toEqual(expected)
          expect(await tx.pairsByRecord(MAILBOX, [recordId('a')])).toEqual(expected)
          expect(await tx.pairsByLink([linkId('a')])).toEqual(expected)
          expect(await tx.pairsByItem(asId<MailboxId>('mailbox-ben'), [itemId('a')])).toEqual([])
        })
        await store.transaction(null, (tx) =>
          tx.write({ links: [put({ ...link('a'), item: null, pending: operationId('a') })] }),
        )
        await store.transaction(null, async (tx) => {
          expect(await tx.pairsByItem(MAILBOX, [itemId('a')])).toEqual([])
          expect((await tx.pairsByLink([linkId('a')]))[0]?.link?.pending).toBe(operationId('a'))
          await tx.write({ links: [{ do: 'forget', id: linkId('a') }] })
          expect(await tx.pairsByLink([linkId('a')])).toEqual([])
        })
      })

      test('one write takes an item from a link and gives it to another, which has no record', async () => {
        await store.transaction(null, (tx) => tx.write({ records: [created('a')], links: [put(link('a'))] }))
        const gone = { ...link('gone'), item: itemId('a'), state: 'deleted' } as const
        const links = [put({ ...link('a'), item: null }), put(gone)]
        await store.transaction(null, (tx) => tx.write({ links }))
        const found = await store.transaction(null, (tx) => tx.pairsByItem(MAILBOX, [itemId('a')]))
        expect(found).toEqual([{ link: gone, record: null }])
      })

      test('one record and one item are in at most one link of a mailbox', async () => {
        await store.transaction(null, (tx) =>
          tx.write({ records: [created('a'), created('b')], links: [put(link('a'))] }),
        )
        const sameItem = put({ ...link('b'), item: itemId('a') })
        const sameRecord = put({ ...link('b'), record: recordId('a') })
        for (const double of [sameItem, sameRecord])
          await expect(store.transaction(null, (tx) => tx.write({ links: [double] }))).rejects.toThrow()
      })

      test('after an enumeration, what it did not list is handed out in pieces', async () => {
        const names = ['a', 'b', 'c', 'd', 'e']
        await store.transaction(null, (tx) =>
          tx.write({
            records: names.map((name) => created(name)),
            links: [
              ...names.map((name) => put(link(name))),
              put({ ...link('d'), state: 'out-of-scope' }),
              put({ ...link('e'), item: null }),
              { do: 'seen', ids: [linkId('b')], generation: 2 },
            ],
          }),
        )
        await store.transaction(null, async (tx) => {
          const first = await tx.unseenPairs(COLLECTION, 2, null, 1)
          expect(first.map((pair) => pair.link?.id)).toEqual([linkId('a')])
          const second = await tx.unseenPairs(COLLECTION, 2, linkId('a'), 5)
          expect(second.map((pair) => pair.link?.id)).toEqual([linkId('c')])
          expect(await tx.unseenPairs(COLLECTION, 1, null, 5)).toEqual([])
          expect(await tx.countLinks(COLLECTION)).toBe(4)
        })
      })
    })

    describe('operations, holds and what waits', () => {
      test('an operation goes from plan to journal', async () => {
        await store.transaction(null, (tx) =>
          tx.write({
            records: [created('a'), created('b')],
            links: [put({ ...link('a'), pending: operationId('a') }), put(link('b'))],
            operations: [operation('a'), { ...operation('b'), createdAt: T0 + 5 }],
          }),
        )
        const ids = (query: OperationQuery) =>
          store.transaction(null, async (tx) => (await tx.operations(query)).map((row) => row.id))
        expect(await ids({ mailbox: MAILBOX, channel: 'calendar', states: ['planned'] })).toEqual([
          operationId('a'),
          operationId('b'),
        ])
        expect(await ids({ run: RUN, limit: 1 })).toEqual([operationId('a')])
        expect(await ids({ run: RUN, after: operationId('a'), limit: 1 })).toEqual([operationId('b')])
        expect(await ids({ link: linkId('b') })).toEqual([operationId('b')])
        expect(await ids({ ids: [operationId('b'), operationId('zz')] })).toEqual([operationId('b')])

        await store.transaction(null, (tx) =>
          tx.write({ outcomes: [{ id: operationId('a'), state: 'sent', attempts: 1, at: T0 + 10 }] }),
        )
        await store.transaction(null, (tx) =>
          tx.write({
            outcomes: [
              { id: operationId('a'), state: 'written', item: itemId('new'), reason: null, at: T0 + 20 },
            ],
          }),
        )
        expect(await ids({ mailbox: MAILBOX, states: ['planned', 'sent'] })).toEqual([operationId('b')])
        await store.transaction(null, async (tx) => {
          const [row] = await tx.operations({ ids: [operationId('a')] })
          expect(row).toEqual({
            ...operation('a'),
            state: 'written',
            item: itemId('new'),
            attempts: 1,
            sentAt: T0 + 10,
            doneAt: T0 + 20,
          })
        })
      })

      test('conflicts, parked and deferred things are kept, replaced and forgotten by their keys', async () => {
        const conflict = {
          id: asId<ConflictId>('conflict-1'),
          mailbox: MAILBOX,
          channel: 'calendar',
          link: linkId('a'),
          record: recordId('a'),
          run: RUN,
          kind: 'edit',
          group: 'subject',
          title: 'Kick-off',
          base: 'was',
          crm: 'one',
          mailboxValue: null,
          rule: 'R14',
          verdict: 'crm',
          state: 'open',
          answer: null,
          at: T0,
          answeredBy: null,
          answeredAt: null,
        } as const
        const parked = {
          mailbox: MAILBOX,
          channel: 'calendar',
          collection: COLLECTION,
          side: 'crm',
          key: 'record-a',
          reason: 'too long',
          tries: 1,
          version: '1',
          at: T0,
        } as const
        const deferred = { collection: COLLECTION, item: itemId('b'), what: { kind: 'tombstone' } }
        await store.transaction(null, (tx) =>
          tx.write({
            records: [created('a')],
            links: [put(link('a'))],
            conflicts: [conflict],
            parked: [parked],
            deferred: [deferred, { ...deferred, item: itemId('a') }],
          }),
        )
        await store.transaction(null, async (tx) => {
          expect(await tx.conflicts({ mailbox: MAILBOX, state: 'open' })).toEqual([conflict])
          expect(await tx.conflicts({ id: conflict.id })).toEqual([conflict])
          expect(await tx.conflicts({ link: linkId('b') })).toEqual([])
          expect(await tx.parked(MAILBOX, 'calendar')).toEqual([parked])
          expect(await tx.parked(MAILBOX, 'tasks')).toEqual([])
          expect((await tx.deferred(COLLECTION, null, 1)).map((row) => row.item)).toEqual([itemId('a')])
          expect(await tx.deferred(COLLECTION, itemId('a'), 5)).toEqual([deferred])
          await tx.write({
            conflicts: [{ ...conflict, state: 'answered', answer: { side: 'crm' }, answeredBy: 'anna' }],
            parked: [{ ...parked, tries: 2 }],
            undeferred: [{ collection: COLLECTION, item: itemId('b') }],
          })
          expect(await tx.conflicts({ mailbox: MAILBOX, state: 'open' })).toEqual([])
          expect((await tx.parked(MAILBOX, 'calendar'))[0]?.tries).toBe(2)
          expect(await tx.deferred(COLLECTION, itemId('a'), 5)).toEqual([])
          await tx.write({ unparked: [{ mailbox: MAILBOX, side: 'crm', key: 'record-a' }] })
          expect(await tx.parked(MAILBOX, 'calendar')).toEqual([])
        })
      })

      test('due is what is enabled, unpaused, connected and whose time has come', async () => {
        const ben = asId<MailboxId>('mailbox-ben')
        await store.transaction(null, (tx) =>
          tx.write({
            mailboxes: [
              { ...mailboxRow(under.organization), id: ben, objectId: 'ben', state: 'needs-person' },
            ],
            channels: [
              { ...channelRow(), nextAt: T0 + 10 },
              { ...channelRow(), channel: 'tasks', nextAt: null },
              { ...channelRow(), channel: 'email', enabled: false },
              { ...channelRow(), mailbox: ben },
            ],
          }),
        )
        const due = (now: number, limit = 10) =>
          store.transaction(null, async (tx) => (await tx.dueChannels(now, limit)).map((row) => row.channel))
        expect(await due(T0)).toEqual(['tasks'])
        expect(await due(T0 + 10)).toEqual(['tasks', 'calendar'])
        expect(await due(T0 + 10, 1)).toEqual(['tasks'])
        await store.transaction(null, (tx) =>
          tx.write({ channels: [{ ...channelRow(), paused: 'by Anna', nextAt: null }] }),
        )
        expect(await due(T0 + 10)).toEqual(['tasks'])
      })

      test('rows of mailbox, channel, collection and run come back as they were written', async () => {
        await store.transaction(null, async (tx) => {
          expect(await tx.mailbox(MAILBOX)).toEqual(mailboxRow(under.organization))
          expect(await tx.mailbox(asId<MailboxId>('nobody'))).toBeNull()
          expect(await tx.channel(MAILBOX, 'calendar')).toEqual(channelRow())
          expect(await tx.channel(MAILBOX, 'email')).toMatchObject({ enabled: false, firstSyncDone: false })
          expect(await tx.collections(MAILBOX, 'calendar')).toEqual([collectionRow()])
          expect(await tx.run(RUN)).toEqual(runRow())
          expect(await tx.run(asId<RunId>('run-9'))).toBeNull()
        })
      })
    })
  })
}

async function lease(store: SyncStore) {
  const held = await store.acquireLease(MAILBOX, 'one', T0, 1000)
  if (!held) throw new Error('the first lease was refused')
  return held
}

const feed = (store: SyncStore, cursor: ChannelRow['feedCursor'], limit: number) =>
  store.transaction(null, (tx) => tx.feed(MAILBOX, 'calendar', cursor, limit))
const titles = (pairs: Awaited<ReturnType<typeof feed>>['pairs']) =>
  pairs.map((pair) => String(pair.record?.fields['subject']))
const feedTitles = async (store: SyncStore) => titles((await feed(store, null, 100)).pairs)
