import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import staticFiles from '@fastify/static'
import swagger from '@fastify/swagger'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { resolve } from '../core/settings.ts'
import type { liveApi } from './api/live.ts'
import { authHandlers, isSetUp, makeIdentify, type AuthOptions } from './auth.ts'
import { calendarHandlers } from './calendar.ts'
import { channelViews } from './channel-views.ts'
import { conflictHandlers } from './conflicts.ts'
import { mailComposeHandlers } from './mail-compose.ts'
import { mailHandlers } from './mail.ts'
import { mailOutgoingHandlers } from './mail-outgoing.ts'
import { linkHandlers } from './links.ts'
import { mailboxHandlers } from './mailboxes.ts'
import { addGraphHooks, HOOK_PATH, type GraphHooks } from './graph-hooks.ts'
import { mailroomHandlers } from './mailroom.ts'
import { addMicrosoftRoutes, type MicrosoftRoutes } from './microsoft-routes.ts'
import { allow, mount, type Handlers, type HandlersOf } from './mount.ts'
import type { Parts } from './parts.ts'
import { problemOf } from './problems.ts'
import { recordHandlers } from './records.ts'
import { runHandlers } from './runs.ts'
import { settingsHandlers } from './settings.ts'
import { storedSettings } from './settings-store.ts'
import { systemMailboxHandlers } from './system-mailboxes.ts'
import { systemHandlers } from './system.ts'
import { taskHandlers } from './tasks.ts'

/** The HTTP server: the API, the back-office's files, health, metrics, Microsoft's redirects. */
export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly trustProxy: boolean
  /** The built back-office; null serves the API alone. */
  readonly webFolder: string | null
  readonly localToken: string
  readonly log: Logger
  readonly microsoftRoutes: MicrosoftRoutes
  readonly graphHooks: GraphHooks
}

export interface Serving {
  /** `http://127.0.0.1:4310` */
  readonly url: string
  readonly app: FastifyInstance
  close(): Promise<void>
}

const BODY_BYTES_MAX = 12 * 1024 * 1024
/** Requests of one address in a minute; a busy back-office makes a few dozen. */
const REQUESTS_PER_MINUTE_MAX = 3_000
/** Microsoft tells many mailboxes' changes from few addresses. */
const HOOKS_PER_MINUTE_MAX = 6_000
const SIGN_INS_PER_MINUTE_MAX = 20
const CLOSE_MS = 3_000

export async function serve(parts: Parts, options: ServeOptions): Promise<Serving> {
  const { database } = parts
  const { log } = options
  const app = Fastify({
    logger: false,
    trustProxy: options.trustProxy,
    bodyLimit: BODY_BYTES_MAX,
    genReqId: () => randomUUID(),
    // An address that cannot be read never reaches a route.
    frameworkErrors: (error, request, reply) => {
      const detail = `This address cannot be read: ${error.message}. Nothing was changed.`
      const body = problemOf('bad-input', detail, request.id)
      reply.raw.writeHead(body.status, { 'content-type': 'application/problem+json' })
      reply.raw.end(JSON.stringify(body))
    },
    return503OnClosing: true,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 500 },
  })
  const isSecure = async (): Promise<boolean> =>
    resolve('general.publicUrl', await storedSettings(database, null)).value.startsWith('https://')
  const authOptions: AuthOptions = { localToken: options.localToken, isSecure }
  const identify = makeIdentify(parts, authOptions)

  // Files are read as they arrive, and counted by who takes them.
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
  await app.register(cookie)
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // Components set their measures in style attributes; no style comes from what people write.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        frameSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // The popup in which an account is connected tells its opener how it went.
    crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
    // Only a reverse proxy knows whether the whole host is served by https.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'same-origin' },
  })
  await app.register(rateLimit, {
    max: (request) =>
      request.method === 'POST' && request.url === '/api/session'
        ? SIGN_INS_PER_MINUTE_MAX
        : isHook(request)
          ? HOOKS_PER_MINUTE_MAX
          : REQUESTS_PER_MINUTE_MAX,
    keyGenerator: (request) =>
      `${request.ip}${request.method === 'POST' && request.url === '/api/session' ? ' sign-in' : isHook(request) ? ' hook' : ''}`,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { ttl }) =>
      Object.assign(
        new Error(`Too many requests from this address. Try again in ${Math.ceil(ttl / 1000)} s.`),
        { statusCode: 429 },
      ),
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Syncline',
        version: parts.about.version,
        description:
          'Everything that the back-office and the command line do. Errors are RFC 9457 problem details; nothing was changed then.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'An API token of the back-office.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'syncline_session',
            description:
              'A browser session; methods other than GET also name its value in the header x-csrf.',
          },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
  })

  const live: HandlersOf<typeof liveApi> = {
    'GET /api/events': async (_input, { caller, request, reply }) => {
      parts.live.follow(reply, caller, lastEventId(request.headers['last-event-id']))
      return ''
    },
  }
  const handlers: Handlers = {
    ...authHandlers(parts, authOptions),
    ...settingsHandlers(parts),
    ...mailboxHandlers(parts),
    ...runHandlers(parts),
    ...conflictHandlers(parts),
    ...calendarHandlers(parts),
    ...taskHandlers(parts),
    ...mailHandlers(parts),
    ...mailComposeHandlers(parts),
    ...mailOutgoingHandlers(parts),
    ...recordHandlers(parts),
    ...linkHandlers(parts),
    ...systemMailboxHandlers(parts),
    ...mailroomHandlers(parts),
    ...systemHandlers(parts),
    ...live,
  }
  mount(app, handlers, {
    identify,
    setupNeeded: async () => !(await isSetUp(database)),
    broke: (error, requestId, route) => log.error({ err: error, requestId, route }, 'A request broke.'),
  })

  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.get('/healthz', { schema: { hide: true } }, async (_request, reply) => {
    try {
      await database.query('select 1')
      return { ok: true, version: parts.about.version }
    } catch {
      return reply.status(503).send({ ok: false, version: parts.about.version })
    }
  })
  const metrics = makeMetrics(parts, options.graphHooks)
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    allow(await identify(request, reply), ['administrator', 'auditor'])
    return reply.header('content-type', metrics.contentType).send(await metrics.metrics())
  })
  addGraphHooks(app, options.graphHooks)
  addMicrosoftRoutes(app, parts, authOptions, identify, options.microsoftRoutes)

  if (options.webFolder !== null && existsSync(join(options.webFolder, 'index.html')))
    await app.register(staticFiles, {
      root: options.webFolder,
      wildcard: false,
      preCompressed: true,
      // Files whose name carries a hash never change. A browser asks for the icon at each step to another address.
      setHeaders: (reply, path) => {
        reply.header(
          'cache-control',
          /[/\\]assets[/\\]/.test(path)
            ? 'public, max-age=31536000, immutable'
            : path.includes('icon.svg')
              ? 'public, max-age=86400'
              : 'no-cache',
        )
      },
    })
  app.setNotFoundHandler(async (request, reply) => {
    const isPage =
      request.method === 'GET' &&
      !request.url.startsWith('/api/') &&
      (request.headers.accept ?? '').includes('text/html')
    if (isPage && options.webFolder !== null && existsSync(join(options.webFolder, 'index.html')))
      return reply.header('cache-control', 'no-cache').sendFile('index.html')
    const body = problemOf(
      'not-found',
      `There is no ${request.method} ${request.url.split('?')[0] ?? ''}. /api/openapi.json lists what there is.`,
      request.id,
    )
    return reply
      .status(404)
      .header('content-type', 'application/problem+json')
      .serializer((value: unknown) => JSON.stringify(value))
      .send(body)
  })

  const url = await listen(app, options)
  return {
    url,
    app,
    close: async () => {
      parts.live.close()
      await Promise.race([app.close(), new Promise<void>((done) => setTimeout(done, CLOSE_MS).unref())])
    },
  }
}

