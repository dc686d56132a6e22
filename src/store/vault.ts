import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Sql } from './database.ts'

/**
 * Secrets at rest: AES-256-GCM under a key that is not in the database, each bound to the name it is kept under, so
 * that a sealed value copied to another row does not open there.
 *
 * Sealed form: version (1 byte) · key id (4) · nonce (12) · tag (16) · ciphertext.
 */
export interface Vault {
  seal(name: string, text: string): Buffer
  /** @throws {SealBroken} when it was sealed under another name or with a key that is not here */
  open(name: string, sealed: Uint8Array): string
  /** True when a value should be sealed anew because its key is no longer the first one. */
  isStale(sealed: Uint8Array): boolean
  /** A keyed hash, for what must be the same in every process and guessable in none. Hex. */
  digest(text: string): string
  /** SHA-256 in hex: the same for everybody. */
  fingerprint(text: string): string
}

export class SealBroken extends Error {
  constructor(name: string, why: string) {
    super(
      `The secret "${name}" cannot be read: ${why}. Nothing was changed. ` +
        `If the key was replaced, give the old one too (SYNCLINE_SECRET_KEY=new,old, or as a further line of the key file); otherwise enter the secret again.`,
    )
    this.name = 'SealBroken'
  }
}

const VERSION = 1
const KEY_BYTES = 32
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + KEY_ID_BYTES
const KEY_FILE = 'secret.key'

/** The first key seals; all of them open. */
export function createVault(keys: readonly Buffer[]): Vault {
  const [first] = keys
  if (first === undefined) throw new Error('A vault needs at least one key.')
  const known = new Map(keys.map((key) => [keyId(key).toString('hex'), key]))
  const idOf = (sealed: Uint8Array): string => Buffer.from(sealed.subarray(1, HEAD_BYTES)).toString('hex')
  // Derived, so that the hash tells nothing of the key that seals.
  const digestKey = createHmac('sha256', keys.at(-1) ?? first)
    .update('digest')
    .digest()

  return {
    seal(name, text) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first, nonce).setAAD(Buffer.from(name))
      const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), keyId(first), nonce, cipher.getAuthTag(), content])
    },
    open(name, sealed) {
      if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES)
        throw new SealBroken(name, 'it is not in the form that this version writes')
      const key = known.get(idOf(sealed))
      if (key === undefined) throw new SealBroken(name, 'it was sealed with a key that is not here')
      const nonceEnd = HEAD_BYTES + NONCE_BYTES
      const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(HEAD_BYTES, nonceEnd))
        .setAAD(Buffer.from(name))
        .setAuthTag(sealed.subarray(nonceEnd, nonceEnd + TAG_BYTES))
      try {
        return Buffer.concat([
          cipher.update(sealed.subarray(nonceEnd + TAG_BYTES)),
          cipher.final(),
        ]).toString()
      } catch {
        throw new SealBroken(name, 'it was changed, or kept under another name')
      }
    },
    isStale: (sealed) => idOf(sealed) !== keyId(first).toString('hex'),
    digest: (text) => createHmac('sha256', digestKey).update(text).digest('hex'),
    fingerprint: (text) => createHash('sha256').update(text).digest('hex'),
  }
}

const keyId = (key: Buffer): Buffer =>
  createHash('sha256').update('syncline key id').update(key).digest().subarray(0, KEY_ID_BYTES)

/**
 * The keys of this installation: from SYNCLINE_SECRET_KEY (32 bytes in base64 or hex each, the current one first,
 * comma separated), or else from `secret.key` in the data folder, which is made when it is not there.
 * @throws with a sentence for the operator when a key is malformed or the file can be read by others
 */
export function loadKeys(dataFolder: string, fromEnvironment: string | undefined): readonly Buffer[] {
  if (fromEnvironment !== undefined && fromEnvironment.trim() !== '')
    return fromEnvironment.split(',').map((text) => parseKey(text, 'SYNCLINE_SECRET_KEY'))
  const path = join(dataFolder, KEY_FILE)
  if (!existsSync(path)) writeKeys(path, [randomBytes(KEY_BYTES)])
  chmodSync(path, 0o600)
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseKey(line, path))
}

