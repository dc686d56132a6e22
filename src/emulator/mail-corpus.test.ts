import { expect, test } from 'vitest'
import { bodyText } from './http.ts'
import { previewOf } from './item-parts.ts'
import { generatedBody, generatedPreview, generatedPreviewJson, writeGeneratedBody } from './mail-corpus.ts'
import { Rows } from './rows.ts'

test('the faces of a generated body agree, and one number always gives one body', () => {
  for (let n = 0; n < 200; n++) {
    const body = generatedBody(n)
    const json = new Rows('')
    writeGeneratedBody(json, n)
    expect(JSON.parse(bodyText(json.finish('')))).toBe(body.content)
    expect(generatedPreview(n).trimEnd()).toBe(previewOf(body).trimEnd())
    expect(JSON.parse(generatedPreviewJson(n))).toBe(generatedPreview(n))
    expect(generatedBody(n)).toEqual(body)
    expect(body.content.length).toBeGreaterThan(2_000)
  }
})
