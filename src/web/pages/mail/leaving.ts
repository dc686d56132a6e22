import { csrfToken } from '../../api/client.ts'

/**
 * Messages that were deleted on the screen a moment ago and are not deleted yet: taking it back must leave everything
 * as it was, and what Microsoft deleted comes back as another message. Who closes the page meant it.
 */
export const DELETE_AFTER_MS = 8_000

interface Leaving {
  readonly ids: readonly string[]
  readonly thread: boolean
  readonly act: () => void
  readonly back: () => void
}
const waiting = new Map<Leaving, number>()
export const isLeaving = (id: string): boolean => [...waiting.keys()].some((one) => one.ids.includes(id))

/** @returns what takes it back */
export function leaveLater(leaving: Leaving): () => void {
  if (waiting.size === 0) window.addEventListener('pagehide', leaveNow)
  const end = (): void => {
    window.clearTimeout(waiting.get(leaving))
    waiting.delete(leaving)
    if (waiting.size === 0) window.removeEventListener('pagehide', leaveNow)
  }
  const timer = window.setTimeout(() => {
    end()
    leaving.act()
  }, DELETE_AFTER_MS)
  waiting.set(leaving, timer)
  return () => {
    if (!waiting.has(leaving)) return
    end()
    leaving.back()
  }
}

function leaveNow(): void {
  for (const [{ ids, thread }, timer] of waiting) {
    window.clearTimeout(timer)
    void fetch('/api/mail/messages/delete', {
      method: 'POST',
      keepalive: true,
      headers: { 'content-type': 'application/json', 'x-csrf': csrfToken() },
      body: JSON.stringify({ ids, thread }),
    })
  }
  waiting.clear()
}
