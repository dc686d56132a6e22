import { expect, test } from 'vitest'
import { previewOf } from './item-parts.ts'
import { generatedBody, generatedBodyJson, generatedPreview } from './mail-corpus.ts'

test('the three faces of a generated body agree, and one number always gives one body', () => {
  for (let n = 0; n < 200; n++) {
    const body = generatedBody(n)
    expect(JSON.parse(generatedBodyJson(n))).toBe(body.content)
    expect(generatedPreview(n).trimEnd()).toBe(previewOf(body).trimEnd())
    expect(generatedBody(n)).toEqual(body)
    expect(body.content.length).toBeGreaterThan(2_000)
  }
})
