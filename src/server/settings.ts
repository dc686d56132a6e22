import type { Json } from '../core/item.ts'
import { SCOPES, type Scope } from '../core/setting-kinds.ts'
import { applicationGaps, changeSettings, type SettingChange } from '../core/settings-change.ts'
import {
  inherited,
  inheritLabel,
  isSettingKey,
  resolve,
  sections,
  settingKeys,
  settingOf,
  settingText,
  words,
  type SettingKey,
  type StoredByScope,
} from '../core/settings.ts'
import type { Sql } from '../store/database.ts'
import type { ApiInput, ApiOutput } from './api/api.ts'
import type { settingsApi } from './api/settings.ts'
import { userByEmail, userById } from './accounts.ts'
import type { Caller, HandlersOf } from './mount.ts'
import type { Parts } from './parts.ts'
import { notFound, Refusal } from './problems.ts'
import {
  isApplicationChecked,
  rememberApplicationChecked,
  saveSettings,
  storedSettings,
  type Owner,
} from './settings-store.ts'

/** The configuration's forms at three scopes, who may save what, and what saving would do. */
type Form = ApiOutput<'GET /api/settings'>
type Field = Form['sections'][number]['fields'][number]
type Change = NonNullable<ApiInput<'PATCH /api/settings'>['body']>

interface Place {
  readonly scope: Scope
  readonly owner: Owner
  readonly name: { readonly id: string; readonly name: string } | null
}

/** Whose settings are meant, if the caller may read or write them. */
async function placeOf(
  sql: Sql,
  caller: Caller,
  scope: Scope,
  of: string | undefined,
  write: boolean,
): Promise<Place> {
  const isAdministrator = caller.role === 'administrator'
  if (scope !== 'user' && !isAdministrator && (write || caller.role !== 'auditor'))
    throw new Refusal('not-allowed', `Settings of the ${scope} are for administrators. Nothing was changed.`)
  if (scope === 'system')
    return { scope, owner: { organization: caller.organization, user: null }, name: null }
  if (scope === 'organization') {
    const [row] = await sql.query<{ id: string; name: string }>(
      'select id, name from organizations where id = $1',
      [of ?? caller.organization],
    )
    if (row === undefined) throw notFound('organization')
    return { scope, owner: { organization: row.id, user: null }, name: row }
  }
  const user = await findUser(sql, of ?? caller.user)
  if (user === null || (user.id !== caller.user && (caller.role === 'user' || (write && !isAdministrator))))
    throw notFound('user')
  return {
    scope,
    owner: { organization: user.organization, user: user.id },
    name: { id: user.id, name: user.name },
  }
}

const findUser = (sql: Sql, text: string) =>
  text.includes('@') ? userByEmail(sql, text) : userById(sql, text)

/** What a scope sees: narrower scopes than itself are none of its business. */
function upTo(stored: StoredByScope, scope: Scope): StoredByScope {
  return Object.fromEntries(SCOPES.slice(0, SCOPES.indexOf(scope) + 1).map((one) => [one, stored[one] ?? {}]))
}

