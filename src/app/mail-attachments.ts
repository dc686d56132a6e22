import { Readable } from 'node:stream'
import { ConnectorError, type Connector, type ListedAttachments } from '../connectors/connector.ts'
import type { ItemId, MailboxId } from '../core/ids.ts'
import { resolve } from '../core/settings.ts'
import { Refusal } from '../server/problems.ts'
import { storedSettings } from '../server/settings-store.ts'
import type { MailContent } from '../server/mail-content.ts'
import type { Database } from '../store/database.ts'
import { TooLarge, type Files } from '../store/files.ts'
import { toJson } from '../store/json.ts'

/**
 * Attachments of messages: listed in the background, twenty messages in one journey; fetched then up to the set size, or
 * when a person opens one. They come and go as streams. What is larger than set stays at Microsoft.
 */
export interface AttachmentWork {
  readonly content: MailContent
  /** Lists and fetches some of what waits for a mailbox. True: there is more. Called by the mailbox's own job. */
  readonly some: (mailbox: MailboxId, signal: AbortSignal) => Promise<boolean>
  /** Mailboxes with attachments to list. */
  readonly waiting: () => Promise<readonly MailboxId[]>
  /** Takes away files that are larger than the set size; they stay at Microsoft. @returns how many */
  readonly removeLarge: () => Promise<number>
}

const MESSAGES_AT_ONCE = 100
const TRIES_MAX = 5
const RETRY_MS = 10 * 60_000
const MEGABYTE = 1024 * 1024
const ON_DEMAND_MS = 60_000
/** A person who opens a message does not wait longer for the names of its files. */
const LIST_WITHIN_MS = 5_000
const REMOVED_AT_ONCE = 200
/** Microsoft's own limit of a message, and more. */
const UNLIMITED = 2 ** 40

interface Waiting {
  readonly record: string
  readonly item: ItemId
  readonly attempts: number
}
interface Attachment {
  readonly id: string
  readonly record: string
  readonly name: string
  readonly stored_as: string | null
  readonly item_attachment: string | null
  readonly item: ItemId | null
  readonly mailbox: MailboxId | null
}

