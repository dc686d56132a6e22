import type { ConflictId, ETag, ItemId, LinkId, OperationId, RecordId } from '../core/ids.ts'
import { asId } from '../core/ids.ts'
import type { Facts, Fields, Item, Json, Side } from '../core/item.ts'
import { matchKeys } from '../core/match.ts'
import { withContent, withoutContent } from '../core/message-content.ts'
import { applied, packBases, same, unpackMailboxBase } from '../core/merge.ts'
import type { ConflictDraft, PairPlan, Presence, SideWrite } from '../core/pair-plan.ts'
import { planPair, reported } from '../core/plan.ts'
import { sentence } from '../core/rules.ts'
import { showsIn } from '../core/series.ts'
import type {
  CollectionRow,
  ConflictRow,
  LinkRow,
  OperationRow,
  RecordRow,
  SyncTx,
} from '../store/sync-store.ts'
import type { Batch } from './batch.ts'
import { isFight, noted } from './flips.ts'
import { movedTo, returnsTo } from './follow.ts'
import { APPROVED_BY, type Pass } from './pass.ts'
import { withoutItem } from './remembered.ts'

/** What is known of Microsoft's side of a pair at this moment. `unseen`: nothing new, so as in its base. */
export type Seen =
  | { readonly is: 'item'; readonly id: ItemId; readonly item: Item; readonly etag: ETag }
  | { readonly is: 'gone' }
  | { readonly is: 'unseen' }

export interface Subject {
  readonly link: LinkRow | null
  readonly record: RecordRow | null
  readonly seen: Seen
  /** Where the item lies, or would be created. */
  readonly collection: CollectionRow
  /** The open operation of the link, if it has one. */
  readonly pending: OperationRow | null
  /** Confirmed by reading the item itself: then also a link that was thought deleted may live again. */
  readonly confirmed?: boolean
  /** A person or a rule that stands behind this decision, instead of the side that changed. */
  readonly cause?: string
  /** Ids that a plan already promised. */
  readonly promised?: {
    readonly link: LinkId
    readonly record: RecordId
    readonly operations: readonly OperationRow[]
    /** A person approved these very operations. */
    readonly by: string
  }
}

/** Who wrote a record when the sync did. */
export const SYNC_AUTHOR = 'sync'
/** How often a record or item is tried before it is parked until it changes. */
export const TRIES_MAX = 5
/**
 * Decides one pair and puts what follows into the batch: the CRM's write (it joins this transaction), the operation for
 * Microsoft (planned, or held), conflicts, and the link with its new bases.
 */
export function consider(pass: Pass, batch: Batch, subject: Subject): PairPlan | null {
  const { link, record, seen, collection } = subject
  const known = link !== null && seen.is === 'item' && link.item === seen.id
  if (!subject.confirmed && seen.is === 'item' && known && isEcho(link, record, seen, collection)) {
    batch.markSeen(link, collection.generation)
    return null
  }
  if (link?.state === 'parked') {
    batch.markSeen(link, collection.generation)
    return null
  }
  if (link !== null && waitsForAnswer(pass, batch, subject)) return null
  const isOld = seen.is === 'unseen' || (seen.is === 'item' && !subject.confirmed)
  if (link?.item && isOld && subject.pending?.side === 'crm') {
    // The record's deletion waits because its item was found gone: as in its base is what the item surely is not, and a
    // page that tells of it may be older.
    batch.deferred.push({ collection: link.collection, item: link.item, what: { kind: 'recheck' } })
    return null
  }
  if (link?.state === 'deleted' && seen.is === 'item' && !subject.confirmed) {
    batch.deferred.push({ collection: collection.id, item: seen.id, what: { kind: 'recheck' } })
    return null
  }
  if (link?.state === 'deleted' && seen.is === 'gone') return null
  if (link?.state === 'out-of-scope' && seen.is !== 'item') {
    if (seen.is === 'unseen' && link.item !== null && record && inScope(pass, record))
      batch.deferred.push({ collection: link.collection, item: link.item, what: { kind: 'recheck' } })
    batch.putLink({ ...link, recordVersion: record?.version ?? link.recordVersion })
    return null
  }
  if (seen.is === 'item' && isPrivate(pass, seen.item)) {
    if (link && link.state === 'linked') unlink(pass, batch, subject, link)
    return null
  }

  const plan = planPair(pairInput(subject, pass), pass.policy)
  if (plan.mailbox?.do === 'create' && record && !inScope(pass, record)) return null
  if (plan.mailbox?.do === 'create' && !collection.canWrite) return null
  carryOut(pass, batch, subject, plan)
  return plan
}

