/** Another developer's directory: tenants, people and app registrations of their own, made over HTTP. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { ANNA, emulated, TEST_NOW, type Json } from '../../tests/support/emulated.ts'
import type { Emulator } from './emulator.ts'

interface Told {
  readonly status: number
  readonly body: Json
}

function speaker(emulator: Emulator): (method: string, name: string, body?: Json) => Promise<Told> {
  return async (method, name, body) => {
    const response = await emulator.handle(
      new Request(`${emulator.info.control}/${name}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    return { status: response.status, body: (await response.json()) as Json }
  }
}

async function appToken(emulator: Emulator, tenant: string, client: Json, secret: string): Promise<Told> {
  const response = await emulator.handle(
    new Request(`${emulator.info.login}/${tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: String(client['clientId']),
        client_secret: secret,
        scope: 'https://graph.microsoft.com/.default',
      }).toString(),
    }),
  )
  return { status: response.status, body: (await response.json()) as Json }
}

const secretsOf = (app: Json): { value: string; expires: string }[] =>
  app['secrets'] as { value: string; expires: string }[]

test('a tenant with a person and an app of its own works from the token to the meeting', async () => {
  const emulator = emulated()
  const say = speaker(emulator)
  expect((await say('POST', 'tenants', { domain: 'Fabrikam.example', displayName: 'Fabrikam' })).status).toBe(
    200,
  )
  const user = await say('POST', 'users', {
    tenant: 'fabrikam.example',
    address: 'ines.moreau',
    displayName: 'Ines Moreau',
    timeZone: 'Romance Standard Time',
  })
  expect(user.body).toMatchObject({ userPrincipalName: 'ines.moreau@fabrikam.example', surname: 'Moreau' })
  const app = await say('POST', 'apps', {
    tenant: 'fabrikam.example',
    displayName: 'Scheduler',
    appRoles: ['Calendars.ReadWrite', 'Mail.Read', 'User.Read.All'],
    redirectUris: ['https://scheduler.example/back'],
    consent: true,
  })
  const [secret] = secretsOf(app.body)
  const issued = await appToken(emulator, 'fabrikam.example', app.body, secret?.value ?? '')
  expect(issued.status).toBe(200)
  const ask = async (method: string, path: string, body?: Json): Promise<Told> => {
    const response = await emulator.handle(
      new Request(`${emulator.info.graph}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${String(issued.body['access_token'])}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    return { status: response.status, body: (await response.json()) as Json }
  }
  const made = await ask('POST', '/users/ines.moreau@fabrikam.example/events', {
    subject: 'Across tenants',
    start: { dateTime: '2026-10-01T09:00:00', timeZone: 'UTC' },
    end: { dateTime: '2026-10-01T10:00:00', timeZone: 'UTC' },
    attendees: [{ type: 'required', emailAddress: { address: ANNA, name: 'Anna' } }],
  })
  expect(made.status).toBe(201)
  expect((await ask('GET', '/users?$select=displayName,companyName')).body['value']).toHaveLength(1)
  // Nobody of another tenant is seen.
  expect((await ask('GET', `/users/${ANNA}/events`)).status).toBe(404)
  expect((await ask('GET', '/users/ines.moreau@fabrikam.example/todo/lists')).status).toBe(403)
})

test('secrets come, expire and go; permissions are granted one by one; an app is disabled', async () => {
  const emulator = emulated()
  const say = speaker(emulator)
  const { body: app } = await say('POST', 'apps', {
    displayName: 'Reader',
    appRoles: ['Mail.Read'],
    secrets: [{ value: 'first', expires: new Date(TEST_NOW + 60_000).toISOString() }],
  })
  const { clientId } = app
  const token = (secret: string): Promise<Told> => appToken(emulator, emulator.info.tenantId, app, secret)
  const inbox = async (): Promise<number> => {
    const { body } = await token('second')
    const response = await emulator.handle(
      new Request(`${emulator.info.graph}/users/${ANNA}/messages`, {
        headers: { authorization: `Bearer ${String(body['access_token'])}` },
      }),
    )
    return response.status
  }
  expect((await token('first')).status).toBe(200)
  await say('POST', 'secrets', { clientId, value: 'second' })
  expect(await inbox()).toBe(403)
  await say('POST', 'consent', { clientId, roles: ['Mail.Read'] })
  expect(await inbox()).toBe(200)
  emulator.control.clock.advance(120_000)
  expect((await token('first')).body['error_codes']).toEqual([7000222])
  expect((await token('second')).status).toBe(200)
  await say('DELETE', 'secrets', { clientId, value: 'second' })
  expect((await token('second')).body['error_codes']).toEqual([7000215])
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  expect((await say('POST', 'certificates', { clientId, pem: String(pem) })).status).toBe(200)
  await say('PATCH', 'apps', { clientId, disabled: true })
  expect((await token('first')).body['error_codes']).toEqual([7000112])
})

test('what the directory cannot take is refused with a reason, and nothing is changed', async () => {
  const emulator = emulated()
  const say = speaker(emulator)
  const before = JSON.stringify([(await say('GET', 'apps')).body, (await say('GET', 'tenants')).body])
  const wrong: readonly [string, string, Json][] = [
    ['POST', 'tenants', {}],
    ['POST', 'tenants', { domain: 'no domain' }],
    ['POST', 'tenants', { domain: 'contoso.example' }],
    ['POST', 'users', { address: ANNA }],
    ['POST', 'users', { address: 'x', timeZone: 'Moon Standard Time' }],
    ['POST', 'users', { address: 'x', delegates: ['nobody'] }],
    ['POST', 'users', { address: 7 }],
    ['POST', 'apps', { tenant: 'nowhere.example' }],
    ['POST', 'apps', { redirectUris: 'https://one.example' }],
    ['POST', 'apps', { secrets: [{ expires: 'never' }] }],
    ['POST', 'apps', { clientId: emulator.info.clientId }],
    ['PATCH', 'apps', { clientId: 'x', disabled: true }],
    ['POST', 'secrets', {}],
    ['POST', 'certificates', { clientId: emulator.info.clientId, pem: 'no key' }],
    ['POST', 'consent', { clientId: emulator.info.clientId, person: 'nobody' }],
  ]
  for (const [method, name, body] of wrong) {
    const told = await say(method, name, body)
    expect(told.status, `${method} ${name} ${JSON.stringify(body)}`).toBe(400)
    expect(String(told.body['error']).length).toBeGreaterThan(10)
  }
  expect(JSON.stringify([(await say('GET', 'apps')).body, (await say('GET', 'tenants')).body])).toBe(before)
})
