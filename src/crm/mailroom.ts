import { threadKeys } from '../core/linking.ts'
import { judge, senderOf, type Surroundings, type Verdict } from '../core/mailroom.ts'
import type { Facts } from '../core/item.ts'
import type { Database, Sql } from '../store/database.ts'
import { respond, type Response } from './auto-response.ts'
import { convert, processingFor, type Made } from './conversion.ts'
import {
  keyOf,
  mailboxOf,
  messageOf,
  type MailroomEnv,
  type Message,
  type SystemMailbox,
} from './mailroom-rows.ts'

/**
 * The mailroom looks at each message that arrives in a system mailbox, once: it makes a lead or a case of the first one
 * of a thread, asks a person when it is in doubt, and answers by a rule. What it made, its mark on the message and on
 * the thread, and the answer's place in the queue of outgoing mail are one transaction: a crash, a resync and a
 * replay find either all of it or nothing.
 */
/** A message that breaks the mailroom is tried so often, then shown to a person. */
const TRIES_MAX = 5
const PAUSE_MS = 30_000

/** Looks at what has waited longest. @returns how many messages were looked at */
export async function sortMail(database: Database, env: MailroomEnv, limit = 50): Promise<number> {
  const due = await database.query<{ mailbox: string; record: string }>(
    `select q.mailbox, q.record from mailroom_queue q join channels c on c.mailbox = q.mailbox and c.channel = 'email'
      where q.next_at <= $1 and c.first_sync_done order by q.received_at, q.record limit $2`,
    [new Date(env.now()), limit],
  )
  for (const { mailbox, record } of due) {
    try {
      await database.transaction((sql) => sortOne(sql, env, mailbox, record))
    } catch (error) {
      await putOff(database, env, mailbox, record, error)
    }
  }
  return due.length
}

async function putOff(
  database: Database,
  env: MailroomEnv,
  mailbox: string,
  record: string,
  error: unknown,
): Promise<void> {
  await database.transaction(async (sql) => {
    const [row] = await sql.query<{ attempts: number }>(
      `update mailroom_queue set attempts = attempts + 1, next_at = $3 where mailbox = $1 and record = $2 returning attempts`,
      [mailbox, record, new Date(env.now() + PAUSE_MS)],
    )
    if (row === undefined || row.attempts < TRIES_MAX) return
    const message = await messageOf(sql, record)
    if (message !== null) {
      const why = error instanceof Error ? error.message : String(error)
      await log(sql, env, mailbox, message, {
        verdict: {
          do: 'review',
          code: 'broke',
          reason: `It could not be looked at (${why.slice(0, 200)}), ${TRIES_MAX} times.`,
        },
        person: null,
        response: null,
      })
    }
    await sql.query('delete from mailroom_queue where mailbox = $1 and record = $2', [mailbox, record])
  })
}

async function sortOne(sql: Sql, env: MailroomEnv, id: string, record: string): Promise<void> {
  const [taken] = await sql.query(
    'delete from mailroom_queue where mailbox = $1 and record = $2 returning record',
    [id, record],
  )
  const mailbox = await mailboxOf(sql, id)
  const message = await messageOf(sql, record)
  if (taken === undefined || mailbox === null || message === null) return
  // Who else works on this mailbox waits here: two messages of one thread are never judged at the same time.
  await sql.query('select 1 from system_mailboxes where mailbox = $1 for update', [id])
  const known = await sql.query('select 1 from mailroom_log where mailbox = $1 and message = $2', [
    id,
    keyOf(message),
  ])
  if (known.length > 0) return
  const around = await surroundings(sql, mailbox, message)
  const { processing } = mailbox
  const verdict: Verdict =
    processing.do === 'nothing'
      ? { do: 'nothing', code: 'off', reason: 'This mailbox makes nothing of its mail.' }
      : judge(message, around)
  const person =
    verdict.do === 'convert' && processing.do !== 'nothing'
      ? await convert(sql, env, mailbox, message, processing, 'rule')
      : null
  const response = await respond(sql, env, mailbox, message, around, person?.title ?? null)
  await log(sql, env, id, message, { verdict, person, response })
}

