import type { Facts, Fields } from '../core/item.ts'
import { htmlToText } from '../core/html.ts'
import type { Sql } from '../store/database.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'

/** A system mailbox and a message in it, as the mailroom reads them. */
export type Processing =
  | { readonly do: 'nothing' }
  | { readonly do: 'lead'; readonly owner: string; readonly source: string }
  | {
      readonly do: 'case'
      readonly owner: string
      readonly assignee: string | null
      readonly status: string
      readonly priority: string
      readonly tags: readonly string[]
    }

export interface MailroomEnv {
  readonly now: () => number
  readonly newId: () => string
}

export interface SystemMailbox {
  readonly mailbox: string
  readonly organization: string
  readonly label: string
  readonly address: string
  readonly processing: Processing
}

export interface Message {
  readonly id: string
  readonly fields: Fields
  readonly facts: Facts
  readonly happensAt: number
  readonly item: string | null
}

export async function mailboxOf(sql: Sql, id: string): Promise<SystemMailbox | null> {
  const [row] = await sql.query<SystemMailbox>(
    `select s.mailbox, m.organization, s.label, lower(m.address) as address, s.processing
      from system_mailboxes s join mailboxes m on m.id = s.mailbox where s.mailbox = $1`,
    [id],
  )
  return row ?? null
}

export async function messageOf(sql: Sql, record: string): Promise<Message | null> {
  const [row] = await sql.query<RecordColumns & { happens_at: Date | null; item: string | null }>(
    `select ${RECORD_COLUMNS}, r.happens_at, (select l.item from links l where l.record = r.id limit 1) as item
      from records r left join message_bodies b on b.record = r.id
      where r.id = $1 and r.kind = 'message' and r.deleted_at is null`,
    [record],
  )
  if (row === undefined) return null
  const { fields, facts } = toRecord(row)
  return {
    id: row.id,
    fields,
    facts,
    happensAt: (row.happens_at ?? row.modified_at).getTime(),
    item: row.item,
  }
}

/** The internet message id: a resync makes new records and finds it again. */
export const keyOf = (message: Message): string => message.facts.internetMessageId ?? message.id

export function plainTextOf(fields: Fields): string {
  const body = fields['body']
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return ''
  const { type, content } = body as { readonly type?: unknown; readonly content?: unknown }
  const text = typeof content === 'string' ? content : ''
  return (type === 'html' ? htmlToText(text) : text).trim()
}

/** A mailbox becomes a system mailbox: so far nothing is made of its mail, and only administrators read it. */
export async function addSystemMailbox(
  sql: Sql,
  {
    mailbox,
    organization,
    label,
    at,
  }: { readonly mailbox: string; readonly organization: string; readonly label: string; readonly at: number },
): Promise<void> {
  await sql.query(
    `insert into system_mailboxes (mailbox, organization, label, processing, since, updated_at, updated_by)
      values ($1, $2, $3, '{"do":"nothing"}', $4, $4, 'set-up')
      on conflict (mailbox) do update set label = excluded.label`,
    [mailbox, organization, label, new Date(at)],
  )
}
