import { describeGroup } from './describe.ts'
import { SCOPES, type Parsed, type Scope, type Setting } from './setting-kinds.ts'
import { emailSettings } from './settings-email.ts'
import { microsoftSettings } from './settings-microsoft.ts'
import type { Json } from './item.ts'

/**
 * Every setting of the product, once. Forms, the API's checks, the command line and the documentation are made from
 * this table; nothing else in the product knows a default. SPEC.md section G.
 */
export const settings = { ...microsoftSettings, ...emailSettings } as const

export type SettingsPage = 'microsoft' | 'email' | 'application'

export const sections = {
  general: { page: 'application', label: 'General', help: 'What this installation calls itself.' },
  application: {
    page: 'microsoft',
    label: 'Azure Active Directory Application Settings',
    help: 'The application that your administrator registered in Microsoft Entra ID.',
  },
  integrations: {
    page: 'microsoft',
    label: 'Microsoft 365 Integrations',
    help: 'What may be synchronized here at all. Needs the application settings above, filled in and checked.',
  },
  singleSignOn: {
    page: 'microsoft',
    label: 'Microsoft 365 Single Sign-On',
    help: 'Sign in here with the Microsoft account whose address is the same as that of the user.',
  },
  synchronization: {
    page: 'microsoft',
    label: 'Synchronization Settings',
    help: 'How often, and how far back and ahead.',
  },
  calendar: {
    page: 'microsoft',
    label: 'Calendar Synchronization',
    help: 'Events between {product} and Outlook.',
  },
  tasks: {
    page: 'microsoft',
    label: 'Tasks Synchronization',
    help: 'Tasks between {product} and Microsoft To Do.',
  },
  deletes: {
    page: 'microsoft',
    label: 'Deletes',
    help: 'What protects you from losing many items at once.',
  },
  email: { page: 'email', label: 'Email settings', help: 'Email of users in {product}.' },
  emailSync: {
    page: 'email',
    label: 'Email Synchronization Settings',
    help: 'Which mail comes from Microsoft 365.',
  },
  autocomplete: { page: 'email', label: 'Autocomplete', help: 'Suggestions of recipients.' },
  signature: { page: 'email', label: 'Signature', help: 'What stands below a message.' },
  threads: { page: 'email', label: 'Email Threads', help: 'How conversations are shown.' },
  reply: { page: 'email', label: 'Reply', help: 'Which button comes first.' },
  attachments: { page: 'email', label: 'Attachments', help: 'Files that come with mail.' },
  notifications: {
    page: 'email',
    label: 'Notification Rules',
    help: 'Mail that this system sends to its own users.',
  },
} as const satisfies Record<string, { page: SettingsPage; label: string; help: string }>

export type SettingKey = keyof typeof settings
export type SettingValue<K extends SettingKey> = (typeof settings)[K]['default']

export const settingKeys = Object.keys(settings) as readonly SettingKey[]
export const isSettingKey = (text: string): text is SettingKey => Object.hasOwn(settings, text)
/** The row of the table, without the type of its value. */
export const settingOf = (key: SettingKey): Setting => settings[key]

/** Reads a value for `key`; the error is a sentence for the person who typed it and never quotes a secret. */
export function parseSetting<K extends SettingKey>(key: K, input: unknown): Parsed<SettingValue<K>> {
  const entry = settingOf(key)
  if (entry.fixed) return { ok: false, error: 'This is fixed and cannot be changed.' }
  return entry.kind.parse(input) as Parsed<SettingValue<K>>
}

/** Puts the name that the CRM has in this installation into a label, an option or a help line. */
export const words = (template: string, productName: string): string =>
  template.replaceAll('{product}', productName)

/** What is stored: a key that is there overrides, a key that is left out inherits. */
export type StoredSettings = { readonly [key: string]: Json }
export type StoredByScope = { readonly [S in Scope]?: StoredSettings }

export interface InForce<V> {
  readonly value: V
  /** The scope that set it; `default` when none did. */
  readonly from: Scope | 'default'
  /** Stored values that were passed over because they no longer fit (an upgrade narrowed them), with the reason. */
  readonly ignored?: readonly { readonly scope: Scope; readonly reason: string }[]
}

/**
 * The value in force and the scope that set it: the narrowest scope that has a value wins. A scope that the setting
 * does not have is never looked at.
 */
export function resolve<K extends SettingKey>(key: K, stored: StoredByScope): InForce<SettingValue<K>> {
  return resolveUpTo(key, stored, 'user')
}

/** What `scope` would inherit if it had no value of its own: what stands beside the inherit box. */
export function inherited<K extends SettingKey>(
  key: K,
  stored: StoredByScope,
  scope: Scope,
): InForce<SettingValue<K>> {
  const wider = SCOPES[SCOPES.indexOf(scope) - 1]
  return resolveUpTo(key, stored, wider ?? null)
}

function resolveUpTo<K extends SettingKey>(
  key: K,
  stored: StoredByScope,
  narrowest: Scope | null,
): InForce<SettingValue<K>> {
  const entry = settingOf(key)
  const ignored: { scope: Scope; reason: string }[] = []
  const from = narrowest === null ? -1 : SCOPES.indexOf(narrowest)
  for (let i = entry.fixed ? -1 : from; i >= 0; i--) {
    const scope = SCOPES[i]
    if (scope === undefined || !entry.scopes.includes(scope)) continue
    const values = stored[scope]
    if (values === undefined || !Object.hasOwn(values, key)) continue
    const parsed = parseSetting(key, values[key])
    if (parsed.ok) return { value: parsed.value, from: scope, ...(ignored.length > 0 && { ignored }) }
    ignored.push({ scope, reason: parsed.error })
  }
  return { value: settings[key].default, from: 'default', ...(ignored.length > 0 && { ignored }) }
}

/** The label of the box beside a field: ticked, the field takes its value from where the label says. */
export const inheritLabel: Record<Scope, string> = {
  system: 'Use Default',
  organization: 'Use System',
  user: 'Use Organization',
}

/** How a value reads: an option's label, "on" and "off", a list with commas; never a secret. */
export function settingText(key: SettingKey, value: Json, productName: string): string {
  const entry = settingOf(key)
  const { shape } = entry.kind
  if (entry.secret) return value === '' ? 'not set' : 'set'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'number') return 'unit' in shape ? `${value} ${shape.unit}` : String(value)
  if (typeof value === 'string') {
    const option = shape.control === 'choice' ? shape.options.find((one) => one.value === value) : undefined
    return option === undefined ? value || 'empty' : words(option.label, productName)
  }
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : value.join(', ')
  if (shape.control === 'answers')
    return (
      Object.entries(value ?? {})
        .map(([group, side]) => `${describeGroup(group)}: ${side === 'crm' ? productName : 'Microsoft'}`)
        .join(', ') || 'none'
    )
  if (value !== null && 'mode' in value)
    return 'ids' in value && Array.isArray(value.ids) ? `${value.ids.length} chosen` : 'default'
  return 'empty'
}