/** Puts a new key before those in the key file; values are sealed with it by `resealAll` after the next start. */
export function addKey(dataFolder: string): readonly Buffer[] {
  const keys = [randomBytes(KEY_BYTES), ...loadKeys(dataFolder, undefined)]
  writeKeys(join(dataFolder, KEY_FILE), keys)
  return keys
}

function writeKeys(path: string, keys: readonly Buffer[]): void {
  const unfinished = `${path}.new`
  const file = openSync(unfinished, 'w', 0o600)
  writeSync(file, keys.map((key) => `${key.toString('base64')}\n`).join(''))
  // A key that is lost in a power cut takes all secrets with it.
  fsyncSync(file)
  closeSync(file)
  renameSync(unfinished, path)
}

function parseKey(text: string, from: string): Buffer {
  const trimmed = text.trim()
  const key = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64')
  if (key.length !== KEY_BYTES)
    throw new Error(
      `A key in ${from} is not 32 bytes in base64 or hex. Make one with: openssl rand -base64 32`,
    )
  return key
}

/** Secrets without a form: token caches, for instance. */
export async function readSecret(sql: Sql, vault: Vault, name: string): Promise<string | null> {
  const [row] = await sql.query<{ sealed: Buffer }>('select sealed from secrets where name = $1', [name])
  return row === undefined ? null : vault.open(`secret ${name}`, row.sealed)
}

export async function writeSecret(
  sql: Sql,
  vault: Vault,
  name: string,
  text: string | null,
  now: Date,
): Promise<void> {
  if (text === null) {
    await sql.query('delete from secrets where name = $1', [name])
    return
  }
  await sql.query(
    `insert into secrets (name, sealed, updated_at) values ($1, $2, $3)
     on conflict (name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at`,
    [name, vault.seal(`secret ${name}`, text), now],
  )
}

/** The name that a secret setting is sealed under. */
export const settingSecret = (scope: string, id: string, key: string): string =>
  `setting ${scope} ${id} ${key}`

/** Seals everything with the first key that is sealed with an older one. @returns how many values */
export async function resealAll(sql: Sql, vault: Vault): Promise<number> {
  let count = 0
  const secrets = await sql.query<{ name: string; sealed: Buffer }>(
    'select name, sealed from secrets order by name for update',
  )
  for (const { name, sealed } of secrets) {
    if (!vault.isStale(sealed)) continue
    const bound = `secret ${name}`
    await sql.query('update secrets set sealed = $2 where name = $1', [
      name,
      vault.seal(bound, vault.open(bound, sealed)),
    ])
    count++
  }
  const settings = await sql.query<{ scope: string; scope_id: string; key: string; sealed: Buffer }>(
    'select scope, scope_id, key, sealed from settings where sealed is not null order by scope, scope_id, key for update',
  )
  for (const { scope, scope_id, key, sealed } of settings) {
    if (!vault.isStale(sealed)) continue
    const bound = settingSecret(scope, scope_id, key)
    await sql.query('update settings set sealed = $4 where scope = $1 and scope_id = $2 and key = $3', [
      scope,
      scope_id,
      key,
      vault.seal(bound, vault.open(bound, sealed)),
    ])
    count++
  }
  const webhooks = await sql.query<{ id: string; sealed_secret: Buffer }>(
    'select id, sealed_secret from webhooks order by id for update',
  )
  for (const { id, sealed_secret } of webhooks) {
    if (!vault.isStale(sealed_secret)) continue
    const bound = webhookSecret(id)
    await sql.query('update webhooks set sealed_secret = $2 where id = $1', [
      id,
      vault.seal(bound, vault.open(bound, sealed_secret)),
    ])
    count++
  }
  return count
}

export const webhookSecret = (id: string): string => `webhook ${id}`
