/** What became of a request, and what that means: the one place where Graph's errors become a `Failure`. */
import { ConnectorError, type Failure } from '../connector.ts'

export type JsonObject = { readonly [name: string]: unknown }

/**
 * `answered` carries any final answer, also a 404 or 412. `refused`: never sent, or surely not applied. `lost`: sent, and
 * whether it was applied nobody can say.
 */
export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: unknown
      readonly header: (name: string) => string | null
    }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'lost'; readonly failure: Failure }

export type Answered = Extract<Answer, { kind: 'answered' }>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export interface GraphProblem {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly requestId: string
}

const MESSAGE_CHARACTERS_MAX = 400

/** Only `code` is a promise of Microsoft's; the message is for people. */
export function problemOf(answer: Answered): GraphProblem {
  const error = isObject(answer.body) && isObject(answer.body['error']) ? answer.body['error'] : {}
  const inner = [error['innerError'], error['innererror']].find(isObject) ?? {}
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    status: answer.status,
    code: text(error['code']) || `HTTP ${answer.status}`,
    message: text(error['message']).slice(0, MESSAGE_CHARACTERS_MAX),
    requestId: answer.header('request-id') ?? text(inner['request-id']),
  }
}

export function describe({ status, code, message, requestId }: GraphProblem): string {
  const said = message === '' ? '' : `: ${message}`
  const request = requestId === '' ? '' : ` (request ${requestId})`
  return `Microsoft answered ${status} ${code}${said}${request}`
}

/** Codes that mean "start this delta again", besides any 410. Their case differs between services. */
const FORGOTTEN_CURSOR = new Set([
  'syncstatenotfound',
  'syncstateinvalid',
  'resyncrequired',
  'syncstateexpired',
])

export function failureOf(answer: Answered): Failure {
  const problem = problemOf(answer)
  const { status, code } = problem
  if (status === 410 || FORGOTTEN_CURSOR.has(code.toLowerCase()))
    return {
      kind: 'cursor-expired',
      message: `Microsoft forgot where the last pull ended (${code}). Everything is read and compared again; nothing is deleted because of it.`,
    }
  if (status === 401)
    return {
      kind: 'unauthorized',
      code,
      message: `Microsoft no longer accepts the sign-in. Reconnect the mailbox. ${describe(problem)}`,
    }
  if (status === 403)
    return {
      kind: 'unauthorized',
      code,
      message: `Microsoft denies access to this mailbox or calendar. Check that the permission was granted and that an administrator consented, then reconnect. ${describe(problem)}`,
    }
  if (code === 'MailboxNotEnabledForRESTAPI' || code === 'ErrorNonExistentMailbox')
    return {
      kind: 'unauthorized',
      code,
      message: `This account has no mailbox in Exchange Online. Give it a licence with a mailbox, or disconnect it here. ${describe(problem)}`,
    }
  return { kind: 'rejected', code, status, message: describe(problem) }
}

export const isSuccess = (answer: Answered): boolean => answer.status >= 200 && answer.status < 300

/** The body of a successful answer. @throws {ConnectorError} for every other one. */
export function expectObject(answer: Answer): JsonObject {
  if (answer.kind !== 'answered') throw new ConnectorError(answer.failure)
  if (!isSuccess(answer)) throw new ConnectorError(failureOf(answer))
  if (isObject(answer.body)) return answer.body
  throw new ConnectorError({
    kind: 'unavailable',
    message: `Microsoft answered ${answer.status} with something that is not a JSON object. Tried again later.`,
  })
}

export interface GraphPage {
  readonly value: readonly unknown[]
  readonly nextLink: string | null
  readonly deltaLink: string | null
}

export function expectPage(answer: Answer): GraphPage {
  const body = expectObject(answer)
  const link = (name: string): string | null => {
    const value = body[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const value = body['value']
  if (!Array.isArray(value))
    throw new ConnectorError({
      kind: 'unavailable',
      message:
        'Microsoft answered a list without a list in it. Nothing was taken from it; tried again later.',
    })
  return { value, nextLink: link('@odata.nextLink'), deltaLink: link('@odata.deltaLink') }
}