export async function surroundings(
  sql: Sql,
  mailbox: SystemMailbox,
  message: Message,
): Promise<Surroundings> {
  const sender = senderOf(message)?.email.toLowerCase() ?? ''
  const [row] = await sql.query<{
    own: string[]
    blocked: boolean
    decided: boolean
    began: 'here' | 'by-us' | 'no'
    known: boolean
    lead: string | null
  }>(
    `select array(select lower(address) from mailboxes where organization = $2 union select lower(email) from users where organization = $2) as own,
        exists (select from mailroom_blocked b where b.mailbox = $1 and b.sender = $3) as blocked,
        exists (select from mailroom_threads t where t.mailbox = $1 and t.thread = any($4)) as decided,
        coalesce((select case when lower(r.fields -> 'from' ->> 'email') = $5 then 'by-us' else 'here' end
          from records r join containers k on k.id = r.container
          where r.kind = 'message' and k.mailbox = $1 and r.id <> $6 and r.happens_at < $7
            and (r.conversation = $8 or r.match_keys && $9::text[])
          order by r.happens_at limit 1), 'no') as began,
        exists (select from contacts where organization = $2 and deleted_at is null and emails @> array[$3])
          or exists (select from outgoing_mail o where o.mailbox = $1 and o.mail::text like $10 and o.author is not null) as known,
        (select name from leads where organization = $2 and deleted_at is null and status = 'new' and emails @> array[$3]
          order by created_at limit 1) as lead`,
    [
      mailbox.mailbox,
      mailbox.organization,
      sender,
      threadKeys({ id: message.id, kind: 'message', facts: message.facts }),
      mailbox.address,
      message.id,
      new Date(message.happensAt),
      message.facts.conversationId ?? null,
      answeredIds(message.facts).map((id) => `message:${id}`),
      `%"email":"${sender.replace(/[\\%_]/g, '\\$&')}"%`,
    ],
  )
  if (row === undefined) throw new Error('The mailroom found nothing around a message.')
  const ownDomains = new Set(row.own.map((address) => address.slice(address.lastIndexOf('@') + 1)))
  return {
    address: mailbox.address,
    ownAddresses: new Set(row.own),
    ownDomains,
    isBlocked: row.blocked,
    threadDecided: row.decided,
    threadBegan: row.began,
    senderKnown: row.known,
    openLead: mailbox.processing.do === 'lead' ? row.lead : null,
  }
}

const answeredIds = (facts: Facts): readonly string[] => [
  ...(facts.headers?.['in-reply-to']?.match(/<[^<>\s]+>/g) ?? []),
  ...(facts.references ?? []).slice(-10),
]

async function log(
  sql: Sql,
  env: MailroomEnv,
  mailbox: string,
  message: Message,
  {
    verdict,
    person,
    response,
  }: { readonly verdict: Verdict; readonly person: Made | null; readonly response: Response | null },
): Promise<void> {
  const at = new Date(env.now())
  await sql.query(
    `insert into mailroom_log (id, mailbox, message, record, sender, subject, at, outcome, code, reason, person, response,
       response_reason, response_mail, by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'rule')`,
    [
      env.newId(),
      mailbox,
      keyOf(message),
      message.id,
      senderOf(message)?.email.toLowerCase() ?? '',
      typeof message.fields['subject'] === 'string' ? message.fields['subject'] : '',
      at,
      person?.kind ?? (verdict.do === 'review' ? 'review' : 'nothing'),
      verdict.code,
      verdict.reason,
      person?.id ?? null,
      response?.is ?? null,
      response?.reason ?? null,
      response?.mail ?? null,
    ],
  )
  // Also what was decided with “nothing”: a later message of the thread is not its first one.
  await markThread(sql, mailbox, message, at)
  if (verdict.do === 'review')
    await sql.query(
      'insert into review_queue (record, mailbox, reason, at) values ($1, $2, $3, $4) on conflict (record) do nothing',
      [message.id, mailbox, verdict.reason, at],
    )
}

async function markThread(sql: Sql, mailbox: string, message: Message, at: Date): Promise<void> {
  await sql.query(
    `insert into mailroom_threads (mailbox, thread, at) select $1, unnest($2::text[]), $3 on conflict do nothing`,
    [mailbox, threadKeys({ id: message.id, kind: 'message', facts: message.facts }), at],
  )
}

export type Decision = 'lead' | 'case' | 'nothing' | 'never'
export type Decided =
  | { readonly ok: true; readonly made: Made | null }
  | { readonly ok: false; readonly why: 'not-found' | 'decided' | 'gone' }

/** What a person decides about a message of the review queue; in one transaction with what is made of it. */
export async function decide(
  sql: Sql,
  env: MailroomEnv,
  record: string,
  decision: Decision,
  by: string,
): Promise<Decided> {
  const [row] = await sql.query<{ mailbox: string; decided: string | null }>(
    'select mailbox, decided from review_queue where record = $1 for update',
    [record],
  )
  if (row === undefined) return { ok: false, why: 'not-found' }
  if (row.decided !== null) return { ok: false, why: 'decided' }
  const mailbox = await mailboxOf(sql, row.mailbox)
  const message = await messageOf(sql, record)
  if (mailbox === null || message === null) return { ok: false, why: 'gone' }
  const at = new Date(env.now())
  const made =
    decision === 'lead' || decision === 'case'
      ? await convert(sql, env, mailbox, message, processingFor(decision, mailbox.processing, by), by)
      : null
  if (decision === 'never')
    await sql.query(
      'insert into mailroom_blocked (mailbox, sender, at, by) values ($1, $2, $3, $4) on conflict do nothing',
      [row.mailbox, senderOf(message)?.email.toLowerCase() ?? '', at, by],
    )
  await sql.query(
    'update review_queue set decided = $2, decided_by = $3, decided_at = $4 where record = $1',
    [record, made?.kind ?? 'nothing', by, at],
  )
  await sql.query(
    `update mailroom_log set outcome = $3, person = $4, by = $5, at = $6 where mailbox = $1 and message = $2`,
    [row.mailbox, keyOf(message), made?.kind ?? 'nothing', made?.id ?? null, by, at],
  )
  return { ok: true, made }
}
