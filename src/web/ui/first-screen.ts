import { startTransition, useEffect, useState } from 'react'

/**
 * How many rows of a list are drawn: when its page was opened before its rows were there, first those of one screen, and
 * the others once these are seen. Afterwards always all, so that nothing moves under a person who reads.
 */
export function useFirstScreen(rows: readonly unknown[] | undefined, rowPx: number): number {
  const [whole, setWhole] = useState(rows !== undefined)
  const isThere = rows !== undefined
  useEffect(() => {
    if (whole || !isThere) return
    const frame = requestAnimationFrame(() => startTransition(() => setWhole(true)))
    return () => cancelAnimationFrame(frame)
  }, [whole, isThere])
  return whole ? Infinity : Math.ceil(window.innerHeight / rowPx)
}
