import { mkdirSync } from 'node:fs'
import { openEmbeddedDatabase, openServedDatabase, type Database } from './database.ts'
import type { EmbeddedOptions } from './embedded.ts'
import { freeLeases } from './leases.ts'
import { migrate } from './migrate.ts'
import { createVault, loadKeys, type Vault } from './vault.ts'

/** The database, brought up to date, and the vault for its secrets: what the product begins with. */
export interface OpenStore {
  readonly database: Database
  readonly vault: Vault
  /** Names of the migrations that were applied now. */
  readonly migrated: readonly string[]
}

export interface StoreOptions {
  /** Everything of this installation lies here; with a served database only the key, unless that is given. */
  readonly dataFolder: string
  /** Null: the embedded engine. */
  readonly databaseUrl: string | null
  /** SYNCLINE_SECRET_KEY; left out: a key file in the data folder. */
  readonly secretKey?: string | undefined
  readonly durability?: EmbeddedOptions['durability']
  /** Where prepared empty databases are kept; null: nowhere. */
  readonly templates: string | null
}

/**
 * @throws {FolderInUse} when another process has the data folder
 * @throws with a sentence for the operator when the database or a key cannot be used
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 })
  const database =
    options.databaseUrl === null
      ? await openEmbeddedDatabase({
          folder: options.dataFolder,
          templates: options.templates,
          ...(options.durability === undefined ? {} : { durability: options.durability }),
        })
      : await openServedDatabase({ url: options.databaseUrl })
  try {
    const vault = createVault(loadKeys(options.dataFolder, options.secretKey))
    const migrated = await migrate(database)
    // Nobody but this process can have the embedded database: who holds a lease there did not live to release it.
    if (database.engine === 'embedded') await freeLeases(database)
    return { database, vault, migrated }
  } catch (error) {
    await database.close()
    throw error
  }
}
