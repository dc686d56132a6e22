import type { ApiInput } from '../../../server/api/api.ts'
import type { Item } from '../../api/client.ts'

/** How messages look once a change is made, and what takes it back. Pure. */
export type Change = ApiInput<'POST /api/mail/messages/change'>['body']['change']

/** What an action needs to know of a message: a row of the list and an open message both have it. */
export type Target = Pick<
  Item<'GET /api/mail/messages'>,
  'id' | 'folder' | 'mailbox' | 'read' | 'flag' | 'categories' | 'subject'
>

/** How a message looks once the change is made. */
export function changed<T extends Target>(message: T, change: Change): T {
  const categories = [
    ...message.categories.filter((one) => !change.removeCategories?.includes(one)),
    ...(change.addCategories ?? []).filter((one) => !message.categories.includes(one)),
  ]
  return {
    ...message,
    ...(change.read !== undefined && { read: change.read }),
    ...(change.flag !== undefined && { flag: change.flag }),
    ...(change.folder !== undefined && { folder: change.folder }),
    ...((change.addCategories || change.removeCategories) && { categories }),
  }
}

interface Undo {
  readonly ids: string[]
  readonly change: Change
}
/**
 * What takes a change back: each message gets what it had. Messages of the same conversation that were changed along
 * with a row are taken back to what the row had.
 */
export function undoOf(targets: readonly Target[], done: readonly string[], change: Change): readonly Undo[] {
  const first = targets[0]
  if (first === undefined) return []
  const before = new Map(targets.map((one) => [one.id, one]))
  const steps = new Map<string, Undo>()
  for (const id of done) {
    const was = before.get(id) ?? first
    const back: Change = {
      ...(change.read !== undefined && { read: before.has(id) ? was.read : !change.read }),
      ...(change.flag !== undefined && { flag: was.flag }),
      ...(change.folder !== undefined && { folder: was.folder }),
      ...(change.addCategories && {
        removeCategories: change.addCategories.filter((one) => !was.categories.includes(one)),
      }),
      ...(change.removeCategories && {
        addCategories: change.removeCategories.filter((one) => was.categories.includes(one)),
      }),
    }
    const key = JSON.stringify(back)
    const step = steps.get(key)
    if (step) step.ids.push(id)
    else steps.set(key, { ids: [id], change: back })
  }
  return [...steps.values()]
}
