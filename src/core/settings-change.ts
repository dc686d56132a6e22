import type { Channel, Json } from './item.ts'
import { SECRET_KEPT, type Scope } from './setting-kinds.ts'
import {
  isSettingKey,
  parseSetting,
  resolve,
  settingOf,
  words,
  type SettingKey,
  type StoredByScope,
  type StoredSettings,
} from './settings.ts'

/** `inherit` ticks the box beside the field: the stored value goes, the wider scope's is in force. */
export type SettingChange = { readonly inherit: true } | { readonly value: unknown }

export interface SettingProblem {
  readonly key: string
  readonly problem: string
}

export type SettingsChanged =
  | {
      readonly ok: true
      /** All of the scope's values after the change; of a secret only `SECRET_KEPT`. */
      readonly stored: StoredSettings
      /** Secrets to be kept in the place for secrets; an empty text removes one. */
      readonly secrets: { readonly [key in SettingKey]?: string }
      /** What changed along, in words for the person who saved. */
      readonly notes: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] }

/** What the settings themselves do not know. */
export interface SettingsFacts {
  /** The connection check passed with the application settings as they are stored now. */
  readonly applicationChecked: boolean
}

const integrationOf = {
  email: 'integrations.email',
  calendar: 'integrations.calendar',
  tasks: 'integrations.tasks',
} as const satisfies Record<Channel, SettingKey>
const INTEGRATIONS: readonly SettingKey[] = Object.values(integrationOf)

/**
 * What a form, the API or the command line wants to save in one scope: all of it, or the reasons why none of it.
 * Emptying the application settings switches the integrations off rather than being refused: what cannot work is
 * not left switched on.
 */
export function changeSettings(
  stored: StoredByScope,
  scope: Scope,
  changes: { readonly [key: string]: SettingChange },
  facts: SettingsFacts,
): SettingsChanged {
  const problems: SettingProblem[] = []
  const values: { [key: string]: Json } = { ...stored[scope] }
  const secrets: { [key in SettingKey]?: string } = {}
  const changed: SettingKey[] = []

  for (const [key, change] of Object.entries(changes)) {
    if (!isSettingKey(key)) {
      problems.push({ key, problem: 'There is no such setting.' })
      continue
    }
    const entry = settingOf(key)
    if (!entry.scopes.includes(scope)) {
      problems.push({ key, problem: `This is set for the ${entry.scopes.join(' or the ')} only.` })
      continue
    }
    if ('inherit' in change) {
      delete values[key]
      if (entry.secret) secrets[key] = ''
      changed.push(key)
      continue
    }
    const parsed = parseSetting(key, change.value)
    if (!parsed.ok) {
      problems.push({ key, problem: parsed.error })
      continue
    }
    const value: Json = parsed.value
    if (entry.secret && typeof value === 'string') {
      if (value === SECRET_KEPT) continue
      secrets[key] = value
      if (value === '') delete values[key]
      else values[key] = SECRET_KEPT
    } else values[key] = value
    changed.push(key)
  }

  const after: StoredByScope = { ...stored, [scope]: values }
  problems.push(...problemsAcross(after, changed, facts))
  if (problems.length > 0) return { ok: false, problems }

  const notes: string[] = []
  if (scope === 'system' && applicationGaps(after).length > 0) {
    for (const key of INTEGRATIONS) {
      if (values[key] !== true) continue
      values[key] = false
      notes.push(`"${settingOf(key).label}" was switched off: the application settings are not complete.`)
    }
    if (values['singleSignOn.enabled'] === true) {
      values['singleSignOn.enabled'] = false
      notes.push('Microsoft 365 Single Sign-On was switched off: the application settings are not complete.')
    }
  }
  return { ok: true, stored: values, secrets, notes }
}

