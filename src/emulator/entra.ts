/** Entra ID v2.0: discovery, keys, sign-in, tokens, consent. Source: "Microsoft identity platform". */
import { Directory } from './entra-directory.ts'
import { describe, EntraError, entraRefusal } from './entra-errors.ts'
import { errorPage } from './entra-pages.ts'
import { parseQuery, type Incoming, type Outgoing } from './http.ts'
import { html, SignIn } from './sign-in.ts'
import type { Store } from './state.ts'
import { readForm, TokenEndpoint } from './token-endpoint.ts'
import type { Tokens } from './tokens.ts'

export class Entra {
  readonly #store: Store
  readonly #tokens: Tokens
  readonly #directory: Directory
  readonly #signIn: SignIn
  readonly #tokenEndpoint: TokenEndpoint

  constructor(store: Store, tokens: Tokens) {
    this.#store = store
    this.#tokens = tokens
    this.#directory = new Directory(store)
    this.#signIn = new SignIn(store, tokens, this.#directory)
    this.#tokenEndpoint = new TokenEndpoint(store, tokens, this.#directory)
  }

  /** Answers a path that begins with a tenant; undefined when it is not one of Entra's. */
  handle(incoming: Incoming): Outgoing | undefined {
    const [path = '', query = ''] = incoming.target.split('?')
    const [tenant = '', ...rest] = path.split('/').filter((part) => part !== '')
    const where = rest.join('/').toLowerCase()
    const parameters = parseQuery(query)
    try {
      switch (`${incoming.method} ${where}`) {
        case 'GET v2.0/.well-known/openid-configuration':
          return json(this.#discovery(incoming, tenant))
        case 'GET discovery/v2.0/keys':
          return json({ keys: [this.#tokens.key.jwk] })
        case 'GET oauth2/v2.0/authorize':
          return this.#signIn.authorize(incoming, tenant, parameters, new Map())
        case 'POST oauth2/v2.0/authorize': {
          const form = readForm(incoming)
          return this.#signIn.authorize(incoming, tenant, parameters.size > 0 ? parameters : form, form)
        }
        case 'POST oauth2/v2.0/token':
          return this.#tokenEndpoint.answer(incoming, tenant)
        case 'GET adminconsent':
        case 'GET v2.0/adminconsent':
          return this.#signIn.adminConsent(incoming, tenant, parameters, new Map())
        case 'POST adminconsent':
        case 'POST v2.0/adminconsent':
          return this.#signIn.adminConsent(incoming, tenant, parameters, readForm(incoming))
        case 'GET oauth2/v2.0/logout':
          return this.#signIn.logout(parameters)
        default:
          return undefined
      }
    } catch (error) {
      if (error instanceof EntraError)
        return where.endsWith('token') || where.endsWith('openid-configuration')
          ? entraRefusal(this.#store, error)
          : html(errorPage(describe(this.#store, error).description), error.status)
      throw error
    }
  }

  #discovery(incoming: Incoming, name: string): Record<string, unknown> {
    const tenant = this.#directory.tenant(name)
    const base = `${incoming.origin}/${tenant?.id ?? name}`
    return {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer: `${incoming.origin}/${tenant?.id ?? '{tenantid}'}/v2.0`,
      request_uri_parameter_supported: false,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      http_logout_supported: true,
      frontchannel_logout_supported: true,
      end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      claims_supported: [
        'sub',
        'iss',
        'aud',
        'exp',
        'iat',
        'nonce',
        'preferred_username',
        'name',
        'tid',
        'ver',
        'oid',
        'email',
      ],
      tenant_region_scope: 'EU',
      cloud_instance_name: 'microsoftonline.com',
      msgraph_host: 'graph.microsoft.com',
    }
  }
}

function json(body: Record<string, unknown>): Outgoing {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'access-control-allow-origin': '*' },
    body: JSON.stringify(body),
  }
}
