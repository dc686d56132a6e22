/**
 * Sign-in at Microsoft Entra ID, by MSAL: a person's consent (authorization code with PKCE), the app's own (client
 * credentials), and the tokens that follow from either.
 *
 * MSAL keeps tokens in a cache of its own making; where that lies, and that it is encrypted, is the caller's: a plugin
 * with `load` and `save`. Each refresh gives a new refresh token, which is saved before the access token is handed out.
 */
import {
  ConfidentialClientApplication,
  type AuthenticationResult,
  type Configuration,
  type ICachePlugin,
  type INetworkModule,
  type NetworkRequestOptions,
  type NetworkResponse,
} from '@azure/msal-node'
import { ConnectorError, type Failure } from '../connector.ts'
import type { Instant } from '../../core/ids.ts'
import { refusesCredential, signInFailure } from './auth-failures.ts'
import type { TokenIdentity, Tokens } from './client.ts'
import { CLOUDS, type Cloud, type Endpoints, type GraphEnv, type Transport } from './environment.ts'

export interface MicrosoftApp {
  readonly clientId: string
  /** Directory (tenant) id or domain. */
  readonly tenant: string
  readonly cloud: Cloud
  readonly credential: Credential
  /** Used as soon as Microsoft refuses the first one: it ended, or was taken away (pain 11). */
  readonly nextCredential?: Credential
}

export type Credential =
  | { readonly kind: 'secret'; readonly secret: string }
  | {
      readonly kind: 'certificate'
      /** SHA-256 of the certificate, in hex. */
      readonly thumbprintSha256: string
      /** PEM. */
      readonly privateKey: string
      /** The certificate itself as PEM, sent along where an app trusts by subject and issuer. */
      readonly certificate?: string
    }

/** Where a mailbox's tokens lie, encrypted. `save` must have them on disk before it resolves. */
export interface TokenCache {
  load(): Promise<string | null>
  save(serialized: string): Promise<void>
}

export interface SignedIn {
  readonly tenantId: string
  readonly objectId: string
  /** What finds this person's tokens in the cache again. */
  readonly homeAccountId: string
  readonly username: string
  readonly displayName: string
  /** What was really granted: a person or a tenant may grant less than was asked. */
  readonly scopes: readonly string[]
}

export interface AuthorizeRequest {
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly state: string
  readonly nonce: string
  /** S256 of the verifier that `redeem` gets. */
  readonly codeChallenge: string
  readonly loginHint?: string
  readonly prompt?: 'login' | 'consent' | 'select_account' | 'none'
}

export interface RedeemRequest {
  readonly code: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly codeVerifier: string
  readonly nonce: string
}

export interface MicrosoftAuth {
  authorizeUrl(request: AuthorizeRequest): Promise<string>
  /** Where an administrator consents to application permissions. */
  adminConsentUrl(redirectUri: string, state: string): string
  /** @throws {ConnectorError} `unauthorized` with what to do, or `unavailable`. */
  redeem(request: RedeemRequest, cache: TokenCache): Promise<SignedIn>
  /** A person's tokens, refreshed silently from the cache. */
  delegated(parts: {
    readonly cache: TokenCache
    readonly homeAccountId: string
    readonly scopes: readonly string[]
  }): Tokens
  /** The app's own tokens. */
  application(): Tokens
  /** Whether the next credential is in use, and why Microsoft refused the first. */
  readonly refusedFirst: Failure | null
  /** Asks Microsoft whether it takes the next credential. @throws {ConnectorError} when it does not */
  tryNext(): Promise<void>
}

export interface MicrosoftAuthParts {
  readonly app: MicrosoftApp
  readonly endpoints: Endpoints
  readonly transport: Transport
  readonly env: GraphEnv
}

/** A token is taken anew this long before it ends, so that none ends on its way. */
const EARLY_MS = 300_000

