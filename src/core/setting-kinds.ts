import type { Json, Kind, Side } from './item.ts'
import { isDecidable } from './policy.ts'

/**
 * The kinds of value that a setting can have: each knows how to read what a form, the API or a file hands in.
 * A reader never throws: it answers with the value as it is kept, or with a sentence for the person who typed it.
 */
export type Parsed<V> =
  { readonly ok: true; readonly value: V } | { readonly ok: false; readonly error: string }

export interface Option<V extends Json = string> {
  readonly value: V
  /** May contain `{product}`, see `words`. */
  readonly label: string
}

export type Scope = 'system' | 'organization' | 'user'
/** From the widest to the narrowest: the narrowest that has a value wins. */
export const SCOPES: readonly Scope[] = ['system', 'organization', 'user']

/** What a form needs to draw the field; `parse` needs nothing else. */
export type Control =
  | { readonly control: 'flag' }
  | { readonly control: 'number'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly control: 'text'; readonly maxLength: number; readonly lines: 'one' | 'many' | 'rich' }
  | { readonly control: 'secret'; readonly maxLength: number; readonly lines: 'one' | 'many' }
  | { readonly control: 'date' }
  | { readonly control: 'choice'; readonly options: readonly Option[] }
  | { readonly control: 'list'; readonly maxItems: number; readonly placeholder: string }
  | { readonly control: 'collections'; readonly of: 'calendar' | 'taskList' | 'folder' }
  | { readonly control: 'answers'; readonly of: 'event' | 'task' }
  /** Shown, never written: the server fills it in. */
  | { readonly control: 'computed'; readonly copy: boolean }

export interface ValueKind<V extends Json> {
  readonly shape: Control
  readonly parse: (input: unknown) => Parsed<V>
}

export interface Setting<V extends Json = Json> {
  /** A name in the table of sections. */
  readonly section: string
  /** May contain `{product}`: the name that the CRM has here. See `words`. */
  readonly label: string
  readonly help: string
  readonly scopes: readonly Scope[]
  readonly kind: ValueKind<V>
  readonly default: V
  /** Encrypted at rest; the settings hold only `SECRET_KEPT`. */
  readonly secret?: true
  /** Shown, cannot be changed. */
  readonly fixed?: true
  /** Has a meaning only while the other setting has one of these values. */
  readonly onlyWhen?: { readonly key: string; readonly is: readonly Json[] }
  /** A button beside the field; the server knows what it does. */
  readonly action?: { readonly id: string; readonly label: string }
}

export const setting = <V extends Json>(entry: Setting<V>): Setting<V> => entry

/** Which calendars, task lists or folders take part; ids are our collection ids. */
export type CollectionChoice =
  | { readonly mode: 'default' }
  | {
      readonly mode: 'chosen'
      readonly ids: readonly string[]
      /** Where new records of the CRM go; one of `ids`. Folders have none: mail is never made by the CRM. */
      readonly newItemsTo: string | null
    }

/**
 * What stands in the settings for a secret that is set: the secret itself is encrypted elsewhere, and no reader of
 * settings ever holds it. Written back unchanged it means "keep what is there".
 */
export const SECRET_KEPT = '********'

