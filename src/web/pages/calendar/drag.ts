import { useRef, useState, type PointerEvent } from 'react'

export interface Drag<What> {
  readonly what: What
  readonly mode: 'move' | 'resize'
  /** Pixels from where it began. */
  readonly dx: number
  readonly dy: number
  readonly dayPx: number
}

/** A drag begins only beyond this, so that a click stays a click. */
const THRESHOLD_PX = 4

/**
 * Drags by mouse or pen; Escape takes it back. By touch the page scrolls instead, and the event's form moves it: so a
 * finger never moves a meeting by accident.
 */
export function useDrag<What>() {
  const [now, setNow] = useState<Drag<What> | null>(null)
  const dragged = useRef(false)
  const begin = (
    event: PointerEvent<HTMLElement>,
    what: What,
    mode: 'move' | 'resize',
    dayPx: number,
    drop: (drag: Drag<What>) => void,
  ): void => {
    if (event.button !== 0 || event.pointerType === 'touch') return
    const { clientX, clientY } = event
    let last: Drag<What> | null = null
    dragged.current = false
    const move = (next: globalThis.PointerEvent): void => {
      const dx = next.clientX - clientX
      const dy = next.clientY - clientY
      if (last === null && Math.hypot(dx, dy) < THRESHOLD_PX) return
      dragged.current = true
      last = { what, mode, dx, dy, dayPx }
      setNow(last)
    }
    const end = (): void => {
      window.removeEventListener('pointermove', move)
      window.removeEventListener('pointerup', up)
      window.removeEventListener('keydown', key, true)
      setNow(null)
    }
    const up = (): void => {
      const done = last
      end()
      if (done !== null) drop(done)
    }
    const key = (pressed: KeyboardEvent): void => {
      if (pressed.key !== 'Escape') return
      pressed.stopPropagation()
      end()
    }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', up)
    window.addEventListener('keydown', key, true)
  }
  /** True once after a drag: the click that follows it is not one. */
  const wasDragged = (): boolean => {
    const was = dragged.current
    dragged.current = false
    return was
  }
  return { now, begin, wasDragged }
}
