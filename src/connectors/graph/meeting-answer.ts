/** A person's answer to a meeting that somebody else organizes: an action, not a field. Source: "event: accept". */
import type { Answer as MeetingAnswer } from '../../core/item.ts'
import type { GraphRequest } from './client.ts'

const ACTIONS = { accepted: 'accept', tentative: 'tentativelyAccept', declined: 'decline' } as const

/** Null for `none`: an answer once given cannot be taken back in Outlook. */
export function answerRequest(id: string, answer: MeetingAnswer, sendResponse: boolean): GraphRequest | null {
  if (answer === 'none') return null
  return {
    method: 'POST',
    path: `/events/${encodeURIComponent(id)}/${ACTIONS[answer]}`,
    body: { sendResponse },
  }
}
