import type { Address } from './item.ts'

/**
 * What of a message can be found, and how a question is asked. Words are made here and not by the database, so that
 * what is stored and what is asked are cut alike: folded (no accents, no letter case), letters and digits only;
 * scripts that write no spaces are cut into single characters and asked for as a phrase.
 */
export const SEARCHED_LENGTH_MAX = 100_000
const WORD_LENGTH_MAX = 64
/** PostgreSQL refuses a `tsvector` of 1 MB; the words are the greater part of it. */
const VECTOR_BYTES_MAX = 500_000
/** PostgreSQL keeps positions up to 16,383. */
const WORDS_MAX = 12_000
const POSITIONS_OF_A_WORD_MAX = 100
const PREVIEW_LENGTH = 200
const QUERY_WORDS_MAX = 20

const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/u
const TOKENS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]|[\p{L}\p{N}]+/gu

const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .normalize('NFC')

/** Words of a text, in order. */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = []
  for (const [word] of fold(text.slice(0, SEARCHED_LENGTH_MAX)).matchAll(TOKENS)) {
    // A run such as "ab漢字cd" is cut at the change of script.
    if (UNSPACED.test(word) || !hasUnspaced(word)) words.push(cut(word))
    else for (const part of splitUnspaced(word)) words.push(cut(part))
  }
  return words
}

/** By characters: half of one is nothing that a database takes. */
const cut = (word: string): string =>
  word.length <= WORD_LENGTH_MAX ? word : [...word].slice(0, WORD_LENGTH_MAX).join('')
const hasUnspaced = (word: string): boolean => UNSPACED.test(word)
const splitUnspaced = (word: string): readonly string[] =>
  word.split(new RegExp(`(${UNSPACED.source})`, 'u')).filter((part) => part !== '')

export interface Searchable {
  readonly subject: string
  readonly people: readonly Address[]
  /** Plain text of the body. */
  readonly text: string
}

/** A `tsvector` in PostgreSQL's own notation: subject A, people B, body D. */
export function searchVector({ subject, people, text }: Searchable): string {
  const places = new Map<string, string[]>()
  let at = 0
  let bytes = 0
  const add = (words: readonly string[], weight: string): void => {
    for (const word of words) {
      if (at >= WORDS_MAX || bytes > VECTOR_BYTES_MAX) return
      at += 1
      const known = places.get(word)
      bytes += known === undefined ? word.length * 3 + 16 : 4
      if (known === undefined) places.set(word, [`${at}${weight}`])
      else if (known.length < POSITIONS_OF_A_WORD_MAX) known.push(`${at}${weight}`)
    }
    // A phrase does not reach from one part into the next.
    at += 10
  }
  add(wordsOf(subject), 'A')
  for (const { name, email } of people.slice(0, 500)) add(wordsOf(`${name} ${email}`), 'B')
  add(wordsOf(text), 'D')
  return [...places].map(([word, positions]) => `${word}:${positions.join()}`).join(' ')
}

/**
 * A `tsquery`: all words must be there, each may go on (`meet` finds "meeting"); "in quotes" is a phrase; `-word` must
 * not be there. Null when nothing is asked for.
 */
export function searchQuery(asked: string): string | null {
  const terms: string[] = []
  let count = 0
  for (const [, minus, phrase, word] of asked.matchAll(/(-)?(?:"([^"]*)"?|([^\s"]+))/g)) {
    if (count >= QUERY_WORDS_MAX) break
    const words = wordsOf(phrase ?? word ?? '').slice(0, QUERY_WORDS_MAX)
    if (words.length === 0) continue
    count += words.length
    const whole = phrase !== undefined
    const parts = words.map((one, n) => (!whole && n === words.length - 1 ? `${one}:*` : one))
    const term = parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' <-> ')})`
    terms.push(minus === undefined ? term : `!${term}`)
  }
  return terms.length === 0 ? null : terms.join(' & ')
}

/** The beginning of a text in one line. */
export const previewOf = (text: string): string => {
  const line = text
    .slice(0, PREVIEW_LENGTH * 4)
    .replace(/\s+/gu, ' ')
    .trim()
  return line.length <= PREVIEW_LENGTH ? line : `${[...line.slice(0, PREVIEW_LENGTH)].slice(0, -1).join('')}…`
}
