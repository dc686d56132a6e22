import { describeGroup, describeValue } from '../core/describe.ts'
import { kindOf, parseGroup, type Fields, type Json } from '../core/item.ts'
import { mayRemember } from '../core/policy.ts'
import { sentence, type RuleId, rules } from '../core/rules.ts'
import { dateAt } from '../core/time.ts'
import type { Sql } from '../store/database.ts'
import type { UndoPlan } from '../store/sync-store.ts'
import type { ApiOutput } from './api/api.ts'
import type { Caller } from './mount.ts'
import { isoOf, isoOrNull } from './parts.ts'

/** Runs, operations and conflicts as people read them: values in words, rules as sentences. */
export type RunView = ApiOutput<'GET /api/runs/:run'>
export type OperationView = ApiOutput<'GET /api/runs/:run/operations'>['items'][number]
export type ConflictView = ApiOutput<'GET /api/conflicts/:conflict'>['conflict']

export interface Words {
  readonly zone: string
  readonly now: number
  readonly productName: string
  /** Who reads: what others keep private is hidden from them, whatever their role. */
  readonly reader: string
}
export const readerOf = ({ zone, now }: Words) => ({ zone, today: dateAt(now, zone) })
export const ruleSentence = (rule: string, productName: string): string =>
  Object.hasOwn(rules, rule) ? sentence(rule as RuleId, productName) : rule

export interface OperationRecord {
  readonly id: string
  readonly run: string
  readonly mailbox: string
  readonly address: string
  readonly channel: OperationView['channel']
  readonly collection: string
  readonly collection_name: string | null
  readonly record: string
  readonly item: string | null
  readonly side: OperationView['side']
  readonly action: OperationView['do']
  readonly rule: string
  readonly cause: string
  /** Of the person whose id stands in the cause. */
  readonly cause_name: string | null
  readonly title: string
  readonly before: Fields | null
  readonly after: Fields | null
  /** A folder is kept by its id; people read its name. */
  readonly folder_before: string | null
  readonly folder_after: string | null
  readonly mails: readonly string[]
  readonly state: OperationView['state']
  readonly reason: string | null
  readonly attempts: number
  readonly created_at: Date
  readonly sent_at: Date | null
  readonly done_at: Date | null
  readonly undone_by: string | null
  readonly owner: string | null
  readonly sensitivity: string | null
}
/** `where` clauses may name `o` (operations), `m` (mailboxes) and `r` (records). */
const ID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
export const OPERATIONS = `select o.id, o.run, o.mailbox, m.address, o.channel, o.collection, c.name as collection_name, o.record, o.item,
    o.side, o.action, o.rule, o.cause, cu.name as cause_name, o.title, o.before, o.after,
    (select f.name from collections f where f.id = o.before ->> 'folder') as folder_before,
    (select f.name from collections f where f.id = o.after ->> 'folder') as folder_after, o.mails, o.state, o.reason, o.attempts, o.created_at, o.sent_at,
    o.done_at, coalesce((select u.id from runs u where u.undoes = o.run and u.state <> 'planned'
        and exists (select from operations w where w.run = u.id and w.state in ('planned', 'sent', 'unknown', 'written'))
        order by u.started_at desc limit 1),
      (select x.run from operations x join runs u on u.id = x.run where x.record = o.record and x.rule = 'R38'
        and (u.undo -> 'what' ->> 'operation' = o.id or x.cause like '%, undoing ' || o.id)
        and x.state in ('sent', 'unknown', 'written') order by x.created_at desc limit 1)) as undone_by,
    m."user" as owner, r.fields ->> 'sensitivity' as sensitivity
  from operations o join mailboxes m on m.id = o.mailbox left join collections c on c.id = o.collection
    left join records r on r.id = o.record
    left join users cu on cu.id = substring(o.cause from '${ID}')`

/** Stands for what its owner keeps private. */
const HIDDEN = 'Private'

interface Owned {
  readonly owner: string | null
  readonly sensitivity: string | null
}
const isOpen = (sensitivity: Json | undefined): boolean =>
  sensitivity === undefined || sensitivity === null || sensitivity === 'normal'
/** Whether the reader may know what this is about: their own, a shared mailbox's, or nobody's secret, now and then. */
export const mayRead = (row: Owned, reader: string, ...states: readonly (Fields | null)[]): boolean =>
  row.owner === null ||
  row.owner === reader ||
  (isOpen(row.sensitivity) && states.every((state) => isOpen(state?.['sensitivity'])))
/**
 * The same in SQL, so that nobody finds a private title by searching for it; `reader` is a parameter's name, `mailbox`
 * and `record` are columns. Nothing is joined for it: it is asked of the few rows whose title fits.
 */
export const mayReadSql = (reader: string, mailbox: string, record: string): string =>
  `(${mailbox} in (select mine.id from mailboxes mine where mine."user" is null or mine."user" = ${reader})
    or coalesce((select known.fields ->> 'sensitivity' from records known where known.id = ${record}), 'normal') = 'normal')`

