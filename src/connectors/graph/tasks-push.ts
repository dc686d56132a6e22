/**
 * Writing tasks. To Do has no key that makes a repeated create one task, and documents no If-Match: so each task that we
 * make carries our mark, the newest ones of a list are looked at before more are made, and a task is read before it is
 * changed (a small race stays).
 */
import { asId, type ETag, type ItemId } from '../../core/ids.ts'
import { taskFields, type Fields, type Item, type Json, type TaskFields } from '../../core/item.ts'
import { sameValue } from '../../core/same.ts'
import type { CollectionRef, Operation, PushOutcome, SettleOutcome } from '../connector.ts'
import { expectPage, failureOf, isObject, isSuccess, type Answer, type JsonObject } from './answers.ts'
import type { GraphClient, GraphRequest } from './client.ts'
import type { Ask } from './rounds.ts'
import { inZone, listPath, loadTask, taskPath, understandTask, type LoadedTask } from './tasks.ts'
import {
  MARKER_APPLICATION,
  markerOf,
  parseTask,
  startToRestore,
  stepsOf,
  taskBody,
  type ParsedTask,
  type Step,
} from './tasks-wire.ts'
import { idOf, textOf } from './wire.ts'
import { refusal, undone, unreadable, writeTrouble } from './write-outcomes.ts'

type Create = Extract<Operation, { do: 'create' }>
type Update = Extract<Operation, { do: 'update' }>
type Delete = Extract<Operation, { do: 'delete' }>

/** Of a list, newest first: where a create that is sent again would find itself. */
const RECENT_TASKS = 100
const SETTLE_PAGES_MAX = 100

/** Tasks by the mark that they carry. */
export type Marked = ReadonlyMap<string, JsonObject>

