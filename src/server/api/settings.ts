import { z } from 'zod'
import { ACTING, ADMINISTRATOR, channel, EVERYONE, id, instant, json, route } from './contract.ts'

/** The configuration at its three scopes, the set-up guide and the doctor. */
export const scope = z.enum(['system', 'organization', 'user'])
const settingsPage = z.enum(['microsoft', 'email', 'application'])

/** What a form needs to draw one field: a copy of core/setting-kinds.ts `Control`. */
export const control = z.discriminatedUnion('control', [
  z.object({ control: z.literal('flag') }),
  z.object({ control: z.literal('number'), min: z.number(), max: z.number(), unit: z.string() }),
  z.object({
    control: z.literal('text'),
    maxLength: z.number(),
    lines: z.enum(['one', 'many', 'rich']),
  }),
  z.object({ control: z.literal('secret'), maxLength: z.number(), lines: z.enum(['one', 'many']) }),
  z.object({ control: z.literal('date') }),
  z.object({
    control: z.literal('choice'),
    options: z.array(z.object({ value: json, label: z.string() })),
  }),
  z.object({ control: z.literal('list'), maxItems: z.number(), placeholder: z.string() }),
  z.object({ control: z.literal('collections'), of: z.enum(['calendar', 'taskList', 'folder']) }),
  z.object({ control: z.literal('answers'), of: z.enum(['event', 'task']) }),
  z.object({ control: z.literal('computed'), copy: z.boolean() }),
])

const valueFrom = z.object({ value: json, text: z.string(), from: scope.or(z.literal('default')) })

export const settingField = z.object({
  key: z.string(),
  label: z.string(),
  help: z.string(),
  control,
  /** In force at this scope. A secret's value is only ever `********` (set) or empty. */
  value: json,
  /** True when this scope has its own value: the inherit box is not ticked. */
  overridden: z.boolean(),
  /** The value in force and the scope that set it. */
  inForce: valueFrom,
  /** What it would be with the inherit box ticked. */
  inherited: valueFrom,
  secret: z.boolean(),
  fixed: z.boolean(),
  /** Why it cannot be changed now (the check boxes before the application settings are checked); null: it can. */
  disabled: z.string().nullable(),
  onlyWhen: z.object({ key: z.string(), is: z.array(json) }).nullable(),
  action: z.object({ id: z.string(), label: z.string() }).nullable(),
})

export const settingsForm = z.object({
  scope,
  /** Whose: an organization or a user; null at system scope. */
  owner: z.object({ id, name: z.string() }).nullable(),
  /** The label of the inherit box at this scope: Use Default, Use System, Use Organization. */
  inheritLabel: z.string(),
  productName: z.string(),
  sections: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      help: z.string(),
      fields: z.array(settingField),
    }),
  ),
  /** The application settings were checked against Microsoft since they were last changed. */
  applicationChecked: z.boolean(),
})

const at = {
  scope,
  /** The organization's or user's id; left out: one's own. Not used at system scope. */
  of: id.exactOptional(),
}
const settingsChange = z.strictObject({
  ...at,
  /** New values by key. */
  set: z.record(z.string().max(100), json).default({}),
  /** Keys whose own value is taken away: they inherit again. */
  inherit: z.array(z.string().max(100)).max(200).default([]),
})

const impact = z.object({
  /** How many users get other values in force by this change. */
  users: z.number().int(),
  /** How many keep what they have because they, or their organization, override it. */
  overriding: z.number().int(),
  mailboxes: z.number().int(),
  changes: z.array(
    z.object({
      key: z.string(),
      label: z.string(),
      from: z.string(),
      to: z.string(),
      users: z.number().int(),
      overriding: z.number().int(),
    }),
  ),
  /** What else will happen: channels that start a first sync, mailboxes that must connect again. */
  notes: z.array(z.string()),
})

export const doctorStep = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['ok', 'failed', 'warning', 'skipped']),
  /** What was seen. */
  detail: z.string(),
  /** What to do about it, step by step, when something is to do. */
  fix: z.string().nullable(),
  /** To copy into a ticket: the AADSTS number or Graph code, request id. */
  code: z.string().nullable(),
  seconds: z.number(),
})
export const doctorReport = z.object({
  at: instant.nullable(),
  state: z.enum(['never-run', 'ok', 'warning', 'failed']),
  steps: z.array(doctorStep),
})

export const settingsApi = {
  'GET /api/settings': route({
    summary:
      'The settings of one page at one scope, as a form. System and organization: administrators only.',
    access: EVERYONE,
    query: z.object({ page: settingsPage.optional(), ...at }),
    answer: settingsForm,
  }),
  'PATCH /api/settings': route({
    summary: 'Save changed settings: all of them, or none (422 with a problem for each key).',
    access: ACTING,
    body: settingsChange,
    answer: z.object({ form: settingsForm, notes: z.array(z.string()) }),
  }),
  'POST /api/settings/impact': route({
    summary: 'What saving these changes would do, and to whom; changes nothing.',
    access: ACTING,
    body: settingsChange,
    answer: impact,
  }),
  'GET /api/settings/explain': route({
    summary: 'Every setting with the value in force and where it came from, for the system, or for one user.',
    access: EVERYONE,
    query: z.object({ user: id.optional(), key: z.string().max(100).optional() }),
    answer: z.object({
      items: z.array(
        z.object({
          key: z.string(),
          label: z.string(),
          value: json,
          text: z.string(),
          from: z.enum(['default', 'system', 'organization', 'user', 'flag', 'environment', '.env']),
        }),
      ),
    }),
  }),
  'POST /api/settings/actions/:action': route({
    summary: 'Press the button beside a setting: check-application, remove-large-attachments.',
    access: ADMINISTRATOR,
    params: z.object({ action: z.enum(['check-application', 'remove-large-attachments']) }),
    answer: z.object({ ok: z.boolean(), message: z.string(), steps: z.array(doctorStep) }),
  }),
  'GET /api/setup-guide': route({
    summary: 'What to do in Microsoft Entra ID, step by step, for the channels that are enabled or wanted.',
    access: ADMINISTRATOR,
    query: z.object({
      channels: z.string().max(60).optional().describe('comma separated: calendar,tasks,email'),
      access: z.enum(['delegated', 'application']).optional(),
    }),
    answer: z.object({
      /** For which it is: those asked for, or those that are enabled. */
      channels: z.array(channel),
      access: z.enum(['delegated', 'application']),
      redirectUris: z.array(z.object({ uri: z.string(), why: z.string() })),
      permissions: z.array(
        z.object({ name: z.string(), why: z.string(), kind: z.enum(['delegated', 'application']) }),
      ),
      adminConsentUrl: z.string().nullable(),
      steps: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          text: z.array(z.string()),
          state: z.enum(['done', 'open', 'unknown']),
          /** Commands or values to copy. */
          copy: z.array(z.object({ label: z.string(), value: z.string() })),
        }),
      ),
    }),
  }),
  'GET /api/doctor': route({
    summary: 'The last report of the doctor.',
    access: ADMINISTRATOR,
    answer: doctorReport,
  }),
  'POST /api/doctor': route({
    summary: 'Test every step of the set-up now, at Microsoft too; changes nothing there.',
    access: ADMINISTRATOR,
    body: z.strictObject({
      mailbox: id.exactOptional(),
      foreignMailbox: z.string().max(254).exactOptional(),
    }),
    answer: doctorReport,
  }),
} as const
