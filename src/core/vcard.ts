import { canonicalEmail } from './canonical.ts'
import { readContentLines, splitValue, unescapeText, type ContentLine } from './content-lines.ts'
import type { PlainDate } from './item.ts'
import { cleanLine, cleanText } from './text.ts'
import { isPlainDate } from './time.ts'

/** Reads contacts of a vCard file, versions 2.1, 3.0 and 4.0. Pictures, keys and sounds are passed over. */
export interface VcardContact {
  readonly uid: string
  /** As the card shows it; made of the parts when it says none. */
  readonly name: string
  readonly prefix: string
  readonly firstName: string
  readonly middleName: string
  readonly lastName: string
  readonly suffix: string
  readonly organization: string
  readonly department: string
  readonly jobTitle: string
  /** Lower case, each once, the preferred first. */
  readonly emails: readonly Labelled[]
  readonly phones: readonly Labelled[]
  readonly urls: readonly Labelled[]
  readonly addresses: readonly PostalAddress[]
  readonly birthday: PlainDate | null
  readonly note: string
  readonly categories: readonly string[]
}
export interface Labelled {
  readonly value: string
  readonly label: 'work' | 'home' | 'mobile' | 'fax' | 'other'
}
export interface PostalAddress {
  readonly label: Labelled['label']
  readonly street: string
  readonly city: string
  readonly region: string
  readonly postalCode: string
  readonly country: string
}
export interface ContactImport {
  readonly contacts: readonly VcardContact[]
  readonly problems: readonly { readonly what: string; readonly reason: string }[]
}

export const IMPORT_CONTACTS_MAX = 100_000
const PROBLEMS_MAX = 1_000
const VALUES_MAX = 50
const LINE_MAX = 500
const NOTE_MAX = 100_000

export function readVcards(text: string): ContactImport {
  const contacts: VcardContact[] = []
  const problems: { what: string; reason: string }[] = []
  const say = (what: string, reason: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push({ what, reason })
  }
  let card: ContentLine[] | null = null
  for (const line of readContentLines(text, (at, reason) => say(`line ${at}`, reason))) {
    const begins = line.name === 'BEGIN' && isVcard(line)
    if (begins || (line.name === 'END' && isVcard(line))) {
      if (begins && card !== null)
        say(`line ${line.line}`, 'A card begins within another; the first was left out.')
      if (!begins && card === null) say(`line ${line.line}`, 'A card ends that never began.')
      if (!begins && card !== null) {
        const contact = contactOf(card)
        if (contact === null)
          say(`line ${line.line}`, 'The card has neither a name nor an address; it was left out.')
        else if (contacts.length >= IMPORT_CONTACTS_MAX) {
          say(
            `line ${line.line}`,
            `The file has more than ${IMPORT_CONTACTS_MAX} cards; the rest was not read.`,
          )
          return { contacts, problems }
        } else contacts.push(contact)
      }
      card = begins ? [] : null
    } else card?.push(line)
  }
  if (card !== null) say('the file', 'It ends in the middle of a card; it may have been cut off.')
  if (contacts.length === 0 && problems.length === 0) say('the file', 'There is no card in it.')
  return { contacts, problems }
}

const isVcard = (line: ContentLine): boolean => line.value.trim().toUpperCase() === 'VCARD'

