/** Larger attachments of tasks: sessions on Graph's own host. Source: "taskFileAttachment: createUploadSession". */
import type { Answer, Call } from './call.ts'
import { instantText } from './clock.ts'
import { itemNotFound, todoInvalid } from './errors.ts'
import { isObject, text, whole } from './item-parts.ts'
import { jsonAnswer, noContent } from './odata.ts'
import { TASKS_READ, TASKS_WRITE } from './permissions.ts'
import type { Route } from './router.ts'
import type { TaskRow } from './todo-model.ts'
import { renderTaskAttachment } from './todo-render.ts'
import { touchTask } from './todo-write.ts'
import { closeUpload, findUpload, openUpload, receive, type Upload } from './uploads.ts'

const SESSION_BYTES_MAX = 25 * 1024 * 1024

/** Routes below one task; `task` finds it from the path. */
export function taskUploadRoutes(path: string, task: (call: Call) => TaskRow): Route[] {
  const session = (call: Call): Upload => {
    const upload = findUpload(call.store, call.id(2))
    if (
      upload.plan.kind !== 'todoTask' ||
      upload.plan.parent !== task(call).key ||
      upload.plan.mailbox !== call.mailbox.person.id
    )
      throw itemNotFound()
    return upload
  }
  const progress = (call: Call, upload: Upload): Answer =>
    jsonAnswer(200, {
      '@odata.context': call.context('attachmentSessions/$entity'),
      id: upload.token,
      expirationDateTime: instantText(upload.expires),
      nextExpectedRanges: [`${upload.received}-`],
    })
  const one = `${path}/attachmentSessions/{session}`
  return [
    {
      method: 'POST',
      path: `${path}/attachments/createUploadSession`,
      permissions: TASKS_WRITE,
      query: [],
      handle: (call) => {
        const row = task(call)
        const info = call.json()['attachmentInfo']
        if (!isObject(info)) throw todoInvalid()
        const name = text(info, 'name')
        const size = whole(info, 'size')
        if (typeof name !== 'string' || typeof size !== 'number' || size <= 0 || size > SESSION_BYTES_MAX)
          throw todoInvalid()
        const upload = openUpload(call.store, {
          kind: 'todoTask',
          mailbox: call.mailbox.person.id,
          parent: row.key,
          name,
          size,
          contentType: text(info, 'contentType') ?? 'application/octet-stream',
          isInline: false,
          contentId: null,
        })
        const base =
          call.incoming.target.split('?')[0]?.replace(/\/attachments\/createUploadSession.*$/i, '') ?? ''
        return jsonAnswer(200, {
          '@odata.context': `${call.root}/$metadata#microsoft.graph.uploadSession`,
          uploadUrl: `${call.incoming.origin}${base}/attachmentSessions/${upload.token}`,
          expirationDateTime: instantText(upload.expires),
          nextExpectedRanges: ['0-'],
        })
      },
    },
    {
      method: 'GET',
      path: one,
      permissions: TASKS_READ,
      query: ['$expand', '$select'],
      handle: (call) => progress(call, session(call)),
    },
    {
      method: 'DELETE',
      path: one,
      permissions: TASKS_WRITE,
      query: [],
      handle: (call) => {
        closeUpload(call.store, session(call))
        return noContent
      },
    },
    {
      method: 'PUT',
      path: `${one}/content`,
      permissions: TASKS_WRITE,
      query: [],
      handle: (call) => {
        const upload = session(call)
        const row = task(call)
        const { body } = call.incoming
        const bytes = body === null ? new Uint8Array() : typeof body === 'string' ? Buffer.from(body) : body
        const content = receive(call.store, upload, call.incoming.header('content-range'), bytes)
        if (content === null) return progress(call, upload)
        const { plan } = upload
        const attachment = {
          key: call.store.key(),
          name: plan.name,
          contentType: plan.contentType,
          size: plan.size,
          modified: call.store.now(),
          contentBytes: content,
        }
        touchTask(call.office, call.mailbox, row, { attachments: [...row.attachments, attachment] })
        return jsonAnswer(201, renderTaskAttachment(call.mailbox, row, attachment, false))
      },
    },
  ]
}
