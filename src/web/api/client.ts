import {
  keepPreviousData,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
} from '@tanstack/react-query'
import type { ApiInput, ApiOutput, ApiRoute, Problem } from '../../server/api/api.ts'
import { text } from '../text/en.ts'

/** The typed client: routes, inputs and answers come from the one description of the API; here is only the carrying. */
export type GetRoute = Extract<ApiRoute, `GET ${string}`>
export type ActRoute = Exclude<ApiRoute, GetRoute>
export type Answer<K extends ApiRoute> = ApiOutput<K>
export type Item<K extends ApiRoute> = ApiOutput<K> extends { items: readonly (infer T)[] } ? T : never

/** An answer that is not a success, as the server told it; `detail` says what happened and what to do. */
export class ApiProblem extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ApiProblem'
    this.problem = problem
  }
  is(kind: string): boolean {
    return (
      this.problem.type === kind ||
      this.problem.type.endsWith(`/${kind}`) ||
      this.problem.type.endsWith(`:${kind}`)
    )
  }
}

interface Parts {
  readonly params?: Record<string, string>
  readonly query?: Record<string, unknown>
  readonly body?: unknown
}

/** The address of a GET route, also for links to files (export) and the stream. */
export function addressOf<K extends ApiRoute>(route: K, input: ApiInput<K>): string {
  const { params = {}, query = {} } = input as Parts
  const path = route
    .slice(route.indexOf(' ') + 1)
    .replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  const tail = search.toString()
  return tail === '' ? path : `${path}?${tail}`
}

let csrf = ''
/** Told by each answer about the session; named by every call that changes something. */
export const rememberCsrf = (token: string): void => {
  csrf = token
}
export const csrfToken = (): string => csrf

export async function call<K extends ApiRoute>(
  route: K,
  input: ApiInput<K>,
  signal?: AbortSignal,
): Promise<ApiOutput<K>> {
  const method = route.slice(0, route.indexOf(' '))
  const { body } = input as Parts
  const response = await fetch(addressOf(route, input), {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(method !== 'GET' && { 'x-csrf': csrf }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiProblem({
      type: 'unreachable',
      title: text.problem.unreachableTitle,
      status: 0,
      detail: text.problem.unreachable,
    })
  })
  if (response.status === 204) return null as ApiOutput<K>
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return answer as ApiOutput<K>
  throw new ApiProblem(problemOf(answer, response.status))
}

export function problemOf(answer: unknown, status: number): Problem {
  if (typeof answer === 'object' && answer !== null && 'detail' in answer && 'type' in answer)
    return answer as Problem
  return {
    type: 'unreadable',
    title: text.problem.unreadableTitle,
    status,
    detail: text.problem.unreadable(status),
  }
}

/** Query keys are `[route, input]`, so that a live event can say "everything about runs" by the beginning of a route. */
export const ask = <K extends GetRoute>(route: K, input: ApiInput<K>) =>
  queryOptions({
    queryKey: [route, input] as const,
    queryFn: ({ signal }) => call(route, input, signal),
  })

interface AskOptions {
  readonly enabled?: boolean
  /** Keep showing the page before while the next one loads: a table does not jump. */
  readonly keep?: boolean
  readonly everyMs?: number
}
export const useAsk = <K extends GetRoute>(route: K, input: ApiInput<K>, options: AskOptions = {}) =>
  useAsked(ask(route, input), options)

/** The same for a question that others ask too. */
export function useAsked<K extends GetRoute>(asked: ReturnType<typeof ask<K>>, options: AskOptions = {}) {
  return useQuery({
    ...asked,
    ...(options.enabled !== undefined && { enabled: options.enabled }),
    ...(options.keep && { placeholderData: keepPreviousData }),
    ...(options.everyMs !== undefined && { refetchInterval: options.everyMs }),
  })
}

/** Everything that was asked with a route whose path begins with one of these is asked again. */
export function refresh(client: QueryClient, ...paths: readonly string[]): Promise<unknown> {
  return client.invalidateQueries({
    predicate: ({ queryKey: [route] }) =>
      typeof route === 'string' && paths.some((path) => route.startsWith(`GET /api/${path}`)),
  })
}

interface ActOptions<K extends ActRoute> {
  /** Beginnings of paths that this changes, such as `mailboxes`. */
  readonly changes?: readonly string[]
  readonly done?: (answer: ApiOutput<K>) => void
}
export function useAct<K extends ActRoute>(route: K, options: ActOptions<K> = {}) {
  const client = useQueryClient()
  return useMutation<ApiOutput<K>, ApiProblem, ApiInput<K>>({
    mutationKey: [route],
    mutationFn: (input) => call(route, input),
    onSuccess: (answer) => {
      if (options.changes) void refresh(client, ...options.changes)
      options.done?.(answer)
    },
  })
}
