import { z } from 'zod'
import { ACTING, flag, id, instant, listOf, nothing, paging, route, version } from './contract.ts'
import { body, emailAddress } from './item-schemas.ts'
import { importance, mailPerson } from './mail.ts'

/**
 * Composing and sending. A draft is kept here with each save and lies in the mailbox's own Drafts a moment later; sending
 * moves it to the outgoing mail, which says until the end what became of it.
 */
export const RECIPIENTS_PER_MAIL_MAX = 500

const recipient = z.strictObject({
  email: emailAddress,
  name: z.string().trim().max(255).default(''),
})
const recipients = z.array(recipient).max(RECIPIENTS_PER_MAIL_MAX)

export const draftFile = z.object({
  id,
  name: z.string(),
  size: z.number().int(),
  contentType: z.string(),
  inline: z.boolean(),
  contentId: z.string(),
})

export const draftView = z.object({
  id,
  mailbox: id,
  version,
  subject: z.string(),
  body: body.describe('HTML is cleaned when it is saved'),
  to: z.array(mailPerson),
  cc: z.array(mailPerson),
  bcc: z.array(mailPerson),
  importance,
  /** What it answers or forwards. */
  answers: z.object({ message: id, how: z.enum(['reply', 'replyAll', 'forward']) }).nullable(),
  attachments: z.array(draftFile),
  /** Files of the forwarded message, which Microsoft puts into the draft. */
  forwards: z.array(z.object({ name: z.string(), size: z.number().int() })),
  updatedAt: instant,
  /** Whether the mailbox's Drafts has this version. */
  sync: z.object({
    state: z.enum(['waiting', 'fine', 'trouble']),
    detail: z.string().nullable(),
  }),
})

export const outgoingView = z.object({
  id,
  mailbox: id,
  from: z.string(),
  subject: z.string(),
  to: z.array(mailPerson),
  cc: z.array(mailPerson),
  bcc: z.array(mailPerson),
  attachments: z.number().int(),
  /** `waiting` until `sendAt`; `sending` while it is on its way; `unknown`: nobody can say whether it was sent. */
  state: z.enum(['waiting', 'sending', 'sent', 'failed', 'unknown', 'cancelled']),
  /** Why it was not sent, or why nobody can say; null when all is well. */
  reason: z.string().nullable(),
  sendAt: instant,
  createdAt: instant,
  sentAt: instant.nullable(),
  attempts: z.number().int(),
  nextAt: instant.nullable().describe('when it is tried or looked up again'),
  /** The sent message, once it arrived here. */
  message: id.nullable(),
  author: z.object({ id, name: z.string() }).nullable(),
  /** What a person can do now. */
  can: z.array(z.enum(['cancel', 'look-again', 'send-again', 'give-up', 'edit'])),
})

const draftParams = z.object({ draft: id })
const mailParams = z.object({ mail: id })