/** Our own write read back, or a page told twice: this very version was considered already. */
function isEcho(
  link: LinkRow,
  record: RecordRow | null,
  seen: Extract<Seen, { is: 'item' }>,
  collection: CollectionRow,
): boolean {
  return (
    link.etag === seen.etag &&
    link.state === 'linked' &&
    link.pending === null &&
    link.collection === collection.id &&
    record !== null &&
    record.deletedAt === null
  )
}

/** A write of this pair is on its way and nobody knows whether it arrived: nothing is decided before that is known. */
function waitsForAnswer(pass: Pass, batch: Batch, { link, seen, pending, collection }: Subject): boolean {
  if (pending === null || !pass.unsettled.has(pending.id)) return false
  if (seen.is === 'item' && link?.item === null) return false
  const item = seen.is === 'item' ? seen.id : (link?.item ?? null)
  if (item !== null && seen.is !== 'unseen')
    batch.deferred.push({ collection: collection.id, item, what: { kind: 'recheck' } })
  return true
}

const isPrivate = (pass: Pass, item: Item): boolean =>
  pass.settings.admits?.(item) === false ||
  (pass.settings.privateEvents === 'skip' &&
    (item.fields['sensitivity'] === 'private' || item.fields['sensitivity'] === 'confidential'))

/** Whether the period covers the record: what lies outside is not created in Microsoft, which would not report it. */
export function inScope(pass: Pass, record: RecordRow): boolean {
  if (record.kind !== 'event' || record.fields['time'] === undefined) return true
  return showsIn(record, pass.window, pass.mailbox.zone)
}

/** Out of scope is a state of its own: both sides keep what they have (R29). */
export function unlink(pass: Pass, batch: Batch, subject: Subject, link: LinkRow): void {
  supersede(pass, batch, subject.pending, sentence('R29'))
  batch.putLink({ ...link, state: 'out-of-scope', pending: null, updatedAt: pass.env.now() })
}

function pairInput({ link, record, seen }: Subject, pass: Pass): Parameters<typeof planPair>[0] {
  const linked = link !== null && (link.item !== null || seen.is === 'item') && link.state !== 'deleted'
  const content = record?.fields ?? (seen.is === 'item' ? seen.item.fields : {})
  const crmBase = link ? withContent(pass.kind, link.base, content) : {}
  const mailboxBase = link
    ? withContent(pass.kind, unpackMailboxBase(link.base, link.mailboxBase), content)
    : {}
  const crm: Presence =
    record === null
      ? link === null || link.state === 'deleted'
        ? 'none'
        : 'deleted'
      : record.deletedAt !== null
        ? 'deleted'
        : { fields: record.fields, facts: record.facts, modifiedAt: record.modifiedAt }
  return {
    kind: pass.kind,
    bases: linked ? { crm: crmBase, mailbox: mailboxBase } : null,
    crm,
    mailbox: mailboxPresence(link, seen, mailboxBase),
    facts: seen.is === 'item' ? seen.item.facts : (link?.facts ?? {}),
    repair: link?.state === 'deleted',
    ...(record && { quarantine: record.fields }),
  }
}

function mailboxPresence(link: LinkRow | null, seen: Seen, base: Fields): Presence {
  if (seen.is === 'item') {
    const { facts } = seen.item
    return { fields: reported(seen.item, base), facts, modifiedAt: facts.modifiedAt ?? null }
  }
  if (link === null || link.item === null || link.state === 'deleted') return 'none'
  if (seen.is === 'gone') return 'deleted'
  return { fields: base, facts: link.facts, modifiedAt: link.facts.modifiedAt ?? null }
}

