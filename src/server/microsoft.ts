import type { MailboxId } from '../core/ids.ts'
import type { Channel, Json } from '../core/item.ts'
import type { ApiOutput } from './api/api.ts'
import type { doctorStep } from './api/settings.ts'
import type { z } from 'zod'
import type { Caller } from './mount.ts'

export type DoctorStep = z.output<typeof doctorStep>
export type DoctorReport = ApiOutput<'GET /api/doctor'>

/** What the server asks of the Microsoft side: connecting accounts, checks, the set-up guide. */
export interface Microsoft {
  /** Where Microsoft is, for people. */
  readonly addresses: () => Promise<{ readonly graph: string; readonly login: string }>
  /** Why Microsoft refuses the first secret or certificate while the next one is in use. */
  readonly refusedCredential: () => string | null
  /** Values that the server fills into read-only settings: redirect addresses. */
  readonly computedSettings: () => Promise<{ readonly [key: string]: Json }>
  readonly checkApplication: () => Promise<readonly DoctorStep[]>
  readonly setupGuide: (
    channels: readonly Channel[] | null,
    access: 'delegated' | 'application' | null,
  ) => Promise<ApiOutput<'GET /api/setup-guide'>>
  readonly lastReport: () => Promise<DoctorReport>
  readonly examine: (options: {
    readonly mailbox?: string
    readonly foreignMailbox?: string
  }) => Promise<DoctorReport>

  /** Through application access; its first sync begins. @returns the mailbox's id */
  readonly addMailbox: (
    caller: Caller,
    mailbox: {
      readonly address: string
      readonly kind: 'user' | 'shared'
      readonly user?: string
      /** Becomes a system mailbox of this name: nobody's own, and mail alone. */
      readonly label?: string
    },
  ) => Promise<string>
  /** @returns the address at Microsoft to open in a popup; it comes back to /auth/microsoft/callback */
  readonly beginConnect: (
    caller: Caller,
    mailbox: string | null,
    loginHint: string | null,
    system?: { readonly label: string; readonly address: string },
  ) => Promise<string>
  readonly checkMailbox: (mailbox: MailboxId) => Promise<ApiOutput<'POST /api/mailboxes/:mailbox/check'>>
  readonly disconnect: (mailbox: MailboxId, data: 'keep' | 'remove') => Promise<void>
  /** Asks Microsoft for the present calendars, lists and folders. */
  readonly refreshCollections: (mailbox: MailboxId) => Promise<void>
}
