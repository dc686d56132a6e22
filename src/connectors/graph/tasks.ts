/** To Do: which lists there are, what changed in one, what a task is now. Source: "todoTask: delta". */
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
import { failureOf, isObject, isSuccess, type Answer, type GraphPage, type JsonObject } from './answers.ts'
import type { GraphClient } from './client.ts'
import { encodeCursor, nextState, PAGE_SIZE, type DeltaReader, type RoundState } from './delta.ts'
import { together, type Ask } from './rounds.ts'
import { parseTask, type ParsedTask, type Telling } from './tasks-wire.ts'
import { graphZone, textOf } from './wire.ts'

const CHILDREN = '$expand=checklistItems,linkedResources'
/** More tasks than this are not read one by one to learn whether they repeat: one listing tells it of all. */
const SINGLE_READS_MAX = 20

interface Memory {
  /** The recurrence of each open task that repeats, by id, once it had to be asked for. */
  repeating: ReadonlyMap<string, unknown> | null
}

export const listPath = (collection: CollectionRef): string =>
  `/todo/lists/${encodeURIComponent(collection.externalId)}/tasks`

export const taskPath = (collection: CollectionRef, id: string): string =>
  `${listPath(collection)}/${encodeURIComponent(id)}`

/** To Do gives and takes dates in the zone that is asked for, and confirms it with nothing. */
export const inZone = (collection: CollectionRef): string =>
  `outlook.timezone="${graphZone(collection.zone) ?? 'UTC'}"`

export async function listTaskLists(
  client: GraphClient,
  signal: AbortSignal,
): Promise<readonly RemoteCollection[]> {
  const raws = await client.list({ method: 'GET', path: '/todo/lists?$top=100' }, signal)
  return raws.flatMap((raw): RemoteCollection[] => {
    if (!isObject(raw)) return []
    const id = textOf(raw, 'id')
    if (id === null) return []
    const wellKnown = textOf(raw, 'wellknownListName') ?? 'none'
    return [
      {
        externalId: id,
        name: textOf(raw, 'displayName') ?? '',
        isDefault: wellKnown === 'defaultList',
        // Flagged mails show up here; they are made and unmade in the mailbox's folders.
        canWrite: wellKnown !== 'flaggedEmails',
        ...(wellKnown === 'none' ? {} : { wellKnown }),
      },
    ]
  })
}

/** Steps and our mark come with each task where the service takes `$expand`; else tasks are read one by one. */
export function tasksReader(client: GraphClient): DeltaReader<Memory> {
  return {
    memory: () => ({ repeating: null }),
    modes: ['expanded', 'plain'],
    begin: (collection, mode) => `${listPath(collection)}/delta${mode === 'expanded' ? `?${CHILDREN}` : ''}`,
    request: (collection, path, pageSize) => ({
      method: 'GET',
      path,
      prefer: `odata.maxpagesize=${pageSize}, ${inZone(collection)}`,
    }),
    digest: (collection, state, page, memory, signal) =>
      digest(client, collection, state, page, memory, signal),
  }
}

async function digest(
  client: GraphClient,
  collection: CollectionRef,
  state: RoundState,
  page: GraphPage,
  memory: Memory,
  signal: AbortSignal,
): Promise<{ page: Page; state: RoundState }> {
  const observed: Observation[] = []
  const silent: JsonObject[] = []
  const single: string[] = []
  // A page that tells of one recurrence tells of all.
  const telling = page.value.some((raw) => isObject(raw) && isObject(raw['recurrence']))
    ? 'single'
    : 'listing'
  for (const raw of page.value) {
    const id = isObject(raw) ? textOf(raw, 'id') : null
    if (!isObject(raw) || id === null) continue
    if (raw['@removed'] !== undefined) {
      observed.push({ kind: 'tombstone', id: asId<ItemId>(id), collection: collection.id })
      continue
    }
    const read = parseTask(raw, collection.zone, telling)
    if (!read.ok) observed.push(malformed(collection, id, read.reason))
    else if (read.value.untold.includes('steps')) single.push(id)
    else if (read.value.untold.includes('recurrence')) silent.push(raw)
    else observed.push(seen(collection, read.value))
  }
  if (state.initial ? silent.length > 0 : silent.length > SINGLE_READS_MAX) {
    memory.repeating ??= await repeatingTasks(client, collection, signal)
    for (const raw of silent.splice(0)) {
      const id = textOf(raw, 'id') ?? ''
      const read = parseTask({ ...raw, recurrence: memory.repeating.get(id) ?? null }, collection.zone)
      observed.push(read.ok ? seen(collection, read.value) : malformed(collection, id, read.reason))
    }
  }
  for (const raw of silent) single.push(textOf(raw, 'id') ?? '')
  const routines = single.map((id) => (ask: Ask) => askTask(ask, id, collection))
  observed.push(...(await together(client, routines, signal)))
  const next = nextState(state, page, [])
  return {
    page: {
      kind: state.initial ? 'snapshot' : 'delta',
      observed,
      next: encodeCursor(next),
      last: page.nextLink === null,
    },
    state: next,
  }
}

