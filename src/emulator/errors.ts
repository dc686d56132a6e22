/**
 * Graph's error envelope. Only `code` is a promise of Microsoft's; the texts are the ones that integrators see.
 * Source: "Microsoft Graph error responses and resource types", and the Exchange codes observed in practice.
 */
export class GraphError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** Added to `innerError`, as throttling does. */
  readonly inner: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    extra: { headers?: Record<string, string>; inner?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = extra.headers ?? {}
    this.inner = extra.inner ?? {}
  }
}

export const badRequest = (message: string): GraphError => new GraphError(400, 'BadRequest', message)

/** A property of the request's body has a value that the service cannot take. */
export const invalidProperty = (message: string): GraphError =>
  new GraphError(400, 'ErrorPropertyValidationFailure', message)

export const itemNotFound = (): GraphError =>
  new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.')

export const malformedId = (): GraphError =>
  new GraphError(400, 'ErrorInvalidIdMalformed', 'Id is malformed.')

export const accessDenied = (): GraphError =>
  new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')

export const unauthenticated = (message: string): GraphError =>
  new GraphError(401, 'InvalidAuthenticationToken', message, {
    headers: { 'www-authenticate': 'Bearer realm="", authorization_uri="", error="invalid_token"' },
  })

/** A stale If-Match, or a write that lost a race. */
export const changeConflict = (): GraphError =>
  new GraphError(
    412,
    'ErrorIrresolvableConflict',
    'The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.',
  )

export const syncStateNotFound = (generation: number, highest: number): GraphError =>
  new GraphError(
    410,
    'SyncStateNotFound',
    `The sync state generation is not found; generation=${generation};[highest=${highest}].`,
  )

/** The To Do service answers every input that it cannot take with this one error. */
export const todoInvalid = (): GraphError => new GraphError(400, 'invalidRequest', 'Invalid request')

export function errorBody(
  error: { code: string; message: string; inner?: Readonly<Record<string, string>> },
  at: number,
  requestId: string,
  clientRequestId: string,
): string {
  return JSON.stringify({
    error: {
      code: error.code,
      message: error.message,
      innerError: {
        ...error.inner,
        date: new Date(at).toISOString().slice(0, 19),
        'request-id': requestId,
        'client-request-id': clientRequestId,
      },
    },
  })
}
