/**
 * The Microsoft side of the contract: one mailbox's mail, calendars and tasks through Microsoft Graph. Everything
 * channel-specific is in its own file; here is only who is asked what.
 */
import type { Cursor } from '../../core/ids.ts'
import type { Channel, Zone } from '../../core/item.ts'
import { resolveZone } from '../../core/zones.ts'
import {
  ConnectorError,
  type CollectionRef,
  type Connector,
  type Failure,
  type Identity,
  type ItemRef,
  type Operation,
  type Page,
} from '../connector.ts'
import { expectObject, isSuccess, type Answer } from './answers.ts'
import { calendarReader, listCalendars, readEvents, type CalendarOptions } from './calendar.ts'
import { pushEvent, settleEvent } from './calendar-push.ts'
import { GraphClient, type GraphRequest, type Tokens } from './client.ts'
import {
  decodeCursor,
  PAGE_SIZE,
  pageOfRound,
  pullRound,
  type DeltaReader,
  type RoundState,
} from './delta.ts'
import type { Endpoints, GraphEnv, Transport } from './environment.ts'
import { Gate } from './gate.ts'
import { listFolders, mailReader, readMessages } from './mail.ts'
import { pushMessage, settleMessage } from './mail-push.ts'
import { mailAttachments } from './mail-attachments.ts'
import { mailSender } from './mail-send.ts'
import { together, type Ask } from './rounds.ts'
import { graphSubscriptions } from './subscriptions.ts'
import { listTaskLists, readTasks, tasksReader } from './tasks.ts'
import { lookFirst, pushTask, settleTask, type Marked } from './tasks-push.ts'
import { inParts } from './write-outcomes.ts'
import { textOf } from './wire.ts'

export interface GraphMailbox {
  /** The mailbox's object id, or `me` while it is not known yet. Another's mailbox is always addressed by its id. */
  readonly objectId: string
}

export interface GraphOptions {
  /** One for all connectors of an app, where the tenant counts concurrent requests per app. */
  readonly gate?: Gate
  /** Default `view`, the documented one. */
  readonly calendarRoad?: CalendarOptions['road']
  /** Whether Microsoft mails an answer to the organizer. Default true. */
  readonly sendResponses?: boolean
}

export interface GraphConnectorParts {
  readonly mailbox: GraphMailbox
  readonly tokens: Tokens
  readonly endpoints: Endpoints
  readonly transport: Transport
  readonly env: GraphEnv
  readonly options?: GraphOptions
}

export function createGraphConnector(parts: GraphConnectorParts): Connector {
  const { endpoints, env, mailbox, tokens, transport, options = {} } = parts
  const root = mailbox.objectId === 'me' ? '/me' : `/users/${encodeURIComponent(mailbox.objectId)}`
  const client = new GraphClient({
    endpoints,
    env,
    tokens,
    transport,
    root,
    gate: options.gate ?? new Gate(env),
  })
  const pushOptions = { sendResponses: options.sendResponses ?? true }
  const readers: { readonly [channel in Channel]: DeltaReader<unknown> } = {
    calendar: calendarReader(client, { road: options.calendarRoad ?? 'view' }) as DeltaReader<unknown>,
    tasks: tasksReader(client) as DeltaReader<unknown>,
    email: mailReader() as DeltaReader<unknown>,
  }
  const readerOf = (channel: Channel): DeltaReader<unknown> => readers[channel]
  return {
    side: 'mailbox',
    capabilities: {
      // Exchange holds If-Match for events. To Do documents none: there it is sent, and the task is read first.
      guard: 'enforced',
      deletions: 'told',
      transactional: false,
      cannotHold: { event: [], task: [], message: [] },
    },
    sender: mailSender(client),
    subscriptions: graphSubscriptions(client, root, env.now),
    mailAttachments: mailAttachments(client),
    identity: (signal) => identify(client, signal),
    collections: (channel, signal) => {
      switch (channel) {
        case 'calendar':
          return listCalendars(client, signal)
        case 'tasks':
          return listTaskLists(client, signal)
        case 'email':
          return listFolders(client, signal)
      }
    },
    pull: (collection, cursor, signal) =>
      pullRound(client, readerOf(collection.channel), collection, cursor, signal),
    pullMany: (asked, signal) => pullMany(client, readerOf, asked, signal),
    read: (refs, signal) =>
      byChannel(
        refs,
        (ref) => ref.collection.channel,
        (channel, own) => readItems(client, channel, own, signal),
      ),
    push: async (operations, signal, until) => {
      const writer = until === undefined ? client : client.writingUntil(until)
      const marked = await lookFirst(writer, operations, signal)
      return together(
        writer,
        operations.map((operation) => (ask: Ask) => byItself(pushOne(ask, operation, pushOptions, marked))),
        signal,
      )
    },
    settle: (operations, signal) =>
      together(
        client,
        operations.map((operation) => (ask: Ask) => byItself(settleOne(ask, operation))),
        signal,
      ),
  }
}