/** Listings tell of recurrences only when they are filtered by status, as integrators found. */
async function repeatingTasks(
  client: GraphClient,
  collection: CollectionRef,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, unknown>> {
  const filter = encodeURIComponent("status ne 'completed'")
  const raws = await client.list(
    {
      method: 'GET',
      path: `${listPath(collection)}?$filter=${filter}`,
      prefer: `odata.maxpagesize=${PAGE_SIZE}`,
    },
    signal,
  )
  const repeating = new Map<string, unknown>()
  for (const raw of raws)
    if (isObject(raw) && isObject(raw['recurrence']))
      repeating.set(textOf(raw, 'id') ?? '', raw['recurrence'])
  return repeating
}

const malformed = (collection: CollectionRef, id: string, reason: string): Observation => ({
  kind: 'malformed',
  id: asId<ItemId>(id),
  reason,
  collection: collection.id,
})

const seen = (collection: CollectionRef, task: ParsedTask): Observation => ({
  kind: 'item',
  id: asId<ItemId>(task.id),
  item: task.item,
  etag: asId<ETag>(task.etag),
  collection: collection.id,
})

async function askTask(ask: Ask, id: string, collection: CollectionRef): Promise<Observation> {
  const loaded = await loadTask(ask, id, collection)
  switch (loaded.kind) {
    case 'found':
      return seen(collection, loaded.task)
    case 'gone':
      return { kind: 'tombstone', id: asId<ItemId>(id), collection: collection.id }
    case 'malformed':
      return { kind: 'malformed', id: asId<ItemId>(id), reason: loaded.reason, collection: collection.id }
    case 'failed':
      throw new ConnectorError(loaded.failure)
  }
}

export type LoadedTask =
  | { readonly kind: 'found'; readonly task: ParsedTask; readonly raw: JsonObject }
  | { readonly kind: 'gone' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: ConnectorError['failure'] }

/** A task as it is now, with its steps and our mark. */
export async function loadTask(ask: Ask, id: string, collection: CollectionRef): Promise<LoadedTask> {
  const answer = await ask({
    method: 'GET',
    path: `${taskPath(collection, id)}?${CHILDREN}`,
    prefer: inZone(collection),
  })
  return understandTask(answer, collection)
}

export function understandTask(
  answer: Answer,
  collection: CollectionRef,
  telling: Telling = 'single',
): LoadedTask {
  if (answer.kind !== 'answered') return { kind: 'failed', failure: answer.failure }
  if (answer.status === 404) {
    const failure = failureOf(answer)
    return failure.kind === 'unauthorized' ? { kind: 'failed', failure } : { kind: 'gone' }
  }
  if (!isSuccess(answer) || !isObject(answer.body)) return { kind: 'failed', failure: failureOf(answer) }
  const read = parseTask(answer.body, collection.zone, telling)
  return read.ok
    ? { kind: 'found', task: read.value, raw: answer.body }
    : { kind: 'malformed', reason: read.reason }
}

/** A task that was moved to another list has another id there: here it is gone, and its mark is seen again there. */
export async function readTasks(
  client: GraphClient,
  refs: readonly ItemRef[],
  signal: AbortSignal,
): Promise<readonly ReadOutcome[]> {
  return together(
    client,
    refs.map((ref) => async (ask: Ask): Promise<ReadOutcome> => {
      const { id, collection } = ref
      const loaded = await loadTask(ask, id, collection)
      switch (loaded.kind) {
        case 'found':
          return {
            outcome: 'found',
            id,
            item: loaded.task.item,
            etag: asId<ETag>(loaded.task.etag),
            collectionExternalId: collection.externalId,
            inWindow: true,
          }
        case 'gone':
          return { outcome: 'gone', id }
        case 'malformed':
          return { outcome: 'unreadable', id, reason: loaded.reason }
        case 'failed': {
          const { failure } = loaded
          if (failure.kind !== 'rejected' && failure.kind !== 'unauthorized')
            throw new ConnectorError(failure)
          return { outcome: 'unreadable', id, reason: failure.message }
        }
      }
    }),
    signal,
  )
}
