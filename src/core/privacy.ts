import { eventFields, parseGroup, type Fields, type Item, type Json } from './item.ts'

export type PrivateEvents = 'busy' | 'skip' | 'full'

/** What stands in the CRM instead. */
export const PRIVATE_SUBJECT = 'Private'

/** What of a private event is kept from the CRM, each with what stands there instead. */
const withheld: { readonly [group: string]: Json } = {
  subject: PRIVATE_SUBJECT,
  body: null,
  location: null,
  attendees: [],
  answers: {},
  answer: 'none',
  organizer: null,
  importance: 'normal',
  categories: [],
  onlineMeeting: null,
  reminder: null,
}
export const withheldGroups: readonly string[] = Object.keys(withheld)

/** An event whose owner marked it as anything but normal, or a series with such an occurrence. */
export function isPrivate(item: Item): boolean {
  if (item.kind !== 'event') return false
  if ((eventFields(item).sensitivity ?? 'normal') !== 'normal') return true
  for (const group in item.fields)
    if (parseGroup(group).name === 'sensitivity' && item.fields[group] !== 'normal') return true
  return false
}

/**
 * What may be stored of an item before anything of it is stored: all of it, a block of time that says "Private", or
 * nothing (null). The time, the recurrence and how the time shows stay; all other groups are replaced by the same
 * values whatever they held, and `facts.redacted` names them: they are read-only in the CRM and never written back.
 */
export function redactPrivate(item: Item, policy: PrivateEvents): Item | null {
  if (policy === 'full' || !isPrivate(item)) return item
  if (policy === 'skip') return null
  const fields: { [group: string]: Json } = {}
  for (const group in item.fields) {
    const { slot, name } = parseGroup(group)
    const value = item.fields[group]
    if (value === undefined) continue
    if (!Object.hasOwn(withheld, name)) fields[group] = value
    else if (slot === null) fields[group] = withheld[name] ?? null
  }
  const { iCalUId, isOrganizer, createdAt, modifiedAt } = item.facts
  return {
    ...item,
    fields: fields satisfies Fields,
    facts: {
      ...(iCalUId !== undefined && { iCalUId }),
      ...(isOrganizer !== undefined && { isOrganizer }),
      ...(createdAt !== undefined && { createdAt }),
      ...(modifiedAt !== undefined && { modifiedAt }),
      redacted: withheldGroups,
    },
  }
}
