/** People as they are typed, pasted and shown: `Maria Berger <m.berger@fabrikam.example>`. Pure. */
export interface Recipient {
  readonly email: string
  readonly name: string
}
const ADDRESS = /^[^\s@<>()[\],;:"]+@[^\s@<>()[\],;:"]+\.[^\s@<>()[\],;:".]{2,}$/
export const isAddress = (text: string): boolean => ADDRESS.test(text) && text.length <= 254

const NAMED = /^(.*?)\s*<\s*(?:mailto:)?([^<>]*)>$/
export function readRecipient(text: string): Recipient | null {
  const trimmed = text.trim()
  const named = NAMED.exec(trimmed)
  const email = (named?.[2] ?? trimmed).trim().toLowerCase()
  if (!isAddress(email)) return null
  const name = (named?.[1] ?? '')
    .trim()
    .replaceAll(/^["']|["']$/g, '')
    .trim()
  return { email, name: name.toLowerCase() === email ? '' : name }
}
export const writeRecipient = ({ email, name }: Recipient): string =>
  name === ''
    ? email
    : `${name
        .replaceAll(/[<>,;"]/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim()} <${email}>`

/** What was pasted from another program: parted by commas, semicolons and lines, but not inside of quotes. */
export function splitTyped(text: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  let quoted = false
  for (const char of text) {
    if (char === '"') quoted = !quoted
    if (!quoted && (char === ',' || char === ';' || char === '\n')) {
      parts.push(part)
      part = ''
    } else part += char
  }
  return [...parts, part].map((one) => one.trim()).filter((one) => one !== '')
}

/** People and what could not be read, each once. */
export function readAll(values: readonly string[]): {
  readonly people: Recipient[]
  readonly wrong: string[]
} {
  const people = new Map<string, Recipient>()
  const wrong: string[] = []
  for (const value of values.flatMap(splitTyped)) {
    const one = readRecipient(value)
    if (one === null) wrong.push(value)
    else if (!people.has(one.email)) people.set(one.email, one)
  }
  return { people: [...people.values()], wrong }
}

const SPEAKS_OF_FILES =
  /\battach(?:ed|ing|ment|ments)\b|\benclosed\b|\bAnhang\b|\bangehängt\b|\banbei\b|\bbeigefügt\b|\bci-joint|\bpièce jointe\b|\badjunt[oa]s?\b|\bin allegato\b|\bbijlage\b/i
/** Whether what was written (not what is quoted) promises a file. */
export const speaksOfFiles = (written: string): boolean => SPEAKS_OF_FILES.test(written)