export const DOMAIN_NAME =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/
export const EMAIL_ADDRESS =
  /^[^\s@"<>()[\],;:\\]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}$/

export const COLLECTIONS_MAX = 1_000
const COLLECTION_ID_LENGTH_MAX = 512

const fine = <V>(value: V): Parsed<V> => ({ ok: true, value })
const refused = (error: string): { readonly ok: false; readonly error: string } => ({ ok: false, error })

export const flag: ValueKind<boolean> = {
  shape: { control: 'flag' },
  parse: (input) => {
    if (typeof input === 'boolean') return fine(input)
    if (input === 'true' || input === 'on') return fine(true)
    if (input === 'false' || input === 'off') return fine(false)
    return refused('Say on or off.')
  },
}

/** Whole numbers only; a text of digits is taken too, because forms and command lines hand in texts. */
export function number(min: number, max: number, unit: string): ValueKind<number> {
  return {
    shape: { control: 'number', min, max, unit },
    parse: (input) => {
      const value = typeof input === 'string' && /^\s*-?\d{1,12}\s*$/.test(input) ? Number(input) : input
      if (typeof value !== 'number' || !Number.isInteger(value)) return refused('Give a whole number.')
      if (value < min || value > max) return refused(`Give a number from ${min} to ${max} (${unit}).`)
      return fine(value)
    },
  }
}

export function text(
  maxLength: number,
  options: {
    readonly lines?: 'one' | 'many' | 'rich'
    readonly format?: RegExp
    /** What to say when `format` does not fit. */
    readonly say?: string
    readonly empty?: boolean
    readonly fold?: 'lower'
  } = {},
): ValueKind<string> {
  const { lines = 'one', format, say, empty = true, fold } = options
  return {
    shape: { control: 'text', maxLength, lines },
    parse: (input) => {
      if (input === null) return parseText('')
      if (typeof input !== 'string') return refused('Give a text.')
      return parseText(input)
    },
  }
  function parseText(input: string): Parsed<string> {
    const trimmed = lines === 'one' ? input.trim() : input
    const value = fold === 'lower' ? trimmed.toLowerCase() : trimmed
    if (value.length > maxLength) return refused(`At most ${maxLength} characters; this has ${value.length}.`)
    if (lines === 'one' && hasControlCharacter(value))
      return refused('One line of text, without line breaks.')
    if (value === '') return empty ? fine('') : refused('This may not be empty.')
    if (format !== undefined && !format.test(value))
      return refused(say ?? 'This does not have the right form.')
    return fine(value)
  }
}

export function secret(
  maxLength: number,
  options: { readonly lines?: 'one' | 'many'; readonly format?: RegExp; readonly say?: string } = {},
): ValueKind<string> {
  const { lines = 'one', format, say } = options
  return {
    shape: { control: 'secret', maxLength, lines },
    parse: (input) => {
      if (input === null || input === '') return fine('')
      if (typeof input !== 'string') return refused('Give a text.')
      const value = input.trim()
      if (value === SECRET_KEPT) return fine(value)
      // The length is said, the value never.
      if (value.length > maxLength)
        return refused(`At most ${maxLength} characters; this has ${value.length}.`)
      if (format !== undefined && !format.test(value))
        return refused(say ?? 'This does not have the right form.')
      return fine(value)
    },
  }
}

export const date: ValueKind<string> = {
  shape: { control: 'date' },
  parse: (input) => {
    if (input === null || input === '') return fine('')
    if (typeof input !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(input))
      return refused('Give a date as year-month-day, for example 2027-03-31.')
    const [year = 0, month = 0, day = 0] = input.split('-').map(Number)
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
      return refused(`${input} is no day of the calendar.`)
    return fine(input)
  },
}

export function choice<const V extends string>(...options: readonly Option<V>[]): ValueKind<V> {
  return {
    shape: { control: 'choice', options },
    parse: (input) => {
      const found = options.find((option) => option.value === input)
      if (found !== undefined) return fine(found.value)
      return refused(`Choose one of: ${options.map((option) => option.value).join(', ')}.`)
    },
  }
}

/** A text with commas, semicolons or line ends between the entries is taken as well; kept in lower case, sorted, each once. */
export function list(
  maxItems: number,
  options: { readonly format: RegExp; readonly what: string; readonly placeholder: string },
): ValueKind<readonly string[]> {
  return {
    shape: { control: 'list', maxItems, placeholder: options.placeholder },
    parse: (input) => {
      const entries = typeof input === 'string' ? input.split(/[,;\r\n]/) : input === null ? [] : input
      if (!Array.isArray(entries)) return refused('Give a list.')
      const kept = new Set<string>()
      for (const entry of entries as readonly unknown[]) {
        if (typeof entry !== 'string') return refused('Give a list of texts.')
        const value = entry.trim().toLowerCase()
        if (value === '') continue
        if (value.length > 320 || !options.format.test(value))
          return refused(`"${value.slice(0, 60)}" is not ${options.what}.`)
        kept.add(value)
      }
      if (kept.size > maxItems) return refused(`At most ${maxItems} entries; this has ${kept.size}.`)
      return fine([...kept].sort())
    },
  }
}

export function collections(of: 'calendar' | 'taskList' | 'folder'): ValueKind<CollectionChoice & Json> {
  return {
    shape: { control: 'collections', of },
    parse: (input) => {
      if (typeof input !== 'object' || input === null) return refused('Choose the default or a set.')
      const { mode, ids, newItemsTo } = input as { mode?: unknown; ids?: unknown; newItemsTo?: unknown }
      if (mode === 'default') return fine({ mode })
      if (mode !== 'chosen') return refused('Choose the default or a set.')
      if (!Array.isArray(ids) || ids.length === 0) return refused('Choose at least one.')
      if (ids.length > COLLECTIONS_MAX) return refused(`At most ${COLLECTIONS_MAX} can be chosen.`)
      const kept = new Set<string>()
      for (const id of ids as readonly unknown[]) {
        if (typeof id !== 'string' || id === '' || id.length > COLLECTION_ID_LENGTH_MAX)
          return refused('One of the chosen entries is not known.')
        kept.add(id)
      }
      if (of === 'folder') return fine({ mode, ids: [...kept].sort(), newItemsTo: null })
      if (typeof newItemsTo !== 'string' || !kept.has(newItemsTo))
        return refused('Say to which of the chosen ones new items go.')
      return fine({ mode, ids: [...kept].sort(), newItemsTo })
    },
  }
}

/** Who wins a field group whatever "Conflict Resolution" says; a group that is left out follows that. */
export function answers(of: Kind & ('event' | 'task')): ValueKind<{ readonly [group: string]: Side }> {
  return {
    shape: { control: 'answers', of },
    parse: (input) => {
      if (typeof input !== 'object' || input === null || Array.isArray(input))
        return refused('Give the fields, each with the side that wins it.')
      const kept: { [group: string]: Side } = {}
      for (const [group, side] of Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (!isDecidable(of, group))
          return refused(`"${group.slice(0, 60)}" is no field that both sides may change.`)
        if (side !== 'crm' && side !== 'mailbox') return refused('A field is won by crm or mailbox.')
        kept[group] = side
      }
      return fine(kept)
    },
  }
}

/** Has no value of its own: the server shows what it computes. */
export function computed(copy: boolean): ValueKind<string> {
  return {
    shape: { control: 'computed', copy },
    parse: () => refused('This is computed and cannot be changed.'),
  }
}

function hasControlCharacter(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 32 || code === 127) return true
  }
  return false
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
