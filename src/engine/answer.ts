import { canonicalGroup } from '../core/canonical.ts'
import type { ConflictId } from '../core/ids.ts'
import { type Fields, type Json, type Side, otherSide } from '../core/item.ts'
import { ABSENT, isEmpty, unpackMailboxBase, picked } from '../core/merge.ts'
import { receiver } from '../core/reconcile.ts'
import type { RuleId } from '../core/rules.ts'
import type { ConflictRow, LinkRow, RecordRow } from '../store/sync-store.ts'
import { pendingOf } from './consider.ts'
import { type Refusal, impose } from './impose.ts'
import type { Pass } from './pass.ts'
import { pushPlanned } from './push.ts'
import type { PassEnd } from './sync.ts'

/** Which side's value a person wants, or a value of their own, of a conflict that is open or was decided already. */
export type Answer = { readonly by: string } & ({ readonly side: Side } | { readonly value: Json })

export interface Answered extends PassEnd {
  readonly refusal: Refusal
}

/**
 * A person's answer becomes a write: the chosen value goes onto both sides. For a conflict that a rule decided, choosing
 * the loser restores it, and choosing the winner again takes that back. A value of one's own passes the same canonical
 * form as what comes from either side.
 */
export async function answer(pass: Pass, id: ConflictId, given: Answer): Promise<Answered> {
  const refusal = await pass.commit(async (tx, batch): Promise<Refusal> => {
    const [conflict] = await tx.conflicts({ id })
    if (!conflict) return 'This conflict is not known here.'
    if (conflict.group === 'item')
      return 'A deletion is taken back by undoing it, not by a conflict’s answer.'
    const wish = wanted(pass, conflict, given)
    if (typeof wish === 'string') return wish
    const [pair] = await tx.pairsByLink([conflict.link])
    if (!pair?.link || !pair.record) return 'The pair it speaks of is no longer linked.'
    const pending = await pendingOf(tx, [pair.link])
    const open = (pair.link.pending && pending.get(pair.link.pending)) ?? null
    const refused = impose(
      pass,
      batch,
      { link: pair.link, record: pair.record, pending: open },
      { ...wish(pair.link, pair.record), by: given.by },
    )
    if (refused === null) batch.conflicts.push(closed(pass, conflict, given))
    return refused
  })
  if (refusal !== null) return { stopped: null, proven: 'partial', refusal }
  return { stopped: await pushPlanned(pass), proven: 'partial', refusal }
}

type Wish = (link: LinkRow, record: RecordRow) => { readonly values: Fields; readonly rule: RuleId }

/** In a one-way direction, choosing the source imposes what it holds now (R39). */
function wanted(pass: Pass, conflict: ConflictRow, given: Answer): Wish | string {
  const { group } = conflict
  const rule = conflict.state === 'open' ? 'R35' : 'R36'
  if ('value' in given) {
    const read = canonicalGroup(pass.kind, group, given.value)
    if (!read.ok) return `This value cannot be taken: ${read.reason} Nothing was changed.`
    // What comes from a system is read with patience; what a person typed must not turn into something else.
    if (!isEmpty(given.value) && shape(given.value) !== shape(read.value))
      return `This value cannot be taken: this field holds ${shape(read.value)}, not ${shape(given.value)}. Nothing was changed.`
    return () => ({ values: { [group]: read.value }, rule: 'R35' })
  }
  const { side } = given
  const { direction } = pass.policy
  if (conflict.kind === 'drift' && direction !== 'both' && side === otherSide(receiver(direction)))
    return (link, record) => {
      const held = side === 'crm' ? record.fields : unpackMailboxBase(link.base, link.mailboxBase)
      return { values: picked(held, { [group]: null }), rule: 'R39' }
    }
  return () => ({ values: { [group]: valueOf(conflict, side) }, rule })
}

/** An occurrence's group that is null in a conflict had no value of its own. */
function valueOf(conflict: ConflictRow, side: Side): Json {
  const value = side === 'crm' ? conflict.crm : conflict.mailboxValue
  return value === null && conflict.group.startsWith('occurrence/') ? ABSENT : value
}

const shape = (value: Json): string =>
  value === null || typeof value === 'string'
    ? 'a text'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : typeof value === 'number'
          ? 'a number'
          : 'yes or no'

function closed(pass: Pass, conflict: ConflictRow, given: Answer): ConflictRow {
  const restored = 'side' in given && conflict.state !== 'open' && conflict.verdict === otherSide(given.side)
  return {
    ...conflict,
    state: restored ? 'restored' : 'answered',
    answer: 'side' in given ? { take: given.side } : { take: 'value', value: given.value },
    answeredBy: given.by,
    answeredAt: pass.env.now(),
  }
}
