/**
 * Writing what a person does with a message: read, flag, categories (PATCH, guarded by If-Match), folder (move), delete
 * (to Deleted Items). Messages are never made here: mail is sent by the outgoing mail's own road.
 * Sources: "Update message", "message: move", "Delete message".
 */
import { asId, type ETag, type ItemId } from '../../core/ids.ts'
import type { Json } from '../../core/item.ts'
import { sameValue } from '../../core/same.ts'
import type { CollectionRef, Operation, PushOutcome, SettleOutcome } from '../connector.ts'
import { failureOf, isSuccess, type Answer } from './answers.ts'
import { messagePath, messageRequest } from './mail.ts'
import { messageBody, parseMessage } from './mail-wire.ts'
import type { Ask } from './rounds.ts'
import { unreadable, writeTrouble } from './write-outcomes.ts'

type Update = Extract<Operation, { do: 'update' }>
type Delete = Extract<Operation, { do: 'delete' }>

export function pushMessage(ask: Ask, operation: Operation): Promise<PushOutcome> {
  switch (operation.do) {
    case 'create':
      return Promise.resolve({
        outcome: 'rejected',
        code: 'no-create',
        reason: 'A message is made by sending it. Compose it in the CRM and send it.',
      })
    case 'update':
      return updateMessage(ask, operation)
    case 'delete':
      return deleteMessage(ask, operation)
  }
}

async function updateMessage(ask: Ask, operation: Update): Promise<PushOutcome> {
  const { fields, id, ifMatch, moveTo } = operation
  const leaves = fields['folder'] !== undefined
  if (leaves && moveTo === undefined)
    return {
      outcome: 'rejected',
      code: 'no-folder',
      reason: 'The folder that it was moved to is not in Microsoft 365 (any more). Choose another one.',
    }
  const body = messageBody(fields)
  let answer: Answer | null = null
  if (Object.keys(body).length > 0) {
    answer = await ask({ method: 'PATCH', path: messagePath(id), body: body as Json, ifMatch })
    const trouble = writeTrouble(answer)
    if (trouble !== null) return trouble
  }
  if (leaves && moveTo !== undefined) {
    // A move takes nothing away that somebody else wrote, so it needs no guard of its own after the first write.
    answer = await ask({
      method: 'POST',
      path: `${messagePath(id)}/move`,
      body: { destinationId: moveTo.externalId },
      ...(answer === null ? { ifMatch } : {}),
    })
    const trouble = writeTrouble(answer)
    if (trouble !== null) return trouble
  }
  return answer === null ? { outcome: 'stale' } : told(answer, operation)
}

function told(answer: Answer, { collection, moveTo }: Update): PushOutcome {
  if (answer.kind !== 'answered') return unreadable('It was not answered.')
  const read = parseMessage(answer.body, moveTo?.id ?? collection.id)
  if (!read.ok) return unreadable(read.reason)
  const { id, etag, item } = read.value
  return { outcome: 'written', id: asId<ItemId>(id), etag: asId<ETag>(etag), item }
}

async function deleteMessage(ask: Ask, { id, ifMatch }: Delete): Promise<PushOutcome> {
  const answer = await ask({ method: 'DELETE', path: messagePath(id), ifMatch })
  return writeTrouble(answer) ?? { outcome: 'written', id, etag: ifMatch, item: null }
}

/** Writing the same again does no harm, so what is not there yet may simply be written again. */
export async function settleMessage(ask: Ask, operation: Operation): Promise<SettleOutcome> {
  if (operation.do === 'create') return { outcome: 'not-applied' }
  const { collection, id } = operation
  const answer = await ask(messageRequest(id))
  if (answer.kind !== 'answered') {
    const { failure } = answer
    return { outcome: 'unknown', failure }
  }
  const gone = answer.status === 404 || answer.status === 410
  if (!gone && !isSuccess(answer)) return { outcome: 'unknown', failure: failureOf(answer) }
  const read = gone ? null : parseMessage(answer.body, collection.id)
  if (read !== null && !read.ok)
    return { outcome: 'unknown', failure: { kind: 'unavailable', message: read.reason } }
  if (operation.do === 'delete') {
    // Deleted Items is another folder: who left this one was deleted, or moved, which its new folder tells.
    const left = read === null || read.value.parentFolderId !== collection.externalId
    return left ? { outcome: 'written', id, etag: operation.ifMatch, item: null } : { outcome: 'not-applied' }
  }
  const home = read === null ? undefined : homeOf(operation, read.value.parentFolderId)
  // Somebody moved it elsewhere: the next write is refused by its version, and the message looked for.
  if (read === null || home === undefined || !hasBegun(operation, read.value))
    return { outcome: 'not-applied' }
  const { etag, item } = read.value
  const lies = { ...item, fields: { ...item.fields, folder: home.id } }
  return { outcome: 'written', id, etag: asId<ETag>(etag), item: lies }
}

/** Which of the two folders that the change speaks of the message lies in. */
const homeOf = ({ collection, moveTo }: Update, externalId: string | null): CollectionRef | undefined =>
  [moveTo, collection].find((each) => each !== undefined && each.externalId === externalId)

/** A message is changed and then moved: where either arrived, the engine sees by the message what is still to be written. */
function hasBegun(
  { collection, fields, moveTo }: Update,
  now: {
    readonly item: { readonly fields: { readonly [group: string]: Json } }
    readonly parentFolderId: string | null
  },
): boolean {
  return Object.entries(fields).some(([group, value]) =>
    group === 'folder'
      ? now.parentFolderId === (moveTo ?? collection).externalId
      : sameValue(group, now.item.fields[group], value),
  )
}
