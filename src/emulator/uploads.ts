/**
 * Upload sessions: a pre-authenticated address that takes ranges in order. Source: "Attach large files to Outlook
 * messages or events", "taskFileAttachment: createUploadSession".
 */
import { codeOf } from './chance.ts'
import { instantText } from './clock.ts'
import { GraphError, itemNotFound } from './errors.ts'
import type { Store } from './state.ts'

export interface UploadPlan {
  readonly kind: 'event' | 'message' | 'todoTask'
  /** Object id of the mailbox's owner. */
  readonly mailbox: string
  /** Key of the item. */
  readonly parent: string
  readonly name: string
  readonly size: number
  readonly contentType: string
  readonly isInline: boolean
  readonly contentId: string | null
}

export interface Upload {
  readonly token: string
  readonly plan: UploadPlan
  readonly expires: number
  readonly chunks: Uint8Array[]
  received: number
}

const LIFE_MILLISECONDS = 7 * 86_400_000
/** Bytes of one PUT. */
const RANGE_BYTES_MAX = 4 * 1024 * 1024

function uploads(store: Store): Map<string, Upload> {
  let all = store.data.extra.get('uploads') as Map<string, Upload> | undefined
  if (all === undefined) {
    all = new Map()
    store.data.extra.set('uploads', all)
  }
  return all
}

export function openUpload(store: Store, plan: UploadPlan): Upload {
  const token = codeOf(store.data.seed ^ 0x10ad, ++store.data.counter, 48)
  const upload: Upload = { token, plan, expires: store.now() + LIFE_MILLISECONDS, chunks: [], received: 0 }
  uploads(store).set(token, upload)
  return upload
}

export function findUpload(store: Store, token: string): Upload {
  const upload = uploads(store).get(token)
  if (upload === undefined || upload.expires <= store.now()) throw itemNotFound()
  return upload
}

export function closeUpload(store: Store, upload: Upload): void {
  uploads(store).delete(upload.token)
}

const RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/

/** Takes one range. Returns the whole content when it was the last, as base64. */
export function receive(
  store: Store,
  upload: Upload,
  range: string | undefined,
  bytes: Uint8Array,
): string | null {
  const match = RANGE.exec(range ?? '')
  if (match === null)
    throw new GraphError(400, 'ErrorInvalidRequest', 'The Content-Range header is missing or malformed.')
  const [from, to, total] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (bytes.length > RANGE_BYTES_MAX)
    throw new GraphError(413, 'RequestEntityTooLarge', 'A range can have at most 4 MB.')
  if (total !== upload.plan.size || to - from + 1 !== bytes.length || to >= total)
    throw new GraphError(
      400,
      'ErrorInvalidRequest',
      'The Content-Range does not fit the content or the size of the session.',
    )
  if (from !== upload.received)
    throw new GraphError(416, 'invalidRange', `The next expected range begins at ${upload.received}.`)
  upload.chunks.push(bytes)
  upload.received += bytes.length
  if (upload.received < total) return null
  closeUpload(store, upload)
  return Buffer.concat(upload.chunks).toString('base64')
}

export function renderProgress(upload: Upload): Record<string, unknown> {
  return { ExpirationDateTime: instantText(upload.expires), NextExpectedRanges: [`${upload.received}-`] }
}