export function operationView(row: OperationRecord, words: Words): OperationView {
  const isReadable = mayRead(row, words.reader, row.before, row.after)
  return {
    id: row.id,
    run: row.run,
    mailbox: row.mailbox,
    address: row.address,
    channel: row.channel,
    collection: row.collection_name === null ? null : { id: row.collection, name: row.collection_name },
    record: row.record,
    item: row.item,
    side: row.side,
    do: row.action,
    state: row.state,
    rule: row.rule,
    why: ruleSentence(row.rule, words.productName),
    cause: causeText(row),
    title: isReadable ? row.title : HIDDEN,
    differences: isReadable ? differencesOf(row, words) : [],
    mails: isReadable ? [...row.mails] : [],
    reason: row.reason,
    attempts: row.attempts,
    createdAt: isoOf(row.created_at),
    sentAt: isoOrNull(row.sent_at),
    doneAt: isoOrNull(row.done_at),
    undoable: row.state === 'written' && row.undone_by === null,
    undoneBy: row.undone_by,
  }
}

/** The journal keeps ids, which stay when a name changes; people read names. */
function causeText({ cause, cause_name }: OperationRecord): string {
  const [who = '', undoing] = cause.split(', undoing ')
  const named = cause_name === null ? who : who.replace(new RegExp(ID), () => cause_name)
  return undoing === undefined ? named : `${named}, undoing a write`
}

const text = (group: string, value: Json | undefined, words: Words): string | null =>
  value === undefined || value === null ? null : describeValue(group, value, readerOf(words))

/** Stands for a folder that is there no more. */
const GONE = 'a folder that is gone'

