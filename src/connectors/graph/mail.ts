/**
 * Mail: which folders there are, what changed in one, what a message is now. Bodies come with the pages; no message is
 * asked for by itself. Sources: "message: delta", "mailFolder resource type", "Get change notifications".
 */
import { asId, type ETag, type ItemId } from '../../core/ids.ts'
import {
  ConnectorError,
  type CollectionRef,
  type ItemRef,
  type Observation,
  type Page,
  type ReadOutcome,
  type RemoteCollection,
} from '../connector.ts'
import {
  expectPage,
  failureOf,
  isObject,
  isSuccess,
  type Answer,
  type GraphPage,
  type JsonObject,
} from './answers.ts'
import type { GraphClient, GraphRequest } from './client.ts'
import { encodeCursor, nextState, type DeltaReader, type RoundState } from './delta.ts'
import { messageQuery, parseMessage, type ParsedMessage } from './mail-wire.ts'
import { DAY_MS } from '../../core/time.ts'
import { textOf } from './wire.ts'

const FOLDER_PAGE = 250
export const FOLDERS_MAX = 10_000
/** "Results limited to 5,000 messages": what a round that filters by time tells at most. */
const FILTERED_MAX = 5_000
const WHOLE = 'whole'
/** Reaching back further, most folders go beyond that limit, and asking with it first would only be asking twice. */
const FILTERED_DAYS_MAX = 730

/** Names that work as ids in every language, in the order in which a person wants their mail. */
const WELL_KNOWN = ['inbox', 'sentitems', 'drafts', 'archive', 'deleteditems', 'junkemail', 'outbox'] as const

/** Lie outside of what a person files: listed, and never written to. */
const NOT_WRITABLE: ReadonlySet<string> = new Set(['outbox'])

const folderPath = (id: string): string => `/mailFolders/${encodeURIComponent(id)}`
export const messagePath = (id: string): string => `/messages/${encodeURIComponent(id)}`

/** Every folder with its children, on every page; the inbox first. Search folders hold nothing of their own. */
export async function listFolders(
  client: GraphClient,
  signal: AbortSignal,
): Promise<readonly RemoteCollection[]> {
  const select = `$top=${FOLDER_PAGE}&$select=displayName,parentFolderId,childFolderCount,totalItemCount,unreadItemCount`
  const found: JsonObject[] = []
  // One journey tells the well-known ones and the first page; further ones follow only to children and further pages.
  const first = await client.batch(
    [...WELL_KNOWN.map(askedByName), { method: 'GET', path: `/mailFolders?${select}` }],
    signal,
  )
  const wellKnown = wellKnownIds(first.slice(0, WELL_KNOWN.length))
  let answers = first.slice(WELL_KNOWN.length)
  while (answers.length > 0) {
    const next: GraphRequest[] = []
    for (const answer of answers) {
      const page = expectPage(answer)
      if (page.nextLink !== null) next.push({ method: 'GET', path: page.nextLink })
      for (const raw of page.value) {
        if (!isObject(raw) || textOf(raw, '@odata.type')?.endsWith('mailSearchFolder')) continue
        const id = textOf(raw, 'id')
        if (id === null) continue
        found.push(raw)
        if (Number(raw['childFolderCount'] ?? 0) > 0)
          next.push({ method: 'GET', path: `${folderPath(id)}/childFolders?${select}` })
      }
    }
    if (found.length > FOLDERS_MAX)
      throw new ConnectorError({
        kind: 'rejected',
        code: 'too-many-folders',
        message: `The mailbox has more than ${FOLDERS_MAX} folders. Nothing of it was taken.`,
      })
    answers = next.length === 0 ? [] : [...(await client.batch(next, signal))]
  }
  const rank = (remote: RemoteCollection): number => {
    const at = (WELL_KNOWN as readonly string[]).indexOf(remote.wellKnown ?? '')
    return at < 0 ? 3 : at
  }
  return found.map((raw) => remoteOf(raw, wellKnown)).sort((a, b) => rank(a) - rank(b))
}

function remoteOf(raw: JsonObject, wellKnown: ReadonlyMap<string, string>): RemoteCollection {
  const id = textOf(raw, 'id') ?? ''
  const known = wellKnown.get(id)
  const parent = textOf(raw, 'parentFolderId')
  return {
    externalId: id,
    name: textOf(raw, 'displayName') ?? '',
    isDefault: known === 'inbox',
    canWrite: !NOT_WRITABLE.has(known ?? ''),
    ...(parent === null ? {} : { parentExternalId: parent }),
    ...(known === undefined ? {} : { wellKnown: known }),
    total: Number(raw['totalItemCount'] ?? 0),
    unread: Number(raw['unreadItemCount'] ?? 0),
  }
}

/** v1.0 does not tell a folder which well-known one it is: each is asked for by its name. One that is not there is none. */
const askedByName = (name: string): GraphRequest => ({
  method: 'GET',
  path: `/mailFolders/${name}?$select=id`,
})

function wellKnownIds(answers: readonly Answer[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [at, name] of WELL_KNOWN.entries()) {
    const answer = answers[at]
    if (answer === undefined) continue
    if (answer.kind !== 'answered') throw new ConnectorError(answer.failure)
    if (isSuccess(answer) && isObject(answer.body)) names.set(textOf(answer.body, 'id') ?? '', name)
    else if (answer.status !== 404) throw new ConnectorError(failureOf(answer))
  }
  return names
}

