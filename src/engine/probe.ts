import type { ItemRef, ReadOutcome } from '../connectors/connector.ts'
import { type ItemId, type LinkId } from '../core/ids.ts'
import type { CollectionRow, DeferredRow, PairRow } from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import { TRIES_MAX, consider, pendingOf, unlink } from './consider.ts'
import { type Pass, collectionRef } from './pass.ts'
import { considerItem, isQuestion } from './pull.ts'

/**
 * Absence is not deletion. What a tombstone names, and what a complete enumeration did not list, is asked for by its
 * id: gone, moved elsewhere, or out of the period. Only the first may delete, and only through the guard.
 */

/** Items asked for in one go: five full batches of the connector. */
const READ_CHUNK = 100

/** The questions that the pulled pages left behind. */
export async function probeDeferred(pass: Pass): Promise<void> {
  const asked = [...pass.questions].flatMap((id) => pass.collections.get(id) ?? [])
  pass.questions.clear()
  for (const row of asked) {
    let after: ItemId | null = null
    for (;;) {
      const from: ItemId | null = after
      const rows: readonly DeferredRow[] = await pass.read((tx) => tx.deferred(row.id, from, READ_CHUNK))
      const asked = await stillAsked(pass, row, rows)
      await ask(
        pass,
        row,
        asked.map((each) => each.item),
        (batch, item) => batch.undeferred.push({ collection: row.id, item }),
      )
      if (rows.length < READ_CHUNK) break
      after = rows.at(-1)?.item ?? null
    }
  }
}

/** Without the matches that wait, and without tombstones that another collection answered since. */
async function stillAsked(
  pass: Pass,
  row: CollectionRow,
  rows: readonly DeferredRow[],
): Promise<readonly DeferredRow[]> {
  const asked = rows.filter((each) => kindOfDeferred(each) !== 'match')
  if (pass.kind !== 'message') return asked
  const left = asked.filter((each) => kindOfDeferred(each) === 'tombstone').map((each) => each.item)
  if (left.length === 0) return asked
  const pairs = new Map(
    (await pass.read((tx) => tx.pairsByItem(pass.mailbox.id, left))).map((pair) => [pair.link?.item, pair]),
  )
  const answered = left.filter((item) => !isQuestion(pass, row, pairs.get(item)))
  if (answered.length > 0)
    await pass.commit(async (_tx, batch) => {
      for (const item of answered) batch.undeferred.push({ collection: row.id, item })
    })
  return asked.filter((each) => !answered.includes(each.item))
}

export const kindOfDeferred = (row: DeferredRow): string => {
  const what = row.what
  return typeof what === 'object' && what !== null && 'kind' in what ? String(what.kind) : ''
}

/** Items that could not be understood are read again, a few times, in case the fault was not theirs. */
export async function retryMalformed(pass: Pass): Promise<void> {
  for (const parked of pass.parked.values()) {
    if (parked.side !== 'mailbox' || parked.tries >= TRIES_MAX || parked.version !== '') continue
    const row = pass.collections.get(parked.collection)
    if (row?.selected)
      await ask(pass, row, [parked.key as ItemId], (batch) =>
        batch.unparked.push({ mailbox: pass.mailbox.id, side: 'mailbox', key: parked.key }),
      )
  }
}

/** After the last page of an enumeration: who is linked here and was not listed. Ends the enumeration. */
export async function sweep(pass: Pass, begun: CollectionRow): Promise<void> {
  let after: LinkId | null = null
  for (;;) {
    const from: LinkId | null = after
    const unseen: readonly PairRow[] = await pass.read((tx) =>
      tx.unseenPairs(begun.id, begun.generation, from, READ_CHUNK),
    )
    const items = unseen.flatMap((pair) => (pair.link?.item ? [pair.link.item] : []))
    await ask(pass, begun, items, () => undefined)
    if (unseen.length < READ_CHUNK) break
    after = unseen.at(-1)?.link?.id ?? null
  }
  await pass.commit(async (_tx, batch) => {
    const row = pass.collections.get(begun.id) ?? begun
    batch.collections.set(row.id, { ...row, enumerating: false })
  })
}

