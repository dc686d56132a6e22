/** A message as something that attachments hang on. */
import { parseAttachment, type AttachmentHost } from './attachments.ts'
import type { Call } from './call.ts'
import { GraphError } from './errors.ts'
import type { Attachment, JsonObject } from './item-parts.ts'
import type { MessageRow } from './mail-model.ts'
import { updateMessage } from './mail-store.ts'
import type { Mailbox, Store } from './state.ts'

/** "The default message size limit is 35 MB." */
const MESSAGE_BYTES_MAX = 35 * 1024 * 1024

export function messageHost(store: Store, mailbox: Mailbox, row: MessageRow): AttachmentHost {
  return {
    kind: 'message',
    mailbox,
    key: row.key,
    list: row.attachments,
    put: (attachments) => {
      if (attachments.reduce((sum, { size }) => sum + size, 0) > MESSAGE_BYTES_MAX)
        throw new GraphError(
          400,
          'ErrorMessageSizeExceeded',
          'The message exceeds the maximum supported size.',
        )
      updateMessage(store, mailbox, row, { attachments })
    },
  }
}

/** Attachments that come with a message. */
export function readAttachments(call: Call, bodies: readonly JsonObject[] | undefined): Attachment[] {
  return (bodies ?? []).map((body) => parseAttachment(body, call.store.key(), call.store.now()))
}
