import { describe, expect, test } from 'vitest'
import type { Json } from './item.ts'
import { SECRET_KEPT } from './setting-kinds.ts'
import { applicationGaps, changeSettings, channelEnabled, crmMailsInvitations } from './settings-change.ts'
import {
  inherited,
  isSettingKey,
  parseSetting,
  resolve,
  sections,
  settingKeys,
  settingOf,
  settings,
  settingText,
  words,
  type StoredByScope,
} from './settings.ts'

const application = {
  'application.clientId': '11111111-2222-3333-4444-555555555555',
  'application.tenantId': 'contoso.example',
  'application.clientSecret': SECRET_KEPT,
}
const set = (value: unknown) => ({ value })
const checked = { applicationChecked: true }

describe('the table', () => {
  test('[G1] every default is a value that its own setting would take', () => {
    for (const key of settingKeys) {
      const entry = settingOf(key)
      const { control } = entry.kind.shape
      if (entry.fixed || control === 'computed') continue
      expect(parseSetting(key, entry.default), key).toEqual({ ok: true, value: entry.default })
    }
    expect(settingKeys.length).toBeGreaterThan(50)
  })

  test('[G1] every row has a section, a help line, a scope, and leans only on rows that exist', () => {
    for (const key of settingKeys) {
      const entry = settingOf(key)
      expect(Object.hasOwn(sections, entry.section), key).toBe(true)
      expect(entry.help.endsWith('.'), key).toBe(true)
      expect(entry.scopes.length, key).toBeGreaterThan(0)
      if (entry.onlyWhen) {
        expect(isSettingKey(entry.onlyWhen.key), key).toBe(true)
        if (isSettingKey(entry.onlyWhen.key))
          for (const value of entry.onlyWhen.is)
            expect(parseSetting(entry.onlyWhen.key, value).ok, key).toBe(true)
      }
    }
  })

  test('[G1] only secrets are kept apart, and every secret is', () => {
    const secrets = settingKeys.filter((key) => settingOf(key).secret)
    expect(secrets).toEqual([
      'application.clientSecret',
      'application.nextClientSecret',
      'application.privateKey',
      'application.nextPrivateKey',
    ])
    for (const key of settingKeys)
      expect(settingOf(key).kind.shape.control === 'secret', key).toBe(settingOf(key).secret === true)
  })

  test("[G6] the product's own name stands in labels, options and nowhere unresolved", () => {
    const { shape } = settings['calendar.direction'].kind
    const labels = shape.control === 'choice' ? shape.options.map((o) => words(o.label, 'Oro')) : []
    expect(labels).toEqual(['Oro to Microsoft', 'Microsoft to Oro', 'Bidirectional'])
    expect(settingText('calendar.conflicts', 'crm', 'Oro')).toBe('Oro wins')
    expect(settingText('application.clientSecret', SECRET_KEPT, 'Oro')).toBe('set')
    expect(settingText('synchronization.intervalMinutes', 5, 'Oro')).toBe('5 minutes')
    expect(settingText('calendar.calendars', { mode: 'default' }, 'Oro')).toBe('default')
  })
})

describe('inheritance', () => {
  const stored: StoredByScope = {
    system: { 'synchronization.intervalMinutes': 10, 'calendar.direction': 'mailbox-to-crm' },
    organization: { 'synchronization.intervalMinutes': 15 },
    user: { 'synchronization.intervalMinutes': 20, 'application.cloud': 'china' },
  }
  test('[G2] the narrowest scope that has a value wins, and says so', () => {
    expect(resolve('synchronization.intervalMinutes', stored)).toEqual({ value: 20, from: 'user' })
    expect(resolve('calendar.direction', stored)).toEqual({ value: 'mailbox-to-crm', from: 'system' })
    expect(resolve('calendar.conflicts', stored)).toEqual({ value: 'crm', from: 'default' })
  })
  test('[G2] the box shows what would be inherited', () => {
    expect(inherited('synchronization.intervalMinutes', stored, 'user').value).toBe(15)
    expect(inherited('synchronization.intervalMinutes', stored, 'organization').value).toBe(10)
    expect(inherited('synchronization.intervalMinutes', stored, 'system')).toEqual({
      value: 5,
      from: 'default',
    })
  })
  test('[G2] a scope that a setting does not have is never looked at', () => {
    expect(resolve('application.cloud', stored)).toEqual({ value: 'global', from: 'default' })
  })
  test('[G2] a stored value that no longer fits is passed over and said, never used', () => {
    const answer = resolve('synchronization.intervalMinutes', {
      organization: { 'synchronization.intervalMinutes': 15 },
      user: { 'synchronization.intervalMinutes': 0 },
    })
    expect(answer).toMatchObject({ value: 15, from: 'organization', ignored: [{ scope: 'user' }] })
  })
})

