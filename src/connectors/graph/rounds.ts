/**
 * Many small routines, few round trips: each asks for one thing at a time, and what all of them are waiting for goes out
 * together as one `$batch`. So a routine reads like plain code, and twenty of them cost what one costs.
 */
import type { Answer } from './answers.ts'
import type { GraphClient, GraphRequest } from './client.ts'

export type Ask = (request: GraphRequest) => Promise<Answer>

/** Runs the routines side by side; answers in their order. A routine may wait for `ask` only. */
export async function together<T>(
  client: GraphClient,
  routines: readonly ((ask: Ask) => Promise<T>)[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  let running = routines.length
  let waiting: {
    request: GraphRequest
    resolve: (answer: Answer) => void
    reject: (error: unknown) => void
  }[] = []
  const flush = (): void => {
    if (waiting.length === 0 || waiting.length < running) return
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
  const ask: Ask = (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject })
      flush()
    })
  const results = await Promise.allSettled(
    routines.map((routine) =>
      routine(ask).finally(() => {
        running--
        flush()
      }),
    ),
  )
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
