import { describe, expect, test } from 'vitest'
import { isFiltered, listQuery, pagesFor, placeOf } from './query.ts'

describe('the address of the page says which messages are listed', () => {
  test('nothing said is the inbox, newest first', () => {
    expect(listQuery({})).toEqual({ size: 100, sort: '-date', place: 'inbox' })
  })

  test('a folder stands instead of a place, and all mail instead of both', () => {
    expect(listQuery({ folder: 'f1' })).toMatchObject({ folder: 'f1' })
    expect(placeOf({ folder: 'f1' })).toBeNull()
    expect(placeOf({ all: 'yes' })).toBeNull()
    expect(placeOf({ place: 'nonsense' })).toBe('inbox')
  })

  test('a search shows the best match first, unless another order is asked for', () => {
    expect(listQuery({ q: 'renewal' })).toMatchObject({ q: 'renewal', sort: 'rank' })
    expect(listQuery({ q: 'renewal', sort: 'date' })).toMatchObject({ sort: 'date' })
    expect(listQuery({ q: '   ' })).not.toHaveProperty('q')
  })

  test('all filters; what is no date is passed over', () => {
    expect(
      listQuery({
        unread: 'yes',
        flagged: 'yes',
        attachments: 'yes',
        important: 'yes',
        category: 'Customers',
        person: 'm@x.example',
        after: '2026-02-30x',
        before: '2026-11-28',
      }),
    ).toEqual({
      size: 100,
      sort: '-date',
      place: 'inbox',
      unread: true,
      flagged: true,
      attachments: true,
      importance: 'high',
      category: 'Customers',
      person: 'm@x.example',
      before: '2026-11-28',
    })
    expect(isFiltered({ unread: 'yes' })).toBe(true)
    expect(isFiltered({ folder: 'f', m: 'x' })).toBe(false)
  })

  test('only the pages are asked for on which rows are looked at', () => {
    expect(pagesFor(0, 12)).toEqual([1])
    expect(pagesFor(95, 130)).toEqual([1, 2])
    expect(pagesFor(100, 199)).toEqual([2])
    expect(pagesFor(9_950, 10_020)).toEqual([100, 101])
  })
})
