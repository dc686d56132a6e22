import { createHash } from 'node:crypto'
import { asId, type ItemId, type MailboxId } from '../core/ids.ts'
import { personName, senderOf, whyNoResponse, type Surroundings } from '../core/mailroom.ts'
import { chooseLocale, fill, fits, type Group, type TemplateTexts } from '../core/response-rules.ts'
import type { Sql } from '../store/database.ts'
import { enqueueMail } from '../store/outgoing.ts'
import type { MailroomEnv, Message, SystemMailbox } from './mailroom-rows.ts'

/** Automatic answers, at most one for each sender and day of a mailbox, put into the queue of outgoing mail. */
export interface Response {
  readonly is: 'queued' | 'none'
  readonly reason: string
  readonly mail: string | null
}

interface Rule {
  readonly id: string
  readonly name: string
  readonly conditions: Group
  readonly texts: TemplateTexts
}

/** The answer by the first rule that fits; at most one for each sender and day of this mailbox. */
export async function respond(
  sql: Sql,
  env: MailroomEnv,
  mailbox: SystemMailbox,
  message: Message,
  around: Surroundings,
  record: string | null,
): Promise<Response | null> {
  const rules = await sql.query<Rule>(
    `select x.id, x.name, x.conditions, t.texts from response_rules x join mail_templates t on t.id = x.template
      where x.mailbox = $1 and x.active and date_trunc('second', x.since) <= $2 order by x.position, x.id`,
    [mailbox.mailbox, new Date(message.happensAt)],
  )
  const rule = rules.find((one) => fits(one.conditions, message))
  if (rule === undefined) return null
  const none = (reason: string): Response => ({ is: 'none', reason, mail: null })
  const why = whyNoResponse(message, around)
  if (why !== null) return none(`“${rule.name}” fits, and does not answer: ${why}`)
  const sender = senderOf(message)
  const locale = chooseLocale(rule.texts, message.facts.headers?.['accept-language'])
  const template = locale === null ? undefined : rule.texts[locale]
  if (sender === null || template === undefined) return none(`The template of “${rule.name}” has no text.`)
  const now = env.now()
  const day = new Date(now).toISOString().slice(0, 10)
  const first = await sql.query(
    `insert into responses_sent (mailbox, sender, day, rule, record, at) values ($1, $2, $3, $4, $5, $6)
      on conflict (mailbox, sender, day) do nothing returning sender`,
    [mailbox.mailbox, sender.email.toLowerCase(), day, rule.id, message.id, new Date(now)],
  )
  if (first.length === 0)
    return none(`“${rule.name}” fits, but ${sender.email} had an automatic answer today.`)
  const subject = typeof message.fields['subject'] === 'string' ? message.fields['subject'] : ''
  const text = fill(template, {
    'sender.name': personName(sender).name,
    'sender.email': sender.email,
    subject,
    'mailbox.label': mailbox.label,
    'mailbox.address': mailbox.address,
    record: record ?? '',
    date: day,
  })
  const id = `answer-${createHash('sha256').update(`${mailbox.mailbox} ${sender.email.toLowerCase()} ${day}`).digest('hex').slice(0, 32)}`
  await enqueueMail(sql, {
    id,
    mailbox: asId<MailboxId>(mailbox.mailbox),
    author: null,
    mail: {
      subject: text.subject,
      body: { type: text.type, content: text.body },
      to: [sender],
      cc: [],
      bcc: [],
      importance: 'normal',
      answers: message.item === null ? null : { item: asId<ItemId>(message.item), how: 'reply' },
      automatic: true,
    },
    sendAt: now,
    state: 'waiting',
    item: null,
    reason: null,
    attempts: 0,
    nextAt: now,
    createdAt: now,
    sentAt: null,
  })
  return { is: 'queued', reason: `Answered by “${rule.name}”.`, mail: id }
}