/** Each operation has its own end: an answer that cannot be read leaves that one unknown, and no other. */
async function byItself<T>(
  work: Promise<T>,
): Promise<T | { readonly outcome: 'unknown'; readonly failure: Failure }> {
  try {
    return await work
  } catch (error) {
    if (error instanceof ConnectorError) return { outcome: 'unknown', failure: error.failure }
    throw error
  }
}

function pushOne(
  whole: Ask,
  operation: Operation,
  options: { readonly sendResponses: boolean },
  marked: Marked,
) {
  return inParts(whole, operation.do, (ask) => {
    switch (operation.collection.channel) {
      case 'calendar':
        return pushEvent(ask, operation, options)
      case 'tasks':
        return pushTask(ask, operation, marked)
      case 'email':
        return pushMessage(ask, operation)
    }
  })
}

async function settleOne(ask: Ask, operation: Operation) {
  switch (operation.collection.channel) {
    case 'calendar':
      return settleEvent(ask, operation)
    case 'tasks':
      return settleTask(ask, operation)
    case 'email':
      return settleMessage(ask, operation)
  }
}

function readItems(client: GraphClient, channel: Channel, refs: readonly ItemRef[], signal: AbortSignal) {
  switch (channel) {
    case 'calendar':
      return readEvents(client, refs, signal)
    case 'tasks':
      return readTasks(client, refs, signal)
    case 'email':
      return readMessages(client, refs, signal)
  }
}

/** Runs `work` for each channel's share; answers come in the order asked. */
async function byChannel<T, R>(
  all: readonly T[],
  channelOf: (one: T) => Channel,
  work: (channel: Channel, own: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const answers = new Map<T, R>()
  for (const channel of new Set(all.map(channelOf))) {
    const own = all.filter((one) => channelOf(one) === channel)
    const found = await work(channel, own)
    for (const [at, one] of own.entries()) {
      const answer = found[at]
      if (answer !== undefined) answers.set(one, answer)
    }
  }
  return all.flatMap((one) => answers.get(one) ?? [])
}

/** One round over many collections: their delta links in as few `$batch` as hold them. */
async function pullMany(
  client: GraphClient,
  readerOf: (channel: Channel) => DeltaReader<unknown>,
  asked: readonly { readonly collection: CollectionRef; readonly cursor: Cursor }[],
  signal: AbortSignal,
): Promise<readonly (Page | ConnectorError)[]> {
  type Opened = {
    readonly collection: CollectionRef
    readonly reader: DeltaReader<unknown>
    readonly state: RoundState
    readonly request: GraphRequest
  }
  const opened = asked.map(({ collection, cursor }): Opened | ConnectorError => {
    try {
      const reader = readerOf(collection.channel)
      const state = decodeCursor(cursor)
      return { collection, reader, state, request: reader.request(collection, state.link, PAGE_SIZE) }
    } catch (error) {
      if (error instanceof ConnectorError) return error
      throw error
    }
  })
  const ready = opened.filter((one): one is Opened => !(one instanceof ConnectorError))
  const answers = await client.batch(
    ready.map(({ request }) => request),
    signal,
  )
  const answerOf = new Map<Opened, Answer | undefined>(ready.map((one, at) => [one, answers[at]]))
  const pages: (Page | ConnectorError)[] = []
  for (const one of opened) {
    if (one instanceof ConnectorError) {
      pages.push(one)
      continue
    }
    const { collection, reader, state } = one
    const answer = answerOf.get(one)
    try {
      if (answer === undefined) continue
      const digested = await reader.digest(
        collection,
        state,
        pageOfRound(answer, state),
        reader.memory(),
        signal,
      )
      pages.push(digested.page)
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      pages.push(error)
    }
  }
  return pages
}

/**
 * Who this mailbox really is. Its own object id comes from Graph; where the directory may not be read, the mailbox was
 * addressed by its id, so the answer to that address is the proof.
 */
async function identify(client: GraphClient, signal: AbortSignal): Promise<Identity> {
  const [profile, settings] = await client.batch(
    [
      { method: 'GET', path: '?$select=id,displayName,mail,userPrincipalName' },
      { method: 'GET', path: '/mailboxSettings' },
    ],
    signal,
  )
  if (profile === undefined || settings === undefined)
    throw new Error('A batch has fewer answers than requests.')
  const person = expectObject(profile)
  const { tenantId, objectId } = await client.tokens.identity(signal)
  return {
    tenantId,
    objectId: textOf(person, 'id') ?? objectId ?? '',
    address: (textOf(person, 'mail') ?? textOf(person, 'userPrincipalName') ?? '').toLowerCase(),
    displayName: textOf(person, 'displayName') ?? '',
    zone: zoneOf(settings),
    clockOffsetMs: client.clockOffsetMs,
  }
}

/** The mailbox's zone; UTC where it has none yet (a mailbox that was never opened) or may not be asked. */
function zoneOf(settings: Answer): Zone {
  if (settings.kind !== 'answered' || !isSuccess(settings)) return 'UTC'
  const answer = resolveZone(textOf(expectObject(settings), 'timeZone'))
  return answer.known ? answer.zone : 'UTC'
}
