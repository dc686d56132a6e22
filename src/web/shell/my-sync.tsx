import { Link } from '@tanstack/react-router'
import { useAsk, type Answer } from '../api/client.ts'
import { useMe } from '../api/session.ts'
import { text } from '../text/en.ts'
import { HealthStatus } from '../ui/status.tsx'
import { RelativeTime } from '../ui/time.tsx'
import css from './frame.module.css'

type Row = Answer<'GET /api/status'>['items'][number]
const worstFirst: readonly Row['health'][] = [
  'needs-person',
  'held',
  'late',
  'working',
  'paused',
  'proven',
  'off',
]

/** The sync state of my own mailbox: one word and a time, on every page (a sync that stops silently is seen here). */
export function MySync() {
  const me = useMe()
  const mine = useAsk('GET /api/mailboxes', { query: { user: me.id, size: 10 } })
  if (mine.data === undefined) return null
  const channels = mine.data.items.flatMap((mailbox) =>
    mailbox.state === 'disconnected' ? [] : mailbox.channels.filter((one) => one.health !== 'off'),
  )
  const worst = worstFirst.find((health) => channels.some((one) => one.health === health))
  const oldest = channels
    .map((one) => one.provenAt)
    .reduce((a, b) => (a === null || b === null ? null : a < b ? a : b), channels[0]?.provenAt ?? null)
  return (
    <Link to="/me" className={css['mine']}>
      {worst === undefined ? (
        <span className={css['mineText']}>{text.frame.notConnected}</span>
      ) : (
        <>
          <HealthStatus health={worst} />
          <span className={css['mineText']}>
            <RelativeTime at={oldest} />
          </span>
        </>
      )}
    </Link>
  )
}
