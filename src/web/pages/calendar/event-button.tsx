import type { CSSProperties, PointerEvent, ReactNode } from 'react'
import { formatWall } from '../../format.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import type { Placed } from './layout.ts'

export const whenOf = (one: Placed): string =>
  one.allDay ? t.allDay : `${formatWall(one.start)} – ${formatWall(one.end)}`

export const titleOfEvent = (one: Placed): string => one.occurrence.title || t.noTitle

interface Props {
  readonly placed: Placed
  readonly color: string
  readonly className: string | undefined
  readonly style?: CSSProperties
  readonly bar?: boolean
  readonly ghost?: boolean
  readonly dragged?: boolean
  readonly onOpen: (placed: Placed) => void
  readonly onPointerDown?: (event: PointerEvent<HTMLButtonElement>) => void
  readonly children: ReactNode
}
/** One event as it stands in a grid: a button with all that its colour and marks say in its name. */
export function EventButton(props: Props) {
  const { placed, color, className, style, bar, ghost, dragged, onOpen, onPointerDown, children } = props
  const { occurrence } = placed
  const state = occurrence.sync.state
  // The visible time is drawn only where it has room; its place in the button's name is here.
  const words = [
    whenOf(placed),
    occurrence.location,
    occurrence.cancelled && t.cancelledMark,
    state !== 'fine' && state !== 'local' && text.states.sync[state],
  ]
  return (
    <button
      type="button"
      className={className}
      style={{ '--c': color, ...style }}
      data-event={placed.key}
      data-bar={bar ? '' : undefined}
      data-ghost={ghost ? '' : undefined}
      data-dragged={dragged ? '' : undefined}
      data-free={occurrence.showAs === 'free' ? '' : undefined}
      data-tentative={occurrence.answer === 'tentative' || occurrence.showAs === 'tentative' ? '' : undefined}
      data-cancelled={occurrence.cancelled || occurrence.answer === 'declined' ? '' : undefined}
      data-redacted={occurrence.redacted ? '' : undefined}
      {...(onPointerDown && { onPointerDown })}
      onClick={() => onOpen(placed)}
    >
      {children}
      <span className="visually-hidden">, {words.filter(Boolean).join(', ')}</span>
    </button>
  )
}
