import { isOwn } from './linking.ts'
import type { Address, Facts, Fields, MessageFields } from './item.ts'

/**
 * What may be made of a message that arrives in a system mailbox: a lead or a case, nothing, or a question to a person.
 * Each answer has its reason, in the words that the log and the review queue show.
 */
export interface Arrived {
  readonly fields: Fields
  readonly facts: Facts
}

export interface Surroundings {
  /** The mailbox it arrived in. */
  readonly address: string
  readonly ownAddresses: ReadonlySet<string>
  readonly ownDomains: ReadonlySet<string>
  /** Nothing is ever made of their mail: a person said so. */
  readonly isBlocked: boolean
  /** An earlier message of the thread was decided on. */
  readonly threadDecided: boolean
  /** The mailbox holds an earlier message of the thread. */
  readonly threadBegan: 'here' | 'by-us' | 'no'
  /** The sender is a contact, or was written to before. */
  readonly senderKnown: boolean
  /** Name of a lead of this sender that is still open. */
  readonly openLead: string | null
}

export type Verdict =
  | { readonly do: 'convert'; readonly code: string; readonly reason: string }
  | { readonly do: 'review'; readonly code: string; readonly reason: string }
  | { readonly do: 'nothing'; readonly code: string; readonly reason: string }

const nothing = (code: string, reason: string): Verdict => ({ do: 'nothing', code, reason })
const review = (code: string, reason: string): Verdict => ({ do: 'review', code, reason })

const MACHINE =
  /^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|noreply[-_.+].*|mailer[-_.]?daemon|postmaster|bounces?|bounce[-_.+].*|auto[-_.]?reply|autoresponder|notifications?|newsletters?|alerts?)(?:\+.*)?$/
const SOUNDS_AUTOMATIC =
  /^(?:auto(?:matic|mated)?[ -]?(?:reply|response|antwort)|automatische antwort|abwesenheit|out of (?:the )?office|undeliverable|undelivered mail|delivery (?:status|failure|has failed)|mail delivery|returned mail|unzustellbar|réponse automatique|respuesta automática|risposta automatica)\b/i
/** Microsoft's header also says that only receipts are unwanted (`DR, RN, NRN`): people send such mail too. */
const SUPPRESSES_ANSWERS = /\b(?:all|oof|autoreply)\b/i
const BULK = /^(?:bulk|list|junk|auto[-_]reply)$/i
const RECIPIENTS_MANY = 10

/**
 * Why a message was written by a machine, in words; null when nothing says so. RFC 3834 (automatic answers), RFC 2369
 * and 2919 (lists), Microsoft's [MS-OXCMAIL] X-Auto-Response-Suppress.
 */
export function whyAutomatic({
  fields,
  facts,
}: Arrived): { readonly code: string; readonly reason: string } | null {
  const headers = facts.headers ?? {}
  const is = (code: string, reason: string): { code: string; reason: string } => ({ code, reason })
  const submitted = headers['auto-submitted']?.trim().toLowerCase()
  if (submitted !== undefined && submitted !== '' && !submitted.startsWith('no'))
    return is('auto-submitted', `It is automatic: it says Auto-Submitted: ${submitted}.`)
  if (headers['list-id'] !== undefined) return is('list-id', 'It came through a mailing list (List-Id).')
  if (headers['list-unsubscribe'] !== undefined)
    return is(
      'list-unsubscribe',
      'It is a newsletter or mailing: one can unsubscribe from it (List-Unsubscribe).',
    )
  const precedence = headers['precedence']?.trim()
  if (precedence !== undefined && BULK.test(precedence))
    return is('precedence', `It is bulk mail: it says Precedence: ${precedence}.`)
  const suppress = headers['x-auto-response-suppress']
  if (suppress !== undefined && SUPPRESSES_ANSWERS.test(suppress))
    return is('x-auto-response-suppress', 'Its sender wants no automatic answers (X-Auto-Response-Suppress).')
  if (headers['x-autoreply'] !== undefined)
    return is('x-autoreply', 'It is an automatic answer (X-Autoreply).')
  const path = headers['return-path']?.trim()
  if (path === '<>')
    return is('null-sender', 'It has no sender to answer to: a delivery report or an automatic answer.')
  const from = senderOf({ fields })
  if (from === null) return is('no-sender', 'It names no sender.')
  const local = from.email.slice(0, from.email.lastIndexOf('@')).toLowerCase()
  if (MACHINE.test(local)) return is('no-reply', `Nobody reads answers at ${from.email}.`)
  return null
}

