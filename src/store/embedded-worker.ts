/**
 * The thread in which the embedded PostgreSQL (PGlite) lives: bytes of the PostgreSQL wire protocol in, bytes out.
 * Nothing is parsed here, so that the embedded and the served database are spoken to by one and the same client.
 *
 * Durability: as it comes, PGlite runs with fsync off, and its Node file system has no fsync at all, so a commit
 * would not survive a power cut. Three things change that: the file system below that does fsync, `fsync=on` without
 * `-F`, and `wal_sync_method=fsync` (the default, fdatasync, never reaches the file system layer).
 */
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'

export interface WorkerSettings {
  readonly folder: string
  readonly durability: 'full' | 'process-crash-only'
  readonly sharedBuffersMb: number
}
export type ToWorker =
  { readonly do: 'bytes'; readonly bytes: Uint8Array } | { readonly do: 'fsyncs' } | { readonly do: 'close' }
export type FromWorker =
  | { readonly is: 'ready' }
  | { readonly is: 'failed'; readonly message: string }
  | { readonly is: 'bytes'; readonly bytes: Uint8Array }
  | { readonly is: 'fsyncs'; readonly count: number }
  | { readonly is: 'closed' }

let fsyncs = 0

/** What of Emscripten's file system is used: the open stream has its descriptor in `nfd` when it is a file. */
interface OpenStream {
  readonly nfd?: number
  readonly path?: string
}
interface ModuleWithFiles {
  readonly NODEFS: { readonly stream_ops: { fsync?: (stream: OpenStream) => number } }
}

class SyncingNodeFS extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options)
    const folder = this.rootDir
    const addFsync = (module: unknown): void => {
      ;(module as ModuleWithFiles).NODEFS.stream_ops.fsync = (stream) => {
        fsyncs++
        if (stream.nfd !== undefined) fsyncSync(stream.nfd)
        else syncFolder(join(folder, (stream.path ?? '').replace(/^.*\/data\/?/, '')))
        return 0
      }
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), addFsync] } }
  }
}

/** PostgreSQL syncs folders too, so that a renamed file stays renamed. Windows cannot, and does not need it. */
function syncFolder(path: string): void {
  if (process.platform === 'win32' || !existsSync(path)) return
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function startParams(settings: WorkerSettings): string[] {
  const full = settings.durability === 'full'
  return [
    ...PGlite.defaultStartParams.filter((one) => one !== '-F' || !full),
    ...(full ? ['-c', 'fsync=on', '-c', 'wal_sync_method=fsync'] : []),
    '-c',
    `shared_buffers=${settings.sharedBuffersMb}MB`,
    // New segments of the log need not be filled with zeros first: that writes each of them twice.
    '-c',
    'wal_init_zero=off',
  ]
}

const port = parentPort
if (port === null) throw new Error('This file runs in a worker thread only.')
const answer = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer)

async function serve(settings: WorkerSettings): Promise<void> {
  const database = await PGlite.create({
    fs: new SyncingNodeFS(resolve(settings.folder)),
    startParams: startParams(settings),
  })
  port?.on('message', (message: ToWorker) => {
    if (message.do === 'bytes') {
      const bytes = database.execProtocolRawSync(message.bytes)
      if (bytes.byteLength > 0) answer({ is: 'bytes', bytes }, [bytes.buffer as ArrayBuffer])
    } else if (message.do === 'fsyncs') {
      answer({ is: 'fsyncs', count: fsyncs })
    } else {
      void database.close().then(() => answer({ is: 'closed' }))
    }
  })
  answer({ is: 'ready' })
}

serve(workerData as WorkerSettings).catch((error: unknown) =>
  answer({ is: 'failed', message: error instanceof Error ? error.message : String(error) }),
)
