/**
 * The directory's half of the control API: tenants, people, app registrations, their secrets, certificates and consent.
 * Documented in README.md.
 */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { guidOf, hashText } from './chance.ts'
import { addPerson } from './demo.ts'
import { Directory } from './entra-directory.ts'
import { flag, list, text, texts, type JsonObject } from './item-parts.ts'
import type { AppRegistration, AppSecret, Store, Tenant } from './state.ts'
import { findZone } from './zones.ts'

const DAY = 86_400_000
/** What the portal offers first. */
const SECRET_DAYS = 180
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/

export class Refused extends Error {}

function required(body: JsonObject, name: string): string {
  const value = text(body, name)
  if (typeof value !== 'string' || value === '') throw new Refused(`\`${name}\` must be a text.`)
  return value
}

function instant(body: JsonObject, name: string): number | undefined {
  const value = text(body, name)
  if (typeof value !== 'string') return undefined
  const at = Date.parse(value)
  if (Number.isNaN(at)) throw new Refused(`\`${name}\` must be a date and time.`)
  return at
}

/** The tenant that is named by id or domain, or the first one. */
function tenantOf(store: Store, body: JsonObject): Tenant {
  const name = text(body, 'tenant')
  const [first] = store.data.tenants.values()
  const tenant = typeof name === 'string' ? new Directory(store).tenant(name) : (first ?? null)
  if (tenant === null) throw new Refused('`tenant` must be the id or the domain of one tenant.')
  return tenant
}

function appOf(store: Store, body: JsonObject): AppRegistration {
  const clientId = required(body, 'clientId').toLowerCase()
  const app = store.data.apps.get(clientId)
  if (app === undefined) throw new Refused(`There is no app registration ${clientId}.`)
  return app
}

function renderApp(app: AppRegistration): JsonObject {
  return {
    ...app,
    secrets: app.secrets.map(({ value, expires }) => ({ value, expires: new Date(expires).toISOString() })),
  }
}

function addTenant(store: Store, body: JsonObject): Tenant {
  const domain = required(body, 'domain').toLowerCase()
  if (!DOMAIN.test(domain)) throw new Refused(`'${domain}' is no domain name.`)
  if ([...store.data.tenants.values()].some((tenant) => tenant.domain === domain))
    throw new Refused(`The tenant ${domain} is there already.`)
  const id = guidOf(store.data.seed, hashText(`tenant/${domain}`))
  const tenant: Tenant = { id, domain, displayName: text(body, 'displayName') ?? domain }
  store.data.tenants.set(id, tenant)
  return tenant
}

function addUser(store: Store, body: JsonObject): JsonObject {
  const tenant = tenantOf(store, body)
  const given = required(body, 'address').toLowerCase()
  const address = given.includes('@') ? given : `${given}@${tenant.domain}`
  if (store.data.addresses.has(address)) throw new Refused(`${address} is there already.`)
  const timeZone = text(body, 'timeZone') ?? 'UTC'
  if (findZone(timeZone) === undefined) throw new Refused(`'${timeZone}' is no time zone.`)
  const delegates = (texts(body, 'delegates') ?? []).map((name) => {
    const mailbox = store.mailboxOf(name)
    if (mailbox === undefined) throw new Refused(`Nobody here is called ${name}.`)
    return mailbox.person.id
  })
  const { person } = addPerson(store, tenant, {
    address,
    displayName: text(body, 'displayName') ?? address.split('@')[0] ?? address,
    timeZone,
    shared: flag(body, 'shared') ?? false,
    delegates,
    ...(typeof body['jobTitle'] === 'string' ? { jobTitle: body['jobTitle'] } : {}),
  })
  return { ...person }
}

function addSecret(store: Store, app: AppRegistration, body: JsonObject): AppSecret {
  const secret: AppSecret = {
    value: text(body, 'value') ?? `emulated~${store.guid()}`,
    expires: instant(body, 'expires') ?? store.now() + SECRET_DAYS * DAY,
  }
  app.secrets = [...app.secrets.filter(({ value }) => value !== secret.value), secret]
  return secret
}

