import { formatPlainDate, formatTime, today, wallClock } from '../../format.ts'
import { mail as t } from '../../text/en/mail.ts'
import type { Person } from './use-mail.ts'

/** How people and times are written in lists of mail. */
export const nameOf = (person: Person): string => (person.name === '' ? person.email : person.name)
export const senderOf = (person: Person | null): string => (person === null ? t.noSender : nameOf(person))
export const subjectOf = (subject: string): string => (subject.trim() === '' ? t.noSubject : subject)

/** The first name of people, for lines that are short. */
const shortName = (person: Person): string => nameOf(person).split(/[\s@,]/)[0] ?? ''
export const namesOf = (people: readonly Person[], mine: ReadonlySet<string>, most = 3): string => {
  const named = people
    .slice(0, most)
    .map((one) => (mine.has(one.email) ? t.me : people.length > 1 ? shortName(one) : nameOf(one)))
  const rest = people.length - named.length
  return rest > 0 ? `${named.join(', ')} ${t.morePeople(rest)}` : named.join(', ')
}

/** Today the time, this year the day, else the date. */
export function listTime(at: string | null): string {
  if (at === null) return ''
  const day = wallClock(at).slice(0, 10)
  if (day === today()) return formatTime(at)
  if (day.slice(0, 4) === today().slice(0, 4)) return formatPlainDate(day, { day: 'numeric', month: 'short' })
  return formatPlainDate(day)
}

export const initialsOf = (name: string): string =>
  name
    .split(/[\s@._-]+/)
    .filter((part) => part !== '')
    .slice(0, 2)
    .map((part) => part[0]?.toUpperCase() ?? '')
    .join('')
