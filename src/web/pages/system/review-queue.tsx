import { Button, NativeSelect } from '@mantine/core'
import { IconChevronLeft } from '@tabler/icons-react'
import { useEffect } from 'react'
import { useAct, useAsk, type Item } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { mailroom as t } from '../../text/en/mailroom.ts'
import { useKeys } from '../../ui/keys.ts'
import { Definitions, Empty, Keys, Loaded, Note, Page } from '../../ui/page.tsx'
import { SearchField, Toolbar } from '../../ui/table.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import { useUrl } from '../../ui/url-state.ts'
import split from '../conflicts/conflicts.module.css'
import css from './mailroom.module.css'
import { inSystem } from './system.tsx'

type Entry = Item<'GET /api/review-queue'>
type Decision = keyof typeof t.decide
const PAGE_SIZE = 200
const keys: Readonly<Record<Decision, string>> = { lead: 'l', case: 'c', nothing: 'n', never: 'x' }

/** Messages of which a person says what becomes of them: j and k choose, l, c, n and x decide. */
export function ReviewQueuePage() {
  const [url, setUrl] = useUrl()
  const mailboxes = useAsk('GET /api/system-mailboxes', {})
  const list = useAsk(
    'GET /api/review-queue',
    {
      query: {
        size: PAGE_SIZE,
        ...(url['mailbox'] !== undefined && { mailbox: url['mailbox'] }),
        ...(url['q'] !== undefined && { q: url['q'] }),
      },
    },
    { keep: true, everyMs: 15_000 },
  )
  const rows = list.data?.items ?? []
  const openId = url['message']
  const index = rows.findIndex((row) => row.record === openId)
  const open = rows[index]
  const wide = window.matchMedia('(min-width: 861px)').matches
  const choose = (row: Entry | undefined): void => setUrl({ message: row?.record ?? null })
  useEffect(() => {
    if (wide && open === undefined && rows[0] !== undefined) setUrl({ message: rows[0].record })
  }, [wide, open, rows, setUrl])
  useKeys({
    j: () => choose(rows[Math.min(rows.length - 1, index + 1)]),
    k: () => choose(rows[Math.max(0, index - 1)]),
    Enter: () => choose(rows[Math.max(0, index)]),
    Escape: () => setUrl({ message: null }),
  })
  const names = mailboxes.data?.items ?? []
  return (
    <Page title={t.reviewTitle} crumbs={inSystem} lead={t.reviewLead}>
      <Toolbar>
        <SearchField placeholder={text.common.search} />
        {names.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label={t.mailbox}
            value={url['mailbox'] ?? ''}
            data={[
              { value: '', label: text.common.all },
              ...names.map((one) => ({ value: one.mailbox, label: one.label })),
            ]}
            onChange={(e) => setUrl({ mailbox: e.currentTarget.value || null, message: null })}
          />
        )}
      </Toolbar>
      <Loaded of={list}>
        {() =>
          rows.length === 0 ? (
            <Empty>{t.reviewEmpty}</Empty>
          ) : (
            <div className={split['split']} data-open={open === undefined ? undefined : ''}>
              <ul className={split['list']} aria-label={t.reviewTitle}>
                {rows.map((row) => (
                  <li key={row.record}>
                    <button
                      type="button"
                      className={split['entry']}
                      aria-current={row.record === openId}
                      ref={(element) => {
                        if (row.record === openId) element?.scrollIntoView({ block: 'nearest' })
                      }}
                      onClick={() => choose(row)}
                    >
                      <strong>{row.subject}</strong>
                      <span>
                        {row.senderName}
                        <RelativeTime at={row.receivedAt ?? row.at} />
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
              <div>
                {open === undefined ? (
                  <Empty>{t.pick}</Empty>
                ) : (
                  <Detail
                    key={open.record}
                    entry={open}
                    position={t.position(index + 1, rows.length)}
                    onBack={() => setUrl({ message: null })}
                    onDecided={() => choose(rows[index + 1] ?? rows[index - 1])}
                  />
                )}
              </div>
            </div>
          )
        }
      </Loaded>
    </Page>
  )
}

interface DetailProps {
  readonly entry: Entry
  readonly position: string
  readonly onBack: () => void
  readonly onDecided: () => void
}
function Detail({ entry, position, onBack, onDecided }: DetailProps) {
  const mayAct = useMayAct()
  const act = useAct('POST /api/review-queue/decide', {
    changes: ['review-queue', 'system-mailboxes', 'mailroom', 'records'],
  })
  const decide = (decision: Decision): void => {
    if (!mayAct || act.isPending) return
    act.mutate(
      { body: { records: [entry.record], decision } },
      {
        onError: tellProblem,
        onSuccess: ({ refused }) => {
          const [first] = refused
          tellDone(first === undefined ? t.decided[decision] : first.problem)
          onDecided()
        },
      },
    )
  }
  useKeys({
    l: () => decide('lead'),
    c: () => decide('case'),
    n: () => decide('nothing'),
    x: () => decide('never'),
  })
  return (
    <article className={split['detail']} aria-label={entry.subject}>
      <div className={split['detailHead']}>
        <Button
          className={split['backLink'] ?? ''}
          variant="subtle"
          size="xs"
          leftSection={<IconChevronLeft size={14} aria-hidden />}
          onClick={onBack}
        >
          {text.common.back}
        </Button>
        <h2>{entry.subject}</h2>
        <span className={split['foot']}>{position}</span>
      </div>
      <Note tone="held">
        <strong>{t.whyHere}</strong>
        <p>{entry.reason}</p>
      </Note>
      <Definitions
        rows={[
          [t.from, `${entry.senderName} (${entry.sender})`],
          [t.to, entry.to.join(', ')],
          [t.mailbox, entry.label],
          [t.received, <RelativeTime key="r" at={entry.receivedAt} />],
        ]}
      />
      <div className={css['message']} tabIndex={0} role="region" aria-label={t.message}>
        {entry.text === '' ? t.noText : entry.text}
      </div>
      {mayAct && (
        <div className={split['answers']}>
          {(Object.keys(t.decide) as Decision[]).map((one) => (
            <Button
              key={one}
              variant={one === (entry.suggests ?? 'case') ? 'filled' : 'default'}
              loading={act.isPending && act.variables.body.decision === one}
              rightSection={
                <span className={css['key']}>
                  <Keys keys={keys[one]} />
                </span>
              }
              onClick={() => decide(one)}
            >
              {t.decide[one]}
            </Button>
          ))}
        </div>
      )}
    </article>
  )
}