export function createMicrosoftAuth(parts: MicrosoftAuthParts): MicrosoftAuth {
  const { app, endpoints, env } = parts
  const clientBy = (credential: Credential, cache?: TokenCache): ConfidentialClientApplication =>
    new ConfidentialClientApplication(configuration(parts, credential, cache))
  let refusedFirst: Failure | null = null
  /** Asks with the credential that was taken last; with the other one when Microsoft refuses that. */
  async function proven<T>(work: (credential: Credential) => Promise<T | null>): Promise<T> {
    const { credential: first, nextCredential: next } = app
    const [one, other] = refusedFirst !== null && next ? [next, first] : [first, next]
    try {
      return await attempt(() => work(one))
    } catch (error) {
      if (other === undefined || !(error instanceof ConnectorError) || !refusesCredential(error.failure))
        throw error
      let result: T
      try {
        result = await attempt(() => work(other))
      } catch (again) {
        // Both are refused: the first one's reason is what a person acts on.
        throw again instanceof ConnectorError && refusesCredential(again.failure) ? error : again
      }
      refusedFirst = one === first ? error.failure : null
      return result
    }
  }
  const byApp = (msal: ConfidentialClientApplication, refresh: boolean) =>
    msal.acquireTokenByClientCredential({ scopes: [`${endpoints.resource}/.default`], skipCache: refresh })
  const qualified = (scopes: readonly string[]): string[] =>
    scopes.map((scope) =>
      OPENID_SCOPES.has(scope) || scope.includes('://') ? scope : `${endpoints.resource}/${scope}`,
    )
  return {
    authorizeUrl: (request) =>
      attempt(() =>
        clientBy(app.credential).getAuthCodeUrl({
          redirectUri: request.redirectUri,
          scopes: qualified(request.scopes),
          state: request.state,
          nonce: request.nonce,
          codeChallenge: request.codeChallenge,
          codeChallengeMethod: 'S256',
          ...(request.loginHint === undefined ? {} : { loginHint: request.loginHint }),
          ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
        }),
      ),
    adminConsentUrl: (redirectUri, state) =>
      `${endpoints.login}/${encodeURIComponent(app.tenant)}/adminconsent?${new URLSearchParams({
        client_id: app.clientId,
        redirect_uri: redirectUri,
        state,
      })}`,
    redeem: async (request, cache) => {
      const result = await proven((credential) =>
        clientBy(credential, cache).acquireTokenByCode({
          code: request.code,
          redirectUri: request.redirectUri,
          scopes: qualified(request.scopes),
          codeVerifier: request.codeVerifier,
          // Checked against the id token; MSAL takes it from here and not from the payload.
          nonce: request.nonce,
        }),
      )
      return signedIn(result)
    },
    delegated: ({ cache, homeAccountId, scopes }) => {
      const clients = new Map<Credential, ConfidentialClientApplication>()
      const silently = async (credential: Credential, refresh: boolean) => {
        const msal = clients.get(credential) ?? clientBy(credential, cache)
        clients.set(credential, msal)
        const account = await msal.getTokenCache().getAccountByHomeId(homeAccountId)
        if (account === null)
          throw new ConnectorError({
            kind: 'unauthorized',
            code: 'no-account',
            message: 'No sign-in is kept for this mailbox any more. Connect it again.',
          })
        return msal.acquireTokenSilent({ account, scopes: qualified(scopes), forceRefresh: refresh })
      }
      return tokensBy(env, (refresh) => proven((credential) => silently(credential, refresh)))
    },
    application: () => {
      const clients = new Map<Credential, ConfidentialClientApplication>()
      return tokensBy(env, (refresh) =>
        proven((credential) => {
          const msal = clients.get(credential) ?? clientBy(credential)
          clients.set(credential, msal)
          return byApp(msal, refresh)
        }),
      )
    },
    get refusedFirst() {
      return refusedFirst
    },
    tryNext: async () => {
      const { nextCredential } = app
      if (nextCredential !== undefined) await attempt(() => byApp(clientBy(nextCredential), true))
    },
  }
}

const OPENID_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

interface HeldToken {
  readonly token: string
  readonly until: Instant
  readonly identity: TokenIdentity
}

