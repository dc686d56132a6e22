/** What Entra knows of tenants, app registrations and consent, and how it refuses what it does not know. */
import { EntraError } from './entra-errors.ts'
import type { AppRegistration, Consent, Person, Store, Tenant } from './state.ts'

export const OIDC = new Set(['openid', 'profile', 'email', 'offline_access'])
export const GRAPH = 'https://graph.microsoft.com/'
const SHARED_TENANTS = ['common', 'organizations', 'consumers']

export class Directory {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  tenant(name: string): Tenant | null {
    const lower = name.toLowerCase()
    if (SHARED_TENANTS.includes(lower)) return null
    for (const tenant of this.#store.data.tenants.values())
      if (tenant.id === lower || tenant.domain === lower) return tenant
    throw new EntraError(
      'invalid_request',
      90002,
      `Tenant '${name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
    )
  }
  app(clientId: string | undefined, tenant: Tenant | null): AppRegistration {
    if (clientId === undefined || clientId === '')
      throw new EntraError(
        'invalid_request',
        900144,
        "The request body must contain the following parameter: 'client_id'.",
      )
    const app = this.#store.data.apps.get(clientId.toLowerCase())
    if (app === undefined || (tenant !== null && app.tenantId !== tenant.id && !app.multiTenant))
      throw new EntraError(
        'unauthorized_client',
        700016,
        `Application with identifier '${clientId}' was not found in the directory '${tenant?.displayName ?? 'Microsoft Accounts'}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
      )
    if (app.disabled)
      throw new EntraError('unauthorized_client', 7000112, `Application '${app.clientId}' is disabled.`)
    return app
  }
  checkRedirect(app: AppRegistration, uri: string | undefined): string {
    if (uri === undefined || uri === '')
      throw new EntraError(
        'invalid_request',
        900144,
        "The request body must contain the following parameter: 'redirect_uri'.",
      )
    if (app.redirectUris.includes(uri) || isLoopback(uri, app.loopbackRedirectPath)) return uri
    throw new EntraError(
      'invalid_request',
      50011,
      `The redirect URI '${uri}' specified in the request does not match the redirect URIs configured for the application '${app.clientId}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.`,
    )
  }
  people(tenant: Tenant | null): Person[] {
    return [...this.#store.data.mailboxes.values()]
      .map((mailbox) => mailbox.person)
      .filter((person) => !person.shared && (tenant === null || person.tenantId === tenant.id))
  }
  consent(app: AppRegistration, tenantId: string, personId: string | null): Consent {
    const { data } = this.#store
    let consent = data.consents.find(
      (candidate) =>
        candidate.clientId === app.clientId &&
        candidate.tenantId === tenantId &&
        candidate.personId === personId,
    )
    if (consent === undefined) {
      consent = { clientId: app.clientId, tenantId, personId, scopes: [], roles: [] }
      data.consents.push(consent)
    }
    return consent
  }
  /** What was granted of the delegated scopes, by the person or for everybody. */
  granted(app: AppRegistration, person: Person): Set<string> {
    const granted = new Set<string>()
    for (const consent of this.#store.data.consents)
      if (
        consent.clientId === app.clientId &&
        consent.tenantId === person.tenantId &&
        (consent.personId === null || consent.personId === person.id)
      )
        for (const scope of consent.scopes) granted.add(scope)
    return granted
  }
  missing(app: AppRegistration, person: Person, scopes: readonly string[]): string[] {
    const granted = this.granted(app, person)
    return scopes.filter((scope) => !OIDC.has(scope) && scope !== '.default' && !granted.has(scope))
  }
}

/** Names of Graph scopes without their resource; scopes of one resource only may be asked for at once. */
export function graphScopes(source: string | undefined): string[] {
  const words = (source ?? '').split(/\s+/).filter((word) => word !== '')
  if (words.length === 0)
    throw new EntraError(
      'invalid_request',
      900144,
      "The request body must contain the following parameter: 'scope'.",
    )
  const resources = new Set<string>()
  const scopes = words.map((word) => {
    const match = /^(https?:\/\/[^/]+\/)(.+)$/.exec(word)
    if (match === null) return word
    resources.add(match[1] ?? '')
    return match[2] ?? ''
  })
  if (resources.size > 1)
    throw new EntraError(
      'invalid_request',
      700022,
      'The provided value for the input parameter scope is not valid because it contains more than one resource.',
    )
  const [resource] = resources
  if (resource !== undefined && resource !== GRAPH)
    throw new EntraError(
      'invalid_resource',
      500011,
      `The resource principal named ${resource} was not found in the tenant.`,
    )
  return [...new Set(scopes)]
}

export function isLoopback(uri: string, path: string | null): boolean {
  if (path === null || !URL.canParse(uri)) return false
  const url = new URL(uri)
  return ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname) && url.pathname.endsWith(path)
}
