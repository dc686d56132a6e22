import { threadKeys } from '../core/linking.ts'
import { personName, senderOf } from '../core/mailroom.ts'
import type { Sql } from '../store/database.ts'
import {
  plainTextOf,
  type MailroomEnv,
  type Message,
  type Processing,
  type SystemMailbox,
} from './mailroom-rows.ts'
import { linkThread } from './links-by-hand.ts'
import { addPerson } from './people.ts'

/** What is made of a message: a lead or a case, and its undoing. */
const NOTES_MAX = 50_000
const NAME_MAX = 250

export interface Made {
  readonly kind: 'lead' | 'case'
  readonly id: string
  readonly title: string
}

/** Makes the lead or case, and says that the whole thread belongs to it. */
export async function convert(
  sql: Sql,
  env: MailroomEnv,
  mailbox: SystemMailbox,
  message: Message,
  processing: Exclude<Processing, { do: 'nothing' }>,
  by: string,
): Promise<Made> {
  const sender = senderOf(message) ?? { email: '', name: '' }
  const email = sender.email.toLowerCase()
  const [known] = await sql.query<{ id: string; account: string | null }>(
    `select id, account from contacts where organization = $1 and deleted_at is null and emails @> array[$2]
      order by created_at, id limit 1`,
    [mailbox.organization, email],
  )
  const accounts = await sql.query<{ id: string }>(
    `select id from accounts where organization = $1 and deleted_at is null and $2 = any(domains) limit 2`,
    [mailbox.organization, email.slice(email.lastIndexOf('@') + 1)],
  )
  const account = known?.account ?? (accounts.length === 1 ? (accounts[0]?.id ?? null) : null)
  const subject = typeof message.fields['subject'] === 'string' ? message.fields['subject'].trim() : ''
  const title = (subject === '' ? 'Without a subject' : subject).slice(0, NAME_MAX)
  const text = plainTextOf(message.fields).slice(0, NOTES_MAX)
  const name = personName(sender)
  const edit = {
    user: by,
    organization: mailbox.organization,
    cause: 'mailroom',
    at: env.now(),
    newId: env.newId,
  }
  const owner = await activeUser(sql, processing.owner, mailbox.organization)
  const common = { name: title, contact: known?.id ?? null, account }
  const input =
    processing.do === 'lead'
      ? {
          ...common,
          firstName: name.firstName?.slice(0, NAME_MAX) ?? null,
          lastName: name.lastName?.slice(0, NAME_MAX) ?? null,
          emails: email === '' ? [] : [email],
          status: 'new',
          source: processing.source === '' ? null : processing.source,
          notes: text,
        }
      : {
          ...common,
          description: text,
          status: processing.status,
          priority: processing.priority,
          source: 'email',
          tags: [...processing.tags],
        }
  const made = await addPerson(sql, processing.do, input, owner, edit)
  if (!made.ok)
    throw new Error(
      made.why === 'invalid'
        ? made.problems.map(({ field, problem }) => `${field}: ${problem}`).join(' ')
        : `The ${processing.do} was not made.`,
    )
  if (processing.do === 'case' && processing.assignee !== null)
    await sql.query('update cases set assignee = $2 where id = $1', [
      made.id,
      await activeUser(sql, processing.assignee, mailbox.organization),
    ])
  const at = new Date(env.now())
  await sql.query(
    `insert into record_people (record, person_kind, person, how, state, at, by, outside)
      values ($1, $2, $3, 'conversion', 'linked', $4, $5, true)
      on conflict (record, person_kind, person) do update set how = 'conversion', state = 'linked', outside = true`,
    [message.id, processing.do, made.id, at, by],
  )
  const threads = threadKeys({ id: message.id, kind: 'message', facts: message.facts })
  await sql.query(
    `insert into thread_links (organization, thread, person_kind, person, state, at, by)
      select $1, unnest($2::text[]), $3, $4, 'linked', $5, $6 on conflict do nothing`,
    [mailbox.organization, threads, processing.do, made.id, at, by],
  )
  await linkThread(sql, mailbox.organization, threads, message.id, env.now())
  return { kind: processing.do, id: made.id, title }
}

const activeUser = async (sql: Sql, id: string, organization: string): Promise<string | null> =>
  (
    await sql.query<{ id: string }>('select id from users where id = $1 and organization = $2 and active', [
      id,
      organization,
    ])
  )[0]?.id ?? null

/** The mailbox's own settings where they are for this kind; else the person who decides owns what is made. */
export function processingFor(
  kind: 'lead' | 'case',
  processing: Processing,
  by: string,
): Exclude<Processing, { do: 'nothing' }> {
  if (processing.do === kind) return processing
  return kind === 'lead'
    ? { do: 'lead', owner: by, source: 'email' }
    : { do: 'case', owner: by, assignee: by, status: 'open', priority: 'normal', tags: [] }
}

export type Undone =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: 'not-found' | 'undone' | 'nothing' | 'worked-on' }

/** Takes back what was made of a message, unless somebody worked on it. The thread stays decided: it is not made again. */
export async function undoConversion(sql: Sql, env: MailroomEnv, id: string, by: string): Promise<Undone> {
  const [row] = await sql.query<{
    organization: string
    outcome: 'lead' | 'case' | 'nothing' | 'review'
    person: string | null
    undone_at: Date | null
  }>(
    `select m.organization, l.outcome, l.person, l.undone_at from mailroom_log l join mailboxes m on m.id = l.mailbox
      where l.id = $1 for update of l`,
    [id],
  )
  if (row === undefined) return { ok: false, why: 'not-found' }
  if (row.undone_at !== null) return { ok: false, why: 'undone' }
  if (row.person === null || (row.outcome !== 'lead' && row.outcome !== 'case'))
    return { ok: false, why: 'nothing' }
  const table = row.outcome === 'lead' ? 'leads' : 'cases'
  const at = new Date(env.now())
  const gone = await sql.query(
    `update ${table} set deleted_at = $2, version = version + 1, updated_at = $2, updated_by = $3
      where id = $1 and version = 1 and deleted_at is null returning id`,
    [row.person, at, by],
  )
  if (gone.length === 0) return { ok: false, why: 'worked-on' }
  await sql.query(
    `insert into edits (id, organization, noun, target, title, action, actor, cause, version, before, after, at)
      select $1, $2, $3, $4, name, 'delete', $5, 'mailroom', version, null, null, $6 from ${table} where id = $4`,
    [env.newId(), row.organization, row.outcome, row.person, by, at],
  )
  await sql.query(`delete from thread_links where organization = $1 and person_kind = $2 and person = $3`, [
    row.organization,
    row.outcome,
    row.person,
  ])
  await sql.query(
    `update record_people set state = 'removed', at = $3, by = $4 where person_kind = $1 and person = $2`,
    [row.outcome, row.person, at, by],
  )
  await sql.query('update mailroom_log set undone_at = $2, undone_by = $3 where id = $1', [id, at, by])
  return { ok: true }
}
