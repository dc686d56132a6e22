import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSaver, type SaveState } from './saver.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Saved {
  readonly version: number
  readonly form: string
}
function world(fail: (n: number) => Error | null = () => null) {
  const saved: Saved[] = []
  const states: SaveState[] = []
  let calls = 0
  const saver = createSaver<string>({
    version: 1,
    waitMs: 1000,
    retryMs: 5000,
    save: async (version, form) => {
      const error = fail(++calls)
      await new Promise((done) => setTimeout(done, 300))
      if (error) throw error
      saved.push({ version, form })
      return version + 1
    },
    isConflict: (error) => error instanceof Error && error.message === 'conflict',
    onState: (state) => states.push(state),
  })
  return { saver, saved, states }
}

describe('what is written is saved by itself', () => {
  test('a burst of keys is one save, a moment after the last one', async () => {
    const { saver, saved } = world()
    for (const form of ['H', 'He', 'Hello']) {
      saver.put(form)
      await vi.advanceTimersByTimeAsync(400)
    }
    await vi.advanceTimersByTimeAsync(2000)
    expect(saved).toEqual([{ version: 1, form: 'Hello' }])
  })

  test('what is written during a save is saved after it, from its version', async () => {
    const { saver, saved } = world()
    saver.put('one')
    await vi.advanceTimersByTimeAsync(1100)
    saver.put('two')
    await vi.advanceTimersByTimeAsync(3000)
    expect(saved).toEqual([
      { version: 1, form: 'one' },
      { version: 2, form: 'two' },
    ])
  })

  test('sending does not wait for the timer and sends the last key', async () => {
    const { saver, saved } = world()
    saver.put('last words')
    const done = saver.flush()
    await vi.advanceTimersByTimeAsync(400)
    expect(await done).toBe(true)
    expect(saved.map((one) => one.form)).toEqual(['last words'])
    expect(saver.version()).toBe(2)
  })

  test('a save that failed is tried again with the newest words', async () => {
    const { saver, saved, states } = world((n) => (n === 1 ? new Error('no network') : null))
    saver.put('one')
    await vi.advanceTimersByTimeAsync(1400)
    expect(states.at(-1)).toBe('failed')
    saver.put('two')
    await vi.advanceTimersByTimeAsync(9000)
    expect(saved).toEqual([{ version: 1, form: 'two' }])
    expect(states.at(-1)).toBe('saved')
  })

  test('a draft that was changed elsewhere is not overwritten until the person says so', async () => {
    const { saver, saved, states } = world((n) => (n === 1 ? new Error('conflict') : null))
    saver.put('mine')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(saved).toEqual([])
    expect(states.at(-1)).toBe('conflict')
    saver.rebase(7)
    await vi.advanceTimersByTimeAsync(1000)
    expect(saved).toEqual([{ version: 7, form: 'mine' }])
  })
})
