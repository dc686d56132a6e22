import type { OutgoingMail } from '../store/outgoing.ts'
import type { Sql } from '../store/database.ts'
import type { ItemId } from '../core/ids.ts'
import type { ApiOutput } from './api/api.ts'
import { isoOf } from './parts.ts'

/** Drafts as the API shows them. */
export type DraftView = ApiOutput<'GET /api/mail/drafts/:draft'>
type FileView = DraftView['attachments'][number]

export interface DraftColumns {
  readonly id: string
  readonly mailbox: string
  readonly mail: OutgoingMail
  readonly answers_record: string | null
  readonly version: number
  readonly pushed_version: number
  readonly item: ItemId | null
  readonly trouble: string | null
  readonly next_at: Date | null
  readonly updated_at: Date
}
export const DRAFTS = `select d.id, d.mailbox, d.mail, d.answers_record, d.version, d.pushed_version, d.item, d.trouble,
  d.next_at, d.updated_at from mail_drafts d`

export interface FileColumns {
  readonly id: string
  readonly draft: string
  readonly name: string
  readonly content_type: string
  readonly size: number
  readonly inline: boolean
  readonly content_id: string
}

export const fileView = (row: FileColumns): FileView => ({
  id: row.id,
  name: row.name,
  size: Number(row.size),
  contentType: row.content_type,
  inline: row.inline,
  contentId: row.content_id,
})

export async function draftViews(sql: Sql, rows: readonly DraftColumns[]): Promise<DraftView[]> {
  const files = await sql.query<FileColumns>(
    'select id, draft, name, content_type, size, inline, content_id from draft_files where draft = any($1) order by created_at, id',
    [rows.map((row) => row.id)],
  )
  const forwarded = rows.filter((row) => row.mail.answers?.how === 'forward')
  const originals = await sql.query<{ record: string; name: string; size: number }>(
    'select record, name, size from attachments where record = any($1) and not inline order by position, id',
    [forwarded.flatMap((row) => row.answers_record ?? [])],
  )
  return rows.map((row) => {
    const { mail, answers_record } = row
    return {
      id: row.id,
      mailbox: row.mailbox,
      version: row.version,
      subject: mail.subject,
      body: { ...mail.body },
      to: [...mail.to],
      cc: [...mail.cc],
      bcc: [...mail.bcc],
      importance: mail.importance,
      answers:
        answers_record === null || mail.answers === null
          ? null
          : { message: answers_record, how: mail.answers.how },
      attachments: files.filter((one) => one.draft === row.id).map(fileView),
      forwards: forwarded.includes(row)
        ? originals
            .filter((one) => one.record === answers_record)
            .map(({ name, size }) => ({ name, size: Number(size) }))
        : [],
      updatedAt: isoOf(row.updated_at),
      sync: syncOf(row),
    }
  })
}

function syncOf({ version, pushed_version, trouble }: DraftColumns): DraftView['sync'] {
  if (pushed_version === version) return { state: 'fine', detail: trouble }
  return trouble === null
    ? { state: 'waiting', detail: null }
    : { state: 'trouble', detail: `It is kept here and not in the mailbox's Drafts: ${trouble}` }
}
