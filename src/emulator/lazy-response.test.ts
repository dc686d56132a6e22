import { expect, test } from 'vitest'
import { bytesResponse } from './lazy-response.ts'

const LONG = `{"value":"${'äö€'.repeat(10_000)}"}`
const made = (text = LONG): Response =>
  bytesResponse(Buffer.from(text), {
    status: 201,
    headers: { 'content-type': 'application/json', etag: 'W/"1"' },
  })

test.each([
  ['short', '{"value":"ä"}'],
  ['long', LONG],
])('a %s response is read like any other', async (_size, text) => {
  const response = made(text)
  expect([response.status, response.headers.get('etag'), response.bodyUsed]).toEqual([201, 'W/"1"', false])
  expect(await response.text()).toBe(text)
  expect(response.bodyUsed).toBe(true)
  await expect(response.text()).rejects.toThrow(TypeError)
  await expect(response.arrayBuffer()).rejects.toThrow(TypeError)
  expect(await made(text).json()).toEqual(JSON.parse(text))
  expect(Buffer.from(await made(text).arrayBuffer()).toString('utf8')).toBe(text)
  expect(await (await made(text).blob()).text()).toBe(text)
  const twice = made(text)
  const copy = twice.clone()
  expect([await twice.text(), await copy.text()]).toEqual([text, text])
  const bytes: Uint8Array[] = []
  for await (const chunk of made(text).body ?? []) bytes.push(chunk)
  expect(Buffer.concat(bytes).toString('utf8')).toBe(text)
})

test('text that is no JSON is refused by json()', async () => {
  await expect(made(`${LONG}x`).json()).rejects.toThrow(SyntaxError)
})
