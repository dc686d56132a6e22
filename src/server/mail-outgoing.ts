import { asId } from '../core/ids.ts'
import { SEND_TRIES_MAX } from '../engine/send.ts'
import type { Sql } from '../store/database.ts'
import { enqueueMail, type OutgoingMail, type OutgoingState } from '../store/outgoing.ts'
import type { ApiOutput } from './api/api.ts'
import type { mailComposeApi } from './api/mail-compose.ts'
import { DRAFTS, draftViews, type DraftColumns } from './mail-draft-views.ts'
import type { Caller, HandlersOf } from './mount.ts'
import { orderAndPage, pageOf, type Paging } from './paging.ts'
import { isoOf, isoOrNull, type Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'

/** Mail on its way: what became of it, and what a person can do about it. */
type OutgoingView = ApiOutput<'GET /api/mail/outgoing'>['items'][number]
type Routes = Pick<
  typeof mailComposeApi,
  | 'GET /api/mail/outgoing'
  | 'POST /api/mail/outgoing/:mail/cancel'
  | 'POST /api/mail/outgoing/:mail/look-again'
  | 'POST /api/mail/outgoing/:mail/send-again'
  | 'POST /api/mail/outgoing/:mail/give-up'
>

interface Row {
  readonly id: string
  readonly mailbox: string
  readonly address: string
  readonly author: string | null
  readonly author_name: string | null
  readonly mail: OutgoingMail
  readonly send_at: Date
  readonly state: OutgoingState
  readonly reason: string | null
  readonly attempts: number
  readonly next_at: Date
  readonly created_at: Date
  readonly sent_at: Date | null
  readonly message: string | null
  readonly files: number
}

const SELECT = `select o.*, m.address, u.name as author_name,
    (select l.record from links l where l.mailbox = o.mailbox and l.item = o.item and o.state = 'sent' limit 1) as message,
    (select count(*) from draft_files f where f.draft = o.id) as files
  from outgoing_mail o join mailboxes m on m.id = o.mailbox left join users u on u.id = o.author`

/** Steps that only last while a request is on its way, and what comes before them, are one word to a person. */
const SHOWN: { readonly [S in OutgoingState]: OutgoingView['state'] } = {
  waiting: 'waiting',
  drafting: 'sending',
  drafted: 'waiting',
  sending: 'sending',
  sent: 'sent',
  failed: 'failed',
  unknown: 'unknown',
  cancelled: 'cancelled',
}
const CAN: { readonly [S in OutgoingState]: OutgoingView['can'] } = {
  waiting: ['cancel'],
  drafting: [],
  drafted: ['cancel'],
  sending: [],
  sent: [],
  failed: ['send-again', 'edit', 'give-up'],
  unknown: ['look-again', 'send-again', 'give-up'],
  cancelled: [],
}
const OPEN: ReadonlySet<OutgoingState> = new Set(['waiting', 'drafting', 'drafted', 'sending'])

function viewOf(row: Row): OutgoingView {
  const { mail } = row
  return {
    id: row.id,
    mailbox: row.mailbox,
    from: row.address,
    subject: mail.subject,
    to: [...mail.to],
    cc: [...mail.cc],
    bcc: [...mail.bcc],
    attachments: row.files,
    state: SHOWN[row.state],
    reason: row.reason,
    sendAt: isoOf(row.send_at),
    createdAt: isoOf(row.created_at),
    sentAt: isoOrNull(row.sent_at),
    attempts: row.attempts,
    nextAt: OPEN.has(row.state) ? isoOf(row.next_at) : null,
    message: row.message,
    author: row.author === null ? null : { id: row.author, name: row.author_name ?? '' },
    can: [...CAN[row.state]],
  }
}

export async function outgoingViews(
  sql: Sql,
  caller: Caller,
  { id }: { readonly id: string },
): Promise<OutgoingView[]> {
  return (await sql.query<Row>(`${SELECT} where o.id = $1 and o.author = $2`, [id, caller.user])).map(viewOf)
}

export function mailOutgoingHandlers(parts: Parts): HandlersOf<Routes> {
  const { database, env } = parts

  async function own(caller: Caller, id: string): Promise<Row> {
    const [row] = await database.query<Row>(`${SELECT} where o.id = $1 and o.author = $2`, [id, caller.user])
    if (row === undefined) throw notFound('mail')
    return row
  }
  const refuseUnless = (row: Row, action: OutgoingView['can'][number], why: string): void => {
    if (!CAN[row.state].includes(action)) throw new Refusal('not-now', `${why} Nothing was changed.`)
  }
  /** Only from the state that was looked at: a send that is under way is not interfered with. */
  async function move(
    row: Row,
    state: OutgoingState,
    reason: string | null,
    attempts: number,
  ): Promise<void> {
    const moved = await database.query(
      `update outgoing_mail set state = $3, reason = $4, attempts = $5, next_at = $6 where id = $1 and state = $2 returning 1`,
      [row.id, row.state, state, reason, attempts, new Date(env.now())],
    )
    if (moved.length === 0)
      throw new Refusal('changed-meanwhile', 'It went on meanwhile. Look at it again; nothing was changed.')
  }
  const shown = async (caller: Caller, id: string): Promise<OutgoingView> => viewOf(await own(caller, id))

  return {
    'GET /api/mail/outgoing': async ({ query }, { caller }) => {
      const states = (Object.keys(SHOWN) as OutgoingState[]).filter(
        (state) => query.state === undefined || SHOWN[state] === query.state,
      )
      const [count] = await database.query<{ n: number; attention: number }>(
        `select count(*) filter (where state = any($2)) as n, count(*) filter (where state in ('failed', 'unknown')) as attention
          from outgoing_mail where author = $1`,
        [caller.user, states],
      )
      const columns = { createdAt: 'o.created_at', sendAt: 'o.send_at' }
      const attentionFirst = `(o.state in ('failed', 'unknown')) desc, (o.state in ('waiting', 'drafted', 'drafting', 'sending')) desc`
      const rows = await database.query<Row>(
        `${SELECT} where o.author = $1 and o.state = any($2)${orderAndPage(query as Paging, columns, 'o.id', attentionFirst)}`,
        [caller.user, states],
      )
      return { ...pageOf(rows.map(viewOf), count?.n ?? 0, query), attention: count?.attention ?? 0 }
    },
    'POST /api/mail/outgoing/:mail/cancel': async ({ params }, { caller }) => {
      const row = await own(caller, params.mail)
      if (row.state !== 'failed')
        refuseUnless(row, 'cancel', 'It was handed to Microsoft already and cannot be taken back.')
      await database.transaction(async (sql) => {
        const moved = await sql.query(
          `update outgoing_mail set state = 'cancelled' where id = $1 and state = $2 returning 1`,
          [row.id, row.state],
        )
        if (moved.length === 0)
          throw new Refusal('not-now', 'It is just being sent and cannot be taken back. Nothing was changed.')
        await sql.query(
          `update mail_drafts set state = 'open', updated_at = $2, next_at = $2, attempts = 0, version = version + 1 where id = $1`,
          [row.id, new Date(env.now())],
        )
      })
      const [draft] = await database.query<DraftColumns>(`${DRAFTS} where d.id = $1`, [row.id])
      const [view] = draft === undefined ? [] : await draftViews(database, [draft])
      if (view === undefined) throw notFound('draft')
      return view
    },
    'POST /api/mail/outgoing/:mail/look-again': async ({ params }, { caller }) => {
      const row = await own(caller, params.mail)
      refuseUnless(row, 'look-again', 'Its outcome is known.')
      // The last of the tries: found or not, a person is told.
      await move(row, 'sending', row.reason, SEND_TRIES_MAX - 1)
      await parts.sync.mail(asId(row.mailbox))
      return shown(caller, row.id)
    },
    'POST /api/mail/outgoing/:mail/send-again': async ({ params, body }, { caller }) => {
      const row = await own(caller, params.mail)
      refuseUnless(row, 'send-again', 'It is on its way, or was sent.')
      if (row.state === 'failed') {
        const [{ item } = { item: null }] = await database.query<{ item: string | null }>(
          'select item from outgoing_mail where id = $1',
          [row.id],
        )
        await move(row, item === null ? 'waiting' : 'drafted', null, 0)
        await parts.sync.mail(asId(row.mailbox))
        return shown(caller, row.id)
      }
      if (!body.evenTwice)
        throw new Refusal(
          'not-now',
          'Nobody knows whether it was sent. If it was, its recipients get it twice. Look into Sent Items first; to send it again all the same, confirm that. Nothing was sent.',
        )
      const id = env.newId()
      const now = env.now()
      await database.transaction(async (sql) => {
        const left = await sql.query(
          `update outgoing_mail set state = 'cancelled', reason = 'Its outcome stayed unknown; it was sent again as another mail.' where id = $1 and state = 'unknown' returning 1`,
          [row.id],
        )
        if (left.length === 0)
          throw new Refusal('changed-meanwhile', 'It went on meanwhile. Look again; nothing was sent.')
        await sql.query(
          `insert into draft_files (id, draft, name, content_type, size, inline, content_id, stored_as, created_at)
            select id || '-' || $2, $2, name, content_type, size, inline, content_id, stored_as, created_at from draft_files where draft = $1`,
          [row.id, id],
        )
        await enqueueMail(sql, {
          id,
          mailbox: asId(row.mailbox),
          author: asId(caller.user),
          mail: row.mail,
          sendAt: now,
          state: 'waiting',
          item: null,
          reason: null,
          attempts: 0,
          nextAt: now,
          createdAt: now,
          sentAt: null,
        })
      })
      await parts.sync.mail(asId(row.mailbox))
      return shown(caller, id)
    },
    'POST /api/mail/outgoing/:mail/give-up': async ({ params }, { caller }) => {
      const row = await own(caller, params.mail)
      refuseUnless(row, 'give-up', 'There is nothing to give up.')
      await move(row, 'cancelled', `Left as it is. ${row.reason ?? ''}`.trim(), row.attempts)
      return shown(caller, row.id)
    },
  }
}
