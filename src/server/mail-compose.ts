import type { Readable } from 'node:stream'
import { asId, type ItemId } from '../core/ids.ts'
import { messageFields, type Address } from '../core/item.ts'
import { resolve, type StoredByScope } from '../core/settings.ts'
import { beginAnswer, signatureBlock } from '../crm/quotes.ts'
import { cleanWritten } from '../crm/safe-html.ts'
import { TooLarge } from '../store/files.ts'
import { toJson } from '../store/json.ts'
import { enqueueMail, type OutgoingMail } from '../store/outgoing.ts'
import { RECORD_COLUMNS, toRecord, type RecordColumns } from '../store/records.ts'
import type { mailComposeApi } from './api/mail-compose.ts'
import { mailboxesOf, requireReadable, type MailboxAccess } from './mail-access.ts'
import {
  DRAFTS,
  draftViews,
  fileView,
  type DraftColumns,
  type DraftView,
  type FileColumns,
} from './mail-draft-views.ts'
import { outgoingViews } from './mail-outgoing.ts'
import { suggestRecipients } from './mail-recipients.ts'
import type { Caller, HandlersOf } from './mount.ts'
import { orderAndPage, pageOf } from './paging.ts'
import type { Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import { storedSettings } from './settings-store.ts'

/** Composing: drafts with their files, from the first letter until they are handed over to be sent. */
type Routes = Pick<
  typeof mailComposeApi,
  | 'GET /api/mail/compose'
  | 'GET /api/mail/recipients'
  | 'GET /api/mail/drafts'
  | 'POST /api/mail/drafts'
  | 'GET /api/mail/drafts/:draft'
  | 'PATCH /api/mail/drafts/:draft'
  | 'DELETE /api/mail/drafts/:draft'
  | 'POST /api/mail/drafts/:draft/attachments'
  | 'DELETE /api/mail/drafts/:draft/attachments/:attachment'
  | 'POST /api/mail/drafts/:draft/send'
>

const MEGABYTE = 1024 * 1024
/** Microsoft's own limit for one file. */
const MICROSOFT_MAX = 150 * MEGABYTE
/** A draft goes to the mailbox when its writer paused for so long. */
const QUIET_SECONDS = 4

export function mailComposeHandlers(parts: Parts): HandlersOf<Routes> {
  const { database, env, files } = parts
  const settingsOf = (caller: Caller): Promise<StoredByScope> =>
    storedSettings(database, { organization: caller.organization, user: caller.user })
  const signatureOf = (settings: StoredByScope): string =>
    cleanWritten({ type: 'html', content: resolve('signature.content', settings).value }).content

  const sendersOf = async (caller: Caller): Promise<MailboxAccess[]> =>
    (await mailboxesOf(database, caller)).filter((one) => one.state === 'connected')

  async function mailboxFor(caller: Caller, wanted: string | null): Promise<MailboxAccess> {
    const senders = await sendersOf(caller)
    const found = wanted === null ? senders[0] : senders.find((one) => one.id === wanted)
    if (found !== undefined) return found
    throw new Refusal(
      'not-now',
      wanted === null
        ? 'You have no connected mailbox to send from. Connect your Microsoft account first; nothing was made.'
        : 'You may not send from this mailbox, or it is not connected. Nothing was changed.',
    )
  }
  async function ownDraft(caller: Caller, id: string): Promise<DraftColumns> {
    const [row] = await database.query<DraftColumns>(
      `${DRAFTS} where d.id = $1 and d.author = $2 and d.state = 'open'`,
      [id, caller.user],
    )
    if (row === undefined) throw notFound('draft')
    return row
  }
  async function view(caller: Caller, id: string): Promise<DraftView> {
    const [one] = await draftViews(database, [await ownDraft(caller, id)])
    if (one === undefined) throw notFound('draft')
    return one
  }
  const later = (): Date => new Date(env.now() + QUIET_SECONDS * 1000)
  const soon = (mailbox: string): Promise<void> => parts.sync.mail(asId(mailbox), QUIET_SECONDS)
  /** Files changed: it is another version, and the mailbox gets it. */
  async function touched(draft: DraftColumns): Promise<void> {
    await database.query(
      'update mail_drafts set version = version + 1, updated_at = $2, next_at = $3 where id = $1',
      [draft.id, new Date(env.now()), later()],
    )
    await soon(draft.mailbox)
  }
  const recordById = async (id: string) => {
    const [row] = await database.query<RecordColumns & { item: ItemId | null; mailbox: string | null }>(
      `select ${RECORD_COLUMNS}, l.item, l.mailbox from records r left join message_bodies b on b.record = r.id
        left join links l on l.record = r.id and l.state <> 'deleted' where r.id = $1 limit 1`,
      [id],
    )
    if (row === undefined) throw notFound('message')
    return { record: toRecord(row), item: row.item, mailbox: row.mailbox }
  }

  return {
    'GET /api/mail/compose': async (_input, { caller }) => {
      const settings = await settingsOf(caller)
      const limit = resolve('attachments.maxMegabytes', settings).value
      const signature = signatureOf(settings)
      return {
        from: (await sendersOf(caller)).map((one) => ({
          mailbox: one.id,
          address: one.address,
          name: one.role === 'own' ? one.name : one.label,
          kind: one.kind,
          signature,
        })),
        appendSignature: resolve('signature.append', settings).value === 'auto',
        autocompleteMinimum: resolve('autocomplete.minimumCharacters', settings).value,
        maxAttachmentBytes: limit === 0 ? null : limit * MEGABYTE,
        defaultReply: resolve('reply.defaultButton', settings).value,
      }
    },
    'GET /api/mail/recipients': async ({ query }, { caller }) => {
      const minimum = resolve('autocomplete.minimumCharacters', await settingsOf(caller)).value
      const asked = query.q.trim()
      if ([...asked].length < minimum) return { items: [] }
      const mailboxes = (await mailboxesOf(database, caller)).map((one) => one.id)
      return { items: await suggestRecipients(database, caller, mailboxes, asked) }
    },
    'GET /api/mail/drafts': async ({ query }, { caller }) => {
      const [count] = await database.query<{ n: number }>(
        `select count(*) as n from mail_drafts where author = $1 and state = 'open'`,
        [caller.user],
      )
      const rows = await database.query<DraftColumns>(
        `${DRAFTS} where d.author = $1 and d.state = 'open'${orderAndPage(query, { updatedAt: 'd.updated_at' }, 'd.id')}`,
        [caller.user],
      )
      return pageOf(await draftViews(database, rows), count?.n ?? 0, query)
    },
    'POST /api/mail/drafts': async ({ body }, { caller }) => {
      const settings = await settingsOf(caller)
      const signature = resolve('signature.append', settings).value === 'auto' ? signatureOf(settings) : ''
      const source = body.answers?.message ?? body.edit ?? null
      if (source !== null) await requireReadable(database, caller, source)
      const found = source === null ? null : await recordById(source)
      const senders = await sendersOf(caller)
      const home = found?.mailbox ?? null
      const preferred = senders.some((one) => one.id === home) ? home : null
      const mailbox = await mailboxFor(caller, body.mailbox ?? preferred)
      if (body.edit !== undefined) return editOutlooks(caller, mailbox, body.edit, found)
      const begun =
        found === null || body.answers === undefined
          ? {
              subject: '',
              to: [] as readonly Address[],
              cc: [] as readonly Address[],
              body: { type: 'html' as const, content: `<p><br></p>${signatureBlock(signature)}` },
            }
          : beginAnswer(
              found.record,
              body.answers.how,
              senders.map((one) => one.address),
              caller.zone,
              signature,
            )
      // Only within its own mailbox Microsoft can answer a message; from another one it is a new message with a quote.
      const answers =
        found !== null && found.item !== null && body.answers !== undefined && home === mailbox.id
          ? { item: found.item, how: body.answers.how }
          : null
      const mail: OutgoingMail = {
        subject: body.subject ?? begun.subject,
        body: body.body === undefined ? begun.body : cleanWritten(body.body),
        to: body.to ?? begun.to,
        cc: begun.cc,
        bcc: [],
        importance: 'normal',
        answers,
        fromDraft: true,
      }
      const id = await insert(caller, mailbox, mail, {
        answers: body.answers?.message ?? null,
        record: null,
        item: null,
      })
      return view(caller, id)
    },
    'GET /api/mail/drafts/:draft': ({ params }, { caller }) => view(caller, params.draft),
    'PATCH /api/mail/drafts/:draft': async ({ params, body: { version, change } }, { caller }) => {
      const draft = await ownDraft(caller, params.draft)
      const { mailbox, body, ...rest } = change
      if (mailbox !== undefined && mailbox !== draft.mailbox) await moveTo(caller, draft, mailbox)
      const mail: OutgoingMail = {
        ...draft.mail,
        ...rest,
        ...(body !== undefined && { body: cleanWritten(body) }),
        ...(mailbox !== undefined && mailbox !== draft.mailbox && { answers: null }),
      }
      const saved = await database.query<{ version: number }>(
        `update mail_drafts set mail = $3, version = version + 1, updated_at = $4, next_at = $5, attempts = 0, mailbox = $6
          where id = $1 and version = $2 and state = 'open' returning version`,
        [draft.id, version, toJson(mail), new Date(env.now()), later(), mailbox ?? draft.mailbox],
      )
      if (saved.length === 0)
        throw new Refusal(
          'changed-meanwhile',
          'This draft was saved elsewhere since you looked, perhaps in another window. Nothing was written. Look again and repeat your change.',
          { version: (await ownDraft(caller, params.draft)).version },
        )
      await soon(mailbox ?? draft.mailbox)
      return view(caller, draft.id)
    },
    'DELETE /api/mail/drafts/:draft': async ({ params }, { caller }) => {
      const draft = await ownDraft(caller, params.draft)
      await database.query(
        `update mail_drafts set state = 'discarded', next_at = $2, attempts = 0, version = version + 1 where id = $1 and state = 'open'`,
        [draft.id, new Date(env.now())],
      )
      await parts.sync.mail(asId(draft.mailbox))
      return null
    },
    'POST /api/mail/drafts/:draft/attachments': async ({ params, query }, { caller, request, reply }) => {
      const draft = await ownDraft(caller, params.draft)
      const limit = resolve('attachments.maxMegabytes', await settingsOf(caller)).value
      const most = limit === 0 ? MICROSOFT_MAX : Math.min(limit * MEGABYTE, MICROSOFT_MAX)
      if (!isStream(request.body))
        throw new Refusal(
          'bad-input',
          'Send the bytes of the file as the body, with content-type application/octet-stream.',
        )
      const kept = await files.write(request.body, most).catch((error: unknown) => {
        // What is left of the file is not read: the connection is of no use any more.
        reply.header('connection', 'close')
        if (error instanceof TooLarge)
          throw new Refusal(
            'too-large',
            `"${query.name}" is larger than ${most / MEGABYTE} MB, the maximum attachment size. It was not attached; share it by a link instead.`,
          )
        throw error
      })
      const id = env.newId()
      const [row] = await database.query<FileColumns>(
        `insert into draft_files (id, draft, name, content_type, size, inline, content_id, stored_as, created_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id, draft, name, content_type, size, inline, content_id`,
        [
          id,
          draft.id,
          query.name,
          query.type,
          kept.size,
          query.inline === true,
          `${id}@syncline`,
          kept.name,
          new Date(env.now()),
        ],
      )
      await touched(draft)
      if (row === undefined) throw notFound('draft')
      return fileView(row)
    },
    'DELETE /api/mail/drafts/:draft/attachments/:attachment': async ({ params }, { caller }) => {
      const draft = await ownDraft(caller, params.draft)
      const gone = await database.query<{ stored_as: string }>(
        'delete from draft_files where id = $1 and draft = $2 returning stored_as',
        [params.attachment, draft.id],
      )
      if (gone.length === 0) throw notFound('attachment')
      await touched(draft)
      return null
    },
    'POST /api/mail/drafts/:draft/send': async ({ params, body }, { caller }) => {
      const again = await outgoingViews(database, caller, { id: params.draft })
      const [known] = again
      // Pressed twice, or the answer to the first was lost: it is the same mail.
      if (known !== undefined && known.state !== 'cancelled') return known
      const draft = await ownDraft(caller, params.draft)
      const { mail } = draft
      if (mail.to.length + mail.cc.length + mail.bcc.length === 0)
        throw new Refusal('refused', 'It has no recipient. Add one; nothing was sent.')
      await mailboxFor(caller, draft.mailbox)
      const now = env.now()
      const sendAt = body.at === undefined ? now : Math.max(now, Date.parse(body.at))
      const handedOver = await database.transaction(async (sql) => {
        const taken = await sql.query<{ item: ItemId | null }>(
          `update mail_drafts set state = 'sending', next_at = null where id = $1 and version = $2 and state = 'open' returning item`,
          [draft.id, body.version],
        )
        const [row] = taken
        if (row === undefined) return false
        await sql.query(`delete from outgoing_mail where id = $1 and state = 'cancelled'`, [draft.id])
        await enqueueMail(sql, {
          id: draft.id,
          mailbox: asId(draft.mailbox),
          author: asId(caller.user),
          mail,
          sendAt,
          state: row.item === null ? 'waiting' : 'drafted',
          item: row.item,
          reason: null,
          attempts: 0,
          nextAt: sendAt,
          createdAt: now,
          sentAt: null,
        })
        return true
      })
      if (!handedOver) {
        const [first] = await outgoingViews(database, caller, { id: draft.id })
        if (first !== undefined && first.state !== 'cancelled') return first
        throw new Refusal(
          'changed-meanwhile',
          'This draft was changed since you looked. Nothing was sent. Look at it again, then send it.',
          { version: draft.version },
        )
      }
      if (sendAt <= now) await parts.sync.mail(asId(draft.mailbox))
      const [sent] = await outgoingViews(database, caller, { id: draft.id })
      if (sent === undefined) throw notFound('mail')
      return sent
    },
  }

  async function insert(
    caller: Caller,
    mailbox: MailboxAccess,
    mail: OutgoingMail,
    about: { readonly answers: string | null; readonly record: string | null; readonly item: ItemId | null },
  ): Promise<string> {
    const id = env.newId()
    const now = new Date(env.now())
    await database.query(
      `insert into mail_drafts (id, mailbox, author, mail, answers_record, record, version, item, state, next_at, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, 1, $7, 'open', $8, $9, $9)`,
      // Nothing was written yet, so the mailbox need not have it before the first save.
      [id, mailbox.id, caller.user, toJson(mail), about.answers, about.record, about.item, null, now],
    )
    return id
  }

  /** A draft that was begun in Outlook: the same one, from now on written here too. */
  async function editOutlooks(
    caller: Caller,
    mailbox: MailboxAccess,
    message: string,
    found: Awaited<ReturnType<typeof recordById>> | null,
  ): Promise<DraftView> {
    const [known] = await database.query<{ id: string }>(
      `select id from mail_drafts where (record = $1 or id = (select facts ->> 'marker' from records where id = $1)) and author = $2 and state = 'open'`,
      [message, caller.user],
    )
    if (known !== undefined) return view(caller, known.id)
    const draft = found === null ? null : messageFields(found.record)
    if (
      found === null ||
      found.item === null ||
      draft === null ||
      !draft.isDraft ||
      found.mailbox !== mailbox.id
    )
      throw new Refusal(
        'not-now',
        'This message is no draft of this mailbox, so it cannot be written on. Nothing was changed.',
      )
    const id = await insert(
      caller,
      mailbox,
      {
        subject: draft.subject,
        body: draft.body ? cleanWritten(draft.body) : { type: 'html', content: '' },
        to: draft.to,
        cc: draft.cc,
        bcc: draft.bcc,
        importance: draft.importance,
        answers: null,
        fromDraft: true,
      },
      { answers: null, record: message, item: found.item },
    )
    return view(caller, id)
  }

  /** From another mailbox it is a new message there; the draft in the first one is taken out. */
  async function moveTo(caller: Caller, draft: DraftColumns, mailbox: string): Promise<void> {
    await mailboxFor(caller, mailbox)
    if (draft.item === null) return
    await database.transaction(async (sql) => {
      await sql.query(
        `insert into mail_drafts (id, mailbox, author, mail, version, item, state, next_at, created_at, updated_at)
          values ($1, $2, $3, $4, 1, $5, 'discarded', $6, $6, $6)`,
        [env.newId(), draft.mailbox, caller.user, toJson(draft.mail), draft.item, new Date(env.now())],
      )
      await sql.query('update mail_drafts set item = null, etag = null, record = null where id = $1', [
        draft.id,
      ])
    })
    await parts.sync.mail(asId(draft.mailbox))
  }
}

const isStream = (value: unknown): value is Readable =>
  typeof value === 'object' && value !== null && 'pipe' in value && typeof value.pipe === 'function'
