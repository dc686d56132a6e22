import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import { apiRoutes, type ApiOutput, type ApiRoute, type HandlerInput } from './api/api.ts'
import { problem, type Access, type Role } from './api/contract.ts'
import { Refusal, problemOf, problemsOf } from './problems.ts'

/** Who calls: known before any handler runs, whatever way they came. */
export interface Caller {
  readonly user: string
  readonly organization: string
  readonly role: Role
  readonly name: string
  readonly email: string
  readonly zone: string
  /** The browser session, or null for a program with an API token. */
  readonly session: string | null
}

export interface Call<C extends Caller | null = Caller> {
  readonly caller: C
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** An answer that is a file: written as it is, with its media type and name. */
export class FileAnswer {
  readonly type: string
  readonly name: string | null
  readonly content: string | NodeJS.ReadableStream
  constructor(type: string, name: string | null, content: string | NodeJS.ReadableStream) {
    this.type = type
    this.name = name
    this.content = content
  }
}

/** Routes that answer a stream by themselves hand back what the reply became. */
type Answer<K extends ApiRoute> = ApiOutput<K> | FileAnswer

/** One handler for each route: the compiler refuses a server that misses one. */
export type Handlers = {
  readonly [K in ApiRoute]: (input: HandlerInput<K>, call: Call) => Promise<Answer<K>>
}
/** The part of the handlers that one file gives. */
export type HandlersOf<Part> = Pick<Handlers, Extract<keyof Part, ApiRoute>>

/** Says who calls, or throws the refusal: reads the cookie or the token, checks CSRF. Null: nobody is signed in. */
export type Identify = (request: FastifyRequest, reply: FastifyReply) => Promise<Caller | null>

export interface MountOptions {
  readonly identify: Identify
  readonly setupNeeded: () => Promise<boolean>
  /** Called for what broke on our side, with the request id that the caller was told. */
  readonly broke: (error: unknown, requestId: string, route: string) => void
}

/** The anonymous caller of public routes: no handler of such a route looks at it without asking `isSomebody`. */
const NOBODY: Caller = {
  user: '',
  organization: '',
  role: 'auditor',
  name: '',
  email: '',
  zone: 'UTC',
  session: null,
}
export const isSomebody = (caller: Caller): boolean => caller.user !== ''

/** Makes the routes of the contract, with their checks, on `app`. */
export function mount(app: FastifyInstance, handlers: Handlers, options: MountOptions): void {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    const { kind, detail, more } = classify(error)
    if (kind === 'our-fault') options.broke(error, request.id, route)
    const body = problemOf(kind, detail, request.id, more)
    if (more.retryAfterSeconds !== undefined) reply.header('retry-after', more.retryAfterSeconds)
    return reply
      .status(body.status)
      .header('content-type', 'application/problem+json')
      .serializer((value: unknown) => JSON.stringify(value))
      .send(body)
  })

  for (const [name, description] of apiRoutes) {
    const [method = '', url = ''] = name.split(' ')
    const { access, params, query, body, answer, status = 200, file, summary } = description
    const handler = handlers[name] as (input: unknown, call: Call) => Promise<unknown>
    const schema: FastifySchema & Record<string, unknown> = {
      summary,
      tags: [tagOf(url)],
      description: accessText(access),
      operationId: name,
      // A name that is not known is an error, not something to pass over: it was meant to do something.
      ...(params && { params: params.strict() }),
      querystring: (query ?? EMPTY).strict(),
      ...(body && { body }),
      response: file
        ? { 200: { content: Object.fromEntries(file.split(', ').map((type) => [type, { schema: answer }])) } }
        : { [status]: answer, default: problem },
      ...(access === 'public' || access === 'setup' ? { security: [] } : {}),
    }
    app.route({
      method,
      url,
      schema,
      onRequest: async (request, reply) => {
        const caller = await options.identify(request, reply)
        if (access === 'setup' && !(await options.setupNeeded()))
          throw new Refusal('not-now', 'The set-up was done before. Sign in instead.')
        if (access !== 'public' && access !== 'setup') allow(caller, access)
        callers.set(request, caller ?? NOBODY)
      },
      preValidation: (request, _reply, done) => {
        if (body && (request.body === undefined || request.body === null)) request.body = {}
        done(unkeepable({ path: request.params, query: request.query, body: request.body }) ?? undefined)
      },
      handler: async (request, reply) => {
        const input = {
          ...(params && { params: request.params }),
          ...(query && { query: request.query }),
          ...(body && { body: request.body }),
        }
        const caller = callers.get(request) ?? NOBODY
        const result = await handler(input, { caller, request, reply })
        if (reply.sent || reply.raw.headersSent) return reply
        if (result instanceof FileAnswer) return sendFile(reply, result)
        if (status === 204) return reply.status(204).send()
        return reply.status(status).send(result)
      },
    })
  }
}

