import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * Files that belong to messages and drafts, in the data folder. They are written and read as streams; a file has its
 * name only when all of it is on the disk, so a crash leaves nothing that looks complete.
 */
export interface Files {
  /** @throws {TooLarge} when more than `maxBytes` come; nothing is kept then */
  write(content: Readable, maxBytes: number): Promise<{ readonly name: string; readonly size: number }>
  /** Null when there is no such file (any more). */
  open(name: string, from?: number): Promise<{ readonly stream: Readable; readonly size: number } | null>
  remove(names: readonly string[]): Promise<void>
}

export class TooLarge extends Error {
  constructor(maxBytes: number) {
    super(`It has more than ${maxBytes} bytes. Nothing of it was kept.`)
    this.name = 'TooLarge'
  }
}

const NAME = /^[a-f0-9]{2}\/[a-f0-9]{30}$/

export function createFiles(folder: string): Files {
  const pathOf = (name: string): string => {
    if (!NAME.test(name)) throw new Error(`"${name.slice(0, 50)}" is no name of a stored file.`)
    return join(folder, name)
  }
  return {
    async write(content, maxBytes) {
      const id = randomBytes(16).toString('hex')
      const name = `${id.slice(0, 2)}/${id.slice(2)}`
      const path = pathOf(name)
      mkdirSync(join(folder, id.slice(0, 2)), { recursive: true, mode: 0o700 })
      let size = 0
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          size += chunk.length
          if (size > maxBytes) done(new TooLarge(maxBytes))
          else done(null, chunk)
        },
      })
      const unfinished = `${path}.part`
      try {
        await pipeline(content, counted, createWriteStream(unfinished, { mode: 0o600, flush: true }))
        await rename(unfinished, path)
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
      }
      return { name, size }
    },
    async open(name, from = 0) {
      const path = pathOf(name)
      try {
        const { size } = await stat(path)
        return { stream: createReadStream(path, { start: from }), size }
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
        throw error
      }
    },
    async remove(names) {
      for (const name of names) await rm(pathOf(name), { force: true })
    },
  }
}
