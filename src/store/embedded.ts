import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerSettings } from './embedded-worker.ts'
import { lockFolder } from './folder-lock.ts'
import { restoreTemplate } from './template-folder.ts'

/**
 * The embedded PostgreSQL, seen as a server with room for exactly one connection: `connect` gives the stream that a
 * PostgreSQL client speaks on. It runs in a thread of its own, so that a long query does not stop the product.
 */
export interface Embedded {
  connect(): Duplex
  /** How often the file system was told to put data on the disk, since the start. */
  fsyncs(): Promise<number>
  close(): Promise<void>
}

export interface EmbeddedOptions {
  /** The data folder of this installation; the database is in `postgres` below it. */
  readonly folder: string
  /**
   * `full`: a commit that was answered is on the disk. `process-crash-only`: survives the end of this process in any
   * way, but a power cut may lose the last commits or damage the folder; about twice as fast for single writes.
   */
  readonly durability?: WorkerSettings['durability']
  /** Where prepared, empty databases are kept between first starts; null makes each one from nothing (4 to 8 s). */
  readonly templates: string | null
}

const SHARED_BUFFERS_MB = 16

/**
 * @throws {FolderInUse} when another process has the folder
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(options.folder)
  try {
    const folder = join(options.folder, 'postgres')
    if (!existsSync(join(folder, 'PG_VERSION'))) await restoreTemplate(folder, options.templates, makeEmpty)
    const running = await run({
      folder,
      durability: options.durability ?? 'full',
      sharedBuffersMb: SHARED_BUFFERS_MB,
    })
    return {
      ...running,
      close: async () => {
        await running.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function makeEmpty(folder: string): Promise<void> {
  const database = await run({ folder, durability: 'full', sharedBuffersMb: SHARED_BUFFERS_MB })
  await database.close()
}

async function run(settings: WorkerSettings): Promise<Embedded> {
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
    workerData: settings,
    // Options of the main program (an inspector, an eval) are not meant for this thread.
    execArgv: [],
  })
  const tell = (message: ToWorker, transfer: ArrayBuffer[] = []): void =>
    worker.postMessage(message, transfer)
  const answers = (is: FromWorker['is']): Promise<FromWorker> =>
    new Promise((done, fail) => {
      const onMessage = (message: FromWorker): void => {
        if (message.is !== is && message.is !== 'failed') return
        stop()
        if (message.is === 'failed')
          fail(new Error(`The embedded database could not be started: ${message.message}`))
        else done(message)
      }
      const onEnd = (cause: unknown): void => {
        stop()
        fail(new Error('The embedded database ended unexpectedly.', { cause }))
      }
      const stop = (): void => {
        worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd)
      }
      worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd)
    })
  try {
    await answers('ready')
  } catch (error) {
    await worker.terminate()
    throw error
  }
  return {
    connect: () => new WorkerStream(worker, tell),
    fsyncs: async () => {
      tell({ do: 'fsyncs' })
      const answer = await answers('fsyncs')
      return answer.is === 'fsyncs' ? answer.count : 0
    },
    close: async () => {
      const closed = answers('closed')
      tell({ do: 'close' })
      await closed
      await worker.terminate()
    },
  }
}

/**
 * What a PostgreSQL client takes for its socket. The parts of one query (parse, bind, execute, sync) are written one
 * by one; they are collected until the end of the tick and cross to the thread in one message.
 */
class WorkerStream extends Duplex {
  readonly #worker: Worker
  readonly #tell: (message: ToWorker, transfer: ArrayBuffer[]) => void
  #waiting: Buffer[] = []
  readonly #onMessage = (message: FromWorker): void => {
    if (message.is === 'bytes')
      this.push(Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength))
  }
  readonly #onEnd = (): void => {
    this.destroy(new Error('The embedded database ended.'))
  }

  constructor(worker: Worker, tell: (message: ToWorker, transfer: ArrayBuffer[]) => void) {
    super()
    this.#worker = worker
    this.#tell = tell
    worker.on('message', this.#onMessage).on('exit', this.#onEnd)
  }

  connect(): this {
    queueMicrotask(() => this.emit('connect'))
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#waiting.length === 0) queueMicrotask(() => this.#send())
    this.#waiting.push(chunk)
    done()
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#worker.off('message', this.#onMessage).off('exit', this.#onEnd)
    done(error)
  }

  #send(): void {
    const length = this.#waiting.reduce((sum, chunk) => sum + chunk.length, 0)
    const bytes = new Uint8Array(length)
    let at = 0
    for (const chunk of this.#waiting) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    this.#waiting = []
    this.#tell({ do: 'bytes', bytes }, [bytes.buffer])
  }
}