/** The application settings that are still empty; none means that a connection check can be made. */
export function applicationGaps(stored: StoredByScope): readonly SettingKey[] {
  const needed: readonly SettingKey[] =
    resolve('application.credential', stored).value === 'certificate'
      ? ['application.clientId', 'application.tenantId', 'application.certificate', 'application.privateKey']
      : ['application.clientId', 'application.tenantId', 'application.clientSecret']
  return needed.filter((key) => resolve(key, stored).value === '')
}

/** Microsoft tells https addresses only; the emulator on the same machine also takes plain http. */
const canBeTold = (address: string): boolean =>
  address.startsWith('https://') ||
  /^http:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?(\/|$)/.test(address)

/** Rules between settings. Only what this change touches is complained of: old contradictions block nothing. */
function problemsAcross(
  after: StoredByScope,
  changed: readonly SettingKey[],
  facts: SettingsFacts,
): readonly SettingProblem[] {
  const problems: SettingProblem[] = []
  const productName = resolve('general.productName', after).value
  const gaps = applicationGaps(after)
  const touchesApplication = changed.some(
    (key) => key.startsWith('application.') && key !== 'application.secretExpiresOn',
  )
  for (const key of changed) {
    const value: Json = resolve(key, after).value
    const { onlyWhen } = settingOf(key)
    if (onlyWhen !== undefined && isSettingKey(onlyWhen.key)) {
      const other: Json = resolve(onlyWhen.key, after).value
      if (!onlyWhen.is.includes(other) && value !== settingOf(key).default)
        problems.push({ key, problem: onlyWhenSentence(onlyWhen.key, onlyWhen.is, productName) })
    }
    if ((INTEGRATIONS.includes(key) || key === 'singleSignOn.enabled') && value === true) {
      if (gaps.length > 0)
        problems.push({
          key,
          problem: `Fill in first: ${gaps.map((gap) => settingOf(gap).label).join(', ')}.`,
        })
      else if (!facts.applicationChecked || touchesApplication)
        problems.push({ key, problem: 'Save the application settings and run Check Connection first.' })
    }
  }
  if (changed.includes('synchronization.notifications') || changed.includes('general.publicUrl')) {
    const on = resolve('synchronization.notifications', after).value
    if (on && !canBeTold(resolve('general.publicUrl', after).value))
      problems.push({
        key: 'synchronization.notifications',
        problem:
          'Needs a public address that begins with https:// (http only on this machine, with the emulator).',
      })
  }
  if (
    changed.includes('singleSignOn.passwordLoginOff') &&
    resolve('singleSignOn.passwordLoginOff', after).value &&
    resolve('singleSignOn.domains', after).value.length === 0
  )
    problems.push({ key: 'singleSignOn.passwordLoginOff', problem: 'Name the domains first.' })
  return problems
}

function onlyWhenSentence(key: SettingKey, is: readonly Json[], productName: string): string {
  const { kind, label } = settingOf(key)
  const { shape } = kind
  const names = is.map((value) => {
    if (shape.control !== 'choice') return value === true ? 'on' : String(value)
    const option = shape.options.find((one) => one.value === value)
    return option === undefined ? String(value) : words(option.label, productName)
  })
  return `Has a meaning only while ${label} is ${names.join(' or ')}.`
}

/**
 * Whether a channel runs for the person whose scopes these are: the installation allows it, and it is enabled for
 * the organization and the user.
 */
export function channelEnabled(channel: Channel, stored: StoredByScope): boolean {
  const enabled = {
    email: 'emailSync.enabled',
    calendar: 'calendar.enabled',
    tasks: 'tasks.enabled',
  } as const
  if (!resolve(integrationOf[channel], stored).value || !resolve(enabled[channel], stored).value) return false
  return channel !== 'email' || resolve('email.enabled', stored).value
}

/**
 * Whether the CRM mails its own invitations. Never while Microsoft is written to: then Microsoft mails them, or
 * nobody does, and nobody gets two.
 */
export const crmMailsInvitations = (stored: StoredByScope): boolean =>
  !channelEnabled('calendar', stored) || resolve('calendar.direction', stored).value === 'mailbox-to-crm'