describe('values', () => {
  test.each<[Parameters<typeof parseSetting>[0], unknown, Json | 'refused']>([
    ['synchronization.intervalMinutes', '5', 5],
    ['synchronization.intervalMinutes', 1440, 1440],
    ['synchronization.intervalMinutes', 0, 'refused'],
    ['synchronization.intervalMinutes', 1441, 'refused'],
    ['synchronization.intervalMinutes', 2.5, 'refused'],
    ['synchronization.intervalMinutes', null, 'refused'],
    ['synchronization.daysAhead', 3650, 3650],
    ['synchronization.daysAhead', 3651, 'refused'],
    [
      'application.clientId',
      ' 11111111-2222-3333-4444-55555555555A ',
      '11111111-2222-3333-4444-55555555555a',
    ],
    ['application.clientId', 'not an id', 'refused'],
    ['application.tenantId', 'Contoso.Example', 'contoso.example'],
    ['application.tenantId', 'contoso', 'refused'],
    ['application.secretExpiresOn', '2028-02-29', '2028-02-29'],
    ['application.secretExpiresOn', '2027-02-29', 'refused'],
    ['application.redirectUri', 'https://crm.example.com', 'refused'],
    ['application.certificate', 'MIIB', 'refused'],
    ['calendar.firstSync', 'match-and-merge', 'refused'],
    ['calendar.direction', 'both', 'both'],
    ['calendar.direction', 'sideways', 'refused'],
    ['calendar.enabled', 'on', true],
    ['calendar.enabled', 1, 'refused'],
    ['general.productName', '', 'refused'],
    ['general.productName', 'two\nlines', 'refused'],
    ['general.publicUrl', 'https://crm.example.com/syncline', 'https://crm.example.com/syncline'],
    ['general.publicUrl', 'javascript:alert(1)', 'refused'],
    ['emailSync.blocklist', 'B@Example.com; example.org, b@example.com', ['b@example.com', 'example.org']],
    ['emailSync.blocklist', 'not an address', 'refused'],
    ['calendar.calendars', { mode: 'default', extra: 1 }, { mode: 'default' }],
    ['calendar.calendars', { mode: 'chosen', ids: [] }, 'refused'],
    ['calendar.calendars', { mode: 'chosen', ids: ['a'], newItemsTo: 'b' }, 'refused'],
    [
      'calendar.calendars',
      { mode: 'chosen', ids: ['b', 'a', 'a'], newItemsTo: 'a' },
      { mode: 'chosen', ids: ['a', 'b'], newItemsTo: 'a' },
    ],
    ['emailSync.folders', { mode: 'chosen', ids: ['x'] }, { mode: 'chosen', ids: ['x'], newItemsTo: null }],
  ])('[G3] %s takes %j as %j', (key, input, expected) => {
    const parsed = parseSetting(key, input)
    if (expected === 'refused') expect(parsed.ok).toBe(false)
    else expect(parsed).toEqual({ ok: true, value: expected })
  })

  test('[G3] a refused secret is never quoted', () => {
    const long = 'hunter2'.repeat(100)
    const parsed = parseSetting('application.clientSecret', long)
    expect(parsed.ok).toBe(false)
    expect(JSON.stringify(parsed)).not.toContain('hunter2')
    expect(JSON.stringify(parseSetting('application.privateKey', 'hunter2'))).not.toContain('hunter2')
  })
})

