/** Contacts, accounts, leads and cases: one table of their fields makes forms, lists, imports, exports and checks. */
export type RecordKind = 'contact' | 'account' | 'lead' | 'case'

export interface FieldKind {
  readonly name: string
  readonly column: string
  readonly label: string
  readonly type: 'text' | 'long-text' | 'email' | 'phone' | 'url' | 'date' | 'choice' | 'link' | 'tags'
  readonly required?: true
  readonly list?: true
  readonly maxLength?: number
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  readonly to?: RecordKind
  readonly inTable?: true
}

export interface KindOfRecord {
  readonly table: 'contacts' | 'accounts' | 'leads' | 'cases'
  readonly label: string
  readonly plural: string
  readonly fields: readonly FieldKind[]
  /** The column that stands below the title. */
  readonly subtitle: string
}

const SHORT = 255
const LONG = 100_000
const text = (name: string, column: string, label: string, more: Partial<FieldKind> = {}): FieldKind => ({
  name,
  column,
  label,
  type: 'text',
  maxLength: SHORT,
  ...more,
})
const name = (label: string): FieldKind => text('name', 'name', label, { required: true, inTable: true })
const emails: FieldKind = {
  name: 'emails',
  column: 'emails',
  label: 'Email',
  type: 'email',
  list: true,
  maxLength: 254,
  inTable: true,
}
const phone: FieldKind = {
  name: 'phone',
  column: 'phone',
  label: 'Phone',
  type: 'phone',
  maxLength: 50,
  inTable: true,
}
const tags: FieldKind = {
  name: 'tags',
  column: 'tags',
  label: 'Tags',
  type: 'tags',
  list: true,
  maxLength: 100,
}
const notes: FieldKind = {
  name: 'notes',
  column: 'notes',
  label: 'Notes',
  type: 'long-text',
  maxLength: LONG,
}
const link = (field: string, label: string, to: RecordKind): FieldKind => ({
  name: field,
  column: field,
  label,
  type: 'link',
  to,
  inTable: true,
})
const choice = (field: string, label: string, values: readonly string[]): FieldKind => ({
  name: field,
  column: field,
  label,
  type: 'choice',
  inTable: true,
  options: values.map((value) => ({
    value,
    label: value.charAt(0).toUpperCase() + value.slice(1).replaceAll('-', ' '),
  })),
})

export const KINDS: Readonly<Record<RecordKind, KindOfRecord>> = {
  contact: {
    table: 'contacts',
    label: 'Contact',
    plural: 'Contacts',
    subtitle: 'job_title',
    fields: [
      name('Name'),
      text('firstName', 'first_name', 'First name'),
      text('lastName', 'last_name', 'Last name'),
      emails,
      phone,
      link('account', 'Account', 'account'),
      text('jobTitle', 'job_title', 'Job title', { inTable: true }),
      text('address', 'address', 'Address', { type: 'long-text', maxLength: 2_000 }),
      { name: 'birthday', column: 'birthday', label: 'Birthday', type: 'date' },
      text('source', 'source', 'Source'),
      notes,
      tags,
    ],
  },
  account: {
    table: 'accounts',
    label: 'Account',
    plural: 'Accounts',
    subtitle: 'industry',
    fields: [
      name('Name'),
      {
        name: 'domains',
        column: 'domains',
        label: 'Domains',
        type: 'text',
        list: true,
        maxLength: 253,
        inTable: true,
      },
      text('website', 'website', 'Website', { type: 'url', maxLength: 2_000 }),
      phone,
      text('industry', 'industry', 'Industry', { inTable: true }),
      text('address', 'address', 'Address', { type: 'long-text', maxLength: 2_000 }),
      notes,
      tags,
    ],
  },
  lead: {
    table: 'leads',
    label: 'Lead',
    plural: 'Leads',
    subtitle: 'company',
    fields: [
      name('Name'),
      text('firstName', 'first_name', 'First name'),
      text('lastName', 'last_name', 'Last name'),
      text('company', 'company', 'Company', { inTable: true }),
      emails,
      phone,
      choice('status', 'Status', ['new', 'qualified', 'canceled']),
      text('source', 'source', 'Source', { inTable: true }),
      link('contact', 'Contact', 'contact'),
      link('account', 'Account', 'account'),
      notes,
      tags,
    ],
  },
  case: {
    table: 'cases',
    label: 'Case',
    plural: 'Cases',
    subtitle: 'status',
    fields: [
      name('Subject'),
      text('description', 'description', 'Description', { type: 'long-text', maxLength: LONG }),
      choice('status', 'Status', ['open', 'in-progress', 'resolved', 'closed']),
      choice('priority', 'Priority', ['low', 'normal', 'high']),
      link('contact', 'Contact', 'contact'),
      link('account', 'Account', 'account'),
      text('source', 'source', 'Source'),
      text('resolution', 'resolution', 'Resolution', { type: 'long-text', maxLength: LONG }),
      tags,
    ],
  },
}

export type FieldProblem = { readonly field: string; readonly problem: string }
const EMAIL = /^[^\s@"<>()[\],;:\\]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}$/
const LIST_MAX = 100

/** Reads one field's value as it is stored; null empties it. */
export function readField(
  field: FieldKind,
  input: unknown,
): { readonly value: string | readonly string[] | null } | { readonly problem: string } {
  if (field.list === true) {
    const given =
      input === null
        ? []
        : Array.isArray(input)
          ? input
          : typeof input === 'string'
            ? input.split(/[;,\n]/)
            : null
    if (given === null) return { problem: 'Give a list of texts.' }
    const parts = given
      .map((one: unknown) => (typeof one === 'string' ? one.trim() : null))
      .filter((one) => one !== '')
    if (parts.length > LIST_MAX) return { problem: `At most ${LIST_MAX} entries.` }
    const values: string[] = []
    for (const part of parts) {
      if (part === null) return { problem: 'Give a list of texts.' }
      const one = readText(field, part)
      if ('problem' in one) return one
      if (!values.includes(one.value)) values.push(one.value)
    }
    return { value: values }
  }
  if (input === null || input === '')
    return field.required === true ? { problem: 'This may not be empty.' } : { value: null }
  if (typeof input !== 'string') return { problem: 'Give a text.' }
  return readText(field, input.trim())
}

function readText(field: FieldKind, text: string): { readonly value: string } | { readonly problem: string } {
  const max = field.maxLength ?? SHORT
  if (text.length > max) return { problem: `At most ${max} characters; this has ${text.length}.` }
  if (field.required === true && text === '') return { problem: 'This may not be empty.' }
  switch (field.type) {
    case 'email': {
      const email = text.toLowerCase()
      return EMAIL.test(email) ? { value: email } : { problem: `"${text}" is no email address.` }
    }
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
        ? { value: text }
        : { problem: 'Give a date as year-month-day, for example 1980-03-31.' }
    case 'url':
      return /^https?:\/\/[^\s]+$/i.test(text)
        ? { value: text }
        : { problem: 'Give an address that begins with https://' }
    case 'choice':
      return field.options?.some((option) => option.value === text) === true
        ? { value: text }
        : { problem: `Choose one of: ${(field.options ?? []).map((option) => option.value).join(', ')}.` }
    default:
      return field.name === 'domains' ? { value: text.toLowerCase() } : { value: text }
  }
}
