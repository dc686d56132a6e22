import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { call, refresh, type ApiProblem } from '../../api/client.ts'
import { me as t } from '../../text/en/me.ts'

/** What the popup posts when Microsoft sent the person back. */
interface Posted {
  readonly source: 'syncline'
  readonly ok: boolean
  readonly message: string
  readonly mailbox: string | null
}
const isPosted = (data: unknown): data is Posted =>
  typeof data === 'object' && data !== null && 'source' in data && data.source === 'syncline' && 'ok' in data

export type Connecting =
  | { readonly state: 'idle' }
  | { readonly state: 'waiting' }
  /** The browser refused the window: the person opens the address by a link. */
  | { readonly state: 'blocked'; readonly url: string }
  | {
      readonly state: 'done'
      readonly ok: boolean
      readonly message: string
      readonly mailbox: string | null
    }

const LOOK_MS = 500

/** A system mailbox that is set up by signing in to it. */
interface System {
  readonly route: 'POST /api/system-mailboxes/connect'
  readonly body: { readonly label: string; readonly address: string }
}

/** Connect or reconnect by a popup of Microsoft's sign-in. The window opens at the click, so that no browser blocks it. */
export function useConnect(system?: System): {
  readonly now: Connecting
  readonly start: (mailbox?: string) => void
} {
  const client = useQueryClient()
  const [now, setNow] = useState<Connecting>({ state: 'idle' })
  const popup = useRef<Window | null>(null)
  useEffect(() => {
    const take = (data: unknown): void => {
      if (!isPosted(data)) return
      setNow({ state: 'done', ok: data.ok, message: data.message, mailbox: data.mailbox })
      void refresh(client, 'mailboxes', 'status', 'alerts', 'calendar', 'task-lists', 'system-mailboxes')
    }
    const hear = (event: MessageEvent<unknown>): void => {
      if (event.origin === window.location.origin) take(event.data)
    }
    // Some browsers cut the tie between the windows on the way through Microsoft; this one stays within our own origin.
    const channel = new BroadcastChannel('syncline')
    channel.addEventListener('message', hear)
    window.addEventListener('message', hear)
    return () => {
      channel.close()
      window.removeEventListener('message', hear)
    }
  }, [client])
  useEffect(() => {
    if (now.state !== 'waiting') return
    const timer = window.setInterval(() => {
      if (popup.current?.closed !== true) return
      // Its message may be a moment behind its closing.
      window.clearInterval(timer)
      window.setTimeout(
        () =>
          setNow((then) =>
            then.state === 'waiting' ? { state: 'done', ok: false, message: t.closed, mailbox: null } : then,
          ),
        LOOK_MS,
      )
    }, LOOK_MS)
    return () => window.clearInterval(timer)
  }, [now.state])
  const start = (mailbox?: string): void => {
    popup.current = window.open('', 'syncline-connect', 'width=520,height=680')
    setNow({ state: 'waiting' })
    const asked =
      system === undefined
        ? call('POST /api/connect', { body: mailbox === undefined ? {} : { mailbox } })
        : call(system.route, { body: system.body })
    asked.then(
      ({ url }) => {
        if (popup.current === null) setNow({ state: 'blocked', url })
        else popup.current.location.href = url
      },
      (error: ApiProblem) => {
        popup.current?.close()
        setNow({ state: 'done', ok: false, message: error.message, mailbox: null })
      },
    )
  }
  return { now, start }
}