/** One token for all requests of a mailbox, taken once however many ask for it at the same time. */
function tokensBy(
  env: GraphEnv,
  acquire: (refresh: boolean) => Promise<AuthenticationResult | null>,
): Tokens {
  let held: HeldToken | null = null
  let underWay: Promise<HeldToken> | null = null
  const take = (refresh: boolean): Promise<HeldToken> => {
    if (held !== null && !refresh && env.now() < held.until - EARLY_MS) return Promise.resolve(held)
    underWay ??= fetchToken(refresh || held !== null).finally(() => {
      underWay = null
    })
    return underWay
  }
  const fetchToken = async (refresh: boolean): Promise<HeldToken> => {
    const result = await attempt(() => acquire(refresh))
    held = {
      token: result.accessToken,
      until: result.expiresOn?.getTime() ?? 0,
      identity: { tenantId: tenantOf(result), objectId: result.account?.localAccountId || null },
    }
    return held
  }
  return {
    accessToken: async (refresh) => (await take(refresh)).token,
    identity: async () => (await take(false)).identity,
  }
}

/** MSAL names no tenant for a token of the app itself; the token does. */
function tenantOf({ tenantId, accessToken }: AuthenticationResult): string {
  if (tenantId !== '') return tenantId
  try {
    const claims: unknown = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
    const { tid } = claims as { readonly tid?: unknown }
    return typeof tid === 'string' ? tid : ''
  } catch {
    return ''
  }
}

function signedIn(result: AuthenticationResult): SignedIn {
  const { account } = result
  if (account === null)
    throw new ConnectorError({
      kind: 'unauthorized',
      code: 'no-account',
      message: 'Microsoft did not say who signed in. Try to connect again.',
    })
  return {
    tenantId: account.tenantId,
    objectId: account.localAccountId,
    homeAccountId: account.homeAccountId,
    username: account.username,
    displayName: account.name ?? '',
    scopes: result.scopes,
  }
}

async function attempt<T>(work: () => Promise<T | null>): Promise<T> {
  try {
    const result = await work()
    if (result !== null) return result
  } catch (error) {
    if (error instanceof ConnectorError) throw error
    throw new ConnectorError(signInFailure(error), { cause: error })
  }
  throw new ConnectorError({ kind: 'unavailable', message: 'Microsoft gave no token. Tried again later.' })
}

function configuration(
  { app, endpoints, transport }: MicrosoftAuthParts,
  credential: Credential,
  cache?: TokenCache,
): Configuration {
  const authority = `${CLOUDS[app.cloud].login}/${encodeURIComponent(app.tenant)}`
  return {
    auth: {
      clientId: app.clientId,
      authority,
      ...(credential.kind === 'secret'
        ? { clientSecret: credential.secret }
        : {
            clientCertificate: {
              thumbprintSha256: credential.thumbprintSha256,
              privateKey: credential.privateKey,
              ...(credential.certificate === undefined ? {} : { x5c: credential.certificate }),
            },
          }),
      ...(endpoints.loginIsOverridden
        ? {
            knownAuthorities: [new URL(authority).host],
            authorityMetadata: overriddenMetadata(authority, endpoints, app.tenant),
          }
        : {}),
    },
    system: { networkClient: networkBy(transport), disableInternalRetries: true },
    ...(cache === undefined ? {} : { cache: { cachePlugin: pluginOf(cache) } }),
  }
}

/** MSAL refuses an authority over plain http, but not endpoints that its metadata names: so an emulator is named there. */
function overriddenMetadata(authority: string, endpoints: Endpoints, tenant: string): string {
  const base = `${endpoints.login}/${encodeURIComponent(tenant)}`
  return JSON.stringify({
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
  })
}

const pluginOf = (cache: TokenCache): ICachePlugin => ({
  beforeCacheAccess: async (context) => {
    const serialized = await cache.load()
    if (serialized !== null) context.tokenCache.deserialize(serialized)
  },
  afterCacheAccess: async (context) => {
    if (context.cacheHasChanged) await cache.save(context.tokenCache.serialize())
  },
})

function networkBy(transport: Transport): INetworkModule {
  const send = async <T>(
    method: 'GET' | 'POST',
    url: string,
    options: NetworkRequestOptions = {},
  ): Promise<NetworkResponse<T>> => {
    const response = await transport(url, {
      method,
      headers: options.headers ?? {},
      ...(options.body === undefined ? {} : { body: options.body }),
    })
    const text = await response.text()
    const headers: Record<string, string> = {}
    for (const name of ['content-type', 'date', 'retry-after', 'x-ms-request-id']) {
      const value = response.headers.get(name)
      if (value !== null) headers[name] = value
    }
    return { status: response.status, headers, body: JSON.parse(text) as T }
  }
  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  }
}
