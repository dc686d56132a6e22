import { z } from 'zod'
import { ACTING, EVERYONE, flag, id, instant, listOf, paging, plainDate, route, version } from './contract.ts'
import { syncMark } from './item-schemas.ts'
import { progress } from './mailboxes.ts'

/**
 * Reading mail: folders, lists, search, threads, messages with their attachments, and what a person does with them.
 * One reads the mail of one's own mailboxes, of the system mailboxes that one is allowed to, and public messages of
 * records that one may see. Composing and sending are in `mail-compose.ts`.
 */
export const mailPerson = z.object({ email: z.string(), name: z.string() })
export const importance = z.enum(['low', 'normal', 'high'])

export const mailFolder = z.object({
  id,
  /** Where its messages lie in the CRM: what `folder` means in lists and changes. */
  folder: id,
  name: z.string(),
  parent: id.nullable().describe('the id of the folder that it lies in'),
  /** `inbox`, `sentitems`, `drafts`, `archive`, `deleteditems`, `junkemail`, `outbox`, or null. */
  wellKnown: z.string().nullable(),
  /** Whether it is kept in step; of others only Microsoft's counts are known. */
  syncs: z.boolean(),
  canWrite: z.boolean(),
  /** Of a folder in step: what is here. Of others: as Microsoft counted when folders were last read. */
  unread: z.number().int(),
  total: z.number().int(),
  /** Microsoft's own count, when folders were last read; null when never. */
  totalAtMicrosoft: z.number().int().nullable(),
  trouble: z.string().nullable(),
})

export const indexing = z.object({
  /** Messages whose text can be found, and how many there are: the difference is indexed in the background. */
  done: z.number().int(),
  total: z.number().int(),
})

export const mailMailbox = z.object({
  id,
  address: z.string(),
  name: z.string(),
  kind: z.enum(['user', 'shared']),
  /** `system`: read by those who are allowed to, see system mailboxes. */
  role: z.enum(['own', 'system']),
  label: z.string(),
  canSend: z.boolean(),
  state: z.enum(['connected', 'needs-person', 'disconnected']),
  enabled: z.boolean().describe('whether its mail is kept in step'),
  firstSyncDone: z.boolean(),
  progress: progress.nullable(),
  provenAt: instant.nullable(),
  indexing,
  /** Parents before their children; the inbox first. */
  folders: z.array(mailFolder),
})

export const attachmentView = z.object({
  id,
  name: z.string(),
  size: z.number().int().describe('bytes'),
  contentType: z.string(),
  /** `item`: a message, event or contact inside of the message; `reference`: a link to a file in the cloud. */
  kind: z.enum(['file', 'item', 'reference']),
  /** Shown inside of the text. */
  inline: z.boolean(),
  contentId: z.string().nullable(),
  /** `stored`: here. `remote`: fetched from Microsoft when it is opened. `removed`: taken away to save room, and still at Microsoft. `elsewhere`: cannot be downloaded here. */
  state: z.enum(['stored', 'remote', 'removed', 'elsewhere']),
  /** A picture that may be shown as a thumbnail. */
  preview: z.boolean(),
})

export const mailRow = z.object({
  id,
  mailbox: id.nullable(),
  folder: id,
  subject: z.string(),
  from: mailPerson.nullable(),
  to: z.array(mailPerson).describe('the first ten'),
  recipients: z.number().int().describe('how many there are in all'),
  /** The beginning of the text; empty until it was indexed. */
  preview: z.string(),
  at: instant.nullable(),
  read: z.boolean(),
  flag: z.enum(['notFlagged', 'flagged', 'complete']),
  categories: z.array(z.string()),
  importance,
  isDraft: z.boolean(),
  hasAttachments: z.boolean(),
  /** Messages of the conversation in the listed folders, and how many of them are unread; 1 when it is not threaded. */
  thread: z.object({ count: z.number().int(), unread: z.number().int() }),
  visibility: z.enum(['public', 'private']),
  version,
})

export const relatedRecord = z.object({
  kind: z.string(),
  id,
  title: z.string(),
  how: z.enum(['address', 'domain', 'thread', 'hand', 'conversion']),
})

export const messageView = mailRow.omit({ thread: true, to: true, recipients: true }).extend({
  to: z.array(mailPerson),
  cc: z.array(mailPerson),
  bcc: z.array(mailPerson),
  sentAt: instant.nullable(),
  receivedAt: instant.nullable(),
  /** The text alone, for programs, quotes and screens that cannot frame; never HTML. */
  text: z.string(),
  /** Where the safe HTML is. Show it in a frame with `sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"`: no script runs in it. */
  content: z.string(),
  /** Pictures of other servers in it that are blocked unless asked for; loading them tells the sender that it was read. */
  remoteImages: z.number().int(),
  /** It was too long and was cut for showing. */
  shortened: z.boolean(),
  /** What tells who sent it and how: `list-id`, `auto-submitted`, `in-reply-to` and the like. */
  headers: z.record(z.string(), z.string()),
  messageId: z.string().nullable(),
  attachments: z.array(attachmentView),
  /** `false` while the names of its attachments are still to be fetched. */
  attachmentsKnown: z.boolean(),
  related: z.array(relatedRecord),
  /** The draft of the CRM that this one is, to go on writing. */
  draft: id.nullable(),
  mine: z.boolean().describe('in a mailbox of mine: it may be changed'),
  deletedAt: instant.nullable(),
  sync: syncMark,
})

