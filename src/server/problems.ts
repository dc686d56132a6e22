import { PROBLEMS, type Problem, type ProblemKind } from './api/contract.ts'

/** Thrown by a handler to answer with problem details; nothing was changed then. */
export class Refusal extends Error {
  readonly kind: ProblemKind
  readonly more: Pick<Problem, 'problems' | 'version' | 'retryAfterSeconds'>
  constructor(
    kind: ProblemKind,
    detail: string,
    more: Pick<Problem, 'problems' | 'version' | 'retryAfterSeconds'> = {},
  ) {
    super(detail)
    this.name = 'Refusal'
    this.kind = kind
    this.more = more
  }
}

export const notFound = (what: string): Refusal =>
  new Refusal('not-found', `There is no ${what} with this id, or it is not yours to see.`)

export function problemOf(kind: ProblemKind, detail: string, requestId: string, more: object = {}): Problem {
  const { status, title } = PROBLEMS[kind]
  return { type: `urn:syncline:problem:${kind}`, title, status, detail, instance: requestId, ...more }
}

interface Issue {
  readonly instancePath: string
  readonly message?: string
  readonly params?: Record<string, unknown>
}

/** What zod found, in words for the caller; `part` is where it was found. */
export function problemsOf(part: string, issues: readonly Issue[]): Problem['problems'] {
  const name = { querystring: 'query', params: 'path' }[part] ?? part
  return issues.slice(0, 50).map((issue) => {
    const path = issue.instancePath.split('/').filter(Boolean)
    return { at: [name, ...path].join('.'), problem: sentence(issue) }
  })
}

function sentence({ message = 'This is not valid', params = {} }: Issue): string {
  const plain = message
    .replace(/^Invalid input: expected (\S+), received undefined$/, 'This is missing ($1)')
    .replace(/^Invalid input: expected (\S+), received (\S+)$/, 'Expected $1, not $2')
    .replace(/^Unrecognized keys?: (.+)$/, 'There is nothing of this name here: $1')
    .replace(
      /^Invalid option: expected one of (.+)$/,
      (_, names: string) => `One of ${names.replaceAll('|', ', ')}`,
    )
    .replace(
      /^Invalid input$/,
      () => unionSentence(params) ?? 'This has none of the forms that are possible here',
    )
  return /[.!?]$/.test(plain) ? plain : `${plain}.`
}

/** Of a union, the complaint of the alternative that came nearest says most. */
function unionSentence(params: Record<string, unknown>): string | null {
  const alternatives = params.errors
  if (!Array.isArray(alternatives) || alternatives.length === 0) return null
  const nearest = [...(alternatives as { message: string; path: (string | number)[] }[][])].sort(
    (a, b) => a.length - b.length,
  )[0]?.[0]
  return nearest === undefined ? null : `${[...nearest.path, nearest.message].join(': ')}`
}
