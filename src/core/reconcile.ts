import type { Side } from './item.ts'
import type { Direction } from './policy.ts'
import type { RuleId } from './rules.ts'

/** What one side did since both last agreed. An ETag that moved is no `modified`: the content must differ. */
export type Change = 'unchanged' | 'modified' | 'deleted'

export type Verdict =
  | { readonly rule: RuleId; readonly do: 'nothing' }
  /** Bring the changed groups of the other side there; re-create what is gone. */
  | { readonly rule: RuleId; readonly do: 'copy'; readonly to: Side }
  | { readonly rule: RuleId; readonly do: 'merge' }
  | { readonly rule: RuleId; readonly do: 'delete'; readonly from: Side }
  /** Both stay as they are, or are gone: the pair is no pair any more. */
  | { readonly rule: RuleId; readonly do: 'unlink' }

/** SPEC.md, section R. Rows: what the CRM did. Columns: what the mailbox did. */
export const LINKED = {
  unchanged: {
    unchanged: { rule: 'R1', do: 'nothing' },
    modified: { rule: 'R2', do: 'copy', to: 'crm' },
    deleted: { rule: 'R3', do: 'delete', from: 'crm' },
  },
  modified: {
    unchanged: { rule: 'R4', do: 'copy', to: 'mailbox' },
    modified: { rule: 'R5', do: 'merge' },
    deleted: { rule: 'R6', do: 'copy', to: 'mailbox' }, // an edit outlives a deletion
  },
  deleted: {
    unchanged: { rule: 'R7', do: 'delete', from: 'mailbox' },
    modified: { rule: 'R8', do: 'copy', to: 'crm' },
    deleted: { rule: 'R9', do: 'unlink' },
  },
} as const satisfies Record<Change, Record<Change, Verdict>>

/** Who there is when nothing links them yet. `several`: more than one could be the partner of another. */
export type Alone = 'record' | 'item' | 'match' | 'several'

export const UNLINKED = {
  record: { rule: 'R10', do: 'copy', to: 'mailbox' },
  item: { rule: 'R11', do: 'copy', to: 'crm' },
  match: { rule: 'R12', do: 'merge' },
  several: { rule: 'R13', do: 'nothing' },
} as const satisfies Record<Alone, Verdict>

export function reconcile(crm: Change, mailbox: Change, direction: Direction): Verdict {
  const verdict: Verdict = LINKED[crm][mailbox]
  return direction === 'both' ? verdict : restrictLinked(verdict, crm, mailbox, receiver(direction))
}

export function reconcileUnlinked(alone: Alone, direction: Direction): Verdict {
  const verdict: Verdict = UNLINKED[alone]
  if (verdict.do === 'copy' && direction !== 'both' && verdict.to !== receiver(direction))
    return { rule: 'R18', do: 'nothing' }
  return verdict
}

/** The only side that a one-way direction may write. */
export const receiver = (direction: Exclude<Direction, 'both'>): Side =>
  direction === 'crm-to-mailbox' ? 'mailbox' : 'crm'

/** A one-way direction never writes its source: what the table would have done there becomes drift. */
function restrictLinked(verdict: Verdict, crm: Change, mailbox: Change, to: Side): Verdict {
  const [source, target] = to === 'mailbox' ? [crm, mailbox] : [mailbox, crm]
  if (target === 'modified' && source === 'deleted') return { rule: 'R21', do: 'unlink' }
  if (target === 'modified' && source === 'unchanged') return { rule: 'R18', do: 'nothing' }
  if (target === 'deleted' && source === 'unchanged') return { rule: 'R20', do: 'nothing' }
  return verdict
}