describe('changing', () => {
  test('[G4] a channel cannot be switched on before the application settings are filled in', () => {
    const answer = changeSettings({}, 'system', { 'integrations.calendar': set(true) }, checked)
    expect(answer).toEqual({
      ok: false,
      problems: [
        {
          key: 'integrations.calendar',
          problem: 'Fill in first: Application (client) ID, Directory (tenant) ID, Client Secret.',
        },
      ],
    })
  })
  test('[G4] nor before they were checked, nor together with a change of them', () => {
    const on = { 'integrations.calendar': set(true) }
    const stored = { system: application }
    expect(changeSettings(stored, 'system', on, { applicationChecked: false }).ok).toBe(false)
    expect(changeSettings(stored, 'system', on, checked)).toMatchObject({
      ok: true,
      stored: { ...application, 'integrations.calendar': true },
    })
    const both = { ...on, 'application.tenantId': set('fabrikam.example') }
    expect(changeSettings(stored, 'system', both, checked).ok).toBe(false)
  })
  test('[G4] emptying the application settings is saved and switches the channels off', () => {
    const stored = { system: { ...application, 'integrations.email': true, 'singleSignOn.enabled': true } }
    const answer = changeSettings(stored, 'system', { 'application.clientSecret': set('') }, checked)
    expect(answer).toMatchObject({
      ok: true,
      stored: { 'integrations.email': false, 'singleSignOn.enabled': false },
      secrets: { 'application.clientSecret': '' },
    })
    if (answer.ok) expect(answer.notes).toHaveLength(2)
  })
  test('[G4] replacing a secret interrupts nobody', () => {
    const stored = { system: { ...application, 'integrations.email': true } }
    const answer = changeSettings(stored, 'system', { 'application.clientSecret': set('new value') }, checked)
    expect(answer).toEqual({
      ok: true,
      stored: stored.system,
      secrets: { 'application.clientSecret': 'new value' },
      notes: [],
    })
  })
  test('[G5] a secret is handed out apart; dots written back keep it', () => {
    const stored = { system: application }
    const dots = changeSettings(stored, 'system', { 'application.clientSecret': set(SECRET_KEPT) }, checked)
    expect(dots).toEqual({ ok: true, stored: application, secrets: {}, notes: [] })
  })
  test('[G4] conflict resolution is only for bidirectional', () => {
    const stored = { organization: { 'calendar.direction': 'crm-to-mailbox' } }
    const change = { 'calendar.conflicts': set('newest') }
    expect(changeSettings(stored, 'user', change, checked)).toEqual({
      ok: false,
      problems: [
        {
          key: 'calendar.conflicts',
          problem: 'Has a meaning only while Sync Direction is Bidirectional.',
        },
      ],
    })
    const withDirection = { ...change, 'calendar.direction': set('both') }
    expect(changeSettings(stored, 'user', withDirection, checked).ok).toBe(true)
  })
  test('[G4] change notifications need an address that Microsoft can reach', () => {
    const on = { 'synchronization.notifications': set(true) }
    expect(changeSettings({}, 'system', on, checked).ok).toBe(false)
    const local = { ...on, 'general.publicUrl': set('http://crm.example.com') }
    expect(changeSettings({}, 'system', local, checked).ok).toBe(false)
    const open = { ...on, 'general.publicUrl': set('https://crm.example.com') }
    expect(changeSettings({}, 'system', open, checked).ok).toBe(true)
  })
  test('[G2] inherit takes the value away; a foreign scope and an unknown key are refused, all or nothing', () => {
    const stored = { user: { 'synchronization.daysBack': 7 } }
    expect(
      changeSettings(stored, 'user', { 'synchronization.daysBack': { inherit: true } }, checked),
    ).toMatchObject({
      ok: true,
      stored: {},
    })
    const answer = changeSettings(
      stored,
      'user',
      { 'application.cloud': set('china'), nonsense: set(1), 'synchronization.daysBack': set(3) },
      checked,
    )
    expect(answer.ok === false && answer.problems.map((p) => p.key)).toEqual([
      'application.cloud',
      'nonsense',
    ])
  })
  test('[G4] a certificate takes the place of the secret', () => {
    expect(applicationGaps({ system: { ...application, 'application.credential': 'certificate' } })).toEqual([
      'application.certificate',
      'application.privateKey',
    ])
  })
})

test('[G7] a channel runs only where the installation, the organization and the user have it on', () => {
  const on: StoredByScope = { system: { ...application, 'integrations.calendar': true } }
  expect(channelEnabled('calendar', {})).toBe(false)
  expect(channelEnabled('calendar', on)).toBe(true)
  expect(channelEnabled('calendar', { ...on, user: { 'calendar.enabled': false } })).toBe(false)
  const email = { system: { ...application, 'integrations.email': true, 'email.enabled': false } }
  expect(channelEnabled('email', email)).toBe(false)
})

test('[G7] while Microsoft is written to, the CRM mails no invitations of its own', () => {
  const on = { ...application, 'integrations.calendar': true }
  expect(crmMailsInvitations({})).toBe(true)
  expect(crmMailsInvitations({ system: on })).toBe(false)
  expect(crmMailsInvitations({ system: { ...on, 'calendar.direction': 'mailbox-to-crm' } })).toBe(true)
})
