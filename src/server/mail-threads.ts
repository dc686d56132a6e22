import type { Sql } from '../store/database.ts'
import type { ApiOutput } from './api/api.ts'
import { IS_PUBLIC, mailboxesOf } from './mail-access.ts'
import { messageViews } from './mail-views.ts'
import type { Caller } from './mount.ts'

/** Conversations: Microsoft's within a mailbox, references and copies of the same message across mailboxes. */
const THREAD_MAX = 100

interface Row {
  readonly id: string
  readonly mailbox: string | null
  readonly mine: boolean
  readonly message_id: string | null
}

export async function messagesOfThread(
  sql: Sql,
  caller: Caller,
  message: string,
): Promise<ApiOutput<'GET /api/mail/messages/:message/thread'>> {
  const mine = (await mailboxesOf(sql, caller)).map((one) => one.id)
  const conversations = await conversationsOf(sql, message)
  const rows = await sql.query<Row>(
    `select r.id, k.mailbox, (k.mailbox = any($2) or k.owner = $3) is true as mine, r.facts ->> 'internetMessageId' as message_id
      from records r join containers k on k.id = r.container
      where r.kind = 'message' and r.deleted_at is null and (r.conversation = any($1) or r.id = $5)
        and ((k.mailbox = any($2) or k.owner = $3) is true or (k.organization = $4 and ${IS_PUBLIC}))
      order by r.happens_at desc nulls last, r.id desc limit $6`,
    [conversations, mine, caller.user, caller.organization, message, THREAD_MAX * 3],
  )
  const chosen = withoutCopies(rows, message)
  const views = await messageViews(
    sql,
    chosen
      .slice(0, THREAD_MAX)
      .reverse()
      .map((row) => ({ record: row.id, mailbox: row.mailbox, mine: row.mine })),
  )
  return {
    subject: views.find((one) => one.id === message)?.subject ?? views[0]?.subject ?? '',
    messages: views,
    more: chosen.length > THREAD_MAX,
  }
}

/** Conversations of the message, of its copies in other mailboxes, and of what it refers to or is referred by in them. */
async function conversationsOf(sql: Sql, message: string): Promise<readonly string[]> {
  const rows = await sql.query<{ conversation: string }>(
    `with own as (
       select r.conversation, r.match_keys, coalesce(r.facts -> 'references', '[]'::json) as refs
       from records r where r.kind = 'message'
         and (r.id = $1 or r.conversation = (select conversation from records where id = $1))
       order by r.happens_at desc nulls last limit ${THREAD_MAX}),
     keys as (
       select array_agg(distinct key) as keys from (
         select unnest(match_keys) as key from own
         union select 'message:' || ref from own, json_array_elements_text(refs) as ref) as each)
     select distinct conversation from (
       select conversation from own
       union select r.conversation from records r, keys where r.match_keys && keys.keys and r.kind = 'message') as found
     where conversation is not null`,
    [message],
  )
  return rows.map((row) => row.conversation)
}

/** Of copies of one message that several mailboxes hold: the one that was asked for, else mine, else the first. */
function withoutCopies(rows: readonly Row[], asked: string): readonly Row[] {
  const best = new Map<string, Row>()
  const rank = (row: Row): number => (row.id === asked ? 0 : row.mine ? 1 : 2)
  for (const row of rows) {
    if (row.message_id === null) continue
    const known = best.get(row.message_id)
    if (known === undefined || rank(row) < rank(known)) best.set(row.message_id, row)
  }
  return rows.filter((row) => row.message_id === null || best.get(row.message_id) === row)
}

/** The messages themselves and those of their conversations that lie in the same folders. */
export async function threadMates(sql: Sql, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await sql.query<{ id: string }>(
    `select distinct r.id from records r join records a on a.id = any($1) and r.kind = 'message'
       and (r.id = a.id or (r.conversation = a.conversation and r.container = a.container and r.deleted_at is null))`,
    [ids],
  )
  return rows.map((row) => row.id)
}
