/** Privacy before storage: what a private event may tell is decided here, before it leaves the connector. */
import type { Fields, Item, Json } from '../../core/item.ts'
import { eventFields, parseGroup } from '../../core/item.ts'
import type { CollectionRef } from '../connector.ts'

const PRIVATE_SUBJECT = 'Private'
/** What an onlooker may not see, and what stands there instead. */
const CLOSED: { readonly [group: string]: Json } = {
  subject: PRIVATE_SUBJECT,
  body: null,
  location: null,
  attendees: [],
  answers: {},
  organizer: null,
  categories: [],
  onlineMeeting: null,
}

export const isPrivate = (item: Item): boolean => {
  const { sensitivity } = eventFields(item)
  return sensitivity === 'private' || sensitivity === 'confidential'
}

/** The item as it may be stored; null when private events are left out altogether. */
export function withPrivacy(item: Item, mode: CollectionRef['privateEvents']): Item | null {
  if (mode === undefined || mode === 'full' || !isPrivate(item)) return item
  if (mode === 'skip') return null
  const fields: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(item.fields)) {
    const { slot, name } = parseGroup(group)
    const closed = CLOSED[name]
    if (closed === undefined) fields[group] = value
    else if (slot === null) fields[group] = closed
  }
  const { webLink: _webLink, ...facts } = item.facts
  return { ...item, fields: fields as Fields, facts: { ...facts, redacted: Object.keys(CLOSED) } }
}