const messageParams = z.object({ message: id })
export const MESSAGES_AT_ONCE_MAX = 1_000
const ids = z.array(id).min(1).max(MESSAGES_AT_ONCE_MAX)

/** How it went, one by one: the others were changed. */
export const changedView = z.object({
  changed: z.array(id),
  refused: z.array(z.object({ id, problem: z.string() })),
})

export const mailApi = {
  'GET /api/mail/folders': route({
    summary:
      'The folders of my mailboxes and of the system mailboxes that I may read, with what is unread in each.',
    access: EVERYONE,
    answer: z.object({
      mailboxes: z.array(mailMailbox),
      /** Whether lists show conversations, by the setting in force for me. */
      threaded: z.boolean(),
      defaultReply: z.enum(['reply', 'reply-all']),
      previewLimit: z.number().int().describe('thumbnails of attachments that a message shows'),
      recentInUserBar: z.boolean(),
    }),
  }),
  'GET /api/mail/messages': route({
    summary:
      'Messages, newest first, or the best hits of a search first. Without a folder: all folders in step but deleted, junk and drafts.',
    access: EVERYONE,
    query: paging('-date', 'subject', 'from', 'rank').extend({
      mailbox: id.optional(),
      folder: id.optional().describe('`folder` of the tree'),
      place: z
        .enum(['inbox', 'sentitems', 'drafts', 'archive', 'deleteditems', 'junkemail'])
        .optional()
        .describe('the same folder of every mailbox of mine'),
      unread: flag.optional(),
      flagged: flag.optional(),
      attachments: flag.optional(),
      importance: importance.optional(),
      category: z.string().max(255).optional(),
      person: z.string().max(320).optional().describe('an address among the people of the message'),
      after: plainDate.optional(),
      before: plainDate.optional(),
      threaded: flag.optional().describe('left out: by the setting'),
    }),
    answer: listOf(mailRow).extend({ threaded: z.boolean(), indexing }),
  }),
  'GET /api/mail/messages/:message': route({
    summary: 'One message with everything but its HTML. Reading it here does not mark it as read.',
    access: EVERYONE,
    params: messageParams,
    answer: messageView,
  }),
  'GET /api/mail/messages/:message/thread': route({
    summary:
      'The conversation that a message belongs to, oldest first, by Microsoft’s conversation and by references across mailboxes; of copies of one message only mine.',
    access: EVERYONE,
    params: messageParams,
    answer: z.object({ subject: z.string(), messages: z.array(messageView), more: z.boolean() }),
  }),
  'GET /api/mail/messages/:message/content': route({
    summary:
      'The message as safe HTML for a sandboxed frame: no scripts, no forms, pictures of other servers only with `images=true`.',
    access: EVERYONE,
    params: messageParams,
    query: z.object({
      images: flag.optional(),
      theme: z.enum(['light', 'dark']).optional(),
    }),
    answer: z.string(),
    file: 'text/html',
  }),
  'GET /api/mail/messages/:message/attachments/:attachment': route({
    summary: 'An attachment as a file; fetched from Microsoft when it is not stored here.',
    access: EVERYONE,
    params: messageParams.extend({ attachment: id }),
    query: z.object({ inline: flag.optional().describe('to show a picture instead of saving it') }),
    answer: z.string(),
    file: 'application/octet-stream',
  }),
  'GET /api/mail/messages/:message/inline': route({
    summary: 'A picture inside of the text, by its content id.',
    access: EVERYONE,
    params: messageParams,
    query: z.object({ cid: z.string().min(1).max(500) }),
    answer: z.string(),
    file: 'application/octet-stream',
  }),
  'POST /api/mail/messages/change': route({
    summary:
      'Mark as read or unread, flag, categorize or move messages, one or many; they follow in Microsoft 365. `thread` takes the whole conversations in the same folders.',
    access: ACTING,
    body: z.strictObject({
      ids,
      thread: z.boolean().default(false),
      change: z.strictObject({
        read: z.boolean().exactOptional(),
        flag: z.enum(['notFlagged', 'flagged', 'complete']).exactOptional(),
        addCategories: z.array(z.string().trim().min(1).max(255)).max(25).exactOptional(),
        removeCategories: z.array(z.string().trim().min(1).max(255)).max(25).exactOptional(),
        folder: id.exactOptional(),
      }),
    }),
    answer: changedView,
  }),
  'POST /api/mail/messages/delete': route({
    summary:
      'Move messages to Deleted Items; those that lie there already are deleted and stay in quarantine here.',
    access: ACTING,
    body: z.strictObject({ ids, thread: z.boolean().default(false) }),
    answer: changedView,
  }),
  'POST /api/mail/messages/:message/visibility': route({
    summary:
      'Make a message of mine private, or let the rule decide again (public when an outside party of the CRM is in it).',
    access: ACTING,
    params: messageParams,
    body: z.strictObject({ visibility: z.enum(['private', 'by-rule']) }),
    answer: messageView,
  }),
  'GET /api/mail/unread': route({
    summary: 'How many unread messages my inboxes hold, and the newest messages in them.',
    access: EVERYONE,
    answer: z.object({
      unread: z.number().int(),
      newest: z.array(mailRow),
      /** Whether the setting in force shows them in the user bar. */
      shown: z.boolean(),
    }),
  }),
  'GET /api/mail/categories': route({
    summary: 'Categories that my messages have, the most used first.',
    access: EVERYONE,
    answer: z.object({ items: z.array(z.object({ name: z.string(), count: z.number().int() })) }),
  }),
} as const
