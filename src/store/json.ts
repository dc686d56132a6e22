/**
 * JSON text that PostgreSQL accepts. It refuses the character NUL and halves of surrogate pairs, which do occur in
 * mail and in titles that were cut in the middle of an emoji; one such item must not stop a page of a thousand.
 * NUL is left out, half a pair becomes U+FFFD.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value)
  return isStorable(text) ? text : JSON.stringify(value, cleaned)
}

/** Whether the database takes this JSON text as it is. Most texts have no escape of that kind at all. */
export const isStorable = (json: string): boolean => !json.includes('\\u') || !SUSPECT.test(json)

const SUSPECT = /\\u(?:0000|d[89a-f])/i

function cleaned(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const entries = Object.entries(value)
  return entries.every(([key]) => cleanText(key) === key)
    ? value
    : Object.fromEntries(entries.map(([key, one]) => [cleanText(key), one]))
}

export const cleanText = (text: string): string => text.replaceAll('\u0000', '').toWellFormed()
