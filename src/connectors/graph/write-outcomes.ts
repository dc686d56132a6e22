/** What an answer to a write means for its operation: the same for events, tasks and messages. */
import type { PushOutcome } from '../connector.ts'
import { failureOf, isSuccess, problemOf, type Answer, type Answered } from './answers.ts'

/** Refusals that deserve better words than Microsoft's. */
const PLAIN_WORDS: { readonly [code: string]: string } = {
  ErrorOccurrenceCrossingBoundary:
    'Outlook does not move one occurrence of a series to or past the day of its neighbour. Choose a day between the two, or change the series.',
}

/** Null when it was written. */
export function writeTrouble(answer: Answer): PushOutcome | null {
  if (answer.kind !== 'answered') return undone(answer)
  if (isSuccess(answer)) return null
  if (answer.status === 412 || answer.status === 409) return { outcome: 'stale' }
  if (answer.status === 404 || answer.status === 410) return { outcome: 'gone' }
  return refusal(answer)
}

export function undone(answer: Exclude<Answer, Answered>): PushOutcome {
  if (answer.kind === 'lost') return { outcome: 'unknown', failure: answer.failure }
  const { failure } = answer
  return failure.kind === 'rejected'
    ? { outcome: 'rejected', reason: failure.message, code: failure.code }
    : { outcome: 'not-sent', failure }
}

export function refusal(answer: Answered): PushOutcome {
  const { code } = problemOf(answer)
  return { outcome: 'rejected', code, reason: PLAIN_WORDS[code] ?? failureOf(answer).message }
}

/** It was written, and Microsoft's answer makes no sense: look it up later. */
export const unreadable = (reason: string): PushOutcome => ({
  outcome: 'unknown',
  failure: { kind: 'unavailable', message: `Microsoft's answer to a write could not be read: ${reason}` },
})
