import { Button } from '@mantine/core'
import { useAsk } from '../../api/client.ts'
import { text } from '../../text/en.ts'
import { compose } from '../../text/en/mail-compose.ts'
import { mail as t } from '../../text/en/mail.ts'
import { Empty, Loaded } from '../../ui/page.tsx'
import { Pager } from '../../ui/table.tsx'
import { pagingOf, useUrl } from '../../ui/url-state.ts'
import { RelativeTime } from '../../ui/time.tsx'
import css from './outbox.module.css'
import { namesOf, subjectOf } from './words.ts'

const nobody: ReadonlySet<string> = new Set()

/** What is begun and not sent. */
export function Drafts({
  onEdit,
  onCompose,
}: {
  readonly onEdit: (draft: string) => void
  readonly onCompose: () => void
}) {
  const [url] = useUrl()
  const { page, size } = pagingOf(url)
  const drafts = useAsk('GET /api/mail/drafts', { query: { page, size } }, { keep: true })
  return (
    <section className={css['outbox']} aria-label={t.myDrafts}>
      <Loaded of={drafts}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty action={<Button onClick={onCompose}>{t.startDraft}</Button>}>{t.emptyDrafts}</Empty>
          ) : (
            <>
              <ul className={css['mails']}>
                {data.items.map((draft) => (
                  <li key={draft.id} data-draft={draft.id}>
                    <div className={css['what']}>
                      <strong>{subjectOf(draft.subject)}</strong>
                      <span>{draft.to.length > 0 ? t.to(namesOf(draft.to, nobody)) : compose.nobodyYet}</span>
                    </div>
                    <div className={css['how']}>
                      <small>
                        <RelativeTime at={draft.updatedAt} />,{' '}
                        {draft.sync.state === 'fine'
                          ? compose.inDrafts
                          : draft.sync.state === 'waiting'
                            ? compose.toDrafts
                            : (draft.sync.detail ?? compose.notInDrafts)}
                      </small>
                    </div>
                    <div className={css['can']}>
                      <Button size="compact-sm" variant="default" onClick={() => onEdit(draft.id)}>
                        {text.common.edit}
                      </Button>
                    </div>
                  </li>
                ))}
              </ul>
              <Pager page={data} />
            </>
          )
        }
      </Loaded>
    </section>
  )
}
