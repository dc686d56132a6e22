import { type Fields, type Json, occurrenceGroup, parseGroup } from '../core/item.ts'
import { ABSENT, applied, isAbsent, isEmpty, packBases, same, unpackMailboxBase } from '../core/merge.ts'
import { leftOut } from '../core/plan.ts'
import { sameValue } from '../core/same.ts'
import type { LinkRow, OperationRow } from '../store/sync-store.ts'

/**
 * What a pair agreed on once a write to Microsoft arrived. `told` is what Microsoft says that it holds now; `late`: found
 * by its mark after its answer was lost, so that others may have changed it since.
 *
 * A series with its exceptions and a task with its steps are written in several requests. Found late, an item may lack
 * some of them: these did not arrive, so they still count as changed in the CRM.
 */
export function basesAfter(
  row: OperationRow,
  link: LinkRow,
  told: Fields | null,
  late: boolean,
  took: readonly string[] = [],
): Pick<LinkRow, 'base' | 'mailboxBase'> {
  const wanted = row.after ?? {}
  const after = late && told ? arrivedGroups(row.do, wanted, told, took) : wanted
  // Answered at once, the write is what Microsoft holds, in its own spelling.
  const spelled = told && !late ? inTheirWords(after, told) : after
  if (row.do === 'create')
    return packBases(withoutGroups(link.base, wanted, after), {
      ...leftOut(link.base, wanted),
      ...picked(told ?? {}, late ? ourWork(row, told ?? {}) : wanted),
      ...applied({}, spelled),
    })
  const dropped = late && told ? droppedByUs(link, wanted, told) : EMPTY
  return packBases(
    applied(applied(link.base, after), dropped),
    applied(
      {
        ...applied(unpackMailboxBase(link.base, link.mailboxBase), spelled),
        ...(late && told ? halfDone(row, told) : {}),
      },
      dropped,
    ),
  )
}

const EMPTY: Fields = {}

/**
 * Exceptions that were there before our write moved the series or changed its pattern, and are not as they were: Exchange
 * dropped them because of it, and those to keep are put back by requests of their own. Nobody took them out, so without a
 * base the CRM's count as changed there and are written again.
 */
function droppedByUs(link: LinkRow, wanted: Fields, told: Fields): Fields {
  if (wanted['recurrence'] === undefined && wanted['time'] === undefined) return EMPTY
  const fields: { [group: string]: Json } = {}
  const held = unpackMailboxBase(link.base, link.mailboxBase)
  for (const [group, value] of Object.entries(held)) {
    const { slot } = parseGroup(group)
    if (slot === null || told[occurrenceGroup(slot, 'cancelled')] === true) continue
    if (!sameValue(group, told[group], value)) fields[group] = ABSENT
  }
  return fields
}

/** Written in requests of their own, after the item itself: the steps of a task, the exceptions of a series. */
const isApart = (group: string, value: Json): boolean =>
  !isEmpty(value) && (group === 'steps' || parseGroup(group).slot !== null)

/**
 * The groups of a write whose answer was lost that surely arrived. Of an update: those that the system says it took, or
 * now shows; where somebody has changed another one since, both sides differ from their base and the conflict policy
 * decides. Of a create: also
 * what came with the item itself and is not empty now; another value is what somebody made of ours.
 */
function arrivedGroups(
  kind: OperationRow['do'],
  after: Fields,
  told: Fields,
  took: readonly string[],
): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(after)) {
    const wanted = isAbsent(value) ? undefined : value
    const shown = sameValue(group, told[group], wanted)
    if (
      shown ||
      took.includes(group) ||
      (kind === 'create' && !isApart(group, value) && !isEmpty(told[group]))
    )
      fields[group] = value
  }
  return fields
}

/**
 * Lists that stand half as they were and half as we wanted them (the steps of a task are written one by one): our own
 * unfinished work, which is no change that a person made, and is written again from the CRM.
 */
function halfDone(row: OperationRow, told: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, wanted] of Object.entries(row.after ?? {})) {
    const before = row.do === 'create' ? [] : row.before?.[group]
    const now = told[group]
    if (!Array.isArray(wanted) || !Array.isArray(before) || !Array.isArray(now)) continue
    const ours = [...before, ...wanted]
    if (now.every((one) => ours.some((each) => same(each, one)))) fields[group] = now
  }
  return fields
}

/**
 * The groups of a create that nobody else had a hand in. Steps that are not all ours may stand where ours never arrived,
 * written by somebody who never saw them: without a base both sides count as changed, and the conflict policy decides.
 */
function ourWork(row: OperationRow, told: Fields): Fields {
  const half = halfDone(row, told)
  return Object.fromEntries(
    Object.entries(row.after ?? {}).filter(
      ([group, value]) => !isApart(group, value) || group in half || isEmpty(told[group]),
    ),
  )
}

/** What `told` says of the groups in `groups`, as far as it says something. */
function picked(told: Fields, groups: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const group in groups) {
    const value = told[group]
    if (value !== undefined) fields[group] = value
  }
  return fields
}

/** `base` without the groups that were to be written and were not. */
function withoutGroups(base: Fields, wanted: Fields, arrived: Fields): Fields {
  const fields: { [group: string]: Json } = { ...base }
  for (const group in wanted) if (!(group in arrived)) delete fields[group]
  return fields
}

/** What we wrote, as the system spells it. */
function inTheirWords(after: Fields, told: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(after)) fields[group] = told[group] ?? value
  return fields
}
