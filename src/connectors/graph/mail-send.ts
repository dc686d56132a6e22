/**
 * Sending mail as this mailbox: a draft with our mark in an extended property, then its sending. The copy in Sent Items
 * keeps the draft's immutable id, so what became of a send whose answer was lost can be looked up.
 * Sources: "Create message", "message: createReply", "message: send", "Obtain immutable identifiers for Outlook resources".
 */
import { asId, type ItemId } from '../../core/ids.ts'
import type { Json } from '../../core/item.ts'
import type { DraftMail, Failure, FoundMail, MailSender, SendStep } from '../connector.ts'
import { failureOf, isObject, isSuccess, type Answer, type JsonObject } from './answers.ts'
import type { GraphClient, GraphRequest } from './client.ts'
import { discardDraft, fillDraft } from './mail-draft.ts'
import { messagePath } from './mail.ts'
import { recipients, stepOf } from './mail-steps.ts'
import { MARKER_PROPERTY } from './mail-wire.ts'
import { listOf, textOf } from './wire.ts'
import { undone, writeTrouble } from './write-outcomes.ts'

/**
 * Graph lets an application set only headers that begin with `x-`. Auto-Submitted (RFC 3834) goes as a named property
 * of the set PS_INTERNET_HEADERS, which the transport writes as a header: [MS-OXPROPS] 1.3.2, [MS-OXCMAIL] 2.2.3.1.
 */
const AUTO_SUBMITTED = 'String {00020386-0000-0000-C000-000000000046} Name Auto-Submitted'
const ANSWERS = { reply: 'createReply', replyAll: 'createReplyAll', forward: 'createForward' } as const

export const mailSender = (client: GraphClient): MailSender => ({
  draft: async (key, mail, signal) => drafted(await client.send(draftRequest(key, mail), signal)),
  send: async (draft, signal) => {
    const answer = await client.send({ method: 'POST', path: `${messagePath(draft)}/send` }, signal)
    const trouble = writeTrouble(answer)
    return trouble === null
      ? { outcome: 'done', id: draft }
      : trouble.outcome === 'gone'
        ? trouble
        : stepOf(trouble)
  },
  find: (key, draft, signal) => find(client, key, draft, signal),
  fill: (draft, mail, files, expected, signal) => fillDraft(client, { draft, mail, files, expected, signal }),
  discard: (draft, signal) => discardDraft(client, draft, signal),
})

function draftRequest(key: string, mail: DraftMail): GraphRequest {
  const message: { [property: string]: Json } = {
    subject: mail.subject,
    body: { contentType: mail.body.type, content: mail.body.content },
    toRecipients: recipients(mail.to),
    ccRecipients: recipients(mail.cc),
    bccRecipients: recipients(mail.bcc),
    importance: mail.importance,
    singleValueExtendedProperties: [
      { id: MARKER_PROPERTY, value: key },
      ...(mail.automatic === true ? [{ id: AUTO_SUBMITTED, value: 'auto-replied' }] : []),
    ],
    ...(mail.automatic === true && {
      internetMessageHeaders: [{ name: 'X-Auto-Response-Suppress', value: 'All' }],
    }),
  }
  const { answers } = mail
  if (answers === null) return { method: 'POST', path: '/messages', body: message }
  return { method: 'POST', path: `${messagePath(answers.item)}/${ANSWERS[answers.how]}`, body: { message } }
}

function drafted(answer: Answer): SendStep {
  if (answer.kind !== 'answered') return stepOf(undone(answer))
  if (!isSuccess(answer)) {
    const gone = answer.status === 404 || answer.status === 410
    return {
      outcome: 'rejected',
      reason: gone
        ? 'The message that this answers is no longer in the mailbox. Send it as a new message.'
        : failureOf(answer).message,
    }
  }
  const id = isObject(answer.body) ? textOf(answer.body, 'id') : null
  return id === null
    ? {
        outcome: 'unknown',
        failure: { kind: 'unavailable', message: 'Microsoft made a draft without an id.' },
      }
    : { outcome: 'done', id: asId<ItemId>(id) }
}

async function find(
  client: GraphClient,
  key: string,
  draft: ItemId | null,
  signal: AbortSignal,
): Promise<FoundMail> {
  if (draft !== null) {
    const answer = await client.send({ method: 'GET', path: `${messagePath(draft)}?$select=isDraft` }, signal)
    if (answer.kind !== 'answered') return unreadable(answer.failure)
    if (isSuccess(answer) && isObject(answer.body)) return foundIn(answer.body)
    if (answer.status !== 404 && answer.status !== 410) return unreadable(failureOf(answer))
  }
  const filter = `singleValueExtendedProperties/Any(ep: ep/id eq '${MARKER_PROPERTY}' and ep/value eq '${key.replaceAll("'", "''")}')`
  const answer = await client.send(
    { method: 'GET', path: `/messages?$filter=${encodeURIComponent(filter)}&$select=isDraft&$top=10` },
    signal,
  )
  if (answer.kind !== 'answered') return unreadable(answer.failure)
  if (!isSuccess(answer) || !isObject(answer.body)) return unreadable(failureOf(answer))
  const found = listOf(answer.body, 'value').filter(isObject)
  const sent = found.find((raw) => raw['isDraft'] === false) ?? found[0]
  return sent === undefined ? { is: 'nowhere' } : foundIn(sent)
}

const foundIn = (raw: JsonObject): FoundMail => ({
  is: raw['isDraft'] === false ? 'sent' : 'draft',
  id: asId<ItemId>(textOf(raw, 'id') ?? ''),
})

const unreadable = (failure: Failure): FoundMail => ({ is: 'unreadable', failure })
