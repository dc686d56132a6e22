import { describe, expect, test } from 'vitest'
import { changed, undoOf, type Change, type Target } from './changes.ts'

const message = (id: string, patch: Partial<Target> = {}): Target => ({
  id,
  mailbox: 'm',
  folder: 'inbox',
  subject: id,
  read: false,
  flag: 'notFlagged',
  categories: [],
  ...patch,
})

describe('what was done to messages is taken back for each of them', () => {
  const messages = [
    message('a', { read: true, flag: 'flagged', categories: ['Customers'] }),
    message('b', { folder: 'other' }),
    message('c', { read: true, categories: ['Customers', 'Late'] }),
  ]
  const changes: readonly Change[] = [
    { read: true },
    { read: false },
    { flag: 'flagged' },
    { flag: 'complete' },
    { folder: 'archive' },
    { addCategories: ['Customers'] },
    { removeCategories: ['Customers', 'Late'] },
    { read: true, flag: 'flagged', folder: 'archive', addCategories: ['New'] },
  ]
  test.each(changes.map((change) => [JSON.stringify(change), change] as const))('%s', (_, change) => {
    const after = messages.map((one) => changed(one, change))
    const back = undoOf(
      messages,
      messages.map((one) => one.id),
      change,
    )
    const undone = after.map((one) =>
      back.filter((step) => step.ids.includes(one.id)).reduce((now, step) => changed(now, step.change), one),
    )
    for (const [i, one] of undone.entries()) {
      expect({ ...one, categories: [...one.categories].sort() }).toEqual({
        ...messages[i],
        categories: [...(messages[i]?.categories ?? [])].sort(),
      })
    }
  })

  test('only what was really changed is taken back', () => {
    expect(undoOf(messages, ['b'], { read: true })).toEqual([{ ids: ['b'], change: { read: false } }])
    expect(undoOf(messages, [], { read: true })).toEqual([])
  })

  test('the other messages of a conversation go back to where the row was', () => {
    expect(undoOf([messages[0] as Target], ['a', 'x'], { folder: 'archive' })).toEqual([
      { ids: ['a', 'x'], change: { folder: 'inbox' } },
    ])
    expect(undoOf([messages[1] as Target], ['b', 'x'], { read: true })).toEqual([
      { ids: ['b', 'x'], change: { read: false } },
    ])
  })
})
