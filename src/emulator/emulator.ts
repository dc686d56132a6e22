/** The emulator put together: a world, Entra, Graph, the control API, behind one `fetch`-shaped function. */
import { CALENDAR_PATHS, calendarRoutes } from './calendars.ts'
import { AdjustableClock, realClock, type Clock } from './clock.ts'
import { Control } from './control.ts'
import { handleControl } from './control-routes.ts'
import { addPerson, seedDemo, seedDirectory, type DemoDirectory } from './demo.ts'
import { Entra } from './entra.ts'
import { eventHost } from './event-attachments.ts'
import { eventRoutes } from './event-routes.ts'
import { findEvent } from './event-store.ts'
import { Faults } from './faults.ts'
import { Graph } from './graph.ts'
import { bodyText, type Incoming, type Outgoing } from './http.ts'
import { parseLarge, seedLarge } from './large.ts'
import { Logs } from './logs.ts'
import { bytesResponse } from './lazy-response.ts'
import { messageHost } from './mail-attachments.ts'
import { MAIL_FOLDER_ROUTES } from './mail-folders.ts'
import { deliverMeetingMail } from './mail-post.ts'
import { findMessage } from './mail-store.ts'
import { MAIL_ROUTES } from './mail.ts'
import { Notifier, type Send } from './notifications.ts'
import type { Office } from './office.ts'
import type { Route } from './router.ts'
import { giveBack } from './rows.ts'
import { listen, type Listening } from './server.ts'
import { answerPage } from './page.ts'
import { makeWorld, Store, type WorldData } from './state.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { DEFAULT_SWITCHES, type Switches } from './switches.ts'
import { Throttle } from './throttle.ts'
import { todoRoutes } from './todo.ts'
import { Tokens } from './tokens.ts'
import { UploadDoor } from './upload-door.ts'
import { userRoutes } from './users.ts'

export interface EmulatorOptions {
  /** `demo`, `empty` or `large:messages=N,events=N,tasks=N`. */
  readonly seed?: string
  /** A world of earlier, which goes on where it was; `seed` is not looked at then. */
  readonly saved?: SavedWorld
  /** Time for everything; the machine's clock when left out. The control API can stop and move it. */
  readonly clock?: Clock
  /** Where ids, tokens and chance come from. */
  readonly randomSeed?: string
  readonly switches?: Partial<Switches>
  /** How change notifications leave; `fetch` when left out. A simulation hands in a function of its own. */
  readonly send?: Send
}

/** How to reach the emulated Microsoft 365: the `microsoft` object that `--json` prints. */
export interface MicrosoftInfo {
  readonly graph: string
  readonly login: string
  readonly control: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly users: readonly {
    readonly id: string
    readonly userPrincipalName: string
    /** Nobody signs in to it. */
    readonly shared: boolean
  }[]
}

export interface PlainRequest {
  readonly method: string
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface PlainResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly text: string
}

/** All that an emulator knows, as plain data; `save` gives it. Taken over, not copied. */
export interface SavedWorld {
  readonly data: WorldData
  readonly switches: Switches
  readonly tenantId: string
  readonly clientId: string
}

export interface Emulator {
  /** Answers a request in process. Whatever its origin, paths are the same as over HTTP. Rejects when a fault cuts the connection. */
  handle(request: Request): Promise<Response>
  /** The same without the platform's objects, which cost a simulation more than the answer does. */
  exchange(request: PlainRequest): Promise<PlainResponse>
  /** Listens on 127.0.0.1; 0 is any free port. */
  listen(port: number): Promise<Listening>
  /** With the origin of the last `listen`, or one that only `handle` understands. */
  readonly info: MicrosoftInfo
  readonly control: Control
  /** The world as it is, to be written down at once: it goes on changing. */
  save(): SavedWorld
  /** Requests of any kind that were answered. */
  readonly requests: number
  /** Every route of Graph that is emulated. */
  readonly routes: readonly Route[]
  /** The route that answers a path below the origin, `/v1.0` included. */
  routeOf(method: string, path: string): Route | null
}

/** The origin of links when nobody listens. */
const IN_PROCESS_ORIGIN = 'http://127.0.0.1'

