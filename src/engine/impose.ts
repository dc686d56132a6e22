import { type Fields, type Json, type Side, parseGroup } from '../core/item.ts'
import { matchKeys } from '../core/match.ts'
import { applied, isAbsent, packBases, same, unpackMailboxBase, picked } from '../core/merge.ts'
import type { SideWrite } from '../core/pair-plan.ts'
import { mayInvite, mayWrite, notForCrm, wouldMail } from '../core/policy.ts'
import type { RuleId } from '../core/rules.ts'
import type { LinkRow, OperationRow, RecordRow } from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import { SYNC_AUTHOR, type Subject, operationRow, supersede } from './consider.ts'
import type { Pass } from './pass.ts'

/** What a person wants both sides of a pair to hold, and who that person is. */
export interface Imposed {
  readonly values: Fields
  readonly rule: RuleId
  readonly by: string
  /** Ids that a plan already promised. */
  readonly promised?: Subject['promised']
}

/** Null when it was put into the batch; else, in plain words, why it cannot be done. */
export type Refusal = string | null

/**
 * Puts values onto both sides of a pair because a person said so: an answer, a restored loser, an undo. The CRM's write
 * joins the transaction; Microsoft's is planned, guarded by the version that was last seen.
 */
export function impose(
  pass: Pass,
  batch: Batch,
  pair: { readonly link: LinkRow; readonly record: RecordRow; readonly pending: OperationRow | null },
  { values, rule, by, promised }: Imposed,
): Refusal {
  const { link, record, pending } = pair
  if (link.item === null || link.state !== 'linked' || record.deletedAt !== null)
    return 'It is no longer there on both sides, so nothing was changed.'
  if (isUnanswered(pending)) return 'A write of this item is still unanswered. Try again after the next sync.'
  const mailboxBase = unpackMailboxBase(link.base, link.mailboxBase)
  const toCrm = differing(values, record.fields)
  const toMailbox = differing(values, mailboxBase)
  const refusal = refused(pass, 'crm', toCrm, link) ?? refused(pass, 'mailbox', toMailbox, link)
  if (refusal !== null) return refusal

  // Until Microsoft answered, the CRM's value must count as a change: its base is what Microsoft holds.
  const crmBase = applied(link.base, { ...toCrm, ...picked(mailboxBase, toMailbox) })
  let next: LinkRow = {
    ...link,
    ...packBases(crmBase, mailboxBase),
    pending: null,
    updatedAt: pass.env.now(),
  }
  supersede(pass, batch, pending, 'A person decided otherwise.')
  // What else that write stood for, or that an item is gone, is decided again from the item itself.
  if (pending !== null)
    batch.deferred.push({ collection: link.collection, item: link.item, what: { kind: 'recheck' } })
  const subject = { record, cause: by, ...(promised && { promised }) }
  const at = pass.env.now()
  if (Object.keys(toCrm).length > 0) {
    const fields = applied(record.fields, toCrm)
    const write: SideWrite = {
      do: 'update',
      rule,
      fields: toCrm,
      before: picked(record.fields, toCrm),
      mails: [],
    }
    const row = operationRow(pass, subject, next, 'crm', write)
    batch.operations.set(row.id, { ...row, state: 'written', sentAt: at, doneAt: at })
    const { id, kind, container, facts } = record
    const keys = matchKeys(kind, { fields, facts })
    batch.records.push({
      do: 'update',
      id,
      kind,
      container,
      fields,
      facts,
      matchKeys: keys,
      at,
      by: SYNC_AUTHOR,
    })
    pass.counts.toCrm += 1
  }
  // An edit of the CRM that no pass has seen yet stays one: the feed passes over versions that the link knows.
  if (link.recordVersion === record.version && Object.keys(toCrm).length > 0)
    next = { ...next, recordVersion: record.version + 1 }
  if (Object.keys(toMailbox).length > 0) {
    const about = { kind: pass.kind, do: 'update', facts: link.facts, before: mailboxBase } as const
    const mails = wouldMail({ ...about, fields: toMailbox })
    const write: SideWrite = {
      do: 'update',
      rule,
      fields: toMailbox,
      before: picked(mailboxBase, toMailbox),
      mails,
    }
    const row = operationRow(pass, subject, next, 'mailbox', write)
    batch.operations.set(row.id, row)
    next = { ...next, pending: row.id }
  }
  batch.putLink(next)
  return null
}

/** Sent, and nobody knows whether it arrived: nothing of its pair is decided before that is known. */
export const isUnanswered = (pending: OperationRow | null): boolean =>
  pending !== null && (pending.state === 'sent' || pending.state === 'unknown')

function differing(values: Fields, held: Fields): Fields {
  const fields: { [group: string]: Json } = {}
  for (const [group, value] of Object.entries(values)) {
    const now = held[group]
    if (isAbsent(value) ? now !== undefined : !same(value, now)) fields[group] = value
  }
  return fields
}

function refused(pass: Pass, side: Side, fields: Fields, link: LinkRow): Refusal {
  const groups = Object.keys(fields)
  if (groups.length === 0) return null
  if (!mayWrite(pass.policy.direction, side))
    return side === 'crm'
      ? 'The direction of this sync does not write to the CRM.'
      : 'The direction of this sync does not write to Microsoft 365.'
  if (side === 'crm') return null
  if (groups.some((group) => notForCrm(pass.kind, link.facts, group) !== null))
    return 'This belongs to the organizer or to Microsoft 365 and cannot be written there.'
  if (groups.some((group) => parseGroup(group).name === 'answer' && fields[group] === 'none'))
    return 'An answer to an invitation cannot be taken back in Microsoft 365, only changed.'
  if (groups.some((group) => parseGroup(group).name === 'cancelled' && fields[group] !== true))
    return 'An occurrence that was taken out of its series cannot be put back in Microsoft 365. Make a single event on that day instead.'
  if (groups.includes('attendees') && !mayInvite(pass.policy, false))
    return 'Attendees are not written to Microsoft 365 here.'
  return null
}