export function makeAttachmentWork(parts: {
  readonly database: Database
  readonly files: Files
  readonly connectorFor: (mailbox: MailboxId) => Promise<Connector>
  readonly newId: () => string
  readonly now: () => number
}): AttachmentWork {
  const { database, files } = parts

  async function limits(): Promise<{ readonly sync: boolean; readonly bytes: number }> {
    const settings = await storedSettings(database, null)
    const most = resolve('attachments.syncMaxMegabytes', settings).value
    return {
      sync: resolve('attachments.sync', settings).value,
      bytes: most === 0 ? UNLIMITED : most * MEGABYTE,
    }
  }

  async function list(mailbox: MailboxId, rows: readonly Waiting[], signal: AbortSignal): Promise<void> {
    const { mailAttachments } = await parts.connectorFor(mailbox)
    if (mailAttachments === undefined) return
    const answers = await mailAttachments.list(
      rows.map((row) => row.item),
      signal,
    )
    for (const [at, answer] of answers.entries()) {
      const row = rows[at]
      if (row !== undefined) await keep(row, answer)
    }
  }

  async function keep(row: Waiting, answer: ListedAttachments): Promise<void> {
    const { record } = row
    if (answer.outcome === 'unreadable') {
      const attempts = row.attempts + 1
      await database.query(
        'update attachment_work set attempts = $2, reason = $3, state = $4, next_at = $5 where record = $1',
        [
          record,
          attempts,
          answer.reason,
          attempts >= TRIES_MAX ? 'failed' : 'waiting',
          new Date(parts.now() + RETRY_MS * attempts),
        ],
      )
      return
    }
    const listed = answer.outcome === 'gone' ? [] : answer.attachments
    await database.transaction(async (sql) => {
      await sql.query(
        `insert into attachments (id, record, item_attachment, name, content_type, size, inline, content_id, kind, position)
          select x.id, $2, x.item_attachment, x.name, x.content_type, x.size, x.inline, x.content_id, x.kind, x.position
          from json_to_recordset($1::json) as x (id text, item_attachment text, name text, content_type text, size bigint,
            inline boolean, content_id text, kind text, position integer)
          where not exists (select from attachments a where a.record = $2 and a.item_attachment = x.item_attachment)`,
        [
          toJson(
            listed.map((one, position) => ({
              id: parts.newId(),
              item_attachment: one.id,
              name: one.name,
              content_type: one.contentType,
              size: one.size,
              inline: one.inline,
              content_id: one.contentId,
              kind: one.kind,
              position,
            })),
          ),
          record,
        ],
      )
      await sql.query(`update attachment_work set state = 'listed', reason = null where record = $1`, [
        record,
      ])
    })
  }

  async function fetch(one: Attachment, most: number, signal: AbortSignal): Promise<string | null> {
    if (one.item === null || one.mailbox === null || one.item_attachment === null) return null
    const { mailAttachments } = await parts.connectorFor(one.mailbox)
    if (mailAttachments === undefined) return null
    const bytes = mailAttachments.open(one.item, one.item_attachment, signal)
    const kept = await files.write(Readable.from(bytes), most)
    const taken = await database.query(
      'update attachments set stored_as = $2, removed_at = null where id = $1 and stored_as is null returning 1',
      [one.id, kept.name],
    )
    if (taken.length === 0) await files.remove([kept.name])
    return kept.name
  }

  const attachment = async (id: string): Promise<Attachment | null> => {
    const [row] = await database.query<Attachment>(
      `select a.id, a.record, a.name, a.stored_as, a.item_attachment, l.item, l.mailbox from attachments a
        left join links l on l.record = a.record and l.state <> 'deleted' where a.id = $1 limit 1`,
      [id],
    )
    return row ?? null
  }

  return {
    waiting: async () =>
      (
        await database.query<{ mailbox: MailboxId }>(
          `select distinct w.mailbox from attachment_work w join mailboxes m on m.id = w.mailbox
            where w.state = 'waiting' and w.next_at <= $1 and m.state = 'connected'`,
          [new Date(parts.now())],
        )
      ).map((row) => row.mailbox),

    some: async (mailbox, signal) => {
      const rows = await database.query<Waiting>(
        `select w.record, l.item, w.attempts from attachment_work w join links l on l.record = w.record and l.mailbox = w.mailbox
          where w.mailbox = $1 and w.state = 'waiting' and w.next_at <= $2 and l.item is not null and l.state <> 'deleted'
          order by w.record limit $3`,
        [mailbox, new Date(parts.now()), MESSAGES_AT_ONCE],
      )
      if (rows.length > 0) await list(mailbox, rows, signal)
      const { sync, bytes } = await limits()
      if (!sync) return rows.length === MESSAGES_AT_ONCE
      const wanted = await database.query<Attachment>(
        `select a.id, a.record, a.name, a.stored_as, a.item_attachment, l.item, l.mailbox
          from attachments a join links l on l.record = a.record and l.mailbox = $1 and l.state <> 'deleted'
          where a.record = any($2) and a.stored_as is null and a.removed_at is null and a.kind = 'file' and a.size <= $3
          order by a.record, a.position`,
        [mailbox, rows.map((row) => row.record), bytes],
      )
      for (const one of wanted) {
        signal.throwIfAborted()
        try {
          await fetch(one, bytes, signal)
        } catch (error) {
          // It stays at Microsoft and is fetched when a person opens it; what concerns the whole mailbox is thrown on.
          if (error instanceof ConnectorError && error.failure.kind !== 'rejected') throw error
          if (!(error instanceof ConnectorError) && !(error instanceof TooLarge)) throw error
        }
      }
      return rows.length === MESSAGES_AT_ONCE
    },

    content: {
      list: async (record) => {
        const [row] = await database.query<
          Waiting & { mailbox: MailboxId; state: string | null; has: boolean }
        >(
          `select r.id as record, l.item, l.mailbox, coalesce(w.attempts, 0) as attempts, w.state,
              coalesce(r.facts ->> 'hasAttachments' = 'true', false) or exists (
                select from message_bodies b where b.record = r.id and b.content ilike '%cid:%') as has
            from records r join links l on l.record = r.id and l.state <> 'deleted' and l.item is not null
              left join attachment_work w on w.record = r.id where r.id = $1 limit 1`,
          [record],
        )
        if (row === undefined || !row.has || row.state === 'listed') return
        await database.query(
          `insert into attachment_work (record, mailbox, state, next_at) values ($1, $2, 'waiting', now()) on conflict (record) do nothing`,
          [record, row.mailbox],
        )
        try {
          await list(row.mailbox, [row], AbortSignal.timeout(LIST_WITHIN_MS))
        } catch (error) {
          // The mailbox's own job lists it later; the message is shown without waiting for it.
          const late =
            error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
          if (!(error instanceof ConnectorError) && !late) throw error
        }
      },
      open: async (id) => {
        const one = await attachment(id)
        if (one === null) return null
        const kept = one.stored_as === null ? null : await files.open(one.stored_as)
        if (kept !== null) return kept.stream
        if (one.item === null || one.mailbox === null || one.item_attachment === null) return null
        try {
          const { mailAttachments } = await parts.connectorFor(one.mailbox)
          if (mailAttachments === undefined) return null
          const { bytes } = await limits()
          const signal = AbortSignal.timeout(ON_DEMAND_MS * 10)
          const name = await fetch(one, UNLIMITED, signal)
          const fetched = name === null ? null : await files.open(name)
          const size = fetched?.size ?? 0
          // Beyond the set size it is not kept: handed over once, then gone.
          if (name !== null && fetched !== null && size > bytes)
            fetched.stream.once('close', () => {
              void database
                .query('update attachments set stored_as = null where id = $1 and stored_as = $2', [
                  one.id,
                  name,
                ])
                .then(() => files.remove([name]))
                .catch(() => undefined)
            })
          return fetched?.stream ?? null
        } catch (error) {
          if (error instanceof ConnectorError)
            throw new Refusal(
              'microsoft-failed',
              `The attachment could not be fetched. ${error.failure.message}`,
            )
          throw error
        }
      },
    },

    removeLarge: async () => {
      const { sync, bytes } = await limits()
      let removed = 0
      for (;;) {
        const rows = await database.query<{ id: string; stored_as: string }>(
          'select id, stored_as from attachments where stored_as is not null and (size > $1 or not $2) order by id limit $3',
          [bytes, sync, REMOVED_AT_ONCE],
        )
        if (rows.length === 0) return removed
        await database.query('update attachments set stored_as = null, removed_at = $2 where id = any($1)', [
          rows.map((row) => row.id),
          new Date(parts.now()),
        ])
        await files.remove(rows.map((row) => row.stored_as))
        removed += rows.length
      }
    },
  }
}
