import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { text } from '../text/en.ts'
import css from './ui.module.css'

const SHOWN_MS = 9_000
let latest: { readonly id: string; readonly undo: () => void } | null = null

/** What was done, with a button that takes it back; the newest one is also taken back by the key `z`. */
export function tellUndo(message: string, undo: () => void, shownMs = SHOWN_MS): string {
  const id = `undo-${Math.random().toString(36).slice(2)}`
  const takeBack = (): void => {
    if (latest?.id === id) latest = null
    notifications.hide(id)
    undo()
  }
  latest = { id, undo: takeBack }
  notifications.show({
    id,
    color: 'accent',
    autoClose: shownMs,
    closeButtonProps: { 'aria-label': text.common.close },
    onClose: () => {
      if (latest?.id === id) latest = null
    },
    message: (
      <div className={css['undo']}>
        <span>{message}</span>
        <Button size="compact-xs" variant="default" onClick={takeBack}>
          {text.common.undo}
        </Button>
      </div>
    ),
  })
  return id
}

export const undoLatest = (): void => latest?.undo()
