/** Access, refresh and id tokens. Access tokens are signed; the rest of what Entra hands out is remembered here. */
import { hashText, codeOf } from './chance.ts'
import type { Identity } from './call.ts'
import { unauthenticated } from './errors.ts'
import { signingKey, type SigningKey } from './keys.ts'
import type { AppRegistration, Person, Store } from './state.ts'

export const GRAPH_AUDIENCE = 'https://graph.microsoft.com'
const GRAPH_APP = '00000003-0000-0000-c000-000000000000'

export interface AuthorizationCode {
  readonly clientId: string
  readonly tenantId: string
  readonly personId: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly challenge: string | null
  readonly challengeMethod: 'S256' | 'plain'
  readonly nonce: string | null
  readonly expires: number
  used: boolean
}

export interface RefreshToken {
  readonly clientId: string
  readonly tenantId: string
  readonly personId: string
  readonly scopes: readonly string[]
  readonly expires: number
  revoked: boolean
}

/** Codes live ten minutes, refresh tokens ninety days. */
const CODE_MILLISECONDS = 10 * 60_000
const REFRESH_MILLISECONDS = 90 * 86_400_000
const CACHE_MAX = 10_000

interface Cached {
  readonly identity: Identity
  readonly notBefore: number
  readonly expires: number
}

export interface Grants {
  readonly codes: Map<string, AuthorizationCode>
  readonly refreshTokens: Map<string, RefreshToken>
}

export class Tokens {
  readonly #store: Store
  readonly #seed: string
  readonly #cache = new Map<string, Cached>()

  constructor(store: Store, seed: string) {
    this.#store = store
    this.#seed = seed
  }

  get key(): SigningKey {
    return signingKey(this.#seed)
  }

  /** Codes and refresh tokens belong to the world, so that a snapshot has them too. */
  get grants(): Grants {
    let grants = this.#store.data.extra.get('grants') as Grants | undefined
    if (grants === undefined) {
      grants = { codes: new Map(), refreshTokens: new Map() }
      this.#store.data.extra.set('grants', grants)
    }
    return grants
  }

  opaque(prefix: string, length: number): string {
    const { data } = this.#store
    const n = ++data.counter
    return `${prefix}${codeOf(data.seed ^ 0x70ce, n, length)}`
  }

  issueCode(code: Omit<AuthorizationCode, 'expires' | 'used'>): string {
    const text = this.opaque('1.', 86)
    this.grants.codes.set(text, { ...code, expires: this.#store.now() + CODE_MILLISECONDS, used: false })
    return text
  }

  issueRefreshToken(clientId: string, tenantId: string, personId: string, scopes: readonly string[]): string {
    const text = this.opaque('0.', 172)
    this.grants.refreshTokens.set(text, {
      clientId,
      tenantId,
      personId,
      scopes,
      expires: this.#store.now() + REFRESH_MILLISECONDS,
      revoked: false,
    })
    return text
  }

  accessToken(
    issuer: string,
    app: AppRegistration,
    tenantId: string,
    person: Person | null,
    grants: readonly string[],
  ): string {
    const now = Math.floor(this.#store.now() / 1000)
    const life = this.#store.switches.accessTokenSeconds
    const common = {
      aud: GRAPH_AUDIENCE,
      iss: issuer,
      iat: now,
      nbf: now,
      exp: now + life,
      app_displayname: app.displayName,
      appid: app.clientId,
      tid: tenantId,
      uti: this.opaque('', 22),
      ver: '1.0',
    }
    if (person === null)
      return this.key.sign({
        ...common,
        idtyp: 'app',
        oid: appObjectId(app),
        sub: appObjectId(app),
        ...(grants.length > 0 ? { roles: grants } : {}),
      })
    return this.key.sign({
      ...common,
      idtyp: 'user',
      oid: person.id,
      sub: `${hashText(person.id + app.clientId)}`,
      name: person.displayName,
      upn: person.userPrincipalName,
      unique_name: person.userPrincipalName,
      scp: grants.join(' '),
    })
  }

  idToken(
    issuer: string,
    app: AppRegistration,
    tenantId: string,
    person: Person,
    nonce: string | null,
  ): string {
    const now = Math.floor(this.#store.now() / 1000)
    return this.key.sign({
      aud: app.clientId,
      iss: issuer,
      iat: now,
      nbf: now,
      exp: now + 3600,
      name: person.displayName,
      email: person.mail,
      ...(nonce === null ? {} : { nonce }),
      oid: person.id,
      preferred_username: person.userPrincipalName,
      rh: '0.',
      sub: codeOf(hashText(app.clientId), hashText(person.id), 43),
      tid: tenantId,
      uti: this.opaque('', 22),
      ver: '2.0',
    })
  }

  /** Who a Graph token is for. Verified once; its times are looked at on each call. */
  readonly authenticate = (token: string): Identity => {
    let known = this.#cache.get(token)
    if (known === undefined) {
      known = this.#read(token)
      if (this.#cache.size >= CACHE_MAX) this.#cache.clear()
      this.#cache.set(token, known)
    }
    const now = this.#store.now() / 1000
    if (now >= known.expires || now < known.notBefore - 300)
      throw unauthenticated('Lifetime validation failed, the token is expired.')
    return known.identity
  }

  #read(token: string): Cached {
    if (token.split('.').length !== 3)
      throw unauthenticated('CompactToken parsing failed with error code: 80049217')
    const claims = this.key.verify(token)
    if (claims === undefined) throw unauthenticated('Signature is invalid.')
    if (claims['aud'] !== GRAPH_AUDIENCE && claims['aud'] !== GRAPH_APP)
      throw unauthenticated('Invalid audience.')
    const words = (value: unknown): string[] =>
      typeof value === 'string' ? value.split(' ').filter((word) => word !== '') : []
    const isApp = claims['idtyp'] === 'app'
    const roles = Array.isArray(claims['roles']) ? claims['roles'].map(String) : []
    return {
      identity: {
        clientId: String(claims['appid']),
        tenantId: String(claims['tid']),
        personId: isApp ? null : String(claims['oid']),
        grants: new Set(isApp ? roles : words(claims['scp'])),
      },
      notBefore: Number(claims['nbf']),
      expires: Number(claims['exp']),
    }
  }
}

export const appObjectId = (app: AppRegistration): string => {
  const code = hashText(app.clientId).toString(16).padStart(8, '0')
  return `${code}-0000-4000-a000-${code}0000`
}