/**
 * What no database keeps as text: the zero character, and half of a pair of surrogates. Refused before anything looks
 * at it, wherever it is.
 */
function unkeepable(parts: { readonly [part: string]: unknown }): Refusal | null {
  for (const [part, value] of Object.entries(parts)) {
    const at = findUnkeepable(value, part)
    if (at === null) continue
    const problem = 'There is a character in it that cannot be kept (a zero character, or half of one).'
    return new Refusal('bad-input', `${at}: ${problem} Nothing was changed.`, { problems: [{ at, problem }] })
  }
  return null
}

function findUnkeepable(value: unknown, at: string): string | null {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? at : null
  // The bytes of a file are a stream, and no text.
  if (typeof value !== 'object' || value === null || value instanceof Readable) return null
  for (const [name, one] of Object.entries(value)) {
    if (findUnkeepable(name, '') !== null) return at
    const found = findUnkeepable(one, `${at}.${name}`)
    if (found !== null) return found
  }
  return null
}

const callers = new WeakMap<FastifyRequest, Caller>()
const EMPTY = problem.pick({})

export function allow(caller: Caller | null, roles: readonly Role[]): asserts caller is Caller {
  if (caller === null) throw new Refusal('not-signed-in', 'Sign in, or name an API token, and call again.')
  if (!roles.includes(caller.role))
    throw new Refusal(
      'not-allowed',
      `This needs the role ${roles.join(' or ')}; yours is ${caller.role}. Nothing was changed.`,
    )
}

function sendFile(reply: FastifyReply, file: FileAnswer): FastifyReply {
  reply.header('content-type', file.type).serializer((value: unknown) => String(value))
  if (file.name !== null)
    reply.header('content-disposition', `attachment; filename="${file.name.replace(/[^\w. -]/g, '_')}"`)
  return reply.send(file.content)
}

const tagOf = (url: string): string => url.split('/')[2] ?? 'api'
const accessText = (access: Access): string =>
  access === 'public'
    ? 'Without signing in.'
    : access === 'setup'
      ? 'Only before the first administrator exists.'
      : `Roles: ${access.join(', ')}.`

interface HttpError {
  readonly statusCode?: number
  readonly code?: string
  readonly message: string
  readonly validationContext?: string
  readonly validation?: unknown
}

function classify(error: unknown): {
  readonly kind: Refusal['kind']
  readonly detail: string
  readonly more: Refusal['more']
} {
  if (error instanceof Refusal) return { kind: error.kind, detail: error.message, more: error.more }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const part = error.validationContext ?? 'body'
    const problems = problemsOf(part, error.validation) ?? []
    const [first] = problems
    const more = { problems }
    return {
      kind: 'bad-input',
      detail: `${first === undefined ? 'The input is not valid.' : `${first.at}: ${first.problem}`}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''} Nothing was changed.`,
      more,
    }
  }
  const { statusCode, code, message } = error as HttpError
  if (statusCode === 413) return { kind: 'too-large', detail: `${message}. Nothing was changed.`, more: {} }
  if (statusCode === 429) return { kind: 'too-often', detail: message, more: { retryAfterSeconds: 60 } }
  if (statusCode === 503)
    return { kind: 'shutting-down', detail: 'Try again in a moment.', more: { retryAfterSeconds: 5 } }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return {
      kind: 'bad-input',
      detail: `${message}${code ? ` (${code})` : ''}. Nothing was changed.`,
      more: {},
    }
  return {
    kind: 'our-fault',
    detail:
      'Something broke on our side, and what you asked for was not done. Nothing was lost. Quote the id in "instance" when you report it; the log has the rest.',
    more: {},
  }
}
