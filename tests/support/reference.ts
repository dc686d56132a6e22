/**
 * Microsoft's published material (types, paths, permissions, documented examples), read where it lies beside the
 * project and never copied into it. A test that needs it says so in one line when it is not there; under CI it fails.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'vitest'

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/reference')

export const referencePresent = existsSync(join(FOLDER, 'graph-schema.json'))

export function readReference(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8')
}

/** A test that is held against the reference material. */
export function testWithReference(name: string, body: () => void | Promise<void>): void {
  test(name, async (context: TestContext) => {
    if (!referencePresent) {
      if (process.env['CI'] === 'true') throw new Error(`The reference material is missing: ${FOLDER}`)
      context.skip('the reference material is not beside the project')
      return
    }
    await body()
  })
}
