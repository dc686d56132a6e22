import { Button } from '@mantine/core'
import { useAct, useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { Card, Section } from '../../ui/page.tsx'
import { tellProblem } from '../../ui/tell.ts'
import css from './mailroom.module.css'

/** Senders of whose mail nothing is made, until somebody lets it be processed again. */
export function BlockedSenders({ mailbox }: { readonly mailbox: string }) {
  const mayAct = useMayAct()
  const senders = useAsk('GET /api/mailroom/senders', { query: { mailbox } })
  const allow = useAct('POST /api/mailroom/senders/allow', { changes: ['mailroom'] })
  const items = senders.data?.items ?? []
  if (items.length === 0) return null
  return (
    <Section title={t.blocked}>
      <Card>
        <ul className={css['rows']}>
          {items.map(({ sender }) => (
            <li key={sender}>
              <span>{sender}</span>
              {mayAct && (
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => allow.mutate({ body: { mailbox, sender } }, { onError: tellProblem })}
                >
                  {t.allow}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  )
}