export const mailComposeApi = {
  'GET /api/mail/compose': route({
    summary: 'What composing needs: the addresses that I may send from with their signatures, and limits.',
    access: ACTING,
    answer: z.object({
      from: z.array(
        z.object({
          mailbox: id,
          address: z.string(),
          name: z.string(),
          kind: z.enum(['user', 'shared']),
          signature: z.string().describe('safe HTML'),
        }),
      ),
      appendSignature: z.boolean(),
      autocompleteMinimum: z.number().int(),
      /** Bytes; null: no limit but Microsoft's 150 MB. */
      maxAttachmentBytes: z.number().int().nullable(),
      defaultReply: z.enum(['reply', 'reply-all']),
    }),
  }),
  'GET /api/mail/recipients': route({
    summary: 'People of the CRM and past correspondents whose name or address fits, the likeliest first.',
    access: ACTING,
    query: z.object({ q: z.string().max(100).default('') }),
    answer: z.object({
      items: z.array(
        mailPerson.extend({
          kind: z.enum(['contact', 'lead', 'account', 'user', 'correspondent']),
          id: id.nullable(),
        }),
      ),
    }),
  }),
  'GET /api/mail/drafts': route({
    summary: 'My drafts, the last changed first. Those made in Outlook are messages in Drafts.',
    access: ACTING,
    query: paging('-updatedAt'),
    answer: listOf(draftView),
  }),
  'POST /api/mail/drafts': route({
    summary:
      'Begin a draft: empty, as an answer to a message with the quote and recipients filled in, or from a draft made in Outlook.',
    access: ACTING,
    body: z.strictObject({
      mailbox: id.exactOptional().describe('left out: the mailbox of what is answered, or my first'),
      answers: z.strictObject({ message: id, how: z.enum(['reply', 'replyAll', 'forward']) }).exactOptional(),
      edit: id.exactOptional().describe('a message that is a draft: go on writing it'),
      to: recipients.exactOptional(),
      subject: z.string().max(1_000).exactOptional(),
      body: body.exactOptional(),
    }),
    answer: draftView,
    status: 201,
  }),
  'GET /api/mail/drafts/:draft': route({
    summary: 'A draft of mine.',
    access: ACTING,
    params: draftParams,
    answer: draftView,
  }),
  'PATCH /api/mail/drafts/:draft': route({
    summary: 'Save a draft. What is left out stays.',
    access: ACTING,
    params: draftParams,
    body: z.strictObject({
      version,
      change: z.strictObject({
        mailbox: id.exactOptional(),
        subject: z.string().max(1_000).exactOptional(),
        body: body.exactOptional(),
        to: recipients.exactOptional(),
        cc: recipients.exactOptional(),
        bcc: recipients.exactOptional(),
        importance: importance.exactOptional(),
      }),
    }),
    answer: draftView,
  }),
  'DELETE /api/mail/drafts/:draft': route({
    summary: 'Discard a draft, here and in the mailbox.',
    access: ACTING,
    params: draftParams,
    answer: nothing,
    status: 204,
  }),
  'POST /api/mail/drafts/:draft/attachments': route({
    summary:
      'Attach a file: its bytes are the body (`content-type: application/octet-stream`), its name and type are in the query.',
    access: ACTING,
    params: draftParams,
    query: z.object({
      name: z.string().trim().min(1).max(255),
      type: z.string().max(255).default('application/octet-stream'),
      inline: flag.optional().describe('a picture inside of the text, which names it as `cid:<contentId>`'),
    }),
    answer: draftFile,
    status: 201,
  }),
  'DELETE /api/mail/drafts/:draft/attachments/:attachment': route({
    summary: 'Take a file off a draft.',
    access: ACTING,
    params: draftParams.extend({ attachment: id }),
    answer: nothing,
    status: 204,
  }),
  'POST /api/mail/drafts/:draft/send': route({
    summary: 'Send a draft, now or at a time. Pressing twice sends once.',
    access: ACTING,
    params: draftParams,
    body: z.strictObject({ version, at: instant.exactOptional() }),
    answer: outgoingView,
    status: 202,
  }),
  'GET /api/mail/outgoing': route({
    summary: 'What I sent from here or is to be sent: waiting, failed and unknown first.',
    access: ACTING,
    query: paging('-createdAt', 'sendAt').extend({
      state: z.enum(['waiting', 'sending', 'sent', 'failed', 'unknown', 'cancelled']).optional(),
    }),
    answer: listOf(outgoingView).extend({
      attention: z.number().int().describe('failed and unknown ones'),
    }),
  }),
  'POST /api/mail/outgoing/:mail/cancel': route({
    summary: 'Take back mail that is not handed to Microsoft yet: it becomes a draft again.',
    access: ACTING,
    params: mailParams,
    answer: draftView,
  }),
  'POST /api/mail/outgoing/:mail/look-again': route({
    summary: 'Look in the mailbox once more whether mail of unknown outcome was sent.',
    access: ACTING,
    params: mailParams,
    answer: outgoingView,
    status: 202,
  }),
  'POST /api/mail/outgoing/:mail/send-again': route({
    summary:
      'Send mail again that failed, or whose outcome nobody knows. Of the latter the recipients may get it twice: `evenTwice` says that one knows.',
    access: ACTING,
    params: mailParams,
    body: z.strictObject({ evenTwice: z.boolean().default(false) }),
    answer: outgoingView,
    status: 202,
  }),
  'POST /api/mail/outgoing/:mail/give-up': route({
    summary: 'Leave it at that: it is no longer shown as something to look after.',
    access: ACTING,
    params: mailParams,
    answer: outgoingView,
  }),
} as const
