/**
 * Attachments of messages: what there is, for many messages in few journeys, and the bytes of one as they arrive.
 * Sources: "List attachments", "Get attachment" ($value), "attachment resource type".
 */
import type { ItemId } from '../../core/ids.ts'
import {
  ConnectorError,
  type AttachmentInfo,
  type ListedAttachments,
  type MailAttachments,
} from '../connector.ts'
import { failureOf, isObject, isSuccess, type Answer, type JsonObject } from './answers.ts'
import type { GraphClient } from './client.ts'
import { messagePath } from './mail.ts'
import { listOf, textOf } from './wire.ts'

const SELECT = 'id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId'
/** A message with more than these is shown with the first of them. */
const ATTACHMENTS_MAX = 200
const NAME_LENGTH_MAX = 255

export const mailAttachments = (client: GraphClient): MailAttachments => ({
  list: async (messages, signal) => {
    const answers = await client.batch(
      messages.map((id) => ({
        method: 'GET' as const,
        path: `${messagePath(id)}/attachments?$select=${SELECT}&$top=${ATTACHMENTS_MAX}`,
      })),
      signal,
    )
    return messages.map((message, at) => listed(message, answers[at]))
  },
  open: (message, attachment, signal) =>
    client.download(`${messagePath(message)}/attachments/${encodeURIComponent(attachment)}/$value`, signal),
})

function listed(message: ItemId, answer: Answer | undefined): ListedAttachments {
  if (answer === undefined) return { message, outcome: 'unreadable', reason: 'Microsoft gave no answer.' }
  if (answer.kind !== 'answered') throw new ConnectorError(answer.failure)
  if (answer.status === 404 || answer.status === 410) return { message, outcome: 'gone' }
  if (!isSuccess(answer) || !isObject(answer.body)) {
    const failure = failureOf(answer)
    if (failure.kind !== 'rejected') throw new ConnectorError(failure)
    return { message, outcome: 'unreadable', reason: failure.message }
  }
  const attachments = listOf(answer.body, 'value').flatMap((raw) =>
    isObject(raw) ? (infoOf(raw) ?? []) : [],
  )
  return { message, outcome: 'listed', attachments: attachments.slice(0, ATTACHMENTS_MAX) }
}

function infoOf(raw: JsonObject): AttachmentInfo | null {
  const id = textOf(raw, 'id')
  if (id === null) return null
  const type = (textOf(raw, '@odata.type') ?? '').toLowerCase()
  const kind = type.endsWith('itemattachment')
    ? 'item'
    : type.endsWith('referenceattachment')
      ? 'reference'
      : 'file'
  const name = (textOf(raw, 'name') ?? '').slice(0, NAME_LENGTH_MAX)
  const size = Number(raw['size'] ?? 0)
  return {
    id,
    kind,
    name: kind === 'item' ? `${name === '' ? 'Message' : name}.eml` : name === '' ? 'Attachment' : name,
    contentType:
      kind === 'item'
        ? 'message/rfc822'
        : (textOf(raw, 'contentType') ?? 'application/octet-stream').toLowerCase(),
    size: Number.isSafeInteger(size) && size > 0 ? size : 0,
    inline: raw['isInline'] === true,
    contentId: (textOf(raw, 'contentId') ?? '').replace(/^<|>$/g, '') || null,
  }
}
