import { createHash, randomBytes } from 'node:crypto'
import type { Instant } from '../core/ids.ts'
import type { Sql } from '../store/database.ts'
import type { Role } from './api/contract.ts'
import type { Caller } from './mount.ts'
import { hashPassword, passwordFits } from './passwords.ts'

/** Users, their sessions and API tokens, as rows. Secrets are kept as SHA-256: a copy of the database signs nobody in. */
export const SESSION_DAYS = 14
/** A session that was not used for so long has ended. */
export const SESSION_IDLE_HOURS = 24
export const ROTATE_AFTER_MINUTES = 30
/** Requests that were on their way with the old cookie still count for so long after a rotation. */
const GRACE_SECONDS = 60
export const TRIES_MAX = 5
/** The first lock-out; each further one is twice as long, up to a day. */
const LOCK_MINUTES = 5
const LOCK_MINUTES_MAX = 24 * 60

const MINUTE = 60_000
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
const date = (instant: Instant): Date => new Date(instant)

export interface UserRow {
  readonly id: string
  readonly organization: string
  readonly organization_name: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly password_hash: string | null
  readonly locale: string
  readonly zone: string
  readonly week_start: 'sunday' | 'monday' | 'saturday'
  readonly theme: 'light' | 'dark' | 'system'
  readonly active: boolean
  readonly failed_sign_ins: number
  readonly locked_until: Date | null
  readonly last_seen_at: Date | null
}
const USER = `select u.id, u.organization, o.name as organization_name, u.email, u.name, u.role, u.password_hash, u.locale,
  u.zone, u.week_start, u.theme, u.active, u.failed_sign_ins, u.locked_until, u.last_seen_at
  from users u join organizations o on o.id = u.organization`

export async function userById(sql: Sql, id: string): Promise<UserRow | null> {
  return (await sql.query<UserRow>(`${USER} where u.id = $1`, [id]))[0] ?? null
}
export async function userByEmail(sql: Sql, email: string): Promise<UserRow | null> {
  return (await sql.query<UserRow>(`${USER} where lower(u.email) = $1`, [email.toLowerCase()]))[0] ?? null
}
export async function firstAdministrator(sql: Sql): Promise<UserRow | null> {
  return (
    (
      await sql.query<UserRow>(
        `${USER} where u.role = 'administrator' and u.active order by u.created_at, u.id limit 1`,
      )
    )[0] ?? null
  )
}

export const callerOf = (user: UserRow, session: string | null, role: Role = user.role): Caller => ({
  user: user.id,
  organization: user.organization,
  role,
  name: user.name,
  email: user.email,
  zone: user.zone,
  session,
})

export interface NewUser {
  readonly id: string
  readonly organization: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly zone: string
  readonly password: string | null
}
export async function addUser(sql: Sql, user: NewUser, now: Instant): Promise<void> {
  const hash = user.password === null ? null : await hashPassword(user.password)
  await sql.query(
    `insert into users (id, organization, email, name, role, zone, password_hash, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
    [user.id, user.organization, user.email.toLowerCase(), user.name, user.role, user.zone, hash, date(now)],
  )
}

export type SignInOutcome =
  | { readonly outcome: 'signed-in'; readonly user: UserRow }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'locked'; readonly until: Instant }

/** Checks a password. Counts wrong ones: after five the account rests, longer each time. */
export async function trySignIn(
  sql: Sql,
  email: string,
  password: string,
  now: Instant,
): Promise<SignInOutcome> {
  const user = await userByEmail(sql, email)
  const lockedUntil = user?.locked_until?.getTime() ?? 0
  if (lockedUntil > now) return { outcome: 'locked', until: lockedUntil }
  const fits = await passwordFits(password, user?.active === true ? user.password_hash : null)
  if (user === null) return { outcome: 'wrong' }
  if (fits) {
    await sql.query(
      'update users set failed_sign_ins = 0, locked_until = null, last_seen_at = $2 where id = $1',
      [user.id, date(now)],
    )
    return { outcome: 'signed-in', user }
  }
  const [row] = await sql.query<{ failed_sign_ins: number }>(
    'update users set failed_sign_ins = failed_sign_ins + 1 where id = $1 returning failed_sign_ins',
    [user.id],
  )
  const failed = row?.failed_sign_ins ?? 0
  if (failed > 0 && failed % TRIES_MAX === 0) {
    const minutes = Math.min(LOCK_MINUTES * 2 ** (failed / TRIES_MAX - 1), LOCK_MINUTES_MAX)
    const until = now + minutes * MINUTE
    await sql.query('update users set locked_until = $2 where id = $1', [user.id, date(until)])
    return { outcome: 'locked', until }
  }
  return { outcome: 'wrong' }
}

export interface SessionRow {
  readonly id_hash: Uint8Array
  readonly user: string
  readonly created_at: Date
  readonly seen_at: Date
  readonly expires_at: Date
  readonly user_agent: string
  readonly address: string
}
/** What the person sees of a session: not enough to be it. */
export const sessionId = (row: Pick<SessionRow, 'id_hash'>): string =>
  Buffer.from(row.id_hash).toString('hex').slice(0, 24)

export interface From {
  readonly userAgent: string
  readonly address: string
}

/** @returns the secret for the cookie; it is nowhere else */
export async function openSession(
  sql: Sql,
  user: string,
  from: From,
  now: Instant,
  begun: Instant = now,
): Promise<string> {
  const secret = randomBytes(32).toString('base64url')
  await sql.query(
    `insert into sessions (id_hash, "user", created_at, seen_at, expires_at, user_agent, address) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      sha256(secret),
      user,
      date(begun),
      date(now),
      date(begun + SESSION_DAYS * 24 * 60 * MINUTE),
      from.userAgent.slice(0, 300),
      from.address,
    ],
  )
  await sql.query('delete from sessions where expires_at < $1', [date(now)])
  return secret
}

