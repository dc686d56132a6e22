import { htmlToText } from './html.ts'
import type { Address, Body, Fields, MessageFields } from './item.ts'

/** Conditions of automatic answers with AND and OR groups, and templates by locale with variables. */
export const CONDITION_FIELDS = ['subject', 'body', 'from', 'cc', 'bcc'] as const
export type ConditionField = (typeof CONDITION_FIELDS)[number]
export const OPERATORS = [
  'contains',
  'does-not-contain',
  'equals',
  'does-not-equal',
  'starts-with',
  'ends-with',
  'in',
  'not-in',
  'empty',
  'not-empty',
] as const
export type Operator = (typeof OPERATORS)[number]

export interface Condition {
  readonly field: ConditionField
  readonly operator: Operator
  /** Of `in` and `not-in` a list, separated by commas or lines; of `empty` and `not-empty` nothing. */
  readonly value: string
}
export interface Group {
  readonly match: 'all' | 'any'
  readonly items: readonly (Condition | Group)[]
}
export const isGroup = (one: Condition | Group): one is Group => 'items' in one

export interface Readable {
  readonly fields: Fields
}

/** A group without conditions fits every message. Case and spaces around make no difference. */
export function fits(group: Group, message: Readable): boolean {
  const values = valuesOf(message)
  const holds = (one: Condition | Group): boolean =>
    isGroup(one) ? decide(one) : holdsFor(one, values[one.field])
  const decide = ({ match, items }: Group): boolean =>
    items.length === 0 || (match === 'all' ? items.every(holds) : items.some(holds))
  return decide(group)
}

/** Of several recipients, a positive operator needs one that fits, a negative one none that does. */
function holdsFor({ operator, value }: Condition, found: readonly string[]): boolean {
  const wanted = plain(value)
  const list = value
    .split(/[,;\n]/)
    .map(plain)
    .filter((one) => one !== '')
  const some = (test: (one: string) => boolean): boolean => found.some(test)
  switch (operator) {
    case 'contains':
      return some((one) => one.includes(wanted))
    case 'does-not-contain':
      return !some((one) => one.includes(wanted))
    case 'equals':
      return some((one) => one === wanted)
    case 'does-not-equal':
      return !some((one) => one === wanted)
    case 'starts-with':
      return some((one) => one.startsWith(wanted))
    case 'ends-with':
      return some((one) => one.endsWith(wanted))
    case 'in':
      return some((one) => list.includes(one))
    case 'not-in':
      return !some((one) => list.includes(one))
    case 'empty':
      return found.every((one) => one === '')
    case 'not-empty':
      return some((one) => one !== '')
  }
}

const plain = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase()

function valuesOf({ fields }: Readable): Record<ConditionField, readonly string[]> {
  const { subject, body, from, cc, bcc } = fields as unknown as MessageFields
  const people = (list: readonly (Address | null)[]): readonly string[] =>
    list.flatMap((one) =>
      one === null ? [] : [plain(one.email), ...(one.name === '' ? [] : [plain(one.name)])],
    )
  return {
    subject: [plain(subject ?? '')],
    body: [plain(textOf(body ?? null))],
    from: people([from ?? null]),
    cc: people(cc ?? []),
    bcc: people(bcc ?? []),
  }
}

const textOf = (body: Body | null): string =>
  body === null ? '' : body.type === 'html' ? htmlToText(body.content) : body.content

export interface TemplateText {
  readonly subject: string
  readonly body: string
  readonly type: 'text' | 'html'
}
export type TemplateTexts = { readonly [locale: string]: TemplateText }

export const VARIABLES = [
  'sender.name',
  'sender.email',
  'subject',
  'mailbox.label',
  'mailbox.address',
  'record',
  'date',
] as const
export type Variables = { readonly [name in (typeof VARIABLES)[number]]: string }

/** Names in `{{ }}` that no variable has: said when the template is saved, not when a customer reads it. */
export const unknownVariables = (text: string): readonly string[] =>
  [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)]
    .map((match) => match[1] ?? '')
    .filter((name) => !(VARIABLES as readonly string[]).includes(name))

/** The text of a template in a locale. In HTML, what comes from the message is never read as HTML. */
export function fill(text: TemplateText, variables: Variables): TemplateText {
  const put = (where: string, escape: (value: string) => string): string =>
    where.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (whole, name: string) =>
      Object.hasOwn(variables, name) ? escape(variables[name as keyof Variables]) : whole,
    )
  return {
    type: text.type,
    subject: put(text.subject, (value) => value).replace(/\s+/g, ' '),
    body: put(text.body, text.type === 'html' ? escapeHtml : (value) => value),
  }
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/**
 * The locale of a template that fits an Accept-Language header (RFC 4647, lookup): the most wanted one that there is,
 * `de` for `de-AT`; otherwise English, otherwise the first.
 */
export function chooseLocale(texts: TemplateTexts, acceptLanguage: string | undefined): string | null {
  const there = Object.keys(texts)
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...more] = part.trim().split(';')
      const q = /q=([\d.]+)/.exec(more.join(';'))?.[1]
      return { tag: tag.trim().toLowerCase(), q: q === undefined ? 1 : Number(q) }
    })
    .filter((one) => one.tag !== '' && one.q > 0)
    .sort((a, b) => b.q - a.q)
  for (const { tag } of wanted) {
    for (let end = tag; end !== ''; end = end.includes('-') ? end.slice(0, end.lastIndexOf('-')) : '') {
      const found = there.find((locale) => locale.toLowerCase() === end)
      if (found !== undefined) return found
    }
  }
  return there.find((locale) => locale.toLowerCase() === 'en') ?? there[0] ?? null
}
