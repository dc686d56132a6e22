import { resolve } from '../core/settings.ts'
import type { Caller } from './mount.ts'
import type { Parts } from './parts.ts'
import { storedSettings } from './settings-store.ts'
import type { Words } from './sync-views.ts'

/** What is needed to say values and rules to this person: their zone, today, the CRM's name. */
export const wordsOf = async ({ database, env }: Parts, caller: Caller): Promise<Words> => ({
  zone: caller.zone,
  now: env.now(),
  reader: caller.user,
  productName: resolve('general.productName', await storedSettings(database, null)).value,
})
