import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ConnectorError,
  type CollectionRef,
  type Connector,
  type Observation,
  type Operation,
  type PushOutcome,
} from '../../src/connectors/connector.ts'
import { type Cursor, type ETag, type ItemId, type OperationId, asId } from '../../src/core/ids.ts'
import type { Fields, Item } from '../../src/core/item.ts'

/** A connector with a collection that is empty, and a person on the system's own side. */
export interface ConnectorUnderTest {
  readonly connector: Connector
  readonly collection: CollectionRef
  readonly person: {
    create(subject: string): Promise<ItemId>
    rename(id: ItemId, subject: string): Promise<void>
    remove(id: ItemId): Promise<void>
    /** Titles of all items, sorted. */
    titles(): Promise<readonly string[]>
  }
  /** A whole item of this system, as the engine would create it. */
  item(subject: string): Item
  /** The system forgets all cursors. */
  forgetCursors(): Promise<void>
  /** The next write is applied and its answer is lost (`reply`), or it never arrives (`request`). */
  lose(what: 'reply' | 'request'): Promise<void>
  close(): Promise<void>
}

const NEVER = new AbortController().signal

/** What every connector promises. Call it once for each system and channel. */
export function connectorContract(name: string, make: () => Promise<ConnectorUnderTest>): void {
  describe(`connector contract: ${name}`, () => {
    let under: ConnectorUnderTest
    let keys = 0

    beforeEach(async () => {
      under = await make()
    })
    afterEach(() => under.close())

    const key = () => asId<OperationId>(`contract-${++keys}`)
    const create = (subject: string, its = key()): Operation => ({
      do: 'create',
      key: its,
      collection: under.collection,
      item: under.item(subject),
    })
    const rename = (seen: Found, subject: string): Operation => ({
      do: 'update',
      key: key(),
      collection: under.collection,
      id: seen.id,
      fields: { subject },
      whole: { ...seen.item, fields: { ...seen.item.fields, subject } },
      ifMatch: seen.etag,
    })
    const remove = (seen: Found): Operation => ({
      do: 'delete',
      key: key(),
      collection: under.collection,
      id: seen.id,
      ifMatch: seen.etag,
    })
    const push = async (operation: Operation): Promise<PushOutcome> => {
      const [outcome] = await under.connector.push([operation], NEVER)
      if (!outcome) throw new Error('The connector gave no answer.')
      return outcome
    }
    const pull = async (cursor: Cursor | null) => {
      const observed: Observation[] = []
      let next = cursor
      let last = false
      for await (const page of under.connector.pull(under.collection, cursor, NEVER)) {
        observed.push(...page.observed)
        next = page.next
        last = page.last
        if (last) break
      }
      if (!last || next === null) throw new Error('The pull ended without a last page.')
      return { observed, next }
    }
    const found = async (id: ItemId): Promise<Found> => {
      const [outcome] = await under.connector.read([{ id, collection: under.collection }], NEVER)
      if (outcome?.outcome !== 'found') throw new Error(`${id} was not found.`)
      return outcome
    }
    const tombstones = (observed: readonly Observation[]) =>
      observed.filter((each) => each.kind === 'tombstone').map((each) => each.id)

    test('says who it is, alike each time', async () => {
      const first = await under.connector.identity(NEVER)
      expect(first.objectId).not.toBe('')
      expect(first.address).toContain('@')
      expect(await under.connector.identity(NEVER)).toEqual(first)
    })

    test('lists its collections, one of them the default and writable', async () => {
      const all = await under.connector.collections(under.collection.channel, NEVER)
      expect(all.filter((each) => each.isDefault)).toMatchObject([{ canWrite: true }])
      expect(all.map((each) => each.externalId)).toContain(under.collection.externalId)
    })

    test('a first pull tells all there is, and the next one nothing more', async () => {
      for (const subject of ['One', 'Two', 'Three']) await under.person.create(subject)
      const { observed, next } = await pull(null)
      expect(subjects(observed).sort()).toEqual(['One', 'Three', 'Two'])
      for (const each of observed)
        if (each.kind === 'item') {
          expect(each.collection).toBe(under.collection.id)
          expect(each.etag).not.toBe('')
        }
      expect((await pull(next)).observed).toEqual([])
    })

    test('a later pull tells what was made, changed and removed since', async () => {
      const changed = await under.person.create('Changed')
      const removed = await under.person.create('Removed')
      await under.person.create('Untouched')
      const { next } = await pull(null)
      await under.person.rename(changed, 'Changed twice')
      await under.person.remove(removed)
      await under.person.create('Made')
      const { observed } = await pull(next)
      expect(subjects(observed).sort()).toEqual(['Changed twice', 'Made'])
      if (under.connector.capabilities.deletions === 'told') expect(tombstones(observed)).toEqual([removed])
    })

    test('a cursor that is used twice tells the same twice', async () => {
      const { next } = await pull(null)
      await under.person.create('Made')
      expect(subjects((await pull(next)).observed)).toEqual(['Made'])
      expect(subjects((await pull(next)).observed)).toEqual(['Made'])
    })

    test('a round over many collections tells what single pulls tell', async () => {
      if (!under.connector.pullMany) return
      const { next } = await pull(null)
      await under.person.create('Made')
      const [page] = await under.connector.pullMany([{ collection: under.collection, cursor: next }], NEVER)
      if (page === undefined || page instanceof ConnectorError) throw new Error('The round failed.')
      expect(subjects(page.observed)).toEqual(['Made'])
    })

    test('a forgotten cursor is told as such, also in a round', async () => {
      await under.person.create('One')
      const { next } = await pull(null)
      await under.forgetCursors()
      const error = await pull(next).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ConnectorError)
      expect((error as ConnectorError).failure.kind).toBe('cursor-expired')
      const answers = await under.connector.pullMany?.(
        [{ collection: under.collection, cursor: next }],
        NEVER,
      )
      for (const answer of answers ?? [])
        expect(answer instanceof ConnectorError && answer.failure.kind).toBe('cursor-expired')
      expect(subjects((await pull(null)).observed)).toEqual(['One'])
    })

    test('reading by id answers in the order asked: found or gone', async () => {
      const here = await under.person.create('Here')
      const gone = await under.person.create('Gone')
      await under.person.remove(gone)
      const refs = [gone, here, gone].map((id) => ({ id, collection: under.collection }))
      const outcomes = await under.connector.read(refs, NEVER)
      expect(outcomes.map((each) => [each.id, each.outcome])).toEqual([
        [gone, 'gone'],
        [here, 'found'],
        [gone, 'gone'],
      ])
      expect(outcomes[1]).toMatchObject({ inWindow: true, item: { fields: { subject: 'Here' } } })
    })

    test('what is created is there with the version that was answered, and read back it is what was written', async () => {
      const outcome = await push(create('Made by us'))
      if (outcome.outcome !== 'written') throw new Error(`It was ${outcome.outcome}.`)
      const seen = await found(outcome.id)
      expect(seen.etag).toBe(outcome.etag)
      const { fields } = under.item('Made by us')
      expect(pickedFrom(seen.item.fields, fields)).toEqual(fields)
    })

    test('the same create sent twice makes one item', async () => {
      const operation = create('Made once')
      const first = await push(operation)
      const second = await push(operation)
      expect([first.outcome, second.outcome]).toEqual(['written', 'written'])
      expect(await under.person.titles()).toEqual(['Made once'])
    })

    test('an update writes its groups and leaves the others', async () => {
      const made = await push(create('Before'))
      if (made.outcome !== 'written') throw new Error(`It was ${made.outcome}.`)
      const before = await found(made.id)
      const outcome = await push(rename(before, 'After'))
      expect(outcome.outcome).toBe('written')
      const after = await found(made.id)
      expect(after.item.fields).toEqual({ ...before.item.fields, subject: 'After' })
      expect(after.etag).not.toBe(before.etag)
    })

    test('a write over a version that nobody read is stale, and nothing of it is applied', async () => {
      const id = await under.person.create('Before')
      const old = await found(id)
      await under.person.rename(id, 'By a person')
      expect((await push(rename(old, 'By us'))).outcome).toBe('stale')
      expect((await push(remove(old))).outcome).toBe('stale')
      expect(await under.person.titles()).toEqual(['By a person'])
    })

    test('what was deleted is gone, for a read and for a write', async () => {
      const seen = await found(await under.person.create('Deleted'))
      expect((await push(remove(seen))).outcome).toBe('written')
      expect(await under.person.titles()).toEqual([])
      expect((await push(rename(seen, 'Too late'))).outcome).toBe('gone')
      const [read] = await under.connector.read([{ id: seen.id, collection: under.collection }], NEVER)
      expect(read?.outcome).toBe('gone')
    })

    test('many writes are answered in the order asked, each by itself', async () => {
      const old = await found(await under.person.create('Old'))
      await under.person.rename(old.id, 'Newer')
      const batch = [create('First'), rename(old, 'Refused'), create('Last')]
      const outcomes = await under.connector.push(batch, NEVER)
      expect(outcomes.map((each) => each.outcome)).toEqual(['written', 'stale', 'written'])
      expect(await under.person.titles()).toEqual(['First', 'Last', 'Newer'])
    })

    test('an unanswered create is unknown, and looking it up finds it once', async () => {
      const operation = create('Lost answer')
      await under.lose('reply')
      expect((await push(operation)).outcome).toBe('unknown')
      const [settled] = await under.connector.settle([operation], NEVER)
      expect(settled?.outcome).toBe('written')
      expect(await under.person.titles()).toEqual(['Lost answer'])
    })

    test('a create that never arrived is not applied, and can be sent again', async () => {
      const operation = create('Lost request')
      await under.lose('request')
      expect(['unknown', 'not-sent']).toContain((await push(operation)).outcome)
      const [settled] = await under.connector.settle([operation], NEVER)
      expect(settled?.outcome).toBe('not-applied')
      expect((await push(operation)).outcome).toBe('written')
      expect(await under.person.titles()).toEqual(['Lost request'])
    })

    test('an unanswered update that arrived is found applied', async () => {
      const seen = await found(await under.person.create('Before'))
      const operation = rename(seen, 'After')
      await under.lose('reply')
      expect((await push(operation)).outcome).toBe('unknown')
      const [settled] = await under.connector.settle([operation], NEVER)
      expect(settled?.outcome).toBe('written')
      expect(await under.person.titles()).toEqual(['After'])
    })
  })
}

interface Found {
  readonly id: ItemId
  readonly item: Item
  readonly etag: ETag
}

const subjects = (observed: readonly Observation[]): string[] =>
  observed.flatMap((each) => (each.kind === 'item' ? [String(each.item.fields['subject'])] : []))
const pickedFrom = (held: Fields, wanted: Fields): Fields =>
  Object.fromEntries(Object.entries(held).filter(([group]) => group in wanted))
