import { Button } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useAct, useAsk } from '../../api/client.ts'
import { useMayAct } from '../../api/session.ts'
import { text } from '../../text/en.ts'
import { history as t } from '../../text/en/history.ts'
import { Card, Definitions, Empty, Loaded, Mono, Page, Section } from '../../ui/page.tsx'
import { ConflictStatus } from '../../ui/status.tsx'
import { tellDone, tellProblem } from '../../ui/tell.ts'
import { RelativeTime } from '../../ui/time.tsx'
import css from './history.module.css'
import { Timeline } from './timeline.tsx'

/** Why an item is as it is: in sentences first, then every write behind them. */
export function WhyPage() {
  const { record = '' } = useParams({ strict: false })
  const navigate = useNavigate()
  const mayAct = useMayAct()
  const why = useAsk('GET /api/why/:record', { params: { record } })
  const undo = useAct('POST /api/items/:record/undo', {
    changes: ['runs', 'history', 'why'],
    done: (run) => {
      tellDone(t.undoPlanned)
      void navigate({ to: `/plans/${run.id}` })
    },
  })
  return (
    <Loaded of={why}>
      {(data) => (
        <Page
          title={t.whyOf(data.title)}
          crumbs={[{ label: t.title, to: '/history' }]}
          actions={
            mayAct &&
            data.operations.some((one) => one.undoable) && (
              <Button
                variant="default"
                title={t.undoItemHelp}
                leftSection={<IconArrowBackUp size={15} aria-hidden />}
                loading={undo.isPending}
                onClick={() => undo.mutate({ params: { record }, body: {} }, { onError: tellProblem })}
              >
                {t.undoItem}
              </Button>
            )
          }
        >
          {data.sentences.length > 0 && (
            <ul className={css['sentences']}>
              {data.sentences.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          )}
          <Section title={t.link}>
            <Card>
              {data.link === null ? (
                t.notLinked
              ) : (
                <Definitions
                  rows={[
                    [text.overview.columns.mailbox, data.link.address],
                    [text.common.channel[data.link.channel], data.link.collection],
                    [text.overview.columns.state, t.linkState[data.link.state]],
                    ...(data.link.item === null
                      ? []
                      : ([[t.itemId, <Mono key="i">{data.link.item}</Mono>]] as const)),
                  ]}
                />
              )}
            </Card>
          </Section>
          {data.conflicts.length > 0 && (
            <Section title={t.conflicts}>
              <Card>
                <ul>
                  {data.conflicts.map((one) => (
                    <li key={one.id} data-inline>
                      <Link to="/conflicts" search={{ conflict: one.id, state: 'all' }}>
                        {one.label}
                      </Link>{' '}
                      <ConflictStatus state={one.state} /> <RelativeTime at={one.at} />
                    </li>
                  ))}
                </ul>
              </Card>
            </Section>
          )}
          <Section title={t.writes}>
            {data.operations.length === 0 ? (
              <Empty>{t.noOperations}</Empty>
            ) : (
              <Timeline operations={data.operations} />
            )}
          </Section>
        </Page>
      )}
    </Loaded>
  )
}
