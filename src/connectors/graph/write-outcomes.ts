/** What an answer to a write means for its operation: the same for events, tasks and messages. */
import type { Failure, Operation, PushOutcome } from '../connector.ts'
import { failureOf, isSuccess, problemOf, type Answer, type Answered } from './answers.ts'
import type { Ask } from './rounds.ts'

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

/**
 * A write of several requests. Ended after one of them arrived, whatever ended it, a part of the write stands: it is
 * looked up as if its answer were lost, and what is missing is then written as a change. Sent again or decided anew, the
 * part that stands would be taken for somebody's edit.
 */
export async function inParts(
  ask: Ask,
  kind: Operation['do'],
  write: (ask: Ask) => Promise<PushOutcome>,
): Promise<PushOutcome> {
  let begun = false
  const outcome = await write(async (request) => {
    const answer = await ask(request)
    if (request.method !== 'GET' && answer.kind === 'answered' && isSuccess(answer)) begun = true
    return answer
  })
  const known = outcome.outcome === 'gone' ? kind !== 'create' : outcome.outcome === 'written'
  if (!begun || known || outcome.outcome === 'unknown') return outcome
  return { outcome: 'unknown', failure: 'failure' in outcome ? outcome.failure : PART_MISSING }
}

const PART_MISSING: Failure = {
  kind: 'unavailable',
  message: 'A part of it was written, and not yet all of it.',
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