export interface FoundSession {
  readonly user: UserRow
  readonly row: SessionRow
  /** A new secret for the cookie: the old one is worth nothing in a minute. */
  readonly rotated: string | null
}

export async function findSession(
  sql: Sql,
  secret: string,
  from: From,
  now: Instant,
): Promise<FoundSession | null> {
  const [row] = await sql.query<SessionRow>('select * from sessions where id_hash = $1', [sha256(secret)])
  if (row === undefined) return null
  const idle = now - row.seen_at.getTime()
  if (row.expires_at.getTime() <= now || idle > SESSION_IDLE_HOURS * 60 * MINUTE) return null
  const user = await userById(sql, row.user)
  if (user === null || !user.active) return null
  const isRetired = row.expires_at.getTime() - now <= GRACE_SECONDS * 1000
  if (idle < ROTATE_AFTER_MINUTES * MINUTE || isRetired) return { user, row, rotated: null }
  // Only one of several simultaneous requests rotates: the one that still finds the old time of use.
  const mine = await sql.query(
    'update sessions set seen_at = $2, expires_at = $3 where id_hash = $1 and seen_at = $4 returning 1',
    [row.id_hash, date(now), date(now + GRACE_SECONDS * 1000), row.seen_at],
  )
  if (mine.length === 0) return { user, row, rotated: null }
  const rotated = await openSession(sql, user.id, from, now, row.created_at.getTime())
  return { user, row: { ...row, id_hash: sha256(rotated) }, rotated }
}

export async function endSession(sql: Sql, secret: string): Promise<void> {
  await sql.query('delete from sessions where id_hash = $1', [sha256(secret)])
}
/** All of a user's sessions, but for one. */
export async function endSessions(sql: Sql, user: string, except: string | null = null): Promise<void> {
  const rows = await sql.query<SessionRow>('select * from sessions where "user" = $1', [user])
  const gone = rows.filter((row) => sessionId(row) !== except).map((row) => row.id_hash)
  for (const hash of gone) await sql.query('delete from sessions where id_hash = $1', [hash])
}
export const sessionsOf = (sql: Sql, user: string, now: Instant): Promise<SessionRow[]> =>
  sql.query<SessionRow>(
    `select * from sessions where "user" = $1 and expires_at > $2 order by seen_at desc`,
    [user, date(now + GRACE_SECONDS * 1000)],
  )

export const TOKEN_PREFIX = 'syn_'
export interface TokenRow {
  readonly id: string
  readonly user: string
  readonly name: string
  readonly scopes: readonly Role[] | null
  readonly created_at: Date
  readonly used_at: Date | null
  readonly expires_at: Date | null
}
export interface NewToken {
  readonly id: string
  readonly user: string
  readonly name: string
  readonly role: Role
  readonly expiresAt: Instant | null
}
/** @returns the token; it is nowhere else */
export async function addToken(sql: Sql, token: NewToken, now: Instant): Promise<string> {
  const secret = `${TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`
  await sql.query(
    `insert into api_tokens (id, "user", name, token_hash, scopes, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      token.id,
      token.user,
      token.name,
      sha256(secret),
      [token.role],
      date(now),
      token.expiresAt === null ? null : date(token.expiresAt),
    ],
  )
  return secret
}
export const tokensOf = (sql: Sql, user: string): Promise<TokenRow[]> =>
  sql.query<TokenRow>(
    `select id, "user", name, scopes, created_at, used_at, expires_at from api_tokens
      where "user" = $1 and revoked_at is null order by created_at desc`,
    [user],
  )
export async function revokeToken(sql: Sql, user: string, id: string, now: Instant): Promise<boolean> {
  const rows = await sql.query(
    'update api_tokens set revoked_at = $3 where id = $1 and "user" = $2 and revoked_at is null returning 1',
    [id, user, date(now)],
  )
  return rows.length > 0
}
/** A user's token may not read what only an auditor may, nor the other way round. */
export const mayGive = (own: Role, given: Role): boolean => own === given || own === 'administrator'

export async function findToken(sql: Sql, secret: string, now: Instant): Promise<Caller | null> {
  const [row] = await sql.query<TokenRow>(
    `update api_tokens set used_at = $2 where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
      returning id, "user", name, scopes, created_at, used_at, expires_at`,
    [sha256(secret), date(now)],
  )
  if (row === undefined) return null
  const user = await userById(sql, row.user)
  if (user === null || !user.active) return null
  const given = row.scopes?.[0] ?? user.role
  // Somebody who lost a role loses it in their tokens, too.
  return callerOf(user, null, mayGive(user.role, given) ? given : user.role)
}
