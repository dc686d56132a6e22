import { asId, type MailboxId } from '../core/ids.ts'
import type { Processing } from '../crm/mailroom-rows.ts'
import { undoConversion } from '../crm/conversion.ts'
import { linkingLag } from '../crm/linking.ts'
import type { Sql } from '../store/database.ts'
import { toJson } from '../store/json.ts'
import type { ApiOutput } from './api/api.ts'
import type { systemMailboxesApi } from './api/system-mailboxes.ts'
import type { Caller, HandlersOf } from './mount.ts'
import { likeOf, orderAndPage, pageOf } from './paging.ts'
import { isoOf, isoOrNull, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'

/** System mailboxes: setting up, folders, access, processing, and the log of what was made of their mail. */
type View = ApiOutput<'GET /api/system-mailboxes/:mailbox'>
type FolderView = ApiOutput<'GET /api/system-mailboxes/:mailbox/folders'>['items'][number]

/** `s` and `m` of an organization that the caller ($1 user, $2 organization, $3 role) may read. */
export const MAY_READ_SYSTEM_MAILBOX = `m.organization = $2
  and ($3 = 'administrator' or $1 = any(s.allowed_users) or $3 = any(s.allowed_roles))`
export const readerOf = (caller: Caller): readonly string[] => [caller.user, caller.organization, caller.role]

/** @throws not-found when it is not there or not the caller's to read */
export async function requireSystemMailbox(
  sql: Sql,
  caller: Caller,
  id: string,
): Promise<{
  readonly mailbox: string
  readonly processing: Processing
  readonly address: string
  readonly label: string
}> {
  const [row] = await sql.query<{ mailbox: string; processing: Processing; address: string; label: string }>(
    `select s.mailbox, s.processing, m.address, s.label from system_mailboxes s join mailboxes m on m.id = s.mailbox
      where ${MAY_READ_SYSTEM_MAILBOX} and s.mailbox = $4`,
    [...readerOf(caller), id],
  )
  if (row === undefined) throw notFound('system mailbox')
  return row
}

interface Row {
  readonly mailbox: string
  readonly label: string
  readonly address: string
  readonly state: View['state']
  readonly trouble: string | null
  readonly own: boolean
  readonly processing: Processing
  readonly allowed_users: string[]
  readonly allowed_roles: View['allowedRoles']
  readonly names: readonly { id: string; name: string }[] | null
  readonly folders: string[] | null
  readonly since: string | null
  readonly proven_at: Date | null
  readonly first_sync_done: boolean | null
  readonly rules: number
  readonly waiting: number
  readonly review: number
  readonly made: number
}
const VIEW = `select s.mailbox, s.label, m.address, m.state, m.trouble, s.processing, s.allowed_users, s.allowed_roles, s.folders,
    exists (select from secrets x where x.name = 'microsoft-account ' || s.mailbox) as own,
    (select json_agg(json_build_object('id', u.id, 'name', u.name) order by u.name) from users u where u.id = any(s.allowed_users)) as names,
    case when isfinite(s.since) then to_char(s.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end as since,
    c.proven_at, c.first_sync_done,
    (select count(*) from response_rules r where r.mailbox = s.mailbox and r.active) as rules,
    (select count(*) from mailroom_queue q where q.mailbox = s.mailbox) as waiting,
    (select count(*) from review_queue q where q.mailbox = s.mailbox and q.decided is null) as review,
    (select count(*) from mailroom_log l where l.mailbox = s.mailbox and l.person is not null and l.undone_at is null) as made
  from system_mailboxes s join mailboxes m on m.id = s.mailbox
    left join channels c on c.mailbox = s.mailbox and c.channel = 'email'`

export function systemMailboxHandlers(parts: Parts): HandlersOf<typeof systemMailboxesApi> {
  const { database, env, microsoft, sync } = parts

  const viewOf = (row: Row, caller: Caller): View => ({
    mailbox: row.mailbox,
    label: row.label,
    address: row.address,
    state: row.state,
    trouble: row.trouble,
    access: row.own ? 'own-sign-in' : 'application',
    processing: withTags(row.processing),
    allowedUsers: [...(row.names ?? [])],
    allowedRoles: row.allowed_roles,
    folders: row.folders,
    since: row.since,
    provenAt: isoOrNull(row.proven_at),
    firstSyncDone: row.first_sync_done ?? false,
    rules: row.rules,
    waiting: row.waiting,
    review: row.review,
    made: row.made,
    mayChange: caller.role === 'administrator',
  })
  const view = async (caller: Caller, id: string): Promise<View> => {
    const [row] = await database.query<Row>(`${VIEW} where ${MAY_READ_SYSTEM_MAILBOX} and s.mailbox = $4`, [
      ...readerOf(caller),
      id,
    ])
    if (row === undefined) throw notFound('system mailbox')
    return viewOf(row, caller)
  }
  const requireLabel = async (caller: Caller, label: string, besides: string | null): Promise<void> => {
    const taken = await database.query(
      `select 1 from system_mailboxes s join mailboxes m on m.id = s.mailbox
        where m.organization = $1 and lower(s.label) = lower($2) and ($3::text is null or s.mailbox <> $3)`,
      [caller.organization, label, besides],
    )
    if (taken.length > 0)
      throw new Refusal(
        'refused',
        `Another system mailbox is called “${label}” already. Nothing was changed.`,
        {
          problems: [{ at: 'body.label', problem: 'This name is taken.' }],
        },
      )
  }
  const folders = async (mailbox: string): Promise<FolderView[]> => {
    const rows = await database.query<{
      id: string
      name: string
      parent: string | null
      well_known: string | null
      selected: boolean
      total: number | null
      unread: number | null
      trouble: string | null
    }>(
      `select c.id, c.name, p.id as parent, c.well_known, c.selected, c.total, c.unread, c.trouble
        from collections c left join collections p on p.mailbox = c.mailbox and p.channel = 'email' and p.external_id = c.parent_external
        where c.mailbox = $1 and c.channel = 'email'
        order by array_position(array['inbox', 'sentitems', 'drafts', 'archive'], c.well_known) nulls last, lower(c.name), c.id`,
      [mailbox],
    )
    return rows.map(({ well_known: wellKnown, ...row }) => ({ ...row, wellKnown }))
  }
  /** @throws when one of the ids is no user of the organization */
  const requireUsers = async (caller: Caller, ids: readonly string[], at: string): Promise<void> => {
    const found = await database.query<{ id: string }>(
      'select id from users where organization = $1 and id = any($2)',
      [caller.organization, ids],
    )
    if (found.length < new Set(ids).size)
      throw new Refusal(
        'refused',
        'One of the users does not exist in this organization. Nothing was changed.',
        {
          problems: [{ at, problem: 'There is no such user in this organization.' }],
        },
      )
  }
  const peopleOf = (processing: Processing): readonly string[] =>
    processing.do === 'nothing'
      ? []
      : [
          processing.owner,
          ...(processing.do === 'case' && processing.assignee !== null ? [processing.assignee] : []),
        ]

  return {
    'GET /api/system-mailboxes': async (_input, { caller }) => {
      const rows = await database.query<Row>(
        `${VIEW} where ${MAY_READ_SYSTEM_MAILBOX} order by lower(s.label), s.mailbox`,
        readerOf(caller),
      )
      return { items: rows.map((row) => viewOf(row, caller)) }
    },
    'POST /api/system-mailboxes': async ({ body }, { caller }) => {
      await requireLabel(caller, body.label, null)
      return view(
        caller,
        await microsoft.addMailbox(caller, { address: body.address, kind: 'shared', label: body.label }),
      )
    },
    'POST /api/system-mailboxes/connect': async ({ body }, { caller }) => {
      await requireLabel(caller, body.label, null)
      return { url: await microsoft.beginConnect(caller, null, body.address, body) }
    },
    'GET /api/system-mailboxes/:mailbox': async ({ params }, { caller }) => view(caller, params.mailbox),
    'PATCH /api/system-mailboxes/:mailbox': async ({ params, body }, { caller }) => {
      const before = await requireSystemMailbox(database, caller, params.mailbox)
      if (body.label !== undefined) await requireLabel(caller, body.label, params.mailbox)
      if (body.allowedUsers !== undefined) await requireUsers(caller, body.allowedUsers, 'body.allowedUsers')
      if (body.processing !== undefined)
        await requireUsers(caller, peopleOf(body.processing), 'body.processing')
      if (body.folders !== undefined && body.folders !== null) {
        const known = new Set((await folders(params.mailbox)).map((one) => one.id))
        if (!body.folders.every((one) => known.has(one)))
          throw new Refusal(
            'refused',
            'One of the folders is not there any more. Nothing was changed. Read the folders again.',
          )
      }
      // What arrived while nothing was made of mail is left alone when that is switched on.
      const begins =
        body.processing !== undefined &&
        before.processing.do === 'nothing' &&
        body.processing.do !== 'nothing'
      await database.query(
        `update system_mailboxes set label = coalesce($2, label), processing = coalesce($3::json, processing),
            allowed_users = coalesce($4::text[], allowed_users), allowed_roles = coalesce($5::text[], allowed_roles),
            folders = case when $6 then $7::json else folders end, since = case when $8 then $9 else since end,
            updated_at = $9, updated_by = $10 where mailbox = $1`,
        [
          params.mailbox,
          body.label ?? null,
          body.processing === undefined ? null : toJson(body.processing),
          body.allowedUsers ?? null,
          body.allowedRoles ?? null,
          body.folders !== undefined,
          body.folders === undefined || body.folders === null ? null : toJson(body.folders),
          begins,
          new Date(env.now()),
          caller.user,
        ],
      )
      if (body.folders !== undefined) await sync.settingsChanged()
      return view(caller, params.mailbox)
    },
    'DELETE /api/system-mailboxes/:mailbox': async ({ params }, { caller }) => {
      await requireSystemMailbox(database, caller, params.mailbox)
      await microsoft.disconnect(asId<MailboxId>(params.mailbox), 'keep')
      await database.transaction(async (sql) => {
        for (const table of ['response_rules', 'mailroom_queue', 'system_mailboxes'])
          await sql.query(`delete from ${table} where mailbox = $1`, [params.mailbox])
      })
      return null
    },
    'GET /api/system-mailboxes/:mailbox/folders': async ({ params }, { caller }) => {
      await requireSystemMailbox(database, caller, params.mailbox)
      return { items: await folders(params.mailbox) }
    },
    'POST /api/system-mailboxes/:mailbox/folders/refresh': async ({ params }, { caller }) => {
      await requireSystemMailbox(database, caller, params.mailbox)
      await microsoft.refreshCollections(asId<MailboxId>(params.mailbox))
      return { items: await folders(params.mailbox) }
    },
    'GET /api/mailroom/log': async ({ query }, { caller }) => {
      const from = `from mailroom_log l join system_mailboxes s on s.mailbox = l.mailbox join mailboxes m on m.id = l.mailbox
          left join leads e on e.id = l.person left join cases c on c.id = l.person left join users u on u.id = l.by
        where ${MAY_READ_SYSTEM_MAILBOX} and ($4::text is null or l.mailbox = $4) and ($5::text is null or l.outcome = $5)
          and ($6::text is null or l.subject ilike $6 or l.sender ilike $6)`
      const values = [...readerOf(caller), query.mailbox ?? null, query.outcome ?? null, likeOf(query.q)]
      const [count] = await database.query<{ n: number }>(`select count(*) as n ${from}`, values)
      const rows = await database.query<{
        id: string
        mailbox: string
        label: string
        record: string
        subject: string
        sender: string
        at: Date
        outcome: 'lead' | 'case' | 'nothing' | 'review'
        reason: string
        person: string | null
        title: string | null
        response: 'queued' | 'none' | null
        response_reason: string | null
        by_name: string | null
        undone_at: Date | null
      }>(
        `select l.id, l.mailbox, s.label, l.record, l.subject, l.sender, l.at, l.outcome, l.reason, l.person,
          coalesce(e.name, c.name) as title, l.response, l.response_reason, u.name as by_name, l.undone_at
          ${from} ${orderAndPage(query, { at: 'l.at' }, 'l.id')}`,
        values,
      )
      const items = rows.map((row) => ({
        id: row.id,
        mailbox: row.mailbox,
        label: row.label,
        message: row.record,
        subject: row.subject,
        sender: row.sender,
        at: isoOf(row.at),
        outcome: row.outcome,
        reason: row.reason,
        made:
          row.person === null || (row.outcome !== 'lead' && row.outcome !== 'case')
            ? null
            : { kind: row.outcome, id: row.person, title: row.title ?? row.subject },
        response: row.response,
        responseReason: row.response_reason,
        by: row.by_name,
        undoneAt: isoOrNull(row.undone_at),
      }))
      return pageOf(items, count?.n ?? 0, query)
    },
    'POST /api/mailroom/log/:entry/undo': async ({ params }, { caller }) => {
      const [entry] = await database.query<{ mailbox: string }>(
        'select mailbox from mailroom_log where id = $1',
        [params.entry],
      )
      if (entry === undefined) throw notFound('entry')
      await requireSystemMailbox(database, caller, entry.mailbox)
      const undone = await database.transaction((sql) => undoConversion(sql, env, params.entry, caller.user))
      if (undone.ok) return null
      const why = {
        'not-found': 'It is not there any more.',
        undone: 'It was taken back before.',
        nothing: 'Nothing was made of this message.',
        'worked-on': 'Somebody worked on it since. Nothing was changed; delete it by hand if it should go.',
      }
      throw new Refusal('not-now', why[undone.why])
    },
    'GET /api/mailroom/senders': async ({ query }, { caller }) => {
      await requireSystemMailbox(database, caller, query.mailbox)
      const rows = await database.query<{ sender: string; at: Date; by: string }>(
        `select b.sender, b.at, coalesce(u.name, b.by) as by from mailroom_blocked b left join users u on u.id = b.by
          where b.mailbox = $1 order by b.sender`,
        [query.mailbox],
      )
      return { items: rows.map((row) => ({ ...row, at: isoOf(row.at) })) }
    },
    'POST /api/mailroom/senders/allow': async ({ body }, { caller }) => {
      await requireSystemMailbox(database, caller, body.mailbox)
      await database.query('delete from mailroom_blocked where mailbox = $1 and sender = $2', [
        body.mailbox,
        body.sender.toLowerCase(),
      ])
      return null
    },
    'GET /api/linking': async () => {
      const { behind, looksBack, doneAt } = await linkingLag(database)
      return { behind, looksBack, at: isoOrNull(doneAt) }
    },
  }
}

const withTags = (processing: Processing): View['processing'] =>
  processing.do === 'case'
    ? {
        ...processing,
        status: processing.status as 'open',
        priority: processing.priority as 'normal',
        tags: [...processing.tags],
      }
    : processing
