import type { FastifyReply, FastifyRequest } from 'fastify'
import { timingSafeEqual } from 'node:crypto'
import { resolve } from '../core/settings.ts'
import type { Sql } from '../store/database.ts'
import type { authApi } from './api/auth.ts'
import type { ApiOutput } from './api/api.ts'
import {
  addToken,
  addUser,
  callerOf,
  endSession,
  endSessions,
  findSession,
  findToken,
  firstAdministrator,
  mayGive,
  openSession,
  revokeToken,
  sessionId,
  sessionsOf,
  TOKEN_PREFIX,
  tokensOf,
  trySignIn,
  userById,
  type From,
  type UserRow,
} from './accounts.ts'
import { isSomebody, type Call, type HandlersOf, type Identify } from './mount.ts'
import { iso, isoOf, isoOrNull, type Parts } from './parts.ts'
import { hashPassword, passwordFits, passwordProblem } from './passwords.ts'
import { notFound, Refusal } from './problems.ts'
import { storedSettings } from './settings-store.ts'

/** Signing in and out, who calls, CSRF, first-run set-up, profiles, API tokens. */
export const SESSION_COOKIE = 'syncline_session'
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export interface AuthOptions {
  /** The token in the data folder's server.json: the command line on this machine, as the first administrator. */
  readonly localToken: string
  /** Whether cookies may be marked Secure: the public address is https. */
  readonly isSecure: () => Promise<boolean>
}

const fromOf = (request: FastifyRequest): From => ({
  userAgent: request.headers['user-agent'] ?? '',
  address: request.ip,
})
const same = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
const csrfOf = (parts: Parts, user: string, begun: Date): string =>
  parts.vault.digest(`csrf ${user} ${begun.getTime()}`)

export function makeIdentify(parts: Parts, options: AuthOptions): Identify {
  const { database, env } = parts
  return async (request, reply) => {
    const { authorization } = request.headers
    if (authorization !== undefined) {
      const token = /^Bearer (\S+)$/i.exec(authorization)?.[1] ?? ''
      if (same(token, options.localToken)) {
        const user = await firstAdministrator(database)
        return user === null ? null : callerOf(user, null)
      }
      const caller = token.startsWith(TOKEN_PREFIX) ? await findToken(database, token, env.now()) : null
      if (caller === null)
        throw new Refusal(
          'not-signed-in',
          'This API token is not known, was revoked or has expired. Make a new one in the back-office.',
        )
      return caller
    }
    if (UNSAFE.has(request.method)) requireOwnSite(request)
    const secret = request.cookies[SESSION_COOKIE]
    if (secret === undefined) return null
    const found = await findSession(database, secret, fromOf(request), env.now())
    if (found === null) return null
    if (found.rotated !== null) await setCookie(reply, found.rotated, options)
    const csrf = csrfOf(parts, found.user.id, found.row.created_at)
    const isSignIn = request.routeOptions.url === '/api/session' && request.method === 'POST'
    if (UNSAFE.has(request.method) && !isSignIn && !same(String(request.headers['x-csrf'] ?? ''), csrf))
      throw new Refusal(
        'cross-site',
        'The header x-csrf does not carry the value of this session (GET /api/session tells it). Reload the page. Nothing was changed.',
      )
    return callerOf(found.user, sessionId(found.row))
  }
}

/** A browser says where a request comes from; what another site's page sends is refused before anything is looked at. */
function requireOwnSite(request: FastifyRequest): void {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  const isForeign =
    (typeof site === 'string' && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host))
  if (isForeign)
    throw new Refusal('cross-site', 'This request was sent by a page of another site. Nothing was changed.')
}

async function setCookie(reply: FastifyReply, secret: string, options: AuthOptions): Promise<void> {
  reply.setCookie(SESSION_COOKIE, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: await options.isSecure(),
  })
}

