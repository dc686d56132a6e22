import type { Act, History, Violation, WorldSide } from './history.ts'
import { UNIQUE } from './values.ts'

/**
 * Judges a world at rest. It reads three things only: the history of what people did, a plain projection of each
 * side (projection.ts, which shares no code with the engine), and the conflict records as text. It knows no policy:
 * where a policy may choose, the set of allowed ends is what it checks.
 */
export interface Seen {
  /** Item name → group → plain value; an item that stands twice on a side is listed in `doubled`. */
  readonly items: ReadonlyMap<string, Readonly<Record<string, string>>>
  readonly doubled: readonly string[]
}

export interface Rest {
  readonly crm: Seen
  readonly mailbox: Seen
  /** Item name → texts of all conflict records about it. */
  readonly conflicts: ReadonlyMap<string, readonly string[]>
  /** Items that a limit, a question or an unanswered conflict holds back: they may differ, but visibly. */
  readonly held: ReadonlySet<string>
  /** Items outside the period, read-only, or on one side by a one-way direction: only "nothing invented" is checked. */
  readonly apart: ReadonlySet<string>
  /**
   * Items whose create was sent again after its answer was lost and nothing with its mark was found. When a person
   * deleted the item in between, nobody can tell that from a request that never arrived: Graph offers no look-up of
   * deleted items by mark. Likewise, an edit of the CRM whose answer was lost, of an item that a person deleted before it
   * could be looked up: whether the person saw the edit cannot be told, and of both errors the engine must make the one
   * that loses nothing (R6). docs/simulation.md, "What is not covered"; I4 is not asked of these.
   */
  readonly recreated: ReadonlySet<string>
  /** No process ended and no answer was lost: the engine knew at every moment what had arrived. */
  readonly nothingLost: boolean
  /** Items with a conflict that a person answered: an older value may stand again. */
  readonly answered: ReadonlySet<string>
  /** Items that may stand twice in the CRM. */
  readonly twice: ReadonlySet<string>
  /** Items of which an undo took away what the sync had made: the other side keeps its own, and is left alone. */
  readonly alone: ReadonlySet<string>
}

export function judge(history: History, rest: Rest): Violation[] {
  const found: Violation[] = []
  const say = (invariant: string, says: string): void => void found.push({ invariant, says })
  for (const [side, seen] of [
    ['crm', rest.crm],
    ['mailbox', rest.mailbox],
  ] as const) {
    for (const item of seen.doubled)
      if (!rest.twice.has(item)) say('I8', `${item} stands twice on the ${side} side`)
  }
  for (const item of history.items()) {
    const crm = rest.crm.items.get(item)
    const mailbox = rest.mailbox.items.get(item)
    invented(item, 'crm', crm, history, say)
    invented(item, 'mailbox', mailbox, history, say)
    if (rest.apart.has(item)) continue
    if (!rest.held.has(item) && !rest.alone.has(item)) converged(item, crm, mailbox, say)
    resurrected(item, crm, mailbox, history, rest, say)
    kept(item, crm, mailbox, history, rest, say)
    // What a person took back out of Deleted Items stands again as it was, also where the other had replaced that.
    const isRecovered = history.of(item).some((act) => act.what === 'restore' && act.side === 'mailbox')
    if (rest.nothingLost && !rest.answered.has(item) && !rest.alone.has(item) && !isRecovered) {
      overtaken(item, 'crm', crm, history, say)
      overtaken(item, 'mailbox', mailbox, history, say)
    }
  }
  return found
}

type Say = (invariant: string, says: string) => void
type Values = Readonly<Record<string, string>> | undefined

/** I1: the two sides are equal, group by group. */
function converged(item: string, crm: Values, mailbox: Values, say: Say): void {
  if ((crm === undefined) !== (mailbox === undefined)) {
    say('I1', `${item} is only on the ${crm === undefined ? 'mailbox' : 'crm'} side`)
    return
  }
  if (crm === undefined || mailbox === undefined) return
  for (const group of new Set([...Object.keys(crm), ...Object.keys(mailbox)])) {
    // R24: attendees are not written by the first sync, nor when an item is made again, because that mails people.
    if (crm[group] !== mailbox[group] && group !== 'attendees')
      say('I1', `${item}.${group}: the crm has ${show(crm[group])}, the mailbox ${show(mailbox[group])}`)
  }
}

