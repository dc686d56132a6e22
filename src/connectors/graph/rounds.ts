/**
 * Many small routines, few round trips: each asks for one thing at a time, and what all of them are waiting for goes out
 * together as one `$batch`. So a routine reads like plain code, and twenty of them cost what one costs.
 */
import type { Answer } from './answers.ts'
import type { GraphClient, GraphRequest } from './client.ts'

export type Ask = (request: GraphRequest) => Promise<Answer>

interface Waiting {
  readonly routine: number
  readonly request: GraphRequest
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Runs the routines side by side; answers in their order. A routine may wait for `ask` only, also for several at once. */
export async function together<T>(
  client: GraphClient,
  routines: readonly ((ask: Ask) => Promise<T>)[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  let running = routines.length
  let waiting: Waiting[] = []
  const flush = (): void => {
    if (waiting.length === 0 || new Set(waiting.map(({ routine }) => routine)).size < running) return
    const round = waiting
    waiting = []
    client
      .batch(
        round.map(({ request }) => request),
        signal,
      )
      .then(
        (answers) => {
          for (const [at, { resolve, reject }] of round.entries()) {
            const answer = answers[at]
            if (answer === undefined) reject(new Error('A batch has fewer answers than requests.'))
            else resolve(answer)
          }
        },
        (error: unknown) => {
          for (const { reject } of round) reject(error)
        },
      )
  }
  const askFor =
    (routine: number): Ask =>
    (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ routine, request, resolve, reject })
        // A routine that asks for two things at once asks for the second before this runs.
        queueMicrotask(flush)
      })
  const results = await Promise.allSettled(
    routines.map((routine, at) =>
      routine(askFor(at)).finally(() => {
        running--
        queueMicrotask(flush)
      }),
    ),
  )
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