export function settingsHandlers(parts: Parts): HandlersOf<typeof settingsApi> {
  const { database, env, microsoft, vault } = parts

  async function form(place: Place, page: 'microsoft' | 'email' | 'application'): Promise<Form> {
    const { scope } = place
    const stored = upTo(await storedSettings(database, place.owner), scope)
    const productName = resolve('general.productName', stored).value
    const applicationChecked = await isApplicationChecked(database)
    const computed = await microsoft.computedSettings()
    const gaps = applicationGaps(stored)
    const disabled = (key: SettingKey): string | null =>
      !key.startsWith('integrations.') && key !== 'singleSignOn.enabled'
        ? null
        : gaps.length > 0
          ? `Fill in first: ${gaps.map((gap) => settingOf(gap).label).join(', ')}.`
          : applicationChecked
            ? null
            : 'Run Check Connection first: the application settings were not checked since they were last changed.'
    const field = (key: SettingKey): Field => {
      const { label, help, kind, secret, fixed, onlyWhen, action } = settingOf(key)
      const { value, from } = resolve(key, stored)
      const wide = inherited(key, stored, scope)
      const { shape } = kind
      const shown: Json = shape.control === 'computed' ? (computed[key] ?? value) : value
      return {
        key,
        label: words(label, productName),
        help: words(help, productName),
        control:
          shape.control === 'choice'
            ? {
                control: 'choice',
                options: shape.options.map((one) => ({
                  value: one.value,
                  label: words(one.label, productName),
                })),
              }
            : shape,
        value: shown,
        overridden: Object.hasOwn(stored[scope] ?? {}, key),
        inForce: { value: shown, text: settingText(key, shown, productName), from },
        inherited: { value: wide.value, text: settingText(key, wide.value, productName), from: wide.from },
        secret: secret === true,
        fixed: fixed === true,
        disabled: disabled(key),
        onlyWhen: onlyWhen === undefined ? null : { key: onlyWhen.key, is: [...onlyWhen.is] },
        action: action === undefined ? null : { ...action },
      }
    }
    return {
      scope,
      owner: place.name,
      inheritLabel: inheritLabel[scope],
      productName,
      applicationChecked,
      sections: Object.entries(sections)
        .filter(([, section]) => section.page === page)
        .map(([name, section]) => ({
          name,
          label: section.label,
          help: words(section.help, productName),
          fields: settingKeys
            .filter((key) => settingOf(key).section === name && settingOf(key).scopes.includes(scope))
            .map(field),
        }))
        .filter((section) => section.fields.length > 0),
    }
  }

  const asChanges = (body: Change): { readonly [key: string]: SettingChange } => ({
    ...Object.fromEntries(Object.entries(body.set ?? {}).map(([key, value]) => [key, { value }])),
    ...Object.fromEntries((body.inherit ?? []).map((key) => [key, { inherit: true } as const])),
  })

  /** The change as it would be stored; throws with a problem for each key. */
  async function prepared(sql: Sql, place: Place, body: Change) {
    const stored = upTo(await storedSettings(sql, place.owner), place.scope)
    const result = changeSettings(stored, place.scope, asChanges(body), {
      applicationChecked: await isApplicationChecked(sql),
    })
    if (!result.ok)
      throw new Refusal(
        'refused',
        `Nothing was saved. ${result.problems[0]?.key ?? ''}: ${result.problems[0]?.problem ?? ''}`,
        {
          problems: result.problems.map(({ key, problem }) => ({ at: key, problem })),
        },
      )
    return { before: stored, after: { ...stored, [place.scope]: result.stored }, result }
  }

  const pageOf = (body: Change): 'microsoft' | 'email' | 'application' => {
    const key = Object.keys(body.set ?? {})[0] ?? body.inherit?.[0]
    const name = key !== undefined && isSettingKey(key) ? settingOf(key).section : 'synchronization'
    return sections[name as keyof typeof sections].page
  }

  async function impact(place: Place, body: Change): Promise<ApiOutput<'POST /api/settings/impact'>> {
    const { before, after, result } = await prepared(database, place, body)
    const productName = resolve('general.productName', after).value
    const people = await database.query<{ id: string; organization: string }>(
      `select id, organization from users where active and ($1 = 'system' or ($1 = 'organization' and organization = $2) or id = $3)`,
      [place.scope, place.owner.organization, place.owner.user ?? ''],
    )
    const changedKeys = [...new Set([...Object.keys(body.set ?? {}), ...(body.inherit ?? [])])].filter(
      isSettingKey,
    )
    const narrower = await database.query<{ scope: Scope; scope_id: string; key: string }>(
      `select scope, scope_id, key from settings where key = any($1) and scope <> 'system'`,
      [changedKeys],
    )
    const overrides = (key: string, person: { id: string; organization: string }): boolean =>
      narrower.some(
        (row) =>
          row.key === key &&
          SCOPES.indexOf(row.scope) > SCOPES.indexOf(place.scope) &&
          row.scope_id === (row.scope === 'user' ? person.id : person.organization),
      )
    const changes = changedKeys
      .map((key) => {
        const from = settingText(key, resolve(key, before).value, productName)
        const to = settingText(key, resolve(key, after).value, productName)
        const overriding = people.filter((person) => overrides(key, person)).length
        return {
          key,
          label: words(settingOf(key).label, productName),
          from,
          to,
          users: people.length - overriding,
          overriding,
        }
      })
      .filter((change) => change.from !== change.to || settingOf(change.key).secret)
    const users = Math.max(0, ...changes.map((change) => change.users))
    const [mailboxes] = await database.query<{ n: number }>(
      `select count(*) as n from mailboxes where state <> 'disconnected' and "user" = any($1)`,
      [people.map((person) => person.id)],
    )
    return {
      users,
      overriding: Math.max(0, ...changes.map((change) => change.overriding)),
      mailboxes: mailboxes?.n ?? 0,
      changes,
      notes: [...result.notes],
    }
  }

  return {
    'GET /api/settings': async ({ query }, { caller }) =>
      form(await placeOf(database, caller, query.scope, query.of, false), query.page ?? 'microsoft'),
    'PATCH /api/settings': async ({ body }, { caller }) => {
      const place = await placeOf(database, caller, body.scope, body.of, true)
      const id = place.scope === 'system' ? '' : (place.name?.id ?? '')
      const { result } = await database.transaction(async (sql) => {
        await sql.query('select pg_advisory_xact_lock(hashtext($1))', [`settings ${place.scope} ${id}`])
        const change = await prepared(sql, place, body)
        await saveSettings(sql, vault, {
          scope: place.scope,
          id,
          stored: change.result.stored,
          before: change.before[place.scope] ?? {},
          secrets: change.result.secrets,
          now: env.now(),
          by: caller.user,
        })
        return change
      })
      await parts.sync.settingsChanged()
      parts.live.tell({ type: 'settings' }, { user: null, organization: place.owner.organization })
      return { form: await form(place, pageOf(body)), notes: [...result.notes] }
    },
    'POST /api/settings/impact': async ({ body }, { caller }) =>
      impact(await placeOf(database, caller, body.scope, body.of, true), body),
    'GET /api/settings/explain': async ({ query }, { caller }) => {
      const asked = query.user === undefined ? caller.user : query.user
      const place = await placeOf(database, caller, 'user', asked, false)
      const stored = await storedSettings(database, place.owner)
      const productName = resolve('general.productName', stored).value
      const rows = settingKeys
        .filter((key) => caller.role === 'administrator' || settingOf(key).secret !== true)
        .map((key) => {
          const { value, from } = resolve(key, stored)
          return {
            key,
            label: words(settingOf(key).label, productName),
            value: value as Json,
            text: settingText(key, value, productName),
            from,
          }
        })
      const options = caller.role === 'administrator' ? parts.about.options : []
      const started = options.map(({ key, label, value, from }) => ({ key, label, value, text: value, from }))
      return {
        items: [...rows, ...started].filter((row) => query.key === undefined || row.key === query.key),
      }
    },
    'POST /api/settings/actions/:action': async ({ params }) => {
      if (params.action === 'remove-large-attachments') {
        const removed = await parts.sync.removeLargeAttachments()
        return { ok: true, message: `${removed} attachments are being removed.`, steps: [] }
      }
      const steps = await microsoft.checkApplication()
      const failed = steps.find((step) => step.state === 'failed')
      if (failed === undefined) await rememberApplicationChecked(database, env.now())
      return {
        ok: failed === undefined,
        message:
          failed === undefined
            ? 'Microsoft accepts these application settings.'
            : `${failed.title}: ${failed.detail} ${failed.fix ?? ''}`.trim(),
        steps: [...steps],
      }
    },
    'GET /api/setup-guide': async ({ query }) => {
      const channels = (query.channels ?? '')
        .split(',')
        .filter((one) => one === 'calendar' || one === 'tasks' || one === 'email')
      return microsoft.setupGuide(channels.length > 0 ? channels : null, query.access ?? null)
    },
    'GET /api/doctor': async () => microsoft.lastReport(),
    'POST /api/doctor': async ({ body }) => microsoft.examine(body),
  }
}
