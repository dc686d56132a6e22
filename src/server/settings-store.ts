import { createHash } from 'node:crypto'
import type { Instant } from '../core/ids.ts'
import type { Json } from '../core/item.ts'
import { SECRET_KEPT, type Scope } from '../core/setting-kinds.ts'
import type { SettingKey, StoredByScope, StoredSettings } from '../core/settings.ts'
import type { Sql } from '../store/database.ts'
import { settingSecret, type Vault } from '../store/vault.ts'

/** Settings as rows: a row overrides, a missing row inherits; secrets are sealed and read by name only. */
export interface Owner {
  readonly organization: string
  readonly user: string | null
}

interface Row {
  readonly scope: Scope
  readonly key: string
  readonly value: Json
  readonly is_sealed: boolean
}

/** What is stored for a user (or an organization, or the system alone). A secret shows only that it is there. */
export async function storedSettings(sql: Sql, owner: Owner | null): Promise<StoredByScope> {
  const rows = await sql.query<Row>(
    `select scope, key, value, sealed is not null as is_sealed from settings
      where scope = 'system' or (scope = 'organization' and scope_id = $1) or (scope = 'user' and scope_id = $2)`,
    [owner?.organization ?? '', owner?.user ?? ''],
  )
  const stored: { [S in Scope]?: { [key: string]: Json } } = {}
  for (const row of rows) (stored[row.scope] ??= {})[row.key] = row.is_sealed ? SECRET_KEPT : row.value
  return stored
}

export interface Saving {
  readonly scope: Scope
  readonly id: string
  /** All of the scope's values after the change. */
  readonly stored: StoredSettings
  readonly before: StoredSettings
  /** New secrets; an empty text removes one. */
  readonly secrets: { readonly [key: string]: string | undefined }
  readonly now: Instant
  readonly by: string
}

export async function saveSettings(sql: Sql, vault: Vault, saving: Saving): Promise<void> {
  const { scope, id, stored, before, secrets, by } = saving
  const at = new Date(saving.now)
  for (const key of Object.keys(before))
    if (!Object.hasOwn(stored, key))
      await sql.query('delete from settings where scope = $1 and scope_id = $2 and key = $3', [
        scope,
        id,
        key,
      ])
  for (const [key, value] of Object.entries(stored)) {
    const secret = secrets[key]
    if (value === SECRET_KEPT && secret === undefined) continue
    if (secret === undefined && JSON.stringify(before[key]) === JSON.stringify(value)) continue
    const sealed = secret === undefined ? null : vault.seal(settingSecret(scope, id, key), secret)
    await sql.query(
      `insert into settings (scope, scope_id, key, value, sealed, updated_at, updated_by) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (scope, scope_id, key) do update set value = excluded.value, sealed = excluded.sealed,
          updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
      [scope, id, key, sealed === null ? JSON.stringify(value) : null, sealed, at, by],
    )
  }
}

/** A secret of the system scope, or null when it is not set. */
export async function secretSetting(sql: Sql, vault: Vault, key: SettingKey): Promise<string | null> {
  const [row] = await sql.query<{ sealed: Uint8Array | null }>(
    `select sealed from settings where scope = 'system' and scope_id = '' and key = $1`,
    [key],
  )
  return row?.sealed === undefined || row.sealed === null
    ? null
    : vault.open(settingSecret('system', '', key), row.sealed)
}

/** Not a setting, so no form shows it: that a check passed, and with which application settings. */
const CHECKED = '.application-checked'

async function applicationPrint(sql: Sql): Promise<string> {
  const rows = await sql.query<{ key: string; value: Json; sealed: Uint8Array | null }>(
    `select key, value, sealed from settings where scope = 'system' and key like 'application.%'
      and key <> 'application.secretExpiresOn' order by key`,
  )
  const hash = createHash('sha256')
  for (const { key, value, sealed } of rows)
    hash.update(JSON.stringify([key, value])).update(sealed ?? new Uint8Array())
  return hash.digest('hex')
}

/** Whether the application settings passed a check at Microsoft and are still the same. */
export async function isApplicationChecked(sql: Sql): Promise<boolean> {
  const [row] = await sql.query<{ value: Json }>(
    `select value from settings where scope = 'system' and key = $1`,
    [CHECKED],
  )
  return row !== undefined && row.value === (await applicationPrint(sql))
}

export async function rememberApplicationChecked(sql: Sql, now: Instant): Promise<void> {
  await sql.query(
    `insert into settings (scope, scope_id, key, value, updated_at, updated_by) values ('system', '', $1, $2, $3, 'check')
      on conflict (scope, scope_id, key) do update set value = excluded.value, updated_at = excluded.updated_at`,
    [CHECKED, JSON.stringify(await applicationPrint(sql)), new Date(now)],
  )
}

/** The settings of many owners in one read: what lists of mailboxes need. */
export async function settingsReader(sql: Sql): Promise<(owner: Owner) => StoredByScope> {
  const rows = await sql.query<Row & { readonly scope_id: string }>(
    `select scope, scope_id, key, value, sealed is not null as is_sealed from settings`,
  )
  const places = new Map<string, { [key: string]: Json }>()
  for (const row of rows) {
    const place = `${row.scope} ${row.scope_id}`
    const values = places.get(place) ?? {}
    values[row.key] = row.is_sealed ? SECRET_KEPT : row.value
    places.set(place, values)
  }
  return ({ organization, user }) => ({
    system: places.get('system ') ?? {},
    organization: places.get(`organization ${organization}`) ?? {},
    ...(user !== null && { user: places.get(`user ${user}`) ?? {} }),
  })
}
