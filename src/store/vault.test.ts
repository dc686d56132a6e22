import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { testEngines } from '../../tests/support/databases.ts'
import { addKey, createVault, loadKeys, readSecret, resealAll, settingSecret, writeSecret } from './vault.ts'

const folder = mkdtempSync(join(tmpdir(), 'syncline-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const NOW = new Date(Date.UTC(2026, 2, 2))

test('what was sealed opens under its own name only, and never twice alike', () => {
  const vault = createVault([randomBytes(32)])
  const sealed = vault.seal('token anna', 'refresh-token')
  expect(vault.open('token anna', sealed)).toBe('refresh-token')
  expect(vault.seal('token anna', 'refresh-token').equals(sealed)).toBe(false)
  expect(sealed.includes('refresh-token')).toBe(false)
  expect(() => vault.open('token ben', sealed)).toThrow(/another name/)
  for (let i = 0; i < sealed.length; i++) {
    const changed = Buffer.from(sealed)
    changed[i] = (changed[i] ?? 0) ^ 1
    expect(() => vault.open('token anna', changed)).toThrow(/cannot be read/)
  }
  expect(() => createVault([randomBytes(32)]).open('token anna', sealed)).toThrow(/a key that is not here/)
})

test('the key is made once, for the owner of the folder only', () => {
  const keys = loadKeys(folder, undefined)
  expect(loadKeys(folder, '')).toEqual(keys)
  expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
  const given = randomBytes(32)
  expect(loadKeys(folder, `${given.toString('hex')},${given.toString('base64')}`)).toEqual([given, given])
  expect(() => loadKeys(folder, 'short')).toThrow(/32 bytes/)
})

test('after a new key all values are sealed with it, and the old key can go', async () => {
  const [first] = await testEngines()
  const database = await first?.open()
  if (database === undefined) throw new Error('There is no embedded engine.')
  try {
    const old = createVault(loadKeys(folder, undefined))
    await writeSecret(database, old, 'tokens anna', 'abc', NOW)
    await database.query(
      `insert into settings (scope, scope_id, key, sealed, updated_at, updated_by) values ('system', '', 'k', $1, $2, 'x')`,
      [old.seal(settingSecret('system', '', 'k'), 'client secret'), NOW],
    )
    const [newest, ...others] = addKey(folder)
    if (newest === undefined) throw new Error('No key was made.')
    const both = createVault([newest, ...others])
    expect(both.digest('x')).toBe(old.digest('x'))
    expect(await readSecret(database, both, 'tokens anna')).toBe('abc')
    expect(await database.transaction((sql) => resealAll(sql, both))).toBe(2)
    expect(await database.transaction((sql) => resealAll(sql, both))).toBe(0)
    expect(await readSecret(database, createVault([newest]), 'tokens anna')).toBe('abc')
    await writeSecret(database, both, 'tokens anna', null, NOW)
    expect(await readSecret(database, both, 'tokens anna')).toBeNull()
  } finally {
    await database.close()
  }
})
