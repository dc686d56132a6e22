import { asId, type ConflictId } from '../core/ids.ts'
import { parseGroup } from '../core/item.ts'
import { resolve } from '../core/settings.ts'
import type { Sql } from '../store/database.ts'
import { contains, inOrder } from '../store/listing.ts'
import type { conflictsApi } from './api/conflicts.ts'
import { requireMailbox } from './mailboxes.ts'
import type { Caller, HandlersOf } from './mount.ts'
import { likeOf, pageIds, pageOf } from './paging.ts'
import type { Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import { saveSettings, storedSettings } from './settings-store.ts'
import type { Choice } from './sync-actions.ts'
import {
  CONFLICTS,
  conflictView,
  isRemembered,
  mayReadSql,
  ownOnly,
  type ConflictRecord,
  type ConflictView,
} from './sync-views.ts'
import { wordsOf } from './words.ts'

/** The inbox of conflicts: read, answered one by one or many alike, the loser brought back. */
export function conflictHandlers(parts: Parts): HandlersOf<typeof conflictsApi> {
  const { database, sync } = parts
  const wordsFor = (caller: Caller) => wordsOf(parts, caller)
  const requireConflict = async (caller: Caller, id: string): Promise<ConflictRecord> => {
    const [row] = await database.query<ConflictRecord>(
      `${CONFLICTS} where k.id = $1 and ($2::text is null or m."user" = $2)`,
      [id, ownOnly(caller)],
    )
    if (row === undefined) throw notFound('conflict')
    return row
  }

  const conflictsNow = async (caller: Caller, ids: readonly string[]): Promise<ConflictView[]> => {
    const words = await wordsFor(caller)
    const rows = await database.query<ConflictRecord>(
      `${CONFLICTS} where k.id = any($1) order by k.at, k.id`,
      [ids],
    )
    return rows.map((row) => conflictView(row, words))
  }

  return {
    'GET /api/conflicts': async ({ query }, { caller }) => {
      const where = `where ($1::text is null or m."user" = $1) and ($2::text is null or k.mailbox = $2) and ($3::text is null or k.channel = $3)
        and ($4::text is null or k.state = $4) and ($5::text is null or k.kind = $5) and ($6::text is null or k.record = $6)
        and ($7::text is null or k.field_group = $7) and ($8::text is null or (${contains('k.title', '$8')} and ${mayReadSql('$9', 'k.mailbox', 'k.record')}))`
      const values = [
        ownOnly(caller),
        query.mailbox ?? null,
        query.channel ?? null,
        query.state ?? null,
        query.kind ?? null,
        query.record ?? null,
        query.group ?? null,
        likeOf(query.q),
        caller.user,
      ]
      const { ids, total } = await pageIds(database, query, {
        ...{ id: 'k.id', from: `from conflicts k join mailboxes m on m.id = k.mailbox ${where}`, values },
        columns: { at: { neverNull: 'k.at' }, title: { neverNull: 'k.title' } },
      })
      const { mailbox, channel, kind, record, group, q } = query
      const isAllOpen =
        query.state === 'open' &&
        [mailbox, channel, kind, record, group, q].every((filter) => filter === undefined)
      const open = isAllOpen ? total : await openConflicts(database, caller)
      const found = await database.query<ConflictRecord>(`${CONFLICTS} where k.id = any($1)`, [ids])
      const rows = inOrder(ids, found)
      const words = await wordsFor(caller)
      return {
        ...pageOf(
          rows.map((row) => conflictView(row, words)),
          total,
          query,
        ),
        open,
      }
    },
    'GET /api/conflicts/:conflict': async ({ params }, { caller }) => {
      const row = await requireConflict(caller, params.conflict)
      const words = await wordsFor(caller)
      const others = await database.query<ConflictRecord>(
        `${CONFLICTS} where k.record = $1 and k.mailbox = $2 and k.id <> $3 order by k.at desc, k.id desc limit 100`,
        [row.record, row.mailbox, row.id],
      )
      return { conflict: conflictView(row, words), sameItem: others.map((one) => conflictView(one, words)) }
    },
    'POST /api/conflicts/:conflict/answer': async ({ params, body }, { caller }) => {
      const row = await requireConflict(caller, params.conflict)
      if (body.wholeItem && body.choice.take === 'value')
        throw new Refusal(
          'bad-input',
          'A value of your own is for one field: leave "wholeItem" out. Nothing was decided.',
        )
      if (
        body.remember &&
        (!isRemembered(row) || (body.choice.take !== 'crm' && body.choice.take !== 'mailbox'))
      )
        throw new Refusal(
          'bad-input',
          'Only "CRM wins" or "Microsoft wins", for a field that both sides may change, can be remembered. Nothing was decided.',
        )
      const open = body.wholeItem
        ? await database.query<{ id: ConflictId }>(
            `select id from conflicts where record = $1 and mailbox = $2 and (state = 'open' or id = $3)`,
            [row.record, row.mailbox, row.id],
          )
        : [{ id: asId<ConflictId>(row.id) }]
      const ids = open.map((one) => one.id)
      const runs = await sync.answer(ids, body.choice, caller.user)
      if (body.remember) await remember(database, parts, row, ids, body.choice, caller)
      return { conflicts: await conflictsNow(caller, ids), run: runs[0] ?? null }
    },
    'POST /api/conflicts/answer': async ({ body }, { caller }) => {
      if ((body.conflicts === undefined) === (body.all === undefined))
        throw new Refusal(
          'bad-input',
          'Name "conflicts", or "all" with what they have in common. Nothing was decided.',
        )
      if (body.choice.take === 'value')
        throw new Refusal(
          'bad-input',
          'A value of your own is for one conflict: answer it by itself. Nothing was decided.',
        )
      const rows = await database.query<{ id: ConflictId }>(
        `select k.id from conflicts k join mailboxes m on m.id = k.mailbox
          where k.state = 'open' and ($1::text is null or m."user" = $1) and ($2::text[] is null or k.id = any($2))
            and ($3::text is null or k.mailbox = $3) and ($4::text is null or k.channel = $4) and ($5::text is null or k.kind = $5)
            and ($6::text is null or k.field_group = $6) order by k.at, k.id`,
        [
          ownOnly(caller),
          body.conflicts ?? null,
          body.all?.mailbox ?? null,
          body.all?.channel ?? null,
          body.all?.kind ?? null,
          body.all?.group ?? null,
        ],
      )
      if (body.conflicts !== undefined && rows.length < new Set(body.conflicts).size)
        throw new Refusal(
          'not-now',
          `Only ${rows.length} of these ${body.conflicts.length} conflicts are still open. Nothing was decided. Look at the list again.`,
        )
      const runs =
        rows.length === 0
          ? []
          : await sync.answer(
              rows.map((row) => row.id),
              body.choice,
              caller.user,
            )
      return { answered: rows.length, runs: [...runs] }
    },
    'POST /api/conflicts/:conflict/restore': async ({ params }, { caller }) => {
      const row = await requireConflict(caller, params.conflict)
      if (row.state === 'open')
        throw new Refusal('not-now', 'This conflict is still open: answer it instead.')
      const run = await sync.restore(asId(row.id), caller.user)
      const [conflict] = await conflictsNow(caller, [row.id])
      if (conflict === undefined) throw notFound('conflict')
      return { conflict, run }
    },
  }
}

/** That side wins these fields from now on: a setting of the mailbox's owner, and of no other field. */
async function remember(
  database: Sql,
  parts: Parts,
  row: ConflictRecord,
  answered: readonly string[],
  choice: Choice,
  caller: Caller,
): Promise<void> {
  const mailbox = await requireMailbox(database, caller, row.mailbox)
  if (mailbox.user === null || row.channel === 'email') return
  const key = `${row.channel}.remembered` as const
  const stored = await storedSettings(database, { organization: mailbox.organization, user: mailbox.user })
  const before = stored.user ?? {}
  const rows = await database.query<ConflictRecord>(`${CONFLICTS} where k.id = any($1)`, [answered])
  const groups = rows.filter(isRemembered).map((one) => parseGroup(one.field_group).name)
  const remembered = {
    ...resolve(key, stored).value,
    ...Object.fromEntries(groups.map((group) => [group, choice.take])),
  }
  await saveSettings(database, parts.vault, {
    scope: 'user',
    id: mailbox.user,
    before,
    stored: { ...before, [key]: remembered },
    secrets: {},
    now: parts.env.now(),
    by: caller.user,
  })
  await parts.sync.settingsChanged()
}

async function openConflicts(sql: Sql, caller: Caller): Promise<number> {
  const [count] = await sql.query<{ open: number }>(
    `select count(*) as open from conflicts k
      where k.state = 'open' and ($1::text is null or k.mailbox in (select id from mailboxes where "user" = $1))`,
    [ownOnly(caller)],
  )
  return count?.open ?? 0
}
