/** A delta round of any channel: the loop is the same, the channel's reader knows what its pages mean. */
import { asId, type Cursor } from '../../core/ids.ts'
import { ConnectorError, type CollectionRef, type Page } from '../connector.ts'
import { expectPage, failureOf, isObject, type Answer, type GraphPage } from './answers.ts'
import type { GraphClient, GraphRequest } from './client.ts'

/** What our cursor carries. The link is Graph's own, stored and followed as it is. */
export interface RoundState {
  readonly link: string
  /** The enumeration that a round begins with goes on. */
  readonly initial: boolean
  /** Items that pages before told in part and that are still owed (series). */
  readonly owed: readonly string[]
  /** Which of its ways of asking the reader had chosen. */
  readonly mode: string
  /** How many entries this enumeration told so far, where that matters (mail). */
  readonly told: number
}

export interface DeltaReader<Memory> {
  memory(): Memory
  /** Where a round begins, in one of its ways of asking. */
  begin(collection: CollectionRef, mode: string): string
  /** Ways of asking that are tried one after the other when Graph does not know the first (400, 404, 501). */
  readonly modes: readonly string[]
  /** A page's request: its path is `begin`'s, or a link that Graph gave. */
  request(collection: CollectionRef, path: string, pageSize: number): GraphRequest
  digest(
    collection: CollectionRef,
    state: RoundState,
    page: GraphPage,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<{ readonly page: Page; readonly state: RoundState }>
}

/** Outlook takes more time for larger pages and promises nothing beyond a thousand. */
export const PAGE_SIZE = 1_000
const PAGE_SIZE_SMALL = 100

export const encodeCursor = (state: RoundState): Cursor => asId<Cursor>(JSON.stringify(state))

/** @throws {ConnectorError} `cursor-expired` for what is no cursor of ours: begin again and compare. */
export function decodeCursor(cursor: Cursor): RoundState {
  try {
    const read: unknown = JSON.parse(cursor)
    if (isObject(read) && typeof read['link'] === 'string')
      return {
        link: read['link'],
        initial: read['initial'] === true,
        owed: Array.isArray(read['owed'])
          ? read['owed'].filter((id): id is string => typeof id === 'string')
          : [],
        mode: typeof read['mode'] === 'string' ? read['mode'] : '',
        told: typeof read['told'] === 'number' ? read['told'] : 0,
      }
  } catch {
    // Falls through: said once, below.
  }
  throw new ConnectorError({
    kind: 'cursor-expired',
    message: 'Where the last pull ended could not be read. Everything is read and compared again.',
  })
}

/** The next link, or the one that ends the round. @throws {ConnectorError} when a page has neither. */
export function nextState(state: RoundState, page: GraphPage, owed: readonly string[]): RoundState {
  const link = page.nextLink ?? page.deltaLink
  if (link === null)
    throw new ConnectorError({
      kind: 'unavailable',
      message: 'Microsoft ended a page without saying where the next one begins. It is read again later.',
    })
  return { ...state, link, owed, initial: state.initial && page.nextLink !== null }
}

export async function* pullRound<Memory>(
  client: GraphClient,
  reader: DeltaReader<Memory>,
  collection: CollectionRef,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const memory = reader.memory()
  let state = cursor === null ? null : decodeCursor(cursor)
  for (;;) {
    let answer: Answer
    if (state === null) {
      const opened = await open(client, reader, collection, signal)
      state = { link: '', initial: true, owed: [], mode: opened.mode, told: 0 }
      answer = opened.answer
    } else {
      answer = await sendPage(client, reader, collection, state.link, signal)
    }
    const digested = await reader.digest(collection, state, pageOfRound(answer, state), memory, signal)
    yield digested.page
    if (digested.page.last) return
    state = digested.state
  }
}

/** The first answer of a round, in the first way of asking that this Graph knows. */
async function open<Memory>(
  client: GraphClient,
  reader: DeltaReader<Memory>,
  collection: CollectionRef,
  signal: AbortSignal,
): Promise<{ readonly answer: Answer; readonly mode: string }> {
  for (let modes = reader.modes; ; modes = modes.slice(1)) {
    const mode = modes[0] ?? ''
    const answer = await sendPage(client, reader, collection, reader.begin(collection, mode), signal)
    const unknown = answer.kind === 'answered' && [400, 404, 501].includes(answer.status)
    if (!unknown || modes.length < 2) return { answer, mode }
  }
}

/** A page that is too large to be made in time is answered 504 for ever; a smaller one gets through. */
async function sendPage<Memory>(
  client: GraphClient,
  reader: DeltaReader<Memory>,
  collection: CollectionRef,
  path: string,
  signal: AbortSignal,
): Promise<Answer> {
  const answer = await client.send(reader.request(collection, path, PAGE_SIZE), signal)
  const failed = answer.kind === 'refused' && answer.failure.kind === 'unavailable'
  return failed ? client.send(reader.request(collection, path, PAGE_SIZE_SMALL), signal) : answer
}

/** A link that Graph no longer understands is a forgotten cursor, whatever it calls that. */
export function pageOfRound(answer: Answer, state: RoundState): GraphPage {
  if (answer.kind === 'answered' && answer.status === 400 && state.link !== '') {
    const failure = failureOf(answer)
    throw new ConnectorError(
      failure.kind === 'cursor-expired'
        ? failure
        : {
            kind: 'cursor-expired',
            message: `Microsoft does not take the place where the last pull ended. Everything is read and compared again. ${failure.message}`,
          },
    )
  }
  return expectPage(answer)
}
