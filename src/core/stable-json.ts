import type { Json } from './item.ts'

/** JSON with the keys of every object in order: equal values give equal texts, whoever built them. */
export function stableJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) {
    let text = '['
    for (let i = 0; i < value.length; i++) text += (i === 0 ? '' : ',') + stableJson(value[i] ?? null)
    return `${text}]`
  }
  let text = '{'
  for (const key of Object.keys(value).sort()) {
    const inner = value[key]
    if (inner === undefined) continue
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${stableJson(inner)}`
  }
  return `${text}}`
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/**
 * 14 hexadecimal digits (53 bits, cyrb53). Fast and even; not for secrets: whoever wants can make two texts with the
 * same hash.
 */
export function hash(text: string): string {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2_654_435_761)
    b = Math.imul(b ^ code, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return (4_294_967_296 * (2_097_151 & b) + (a >>> 0)).toString(16).padStart(14, '0')
}
