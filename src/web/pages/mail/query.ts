import type { ApiInput } from '../../../server/api/api.ts'
import type { Search } from '../../ui/url-state.ts'

/** What the list asks for, from the address of the page: all filters can be linked. Pure. */
type Asked = NonNullable<ApiInput<'GET /api/mail/messages'>['query']>
export type Sort = (typeof SORTS)[number]
export type ListQuery = Asked & { readonly sort: Sort }
export type PlaceName = NonNullable<Asked['place']>

const PLACES: readonly PlaceName[] = ['inbox', 'sentitems', 'drafts', 'archive', 'deleteditems', 'junkemail']
const SORTS = ['-date', 'date', 'subject', 'from', 'rank'] as const
const FILTERS = [
  'unread',
  'flagged',
  'attachments',
  'important',
  'category',
  'person',
  'after',
  'before',
  'q',
] as const

const isDate = (text: string | undefined): text is string =>
  text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

export const placeOf = (url: Search): PlaceName | null =>
  url['folder'] === undefined && url['all'] === undefined
    ? (PLACES.find((one) => one === url['place']) ?? 'inbox')
    : null

export function listQuery(url: Search): ListQuery {
  const place = placeOf(url)
  const q = url['q']?.trim()
  const sort = SORTS.find((one) => one === url['sort']) ?? (q ? 'rank' : '-date')
  return {
    size: PAGE_ROWS,
    sort,
    ...(place !== null && { place }),
    ...(url['folder'] !== undefined && { folder: url['folder'] }),
    ...(url['mailbox'] !== undefined && { mailbox: url['mailbox'] }),
    ...(q && { q }),
    ...(url['unread'] === 'yes' && { unread: true }),
    ...(url['flagged'] === 'yes' && { flagged: true }),
    ...(url['attachments'] === 'yes' && { attachments: true }),
    ...(url['important'] === 'yes' && { importance: 'high' as const }),
    ...(url['category'] && { category: url['category'] }),
    ...(url['person'] && { person: url['person'] }),
    ...(isDate(url['after']) && { after: url['after'] }),
    ...(isDate(url['before']) && { before: url['before'] }),
  }
}

/** Rows asked for at once; the list is as long as the folder and asks for what is looked at. */
export const PAGE_ROWS = 100
export const isFiltered = (url: Search): boolean => FILTERS.some((name) => (url[name] ?? '') !== '')
/** A folder is chosen: filters stay, what was open goes. */
export const FOLDER_PARTS = {
  place: null,
  folder: null,
  mailbox: null,
  all: null,
  view: null,
  m: null,
} as const
/** All filters go. */
export const NO_FILTERS = Object.fromEntries(FILTERS.map((name) => [name, null])) as Record<string, null>
/** The pages of the list that a stretch of rows lies on, counted from 1. */
export function pagesFor(first: number, last: number): readonly number[] {
  const from = Math.floor(Math.max(0, first) / PAGE_ROWS)
  const to = Math.floor(Math.max(first, last) / PAGE_ROWS)
  return Array.from({ length: to - from + 1 }, (_, i) => from + i + 1)
}