function carryOut(pass: Pass, batch: Batch, subject: Subject, plan: PairPlan): void {
  const { link, record, seen, collection } = subject
  const now = pass.env.now()
  if (plan.then === 'apart') {
    if (link !== null) {
      supersede(pass, batch, subject.pending, sentence(plan.rule))
      if (plan.rule === 'R21') {
        // Remembered, so that a deletion that is taken back finds its other side again and nothing is made twice.
        batch.putLink({ ...link, state: 'out-of-scope', pending: null, updatedAt: now })
        if (link.state === 'out-of-scope') return
      } else batch.forgetLink(link.id)
      keepConflicts(pass, batch, plan, link, titleOf(plan, subject))
    }
    return
  }
  const ids = {
    link: link?.id ?? subject.promised?.link ?? asId<LinkId>(pass.env.newId()),
    record: record?.id ?? link?.record ?? subject.promised?.record ?? asId<RecordId>(pass.env.newId()),
  }
  const bases = packBases(
    withoutContent(pass.kind, plan.bases.crm),
    withoutContent(pass.kind, plan.bases.mailbox),
  )
  const gone = plan.then === 'gone' && plan.crm === null && plan.mailbox === null
  let next: LinkRow = {
    id: ids.link,
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: collection.id,
    record: ids.record,
    item: seen.is === 'item' ? seen.id : (link?.item ?? null),
    etag: seen.is === 'item' ? seen.etag : (link?.etag ?? null),
    base: bases.base,
    mailboxBase: bases.mailboxBase,
    recordVersion: record?.version ?? 0,
    state: gone ? 'deleted' : 'linked',
    seenGeneration:
      seen.is === 'item' ? collection.generation : (link?.seenGeneration ?? collection.generation),
    facts: seen.is === 'item' ? linkFacts(pass, seen.item.facts) : (link?.facts ?? {}),
    pending: null,
    flips: link?.flips ?? [],
    updatedAt: now,
  }
  if (plan.mailbox?.do === 'create') next = withoutItem(pass, batch, next)

  const move = movedTo(pass, subject, plan)
  if (plan.crm || move) {
    if (flipped(pass, batch, next, plan.crm, 'crm', subject)) return
    next = writeCrm(pass, batch, subject, next, plan, move)
  }
  if (plan.mailbox && !isPoison(pass, record)) {
    if (flipped(pass, batch, next, plan.mailbox, 'mailbox', subject)) return
    next = planWrite(pass, batch, subject, next, plan.mailbox)
  } else if (next.pending === null)
    supersede(pass, batch, subject.pending, 'Decided anew: nothing is left to write.')

  keepConflicts(pass, batch, plan, next, titleOf(plan, subject))
  if (link === null || !sameLink(link, next)) batch.putLink(next)
  else batch.markSeen(link, next.seenGeneration)
}

/** What the link itself needs to know of its item. A message's facts are with its record. */
export const linkFacts = (pass: Pass, facts: Facts): Facts =>
  pass.kind !== 'message' ? facts : facts.modifiedAt === undefined ? {} : { modifiedAt: facts.modifiedAt }

