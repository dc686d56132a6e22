import type { Readable } from 'node:stream'
import type { mailApi } from './api/mail.ts'
import { requireReadable } from './mail-access.ts'
import { FileAnswer, type Call, type HandlersOf } from './mount.ts'
import type { Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'

/** Attachments and pictures of messages, as streams. */
type Routes = Pick<
  typeof mailApi,
  'GET /api/mail/messages/:message/attachments/:attachment' | 'GET /api/mail/messages/:message/inline'
>

interface Row {
  readonly id: string
  readonly name: string
  readonly content_type: string
  readonly kind: 'file' | 'item' | 'reference'
}

/** What a browser may show by itself; everything else is only saved. SVG can carry scripts and is not among them. */
const SHOWN = /^image\/(png|gif|jpe?g|webp|bmp|avif)$/i
const TYPE = /^[\w.+-]+\/[\w.+-]+$/

export function mailAttachmentHandlers(parts: Parts): HandlersOf<Routes> {
  const { database } = parts

  async function send(row: Row, show: boolean, { reply }: Call): Promise<FileAnswer> {
    const stream = await contentOf(row)
    const type = TYPE.test(row.content_type) ? row.content_type : 'application/octet-stream'
    const shown = show && SHOWN.test(type)
    // Whatever it is, it runs nothing: not even when it is opened by its address.
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cache-control', 'private, max-age=3600')
    if (shown) return new FileAnswer(type, null, stream)
    reply.header('content-disposition', disposition(row.name))
    return new FileAnswer(SHOWN.test(type) ? type : 'application/octet-stream', null, stream)
  }
  async function contentOf(row: Row): Promise<Readable> {
    if (row.kind === 'reference')
      throw new Refusal(
        'not-now',
        'This is a link to a file in the cloud. Open the message in Outlook to get it.',
      )
    const stream = await parts.mailContent.open(row.id)
    if (stream !== null) return stream
    throw new Refusal(
      'not-now',
      'This attachment is neither here nor at Microsoft any more, or the mailbox is not connected.',
    )
  }

  return {
    'GET /api/mail/messages/:message/attachments/:attachment': async ({ params, query }, call) => {
      const { record } = await requireReadable(database, call.caller, params.message)
      const [row] = await database.query<Row>(
        'select id, name, content_type, kind from attachments where id = $1 and record = $2',
        [params.attachment, record],
      )
      if (row === undefined) throw notFound('attachment')
      return send(row, query.inline === true, call)
    },
    'GET /api/mail/messages/:message/inline': async ({ params, query }, call) => {
      const { record } = await requireReadable(database, call.caller, params.message)
      await parts.mailContent.list(record)
      const [row] = await database.query<Row>(
        `select id, name, content_type, kind from attachments
          where record = $1 and trim(both '<>' from content_id) = trim(both '<>' from $2) order by position limit 1`,
        [record, query.cid],
      )
      if (row === undefined) throw notFound('picture')
      return send(row, true, call)
    },
  }
}

/** RFC 6266: a plain name for the old, the whole name for the others. */
function disposition(name: string): string {
  const clean = name.replace(/[\u0000-\u001f\u007f"\\/]/g, '_').slice(0, 200) || 'attachment'
  const encoded = encodeURIComponent(clean).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${clean.replace(/[^\x20-\x7e]/g, '_')}"; filename*=UTF-8''${encoded}`
}
