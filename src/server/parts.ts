import type { Instant } from '../core/ids.ts'
import type { Database } from '../store/database.ts'
import type { Files } from '../store/files.ts'
import type { Vault } from '../store/vault.ts'
import type { Env } from './env.ts'
import type { Live } from './live.ts'
import type { MailContent } from './mail-content.ts'
import type { Microsoft } from './microsoft.ts'
import type { SyncActions } from './sync-actions.ts'
import type { Webhooks } from './webhooks.ts'

/** What the handlers work with. */
export interface Parts {
  readonly database: Database
  readonly env: Env
  readonly live: Live
  readonly vault: Vault
  /** Attachments and what people attach, in the data folder. */
  readonly files: Files
  readonly mailContent: MailContent
  readonly sync: SyncActions
  readonly microsoft: Microsoft
  readonly webhooks: Webhooks
  readonly about: About
}

export interface About {
  readonly version: string
  readonly startedAt: Instant
  readonly dataFolder: string
  /** The demo company with the emulator, when it runs. */
  readonly demo: Demo | null
  /** Where each start option got its value, for `config explain`; secrets are not among them. */
  readonly options: readonly {
    readonly key: string
    readonly label: string
    readonly value: string
    readonly from: 'flag' | 'environment' | '.env' | 'default'
  }[]
}

export interface Demo {
  readonly page: string
  readonly accounts: readonly {
    readonly email: string
    readonly name: string
    readonly role: 'administrator' | 'user' | 'auditor'
    readonly password: string
  }[]
}

export const iso = (instant: Instant): string => new Date(instant).toISOString()
export const isoOrNull = (instant: Date | string | null): string | null =>
  instant === null ? null : new Date(instant).toISOString()
export const isoOf = (instant: Date | string): string => new Date(instant).toISOString()
