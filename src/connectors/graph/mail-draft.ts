/**
 * A draft in the mailbox that follows what a person writes in the CRM: its text, people and files. Each step may be
 * asked for again: the text is put, a file is found again by its content id, which is our mark on it.
 * Sources: "Update message", "attachment: createUploadSession", "Attach large files to Outlook messages".
 */
import { createHash } from 'node:crypto'
import { asId, type ItemId } from '../../core/ids.ts'
import type { DraftMail, FillStep, MailFile, SendStep } from '../connector.ts'
import { failureOf, isObject, isSuccess, type Answer, type JsonObject } from './answers.ts'
import type { GraphClient } from './client.ts'
import { messagePath } from './mail.ts'
import { recipients, stepOf } from './mail-steps.ts'
import { listOf, objectOf, textOf } from './wire.ts'
import { undone, writeTrouble } from './write-outcomes.ts'

export interface Filling {
  readonly draft: ItemId
  readonly mail: DraftMail
  readonly files: readonly MailFile[]
  readonly expected: string | null
  readonly signal: AbortSignal
}

/** Larger files go by an upload session, which refuses smaller ones: 3 MB, of which base64 makes 4. */
const POSTED_BYTES_MAX = 3 * 1024 * 1024 - 1
/** A multiple of 320 KiB, below 4 MB. */
const RANGE_BYTES = 12 * 327_680
const OUR_MARK = /@syncline$/
const HELD = 'isDraft,subject,body,toRecipients,ccRecipients,bccRecipients,importance'

export async function fillDraft(client: GraphClient, filling: Filling): Promise<FillStep> {
  const { draft, mail, expected, signal } = filling
  const before = await client.send({ method: 'GET', path: `${messagePath(draft)}?$select=${HELD}` }, signal)
  const trouble = readTrouble(before)
  if (trouble !== null) return trouble
  const held = bodyOf(before)
  if (held['isDraft'] === false) return { outcome: 'gone' }
  if (expected !== null && printOf(held) !== expected) return { outcome: 'stale' }
  const patched = await client.send(
    {
      method: 'PATCH',
      path: messagePath(draft),
      body: {
        subject: mail.subject,
        body: { contentType: mail.body.type, content: mail.body.content },
        toRecipients: recipients(mail.to),
        ccRecipients: recipients(mail.cc),
        bccRecipients: recipients(mail.bcc),
        importance: mail.importance,
      },
    },
    signal,
  )
  const refused = writeTrouble(patched)
  if (refused !== null)
    return refused.outcome === 'gone' || refused.outcome === 'stale'
      ? { outcome: refused.outcome }
      : refused.outcome === 'written'
        ? { outcome: 'gone' }
        : stepOf(refused)
  const files = await placeFiles(client, filling)
  if (files !== null) return files
  const after = await client.send({ method: 'GET', path: `${messagePath(draft)}?$select=${HELD}` }, signal)
  return readTrouble(after) ?? { outcome: 'done', id: draft, print: printOf(bodyOf(after)) }
}

const bodyOf = (answer: Answer): JsonObject =>
  answer.kind === 'answered' && isObject(answer.body) ? answer.body : {}

function readTrouble(answer: Answer): FillStep | null {
  if (answer.kind !== 'answered') return { outcome: 'not-sent', failure: answer.failure }
  if (answer.status === 404 || answer.status === 410) return { outcome: 'gone' }
  return isSuccess(answer) ? null : { outcome: 'not-sent', failure: failureOf(answer) }
}

/** What a draft holds, as one short text: versions of a draft change by themselves, and say nothing about a person. */
function printOf(held: JsonObject): string {
  const people = (name: string): unknown[] =>
    listOf(held, name).map((one) =>
      isObject(one) ? textOf(objectOf(one, 'emailAddress') ?? {}, 'address')?.toLowerCase() : null,
    )
  const body = objectOf(held, 'body')
  const content = [
    textOf(held, 'subject') ?? '',
    ...['toRecipients', 'ccRecipients', 'bccRecipients'].map(people),
    body === null ? '' : (textOf(body, 'content') ?? ''),
    textOf(held, 'importance') ?? '',
  ]
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url')
}