/** Looks at the newest tasks of each list that a task is to be made in: one request for each list. */
export async function lookFirst(
  client: GraphClient,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<Marked> {
  const lists = new Map<string, CollectionRef>()
  for (const { do: kind, collection } of operations)
    if (kind === 'create' && collection.channel === 'tasks') lists.set(collection.externalId, collection)
  const answers = await client.batch([...lists.values()].map(recentRequest), signal)
  const marked = new Map<string, JsonObject>()
  for (const answer of answers) {
    // A list that cannot be read is told by the create itself.
    if (answer.kind !== 'answered' || !isSuccess(answer)) continue
    for (const raw of expectPage(answer).value) {
      const key = isObject(raw) ? markerOf(raw) : null
      if (isObject(raw) && key !== null) marked.set(key, raw)
    }
  }
  return marked
}

const recentRequest = (collection: CollectionRef): GraphRequest => ({
  method: 'GET',
  path: `${listPath(collection)}?$orderby=createdDateTime%20desc&$top=${RECENT_TASKS}&$expand=checklistItems,linkedResources`,
  prefer: inZone(collection),
})

export function pushTask(ask: Ask, operation: Operation, marked: Marked): Promise<PushOutcome> {
  switch (operation.do) {
    case 'create':
      return createTask(ask, operation, marked)
    case 'update':
      return updateTask(ask, operation)
    case 'delete':
      return deleteTask(ask, operation)
  }
}

async function createTask(ask: Ask, { collection, item, key }: Create, marked: Marked): Promise<PushOutcome> {
  const whole = taskFields({ fields: item.fields })
  const made = marked.get(key)
  if (made !== undefined) return foundAgain(await reloaded(ask, idOf(made), collection))
  const written = taskBody(given(item), whole, collection.zone)
  if (!written.ok) return { outcome: 'rejected', reason: written.reason, code: written.code }
  const answer = await ask({
    method: 'POST',
    path: listPath(collection),
    prefer: inZone(collection),
    body: {
      ...written.body,
      linkedResources: [
        { applicationName: MARKER_APPLICATION, displayName: MARKER_APPLICATION, externalId: key },
      ],
    },
  })
  if (answer.kind !== 'answered') return undone(answer)
  if (!isSuccess(answer)) return refusal(answer)
  const parsed = parseTask(answer.body, collection.zone)
  if (!parsed.ok || !isObject(answer.body)) return unreadable(parsed.ok ? 'It is no object.' : parsed.reason)
  const { id } = parsed.value
  // A group that is missing was never reported: no more than none.
  const steps = whole.steps ?? []
  if (steps.length === 0) return outcomeOf({ ...answer.body, checklistItems: [] }, collection)
  const trouble = await writeSteps(ask, id, collection, [], steps)
  return trouble ?? reloaded(ask, id, collection)
}

const foundAgain = (outcome: PushOutcome): PushOutcome =>
  outcome.outcome === 'written' ? { ...outcome, found: true } : outcome

/** Only what has a value: the rest is as a new task has it anyway. */
function given(item: Item): Fields {
  return Object.fromEntries(
    Object.entries(item.fields).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  )
}

async function updateTask(ask: Ask, operation: Update): Promise<PushOutcome> {
  const { collection, fields, id, ifMatch, whole } = operation
  const current = await loadTask(ask, id, collection)
  const trouble = troubleOf(current, ifMatch)
  if (trouble !== null || current.kind !== 'found') return trouble ?? { outcome: 'stale' }
  const all: TaskFields = taskFields(whole)
  const { steps: _steps, ...rest } = fields
  let latest: JsonObject = current.raw
  if (Object.keys(rest).length > 0) {
    const written = taskBody(rest, all, collection.zone)
    if (!written.ok) return { outcome: 'rejected', reason: written.reason, code: written.code }
    const bodies: Json[] = [written.body]
    const restored = startToRestore(rest, all, collection.zone)
    if (restored !== null) bodies.push(restored)
    for (const [at, body] of bodies.entries()) {
      if (isObject(body) && Object.keys(body).length === 0) continue
      const answer = await ask({
        method: 'PATCH',
        path: taskPath(collection, id),
        prefer: inZone(collection),
        body,
        // The second one follows our own first.
        ...(at === 0 && ifMatch !== '' ? { ifMatch } : {}),
      })
      const refused = writeTrouble(answer)
      if (refused !== null) return refused
      if (answer.kind === 'answered' && isObject(answer.body)) latest = answer.body
    }
  }
  if ('steps' in fields) {
    const refused = await writeSteps(ask, id, collection, stepsOf(current.raw), all.steps)
    return refused ?? asCompleted(operation, await reloaded(ask, id, collection))
  }
  const { checklistItems, linkedResources } = current.raw
  return asCompleted(operation, outcomeOf({ ...latest, checklistItems, linkedResources }, collection))
}

/**
 * A recurring task that is completed takes that, and then goes on by itself: open again, due on its next date. The write
 * came true, and what followed is a change of its own. It is answered so, with the version from before, and the next
 * pull tells the rest.
 */
function asCompleted<T extends PushOutcome | SettleOutcome>(
  { fields, ifMatch, whole }: Update,
  outcome: T,
): T {
  if (outcome.outcome !== 'written' || outcome.item === null || fields['status'] !== 'completed')
    return outcome
  const { completed, due, recurrence, start } = taskFields(whole)
  if (recurrence === null || taskFields(outcome.item).status === 'completed') return outcome
  const item = {
    ...outcome.item,
    fields: { ...outcome.item.fields, status: 'completed', completed, due, start },
  }
  return { ...outcome, etag: ifMatch, item }
}

async function deleteTask(ask: Ask, { collection, id, ifMatch }: Delete): Promise<PushOutcome> {
  const current = await loadTask(ask, id, collection)
  const trouble = troubleOf(current, ifMatch)
  if (trouble !== null) return trouble
  const answer = await ask({
    method: 'DELETE',
    path: taskPath(collection, id),
    ...(ifMatch === '' ? {} : { ifMatch }),
  })
  return writeTrouble(answer) ?? { outcome: 'written', id, etag: ifMatch, item: null }
}

/** Makes the steps what they should be with as few writes as that takes: a step is known by its title. */
async function writeSteps(
  ask: Ask,
  id: string,
  collection: CollectionRef,
  present: readonly Step[],
  wanted: TaskFields['steps'],
): Promise<PushOutcome | null> {
  const path = `${taskPath(collection, id)}/checklistItems`
  const left = [...present]
  const requests: GraphRequest[] = []
  for (const { title, done } of wanted) {
    const at = left.findIndex((step) => step.title === title)
    const [step] = at < 0 ? [] : left.splice(at, 1)
    if (step === undefined)
      requests.push({ method: 'POST', path, body: { displayName: title, isChecked: done } })
    else if (step.done !== done)
      requests.push({
        method: 'PATCH',
        path: `${path}/${encodeURIComponent(step.id)}`,
        body: { isChecked: done },
      })
  }
  for (const step of left) requests.push({ method: 'DELETE', path: `${path}/${encodeURIComponent(step.id)}` })
  // One after the other: they are told apart by the order in which they were made.
  for (const request of requests) {
    const trouble = writeTrouble(await ask(request))
    if (trouble !== null) return trouble
  }
  return null
}

async function reloaded(ask: Ask, id: string, collection: CollectionRef): Promise<PushOutcome> {
  const now = await loadTask(ask, id, collection)
  switch (now.kind) {
    case 'found':
      return written(now.task.id, now.task.etag, now.task.item)
    case 'gone':
      return { outcome: 'gone' }
    case 'malformed':
      return unreadable(now.reason)
    case 'failed':
      return { outcome: 'unknown', failure: now.failure }
  }
}

function outcomeOf(raw: JsonObject, collection: CollectionRef): PushOutcome {
  const read = parseTask(raw, collection.zone)
  return read.ok ? written(read.value.id, read.value.etag, read.value.item) : unreadable(read.reason)
}

const written = (id: string, etag: string, item: Item): Extract<PushOutcome, { outcome: 'written' }> => ({
  outcome: 'written',
  id: asId<ItemId>(id),
  etag: asId<ETag>(etag),
  item,
})

function troubleOf(loaded: LoadedTask, ifMatch: string): PushOutcome | null {
  switch (loaded.kind) {
    case 'found':
      return loaded.task.etag === ifMatch || ifMatch === '' ? null : { outcome: 'stale' }
    case 'gone':
      return { outcome: 'gone' }
    case 'malformed':
      return { outcome: 'rejected', code: 'malformed', reason: loaded.reason }
    case 'failed':
      return { outcome: 'not-sent', failure: loaded.failure }
  }
}

export async function settleTask(ask: Ask, operation: Operation): Promise<SettleOutcome> {
  if (operation.do === 'create') return settleCreate(ask, operation)
  const { collection, id, ifMatch } = operation
  const now = await loadTask(ask, id, collection)
  if (now.kind === 'failed') return { outcome: 'unknown', failure: now.failure }
  if (now.kind === 'malformed')
    return { outcome: 'unknown', failure: { kind: 'unavailable', message: now.reason } }
  if (operation.do === 'delete')
    return now.kind === 'gone'
      ? { outcome: 'written', id, etag: ifMatch, item: null }
      : { outcome: 'not-applied' }
  // Sent again, it would be read first: whatever else happened to the task is seen then.
  if (now.kind === 'gone') return { outcome: 'not-applied' }
  if (!hasBegun(operation, now.task)) return { outcome: 'not-applied' }
  return asCompleted(operation, written(now.task.id, now.task.etag, now.task.item))
}

/**
 * Whether any part of a change stands. It takes up to three kinds of requests, and the steps one each: where one of them
 * arrived, the item as it stands is told, and the engine sees by it what is still to be written. Called not applied, the
 * part that stands would be taken for somebody's edit.
 */
function hasBegun({ fields, ifMatch, whole }: Update, { etag, item: now }: ParsedTask): boolean {
  const all = taskFields(whole)
  const today = taskFields(now)
  // A recurring task that was completed has moved on to its next date and is open again.
  if (fields['status'] === 'completed' && all.recurrence !== null && today.due !== all.due) return true
  const ours = new Set(all.steps.map(({ title }) => title))
  // Of steps that are all taken away nothing is left to be known by: whatever changed may have been that.
  const touched = ifMatch !== '' && etag !== ifMatch
  return Object.entries(fields).some(
    ([group, value]) =>
      sameValue(group, now.fields[group], value) ||
      (group === 'steps' &&
        (all.steps.length === 0 ? touched : today.steps.some(({ title }) => ours.has(title)))),
  )
}

/** Looks through the whole list, newest first. A task that was moved meanwhile carries its mark to the other list. */
async function settleCreate(ask: Ask, { collection, key }: Create): Promise<SettleOutcome> {
  let request: GraphRequest | null = recentRequest(collection)
  for (let pages = 0; request !== null && pages < SETTLE_PAGES_MAX; pages++) {
    const answer: Answer = await ask(request)
    if (answer.kind !== 'answered') return { outcome: 'unknown', failure: answer.failure }
    if (!isSuccess(answer) || !isObject(answer.body))
      return { outcome: 'unknown', failure: failureOf(answer) }
    const page = expectPage(answer)
    const found = page.value.filter(isObject).find((raw) => markerOf(raw) === key)
    if (found !== undefined) {
      const loaded = understandTask({ ...answer, body: found }, collection, 'listing')
      const complete =
        loaded.kind === 'found' && loaded.task.untold.length > 0
          ? await loadTask(ask, idOf(found), collection)
          : loaded
      if (complete.kind === 'found') return written(complete.task.id, complete.task.etag, complete.task.item)
      if (complete.kind === 'failed') return { outcome: 'unknown', failure: complete.failure }
      if (complete.kind === 'malformed')
        return { outcome: 'unknown', failure: { kind: 'unavailable', message: complete.reason } }
    }
    const next: string | null = textOf(answer.body, '@odata.nextLink')
    request = next === null ? null : { ...request, path: next }
  }
  if (request === null) return { outcome: 'not-applied' }
  return {
    outcome: 'unknown',
    failure: { kind: 'unavailable', message: 'The task list is too long to be searched to its end.' },
  }
}
