/**
 * A `Response` whose body is in this process already. The platform's own would copy a page of megabytes four times on
 * its way to `text()`. What was read as text is given back for the next page.
 */
import { giveBack } from './rows.ts'

const decoder = new TextDecoder()

/** Shorter bodies are not worth it. */
const LAZY_FROM_BYTES = 16_384

function lazyResponse(content: Uint8Array, init: ResponseInit, cloned = false): Response {
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        controller.enqueue(content)
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const response = new Response(body, init)
  const [text, clone] = [response.text.bind(response), response.clone.bind(response)]
  const read = async (): Promise<string> => {
    // Whoever has begun to read gets what the platform answers to a second reader.
    if (response.bodyUsed || body.locked) return text()
    void body.cancel()
    const words = decoder.decode(content)
    if (!cloned) giveBack(content)
    return words
  }
  return Object.assign(response, {
    text: read,
    json: async () => JSON.parse(await read()) as unknown,
    clone: () => {
      if (response.bodyUsed) return clone()
      cloned = true
      return lazyResponse(content, init, true)
    },
  })
}

export function bytesResponse(content: Uint8Array, init: ResponseInit): Response {
  return content.length < LAZY_FROM_BYTES
    ? new Response(content as Uint8Array<ArrayBuffer>, init)
    : lazyResponse(content, init)
}
