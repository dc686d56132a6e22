import type { Fields, Json, Side } from './item.ts'
import { ABSENT, type GroupChange, type Value, isEmpty, picked } from './merge.ts'
import type { ConflictDraft, PairInput, PairPlan, Present, SideWrite } from './pair-plan.ts'
import { wouldMail } from './policy.ts'
import type { RuleId } from './rules.ts'
import { sameValue } from './same.ts'

/** Collects what the groups of one pair come to. */
export class GroupDraft {
  readonly crm: { [group: string]: Json } = {}
  readonly mailbox: { [group: string]: Json } = {}
  readonly #rules: Record<Side, Set<RuleId>> = { crm: new Set(), mailbox: new Set() }
  readonly #conflicts: ConflictDraft[] = []
  readonly #crmBase: { [group: string]: Json | undefined }
  readonly #mailboxBase: { [group: string]: Json | undefined }

  constructor(bases: { readonly crm: Fields; readonly mailbox: Fields }) {
    this.#crmBase = { ...bases.crm }
    this.#mailboxBase = { ...bases.mailbox }
  }

  agree({ group, ours, theirs }: GroupChange): void {
    this.#crmBase[group] = ours
    this.#mailboxBase[group] = theirs
  }

  toCrm({ group, theirs }: GroupChange, rule: RuleId): void {
    this.#rules.crm.add(rule)
    this.crm[group] = theirs === undefined ? ABSENT : theirs
    this.#crmBase[group] = theirs
    this.#mailboxBase[group] = theirs
  }

  /** Whether the mailbox held what the CRM held of a group when they last agreed, or there was nothing to hold. */
  agreed(group: string): boolean {
    const ours = this.#crmBase[group]
    return isEmpty(ours) || sameValue(group, ours, this.#mailboxBase[group])
  }

  /** The mailbox never held the CRM's attendees (R24), so who wrote others there did not replace them knowingly. */
  replaceWithheld(change: GroupChange): void {
    this.#record(change, 'edit', 'R24', 'mailbox', false)
    this.toCrm(change, 'R24')
  }

  toMailbox({ group, ours }: GroupChange, rule: RuleId): void {
    this.#rules.mailbox.add(rule)
    this.mailbox[group] = ours === undefined ? ABSENT : ours
  }

  /** Seen and left as it is: no change any more, though the sides differ. */
  considered({ group, ours, theirs }: GroupChange, side: Side): void {
    if (side === 'crm') this.#crmBase[group] = ours
    else this.#mailboxBase[group] = theirs
  }

  drift(change: GroupChange, ...sides: readonly Side[]): void {
    this.#record(change, 'drift', 'R18', 'none', false)
    for (const side of sides) this.considered(change, side)
  }

  putBack(change: GroupChange, rule: 'R22' | 'R23'): void {
    this.#record(change, 'read-only', rule, 'mailbox', false)
    this.toCrm(change, rule)
  }

  /** Both stay; the open conflict holds what each side had, so that a later edit of one side loses nothing. */
  ask(change: GroupChange): void {
    this.#record(change, 'edit', 'R17', 'none', true)
    this.considered(change, 'crm')
    this.considered(change, 'mailbox')
  }

  /** The losing value is in the conflict, so it no longer counts as a change of its side. */
  win(change: GroupChange, winner: Side, rule: RuleId, withheld: boolean): void {
    this.#record(change, rule === 'R19' ? 'drift' : 'edit', rule, winner, false)
    if (winner === 'mailbox') this.toCrm(change, rule)
    else {
      this.considered(change, 'mailbox')
      if (withheld) this.considered(change, 'crm')
      else {
        // Until the write arrives, the CRM counts as changed against what the mailbox holds: also when a person there
        // goes back to the value from before the conflict.
        this.#crmBase[change.group] = change.theirs
        this.toMailbox(change, rule)
      }
    }
  }

  /**
   * `by` took the occurrence out while a group of it was changed: it stays out, because Microsoft has no way to put an
   * occurrence back, and what the other side wrote is kept in the conflict.
   */
  takenOut(change: GroupChange, by: Side, toCrm: boolean): void {
    const loses = by === 'crm' ? change.change !== 'ours' : change.change !== 'theirs'
    if (loses) this.#record(change, 'edit', 'R40', by, false)
    this.considered(change, 'mailbox')
    if (!toCrm) return this.considered(change, 'crm')
    this.#crmBase[change.group] = undefined
    if (change.ours !== undefined) this.crm[change.group] = ABSENT
  }

  dropped(group: string, value: Value): void {
    const change: GroupChange = { group, change: 'ours', ours: value, theirs: undefined }
    this.#record(change, 'edit', 'R26', 'none', false)
    this.crm[group] = ABSENT
    this.#rules.crm.add('R26')
    delete this.mailbox[group]
    this.#crmBase[group] = undefined
    this.#mailboxBase[group] = undefined
  }

  #record(
    { group, ours, theirs }: GroupChange,
    kind: ConflictDraft['kind'],
    rule: RuleId,
    verdict: Side | 'none',
    open: boolean,
  ): void {
    const base = this.#crmBase[group] ?? null
    const crm = ours ?? null
    this.#conflicts.push({ kind, group, base, crm, mailboxValue: theirs ?? null, rule, verdict, open })
  }

  plan(rule: RuleId, input: PairInput, crm: Present, mailbox: Present): PairPlan {
    const bases = { crm: defined(this.#crmBase), mailbox: defined(this.#mailboxBase) }
    const write = (side: Side, fields: Fields, held: Fields, mails: readonly string[]): SideWrite | null => {
      if (Object.keys(fields).length === 0) return null
      const [only, ...others] = this.#rules[side]
      const why = only !== undefined && others.length === 0 ? only : rule
      return { do: 'update', rule: why, fields, before: picked(held, fields), mails }
    }
    const about = { kind: input.kind, do: 'update', facts: mailbox.facts, before: mailbox.fields } as const
    return {
      rule,
      crm: write('crm', this.crm, crm.fields, []),
      mailbox: write('mailbox', this.mailbox, mailbox.fields, wouldMail({ ...about, fields: this.mailbox })),
      conflicts: this.#conflicts,
      bases,
      then: 'linked',
    }
  }
}

function defined(map: { readonly [group: string]: Json | undefined }): Fields {
  const fields: { [group: string]: Json } = {}
  for (const group in map) {
    const value = map[group]
    if (value !== undefined) fields[group] = value
  }
  return fields
}
