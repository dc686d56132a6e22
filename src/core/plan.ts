import { type Fields, type Item, type Json, type Side, parseGroup } from './item.ts'
import { type GroupChange, applied, groupsOf, isEmpty, merge } from './merge.ts'
import { GroupDraft } from './group-draft.ts'
import {
  type Policy,
  canHold,
  isEdit,
  mayInvite,
  mayWrite,
  notForCrm,
  settleClash,
  wouldMail,
} from './policy.ts'
import { isSlot } from './recurrence.ts'
import { type Change, type Verdict, receiver, reconcile, reconcileUnlinked } from './reconcile.ts'
import type { RuleId } from './rules.ts'
import { sameValue } from './same.ts'
import type { ConflictDraft, PairInput, PairPlan, Presence, Present, SideWrite } from './pair-plan.ts'

/**
 * What will be written for one pair, and why: the verdict of the table turned into at most one write for each side.
 * Pure: both sides and both bases in, writes, conflicts and new bases out.
 */
export function planPair(input: PairInput, policy: Policy): PairPlan {
  const { crm, mailbox } = input
  if (crm === 'none' || mailbox === 'none') return planAlone(input, policy)
  const bases = input.bases
  const changes = changesOf(input, policy)
  const verdict =
    bases === null && isPresent(crm) && isPresent(mailbox)
      ? reconcileUnlinked('match', policy.direction)
      : reconcile(
          changed(crm, changes, 'ours', isPresent(mailbox)),
          changed(mailbox, changes, 'theirs', isPresent(crm)),
          policy.direction,
        )
  return carryOut(verdict, input, policy, changes)
}

const isPresent = (presence: Presence): presence is Present => typeof presence === 'object'
const EMPTY: Fields = {}
const basesOf = (input: PairInput) => input.bases ?? { crm: EMPTY, mailbox: EMPTY }

/** Ours is the CRM. Groups that a side cannot hold are not compared. */
function changesOf(input: PairInput, policy: Policy): readonly GroupChange[] {
  const bases = basesOf(input)
  const ours = isPresent(input.crm) ? input.crm.fields : bases.crm
  const theirs = isPresent(input.mailbox) ? input.mailbox.fields : bases.mailbox
  const mergeBases = input.bases && { ours: bases.crm, theirs: bases.mailbox }
  return merge(mergeBases, ours, theirs).filter(
    ({ group }) => canHold(policy, 'crm', group) && canHold(policy, 'mailbox', group),
  )
}

/** Against a deletion only an edit counts, not what Microsoft adds by itself to what it holds. */
function changed(
  presence: Presence,
  changes: readonly GroupChange[],
  side: 'ours' | 'theirs',
  bothPresent: boolean,
): Change {
  if (!isPresent(presence)) return 'deleted'
  return changes.some(
    (each) =>
      (each.change === side || each.change === 'clash') &&
      (bothPresent || (isEdit(each.group) && !(side === 'ours' && isFarewell(each)))),
  )
    ? 'modified'
    : 'unchanged'
}

/** Who declines a meeting wants it gone: Microsoft takes it out of the calendar, and that is no conflict. */
const isFarewell = ({ group, ours }: GroupChange): boolean => group === 'answer' && ours === 'declined'

function planAlone(input: PairInput, policy: Policy): PairPlan {
  const nothing = still('R1', basesOf(input), input.crm === 'deleted' ? 'gone' : 'apart')
  if (isPresent(input.crm)) {
    const verdict = reconcileUnlinked('record', policy.direction)
    // A message is made by sending it, which is not the sync's doing.
    if (verdict.do !== 'copy' || input.kind === 'message') return { ...nothing, rule: verdict.rule }
    if (isTheirs(input, input.crm)) {
      // As long as its deletion waits, what it holds is no change.
      const bases = { crm: input.crm.fields, mailbox: input.crm.fields }
      return input.repair
        ? bringBack({ ...input, bases }, input.crm, policy, 'R25')
        : { ...nothing, rule: 'R25' }
    }
    return createInMailbox(input, input.crm, policy, verdict.rule, input.repair ?? false)
  }
  if (!isPresent(input.mailbox)) return nothing
  const verdict = reconcileUnlinked('item', policy.direction)
  if (verdict.do !== 'copy') return { ...nothing, rule: verdict.rule }
  return createInCrm(input, input.mailbox, verdict.rule, policy)
}

