import { z } from 'zod'
import { ACTING, ADMINISTRATOR, EVERYONE, id, instant, listOf, nothing, paging, route } from './contract.ts'
import { mailroomEntry } from './system-mailboxes.ts'

/** The review queue, automatic answers with their conditions, and their templates. */
const CONDITIONS_MAX = 50
const conditionField = z.enum(['subject', 'body', 'from', 'cc', 'bcc'])
const operator = z.enum([
  'contains',
  'does-not-contain',
  'equals',
  'does-not-equal',
  'starts-with',
  'ends-with',
  'in',
  'not-in',
  'empty',
  'not-empty',
])
const condition = z
  .strictObject({ field: conditionField, operator, value: z.string().trim().max(2_000) })
  .refine(
    (one) => one.value !== '' || one.operator === 'empty' || one.operator === 'not-empty',
    'A condition needs a value.',
  )
const match = z.enum(['all', 'any'])
/** Groups within groups, three deep: what a person can still read. */
const inner = z.strictObject({ match, items: z.array(condition).max(CONDITIONS_MAX) })
const middle = z.strictObject({ match, items: z.array(z.union([condition, inner])).max(CONDITIONS_MAX) })
export const conditionGroup = z.strictObject({
  match,
  items: z.array(z.union([condition, middle])).max(CONDITIONS_MAX),
})

export const responseRule = z.object({
  id,
  name: z.string(),
  active: z.boolean(),
  conditions: conditionGroup,
  template: z.object({ id, name: z.string() }),
  since: instant.nullable(),
})

const templateText = z.strictObject({
  subject: z.string().trim().min(1).max(255),
  body: z.string().min(1).max(100_000),
  type: z.enum(['text', 'html']),
})
const texts = z
  .record(
    z.string().regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'A locale such as en or de-AT.'),
    templateText,
  )
  .refine((all) => Object.keys(all).length > 0, 'At least one language is needed.')
const templateName = z.string().trim().min(1).max(100)
export const mailTemplate = z.object({
  id,
  name: z.string(),
  texts: z.record(z.string(), templateText),
  usedBy: z.number().int(),
})

export const reviewEntry = mailroomEntry
  .pick({ mailbox: true, label: true, subject: true, sender: true, reason: true })
  .extend({
    /** The message. */
    record: id,
    senderName: z.string(),
    at: instant,
    receivedAt: instant.nullable(),
    /** Its text; never HTML. */
    text: z.string(),
    to: z.array(z.string()),
    /** What the mailbox makes of its mail: the first choice. */
    suggests: z.enum(['lead', 'case']).nullable(),
  })

const params = z.object({ mailbox: id })

export const mailroomApi = {
  'GET /api/review-queue': route({
    summary: 'Messages of which a person must say what becomes of them, with the reason; oldest first.',
    access: EVERYONE,
    query: paging('at', '-at').extend({ mailbox: id.optional() }),
    answer: listOf(reviewEntry),
  }),
  'POST /api/review-queue/decide': route({
    summary: 'A lead, a case, nothing, or never anything from this sender.',
    access: ACTING,
    body: z.strictObject({
      records: z.array(id).min(1).max(100),
      decision: z.enum(['lead', 'case', 'nothing', 'never']),
    }),
    answer: z.object({
      made: z.array(z.object({ kind: z.enum(['lead', 'case']), id, title: z.string() })),
      refused: z.array(z.object({ record: id, problem: z.string() })),
    }),
  }),
  'GET /api/system-mailboxes/:mailbox/rules': route({
    summary: 'Rules of automatic answers, in the order in which they are tried.',
    access: EVERYONE,
    params,
    answer: z.object({ items: z.array(responseRule) }),
  }),
  'PUT /api/system-mailboxes/:mailbox/rules': route({
    summary: 'All rules, in order. A rule answers only mail that arrives after it was made.',
    access: ADMINISTRATOR,
    params,
    body: z.strictObject({
      items: z
        .array(
          z.strictObject({
            id: id.exactOptional(),
            name: z.string().trim().min(1).max(100),
            active: z.boolean(),
            conditions: conditionGroup,
            template: id,
          }),
        )
        .max(50),
    }),
    answer: z.object({ items: z.array(responseRule) }),
  }),
  'GET /api/system-mailboxes/:mailbox/recent': route({
    summary: 'The newest messages of the mailbox, to try a rule on.',
    access: ADMINISTRATOR,
    params,
    answer: z.object({
      items: z.array(z.object({ id, subject: z.string(), sender: z.string(), at: instant.nullable() })),
    }),
  }),
  'POST /api/system-mailboxes/:mailbox/try': route({
    summary: 'What a rule would say about a message. Nothing is sent or made.',
    access: ADMINISTRATOR,
    params,
    body: z.strictObject({ message: id, conditions: conditionGroup, template: id.nullable() }),
    answer: z.object({
      fits: z.boolean(),
      /** Why it would not be answered all the same. */
      silent: z.string().nullable(),
      text: z
        .object({ locale: z.string(), subject: z.string(), body: z.string(), type: z.enum(['text', 'html']) })
        .nullable(),
      /** What processing would make of it. */
      processing: z.string(),
    }),
  }),
  'GET /api/mail-templates': route({
    summary: 'Templates of automatic answers.',
    access: EVERYONE,
    answer: z.object({ items: z.array(mailTemplate), variables: z.array(z.string()) }),
  }),
  'POST /api/mail-templates': route({
    summary: 'Make a template. A variable that does not exist is refused.',
    access: ADMINISTRATOR,
    body: z.strictObject({ name: templateName, texts }),
    answer: mailTemplate,
    status: 201,
  }),
  'PATCH /api/mail-templates/:template': route({
    summary: 'Change a template.',
    access: ADMINISTRATOR,
    params: z.object({ template: id }),
    body: z.strictObject({ name: templateName.exactOptional(), texts: texts.exactOptional() }),
    answer: mailTemplate,
  }),
  'DELETE /api/mail-templates/:template': route({
    summary: 'Delete a template that no rule uses.',
    access: ADMINISTRATOR,
    params: z.object({ template: id }),
    answer: nothing,
    status: 204,
  }),
  'POST /api/mail-templates/preview': route({
    summary: 'A text with its variables filled from a sample.',
    access: ADMINISTRATOR,
    body: templateText,
    answer: z.object({ subject: z.string(), body: z.string(), type: z.enum(['text', 'html']) }),
  }),
} as const