/** Of an update only what it changes; of a creation or deletion what is not empty. */
function differencesOf(row: OperationRecord, words: Words): OperationView['differences'] {
  const { action, before, after } = row
  const named = (group: string, value: Json, folder: string | null): string | null =>
    group === 'folder' && value !== null ? (folder ?? GONE) : text(group, value, words)
  const groups =
    action === 'update'
      ? Object.keys(after ?? {})
      : [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return groups
    .map((group) => ({
      group,
      before: before?.[group] ?? null,
      after: action === 'delete' ? null : (after?.[group] ?? null),
    }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after))
    .map((one) => ({
      ...one,
      label: describeGroup(one.group, readerOf(words)),
      beforeText: named(one.group, one.before, row.folder_before),
      afterText: named(one.group, one.after, row.folder_after),
    }))
}

interface RunRecord {
  readonly id: string
  readonly mailbox: string
  readonly address: string
  readonly channel: RunView['channel']
  readonly trigger: RunView['trigger']
  readonly state: RunView['state']
  readonly undoes: string | null
  readonly undo: UndoPlan | null
  readonly undone_by: string | null
  readonly message: string | null
  readonly started_at: Date
  readonly finished_at: Date | null
}
/** `where` clauses may name `r` (runs) and `m` (mailboxes). */
export const RUNS = `select r.id, r.mailbox, m.address, r.channel, r.trigger, r.state, r.undoes, r.undo, r.message, r.started_at, r.finished_at,
    (select u.id from runs u where u.undoes = r.id and u.state <> 'planned'
      and exists (select from operations w where w.run = u.id and w.state in ('planned', 'sent', 'unknown', 'written'))
      order by u.started_at desc limit 1) as undone_by
  from runs r join mailboxes m on m.id = r.mailbox`

/** Counts are of the operations as they are now, not of what the run once wrote down. */
export async function runViews(sql: Sql, rows: readonly RunRecord[]): Promise<RunView[]> {
  const ids = rows.map((row) => row.id)
  const counted = await sql.query<{
    run: string
    side: 'crm' | 'mailbox'
    action: OperationView['do']
    state: OperationView['state']
    n: number
  }>(
    'select run, side, action, state, count(*) as n from operations where run = any($1) group by 1, 2, 3, 4',
    [ids],
  )
  const conflicts = await sql.query<{ run: string; n: number }>(
    'select run, count(*) as n from conflicts where run = any($1) group by 1',
    [ids],
  )
  const mails = await sql.query<{ run: string; mails: string[] }>(
    `select run, array_agg(distinct mail order by mail) as mails from operations, unnest(mails) as mail
      where run = any($1) and state in ('planned', 'held') group by run`,
    [ids],
  )
  return rows.map((row) => {
    const mine = counted.filter((one) => one.run === row.id)
    const sum = (fits: (one: (typeof counted)[number]) => boolean): number =>
      mine.filter(fits).reduce((total, one) => total + one.n, 0)
    const ofSide = (side: 'crm' | 'mailbox'): RunView['counts']['crm'] => ({
      create: sum((one) => one.side === side && (one.action === 'create' || one.action === 'restore')),
      update: sum((one) => one.side === side && one.action === 'update'),
      delete: sum((one) => one.side === side && one.action === 'delete'),
    })
    return {
      id: row.id,
      mailbox: row.mailbox,
      address: row.address,
      channel: row.channel,
      trigger: row.trigger,
      state: row.state,
      undoes: row.undoes,
      undoneBy: row.undone_by,
      refused: [...(row.undo?.refused ?? [])],
      counts: {
        crm: ofSide('crm'),
        mailbox: ofSide('mailbox'),
        held: sum((one) => one.state === 'held'),
        conflicts: conflicts.find((one) => one.run === row.id)?.n ?? 0,
        parked: sum((one) => one.state === 'rejected'),
        planned: sum((one) => one.state === 'planned' || one.state === 'sent' || one.state === 'unknown'),
        written: sum((one) => one.state === 'written'),
        failed: sum((one) => ['stale', 'gone', 'rejected'].includes(one.state)),
      },
      mails: mails.find((one) => one.run === row.id)?.mails ?? [],
      message: row.message,
      startedAt: isoOf(row.started_at),
      finishedAt: isoOrNull(row.finished_at),
    }
  })
}

export async function runById(sql: Sql, caller: Caller, id: string): Promise<RunView | null> {
  const rows = await sql.query<RunRecord>(`${RUNS} where r.id = $1 and ($2::text is null or m."user" = $2)`, [
    id,
    ownOnly(caller),
  ])
  return (await runViews(sql, rows))[0] ?? null
}
export type { RunRecord }

/** A user sees what belongs to their own mailboxes; others see all. For `($n::text is null or m."user" = $n)`. */
export const ownOnly = (caller: Caller): string | null => (caller.role === 'user' ? caller.user : null)

export interface ConflictRecord {
  readonly id: string
  readonly mailbox: string
  readonly address: string
  readonly channel: ConflictView['channel']
  readonly record: string
  readonly run: string
  readonly kind: ConflictView['kind']
  readonly field_group: string
  readonly title: string
  readonly base: Json
  readonly crm: Json
  readonly mailbox_value: Json
  /** Names of the folders whose ids stand in the values. */
  readonly folders: readonly (string | null)[] | null
  readonly rule: string
  readonly verdict: ConflictView['verdict']
  readonly state: ConflictView['state']
  readonly answer: Json
  readonly at: Date
  readonly answered_by: string | null
  readonly answered_at: Date | null
  readonly owner: string | null
  readonly sensitivity: string | null
}
/** `where` clauses may name `k` (conflicts), `m` (mailboxes) and `r` (records). */
export const CONFLICTS = `select k.id, k.mailbox, m.address, k.channel, k.record, k.run, k.kind, k.field_group, k.title, k.base, k.crm,
    k.mailbox_value, case when k.field_group = 'folder' then array(select f.name from unnest(array[k.base, k.crm, k.mailbox_value])
      with ordinality as v (id, n) left join collections f on f.id = v.id #>> '{}' order by v.n) end as folders, k.rule, k.verdict, k.state, k.answer, k.at, coalesce(u.name, k.answered_by) as answered_by, k.answered_at,
    m."user" as owner, r.fields ->> 'sensitivity' as sensitivity
  from conflicts k join mailboxes m on m.id = k.mailbox left join users u on u.id = k.answered_by left join records r on r.id = k.record`

/** A shared mailbox is nobody's: there is no setting to keep the answer in. */
export const isRemembered = (
  row: Pick<ConflictRecord, 'kind' | 'channel' | 'field_group' | 'rule' | 'owner'>,
) => row.kind === 'edit' && row.owner !== null && mayRemember(kindOf[row.channel], row.field_group, row.rule)

export function conflictView(row: ConflictRecord, words: Words): ConflictView {
  const isReadable = mayRead(row, words.reader)
  const value = (one: Json, at: number) => {
    if (!isReadable) return { value: null, text: null, by: null, at: null }
    const folder = row.folders === null || one === null ? null : (row.folders[at] ?? GONE)
    return { value: one, text: folder ?? text(row.field_group, one, words), by: null, at: null }
  }
  return {
    id: row.id,
    mailbox: row.mailbox,
    address: row.address,
    channel: row.channel,
    record: row.record,
    run: row.run,
    kind: row.kind,
    group: row.field_group,
    label: describeGroup(row.field_group, readerOf(words)),
    title: isReadable ? row.title : HIDDEN,
    base: value(row.base, 0),
    crm: value(row.crm, 1),
    mailboxValue: value(row.mailbox_value, 2),
    rule: row.rule,
    why: ruleSentence(row.rule, words.productName),
    verdict: row.verdict,
    state: row.state,
    answer: isReadable ? row.answer : null,
    at: isoOf(row.at),
    answeredBy: row.answered_by,
    answeredAt: isoOrNull(row.answered_at),
    choices: [
      'crm',
      'mailbox',
      ...(row.verdict === 'none' ? [] : (['engine'] as const)),
      ...(row.kind === 'edit' && row.field_group !== 'item' ? (['value'] as const) : []),
    ],
    remembers: isRemembered(row) ? describeGroup(parseGroup(row.field_group).name) : null,
  }
}