function writeCrm(
  pass: Pass,
  batch: Batch,
  subject: Subject,
  next: LinkRow,
  plan: PairPlan,
  move: string | null,
): LinkRow {
  const { record, collection, seen } = subject
  const write: SideWrite = plan.crm ?? { do: 'update', rule: 'R34', fields: {}, before: {}, mails: [] }
  const operation = operationRow(pass, subject, next, 'crm', write)
  if (write.do === 'delete') {
    // Executed after the guard has counted all deletions of this run (engine/guard.ts).
    const planned = keptOrNew(subject.pending, operation)
    supersede(pass, batch, planned.id === subject.pending?.id ? null : subject.pending, 'Decided anew.')
    batch.operations.set(planned.id, planned)
    return { ...next, state: 'linked', pending: planned.id }
  }
  const at = pass.env.now()
  const fields = write.do === 'update' && record ? applied(record.fields, write.fields) : write.fields
  const facts = seen.is === 'item' ? crmFacts(seen.item.facts) : (record?.facts ?? {})
  const common = { id: next.record, kind: pass.kind, fields, facts, at, by: SYNC_AUTHOR }
  const keys = matchKeys(pass.kind, { fields, facts })
  if (write.do === 'create')
    batch.records.push({
      ...common,
      do: 'create',
      container: collection.container,
      owner: pass.mailbox.user,
      matchKeys: keys,
    })
  else if (write.do === 'restore')
    batch.records.push({ ...common, ...returnsTo(pass, subject), do: 'restore', matchKeys: keys })
  else {
    const container = move ?? record?.container ?? collection.container
    batch.records.push({ ...common, do: 'update', container, matchKeys: keys })
  }
  batch.operations.set(operation.id, { ...operation, state: 'written', doneAt: at, sentAt: at })
  pass.counts.toCrm += 1
  return { ...next, recordVersion: (record?.version ?? 0) + 1, flips: noted(next.flips, write, 'crm', at) }
}

/** The mailbox's own marks stay with the link; the record keeps what the CRM can use. */
function crmFacts(facts: Facts): Facts {
  const { marker: _, ...kept } = facts
  return kept
}

function planWrite(pass: Pass, batch: Batch, subject: Subject, next: LinkRow, write: SideWrite): LinkRow {
  const operation = operationRow(pass, subject, next, 'mailbox', write)
  const held =
    subject.promised === undefined &&
    pass.policy.firstSync &&
    !pass.policy.mailInFirstSync &&
    write.mails.length > 0
  const wanted: OperationRow = held ? { ...operation, state: 'held', reason: sentence('R28') } : operation
  const planned = keptOrNew(subject.pending, wanted)
  if (planned.id !== subject.pending?.id)
    supersede(pass, batch, subject.pending, 'Something changed before it was sent: decided anew.')
  batch.operations.set(planned.id, planned)
  if (held) pass.counts.held += 1
  // Decided again and not yet sent, it is still one write.
  const flips = planned === wanted ? noted(next.flips, write, 'mailbox', pass.env.now()) : next.flips
  return { ...next, pending: planned.id, flips }
}

/** The same write decided again stays the same operation, so that a person's plan does not change under their eyes. */
function keptOrNew(pending: OperationRow | null, wanted: OperationRow): OperationRow {
  if (pending === null || (pending.state !== 'planned' && pending.state !== 'held')) return wanted
  const alike =
    pending.side === wanted.side &&
    pending.do === wanted.do &&
    same(pending.after as Json, wanted.after as Json)
  const { before, collection, guard, item } = wanted
  return alike ? { ...pending, before, collection, guard, item } : wanted
}

export function supersede(pass: Pass, batch: Batch, pending: OperationRow | null, reason: string): void {
  if (pending === null) return
  if (pending.state === 'planned' || pending.state === 'held')
    batch.outcomes.push({ id: pending.id, state: 'superseded', reason, at: pass.env.now() })
}

export function operationRow(
  pass: Pass,
  subject: Pick<Subject, 'record' | 'cause' | 'promised'>,
  link: LinkRow,
  side: Side,
  write: SideWrite,
): OperationRow {
  const after = write.do === 'delete' ? null : journalled(pass, write)
  const promised = subject.promised?.operations.find(
    (one) => one.side === side && one.do === write.do && same(one.after as Json, after as Json),
  )
  const cause = promised && subject.promised ? `${APPROVED_BY}${subject.promised.by}` : subject.cause
  const title = write.fields['subject'] ?? subject.record?.fields['subject'] ?? link.base['subject'] ?? ''
  return {
    id: promised?.id ?? asId<OperationId>(pass.env.newId()),
    run: pass.run.id,
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: link.collection,
    link: link.id,
    record: link.record,
    item: link.item,
    side,
    do: write.do,
    rule: write.rule,
    cause: cause ?? (side === 'crm' ? 'Microsoft 365' : (subject.record?.modifiedBy ?? 'CRM')),
    title: String(title),
    before: write.do === 'create' ? null : withoutContent(pass.kind, write.before),
    after,
    guard: {
      ...(link.etag !== null && { etag: link.etag }),
      ...(subject.record && { version: subject.record.version }),
    },
    mails: write.mails,
    state: 'planned',
    reason: null,
    attempts: 0,
    createdAt: pass.env.now(),
    sentAt: null,
    doneAt: null,
  }
}