/**
 * A folder's changes, newest first. `since` asks only for what was received in the window, which Graph answers with at
 * most 5,000 messages: a round that reaches that number goes on as `whole`, which lists everything, and what is older
 * than the window is left out here.
 */
export const mailReader = (): DeltaReader<null> => ({
  memory: () => null,
  modes: ['full', 'plain'],
  begin: (collection, mode) => firstPath(collection, isFiltered(collection) ? mode : `${mode}-${WHOLE}`),
  request: (_collection, path, pageSize) => ({
    method: 'GET',
    path,
    prefer: `odata.maxpagesize=${pageSize}`,
  }),
  digest: (collection, state, page) => Promise.resolve(digest(collection, state, page)),
})

function firstPath(collection: CollectionRef, mode: string): string {
  const query = messageQuery(mode.startsWith('full') ? 'full' : 'plain')
  const since = mode.endsWith(WHOLE)
    ? ''
    : `&$filter=${encodeURIComponent(`receivedDateTime ge ${fromOf(collection)}`)}`
  return `${folderPath(collection.externalId)}/messages/delta?${query}${since}&$orderby=${encodeURIComponent('receivedDateTime desc')}`
}

const isFiltered = ({ window }: CollectionRef): boolean =>
  window !== undefined && (Date.parse(window.to) - Date.parse(window.from)) / DAY_MS <= FILTERED_DAYS_MAX

const fromOf = (collection: CollectionRef): string => `${collection.window?.from ?? '1900-01-01'}T00:00:00Z`

function digest(
  collection: CollectionRef,
  state: RoundState,
  page: GraphPage,
): { page: Page; state: RoundState } {
  const from = collection.window === undefined ? -Infinity : Date.parse(fromOf(collection))
  const observed: Observation[] = []
  for (const raw of page.value) {
    const id = isObject(raw) ? textOf(raw, 'id') : null
    if (!isObject(raw) || id === null) continue
    if (raw['@removed'] !== undefined) {
      observed.push({ kind: 'tombstone', id: asId<ItemId>(id), collection: collection.id })
      continue
    }
    const read = parseMessage(raw, collection.id)
    if (!read.ok)
      observed.push({
        kind: 'malformed',
        id: asId<ItemId>(id),
        reason: read.reason,
        collection: collection.id,
      })
    else if ((read.value.receivedAt ?? Infinity) >= from) observed.push(seen(collection, read.value))
  }
  const told = state.told + page.value.length
  const last = page.nextLink === null
  const after = nextState(state, page, [])
  const filtered = isFiltered(collection) && !state.mode.endsWith(WHOLE)
  const capped = last && state.initial && filtered && told >= FILTERED_MAX
  const mode = `${state.mode}-${WHOLE}`
  const next: RoundState = capped
    ? { ...after, link: firstPath(collection, mode), mode, initial: true, told: 0 }
    : { ...after, told: last ? 0 : told }
  const kind = state.initial ? 'snapshot' : 'delta'
  return { page: { kind, observed, next: encodeCursor(next), last: last && !capped }, state: next }
}

const seen = (collection: CollectionRef, { id, etag, item }: ParsedMessage): Observation => ({
  kind: 'item',
  id: asId<ItemId>(id),
  item,
  etag: asId<ETag>(etag),
  collection: collection.id,
})

export const messageRequest = (id: string): GraphRequest => ({
  method: 'GET',
  path: `${messagePath(id)}?${messageQuery('full')}`,
})

/** Messages by id, wherever they lie by now: moved, or gone? */
export async function readMessages(
  client: GraphClient,
  refs: readonly ItemRef[],
  signal: AbortSignal,
): Promise<readonly ReadOutcome[]> {
  const answers = await client.batch(
    refs.map(({ id }) => messageRequest(id)),
    signal,
  )
  return refs.map((ref, at) => readOutcome(ref, answers[at]))
}

function readOutcome({ id, collection }: ItemRef, answer: Answer | undefined): ReadOutcome {
  if (answer === undefined) return { outcome: 'unreadable', id, reason: 'Microsoft gave no answer.' }
  if (answer.kind !== 'answered') throw new ConnectorError(answer.failure)
  if (answer.status === 404 || answer.status === 410) return { outcome: 'gone', id }
  if (!isSuccess(answer)) {
    const failure = failureOf(answer)
    if (failure.kind !== 'rejected') throw new ConnectorError(failure)
    return { outcome: 'unreadable', id, reason: failure.message }
  }
  const read = parseMessage(answer.body, collection.id)
  if (!read.ok) return { outcome: 'unreadable', id, reason: read.reason }
  const { item, etag, parentFolderId, receivedAt } = read.value
  const from = collection.window === undefined ? -Infinity : Date.parse(fromOf(collection))
  return {
    outcome: 'found',
    id,
    item,
    etag: asId<ETag>(etag),
    ...(parentFolderId === null ? {} : { collectionExternalId: parentFolderId }),
    inWindow: (receivedAt ?? Infinity) >= from,
  }
}