export const senderOf = ({ fields }: { readonly fields: Fields }): Address | null =>
  (fields as unknown as MessageFields).from ?? null

/** What the rules say about a message, from the most certain reason to the least. */
export function judge(message: Arrived, around: Surroundings): Verdict {
  const from = senderOf(message)
  const automatic = whyAutomatic(message)
  if (automatic !== null) return nothing(automatic.code, automatic.reason)
  const sender = from?.email.toLowerCase() ?? ''
  if (around.ownAddresses.has(sender)) return nothing('own-address', `${sender} is an address of ours.`)
  if (around.isBlocked)
    return nothing('blocked', `A person said that nothing is made of mail from ${sender}.`)
  if (around.threadDecided) return nothing('thread-known', 'An earlier message of its thread was decided on.')
  if (around.threadBegan === 'by-us') return nothing('answers-us', 'It answers a thread that we began.')
  if (around.threadBegan === 'here') return nothing('not-first', 'It is not the first message of its thread.')

  const { subject, to, cc } = message.fields as unknown as MessageFields
  if (SOUNDS_AUTOMATIC.test(subject ?? ''))
    return review('sounds-automatic', 'Its subject reads like an automatic answer.')
  if (isOwn(sender, around))
    return review('own-domain', `${sender} is of our own domain: perhaps a colleague.`)
  const { headers, references } = message.facts
  if ((references ?? []).length > 0 || headers?.['in-reply-to'] !== undefined)
    return review('answers-unknown', 'It answers a message that is not in this mailbox.')
  const people = [...(to ?? []), ...(cc ?? [])].map((one) => one.email.toLowerCase())
  if (!people.includes(around.address.toLowerCase()))
    return review(
      'not-addressed',
      `${around.address} is not among its recipients: a blind copy, or mail to many.`,
    )
  if (people.length > RECIPIENTS_MANY && !around.senderKnown)
    return review('many-recipients', `It went to ${people.length} people, and nobody here knows its sender.`)
  if (around.openLead !== null)
    return review('open-lead', `Its sender is the lead “${around.openLead}” already.`)
  return {
    do: 'convert',
    code: 'first-of-thread',
    reason: around.senderKnown
      ? 'The first message of a thread, written by somebody we know.'
      : 'The first message of a thread, written by a person.',
  }
}

/** Why no automatic answer goes to this message; null when one may. One for each sender and day is counted elsewhere. */
export function whyNoResponse(message: Arrived, around: Surroundings): string | null {
  const automatic = whyAutomatic(message)
  if (automatic !== null) return automatic.reason
  const sender = senderOf(message)?.email.toLowerCase() ?? ''
  if (around.ownAddresses.has(sender)) return `${sender} is an address of ours.`
  if (around.isBlocked) return `A person said that mail from ${sender} gets nothing.`
  const { subject, to, cc } = message.fields as unknown as MessageFields
  if (SOUNDS_AUTOMATIC.test(subject ?? '')) return 'Its subject reads like an automatic answer.'
  const people = [...(to ?? []), ...(cc ?? [])].map((one) => one.email.toLowerCase())
  // RFC 3834, section 2: only who was addressed by name answers by itself.
  if (!people.includes(around.address.toLowerCase())) return `${around.address} is not among its recipients.`
  return null
}

/** “Haas, Petra”, “Petra Haas”; an address alone gives what stands before the @. */
export function personName({ name, email }: Address): {
  readonly name: string
  readonly firstName: string | null
  readonly lastName: string | null
} {
  const plain = name.replace(/["<>]/g, '').replace(/\s+/g, ' ').trim()
  const local = email.slice(0, email.lastIndexOf('@'))
  // Many programs write the address where the name belongs.
  const shown = plain === '' || plain.includes('@') ? local : plain
  const [last, first] = shown.split(/,\s*/)
  if (first !== undefined && first !== '' && last !== undefined)
    return { name: `${first} ${last}`, firstName: first, lastName: last }
  const words = shown.split(shown === local ? /[._]/ : ' ').filter(Boolean)
  if (words.length < 2) return { name: shown, firstName: null, lastName: words[0] ?? null }
  return { name: words.join(' '), firstName: words[0] ?? null, lastName: words.slice(1).join(' ') }
}
