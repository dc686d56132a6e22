import { messageFields, type Item, type PlainDate } from './item.ts'
import { showsIn } from './series.ts'
import { dateAt } from './time.ts'

/**
 * Whether an item lies in the period that is kept in step; both dates are UTC days and inside. Outside is not gone:
 * such an item is unlinked, never deleted. Tasks have no period.
 */
export function inWindow(item: Item, from: PlainDate, to: PlainDate): boolean {
  if (item.kind === 'task') return true
  if (item.kind === 'event') return showsIn(item, { from, to }, 'UTC')
  const { receivedAt, sentAt } = messageFields(item)
  const at = receivedAt ?? sentAt
  if (at === null || at === undefined) return true
  const day = dateAt(at, 'UTC')
  return day >= from && day <= to
}
