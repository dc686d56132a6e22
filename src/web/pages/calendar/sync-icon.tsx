import { IconAlertTriangle, IconClock, IconGitMerge, IconHandStop, IconLock } from '@tabler/icons-react'
import { text } from '../../text/en.ts'
import { toneClass, toneOfSync } from '../../ui/status.tsx'
import type { Occurrence } from './layout.ts'

const shapes = {
  waiting: IconClock,
  held: IconHandStop,
  conflict: IconGitMerge,
  parked: IconAlertTriangle,
} as const

/** Only when it is not simply fine: waiting, held, in conflict, left out, or private. */
export function SyncIcon({
  of,
  className,
}: {
  readonly of: Occurrence
  readonly className: string | undefined
}) {
  const { state, detail } = of.sync
  if (state === 'fine' || state === 'local')
    return of.sensitivity === 'private' || of.sensitivity === 'confidential' ? (
      <span className={`${className} ${toneClass.none}`}>
        <IconLock size={12} aria-hidden />
      </span>
    ) : null
  const Shape = shapes[state]
  return (
    <span
      className={`${className} ${toneClass[toneOfSync(state)]}`}
      title={detail ?? text.states.sync[state]}
    >
      <Shape size={12} stroke={2.2} aria-hidden />
    </span>
  )
}
