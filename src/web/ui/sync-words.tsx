import { Link } from '@tanstack/react-router'
import { text } from '../text/en.ts'
import { SyncStatus } from './status.tsx'

interface Props {
  readonly record: string
  readonly sync: { readonly state: keyof typeof text.states.sync; readonly detail: string | null }
}

/** How an item stands with Microsoft, in words, and where to go when it waits for a person. */
export const SyncWords = ({ record, sync }: Props) => (
  <>
    <SyncStatus state={sync.state} /> {sync.detail}
    {sync.state === 'conflict' && (
      <>
        {' '}
        <Link to="/conflicts" search={{ record }}>
          {text.states.decide}
        </Link>
      </>
    )}
    {sync.state === 'held' && (
      <>
        {' '}
        <Link to="/plans" search={{ state: 'held' }}>
          {text.states.decide}
        </Link>
      </>
    )}
  </>
)
