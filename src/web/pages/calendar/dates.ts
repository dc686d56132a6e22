import { formatPlainDate, formatPlainRange, theReader } from '../../format.ts'

/** Plain dates and wall-clock times as texts; arithmetic in UTC, where every day has 24 hours. */
export const DAY_MINUTES = 1440
const DAY_MS = 86_400_000

export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS)
export const addMinutes = (wall: string, minutes: number): string =>
  new Date(Date.parse(`${wall.slice(0, 16)}:00Z`) + minutes * 60_000).toISOString().slice(0, 19)
export const minutesBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to.slice(0, 16)}:00Z`) - Date.parse(`${from.slice(0, 16)}:00Z`)) / 60_000)
export const minuteOfDay = (wall: string): number =>
  Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16))
export const atMinute = (date: string, minute: number): string => addMinutes(`${date}T00:00`, minute)

const weekStarts = { sunday: 0, monday: 1, saturday: 6 }
export const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay()
export const startOfWeek = (date: string): string =>
  addDays(date, -((weekdayOf(date) - weekStarts[theReader().weekStart] + 7) % 7))
export const startOfMonth = (date: string): string => `${date.slice(0, 7)}-01`
export const addMonths = (date: string, months: number): string => {
  const [year = 0, month = 1] = date.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10)
}

export const isDate = (text: string | undefined): text is string =>
  text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

export type View = 'month' | 'week' | 'day' | 'agenda'
export const AGENDA_DAYS = 28

/** The days that a view draws; `to` is exclusive. */
export function windowOf(view: View, date: string): { readonly from: string; readonly to: string } {
  switch (view) {
    case 'day':
      return { from: date, to: addDays(date, 1) }
    case 'week':
      return { from: startOfWeek(date), to: addDays(startOfWeek(date), 7) }
    case 'agenda':
      return { from: date, to: addDays(date, AGENDA_DAYS) }
    case 'month': {
      const from = startOfWeek(startOfMonth(date))
      return { from, to: addDays(from, 42) }
    }
  }
}

export function step(view: View, date: string, by: 1 | -1): string {
  if (view === 'month') return addMonths(date, by)
  return addDays(date, by * (view === 'day' ? 1 : view === 'week' ? 7 : AGENDA_DAYS))
}

export function titleOf(view: View, date: string): string {
  const { from, to } = windowOf(view, date)
  if (view === 'month') return formatPlainDate(date, { month: 'long', year: 'numeric' })
  if (view === 'day')
    return formatPlainDate(date, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  return formatPlainRange(from, addDays(to, -1))
}

export const days = (from: string, to: string): readonly string[] =>
  Array.from({ length: daysBetween(from, to) }, (_, i) => addDays(from, i))
