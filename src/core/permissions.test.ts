import { expect, test } from 'vitest'
import { requiredPermissions, type PermissionNeeds } from './permissions.ts'

const names = (needs: Partial<PermissionNeeds>) =>
  requiredPermissions({
    channels: [],
    access: 'delegated',
    sharedMailboxes: false,
    singleSignOn: false,
    ...needs,
  }).map((permission) => permission.name)

test('[G8] nothing enabled asks for nothing', () => {
  expect(names({})).toEqual([])
  expect(names({ access: 'application' })).toEqual([])
  expect(names({ singleSignOn: true })).toEqual(['openid', 'profile', 'User.Read'])
})

test('[G8] each channel adds its own and no more', () => {
  const base = ['openid', 'profile', 'offline_access', 'User.Read', 'MailboxSettings.Read']
  expect(names({ channels: ['calendar'] })).toEqual([...base, 'Calendars.ReadWrite'])
  expect(names({ channels: ['tasks'] })).toEqual([...base, 'Tasks.ReadWrite'])
  expect(names({ channels: ['email'] })).toEqual([...base, 'Mail.ReadWrite', 'Mail.Send'])
  expect(names({ channels: ['tasks'], sharedMailboxes: true })).toEqual([...base, 'Tasks.ReadWrite'])
  expect(names({ channels: ['email'], sharedMailboxes: true })).toEqual([
    ...base,
    'Mail.ReadWrite',
    'Mail.Send',
    'User.ReadBasic.All',
    'Mail.ReadWrite.Shared',
    'Mail.Send.Shared',
    'User.ReadBasic.All',
  ])
})

test('[G8] application access has names of its own for To Do', () => {
  expect(names({ access: 'application', channels: ['tasks', 'calendar'] })).toEqual([
    'User.ReadBasic.All',
    'MailboxSettings.Read',
    'Calendars.ReadWrite',
    'Tasks.ReadWrite.All',
  ])
})
