import type { Channel } from '../core/item.ts'
import { requiredPermissions } from '../core/permissions.ts'
import { applicationGaps } from '../core/settings-change.ts'
import { resolve, type StoredByScope } from '../core/settings.ts'
import type { ApiOutput } from '../server/api/api.ts'

/** How an application is registered in Microsoft Entra ID, step by step, for the channels that are wanted. Pure. */
export interface GuideInput {
  readonly settings: StoredByScope
  readonly channels: readonly Channel[] | null
  readonly access: 'delegated' | 'application' | null
  readonly connectUri: string
  readonly signInUri: string
  readonly adminConsentUrl: string | null
}
type Guide = ApiOutput<'GET /api/setup-guide'>

const INTEGRATION = {
  calendar: 'integrations.calendar',
  tasks: 'integrations.tasks',
  email: 'integrations.email',
} as const
/** Of the permissions that we ask for, those that Exchange can limit to some mailboxes (RBAC for Applications). */
const LIMITED_BY_EXCHANGE: ReadonlySet<string> = new Set([
  'MailboxSettings.Read',
  'Calendars.ReadWrite',
  'Mail.ReadWrite',
  'Mail.Send',
])
const ALL: readonly Channel[] = ['calendar', 'tasks', 'email']

export function setupGuide(input: GuideInput): Guide {
  const { settings } = input
  const enabled = ALL.filter((channel) => resolve(INTEGRATION[channel], settings).value)
  const channels = input.channels ?? (enabled.length > 0 ? enabled : (['calendar', 'tasks'] as const))
  const access = input.access ?? resolve('application.access', settings).value
  const singleSignOn = resolve('singleSignOn.enabled', settings).value
  const permissions = requiredPermissions({ channels, access, sharedMailboxes: false, singleSignOn }).map(
    ({ name, why }) => ({ name, why, kind: access }),
  )
  const roles = permissions.map(({ name }) => name).filter((name) => LIMITED_BY_EXCHANGE.has(name))
  const gaps = new Set<string>(applicationGaps(settings))
  const state = (...keys: string[]): 'done' | 'open' => (keys.some((key) => gaps.has(key)) ? 'open' : 'done')
  const redirectUris = [
    { uri: input.connectUri, why: 'People connect their accounts' },
    ...(singleSignOn ? [{ uri: input.signInUri, why: 'People sign in with Microsoft 365' }] : []),
  ]
  const steps: Guide['steps'] = [
    {
      id: 'register',
      title: 'Register an application',
      text: [
        'Open entra.microsoft.com as an administrator: Identity > Applications > App registrations > New registration.',
        'Give it a name that your users will recognise. Supported account types: Accounts in this organizational directory only.',
        'Redirect URI: platform Web, with the address below. Then press Register.',
      ],
      state: state('application.clientId'),
      copy: redirectUris.map(({ uri, why }) => ({
        label: `Redirect URI (${why.toLowerCase()})`,
        value: uri,
      })),
    },
    {
      id: 'ids',
      title: 'Copy the two ids',
      text: [
        'On the Overview page copy Application (client) ID and Directory (tenant) ID into Microsoft Settings.',
      ],
      state: state('application.clientId', 'application.tenantId'),
      copy: [],
    },
    {
      id: 'credential',
      title: 'Make a credential',
      text: [
        'Certificates & secrets > Client secrets > New client secret. Copy its Value (not the Secret ID) at once: it is shown only now.',
        'Write its end date into "Secret expires on", so that you are warned in time. A certificate is the safer choice.',
      ],
      state: state('application.clientSecret', 'application.certificate', 'application.privateKey'),
      copy: [],
    },
    {
      id: 'permissions',
      title: `Add the ${access} permissions`,
      text: [
        `API permissions > Add a permission > Microsoft Graph > ${access === 'delegated' ? 'Delegated permissions' : 'Application permissions'}. Add the ones below and no others.`,
        access === 'application'
          ? 'Then press "Grant admin consent".'
          : 'If your directory lets only administrators consent, press "Grant admin consent" too.',
      ],
      state: 'unknown',
      copy: permissions.map(({ name, why }) => ({ label: why, value: name })),
    },
    ...(access === 'application'
      ? [
          {
            id: 'limit',
            title: 'Limit the application to the mailboxes it needs',
            text: [
              'Application permissions reach every mailbox of the directory until you limit them. In Exchange Online PowerShell, with a mail-enabled security group of the wanted people:',
              `What is consented in Entra ID and what is assigned here add up: when the assignments are made, take ${roles.join(', ')} out of API permissions again. ${channels.includes('tasks') ? 'Tasks of Microsoft To Do cannot be limited in this way.' : ''}`.trim(),
              'Then run the doctor with the address of a mailbox that must be refused. Exchange may take an hour or two until it follows.',
            ],
            state: 'unknown' as const,
            copy: [
              {
                label: 'Make the application known to Exchange',
                value: `New-ServicePrincipal -AppId ${resolve('application.clientId', settings).value || '<client id>'} -ObjectId <object id of the enterprise application>`,
              },
              {
                label: 'Define the mailboxes',
                value: `New-ManagementScope -Name "Syncline" -RecipientRestrictionFilter "MemberOfGroup -eq '<distinguished name of the group>'"`,
              },
              ...roles.map((role) => ({
                label: `Allow ${role}`,
                value: `New-ManagementRoleAssignment -App ${resolve('application.clientId', settings).value || '<client id>'} -Role "Application ${role}" -CustomResourceScope "Syncline"`,
              })),
            ],
          },
        ]
      : []),
    {
      id: 'check',
      title: 'Check, then switch the channels on',
      text: [
        'Save Microsoft Settings and press Check Connection. Then switch on the channels under Microsoft 365 Integrations, and connect the first mailbox.',
      ],
      state: enabled.length > 0 ? 'done' : 'open',
      copy: [],
    },
  ]
  return {
    channels: [...channels],
    access,
    redirectUris,
    permissions,
    adminConsentUrl: input.adminConsentUrl,
    steps,
  }
}
