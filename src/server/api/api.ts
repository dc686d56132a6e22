import type { z } from 'zod'
import { authApi } from './auth.ts'
import { calendarApi } from './calendar.ts'
import { conflictsApi } from './conflicts.ts'
import type { RouteDescription } from './contract.ts'
import { historyApi } from './history.ts'
import { linksApi } from './links.ts'
import { liveApi } from './live.ts'
import { mailComposeApi } from './mail-compose.ts'
import { mailApi } from './mail.ts'
import { mailboxesApi } from './mailboxes.ts'
import { mailroomApi } from './mailroom.ts'
import { recordsApi } from './records.ts'
import { runsApi } from './runs.ts'
import { settingsApi } from './settings.ts'
import { systemMailboxesApi } from './system-mailboxes.ts'
import { systemApi } from './system.ts'
import { tasksApi } from './tasks.ts'

/** The whole HTTP API, by method and path. See contract.ts for the conventions. */
export const apiContract = {
  ...authApi,
  ...settingsApi,
  ...mailboxesApi,
  ...runsApi,
  ...conflictsApi,
  ...historyApi,
  ...calendarApi,
  ...tasksApi,
  ...mailApi,
  ...mailComposeApi,
  ...recordsApi,
  ...linksApi,
  ...systemMailboxesApi,
  ...mailroomApi,
  ...systemApi,
  ...liveApi,
} as const

type Contract = typeof apiContract
/** `GET /api/runs/:run` and its like. */
export type ApiRoute = keyof Contract

type Part<R, Name extends 'params' | 'query' | 'body', How extends 'in' | 'out'> = R extends {
  readonly [N in Name]: infer S extends z.ZodType
}
  ? { readonly [N in Name]: How extends 'in' ? z.input<S> : z.output<S> }
  : unknown

type Simplify<T> = { [K in keyof T]: T[K] }
/** A part that may be left out whole (all its members are optional) need not be given. */
type Loose<T> = Simplify<
  { [K in keyof T as object extends T[K] ? never : K]: T[K] } & {
    [K in keyof T as object extends T[K] ? K : never]?: T[K]
  }
>

/** What a caller gives for a route, and what comes back. */
export type ApiInput<K extends ApiRoute> = Loose<
  Part<Contract[K], 'params', 'in'> & Part<Contract[K], 'query', 'in'> & Part<Contract[K], 'body', 'in'>
>
export type ApiOutput<K extends ApiRoute> = z.output<Contract[K]['answer']>
/** What a handler gets after the checks. */
export type HandlerInput<K extends ApiRoute> = Simplify<
  Part<Contract[K], 'params', 'out'> & Part<Contract[K], 'query', 'out'> & Part<Contract[K], 'body', 'out'>
>

type IsEmpty<T> = keyof T extends never ? true : false
/**
 * A client is one function: `call('GET /api/runs/:run', { params: { run } })`. It puts params into the path, the query
 * behind it and the body as JSON, and throws the problem details of an answer that is not a success.
 */
export type ApiCall = <K extends ApiRoute>(
  route: K,
  ...input: IsEmpty<ApiInput<K>> extends true
    ? [input?: Record<string, never>, signal?: AbortSignal]
    : object extends ApiInput<K>
      ? [input?: ApiInput<K>, signal?: AbortSignal]
      : [input: ApiInput<K>, signal?: AbortSignal]
) => Promise<ApiOutput<K>>

export type { LiveEvent } from './live.ts'
export type { Problem } from './contract.ts'

/** The contract as rows, for code that walks it. */
export const apiRoutes = Object.entries(apiContract) as unknown as readonly (readonly [
  ApiRoute,
  RouteDescription,
])[]
