import { type Fields, type Json, parseGroup } from './item.ts'
import { sameValue } from './same.ts'

/**
 * The three-way merge, field group by field group. It has no favourite: swapping the sides mirrors the answer.
 *
 * It takes TWO bases, what each side held when both last agreed, because a side may normalise, withhold or be unable to
 * hold a value. A side changed a group when it differs from that side's own base; that the sides differ is no change.
 */

/** What a side holds of a group. Undefined: nothing (an occurrence without a value of its own) or never reported. */
export type Value = Json | undefined

export interface Bases {
  readonly ours: Fields
  readonly theirs: Fields
}

/** `agree`: at least one side changed it and both now hold the same. `clash`: both changed it, to different values. */
export interface GroupChange {
  readonly group: string
  readonly change: 'ours' | 'theirs' | 'agree' | 'clash'
  readonly ours: Value
  readonly theirs: Value
}

/**
 * The groups that somebody changed, ordered by name. Without bases (never linked before) both are empty: what is empty
 * on one side was not changed by it, and two different values clash.
 */
export function merge(bases: Bases | null, ours: Fields, theirs: Fields): readonly GroupChange[] {
  const changes: GroupChange[] = []
  for (const group of groupsOf(ours, theirs, bases?.ours, bases?.theirs)) {
    const mine = ours[group]
    const yours = theirs[group]
    const oursChanged = bases ? !sameIn(group, mine, bases.ours[group]) : !isEmpty(mine)
    const theirsChanged = bases ? !sameIn(group, yours, bases.theirs[group]) : !isEmpty(yours)
    if (!oursChanged && !theirsChanged) continue
    const change = sameIn(group, mine, yours)
      ? 'agree'
      : oursChanged && theirsChanged
        ? 'clash'
        : oursChanged
          ? 'ours'
          : 'theirs'
    changes.push({ group, change, ours: mine, theirs: yours })
  }
  return changes
}

export function groupsOf(...maps: readonly (Fields | undefined)[]): readonly string[] {
  const groups = new Set<string>()
  for (const map of maps) for (const group in map) groups.add(group)
  return [...groups].sort()
}

/**
 * A series' own group that is missing says the same as one that is null; of an occurrence, null is a value of its own.
 * What a system normalises on its own is no change (C4).
 */
function sameIn(group: string, a: Value, b: Value): boolean {
  if (a === undefined || b === undefined) {
    if (parseGroup(group).slot !== null) return a === b
    return (a ?? null) === (b ?? null)
  }
  return same(a, b) || sameValue(group, a, b)
}

/** Equal as values, whatever the order of properties. */
export function same(a: Value, b: Value): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((each, n) => same(each, b[n]))
  }
  const left = a as Fields
  const right = b as Fields
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && same(left[key], right[key]))
  )
}

export const isEmpty = (value: Value): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/** How "nothing is there" is written where a map must say it: in an operation's groups and in a packed base. */
export const ABSENT: Json = Object.freeze({ absent: true })
export const isAbsent = (value: Value): boolean =>
  typeof value === 'object' && value !== null && (value as Fields)['absent'] === true && same(value, ABSENT)

/** `fields` with the groups of `changes` put in place; `ABSENT` takes a group away. */
export function applied(fields: Fields, changes: Fields): Fields {
  const result: { [group: string]: Json } = { ...fields }
  for (const group in changes) {
    const value = changes[group]
    if (value === undefined) continue
    if (isAbsent(value)) delete result[group]
    else result[group] = value
  }
  return result
}

/** What `held` says of the groups in `groups`, with `ABSENT` where it says nothing. */
export function picked(held: Fields, groups: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const group in groups) {
    const value = held[group]
    fields[group] = value === undefined ? ABSENT : value
  }
  return fields
}

/** How a link stores two bases: the second only where it differs from the first. */
export function packBases(
  crm: Fields,
  mailbox: Fields,
): { readonly base: Fields; readonly mailboxBase: Fields } {
  const overlay: { [group: string]: Json } = {}
  for (const group of groupsOf(crm, mailbox)) {
    const value = mailbox[group]
    if (value === undefined) overlay[group] = ABSENT
    else if (!same(value, crm[group])) overlay[group] = value
  }
  return { base: crm, mailboxBase: overlay }
}

export const unpackMailboxBase = (base: Fields, mailboxBase: Fields): Fields => applied(base, mailboxBase)

/** A short fingerprint to recognise a value again (53 bits; nothing depends on it being unique). */
export function fingerprint(value: Json): string {
  const text = canonicalText(value)
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36)
}

function canonicalText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`
  const map = value as Fields
  const parts = Object.keys(map)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(map[key] ?? null)}`)
  return `{${parts.join()}}`
}