function carryOut(
  verdict: Verdict,
  input: PairInput,
  policy: Policy,
  changes: readonly GroupChange[],
): PairPlan {
  const { crm, mailbox } = input
  const bases = basesOf(input)
  if (isPresent(crm) && isPresent(mailbox))
    return mergeGroups(verdict.rule, input, crm, mailbox, policy, changes)
  switch (verdict.do) {
    case 'delete': {
      const before = isPresent(crm) ? crm.fields : isPresent(mailbox) ? mailbox.fields : EMPTY
      const write: SideWrite = { do: 'delete', rule: verdict.rule, fields: EMPTY, before, mails: [] }
      if (verdict.from === 'crm') return { ...still(verdict.rule, bases, 'gone'), crm: write }
      const facts = isPresent(mailbox) ? mailbox.facts : input.facts
      const mails = wouldMail({ kind: input.kind, do: 'delete', facts, before, fields: EMPTY })
      return { ...still(verdict.rule, bases, 'gone'), mailbox: { ...write, mails } }
    }
    case 'copy': {
      if (verdict.to === 'crm' && isPresent(mailbox)) {
        const plan = createInCrm(input, mailbox, verdict.rule, policy)
        return { ...plan, conflicts: [survived(verdict.rule, input, 'mailbox')] }
      }
      if (verdict.to === 'mailbox' && isPresent(crm)) return bringBack(input, crm, policy, verdict.rule)
      return still(verdict.rule, bases, 'linked')
    }
    case 'unlink':
      return verdict.rule === 'R21'
        ? { ...still('R21', bases, 'apart'), conflicts: [survived('R21', input, 'none')] }
        : still(verdict.rule, bases, 'gone')
    case 'nothing':
      return verdict.rule === 'R20'
        ? { ...still('R20', bases, 'linked'), conflicts: [survived('R20', input, 'none', 'drift')] }
        : still(verdict.rule, bases, 'linked')
    case 'merge':
      return still(verdict.rule, bases, 'linked')
  }
}

const still = (rule: RuleId, bases: PairPlan['bases'], then: PairPlan['then']): PairPlan => ({
  rule,
  crm: null,
  mailbox: null,
  conflicts: [],
  bases,
  then,
})

/** An edit met a deletion: whichever way it went, both are written down. */
function survived(
  rule: RuleId,
  input: PairInput,
  verdict: Side | 'none',
  kind: 'delete' | 'drift' = 'delete',
): ConflictDraft {
  const held = (presence: Presence): Json => (isPresent(presence) ? presence.fields : null)
  return {
    kind,
    group: 'item',
    base: input.bases?.crm ?? null,
    crm: held(input.crm),
    mailboxValue: held(input.mailbox),
    rule,
    verdict,
    open: false,
  }
}

/** Made by somebody else: a mail, or a meeting that this mailbox was invited to. Made again here, it would be our own. */
const isTheirs = ({ kind, facts }: PairInput, crm: Present): boolean =>
  kind === 'message' || (kind === 'event' && (facts.isOrganizer === false || crm.facts.isOrganizer === false))

/** Re-creates in Microsoft what was deleted there, without inviting anybody again; a meeting of others cannot be. */
function bringBack(input: PairInput, crm: Present, policy: Policy, rule: RuleId): PairPlan {
  if (isTheirs(input, crm)) {
    const before = crm.fields
    return {
      ...still('R25', basesOf(input), 'gone'),
      crm: mayWrite(policy.direction, 'crm')
        ? { do: 'delete', rule: 'R25', fields: EMPTY, before, mails: [] }
        : null,
      conflicts: [survived('R25', input, 'mailbox')],
    }
  }
  const plan = createInMailbox(input, crm, policy, rule, true)
  return { ...plan, conflicts: [...plan.conflicts, survived(rule, input, 'crm')] }
}

