import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { formatMoment, theReader, wallClock } from '../../../format.ts'
import { text } from '../../../text/en.ts'
import { compose as t } from '../../../text/en/mail-compose.ts'
import css from './compose.module.css'
import { instantOf, presets } from './later.ts'
import { Modal } from '../../../ui/dialog.tsx'

/** When to send: times that people mean, or any other; always in the reader's own zone. */
export function LaterDialog({
  onClose,
  onSend,
}: {
  readonly onClose: () => void
  readonly onSend: (at: string) => void
}) {
  const { zone } = theReader()
  const [now] = useState(() => Date.now())
  const offered = presets(now, zone)
  const [wall, setWall] = useState(offered.find((one) => one.name === 'tomorrow')?.wall ?? '')
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(wall) ? instantOf(wall, zone) : null
  const isPast = at !== null && Date.parse(at) <= now
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.laterTitle}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <form
        className={css['later']}
        onSubmit={(event) => {
          event.preventDefault()
          if (at !== null && !isPast) onSend(at)
        }}
      >
        <div className={css['presets']}>
          {offered.map((one) => (
            <button
              key={one.name}
              type="button"
              aria-pressed={one.wall === wall}
              onClick={() => setWall(one.wall)}
            >
              <strong>{t.presets[one.name]}</strong>
              <small>{formatMoment(instantOf(one.wall, zone))}</small>
            </button>
          ))}
        </div>
        <TextInput
          type="datetime-local"
          label={t.when}
          description={t.zone(zone)}
          required
          min={wallClock(now, zone)}
          value={wall}
          error={isPast ? t.inThePast : undefined}
          onChange={(event) => setWall(event.currentTarget.value)}
        />
        <Button type="submit" disabled={at === null || isPast}>
          {at === null ? t.sendLater : t.schedule(formatMoment(at))}
        </Button>
      </form>
    </Modal>
  )
}
