/** The address that upload sessions of events and messages point at. It needs no token: the address is the proof. */
import { attachmentId, type AttachmentHost } from './attachments.ts'
import { errorBody, GraphError } from './errors.ts'
import type { Incoming, Outgoing } from './http.ts'
import type { Attachment } from './item-parts.ts'
import type { Mailbox, Store } from './state.ts'
import { closeUpload, findUpload, receive, renderProgress, type Upload } from './uploads.ts'

/** Finds the item that an upload belongs to; undefined when it is gone. */
export type HostOf = (mailbox: Mailbox, key: string) => AttachmentHost | undefined

export class UploadDoor {
  readonly #store: Store
  readonly #hosts: Readonly<Partial<Record<Upload['plan']['kind'], HostOf>>>

  constructor(store: Store, hosts: Readonly<Partial<Record<Upload['plan']['kind'], HostOf>>>) {
    this.#store = store
    this.#hosts = hosts
  }

  handle(incoming: Incoming): Outgoing {
    try {
      const upload = findUpload(this.#store, incoming.target.split('?')[0]?.split('/')[2] ?? '')
      if (incoming.method === 'DELETE') {
        closeUpload(this.#store, upload)
        return { status: 204, headers: {}, body: null }
      }
      if (incoming.method === 'GET') return json(200, renderProgress(upload))
      if (incoming.method !== 'PUT')
        throw new GraphError(405, 'ErrorInvalidRequest', 'An upload takes PUT, GET and DELETE.')
      const { body } = incoming
      const bytes = body === null ? new Uint8Array() : typeof body === 'string' ? Buffer.from(body) : body
      const content = receive(this.#store, upload, incoming.header('content-range'), bytes)
      return content === null ? json(200, renderProgress(upload)) : this.#finish(incoming, upload, content)
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      return {
        status: error.status,
        headers: { 'content-type': 'application/json' },
        body: errorBody(error, this.#store.now(), '', ''),
      }
    }
  }

  #finish(incoming: Incoming, upload: Upload, content: string): Outgoing {
    const { plan } = upload
    const mailbox = this.#store.data.mailboxes.get(plan.mailbox)
    const host = mailbox === undefined ? undefined : this.#hosts[plan.kind]?.(mailbox, plan.parent)
    if (mailbox === undefined || host === undefined)
      throw new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.')
    const attachment: Attachment = {
      key: this.#store.key(),
      type: '#microsoft.graph.fileAttachment',
      name: plan.name,
      contentType: plan.contentType,
      size: plan.size,
      isInline: plan.isInline,
      contentId: plan.contentId,
      modified: this.#store.now(),
      contentBytes: content,
      item: null,
    }
    host.put([...host.list, attachment])
    const location = `${incoming.origin}/v1.0/users/${plan.mailbox}/${plan.kind}s/attachments/${attachmentId(mailbox, host.key, attachment)}`
    return { status: 201, headers: { location }, body: null }
  }
}

function json(status: number, body: Record<string, unknown>): Outgoing {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
