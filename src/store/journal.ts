import { createHash } from 'node:crypto'
import type { MailboxId } from '../core/ids.ts'
import type { Json } from '../core/item.ts'
import type { Sql } from './database.ts'
import { OPERATION_COLUMNS, toOperation, type OperationColumns } from './operation-rows.ts'
import { iso, isoOrNull } from './rows.ts'
import type { OperationRow, OperationState } from './sync-store.ts'

/**
 * The journal is tamper-evident: each finished operation carries a number and a SHA-256 over the seal before it and
 * its own content, by mailbox. A row that was changed, taken out or put in later breaks the chain at its place.
 * It cannot show that the whole chain was made anew by somebody who owns the database: for that, note a seal
 * elsewhere now and then (`syncline history --verify` prints it).
 */
const FINAL: ReadonlySet<OperationState> = new Set([
  'written',
  'stale',
  'gone',
  'rejected',
  'declined',
  'superseded',
])
export const isFinal = (state: OperationState): boolean => FINAL.has(state)

export interface Seal {
  readonly no: number
  readonly hash: Buffer
}

const GENESIS = Buffer.alloc(32)

/** Seals for rows that are finished with this transaction, in the order given; locks each mailbox's chain. */
export async function sealFinished(
  sql: Sql,
  finished: readonly OperationRow[],
): Promise<ReadonlyMap<string, Seal>> {
  const seals = new Map<string, Seal>()
  if (finished.length === 0) return seals
  const heads = await lockHeads(sql, [...new Set(finished.map((row) => row.mailbox))].sort())
  for (const row of finished) {
    const head = heads.get(row.mailbox) ?? { no: 0, hash: GENESIS }
    const seal = { no: head.no + 1, hash: sealOf(head.hash, row) }
    heads.set(row.mailbox, seal)
    seals.set(row.id, seal)
  }
  await sql.query(
    `update journal_heads h set seal_no = x.no, seal = x.seal
     from unnest($1::text[], $2::bigint[], $3::bytea[]) as x (mailbox, no, seal) where h.mailbox = x.mailbox`,
    [
      [...heads.keys()],
      [...heads.values()].map((seal) => seal.no),
      [...heads.values()].map((seal) => seal.hash),
    ],
  )
  return seals
}

async function lockHeads(sql: Sql, mailboxes: readonly MailboxId[]): Promise<Map<string, Seal>> {
  const locked = (): Promise<{ mailbox: string; seal_no: number; seal: Buffer }[]> =>
    sql.query(
      'select mailbox, seal_no, seal from journal_heads where mailbox = any($1) order by mailbox for update',
      [mailboxes],
    )
  let rows = await locked()
  if (rows.length < mailboxes.length) {
    await sql.query(
      `insert into journal_heads (mailbox, seal_no, seal, first_previous)
       select mailbox, 0, $2, $2 from unnest($1::text[]) as x (mailbox) on conflict do nothing`,
      [mailboxes, GENESIS],
    )
    rows = await locked()
  }
  return new Map(rows.map((row) => [row.mailbox, { no: row.seal_no, hash: row.seal }]))
}

function sealOf(previous: Buffer, row: OperationRow): Buffer {
  return createHash('sha256')
    .update(previous)
    .update(JSON.stringify(contentOf(row)))
    .digest()
}

/**
 * All that the row says, in a fixed order. `before`, `after` and `guard` are kept as `json`, which gives back the very
 * text it was given, so the order of their keys is part of what is sealed.
 */
const contentOf = (row: OperationRow): Json => [
  row.id,
  row.run,
  row.mailbox,
  row.channel,
  row.collection,
  row.link,
  row.record,
  row.item,
  row.side,
  row.do,
  row.rule,
  row.cause,
  row.title,
  row.before,
  row.after,
  row.guard as Json,
  row.mails,
  row.state,
  row.reason,
  row.attempts,
  iso(row.createdAt),
  isoOrNull(row.sentAt),
  isoOrNull(row.doneAt),
]

