import { useEffect, useState } from 'react'
import { formatExact, formatRelative } from '../format.ts'
import css from './ui.module.css'

const listeners = new Set<() => void>()
let ticking: number | undefined
/** One clock for all times on the screen. */
function useTick(): void {
  const [, tick] = useState(0)
  useEffect(() => {
    const listen = (): void => tick((n) => n + 1)
    listeners.add(listen)
    ticking ??= window.setInterval(() => listeners.forEach((one) => one()), 10_000)
    return () => {
      listeners.delete(listen)
      if (listeners.size === 0) {
        window.clearInterval(ticking)
        ticking = undefined
      }
    }
  }, [])
}

/** Relative, with the exact time on hover and for assistive technology. */
export function RelativeTime({ at, otherwise }: { readonly at: string | null; readonly otherwise?: string }) {
  useTick()
  if (at === null) return <span className={css['time']}>{otherwise ?? ''}</span>
  return (
    <time dateTime={at} title={formatExact(at)} className={css['time']}>
      {formatRelative(at)}
    </time>
  )
}
