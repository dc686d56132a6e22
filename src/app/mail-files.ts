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
