import { join } from 'node:path'
import { ACTS_BUGS } from './planted-acts.ts'
import { ENGINE_BUGS } from './planted-engine.ts'
import { CONNECTOR_BUGS } from './planted-connector.ts'
import { CORE_BUGS } from './planted-core.ts'
import { MAIL_BUGS } from './planted-mail.ts'

/**
 * The catalogue of planted bugs: how sensitive the simulation is. Each is a mistake that a programmer could make, or
 * made: written as the exact piece of source that it replaces, so that nothing of it is in the product. A test asserts
 * that each piece occurs exactly once.
 */
export interface Planted {
  readonly name: string
  /** What is wrong then, in a sentence. */
  readonly says: string
  /** The layer that is to notice it. */
  readonly layer: 'planner' | 'engine' | 'wide' | 'acts' | 'mail'
  /** A world in which it is noticed; left out as long as none is known. */
  readonly known?: number
  readonly edits: readonly Edit[]
}

export interface Edit {
  readonly file: string
  readonly text: string
  readonly instead: string
}

export const ROOT = join(import.meta.dirname, '..', '..')

export const PLANTED: readonly Planted[] = [
  ...CORE_BUGS,
  ...ENGINE_BUGS,
  ...CONNECTOR_BUGS,
  ...ACTS_BUGS,
  ...MAIL_BUGS,
]

/** The source of a file with the bug in it. */
export function withBug(bug: Planted, file: string, source: string): string {
  let planted = source
  for (const { text, instead } of bug.edits.filter((edit) => edit.file === file)) {
    const parts = planted.split(text)
    if (parts.length !== 2)
      throw new Error(`"${bug.name}": its piece of ${file} occurs ${parts.length - 1} times, not once.`)
    planted = parts.join(instead)
  }
  return planted
}
