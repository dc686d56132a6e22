/** The token endpoint: authorization code with PKCE, refresh, client credentials. */
import { createHash } from 'node:crypto'
import { checkProof } from './client-proof.ts'
import { GRAPH, graphScopes, OIDC, type Directory } from './entra-directory.ts'
import { EntraError } from './entra-errors.ts'
import { bodyText, parseQuery, type Incoming, type Outgoing } from './http.ts'
import type { Form } from './sign-in.ts'
import type { AppRegistration, Store, Tenant } from './state.ts'
import type { Tokens } from './tokens.ts'

export class TokenEndpoint {
  readonly #store: Store
  readonly #tokens: Tokens
  readonly #directory: Directory

  constructor(store: Store, tokens: Tokens, directory: Directory) {
    this.#store = store
    this.#tokens = tokens
    this.#directory = directory
  }

  answer(incoming: Incoming, tenantName: string): Outgoing {
    if (
      !(incoming.header('content-type') ?? '').toLowerCase().startsWith('application/x-www-form-urlencoded')
    )
      throw new EntraError(
        'invalid_request',
        900144,
        "The request body must contain the following parameter: 'grant_type'.",
      )
    const form = readForm(incoming)
    const tenant = this.#directory.tenant(tenantName)
    const basic = readBasic(incoming.header('authorization'))
    const app = this.#directory.app(form.get('client_id') ?? basic?.id, tenant)
    const grant = form.get('grant_type')
    if (grant === undefined)
      throw new EntraError(
        'invalid_request',
        900144,
        "The request body must contain the following parameter: 'grant_type'.",
      )
    if (!['authorization_code', 'refresh_token', 'client_credentials'].includes(grant))
      throw new EntraError(
        'unsupported_grant_type',
        70003,
        `The app requested an unsupported grant type '${grant}'.`,
      )
    const audience = new RegExp(
      `/(${[tenant?.id, tenant?.domain, tenantName]
        .filter((name) => name !== undefined)
        .map(escape)
        .join('|')})(/v2\\.0|/oauth2/v2\\.0/token)?(\\?.*)?$`,
      'i',
    )
    checkProof(
      app,
      {
        secret: form.get('client_secret') ?? basic?.secret,
        assertionType: form.get('client_assertion_type'),
        assertion: form.get('client_assertion'),
      },
      (aud) => audience.test(aud),
      this.#store.now(),
    )
    if (grant === 'client_credentials') return this.#clientCredentials(incoming, app, tenant, form)
    return grant === 'authorization_code'
      ? this.#code(incoming, app, tenant, form)
      : this.#refresh(incoming, app, form)
  }
  #clientCredentials(incoming: Incoming, app: AppRegistration, tenant: Tenant | null, form: Form): Outgoing {
    if (tenant === null)
      throw new EntraError(
        'invalid_request',
        9001023,
        'The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.',
      )
    const scope = form.get('scope')
    if (scope === undefined)
      throw new EntraError(
        'invalid_request',
        90014,
        "The required field 'scope' is missing from the credential. Ensure that you have all the necessary parameters for the login request.",
      )
    if (scope !== `${GRAPH}.default`)
      throw new EntraError(
        'invalid_scope',
        scope.endsWith('/.default') ? 500011 : 70011,
        `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
      )
    const consent = this.#store.data.consents.find(
      (candidate) =>
        candidate.clientId === app.clientId &&
        candidate.tenantId === tenant.id &&
        candidate.personId === null,
    )
    const token = this.#tokens.accessToken(
      issuerOf(incoming, tenant.id),
      app,
      tenant.id,
      null,
      consent?.roles ?? [],
    )
    return tokenAnswer({ token_type: 'Bearer', ...this.#life(), access_token: token })
  }
  #life(): { expires_in: number; ext_expires_in: number } {
    const seconds = this.#store.switches.accessTokenSeconds
    return { expires_in: seconds, ext_expires_in: seconds }
  }
  #code(incoming: Incoming, app: AppRegistration, tenant: Tenant | null, form: Form): Outgoing {
    const text = form.get('code')
    if (text === undefined)
      throw new EntraError(
        'invalid_request',
        900144,
        "The request body must contain the following parameter: 'code'.",
      )
    const code = this.#tokens.grants.codes.get(text)
    if (code === undefined || code.clientId !== app.clientId)
      throw new EntraError('invalid_grant', 70000, 'The provided authorization code is invalid or malformed.')
    if (code.used)
      throw new EntraError(
        'invalid_grant',
        54005,
        'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
      )
    if (code.expires <= this.#store.now())
      throw new EntraError(
        'invalid_grant',
        70008,
        'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
      )
    if (tenant !== null && tenant.id !== code.tenantId)
      throw new EntraError(
        'invalid_grant',
        700005,
        'The provided authorization code is intended to be used against another tenant, thus rejected. OAuth2 Authorization Code must be redeemed against same tenant it was acquired for.',
      )
    if (form.get('redirect_uri') !== code.redirectUri)
      throw new EntraError(
        'invalid_grant',
        70004,
        "The provided value for the input parameter 'redirect_uri' is not valid. The expected value is a URI which matches a redirect URI registered for this client application.",
      )
    if (code.challenge !== null) {
      const verifier = form.get('code_verifier')
      if (verifier === undefined)
        throw new EntraError(
          'invalid_grant',
          501481,
          'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
        )
      const made =
        code.challengeMethod === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier
      if (made !== code.challenge)
        throw new EntraError(
          'invalid_grant',
          501481,
          'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
        )
    }
    code.used = true
    return this.#personTokens(incoming, app, code.tenantId, code.personId, code.scopes, code.nonce)
  }
  #refresh(incoming: Incoming, app: AppRegistration, form: Form): Outgoing {
    const text = form.get('refresh_token')
    if (text === undefined)
      throw new EntraError(
        'invalid_request',
        900144,
        "The request body must contain the following parameter: 'refresh_token'.",
      )
    const known = this.#tokens.grants.refreshTokens.get(text)
    if (known === undefined || known.clientId !== app.clientId)
      throw new EntraError('invalid_grant', 70000, 'The provided refresh token is invalid or malformed.')
    if (known.revoked)
      throw new EntraError(
        'invalid_grant',
        50173,
        'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
      )
    if (known.expires <= this.#store.now())
      throw new EntraError('invalid_grant', 700082, 'The refresh token has expired due to inactivity.')
    const asked = form.get('scope')
    const scopes = asked === undefined ? known.scopes : graphScopes(asked)
    // Every use gives a new refresh token; the old one stays good.
    return this.#personTokens(
      incoming,
      app,
      known.tenantId,
      known.personId,
      [...new Set([...scopes, 'offline_access'])],
      null,
    )
  }
  #personTokens(
    incoming: Incoming,
    app: AppRegistration,
    tenantId: string,
    personId: string,
    scopes: readonly string[],
    nonce: string | null,
  ): Outgoing {
    const person = this.#store.data.mailboxes.get(personId)?.person
    if (person === undefined)
      throw new EntraError('invalid_grant', 50034, 'The user account does not exist in the directory.')
    const granted = this.#directory.granted(app, person)
    if (scopes.some((scope) => !OIDC.has(scope) && scope !== '.default') && granted.size === 0)
      throw new EntraError(
        'invalid_grant',
        65001,
        `The user or administrator has not consented to use the application with ID '${app.clientId}' named '${app.displayName}'. Send an interactive authorization request for this user and resource.`,
      )
    // Whatever was consented to before comes along, as it does with Entra.
    const effective = [...granted]
    const issuer = issuerOf(incoming, tenantId)
    const access = this.#tokens.accessToken(
      `https://sts.windows.net/${tenantId}/`,
      app,
      tenantId,
      person,
      effective,
    )
    const shown = [
      ...scopes.filter((scope) => OIDC.has(scope) && scope !== 'offline_access'),
      ...effective.map((scope) => GRAPH + scope),
    ]
    return tokenAnswer({
      token_type: 'Bearer',
      scope: shown.join(' '),
      ...this.#life(),
      access_token: access,
      ...(scopes.includes('offline_access')
        ? { refresh_token: this.#tokens.issueRefreshToken(app.clientId, tenantId, personId, scopes) }
        : {}),
      ...(scopes.includes('openid')
        ? { id_token: this.#tokens.idToken(issuer, app, tenantId, person, nonce) }
        : {}),
      client_info: Buffer.from(JSON.stringify({ uid: personId, utid: tenantId })).toString('base64url'),
    })
  }
}

const issuerOf = (incoming: Incoming, tenantId: string): string => `${incoming.origin}/${tenantId}/v2.0`

export function readForm(incoming: Incoming): Map<string, string> {
  return parseQuery(bodyText(incoming.body))
}

function readBasic(header: string | undefined): { id: string; secret: string } | null {
  const match = /^Basic\s+(\S+)$/i.exec(header ?? '')
  if (match === null) return null
  const [id = '', ...rest] = Buffer.from(match[1] ?? '', 'base64')
    .toString('utf8')
    .split(':')
  return { id: decodeURIComponent(id), secret: decodeURIComponent(rest.join(':')) }
}

const escape = (text: string | undefined): string => (text ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function tokenAnswer(body: Record<string, unknown>): Outgoing {
  return {
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store, no-cache',
      pragma: 'no-cache',
    },
    body: JSON.stringify(body),
  }
}
