/** Mail that somebody outside of the tenant sends to a mailbox in it: with any headers, as the internet brings it. */
import { textToHtml, type Recipient } from './item-parts.ts'
import { storedBody, type Header, type MessageRow } from './mail-model.ts'
import { deliverTo, recipientOf } from './mail-post.ts'
import { makeMessage, wellKnown } from './mail-store.ts'
import type { Mailbox, Store } from './state.ts'

export interface OutsideMail {
  readonly from: string
  readonly fromName?: string
  readonly subject: string
  readonly text?: string
  readonly html?: string
  /** Left out: to the mailbox. */
  readonly to?: readonly string[]
  readonly cc?: readonly string[]
  readonly headers?: readonly Header[]
  /** Internet message ids of the thread, the answered one last. */
  readonly references?: readonly string[]
  readonly messageId?: string
}

const recipient = (address: string): Recipient => ({ emailAddress: { name: address, address } })

export function deliverOutsideMail(store: Store, mailbox: Mailbox, mail: OutsideMail): MessageRow {
  const from: Recipient = { emailAddress: { name: mail.fromName ?? mail.from, address: mail.from } }
  const answered = mail.references?.at(-1)
  const row = makeMessage(store, mailbox, wellKnown(mailbox, 'inbox').key, {
    subject: mail.subject,
    ...storedBody(
      { contentType: 'html', content: mail.html ?? textToHtml(mail.text ?? `About ${mail.subject}`) },
      store.switches,
    ),
    from,
    sender: from,
    toRecipients: mail.to?.map(recipient) ?? [recipientOf(mailbox)],
    ccRecipients: mail.cc?.map(recipient) ?? [],
    headers: [
      ...(answered === undefined
        ? []
        : [
            { name: 'In-Reply-To', value: answered },
            { name: 'References', value: (mail.references ?? []).join(' ') },
          ]),
      ...(mail.headers ?? []),
    ],
    ...(mail.messageId !== undefined && { internetMessageId: mail.messageId }),
  })
  return deliverTo(store, mailbox, row)
}
