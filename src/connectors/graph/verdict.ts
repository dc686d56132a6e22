import type { Failure } from '../connector.ts'
import type { Answer } from './answers.ts'

export const BACKOFF_FIRST_MS = 1_000

/** What to do about one attempt at a request. */
export type Verdict =
  | { readonly do: 'accept'; readonly answer: Answer }
  | { readonly do: 'refresh' | 'backoff'; readonly failure: Failure }
  | { readonly do: 'pause'; readonly ms: number | null; readonly failure: Failure }

export const throttled = (ms: number): Failure => ({
  kind: 'throttled',
  retryAfterSeconds: Math.max(1, Math.ceil(ms / 1000)),
  message: `Microsoft asks to slow down for this mailbox. Nothing was lost; it goes on in ${Math.max(1, Math.ceil(ms / 1000))} s.`,
})

/** What to do about one attempt. The rule for writes: again only what was surely not applied. */
export function verdictOf(answer: Answer, read: boolean, retryAfterMs: number | null): Verdict {
  if (answer.kind !== 'answered') {
    if (answer.kind === 'lost' && !read) return { do: 'accept', answer }
    return answer.failure.kind === 'unavailable'
      ? { do: 'backoff', failure: answer.failure }
      : { do: 'accept', answer }
  }
  const { status } = answer
  if (status === 401)
    return {
      do: 'refresh',
      failure: {
        kind: 'unauthorized',
        code: 'InvalidAuthenticationToken',
        message:
          'Microsoft no longer accepts the sign-in, also after a new token was taken. Reconnect the mailbox.',
      },
    }
  if (status === 429 || status === 509 || (status === 503 && retryAfterMs !== null)) {
    return { do: 'pause', ms: retryAfterMs, failure: throttled(retryAfterMs ?? BACKOFF_FIRST_MS) }
  }
  if (status === 408 || status >= 500) {
    const failure: Failure = {
      kind: 'unavailable',
      message: `Microsoft answered ${status}: a fault on its side. Tried again later.`,
    }
    // 501 and 507 are verdicts on the request itself, not accidents.
    if (status === 501 || status === 507) return { do: 'accept', answer }
    return read ? { do: 'backoff', failure } : { do: 'accept', answer: { kind: 'lost', failure } }
  }
  return { do: 'accept', answer }
}
