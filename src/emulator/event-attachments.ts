/** An event as something that attachments hang on. */
import type { AttachmentHost } from './attachments.ts'
import { storedRow, type Named } from './event-find.ts'
import type { EventRow } from './event-model.ts'
import { changedEvent } from './event-store.ts'
import { updateInstance } from './event-write.ts'
import type { Office } from './office.ts'
import type { Mailbox } from './state.ts'

const NO_CHANGE = { fields: {}, transactionId: null, extended: undefined, extensions: undefined }

/** An attachment to an occurrence makes an exception of it. */
export function eventHost(office: Office, mailbox: Mailbox, named: Named): AttachmentHost {
  const row = storedRow(named)
  return {
    kind: 'event',
    mailbox,
    key: row.key,
    list: row.attachments,
    put: (attachments) => {
      if (named.instance === null) {
        const before: EventRow = { ...row }
        row.attachments = attachments
        changedEvent(office.store, mailbox, row, before)
        return
      }
      const { exception } = updateInstance(office, mailbox, named.instance, NO_CHANGE)
      if (exception !== null) exception.attachments = attachments
    },
  }
}