async function listen(app: FastifyInstance, { port, host }: ServeOptions): Promise<string> {
  try {
    await app.listen({ port, host })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EADDRINUSE')
      throw new Error(
        `Port ${port} is in use by another program. Nothing was started. Name another one with --port, or 0 for any free one.`,
        { cause: error },
      )
    throw error
  }
  const address = app.server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${shown}:${bound}`
}

const isHook = (request: { readonly method: string; readonly url: string }): boolean =>
  request.method === 'POST' && request.url.startsWith(HOOK_PATH)

const lastEventId = (header: string | string[] | undefined): string | null =>
  typeof header === 'string' && header !== '' ? header : null

function makeMetrics(parts: Parts, hooks: GraphHooks): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const everything = {
    user: '',
    organization: '',
    role: 'auditor',
    name: '',
    email: '',
    zone: 'UTC',
    session: null,
  } as const
  new Gauge({
    name: 'syncline_lag_seconds',
    help: 'Seconds since a channel was proven in sync, by channel: the worst mailbox.',
    labelNames: ['channel'],
    registers: [registry],
    async collect() {
      const views = await channelViews(parts.database, everything, parts.env.now())
      for (const channel of ['calendar', 'tasks', 'email'] as const)
        this.set(
          { channel },
          Math.max(
            0,
            ...views
              .filter((one) => one.channel === channel && one.enabled)
              .map((one) => one.lagSeconds ?? 0),
          ),
        )
    },
  })
  new Gauge({
    name: 'syncline_channels',
    help: 'Channels of mailboxes by health.',
    labelNames: ['health'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const view of await channelViews(parts.database, everything, parts.env.now()))
        this.inc({ health: view.health })
    },
  })
  new Gauge({
    name: 'syncline_jobs',
    help: 'Jobs by state.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      for (const [state, n] of Object.entries(await parts.sync.queue())) this.set({ state }, n)
    },
  })
  new Gauge({
    name: 'syncline_notifications',
    help: 'Notifications of Microsoft since the start, by what became of them.',
    labelNames: ['judgement'],
    registers: [registry],
    collect() {
      for (const [judgement, n] of Object.entries(hooks.counts)) this.set({ judgement }, n)
    },
  })
  new Gauge({
    name: 'syncline_live_streams',
    help: 'Browsers that follow live updates.',
    registers: [registry],
    collect() {
      this.set(parts.live.listening)
    },
  })
  return registry
}
