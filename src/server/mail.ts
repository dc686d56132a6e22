import { messageFields } from '../core/item.ts'
import { resolve, type StoredByScope } from '../core/settings.ts'
import { asId, type CollectionId, type RecordId } from '../core/ids.ts'
import { changeMessages, deleteMessages, type MessageChange } from '../crm/messages.ts'
import { safeBody } from '../crm/safe-html.ts'
import type { RecordRow } from '../store/sync-store.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { mailApi } from './api/mail.ts'
import { byOf } from './items.ts'
import { mailAttachmentHandlers } from './mail-attachments.ts'
import { changeable, foldersOf, mailboxesOf, requireReadable, type Readable } from './mail-access.ts'
import { frameDocument, framePolicy } from './mail-frame.ts'
import { folderTree } from './mail-folders.ts'
import { listMessages } from './mail-lists.ts'
import { messagesOfThread, threadMates } from './mail-threads.ts'
import {
  inlineOf,
  messageViews,
  rowView,
  ROW_COLUMNS,
  ROW_JOINS,
  type MessageView,
  type RowColumns,
} from './mail-views.ts'
import { FileAnswer, type Caller, type HandlersOf } from './mount.ts'
import type { Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import { storedSettings } from './settings-store.ts'

/** Reading mail and what a person does with it. */
const NEWEST_IN_BAR = 8
const CATEGORIES_MAX = 100

export function mailHandlers(parts: Parts): HandlersOf<typeof mailApi> {
  const { database } = parts
  const settingsOf = (caller: Caller): Promise<StoredByScope> =>
    storedSettings(database, { organization: caller.organization, user: caller.user })
  const isThreaded = async (caller: Caller): Promise<boolean> =>
    resolve('threads.mail', await settingsOf(caller)).value === 'threaded'

  const viewOf = async (readable: Readable): Promise<MessageView> => {
    const [view] = await messageViews(database, [readable])
    if (view === undefined) throw notFound('message')
    return view
  }
  async function recordOf({ record }: Readable): Promise<RecordRow> {
    const [row] = await database.query<RecordColumns>(
      `select ${RECORD_COLUMNS} from records r left join message_bodies b on b.record = r.id where r.id = $1`,
      [record],
    )
    if (row === undefined) throw notFound('message')
    return toRecord(row)
  }

  /** The messages that are meant and may be changed, and a refusal for each of the others. */
  async function meant(
    caller: Caller,
    ids: readonly string[],
    thread: boolean,
  ): Promise<{ ids: RecordId[]; refused: { id: string; problem: string }[] }> {
    const allowed = await changeable(database, caller, ids)
    const known = new Set(allowed)
    const refused = ids
      .filter((id) => !known.has(id))
      .map((id) => ({ id, problem: 'There is no such message, or it is not yours to change.' }))
    const all = thread ? await threadMates(database, allowed) : allowed
    return { ids: all.map((id) => asId<RecordId>(id)), refused }
  }
  async function tellMailboxes(rows: readonly RecordRow[], also: string | null): Promise<void> {
    const containers = [...new Set([...rows.map((row) => row.container), ...(also === null ? [] : [also])])]
    const mailboxes = await database.query<{
      mailbox: string
      container: string
      user: string | null
      organization: string
    }>(
      `select c.mailbox, c.container, m."user", m.organization from collections c join mailboxes m on m.id = c.mailbox where c.container = any($1) and c.channel = 'email'`,
      [containers],
    )
    for (const { container, user, organization } of mailboxes)
      parts.live.tell({ type: 'records', kind: 'message', container, ids: null }, { user, organization })
    for (const mailbox of new Set(mailboxes.map((one) => one.mailbox)))
      await parts.sync.nudge(asId(mailbox), 'email')
  }
  /** Where mail only comes from Microsoft, a change here would stay here: it is refused with the reason. */
  async function refuseOneWay(caller: Caller): Promise<void> {
    if (resolve('emailSync.direction', await settingsOf(caller)).value !== 'both')
      throw new Refusal(
        'not-now',
        'The direction of email in force is Microsoft to CRM: what is changed here would not reach the mailbox. Change it in Outlook, or set the direction to Bidirectional. Nothing was changed.',
      )
  }

  return {
    ...mailAttachmentHandlers(parts),
    'GET /api/mail/folders': async (_input, { caller }) => {
      const settings = await settingsOf(caller)
      return {
        mailboxes: await folderTree(database, caller, parts.env.now()),
        threaded: resolve('threads.mail', settings).value === 'threaded',
        defaultReply: resolve('reply.defaultButton', settings).value,
        previewLimit: resolve('attachments.previewLimit', settings).value,
        recentInUserBar: resolve('email.recentInUserBar', settings).value,
      }
    },
    'GET /api/mail/messages': async ({ query }, { caller }) =>
      listMessages(database, caller, query, await isThreaded(caller)),
    'GET /api/mail/messages/:message': async ({ params }, { caller }) => {
      const readable = await requireReadable(database, caller, params.message)
      await parts.mailContent.list(readable.record)
      return viewOf(readable)
    },
    'GET /api/mail/messages/:message/thread': async ({ params }, { caller }) => {
      await requireReadable(database, caller, params.message)
      return messagesOfThread(database, caller, params.message)
    },
    'GET /api/mail/messages/:message/content': async ({ params, query }, { caller, reply }) => {
      const record = await recordOf(await requireReadable(database, caller, params.message))
      const images = query.images === true
      const safe = safeBody(messageFields(record).body ?? null, { images, inline: inlineOf(record.id) })
      reply.header('content-security-policy', framePolicy(images))
      reply.header('cache-control', 'private, no-store')
      reply.header('referrer-policy', 'no-referrer')
      return new FileAnswer(
        'text/html; charset=utf-8',
        null,
        frameDocument(safe.html, query.theme ?? 'light'),
      )
    },
    'POST /api/mail/messages/change': async ({ body }, { caller }) => {
      await refuseOneWay(caller)
      const { ids, refused } = await meant(caller, body.ids, body.thread)
      const { folder, ...rest } = body.change
      let where: { collection: CollectionId; container: string; mailbox: string } | null = null
      if (folder !== undefined) where = await folderToMoveTo(caller, folder)
      const apart = where === null ? [] : await elsewhere(ids, where.mailbox)
      const own = ids.filter((id) => !apart.includes(id))
      const change: MessageChange = { ...rest, ...(where !== null && { folder: where }) }
      const { done, missing } = await database.transaction((sql) =>
        changeMessages(sql, own, change, byOf(parts, caller)),
      )
      await tellMailboxes(done, where?.container ?? null)
      return {
        changed: done.map((row) => row.id),
        refused: [
          ...refused,
          ...apart.map((id) => ({
            id,
            problem: 'It lies in another mailbox: messages are moved within their own.',
          })),
          ...missing.map((id) => ({ id, problem: 'It was deleted meanwhile.' })),
        ],
      }
    },
    'POST /api/mail/messages/delete': async ({ body }, { caller }) => {
      await refuseOneWay(caller)
      const { ids, refused } = await meant(caller, body.ids, body.thread)
      const { done, missing } = await database.transaction((sql) =>
        deleteMessages(sql, ids, byOf(parts, caller)),
      )
      await tellMailboxes(done, null)
      return {
        changed: done.map((row) => row.id),
        refused: [...refused, ...missing.map((id) => ({ id, problem: 'It was deleted meanwhile.' }))],
      }
    },
    'POST /api/mail/messages/:message/visibility': async ({ params, body }, { caller }) => {
      const readable = await requireReadable(database, caller, params.message)
      if (!readable.mine)
        throw new Refusal('not-allowed', 'Only who has the message decides who sees it. Nothing was changed.')
      if (body.visibility === 'private')
        await database.query(
          `insert into message_privacy (record, private, at, by) values ($1, true, $2, $3)
            on conflict (record) do update set private = true, at = excluded.at, by = excluded.by`,
          [readable.record, new Date(parts.env.now()), caller.user],
        )
      else await database.query('delete from message_privacy where record = $1', [readable.record])
      return viewOf(readable)
    },
    'GET /api/mail/unread': async (_input, { caller }) => {
      const mailboxes = (await mailboxesOf(database, caller)).filter((one) => one.role === 'own')
      const inboxes = (
        await foldersOf(
          database,
          mailboxes.map((one) => one.id),
        )
      )
        .filter((one) => one.well_known === 'inbox' && one.selected)
        .map((one) => one.container)
      const [count] = await database.query<{ n: number }>(
        `select count(*) as n from records where container = any($1) and kind = 'message' and deleted_at is null and unread`,
        [inboxes],
      )
      const rows = await database.query<RowColumns>(
        `select ${ROW_COLUMNS} from records r ${ROW_JOINS} where r.container = any($1) and r.kind = 'message' and r.deleted_at is null
          order by r.happens_at desc nulls last, r.id desc limit $2`,
        [inboxes, NEWEST_IN_BAR],
      )
      return {
        unread: count?.n ?? 0,
        newest: rows.map((row) => rowView(row)),
        shown: resolve('email.recentInUserBar', await settingsOf(caller)).value && mailboxes.length > 0,
      }
    },
    'GET /api/mail/categories': async (_input, { caller }) => {
      const mailboxes = await mailboxesOf(database, caller)
      const containers = (
        await foldersOf(
          database,
          mailboxes.map((one) => one.id),
        )
      ).map((one) => one.container)
      const items = await database.query<{ name: string; count: number }>(
        `select category as name, count(*) as count from records r, jsonb_array_elements_text(r.fields -> 'categories') as category
          where r.container = any($1) and r.kind = 'message' and r.deleted_at is null and r.fields -> 'categories' <> '[]'
          group by 1 order by 2 desc, 1 limit $2`,
        [containers, CATEGORIES_MAX],
      )
      return { items }
    },
  }

  async function folderToMoveTo(
    caller: Caller,
    folder: string,
  ): Promise<{ collection: CollectionId; container: string; mailbox: string }> {
    const mailboxes = await mailboxesOf(database, caller)
    const found = (
      await foldersOf(
        database,
        mailboxes.map((one) => one.id),
      )
    ).find((one) => one.container === folder || one.id === folder)
    if (found === undefined) throw notFound('folder')
    if (!found.can_write)
      throw new Refusal(
        'refused',
        `Nothing can be moved to ${found.name}. Choose another folder; nothing was changed.`,
      )
    if (!found.selected)
      throw new Refusal(
        'refused',
        `${found.name} is not kept in step, so the messages would disappear here. Choose it under Folders to sync first; nothing was changed.`,
      )
    return { collection: asId(found.id), container: found.container, mailbox: found.mailbox }
  }
  async function elsewhere(ids: readonly RecordId[], mailbox: string): Promise<readonly RecordId[]> {
    const rows = await database.query<{ id: RecordId }>(
      `select r.id from records r join containers k on k.id = r.container where r.id = any($1) and k.mailbox is distinct from $2`,
      [ids, mailbox],
    )
    return rows.map((row) => row.id)
  }
}
