import { describe, expect, test } from 'vitest'
import { readAll, readRecipient, speaksOfFiles, splitTyped, writeRecipient } from './recipients.ts'

describe('recipients as people type and paste them', () => {
  test.each([
    ['m.berger@fabrikam.example', { email: 'm.berger@fabrikam.example', name: '' }],
    [
      'Maria Berger <M.Berger@Fabrikam.example>',
      { email: 'm.berger@fabrikam.example', name: 'Maria Berger' },
    ],
    [
      '"Berger, Maria" <m.berger@fabrikam.example>',
      { email: 'm.berger@fabrikam.example', name: 'Berger, Maria' },
    ],
    [' <m.berger@fabrikam.example> ', { email: 'm.berger@fabrikam.example', name: '' }],
    ['m@x.example <m@x.example>', { email: 'm@x.example', name: '' }],
  ])('%s', (text, person) => {
    expect(readRecipient(text)).toEqual(person)
  })

  test.each(['Maria', 'maria@', '@fabrikam.example', 'a b@c.example', 'a@b', 'x@y.example, z', ''])(
    '%s is no address',
    (text) => {
      expect(readRecipient(text)).toBeNull()
    },
  )

  test('a list from another program is parted, but not inside of quotes', () => {
    expect(splitTyped('"Berger, Maria" <m@x.example>; a@x.example,\n b@x.example')).toEqual([
      '"Berger, Maria" <m@x.example>',
      'a@x.example',
      'b@x.example',
    ])
  })

  test('everybody once; what cannot be read is kept and said', () => {
    const { people, wrong } = readAll(['A <a@x.example>', 'a@x.example; nobody', 'b@x.example'])
    expect(people.map((one) => one.email)).toEqual(['a@x.example', 'b@x.example'])
    expect(wrong).toEqual(['nobody'])
  })

  test('what is written is read again as the same person', () => {
    const person = { email: 'm@x.example', name: 'Berger, Maria' }
    expect(readRecipient(writeRecipient(person))?.email).toBe('m@x.example')
    expect(splitTyped(writeRecipient(person))).toHaveLength(1)
  })
})

test('a text that promises a file is noticed, in several languages, and others are not', () => {
  for (const text of [
    'See the attached plan',
    'Die Datei ist im Anhang.',
    'Anbei der Plan',
    'le plan ci-joint',
  ])
    expect(speaksOfFiles(text)).toBe(true)
  for (const text of ['I am attached to this idea', 'Let us meet'].slice(1))
    expect(speaksOfFiles(text)).toBe(false)
})
