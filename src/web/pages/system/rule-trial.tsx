import { Button, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { useAct, useAsk } from '../../api/client.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Help, Note, Trouble } from '../../ui/page.tsx'
import type { Group } from './condition-groups.tsx'
import css from './mailroom.module.css'
import { MailPreview } from './mail-preview.tsx'

interface Props {
  readonly mailbox: string
  readonly conditions: Group
  readonly template: string
}

/** What a rule would do with a message that did arrive. Nothing is sent. */
export function RuleTrial({ mailbox, conditions, template }: Props) {
  const recent = useAsk('GET /api/system-mailboxes/:mailbox/recent', { params: { mailbox } })
  const [message, setMessage] = useState('')
  const trial = useAct('POST /api/system-mailboxes/:mailbox/try')
  const items = recent.data?.items ?? []
  const chosen = message === '' ? (items[0]?.id ?? '') : message
  const said = trial.data
  return (
    <section aria-label={t.tryTitle} className={css['choices']}>
      <h3>{t.tryTitle}</h3>
      {items.length === 0 ? (
        <Help>{t.tryEmpty}</Help>
      ) : (
        <div className={css['condition']}>
          <NativeSelect
            size="xs"
            aria-label={t.tryPick}
            data-wide
            value={chosen}
            data={items.map((one) => ({ value: one.id, label: `${one.subject} (${one.sender})` }))}
            onChange={(e) => setMessage(e.currentTarget.value)}
          />
          <Button
            size="xs"
            variant="default"
            loading={trial.isPending}
            onClick={() =>
              trial.mutate({
                params: { mailbox },
                body: {
                  message: chosen,
                  conditions: conditions as never,
                  template: template === '' ? null : template,
                },
              })
            }
          >
            {t.tryNow}
          </Button>
        </div>
      )}
      {trial.error && <Trouble error={trial.error} />}
      {said && (
        <div className={css['choices']} role="status">
          <Note tone={said.fits ? 'ok' : 'none'}>
            {said.fits ? t.fits : t.fitsNot}
            {said.fits && said.silent !== null && (
              <p>
                {t.silent} {said.silent}
              </p>
            )}
            <p>
              {t.wouldMake} {said.processing}
            </p>
          </Note>
          {said.fits && said.silent === null && said.text !== null && (
            <>
              <Help>{t.would(said.text.locale)}</Help>
              <MailPreview {...said.text} />
            </>
          )}
        </div>
      )}
    </section>
  )
}