/** The journal says which message came; its content is in the record. Of a draft that changed, all but its text. */
function journalled(pass: Pass, { do: action, fields }: SideWrite): Fields {
  if (pass.kind !== 'message') return fields
  if (action !== 'update') return withoutContent(pass.kind, fields)
  const { body: _, ...kept } = fields
  return kept
}

/** A record that Microsoft refused again and again is left alone until it changes (R32). */
function isPoison(pass: Pass, record: RecordRow | null): boolean {
  if (record === null) return false
  const parked = pass.parked.get(record.id)
  return parked !== undefined && parked.tries >= TRIES_MAX && parked.version === String(record.version)
}

/** The same value for the same side, over and over: parks the pair instead of writing once more (R31). */
function flipped(
  pass: Pass,
  batch: Batch,
  link: LinkRow,
  write: SideWrite | null,
  side: Side,
  subject: Subject,
): boolean {
  if (write === null || subject.link === null || !isFight(link.flips, write, side, pass.env.now()))
    return false
  supersede(pass, batch, subject.pending, sentence('R31'))
  batch.putLink({ ...subject.link, state: 'parked', pending: null, updatedAt: pass.env.now() })
  batch.parked.push({
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    collection: link.collection,
    side,
    key: link.record,
    reason: sentence('R31'),
    tries: TRIES_MAX,
    version: 'flip',
    at: pass.env.now(),
  })
  pass.counts.parked += 1
  return true
}

function titleOf(plan: PairPlan, { record, seen }: Subject): string {
  const fromItem = seen.is === 'item' ? seen.item.fields['subject'] : undefined
  return String(record?.fields['subject'] ?? fromItem ?? plan.bases.crm['subject'] ?? '')
}

function keepConflicts(pass: Pass, batch: Batch, plan: PairPlan, link: LinkRow, title: string): void {
  for (const draft of plan.conflicts) batch.conflicts.push(conflictRow(pass, draft, link, title))
  pass.counts.conflicts += plan.conflicts.length
}

export function conflictRow(pass: Pass, draft: ConflictDraft, link: LinkRow, title: string): ConflictRow {
  return {
    id: asId<ConflictId>(pass.env.newId()),
    mailbox: pass.mailbox.id,
    channel: pass.channel.channel,
    link: link.id,
    record: link.record,
    run: pass.run.id,
    kind: draft.kind,
    group: draft.group,
    title,
    base: draft.base,
    crm: draft.crm,
    mailboxValue: draft.mailboxValue,
    rule: draft.rule,
    verdict: draft.verdict,
    state: draft.open ? 'open' : 'decided',
    answer: null,
    at: pass.env.now(),
    answeredBy: null,
    answeredAt: null,
  }
}

function sameLink(a: LinkRow, b: LinkRow): boolean {
  return (
    a.item === b.item &&
    a.etag === b.etag &&
    a.collection === b.collection &&
    a.recordVersion === b.recordVersion &&
    a.state === b.state &&
    a.pending === b.pending &&
    same(a.base, b.base) &&
    same(a.mailboxBase, b.mailboxBase) &&
    same(a.flips, b.flips) &&
    same(a.facts as Json, b.facts as Json)
  )
}

/** The open operations of these links: asked once for a page, and only when some link has one. */
export async function pendingOf(
  tx: SyncTx,
  links: readonly (LinkRow | null)[],
): Promise<ReadonlyMap<OperationId, OperationRow>> {
  const ids = links.flatMap((link) => (link?.pending ? [link.pending] : []))
  if (ids.length === 0) return new Map()
  return new Map((await tx.operations({ ids })).map((row) => [row.id, row]))
}
