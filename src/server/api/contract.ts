import { z } from 'zod'
import type { Json } from '../../core/item.ts'

/**
 * How the HTTP API is described: once, here and in the files beside this one. The same description gives the
 * server's routes with their checks, OpenAPI 3.1 at `/api/openapi.json`, and the types of the web and the CLI.
 *
 * Conventions, for every route:
 * - Instants are ISO 8601 in UTC with milliseconds; dates are `YYYY-MM-DD`; ids are opaque strings.
 * - Lists take `page` (from 1), `size`, `sort` (a name of the allow-list, `-name` for descending) and `q` (search),
 *   and answer `{ items, page, size, total }`.
 * - What can be edited carries `version`; a write names the version it was decided on and gets 409 when it is older.
 * - Errors are RFC 9457 problem details (`application/problem+json`, see `problem`); nothing was changed then.
 * - A browser is known by its session cookie, and names the session's `csrf` in the header `x-csrf` on every method
 *   but GET; programs send `authorization: Bearer <API token>`.
 */
export type Role = 'administrator' | 'user' | 'auditor'
export const ROLES = ['administrator', 'user', 'auditor'] as const satisfies readonly Role[]

/** `public`: without a session. `setup`: only before the first administrator exists. */
export type Access = 'public' | 'setup' | readonly Role[]
export const EVERYONE: readonly Role[] = [...ROLES]
/** May change things of their own; an administrator may for all. */
export const ACTING = ['administrator', 'user'] as const satisfies readonly Role[]
/** May read what concerns all mailboxes; never the content of another person's private items. */
export const OVERSIGHT = ['administrator', 'auditor'] as const satisfies readonly Role[]
export const ADMINISTRATOR = ['administrator'] as const satisfies readonly Role[]

export interface RouteDescription {
  /** One line for the reference: what it does. */
  readonly summary: string
  /** Who may call it at all. Which rows they then see is said in `summary` where it is less than all. */
  readonly access: Access
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly answer: z.ZodType
  /** The status of success, 200 unless said. */
  readonly status?: 200 | 201 | 202 | 204
  /** The media type of an answer that is a file or a stream: opened by address, not through the client. */
  readonly file?: string
}

export const route = <const R extends RouteDescription>(description: R): R => description

export const PAGE_SIZE_DEFAULT = 50
export const PAGE_SIZE_MAX = 500
export const SEARCH_LENGTH_MAX = 200

export const id = z.string().min(1).max(200)
export const instant = z.iso.datetime().describe('ISO 8601, UTC')
export const plainDate = z.iso.date().describe('YYYY-MM-DD')
export const version = z.number().int().nonnegative()
export const json = z.json() as unknown as z.ZodType<Json>
/** Nothing to say: status 204. */
export const nothing = z.null()
export const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .or(z.boolean())

export const channel = z.enum(['calendar', 'tasks', 'email'])
export const side = z.enum(['crm', 'mailbox'])
export const fields = z.record(z.string(), json)

const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max)

type Name<S extends string> = S extends `-${infer N}` ? N : S
/**
 * The query of a list. `sort` is an allow-list: each name may be asked upwards or (`-name`) downwards; the first entry,
 * as it is written, is the default.
 */
export function paging<const S extends readonly [string, ...string[]]>(...sort: S) {
  const plain = sort.map((name) => name.replace(/^-/, ''))
  const names = [...plain, ...plain.map((name) => `-${name}`)] as (Name<S[number]> | `-${Name<S[number]>}`)[]
  return z.object({
    page: wholeNumber(1, 1_000_000).default(1),
    size: wholeNumber(1, PAGE_SIZE_MAX).default(PAGE_SIZE_DEFAULT),
    sort: z.enum(names).default(sort[0] as never),
    q: z.string().max(SEARCH_LENGTH_MAX).optional(),
  })
}

export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    page: z.number().int(),
    size: z.number().int(),
    total: z.number().int(),
  })

/** RFC 9457. `type` is stable and names the kind (see `PROBLEMS`); `detail` says what happened and what to do. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string().optional().describe('The request id: quote it when you ask for help'),
  /** What is wrong with which part of the input; `at` is a path such as `body.time.start` or a setting's key. */
  problems: z.array(z.object({ at: z.string(), problem: z.string() })).optional(),
  /** The present version, with 409. */
  version: z.number().int().optional(),
  retryAfterSeconds: z.number().int().optional(),
})
export type Problem = z.output<typeof problem>

export const PROBLEMS = {
  'bad-input': { status: 400, title: 'Something in the request is wrong' },
  'not-signed-in': { status: 401, title: 'Sign in first' },
  'wrong-sign-in': { status: 401, title: 'The address or the password is wrong' },
  'not-allowed': { status: 403, title: 'Your role does not allow this' },
  'cross-site': { status: 403, title: 'This request did not come from the back-office' },
  'not-found': { status: 404, title: 'There is no such thing, or it is not yours to see' },
  'changed-meanwhile': { status: 409, title: 'It was changed since you looked' },
  'not-now': { status: 409, title: 'This is not possible in the present state' },
  'too-large': { status: 413, title: 'This is too large' },
  refused: { status: 422, title: 'The values do not fit together' },
  'too-often': { status: 429, title: 'Too many tries' },
  'microsoft-failed': { status: 502, title: 'Microsoft did not answer as expected' },
  'our-fault': { status: 500, title: 'Something broke on our side' },
  'shutting-down': { status: 503, title: 'The server is stopping' },
} as const satisfies Record<string, { status: number; title: string }>
export type ProblemKind = keyof typeof PROBLEMS
