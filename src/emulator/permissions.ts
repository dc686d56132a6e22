/** Which permissions open which doors. Source: "Microsoft Graph permissions reference" and each API's page. */
import type { Permissions } from './router.ts'

const allow = (delegated: readonly string[], application: readonly string[]): Permissions => ({
  delegated,
  application,
})

export const CALENDAR_READ = allow(
  ['Calendars.ReadBasic', 'Calendars.Read', 'Calendars.ReadWrite'],
  ['Calendars.ReadBasic.All', 'Calendars.ReadBasic', 'Calendars.Read', 'Calendars.ReadWrite'],
)
export const CALENDAR_READ_FULL = allow(
  ['Calendars.Read', 'Calendars.ReadWrite'],
  ['Calendars.Read', 'Calendars.ReadWrite'],
)
/** Forwarding an invitation sends mail and changes nothing: reading suffices. */
export const CALENDAR_FORWARD = { ...CALENDAR_READ_FULL }
export const CALENDAR_WRITE = allow(['Calendars.ReadWrite'], ['Calendars.ReadWrite'])

export const TASKS_READ = allow(['Tasks.Read', 'Tasks.ReadWrite'], ['Tasks.Read.All', 'Tasks.ReadWrite.All'])
/** The published table asks for more here than for the lists themselves. */
export const TASK_LISTS_DELTA = allow(['Tasks.ReadWrite'], ['Tasks.Read.All', 'Tasks.ReadWrite.All'])
export const TASKS_WRITE = allow(['Tasks.ReadWrite'], ['Tasks.ReadWrite.All'])

export const MAIL_READ_BASIC = allow(
  ['Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite'],
  ['Mail.ReadBasic.All', 'Mail.Read', 'Mail.ReadWrite'],
)
export const MAIL_READ = allow(['Mail.Read', 'Mail.ReadWrite'], ['Mail.Read', 'Mail.ReadWrite'])
export const MAIL_WRITE = allow(['Mail.ReadWrite'], ['Mail.ReadWrite'])
export const MAIL_SEND = allow(['Mail.Send'], ['Mail.Send'])

export const SETTINGS_READ = allow(
  ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
  ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
)
export const SETTINGS_WRITE = allow(['MailboxSettings.ReadWrite'], ['MailboxSettings.ReadWrite'])

export const USER_READ = allow(
  [
    'User.Read',
    'User.ReadBasic.All',
    'User.Read.All',
    'User.ReadWrite',
    'User.ReadWrite.All',
    'Directory.Read.All',
  ],
  ['User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All'],
)
export const USERS_READ = allow(
  ['User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All'],
  ['User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All'],
)
export const IDS_TRANSLATE = allow(
  ['User.Read', 'User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite', 'User.ReadWrite.All'],
  ['User.Read.All', 'User.ReadWrite.All'],
)

/** Checked by the route itself: what the subscribed resource asks for. */
export const ANY_TOKEN = allow([], [])

const READABLE_FAMILIES = [CALENDAR_READ, TASKS_READ, MAIL_READ_BASIC, MAIL_SEND, SETTINGS_READ, USER_READ]

/** Delegated scopes that exist here; an app may ask for any of them, whatever its registration lists. */
export const KNOWN_SCOPES: ReadonlySet<string> = new Set(
  READABLE_FAMILIES.flatMap(({ delegated }) => delegated.flatMap((scope) => [scope, `${scope}.Shared`])),
)

/**
 * Whether a set of grants opens a door; for another person's mailbox the `.Shared` form of a scope is needed, for their
 * profile one that ends with `.All`.
 */
export function opens(
  permissions: Permissions,
  grants: ReadonlySet<string>,
  delegated: boolean,
  otherMailbox: boolean,
): boolean {
  if (permissions === ANY_TOKEN) return true
  if (!delegated) return permissions.application.some((role) => grants.has(role))
  return permissions.delegated.some(
    (scope) =>
      grants.has(`${scope}.Shared`) || ((!otherMailbox || scope.endsWith('.All')) && grants.has(scope)),
  )
}