/** I2: every value that nobody saw and replaced is live on both sides or kept in a conflict record. */
function kept(item: string, crm: Values, mailbox: Values, history: History, rest: Rest, say: Say): void {
  const records = rest.conflicts.get(item) ?? []
  const groups = new Set(history.of(item).flatMap((act) => Object.keys(act.wrote)))
  for (const group of groups) {
    if (!UNIQUE.has(group.split('/').pop() ?? group)) continue
    for (const act of history.unseen(item, group)) {
      const value = act.wrote[group]
      if (value === '') continue // taking a value away leaves nothing that could be lost
      if (crm?.[group] === value || mailbox?.[group] === value) continue
      if (act.theirs && crm === undefined && mailbox === undefined) continue // it stands at its organizer's
      if (wentWithCopy(history, act)) continue
      const token = act.tokens[group] ?? value ?? ''
      if (records.some((text) => text.includes(token))) continue
      say(
        'I2',
        `${item}.${group}: ${show(value)}, written by the ${act.side} user in step ${act.stamp}, is nowhere: not live, not seen and replaced, not in a conflict record`,
      )
    }
  }
}

/**
 * Who declines a meeting in the CRM saw what it held, as who deletes it. And an answer has no guard at Graph: what the attendee
 * writes on the copy in Outlook before the CRM's "declined" takes it away goes with it, also when the organizer then has the
 * meeting delivered anew.
 */
const wentWithCopy = (history: History, act: Act): boolean =>
  act.theirs !== true &&
  history
    .of(act.item)
    .some(
      (each) =>
        each.side === 'crm' &&
        each.wrote['answer'] === 'declined' &&
        (act.side === 'mailbox' || each.stamp > act.stamp),
    )

/**
 * I2, the other way round: a value that somebody saw and replaced does not win over the one that replaced it. Where
 * an answer was lost, what replaced it is in a conflict record, which is all that can be promised then.
 */
function overtaken(item: string, side: WorldSide, values: Values, history: History, say: Say): void {
  for (const [group, value] of Object.entries(values ?? {})) {
    if (!UNIQUE.has(group.split('/').pop() ?? group) || value === '' || group === 'attendees') continue
    const by = history.replacedBy(item, group, value)
    // What belongs to the organizer of a meeting is put back when the CRM edits it, and the conflict keeps the edit (R22).
    const isOrganizers = history.of(item).some((act) => act.theirs && act.wrote[group] === value)
    if (by !== null && !isOrganizers)
      say(
        'I2',
        `${item}.${group} on the ${side} side is ${show(value)} again, which the ${by.side} user saw and replaced in step ${by.stamp}`,
      )
  }
}

/** I3: what stands at the end was written by somebody; an occurrence may show what its series says. */
function invented(item: string, side: WorldSide, values: Values, history: History, say: Say): void {
  for (const [group, value] of Object.entries(values ?? {})) {
    const name = group.split('/').pop() ?? group
    if (!UNIQUE.has(name) || value === '') continue
    const ever = history.valuesEver(item, group)
    if (name !== group) for (const each of history.valuesEver(item, name)) ever.add(each)
    // The reminder that Exchange gives to each meeting that somebody else invites to.
    if (group === 'reminder' && value === '15' && history.of(item).some((act) => act.theirs)) continue
    if (ever.size > 0 && !ever.has(value))
      say('I3', `${item}.${group} on the ${side} side is ${show(value)}, which nobody wrote`)
  }
}

/** I4: deleted by a person, and edited by nobody who did not see the deletion: absent for ever. */
function resurrected(
  item: string,
  crm: Values,
  mailbox: Values,
  history: History,
  rest: Rest,
  say: Say,
): void {
  const acts = history.of(item)
  const last = acts.findLast((act) => act.what === 'delete')
  if (last === undefined || rest.held.has(item) || rest.recreated.has(item) || rest.alone.has(item)) return
  const others = acts.filter(
    (act) =>
      act.what !== 'delete' &&
      !(act.side === last.side && act.stamp < last.stamp) &&
      !sawAll(last, act, acts),
  )
  if (others.length > 0) return // an edit that the deleter could not see may win (I5)
  if (crm !== undefined) say('I4', `${item} was deleted in step ${last.stamp} and stands in the crm again`)
  if (mailbox !== undefined)
    say('I4', `${item} was deleted in step ${last.stamp} and stands in the mailbox again`)
}

/**
 * Whether the deleter saw what the act wrote. A value that somebody else wrote too (there are three of importance, four of
 * status) does not tell whose of them was seen: seed 14208 deleted a task whose importance both people had set alike.
 */
function sawAll(deletion: Act, act: Act, acts: readonly Act[]): boolean {
  if (act.stamp > deletion.stamp) return false
  return Object.entries(act.wrote).every(
    ([group, value]) =>
      deletion.saw?.[group] === value && !acts.some((other) => other !== act && other.wrote[group] === value),
  )
}

const show = (value: string | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value))
