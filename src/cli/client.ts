import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiCall, ApiRoute, Problem } from '../server/api/api.ts'
import { readConfiguration } from './configuration.ts'

/** Left in the data folder by a running server, readable by its owner only: how the command line finds and opens it. */
export interface ServerFile {
  readonly address: string
  readonly token: string
  readonly pid: number
}
export const serverFile = (folder: string): string => join(folder, 'server.json')

/** The command could not be done; the message is for the person, `code` is the exit code. */
export class CommandFailed extends Error {
  readonly code: 1 | 2 | 3
  readonly problem: Problem | null
  constructor(message: string, code: 1 | 2 | 3 = 1, problem: Problem | null = null) {
    super(message)
    this.name = 'CommandFailed'
    this.code = code
    this.problem = problem
  }
}

export interface Connection {
  readonly address: string
  readonly call: ApiCall
  /** The text of a file that the API answers. */
  readonly download: (path: string) => Promise<string>
}

interface Where {
  readonly data?: string
  readonly server?: string
  readonly token?: string
}

export function connect(where: Where): Connection {
  const { address, token } = findServer(where)
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Response> => {
    let response: Response
    try {
      response = await fetch(`${address}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      })
    } catch (error) {
      throw new CommandFailed(
        `The server at ${address} does not answer (${reasonOf(error)}). Start it with: npm start`,
        1,
      )
    }
    if (response.ok) return response
    const problem = (await response.json().catch(() => null)) as Problem | null
    if (problem === null) throw new CommandFailed(`${address} answered with status ${response.status}.`)
    const wrongInput = ['bad-input', 'refused', 'not-found'].some((kind) => problem.type.endsWith(`:${kind}`))
    throw new CommandFailed(sentences(problem), wrongInput ? 2 : 1, problem)
  }
  const call = async (route: ApiRoute, input: object = {}, signal?: AbortSignal): Promise<unknown> => {
    const {
      params = {},
      query = {},
      body,
    } = input as {
      params?: Record<string, string>
      query?: Record<string, unknown>
      body?: unknown
    }
    const [method = 'GET', template = ''] = route.split(' ')
    const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) search.set(name, String(value))
    const response = await send(method, search.size > 0 ? `${path}?${search.toString()}` : path, body, signal)
    return response.status === 204 ? null : response.json()
  }
  return {
    address,
    // The one place where the types of the contract meet the untyped wire.
    call: call as unknown as ApiCall,
    download: async (path) => (await send('GET', path)).text(),
  }
}

function sentences({ detail, problems = [] }: Problem): string {
  return [detail, ...problems.slice(1).map(({ at, problem }) => `  ${at}: ${problem}`)].join('\n')
}

function findServer(where: Where): { readonly address: string; readonly token: string } {
  const address = where.server ?? process.env.SYNCLINE_SERVER
  const token = where.token ?? process.env.SYNCLINE_TOKEN
  if (address !== undefined) {
    if (token === undefined)
      throw new CommandFailed('Name an API token for that server: --token, or SYNCLINE_TOKEN.', 2)
    return { address: address.replace(/\/+$/, ''), token }
  }
  const { values } = readConfiguration({ data: where.data })
  try {
    const file = JSON.parse(readFileSync(serverFile(values.data), 'utf8')) as ServerFile
    return { address: file.address, token: token ?? file.token }
  } catch {
    throw new CommandFailed(
      `No server runs on the data folder ${values.data}. Start it with: npm start${where.data === undefined ? '' : ` -- --data ${where.data}`} (or name another folder with --data, or a server with --server and --token).`,
    )
  }
}

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error && 'code' in cause
    ? String(cause.code)
    : cause instanceof Error
      ? cause.message
      : String(cause)
}
