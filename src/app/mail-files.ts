import type { MailFile } from '../connectors/connector.ts'
import type { FilesOf } from '../engine/send.ts'
import type { Database } from '../store/database.ts'
import type { Files } from '../store/files.ts'

/** The files of a draft or outgoing mail, read from the data folder when they are uploaded. */
interface Row {
  readonly name: string
  readonly content_type: string
  readonly size: number
  readonly inline: boolean
  readonly content_id: string
  readonly stored_as: string
}

export const filesOfMail =
  (database: Database, files: Files): FilesOf =>
  async (mail) => {
    const rows = await database.query<Row>(
      'select name, content_type, size, inline, content_id, stored_as from draft_files where draft = $1 order by created_at, id',
      [mail],
    )
    return rows.map((row): MailFile => ({
      name: row.name,
      contentType: row.content_type,
      size: Number(row.size),
      inline: row.inline,
      contentId: row.content_id,
      open: async (from) => {
        const kept = await files.open(row.stored_as, from)
        if (kept === null)
          throw new Error(`The file "${row.name}" of a mail is no longer in the data folder.`)
        return kept.stream
      },
    }))
  }

/** Sent mail keeps its files in the mailbox; ours go a day later, when nobody looks for what became of it any more. */
const KEPT_MS = 24 * 60 * 60_000
const TIDIED_AT_ONCE = 200

export async function tidyMailFiles(database: Database, files: Files, now: number): Promise<void> {
  const before = new Date(now - KEPT_MS)
  await database.query(
    `delete from mail_drafts d using outgoing_mail o where o.id = d.id and d.state = 'sending' and o.state = 'sent' and o.sent_at < $1`,
    [before],
  )
  const gone = await database.query<{ stored_as: string }>(
    `delete from draft_files f where f.id in (
       select x.id from draft_files x where x.created_at < $1
         and not exists (select from mail_drafts d where d.id = x.draft)
         and not exists (select from outgoing_mail o where o.id = x.draft
           and (o.state not in ('sent', 'cancelled') or coalesce(o.sent_at, o.created_at) >= $1)) limit $2)
     returning stored_as`,
    [before, TIDIED_AT_ONCE],
  )
  const names = [...new Set(gone.map((row) => row.stored_as))]
  const used = await database.query<{ stored_as: string }>(
    'select stored_as from draft_files where stored_as = any($1)',
    [names],
  )
  const kept = new Set(used.map((row) => row.stored_as))
  await files.remove(names.filter((name) => !kept.has(name)))
}