export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const randomSeed = options.randomSeed ?? 'contoso'
  const clock = new AdjustableClock(options.clock ?? realClock)
  const { saved } = options
  const switches: Switches = { ...DEFAULT_SWITCHES, ...saved?.switches, ...options.switches }
  const logs = new Logs()
  const store = new Store(makeWorld(randomSeed), clock, switches)
  const office: Office = { store, logs, deliveries: [] }
  const tokens = new Tokens(store, randomSeed)
  const throttle = new Throttle(store)
  const faults = new Faults(randomSeed)
  office.deliveries.push((posting) => deliverMeetingMail(office, posting))
  const notifier = new Notifier(store, options.send ?? fetch)
  const routes = [
    ...userRoutes(),
    ...calendarRoutes(),
    ...eventRoutes(CALENDAR_PATHS),
    ...todoRoutes(),
    ...MAIL_FOLDER_ROUTES,
    ...MAIL_ROUTES,
    ...subscriptionRoutes(notifier),
  ]
  const graph = new Graph({ office, routes, authenticate: tokens.authenticate, throttle, faults })
  const entra = new Entra(store, tokens)
  const uploads = new UploadDoor(store, {
    event: (mailbox, key) => {
      const row = findEvent(mailbox, key)
      return row === undefined ? undefined : eventHost(office, mailbox, { row, instance: null })
    },
    message: (mailbox, key) => {
      const row = findMessage(mailbox, key)
      return row === undefined ? undefined : messageHost(store, mailbox, row)
    },
  })
  store.onChange((change) => logs.noteChange(change))
  let directory: DemoDirectory
  let origin = IN_PROCESS_ORIGIN

  const reseed = (seed: string): void => {
    notifier.clear()
    store.data = makeWorld(randomSeed)
    directory = plant(office, seed)
    store.actor = 'system'
  }
  const resume = ({ data, tenantId, clientId }: SavedWorld): void => {
    const [tenant, app] = [data.tenants.get(tenantId), data.apps.get(clientId)]
    if (tenant === undefined || app === undefined)
      throw new Error('The saved world lacks its own tenant or app registration.')
    store.data = data
    directory = { tenant, app }
  }
  if (saved === undefined) reseed(options.seed ?? 'demo')
  else resume(saved)
  logs.clear()
  let requests = 0

  const info = (): MicrosoftInfo => ({
    graph: `${origin}/v1.0`,
    login: origin,
    control: `${origin}/emulator`,
    tenantId: directory.tenant.id,
    clientId: directory.app.clientId,
    clientSecret: directory.app.secrets[0]?.value ?? '',
    users: [...store.data.mailboxes.values()].map(({ person }) => ({
      id: person.id,
      userPrincipalName: person.userPrincipalName,
      shared: person.shared,
    })),
  })
  const control = new Control({ clock, logs, faults, store, graph, throttle, tokens, notifier, reseed })

  const dispatch = async (incoming: Incoming): Promise<Outgoing> => {
    requests++
    const { target } = incoming
    if (target.startsWith('/v1.0/')) return graph.handle(incoming)
    if (target.startsWith('/uploads/')) return uploads.handle(incoming)
    if (target.startsWith('/emulator')) return handleControl(control, () => ({ ...info() }), incoming)
    return (
      answerPage(incoming.method, target) ??
      entra.handle(incoming) ?? {
        status: 404,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: 'Not found. Graph is at /v1.0/, sign-in at /{tenant}/oauth2/v2.0/, the control API at /emulator/.\n',
      }
    )
  }

  return {
    handle: async (request) => respond(await dispatch(await read(request))),
    exchange: async ({ method, url, headers, body }) => {
      const outgoing = await dispatch({
        method,
        ...splitUrl(url),
        header: (name) => headers[name],
        body: body ?? null,
      })
      if (outgoing.cut !== undefined) throw cutOff()
      const text = bodyText(outgoing.body)
      if (outgoing.body instanceof Uint8Array) giveBack(outgoing.body)
      return {
        status: outgoing.status,
        headers: { get: (name) => outgoing.headers[name.toLowerCase()] ?? null },
        text,
      }
    },
    listen: async (port) => {
      const listening = await listen(port, dispatch)
      origin = listening.url
      return listening
    },
    get info() {
      return info()
    },
    control,
    save: () => ({
      data: store.data,
      switches,
      tenantId: directory.tenant.id,
      clientId: directory.app.clientId,
    }),
    get requests() {
      return requests
    },
    routes: graph.routes,
    routeOf: (method, path) => graph.routeOf(method, path),
  }
}

function plant(office: Office, seed: string): DemoDirectory {
  if (seed === 'demo') return seedDemo(office)
  if (seed.startsWith('large:')) return seedLarge(office, parseLarge(seed))
  if (seed !== 'empty')
    throw new Error(`There is no seed '${seed}'. Take demo, empty or large:messages=N,events=N,tasks=N.`)
  const directory = seedDirectory(office.store)
  addPerson(office.store, directory.tenant, {
    address: 'anna.lindqvist',
    displayName: 'Anna Lindqvist',
    timeZone: 'W. Europe Standard Time',
  })
  addPerson(office.store, directory.tenant, {
    address: 'ben.okafor',
    displayName: 'Ben Okafor',
    timeZone: 'GMT Standard Time',
  })
  return directory
}

function splitUrl(url: string): { readonly target: string; readonly origin: string } {
  const slash = url.indexOf('/', url.indexOf('//') + 2)
  return slash < 0 ? { target: '/', origin: url } : { target: url.slice(slash), origin: url.slice(0, slash) }
}

// What fetch does when the other side goes away.
const cutOff = (): TypeError => new TypeError('fetch failed', { cause: new Error('The connection was cut.') })

async function read(request: Request): Promise<Incoming> {
  const { url, method, headers } = request
  const hasBody = method !== 'GET' && method !== 'HEAD' && request.body !== null
  const isText = method !== 'PUT' && /json|text|urlencoded/.test(headers.get('content-type') ?? 'json')
  return {
    method,
    ...splitUrl(url),
    header: (name) => headers.get(name) ?? undefined,
    body: !hasBody ? null : isText ? await request.text() : new Uint8Array(await request.arrayBuffer()),
    signal: request.signal,
  }
}

function respond(outgoing: Outgoing): Response {
  if (outgoing.cut !== undefined) throw cutOff()
  const { status, headers, body } = outgoing
  if (status === 204 || status === 304 || body === null) return new Response(null, { status, headers })
  return typeof body === 'string'
    ? new Response(body, { status, headers })
    : bytesResponse(body, { status, headers })
}
