import type { Address, Fields } from '../core/item.ts'
import { messageFields } from '../core/item.ts'
import { isShortened, remoteImagesIn, textOfBody } from '../crm/safe-html.ts'
import type { Sql } from '../store/database.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { ApiOutput } from './api/api.ts'
import { IS_PUBLIC, type Readable } from './mail-access.ts'
import { syncMarks, type SyncMark } from './items.ts'
import { isoOf, isoOrNull } from './parts.ts'

/** Messages as the API shows them: rows of lists, and whole ones. */
export type MailRow = ApiOutput<'GET /api/mail/messages'>['items'][number]
export type MessageView = ApiOutput<'GET /api/mail/messages/:message'>
export type AttachmentView = MessageView['attachments'][number]

export interface RowColumns {
  readonly id: string
  readonly container: string
  readonly mailbox: string | null
  readonly subject: string
  readonly fields: Fields
  readonly happens_at: Date | null
  readonly version: number
  readonly has_attachments: boolean
  readonly preview: string | null
  readonly is_public: boolean
}

/** Of `records r`, with `message_search s` and `containers k` joined. */
export const ROW_COLUMNS = `r.id, r.container, k.mailbox, r.subject, r.fields, r.happens_at, r.version,
  coalesce(r.facts ->> 'hasAttachments' = 'true', false) as has_attachments, s.preview, ${IS_PUBLIC} as is_public`
export const ROW_JOINS = `join containers k on k.id = r.container left join message_search s on s.record = r.id`

const LIST_RECIPIENTS = 10
const person = ({ email, name }: Address): Address => ({ email, name })

export function rowView(row: RowColumns, thread = { count: 1, unread: 0 }): MailRow {
  const message = messageFields({ fields: row.fields })
  return {
    id: row.id,
    mailbox: row.mailbox,
    folder: row.container,
    subject: row.subject,
    from: message.from ? person(message.from) : null,
    to: (message.to ?? []).slice(0, LIST_RECIPIENTS).map(person),
    recipients: (message.to ?? []).length + (message.cc ?? []).length + (message.bcc ?? []).length,
    preview: row.preview ?? '',
    at: isoOrNull(row.happens_at),
    read: message.read ?? true,
    flag: message.flag ?? 'notFlagged',
    categories: [...(message.categories ?? [])],
    importance: message.importance ?? 'normal',
    isDraft: message.isDraft ?? false,
    hasAttachments: row.has_attachments,
    thread,
    visibility: row.is_public ? 'public' : 'private',
    version: row.version,
  }
}

interface AttachmentColumns {
  readonly id: string
  readonly record: string
  readonly name: string
  readonly content_type: string
  readonly size: number
  readonly inline: boolean
  readonly content_id: string | null
  readonly stored_as: string | null
  readonly removed_at: Date | null
  readonly kind: 'file' | 'item' | 'reference'
  readonly item_attachment: string | null
}

const PICTURE = /^image\/(png|gif|jpe?g|webp|bmp)$/i
const PREVIEW_BYTES_MAX = 10 * 1024 * 1024

export const attachmentView = (row: AttachmentColumns): AttachmentView => ({
  id: row.id,
  name: row.name,
  size: Number(row.size),
  contentType: row.content_type,
  kind: row.kind,
  inline: row.inline,
  contentId: row.content_id,
  state:
    row.stored_as !== null
      ? 'stored'
      : row.kind === 'reference' || row.item_attachment === null
        ? 'elsewhere'
        : row.removed_at !== null
          ? 'removed'
          : 'remote',
  preview: PICTURE.test(row.content_type) && Number(row.size) <= PREVIEW_BYTES_MAX,
})

const inlineUrl = (message: string, cid: string): string =>
  `/api/mail/messages/${encodeURIComponent(message)}/inline?cid=${encodeURIComponent(cid)}`
export const inlineOf =
  (message: string) =>
  (cid: string): string =>
    inlineUrl(message, cid)

type WholeColumns = RecordColumns &
  RowColumns & {
    readonly draft: string | null
    readonly attachments_listed: boolean
  }

/** Whole messages, in the order of `ids`; what is not there is left out. The caller checked that they may be read. */
export async function messageViews(sql: Sql, readables: readonly Readable[]): Promise<MessageView[]> {
  const ids = readables.map((one) => one.record)
  if (ids.length === 0) return []
  const rows = await sql.query<WholeColumns>(
    `select ${RECORD_COLUMNS}, ${ROW_COLUMNS},
        (select d.id from mail_drafts d where d.state = 'open' and (d.record = r.id or d.id = r.facts ->> 'marker') limit 1) as draft,
        exists (select from attachment_work w where w.record = r.id and w.state <> 'waiting') as attachments_listed
      from records r left join message_bodies b on b.record = r.id ${ROW_JOINS} where r.id = any($1)`,
    [ids],
  )
  const records = rows.map(toRecord)
  const marks = await syncMarks(sql, records)
  const attachments = await sql.query<AttachmentColumns>(
    `select id, record, name, content_type, size, inline, content_id, stored_as, removed_at, kind, item_attachment
      from attachments where record = any($1) order by record, position, id`,
    [ids],
  )
  const related = await sql.query<MessageView['related'][number] & { record: string }>(
    `select p.record, p.person_kind as kind, p.person as id, p.how, coalesce(c.name, a.name, l.name, k.name, '') as title from record_people p
      left join contacts c on p.person_kind = 'contact' and c.id = p.person left join accounts a on p.person_kind = 'account' and a.id = p.person
      left join leads l on p.person_kind = 'lead' and l.id = p.person left join cases k on p.person_kind = 'case' and k.id = p.person
      where p.record = any($1) and p.state = 'linked' order by p.person_kind, title`,
    [ids],
  )
  const views = new Map<string, MessageView>()
  rows.forEach((row, n) => {
    const record = records[n]
    const readable = readables.find((one) => one.record === row.id)
    if (record === undefined || readable === undefined) return
    const message = messageFields(record)
    const { thread: _thread, recipients: _recipients, ...base } = rowView(row)
    const body = message.body ?? null
    views.set(row.id, {
      ...base,
      to: (message.to ?? []).map(person),
      cc: (message.cc ?? []).map(person),
      bcc: (message.bcc ?? []).map(person),
      sentAt: timeOf(message.sentAt),
      receivedAt: timeOf(message.receivedAt),
      text: textOfBody(body),
      content: `/api/mail/messages/${encodeURIComponent(row.id)}/content`,
      remoteImages: remoteImagesIn(body),
      shortened: isShortened(body),
      headers: { ...record.facts.headers },
      messageId: record.facts.internetMessageId ?? null,
      attachments: attachments.filter((one) => one.record === row.id).map(attachmentView),
      attachmentsKnown: row.attachments_listed || !row.has_attachments,
      related: related.filter((one) => one.record === row.id).map(({ record: _record, ...one }) => one),
      draft: row.draft,
      mine: readable.mine,
      deletedAt: isoOrNull(row.deleted_at),
      sync: marks.get(row.id) ?? NO_MARK,
    })
  })
  return ids.flatMap((id) => views.get(id) ?? [])
}

const NO_MARK: SyncMark = {
  state: 'local',
  detail: null,
  mailbox: null,
  collection: null,
  provenAt: null,
  webLink: null,
}

/** A time that no calendar has is no time. */
function timeOf(at: number | null | undefined): string | null {
  if (at === null || at === undefined) return null
  const date = new Date(at)
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999
    ? null
    : isoOf(date)
}
