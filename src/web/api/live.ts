import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { LiveEvent } from '../../server/api/api.ts'
import { refresh, type Answer } from './client.ts'

/** Bursts (a first sync writes thousands of records) are drawn at most this often. */
const GATHER_MS = 400

/** Follows the server's events while the page is open: what changed is asked again, a channel's state is put in place. */
export function useLive(): void {
  const client = useQueryClient()
  useEffect(() => {
    const stream = new EventSource('/api/events')
    const paths = new Set<string>()
    let timer: number | undefined
    const later = (...more: readonly string[]): void => {
      for (const path of more) paths.add(path)
      timer ??= window.setTimeout(() => {
        timer = undefined
        const now = [...paths]
        paths.clear()
        void refresh(client, ...now)
      }, GATHER_MS)
    }
    const hear = (message: MessageEvent<string>): void => {
      const event = JSON.parse(message.data) as LiveEvent
      switch (event.type) {
        case 'refresh':
          void client.invalidateQueries()
          return
        case 'channel':
          client.setQueryData<Answer<'GET /api/status'>>(
            ['GET /api/status', {}],
            (status) =>
              status && {
                ...status,
                items: status.items.map((row) =>
                  row.mailbox === event.channel.mailbox && row.channel === event.channel.channel
                    ? { ...row, ...event.channel }
                    : row,
                ),
              },
          )
          later('status', 'mailboxes')
          return
        case 'run':
          later('runs', 'history')
          return
        case 'records':
          later(
            ...(event.kind === 'event'
              ? ['calendar']
              : event.kind === 'task'
                ? ['tasks', 'task-lists']
                : ['mail']),
          )
          return
        case 'conflicts':
          later('conflicts', 'status')
          return
        case 'alerts':
          later('alerts', 'status')
          return
        case 'mailbox':
          later('mailboxes', 'status')
          return
        case 'settings':
          later('settings', 'status', 'mailboxes')
      }
    }
    stream.addEventListener('message', hear)
    return () => {
      stream.close()
      window.clearTimeout(timer)
    }
  }, [client])
}
