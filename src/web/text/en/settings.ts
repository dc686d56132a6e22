import { count } from './common.ts'

export const settings = {
  system: 'System',
  configuration: 'Configuration',
  group: { integrations: 'Integrations', general: 'General Setup' },
  page: {
    microsoft: 'Microsoft Settings',
    email: 'Email Configuration',
    application: 'General',
  },
  my: 'My Configuration',
  scope: 'Scope',
  scopes: { system: 'System', organization: 'Organization', user: 'User' },
  whichOrganization: 'Organization',
  whichUser: 'User',
  from: { default: 'default', system: 'system', organization: 'organization', user: 'user' },
  inForce: (value: string, from: string) => `In force: ${value} (${from})`,
  wouldInherit: (value: string) => `would be ${value}`,
  secretSet: 'A value is kept. It is never shown again; type a new one to replace it.',
  secretNew: 'Type the value',
  check: 'Check Connection',
  checked: 'The application settings were checked against Microsoft since they were last changed.',
  notChecked: 'Save the application settings, then check them: the check boxes below become available.',
  copyUri: 'redirect URI',
  onePerLine: 'One a line.',
  saveQuestion: 'Save these changes?',
  applies: (users: number, overriding: number) =>
    overriding === 0
      ? `Applies to ${count.users(users)}.`
      : `Applies to ${count.users(users)}; ${overriding.toLocaleString('en')} ${overriding === 1 ? 'overrides' : 'override'} it.`,
  appliesMailboxes: (n: number) =>
    `${count.mailboxes(n)} will work by the new values from their next run on.`,
  change: (from: string, to: string) => `${from} → ${to}`,
  save: (n: number) => `Save ${count.changes(n)}`,
  saved: 'Saved.',
  problems: 'Nothing was saved. Put these right first.',
  collectionDefault: {
    calendar: 'The default calendar',
    taskList: 'The default list',
    folder: 'Inbox and sent items',
  },
  collectionChosen: 'Those that I choose',
  newItemsTo: { calendar: 'New events go to', taskList: 'New tasks go to', folder: 'New messages go to' },
  noMailbox: 'Connect a Microsoft account first; then its calendars, lists and folders can be chosen here.',
  readOnlyCollection: 'read-only',
  nothingHere: 'Nothing is set at this scope on this page.',
  loadPeople: 'Choose',
  search: 'Find a setting',
} as const
