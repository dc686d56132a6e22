import type { Fields, Json, Kind } from './item.ts'

/**
 * A message's content is what was sent, and the mailbox's own: the CRM never changes it. So bases and the journal keep
 * only the groups that may change on both sides; with bodies in them, a mailbox would be stored three times.
 */
export const sharedMessageGroups: readonly string[] = ['read', 'flag', 'categories', 'folder']
const SHARED: ReadonlySet<string> = new Set(sharedMessageGroups)

/** What a base keeps of these fields: for messages the shared groups, for others all. */
export function withoutContent(kind: Kind, fields: Fields): Fields {
  if (kind !== 'message') return fields
  const kept: { [group: string]: Json } = {}
  for (const group of sharedMessageGroups) {
    const value = fields[group]
    if (value !== undefined) kept[group] = value
  }
  return kept
}

/**
 * A message's base as the merge needs it: the content is what the record holds, so that a difference is always the
 * mailbox's doing.
 */
export function withContent(kind: Kind, base: Fields, content: Fields): Fields {
  if (kind !== 'message') return base
  const whole: { [group: string]: Json } = { ...base }
  for (const group in content) {
    const value = content[group]
    if (!SHARED.has(group) && value !== undefined) whole[group] = value
  }
  return whole
}