function addCertificate(app: AppRegistration, body: JsonObject): void {
  const pem = required(body, 'pem')
  try {
    if (pem.includes('BEGIN CERTIFICATE')) new X509Certificate(pem)
    else createPublicKey(pem)
  } catch {
    throw new Refused('`pem` must be a certificate or a public key in PEM.')
  }
  app.certificates = [...app.certificates, { pem }]
}

/** What may be set when an app is registered, and changed later. */
function configure(app: AppRegistration, body: JsonObject): void {
  app.redirectUris = texts(body, 'redirectUris') ?? app.redirectUris
  app.delegatedScopes = texts(body, 'delegatedScopes') ?? app.delegatedScopes
  app.appRoles = texts(body, 'appRoles') ?? app.appRoles
  app.disabled = flag(body, 'disabled') ?? app.disabled
  const loopback = text(body, 'loopbackRedirectPath')
  if (loopback !== undefined) app.loopbackRedirectPath = loopback
}

/** Without a person for the whole tenant, as an administrator consents. */
function grant(store: Store, app: AppRegistration, body: JsonObject): void {
  const name = text(body, 'person')
  const mailbox = typeof name === 'string' ? store.mailboxOf(name) : null
  if (mailbox === undefined) throw new Refused(`Nobody here is called ${String(name)}.`)
  const tenantId =
    mailbox?.person.tenantId ?? (body['tenant'] === undefined ? app.tenantId : tenantOf(store, body).id)
  const consent = new Directory(store).consent(app, tenantId, mailbox?.person.id ?? null)
  consent.scopes = [...new Set([...consent.scopes, ...(texts(body, 'scopes') ?? [])])]
  if (mailbox === null) consent.roles = [...new Set([...consent.roles, ...(texts(body, 'roles') ?? [])])]
}

function addApp(store: Store, body: JsonObject): AppRegistration {
  const tenant = tenantOf(store, body)
  const clientId = (text(body, 'clientId') ?? store.guid()).toLowerCase()
  if (store.data.apps.has(clientId)) throw new Refused(`The app registration ${clientId} is there already.`)
  const app: AppRegistration = {
    clientId,
    displayName: text(body, 'displayName') ?? 'App',
    tenantId: tenant.id,
    multiTenant: flag(body, 'multiTenant') ?? false,
    secrets: [],
    certificates: [],
    redirectUris: [],
    loopbackRedirectPath: null,
    disabled: false,
    delegatedScopes: [],
    appRoles: [],
  }
  configure(app, body)
  for (const secret of list(body, 'secrets') ?? [{}]) addSecret(store, app, secret)
  store.data.apps.set(clientId, app)
  if (flag(body, 'consent') ?? false) grant(store, app, { scopes: app.delegatedScopes, roles: app.appRoles })
  return app
}

/** The answer to a request about the directory; undefined when it is about something else. */
export function controlDirectory(store: Store, request: string, read: () => JsonObject): unknown {
  switch (request) {
    case 'GET tenants':
      return { value: [...store.data.tenants.values()] }
    case 'POST tenants':
      return addTenant(store, read())
    case 'POST users':
      return addUser(store, read())
    case 'GET apps':
      return { value: [...store.data.apps.values()].map(renderApp) }
    case 'POST apps':
      return renderApp(addApp(store, read()))
    case 'PATCH apps': {
      const body = read()
      const app = appOf(store, body)
      configure(app, body)
      return renderApp(app)
    }
    case 'POST secrets': {
      const body = read()
      const { value, expires } = addSecret(store, appOf(store, body), body)
      return { value, expires: new Date(expires).toISOString() }
    }
    case 'DELETE secrets': {
      const body = read()
      const app = appOf(store, body)
      const value = required(body, 'value')
      app.secrets = app.secrets.filter((secret) => secret.value !== value)
      return renderApp(app)
    }
    case 'POST certificates': {
      const body = read()
      const app = appOf(store, body)
      addCertificate(app, body)
      return renderApp(app)
    }
    case 'POST consent': {
      const body = read()
      grant(store, appOf(store, body), body)
      return { done: true }
    }
    default:
      return undefined
  }
}
