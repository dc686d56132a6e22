import type { FastifyInstance, FastifyReply } from 'fastify'
import { resolve } from '../core/settings.ts'
import { userByEmail } from './accounts.ts'
import { beginSession, type AuthOptions } from './auth.ts'
import type { Identify } from './mount.ts'
import type { Parts } from './parts.ts'
import { storedSettings } from './settings-store.ts'

/** Where Microsoft sends browsers back to: after connecting an account, and after signing in with one. */
export interface MicrosoftRoutes {
  /** @returns what the popup tells its opener; never throws for what a person or Microsoft may do */
  readonly finishConnect: (
    query: RedirectAnswer,
    user: string,
  ) => Promise<{ readonly ok: boolean; readonly message: string; readonly mailbox: string | null }>
  /** @returns the address at Microsoft */
  readonly beginSignIn: (returnTo: string) => Promise<string>
  readonly finishSignIn: (
    query: RedirectAnswer,
  ) => Promise<
    | { readonly ok: true; readonly email: string; readonly returnTo: string }
    | { readonly ok: false; readonly message: string }
  >
}
export interface RedirectAnswer {
  readonly code: string | null
  readonly state: string | null
  readonly error: string | null
  readonly errorDescription: string | null
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A page of our own whose script is a file: the content security policy allows no other. */
const DONE_SCRIPT = `const { ok, message, mailbox } = document.body.dataset
const told = { source: 'syncline', ok: ok === 'true', message, mailbox: mailbox || null }
if (window.opener) window.opener.postMessage(told, window.location.origin)
if ('BroadcastChannel' in window) new BroadcastChannel('syncline').postMessage(told)
if (ok === 'true' && window.opener) window.close()
`

function donePage(reply: FastifyReply, ok: boolean, message: string, mailbox: string | null): FastifyReply {
  return (
    reply
      .status(ok ? 200 : 400)
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      // Without it the browser cuts the tie to the window that opened this one.
      .header('cross-origin-opener-policy', 'unsafe-none')
      .send(
        `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${ok ? 'Connected' : 'Not connected'}</title></head>` +
          `<body data-ok="${ok}" data-message="${escaped(message)}" data-mailbox="${escaped(mailbox ?? '')}">` +
          `<h1>${ok ? 'Connected' : 'Not connected'}</h1><p>${escaped(message)}</p><p>You can close this window.</p>` +
          `<script src="/auth/done.js"></script></body></html>`,
      )
  )
}

const answerOf = (query: unknown): RedirectAnswer => {
  const values = query as { readonly [name: string]: unknown }
  const text = (name: string): string | null =>
    typeof values[name] === 'string' && values[name].length < 8_000 ? values[name] : null
  return {
    code: text('code'),
    state: text('state'),
    error: text('error'),
    errorDescription: text('error_description'),
  }
}

export function addMicrosoftRoutes(
  app: FastifyInstance,
  parts: Parts,
  authOptions: AuthOptions,
  identify: Identify,
  microsoft: MicrosoftRoutes,
): void {
  const hidden = { schema: { hide: true } }
  app.get('/auth/done.js', hidden, (_request, reply) =>
    reply.header('content-type', 'text/javascript; charset=utf-8').send(DONE_SCRIPT),
  )

  app.get('/auth/microsoft/callback', hidden, async (request, reply) => {
    const caller = await identify(request, reply)
    if (caller === null)
      return donePage(
        reply,
        false,
        'Your session here ended meanwhile. Sign in and connect again; nothing was changed.',
        null,
      )
    const { ok, message, mailbox } = await microsoft.finishConnect(answerOf(request.query), caller.user)
    return donePage(reply, ok, message, mailbox)
  })

  app.get('/auth/sso/start', hidden, async (request, reply) => {
    const settings = await storedSettings(parts.database, null)
    if (!resolve('singleSignOn.enabled', settings).value) return reply.redirect('/sign-in?problem=sso-off')
    const { returnTo } = request.query as { readonly returnTo?: unknown }
    // Only a path of our own: an open redirect would lend our name to somebody else's page.
    const path = typeof returnTo === 'string' && /^\/(?![/\\])/.test(returnTo) ? returnTo : '/'
    return reply.redirect(await microsoft.beginSignIn(path))
  })

  app.get('/auth/sso/callback', hidden, async (request, reply) => {
    const result = await microsoft.finishSignIn(answerOf(request.query))
    if (!result.ok) return donePage(reply, false, result.message, null)
    const user = await userByEmail(parts.database, result.email)
    if (user === null || !user.active)
      return donePage(
        reply,
        false,
        `${result.email} is no user here. Ask an administrator to make one with this address.`,
        null,
      )
    await beginSession(parts, authOptions, user, request, reply)
    return reply.redirect(result.returnTo)
  })
}