async function ask(
  pass: Pass,
  row: CollectionRow,
  items: readonly ItemId[],
  answered: (batch: Batch, item: ItemId) => void,
): Promise<void> {
  if (items.length === 0) return
  await pass.keepLease()
  const ref = collectionRef(row, pass)
  const refs: readonly ItemRef[] = items.map((id) => ({ id, collection: ref }))
  const outcomes = await pass.connector.read(refs, pass.signal)
  await pass.commit(async (tx, batch) => {
    const pairs = await tx.pairsByItem(pass.mailbox.id, items)
    const byItem = new Map(pairs.map((pair) => [pair.link?.item, pair]))
    const pending = await pendingOf(
      tx,
      pairs.map((pair) => pair.link),
    )
    for (const [n, outcome] of outcomes.entries()) {
      const item = items[n]
      if (item === undefined) continue
      answered(batch, item)
      const pair = byItem.get(item) ?? { link: null, record: null }
      take(pass, batch, row, pair, outcome, pending)
    }
  })
}

function take(
  pass: Pass,
  batch: Batch,
  row: CollectionRow,
  pair: PairRow,
  outcome: ReadOutcome,
  pending: Awaited<ReturnType<typeof pendingOf>>,
): void {
  const { link, record } = pair
  const open = (link?.pending && pending.get(link.pending)) ?? null
  const home = (link && pass.collections.get(link.collection)) ?? row
  switch (outcome.outcome) {
    case 'gone':
      if (link !== null)
        consider(pass, batch, { link, record, seen: { is: 'gone' }, collection: home, pending: open })
      return
    case 'found': {
      const at = whereFound(pass, home, outcome.collectionExternalId)
      if (at === null && isThrownAway(pass, outcome.collectionExternalId)) {
        if (link !== null)
          consider(pass, batch, { link, record, seen: { is: 'gone' }, collection: home, pending: open })
        return
      }
      if (at === null || !outcome.inWindow) {
        const subject = { link, record, seen: { is: 'unseen' }, collection: home, pending: open } as const
        if (link !== null && link.state === 'linked') unlink(pass, batch, subject, link)
        return
      }
      considerItem(pass, batch, at, pair, outcome, pending, true)
      return
    }
    case 'unreadable':
      parkUnreadable(pass, batch, row, outcome)
  }
}

/** Outlook deletes by moving to Deleted Items: unless that folder is in step itself, the message is gone. */
const isThrownAway = (pass: Pass, externalId: string | undefined): boolean =>
  pass.kind === 'message' &&
  [...pass.collections.values()].some(
    (row) => row.externalId === externalId && row.wellKnown === 'deleteditems',
  )

/** The chosen collection in which an item was found; null when it lies outside of them. */
function whereFound(pass: Pass, home: CollectionRow, externalId: string | undefined): CollectionRow | null {
  if (externalId === undefined || externalId === home.externalId) return home.selected ? home : null
  return pass.selected.find((row) => row.externalId === externalId) ?? null
}

function parkUnreadable(
  pass: Pass,
  batch: Batch,
  row: CollectionRow,
  outcome: Extract<ReadOutcome, { outcome: 'unreadable' }>,
): void {
  const parked = {
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: row.id,
    side: 'mailbox',
    key: outcome.id,
    reason: outcome.reason,
    tries: (pass.parked.get(outcome.id)?.tries ?? 0) + 1,
    version: '',
    at: pass.env.now(),
  } as const
  batch.unparked.splice(0, batch.unparked.length, ...batch.unparked.filter((each) => each.key !== outcome.id))
  batch.parked.push(parked)
  pass.parked.set(outcome.id, parked)
  pass.counts.parked += 1
}
