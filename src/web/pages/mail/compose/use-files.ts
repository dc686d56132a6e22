import { useEffect, useRef, useState } from 'react'
import { call, type Answer } from '../../../api/client.ts'
import { upload } from '../../../api/upload.ts'
import { formatBytes } from '../../../format.ts'
import { compose as t } from '../../../text/en/mail-compose.ts'
import { tellProblem } from '../../../ui/tell.ts'

type DraftFile = Answer<'GET /api/mail/drafts/:draft'>['attachments'][number]
export interface Uploading {
  readonly key: string
  readonly file: File
  readonly share: number
  readonly problem: string | null
}
export interface Files {
  readonly done: readonly DraftFile[]
  readonly uploading: readonly Uploading[]
  readonly busy: boolean
  readonly add: (files: Iterable<File>) => void
  readonly retry: (key: string) => void
  readonly stop: (key: string) => void
  readonly remove: (file: DraftFile) => void
}
/** What Microsoft takes with one message through an upload session. */
const MICROSOFT_MAX_BYTES = 150 * 1024 * 1024
let last = 0

/** Files of a draft: sent one after the other with progress, refused beforehand when too large, each one can be stopped. */
export function useFiles(
  draft: string,
  first: readonly DraftFile[],
  limit: number | null,
  /** The draft has another version now. */
  onChanged: () => void,
): Files {
  const [done, setDone] = useState(first)
  const [uploading, setUploading] = useState<readonly Uploading[]>([])
  const stops = useRef(new Map<string, AbortController>())
  const queue = useRef(Promise.resolve())
  useEffect(() => {
    const open = stops.current
    return () => open.forEach((one) => one.abort())
  }, [])
  const put = (key: string, patch: Partial<Uploading>): void =>
    setUploading((all) => all.map((one) => (one.key === key ? { ...one, ...patch } : one)))
  const drop = (key: string): void => {
    stops.current.delete(key)
    setUploading((all) => all.filter((one) => one.key !== key))
  }
  const send = (key: string, file: File): void => {
    const stop = new AbortController()
    stops.current.set(key, stop)
    queue.current = queue.current.then(async () => {
      if (stop.signal.aborted) return
      try {
        const stored = await upload(
          'POST /api/mail/drafts/:draft/attachments',
          { params: { draft }, query: { name: file.name, type: file.type || 'application/octet-stream' } },
          file,
          { signal: stop.signal, onProgress: (share) => put(key, { share }) },
        )
        setDone((all) => [...all, stored])
        drop(key)
        onChanged()
      } catch (error) {
        if (stop.signal.aborted) return
        put(key, { problem: error instanceof Error ? error.message : String(error) })
      }
    })
  }
  const add = (files: Iterable<File>): void => {
    const most = Math.min(limit ?? MICROSOFT_MAX_BYTES, MICROSOFT_MAX_BYTES)
    for (const file of files) {
      if (file.size > most) {
        tellProblem(new Error(t.tooLarge(file.name, formatBytes(file.size), formatBytes(most))))
        continue
      }
      const key = `file-${++last}`
      setUploading((all) => [...all, { key, file, share: 0, problem: null }])
      send(key, file)
    }
  }
  return {
    done,
    uploading,
    busy: uploading.some((one) => one.problem === null),
    add,
    retry: (key) => {
      const one = uploading.find((other) => other.key === key)
      if (!one) return
      put(key, { problem: null, share: 0 })
      send(key, one.file)
    },
    stop: (key) => {
      stops.current.get(key)?.abort()
      drop(key)
    },
    remove: (file) => {
      setDone((all) => all.filter((one) => one.id !== file.id))
      call('DELETE /api/mail/drafts/:draft/attachments/:attachment', {
        params: { draft, attachment: file.id },
      }).then(onChanged, (error: Error) => {
        setDone((all) => [...all, file])
        tellProblem(error)
      })
    },
  }
}
