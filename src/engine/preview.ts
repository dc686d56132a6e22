import { type Connector, ConnectorError, type Page, type ReadOutcome } from '../connectors/connector.ts'
import type { RunId } from '../core/ids.ts'
import type { OperationRow, RunRow } from '../store/sync-store.ts'
import type { Pass } from './pass.ts'
import { planPass } from './sync.ts'

/**
 * A preview is a rehearsal: the pass runs as it is, in ONE transaction that is rolled back at its end, against answers
 * of Microsoft that were fetched before. So a plan cannot differ from what would have happened, and nothing of it stays
 * but the planned operations, which wait for a person.
 *
 * No journey to Microsoft happens inside the transaction: a rehearsal that needs one more stops, the answer is fetched,
 * and it begins anew.
 */

/** More items than this are not rehearsed at once: they are all held in memory. */
export const PREVIEW_ITEMS_MAX = 20_000
/** Journeys that one rehearsal may ask for before something is wrong with it. */
const JOURNEYS_MAX = 2000

interface Rehearsal {
  readonly operations: readonly OperationRow[]
}

export async function storePreview(pass: Pass): Promise<readonly OperationRow[]> {
  const operations = await rehearse(pass, planPass)
  await storePlan(pass, operations)
  return operations
}

/** The planned operations and their run, which wait for a person from now on. */
export async function storePlan(pass: Pass, operations: readonly OperationRow[]): Promise<void> {
  pass.counts.held = operations.length
  await pass.commit(async (_tx, batch) => {
    if (operations.length === 0) return
    for (const row of operations) batch.operations.set(row.id, row)
    pass.run = { ...pass.run, state: 'planned', counts: planCounts(operations) }
    batch.run = pass.run
  })
}

/** What `steps` would write, with nothing of it left behind. */
export async function rehearse(
  pass: Pass,
  steps: (acting: Pass) => Promise<void>,
): Promise<readonly OperationRow[]> {
  const tape = createTape(pass.connector, pass.signal)
  for (let journeys = 0; journeys < JOURNEYS_MAX; journeys++) {
    tape.rewind()
    const ending = await attempt(pass, tape.connector, steps)
    if ('operations' in ending) return ending.operations
    await pass.keepLease()
    await ending.journey()
  }
  throw new Error('The preview asked Microsoft 365 again and again without coming to an end.')
}

async function attempt(
  pass: Pass,
  tape: Connector,
  steps: (acting: Pass) => Promise<void>,
): Promise<Rehearsal | Journey> {
  let ending: Rehearsal | Journey | null = null
  const curtain = new Curtain()
  try {
    await pass.store.transaction(pass.lease, async (tx) => {
      const acting = pass.rehearsing(tape, tx)
      try {
        await steps(acting)
        const rows = await tx.operations({ run: acting.run.id })
        ending = {
          operations: rows
            .filter((row) => row.state !== 'superseded')
            .map((row) => planned(row, pass.run.id)),
        }
      } catch (error) {
        if (!(error instanceof Journey)) throw error
        ending = error
      }
      throw curtain
    })
  } catch (error) {
    if (error !== curtain) throw error
  }
  if (ending === null) throw new Error('The rehearsal ended without an ending.')
  return ending
}

/** As it waits for a person: what the rehearsal carried out is planned again. */
function planned(row: OperationRow, run: RunId): OperationRow {
  const reason = row.state === 'held' ? row.reason : 'A preview: nothing is written before it is approved.'
  return { ...row, run, state: 'held', reason, sentAt: null, doneAt: null, attempts: 0 }
}

/** Ends the transaction of a rehearsal, so that nothing of it stays. */
class Curtain extends Error {}

/** A rehearsal needs an answer that is not on the tape yet. */
class Journey extends Error {
  readonly journey: () => Promise<void>
  constructor(journey: () => Promise<void>) {
    super('The rehearsal needs an answer of Microsoft 365.')
    this.journey = journey
  }
}

/**
 * Microsoft's answers, fetched once and told again in each attempt. Who asks for the same pages again within one attempt
 * was refused them the first time, and is given another answer.
 */
function createTape(real: Connector, signal: AbortSignal): { readonly connector: Connector; rewind(): void } {
  const pages = new Map<string, readonly Page[] | ConnectorError>()
  const asked = new Map<string, number>()
  const reads = new Map<string, ReadOutcome>()
  let items = 0

  async function record(pull: AsyncIterable<Page>): Promise<readonly Page[] | ConnectorError> {
    const told: Page[] = []
    try {
      for await (const page of pull) {
        told.push(page)
        items += page.observed.length
        if (items > PREVIEW_ITEMS_MAX) throw new ConnectorError(TOO_MUCH)
        if (page.last) break
      }
      return told
    } catch (error) {
      if (error instanceof ConnectorError && error.failure !== TOO_MUCH) return error
      throw error
    }
  }

  const connector: Connector = {
    side: real.side,
    capabilities: real.capabilities,
    identity: () => real.identity(signal),
    collections: () => Promise.reject(new Error('A rehearsal discovers nothing.')),
    async *pull(collection, cursor) {
      const place = `${collection.id} ${cursor ?? ''}`
      const times = (asked.get(place) ?? 0) + 1
      asked.set(place, times)
      const key = `${place} ${times}`
      const told = pages.get(key)
      if (told === undefined)
        throw new Journey(
          async () => void pages.set(key, await record(real.pull(collection, cursor, signal))),
        )
      if (told instanceof ConnectorError) throw told
      yield* told
    },
    async read(refs) {
      const missing = refs.filter((ref) => !reads.has(ref.id))
      if (missing.length > 0)
        throw new Journey(async () => {
          for (const outcome of await real.read(missing, signal)) reads.set(outcome.id, outcome)
        })
      return refs.map((ref) => reads.get(ref.id) ?? { outcome: 'gone', id: ref.id })
    },
    push: () => Promise.reject(new Error('A rehearsal writes nothing.')),
    settle: async (operations) =>
      operations.map(() => ({
        outcome: 'unknown',
        failure: { kind: 'unavailable', message: 'It is looked up by the next sync.' },
      })),
  }
  return { connector, rewind: () => asked.clear() }
}

const TOO_MUCH = {
  kind: 'unavailable',
  message: `A preview of more than ${PREVIEW_ITEMS_MAX} items is too much at once. Choose a shorter period or fewer folders.`,
} as const

/** The figures of a plan that a person reads first. */
function planCounts(operations: readonly OperationRow[]): RunRow['counts'] {
  const count = (side: OperationRow['side'], verb: OperationRow['do']): number =>
    operations.filter((row) => row.side === side && row.do === verb).length
  const counts = (side: OperationRow['side']) => ({
    create: count(side, 'create'),
    update: count(side, 'update'),
    delete: count(side, 'delete'),
    restore: count(side, 'restore'),
  })
  const mailed = new Set(operations.flatMap((row) => row.mails)).size
  return { crm: counts('crm'), mailbox: counts('mailbox'), mailed }
}
