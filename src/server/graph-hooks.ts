import type { FastifyInstance } from 'fastify'
import { Refusal } from './problems.ts'

/** Where Microsoft tells that something changed. The answer is given before anything is looked up: it must be quick. */
export interface GraphHooks {
  /** Takes notifications as they came, whoever sent them; they are judged later. False: too many wait already. */
  readonly told: (notifications: readonly unknown[]) => boolean
  /** How many there were, by what became of them. */
  readonly counts: Readonly<Record<string, number>>
}

export const HOOK_PATH = '/hooks/graph'
export const LIFECYCLE_PATH = '/hooks/graph/lifecycle'
/** Microsoft's handshake texts are far shorter. */
const HANDSHAKE_CHARACTERS_MAX = 2_000
const NOTIFICATIONS_MAX = 10_000

export function addGraphHooks(app: FastifyInstance, hooks: GraphHooks): void {
  for (const url of [HOOK_PATH, LIFECYCLE_PATH])
    app.post(url, { schema: { hide: true } }, async (request, reply) => {
      const { validationToken } = request.query as { readonly validationToken?: unknown }
      if (validationToken !== undefined) {
        if (typeof validationToken !== 'string' || validationToken.length > HANDSHAKE_CHARACTERS_MAX)
          throw new Refusal('bad-input', 'This is no handshake of Microsoft Graph. Nothing was changed.')
        return reply
          .type('text/plain; charset=utf-8')
          .header('cache-control', 'no-store')
          .serializer((value: unknown) => String(value))
          .send(validationToken)
      }
      const { body } = request
      const value = typeof body === 'object' && body !== null && 'value' in body ? body.value : undefined
      if (!Array.isArray(value) || value.length > NOTIFICATIONS_MAX)
        throw new Refusal(
          'bad-input',
          'Microsoft Graph sends {"value": [notification, …]} here; this is something else. Nothing was changed.',
        )
      // Refused, Microsoft sends them again later.
      if (!hooks.told(value))
        throw new Refusal('shutting-down', 'Too many notifications wait. Send them again in a moment.', {
          retryAfterSeconds: 5,
        })
      return reply.status(202).send()
    })
}
