import { theReader } from '../../format.ts'
import { addDays } from '../calendar/dates.ts'

/**
 * "Call Dana tomorrow" → the title and a date. Understands today, tomorrow, weekday names (the reader's and English),
 * and `YYYY-MM-DD`, as the last word only: a title is never torn apart in its middle.
 */
export function readQuick(
  typed: string,
  today: string,
): { readonly subject: string; readonly due: string | null } {
  const words = typed.trim().split(/\s+/)
  const last = words.at(-1)?.toLowerCase() ?? ''
  const due = words.length < 2 ? null : dateOf(last, today)
  return due === null ? { subject: typed.trim(), due } : { subject: words.slice(0, -1).join(' '), due }
}

function dateOf(word: string, today: string): string | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(word)) return Number.isNaN(Date.parse(word)) ? null : word
  const relative = new Intl.RelativeTimeFormat(theReader().locale, { numeric: 'auto' })
  if (word === 'today' || word === relative.format(0, 'day').toLowerCase()) return today
  if (word === 'tomorrow' || word === relative.format(1, 'day').toLowerCase()) return addDays(today, 1)
  for (let i = 1; i <= 7; i++) {
    const date = addDays(today, i)
    if (weekdayNames(date).includes(word)) return date
  }
  return null
}

function weekdayNames(date: string): readonly string[] {
  const at = new Date(`${date}T00:00:00Z`)
  return ['en', theReader().locale].flatMap((locale) =>
    (['short', 'long'] as const).map((weekday) =>
      new Intl.DateTimeFormat(locale, { weekday, timeZone: 'UTC' })
        .format(at)
        .toLowerCase()
        .replace(/\.$/, ''),
    ),
  )
}
