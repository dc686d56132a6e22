import { personName } from '../core/mailroom.ts'
import type { MessageFields } from '../core/item.ts'
import { resolve } from '../core/settings.ts'
import type { RecordKind } from '../crm/record-kinds.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { ApiOutput, HandlerInput } from './api/api.ts'
import { syncMarks } from './items.ts'
import { IS_PUBLIC } from './mail-access.ts'
import type { Caller } from './mount.ts'
import { likeOf, orderAndPage, pageOf } from './paging.ts'
import { isoOf, type Parts } from './parts.ts'
import { storedSettings } from './settings-store.ts'

/**
 * Events, tasks and mails of a record on one line of time. Mail is seen by its owner, by those who may read its system
 * mailbox, and by everybody when a known party from outside took part; private events and tasks by their owner alone.
 */
type Timeline = ApiOutput<'GET /api/records/:kind/:id/timeline'>

const VISIBLE = `case r.kind
  when 'event' then r.owner = $4 or r.owner is null or coalesce(r.fields ->> 'sensitivity', 'normal') = 'normal'
  when 'task' then r.owner = $4 or r.owner is null
  else r.owner = $4 or ${IS_PUBLIC} or exists (select from system_mailboxes s where s.mailbox = k.mailbox
    and ($4 = any(s.allowed_users) or $5 = any(s.allowed_roles))) end`

export async function timeline(
  { database }: Parts,
  caller: Caller,
  params: { readonly kind: RecordKind; readonly id: string },
  query: HandlerInput<'GET /api/records/:kind/:id/timeline'>['query'],
): Promise<Timeline> {
  const settings = await storedSettings(database, { organization: caller.organization, user: caller.user })
  const threaded = resolve('threads.activities', settings).value === 'threaded'
  // One message lies in the mailboxes of several colleagues: it is shown once, one's own copy first.
  const from = `from (
      select copy.*, row_number() over (partition by copy.thread order by copy.happens_at desc nulls last, copy.id desc) as rank,
        count(*) over (partition by copy.thread) as in_thread
      from (
        select distinct on (copy_of) r.id, r.happens_at, p.how, (k.owner = $4 or k.owner is null and (k.kind <> 'mail-folder'
            or exists (select from system_mailboxes s where s.mailbox = k.mailbox and ($4 = any(s.allowed_users) or $5 = any(s.allowed_roles))))) is true as may_unlink, case when $8 and r.kind = 'message' then coalesce(r.conversation, r.id) else r.id end as thread,
          case r.kind when 'message' then coalesce(r.match_keys[1], r.id) else r.id end as copy_of
        from record_people p join records r on r.id = p.record join containers k on k.id = r.container
        where p.person_kind = $1 and p.person = $2 and p.state = 'linked' and r.deleted_at is null and k.organization = $3
          and ${VISIBLE} and ($6::text is null or r.kind = $6) and ($7::text is null or r.subject ilike $7)
        order by copy_of, (r.owner = $4) desc nulls last, r.owner, r.id
      ) copy
    ) t join records r on r.id = t.id left join message_bodies b on b.record = r.id and false left join users u on u.id = r.owner
    where t.rank = 1`
  const values = [
    params.kind,
    params.id,
    caller.organization,
    caller.user,
    caller.role,
    query.only ?? null,
    likeOf(query.q),
    threaded,
  ]
  const [count] = await database.query<{ n: number }>(`select count(*) as n ${from}`, values)
  const rows = await database.query<
    RecordColumns & {
      happens_at: Date | null
      who: string | null
      in_thread: number
      how: Timeline['items'][number]['how']
      may_unlink: boolean
    }
  >(
    `select ${RECORD_COLUMNS}, r.happens_at, u.name as who, t.in_thread, t.how, t.may_unlink ${from} ${orderAndPage(query, { at: 'r.happens_at' }, 'r.id')}`,
    values,
  )
  const records = rows.map(toRecord)
  const marks = await syncMarks(database, records)
  const items = rows.map((row, index) => {
    const fields = records[index]?.fields ?? {}
    const { from: sender } = fields as unknown as MessageFields
    const mine = row.owner === caller.user
    const open = { event: '/calendar?event=', task: '/tasks?task=', message: '/mail?message=' }[row.kind]
    return {
      kind: row.kind,
      id: row.id,
      at: isoOf(row.happens_at ?? row.modified_at),
      title: String(fields['subject'] ?? ''),
      detail:
        row.kind === 'message'
          ? (sender?.email ?? null)
          : typeof fields['location'] === 'string'
            ? fields['location']
            : null,
      who: row.kind === 'message' && sender ? personName(sender).name : row.who,
      how: row.how,
      mayUnlink: row.may_unlink && caller.role !== 'auditor',
      messages: row.kind === 'message' ? row.in_thread : 1,
      sync: mine ? (marks.get(row.id) ?? null) : null,
      href: mine || row.kind === 'message' ? `${open}${encodeURIComponent(row.id)}` : null,
    }
  })
  return pageOf(items, count?.n ?? 0, query)
}
