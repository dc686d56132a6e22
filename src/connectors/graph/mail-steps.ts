/** What making and sending a draft have in common: recipients, and what a refusal means. */
import type { Address, Json } from '../../core/item.ts'
import type { PushOutcome, SendStep } from '../connector.ts'

export const recipients = (people: readonly Address[]): Json =>
  people.map(({ email, name }) => ({ emailAddress: { address: email, name } }))

export function stepOf(trouble: PushOutcome): Exclude<SendStep, { outcome: 'done' }> {
  switch (trouble.outcome) {
    case 'rejected':
      return { outcome: 'rejected', reason: trouble.reason }
    case 'not-sent':
    case 'unknown':
      return trouble
    default:
      return {
        outcome: 'rejected',
        reason: 'Microsoft refused it: the draft was changed in Outlook meanwhile.',
      }
  }
}