/** Null when the draft has these files of ours and no other ones of ours. What Microsoft put there itself stays. */
async function placeFiles(client: GraphClient, { draft, files, signal }: Filling): Promise<FillStep | null> {
  const path = `${messagePath(draft)}/attachments`
  const listed = await client.send(
    { method: 'GET', path: `${path}?$select=id,microsoft.graph.fileAttachment/contentId&$top=500` },
    signal,
  )
  const trouble = readTrouble(listed)
  if (trouble !== null) return trouble
  const there = new Map<string, string>()
  for (const raw of listOf(bodyOf(listed), 'value'))
    if (isObject(raw)) {
      const contentId = (textOf(raw, 'contentId') ?? '').replace(/^<|>$/g, '')
      if (OUR_MARK.test(contentId)) there.set(contentId, textOf(raw, 'id') ?? '')
    }
  for (const file of files) {
    if (there.delete(file.contentId)) continue
    const step =
      file.size <= POSTED_BYTES_MAX
        ? await post(client, path, file, signal)
        : await uploadLarge(client, path, file, signal)
    if (step !== null) return step
  }
  for (const id of there.values()) {
    const gone = await client.send({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` }, signal)
    if (gone.kind !== 'answered') return { outcome: 'not-sent', failure: gone.failure }
  }
  return null
}

async function post(
  client: GraphClient,
  path: string,
  file: MailFile,
  signal: AbortSignal,
): Promise<FillStep | null> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await file.open(0)) chunks.push(chunk)
  return written(
    await client.send(
      {
        method: 'POST',
        path,
        body: {
          '@odata.type': '#microsoft.graph.fileAttachment',
          name: file.name,
          contentType: file.contentType,
          contentId: file.contentId,
          isInline: file.inline,
          contentBytes: Buffer.concat(chunks).toString('base64'),
        },
      },
      signal,
    ),
  )
}

/** Ranges in order from a stream; no more than one of them is in memory. A session that broke off is begun anew. */
async function uploadLarge(
  client: GraphClient,
  path: string,
  file: MailFile,
  signal: AbortSignal,
): Promise<FillStep | null> {
  const opened = await client.send(
    {
      method: 'POST',
      path: `${path}/createUploadSession`,
      body: {
        AttachmentItem: {
          attachmentType: 'file',
          name: file.name,
          size: file.size,
          contentType: file.contentType,
          contentId: file.contentId,
          isInline: file.inline,
        },
      },
    },
    signal,
  )
  const trouble = written(opened)
  if (trouble !== null) return trouble
  const url = textOf(bodyOf(opened), 'uploadUrl')
  if (url === null)
    return { outcome: 'not-sent', failure: { kind: 'unavailable', message: 'Microsoft opened no upload.' } }
  let at = 0
  const send = async (bytes: Uint8Array): Promise<FillStep | null> => {
    const range = `bytes ${at}-${at + bytes.length - 1}/${file.size}`
    at += bytes.length
    return written(
      await client.upload(
        url,
        bytes,
        {
          'content-type': 'application/octet-stream',
          'content-length': String(bytes.length),
          'content-range': range,
        },
        signal,
      ),
    )
  }
  let waiting: Uint8Array[] = []
  let size = 0
  for await (const chunk of await file.open(0)) {
    waiting.push(chunk)
    size += chunk.length
    while (size >= RANGE_BYTES) {
      const all = Buffer.concat(waiting)
      const step = await send(all.subarray(0, RANGE_BYTES))
      if (step !== null) return step
      waiting = [all.subarray(RANGE_BYTES)]
      size -= RANGE_BYTES
    }
  }
  return size === 0 ? null : send(Buffer.concat(waiting))
}

function written(answer: Answer): FillStep | null {
  if (answer.kind !== 'answered') {
    const step = undone(answer)
    // A file whose answer was lost is found by its mark the next time.
    return step.outcome === 'unknown' || step.outcome === 'not-sent'
      ? { outcome: 'not-sent', failure: step.failure }
      : step.outcome === 'rejected'
        ? { outcome: 'rejected', reason: step.reason }
        : { outcome: 'gone' }
  }
  if (isSuccess(answer)) return null
  if (answer.status === 404 || answer.status === 410) return { outcome: 'gone' }
  const failure = failureOf(answer)
  return failure.kind === 'rejected'
    ? { outcome: 'rejected', reason: `A file could not be attached. ${failure.message}` }
    : { outcome: 'not-sent', failure }
}

export async function discardDraft(
  client: GraphClient,
  draft: ItemId,
  signal: AbortSignal,
): Promise<SendStep | { readonly outcome: 'gone' }> {
  const held = await client.send({ method: 'GET', path: `${messagePath(draft)}?$select=isDraft` }, signal)
  if (held.kind !== 'answered') return { outcome: 'not-sent', failure: held.failure }
  if (held.status === 404 || held.status === 410 || bodyOf(held)['isDraft'] === false)
    return { outcome: 'gone' }
  if (!isSuccess(held)) return { outcome: 'not-sent', failure: failureOf(held) }
  const trouble = writeTrouble(await client.send({ method: 'DELETE', path: messagePath(draft) }, signal))
  if (trouble === null) return { outcome: 'done', id: asId<ItemId>(draft) }
  if (trouble.outcome === 'gone' || trouble.outcome === 'written') return { outcome: 'gone' }
  return stepOf(trouble)
}
