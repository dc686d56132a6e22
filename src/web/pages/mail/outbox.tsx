import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { formatMoment } from '../../format.ts'
import { text } from '../../text/en.ts'
import { outbox as t } from '../../text/en/mail-compose.ts'
import { Modal } from '../../ui/dialog.tsx'
import { Empty, Loaded } from '../../ui/page.tsx'
import { Status, type Tone } from '../../ui/status.tsx'
import { FilterSelect, optionsOf, Pager, Toolbar } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { pagingOf, useUrl } from '../../ui/url-state.ts'
import css from './outbox.module.css'
import { namesOf, subjectOf } from './words.ts'

type Mail = Item<'GET /api/mail/outgoing'>
type Can = Mail['can'][number]
const tones: Record<Mail['state'], Tone> = {
  waiting: 'wait',
  sending: 'work',
  sent: 'ok',
  failed: 'fail',
  unknown: 'held',
  cancelled: 'none',
}
const nobody: ReadonlySet<string> = new Set()

/** What became of everything that was sent from here; what needs a person stands first and says what to do. */
export function Outbox({ onEdit }: { readonly onEdit: (draft: string) => void }) {
  const [url] = useUrl()
  const { page, size } = pagingOf(url)
  const state = (Object.keys(t.states) as Mail['state'][]).find((one) => one === url['state'])
  const asked = useAsk(
    'GET /api/mail/outgoing',
    { query: { page, size, ...(state && { state }) } },
    { keep: true, everyMs: 5_000 },
  )
  const [twice, setTwice] = useState<Mail | null>(null)
  const changes = ['mail']
  const cancel = useAct('POST /api/mail/outgoing/:mail/cancel', {
    changes,
    done: (draft) => onEdit(draft.id),
  })
  const look = useAct('POST /api/mail/outgoing/:mail/look-again', {
    changes,
    done: () => tellDone(t.looking),
  })
  const again = useAct('POST /api/mail/outgoing/:mail/send-again', {
    changes,
    done: () => tellDone(t.again),
  })
  const giveUp = useAct('POST /api/mail/outgoing/:mail/give-up', { changes, done: () => tellDone(t.left) })
  const act = (mail: Mail, what: Can): void => {
    const input = { params: { mail: mail.id } }
    const failed = { onError: tellProblem }
    if (what === 'cancel' || what === 'edit') cancel.mutate(input, failed)
    if (what === 'look-again') look.mutate(input, failed)
    if (what === 'give-up') giveUp.mutate(input, failed)
    if (what === 'send-again' && mail.state === 'unknown') setTwice(mail)
    else if (what === 'send-again') again.mutate({ ...input, body: {} }, failed)
  }
  const people = (mail: Mail): number => mail.to.length + mail.cc.length + mail.bcc.length
  return (
    <section className={css['outbox']} aria-label={t.title}>
      <p className={css['lead']}>{t.lead}</p>
      <Toolbar>
        <FilterSelect name="state" label={t.filter} options={optionsOf(t.states)} />
      </Toolbar>
      <Loaded of={asked}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty>{t.empty}</Empty>
          ) : (
            <>
              <ul className={css['mails']}>
                {data.items.map((mail) => (
                  <li key={mail.id} data-mail={mail.id}>
                    <div className={css['what']}>
                      <strong>{subjectOf(mail.subject)}</strong>
                      <span>
                        {mail.from} → {namesOf([...mail.to, ...mail.cc, ...mail.bcc], nobody)}
                        {mail.attachments > 0 && `, ${t.files(mail.attachments)}`}
                      </span>
                      {(mail.state === 'failed' || mail.state === 'unknown') && (
                        <p>
                          {t.explain[mail.state]} {mail.reason}
                        </p>
                      )}
                    </div>
                    <div className={css['how']}>
                      <Status tone={tones[mail.state]}>{t.states[mail.state]}</Status>
                      <small>
                        {mail.state === 'waiting' ? (
                          t.at(formatMoment(mail.sendAt))
                        ) : (
                          <RelativeTime at={mail.sentAt ?? mail.createdAt} />
                        )}
                        {mail.attempts > 1 && `, ${t.tries(mail.attempts)}`}
                      </small>
                    </div>
                    <div className={css['can']}>
                      {mail.message !== null && (
                        <Link to="/mail" search={{ place: 'sentitems', m: mail.message }}>
                          {t.open}
                        </Link>
                      )}
                      {mail.can.map((what) => (
                        <Button
                          key={what}
                          size="compact-sm"
                          variant="default"
                          onClick={() => act(mail, what)}
                        >
                          {t.actions[what]}
                        </Button>
                      ))}
                    </div>
                  </li>
                ))}
              </ul>
              <Pager page={data} />
            </>
          )
        }
      </Loaded>
      <Modal
        opened={twice !== null}
        onClose={() => setTwice(null)}
        title={t.twiceTitle}
        closeButtonProps={{ 'aria-label': text.common.close }}
      >
        {twice && (
          <>
            <p>{t.twiceHelp(people(twice))}</p>
            <div className={css['dialogActions']}>
              <Button variant="default" onClick={() => setTwice(null)}>
                {text.common.cancel}
              </Button>
              <Button
                color="red"
                onClick={() => {
                  again.mutate(
                    { params: { mail: twice.id }, body: { evenTwice: true } },
                    { onError: tellProblem },
                  )
                  setTwice(null)
                }}
              >
                {t.twice(people(twice))}
              </Button>
            </div>
          </>
        )}
      </Modal>
    </section>
  )
}
