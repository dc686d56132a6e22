import { describe, expect, test } from 'vitest'
import { previewOf, searchQuery, searchVector, wordsOf } from './mail-search.ts'

describe('what of a message can be found', () => {
  test('words are folded: no accents, no letter case, addresses in their parts', () => {
    expect(wordsOf('Crème brûlée, ÄRGER & Straße')).toEqual(['creme', 'brulee', 'arger', 'straße'])
    expect(wordsOf('m.berger@fabrikam.example')).toEqual(['m', 'berger', 'fabrikam', 'example'])
  })
  test('scripts without spaces are cut into characters', () => {
    expect(wordsOf('会議の件 re: Q3')).toEqual(['会', '議', 'の', '件', 're', 'q3'])
  })
  test('words carry the part that they are of', () => {
    const vector = searchVector({
      subject: 'Offer',
      people: [{ email: 'a@b.example', name: 'Anna' }],
      text: 'The offer',
    })
    expect(vector.split(' ')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^offer:1A,\d+D$/),
        expect.stringMatching(/^anna:\d+B$/),
      ]),
    )
  })
  test('a question asks for all its words, the beginning of each, phrases and what must not be there', () => {
    expect(searchQuery('Meet bud')).toBe('meet:* & bud:*')
    expect(searchQuery('"new budget" -draft')).toBe('(new <-> budget) & !draft:*')
    expect(searchQuery("o'neil")).toBe('(o <-> neil:*)')
    expect(searchQuery("'); drop table records; --")).toBe('drop:* & table:* & records:*')
    expect(searchQuery('  ,,, ')).toBeNull()
  })
  test('a preview is one line', () => {
    expect(previewOf('a\n\n b\tc')).toBe('a b c')
    expect([...previewOf('x'.repeat(500))]).toHaveLength(200)
  })
})
