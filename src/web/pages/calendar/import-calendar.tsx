import { Button, FileInput } from '@mantine/core'
import { useState } from 'react'
import { useAct } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { calendar as t } from '../../text/en/calendar.ts'
import { Note, Trouble } from '../../ui/page.tsx'
import { problemLine, tellDone } from '../../ui/tell.ts'
import css from './calendar.module.css'
import type { Calendar } from './layout.ts'
import { Modal } from '../../ui/dialog.tsx'

/** Reads the file, says what it would do, then does it. */
export function ImportCalendar({
  calendar,
  onClose,
}: {
  readonly calendar: Calendar
  readonly onClose: () => void
}) {
  const [content, setContent] = useState('')
  const params = { calendar: calendar.id }
  const preview = useAct('POST /api/calendar/calendars/:calendar/import')
  const run = useAct('POST /api/calendar/calendars/:calendar/import', {
    changes: ['calendar'],
    done: () => {
      tellDone(t.imported)
      onClose()
    },
  })
  const read = async (file: File | null): Promise<void> => {
    if (file === null) return
    const words = await file.text()
    setContent(words)
    preview.mutate({ params, body: { content: words, preview: true } })
  }
  const error = preview.error ?? run.error
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${t.importIcs}: ${calendar.name}`}
      closeButtonProps={{ 'aria-label': text.common.close }}
    >
      <div className={css['form']}>
        <p>{t.importHelp}</p>
        <FileInput
          label={t.importFile}
          placeholder={t.chooseFile}
          accept=".ics,text/calendar"
          onChange={(file) => void read(file)}
        />
        {error && <Trouble error={error} />}
        {preview.data && (
          <Note tone={preview.data.problems.length > 0 ? 'wait' : 'none'} role="status">
            {t.importPreview(preview.data.created, preview.data.updated, preview.data.unchanged)}
            <ul>
              {preview.data.problems.map((one) => (
                <li key={problemLine(one)}>{problemLine(one)}</li>
              ))}
            </ul>
          </Note>
        )}
        <Button
          disabled={preview.data === undefined}
          loading={run.isPending || preview.isPending}
          onClick={() => run.mutate({ params, body: { content } })}
        >
          {t.importRun((preview.data?.created ?? 0) + (preview.data?.updated ?? 0))}
        </Button>
      </div>
    </Modal>
  )
}
