import type { Channel } from './item.ts'

/** One permission of Microsoft Graph with the reason that is shown to who consents. */
export interface Permission {
  readonly name: string
  readonly why: string
}

export interface PermissionNeeds {
  readonly channels: readonly Channel[]
  readonly access: 'delegated' | 'application'
  /** Shared mailboxes are read or written by users who have access to them (delegated access only). */
  readonly sharedMailboxes: boolean
  readonly singleSignOn: boolean
}

/**
 * The permissions to ask for, never more than the enabled channels need, in a stable order. Names as in Microsoft's
 * "Microsoft Graph permissions reference".
 */
export function requiredPermissions(needs: PermissionNeeds): readonly Permission[] {
  return needs.access === 'delegated' ? delegated(needs) : application(needs)
}

const permission = (name: string, why: string): Permission => ({ name, why })
const MAILBOX_SETTINGS = permission('MailboxSettings.Read', "Read the mailbox's time zone and categories")

function delegated({ channels, sharedMailboxes, singleSignOn }: PermissionNeeds): readonly Permission[] {
  const has = (channel: Channel): boolean => channels.includes(channel)
  if (channels.length === 0)
    return singleSignOn ? [...signIn(), permission('User.Read', 'Know who signs in')] : []
  return [
    ...signIn(),
    permission('offline_access', 'Go on without asking you to sign in each hour'),
    permission('User.Read', 'Know whose mailbox this is'),
    MAILBOX_SETTINGS,
    ...(has('calendar') ? [permission('Calendars.ReadWrite', 'Keep your calendars in step')] : []),
    ...(has('calendar') && sharedMailboxes
      ? [permission('Calendars.ReadWrite.Shared', 'Keep shared calendars in step')]
      : []),
    ...(has('tasks') ? [permission('Tasks.ReadWrite', 'Keep your To Do lists in step')] : []),
    ...(has('email')
      ? [
          permission('Mail.ReadWrite', 'Read mail, and keep read state, flags and folders in step'),
          permission('Mail.Send', 'Send what you write here, as you'),
        ]
      : []),
    ...(has('email') && sharedMailboxes
      ? [
          permission('User.ReadBasic.All', 'Know whose shared mailbox it is'),
          permission('Mail.ReadWrite.Shared', 'The same for shared mailboxes'),
          permission('Mail.Send.Shared', 'Send as a shared mailbox'),
          // It is looked up by its address, and User.Read is for one's own profile alone.
          permission('User.ReadBasic.All', 'Know which shared mailbox this is'),
        ]
      : []),
  ]
}

const signIn = (): readonly Permission[] => [
  permission('openid', 'Sign in'),
  permission('profile', 'Show your name'),
]

/** App-only: each mailbox is looked up by its address, which needs the basic profile of users. */
function application({ channels }: PermissionNeeds): readonly Permission[] {
  if (channels.length === 0) return []
  const has = (channel: Channel): boolean => channels.includes(channel)
  return [
    permission('User.ReadBasic.All', 'Know whose mailbox this is'),
    MAILBOX_SETTINGS,
    ...(has('calendar') ? [permission('Calendars.ReadWrite', 'Keep calendars in step')] : []),
    ...(has('tasks') ? [permission('Tasks.ReadWrite.All', 'Keep To Do lists in step')] : []),
    ...(has('email')
      ? [
          permission('Mail.ReadWrite', 'Read mail, and keep read state, flags and folders in step'),
          permission('Mail.Send', 'Send mail as the mailbox'),
        ]
      : []),
  ]
}