function createInMailbox(
  input: PairInput,
  crm: Present,
  policy: Policy,
  rule: RuleId,
  repair: boolean,
): PairPlan {
  const fields: { [group: string]: Json } = {}
  const draft = new GroupDraft({ crm: crm.fields, mailbox: EMPTY })
  for (const group of groupsOf(crm.fields)) {
    const value = crm.fields[group]
    if (value === undefined || !canHold(policy, 'mailbox', group)) continue
    if (notForCrm(input.kind, {}, group) !== null) continue
    if (parseGroup(group).name === 'attendees' && !mayInvite(policy, repair)) continue
    if (!isStray(crm.fields, group)) fields[group] = value
    else if (mayWrite(policy.direction, 'crm')) draft.dropped(group, value)
  }
  const mails = wouldMail({ kind: input.kind, do: 'create', facts: {}, before: EMPTY, fields })
  const { bases, conflicts, crm: taken } = draft.plan(rule, input, crm, crm)
  return {
    ...still(rule, bases, 'linked'),
    crm: taken,
    mailbox: { do: 'create', rule, fields, before: EMPTY, mails },
    conflicts,
  }
}

function createInCrm(input: PairInput, mailbox: Present, rule: RuleId, policy: Policy): PairPlan {
  const restore = input.crm === 'deleted'
  const fields: { [group: string]: Json } = { ...mailbox.fields }
  // What only the CRM can hold comes back from quarantine. All else is as the mailbox has it: a group that was edited
  // here before the deletion and never reached the mailbox would stay different for ever.
  if (restore)
    for (const group in input.quarantine) {
      const value = input.quarantine[group]
      if (value !== undefined && !canHold(policy, 'mailbox', group)) fields[group] = value
    }
  const crm = { do: restore ? 'restore' : 'create', rule, fields, before: EMPTY, mails: [] } as const
  const steps = restore && mayWrite(policy.direction, 'mailbox') ? unfinishedSteps(input, mailbox) : undefined
  const before = mailbox.fields['steps']
  if (steps === undefined || before === undefined)
    return { ...still(rule, { crm: fields, mailbox: mailbox.fields }, 'linked'), crm }
  return {
    ...still(rule, { crm: fields, mailbox: mailbox.fields }, 'linked'),
    crm: { ...crm, fields: { ...fields, steps } },
    mailbox: { do: 'update', rule, fields: { steps }, before: { steps: before }, mails: [] },
  }
}

/**
 * The CRM's steps of a deleted task where the mailbox holds half of them: our own unfinished write, by which its two
 * bases differ (engine/arrived.ts). Nobody wrote that half, so it is completed and not restored.
 */
function unfinishedSteps({ bases, quarantine }: PairInput, mailbox: Present): Json | undefined {
  const wanted = quarantine?.['steps']
  const half = bases?.mailbox['steps']
  const unfinished =
    !sameValue('steps', half, bases?.crm['steps']) &&
    !sameValue('steps', wanted, bases?.crm['steps']) &&
    sameValue('steps', half, mailbox.fields['steps'])
  return unfinished ? wanted : undefined
}

/** Both are there: each changed group by itself. */
function mergeGroups(
  rule: RuleId,
  input: PairInput,
  crm: Present,
  mailbox: Present,
  policy: Policy,
  changes: readonly GroupChange[],
): PairPlan {
  const draft = new GroupDraft(basesOf(input))
  const toCrm = mayWrite(policy.direction, 'crm')
  const toMailbox = mayWrite(policy.direction, 'mailbox')

  const takenOut = slotsTakenOut(changes)
  for (const each of changes) {
    const { group } = each
    const { slot, name } = parseGroup(group)
    const by = slot === null || name === 'cancelled' ? undefined : takenOut.get(slot)
    if (by === 'ours' && toMailbox && notForCrm(input.kind, mailbox.facts, group) === null) {
      draft.takenOut(each, 'crm', toCrm)
      continue
    }
    if (by === 'theirs' && toCrm && each.change !== 'theirs') {
      draft.takenOut(each, 'mailbox', true)
      continue
    }
    const foreign = each.change === 'theirs' ? null : notForCrm(input.kind, mailbox.facts, group)
    const withheld = parseGroup(group).name === 'attendees' && !mayInvite(policy, false)
    switch (each.change) {
      case 'agree':
        draft.agree(each)
        break
      case 'theirs':
        if (toCrm && name === 'attendees' && !draft.agreed(group)) draft.replaceWithheld(each)
        else if (toCrm) draft.toCrm(each, rule)
        else draft.drift(each, 'mailbox')
        break
      case 'ours':
        if (foreign !== null && toCrm) draft.putBack(each, foreign)
        else if (foreign !== null || !toMailbox) draft.drift(each, 'crm')
        else if (withheld) draft.considered(each, 'crm')
        else draft.toMailbox(each, rule)
        break
      case 'clash':
        if (foreign !== null && toCrm) draft.putBack(each, foreign)
        else if (foreign !== null) draft.drift(each, 'mailbox', 'crm')
        else if (policy.direction !== 'both') {
          const source = receiver(policy.direction) === 'crm' ? 'mailbox' : 'crm'
          draft.win(each, source, 'R19', withheld)
        } else {
          const clash = settleClash(policy, group, crm.modifiedAt, mailbox.modifiedAt)
          if (clash.winner === null) draft.ask(each)
          else draft.win(each, clash.winner, clash.rule, withheld)
        }
        break
    }
  }
  if (toCrm) dropStray(draft, crm.fields)
  return draft.plan(rule, input, crm, mailbox)
}

