/**
 * Saves what is written by itself: a moment after the last key, one save at a time, the newest version last. What was
 * refused is kept and tried again. Pure of React and of the network: both are arguments.
 */
export type SaveState = 'saved' | 'waiting' | 'saving' | 'failed' | 'conflict'

export interface Saver<T> {
  /** The form changed. */
  readonly put: (form: T) => void
  /** Saves now what is not saved yet. @returns whether everything is saved */
  readonly flush: () => Promise<boolean>
  /** Go on from this version: the next save replaces it. */
  readonly rebase: (version: number) => void
  readonly version: () => number
  readonly stop: () => void
}

interface Options<T> {
  readonly version: number
  readonly waitMs: number
  readonly retryMs: number
  /** @returns the new version */
  readonly save: (version: number, form: T) => Promise<number>
  readonly isConflict: (error: unknown) => boolean
  readonly onState: (state: SaveState, error: Error | null) => void
}

export function createSaver<T>(options: Options<T>): Saver<T> {
  const { waitMs, retryMs, save, isConflict, onState } = options
  let { version } = options
  let next: { readonly form: T } | null = null
  let running: Promise<boolean> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const later = (ms: number): void => {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(() => void run(), ms)
  }
  const run = (): Promise<boolean> => {
    clearTimeout(timer)
    running ??= drain().finally(() => (running = null))
    return running
  }
  async function drain(): Promise<boolean> {
    while (next !== null) {
      const { form } = next
      next = null
      onState('saving', null)
      try {
        version = await save(version, form)
      } catch (error) {
        next ??= { form }
        const conflict = isConflict(error)
        onState(conflict ? 'conflict' : 'failed', error instanceof Error ? error : new Error(String(error)))
        if (!conflict) later(retryMs)
        return false
      }
    }
    onState('saved', null)
    return true
  }
  return {
    put: (form) => {
      next = { form }
      if (running === null) onState('waiting', null)
      later(waitMs)
    },
    flush: async () => {
      while (next !== null || running !== null) if (!(await run())) return false
      return true
    },
    rebase: (to) => {
      version = to
      if (next !== null) later(0)
    },
    version: () => version,
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
