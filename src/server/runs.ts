import { asId, type OperationId, type RunId } from '../core/ids.ts'
import { writeCsv } from '../core/csv.ts'
import { verifyJournal } from '../store/journal.ts'
import { contains, inOrder } from '../store/listing.ts'
import type { ApiInput } from './api/api.ts'
import type { historyApi } from './api/history.ts'
import type { runsApi } from './api/runs.ts'
import { requireMailbox } from './mailboxes.ts'
import { FileAnswer, type Caller, type HandlersOf } from './mount.ts'
import { likeOf, orderAndPage, pageIds, pageOf } from './paging.ts'
import { isoOf, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import type { Undoing } from './sync-actions.ts'
import {
  CONFLICTS,
  conflictView,
  OPERATIONS,
  operationView,
  mayRead,
  mayReadSql,
  ownOnly,
  runById,
  RUNS,
  runViews,
  type ConflictRecord,
  type OperationRecord,
  type OperationView,
  type RunRecord,
  type RunView,
  type Words,
} from './sync-views.ts'
import { wordsOf } from './words.ts'

/** Plans, approvals, undo, conflicts and the history: what was, is and would be written. */
type RunsApi = typeof runsApi & typeof historyApi
type Selection = NonNullable<ApiInput<'POST /api/runs/:run/approve'>['body']>
interface HistoryFilters {
  readonly mailbox?: string | undefined
  readonly channel?: string | undefined
  readonly side?: string | undefined
  readonly do?: string | undefined
  readonly state?: string | undefined
  readonly rule?: string | undefined
  readonly run?: string | undefined
  readonly record?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly q?: string | undefined
}
const EXPORT_PAGE = 1_000

export function runHandlers(parts: Parts): HandlersOf<RunsApi> {
  const { database, env, sync } = parts

  const wordsFor = (caller: Caller): Promise<Words> => wordsOf(parts, caller)
  const requireRun = async (caller: Caller, id: string): Promise<RunView> => {
    const run = await runById(database, caller, id)
    if (run === null) throw notFound('run')
    return run
  }
  const requireOperation = async (caller: Caller, id: string): Promise<OperationRecord> => {
    const [row] = await database.query<OperationRecord>(
      `${OPERATIONS} where o.id = $1 and ($2::text is null or m."user" = $2)`,
      [id, ownOnly(caller)],
    )
    if (row === undefined) throw notFound('operation')
    return row
  }
  /** The waiting operations that are meant, or a refusal that names the first that does not wait. */
  async function selected(run: RunView, selection: Selection): Promise<OperationId[]> {
    const rows = await database.query<{ id: OperationId; side: string; action: string; state: string }>(
      `select id, side, action, state from operations where run = $1 order by created_at, id`,
      [run.id],
    )
    const waiting = rows.filter((row) => row.state === 'planned' || row.state === 'held')
    if (selection.operations !== undefined) {
      const ids = new Set(waiting.map((row) => row.id as string))
      const missing = selection.operations.find((id) => !ids.has(id))
      if (missing !== undefined) {
        const known = rows.find((row) => row.id === missing)
        throw new Refusal(
          'not-now',
          known === undefined
            ? `Run ${run.id} has no operation ${missing}. Nothing was done.`
            : `Operation ${missing} does not wait any more: it is ${known.state}. Nothing was done. Look at the plan again.`,
        )
      }
    }
    const named = selection.operations === undefined ? null : new Set(selection.operations)
    const { side, do: action, held } = selection.group ?? {}
    const chosen = waiting.filter(
      (row) =>
        (named === null || named.has(row.id)) &&
        (side === undefined || row.side === side) &&
        (action === undefined || row.action === action) &&
        (held === undefined || (row.state === 'held') === held),
    )
    if (chosen.length === 0)
      throw new Refusal('not-now', `Nothing of this waits in run ${run.id}: it is ${run.state}.`)
    return chosen.map((row) => row.id)
  }
  const undo = async (caller: Caller, what: Undoing, apply: boolean): Promise<RunView> => {
    return requireRun(caller, await sync.undo(what, caller.user, apply))
  }

  const FOUND = 'from operations o join mailboxes m on m.id = o.mailbox'
  const WRITE_SORTS = { createdAt: { neverNull: 'o.created_at' }, title: { neverNull: 'o.title' } }
  const historyWhere = `where ($1::text is null or m."user" = $1) and ($2::text is null or o.mailbox = $2) and ($3::text is null or o.channel = $3)
    and ($4::text is null or o.side = $4) and ($5::text is null or o.action = $5) and ($6::text is null or o.state = $6)
    and ($7::text is null or o.rule = $7) and ($8::text is null or o.run = $8) and ($9::text is null or o.record = $9)
    and ($10::timestamptz is null or o.created_at >= $10) and ($11::timestamptz is null or o.created_at < $11)
    and ($12::text is null or (${contains('o.title', '$12')} and ${mayReadSql('$13', 'o.mailbox', 'o.record')})
      or o.mailbox in (select b.id from mailboxes b where ${contains('b.address', '$12')}))`
  const historyValues = (caller: Caller, query: HistoryFilters): unknown[] => [
    ownOnly(caller),
    query.mailbox ?? null,
    query.channel ?? null,
    query.side ?? null,
    query.do ?? null,
    query.state ?? null,
    query.rule ?? null,
    query.run ?? null,
    query.record ?? null,
    query.from ?? null,
    query.to ?? null,
    likeOf(query.q),
    caller.user,
  ]
  const writes = async (ids: readonly string[], words: Words): Promise<OperationView[]> => {
    const rows = await database.query<OperationRecord>(`${OPERATIONS} where o.id = any($1)`, [ids])
    return inOrder(ids, rows).map((row) => operationView(row, words))
  }

  return {
    'POST /api/plans': async ({ body }, { caller }) => {
      await requireMailbox(database, caller, body.mailbox)
      return requireRun(caller, await sync.preview(asId(body.mailbox), body.channel))
    },
    'GET /api/runs': async ({ query }, { caller }) => {
      const where = `where ($1::text is null or m."user" = $1) and ($2::text is null or r.mailbox = $2) and ($3::text is null or r.channel = $3)
        and ($4::text is null or r.state = $4) and ($5::text is null or r.trigger = $5) and ($6::text is null or ${contains('m.address', '$6')})
        and ($7 <> 'some' or exists (select from operations o where o.run = r.id))`
      const values = [
        ownOnly(caller),
        query.mailbox ?? null,
        query.channel ?? null,
        query.state ?? null,
        query.trigger ?? null,
        likeOf(query.q),
        query.writes ?? 'any',
      ]
      const { ids, total } = await pageIds(database, query, {
        ...{ id: 'r.id', from: `from runs r join mailboxes m on m.id = r.mailbox ${where}`, values },
        columns: { startedAt: { neverNull: 'r.started_at' } },
      })
      const rows = await database.query<RunRecord>(`${RUNS} where r.id = any($1)`, [ids])
      return pageOf(await runViews(database, inOrder(ids, rows)), total, query)
    },
    'GET /api/runs/:run': async ({ params }, { caller }) => requireRun(caller, params.run),
    'GET /api/runs/:run/operations': async ({ params, query }, { caller }) => {
      await requireRun(caller, params.run)
      const where = `where o.run = $1 and ($2::text is null or o.side = $2) and ($3::text is null or o.action = $3)
        and ($4::text is null or o.state = $4) and ($5::text is null or (${contains('o.title', '$5')} and ${mayReadSql('$6', 'o.mailbox', 'o.record')}))`
      const values = [
        params.run,
        query.side ?? null,
        query.do ?? null,
        query.state ?? null,
        likeOf(query.q),
        caller.user,
      ]
      const { ids, total } = await pageIds(database, query, {
        ...{ id: 'o.id', from: `${FOUND} ${where}`, values },
        ...{ columns: WRITE_SORTS, first: "(o.state = 'held') desc" },
      })
      return pageOf(await writes(ids, await wordsFor(caller)), total, query)
    },
    'POST /api/runs/:run/approve': async ({ params, body }, { caller }) => {
      const run = await requireRun(caller, params.run)
      await sync.approve(asId<RunId>(run.id), await selected(run, body), caller.user)
      return requireRun(caller, params.run)
    },
    'POST /api/runs/:run/decline': async ({ params, body }, { caller }) => {
      const run = await requireRun(caller, params.run)
      await sync.decline(asId<RunId>(run.id), await selected(run, body), body.until, caller.user)
      return requireRun(caller, params.run)
    },
    'POST /api/runs/:run/undo': async ({ params, body }, { caller }) => {
      const run = await requireRun(caller, params.run)
      if (run.counts.written === 0)
        throw new Refusal('not-now', `Run ${run.id} wrote nothing: there is nothing to undo.`)
      return undo(caller, { run: asId(run.id) }, body.apply)
    },
    'GET /api/operations/:operation': async ({ params }, { caller }) => {
      const row = await requireOperation(caller, params.operation)
      return { ...operationView(row, await wordsFor(caller)), ...wholeOf(row, caller) }
    },
    'POST /api/operations/:operation/undo': async ({ params, body }, { caller }) => {
      const row = await requireOperation(caller, params.operation)
      if (row.state !== 'written')
        throw new Refusal('not-now', `This was never written (${row.state}): there is nothing to undo.`)
      return undo(caller, { operation: asId(row.id) }, body.apply)
    },
    'GET /api/history': async ({ query }, { caller }) => {
      const { ids, total } = await pageIds(database, query, {
        ...{ id: 'o.id', from: `${FOUND} ${historyWhere}`, values: historyValues(caller, query) },
        columns: WRITE_SORTS,
      })
      return pageOf(await writes(ids, await wordsFor(caller)), total, query)
    },
    'GET /api/history/export': async ({ query }, { caller }) => {
      const words = await wordsFor(caller)
      const all: OperationView[] = []
      for (let page = 1; ; page++) {
        const rows = await database.query<{ id: string }>(
          `select o.id ${FOUND} ${historyWhere} ${orderAndPage({ page, size: EXPORT_PAGE, sort: 'createdAt' }, WRITE_SORTS, 'o.id')}`,
          historyValues(caller, query),
        )
        all.push(
          ...(await writes(
            rows.map(({ id }) => id),
            words,
          )),
        )
        if (rows.length < EXPORT_PAGE) break
      }
      return query.format === 'csv'
        ? new FileAnswer('text/csv; charset=utf-8', 'history.csv', writeCsv(CSV_COLUMNS, all.map(csvRow)))
        : new FileAnswer(
            'application/x-ndjson',
            'history.jsonl',
            all.map((row) => `${JSON.stringify(row)}\n`).join(''),
          )
    },
    'GET /api/history/verify': async () => {
      const began = performance.now()
      const mailboxes = await database.query<{ id: string }>('select id from mailboxes order by id')
      let entries = 0
      const seals: string[] = []
      for (const { id } of mailboxes) {
        const report = await verifyJournal(database, asId(id))
        if (!report.intact)
          return {
            ok: false,
            entries,
            head: null,
            brokenAt: {
              entry: report.operation ?? `number ${report.no} of mailbox ${id}`,
              at: isoOf(new Date(env.now())),
              problem: BROKEN[report.problem],
            },
            seconds: secondsSince(began),
          }
        entries += report.rows
        seals.push(`${id}:${report.seal}`)
      }
      return {
        ok: true,
        entries,
        head: seals.length === 0 ? null : parts.vault.fingerprint(seals.join('\n')),
        brokenAt: null,
        seconds: secondsSince(began),
      }
    },
    'GET /api/why/:record': async ({ params }, { caller }) => {
      const words = await wordsFor(caller)
      const operations = (
        await database.query<OperationRecord>(
          `${OPERATIONS} where o.record = $1 and ($2::text is null or m."user" = $2) order by o.created_at desc, o.id desc limit 100`,
          [params.record, ownOnly(caller)],
        )
      ).map((row) => operationView(row, words))
      const conflicts = (
        await database.query<ConflictRecord>(
          `${CONFLICTS} where k.record = $1 and ($2::text is null or m."user" = $2) order by k.at desc, k.id desc limit 100`,
          [params.record, ownOnly(caller)],
        )
      ).map((row) => conflictView(row, words))
      const [record] = await database.query<{ subject: string }>(
        `select r.subject from records r where r.id = $1 and ($2::text is null or r.owner = $2)
          and (r.owner is null or r.owner = $3 or coalesce(r.fields ->> 'sensitivity', 'normal') = 'normal')`,
        [params.record, ownOnly(caller), caller.user],
      )
      if (record === undefined && operations.length === 0) throw notFound('item')
      const [link] = await database.query<{
        mailbox: string
        address: string
        channel: 'calendar' | 'tasks' | 'email'
        collection: string
        state: 'linked' | 'out-of-scope' | 'parked' | 'deleted'
        item: string | null
        updated_at: Date
      }>(
        `select l.mailbox, m.address, l.channel, coalesce(c.name, l.collection) as collection, l.state, l.item, l.updated_at
          from links l join mailboxes m on m.id = l.mailbox left join collections c on c.id = l.collection
          where l.record = $1 and ($2::text is null or m."user" = $2) order by (l.state = 'linked') desc, l.updated_at desc limit 1`,
        [params.record, ownOnly(caller)],
      )
      return {
        record: params.record,
        title: record?.subject ?? operations[0]?.title ?? '',
        sentences: operations.map((one) => one.why),
        link:
          link === undefined
            ? null
            : {
                mailbox: link.mailbox,
                address: link.address,
                channel: link.channel,
                collection: link.collection,
                state: link.state,
                item: link.item,
                updatedAt: isoOf(link.updated_at),
              },
        operations,
        conflicts,
      }
    },
    'POST /api/items/:record/undo': async ({ params, body }, { caller }) => {
      const [last] = await database.query<{ id: string }>(
        `select o.id from operations o join mailboxes m on m.id = o.mailbox
          where o.record = $1 and o.state = 'written' and ($2::text is null or m."user" = $2) order by o.done_at desc limit 1`,
        [params.record, ownOnly(caller)],
      )
      if (last === undefined) throw notFound('written change of an item')
      return undo(caller, { record: asId(params.record) }, body.apply)
    },
  }
}

/** Before and after whole, for those who may read it. */
const wholeOf = (row: OperationRecord, caller: Caller): Pick<OperationRecord, 'before' | 'after'> =>
  mayRead(row, caller.user, row.before, row.after)
    ? { before: row.before, after: row.after }
    : { before: null, after: null }
const secondsSince = (began: number): number => Math.round(performance.now() - began) / 1000
const BROKEN = {
  missing: 'An entry was taken out.',
  changed: 'An entry was changed after it was finished.',
  'cut-off': 'The end of the chain was cut off.',
  'not-sealed': 'A finished entry was put in without a seal.',
} as const

const CSV_COLUMNS = [
  'when',
  'mailbox',
  'channel',
  'side',
  'did',
  'state',
  'rule',
  'why',
  'cause',
  'title',
  'changes',
  'mails',
  'reason',
  'run',
  'operation',
]
function csvRow(row: OperationView): (string | null)[] {
  const changes = row.differences
    .map((one) => `${one.label}: ${one.beforeText ?? '–'} → ${one.afterText ?? '–'}`)
    .join('; ')
  return [
    row.doneAt ?? row.createdAt,
    row.address,
    row.channel,
    row.side,
    row.do,
    row.state,
    row.rule,
    row.why,
    row.cause,
    row.title,
    changes,
    row.mails.join(' '),
    row.reason,
    row.run,
    row.id,
  ]
}