export type JournalReport =
  | { readonly intact: true; readonly mailbox: MailboxId; readonly rows: number; readonly seal: string }
  | {
      readonly intact: false
      readonly mailbox: MailboxId
      /** The first place where the chain is broken. */
      readonly no: number
      readonly operation: string | null
      readonly problem: 'missing' | 'changed' | 'cut-off' | 'not-sealed'
    }

const VERIFY_PAGE = 500

/** Walks the chain of a mailbox from its first kept row to its end; memory is bounded by one page. */
export async function verifyJournal(sql: Sql, mailbox: MailboxId): Promise<JournalReport> {
  const [head] = await sql.query<{ seal_no: number; seal: Buffer; first_no: number; first_previous: Buffer }>(
    'select seal_no, seal, first_no, first_previous from journal_heads where mailbox = $1',
    [mailbox],
  )
  const broken = (
    no: number,
    operation: string | null,
    problem: Extract<JournalReport, { intact: false }>['problem'],
  ): JournalReport => ({ intact: false, mailbox, no, operation, problem })

  const [loose] = await sql.query<{ id: string }>(
    `select id from operations where mailbox = $1 and seal_no is null
       and state in ('written', 'stale', 'gone', 'rejected', 'declined', 'superseded') limit 1`,
    [mailbox],
  )
  let previous = head?.first_previous ?? GENESIS
  let next = head?.first_no ?? 1
  for (;;) {
    const page = await sql.query<OperationColumns & { seal_no: number; seal: Buffer }>(
      `select ${OPERATION_COLUMNS}, seal_no, seal from operations
       where mailbox = $1 and seal_no >= $2 order by seal_no limit $3`,
      [mailbox, next, VERIFY_PAGE],
    )
    for (const row of page) {
      if (row.seal_no !== next) return broken(next, null, 'missing')
      const seal = sealOf(previous, toOperation(row))
      if (!seal.equals(row.seal)) return broken(next, row.id, 'changed')
      previous = seal
      next++
    }
    if (page.length < VERIFY_PAGE) break
  }
  if (head !== undefined && (head.seal_no !== next - 1 || !head.seal.equals(previous)))
    return broken(next, null, 'cut-off')
  if (loose !== undefined) return broken(next, loose.id, 'not-sealed')
  return { intact: true, mailbox, rows: next - (head?.first_no ?? 1), seal: previous.toString('hex') }
}

/**
 * Lets go of finished rows from before `cutoff`, from the beginning of the chain; the chain then begins after them.
 * At most `limit` rows at a time.
 */
export async function trimJournal(
  sql: Sql,
  mailbox: MailboxId,
  cutoff: Date,
  limit: number,
): Promise<number> {
  const [head] = await sql.query<{ first_no: number }>(
    'select first_no from journal_heads where mailbox = $1 for update',
    [mailbox],
  )
  if (head === undefined) return 0
  const rows = await sql.query<{ seal_no: number; seal: Buffer; done_at: Date | null }>(
    `select seal_no, seal, done_at from operations where mailbox = $1 and seal_no >= $2 order by seal_no limit $3`,
    [mailbox, head.first_no, limit],
  )
  const keepFrom = rows.findIndex((row) => row.done_at === null || row.done_at >= cutoff)
  const old = keepFrom === -1 ? rows : rows.slice(0, keepFrom)
  const last = old.at(-1)
  if (last === undefined) return 0
  await sql.query(`select set_config('syncline.retention', 'on', true)`)
  await sql.query('delete from operations where mailbox = $1 and seal_no <= $2', [mailbox, last.seal_no])
  await sql.query(`select set_config('syncline.retention', 'off', true)`)
  await sql.query('update journal_heads set first_no = $2, first_previous = $3 where mailbox = $1', [
    mailbox,
    last.seal_no + 1,
    last.seal,
  ])
  return old.length
}
