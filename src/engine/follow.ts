import { asId, type CollectionId } from '../core/ids.ts'
import type { PairPlan } from '../core/pair-plan.ts'
import type { CollectionRow, LinkRow, RecordRow } from '../store/sync-store.ts'
import type { Pass } from './pass.ts'

/** Where a record lies: with its item (R34). */
interface Place {
  readonly link: LinkRow | null
  readonly record: RecordRow | null
  readonly seen: { readonly is: 'item' | 'gone' | 'unseen' }
  /** Where the item lies. */
  readonly collection: CollectionRow
}

/** The container that the record must follow its item into, or null. A message lies where its field group says. */
export function movedTo(pass: Pass, place: Place, plan: PairPlan): string | null {
  const { link, record, seen, collection } = place
  if (record === null || record.deletedAt !== null) return null
  if (pass.kind === 'message') return plan.crm?.do === 'delete' ? null : messageMovedTo(pass, record, plan)
  if (link === null || seen.is !== 'item') return null
  return link.collection !== collection.id && record.container !== collection.container
    ? collection.container
    : null
}

function messageMovedTo(pass: Pass, record: RecordRow, plan: PairPlan): string | null {
  const folder = plan.crm?.fields['folder'] ?? record.fields['folder']
  const home = pass.collections.get(asId<CollectionId>(String(folder)))
  return home !== undefined && home.container !== record.container ? home.container : null
}

/** Where a record that comes back lies: with its item, when that moved. A message always says where it lies. */
export const returnsTo = (pass: Pass, { link, collection, seen }: Place): { readonly container?: string } =>
  seen.is !== 'item' || (pass.kind !== 'message' && link?.collection === collection.id)
    ? {}
    : { container: collection.container }
