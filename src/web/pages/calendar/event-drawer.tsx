import { useState } from 'react'
import { useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { Loaded } from '../../ui/page.tsx'
import { useUrl } from '../../ui/url-state.ts'
import type { Calendar } from './layout.ts'
import { EventDetails } from './event-details.tsx'
import { EventEditor } from './event-editor.tsx'
import type { Placed } from './layout.ts'
import { Drawer } from '../../ui/dialog.tsx'

interface Props {
  readonly calendars: readonly Calendar[]
  /** The occurrence that was opened, when it is on the screen. */
  readonly occurrence: Placed | undefined
  readonly onClose: () => void
}
/** An event: read first, e edits it. */
export function EventDrawer({ calendars, occurrence, onClose }: Props) {
  const [url] = useUrl()
  const mayAct = useMayAct()
  const [editing, setEditing] = useState(false)
  const id = url['event']
  const event = useAsk(
    'GET /api/calendar/events/:event',
    { params: { event: id ?? '' } },
    { enabled: id !== undefined },
  )
  const slot = url['slot'] ?? null
  return (
    <Drawer
      opened
      onClose={onClose}
      size={480}
      title={id === undefined ? t.newEvent : editing ? t.editEvent : t.title}
      closeButtonProps={{ 'aria-label': text.common.close }}
      onKeyDown={(pressed) => {
        const typing =
          pressed.target instanceof HTMLElement && pressed.target.closest('input,textarea,select')
        if (pressed.key === 'e' && !typing && !editing && mayAct && event.data && !event.data.redacted) {
          pressed.preventDefault()
          setEditing(true)
        }
      }}
    >
      {id === undefined ? (
        <EventEditor calendars={calendars} start={url['start']} end={url['end']} onDone={onClose} />
      ) : (
        <Loaded of={event}>
          {(data) =>
            editing ? (
              <EventEditor
                calendars={calendars}
                event={data}
                slot={slot}
                occurrence={occurrence}
                onDone={() => setEditing(false)}
              />
            ) : (
              <EventDetails
                event={data}
                slot={slot}
                occurrence={occurrence}
                calendar={calendars.find((one) => one.id === data.calendar)}
                onEdit={() => setEditing(true)}
                onClose={onClose}
              />
            )
          }
        </Loaded>
      )}
    </Drawer>
  )
}
