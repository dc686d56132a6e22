import type { RunId } from '../core/ids.ts'
import type { Json } from '../core/item.ts'
import type { Sql } from './database.ts'
import { cleanText, isStorable, toJson } from './json.ts'
import { isFinal, sealFinished } from './journal.ts'
import { OPERATION_COLUMNS, toOperation, type OperationColumns } from './operation-rows.ts'
import { at, atOrNull, iso, isoOrNull, lastOfEach, segments } from './rows.ts'
import type { OperationOutcome, OperationQuery, OperationRow, RunRow } from './sync-store.ts'

/** Operations from plan to journal, and the runs they belong to. */
export async function operations(sql: Sql, query: OperationQuery): Promise<readonly OperationRow[]> {
  const values: unknown[] = []
  const conditions = ['true']
  const where = (condition: string, value: unknown): void => {
    if (value === undefined) return
    values.push(value)
    conditions.push(condition.replaceAll('?', `$${values.length}`))
  }
  where('id = any(?)', query.ids)
  where('mailbox = ?', query.mailbox)
  where('channel = ?', query.channel)
  where('run = ?', query.run)
  where('link = ?', query.link)
  where('state = any(?)', query.states)
  where('(created_at, id) > (select created_at, id from operations where id = ?)', query.after)
  values.push(query.limit ?? null)
  const rows = await sql.query<OperationColumns>(
    `select ${OPERATION_COLUMNS} from operations where ${conditions.join(' and ')}
     order by created_at, id limit $${values.length}`,
    values,
  )
  return rows.map(toOperation)
}

/** New operations, or new content of ones that are not on their way yet. */
export async function writeOperations(sql: Sql, rows: readonly OperationRow[]): Promise<void> {
  for (const part of segments(storable(rows), (row) => row.id)) {
    const seals = await sealFinished(
      sql,
      part.filter((row) => isFinal(row.state)),
    )
    await sql.query(PUT, [
      toJson(
        part.map((row) => {
          const seal = seals.get(row.id)
          return {
            ...row,
            action: row.do,
            created_at: iso(row.createdAt),
            sent_at: isoOrNull(row.sentAt),
            done_at: isoOrNull(row.doneAt),
            seal_no: seal?.no ?? null,
            seal: seal === undefined ? null : `\\x${seal.hash.toString('hex')}`,
          }
        }),
      ),
    ])
  }
}

/** What is hashed must be what is stored, so characters that the database refuses go before the hash is made. */
const storable = (rows: readonly OperationRow[]): readonly OperationRow[] =>
  isStorable(JSON.stringify(rows)) ? rows : (JSON.parse(toJson(rows)) as readonly OperationRow[])

const CHANGING = `item, rule, cause, title, before, after, guard, mails, state, reason, attempts, sent_at, done_at,
  seal_no, seal`
const PUT = `
  insert into operations (${OPERATION_COLUMNS}, seal_no, seal)
  select ${OPERATION_COLUMNS}, seal_no, seal from json_to_recordset($1::json) as x (id text, run text, mailbox text,
    channel text, collection text, link text, record text, item text, side text, action text, rule text, cause text,
    title text, before json, after json, guard json, mails text[], state text, reason text, attempts integer,
    created_at timestamptz, sent_at timestamptz, done_at timestamptz, seal_no bigint, seal bytea)
  on conflict (id) do update set (${CHANGING}) = (${CHANGING.split(/,\s*/)
    .map((column) => `excluded.${column}`)
    .join(', ')})`

/**
 * What became of operations. A finished row is sealed; an unfinished one may go on.
 * @throws when one of them does not exist or is finished already: the caller read it in a state that is no longer true.
 */
