import type { ApiInput, ApiOutput } from '../../server/api/api.ts'
import { text } from '../text/en.ts'
import { addressOf, ApiProblem, csrfToken, problemOf, type ActRoute } from './client.ts'

/** Sends a file as it is, with progress: `fetch` cannot say how much of a body has left. */
export function upload<K extends ActRoute>(
  route: K,
  input: ApiInput<K>,
  file: Blob,
  how: { readonly signal: AbortSignal; readonly onProgress: (share: number) => void },
): Promise<ApiOutput<K>> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(route.slice(0, route.indexOf(' ')), addressOf(route, input))
    request.setRequestHeader('accept', 'application/json')
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.setRequestHeader('x-csrf', csrfToken())
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable && event.total > 0) how.onProgress(event.loaded / event.total)
    })
    request.addEventListener('load', () => {
      let answer: unknown = null
      try {
        answer = JSON.parse(request.responseText)
      } catch {
        // Said below: an answer that cannot be read.
      }
      if (request.status >= 200 && request.status < 300) resolve(answer as ApiOutput<K>)
      else reject(new ApiProblem(problemOf(answer, request.status)))
    })
    const unreachable = (): void =>
      reject(
        new ApiProblem({
          type: 'unreachable',
          title: text.problem.unreachableTitle,
          status: 0,
          detail: text.problem.unreachable,
        }),
      )
    request.addEventListener('error', unreachable)
    request.addEventListener('timeout', unreachable)
    request.addEventListener('abort', () => reject(new DOMException('The upload was stopped.', 'AbortError')))
    how.signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}
