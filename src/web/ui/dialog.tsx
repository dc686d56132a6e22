import { Drawer as PlainDrawer, Modal as PlainModal, type DrawerProps, type ModalProps } from '@mantine/core'
import { useEffect, useRef } from 'react'

/**
 * Dialogs are drawn while they are open and taken away whole; the kit gives the focus back only to those that stay and
 * close. Where it came from may be gone by then: the page's content is the next best place.
 */
function useFocusBack(): void {
  const from = useRef(document.activeElement)
  useEffect(
    () => () => {
      window.setTimeout(() => {
        if (document.activeElement !== null && document.activeElement !== document.body) return
        const back = from.current
        if (back instanceof HTMLElement && back !== document.body && back.isConnected) back.focus()
        else document.getElementById('main')?.focus({ preventScroll: true })
      })
    },
    [],
  )
}

export function Modal(props: ModalProps) {
  useFocusBack()
  return <PlainModal {...props} />
}
export function Drawer(props: DrawerProps) {
  useFocusBack()
  return <PlainDrawer {...props} />
}
