import type { RemoteCollection } from '../connectors/connector.ts'
import { type CollectionId, asId } from '../core/ids.ts'
import type { CollectionRow } from '../store/sync-store.ts'
import type { Pass } from './pass.ts'

/** Which calendar, list or folder a mailbox brings along, and which of them are kept in step from the start. */
export type Pairing = (
  remote: RemoteCollection,
  id: CollectionId,
) => { readonly container: string; readonly selected: boolean }

/** What was thrown away, junk and what the server keeps for itself is chosen by a person or not at all. */
const NOT_BY_ITSELF: ReadonlySet<string> = new Set(['deleteditems', 'junkemail', 'outbox'])

/** The default calendar or list; of a mailbox's folders, those that a person reads. */
export const defaultPairing =
  (channel: string): Pairing =>
  (remote, id) => ({
    container: id,
    selected: channel === 'email' ? !NOT_BY_ITSELF.has(remote.wellKnown ?? '') : remote.isDefault,
  })

/**
 * Compares the collections at Microsoft with ours: new ones are added, changed names taken over, and one that is no
 * longer there is marked so; nothing in it is deleted.
 */
export async function discover(pass: Pass, pairing: Pairing): Promise<void> {
  await pass.keepLease()
  const remote = await pass.connector.collections(pass.channel.channel, pass.signal)
  await pass.commit(async (_tx, batch) => {
    const known = new Map([...pass.collections.values()].map((row) => [row.externalId, row]))
    for (const each of remote) {
      const row = known.get(each.externalId)
      const now = row ? refreshed(row, each) : added(pass, each, pairing)
      if (now !== row) batch.collections.set(now.id, now)
      known.delete(each.externalId)
    }
    for (const row of known.values())
      if (row.trouble !== GONE) batch.collections.set(row.id, { ...row, trouble: GONE, selected: false })
  })
}

const GONE = 'It is no longer in Microsoft 365. Its items were kept and are no longer synced.'

function refreshed(row: CollectionRow, remote: RemoteCollection): CollectionRow {
  const { name, isDefault, canWrite } = remote
  const wellKnown = remote.wellKnown ?? null
  const alike =
    row.name === name &&
    row.isDefault === isDefault &&
    row.canWrite === canWrite &&
    row.wellKnown === wellKnown &&
    row.trouble !== GONE &&
    sameTree(row, remote)
  if (alike) return row
  return {
    ...row,
    name,
    isDefault,
    canWrite,
    wellKnown,
    trouble: row.trouble === GONE ? null : row.trouble,
    ...treeOf(remote),
  }
}

/** Only folders of mail lie in each other and are counted. */
const treeOf = (remote: RemoteCollection): Pick<CollectionRow, 'parentExternalId' | 'total' | 'unread'> =>
  remote.total === undefined
    ? {}
    : {
        parentExternalId: remote.parentExternalId ?? null,
        total: remote.total,
        unread: remote.unread ?? null,
      }
const sameTree = (row: CollectionRow, remote: RemoteCollection): boolean =>
  remote.total === undefined ||
  ((row.parentExternalId ?? null) === (remote.parentExternalId ?? null) &&
    row.total === remote.total &&
    row.unread === (remote.unread ?? null))

function added(pass: Pass, remote: RemoteCollection, pairing: Pairing): CollectionRow {
  const id = asId<CollectionId>(pass.env.newId())
  return {
    id,
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    externalId: remote.externalId,
    name: remote.name,
    isDefault: remote.isDefault,
    canWrite: remote.canWrite,
    ...pairing(remote, id),
    cursor: null,
    window: null,
    generation: 0,
    enumerating: false,
    trouble: null,
    wellKnown: remote.wellKnown ?? null,
    ...treeOf(remote),
  }
}
