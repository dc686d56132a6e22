/** Where a person signs in, consents and leaves: authorize, adminconsent, logout. */
import { graphScopes, isLoopback, OIDC, type Directory } from './entra-directory.ts'
import { describe, EntraError } from './entra-errors.ts'
import { accountPage, consentPage, formPostPage, messagePage } from './entra-pages.ts'
import type { Incoming, Outgoing } from './http.ts'
import { KNOWN_SCOPES } from './permissions.ts'
import type { Store } from './state.ts'
import type { Tokens } from './tokens.ts'

export type Form = ReadonlyMap<string, string>

export class SignIn {
  readonly #store: Store
  readonly #tokens: Tokens
  readonly #directory: Directory

  constructor(store: Store, tokens: Tokens, directory: Directory) {
    this.#store = store
    this.#tokens = tokens
    this.#directory = directory
  }

  authorize(incoming: Incoming, tenantName: string, query: Form, form: Form): Outgoing {
    const tenant = this.#directory.tenant(tenantName)
    const app = this.#directory.app(query.get('client_id'), tenant)
    const redirectUri = this.#directory.checkRedirect(app, query.get('redirect_uri'))
    const mode = query.get('response_mode') ?? 'query'
    const back = (values: Record<string, string>): Outgoing =>
      redirect(redirectUri, mode, {
        ...values,
        ...(query.has('state') ? { state: query.get('state') ?? '' } : {}),
      })
    const fail = (error: string, number: number, text: string): Outgoing =>
      back({
        error,
        error_description: describe(this.#store, new EntraError(error, number, text)).description,
      })
    if (!['query', 'fragment', 'form_post'].includes(mode))
      return fail(
        'invalid_request',
        70007,
        `'${mode}' is not a supported value of 'response_mode' when requesting a token.`,
      )
    const responseType = query.get('response_type')
    if (responseType === undefined)
      return fail(
        'invalid_request',
        900144,
        "The request body must contain the following parameter: 'response_type'.",
      )
    if (responseType !== 'code')
      return fail(
        'unsupported_response_type',
        70005,
        'The response_type is not supported for the application.',
      )
    let scopes: string[]
    try {
      scopes = graphScopes(query.get('scope')).flatMap((scope) =>
        scope === '.default' ? app.delegatedScopes : scope,
      )
    } catch (error) {
      if (error instanceof EntraError) return fail(error.error, error.number, error.message)
      throw error
    }
    if (form.get('cancel') !== undefined)
      return fail('access_denied', 65004, 'User declined to consent to access the app.')
    const home = this.#store.data.tenants.get(app.tenantId) ?? null
    const people = this.#directory.people(tenant ?? (app.multiTenant ? null : home))
    const prompt = query.get('prompt') ?? ''
    const session = this.#session(incoming)
    const chosen = form.get('account') ?? (prompt === 'none' ? (session ?? undefined) : undefined)
    const person = chosen === undefined ? undefined : people.find((candidate) => candidate.id === chosen)
    if (person === undefined) {
      if (prompt === 'none')
        return fail('login_required', 50058, 'A silent sign-in request was sent but no user is signed in.')
      const hint = query.get('login_hint')?.toLowerCase() ?? ''
      return html(accountPage(app, people, incoming.target, hint))
    }
    const missing = this.#directory.missing(app, person, scopes)
    const unknown = missing.filter(
      (scope) => !KNOWN_SCOPES.has(scope) && !app.delegatedScopes.includes(scope),
    )
    if (unknown.length > 0)
      return fail(
        'invalid_client',
        650053,
        `The application '${app.displayName}' asked for scope '${unknown.join(' ')}' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'.`,
      )
    const granted = form.get('consent') !== undefined
    if ((missing.length > 0 || prompt === 'consent') && !granted) {
      if (prompt === 'none')
        return fail(
          'interaction_required',
          65001,
          `The user or administrator has not consented to use the application with ID '${app.clientId}' named '${app.displayName}'.`,
        )
      return html(
        consentPage(
          app,
          person,
          scopes.filter((scope) => !OIDC.has(scope)),
          incoming.target,
        ),
      )
    }
    if (granted) {
      const unticked = new Set((form.get('withheld') ?? '').split(' '))
      this.#directory
        .consent(app, person.tenantId, person.id)
        .scopes.push(...missing.filter((scope) => !unticked.has(scope)))
    }
    const challenge = query.get('code_challenge') ?? null
    const code = this.#tokens.issueCode({
      clientId: app.clientId,
      tenantId: person.tenantId,
      personId: person.id,
      redirectUri,
      scopes,
      challenge,
      challengeMethod: query.get('code_challenge_method') === 'S256' ? 'S256' : 'plain',
      nonce: query.get('nonce') ?? null,
    })
    const answer = back({ code, session_state: this.#store.guid() })
    answer.headers['set-cookie'] = `emulator-account=${person.id}; Path=/; HttpOnly; SameSite=Lax`
    return answer
  }
  #session(incoming: Incoming): string | null {
    return /(?:^|;\s*)emulator-account=([^;]+)/.exec(incoming.header('cookie') ?? '')?.[1] ?? null
  }
  adminConsent(incoming: Incoming, tenantName: string, query: Form, form: Form): Outgoing {
    const named = this.#directory.tenant(tenantName)
    const app = this.#directory.app(query.get('client_id'), named)
    const redirectUri = this.#directory.checkRedirect(app, query.get('redirect_uri'))
    const tenant = named ?? this.#store.data.tenants.get(app.tenantId)
    if (tenant === undefined) throw new EntraError('invalid_request', 90002, 'Tenant not found.')
    const state: Record<string, string> = query.has('state') ? { state: query.get('state') ?? '' } : {}
    if (form.get('cancel') !== undefined)
      return redirect(redirectUri, 'query', {
        error: 'permission_denied',
        error_description: 'The admin canceled the request',
        ...state,
      })
    if (form.get('consent') === undefined)
      return html(consentPage(app, null, [...app.appRoles, ...app.delegatedScopes], incoming.target))
    const consent = this.#directory.consent(app, tenant.id, null)
    consent.roles = [...new Set([...consent.roles, ...app.appRoles])]
    consent.scopes = [...new Set([...consent.scopes, ...app.delegatedScopes])]
    return redirect(redirectUri, 'query', { tenant: tenant.id, ...state, admin_consent: 'True' })
  }
  logout(query: Form): Outgoing {
    const to = query.get('post_logout_redirect_uri')
    const headers = { 'set-cookie': 'emulator-account=; Path=/; Max-Age=0' }
    const known =
      to !== undefined &&
      [...this.#store.data.apps.values()].some(
        (app) => app.redirectUris.some((uri) => sameOrigin(uri, to)) || isLoopback(to, ''),
      )
    if (known && to !== undefined) return { status: 302, headers: { ...headers, location: to }, body: null }
    const page = html(
      messagePage('You signed out of your account', 'It is a good idea to close all browser windows.'),
    )
    Object.assign(page.headers, headers)
    return page
  }
}

const sameOrigin = (a: string, b: string): boolean =>
  URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin

export function html(body: string, status = 200): Outgoing {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action *",
    },
    body,
  }
}

function redirect(uri: string, mode: string, values: Record<string, string>): Outgoing {
  if (mode === 'form_post') {
    const page = html(formPostPage(uri, values))
    page.headers['content-security-policy'] = "default-src 'none'; script-src 'unsafe-inline'; form-action *"
    return page
  }
  const text = new URLSearchParams(values).toString()
  const separator = mode === 'fragment' ? '#' : uri.includes('?') ? '&' : '?'
  return {
    status: 302,
    headers: { location: `${uri}${separator}${text}`, 'cache-control': 'no-store' },
    body: null,
  }
}