function contactOf(lines: readonly ContentLine[]): VcardContact | null {
  const all = (name: string): readonly ContentLine[] =>
    lines.filter((line) => line.name === name).sort((a, b) => preference(a) - preference(b))
  const one = (name: string): string => {
    const [line] = all(name)
    return line === undefined ? '' : short(unescapeText(decode(line)))
  }
  const parts = (name: string): string[] => {
    const [line] = all(name)
    return line === undefined ? [] : splitValue(decode(line), ';').map(short)
  }
  const [lastName = '', firstName = '', middleName = '', prefix = '', suffix = ''] = parts('N')
  const [organization = '', department = ''] = parts('ORG')
  const emails = labelled(all('EMAIL'), (value) => canonicalEmail(value))
  const phones = labelled(all('TEL'), (value) => short(value.replace(/^tel:/i, '')))
  const shown = one('FN') || [prefix, firstName, middleName, lastName, suffix].filter(Boolean).join(' ')
  const name = shown || organization || (emails[0]?.value ?? '')
  if (name === '' && phones.length === 0) return null
  const [note] = all('NOTE')
  return {
    uid: one('UID'),
    name,
    prefix,
    firstName,
    middleName,
    lastName,
    suffix,
    organization,
    department,
    jobTitle: one('TITLE') || one('ROLE'),
    emails,
    phones,
    urls: labelled(all('URL'), (value) =>
      /^https?:\/\/\S+$/i.test(value.trim()) ? value.trim().slice(0, 2_000) : '',
    ),
    addresses: all('ADR').slice(0, VALUES_MAX).map(addressOf).filter(isFilled),
    birthday: birthdayOf(one('BDAY')),
    note: note === undefined ? '' : cleanText(unescapeText(decode(note)).slice(0, NOTE_MAX)),
    categories: [...new Set(all('CATEGORIES').flatMap((line) => splitValue(decode(line), ',').map(short)))]
      .filter(Boolean)
      .slice(0, VALUES_MAX)
      .sort(),
  }
}

const short = (text: string): string => cleanLine(text).slice(0, LINE_MAX)

function labelled(lines: readonly ContentLine[], read: (value: string) => string): Labelled[] {
  const kept = new Map<string, Labelled>()
  for (const line of lines.slice(0, VALUES_MAX)) {
    const value = read(unescapeText(decode(line)))
    if (value !== '' && !kept.has(value)) kept.set(value, { value, label: labelOf(line) })
  }
  return [...kept.values()]
}

const typesOf = (line: ContentLine): readonly string[] => (line.params['TYPE'] ?? '').toUpperCase().split(',')

function labelOf(line: ContentLine): Labelled['label'] {
  const types = typesOf(line)
  if (types.includes('FAX')) return 'fax'
  if (types.includes('CELL') || types.includes('MOBILE')) return 'mobile'
  if (types.includes('WORK')) return 'work'
  return types.includes('HOME') ? 'home' : 'other'
}

/** 1 to 100 in vCard 4.0; `TYPE=PREF` before that. */
function preference(line: ContentLine): number {
  const pref = Number(line.params['PREF'])
  return pref >= 1 && pref <= 100 ? pref : typesOf(line).includes('PREF') ? 1 : 101
}

function addressOf(line: ContentLine): PostalAddress {
  const [box = '', extended = '', street = '', city = '', region = '', postalCode = '', country = ''] =
    splitValue(decode(line), ';').map((part) => short(part.replaceAll('\n', ', ')))
  return {
    label: labelOf(line),
    street: [street, extended, box].filter(Boolean).join(', '),
    city,
    region,
    postalCode,
    country,
  }
}

const isFilled = ({ street, city, region, postalCode, country }: PostalAddress): boolean =>
  `${street}${city}${region}${postalCode}${country}` !== ''

/** A whole date only: `--0412` has no year. */
function birthdayOf(text: string): PlainDate | null {
  const found = /^(\d{4})-?(\d{2})-?(\d{2})(?:$|T)/.exec(text)
  const date = found === null ? '' : `${found[1] ?? ''}-${found[2] ?? ''}-${found[3] ?? ''}`
  return isPlainDate(date) ? date : null
}

/** Quoted-printable is vCard 2.1's; its texts are UTF-8 or, in old files, Latin-1. */
function decode(line: ContentLine): string {
  if (!/QUOTED-PRINTABLE/i.test(line.params['ENCODING'] ?? '')) return line.value
  const escaped = line.value.replace(/%/g, '%25').replace(/=([0-9A-Fa-f]{2})/g, '%$1')
  try {
    return decodeURIComponent(escaped)
  } catch {
    return escaped.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }
}
