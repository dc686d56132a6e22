/**
 * Ids, versions and chance that come from a seed, so that a run can be repeated to the byte.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A bijection of 32-bit integers (the finalizer of splitmix32): distinct in, distinct out. */
function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}

/** FNV-1a over UTF-16 code units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** `length` URL-safe characters for the number `n`; different numbers give different codes when length is at least 6. */
export function codeOf(seed: number, n: number, length: number): string {
  let word = mix(n ^ seed)
  let text = ''
  let bits = word
  for (let i = 0; i < length; i++) {
    if (i > 0 && i % 6 === 0) {
      word = mix(word + 0x9e3779b9 + seed)
      bits = word
    }
    text += ALPHABET.charAt(i % 6 === 5 ? bits & 3 : bits & 63)
    bits >>>= 6
  }
  return text
}

/** A version-4-shaped GUID for the number `n`. */
export function guidOf(seed: number, n: number): string {
  const hex = [0, 1, 2, 3]
    .map((lane) =>
      mix(mix(n ^ seed) + lane * 0x9e3779b9)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A stream of numbers in [0, 1). */
export type Chance = () => number

export function makeChance(seed: number): Chance {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    return mix(state) / 0x1_0000_0000
  }
}
