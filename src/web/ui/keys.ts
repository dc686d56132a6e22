import { useEffect, useRef } from 'react'

/** Handlers by key: `j`, `Escape`, `g o` (a sequence), `mod+k` (Ctrl, or Command on a Mac), `?`. */
export type KeyMap = { readonly [keys: string]: (event: KeyboardEvent) => void }

const SEQUENCE_MS = 1_000
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) &&
  !(target instanceof HTMLInputElement && ['checkbox', 'radio', 'button'].includes(target.type))
/** A dialog keeps the keyboard for itself. */
const inDialog = (): boolean => document.querySelector('[role="dialog"][aria-modal="true"]') !== null

/**
 * Shortcuts while the caller is on the screen. Silent while a person types in a field or a dialog is open, except for
 * chords with `mod+`. The newest caller that knows a key takes it.
 */
const stack: { readonly current: KeyMap }[] = []
let before: { readonly key: string; readonly at: number } | null = null

function listen(event: KeyboardEvent): void {
  const mod = event.ctrlKey || event.metaKey
  if (event.defaultPrevented || event.altKey) return
  if (!mod && (isTyping(event.target) || inDialog())) return
  const key = mod ? `mod+${event.key.toLowerCase()}` : event.key
  const sequence =
    before !== null && event.timeStamp - before.at < SEQUENCE_MS ? `${before.key} ${key}` : undefined
  before = mod ? null : { key, at: event.timeStamp }
  for (const name of sequence === undefined ? [key] : [sequence, key]) {
    for (let i = stack.length - 1; i >= 0; i--) {
      const handler = stack[i]?.current[name]
      if (handler === undefined) continue
      // A button or link that has the focus keeps its own Enter and Space.
      if (
        (key === 'Enter' || key === ' ') &&
        event.target instanceof HTMLElement &&
        event.target.closest('a,button')
      )
        return
      event.preventDefault()
      if (name === sequence) before = null
      handler(event)
      return
    }
  }
}

export function useKeys(map: KeyMap): void {
  const held = useRef(map)
  useEffect(() => {
    held.current = map
  })
  useEffect(() => {
    if (stack.length === 0) window.addEventListener('keydown', listen)
    stack.push(held)
    return () => {
      stack.splice(stack.indexOf(held), 1)
      if (stack.length === 0) window.removeEventListener('keydown', listen)
    }
  }, [])
}
