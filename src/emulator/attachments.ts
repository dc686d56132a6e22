/** Attachments as Graph answers them, whatever they hang on. */
import { restId } from './ids.ts'
import type { Attachment, JsonObject } from './item-parts.ts'
import { instantText } from './clock.ts'
import type { Mailbox } from './state.ts'

export function attachmentId(mailbox: Mailbox, parentKey: string, attachment: Attachment): string {
  return restId(mailbox, parentKey, attachment.key)
}

/** With `whole`, file contents and attached items come along. */
export function renderAttachment(
  mailbox: Mailbox,
  parentKey: string,
  attachment: Attachment,
  whole = true,
): JsonObject {
  return {
    '@odata.type': attachment.type,
    '@odata.mediaContentType': attachment.contentType,
    id: attachmentId(mailbox, parentKey, attachment),
    lastModifiedDateTime: instantText(attachment.modified),
    name: attachment.name,
    contentType: attachment.contentType,
    size: attachment.size,
    isInline: attachment.isInline,
    ...(attachment.type === '#microsoft.graph.fileAttachment'
      ? {
          contentId: attachment.contentId,
          contentLocation: null,
          ...(whole ? { contentBytes: attachment.contentBytes } : {}),
        }
      : {}),
  }
}
