import type { ConflictId } from '../core/ids.ts'
import { type Fields, type Json, type Side, otherSide } from '../core/item.ts'
import { ABSENT, unpackMailboxBase } from '../core/merge.ts'
import { picked } from '../core/plan.ts'
import { receiver } from '../core/reconcile.ts'
import type { RuleId } from '../core/rules.ts'
import type { ConflictRow, LinkRow, RecordRow } from '../store/sync-store.ts'
import { pendingOf } from './consider.ts'
import { type Refusal, impose } from './impose.ts'
import type { Pass } from './pass.ts'
import { pushPlanned } from './push.ts'
import type { PassEnd } from './sync.ts'

/** Which side's value a person wants, of a conflict that is open or that a rule decided already. */
export interface Answer {
  readonly side: Side
  readonly by: string
}

export interface Answered extends PassEnd {
  readonly refusal: Refusal
}

/**
 * A person's answer becomes a write: the chosen value goes onto both sides. For a conflict that a rule decided, choosing
 * the loser restores it, and choosing the winner again takes that back.
 */
export async function answer(pass: Pass, id: ConflictId, { side, by }: Answer): Promise<Answered> {
  const refusal = await pass.commit(async (tx, batch): Promise<Refusal> => {
    const [conflict] = await tx.conflicts({ id })
    if (!conflict) return 'This conflict is not known here.'
    if (conflict.group === 'item')
      return 'A deletion is taken back by undoing it, not by a conflict’s answer.'
    const [pair] = await tx.pairsByLink([conflict.link])
    if (!pair?.link || !pair.record) return 'The pair it speaks of is no longer linked.'
    const pending = await pendingOf(tx, [pair.link])
    const open = (pair.link.pending && pending.get(pair.link.pending)) ?? null
    const refused = impose(
      pass,
      batch,
      { link: pair.link, record: pair.record, pending: open },
      {
        ...wanted(pass, conflict, side, pair.link, pair.record),
        by,
      },
    )
    if (refused === null) batch.conflicts.push(closed(pass, conflict, side, by))
    return refused
  })
  if (refusal !== null) return { stopped: null, proven: 'partial', refusal }
  return { stopped: await pushPlanned(pass), proven: 'partial', refusal }
}

/** In a one-way direction, choosing the source imposes what it holds now (R39). */
function wanted(
  pass: Pass,
  conflict: ConflictRow,
  side: Side,
  link: LinkRow,
  record: RecordRow,
): { readonly values: Fields; readonly rule: RuleId } {
  const { group } = conflict
  const { direction } = pass.policy
  if (conflict.kind === 'drift' && direction !== 'both' && side === otherSide(receiver(direction))) {
    const held = side === 'crm' ? record.fields : unpackMailboxBase(link.base, link.mailboxBase)
    return { values: picked(held, { [group]: null }), rule: 'R39' }
  }
  return { values: { [group]: valueOf(conflict, side) }, rule: conflict.state === 'open' ? 'R35' : 'R36' }
}

/** An occurrence's group that is null in a conflict had no value of its own. */
function valueOf(conflict: ConflictRow, side: Side): Json {
  const value = side === 'crm' ? conflict.crm : conflict.mailboxValue
  return value === null && conflict.group.startsWith('occurrence/') ? ABSENT : value
}

function closed(pass: Pass, conflict: ConflictRow, side: Side, by: string): ConflictRow {
  const restored = conflict.state !== 'open' && conflict.verdict === otherSide(side)
  return {
    ...conflict,
    state: restored ? 'restored' : 'answered',
    answer: { side },
    answeredBy: by,
    answeredAt: pass.env.now(),
  }
}
