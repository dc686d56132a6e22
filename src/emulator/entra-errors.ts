/** Errors of the token endpoint. Source: "Microsoft Entra authentication and authorization error codes". */
import type { Outgoing } from './http.ts'
import type { Store } from './state.ts'

export class EntraError extends Error {
  readonly error: string
  readonly number: number
  readonly status: number

  constructor(error: string, number: number, message: string, status = 400) {
    super(message)
    this.error = error
    this.number = number
    this.status = status
  }
}

export function describe(
  store: Store,
  error: EntraError,
): { description: string; traceId: string; correlationId: string; timestamp: string } {
  const traceId = store.guid()
  const correlationId = store.guid()
  const timestamp = new Date(store.now()).toISOString().slice(0, 19).replace('T', ' ') + 'Z'
  return {
    description: `AADSTS${error.number}: ${error.message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    traceId,
    correlationId,
    timestamp,
  }
}

export function entraRefusal(store: Store, error: EntraError): Outgoing {
  const { description, traceId, correlationId, timestamp } = describe(store, error)
  return {
    status: error.status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify({
      error: error.error,
      error_description: description,
      error_codes: [error.number],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `https://login.microsoftonline.com/error?code=${error.number}`,
    }),
  }
}