export async function writeOutcomes(sql: Sql, outcomes: readonly OperationOutcome[]): Promise<void> {
  for (const part of segments(outcomes, (outcome) => outcome.id)) {
    const found = await sql.query<OperationColumns>(
      `select ${OPERATION_COLUMNS} from operations where id = any($1) order by id for update`,
      [part.map((outcome) => outcome.id)],
    )
    const before = new Map(found.map((row) => [row.id, toOperation(row)]))
    const after = part.map((outcome) => {
      const row = before.get(outcome.id)
      if (row === undefined) throw new Error(`Operation ${outcome.id} does not exist. Nothing was written.`)
      return settled(row, outcome)
    })
    const seals = await sealFinished(
      sql,
      after.filter((row) => isFinal(row.state)),
    )
    await sql.query(
      `update operations o set state = x.state, reason = x.reason, item = x.item, attempts = x.attempts,
         sent_at = x.sent_at, done_at = x.done_at, seal_no = x.seal_no, seal = x.seal
       from json_to_recordset($1::json) as x (id text, state text, reason text, item text, attempts integer,
         sent_at timestamptz, done_at timestamptz, seal_no bigint, seal bytea)
       where o.id = x.id`,
      [
        JSON.stringify(
          after.map((row) => {
            const seal = seals.get(row.id)
            return {
              id: row.id,
              state: row.state,
              reason: row.reason,
              item: row.item,
              attempts: row.attempts,
              sent_at: isoOrNull(row.sentAt),
              done_at: isoOrNull(row.doneAt),
              seal_no: seal?.no ?? null,
              seal: seal === undefined ? null : `\\x${seal.hash.toString('hex')}`,
            }
          }),
        ),
      ],
    )
  }
}

function settled(row: OperationRow, outcome: OperationOutcome): OperationRow {
  const reason = outcome.reason === undefined ? row.reason : outcome.reason
  return {
    ...row,
    state: outcome.state,
    reason: reason === null ? null : cleanText(reason),
    item: outcome.item === undefined ? row.item : outcome.item,
    attempts: outcome.attempts ?? row.attempts,
    sentAt: outcome.state === 'sent' ? outcome.at : row.sentAt,
    doneAt: isFinal(outcome.state) ? outcome.at : row.doneAt,
  }
}

interface RunColumns {
  readonly id: RunId
  readonly mailbox: RunRow['mailbox']
  readonly channel: RunRow['channel']
  readonly trigger: RunRow['trigger']
  readonly state: RunRow['state']
  readonly undoes: RunId | null
  readonly undo: RunRow['undo']
  readonly counts: Json
  readonly message: string | null
  readonly started_at: Date
  readonly finished_at: Date | null
}

export const toRun = (row: RunColumns): RunRow => ({
  id: row.id,
  mailbox: row.mailbox,
  channel: row.channel,
  trigger: row.trigger,
  state: row.state,
  undoes: row.undoes,
  undo: row.undo,
  counts: row.counts,
  message: row.message,
  startedAt: at(row.started_at),
  finishedAt: atOrNull(row.finished_at),
})

export async function run(sql: Sql, id: RunId): Promise<RunRow | null> {
  const [row] = await sql.query<RunColumns>('select * from runs where id = $1 for update', [id])
  return row === undefined ? null : toRun(row)
}

export async function writeRuns(sql: Sql, rows: readonly RunRow[]): Promise<void> {
  await sql.query(
    `insert into runs (id, mailbox, channel, trigger, state, undoes, undo, counts, message, started_at, finished_at)
     select * from json_to_recordset($1::json) as x (id text, mailbox text, channel text, trigger text, state text,
       undoes text, undo json, counts json, message text, started_at timestamptz, finished_at timestamptz)
     on conflict (id) do update set state = excluded.state, undo = excluded.undo, counts = excluded.counts, message = excluded.message,
       finished_at = excluded.finished_at`,
    [
      toJson(
        lastOfEach(rows, (row) => row.id).map((row) => ({
          ...row,
          started_at: iso(row.startedAt),
          finished_at: isoOrNull(row.finishedAt),
        })),
      ),
    ],
  )
}