/** Slots that exactly one side took out of the series since both last agreed. */
function slotsTakenOut(changes: readonly GroupChange[]): ReadonlyMap<string, 'ours' | 'theirs'> {
  const slots = new Map<string, 'ours' | 'theirs'>()
  for (const { group, change, ours, theirs } of changes) {
    const { slot, name } = parseGroup(group)
    if (slot === null || name !== 'cancelled') continue
    if (change === 'ours' && ours === true) slots.set(slot, 'ours')
    if (change === 'theirs' && theirs === true) slots.set(slot, 'theirs')
  }
  return slots
}

/** Attendees that a create left out (R24) are none in the mailbox, which is nobody's edit: the CRM keeps its own. */
export const leftOut = (base: Fields, written: Fields): Fields =>
  base['attendees'] === undefined || written['attendees'] !== undefined ? EMPTY : { attendees: [] }

/**
 * What of a record goes into quarantine and was never shown to whoever deleted its item: attendees that were not written
 * (R24). The deletion is carried out (R3), and the conflict keeps them.
 */
export function neverShown(bases: PairPlan['bases']): readonly ConflictDraft[] {
  const { crm, mailbox } = bases
  return groupsOf(crm).flatMap((group) => {
    const held = crm[group]
    if (held === undefined || isEmpty(held) || parseGroup(group).name !== 'attendees') return []
    if (sameValue(group, held, mailbox[group])) return []
    const mailboxValue = mailbox[group] ?? null
    const draft = { kind: 'edit', group, base: null, crm: held, mailboxValue, rule: 'R24' } as const
    return [{ ...draft, verdict: 'mailbox', open: false }]
  })
}

/**
 * When the pattern changes, the exceptions that still fall on an occurrence go along with it, so that the connector can
 * put them back where the server dropped them; the others are taken out and written down.
 */
function dropStray(draft: GroupDraft, crmFields: Fields): void {
  const touched = draft.crm['recurrence'] !== undefined || draft.mailbox['recurrence'] !== undefined
  if (!touched) return
  const after = applied(crmFields, draft.crm)
  for (const group of groupsOf(after)) {
    if (parseGroup(group).slot === null) continue
    const value = after[group]
    if (isStray(after, group)) draft.dropped(group, value)
    else if (draft.mailbox['recurrence'] !== undefined && value !== undefined) draft.mailbox[group] = value
  }
}

/** An exception on a day on which the series has no occurrence. */
function isStray(fields: Fields, group: string): boolean {
  const { slot } = parseGroup(group)
  const recurrence = fields['recurrence'] as unknown as Parameters<typeof isSlot>[0] | null | undefined
  return slot !== null && (!recurrence || !isSlot(recurrence, slot))
}

/**
 * What the mailbox holds, as far as it said: groups that it left out are as they were in its base, except exceptions of
 * slots that it reported completely.
 */
export function reported(item: Item, base: Fields): Fields {
  const fields: { [group: string]: Json } = { ...item.fields }
  const { occurrencesReported } = item
  for (const group in base) {
    if (group in fields) continue
    const { slot } = parseGroup(group)
    if (slot !== null) {
      if (!occurrencesReported) continue
      if (slot >= occurrencesReported.from && slot <= occurrencesReported.to) continue
    }
    const value = base[group]
    if (value !== undefined) fields[group] = value
  }
  return fields
}

/** Whether so many deletions of one side's container in one run wait for a person. */
export function guardHolds(
  deletions: number,
  linked: number,
  limit: { readonly items: number; readonly percent: number },
): boolean {
  return deletions > Math.max(limit.items, (linked * limit.percent) / 100)
}