/** Also used by single sign-on: from here on the browser is this user. */
export async function beginSession(
  parts: Parts,
  options: AuthOptions,
  user: UserRow,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Date> {
  const begun = parts.env.now()
  const old = request.cookies[SESSION_COOKIE]
  if (old !== undefined) await endSession(parts.database, old)
  await setCookie(reply, await openSession(parts.database, user.id, fromOf(request), begun), options)
  return new Date(begun)
}

export const meOf = (user: UserRow): ApiOutput<'GET /api/me'> => ({
  id: user.id,
  email: user.email,
  name: user.name,
  role: user.role,
  organization: { id: user.organization, name: user.organization_name },
  zone: user.zone,
  locale: user.locale,
  weekStart: user.week_start,
  theme: user.theme,
  hasPassword: user.password_hash !== null,
})

export async function isSetUp(sql: Sql): Promise<boolean> {
  return (await sql.query('select 1 from users limit 1')).length > 0
}

export function authHandlers(parts: Parts, options: AuthOptions): HandlersOf<typeof authApi> {
  const { database, env } = parts

  async function sessionAnswer(
    user: UserRow | null,
    begun: Date | null,
  ): Promise<ApiOutput<'GET /api/session'>> {
    const settings = await storedSettings(database, null)
    const demo = parts.about.demo
    return {
      user: user === null ? null : meOf(user),
      csrf: user === null || begun === null ? '' : csrfOf(parts, user.id, begun),
      setupNeeded: !(await isSetUp(database)),
      demo: demo !== null,
      demoAccounts: demo === null ? [] : [...demo.accounts],
      productName: resolve('general.productName', settings).value,
      version: parts.about.version,
      singleSignOn: { enabled: resolve('singleSignOn.enabled', settings).value, startUrl: '/auth/sso/start' },
    }
  }
  const self = async ({ caller }: Call): Promise<UserRow> => {
    const user = await userById(database, caller.user)
    if (user === null) throw notFound('user')
    return user
  }
  /** The answer after a sign-in: the cookie is only in the reply yet. */
  const signedIn = async (user: UserRow, call: Call): Promise<ApiOutput<'GET /api/session'>> => {
    const begun = await beginSession(parts, options, user, call.request, call.reply)
    return sessionAnswer(user, begun)
  }

  return {
    'GET /api/session': async (_input, { caller, request }) => {
      if (!isSomebody(caller)) return sessionAnswer(null, null)
      const secret = request.cookies[SESSION_COOKIE]
      const found =
        caller.session === null || secret === undefined
          ? null
          : await findSession(database, secret, fromOf(request), env.now())
      return sessionAnswer(await userById(database, caller.user), found?.row.created_at ?? null)
    },
    'POST /api/session': async ({ body }, call) => {
      const settings = await storedSettings(database, null)
      const domain = body.email.split('@')[1] ?? ''
      const ssoOnly =
        resolve('singleSignOn.enabled', settings).value &&
        resolve('singleSignOn.passwordLoginOff', settings).value &&
        resolve('singleSignOn.domains', settings).value.includes(domain)
      if (ssoOnly)
        throw new Refusal(
          'wrong-sign-in',
          `Addresses of ${domain} sign in with Microsoft 365 here, not with a password.`,
        )
      const result = await trySignIn(database, body.email, body.password, env.now())
      if (result.outcome === 'locked') {
        const seconds = Math.max(1, Math.ceil((result.until - env.now()) / 1000))
        throw new Refusal(
          'too-often',
          `Too many wrong passwords: this account rests for ${Math.ceil(seconds / 60)} min. An administrator can unlock it.`,
          { retryAfterSeconds: seconds },
        )
      }
      if (result.outcome === 'wrong')
        throw new Refusal(
          'wrong-sign-in',
          'The address or the password is wrong. After five tries the account rests for a while.',
        )
      return signedIn(result.user, call)
    },
    'DELETE /api/session': async (_input, { request, reply }) => {
      const secret = request.cookies[SESSION_COOKIE]
      if (secret !== undefined) await endSession(database, secret)
      reply.clearCookie(SESSION_COOKIE, { path: '/' })
      return null
    },
    'POST /api/setup': async ({ body }, call) => {
      if (body.mode === 'demo')
        throw new Refusal(
          'not-now',
          'Stop the server and start it with "npm start" and an empty data folder: the demo company is made at the start.',
        )
      const problem = passwordProblem(body.password, body)
      if (problem !== null)
        throw new Refusal('refused', problem, { problems: [{ at: 'body.password', problem }] })
      const id = env.newId()
      await database.transaction(async (sql) => {
        await sql.query('lock table organizations in exclusive mode')
        if (await isSetUp(sql)) throw new Refusal('not-now', 'The set-up was done before. Sign in instead.')
        const organization = env.newId()
        await sql.query('insert into organizations (id, name) values ($1, $2)', [
          organization,
          body.organization,
        ])
        await addUser(
          sql,
          {
            id,
            organization,
            email: body.email,
            name: body.name,
            role: 'administrator',
            zone: body.zone,
            password: body.password,
          },
          env.now(),
        )
      })
      const user = await userById(database, id)
      if (user === null) throw notFound('user')
      return signedIn(user, call)
    },
    'GET /api/me': async (_input, call) => meOf(await self(call)),
    'PATCH /api/me': async ({ body }, call) => {
      const { id } = await self(call)
      await database.query(
        `update users set name = coalesce($2, name), zone = coalesce($3, zone), locale = coalesce($4, locale),
          week_start = coalesce($5, week_start), theme = coalesce($6, theme), updated_at = $7 where id = $1`,
        [
          id,
          body.name ?? null,
          body.zone ?? null,
          body.locale ?? null,
          body.weekStart ?? null,
          body.theme ?? null,
          new Date(env.now()),
        ],
      )
      return meOf(await self(call))
    },
    'PUT /api/me/password': async ({ body }, call) => {
      const user = await self(call)
      if (!(await passwordFits(body.current, user.password_hash)))
        throw new Refusal('wrong-sign-in', 'The present password is wrong. Nothing was changed.')
      const problem = passwordProblem(body.next, user)
      if (problem !== null)
        throw new Refusal('refused', problem, { problems: [{ at: 'body.next', problem }] })
      await database.query('update users set password_hash = $2, updated_at = $3 where id = $1', [
        user.id,
        await hashPassword(body.next),
        new Date(env.now()),
      ])
      await endSessions(database, user.id, call.caller.session)
      return null
    },
    'GET /api/me/sessions': async (_input, { caller }) => ({
      items: (await sessionsOf(database, caller.user, env.now())).map((row) => ({
        id: sessionId(row),
        here: sessionId(row) === caller.session,
        browser: row.user_agent,
        address: row.address,
        createdAt: isoOf(row.created_at),
        lastUsedAt: isoOf(row.seen_at),
      })),
    }),
    'DELETE /api/me/sessions': async (_input, { caller, reply }) => {
      await endSessions(database, caller.user)
      reply.clearCookie(SESSION_COOKIE, { path: '/' })
      return null
    },
    'DELETE /api/me/sessions/:session': async ({ params }, { caller }) => {
      const rows = await sessionsOf(database, caller.user, env.now())
      const found = rows.find((row) => sessionId(row) === params.session)
      if (found === undefined) throw notFound('session')
      await database.query('delete from sessions where id_hash = $1', [found.id_hash])
      return null
    },
    'GET /api/tokens': async (_input, { caller }) => ({
      items: (await tokensOf(database, caller.user)).map((row) => ({
        id: row.id,
        name: row.name,
        role: row.scopes?.[0] ?? caller.role,
        hint: `${TOKEN_PREFIX}…`,
        createdAt: isoOf(row.created_at),
        expiresAt: isoOrNull(row.expires_at),
        lastUsedAt: isoOrNull(row.used_at),
      })),
    }),
    'POST /api/tokens': async ({ body }, { caller }) => {
      if (!mayGive(caller.role, body.role))
        throw new Refusal('not-allowed', `A token has at most your own rights: ${caller.role}.`)
      const now = env.now()
      const id = env.newId()
      const expiresAt = body.expiresInDays === null ? null : now + body.expiresInDays * 86_400_000
      const token = await addToken(
        database,
        { id, user: caller.user, name: body.name, role: body.role, expiresAt },
        now,
      )
      return {
        id,
        name: body.name,
        role: body.role,
        hint: `${TOKEN_PREFIX}…`,
        createdAt: iso(now),
        expiresAt: expiresAt === null ? null : iso(expiresAt),
        lastUsedAt: null,
        token,
      }
    },
    'DELETE /api/tokens/:token': async ({ params }, { caller }) => {
      if (!(await revokeToken(database, caller.user, params.token, env.now()))) throw notFound('API token')
      return null
    },
  }
}
